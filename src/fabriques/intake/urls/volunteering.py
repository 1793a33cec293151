"""Addresses of volunteering: the way in, then the declarations in the space."""

from django.urls import path

from fabriques.intake.views import authors, declarations, volunteering
from fabriques.kit.access import Pattern

PUBLIC: list[Pattern] = []
OPEN: list[Pattern] = [
    path("appels/<slug:slug>/volontariat/", volunteering.start, name="volunteer-start"),
    path("appels/<slug:slug>/volontariat/rejoindre/", authors.ask, name="volunteer-ask"),
    path("volontariat/rejoindre/<str:token>/", authors.join, name="volunteer-join"),
]
SPACE: list[Pattern] = [
    path("volontariats/", volunteering.mine, name="volunteerings"),
    path("volontariats/<uuid:ref>/", volunteering.volunteer, name="volunteer"),
    path("volontariats/<uuid:ref>/modifier/", declarations.edit, name="volunteer-edit"),
    path("volontariats/<uuid:ref>/enregistrer/", declarations.save, name="volunteer-save"),
    path("volontariats/<uuid:ref>/lettre/", volunteering.letter, name="volunteer-letter"),
    path("volontariats/<uuid:ref>/recu/", volunteering.receipt, name="volunteer-receipt"),
    path("volontariats/<uuid:ref>/retirer/", volunteering.withdraw, name="volunteer-withdraw"),
    path("volontariats/<uuid:ref>/auteurs/", authors.authors, name="volunteer-authors"),
]
