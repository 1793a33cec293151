"""Addresses of opinions and of conflicts of interest."""

from django.urls import path

from fabriques.intake.views import opinions
from fabriques.kit.access import Pattern

PUBLIC: list[Pattern] = []
OPEN: list[Pattern] = []
_ALL = "appels/<slug:slug>/avis/"
SPACE: list[Pattern] = [
    path(_ALL, opinions.opinions, name="space-call-opinions"),
    path(f"{_ALL}avis.csv", opinions.export, {"extension": "csv"}, name="space-call-opinions-csv"),
    path(f"{_ALL}avis.ods", opinions.export, {"extension": "ods"}, name="space-call-opinions-ods"),
    path("appels/<slug:slug>/liens/", opinions.conflicts, name="space-call-conflicts"),
    path(
        "appels/<slug:slug>/liens/<int:pk>/lever/", opinions.lift, name="space-call-conflict-lift"
    ),
    path("volontariats/<uuid:ref>/avis/<int:partner>/", opinions.opinion, name="volunteer-opinion"),
]
