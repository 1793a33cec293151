"""The whole country, loaded once: what only shows at its size."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, Q
from django.test.utils import CaptureQueriesContext

from fabriques.territories import queries
from fabriques.territories.enums import Kind
from fabriques.territories.imports import open_data, referential
from fabriques.territories.models import FormerCode, Territory


def _silent(line: str) -> None:
    pass


@pytest.mark.usefixtures("country")
def test_the_whole_country(
    settings: Any, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    opened = Count("pk", filter=Q(closed_on=None))
    counts = dict(Territory.objects.order_by().values_list("kind").annotate(total=opened))
    assert {kind: counts[kind] for kind in counts if kind not in (Kind.OTHER, Kind.QPV)} == {
        "arrondissement": 333,
        "collectivite": 8,
        "commune": 34_969,
        "departement": 101,
        "epci": 1_255,
        "ept": 11,
        "region": 18,
    }
    assert FormerCode.objects.count() > 4_800
    # Loading it again writes nothing, and few queries say so.
    source = settings.NODE_MODULES / "@etalab" / "decoupage-administratif" / "data"
    with django_assert_max_num_queries(60):
        again = referential.run(source, _silent)
    assert not again.counts

    for text in ("st brieuc", "saint-brieuc", "22278", "212202782", "Saint Brieux"):
        found = queries.lookup(text)[0]
        assert (found.kind, found.code) == ("commune", "22278"), text
    assert queries.lookup("1004")[0].name == "Ambérieu-en-Bugey"
    assert queries.lookup("Arbignieu")[0].name == "Arboys en Bugey"
    assert queries.lookup("lyon")[0].name == "Lyon"

    for code in ("22278", "97411", "97502", "200067106", "200057867", "98411"):
        territory = queries.by_code(code)
        assert territory is not None
        with CaptureQueriesContext(connection) as captured:
            found_items = queries.comparables(territory, set()).items
        assert len(found_items) == 10
        assert len(captured) <= 8


@pytest.mark.usefixtures("country")
def test_the_real_files(real: Path) -> None:
    imports = [
        ("densite", "densite.csv", 34_875),
        ("centralite", "centralite.csv", 34_746),
        ("montagne", "montagne.csv", 34_969),
        ("ruralite", "ruralite.csv", 34_875),
        ("acv", "programme-acv.csv", 245),
        ("pvd", "programme-pvd.csv", 1_645),
        ("ti", "programme-ti.csv", 641),
        ("qpv", "centroide-4326_qpv.geojson", 1_493),
        ("positions", "centroide-4326_dep.geojson", 101),
        ("positions", "centroide-4326_epci-ept.geojson", 1_266),
        ("positions", "centroide-4326_qpv.geojson", 0),
    ]
    for name, file, added in imports:
        outcome = open_data.run(name, str(real / file), _silent)
        assert outcome.counts.added + outcome.counts.changed == added, file
        assert outcome.rejected == []
    for name, file, _ in imports:
        again = open_data.run(name, str(real / file), _silent)
        assert not again.counts, file

    assert not Territory.objects.filter(kind__in=[Kind.EPCI, Kind.EPT], density="").exists(), (
        "every grouping has the class where most of its inhabitants live"
    )
    town = queries.by_code("22278")
    assert town is not None
    started = time.perf_counter()
    found = queries.comparables(town, set())
    assert time.perf_counter() - started < 0.2
    assert found.missing == []
    assert "Action cœur de ville tous les deux" in found.items[0].reasons
