"""Who makes a change."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """Who makes a change.

    `standing` is what they were when they did it, in words that name nobody ("ANCT", "élue
    référente, Brest Métropole"): it stays for ever. `name` and `ref` (the opaque reference of a
    user) can be erased with the account.
    """

    standing: str
    name: str = ""
    ref: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.standing})" if self.name else self.standing


SYSTEM = Actor("le site")
ERASED_NAME = "une personne dont le compte est effacé"
# The verb of the entry that says so: it comes after all that is blanked, and its reason stays.
ERASED = "compte effacé"
# The kind of the subject of an entry about a person: `personne:<ref>`.
PERSON = "personne"
