"""A person as the journal names them."""

from fabriques.kit.journal import Actor
from fabriques.people.models import User


def actor_of(user: User, standing: str = "") -> Actor:
    """`standing` is what they act as; without it, a signed-in person."""
    return Actor(standing or "personne connectée", name=str(user), ref=str(user.ref))
