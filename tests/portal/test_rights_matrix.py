"""Every address × every person × GET and POST, against one written table (`rights.py`)."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from fabriques.intake.domain import authors, inviting
from fabriques.intake.models import CallInvitation, CallQuestion, Conflict, Indicator, Theme
from fabriques.kit import outbox
from fabriques.kit.journal import Actor
from fabriques.kit.outbox.models import Mail
from fabriques.people.models import User
from fabriques.programme import domain, rights
from fabriques.programme.enums import MemberRole
from fabriques.programme.notifications import RoleGiven
from fabriques.programme.scopes import Scope
from tests.factories import (
    make_fabrique,
    make_membership,
    make_organisation,
    make_territory,
    make_user,
)
from tests.guards import GuardedClient
from tests.intake.composing import make_composed
from tests.intake.factories import (
    make_call,
    make_call_partner,
    make_reviewer,
    make_volunteer,
)
from tests.portal.rights import DOORS, PERSONAS, PUBLIC, PUBLIC_PREFIXES, TABLE, Line


def names(patterns: list[Any] | None = None, prefix: str = "") -> Iterator[str]:
    """The name of every address of the site."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from names(pattern.url_patterns, inner)
        else:
            assert isinstance(pattern, URLPattern)
            yield f"{prefix}{pattern.name or pattern.pattern}"


def test_every_address_is_in_the_table() -> None:
    known = PUBLIC | DOORS | set(TABLE) | {"api/<path:rest>"}
    lacking = {
        name for name in names() if name not in known and not name.startswith(PUBLIC_PREFIXES)
    }
    assert lacking == set()
    assert set(TABLE) - set(names()) == set()


@pytest.fixture
def world(db: None, settings: Any) -> dict[str, Any]:
    """A fabrique of two territories with one person of each sort, and what addresses name."""
    settings.REQUIRE_SECOND_FACTOR = False
    fabrique = make_fabrique(members=[make_territory("epci"), make_territory()])
    place, beside = fabrique.participations.order_by("pk")
    other = make_fabrique(members=[make_territory()]).participations.get()
    people: dict[str, User | None] = {"visitor": None, "newcomer": make_user("Léa")}
    people["stranger"] = make_membership(role="officer", participation=other).user
    people["neighbour"] = make_membership(role="officer", participation=beside).user
    membership = make_membership(role="member", participation=place)
    people["member"] = membership.user
    people["officer"] = make_membership(role="officer", participation=place).user
    people["elected"] = make_membership(role="elected", participation=place).user
    people["partner"] = make_membership(role="partner", fabrique=fabrique).user
    people["provider"] = make_membership(role="provider", fabrique=fabrique).user
    people["editor"] = make_membership(role="editor").user
    people["steward"] = make_membership(role="steward").user
    make_membership(role="steward")  # so that a steward is not the last one
    steward = people["steward"]
    assert steward
    call = make_call()
    reviewer = make_reviewer(make_call_partner(call))
    people["reviewer"], people["author"] = reviewer.user, make_user()
    volunteer = make_volunteer(call, author=people["author"], framing_letter_name="lettre.pdf")
    volunteer.framing_letter.save("lettre.pdf", ContentFile(b"une lettre"))
    asked = CallInvitation.objects.create(
        call=call, territory=make_territory(), email="mairie@essai.test", way_in="invited"
    )
    conflict = Conflict.objects.create(
        call=call,
        territory=make_territory(),
        user=make_reviewer(make_call_partner(call)).user,
    )
    composition = make_composed(call)
    question = CallQuestion.objects.create(call=call, label="Une question ?")
    indicator = Indicator.objects.create(call=call, slug="part", name="Part", source="Essai")
    theme = Theme.objects.create(
        title="Un thème", question="?", why="Oui.", proposer="anct", author=make_user()
    )
    invitation = domain.invite(
        email="invitee@essai.test",
        role=MemberRole.MEMBER,
        scope=Scope(participation=place),
        inviter=steward,
        actor=Actor("essai"),
    )
    organisation = make_organisation()
    organisation.logo.save("essai.png", ContentFile(b"une image"))
    words = {"role": "élue", "place": "ici", "address": "/espace/"}
    batch = outbox.compose_batch(
        title="Essai", kind=RoleGiven, recipients=[(make_user(), words)], actor=Actor("essai")
    )
    return {
        "people": people,
        "kwargs": {
            "": {},
            "fabrique": {"code": fabrique.code},
            "participation": {"pk": place.pk},
            "membership": {"pk": membership.pk},
            "invitation": {"pk": invitation.pk},
            "token": {"token": domain.token_of(invitation)},
            "person": {"ref": make_user("Quelqu’un").ref},
            "organisation": {"slug": organisation.slug},
            "passkey": {"pk": 1},
            "theme": {"ref": theme.ref},
            "call": {"slug": call.slug},
            "question": {"slug": call.slug, "pk": question.pk},
            "composition": {"slug": call.slug, "pk": composition.pk},
            "composition-number": {"pk": composition.pk},
            "composition-rule": {
                "slug": call.slug,
                "pk": composition.pk,
                "rule": composition.rules.get().pk,
            },
            "composition-volunteer": {"slug": call.slug, "pk": composition.pk, "number": 1},
            "call-partner": {"slug": call.slug, "pk": reviewer.partner.pk},
            "call-reviewer": {"slug": call.slug, "pk": reviewer.pk},
            "indicator": {"slug": call.slug, "indicator": indicator.slug},
            "volunteer": {"ref": volunteer.ref},
            "join-link": {"token": authors.token_of(volunteer)},
            "call-invitation": {"slug": call.slug, "ref": asked.ref},
            "call-invitation-link": {"slug": call.slug, "token": inviting.token_of(asked)},
            "opinion": {"ref": volunteer.ref, "partner": reviewer.partner.pk},
            "conflict": {"slug": call.slug, "pk": conflict.pk},
            "batch": {"pk": batch.pk},
            "mail": {"pk": Mail.objects.filter(batch=batch).get().pk},
        },
    }


@pytest.mark.parametrize("name", sorted(TABLE))
def test_rights(world: dict[str, Any], name: str) -> None:
    line: Line = TABLE[name]
    address = reverse(name, kwargs=world["kwargs"][line.needs])
    for persona in PERSONAS:
        for method in ("GET", "POST"):
            client = GuardedClient()
            if user := world["people"][persona]:
                client.force_login(user)
            allowed = line.opens if method == "GET" or line.posts is None else line.posts
            answer = getattr(client, method.lower())(address)
            found = (persona, method, answer.status_code)
            if method == "GET" and line.only_posts and persona in line.opens:
                assert answer.status_code == 405, found
            elif persona in allowed:
                assert answer.status_code in (200, 204, 302, 405, 409, 422), found
                if answer.status_code == 302:
                    assert "/compte/connexion/" not in answer["Location"], found
            elif persona == "visitor":
                assert answer.status_code in (302, 405), found
                if answer.status_code == 302:
                    assert answer["Location"].startswith("/compte/connexion/?next="), found
            else:
                assert answer.status_code in (404, 405), found


def test_the_document_of_rights_is_the_one_of_the_code(client: Client, db: None) -> None:
    from django.conf import settings

    written = (settings.ROOT / "docs" / "droits.md").read_text(encoding="utf-8")
    assert written == rights.markdown(), "run `fabriques write_rights`"
    client.force_login(make_user())
    page = client.get("/espace/droits/").content.decode()
    for grid in rights.grids():
        for label, _ in grid.rows:
            assert label in page
