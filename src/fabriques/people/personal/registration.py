"""What the people domain and the kit declare of personal data, once the site is ready."""

from fabriques.kit import purposes
from fabriques.people.personal import held, retention
from fabriques.people.personal.export import register_export
from fabriques.people.personal.purposes import PURPOSES
from fabriques.people.personal.retention import register_retention


def register() -> None:
    purposes.register(*PURPOSES)
    register_export("compte", "Votre compte", held.account)
    register_export("adresses", "Vos adresses", held.addresses)
    register_export("organisation", "Votre organisation", held.organisation)
    register_export("accords", "Vos accords", held.consents)
    register_export("identites", "Vos comptes ProConnect", held.identities)
    register_export("connexions", "Vos connexions ouvertes", held.sessions)
    register_export("seconds-facteurs", "Vos seconds facteurs", held.second_factors)
    register_export("lettres", "Les lettres qui vous ont été envoyées", held.letters)
    register_export("avis", "Les avis qui vous sont destinés", held.notices)
    register_export("courriels", "Vos choix de courriels", held.mail_preferences)
    register_export("actions", "Ce que vous avez fait", held.acts)
    register_export("historique", "Ce qui a été fait à propos de vous", held.history)
    register_retention(retention.unconfirmed_accounts)
    register_retention(retention.unused_accounts)
    register_retention(retention.erased_accounts)
    register_retention(retention.ended_sessions)
    register_retention(retention.finished_tasks)
    register_retention(retention.old_letters)
