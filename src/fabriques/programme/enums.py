"""Choices of the programme."""

from django.db import models


class OrganisationKind(models.TextChoices):
    STATE = "state", "État"
    OPERATOR = "operator", "Opérateur public"
    ELECTED = "elected", "Association d’élus"
    NETWORK = "network", "Réseau"
    ASSOCIATION = "association", "Association"
    BANK = "bank", "Établissement financier public"
    RESEARCH = "research", "Recherche"
    TERRITORY = "territory", "Collectivité"
    FIRM = "firm", "Entreprise"


class Role(models.TextChoices):
    """What an organisation is to a fabrique, in the order in which pages show it."""

    PILOT = "pilot", "Pilote"
    FINANCER = "financer", "Financeur"
    COFINANCER = "cofinancer", "Cofinanceur"
    ELECTED = "elected", "Association d’élus partenaire"
    PARTNER = "partner", "Partenaire"
    RESEARCHER = "researcher", "Recherche"
    CONTRACTOR = "contractor", "Prestataire"


class ResultKind(models.TextChoices):
    PUBLICATION = "publication", "Publication"
    BOOKLET = "booklet", "Livret"
    SUMMARY = "summary", "Synthèse"
    BULLETIN = "bulletin", "Bulletin de veille"
    ARTICLE = "article", "Article"
