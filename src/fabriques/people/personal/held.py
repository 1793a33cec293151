"""What the people domain and the kit hold about a person, as records of the export."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db.models import Q

from fabriques.kit import journal
from fabriques.kit.journal import JournalEntry
from fabriques.kit.outbox.models import Mail, Notice
from fabriques.kit.outbox.notifications import is_secret, label_of
from fabriques.kit.outbox.recipients import preference_of
from fabriques.people.models import Consent, User
from fabriques.people.personal.export import Record
from fabriques.people.personal.merged import accounts_of
from fabriques.people.queries import addresses_of


def account(user: User) -> Record:
    return {
        "référence": str(user.ref),
        "adresse électronique": user.email,
        "prénom et nom": user.name,
        "fonction": user.job,
        "créé le": user.created_at,
        "adresse confirmée le": user.confirmed_at,
        "dernière visite": user.seen_on,
        "dernière connexion": user.last_login,
        "avertissements avant effacement": user.warnings,
        "dernier avertissement": user.warned_at,
    }


def addresses(user: User) -> list[Record]:
    return [
        {"adresse": line.email, "vérifiée": line.verified, "principale": line.primary}
        for line in EmailAddress.objects.filter(user=user).order_by("pk")
    ]


def organisation(user: User) -> Record:
    if user.organisation is None:
        return {}
    return {
        "nom": user.organisation.name,
        "sigle": user.organisation.acronym,
        "sorte": user.organisation.get_kind_display(),
        "SIREN": user.organisation.siren,
    }


def consents(user: User) -> list[Record]:
    return [
        {"texte": line.wording, "donné le": line.given_at, "repris le": line.withdrawn_at}
        for line in Consent.objects.filter(user=user).order_by("given_at", "pk")
    ]


def identities(user: User) -> list[Record]:
    """Accounts elsewhere (ProConnect), with what their provider said of the person."""
    return [
        {
            "fournisseur": line.provider,
            "identifiant": line.uid,
            "relié le": line.date_joined,
            "dernière connexion": line.last_login,
            "informations reçues": _without_tokens(line.extra_data),
        }
        for line in SocialAccount.objects.filter(user=user).order_by("pk")
    ]


def _without_tokens(value: Any) -> Any:
    """What a provider said, less the texts with which one could speak in the person's name."""
    if not isinstance(value, dict):
        return value
    return {
        key: _without_tokens(inner)
        for key, inner in value.items()
        if isinstance(inner, dict) or "token" not in key.lower()
    }


def sessions(user: User) -> list[Record]:
    return [
        {
            "ouverte le": line.created_at,
            "vue le": line.last_seen_at,
            "adresse IP": line.ip,
            "navigateur": line.user_agent,
        }
        for line in UserSession.objects.filter(user=user).order_by("-last_seen_at", "pk")
    ]


SECOND_FACTORS = {
    Authenticator.Type.TOTP: "application de codes",
    Authenticator.Type.WEBAUTHN: "clé d’accès",
    Authenticator.Type.RECOVERY_CODES: "codes de secours",
}


def second_factors(user: User) -> list[Record]:
    return [
        {
            "sorte": SECOND_FACTORS[Authenticator.Type(line.type)],
            "nom": str(line.data.get("name", "")),
            "ajouté le": line.created_at,
            "utilisé le": line.last_used_at,
        }
        for line in Authenticator.objects.filter(user=user).order_by("pk")
    ]


def letters(user: User) -> list[Record]:
    """Those to the account, and those to its addresses: codes, invitations."""
    return [
        {
            "lettre": label_of(line.kind),
            "adresse": line.address,
            "état": line.get_state_display(),
            "composée le": line.created_at,
            "envoyée le": line.sent_at,
            "contenu": _content(line.kind, line.context),
        }
        for line in Mail.objects.filter(
            Q(user=user) | Q(address__in=addresses_of(user) | {user.email})
        ).order_by("pk")
    ]


def notices(user: User) -> list[Record]:
    return [
        {
            "avis": label_of(line.kind),
            "objet": line.about,
            "composé le": line.created_at,
            "réglé le": line.settled_at,
            "contenu": _content(line.kind, line.context),
        }
        for line in Notice.objects.filter(user=user).order_by("pk")
    ]


def mail_preferences(user: User) -> Record:
    preference = preference_of(user)
    return {
        "rythme": preference.get_rhythm_display(),
        "sujets refusés": [label_of(kind) for kind in preference.refused],
    }


def _content(kind: str, context: dict[str, Any]) -> dict[str, Any]:
    """What a letter says, unless it holds what opens an account or an invitation."""
    return {} if is_secret(kind) else context


def acts(user: User) -> list[Record]:
    """What the person changed. The values are left out: they speak of other things and persons."""
    refs = [str(account.ref) for account in accounts_of(user)]
    entries = JournalEntry.objects.filter(text__ref__in=refs).select_related("text")
    return [
        {
            "le": entry.at,
            "changement": entry.verb,
            "objet": entry.subject,
            "en qualité de": entry.standing,
            "motif": entry.reason,
        }
        for entry in entries.order_by("number")
    ]


def history(user: User) -> list[Record]:
    """What was changed about the person. Others who did it are told by their standing only."""
    return [
        {
            "le": entry.at,
            "changement": entry.verb,
            "par": entry.standing,
            "avant": entry.before,
            "après": entry.after,
            "motif": entry.reason,
        }
        for account in accounts_of(user)
        for entry in journal.history(account.subject)
    ]
