"""Addresses of the pool and of the compositions of a call."""

from django.urls import path

from fabriques.intake.views import pool
from fabriques.intake.views.composing import board, drafts, proposals, rules
from fabriques.kit.access import Pattern

_CALL = "appels/<slug:slug>/"
_DRAFTS = f"{_CALL}compositions/"
_DRAFT = f"{_DRAFTS}<int:pk>/"

PUBLIC: list[Pattern] = []
OPEN: list[Pattern] = []
SPACE: list[Pattern] = [
    path(f"{_CALL}volontaires/", pool.volunteers, name="space-call-volunteers"),
    path(f"{_CALL}volontaires.csv", pool.volunteers_csv, name="space-call-volunteers-csv"),
    path(f"{_CALL}volontaires.ods", pool.volunteers_ods, name="space-call-volunteers-ods"),
    path(_DRAFTS, drafts.drafts, name="space-call-compositions"),
    path(f"{_DRAFTS}nouvelle/", drafts.create, name="composition-new"),
    path(f"{_DRAFTS}comparer/", drafts.comparison, name="compositions-compare"),
    path(_DRAFT, board.board, name="composition"),
    path(f"{_DRAFT}modifier/", drafts.edit, name="composition-edit"),
    path(f"{_DRAFT}copier/", drafts.duplicate, name="composition-duplicate"),
    path(f"{_DRAFT}archiver/", drafts.archive, name="composition-archive"),
    path(f"{_DRAFT}reprendre/", drafts.restore, name="composition-restore"),
    path(f"{_DRAFT}placer/", board.place, name="composition-place"),
    path(f"{_DRAFT}objectif/", rules.levels, name="composition-levels"),
    path(f"{_DRAFT}regles/nouvelle/", rules.create, name="composition-rule-new"),
    path(f"{_DRAFT}regles/<int:rule>/", rules.change, name="composition-rule"),
    path(f"{_DRAFT}regles/<int:rule>/retirer/", rules.remove, name="composition-rule-remove"),
    path(f"{_DRAFT}proposer/", proposals.propose, name="composition-propose"),
    path(f"{_DRAFT}propositions/<int:number>/prendre/", proposals.adopt, name="composition-adopt"),
    path(f"{_DRAFT}assouplir/", proposals.loosen, name="composition-loosen"),
    path(f"{_DRAFT}pourquoi/", proposals.why, name="composition-why"),
    path(f"{_DRAFT}pourquoi/<int:number>/", proposals.why_one, name="composition-why-one"),
    path("compositions/<int:pk>/", board.by_number, name="composition-by-number"),
]
