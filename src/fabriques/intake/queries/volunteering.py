"""What the pages of volunteering read."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format, number_format

from fabriques.intake.enums import VolunteerState
from fabriques.intake.models import Author, Call, IndicatorValue, JoinRequest, Volunteer
from fabriques.people.models import User
from fabriques.territories import queries as territories
from fabriques.territories.enums import Kind
from fabriques.territories.models import Territory

# What may volunteer by itself; a priority district is a perimeter within one of these.
BODIES = (Kind.COMMUNE, Kind.EPCI, Kind.EPT, Kind.COLLECTIVITE, Kind.OTHER)


def territory_of(key: str) -> Territory | None:
    """The territory that an address names, as `commune:22278`; a former code leads nowhere."""
    kind, _, code = key.partition(":")
    if not code.isprintable() or kind not in Kind.values:
        return None
    return (
        Territory.objects.filter(kind=kind, code=code)
        .select_related("departement", "region", "epci", "ept", "successor")
        .first()
    )


def lookup(words: str) -> list[Territory]:
    """What these words may mean, among what can volunteer or be a perimeter."""
    found = territories.lookup(words, limit=40)
    return [item for item in found if item.kind in (*BODIES, Kind.QPV)][:12]


def key_of(territory: Territory) -> str:
    return f"{territory.kind}:{territory.code}"


def declarations() -> QuerySet[Volunteer]:
    """With all that their pages name."""
    return Volunteer.objects.select_related(
        "call",
        "territory__departement",
        "territory__region",
        "focus_territory",
        "invitation",
    )


def active_authors() -> QuerySet[Author]:
    """Those who still write, and can still come in."""
    return Author.objects.filter(left_at=None, user__is_active=True)


def authors_of(volunteer: Volunteer) -> QuerySet[Author]:
    return active_authors().filter(volunteer=volunteer).select_related("user").order_by("pk")


def requests_to(volunteer: Volunteer) -> QuerySet[JoinRequest]:
    """Those who ask to write it, and have no answer yet."""
    return (
        JoinRequest.objects.filter(volunteer=volunteer, answered_at=None, user__is_active=True)
        .select_related("user__organisation")
        .order_by("created_at", "pk")
    )


def standing(call: Call, territory: Territory) -> Volunteer | None:
    """The declaration of this territory in this call; not one withdrawn, nor a draft that nobody
    writes any more: another may then begin."""
    found = declarations().filter(call=call, territory=territory)
    written = Exists(active_authors().filter(volunteer=OuterRef("pk")))
    return (
        found.filter(Q(state=VolunteerState.SUBMITTED) | Q(written, state=VolunteerState.DRAFT))
        .order_by("pk")
        .first()
    )


def mine(user: User) -> QuerySet[Volunteer]:
    """The declarations that this person writes, the latest first."""
    return (
        declarations()
        .filter(authors__user=user, authors__left_at=None)
        .order_by("-created_at", "-pk")
    )


def my_drafts(user: User) -> list[Volunteer]:
    """Those of open calls: they wait to be finished."""
    rows = mine(user).filter(state=VolunteerState.DRAFT, call__closes_on__gte=timezone.localdate())
    return [row for row in rows.order_by("call__closes_on", "pk") if row.call.is_open]


def overlapping(volunteer: Volunteer) -> list[Volunteer]:
    """Submitted declarations of the same call on the same ground: the groupings of a commune, the
    communes of a grouping."""
    own = volunteer.territory
    same = Q(territory__epci=own) | Q(territory__ept=own)
    same |= Q(territory__in=[pk for pk in (own.epci_id, own.ept_id) if pk])
    return list(
        declarations()
        .filter(same, call=volunteer.call_id, state=VolunteerState.SUBMITTED)
        .exclude(pk=volunteer.pk)
        .order_by("number", "pk")
    )


def inside(territory: Territory) -> list[tuple[str, list[Territory]]]:
    """The perimeters that can be chosen within a territory, by sort: districts, then communes."""
    open_ones = Territory.objects.filter(closed_on=None).order_by("name", "code")
    belongs = Q(epci=territory) | Q(ept=territory)
    if territory.kind == Kind.COLLECTIVITE:
        belongs = Q(departement=territory)
    communes = (
        [] if territory.kind == Kind.COMMUNE else list(open_ones.filter(belongs, kind=Kind.COMMUNE))
    )
    grounds = [territory, *communes]
    districts = list(open_ones.filter(kind=Kind.QPV, communes__in=grounds).distinct())
    groups = [("Quartiers prioritaires", districts), ("Communes", communes)]
    return [(label, places) for label, places in groups if places]


def is_inside(focus: Territory, territory: Territory) -> bool:
    """Whether this perimeter can be chosen within the territory."""
    return any(focus == place for _, places in inside(territory) for place in places)


def carriers(district: Territory) -> list[Territory]:
    """Who may volunteer with this priority district as perimeter: its communes, their groupings."""
    communes = list(district.communes.filter(closed_on=None).order_by("code"))
    groups = {pk for c in communes for pk in (c.epci_id, c.ept_id) if pk}
    return [*communes, *Territory.objects.filter(pk__in=groups).order_by("kind", "code")]


@dataclass(frozen=True)
class Card:
    """What is known of a territory, before anybody types anything."""

    territory: Territory
    rows: list[tuple[str, str]]
    programmes: list[str]
    indicators: list[tuple[str, str]]


def card(territory: Territory, call: Call) -> Card:
    """Identity, programmes and the indicators of the call; three queries."""
    known = territory.population
    rows = [
        ("Nature", territory.label),
        ("Population", f"{intcomma(known)} habitants" if known is not None else ""),
        ("Département", _place(territory.departement)),
        ("Région", territory.region.name if territory.region else ""),
        ("Densité", territory.density),
        ("Massif", territory.mountain),
    ]
    named = [
        row.programme.name
        for row in territories.programmes(territory)
        if row.territory_id == territory.pk and row.closed_on is None
    ]
    figures = (
        IndicatorValue.objects.filter(indicator__call=call, territory=territory)
        .select_related("indicator")
        .order_by("indicator__name", "pk")
    )
    return Card(
        territory,
        [(label, value) for label, value in rows if value],
        sorted(set(named)),
        [(_indicator(figure), _figure(figure)) for figure in figures],
    )


def _place(departement: Territory | None) -> str:
    return f"{departement.name} ({departement.code})" if departement else ""


def _indicator(figure: IndicatorValue) -> str:
    return (
        f"{figure.indicator.name}{f' ({figure.indicator.year})' if figure.indicator.year else ''}"
    )


def _figure(figure: IndicatorValue) -> str:
    written = number_format(round(figure.value, 2), use_l10n=True, force_grouping=True)
    return f"{written}\u00a0{figure.indicator.unit}".strip()


def until(call: Call) -> str:
    """How long the call is open, in words that overseas territories read too."""
    if not call.closes_on:
        return ""
    day = date_format(call.closes_on, "j F Y")
    return f"jusqu’au {day} inclus, minuit heure de Paris"


def why_closed(call: Call) -> str:
    """Why nobody can volunteer now, with the dates; "" when the call is open."""
    if call.is_open:
        return ""
    if call.cancelled_at:
        day = date_format(timezone.localdate(call.cancelled_at), "j F Y")
        return f"Cet appel a été annulé le {day}."
    today = timezone.localdate()
    if call.opens_on and today < call.opens_on:
        return (
            f"Cet appel n’est pas encore ouvert. Il ouvre le {date_format(call.opens_on, 'j F Y')}"
            f" et reste ouvert {until(call)}."
        )
    if call.closes_on and today > call.closes_on:
        return (
            f"Cet appel est clos depuis le {date_format(call.closes_on, 'j F Y')}, minuit heure "
            "de Paris."
        )
    return "Cet appel est clos." if call.settled_at else "Cet appel n’est pas ouvert."
