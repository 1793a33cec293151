"""How often something may be done, and by whom it is counted."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from allauth.account.adapter import get_adapter
from allauth.core.ratelimit import respond_429
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from fabriques.kit import ratelimit
from fabriques.kit.ratelimit import client_address, consume, limited, wait
from tests.factories import make_user


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, in a list that a test can change."""
    now = [1_800_000_000.0]
    monkeypatch.setattr(ratelimit.time, "time", lambda: now[0])
    return now


def test_so_many_times_then_not_until_the_next_window(clock: list[float]) -> None:
    tries = [consume(action="code", key="a", rate="3/m") for _ in range(5)]
    assert tries == [True, True, True, False, False]
    clock[0] += 59
    assert not consume(action="code", key="a", rate="3/m")
    assert wait("3/m") == 1
    clock[0] += 1
    assert consume(action="code", key="a", rate="3/m")


def test_actions_persons_and_rates_are_counted_apart(clock: list[float]) -> None:
    assert consume(action="code", key="a", rate="1/h")
    assert not consume(action="code", key="a", rate="1/h")
    assert consume(action="code", key="b", rate="1/h")
    assert consume(action="link", key="a", rate="1/h")
    assert consume(action="code", key="a", rate="2/h")


def test_a_count_pushed_out_of_the_cache_starts_again(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    add = cache.add

    def added_then_gone(key: str, *rest: Any, **named: Any) -> bool:
        done = add(key, *rest, **named)
        cache.delete(key)
        return bool(done)

    monkeypatch.setattr(ratelimit.cache, "add", added_then_gone)
    assert consume(action="code", key="a", rate="1/h")


def test_at_the_same_instant_no_more_than_the_rate_passes(clock: list[float]) -> None:
    with ThreadPoolExecutor(8) as pool:
        tries = list(pool.map(lambda _: consume(action="c", key="a", rate="20/d"), range(200)))
    assert sum(tries) == 20


@pytest.mark.parametrize("rate", ["", "5", "5/mn", "x/m", "5/m/ip", "-1/m"])
def test_a_malformed_rate_is_an_error_of_ours(rate: str) -> None:
    with pytest.raises(ValueError, match="5/m"):
        consume(action="a", key="a", rate=rate)


# --- Where a request comes from ---------------------------------------------------------------


def asked(method: str = "POST", **headers: str) -> HttpRequest:
    headers.setdefault("REMOTE_ADDR", "192.0.2.1")
    request = RequestFactory().generic(method, "/espace/essai/?a=1", **headers)
    request.user = AnonymousUser()
    return request


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.9", "192.0.2.1"),  # nobody in front: the header is what its sender likes
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (2, "6.6.6.6, 203.0.113.9, 198.51.100.1", "203.0.113.9"),
        (1, "203.0.113.9:4711", "203.0.113.9"),
        (1, "", "192.0.2.1"),
    ],
)
def test_a_forged_header_hides_nobody(
    settings: Any, proxies: int, forwarded: str, address: str
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    request = asked(HTTP_X_REAL_IP="6.6.6.6", HTTP_FORWARDED="for=6.6.6.6", **headers)
    assert client_address(request) == address
    assert get_adapter().get_client_ip(request) == address


def test_a_subscriber_has_one_address_whatever_their_machines() -> None:
    one = client_address(asked(REMOTE_ADDR="2001:db8:1:2::7"))
    assert one == client_address(asked(REMOTE_ADDR="2001:db8:1:2:ffff::9")) == "2001:db8:1:2::/64"
    assert client_address(asked(REMOTE_ADDR="2001:db8:1:3::7")) != one
    assert client_address(asked(REMOTE_ADDR="::ffff:192.0.2.1")) == "192.0.2.1"


# --- Views ------------------------------------------------------------------------------------


@limited("essai", per_address="2/h")
def by_address(request: HttpRequest, word: str = "") -> HttpResponse:
    return HttpResponse(f"fait{word}")


@limited("lien", per_address="2/h", reads=True)
def guessable(request: HttpRequest) -> HttpResponse:
    return HttpResponse("lu")


@limited("invitation", per_person="2/h", per_address="5/h")
def by_person(request: HttpRequest) -> HttpResponse:
    return HttpResponse("fait")


def test_beyond_the_rate_the_answer_says_when_to_come_back(clock: list[float]) -> None:
    clock[0] = 1_800_000_000 // 3600 * 3600 + 1800.0
    assert by_address(asked(), word="!").content == b"fait!"
    by_address(asked())
    answer = by_address(asked())
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "1800"
    html = answer.content.decode()
    assert "Trop d’essais en peu de temps" in html
    assert "Recommencez dans 30 minutes." in html
    assert by_address(asked("GET")).status_code == 200
    assert by_address(asked(REMOTE_ADDR="192.0.2.2")).status_code == 200


def test_pages_whose_address_could_be_guessed_count_reads(clock: list[float]) -> None:
    assert [guessable(asked("GET")).status_code for _ in range(3)] == [200, 200, 429]


@pytest.mark.django_db
def test_persons_are_counted_apart_behind_one_address(clock: list[float]) -> None:
    def tries(user: Any, number: int) -> list[int]:
        answers = []
        for _ in range(number):
            request = asked()
            request.user = user
            answers.append(by_person(request).status_code)
        return answers

    assert tries(make_user(), 3) == [200, 200, 429]
    assert tries(make_user(), 2) == [200, 200]
    assert tries(make_user(), 1) == [429]  # the sixth of this address


def test_what_was_typed_is_offered_again_to_our_own_pages_only(clock: list[float]) -> None:
    def sent(origin: str) -> str:
        request = RequestFactory().post(
            "/espace/essai/?a=1", {"motif": "Un long “motif”", "csrfmiddlewaretoken": "x"},
            headers={"origin": origin},
        )  # fmt: skip
        request.user = AnonymousUser()
        for _ in range(3):
            answer = by_address(request)
        return answer.content.decode()

    html = sent("http://testserver")
    assert 'action="/espace/essai/?a=1"' in html
    assert 'name="motif" value="Un long “motif”"' in html
    assert "motif" not in sent("https://ailleurs.test")


def test_sign_in_pages_answer_with_the_same_page() -> None:
    answer = respond_429(asked("GET"))
    assert answer.status_code == 429
    assert "Trop d’essais en peu de temps" in answer.content.decode()
    assert answer.headers["Retry-After"] == "300"
