"""Several people at once: each change happens once, and nobody waits for ever."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from fabriques.kit import journal
from fabriques.kit.journal import Actor
from fabriques.people import domain as accounts
from fabriques.people.personal.erasure import ErasureRefusedError, erase
from fabriques.programme import domain
from fabriques.programme.enums import MemberRole
from fabriques.programme.models import Membership, Participation
from fabriques.programme.scopes import Scope
from tests.factories import make_fabrique, make_membership, make_territory, make_user

pytestmark = pytest.mark.django_db(transaction=True)
ANCT = Actor("équipe nationale")


def together(*acts: Callable[[], Any]) -> list[str]:
    """Do these at the same moment, each in its thread; what each came to: "", or its refusal."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> str:
        try:
            start.wait(timeout=10)
            act()
        except (ValidationError, ErasureRefusedError) as refusal:
            return str(refusal)
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@pytest.fixture
def place() -> Participation:
    return make_fabrique(members=[make_territory()]).participations.get()


def test_the_last_two_stewards_cannot_both_leave() -> None:
    for _ in range(3):
        Membership.objects.all().delete()
        one, two = (make_membership(role="steward") for _ in range(2))
        found = together(
            lambda one=one: domain.withdraw_role(membership=one, actor=ANCT),
            lambda two=two: accounts.close_account(user=two.user, actor=ANCT),
        )
        assert sorted(bool(refusal) for refusal in found) == [False, True]
    journal.verify()


def test_an_invitation_is_accepted_once(place: Participation) -> None:
    inviter = make_membership(role="officer", participation=place).user
    invited = make_user(email="maire@jonzac.fr")
    invitation = domain.invite(
        email=invited.email,
        role=MemberRole.ELECTED,
        scope=Scope(participation=place),
        inviter=inviter,
        actor=ANCT,
    )
    found = together(*[lambda: domain.accept(invitation=invitation, user=invited)] * 3)
    assert sorted(bool(refusal) for refusal in found) == [False, True, True]
    assert Membership.objects.filter(user=invited).count() == 1


def test_two_who_hand_over_to_each_other_do_not_block(place: Participation) -> None:
    one = make_membership(role="officer", participation=place).user
    two = make_membership(role="elected", participation=place).user
    for _ in range(3):
        together(
            lambda: domain.hand_over(participation=place, giver=one, receiver=two, actor=ANCT),
            lambda: domain.hand_over(participation=place, giver=two, receiver=one, actor=ANCT),
        )
    held = Membership.objects.filter(participation=place, withdrawn_at=None)
    assert {m.role for m in held} == {"officer", "elected"}
    assert held.count() == 2
    journal.verify()


def test_a_role_given_while_the_account_closes_does_not_stay_open(place: Participation) -> None:
    for _ in range(4):
        user = make_user()
        together(
            lambda user=user: domain.give_role(
                user=user, role=MemberRole.MEMBER, scope=Scope(participation=place), actor=ANCT
            ),
            lambda user=user: accounts.close_account(user=user, actor=ANCT),
        )
        assert not Membership.objects.filter(user=user, withdrawn_at=None).exists()


def test_a_role_given_twice_at_once_is_given_once(place: Participation) -> None:
    user = make_user()
    give = lambda: domain.give_role(  # noqa: E731
        user=user, role=MemberRole.MEMBER, scope=Scope(participation=place), actor=ANCT
    )
    assert sorted(bool(refusal) for refusal in together(give, give)) == [False, True]


def test_a_role_withdrawn_while_the_account_is_erased(place: Participation) -> None:
    for _ in range(3):
        membership = make_membership(role="member", participation=place)
        together(
            lambda m=membership: domain.withdraw_role(membership=m, actor=ANCT),
            lambda m=membership: erase(user=m.user, actor=ANCT),
        )
        membership.refresh_from_db()
        assert membership.withdrawn_at
    journal.verify()
