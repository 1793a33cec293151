"""`/.well-known/security.txt`: where people who find a flaw write (RFC 9116)."""

from datetime import UTC, datetime, time, timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

# The standard advises less than a year; half of one leaves time to notice a site left alone.
VALID_FOR = timedelta(days=180)


def security_txt(request: HttpRequest) -> HttpResponse:
    contact = settings.SECURITY_CONTACT or settings.SITE_CONTACT
    if not contact:
        raise Http404
    # The same all day, so that caches can hold it.
    today = datetime.combine(timezone.now().astimezone(UTC), time.min, UTC)
    fields = {
        "Contact": contact if ":" in contact else f"mailto:{contact}",
        "Expires": f"{today + VALID_FOR:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages": "fr, en",
        "Canonical": request.build_absolute_uri(request.path),
        "Policy": settings.SECURITY_POLICY_URL,
    }
    text = "".join(f"{name}: {value}\n" for name, value in fields.items() if value)
    return HttpResponse(text, content_type="text/plain; charset=utf-8")
