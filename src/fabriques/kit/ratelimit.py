"""How often something may be done: counts in the cache, by address and by person.

django-allauth limits its own pages, with the same cache and the same reading of addresses; the
public part of its limiter knows its own actions only and is announced to go, hence this one.
Counts stand in windows of the clock (the minute, the hour): twice the rate can pass astride two of
them, never more. Several processes share them through Redis (`REDIS_URL`).
"""

import hashlib
import ipaddress
import re
import time
from collections.abc import Callable
from functools import cache as remembered
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase

from fabriques.kit.errors import too_many_requests

View = Callable[..., HttpResponseBase]
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_IPV6_PREFIX = 64  # what one subscriber holds; the same as django-allauth


def consume(*, action: str, key: str, rate: str) -> bool:
    """Count one more `action` by `key`; False beyond `rate`, such as "5/m" (s, m, h, d)."""
    times, period = _parse(rate)
    window = int(time.time() // period)
    digest = hashlib.sha256(key.encode()).hexdigest()[:32]
    entry = f"rate:{action}:{rate}:{window}:{digest}"
    cache.add(entry, 0, timeout=period)
    try:
        used = cache.incr(entry)
    except ValueError:  # it ended, or was pushed out, between the two
        cache.set(entry, 1, timeout=period)
        used = 1
    return used <= times


def wait(rate: str) -> int:
    """Seconds until `rate` counts from nothing again."""
    period = _parse(rate)[1]
    return period - int(time.time() % period)


def client_address(request: HttpRequest) -> str:
    """Where the request comes from: the network for IPv6, whose hosts change address at will.

    The headers of proxies are believed as far as `TRUSTED_PROXIES` says; without a proxy, never.
    """
    address = ipaddress.ip_address(get_adapter().get_client_ip(request))
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, _IPV6_PREFIX), strict=False))
    return str(address)


def limited(
    action: str, *, per_address: str = "", per_person: str = "", reads: bool = False
) -> Callable[[View], View]:
    """Limit what a view receives: answers 429, and says when to come back, beyond these rates.

    Only what may change something counts (POST…), unless `reads`, for pages whose address could be
    guessed. Somebody not signed in counts as their address. Views of one action share its counts.
    """
    rates = {"address": per_address, "person": per_person}

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if reads or request.method not in ("GET", "HEAD", "OPTIONS"):
                for by, rate in rates.items():
                    if rate and not consume(action=action, key=_key(request, by), rate=rate):
                        return too_many_requests(request, retry_after=wait(rate))
            return view(request, *args, **kwargs)

        return wrapped

    return decorate


def _key(request: HttpRequest, by: str) -> str:
    if by == "person" and request.user.is_authenticated:
        return f"person {request.user.pk}"
    return f"address {client_address(request)}"


@remembered
def _parse(rate: str) -> tuple[int, int]:
    """Times and seconds of "5/m"."""
    match = re.fullmatch(r"(\d+)/([smhd])", rate)
    if not match:
        raise ValueError(f"a rate reads « 5/m », not {rate!r}")
    return int(match[1]), _SECONDS[match[2]]
