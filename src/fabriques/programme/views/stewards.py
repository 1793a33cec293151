"""What the pages of those who run the programme begin with."""

from django.http import Http404, HttpRequest

from fabriques.kit.journal import Actor
from fabriques.people.current import signed_in
from fabriques.programme import abilities


def steward(request: HttpRequest, ability: str) -> Actor:
    """Who acts, as the journal names them; 404 for whoever lacks this ability."""
    user = signed_in(request)
    if not getattr(abilities.site_abilities(user), ability):
        raise Http404
    return abilities.acting(user)
