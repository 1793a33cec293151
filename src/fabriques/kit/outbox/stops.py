"""The link by which an address asks not to be written to any more (RFC 8058)."""

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

from fabriques.kit.outbox.models import Suppression
from fabriques.kit.outbox.recipients import digest_of, suppress

# Only the digest of the address is signed: the link names nobody in the logs it goes through.
_signer = Signer(salt="fabriques.kit.outbox.stops")


def stop_address(address: str) -> str:
    """The full address of the page by which `address` says stop."""
    path = reverse("mail-stop", args=[_signer.sign(digest_of(address))])
    return f"{settings.SITE_URL}{path}"


def example_stop() -> str:
    """What previews show in its place: nobody says stop for somebody else."""
    return f"{settings.SITE_URL}{reverse('mail-stop', args=['exemple'])}"


def is_token(token: str) -> bool:
    """Whether this is the token of one of our links."""
    return _digest(token) is not None


def has_stopped(token: str) -> bool:
    """Whether the address of this link has said stop."""
    return Suppression.objects.filter(
        digest=_digest(token) or "", reason=Suppression.Reason.STOP
    ).exists()


def stop(token: str) -> None:
    """Write no more to the address of this link. Raises ValueError for a token that is not ours."""
    digest = _digest(token)
    if digest is None:
        raise ValueError("not a token of ours")
    suppress(digest, Suppression.Reason.STOP)


def _digest(token: str) -> str | None:
    try:
        return _signer.unsign(token)
    except BadSignature:
        return None
