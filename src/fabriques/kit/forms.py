"""What forms of every domain share."""

from django.core.exceptions import ValidationError
from django.forms import Form


def refused(form: Form, error: ValidationError) -> None:
    """Put what a verb refused where the form shows it: beside its field, or above them all."""
    known = getattr(error, "error_dict", None)
    if known is None:
        form.add_error(None, error)
        return
    for name, errors in known.items():
        form.add_error(name if name in form.fields else None, errors)
