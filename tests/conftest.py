"""What every test shares."""

from collections.abc import Iterator

import pytest
from django.test import Client

from tests.guards import GuardedClient, shuffle_unordered


@pytest.fixture(autouse=True)
def _guards(monkeypatch: pytest.MonkeyPatch) -> None:
    shuffle_unordered(monkeypatch)


@pytest.fixture
def client() -> Client:
    return GuardedClient()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests on the whole country come last: it is loaded once and stays in the database."""
    items.sort(key=lambda item: "country" in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def _country(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """The whole referential and the facts, loaded once as `make run` loads them."""
    from django.core.management import call_command

    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        call_command("prepare", "--data-only", verbosity=0)
    yield


@pytest.fixture
def country(_country: None, db: None) -> None:
    """All territories of the country and the 22 fabriques."""
