"""Partners of a call, and the people who act for them."""

from __future__ import annotations

from typing import Any

from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone

from fabriques.intake.domain.calls import locked_call
from fabriques.intake.domain.editing import apply_changes
from fabriques.intake.domain.refusals import RefusedError
from fabriques.intake.models import Call, CallPartner, Reviewer
from fabriques.intake.notifications.calls import ReviewerNamed
from fabriques.kit import journal, live, outbox
from fabriques.kit.journal import Actor
from fabriques.people.domain import open_account


@transaction.atomic
def add_partner(*, call: Call, values: dict[str, Any], actor: Actor) -> CallPartner:
    """Put an organisation beside a call. `values`: fields of `CallPartner` by name. Raises
    `RefusedError` when it is there already."""
    call = locked_call(call)
    partner = CallPartner(call=call, **values)
    _check_once(call, partner)
    partner.full_clean()
    partner.save()
    journal.record(
        subject=call.subject,
        verb="partenaire ajouté",
        actor=actor,
        after={"organisation": str(partner.organisation), **_rights(partner)},
    )
    return partner


@transaction.atomic
def edit_partner(*, partner: CallPartner, values: dict[str, Any], actor: Actor) -> CallPartner:
    """Change its role and what it may see and do; who acts for it loses or gains it at once."""
    call = locked_call(partner.call)
    partner = CallPartner.objects.select_for_update(no_key=True, of=("self",)).get(pk=partner.pk)
    partner.call = call
    before, after = apply_changes(partner, values)
    if after:
        for reviewer in _acting(partner):
            live.cut(str(reviewer.user.ref))
        name = str(partner.organisation)
        journal.record(
            subject=call.subject,
            verb="partenaire modifié",
            actor=actor,
            before={f"{name} : {_label(field)}": value for field, value in before.items()},
            after={f"{name} : {_label(field)}": value for field, value in after.items()},
        )
    return partner


@transaction.atomic
def remove_partner(*, partner: CallPartner, actor: Actor) -> None:
    """Take a partner away as if it had never been there; refused once it has done something."""
    call = locked_call(partner.call)
    partner = CallPartner.objects.select_for_update(of=("self",)).get(pk=partner.pk)
    if any(done.exists() for done in (partner.opinions, partner.invitations, partner.conflicts)):
        raise RefusedError(
            "Ce partenaire a déjà donné un avis, proposé un territoire ou déclaré un lien "
            "d’intérêt : gardez-le. Pour lui fermer l’accès, retirez les personnes qui agissent "
            "en son nom."
        )
    for reviewer in _acting(partner):
        live.cut(str(reviewer.user.ref))
    name = str(partner.organisation)
    partner.delete()
    journal.record(
        subject=call.subject,
        verb="partenaire retiré",
        actor=actor,
        before={"organisation": name},
    )


@transaction.atomic
def name_reviewer(*, partner: CallPartner, email: str, actor: Actor) -> Reviewer:
    """Let the person of this address act for a partner; their account is opened if there is none,
    and a letter says what is expected. Raises `RefusedError` beside `email`."""
    call = locked_call(partner.call)
    email = email.strip().lower()
    validate_email(email)
    if refusal := outbox.why_not(ReviewerNamed, email):
        raise RefusedError({"email": refusal})
    user = open_account(email=email, actor=actor)
    if user is None:
        raise RefusedError(
            {"email": "Le compte de cette adresse est fermé : rouvrez-le d’abord (Les personnes)."}
        )
    try:
        with transaction.atomic():
            reviewer = Reviewer.objects.create(partner=partner, user=user)
    except IntegrityError:
        raise RefusedError(
            {"email": f"Cette personne agit déjà pour {partner.organisation}."}
        ) from None
    live.cut(str(user.ref))  # so that what they look at follows what they may now do
    outbox.send(ReviewerNamed, address=email, context={"reviewer": reviewer.pk})
    journal.record(
        subject=call.subject,
        verb="personne désignée pour un partenaire",
        actor=actor,
        after={"personne": user.subject, "organisation": str(partner.organisation)},
    )
    return reviewer


@transaction.atomic
def withdraw_reviewer(*, reviewer: Reviewer, actor: Actor) -> Reviewer:
    """This person no longer acts for the partner: their rights stop at once. What they gave stays.

    Raises `RefusedError` when it was done already.
    """
    call = locked_call(reviewer.partner.call, ended=True)
    fresh = (
        Reviewer.objects.select_for_update(no_key=True, of=("self",))
        .select_related("user", "partner__organisation")
        .get(pk=reviewer.pk)
    )
    if fresh.withdrawn_at:
        raise RefusedError("Cette personne n’agit déjà plus pour ce partenaire.")
    fresh.withdrawn_at = timezone.now()
    fresh.save(update_fields=["withdrawn_at"])
    live.cut(str(fresh.user.ref))
    journal.record(
        subject=call.subject,
        verb="personne retirée d’un partenaire",
        actor=actor,
        before={"personne": fresh.user.subject, "organisation": str(fresh.partner.organisation)},
    )
    return fresh


def _check_once(call: Call, partner: CallPartner) -> None:
    if call.partners.filter(organisation=partner.organisation).exists():
        raise RefusedError(
            {"organisation": f"{partner.organisation} est déjà partenaire de cet appel."}
        )


def _acting(partner: CallPartner) -> list[Reviewer]:
    return list(partner.reviewers.filter(withdrawn_at=None).select_related("user").order_by("pk"))


def _label(field: str) -> str:
    return str(CallPartner._meta.get_field(field).verbose_name)  # type: ignore[union-attr]


def _rights(partner: CallPartner) -> dict[str, str]:
    rights = {
        _label("puts_forward"): "oui" if partner.puts_forward else "non",
        _label("gives_opinion"): "oui" if partner.gives_opinion else "non",
        _label("reach"): str(partner.get_reach_display()),
    }
    if partner.only_programme:
        rights[_label("only_programme")] = str(partner.only_programme)
    return rights
