"""The field of a form that takes a file."""

from collections.abc import Collection
from typing import Any

from django import forms

from fabriques.kit.uploads.accepting import Accepted, accept
from fabriques.kit.uploads.kinds import FORMATS, Kind, expected


class UploadInput(forms.FileInput):
    group_class = "fr-upload-group"  # read by the templates of the design system


class CheckedFileField(forms.FileField):
    """A file checked by its content; the cleaned value is an `Accepted`, or None when optional.

    The help text ends with the formats and the size that are accepted.
    """

    widget = UploadInput

    def __init__(
        self, *, kinds: Collection[Kind], max_bytes: int, help_text: str = "", **options: Any
    ) -> None:
        self.kinds = frozenset(kinds)
        self.max_bytes = max_bytes
        text = f"{help_text} {expected(self.kinds, max_bytes)}".strip()
        super().__init__(help_text=text, **options)
        self.error_messages["required"] = "Choisissez un fichier."

    def to_python(self, data: Any) -> Accepted | None:  # type: ignore[override]
        if data in self.empty_values:
            return None
        return accept(data, kinds=self.kinds, max_bytes=self.max_bytes)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Formats for the window that chooses a file: a help, not a check."""
        offered = [
            f".{extension}" for extension, (kind, _) in FORMATS.items() if kind in self.kinds
        ]
        extra = [".jpeg", ".gif"] if Kind.IMAGE in self.kinds else []
        return {
            **super().widget_attrs(widget),
            "class": "fr-upload",
            "accept": ",".join([*offered, *extra]),
        }
