"""The pool of a call: who sees what of it, and what it counts."""

from __future__ import annotations

import csv
import io
import re

import pytest
from django.test import Client
from django.urls import reverse

from fabriques.intake.enums import OpinionValue, Reach, WayIn
from fabriques.intake.models import Conflict, Indicator, IndicatorValue, Opinion, Volunteer
from fabriques.intake.queries.pool import Pool, pool_of
from tests.factories import make_fabrique, make_territory, make_user
from tests.intake.composing import closed_call, make_pool
from tests.intake.factories import (
    make_call_partner,
    make_reviewer,
    make_steward,
    make_volunteer,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_second_factor(settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = False


def pool(call, **options) -> Pool:
    return pool_of(call, Volunteer.objects.filter(call=call, state="submitted"), **options)


def names(pairs) -> set[frozenset[str]]:
    return {frozenset((one.name, other.name)) for one, other in pairs}


def shown(client: Client, call, query: str = "") -> str:
    response = client.get(reverse("space-call-volunteers", args=[call.slug]) + query)
    assert response.status_code == 200
    return response.content.decode()


def listed(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="/espace/volontariats/[^"]+">([^<]+)</a>', page)


# ---------------------------------------------------------------- what is read


def test_criteria_hold_only_what_the_pool_knows() -> None:
    call = closed_call()
    make_pool(call, 5)
    found = pool(call)
    assert [c.key for c in found.criteria] == [
        "kind",
        "region",
        "overseas",
        "size",
        "density",
        "programmes",
    ]
    assert found.counts["overseas"] == {"yes": 1, "no": 4}
    assert found.by_key["programmes"].labels == {"pvd": "Petites villes de demain"}
    assert found.labels_of(found.by_number[1], "size") == ["Moins de 2\u202f000 habitants"]
    assert found.labels_of(found.by_number[5], "size") == ["5\u202f000 à 19\u202f999 habitants"]


def test_ways_in_and_opinions_are_read_only_when_asked_for() -> None:
    call = closed_call()
    volunteer = make_volunteer(call, way_in=WayIn.INVITED)
    Opinion.objects.create(
        partner=make_call_partner(call),
        volunteer=volunteer,
        value=OpinionValue.UNFAVOURABLE,
        reason="Non.",
    )
    outside, inside = pool(call), pool(call, ways_in=True, opinions=True)
    assert not {"way_in", "opinions"} & set(outside.by_key)
    assert outside.volunteers[0].way_in == WayIn.SELF
    assert outside.volunteers[0].opinion == 0
    assert inside.volunteers[0].way_in == WayIn.INVITED
    assert inside.volunteers[0].opinion == -1
    assert not inside.by_key["way_in"].ruled


def test_an_indicator_is_shown_in_three_classes_of_the_pool() -> None:
    call = closed_call()
    measure = Indicator.objects.create(
        call=call, slug="ages", name="Plus de 75 ans", unit="%", source="Insee"
    )
    for number, volunteer in enumerate(make_pool(call, 7)):
        if number < 6:  # the last one is not measured
            IndicatorValue.objects.create(
                indicator=measure, territory=volunteer.territory, value=8 + number * 1.5
            )
    found = pool(call)
    criterion = found.by_key["indicator-ages"]
    assert [value.label for value in criterion.values] == [
        "Jusqu’à 9,5\u00a0%",
        "Plus de 9,5 à 12,5\u00a0%",
        "Plus de 12,5\u00a0%",
    ]
    assert found.counts["indicator-ages"] == {"low": 2, "middle": 2, "high": 2}
    assert found.by_number[6].indicators == {"ages": 15.5}
    assert "indicator-ages" not in found.by_number[7].values


def test_neighbours() -> None:
    call = closed_call()
    epci = make_territory("epci", name="Agglo")
    nord = make_territory("departement", code="59")
    here = {"longitude": 3.0, "latitude": 50.0, "accuracy": "exact"}
    near = {**here, "latitude": 50.25}  # 28 km
    far = {**here, "latitude": 50.3}  # 33 km
    rough = {**here, "longitude": 5.0, "accuracy": "approximate", "departement": nord}
    for name, fields in {
        "A": here,
        "B": near,
        "C": {**far, "longitude": 8.0, "epci": epci},
        "D": {**here, "longitude": -3.0, "epci": epci},
        "E": rough,
        "F": {**far, "longitude": 0.0, "departement": nord},
    }.items():
        make_volunteer(call, make_territory(name=name, **fields))
    make_volunteer(call, make_territory("epci", name="G", **{**far, "longitude": 3.0}))
    assert names(pool(call).neighbours) == {
        frozenset("AB"),  # near
        frozenset("CD"),  # communes of one grouping
        frozenset("EF"),  # one position is rough: same département
        frozenset("BG"),  # 5 km
    }


def test_nested() -> None:
    call = closed_call()
    epci = make_territory("epci", name="Agglo")
    commune = make_territory(name="Ville", epci=epci)
    district = make_territory("qpv", name="Quartier")
    district.communes.add(commune)
    for territory in (epci, commune, district, make_territory(name="Ailleurs")):
        make_volunteer(call, territory)
    assert names(pool(call).nested) == {
        frozenset({"Agglo", "Ville"}),
        frozenset({"Ville", "Quartier"}),
    }


def test_recent_members_by_themselves_their_grouping_or_their_communes() -> None:
    call = closed_call(starts_on="2027-01")
    epci = make_territory("epci", name="Agglo")
    inside = make_territory(name="Membre", epci=epci)
    numbers = {}
    for name, territory in {
        "itself": make_territory(name="Elle-même"),
        "long ago": make_territory(name="Jadis"),
        "its commune": epci,
        "its grouping": make_territory(name="Commune", epci=make_territory("epci", name="Autre")),
        "sister commune": make_territory(name="Sœur", epci=epci),
    }.items():
        numbers[make_volunteer(call, territory).number] = name
    found = {name: item for item, name in numbers.items()}
    volunteers = {v.number: v.territory for v in Volunteer.objects.filter(call=call)}
    make_fabrique(year=2023, members=[volunteers[found["itself"]], inside])
    make_fabrique(year=2022, members=[volunteers[found["its grouping"]].epci])
    make_fabrique(year=2019, members=[volunteers[found["long ago"]]])
    make_fabrique(year=None, members=[volunteers[found["sister commune"]]])
    assert {numbers[n] for n in pool(call).recent(5)} == {
        "itself",
        "its commune",
        "its grouping",
    }
    assert {numbers[n] for n in pool(call).recent(8)} >= {"long ago"}


def test_a_pool_costs_the_same_for_one_and_for_many(django_assert_num_queries) -> None:
    few, many = closed_call(), closed_call()
    make_pool(few, 1)
    make_pool(many, 30)
    for call in (few, many):
        with django_assert_num_queries(7):
            assert len(pool(call, ways_in=True, opinions=True)) in (1, 30)


# ---------------------------------------------------------------- who sees it


def test_a_steward_sees_the_table_the_map_and_the_chart(client: Client) -> None:
    call = closed_call()
    make_pool(call, 3)
    make_volunteer(call, make_territory(name="Brouillon"), state="draft")
    make_volunteer(call, make_territory(name="Parti"), state="withdrawn")
    client.force_login(make_steward())
    page = shown(client, call)
    assert listed(page) == ["Lieu 1", "Lieu 2", "Lieu 3"]
    assert "3 déclarations déposées, 1 en cours d’écriture" in page
    assert "Brouillon" not in page
    chart = shown(client, call, "?vue=couverture")
    assert re.search(r'Commune</th>\s*<td class="number">3</td>', chart)
    drawing = shown(client, call, "?vue=carte")
    assert "<title>Lieu 2 – n°\u00a02</title>" in drawing


def test_what_the_map_cannot_show_is_listed_beside_it(client: Client) -> None:
    call = closed_call()
    make_volunteer(call, make_territory(name="Nouméa", longitude=166.4, latitude=-22.3))
    make_volunteer(call, make_territory(name="Sans position"))
    client.force_login(make_steward())
    page = shown(client, call, "?vue=carte")
    assert "Hors de la carte" in page
    assert page.index("Nouméa") < page.index("Sans position")


def test_an_empty_pool_says_so(client: Client) -> None:
    call = closed_call()
    client.force_login(make_steward())
    for view in ("", "?vue=carte", "?vue=couverture"):
        assert "Aucune déclaration n’est encore déposée." in shown(client, call, view)


def test_search_filters_and_order(client: Client) -> None:
    call = closed_call()
    make_pool(call, 9)
    client.force_login(make_steward())
    assert listed(shown(client, call, "?kind=epci")) == ["Lieu 4", "Lieu 8"]
    assert listed(shown(client, call, "?q=reunion")) == ["Lieu 5"]
    assert listed(shown(client, call, "?q=7")) == ["Lieu 7"]
    assert listed(shown(client, call, "?tri=-population&kind=epci")) == ["Lieu 8", "Lieu 4"]
    assert "Aucun volontaire ne répond" in shown(client, call, "?q=zanzibar")
    # What is not known asks for nothing, and breaks nothing.
    assert len(listed(shown(client, call, "?kind=royaume&tri=charme&page=zz&vue=x"))) == 9


def test_a_partner_sees_its_reach_without_ways_in_or_opinions(client: Client) -> None:
    call = closed_call()
    made = make_pool(call, 8)
    partner = make_call_partner(call, reach=Reach.GROUPINGS)
    Opinion.objects.create(
        partner=make_call_partner(call), volunteer=made[3], value="favourable", reason="Oui."
    )
    client.force_login(make_reviewer(partner).user)
    page = shown(client, call)
    assert listed(page) == ["Lieu 4", "Lieu 8"]
    assert "2 déclarations déposées." in page
    assert "tri=avis" not in page
    assert "Voie" not in page
    exported = client.get(reverse("space-call-volunteers-csv", args=[call.slug]))
    assert "Lieu 1," not in exported.content.decode()


def test_a_conflict_hides_the_territory_and_its_count(client: Client) -> None:
    call = closed_call()
    made = make_pool(call, 5)
    steward = make_steward()
    Conflict.objects.create(call=call, territory=made[4].territory, user=steward)
    client.force_login(steward)
    assert "4 déclarations déposées" in shown(client, call)
    for query in ("", "?vue=carte", "?vue=couverture", "?q=5"):
        page = shown(client, call, query)
        assert "Lieu 5" not in page
        assert "La Réunion" not in re.sub(r'<text class="carte-nom".*?</text>', "", page)


def test_nobody_else_sees_it(client: Client) -> None:
    call = closed_call()
    volunteer = make_pool(call, 1, author=(author := make_user()))[0]
    for user in (make_user(), author):
        client.force_login(user)
        for name in ("space-call-volunteers", "space-call-volunteers-csv"):
            assert client.get(reverse(name, args=[call.slug])).status_code == 404
    assert volunteer.number == 1


# ---------------------------------------------------------------- files


def test_the_files_hold_what_the_filters_keep(client: Client) -> None:
    call = closed_call()
    make_pool(call, 9)
    client.force_login(make_steward())
    address = reverse("space-call-volunteers-csv", args=[call.slug])
    text = client.get(f"{address}?density=Bourgs ruraux").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["numero"] for row in rows] == ["1", "3", "5", "7", "9"]
    assert rows[2]["overseas"] == "Outre-mer"
    assert rows[0]["programmes"] == "Petites villes de demain"
    ods = client.get(reverse("space-call-volunteers-ods", args=[call.slug]))
    assert ods.content[:2] == b"PK"


def test_the_page_costs_the_same_for_one_and_for_many(
    client: Client, django_assert_max_num_queries
) -> None:
    few, many = closed_call(), closed_call()
    make_pool(few, 1)
    make_pool(many, 60)
    client.force_login(make_steward())
    counts = []
    shown(client, few)  # what the first page of a session reads
    for call in (few, many):
        for view in ("tableau", "carte", "couverture"):
            with django_assert_max_num_queries(30) as seen:
                shown(client, call, f"?vue={view}")
            counts.append(len(seen))
    assert counts[:3] == counts[3:]
