"""How the journal names the objects of the intake, and where each is shown."""

from __future__ import annotations

from django.urls import reverse

from fabriques.intake.models import (
    Call,
    CallInvitation,
    Composition,
    Conflict,
    Theme,
    Volunteer,
)
from fabriques.kit.journal import register_subject


def _keys(subjects: set[str]) -> dict[str, str]:
    return {subject.partition(":")[2]: subject for subject in subjects}


def themes(subjects: set[str]) -> dict[str, str]:
    keys = _keys(subjects)
    found = Theme.objects.filter(ref__in=keys).only("ref", "title").order_by("pk")
    return {keys[str(theme.ref)]: theme.title for theme in found}


def calls(subjects: set[str]) -> dict[str, str]:
    keys = _keys(subjects)
    found = Call.objects.filter(slug__in=keys).only("slug", "title").order_by("pk")
    return {keys[call.slug]: call.title for call in found}


def volunteers(subjects: set[str]) -> dict[str, str]:
    keys = _keys(subjects)
    found = (
        Volunteer.objects.filter(ref__in=keys).select_related("territory", "call").order_by("pk")
    )
    return {keys[str(item.ref)]: _declaration(item) for item in found}


def _declaration(item: Volunteer) -> str:
    """A draft is nobody else's: its title does not name the territory until it is submitted."""
    if item.number is None:
        return f"Une déclaration en cours d’écriture, pour «\u00a0{item.call}\u00a0»"
    return f"{item.territory.name}, pour «\u00a0{item.call}\u00a0»"


def invitations(subjects: set[str]) -> dict[str, str]:
    keys = _keys(subjects)
    found = CallInvitation.objects.filter(ref__in=keys).select_related("territory").order_by("pk")
    return {keys[str(item.ref)]: item.territory.name for item in found}


def conflicts(subjects: set[str]) -> dict[str, str]:
    keys = _keys(subjects)
    numbers = [key for key in keys if key.isdecimal()]
    found = Conflict.objects.filter(pk__in=numbers).select_related("territory").order_by("pk")
    return {keys[str(item.pk)]: item.territory.name for item in found}


def compositions(subjects: set[str]) -> dict[str, str]:
    keys = _keys(subjects)
    numbers = [key for key in keys if key.isdecimal()]
    found = Composition.objects.filter(pk__in=numbers).select_related("call").order_by("pk")
    return {keys[str(item.pk)]: f"{item.name} («\u00a0{item.call}\u00a0»)" for item in found}


register_subject(
    "theme",
    label="Thème",
    address=lambda key: reverse("theme", args=[key]),
    titles=themes,
    fields={
        "title": "Titre",
        "question": "Question",
        "why": "Pourquoi maintenant",
        "proposer": "Proposé par",
        "organisation": "Organisation",
        "programme": "Programme",
        "territories": "Territoires",
    },
)
register_subject(
    "appel",
    label="Appel à volontaires",
    address=lambda key: reverse("space-call", args=[key]),
    titles=calls,
    fields={
        "title": "Titre",
        "question": "Question",
        "presentation": "Présentation",
        "main_transition": "Transition",
        "programmes": "Programmes",
        "places_min": "Places, au moins",
        "places_max": "Places, au plus",
        "opens_on": "Ouverture",
        "closes_on": "Clôture",
        "decides_on": "Annonce de la cohorte",
        "starts_on": "Démarrage",
        "ends_on": "Fin",
        "publish_pool": "Liste des volontaires publiée",
        "publish_result": "Résultat publié",
    },
)
register_subject(
    "volontaire",
    label="Déclaration de volontariat",
    address=lambda key: reverse("volunteer", args=[key]),
    titles=volunteers,
    fields={
        "focus": "Périmètre travaillé",
        "local_question": "Question locale",
        "motivation": "Pourquoi nous",
        "framing_letter_name": "Lettre de cadrage",
        "territory": "Territoire",
    },
)
register_subject(
    "composition",
    label="Composition",
    address=lambda key: reverse("composition-by-number", args=[key]),
    titles=compositions,
)
register_subject(
    "invitation-appel",
    label="Territoire invité à un appel",
    address=lambda key: None,
    titles=invitations,
)
register_subject(
    "conflit",
    label="Lien d’intérêt",
    address=lambda key: None,
    titles=conflicts,
)
