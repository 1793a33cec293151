"""The facts of the programme, loaded from their file, and what is laid out for reading."""

import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import transaction
from django.db.models import Count, OuterRef, Q, QuerySet

from fabriques.kit import journal
from fabriques.kit.search import index
from fabriques.kit.search.text import normalise
from fabriques.people.models import FormerName, Organisation
from fabriques.programme import search
from fabriques.programme.facts import Facts, Record
from fabriques.programme.models import (
    Fabrique,
    Facet,
    FacetValue,
    Overview,
    Participation,
    Partnership,
    Result,
    Sheet,
    Source,
    Transition,
)
from fabriques.programme.queries import Filters, dimensions, with_details
from fabriques.programme.sheets import sheet
from fabriques.territories.enums import Accuracy, Kind, Nature
from fabriques.territories.models import ImportRun, NationalProgramme, Territory

logger = logging.getLogger(__name__)

# Who changes the file of facts, in the words of the page of a fabrique.
TEAM = "l’équipe du site (fichier des faits)"


class UnknownTerritoryError(Exception):
    """The facts name a territory that the referential does not hold."""


@transaction.atomic
def load_facts(*, facts: Facts, actor: str) -> list[str]:
    """Bring the database to what the file of facts says; return the fabriques that changed.

    Loading the same file again changes nothing and writes nothing in the journal.
    """
    organisations = {
        slug: _save_organisation(slug, record) for slug, record in facts.organisations.items()
    }
    sources = {
        slug: Source.objects.update_or_create(
            slug=slug,
            defaults={
                name: record.get(name, "")
                for name in ("title", "publisher", "date", "licence", "url")
            }
            | {
                "announced_territories": facts.announced.get("territories")
                if slug == facts.announced.get("source")
                else None
            },
        )[0]
        for slug, record in facts.sources.items()
    }
    transitions = {
        slug: Transition.objects.update_or_create(slug=slug, defaults={"name": record["name"]})[0]
        for slug, record in facts.transitions.items()
    }
    programmes = {
        slug: NationalProgramme.objects.update_or_create(
            slug=slug,
            defaults={
                "name": record["name"],
                "operator": organisations[record["operator"]].name,
            },
        )[0]
        for slug, record in facts.programmes.items()
    }
    territories = {key: _place_territory(key, record) for key, record in facts.territories.items()}
    changed = []
    founded = set(
        Fabrique.objects.exclude(founded_at=None).order_by().values_list("code", flat=True)
    )
    for code, record in facts.fabriques.items():
        if code in founded:
            logger.warning("%s : fondée sur ce site, le fichier des faits n’y touche pas.", code)
            continue
        before = snapshot(code)
        fabrique, _ = Fabrique.objects.update_or_create(
            code=code,
            defaults={
                "slug": record["slug"],
                "title": record.get("title", ""),
                "year": record.get("year"),
                "initiator": organisations[record.get("initiator", "anct")],
                "main_transition": transitions.get(next(iter(record.get("transitions", [])), "")),
                "context": record.get("context", "").strip(),
                "objective": record.get("objective", "").strip(),
                "note": record.get("note", "").strip(),
                "announced_start": record.get("announced", {}).get("start", ""),
                "announced_end": record.get("announced", {}).get("end", ""),
                "actual_start": record.get("actual", {}).get("start", ""),
                "actual_end": record.get("actual", {}).get("end", ""),
            },
        )
        fabrique.transitions.set([transitions[key] for key in record.get("transitions", [])])
        fabrique.programmes.set([programmes[key] for key in record.get("programmes", [])])
        fabrique.sources.set([sources[key] for key in record.get("sources", [])])
        _save_partnerships(fabrique, record, organisations, sources)
        _save_participations(fabrique, record, territories, sources)
        _save_results(fabrique, record, organisations, sources)
        after = snapshot(code)
        if before == after:
            continue
        changed.append(code)
        journal.record(
            subject=fabrique.subject,
            verb="créée" if before is None else "mise à jour",
            actor=actor,
            before={k: v for k, v in (before or {}).items() if after and after[k] != v},
            after={k: v for k, v in (after or {}).items() if not before or before[k] != v},
        )
    # Names of organisations, sources or topics may have changed too: read models follow the file.
    reindex_fabriques()
    ImportRun.objects.create(
        name="faits", source=facts.name, digest=facts.digest, changed=len(changed)
    )
    return changed


def snapshot(code: str) -> dict[str, Any] | None:
    """What the journal compares: all the facts of a fabrique as JSON values; None when absent."""
    fabrique = with_details(Fabrique.objects.filter(code=code)).first()
    if fabrique is None:
        return None
    names = ("slug", "title", "year", "context", "objective", "note")
    dates = ("announced_start", "announced_end", "actual_start", "actual_end")
    return {
        **{name: getattr(fabrique, name) for name in (*names, *dates)},
        "initiator": fabrique.initiator.slug,
        "main_transition": fabrique.main_transition.slug if fabrique.main_transition else "",
        "transitions": [item.slug for item in fabrique.transitions.all()],
        "programmes": [item.slug for item in fabrique.programmes.all()],
        "sources": [item.slug for item in fabrique.sources.all()],
        "partnerships": sorted(
            " · ".join(
                part
                for part in (
                    f"{item.get_role_display()} : {item.person or item.organisation.name}",
                    item.named,
                    item.source.slug,
                )
                if part
            )
            for item in fabrique.partnerships.all()
        ),
        "participations": [
            " · ".join(
                part
                for part in (
                    item.territory.name,
                    item.named,
                    item.focus,
                    str(item.focus_generation or ""),
                    item.focus_territory.code if item.focus_territory else "",
                    item.local_question,
                    item.joined and f"entrée {item.joined}",
                    item.left and f"sortie {item.left}",
                    item.last_listed and f"dans le jeu ANCT de {item.last_listed}",
                    item.unlisted_by and f"absent du jeu ANCT de {item.unlisted_by}",
                    ", ".join(sorted(source.slug for source in item.sources.all())),
                )
                if part
            )
            for item in fabrique.participations.all()
        ],
        "results": [
            " · ".join(
                part
                for part in (
                    item.title,
                    item.get_kind_display(),
                    item.publisher.name if item.publisher else "",
                    item.date,
                    item.url,
                    item.source.slug,
                )
                if part
            )
            for item in fabrique.results.all()
        ],
    }


def _save_organisation(slug: str, record: Record) -> Organisation:
    organisation, _ = Organisation.objects.update_or_create(
        slug=slug,
        defaults={name: record.get(name, "") for name in ("name", "acronym", "kind")},
    )
    names = record.get("former_names", [])
    organisation.former_names.exclude(name__in=[item["name"] for item in names]).delete()
    for item in names:
        FormerName.objects.update_or_create(
            organisation=organisation,
            name=item["name"],
            defaults={"acronym": item.get("acronym", ""), "until": item.get("until", "")},
        )
    return organisation


def _place_territory(key: str, record: Record) -> Territory:
    """The territory of the referential, with the position that the facts give."""
    kind = record["kind"]
    if kind == Kind.OTHER:
        # No official identifier: the file of facts itself is the referential.
        territory, _ = Territory.objects.update_or_create(
            kind=Kind.OTHER, code=key, defaults={"name": record["name"], "nature": Nature.NONE}
        )
        departement = record.get("departement", "").split("/")[0]
        territory.departement = Territory.objects.filter(
            kind=Kind.DEPARTEMENT, code=departement
        ).first()
        territory.region = territory.departement and territory.departement.region
    else:
        code = record["insee"] if kind == Kind.COMMUNE else record.get("siren", key)
        found = Territory.objects.filter(kind=kind, code=code).first()
        if found is None:
            raise UnknownTerritoryError(
                f"{record['name']} ({code}) : absent du référentiel des territoires."
            )
        territory = found
    if "position" in record:
        territory.longitude, territory.latitude = record["position"]
        territory.accuracy = Accuracy.EXACT
    territory.save()
    return territory


def _save_partnerships(
    fabrique: Fabrique,
    record: Record,
    organisations: dict[str, Organisation],
    sources: dict[str, Source],
) -> None:
    kept = [
        Partnership.objects.update_or_create(
            fabrique=fabrique,
            organisation=organisations[item["organisation"]],
            role=item["role"],
            person=item.get("person", ""),
            defaults={"named": item.get("named", ""), "source": sources[item["source"]]},
        )[0].pk
        for item in record.get("partnership", [])
    ]
    fabrique.partnerships.exclude(pk__in=kept).delete()


def _save_participations(
    fabrique: Fabrique,
    record: Record,
    territories: dict[str, Territory],
    sources: dict[str, Source],
) -> None:
    kept: list[int] = []
    for item in record.get("participation", []):
        same = [i for i in record["participation"] if i["territory"] == item["territory"]]
        focuses = [i.get("focus", "") for i in same]
        _follow_focus(fabrique, territories[item["territory"]], focuses)
        present = item.get("present", {})
        focus_code = item.get("focus_code", "")
        participation, _ = Participation.objects.update_or_create(
            fabrique=fabrique,
            territory=territories[item["territory"]],
            focus=item.get("focus", ""),
            defaults={
                "named": item.get("named", ""),
                "focus_generation": item.get("focus_generation"),
                "focus_territory": Territory.objects.filter(kind=Kind.QPV, code=focus_code).first()
                if focus_code
                else None,
                "local_question": item.get("local_question", ""),
                "joined": item.get("joined", ""),
                "left": item.get("left", ""),
                "last_listed": max(present.get("in", []), default=""),
                "unlisted_by": min(present.get("absent", []), default=""),
            },
        )
        participation.sources.set([sources[key] for key in item.get("sources", [])])
        kept.append(participation.pk)
    _remove(fabrique.participations.exclude(pk__in=kept))


def _remove(participations: QuerySet[Participation]) -> None:
    """Those that the file no longer has; but never one in which people hold roles."""
    peopled = Q(memberships__isnull=False) | Q(invitations__isnull=False)
    for participation in participations.filter(peopled).distinct().order_by("pk"):
        logger.warning(
            "%s : absente du fichier des faits, gardée car des personnes y ont un rôle.",
            participation.subject,
        )
    participations.exclude(pk__in=participations.filter(peopled).values("pk")).delete()


def _follow_focus(fabrique: Fabrique, territory: Territory, focuses: list[str]) -> None:
    """A territory that takes part once keeps its participation when its focus is reworded."""
    rows = list(fabrique.participations.filter(territory=territory).order_by("pk")[:2])
    if len(rows) == len(focuses) == 1 and rows[0].focus != focuses[0]:
        rows[0].focus = focuses[0]
        rows[0].save(update_fields=["focus"])


def _save_results(
    fabrique: Fabrique,
    record: Record,
    organisations: dict[str, Organisation],
    sources: dict[str, Source],
) -> None:
    kept = [
        Result.objects.update_or_create(
            fabrique=fabrique,
            title=item["title"],
            defaults={
                "kind": item["kind"],
                "publisher": organisations.get(item.get("publisher", "")),
                "date": item.get("date", ""),
                "url": item.get("url", ""),
                "source": sources[item["source"]],
            },
        )[0].pk
        for item in record.get("result", [])
    ]
    fabrique.results.exclude(pk__in=kept).delete()


@transaction.atomic
def reindex_fabriques(fabriques: QuerySet[Fabrique] | None = None) -> None:
    """Rebuild the read models of these fabriques (all by default): filters, sheets, search."""
    chosen = list(with_details(Fabrique.objects.all() if fabriques is None else fabriques))
    ids = [fabrique.pk for fabrique in chosen]
    Facet.objects.filter(fabrique__in=ids).delete()
    Sheet.objects.filter(fabrique__in=ids).delete()
    wanted = {fabrique.pk: Counter(_facets(fabrique)) for fabrique in chosen}
    labels = {(d, v): label for counts in wanted.values() for d, v, label in counts}
    FacetValue.objects.bulk_create(
        [
            FacetValue(dimension=d, value=v, label=label, sort=normalise(label))
            for (d, v), label in labels.items()
        ],
        update_conflicts=True,
        unique_fields=["dimension", "value"],
        update_fields=["label", "sort"],
    )
    values = {(item.dimension, item.value): item.pk for item in FacetValue.objects.all()}
    Facet.objects.bulk_create(
        [
            Facet(value_id=values[dimension, value], fabrique_id=pk, count=count)
            for pk, counts in wanted.items()
            for (dimension, value, _), count in counts.items()
        ],
        batch_size=2000,
    )
    FacetValue.objects.filter(facets=None).delete()
    times = Facet.objects.filter(value=OuterRef("pk")).order_by().values("value")
    FacetValue.objects.update(total=times.annotate(times=Count("pk")).values("times"))
    Overview.objects.all().delete()
    Overview.objects.create(
        fabriques=Fabrique.objects.count(), filters=json.dumps(dimensions(Filters()))
    )
    Sheet.objects.bulk_create([sheet(fabrique) for fabrique in chosen], batch_size=500)
    if fabriques is None:
        index.replace("fabrique", search.documents(chosen))
    else:
        index.put_many(search.documents(chosen))


def _facets(fabrique: Fabrique) -> Iterator[tuple[str, str, str]]:
    """(dimension, value, label), once for each participation that carries it."""
    if fabrique.year:
        yield "annee", str(fabrique.year), str(fabrique.year)
    for transition in fabrique.transitions.all():
        yield "transition", transition.slug, transition.name
    for programme in fabrique.programmes.all():
        yield "programme", programme.slug, programme.name
    for territory in _members(fabrique.participations.all()):
        yield "type", territory.nature or territory.kind, territory.label
        yield (
            ("outre-mer", "oui", "Outre-mer")
            if territory.overseas
            else ("outre-mer", "non", "Hexagone et Corse")
        )
        if territory.region:
            yield "region", territory.region.code, territory.region.name
        if territory.departement:
            yield "departement", territory.departement.code, territory.departement.name


def _members(participations: Iterable[Participation]) -> Iterator[Territory]:
    for participation in participations:
        yield participation.territory
