"""Opinions of partners, and conflicts of interest, which take away the sight of a declaration."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from fabriques.intake.domain.refusals import RefusedError, StaleError
from fabriques.intake.enums import OpinionValue
from fabriques.intake.models import Call, CallPartner, Conflict, Opinion, Volunteer
from fabriques.intake.notifications.opinions import tell_unfavourable
from fabriques.intake.queries import access
from fabriques.intake.queries import opinions as read
from fabriques.kit import journal, live
from fabriques.kit.journal import Actor
from fabriques.people.models import User
from fabriques.territories.models import Territory

STALE = (
    "Quelqu’un de votre organisation a donné ou changé cet avis pendant que vous écriviez. Rien "
    "n’est perdu : comparez, puis enregistrez à nouveau pour garder votre version."
)
FEWEST_WORDS = 3


@transaction.atomic
def give_opinion(
    *,
    volunteer: Volunteer,
    partner: CallPartner,
    author: User,
    value: OpinionValue,
    reason: str,
    version: int,
    actor: Actor,
) -> Opinion:
    """Give the opinion of a partner on a declaration, or change it, until opinions are closed.

    `version` is that of the opinion that was on screen, 0 for none. Raises `RefusedError` when the
    partner is not to judge it or when opinions are closed, `StaleError` when a colleague gave or
    changed it meanwhile. In the journal it is told of the call: authors read the history of their
    declaration.
    """
    call = Call.objects.select_for_update(no_key=True).get(pk=volunteer.call_id)
    volunteer = Volunteer.objects.select_related("territory").get(pk=volunteer.pk)
    if why := read.closed(call):
        raise RefusedError(why)
    hidden = volunteer.territory_id in access.concealed_territories(author, call)
    if hidden or not read.judges(partner, volunteer):
        raise RefusedError("Cette déclaration n’attend pas d’avis de votre organisation.")
    if len(reason.split()) < FEWEST_WORDS:
        raise RefusedError({"reason": "Dites pourquoi, en quelques mots au moins."})
    known = Opinion.objects.filter(partner=partner, volunteer=volunteer).first()
    if version != (known.version if known else 0):
        raise _stale(known, value, reason)
    opinion = known or Opinion(partner=partner, volunteer=volunteer, version=0)
    before = {"avis": known.get_value_display(), "motif": known.reason} if known else {}
    opinion.value, opinion.reason = value, reason
    after = {"avis": opinion.get_value_display(), "motif": reason}
    if before == after:
        return opinion
    opinion.author, opinion.given_at = author, timezone.now()
    opinion.version += 1
    opinion.save()
    if value == OpinionValue.UNFAVOURABLE:
        tell_unfavourable(opinion)
    journal.record(
        subject=call.subject,
        verb="avis modifié" if known else "avis donné",
        actor=actor,
        before={name: text for name, text in before.items() if text != after[name]},
        after={name: text for name, text in after.items() if text != before.get(name)}
        | {"déclaration": volunteer.subject, "partenaire": partner.organisation.subject},
    )
    return opinion


def _stale(known: Opinion | None, value: OpinionValue, reason: str) -> StaleError:
    theirs = (known.get_value_display(), known.reason) if known else ("", "")
    yours = (str(value.label), reason)
    labels = ("Avis", "Motif")
    return StaleError(
        STALE,
        known.version if known else 0,
        [line for line in zip(labels, theirs, yours, strict=True) if line[1] != line[2]],
    )


# --- Conflicts of interest ----------------------------------------------------------------------


@transaction.atomic
def declare_conflict(
    *,
    call: Call,
    territory: Territory,
    user: User,
    actor: Actor,
    partner: CallPartner | None = None,
    reason: str = "",
) -> Conflict:
    """From now on the person, or all who act for `partner`, see nothing of this territory's
    declaration. The same for a territory that volunteers and for one that does not: declaring
    tells nothing.

    Raises `RefusedError` by field when it is declared already.
    """
    try:
        with transaction.atomic():
            conflict = Conflict.objects.create(
                call=call, territory=territory, user=user, partner=partner, reason=reason
            )
    except IntegrityError:
        raise RefusedError(
            {"territory": f"Vous avez déjà déclaré un lien d’intérêt avec {territory.name}."}
        ) from None
    _ask_again(conflict, user)
    journal.record(
        subject=call.subject,
        verb="lien d’intérêt déclaré",
        actor=actor,
        after={"territoire": conflict.subject}
        | ({"partenaire": partner.organisation.subject} if partner else {}),
    )
    return conflict


@transaction.atomic
def lift_conflict(*, conflict: Conflict, by: User, actor: Actor, reason: str) -> Conflict:
    """The link of interest is no more; the reason stays in the journal.

    Raises `RefusedError` for whoever may not lift it, or when it is lifted already.
    """
    conflict = (
        Conflict.objects.select_for_update(no_key=True, of=("self",))
        .select_related("call", "territory", "user", "partner__organisation")
        .get(pk=conflict.pk)
    )
    if conflict.lifted_at:
        raise RefusedError("Ce lien d’intérêt est déjà levé.")
    if not read.may_lift(by, conflict):
        raise RefusedError(
            "Une autre personne de l’équipe nationale doit le lever : on ne lève pas son propre "
            "lien d’intérêt."
        )
    conflict.lifted_at = timezone.now()
    conflict.save(update_fields=["lifted_at"])
    _ask_again(conflict, by)
    journal.record(
        subject=conflict.call.subject,
        verb="lien d’intérêt levé",
        actor=actor,
        before={"territoire": conflict.subject},
        reason=reason,
    )
    return conflict


def _ask_again(conflict: Conflict, user: User) -> None:
    """Rights changed: open pages of all those concerned ask theirs again."""
    access.forget_access(user)
    people = {conflict.user_id: conflict.user}
    if conflict.partner:
        acting = access.reviewers_of(conflict.call).filter(partner=conflict.partner)
        people |= {row.user_id: row.user for row in acting}
    for person in people.values():
        live.cut(str(person.ref))
