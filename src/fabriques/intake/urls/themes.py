"""Addresses of the proposed themes."""

from django.urls import path

from fabriques.intake.views import themes
from fabriques.kit.access import Pattern

PUBLIC: list[Pattern] = []
OPEN: list[Pattern] = []
SPACE: list[Pattern] = [
    path("themes/", themes.themes, name="themes"),
    path("themes/proposer/", themes.propose, name="theme-propose"),
    path("themes/<uuid:ref>/", themes.theme, name="theme"),
    path("themes/<uuid:ref>/modifier/", themes.edit, name="theme-edit"),
    path("themes/<uuid:ref>/retirer/", themes.withdraw, name="theme-withdraw"),
    path("themes/<uuid:ref>/soutenir/", themes.support, name="theme-support"),
    path("themes/<uuid:ref>/ne-plus-soutenir/", themes.unsupport, name="theme-unsupport"),
    path("themes/<uuid:ref>/repondre/", themes.answer, name="theme-answer"),
]
