"""Addresses of the fair draw."""

from django.urls import path

from fabriques.intake.views import drawing
from fabriques.kit.access import Pattern

_DRAFT = "appels/<slug:slug>/compositions/<int:pk>/"

PUBLIC: list[Pattern] = [
    path("appels/<slug:slug>/tirage/", drawing.public, name="call-draw"),
    path("appels/<slug:slug>/tirage.json", drawing.data, name="call-draw-data"),
]
OPEN: list[Pattern] = []
SPACE: list[Pattern] = [
    path(f"{_DRAFT}tirage/", drawing.draw, name="composition-draw"),
    path(f"{_DRAFT}tirage/publier/", drawing.publish, name="composition-draw-publish"),
    path(f"{_DRAFT}tirage/graine/", drawing.seed, name="composition-draw-seed"),
]
