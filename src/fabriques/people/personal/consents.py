"""Consents: given and withdrawn by the person alone, as easily one as the other."""

from django.db import transaction
from django.utils import timezone

from fabriques.kit import journal
from fabriques.people.actors import actor_of
from fabriques.people.enums import Subject
from fabriques.people.models import Consent, User


def open_consents(user: User) -> set[Subject]:
    """What this person accepts today."""
    return {
        Subject(consent.subject)
        for consent in Consent.objects.filter(user=user, withdrawn_at=None).order_by("subject")
    }


@transaction.atomic
def give_consent(*, user: User, subject: Subject) -> Consent:
    """Note that the person accepts `subject`, in the words that they read. Once is enough."""
    _lock(user)
    consent, new = Consent.objects.get_or_create(
        user=user, subject=subject, withdrawn_at=None, defaults={"wording": subject.label}
    )
    if new:
        journal.record(
            subject=user.subject,
            verb="accord donné",
            actor=actor_of(user),
            after={"accord": consent.wording},
        )
    return consent


@transaction.atomic
def withdraw_consent(*, user: User, subject: Subject) -> None:
    """Close the consent. Nothing happens when there is none."""
    _lock(user)
    consent = Consent.objects.filter(user=user, subject=subject, withdrawn_at=None).first()
    if consent is None:
        return
    consent.withdrawn_at = timezone.now()
    consent.save(update_fields=["withdrawn_at"])
    journal.record(
        subject=user.subject,
        verb="accord repris",
        actor=actor_of(user),
        before={"accord": consent.wording},
    )


def _lock(user: User) -> None:
    """Two tabs that save at once come one after the other."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
