"""The stream of the signed-in space: what reaches whom, and what withdrawing a role ends."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from fabriques.kit import live
from fabriques.kit.journal import Actor
from fabriques.people.models import User
from fabriques.programme import domain
from fabriques.programme.enums import MemberRole
from fabriques.programme.live import authorise
from fabriques.programme.scopes import Scope
from tests.factories import make_fabrique, make_membership, make_participation, make_user
from tests.processes import Page, Server, serving


def test_a_person_hears_of_themselves_and_of_their_fabriques(db: None) -> None:
    user = make_user()
    theirs, other = make_fabrique(), make_fabrique()
    make_membership(
        user, role=MemberRole.ELECTED, participation=make_participation(fabrique=theirs)
    )
    assert authorise(user) == live.Grant(frozenset({user.subject, theirs.subject}))
    assert other.subject not in authorise(user).topics


def test_a_newcomer_hears_of_themselves(db: None) -> None:
    user = make_user()
    assert authorise(user) == live.Grant(frozenset({user.subject}))


def test_the_grant_lasts_until_the_first_role_ends(db: None) -> None:
    user, today = make_user(), timezone.localdate()
    for days in (3, 1):
        make_membership(
            user,
            role=MemberRole.PROVIDER,
            fabrique=make_fabrique(),
            ends_on=today + timedelta(days=days),
        )
    make_membership(
        user,
        role=MemberRole.PARTNER,
        fabrique=make_fabrique(),
        starts_on=today - timedelta(days=9),
        ends_on=today - timedelta(days=1),
    )
    grant = authorise(User.objects.get(pk=user.pk))
    assert len(grant.topics) == 3
    assert grant.until == midnight(today + timedelta(days=2))


def midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


@pytest.fixture
def server(django_db_setup: None, transactional_db: None) -> Iterator[Server]:
    with serving("fabriques.asgi:application") as server:
        yield server


def open_page(server: Server, user: User) -> Page:
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    return Page(server, "/live/espace/", cookie=f"{name}={client.cookies[name].value}").opened()


def test_withdrawing_a_role_cuts_the_stream_of_its_holder_alone(server: Server) -> None:
    fabrique, actor = make_fabrique(), Actor("ANCT")
    held = make_membership(role=MemberRole.PROVIDER, fabrique=fabrique)
    kept = make_membership(role=MemberRole.PARTNER, fabrique=fabrique)
    theirs, others = open_page(server, held.user), open_page(server, kept.user)
    domain.withdraw_role(membership=held, actor=actor)
    assert theirs.next() == ("fini", {})
    assert theirs.next() is None
    name, data = others.next() or ("", None)
    assert (name, data["topic"]) == ("nouveau", fabrique.subject)
    for page in (theirs, others):
        page.close()


def test_a_role_given_is_news_for_whoever_gets_it(server: Server) -> None:
    user, fabrique = make_user(), make_fabrique()
    page = open_page(server, user)
    domain.give_role(
        user=user, role=MemberRole.PARTNER, scope=Scope(fabrique=fabrique), actor=Actor("ANCT")
    )
    name, data = page.next() or ("", None)
    assert (name, data["topic"]) == ("nouveau", user.subject)
    page.close()
