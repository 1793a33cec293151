"""What every test shares."""

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from fabriques.territories.mapping import outlines
from tests.guards import GuardedClient, shuffle_unordered


@pytest.fixture(autouse=True)
def _guards(monkeypatch: pytest.MonkeyPatch) -> None:
    shuffle_unordered(monkeypatch)
    cache.clear()  # what one test counted limits no other


@pytest.fixture(scope="session", autouse=True)
def _outlines() -> None:
    """The ground of the map, which pages draw on; built at install, here once if it is missing."""
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    target = settings.ASSETS / "map"
    if not (target / "frames.json").exists():
        outlines.build(settings.NODE_MODULES, target)


@pytest.fixture
def client() -> Client:
    return GuardedClient()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests on the whole country come last: it is loaded once and stays in the database."""
    items.sort(key=lambda item: "country" in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def _country(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> None:
    """The whole referential and the facts, loaded once as `make run` loads them."""
    from django.core.management import call_command

    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        call_command("prepare", "--data-only", verbosity=0)


@pytest.fixture
def country(_country: None, db: None) -> None:
    """All territories of the country and the 22 fabriques."""
