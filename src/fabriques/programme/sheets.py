"""What the card and the page of a fabrique show, gathered once at each change of it.

Reading these facts takes ten queries and the page is read far more often than it changes: the
sheet holds them as plain values, and the page only has to lay them out.
"""

import json
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format

from fabriques.kit import journal
from fabriques.kit.dates import in_words
from fabriques.programme.enums import Role
from fabriques.programme.models import Fabrique, Participation, Partnership, Sheet, Source
from fabriques.territories.enums import Accuracy

# The names of `domain.snapshot`, in the words of the page.
FIELD_LABELS = {
    "slug": "adresse",
    "title": "titre",
    "year": "année",
    "context": "contexte",
    "objective": "objectif",
    "note": "remarque",
    "announced_start": "début annoncé",
    "announced_end": "fin annoncée",
    "actual_start": "début réel",
    "actual_end": "fin réelle",
    "initiator": "initiative",
    "main_transition": "transition principale",
    "transitions": "transitions",
    "programmes": "programmes",
    "sources": "sources",
    "partnerships": "partenaires",
    "participations": "territoires",
    "results": "résultats",
}
SHOWN_CHANGES = 20


def sheet(fabrique: Fabrique) -> Sheet:
    """The sheet of a fabrique read by `queries.with_details`, not saved."""
    participations = list(fabrique.participations.all())
    many = "s" if len(participations) > 1 else ""
    year = str(fabrique.year) if fabrique.year else "Année non publiée"
    transition = fabrique.main_transition.name if fabrique.main_transition else ""
    return Sheet(
        fabrique=fabrique,
        heading=" · ".join(part for part in (year, transition) if part),
        members=f"{len(participations)} territoire{many} : "
        + ", ".join(_short(item) for item in participations)
        if participations
        else "Territoires non publiés",
        page=json.dumps(page(fabrique), ensure_ascii=False),
    )


def _short(item: Participation) -> str:
    departement = item.territory.departement
    return f"{item.territory.name} ({departement.code})" if departement else item.territory.name


def page(fabrique: Fabrique) -> dict[str, Any]:
    """JSON values, keyed as the template reads them; "" or None for what is unknown."""
    partnerships = list(fabrique.partnerships.all())
    return {
        "code": fabrique.code,
        "slug": fabrique.slug,
        "title": str(fabrique),
        "year": fabrique.year,
        "initiator": "" if fabrique.initiator.slug == "anct" else str(fabrique.initiator),
        "objective": fabrique.objective,
        "context": fabrique.context,
        "note": fabrique.note,
        # What it was founded from on this site: title and address of its first source.
        "origin": next(
            ([item.title, item.url] for item in fabrique.sources.all() if fabrique.founded_at), None
        ),
        "transitions": [
            [item.slug, item.name]
            for item in sorted(
                fabrique.transitions.all(), key=lambda item: item.pk != fabrique.main_transition_id
            )
        ],
        "programmes": [[item.slug, item.name] for item in fabrique.programmes.all()],
        "announced": [fabrique.announced_start, fabrique.announced_end],
        "actual": [fabrique.actual_start, fabrique.actual_end],
        "dates": [
            in_words(value)
            for value in (
                fabrique.announced_start,
                fabrique.actual_start,
                fabrique.announced_end,
                fabrique.actual_end,
            )
        ],
        "participations": [_participation(item) for item in fabrique.participations.all()],
        "roles": [
            [role.label, [_partner(item) for item in partnerships if item.role == role]]
            for role in Role
            if any(item.role == role for item in partnerships)
        ],
        "funders": [
            item.organisation.name
            for item in partnerships
            if item.role in (Role.FINANCER, Role.COFINANCER)
        ],
        "results": [
            {
                "title": item.title,
                "url": item.url,
                "kind": item.get_kind_display(),
                "publisher": item.publisher.name if item.publisher else "",
                "date": item.date,
                "date_in_words": in_words(item.date),
                "source": [item.source.slug, item.source.title],
            }
            for item in fabrique.results.all()
        ],
        "sources": [
            {
                "slug": item.slug,
                "title": item.title,
                "url": item.url,
                "details": ", ".join(
                    part for part in (item.publisher, in_words(item.date)) if part
                ),
                "licence": item.licence,
            }
            for item in sources_of(fabrique)
        ],
        "history": [
            {
                "at": entry.at.isoformat(),
                "in_words": date_format(timezone.localtime(entry.at), "j F Y, H:i"),
                "verb": entry.verb,
                "actor": entry.standing,
                "changed": ", ".join(
                    label
                    for name, label in FIELD_LABELS.items()
                    if entry.before and name in entry.changed
                ),
                "reason": entry.reason,
            }
            for entry in journal.history(fabrique.subject)[:SHOWN_CHANGES]
        ],
    }


def _participation(item: Participation) -> dict[str, Any]:
    territory = item.territory
    return {
        "name": territory.name,
        "address": territory.get_absolute_url(),
        "departement": territory.departement.code if territory.departement else "",
        "region": territory.region.name if territory.region else "",
        "position": None
        if territory.longitude is None
        else [territory.longitude, territory.latitude],
        "approximate": territory.accuracy == Accuracy.APPROXIMATE,
        "focus": item.focus,
        "focus_address": item.focus_territory.get_absolute_url() if item.focus_territory else "",
        "focus_generation": item.focus_generation,
        "local_question": item.local_question,
        "joined": in_words(item.joined),
        "left": in_words(item.left),
        "last_listed": in_words(item.last_listed),
        "unlisted_by": in_words(item.unlisted_by),
    }


def _partner(item: Partnership) -> dict[str, str]:
    return {
        "name": ", ".join(part for part in (item.person, str(item.organisation)) if part),
        "formerly": ", ".join(str(old) for old in item.organisation.former_names.all()),
    }


def sources_of(fabrique: Fabrique) -> list[Source]:
    """Every source of a fabrique read by `with_details`, its own first."""
    found = {source.pk: source for source in fabrique.sources.all()}
    for participation in fabrique.participations.all():
        found.update((source.pk, source) for source in participation.sources.all())
    found.update((item.source.pk, item.source) for item in fabrique.partnerships.all())
    found.update((item.source.pk, item.source) for item in fabrique.results.all())
    return list(found.values())
