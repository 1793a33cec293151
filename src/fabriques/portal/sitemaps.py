"""What robots read: the sitemap by sections, and robots.txt."""

from datetime import datetime

from django.contrib.sitemaps import Sitemap
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from fabriques.intake.models import Call
from fabriques.intake.queries.calls import news
from fabriques.kit.models import JournalEntry
from fabriques.programme.models import Fabrique
from fabriques.territories.models import Territory

PAGES = (
    "home",
    "fabriques",
    "calls",
    "map",
    "territories",
    "data",
    "api-v1:openapi-view",
    "accessibility",
    "legal",
    "personal-data",
    "sitemap-page",
)
# The protocol allows 50,000 addresses a file; smaller ones are made and read faster.
PER_FILE = 10_000


class Pages(Sitemap):  # type: ignore[type-arg]
    def items(self) -> list[str]:
        return list(PAGES)

    def location(self, item: str) -> str:
        return reverse(item)


class Fabriques(Sitemap):  # type: ignore[type-arg]
    limit = PER_FILE

    def items(self) -> QuerySet[Fabrique]:
        rows = JournalEntry.objects.filter(subject__startswith="fabrique:").values_list("subject")
        self.changes: dict[str, datetime] = dict(rows.annotate(at=Max("at")).order_by("subject"))
        return Fabrique.objects.only("code", "slug").order_by("code")

    def lastmod(self, item: Fabrique) -> datetime | None:
        return self.changes.get(item.subject)


class Calls(Sitemap):  # type: ignore[type-arg]
    limit = PER_FILE

    def items(self) -> list[Call]:
        found = sorted(news(), key=lambda item: item[0].slug)
        self.changes = {call.slug: changed for call, changed in found}
        return [call for call, _ in found]

    def lastmod(self, item: Call) -> datetime:
        return self.changes[item.slug]


class Territories(Sitemap):  # type: ignore[type-arg]
    """Those of today; the page of a former one stays, and says what became of it."""

    limit = PER_FILE

    def items(self) -> QuerySet[Territory]:
        current = Territory.objects.filter(closed_on=None)
        return current.only("kind", "code").order_by("kind", "code")


SECTIONS = {
    "pages": Pages,
    "appels": Calls,
    "fabriques": Fabriques,
    "territoires": Territories,
}


def robots(request: HttpRequest) -> HttpResponse:
    lines = [
        "User-agent: *",
        "Disallow: /recherche/",
        "",
        f"Sitemap: {request.build_absolute_uri(reverse('sitemap'))}",
        "",
    ]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")
