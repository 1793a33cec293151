"""Queries whose SQL is compiled once.

Django compiles a query each time it runs; on a page of three short queries, compiling costs several
times what the database takes. What never varies but by a few values can be compiled once.
"""

from collections.abc import Callable
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet


class Prepared:
    """A `values_list` queryset, described by a function of its text parameters.

        titles = Prepared(lambda slug: Fabrique.objects.filter(slug=slug).values_list("title"))
        titles.rows("fabp-01")          # [("…",)]

    Only for columns that need no conversion from the database: texts and integers.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]]) -> None:
        self.build = build
        self._compiled: dict[str, tuple[str, list[Any]]] = {}

    def rows(self, *values: str) -> list[tuple[Any, ...]]:
        """The rows for these parameters; one query, run at once."""
        connection = connections[DEFAULT_DB_ALIAS]
        compiled = self._compiled.get(connection.vendor)
        if compiled is None:
            marks = [f"\x01{number}" for number in range(len(values))]
            sql, parameters = self.build(*marks).query.sql_with_params()
            places = [marks.index(p) if p in marks else [p] for p in parameters]
            compiled = self._compiled[connection.vendor] = (sql, places)
        sql, places = compiled
        with connection.cursor() as cursor:
            cursor.execute(sql, [p[0] if isinstance(p, list) else values[p] for p in places])
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows
