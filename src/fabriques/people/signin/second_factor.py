"""Who must have a second factor, whether they do, and who may do without it."""

from collections.abc import Callable

from allauth.mfa.models import Authenticator
from django.conf import settings

from fabriques.people.models import User

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)

_needs: list[Callable[[User], bool]] = []


def register_second_factor_need(needs: Callable[[User], bool]) -> None:
    """`needs(user)`: whether what this person may do asks for a second factor."""
    _needs.append(needs)


def second_factor_missing(user: User) -> bool:
    """True where one is required and this person has neither an application nor a passkey.

    Having one is having shown it: the sign-in flow asks for it whenever there is one, and adding
    the first ends the sessions opened before (`domain.keep_only`).
    """
    if not settings.REQUIRE_SECOND_FACTOR:
        return False
    known = getattr(user, "_second_factor", None)
    if known is None:
        known = has_second_factor(user)
        user._second_factor = known  # type: ignore[attr-defined]
    return not known


def has_second_factor(user: User) -> bool:
    """Whether this person has an application of codes or a passkey."""
    return bool(Authenticator.objects.filter(user=user, type__in=FACTORS).exists())


def second_factor_needed(user: User) -> bool:
    """Whether this person must keep one."""
    return settings.REQUIRE_SECOND_FACTOR and any(needs(user) for needs in _needs)


def may_remove(authenticator: Authenticator) -> bool:
    """Whether another factor remains, or none is needed."""
    others = Authenticator.objects.filter(user=authenticator.user_id, type__in=FACTORS)
    if others.exclude(pk=authenticator.pk).exists():
        return True
    return not second_factor_needed(User.objects.get(pk=authenticator.user_id))
