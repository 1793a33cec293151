"""The menu of the signed-in space: each page where somebody may open it."""

from django.http import HttpRequest
from django.urls import reverse

from fabriques.kit.navigation import Link
from fabriques.programme.abilities import site_abilities, standing
from fabriques.programme.queries.memberships import fabriques_of


def _links(*pages: tuple[str, str]) -> list[Link]:
    return [Link(name, label, reverse(name)) for name, label in pages]


def mine(request: HttpRequest) -> list[Link]:
    return _links(("space", "Accueil de mon espace"))


def fabriques(request: HttpRequest) -> list[Link]:
    """The fabriques in which this person has a role; the ten latest."""
    return [
        Link("space-fabrique", str(fabrique), reverse("space-fabrique", args=[fabrique.code]))
        for fabrique in fabriques_of(standing(request.user).memberships)[:10]
    ]


def account(request: HttpRequest) -> list[Link]:
    return _links(
        ("space-profile", "Mon profil"),
        ("space-notifications", "Mes notifications"),
        ("mfa_index", "Sécurité de mon compte"),
        ("usersessions_list", "Mes appareils"),
        ("space-personal", "Mes données"),
        ("space-rights", "Qui peut faire quoi"),
    )


def steering(request: HttpRequest) -> list[Link]:
    """What only those who run the programme see."""
    can = site_abilities(request.user)
    pages = [
        (can.see_every_fabrique, "space-fabriques", "Toutes les fabriques"),
        (can.give_site_roles, "space-team", "L’équipe nationale"),
        (can.manage_people, "space-people", "Les personnes"),
        (can.manage_organisations, "space-organisations", "Les organisations"),
        (can.release_mails, "space-mails", "Les envois"),
        (can.read_journal, "space-journal", "Le journal"),
    ]
    return _links(*((name, label) for yes, name, label in pages if yes))
