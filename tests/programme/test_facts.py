"""The file of facts: what it must refuse, and what it must say of the real programme."""

from pathlib import Path

import pytest
from django.conf import settings

from fabriques.programme import facts

MINIMAL = """
[[source]]
id = "page"
title = "Une page"

[[organisation]]
id = "anct"
name = "Agence nationale de la cohésion des territoires"
kind = "operator"

[[territory]]
siren = "200067205"
name = "CA du Cotentin"
kind = "epci"
departement = "50"
position = [-1.6, 49.6]

[[fabrique]]
id = "fabp-01"
slug = "fabp-01-essai"
title = "Essai"
year = 2018
sources = ["page"]

  [[fabrique.participation]]
  territory = "200067205"
  sources = ["page"]
"""


@pytest.fixture
def write(tmp_path: Path):
    def _write(text: str) -> Path:
        path = tmp_path / "faits.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return _write


def test_minimal_file_is_read(write) -> None:
    read = facts.read(write(MINIMAL))
    assert list(read.fabriques) == ["fabp-01"]
    assert [code for code, _ in read.participations()] == ["fabp-01"]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ('slug = "fabp-01-essai"', 'slug = "essai"', "doit commencer par fabp-01"),
        ('kind = "operator"', 'kind = "inconnu"', "sorte « inconnu » inconnue"),
        ('territory = "200067205"', 'territory = "999"', "« 999 » n’est décrit nulle part"),
        ('sources = ["page"]\n\n', 'sources = ["autre"]\n\n', "« autre » n’est décrit"),
        ("year = 2018", 'announced = { start = "2018-13" }', "n’est pas une date"),
        ("[-1.6, 49.6]", "[-1.6, 149.6]", "hors du globe"),
        ('id = "page"\n', "", "identifiant manquant"),
        ("[[source]]", "[[source", "lecture impossible"),
        ("year = 2018", "anne = 2018", "clé « anne » inconnue"),
        ('territory = "200067205"', 'territory = "200067205"\n  perimetre = "x"', "perimetre"),
    ],
)
def test_a_broken_file_is_refused_with_a_sentence(write, before, after, expected) -> None:
    assert before in MINIMAL
    with pytest.raises(facts.FactsError) as refused:
        facts.read(write(MINIMAL.replace(before, after, 1)))
    assert expected in str(refused.value)


def test_every_problem_is_said_at_once(write) -> None:
    broken = MINIMAL.replace('kind = "operator"', 'kind = "x"').replace("[-1.6", "[-900")
    with pytest.raises(facts.FactsError) as refused:
        facts.read(write(broken))
    assert len(refused.value.problems) == 2


def test_the_real_history() -> None:
    """Figures of the ANCT's data and of its page of 2022, typed here: see domain facts in docs."""
    read = facts.read(settings.FACTS)
    assert list(read.fabriques) == [f"fabp-{number:02}" for number in range(1, 23)]
    per_fabrique: dict[str, int] = {}
    for code, _ in read.participations():
        per_fabrique[code] = per_fabrique.get(code, 0) + 1
    assert list(per_fabrique.values()) == [
        4, 4, 4, 4, 4, 4, 8, 4, 4, 4, 8, 4, 4, 6, 4, 8, 6, 6, 4, 4, 6, 3,
    ]  # fmt: skip
    assert sum(count for code, count in per_fabrique.items() if code <= "fabp-15") == 70
    gone = [p["territory"] for _, p in read.participations() if "present" in p]
    assert gone == ["ti-8408", "243400017"]
    assert all("title" not in read.fabriques[f"fabp-{n}"] for n in (20, 21, 22))
