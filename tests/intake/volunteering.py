"""How declarations are written in tests: as their page sends them."""

from django.test import Client

from fabriques.intake.models import Call, Volunteer
from fabriques.intake.queries import volunteering as read
from fabriques.territories.models import Territory

SAID = {
    "local_question": "Comment vieillir ici ?",
    "motivation": "Nos habitants vieillissent.",
    "elected_name": "Josiane Petit",
    "elected_job": "maire",
    "elected_email": "maire@jonzac.test",
    "officer_name": "Thomas Le Goff",
    "officer_job": "directeur général",
    "officer_email": "dgs@jonzac.test",
}


def way_in(call: Call, territory: Territory | None = None) -> str:
    named = f"?territoire={read.key_of(territory)}" if territory else ""
    return f"/appels/{call.slug}/volontariat/{named}"


def edit(volunteer: Volunteer) -> str:
    return f"/espace/volontariats/{volunteer.ref}/modifier/"


def text_of(page) -> str:
    return page.content.decode().replace("\xa0", " ")


def sent(client: Client, volunteer: Volunteer, **fields):
    """Send the form as the page shows it, with these fields typed over."""
    form = client.get(edit(volunteer)).context["form"]
    shown = {name: form[name].value() or "" for name in form.fields if name != "letter"}
    shown.pop("remove_letter", None)
    return client.post(edit(volunteer), shown | fields)


def again(volunteer: Volunteer) -> Volunteer:
    return read.declarations().get(pk=volunteer.pk)
