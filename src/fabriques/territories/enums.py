"""Kinds of territory."""

from django.db import models


class Kind(models.TextChoices):
    COMMUNE = "commune", "Commune"
    EPCI = "epci", "Intercommunalité"
    EPT = "ept", "Établissement public territorial"
    ARRONDISSEMENT = "arrondissement", "Arrondissement"
    DEPARTEMENT = "departement", "Département"
    REGION = "region", "Région"
    COLLECTIVITE = "collectivite", "Collectivité d’outre-mer"
    QPV = "qpv", "Quartier prioritaire"
    OTHER = "autre", "Autre groupement"


class Nature(models.TextChoices):
    """Legal nature, with the codes of the ANCT's files."""

    COM = "COM", "Commune"
    CC = "CC", "Communauté de communes"
    CA = "CA", "Communauté d’agglomération"
    CU = "CU", "Communauté urbaine"
    METRO = "METRO", "Métropole"
    MET69 = "MET69", "Métropole de Lyon"
    EPT = "EPT", "Établissement public territorial"
    NONE = "", "Sans objet"


class Accuracy(models.TextChoices):
    EXACT = "exact", "Position relevée"
    NEAR = "near", "Position approchée : centre des quartiers de la commune"
    APPROXIMATE = "approximate", "Position approchée : centre du département"
