"""The whole journal, for those who run the programme: find, read, export."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import islice
from urllib.parse import urlencode

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_safe
from dsfr.forms import DsfrBaseForm

from fabriques.kit import journal
from fabriques.kit.exports import Column, Table, attachment, to_csv, to_ods
from fabriques.kit.paging import paginate
from fabriques.programme.abilities import site_abilities

PER_PAGE = 30
# Beyond, a spreadsheet is made too slowly for a page: the filters say which part is wanted.
MOST_EXPORTED = 20_000


class DayField(forms.DateField):
    """A day of the life of the journal."""

    default_error_messages = {"invalid": "Écrivez une date comme 24/11/2026."}
    default_validators = [
        MinValueValidator(date(2018, 1, 1), "Le journal ne remonte pas si loin : après 2018."),
        MaxValueValidator(date(2199, 12, 31), "Le journal ne va pas si loin : avant 2200."),
    ]


class JournalFilters(DsfrBaseForm):  # type: ignore[misc]
    """The filters of the page, under the names that they have in its address."""

    objet = forms.ChoiceField(
        label="Sorte d’objet",
        required=False,
        error_messages={"invalid_choice": "« %(value)s » n’est pas une sorte d’objet du journal."},
    )
    sujet = forms.CharField(
        label="Objet", help_text="une partie de sa référence", required=False, max_length=120
    )
    personne = forms.CharField(
        label="Par qui", help_text="nom, qualité ou référence", required=False, max_length=200
    )
    changement = forms.CharField(
        label="Changement", help_text="quelques mots", required=False, max_length=200
    )
    du = DayField(label="Du", help_text="par exemple 24/11/2026", required=False)
    au = DayField(label="Au", help_text="ce jour compris", required=False)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        kinds = [(kind.code, kind.label) for kind in journal.subject_kinds()]
        self.fields["objet"].choices = [("", "Toutes"), *kinds]

    def clean(self) -> None:
        since, until = self.cleaned_data.get("du"), self.cleaned_data.get("au")
        if since and until and until < since:
            self.add_error("au", "La fin précède le début.")

    def search(self) -> journal.Search:
        """What is asked for; a filter that is not valid asks for nothing."""
        self.is_valid()
        asked = self.cleaned_data
        return journal.Search(
            kind=asked.get("objet", ""),
            subject=asked.get("sujet", ""),
            person=asked.get("personne", ""),
            verb=asked.get("changement", ""),
            since=asked.get("du"),
            until=asked.get("au"),
        )

    def query(self) -> str:
        """The filters as typed, for an address: "" or "?…"."""
        typed = {name: self.data[name] for name in self.fields if self.data.get(name)}
        return f"?{urlencode(typed)}" if typed else ""


def _before(row: journal.Shown) -> str:
    return "\n".join(f"{c.label} : {c.before}" for c in row.changes if c.before)


def _after(row: journal.Shown) -> str:
    return "\n".join(f"{c.label} : {c.after}" for c in row.changes if c.after)


COLUMNS = (
    Column("numero", "Numéro", "number", kind="number"),
    Column("date", "Date", lambda row: timezone.localtime(row.at).isoformat(timespec="seconds")),
    Column("sorte", "Sorte d’objet", "kind"),
    Column("objet", "Objet", "title"),
    Column("reference", "Référence", "subject"),
    Column("changement", "Changement", "verb"),
    Column("par", "Par", "actor"),
    Column("pourquoi", "Pourquoi", "reason"),
    Column("avant", "Avant", _before),
    Column("apres", "Après", _after),
    Column("efface", "Contenu effacé", "erased"),
    Column("empreinte", "Empreinte", "digest"),
)


def _filters(request: HttpRequest) -> JournalFilters:
    """404 for who may not read the journal."""
    if not site_abilities(request.user).read_journal:
        raise Http404
    return JournalFilters(request.GET)


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    filters = _filters(request)
    entries = journal.seen_by(journal.search(filters.search()), request.user)
    found = paginate(entries, request.GET.get("page"), PER_PAGE)
    return render(
        request,
        "portal/space/journal.html",
        {
            "filters": filters,
            "page": found,
            "query": filters.query(),
            "head": journal.head(),
            "most": MOST_EXPORTED,
            "exportable": filters.is_valid() and found.paginator.count <= MOST_EXPORTED,
        },
    )


def _rows(entries: QuerySet[journal.JournalEntry]) -> Iterator[journal.Shown]:
    """A few at a time: names of objects are asked for together."""
    left = entries.iterator(chunk_size=500)
    while batch := list(islice(left, 500)):
        yield from journal.shown(batch)


def export(request: HttpRequest, extension: str) -> HttpResponse:
    """The entries that the page shows, as a file; back to the page when it cannot be."""
    filters = _filters(request)
    entries = journal.seen_by(journal.search(filters.search()), request.user)
    if not filters.is_valid() or entries.count() > MOST_EXPORTED:
        return redirect(reverse("space-journal") + filters.query())
    table = Table("Journal", COLUMNS, _rows(entries))
    content = to_csv(table, bom=True) if extension == "csv" else to_ods(table, at=timezone.now())
    return attachment(content, f"journal.{extension}")


@require_safe
def as_csv(request: HttpRequest) -> HttpResponse:
    return export(request, "csv")


@require_safe
def as_ods(request: HttpRequest) -> HttpResponse:
    return export(request, "ods")


urlpatterns = [
    path("journal/", page, name="space-journal"),
    path("journal/journal.csv", as_csv, name="space-journal-csv"),
    path("journal/journal.ods", as_ods, name="space-journal-ods"),
]
