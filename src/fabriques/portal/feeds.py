"""The feed of what is new: fabriques, their results, calls for volunteers."""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.db.models import F, Max, Min
from django.http import HttpRequest
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape

from fabriques.intake.models import Call
from fabriques.intake.queries.calls import news
from fabriques.kit.models import JournalEntry
from fabriques.programme.exports import LICENCE
from fabriques.programme.models import Fabrique, Result

LENGTH = 50
# A tag is for ever (RFC 4151): the date says since when its authority gives such names.
TAG = "tag:{host},2025:{path}"
# What is known of when, at worst: the first year of the programme.
BEGINNING = datetime(2018, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Entry:
    guid: str
    title: str
    summary: str
    link: str
    published: datetime
    updated: datetime
    categories: tuple[str, ...]


def moment(partial: str) -> datetime | None:
    """The first instant of a partial date."""
    if not partial:
        return None
    year, month, day = [*(int(part) for part in partial.split("-")), 1, 1][:3]
    return datetime(year, month, day, tzinfo=UTC)


Changes = dict[str, tuple[datetime, datetime]]


def _changes() -> Changes:
    """First and last entry of the journal about each fabrique, the latest changed first."""
    rows = (
        JournalEntry.objects.filter(subject__startswith="fabrique:")
        .values_list("subject")
        .annotate(first=Min("at"), last=Max("at"))
        .order_by("-last", "subject")[:LENGTH]
    )
    return {subject: (first, last) for subject, first, last in rows}


def _fabriques(changes: Changes) -> list[Fabrique]:
    """The latest changed and, where the journal says little, the latest editions."""
    codes = [subject.partition(":")[2] for subject in changes]
    rows = Fabrique.objects.prefetch_related("transitions")
    found = list(rows.filter(code__in=codes).order_by("code"))
    others = rows.exclude(code__in=codes).order_by(F("year").desc(nulls_last=True), "-code")
    return found + list(others[: LENGTH - len(found)])


def _dates(fabrique: Fabrique, changes: Changes) -> tuple[datetime, datetime]:
    year = moment(str(fabrique.year)) if fabrique.year else None
    return changes.get(fabrique.subject, (year or BEGINNING, year or BEGINNING))


def entries(host: str) -> list[Entry]:
    changes = _changes()
    fabriques = _fabriques(changes)
    results = Result.objects.select_related("fabrique", "publisher").prefetch_related(
        "fabrique__transitions"
    )
    found = [_of_fabrique(item, host, changes) for item in fabriques]
    found += [
        _of_result(item, host, changes)
        for item in results.order_by("-date", "fabrique__code", "title")[:LENGTH]
    ]
    found += [_of_call(item, changed, host) for item, changed in news()[:LENGTH]]
    return sorted(found, key=lambda entry: (entry.updated, entry.guid), reverse=True)[:LENGTH]


def _categories(fabrique: Fabrique) -> tuple[str, ...]:
    return tuple(transition.name for transition in fabrique.transitions.all())


def _edition(item: Fabrique) -> str:
    return f"Fabrique prospective, {item.year or 'année non publiée'}."


def _of_fabrique(item: Fabrique, host: str, changes: Changes) -> Entry:
    published, updated = _dates(item, changes)
    return Entry(
        guid=TAG.format(host=host, path=f"fabriques/{item.code}"),
        title=str(item),
        summary=item.objective or item.context or _edition(item),
        link=item.get_absolute_url(),
        published=published,
        updated=updated,
        categories=_categories(item),
    )


def _of_result(item: Result, host: str, changes: Changes) -> Entry:
    published, updated = _dates(item.fabrique, changes)
    dated = moment(item.date)
    # A result has no identifier of its own but its title, unique within its fabrique.
    name = sha256(item.title.encode()).hexdigest()[:12]
    publisher = f" Éditeur : {item.publisher}." if item.publisher else ""
    return Entry(
        guid=TAG.format(host=host, path=f"fabriques/{item.fabrique.code}/resultats/{name}"),
        title=item.title,
        summary=f"{item.get_kind_display()} de la fabrique « {item.fabrique} ».{publisher}",
        link=item.url or item.fabrique.get_absolute_url(),
        published=dated or published,
        updated=dated or updated,
        categories=_categories(item.fabrique),
    )


def _of_call(item: Call, changed: datetime, host: str) -> Entry:
    return Entry(
        guid=TAG.format(host=host, path=f"appels/{item.slug}"),
        title=f"Appel à volontaires : {item}",
        summary=item.question,
        link=item.get_absolute_url(),
        published=item.published_at or changed,
        updated=changed,
        categories=(item.main_transition.name,) if item.main_transition else (),
    )


class News(Feed):  # type: ignore[type-arg]
    feed_type = Atom1Feed
    language = "fr"
    subtitle = "Nouvelles fabriques, publications de leurs résultats, appels à volontaires"
    feed_copyright = LICENCE

    def get_object(self, request: HttpRequest, *args: object, **kwargs: object) -> str:
        return request.get_host().partition(":")[0]

    def title(self) -> str:
        return str(settings.SITE_NAME)

    def author_name(self) -> str:
        return str(settings.SITE_OPERATOR or settings.SITE_NAME)

    def link(self) -> str:
        return reverse("home")

    def feed_guid(self, host: str) -> str:
        return TAG.format(host=host, path="flux")

    def items(self, host: str) -> list[Entry]:
        return entries(host)

    def item_title(self, item: Entry) -> str:
        return item.title

    def item_description(self, item: Entry) -> str:
        return escape(item.summary)  # Django writes it as HTML

    def item_link(self, item: Entry) -> str:
        return item.link

    def item_guid(self, item: Entry) -> str:
        return item.guid

    def item_pubdate(self, item: Entry) -> datetime:
        return item.published

    def item_updateddate(self, item: Entry) -> datetime:
        return item.updated

    def item_categories(self, item: Entry) -> tuple[str, ...]:
        return item.categories
