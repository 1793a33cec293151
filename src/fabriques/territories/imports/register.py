"""The codes of all territories in memory, to read files that may be older or newer than ours."""

from collections.abc import Iterable
from dataclasses import dataclass

from fabriques.territories.enums import Kind
from fabriques.territories.models import FormerCode, Territory


@dataclass(frozen=True)
class Place:
    """A territory, as imports need it."""

    pk: int
    kind: str
    code: str
    name: str
    closed: bool
    successor: int | None


@dataclass(frozen=True)
class Found:
    """The open territory that a code leads to; `note` says so when another was named."""

    place: Place
    note: str = ""


class Register:
    """Two queries, then look-ups in dictionaries (about 40 000 territories, 10 MB)."""

    def __init__(self) -> None:
        self.places: dict[int, Place] = {}
        self._codes: dict[tuple[str, str], Place] = {}
        self._sirens: dict[str, Place] = {}
        rows = Territory.objects.order_by("pk").values_list(
            "pk", "kind", "code", "name", "closed_on", "successor_id", "siren"
        )
        for pk, kind, code, name, closed_on, successor, siren in rows.iterator():
            place = Place(pk, kind, code, name, closed_on is not None, successor)
            self.places[pk] = place
            self._codes[kind, code] = place
            if siren and not place.closed:
                self._sirens[siren] = place
        self._former = dict(FormerCode.objects.order_by("pk").values_list("code", "territory_id"))

    def find(self, kinds: Iterable[str], code: str) -> Found | None:
        """The open territory of one of `kinds` that `code` names, or named."""
        for kind in kinds:
            place = self._codes.get((kind, code))
            if place is None and kind == Kind.COMMUNE and code in self._former:
                place = self.places[self._former[code]]
            if place is not None and (heir := self._heir(place)) is not None:
                same = heir.code == code
                return Found(heir, "" if same else f"{code} lu comme {heir.name} ({heir.code})")
        return None

    def commune(self, code: str) -> Found | None:
        """By INSEE code, current or former."""
        return self.find((Kind.COMMUNE,), code)

    def siren(self, code: str) -> Found | None:
        """An EPCI, an EPT or a commune, by SIREN, current or former."""
        found = self.find((Kind.EPCI, Kind.EPT), code)
        if found is None and code in self._sirens:
            found = Found(self._sirens[code])
        return found

    def _heir(self, place: Place) -> Place | None:
        seen: set[int] = set()
        while place.closed:
            if place.successor is None or place.pk in seen:
                return None
            seen.add(place.pk)
            place = self.places[place.successor]
        return place
