"""What the verbs of the intake raise when they cannot be done."""

from collections.abc import Sequence

from django.core.exceptions import ValidationError


class RefusedError(ValidationError):
    """A change that cannot be; the message is for the person who asked."""


class StaleError(RefusedError):
    """Somebody else changed it since it was shown: nothing was done. `version` is the new one,
    `changes` what differs where it is known: label, theirs, yours."""

    def __init__(
        self, message: str, version: int, changes: Sequence[tuple[str, str, str]] = ()
    ) -> None:
        super().__init__(message)
        self.version = version
        self.changes = list(changes)
