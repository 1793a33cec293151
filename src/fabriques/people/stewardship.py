"""What stewards do with accounts and organisations: edit, re-attach, merge duplicates.

A merge keeps one object and empties the other into it. Domains above say what they move: each
registers a mover; the preview and the merge ask the same ones, so that what is shown is what is
done. A mover without actor only counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from fabriques.kit import journal
from fabriques.kit.journal import Actor
from fabriques.kit.slugs import first_free
from fabriques.people.domain import close_account
from fabriques.people.models import Consent, FormerName, Organisation, User
from fabriques.people.queries import addresses_of
from fabriques.people.signin.second_factor import FACTORS

Edited = TypeVar("Edited", User, Organisation)


class MergeError(ValidationError):
    """A merge that cannot be; the message is for the steward."""


class StaleError(ValidationError):
    """Somebody changed the object while it was on screen. `changes`: label, theirs, yours."""

    def __init__(self, changes: list[tuple[str, str, str]]) -> None:
        super().__init__(
            "Quelqu’un a modifié cette fiche pendant que vous l’aviez sous les yeux. Rien n’est "
            "perdu : comparez, puis enregistrez à nouveau pour garder votre version."
        )
        self.changes = changes


@dataclass(frozen=True)
class Moved:
    """One line of a preview: how many things of a sort move, and how many were there already."""

    label: str
    moved: int
    left: int = 0


PersonMover = Callable[[User, User, Actor | None], Moved]
OrganisationMover = Callable[[Organisation, Organisation, Actor | None], Moved]

_people: list[PersonMover] = []
_organisations: list[OrganisationMover] = []
_guards: list[Callable[[Organisation], str]] = []


def register_person_mover(run: PersonMover) -> None:
    """`run(kept, gone, actor)` moves what hangs on an account; without actor it only counts."""
    _people.append(run)


def register_organisation_mover(run: OrganisationMover) -> None:
    """`run(kept, gone, actor)` does the same for an organisation."""
    _organisations.append(run)


def register_organisation_guard(why_not: Callable[[Organisation], str]) -> None:
    """`why_not(organisation)` is the sentence that keeps it from disappearing, or ""."""
    _guards.append(why_not)


# --- Accounts ---------------------------------------------------------------------------------

PERSON_FIELDS = ("name", "job", "organisation")


@transaction.atomic
def edit_person(
    *, user: User, values: dict[str, Any], version: int, actor: Actor, reason: str = ""
) -> User:
    """Change name, job or organisation. Raises `StaleError` when the account changed meanwhile."""
    return _edit(user, PERSON_FIELDS, values, version, actor, reason)


def preview_people(*, kept: User, gone: User) -> list[Moved]:
    """What `merge_people` would do, without doing it. Raises `MergeError` when it cannot be."""
    _check_people(kept, gone)
    return [run(kept, gone, None) for run in _people]


@transaction.atomic
def merge_people(*, kept: User, gone: User, actor: Actor, reason: str = "") -> list[Moved]:
    """Move everything of `gone` to `kept`, then close `gone`: its address now opens `kept`."""
    locked = {
        user.pk: user
        for user in User.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=[kept.pk, gone.pk])
        .order_by("pk")
    }
    kept, gone = locked[kept.pk], locked[gone.pk]
    _check_people(kept, gone)
    done = [run(kept, gone, actor) for run in _people]
    kept.version += 1
    kept.save(update_fields=[*PERSON_FIELDS, "version"])
    close_account(user=gone, actor=actor, reason="fusion de comptes")
    gone.refresh_from_db()
    gone.email = f"{gone.ref}@fusion.invalid"
    gone.name = gone.job = ""
    gone.organisation = None
    gone.erased_at = timezone.now()
    gone.version += 1
    gone.save()
    for subject, other in ((kept.subject, gone), (gone.subject, kept)):
        journal.record(
            subject=subject,
            verb="comptes fusionnés",
            actor=actor,
            after={"avec": other.subject, **{line.label: line.moved for line in done}},
            reason=reason,
        )
    return done


def _check_people(kept: User, gone: User) -> None:
    if kept.pk == gone.pk:
        raise MergeError("Ce sont les mêmes comptes : choisissez-en un autre.")
    if gone.erased_at or kept.erased_at:
        raise MergeError("Un compte effacé ne se fusionne pas.")
    if not kept.is_active:
        raise MergeError("Le compte à garder est fermé : rouvrez-le, ou gardez l’autre.")
    if not gone.is_active:
        raise MergeError("L’autre compte est fermé : rouvrez-le d’abord.")
    if not kept.confirmed_at:
        raise MergeError("L’adresse du compte à garder n’a jamais été prouvée : gardez l’autre.")
    if not gone.confirmed_at:
        raise MergeError(
            "L’adresse de l’autre compte n’a jamais été prouvée : laissez-le s’effacer de lui-même."
        )


def _profile(kept: User, gone: User, actor: Actor | None) -> Moved:
    """What the kept account says of the person stays; what it does not say comes."""
    said = [name for name in PERSON_FIELDS if getattr(gone, name)]
    missing = [name for name in said if not getattr(kept, name)]
    if actor:
        for name in missing:
            setattr(kept, name, getattr(gone, name))
    return Moved("nom, fonction, organisation", len(missing), len(said) - len(missing))


def _addresses(kept: User, gone: User, actor: Actor | None) -> Moved:
    proved = addresses_of(gone)
    if actor:
        EmailAddress.objects.filter(user=gone).delete()
        for address in sorted(proved):
            EmailAddress.objects.update_or_create(
                user=kept, email=address, defaults={"verified": True, "primary": False}
            )
    return Moved("adresses", len(proved))


def _providers(kept: User, gone: User, actor: Actor | None) -> Moved:
    rows = SocialAccount.objects.filter(user=gone)
    number = rows.count()
    if actor:
        rows.update(user=kept)
    return Moved("identités ProConnect", number)


def _factors(kept: User, gone: User, actor: Actor | None) -> Moved:
    """They protected an account that nobody opens any more."""
    rows = Authenticator.objects.filter(user=gone)
    number = rows.filter(type__in=FACTORS).count()
    if actor:
        rows.delete()
    return Moved("seconds facteurs retirés", number)


def _consents(kept: User, gone: User, actor: Actor | None) -> Moved:
    given = set(kept.consents.filter(withdrawn_at=None).values_list("subject", flat=True))
    rows = Consent.objects.filter(user=gone, withdrawn_at=None)
    mine = rows.exclude(subject__in=given)
    moved, left = mine.count(), rows.filter(subject__in=given).count()
    if actor:
        Consent.objects.filter(pk__in=list(mine.values_list("pk", flat=True))).update(user=kept)
        Consent.objects.filter(user=gone, withdrawn_at=None).update(withdrawn_at=timezone.now())
    return Moved("consentements", moved, left)


register_person_mover(_profile)
register_person_mover(_addresses)
register_person_mover(_providers)
register_person_mover(_factors)
register_person_mover(_consents)


# --- Organisations ----------------------------------------------------------------------------

ORGANISATION_FIELDS = ("name", "acronym", "kind", "siren", "logo")


@transaction.atomic
def create_organisation(*, values: dict[str, Any], actor: Actor) -> Organisation:
    """A new body. Raises `ValidationError` when its SIREN is known already."""
    slug = slugify(values["name"])[:70] or "organisation"
    taken = set(Organisation.objects.filter(slug__startswith=slug).values_list("slug", flat=True))
    organisation = Organisation(slug=first_free(slug, taken), **values)
    organisation.full_clean()
    organisation.save()
    journal.record(
        subject=organisation.subject,
        verb="organisation créée",
        actor=actor,
        after={"name": organisation.name, "siren": organisation.siren},
    )
    return organisation


@transaction.atomic
def edit_organisation(
    *, organisation: Organisation, values: dict[str, Any], version: int, actor: Actor
) -> Organisation:
    """Change what is known of it. Raises `StaleError` when it changed meanwhile."""
    return _edit(organisation, ORGANISATION_FIELDS, values, version, actor, "")


def preview_organisations(*, kept: Organisation, gone: Organisation) -> list[Moved]:
    """What `merge_organisations` would do, without doing it."""
    _check_organisations(kept, gone)
    return [run(kept, gone, None) for run in _organisations]


@transaction.atomic
def merge_organisations(
    *, kept: Organisation, gone: Organisation, actor: Actor, reason: str = ""
) -> list[Moved]:
    """Move the people of `gone` to `kept`; its name stays as a former name of it."""
    locked = {
        row.pk: row
        for row in Organisation.objects.select_for_update(of=("self",))
        .filter(pk__in=[kept.pk, gone.pk])
        .order_by("pk")
    }
    if len(locked) < 2:
        raise MergeError("Cette organisation vient d’être fusionnée par quelqu’un d’autre.")
    kept, gone = locked[kept.pk], locked[gone.pk]
    _check_organisations(kept, gone)
    done = [run(kept, gone, actor) for run in _organisations]
    subject, name = gone.subject, str(gone)
    gone.delete()
    kept.version += 1
    kept.save()
    for about, other in ((kept.subject, subject), (subject, kept.subject)):
        journal.record(
            subject=about,
            verb="organisations fusionnées",
            actor=actor,
            before={"nom": name} if about == subject else None,
            after={"avec": other, **{line.label: line.moved for line in done}},
            reason=reason,
        )
    return done


def _check_organisations(kept: Organisation, gone: Organisation) -> None:
    if kept.pk == gone.pk:
        raise MergeError("C’est la même organisation : choisissez-en une autre.")
    if kept.siren and gone.siren and kept.siren != gone.siren:
        raise MergeError(
            f"Ces organisations ont deux SIREN ({kept.siren} et {gone.siren}) : ce ne sont pas les "
            "mêmes. Corrigez d’abord celui qui est faux."
        )
    for why_not in _guards:
        if reason := why_not(gone):
            raise MergeError(reason)


def _members(kept: Organisation, gone: Organisation, actor: Actor | None) -> Moved:
    rows = User.objects.filter(organisation=gone)
    number = rows.count()
    if actor:
        rows.update(organisation=kept)
    return Moved("personnes", number)


def _siren(kept: Organisation, gone: Organisation, actor: Actor | None) -> Moved:
    """With the territory that it governs; saved with the rest, once the other has lost it."""
    moves = bool(gone.siren) and not kept.siren
    if actor and moves:
        kept.siren, kept.territory = gone.siren, kept.territory or gone.territory
    return Moved("SIREN repris", int(moves))


def _names(kept: Organisation, gone: Organisation, actor: Actor | None) -> Moved:
    known = {kept.name, *kept.former_names.values_list("name", flat=True)}
    former = [
        (gone.name, gone.acronym, ""),
        *gone.former_names.order_by("pk").values_list("name", "acronym", "until"),
    ]
    fresh = [row for row in former if row[0] not in known]
    if actor:
        FormerName.objects.bulk_create(
            [
                FormerName(organisation=kept, name=name, acronym=acronym, until=until)
                for name, acronym, until in fresh
            ]
        )
    return Moved("noms gardés comme anciens noms", len(fresh))


register_organisation_mover(_members)
register_organisation_mover(_siren)
register_organisation_mover(_names)


# --- Both -------------------------------------------------------------------------------------


def _edit(
    item: Edited,
    names: tuple[str, ...],
    values: dict[str, Any],
    version: int,
    actor: Actor,
    reason: str,
) -> Edited:
    rows: Any = item._meta.model._default_manager
    fresh: Edited = rows.select_for_update(of=("self",), no_key=True).get(pk=item.pk)
    wanted = {name: values[name] for name in names if name in values}
    if fresh.version != version:
        raise StaleError(
            [
                (_label(item, name), _text(fresh, name), str(value or ""))
                for name, value in wanted.items()
                if _text(fresh, name) != str(value or "")
            ]
        )
    before = {name: _text(fresh, name) for name in wanted}
    for name, value in wanted.items():
        setattr(fresh, name, value)
    fresh.full_clean(exclude=[f.name for f in fresh._meta.fields if f.name not in wanted])
    after = {name: _text(fresh, name) for name in wanted}
    changed = [name for name in wanted if before[name] != after[name]]
    if not changed:
        return fresh
    fresh.version += 1
    fresh.save()
    journal.record(
        subject=fresh.subject,
        verb="modifiée" if isinstance(fresh, Organisation) else "compte modifié",
        actor=actor,
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
        reason=reason,
    )
    return fresh


def _label(item: Any, name: str) -> str:
    return str(item._meta.get_field(name).verbose_name)


def _text(item: Any, name: str) -> str:
    return str(getattr(item, name) or "")
