"""The person who asks, for views behind sign-in."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from fabriques.people.models import User


def signed_in(request: HttpRequest) -> User:
    """Their account. The sign-in middleware has let nobody else through."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
