"""Choices about people and organisations."""

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
    UNKNOWN = "unknown", "À préciser"


class Subject(models.TextChoices):
    """What a person may consent to. The words are what the person reads when asked."""

    DIRECTORY = (
        "directory",
        "Montrer mon adresse aux autres territoires de mes fabriques",
    )
    FOLLOW_UP = (
        "follow-up",
        "Me recontacter après la fin d’une fabrique pour savoir ce qu’elle a changé",
    )
