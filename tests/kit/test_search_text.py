"""How words are normalised: accents, saints, elisions, stems."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fabriques.kit.search.text import core, normalise, significant, stem, tokens, written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Saint-Étienne", "saint etienne"),
        ("St Brieuc", "saint brieuc"),
        ("STE-FOY", "sainte foy"),
        ("St. Malo", "saint malo"),
        ("Est", "est"),
        ("L’Haÿ-les-Roses", "hay les roses"),
        ("l hay les roses", "hay les roses"),
        ("Val-d'Oise", "val oise"),
        ("val d oise", "val oise"),
        ("Villeneuve-d’Ascq", "villeneuve ascq"),
        ("aujourd’hui", "aujourd hui"),
        ("Œuf de bœuf, ex æquo", "oeuf de boeuf ex aequo"),
        ("ﬁn de la ﬂèche", "fin de la fleche"),
        ("Chalon s/ Saône", "chalon sur saone"),
        ("Bû", "bu"),
        ("Y", "y"),
        ("L", "l"),
        ("fabp-09", "fabp 09"),
        ("QN00103M", "qn00103m"),
        ("100 % _ ; -- 🙂", "100"),
        ("Strasbourg", "strasbourg"),
        ("e\u0301te\u0301", "ete"),
        ("\0a\0b", "a b"),
        ("Αθήνα", ""),
        ("", ""),
    ],
)
def test_normalise(text: str, expected: str) -> None:
    assert normalise(text) == expected


# Letters, separators and words on which rules act, more often than any character of Unicode.
TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            [
                "st",
                "ste",
                "l",
                "d",
                "'",
                "’",
                "-",
                " ",
                "s/",
                "_",
                "é",
                "Œ",
                "2",
                "ſt",
                "İ",
                "l'",
                "ß",
            ]
        ),
        max_size=12,
    ).map("".join),
)


@given(TEXTS)
def test_normalise_is_idempotent_and_ascii(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert once.replace(" ", "").isalnum() or not once
    assert once.isascii()
    assert once == once.strip()
    assert "  " not in once


@given(TEXTS)
def test_case_does_not_count(text: str) -> None:
    assert normalise(normalise(text).upper()) == normalise(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("territoires", "territoire"),
        ("temporalités", "temporalité"),
        ("prioritaires", "prioritaire"),
        ("industrielle", "industriels"),
        ("chevaux", "cheval"),
        ("nationaux", "national"),
        ("élus", "élu"),
        ("lieux", "lieu"),
        ("enjeux", "enjeu"),
        ("mobilités", "mobilité"),
        ("séniors", "senior"),
    ],
)
def test_singular_and_plural_have_one_stem(one: str, other: str) -> None:
    assert stem(normalise(one)) == stem(normalise(other))


def test_codes_have_no_stem() -> None:
    assert stem("qn00103m") == "qn00103m"


def test_stop_words_go_unless_nothing_is_left() -> None:
    assert significant(tokens("La nature dans les quartiers")) == ["nature", "quartiers"]
    assert significant(tokens("Les")) == ["les"]
    assert significant(tokens("de la")) == ["de", "la"]


def test_the_article_of_a_name() -> None:
    assert core("la rochelle") == "rochelle"
    assert core("les") == "les"
    assert core("lens") == "lens"


def test_one_word_of_a_text() -> None:
    assert written("St") == "saint"
    assert written("Haÿ") == "hay"
    assert written("½") == "1 2"
