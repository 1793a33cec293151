"""The measure of resemblance, a pure function."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabriques.territories.resemblance import (
    CENTRALITIES,
    DENSITIES,
    OUTSIDE_MOUNTAINS,
    Profile,
    distance,
    reasons,
)

NAMES = {"pvd": "Petites villes de demain", "acv": "Action cœur de ville"}


def profile(**values: Any) -> Profile:
    return Profile(
        **{
            "pk": 1,
            "kind": "commune",
            "nature": "COM",
            "code": "22278",
            "population": 12_000,
            "density": "Bourgs ruraux",
            "centrality": CENTRALITIES[2],
            "mountain": OUTSIDE_MOUNTAINS,
            "rurality": "Les petites polarités mixtes",
            "overseas": False,
            "programmes": frozenset(),
            **values,
        }
    )


PROFILES = st.builds(
    profile,
    population=st.none() | st.integers(0, 3_000_000),
    density=st.sampled_from(["", "Autre", *DENSITIES]),
    centrality=st.sampled_from(["", *CENTRALITIES]),
    mountain=st.sampled_from(["", OUTSIDE_MOUNTAINS, "Massif des Alpes", "Massif du Jura"]),
    rurality=st.sampled_from(["", "Les ruralités touristiques spécialisées"]),
    overseas=st.booleans(),
    nature=st.sampled_from(["CC", "CA"]),
    programmes=st.frozensets(st.sampled_from(["pvd", "acv"])),
)


@given(PROFILES, PROFILES)
def test_distance_is_symmetric_and_nil_for_twins(one: Profile, other: Profile) -> None:
    assert distance(one, one) == 0
    assert distance(one, other) == pytest.approx(distance(other, one))
    assert distance(one, other) >= 0


@pytest.mark.parametrize(
    ("nearer", "further"),
    [
        ({"population": 13_000}, {"population": 30_000}),
        ({"population": 6_000}, {"population": 30_000}),
        ({"density": "Ceintures urbaines"}, {"density": "Grands centres urbains"}),
        ({"centrality": CENTRALITIES[3]}, {"centrality": CENTRALITIES[4]}),
        ({}, {"rurality": "Les ruralités touristiques spécialisées"}),
        ({}, {"mountain": "Massif des Alpes"}),
        ({}, {"overseas": True}),
        ({}, {"nature": "CC"}),
        ({}, {"programmes": frozenset({"acv"})}),
    ],
)
def test_what_makes_territories_differ(nearer: dict[str, Any], further: dict[str, Any]) -> None:
    me = profile()
    assert distance(me, profile(**nearer)) < distance(me, profile(**further))


def test_a_criterion_without_data_is_left_out() -> None:
    bare = profile(density="", centrality="", mountain="", rurality="", population=None)
    assert distance(bare, profile()) == 0
    assert reasons(bare, bare, NAMES) == []


def test_two_massifs_are_closer_than_mountain_and_plain() -> None:
    alps = profile(mountain="Massif des Alpes")
    jura = profile(mountain="Massif du Jura")
    assert 0 < distance(alps, jura) < distance(alps, profile())


@dataclass
class Case:
    one: dict[str, Any]
    other: dict[str, Any]
    reason: str


@pytest.mark.parametrize(
    "case",
    [
        Case({}, {"population": 12_300}, "Population proche : 12\u202f300 habitants"),
        Case({}, {}, "Même classe de densité : bourgs ruraux"),
        Case({}, {}, "Même type de ruralité : les petites polarités mixtes"),
        Case(
            {},
            {},
            "Même niveau de centralité : centre intermédiaire d'équipements et de services",
        ),
        Case(
            {"mountain": "Massif des Alpes"},
            {"mountain": "Massif des Alpes"},
            "Tous deux dans le massif des Alpes",
        ),
        Case({"overseas": True}, {"overseas": True}, "Outre-mer tous les deux"),
        Case(
            {"programmes": frozenset({"pvd"})},
            {"programmes": frozenset({"pvd", "acv"})},
            "Petites villes de demain tous les deux",
        ),
        Case(
            {"kind": "epci", "nature": "CC"},
            {"kind": "epci", "nature": "CC"},
            "Même statut : communauté de communes",
        ),
    ],
)
def test_reasons(case: Case) -> None:
    assert case.reason in reasons(profile(**case.one), profile(**case.other), NAMES)


def test_no_reason_where_there_is_none() -> None:
    other = profile(
        population=50_000,
        density=DENSITIES[0],
        centrality=CENTRALITIES[4],
        rurality="Hors champ : DOM ou commune urbaine",
    )
    mine = profile(rurality="Hors champ : DOM ou commune urbaine")
    assert reasons(mine, other, NAMES) == ["Population : 50\u202f000 habitants"]
