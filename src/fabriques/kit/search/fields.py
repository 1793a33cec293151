"""A text column whose order is that of its bytes, on every database."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class BytewiseField(models.CharField):  # type: ignore[type-arg]
    """A `CharField` compared and sorted byte by byte.

    SQLite does so by default. PostgreSQL follows the collation of the database, where `<` on a
    prefix may be wrong ("a-b" among "ab…") and where an index serves neither ranges of prefixes nor
    the order Python would give: the column is declared COLLATE "C" there. `db_collation` cannot say
    this in one migration, since it names one collation for all databases.
    """

    def db_parameters(self, connection: BaseDatabaseWrapper) -> dict[str, Any]:
        parameters: dict[str, Any] = dict(super().db_parameters(connection))
        parameters["collation"] = "C" if connection.vendor == "postgresql" else None
        return parameters
