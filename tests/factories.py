"""Objects for tests: plain functions, with defaults that are never twice the same.

    brest = make_territory("epci", name="Brest Métropole", nature="METRO")
    fabrique = make_fabrique(year=2022, transitions=["ecologique"], members=[brest])

Parents, organisations, sources and topics are made on the way; ask for what the test is about.
"""

from collections.abc import Iterable
from datetime import timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from fabriques.people.enums import OrganisationKind
from fabriques.people.models import Organisation, User
from fabriques.programme.enums import ResultKind, Role
from fabriques.programme.models import (
    Fabrique,
    Membership,
    Participation,
    Partnership,
    Result,
    Source,
    Transition,
)
from fabriques.programme.scopes import Scope
from fabriques.territories.enums import Kind, Nature
from fabriques.territories.models import NationalProgramme, Territory

_numbers = count(1)
_NATURES = {Kind.COMMUNE: Nature.COM, Kind.EPCI: Nature.CC, Kind.EPT: Nature.EPT}


def make_territory(kind: str = Kind.COMMUNE, **fields: Any) -> Territory:
    """A commune by default. A code and, where the kind has one, a SIREN of its own."""
    number = next(_numbers)
    kind = Kind(kind)
    siren = fields.pop("siren", f"2{number:08}" if kind in _NATURES else "")
    plain = {
        Kind.COMMUNE: f"{number:05}",
        Kind.DEPARTEMENT: f"{number % 1000:03}",
        Kind.REGION: f"{number % 1000:03}",
        Kind.QPV: f"QN{number:06}",
    }
    defaults = {
        "code": siren if kind in (Kind.EPCI, Kind.EPT) else plain.get(kind, f"x-{number}"),
        "name": f"{kind.label} {number}",
        "siren": siren,
        "nature": _NATURES.get(kind, Nature.NONE),
    }
    return Territory.objects.create(kind=kind, **{**defaults, **fields})


def make_user(name: str | None = None, **fields: Any) -> User:
    """A person who has proved their address; `confirmed_at=None` for one who has not."""
    number = next(_numbers)
    defaults = {
        "email": f"personne-{number}@essai.test",
        "name": f"Personne {number}" if name is None else name,
        "confirmed_at": timezone.now(),
    }
    return User.objects.create_user(**{**defaults, **fields})


def make_membership(
    user: User | None = None,
    *,
    role: str,
    fabrique: Fabrique | None = None,
    participation: Participation | None = None,
    **fields: Any,
) -> Membership:
    """A role held since yesterday; a fabrique or a participation where the role needs one."""
    scope = Scope(fabrique=fabrique, participation=participation)
    defaults = {
        "starts_on": timezone.localdate() - timedelta(days=1),
        "given_by": "essai",
        "scope": scope.key,
    }
    return Membership.objects.create(
        user=user or make_user(),
        role=role,
        fabrique=fabrique,
        participation=participation,
        **{**defaults, **fields},
    )


def make_organisation(**fields: Any) -> Organisation:
    number = next(_numbers)
    defaults = {
        "slug": f"organisation-{number}",
        "name": f"Organisation {number}",
        "kind": OrganisationKind.OPERATOR,
    }
    return Organisation.objects.create(**{**defaults, **fields})


def make_source(**fields: Any) -> Source:
    number = next(_numbers)
    return Source.objects.create(
        **{"slug": f"source-{number}", "title": f"Source {number}"} | fields
    )


def _anct() -> Organisation:
    return Organisation.objects.get_or_create(
        slug="anct",
        defaults={
            "name": "Agence nationale de la cohésion des territoires",
            "acronym": "ANCT",
            "kind": OrganisationKind.OPERATOR,
        },
    )[0]


def make_fabrique(
    *,
    transitions: Iterable[str] = (),
    programmes: Iterable[str] = (),
    members: Iterable[Territory] = (),
    indexed: bool = False,
    **fields: Any,
) -> Fabrique:
    """A fabrique with its members; `indexed` also builds its filters and its search entry."""
    number = next(_numbers)
    code = fields.pop("code", f"fabp-{number}")
    defaults = {"slug": f"{code}-essai", "title": f"Fabrique d’essai {number}", "year": 2022}
    fields = {**defaults, **fields}
    fields.setdefault("initiator", None)
    fields["initiator"] = fields["initiator"] or _anct()
    fabrique = Fabrique.objects.create(code=code, **fields)
    for slug in transitions:
        transition, _ = Transition.objects.get_or_create(
            slug=slug, defaults={"name": f"Transition {slug}"}
        )
        fabrique.transitions.add(transition)
    for slug in programmes:
        programme, _ = NationalProgramme.objects.get_or_create(
            slug=slug, defaults={"name": f"Programme {slug}"}
        )
        fabrique.programmes.add(programme)
    fabrique.sources.add(make_source())
    for territory in members:
        make_participation(fabrique=fabrique, territory=territory)
    if indexed:
        reindex(fabrique)
    return fabrique


def make_participation(
    *, fabrique: Fabrique | None = None, territory: Territory | None = None, **fields: Any
) -> Participation:
    participation = Participation.objects.create(
        fabrique=fabrique or make_fabrique(), territory=territory or make_territory(), **fields
    )
    participation.sources.add(make_source())
    return participation


def make_partnership(
    *, fabrique: Fabrique, organisation: Organisation | None = None, **fields: Any
) -> Partnership:
    fields = {"role": Role.PARTNER, **fields}
    return Partnership.objects.create(
        fabrique=fabrique,
        organisation=organisation or make_organisation(),
        source=fields.pop("source", None) or make_source(),
        **fields,
    )


def make_result(*, fabrique: Fabrique, **fields: Any) -> Result:
    defaults = {"title": f"Résultat {next(_numbers)}", "kind": ResultKind.PUBLICATION}
    return Result.objects.create(
        fabrique=fabrique, source=fields.pop("source", None) or make_source(), **defaults | fields
    )


def reindex(*fabriques: Fabrique) -> None:
    """Filters and search of these fabriques, as a change of them would build."""
    from fabriques.programme.domain import reindex_fabriques

    reindex_fabriques(Fabrique.objects.filter(pk__in=[fabrique.pk for fabrique in fabriques]))
