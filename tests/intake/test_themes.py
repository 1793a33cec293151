"""Themes: proposed, backed, answered."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fabriques.intake.domain import themes as verbs
from fabriques.intake.models import Call, Support, Theme
from fabriques.kit import journal
from fabriques.kit.journal import Actor
from fabriques.kit.outbox.models import Notice
from fabriques.people import stewardship
from fabriques.people.models import User
from fabriques.people.personal.erasure import erase
from fabriques.people.personal.export import sections
from fabriques.territories import search
from tests.factories import make_organisation, make_territory, make_user
from tests.guards import GuardedClient
from tests.intake.factories import make_steward

pytestmark = pytest.mark.django_db

ACTOR = Actor("essai")


@pytest.fixture(autouse=True)
def _without_second_factor(settings) -> None:
    settings.REQUIRE_SECOND_FACTOR = False


def as_(user: User) -> GuardedClient:
    client = GuardedClient()
    client.force_login(user)
    return client


def text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def proposal(**fields: Any) -> dict[str, Any]:
    return {
        "title": "Bien vieillir",
        "question": "Comment bien vieillir ici ?",
        "why": "Un habitant sur trois aura plus de 65 ans en 2040.",
        "proposer": "association",
        "version": 1,
    } | fields


def make_theme(author: User | None = None, **fields: Any) -> Theme:
    values = {"organisation": fields.pop("organisation", None) or make_organisation(), **fields}
    return verbs.propose_theme(values=proposal(**values), author=author or make_user(), actor=ACTOR)


def test_somebody_proposes_for_their_association() -> None:
    association = make_organisation(name="Association des petites villes", acronym="APV")
    user = make_user("Léa Morin", organisation=association)
    form = as_(user).get("/espace/themes/proposer/")
    assert "Association des petites villes" in form.content.decode()  # theirs is filled in
    answer = as_(user).post("/espace/themes/proposer/", proposal(organisation="APV"), follow=True)
    page = text(answer)
    assert "Association des petites villes" in page
    assert "par Léa Morin" in page
    theme = Theme.objects.get()
    assert theme.organisation == association
    assert "Bien vieillir" in text(as_(make_user()).get("/espace/themes/"))
    assert journal.history(theme.subject)[0].verb == "thème proposé"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"title": " "}, "Donnez un titre."),
        ({"question": ""}, "Écrivez la question."),
        ({"why": ""}, "Dites pourquoi maintenant."),
        ({"proposer": ""}, "Choisissez au nom de qui vous proposez."),
        ({"proposer": "anct"}, "Sélectionnez un choix valide"),
        ({"proposer": "programme"}, "Choisissez le programme."),
        ({"organisation": ""}, "Indiquez l’organisation."),
        ({"organisation": "Petites villes"}, "Voulez-vous dire : Association des petites villes"),
        ({"organisation": "Zzz"}, "Aucune organisation ne porte exactement ce nom."),
        ({"proposer": "territories"}, "Indiquez au moins deux territoires"),
        ({"proposer": "territories", "territories": "Nulle-Part"}, "« Nulle-Part » : aucun"),
        ({"title": "T" * 201}, "200"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(fields: dict[str, str], sentence: str) -> None:
    make_organisation(name="Association des petites villes")
    page = as_(make_user()).post("/espace/themes/proposer/", proposal(**fields))
    assert page.status_code == 200
    assert sentence in text(page)
    assert "Un habitant sur trois" in page.content.decode() or "why" in fields  # nothing is lost
    assert not Theme.objects.exists()


def test_a_group_of_territories_is_found_by_name_code_or_former_name() -> None:
    brest = make_territory(name="Brest", code="29019")
    new = make_territory("epci", name="CC du Pays bleu", code="200000001", siren="200000001")
    make_territory(
        "epci", name="CC Bleue", code="200000002", siren="200000002",
        closed_on="2024-01-01", successor=new,
    )  # fmt: skip
    for code in ("93066", "97411"):
        make_territory(name="Saint-Denis", code=code)
    search.rebuild()
    client = as_(make_user())
    typed = proposal(proposer="territories", territories="brest\n200000002\nSaint-Denis")
    page = client.post("/espace/themes/proposer/", typed)
    assert "« Saint-Denis » peut désigner" in text(page)
    assert "Saint-Denis (97411)" in text(page)
    typed["territories"] = "brest\n200000002\nSaint-Denis (97411)\n29019"
    client.post("/espace/themes/proposer/", typed)
    found = set(Theme.objects.get().territories.values_list("code", flat=True))
    assert found == {brest.code, new.code, "97411"}


def test_only_stewards_propose_for_the_anct() -> None:
    as_(make_steward()).post("/espace/themes/proposer/", proposal(proposer="anct"))
    assert Theme.objects.get().proposer == "anct"


def test_its_author_edits_and_withdraws_while_it_waits() -> None:
    author = make_user()
    theme = make_theme(author)
    client = as_(author)
    address = f"/espace/themes/{theme.ref}/"
    fields = proposal(title="Mieux vieillir", organisation=theme.organisation.name)
    assert client.post(f"{address}modifier/", fields).status_code == 302
    stale = client.post(f"{address}modifier/", fields | {"title": "Vieillir"})
    assert "Quelqu’un a modifié cette fiche" in text(stale)
    assert "Mieux vieillir" in text(stale)
    assert 'value="Vieillir"' in stale.content.decode()
    assert as_(make_user()).get(f"{address}modifier/").status_code == 404
    client.post(f"{address}retirer/")
    theme.refresh_from_db()
    assert (theme.title, theme.state) == ("Mieux vieillir", "withdrawn")
    assert client.get(f"{address}modifier/").status_code == 404
    assert "Mieux vieillir" not in text(client.get("/espace/themes/"))
    assert "Mieux vieillir" in text(client.get("/espace/themes/", {"etat": "withdrawn"}))


def test_others_back_it_once_and_may_change_their_mind() -> None:
    author, backer = make_user(), make_user("Awa Diop")
    theme = make_theme(author)
    client, address = as_(backer), f"/espace/themes/{theme.ref}/"
    for comment in ("Nos écoles ferment.", "Nos écoles et nos commerces ferment."):
        client.post(f"{address}soutenir/", {"on_behalf_of": "Mairie d’Ambert", "comment": comment})
    page = text(client.get(address))
    assert "1 soutien" in page
    assert "Awa Diop" in page
    assert "Mairie d’Ambert" in page
    assert "Nos écoles et nos commerces ferment." in page
    long = client.post(f"{address}soutenir/", {"comment": "x" * 1001})
    assert long.status_code == 200
    assert "1000" in text(long)
    client.post(f"{address}ne-plus-soutenir/")
    assert not Support.objects.exists()
    assert as_(author).post(f"{address}soutenir/", {}).status_code == 404  # goes without saying


def test_stewards_answer_and_the_author_is_told() -> None:
    author, steward = make_user(), make_steward()
    declined, kept = make_theme(author), make_theme(author, title="Se déplacer autrement")
    client = as_(steward)
    address = f"/espace/themes/{declined.ref}/repondre/"
    empty = client.post(address, {"decision": "decline", "answer": " "})
    assert "Écrivez ce que lira la personne qui propose." in text(empty)
    client.post(address, {"decision": "decline", "answer": "Déjà traité en 2022."})
    page = text(as_(author).get(declined.get_absolute_url()))
    assert "Non retenu" in page
    assert "Déjà traité en 2022." in page
    assert Notice.objects.get(user_id=author.pk).kind == "theme-answered"
    answer = client.post(
        f"/espace/themes/{kept.ref}/repondre/", {"decision": "keep", "answer": "En janvier."}
    )
    assert answer["Location"] == f"/espace/appels/nouveau/?theme={kept.ref}"
    form = client.get(answer["Location"])
    assert 'value="Se déplacer autrement"' in form.content.decode()
    fields = {
        "title": kept.title, "question": kept.question, "places_min": 4, "places_max": 8,
        "version": 1,
    }  # fmt: skip
    client.post(answer["Location"], fields)
    assert Call.objects.get().theme == kept
    assert "L’appel qui en est né" in text(client.get(kept.get_absolute_url()))
    assert "déjà sa réponse" in text(client.post(address, {"decision": "keep", "answer": "Oui."}))
    assert client.get(f"/espace/appels/nouveau/?theme={declined.ref}").status_code == 404
    assert as_(author).post(address, {"decision": "keep", "answer": "Oui"}).status_code == 404


def test_a_list_of_many_keeps_its_filters_and_its_queries() -> None:
    client = as_(make_user())

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/espace/themes/").status_code == 200
        return len(queries)

    make_theme()
    cost()
    few = cost()
    for number in range(25):
        theme = make_theme(title=f"Thème numéro {number}")
        verbs.back_theme(theme=theme, user=make_user(), on_behalf_of="", comment="", actor=ACTOR)
    assert cost() == few
    page = text(client.get("/espace/themes/", {"q": "numéro"}))
    assert "25 thèmes" in page
    assert "Page suivante" in page
    assert "Aucun thème ne correspond" in text(client.get("/espace/themes/", {"q": "introuvable"}))
    for nonsense in ({"etat": "x"}, {"page": "999"}, {"q": "a\0b"}):
        assert client.get("/espace/themes/", nonsense).status_code == 200


def test_proposing_is_limited() -> None:
    client = as_(make_user())
    answers = [client.post("/espace/themes/proposer/", {}).status_code for _ in range(21)]
    assert answers[-2:] == [200, 429]


def test_what_is_held_is_handed_over_then_erased() -> None:
    author, backer = make_user("Léa Morin"), make_user("Awa Diop")
    theme = make_theme(author)
    verbs.back_theme(theme=theme, user=backer, on_behalf_of="Mairie", comment="Oui.", actor=ACTOR)
    held = {section.name: section.content for section in sections(author)}
    assert held["themes"][0]["titre"] == "Bien vieillir"
    held = {section.name: section.content for section in sections(backer)}
    assert held["soutiens"][0]["au nom de"] == "Mairie"
    for user in (author, backer):
        erase(user=user, actor=ACTOR)
    page = text(as_(make_user()).get(theme.get_absolute_url()))
    assert "1 soutien" in page
    for gone in ("Léa Morin", "Awa Diop", "pour Mairie", "Oui."):
        assert gone not in page


def test_merged_persons_and_organisations_keep_what_they_proposed() -> None:
    kept, gone = make_user(), make_user()
    theme = make_theme(gone)
    other = make_theme()
    for user, comment in ((kept, "le mien"), (gone, "l’autre")):
        verbs.back_theme(theme=other, user=user, on_behalf_of="", comment=comment, actor=ACTOR)
    stewardship.merge_people(kept=kept, gone=gone, actor=ACTOR)
    theme.refresh_from_db()
    assert theme.author == kept
    assert Support.objects.get().comment == "le mien"
    body, double = make_organisation(), theme.organisation
    stewardship.merge_organisations(kept=body, gone=double, actor=ACTOR)
    theme.refresh_from_db()
    assert theme.organisation == body
