"""What letters of the ground floors keep: nothing that names somebody else than their reader."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from fabriques.kit import outbox
from fabriques.kit.journal import Actor
from fabriques.kit.outbox.models import Mail, Notice
from fabriques.people.domain import remove_factors
from fabriques.people.models import User
from fabriques.people.personal.letters import AccountUnused
from fabriques.people.personal.retention import UNUSED, apply_retention
from tests.factories import make_user
from tests.guards import GuardedClient
from tests.people.signin.doors import add_application, sign_in

pytestmark = pytest.mark.django_db
FLOORS = ("fabriques.kit.", "fabriques.people.")
NAMES = ("Zénobie", "Quincampoix", "zenobie@")


def test_what_is_stored_of_a_letter_names_nobody(django_capture_on_commit_callbacks: Any) -> None:
    """A new sort of letters fails here until the test sends one."""
    user = make_user("Zénobie Quincampoix", email="zenobie@essai.test")
    browser = GuardedClient()
    with django_capture_on_commit_callbacks(execute=True):
        sign_in(browser, user.email)
        add_application(browser)
        remove_factors(user=user, actor=Actor("essai"), reason="téléphone perdu")
    now = timezone.now()
    User.objects.update(seen_on=timezone.localdate(now - UNUSED))
    apply_retention(now)
    warning = Notice.objects.get(kind=AccountUnused.key)
    outbox.notify(AccountUnused, to=user, about=user.subject, context=warning.context)
    outbox.compose_digests(now + timedelta(days=2))

    ours = {kind.key for kind in outbox.registered() if type(kind).__module__.startswith(FLOORS)}
    stored = [
        (row.kind, str(row.context))
        for rows in (Mail.objects.order_by("pk"), Notice.objects.order_by("pk"))
        for row in rows
    ]
    assert {kind for kind, _ in stored} == ours
    assert [text for _, text in stored if any(name in text for name in NAMES)] == []
