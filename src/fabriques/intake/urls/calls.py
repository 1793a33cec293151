"""Addresses of the calls: public ones, and those of stewards and partners in the space."""

from django.urls import path

from fabriques.intake.views import call_parts, calls, indicators, public
from fabriques.kit.access import Pattern

PUBLIC: list[Pattern] = [
    path("appels/", public.calls, name="calls"),
    path("appels/<slug:slug>/", public.call, name="call"),
]
OPEN: list[Pattern] = []

_CALL = "appels/<slug:slug>/"
_QUESTION = f"{_CALL}questions/<int:pk>/"
_PARTNER = f"{_CALL}partenaires/<int:pk>/"
_INDICATOR = f"{_CALL}indicateurs/<slug:indicator>/"

SPACE: list[Pattern] = [
    path("appels/", calls.calls, name="space-calls"),
    path("appels/nouveau/", calls.create, name="space-call-new"),
    path(_CALL, calls.call, name="space-call"),
    path(f"{_CALL}modifier/", calls.edit, name="space-call-edit"),
    path(f"{_CALL}apercu/", public.preview, name="space-call-preview"),
    path(f"{_CALL}publier/", calls.publish, name="space-call-publish"),
    path(f"{_CALL}prolonger/", calls.extend, name="space-call-extend"),
    path(f"{_CALL}annuler/", calls.cancel, name="space-call-cancel"),
    path(f"{_CALL}questions/", call_parts.questions, name="space-call-questions"),
    path(_QUESTION, call_parts.question, name="space-call-question"),
    path(f"{_QUESTION}deplacer/", call_parts.move_question, name="space-call-question-move"),
    path(f"{_QUESTION}retirer/", call_parts.delete_question, name="space-call-question-delete"),
    path(f"{_CALL}partenaires/", call_parts.partners, name="space-call-partners"),
    path(_PARTNER, call_parts.partner, name="space-call-partner"),
    path(f"{_PARTNER}retirer/", call_parts.remove_partner, name="space-call-partner-remove"),
    path(f"{_PARTNER}personnes/", call_parts.name_reviewer, name="space-call-reviewer-name"),
    path(
        f"{_CALL}personnes/<int:pk>/retirer/",
        call_parts.withdraw_reviewer,
        name="space-call-reviewer-withdraw",
    ),
    path(f"{_CALL}indicateurs/", indicators.indicators, name="space-call-indicators"),
    path(_INDICATOR, indicators.indicator, name="space-call-indicator"),
    path(f"{_INDICATOR}importer/", indicators.preview, name="space-call-indicator-preview"),
    path(f"{_INDICATOR}confirmer/", indicators.confirm, name="space-call-indicator-confirm"),
    path(f"{_INDICATOR}retirer/", indicators.delete, name="space-call-indicator-delete"),
    path(f"{_INDICATOR}valeurs.csv", indicators.export, name="space-call-indicator-csv"),
]
