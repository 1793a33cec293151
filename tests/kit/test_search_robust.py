"""Whatever is typed: no error, bounded work, and every title still finds its own entry."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fabriques.kit.search.index import Document
from fabriques.kit.search.query import find
from tests.kit.search_examples import FABRIQUES, TOWNS, small

__all__ = ["small"]

pytestmark = pytest.mark.django_db

BAD = [
    "",
    "   ",
    "\0",
    "\0saint\0",
    "?!…;",
    "%",
    "_",
    "%' OR 1=1 --",
    "🙂🙃",
    "a" * 10_000,
    "saint " * 2_000,
    "é" * 500,
    "'" * 300,
    "1 2 3 4 5 6 7 8 9 10",
    "=saintbrieuc",
    "{0}",
    "%s %(x)s",
    "\ud800",
]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("text", BAD, ids=lambda text: ascii(text[:12]))
def test_bad_input_is_no_error(text: str) -> None:
    results = find(text)
    assert len(results.hits) <= 20


@pytest.mark.usefixtures("small")
def test_wildcards_mean_nothing() -> None:
    assert find("%").hits == []
    assert find("_").hits == []
    assert find("s_i").hits == find("s i").hits


@pytest.mark.usefixtures("small")
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.one_of(
        st.text(max_size=30),
        st.lists(
            st.sampled_from(
                [
                    "saint",
                    "st",
                    "la",
                    "nature",
                    "rochele",
                    "brieux",
                    "22278",
                    "fabp-01",
                    "s",
                    "'",
                    "zz",
                ]
            ),
            max_size=10,
        ).map(" ".join),
    ),
    st.integers(-2, 30),
    st.integers(-2, 30),
)
def test_find_never_raises(text: str, limit: int, offset: int) -> None:
    results = find(text, limit=limit, offset=offset)
    assert len(results.hits) <= max(0, limit)
    assert len({(hit.kind, hit.code) for hit in results.hits}) == len(results.hits)


@pytest.mark.usefixtures("small")
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from([*TOWNS, *FABRIQUES]),
    st.sampled_from(
        [
            str,
            str.upper,
            str.lower,
            lambda text: text.replace("-", " "),
            lambda text: text.replace(" ", "-"),
            lambda text: text.replace("Saint", "St"),
            lambda text: f"  {text} !",
            lambda text: text[:-1] if len(text) > 3 else text,
        ]
    ),
)
def test_every_title_finds_its_own(document: Document, vary: Callable[[str], str]) -> None:
    hits = find(vary(document.title)).hits[:5]
    assert (document.kind, document.code) in [(hit.kind, hit.code) for hit in hits]
