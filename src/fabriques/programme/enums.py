"""Choices of the programme."""

from django.db import models


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


class MemberRole(models.TextChoices):
    """What a person is in the programme. See `abilities` for what each may do."""

    STEWARD = "steward", "Équipe nationale de l’ANCT"
    EDITOR = "editor", "Publication"
    PROVIDER = "provider", "Prestataire"
    PARTNER = "partner", "Partenaire national"
    ELECTED = "elected", "Élu·e référent·e"
    OFFICER = "officer", "Technicien·ne référent·e"
    MEMBER = "member", "Membre du groupe local"


SITE_ROLES = (MemberRole.STEWARD, MemberRole.EDITOR)
FABRIQUE_ROLES = (MemberRole.PROVIDER, MemberRole.PARTNER)
PARTICIPATION_ROLES = (MemberRole.ELECTED, MemberRole.OFFICER, MemberRole.MEMBER)
