"""Roles: given, dated, withdrawn, handed over; and who may do it."""

import dataclasses
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from fabriques.kit import journal
from fabriques.kit.journal import Actor
from fabriques.kit.outbox.models import Notice
from fabriques.people.actors import actor_of
from fabriques.people.models import User
from fabriques.programme import abilities, domain
from fabriques.programme.abilities import Relation
from fabriques.programme.enums import MemberRole
from fabriques.programme.models import Fabrique, Membership, Participation
from fabriques.programme.queries.memberships import open_memberships
from fabriques.programme.scopes import Scope
from tests.factories import make_fabrique, make_membership, make_territory, make_user

pytestmark = pytest.mark.django_db
ANCT = Actor("équipe nationale")
TODAY = timezone.localdate
DAY = timedelta(days=1)


@pytest.fixture
def fabrique() -> Fabrique:
    return make_fabrique(members=[make_territory("epci"), make_territory()])


@pytest.fixture
def place(fabrique: Fabrique) -> Participation:
    return fabrique.participations.order_by("pk")[0]


def give(user: User, role: MemberRole, scope: Scope, **fields: object) -> Membership:
    return domain.give_role(user=user, role=role, scope=scope, actor=ANCT, **fields)


def again(user: User) -> User:
    """The same person at their next request: rights are read anew."""
    return User.objects.get(pk=user.pk)


def test_a_role_counts_from_its_first_to_its_last_day(place: Participation) -> None:
    user = make_user()
    scope = Scope(participation=place)
    give(user, MemberRole.OFFICER, scope, ends_on=TODAY() + DAY)
    assert abilities.participation_abilities(again(user), place).give_member
    for starts, ends in ((DAY, 2 * DAY), (-2 * DAY, -DAY)):
        Membership.objects.update(starts_on=TODAY() + starts, ends_on=TODAY() + ends)
        assert not abilities.participation_abilities(again(user), place).open
        assert not open_memberships(user).exists()
    Membership.objects.update(starts_on=TODAY(), ends_on=TODAY())
    assert abilities.participation_abilities(again(user), place).open
    assert open_memberships(user).count() == 1


def test_giving_a_role_tells_the_person_and_the_journal(place: Participation) -> None:
    user = make_user("Josiane Petit")
    give(user, MemberRole.ELECTED, Scope(participation=place), reason="délibération")
    assert Notice.objects.get(user=user).kind == "role-given"
    for subject in (place.subject, user.subject):
        entry = journal.history(subject)[0]
        assert entry.verb == "rôle donné"
        assert entry.reason == "délibération"
        assert entry.standing == "équipe nationale"
        assert "Josiane" not in str(entry.after)


def test_a_role_that_is_held_is_not_given_twice(place: Participation) -> None:
    user = make_user()
    scope = Scope(participation=place)
    first = give(user, MemberRole.MEMBER, scope)
    with pytest.raises(ValidationError, match="tient déjà ce rôle"):
        give(user, MemberRole.MEMBER, scope)
    Membership.objects.update(starts_on=TODAY() - 5 * DAY, ends_on=TODAY() - DAY)
    second = give(user, MemberRole.MEMBER, scope)
    first.refresh_from_db()
    assert first.withdrawn_at
    assert second.withdrawn_at is None


def test_the_database_refuses_a_role_out_of_its_reach(place: Participation) -> None:
    for fields in (
        {"role": "steward", "participation": place},
        {"role": "provider"},
        {"role": "elected", "fabrique": place.fabrique},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            make_membership(**fields)


@pytest.mark.parametrize(
    ("starts", "ends", "words"),
    [
        (0, -1, "La fin ne peut pas précéder"),
        (-9, -5, "Cette date est passée"),
        (0, 400_000, "trop loin"),
    ],
)
def test_dates_that_make_no_sense_are_refused(
    place: Participation, starts: int, ends: int, words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        give(
            make_user(),
            MemberRole.MEMBER,
            Scope(participation=place),
            starts_on=TODAY() + starts * DAY,
            ends_on=TODAY() + ends * DAY,
        )
    assert not Membership.objects.exists()


def test_a_closed_account_receives_no_role(place: Participation) -> None:
    with pytest.raises(ValidationError, match="compte est fermé"):
        give(make_user(is_active=False), MemberRole.MEMBER, Scope(participation=place))


def test_withdrawing_ends_rights_at_once_and_only_once(place: Participation) -> None:
    user = make_user()
    membership = give(user, MemberRole.OFFICER, Scope(participation=place))
    domain.withdraw_role(membership=membership, actor=ANCT, reason="départ")
    assert not abilities.participation_abilities(again(user), place).open
    assert Notice.objects.filter(user=user, kind="role-withdrawn").count() == 1
    with pytest.raises(ValidationError, match="déjà été retiré"):
        domain.withdraw_role(membership=membership, actor=ANCT)


def test_what_one_does_to_oneself_is_not_told_in_a_letter(place: Participation) -> None:
    user = make_user()
    membership = give(user, MemberRole.MEMBER, Scope(participation=place))
    told = Notice.objects.filter(user=user).count()
    domain.withdraw_role(membership=membership, actor=actor_of(user))
    assert Notice.objects.filter(user=user).count() == told


def test_somebody_never_come_in_is_not_the_other_steward() -> None:
    only = make_membership(role="steward")
    make_membership(make_user(confirmed_at=None), role="steward")
    with pytest.raises(ValidationError, match="dernière personne"):
        domain.withdraw_role(membership=only, actor=ANCT)


def test_the_last_steward_stays() -> None:
    only = make_membership(role="steward")
    closed = make_membership(make_user(is_active=False), role="steward")
    ending = make_membership(role="steward", ends_on=TODAY() + 30 * DAY)
    with pytest.raises(ValidationError, match="dernière personne"):
        domain.withdraw_role(membership=only, actor=ANCT)
    with pytest.raises(ValidationError, match="dernière personne"):
        domain.change_dates(
            membership=only, starts_on=only.starts_on, ends_on=TODAY() + DAY, actor=ANCT
        )
    assert domain.last_steward(only.user)
    for other in (closed, ending):
        domain.withdraw_role(membership=other, actor=ANCT)
    make_membership(role="steward")
    assert domain.last_steward(only.user) == ""
    domain.withdraw_role(membership=only, actor=ANCT)


def test_dates_move_with_a_trace_and_nothing_is_written_for_nothing(place: Participation) -> None:
    membership = give(make_user(), MemberRole.MEMBER, Scope(participation=place))
    entries = journal.history(place.subject).count()
    domain.change_dates(
        membership=membership, starts_on=membership.starts_on, ends_on=None, actor=ANCT
    )
    assert journal.history(place.subject).count() == entries
    end = TODAY() + 90 * DAY
    domain.change_dates(
        membership=membership, starts_on=membership.starts_on, ends_on=end, actor=ANCT
    )
    entry = journal.history(place.subject)[0]
    assert (entry.before["au"], entry.after["au"]) == ("", end.isoformat())


def test_handing_over_passes_everything_in_one_act(place: Participation) -> None:
    giver, receiver = make_user("Thomas"), make_user("Awa")
    scope = Scope(participation=place)
    end = TODAY() + 60 * DAY
    give(giver, MemberRole.OFFICER, scope, ends_on=end)
    give(giver, MemberRole.MEMBER, scope)
    give(receiver, MemberRole.MEMBER, scope)
    elsewhere = make_fabrique(members=[make_territory()]).participations.get()
    give(giver, MemberRole.OFFICER, Scope(participation=elsewhere))

    received = domain.hand_over(
        participation=place, giver=giver, receiver=receiver, actor=ANCT, reason="mutation"
    )

    assert [(m.role, m.ends_on) for m in received] == [("officer", end), ("member", None)]
    assert not abilities.participation_abilities(again(giver), place).open
    assert abilities.participation_abilities(again(giver), elsewhere).open
    assert abilities.participation_abilities(again(receiver), place).give_member
    held = {m.role for m in open_memberships(receiver)}
    assert held == {"officer", "member"}
    assert Notice.objects.filter(user=giver, kind="handed-over").exists()
    assert any(entry.verb == "rôle transmis" for entry in journal.history(place.subject))


def test_a_role_that_both_hold_lasts_as_long_as_the_longer(place: Participation) -> None:
    giver, receiver = make_user(), make_user()
    scope = Scope(participation=place)
    give(giver, MemberRole.OFFICER, scope)
    give(
        receiver, MemberRole.OFFICER, scope, starts_on=TODAY() + 9 * DAY, ends_on=TODAY() + 60 * DAY
    )
    (held,) = domain.hand_over(participation=place, giver=giver, receiver=receiver, actor=ANCT)
    assert (held.starts_on, held.ends_on) == (TODAY(), None)
    assert abilities.participation_abilities(again(receiver), place).open


def test_handing_over_is_refused_when_it_makes_no_sense(place: Participation) -> None:
    giver = make_user()
    give(giver, MemberRole.OFFICER, Scope(participation=place))
    cases = [
        (giver, giver, "à soi-même"),
        (make_user(), giver, "rien à transmettre"),
        (giver, make_user(is_active=False), "fermé"),
    ]
    for from_whom, to_whom, words in cases:
        with pytest.raises(ValidationError, match=words):
            domain.hand_over(participation=place, giver=from_whom, receiver=to_whom, actor=ANCT)
    assert abilities.participation_abilities(again(giver), place).open


def test_relations_say_what_a_person_is_to_each_place(fabrique: Fabrique) -> None:
    here, beside = fabrique.participations.order_by("pk")
    user = make_user()
    make_membership(user, role="elected", participation=here)
    standing = abilities.standing(user)
    assert standing.over_participation(here) == {Relation.ELECTED, Relation.SIGNED_IN}
    assert standing.over_participation(beside) == {Relation.NEIGHBOUR, Relation.SIGNED_IN}
    assert standing.over_fabrique(fabrique) == {Relation.ELECTED, Relation.SIGNED_IN}
    assert standing.over_site() == {Relation.SIGNED_IN}


def test_rights_of_each_relation_are_what_was_decided() -> None:
    """The whole of it, so that no right slips in."""
    given = {
        relation: abilities.ParticipationAbilities.of(frozenset({relation}))
        for relation in Relation
    }
    nothing = abilities.ParticipationAbilities()
    assert given[Relation.EDITOR] == given[Relation.SIGNED_IN] == nothing
    assert given[Relation.NEIGHBOUR] == abilities.ParticipationAbilities(see_people=True)
    assert given[Relation.PARTNER] == abilities.ParticipationAbilities(open=True, see_people=True)
    assert given[Relation.MEMBER] == abilities.ParticipationAbilities(
        open=True, see_people=True, see_addresses=True, hand_over=True
    )
    assert given[Relation.OFFICER] == abilities.ParticipationAbilities(
        open=True,
        see_people=True,
        see_addresses=True,
        give_elected=True,
        give_officer=True,
        give_member=True,
        hand_over=True,
        read_history=True,
    )
    assert given[Relation.ELECTED] == dataclasses.replace(
        given[Relation.OFFICER], withdraw_elected=True, hand_over_for_others=True
    )
    assert given[Relation.PROVIDER] == abilities.ParticipationAbilities(
        open=True, see_people=True, see_addresses=True, give_member=True, read_history=True
    )
    for relation in Relation:
        site = abilities.SiteAbilities.of(frozenset({relation}))
        assert any(vars(site).values()) == (relation == Relation.STEWARD)
        assert all(vars(site).values()) == (relation == Relation.STEWARD)


def test_a_steward_without_the_second_factor_that_is_asked_has_no_right(settings) -> None:
    steward = make_membership(role="steward").user
    settings.REQUIRE_SECOND_FACTOR = True
    assert not abilities.site_abilities(again(steward)).read_journal
    settings.REQUIRE_SECOND_FACTOR = False
    assert abilities.site_abilities(again(steward)).read_journal


def test_rights_are_read_in_one_query(fabrique: Fabrique, django_assert_num_queries) -> None:
    user = make_user()
    for place in fabrique.participations.all():
        make_membership(user, role="officer", participation=place)
    with django_assert_num_queries(1):
        abilities.site_abilities(user)
        abilities.fabrique_abilities(user, fabrique)
