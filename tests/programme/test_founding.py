"""A fabrique founded on this site: it stands beside those of the file of facts."""

from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from fabriques.kit.journal import Actor, history
from fabriques.kit.outbox.models import Mail
from fabriques.programme import domain, facts, queries
from fabriques.programme.domain import Member, Origin
from fabriques.programme.enums import MemberRole, Role
from fabriques.programme.models import Fabrique, Invitation, Membership, Participation
from fabriques.programme.scopes import Scope
from fabriques.territories.models import Territory
from tests.factories import (
    make_fabrique,
    make_membership,
    make_organisation,
    make_territory,
    make_user,
)

ACTOR = Actor("essai")
TODAY = timezone.localdate


def found(*members: Territory, **fields: Any) -> Fabrique:
    defaults: dict[str, Any] = {
        "title": "Bien vieillir dans les territoires",
        "objective": "Comment vieillir chez soi ?",
        "origin": Origin("appel-vieillir", "Appel « Bien vieillir »", "http://localhost/appels/v/"),
        "members": [Member(territory, local_question="Et ici ?") for territory in members],
        "actor": ACTOR,
    }
    return domain.found_fabrique(**{**defaults, **fields})


@pytest.fixture
def anct(db: None) -> None:
    make_organisation(slug="anct", name="Agence nationale de la cohésion des territoires")


@pytest.mark.usefixtures("anct")
def test_it_is_there_for_all_at_once(client: Client) -> None:
    make_fabrique(code="fabp-22")
    commune, epci = make_territory(name="Plouézec"), make_territory("epci", name="CC du Test")
    partner = make_organisation(name="Réseau des aînés")
    fabrique = found(
        commune,
        epci,
        announced_start="2027-01",
        announced_end="2027-12",
        partners=[(partner, Role.PARTNER)],
    )
    assert (fabrique.code, fabrique.year) == ("fabp-23", 2027)
    assert fabrique.slug == "fabp-23-bien-vieillir-dans-les-territoires"
    page = client.get(fabrique.get_absolute_url()).content.decode()
    for words in ("Plouézec", "CC du Test", "Réseau des aînés", "janvier 2027", "fondée par essai"):
        assert words in page
    assert '<a href="http://localhost/appels/v/">Appel « Bien vieillir »</a>' in page
    assert "Plouézec" in client.get("/fabriques/?annee=2027").content.decode()
    assert queries.counters().fabriques == 2
    assert "Bien vieillir" in client.get("/donnees/fabriques.csv").content.decode()
    assert [entry.verb for entry in history(fabrique.subject)] == ["fondée"]


@pytest.mark.usefixtures("anct")
def test_the_edition_is_this_year_when_no_start_was_announced() -> None:
    assert found(make_territory()).year == TODAY().year


@pytest.mark.usefixtures("anct")
def test_each_takes_its_own_code() -> None:
    assert [found(make_territory()).code for _ in range(2)] == ["fabp-01", "fabp-02"]


def test_without_territory_or_without_the_anct_nothing_is_founded(db: None) -> None:
    with pytest.raises(domain.RefusedError, match="fiche de l’ANCT"):
        found(make_territory())
    make_organisation(slug="anct")
    with pytest.raises(domain.RefusedError, match="un territoire au moins"):
        found()
    assert not Fabrique.objects.exists()


@pytest.mark.usefixtures("anct")
def test_who_leaves_keeps_a_trace_and_loses_roles() -> None:
    fabrique = found(make_territory(name="Partant"), make_territory(name="Restant"))
    leaving = fabrique.participations.get(territory__name="Partant")
    held = make_membership(make_user(), role=MemberRole.OFFICER, participation=leaving)
    domain.invite(
        email="maire@essai.test",
        role=MemberRole.ELECTED,
        scope=Scope(participation=leaving),
        inviter=make_user(),
        actor=ACTOR,
    )
    domain.leave_fabrique(participation=leaving, actor=ACTOR, reason="élections")
    leaving.refresh_from_db()
    assert leaving.left == TODAY().isoformat()
    assert Membership.objects.get(pk=held.pk).withdrawn_at
    assert Invitation.objects.get(participation=leaving).cancelled_at
    assert Mail.objects.filter(kind="role-withdrawn", user=held.user).exists()
    assert "Sortie" in Client().get(fabrique.get_absolute_url()).content.decode()
    with pytest.raises(domain.RefusedError, match="déjà sorti"):
        domain.leave_fabrique(participation=leaving, actor=ACTOR)


@pytest.mark.usefixtures("anct")
def test_who_joins_later_is_a_member_from_that_day(client: Client) -> None:
    fabrique = found(make_territory())
    participation = domain.join_fabrique(
        fabrique=fabrique, member=Member(make_territory(name="Arrivant")), actor=ACTOR
    )
    assert participation.joined == TODAY().isoformat()
    assert list(participation.sources.values_list("slug", flat=True)) == ["appel-vieillir"]
    assert "Arrivant" in client.get(fabrique.get_absolute_url()).content.decode()


@pytest.mark.usefixtures("country")
def test_the_file_of_facts_leaves_it_alone(caplog: pytest.LogCaptureFixture) -> None:
    """Loaded again, even when somebody writes its code in the file for something else."""
    fabrique = found(Territory.objects.get(kind="commune", code="29019"))
    assert fabrique.code == "fabp-23"
    read = facts.read(settings.FACTS)
    before = domain.snapshot("fabp-23")
    assert domain.load_facts(facts=read, actor="essai") == []
    assert domain.snapshot("fabp-23") == before
    other = read.fabriques["fabp-22"] | {"slug": "fabp-23-autre", "title": "Une autre"}
    twice = replace(read, fabriques=read.fabriques | {"fabp-23": other})
    assert domain.load_facts(facts=twice, actor="essai") == []
    assert domain.snapshot("fabp-23") == before
    assert "fabp-23 : fondée sur ce site" in caplog.text
    assert Participation.objects.filter(fabrique=fabrique).count() == 1
    assert queries.counters().fabriques == 23
    call_command("check_facts")  # raises when something does not fit
