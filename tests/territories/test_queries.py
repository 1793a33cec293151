"""What pages read of the territories."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fabriques.territories import queries, search
from fabriques.territories.imports.report import Outcome
from fabriques.territories.models import NationalProgramme, ProgrammeMembership, Territory
from tests.territories.conftest import Import, Package, commune, grouping

Load = Callable[[Package], Outcome]


def get(kind: str, code: str) -> Territory:
    return Territory.objects.get(kind=kind, code=code)


def codes(rows: object) -> list[str]:
    return [item.code for item in rows]  # type: ignore[attr-defined]


@pytest.mark.usefixtures("small_country")
class TestByCode:
    @pytest.mark.parametrize(
        ("code", "found"),
        [
            ("22278", "22278"),
            (" 22278 ", "22278"),
            ("200069409", "200069409"),
            ("200057867", "200057867"),
            ("35099", "35168"),
            ("35168", "35168"),
        ],
    )
    def test_found(self, code: str, found: str) -> None:
        territory = queries.by_code(code)
        assert territory is not None
        assert territory.code == found

    def test_the_siren_of_a_commune_leads_to_its_insee_code(self) -> None:
        siren = get("commune", "22278").siren
        territory = queries.by_code(siren)
        assert territory is not None
        assert territory.get_absolute_url() == "/territoires/22278/"

    @pytest.mark.parametrize("code", ["", "22", "53", "224", "00000", "x" * 300, "é", "\x00"])
    def test_not_found(self, code: str) -> None:
        assert queries.by_code(code) is None
        assert queries.by_segment(["qpv"], code) is None


def test_a_closed_territory_has_its_page(load: Load, package: Package) -> None:
    load(package)
    package["communes"] = [item for item in package["communes"] if item["code"] != "35257"]
    package["communes"][4]["anciensCodes"].append("35257")
    package["epci"][2] = grouping("200043990", "CC Vallons", "CC", "35168")
    load(package)
    closed = queries.by_code("35257")
    assert closed is not None
    assert closed.successor == get("commune", "35168")
    # It is found under the name of its successor.
    assert codes(queries.lookup("Saint-Brice")) == ["35168"]
    assert "35257" not in codes(queries.members(get("departement", "35")))


@pytest.mark.usefixtures("small_country")
class TestLookup:
    @pytest.mark.parametrize(
        "text", ["st brieuc", "saint-brieuc", "SAINT BRIEUC", "22278", "22000", "Saint Brieu"]
    )
    def test_any_spelling(self, text: str) -> None:
        found = queries.lookup(text)
        assert (found[0].kind, found[0].code) == ("commune", "22278")

    def test_other_codes_and_former_names(self) -> None:
        assert codes(queries.lookup("Campel")) == ["35168"]
        assert codes(queries.lookup("243 500 139")) == ["243500139"]
        assert codes(queries.lookup(get("commune", "35047").siren)) == ["35047"]

    @pytest.mark.parametrize("text", ["", " ", "zzzzzz", "\x00", "%'\""])
    def test_nothing(self, text: str) -> None:
        assert queries.lookup(text) == []

    def test_limit(self) -> None:
        assert len(queries.lookup("saint", limit=2)) == 2

    def test_documents(self) -> None:
        documents = {item.code: item for item in search.documents()}
        assert len(documents) == 25
        brieuc = documents["commune:22278"]
        assert brieuc.subtitle == "Commune · Côtes-d'Armor (22)"
        assert brieuc.rank == 473
        assert documents["region:53"].subtitle == "Région"
        assert documents["commune:97501"].subtitle == "Commune · Saint-Pierre-et-Miquelon (975)"
        assert {"35099", "Campel", "Maure-de-Bretagne"} <= set(documents["commune:35168"].keys)


@pytest.mark.usefixtures("small_country")
class TestFamily:
    def test_parents(self, import_text: Import) -> None:
        assert codes(queries.parents(get("commune", "22278"))) == [
            "200069409",
            "224",
            "22",
            "53",
        ]
        assert codes(queries.parents(get("commune", "97501"))) == ["975"]
        assert codes(queries.parents(get("commune", "93001"))) == ["200057867", "93", "11"]
        assert queries.parents(get("region", "53")) == []
        import_text("qpv", 'code_qp,lib_qp,insee_com\nQN03501M,Maurepas,"35238,35047"\n')
        assert codes(queries.parents(get("qpv", "QN03501M"))) == ["35047", "35238", "35", "53"]
        assert codes(queries.members(get("commune", "35238"))) == ["QN03501M"]

    @pytest.mark.parametrize(
        ("kind", "code", "members"),
        [
            ("epci", "200069409", ["22215", "22278"]),
            ("ept", "200057867", ["93001", "93066"]),
            ("arrondissement", "353", ["35047", "35238"]),
            ("departement", "35", ["35047", "35238", "35257", "35168"]),
            ("collectivite", "975", ["97501"]),
            ("region", "53", ["22", "35"]),
            ("commune", "22278", []),
        ],
    )
    def test_members(self, kind: str, code: str, members: list[str]) -> None:
        assert codes(queries.members(get(kind, code))) == members


class TestComparables:
    @pytest.fixture
    def towns(self, load: Load, package: Package) -> None:
        package["communes"] += [
            commune(f"35{number:03}", f"Ville {number}", 1_000 * number) for number in range(1, 40)
        ]
        load(package)

    @pytest.mark.usefixtures("towns")
    def test_the_closest_come_first(self) -> None:
        found = queries.comparables(get("commune", "35010"), set())
        assert len(found.items) == 10
        # 35 047 is Bruz, and not one of the towns of the series.
        assert codes(item.territory for item in found.items)[:2] == ["35011", "35009"]
        assert found.items[0].reasons == ["Population proche : 11\u202f000 habitants"]
        assert [item.distance for item in found.items] == sorted(
            item.distance for item in found.items
        )
        assert not any(item.took_part for item in found.items)
        assert "35010" not in codes(item.territory for item in found.items)

    @pytest.mark.usefixtures("towns")
    def test_at_most_five_that_took_part_come_first(self) -> None:
        towns = [get("commune", f"35{number:03}").pk for number in range(15, 40)]
        towns += [get("epci", "243500139").pk, get("commune", "35010").pk]
        for participants in (
            set(towns),
            Territory.objects.filter(pk__in=towns).values_list("pk", flat=True),
        ):
            found = queries.comparables(get("commune", "35010"), participants)
            assert codes(item.territory for item in found.items) == [
                "35015",
                "35016",
                "35017",
                "35018",
                "35019",
                "35011",
                "35009",
                "35012",
                "35008",
                "35013",
            ]
            assert [item.took_part for item in found.items] == [True] * 5 + [False] * 5

    @pytest.mark.usefixtures("towns")
    def test_those_that_took_part_but_resemble_too_little_do_not_lead(self) -> None:
        found = queries.comparables(get("commune", "35001"), {get("commune", "35238").pk})
        assert not any(item.took_part for item in found.items)

    @pytest.mark.usefixtures("towns")
    def test_what_is_missing_is_said(self, import_text: Import) -> None:
        town = get("commune", "35010")
        assert queries.comparables(town, set()).missing == [
            "densité",
            "centralité",
            "ruralité",
            "massif de montagne",
            "programmes de l’ANCT",
        ]
        import_text(
            "densite", "insee_com,niveau_densite\n35010,Bourgs ruraux\n35011,Bourgs ruraux\n"
        )
        import_text("montagne", "insee_com,niveau_montagne\n35010,Massif des Alpes\n")
        import_text("pvd", "insee_com,id_pvd\n35010,pvd-1\n35009,pvd-2\n")
        found = queries.comparables(town, set())
        assert found.missing == ["centralité", "ruralité"]
        assert {item.territory.code: item.reasons for item in found.items}["35009"] == [
            "Population proche : 9\u202f000 habitants",
            "Petites villes de demain tous les deux",
        ]

    @pytest.mark.usefixtures("towns")
    def test_programmes_that_everyone_is_in_tell_nothing(self) -> None:
        for slug in ("fabp", "crte"):
            programme = NationalProgramme.objects.create(slug=slug, name=slug)
            for code in ("35010", "35011"):
                ProgrammeMembership.objects.create(
                    territory=get("commune", code), programme=programme, external_id=f"{slug}-1"
                )
        found = queries.comparables(get("commune", "35010"), set())
        assert len(found.items[0].reasons) == 1

    @pytest.mark.usefixtures("towns")
    @pytest.mark.parametrize(
        ("kind", "code"),
        [("ept", "200057867"), ("region", "53"), ("departement", "974"), ("commune", "97501")],
    )
    def test_kinds_with_few_territories(self, kind: str, code: str) -> None:
        found = queries.comparables(get(kind, code), set())
        assert len(found.items) <= 10
        assert all(item.territory.kind == kind for item in found.items)
        assert (found.items == []) == (kind == "ept")

    def test_districts_have_no_population(
        self, small_country: Outcome, import_text: Import
    ) -> None:
        rows = "".join(f"QN0220{number}M,Quartier {number},22278\n" for number in range(1, 5))
        import_text("qpv", "code_qp,lib_qp,insee_com\n" + rows)
        found = queries.comparables(get("qpv", "QN02202M"), {get("qpv", "QN02204M").pk})
        assert codes(item.territory for item in found.items) == [
            "QN02204M",
            "QN02201M",
            "QN02203M",
        ]
        assert found.missing == []  # no file gives the population of a district: nothing to import

    @pytest.mark.usefixtures("towns")
    def test_the_number_of_queries_is_constant(self) -> None:
        def count(participants: set[int]) -> int:
            town = get("commune", "35010")
            with CaptureQueriesContext(connection) as captured:
                queries.comparables(town, participants)
            return len(captured)

        pks = [get("commune", f"35{number:03}").pk for number in (11, 12, 13)]
        programme = NationalProgramme.objects.create(slug="pvd", name="PVD")
        ProgrammeMembership.objects.create(territory_id=pks[0], programme=programme)
        assert count(set(pks[:1])) == count(set(pks)) == 5
