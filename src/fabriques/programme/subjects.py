"""How the journal names the objects of the programme and the people, and where each is shown."""

from django.urls import reverse

from fabriques.kit.journal import register_subject
from fabriques.people.models import Organisation
from fabriques.people.queries import names
from fabriques.programme.models import Fabrique, Participation
from fabriques.programme.scopes import Scope
from fabriques.programme.sheets import FIELD_LABELS


def _keys(subjects: set[str]) -> dict[str, str]:
    return {subject.partition(":")[2]: subject for subject in subjects}


def fabriques(subjects: set[str]) -> dict[str, str]:
    """`fabrique:fabp-01` and `equipe:fabp-01`."""
    keys = _keys(subjects)
    found = Fabrique.objects.filter(code__in=keys).only("code", "title").order_by("pk")
    named = {keys[fabrique.code]: str(fabrique) for fabrique in found}
    return named | ({keys["site"]: "L’équipe nationale"} if "site" in keys else {})


def participations(subjects: set[str]) -> dict[str, str]:
    keys = _keys(subjects)
    found = (
        Participation.objects.filter(pk__in=[key for key in keys if key.isdecimal()])
        .select_related("fabrique", "territory")
        .order_by("pk")
    )
    return {keys[str(item.pk)]: str(Scope(participation=item)) for item in found}


def organisations(subjects: set[str]) -> dict[str, str]:
    keys = _keys(subjects)
    found = Organisation.objects.filter(slug__in=keys).order_by("pk")
    return {keys[item.slug]: str(item) for item in found}


PERSON = {"name": "nom", "job": "fonction", "organisation": "organisation", "email": "adresse"}
ORGANISATION = {
    "name": "nom",
    "acronym": "sigle",
    "kind": "sorte",
    "siren": "SIREN",
    "territory": "territoire",
}

register_subject(
    "fabrique",
    label="Fabrique",
    address=lambda key: reverse("space-fabrique", args=[key]),
    titles=fabriques,
    fields=FIELD_LABELS,
)
register_subject(
    "equipe",
    label="Équipe",
    address=lambda key: (
        reverse("space-team") if key == "site" else reverse("space-fabrique", args=[key])
    ),
    titles=fabriques,
)
register_subject(
    "participation",
    label="Territoire dans une fabrique",
    address=lambda key: reverse("space-participation", args=[key]),
    titles=participations,
)
register_subject(
    "personne",
    label="Personne",
    address=lambda key: reverse("space-person", args=[key]),
    titles=names,
    fields=PERSON,
)
register_subject(
    "organisation",
    label="Organisation",
    address=lambda key: reverse("space-organisation", args=[key]),
    titles=organisations,
    fields=ORGANISATION,
)
