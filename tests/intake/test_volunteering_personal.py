"""What volunteering holds of persons: handed over, moved, emptied."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from fabriques.intake.domain import authors as people
from fabriques.intake.domain import inviting
from fabriques.intake.domain.refusals import RefusedError
from fabriques.intake.models import Author, CallInvitation, JoinRequest, Volunteer
from fabriques.intake.queries.inviting import Guest
from fabriques.kit.journal import Actor
from fabriques.people.models import User
from fabriques.people.personal.erasure import erase
from fabriques.people.personal.export import sections
from fabriques.people.personal.retention import apply_retention
from fabriques.people.stewardship import merge_people, preview_people
from tests.factories import make_territory, make_user
from tests.intake.factories import make_call, make_steward, make_volunteer, today

pytestmark = pytest.mark.django_db
ESSAI = Actor("essai")


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = False


@pytest.fixture
def awa() -> User:
    return make_user("Awa Diop", email="maire@essai.test")


def again(volunteer: Volunteer) -> Volunteer:
    return Volunteer.objects.get(pk=volunteer.pk)


def invitation(volunteer: Volunteer, email: str) -> CallInvitation:
    return CallInvitation.objects.create(
        call=volunteer.call, territory=volunteer.territory, email=email, way_in="invited"
    )


def test_the_export_tells_what_one_writes_and_where_one_is_named(awa: User) -> None:
    named = make_volunteer(territory=make_territory(name="Jonzac"))
    make_volunteer(territory=make_territory(name="Royan"), author=awa, elected_email="")
    people.ask_to_join(volunteer=make_volunteer(elected_email=""), user=awa)
    invitation(named, awa.email)
    found = {section.name: section.content for section in sections(awa)}
    assert [(row["déclaration"], row["qualité"]) for row in found["volontariats"]][::2] == [
        ("Royan", "auteur·rice"),
        ("Jonzac", "élu·e référent·e"),
    ]
    assert found["volontariats"][1]["qualité"] == "demande à rejoindre"
    assert [row["reçue ou envoyée"] for row in found["appels"]] == ["reçue"]


def test_an_erasure_takes_the_person_out_and_leaves_the_declaration(awa: User) -> None:
    volunteer = make_volunteer(author=awa)
    people.ask_to_join(volunteer=make_volunteer(), user=awa)
    sent = invitation(volunteer, awa.email)
    erase(user=awa, actor=ESSAI)
    left = again(volunteer)
    assert (left.elected_name, left.elected_job, left.elected_email) == ("", "", "")
    assert (left.officer_name, left.motivation) == ("Thomas Le Goff", "Nos habitants vieillissent.")
    assert not Author.objects.filter(volunteer=volunteer, left_at=None).exists()
    assert not JoinRequest.objects.exists()
    sent.refresh_from_db()
    assert sent.email.endswith("@efface.invalid")


def test_an_address_is_known_whatever_its_capitals(awa: User) -> None:
    author = make_user()
    volunteer = make_volunteer(author=author, state="draft", elected_email="")
    client = Client()
    client.force_login(author)
    fields = {"elected_name": "Awa Diop", "elected_email": "Maire@Essai.test"}
    client.post(f"/espace/volontariats/{volunteer.ref}/modifier/", fields)
    assert again(volunteer).elected_email == awa.email
    erase(user=awa, actor=ESSAI)
    assert (again(volunteer).elected_name, again(volunteer).elected_email) == ("", "")


def test_nobody_writes_to_an_erased_address(awa: User) -> None:
    """Its letter was waiting to be reread: it is not composed again for nobody."""
    call = make_call()
    guest = Guest(make_territory(name="Jonzac"), awa.email)
    steward = make_user()
    (asked,) = inviting.invite(call=call, guests=[guest], inviter=steward, actor=ESSAI)
    inviting.compose_letters(call=call, reader=make_steward(), actor=ESSAI)
    erase(user=awa, actor=ESSAI)
    asked.refresh_from_db()
    assert asked.cancelled_at
    with pytest.raises(RefusedError):
        inviting.compose_letters(call=call, reader=make_steward(), actor=ESSAI)


def test_a_merge_moves_what_the_kept_account_has_not(awa: User) -> None:
    kept = make_user()
    both = make_volunteer(author=awa)
    people.join_by_link(token=people.token_of(both), user=kept)
    alone = make_volunteer(author=awa)
    asked = make_volunteer()
    for user in (awa, kept):
        people.ask_to_join(volunteer=asked, user=user)
    moved = next(m for m in preview_people(kept=kept, gone=awa) if "volontariat" in m.label)
    assert (moved.moved, moved.left) == (1, 1)
    merge_people(kept=kept, gone=awa, actor=ESSAI)
    writing = Author.objects.filter(left_at=None, user=kept).order_by("volunteer_id")
    assert [row.volunteer for row in writing] == [both, alone]
    assert not Author.objects.filter(left_at=None, user=awa).exists()
    assert JoinRequest.objects.get().user == kept


@pytest.mark.parametrize(
    ("call", "volunteer", "emptied"),
    [
        ({"announced_at": 370}, {"outcome": "not-retained"}, True),
        ({"announced_at": 370}, {"outcome": "reserve"}, True),
        ({"announced_at": 370}, {"outcome": "retained"}, False),
        ({"announced_at": 370}, {"outcome": "retained", "state": "withdrawn"}, True),
        ({"announced_at": 300}, {"outcome": "not-retained"}, False),
        ({"cancelled_at": 370}, {}, True),
        ({"closes_on": 370}, {"state": "draft"}, True),
        ({}, {}, False),
    ],
)
def test_a_year_after_the_end_persons_and_letters_go(
    django_capture_on_commit_callbacks: Any,
    call: dict[str, int],
    volunteer: dict[str, str],
    emptied: bool,
) -> None:
    ended = {
        name: today(-days) if name == "closes_on" else timezone.now() - timedelta(days=days)
        for name, days in call.items()
    }
    row = make_volunteer(make_call(opens_on=today(-500), **ended), **volunteer)
    row.framing_letter.save("lettre.pdf", ContentFile(b"une lettre"))
    file = row.framing_letter.name
    sent = invitation(row, "maire@ville.test")

    def run(*, dry_run: bool) -> list[str]:
        with django_capture_on_commit_callbacks(execute=True):
            said = apply_retention(timezone.now(), dry_run=dry_run)
        return [line for line in said if "appel" in line]

    foreseen = run(dry_run=True)
    assert again(row).elected_name == "Josiane Petit"
    assert run(dry_run=False) == foreseen
    left = again(row)
    filled = bool(left.elected_name or left.officer_email or left.framing_letter)
    assert filled is not emptied
    assert left.motivation == "Nos habitants vieillissent."
    assert left.authors.exists() is not emptied
    assert default_storage.exists(file) is not emptied
    if emptied:
        assert run(dry_run=False) == []
    sent.refresh_from_db()
    over = bool(call) and 300 not in call.values()
    assert sent.email.endswith("@efface.invalid") is over
