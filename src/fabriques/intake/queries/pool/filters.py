"""Search, filters and order of the table, the map, the chart and the export of a pool."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from fabriques.intake.queries.pool.model import Criterion, Entry, Pool
from fabriques.kit.search.text import normalise

#: Names in addresses; « -nom » is the other way round.
ORDERS: dict[str, tuple[str, Callable[[Entry], Any]]] = {
    "numero": ("Numéro", lambda e: e.number),
    "nom": ("Territoire", lambda e: normalise(e.name)),
    "type": ("Type", lambda e: e.kind),
    "region": ("Région", lambda e: normalise(e.region)),
    "population": ("Population", lambda e: e.population or 0),
    "avis": ("Avis", lambda e: e.opinion),
}


@dataclass(frozen=True)
class PoolFilters:
    """What is asked of a pool. What it does not know asks for nothing."""

    words: str
    wanted: Mapping[str, str]  # criterion: value
    order: str

    @classmethod
    def parse(cls, data: QueryDict, pool: Pool) -> PoolFilters:
        order = data.get("tri", "")
        return cls(
            words=data.get("q", "").replace("\0", "")[:100].strip(),
            wanted={
                criterion.key: value
                for criterion in pool.criteria
                if (value := data.get(criterion.key, "")) in criterion.labels
            },
            order=order if order.removeprefix("-") in ORDERS else "numero",
        )

    def __bool__(self) -> bool:
        return bool(self.words or self.wanted)

    def keeps(self, entry: Entry) -> bool:
        return self._finds(entry) and all(
            entry.has(criterion, value) for criterion, value in self.wanted.items()
        )

    def _finds(self, entry: Entry) -> bool:
        if not self.words:
            return True
        if self.words.isdecimal():  # a number, or the beginning of a code
            codes = (entry.code, entry.siren, entry.departement)
            return str(entry.number) == self.words or any(
                code.startswith(self.words) for code in codes
            )
        text = normalise(
            f"{entry.name} {entry.code} {entry.siren} {entry.departement} "
            f"{entry.departement_name} {entry.region}"
        )
        return all(word in text for word in normalise(self.words).split())

    def of(self, pool: Pool) -> list[Entry]:
        """The volunteers that pass, in the order asked for; equals by number."""
        _, key = ORDERS[self.order.removeprefix("-")]
        found = [entry for entry in pool.volunteers if self.keeps(entry)]
        return sorted(found, key=key, reverse=self.order.startswith("-"))

    def pool(self, pool: Pool) -> Pool:
        """The pool of those alone, for the chart; criteria keep the values of all."""
        return Pool(pool.call, tuple(self.of(pool)), pool.criteria)

    def query(self, **other: str) -> str:
        """ "" or "?…", with what is given in place of what is asked."""
        asked = {"q": self.words, **self.wanted}
        if self.order != "numero":
            asked["tri"] = self.order
        kept = {name: value for name, value in (asked | other).items() if value}
        return f"?{urlencode(kept)}" if kept else ""

    def orders(self) -> dict[str, str]:
        """{name: the query that sorts by it, the other way round when it is sorted so already}"""
        return {name: self.query(tri=f"-{name}" if self.order == name else name) for name in ORDERS}

    def choices(self, pool: Pool) -> list[tuple[Criterion, str, list[tuple[str, str]]]]:
        """Each criterion with the value asked for and its values, each with how many it has."""
        return [
            (
                criterion,
                self.wanted.get(criterion.key, ""),
                [
                    (value.key, f"{value.label} ({pool.counts[criterion.key][value.key]})")
                    for value in criterion.values
                ],
            )
            for criterion in pool.criteria
        ]
