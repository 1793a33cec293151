"""The division of the country: loaded, loaded again, changed, closed, refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from fabriques.kit.search.models import SearchEntry
from fabriques.territories import domain
from fabriques.territories.domain import Position
from fabriques.territories.imports import referential
from fabriques.territories.imports.report import Outcome, RefusedError
from fabriques.territories.models import (
    FormerCode,
    ImportRun,
    NationalProgramme,
    ProgrammeMembership,
    Territory,
)
from tests.territories.conftest import Package, commune, grouping, write_package

Load = Callable[[Package], Outcome]


def get(kind: str, code: str) -> Territory:
    return Territory.objects.get(kind=kind, code=code)


def counts(outcome: Outcome) -> tuple[int, int, int]:
    return outcome.counts.added, outcome.counts.changed, outcome.counts.closed


def everything() -> list[dict[str, Any]]:
    return list(Territory.objects.order_by("pk").values())


def test_a_small_country(small_country: Outcome) -> None:
    assert counts(small_country) == (3 + 4 + 1 + 2 + 4 + 1 + 10, 0, 0)
    brieuc = get("commune", "22278")
    assert (brieuc.name, brieuc.nature, brieuc.population) == ("Saint-Brieuc", "COM", 44_000)
    assert (brieuc.postal_codes, len(brieuc.siren)) == ("22000", 9)
    assert brieuc.departement == get("departement", "22")
    assert brieuc.region == get("region", "53")
    assert brieuc.arrondissement == get("arrondissement", "224")
    assert brieuc.epci == get("epci", "200069409")
    denis = get("commune", "93066")
    assert denis.ept == get("ept", "200057867")
    assert denis.epci is None
    run = ImportRun.objects.get(name="referentiel")
    assert (run.added, run.changed, run.closed) == (25, 0, 0)
    assert len(run.digest) == 64


def test_groupings_sum_their_members(small_country: Outcome) -> None:
    rennes = get("epci", "243500139")
    assert (rennes.nature, rennes.population) == ("METRO", 243_000)
    assert (rennes.departement, rennes.region) == (get("departement", "35"), get("region", "53"))
    assert get("departement", "35").population == 225_000 + 18_000 + 4_000 + 2_800
    assert get("region", "53").population == get("departement", "35").population + 58_000


def test_a_grouping_across_a_border_is_where_most_inhabitants_live(
    load: Load, package: Package
) -> None:
    package["epci"].append(grouping("200000001", "CC Frontière", "CC", "22215", "35047"))
    package["epci"][0] = grouping("200069409", "CA Saint-Brieuc", "CA", "22278")
    package["epci"][1] = grouping("243500139", "Rennes Métropole", "METRO", "35238")
    load(package)
    assert get("epci", "200000001").departement == get("departement", "35")


def test_overseas(small_country: Outcome) -> None:
    marked = Territory.objects.filter(overseas=True).order_by("kind", "code")
    assert [(item.kind, item.code) for item in marked] == [
        ("collectivite", "975"),
        ("commune", "97411"),
        ("commune", "97501"),
        ("departement", "974"),
        ("epci", "249740119"),
        ("region", "04"),
    ]
    miquelon = get("commune", "97501")
    assert miquelon.departement == get("collectivite", "975")
    assert (miquelon.region, miquelon.population, miquelon.siren) == (None, None, "")


def test_former_codes_and_names(small_country: Outcome) -> None:
    rows = FormerCode.objects.order_by("code", "name")
    assert [(row.code, row.name, row.territory.code) for row in rows] == [
        ("35099", "Campel", "35168"),
        ("35168", "Maure-de-Bretagne", "35168"),
        ("93059", "", "93066"),
    ]


def test_again_changes_nothing(load: Load, package: Package) -> None:
    load(package)
    before, codes = everything(), list(FormerCode.objects.values())
    assert counts(load(package)) == (0, 0, 0)
    assert everything() == before
    assert sorted(FormerCode.objects.values_list("pk")) == sorted((row["id"],) for row in codes)


def test_only_what_differs_is_written(load: Load, package: Package) -> None:
    load(package)
    pk = get("commune", "35047").pk
    package["communes"][3]["population"] = 19_000
    # The commune, its EPCI, its arrondissement, its département and its région.
    assert counts(load(package)) == (0, 5, 0)
    bruz = get("commune", "35047")
    assert (bruz.pk, bruz.population) == (pk, 19_000)


def test_a_merged_commune_is_closed_with_its_successor(load: Load, package: Package) -> None:
    load(package)
    brice = get("commune", "35257")
    programme = NationalProgramme.objects.create(slug="pvd", name="Petites villes de demain")
    ProgrammeMembership.objects.create(territory=brice, programme=programme, external_id="pvd-1")
    district = Territory.objects.create(kind="qpv", code="QN1", name="Centre", generation=2024)
    district.communes.add(brice)
    package["communes"] = [item for item in package["communes"] if item["code"] != "35257"]
    package["communes"][4]["anciensCodes"].append("35257")
    package["epci"][2] = grouping("200043990", "CC Vallons", "CC", "35168")

    outcome = load(package)

    assert outcome.counts.closed == 1
    assert outcome.notes == ["Saint-Brice a disparu, remplacé par Val d'Anast."]
    brice.refresh_from_db()
    anast = get("commune", "35168")
    assert brice.closed_on is not None
    assert (brice.successor, brice.epci, brice.departement) == (
        anast,
        None,
        get("departement", "35"),
    )
    assert [item.external_id for item in anast.programme_memberships.all()] == ["pvd-1"]
    assert list(district.communes.all()) == [anast]
    assert counts(load(package)) == (0, 0, 0)


def test_a_programme_of_both_merged_communes_is_not_doubled(load: Load, package: Package) -> None:
    load(package)
    programme = NationalProgramme.objects.create(slug="pvd", name="Petites villes de demain")
    for code in ("35257", "35168"):
        ProgrammeMembership.objects.create(
            territory=get("commune", code), programme=programme, external_id="pvd-1"
        )
    package["communes"] = [item for item in package["communes"] if item["code"] != "35257"]
    package["communes"][4]["anciensCodes"].append("35257")
    package["epci"][2] = grouping("200043990", "CC Vallons", "CC", "35168")
    load(package)
    rows = ProgrammeMembership.objects.order_by("territory__code")
    assert [(row.territory.code, row.closed_on is None) for row in rows] == [
        ("35168", True),
        ("35257", False),
    ]


def test_what_comes_back_is_reopened(load: Load, package: Package) -> None:
    load(package)
    brice = package["communes"].pop(5)
    package["epci"][2] = grouping("200043990", "CC Vallons", "CC", "35168")
    load(package)
    closed = get("commune", "35257")
    assert (closed.closed_on is None, closed.successor) == (False, None)
    package["communes"].append(brice)
    outcome = load(package)
    assert (outcome.counts.added, outcome.counts.closed) == (0, 0)
    again = get("commune", "35257")
    assert (again.pk, again.closed_on, again.successor) == (closed.pk, None, None)


def test_a_closed_epci_is_followed_by_the_one_that_holds_most_members(
    load: Load, package: Package
) -> None:
    load(package)
    package["epci"] = [
        grouping("200069409", "CA Saint-Brieuc Armor", "CA", "22278", "22215", "35257"),
        grouping("243500139", "Rennes Métropole", "METRO", "35238", "35047", "35168"),
        package["epci"][3],
    ]
    load(package)
    # One former member each: the more populous of them decides.
    assert get("epci", "200043990").successor == get("epci", "243500139")


def test_a_new_commune_keeps_its_epci_history_apart(load: Load, package: Package) -> None:
    load(package)
    package["communes"].append(commune("35999", "Nouvelle", 500, anciensCodes=["35998"]))
    outcome = load(package)
    assert outcome.counts.added == 1
    assert FormerCode.objects.get(code="35998").territory == get("commune", "35999")


def test_a_former_code_follows_a_second_merger(load: Load, package: Package) -> None:
    load(package)
    package["communes"] = [
        item
        for item in package["communes"]
        if item["code"] != "35168" and item.get("chefLieu") != "35168"
    ]
    package["communes"][4]["anciensCodes"] = ["35168", "35099"]
    package["epci"][2] = grouping("200043990", "CC Vallons", "CC", "35257")
    load(package)
    brice = get("commune", "35257")
    assert {row.code for row in FormerCode.objects.filter(territory=brice)} == {"35168", "35099"}
    assert get("commune", "35168").successor == brice


def test_positions_come_from_the_departement(load: Load, package: Package, settings: Any) -> None:
    folder = settings.ASSETS / "map"
    folder.mkdir(parents=True)
    square = [[[-2, 48], [-1, 48], [-1, 49], [-2, 49], [-2, 48]]]
    feature = {
        "type": "Feature",
        "properties": {"code": "35", "nom": "Ille-et-Vilaine"},
        "geometry": {"type": "Polygon", "coordinates": square},
    }
    (folder / "departements.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": [feature]})
    )
    load(package)
    for kind, code in (("departement", "35"), ("commune", "35238"), ("epci", "243500139")):
        found = get(kind, code)
        assert (found.longitude, found.latitude, found.accuracy) == (-1.5, 48.5, "approximate")
    assert get("commune", "22278").longitude is None
    domain.place({get("commune", "35238").pk: Position(-1.68, 48.11)})
    load(package)
    rennes = get("commune", "35238")
    assert (rennes.longitude, rennes.accuracy) == (-1.68, "exact")


def test_the_index_of_search_follows(load: Load, package: Package) -> None:
    load(package)
    assert SearchEntry.objects.filter(kind="territoire").count() == 25
    package["communes"][0]["nom"] = "Saint-Brieuc-Ville"
    load(package)
    assert SearchEntry.objects.get(code="commune:22278").title == "Saint-Brieuc-Ville"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p: p["communes"][2].pop("nom"), "communes.json, ligne 3, colonne nom"),
        (lambda p: p["communes"][2].update(departement="99"), "colonne departement : « 99 »"),
        (lambda p: p["communes"][2].update(population="beaucoup"), "nombre d’habitants"),
        (lambda p: p["communes"][2].update(code="22278"), "apparaît deux fois"),
        (lambda p: p["communes"][2].update(type="hameau"), "« hameau »"),
        (lambda p: p["epci"][0]["membres"].append({"code": "00000"}), "epci.json, ligne 1"),
        (lambda p: p["epci"][0]["membres"].append({"code": "35238"}), "dans deux groupements"),
        (lambda p: p["epci"][0].update(type="SIVOM"), "« SIVOM »"),
        (lambda p: p["epci"][0].update(membres=[]), "aucune commune"),
        (lambda p: p["regions"].clear(), "regions.json"),
        (lambda p: p["communes"].insert(0, "rien"), "un objet JSON"),
    ],
)
def test_broken_files_are_refused_and_nothing_is_written(
    load: Load, package: Package, change: Callable[[Package], Any], words: str
) -> None:
    load(package)
    before = everything()
    package["communes"][0]["population"] = 1
    change(package)
    with pytest.raises(RefusedError) as refused:
        load(package)
    assert words in str(refused.value)
    assert everything() == before


def test_truncated_files_do_not_close_the_country(
    load: Load, package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(referential, "MOST_CLOSED", 2)
    load(package)
    before = everything()
    package["communes"] = package["communes"][:4]
    package["epci"], package["ept"] = (
        package["epci"][:2],
        [grouping("200057867", "Plaine Commune", "EPT", "22278")],
    )
    with pytest.raises(RefusedError, match="semblent incomplets"):
        load(package)
    assert everything() == before


@pytest.mark.django_db
def test_the_command(tmp_path: Path, package: Package, capsys: Any, settings: Any) -> None:
    settings.ASSETS = tmp_path
    folder = write_package(tmp_path / "data", package)
    (tmp_path / "package.json").write_text('{"name": "@etalab/x", "version": "6.0.0"}')
    call_command("import_referential", source=folder)
    assert "25 ajouté(s), 0 modifié(s), 0 fermé(s)" in capsys.readouterr().out
    assert ImportRun.objects.get().source == "@etalab/x 6.0.0"
    (folder / "epci.json").write_text("[{")
    with pytest.raises(CommandError, match="mal formé"):
        call_command("import_referential", source=folder)
    (folder / "epci.json").unlink()
    with pytest.raises(CommandError, match="n’a pas été trouvé"):
        call_command("import_referential", source=folder)
