from django.urls import path

from fabriques.intake.views import deciding
from fabriques.kit.access import Pattern

_CALL = "appels/<slug:slug>/decision/"

PUBLIC: list[Pattern] = []
OPEN: list[Pattern] = []
SPACE: list[Pattern] = [
    path(_CALL, deciding.decision, name="space-call-decision"),
    path(f"{_CALL}arreter/<int:pk>/", deciding.settle, name="space-call-settle"),
    path(f"{_CALL}motifs/", deciding.reasons, name="space-call-reasons"),
    path(f"{_CALL}lettres/", deciding.letters, name="space-call-letters"),
    path(f"{_CALL}annoncer/", deciding.announce, name="space-call-announce"),
    path(f"{_CALL}rouvrir/", deciding.reopen, name="space-call-reopen"),
    path(f"{_CALL}reserve/", deciding.reserve, name="space-call-reserve"),
]
