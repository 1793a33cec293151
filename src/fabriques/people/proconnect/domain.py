"""Who signs in with ProConnect: found, linked or made, with their organisation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.utils.text import slugify

from fabriques.kit.journal import Actor, history, record
from fabriques.people.actors import actor_of
from fabriques.people.domain import confirm, open_account
from fabriques.people.enums import OrganisationKind
from fabriques.people.models import Organisation, User
from fabriques.people.proconnect.stops import Reason, StoppedError
from fabriques.people.queries import addresses_of
from fabriques.territories.models import Territory

PROVIDER = "proconnect"
_SIRET = re.compile(r"[0-9]{14}")
_REASON = "identification avec ProConnect"


@dataclass(frozen=True)
class Identity:
    """What ProConnect says of a person, once verified.

    `sub` is theirs at one identity provider (`idp_id`): the same person coming through another
    ministry has another. `email` is empty when it is not proved.
    """

    sub: str
    email: str = ""
    name: str = ""
    siret: str = ""
    idp_id: str = ""


def recognise(identity: Identity) -> SocialAccount:
    """The account that this identity opens: by its `sub`, else by its address, else a new one.

    An account keeps its address and its name whatever ProConnect says; another address is written
    in the journal, once. Raises `StoppedError`: account closed, or no address to make one.
    """
    account = (
        SocialAccount.objects.filter(provider=PROVIDER, uid=identity.sub)
        .select_related("user")
        .first()
    )
    user: User | None = account.user if account else _by_address(identity.email)
    if user is None or not user.is_active:
        raise StoppedError(Reason.CLOSED)
    if account is None:
        account = _link(user, identity)
    elif identity.email and identity.email not in addresses_of(user):
        _note(user, "autre adresse chez ProConnect", actor_of(user), {"email": identity.email})
    attach_by_siret(user=user, siret=identity.siret, actor=actor_of(user))
    return account


def _by_address(email: str) -> User | None:
    """The account of an address that ProConnect proves; None when it is closed."""
    if not email:
        raise StoppedError(Reason.NO_ADDRESS)
    user = open_account(email=email)
    if user and user.email == email:
        confirm(user=user)
    return user


@transaction.atomic
def _link(user: User, identity: Identity) -> SocialAccount:
    user.refresh_from_db(from_queryset=User.objects.select_for_update(no_key=True))
    account, made = SocialAccount.objects.get_or_create(
        provider=PROVIDER,
        uid=identity.sub,
        defaults={"user": user, "extra_data": {"idp_id": identity.idp_id}},
    )
    after = {"idp_id": identity.idp_id}
    if identity.name and not user.name:
        user.name = after["name"] = identity.name
        user.version += 1
        user.save(update_fields=["name", "version"])
    if made:
        record(
            subject=user.subject,
            verb="compte relié à ProConnect",
            actor=actor_of(user),
            after=after,
        )
    return account


@transaction.atomic
def attach_by_siret(*, user: User, siret: str, actor: Actor) -> Organisation | None:
    """Give `user`, who has none, the organisation of a SIRET; make it when nobody knows it.

    Whoever has an organisation keeps it: another SIREN is written in the journal, once. A number
    that is not fourteen digits changes nothing. Answers the organisation that the person has.
    """
    siret = "".join(siret.split())
    if not _SIRET.fullmatch(siret):
        return user.organisation
    siren = siret[:9]
    user.refresh_from_db(from_queryset=User.objects.select_for_update(no_key=True))
    if user.organisation:
        if user.organisation.siren != siren:
            _note(user, "autre organisation chez ProConnect", actor, {"siren": siren})
        return user.organisation
    organisation, made = Organisation.objects.get_or_create(siren=siren, defaults=_described(siren))
    user.organisation = organisation
    user.version += 1
    user.save(update_fields=["organisation", "version"])
    if made:
        record(
            subject=organisation.subject,
            verb="organisation créée",
            actor=actor,
            after={"name": organisation.name, "kind": organisation.kind, "siren": siren},
            reason=_REASON,
        )
    record(
        subject=user.subject,
        verb="organisation donnée par ProConnect",
        actor=actor,
        after={"organisation": str(organisation)},
    )
    return organisation


def _described(siren: str) -> dict[str, Any]:
    """A new organisation: its territory's name when it governs one, else stewards will name it."""
    territory = Territory.objects.filter(siren=siren, closed_on=None).order_by("pk").first()
    if territory is None:
        return {
            "slug": f"organisation-{siren}",
            "name": f"Organisation SIREN {siren[:3]} {siren[3:6]} {siren[6:]}",
            "kind": OrganisationKind.UNKNOWN,
        }
    return {
        "slug": f"{slugify(territory.name)[:70]}-{siren}",
        "name": territory.name,
        "kind": OrganisationKind.TERRITORY,
        "territory": territory,
    }


def _note(user: User, verb: str, actor: Actor, after: dict[str, Any]) -> None:
    """Write what ProConnect says and the account does not, unless the last note said the same."""
    last = history(user.subject).filter(verb=verb).first()
    if last is None or last.after != after:
        record(subject=user.subject, verb=verb, actor=actor, after=after)
