"""The journal: what it keeps, what it refuses, what a verification finds."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from threading import Barrier
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase

from fabriques.kit import journal
from fabriques.kit.journal import SYSTEM, Actor, AppendOnlyError, BrokenError, Point, subjects
from fabriques.kit.models import JournalEntry, JournalText
from tests.guards import check_html

JEANNE = Actor("élue référente, Brest", name="Jeanne Le Goff", ref="ref-jeanne")
POSTGRES = connection.vendor == "postgresql"


def run(*statements: str) -> None:
    """As somebody would who writes in the database by hand."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def broken(since: Point | None = None) -> str:
    with pytest.raises(BrokenError) as caught:
        journal.verify(since)
    return str(caught.value)


@pytest.fixture
def entries(db: None) -> list[JournalEntry]:
    """Six entries; the fifth erases Jeanne, who wrote the first and whom the third is about."""
    journal.record(subject="fabrique:a", verb="créée", actor=JEANNE, after={"title": "Littoral"})
    journal.record(
        subject="fabrique:a",
        verb="mise à jour",
        actor="ANCT",
        before={"title": "Littoral"},
        after={"title": "Littoraux"},
        reason="Le nom était faux.",
    )
    journal.record(
        subject="personne:ref-jeanne", verb="compte ouvert", actor=SYSTEM, after={"nom": "Jeanne"}
    )
    journal.record(subject="fabrique:b", verb="créée", actor="ANCT", after={"year": 2022})
    assert journal.erase_person(ref="ref-jeanne")
    journal.record(subject="fabrique:b", verb="mise à jour", actor="ANCT", after={"year": 2023})
    return list(JournalEntry.objects.select_related("text").order_by("number"))


# --- Writing -----------------------------------------------------------------------------------


def test_an_entry_says_who_when_what_and_why(db: None) -> None:
    journal.record(subject="fabrique:a", verb="créée", actor="ANCT")
    journal.record(
        subject="fabrique:a",
        verb="mise à jour",
        actor=JEANNE,
        before={"title": "Littoral", "year": 2022},
        after={"title": "Littoraux", "note": ["é", None, True, 1.5, {"x": 1e16}]},
        reason="Le nom était faux.",
    )
    last, first = journal.history("fabrique:a")
    assert (first.number, first.previous) == (1, "0" * 64)
    assert (last.number, last.previous) == (2, first.digest)
    assert last.actor == "Jeanne Le Goff (élue référente, Brest)"
    assert first.actor == "ANCT"
    assert last.before == {"title": "Littoral", "year": 2022}
    assert last.after == {"title": "Littoraux", "note": ["é", None, True, 1.5, {"x": 1e16}]}
    assert last.changed == ["note", "title", "year"]
    assert last.reason == "Le nom était faux."
    assert first.before == first.after == {}
    assert first.reason == ""
    assert journal.verify() == journal.head() == Point(2, last.digest)
    assert (datetime.now(UTC) - last.at).total_seconds() < 60


def test_an_entry_costs_four_queries_and_a_history_one(db: None) -> None:
    journal.record(subject="fabrique:a", verb="créée", actor="ANCT")
    with CaptureQueriesContext(connection) as queries, transaction.atomic():
        journal.record(subject="fabrique:a", verb="mise à jour", actor=JEANNE, after={"x": 1})
    assert len([q for q in queries if "SAVEPOINT" not in q["sql"]]) == 4
    with CaptureQueriesContext(connection) as queries:
        assert [(e.actor, e.after, e.reason) for e in journal.history("fabrique:a")]
    assert len(queries) == 1


def test_a_change_that_fails_leaves_no_entry(db: None) -> None:
    with transaction.atomic():
        journal.record(subject="fabrique:a", verb="créée", actor="ANCT")
        transaction.set_rollback(True)
    journal.record(subject="fabrique:b", verb="créée", actor="ANCT")
    assert journal.verify().number == 1


def test_nothing_is_ever_changed_or_deleted(entries: list[JournalEntry]) -> None:
    entry = entries[1]
    tries: list[Callable[[], Any]] = [
        entry.save,
        entry.delete,
        entry.text.save,
        entry.text.delete,
        lambda: JournalEntry.objects.update(verb="x"),
        lambda: JournalEntry.objects.filter(number=1).delete(),
        lambda: JournalEntry.objects.bulk_create([]),
        lambda: JournalEntry.objects.bulk_update([entry], ["verb"]),
        lambda: JournalText.objects.update(reason="x"),
        lambda: JournalText.objects.all().delete(),
    ]
    for attempt in tries:
        with pytest.raises(AppendOnlyError), transaction.atomic():
            attempt()
    assert journal.verify().number == 6


@pytest.mark.parametrize(
    ("fields", "error", "told"),
    [
        (
            {"after": {"du": date(2026, 1, 1)}},
            TypeError,
            "after['du'] is datetime.date(2026, 1, 1)",
        ),
        ({"before": {"prix": Decimal("1.5")}}, TypeError, "before['prix'] is Decimal('1.5')"),
        ({"after": {"x": [1, {2, 3}]}}, TypeError, "after['x'][1] is {2, 3}"),
        ({"after": {"x": float("nan")}}, TypeError, "after['x'] is nan: JSON has no such number."),
        ({"after": {1: "x"}}, TypeError, "after has the key 1: the keys of JSON are texts."),
        ({"after": {"x": "a\0b"}}, ValueError, "after['x'] holds a character"),
        ({"reason": "\ud800"}, ValueError, "reason holds a character"),
        ({"actor": Actor("ANCT", name="\0")}, ValueError, "name holds a character"),
        ({"actor": ""}, ValueError, "The journal needs a standing."),
        ({"verb": ""}, ValueError, "The journal needs a verb."),
        ({"subject": ""}, ValueError, "The journal needs a subject."),
        ({"subject": "x" * 121}, ValueError, "subject is longer than 120 characters"),
    ],
)
def test_what_the_journal_cannot_keep_is_told(
    db: None, fields: dict[str, Any], error: type[Exception], told: str
) -> None:
    with pytest.raises(error) as caught:
        journal.record(**{"subject": "fabrique:a", "verb": "créée", "actor": "ANCT"} | fields)
    assert told in str(caught.value)
    assert journal.head() == Point()


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


class AnyValue(HypothesisTestCase):
    @settings(max_examples=60, deadline=None)
    @given(st.dictionaries(TEXTS, VALUES, max_size=3), TEXTS)
    def test_any_json_value_comes_back_as_it_was_and_verifies(
        self, values: dict[str, Any], reason: str
    ) -> None:
        journal.record(subject="essai:x", verb="essai", actor="essai", after=values, reason=reason)
        entry = JournalEntry.objects.select_related("text").get()
        assert entry.after == values
        assert entry.reason == reason
        assert journal.verify().number == 1


# --- Writers at once ---------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_writers_at_once_make_one_chain() -> None:
    writers, each = 8, 6
    start = Barrier(writers)

    def write(writer: int) -> None:
        person = Actor("essai", name=f"Personne {writer}", ref=f"ref-{writer}")
        try:
            start.wait()  # the head itself does not exist yet: they race for it too
            for number in range(each):
                with transaction.atomic():
                    journal.record(
                        subject=f"essai:{writer}",
                        verb=f"pas {number}",
                        actor=person,
                        after={"n": 1},
                    )
            if writer % 2:
                journal.erase_person(ref=person.ref)
        finally:
            connection.close()

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, range(writers)))
    assert journal.verify().number == writers * each + writers // 2
    for writer in range(writers):
        verbs = journal.history(f"essai:{writer}").order_by("number").values_list("verb", flat=True)
        assert list(verbs) == [f"pas {number}" for number in range(each)]


@pytest.mark.django_db(transaction=True)
def test_a_verification_goes_on_while_others_write() -> None:
    stop = Barrier(2)

    def write() -> None:
        try:
            for number in range(40):
                person = Actor("essai", name="Jeanne", ref=f"ref-{number}")
                journal.record(subject=f"personne:{person.ref}", verb="ouvert", actor=person)
                journal.erase_person(ref=person.ref)
            stop.wait()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(write)
        seen = 0
        while not stop.n_waiting and not done.done():
            seen = journal.verify(Point()).number
        stop.wait()
        done.result()
    assert seen <= journal.verify().number == 80


# --- Erasure -----------------------------------------------------------------------------------


def test_an_erased_person_is_named_nowhere_and_the_journal_holds(db: None) -> None:
    journal.record(subject="fabrique:a", verb="créée", actor=JEANNE, after={"title": "Littoral"})
    journal.record(
        subject="personne:ref-jeanne",
        verb="profil",
        actor=Actor("ANCT", name="Paul Martin", ref="ref-paul"),
        before={"nom": ""},
        after={"nom": "Jeanne Le Goff"},
        reason="À la demande de Jeanne.",
    )
    noted = journal.head()
    erasure = journal.erase_person(ref="ref-jeanne", actor=JEANNE, reason="À sa demande.")
    assert erasure is not None
    assert erasure.after == {"noms": [1], "contenus": [2]}
    assert erasure.actor == "élue référente, Brest"
    created, profile = JournalEntry.objects.order_by("number")[:2]
    assert created.actor == "une personne dont le compte est effacé (élue référente, Brest)"
    assert created.after == {"title": "Littoral"}  # what she changed stays readable
    assert profile.actor == "Paul Martin (ANCT)"
    assert (profile.before, profile.after, profile.reason) == ({}, {}, "")
    assert profile.verb == "profil"
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM kit_journaltext")
        kept = str(cursor.fetchall())
    assert "Jeanne" not in kept
    assert "ref-jeanne" not in kept
    assert journal.verify(noted).number == 3


def test_erasing_again_or_somebody_unknown_writes_nothing(entries: list[JournalEntry]) -> None:
    assert journal.erase_person(ref="ref-jeanne") is None
    assert journal.erase_person(ref="inconnue") is None
    with pytest.raises(ValueError, match="reference of a person"):
        journal.erase_person(ref="")
    assert journal.verify().number == 6


def test_what_is_written_after_an_erasure_can_be_erased_too(entries: list[JournalEntry]) -> None:
    journal.record(subject="fabrique:a", verb="mise à jour", actor=JEANNE)
    about = "personne:ref-jeanne"
    journal.record(subject=about, verb="rôle donné", actor="ANCT", after={"où": "Brest"})
    journal.record(subject=about, verb=journal.ERASED, actor="ANCT", reason="à sa demande")
    assert journal.names_person("ref-jeanne")
    erasure = journal.erase_person(ref="ref-jeanne")
    assert erasure is not None
    assert erasure.after == {"noms": [7], "contenus": [8]}
    assert not journal.names_person("ref-jeanne")
    assert journal.history(about)[0].reason == "à sa demande"  # why they were erased stays
    assert journal.verify().number == 10


def test_the_author_of_an_erasure_can_be_erased(entries: list[JournalEntry]) -> None:
    paul = Actor("ANCT", name="Paul Martin", ref="ref-paul")
    journal.record(subject="fabrique:a", verb="mise à jour", actor=Actor("élu", "Luc", "ref-luc"))
    first = journal.erase_person(ref="ref-luc", actor=paul)
    second = journal.erase_person(ref="ref-paul", actor=paul)
    assert first is not None
    assert second is not None
    assert second.after == {"noms": [first.number], "contenus": []}
    assert second.actor == "ANCT"
    assert journal.verify().number == second.number


# --- Verification ------------------------------------------------------------------------------

BLANK_NAME = "UPDATE kit_journaltext SET name='', ref='', who_salt='' WHERE entry_id={}"
BLANK_CONTENT = (
    "UPDATE kit_journaltext SET before='', after='', reason='', what_salt='' WHERE entry_id={}"
)
REMOVE = (
    "DELETE FROM kit_journaltext WHERE entry_id={0}",
    "DELETE FROM kit_journalentry WHERE number={0}",
)
COPY = (
    "INSERT INTO kit_journalentry"
    " (number, subject, verb, standing, at, who, what, previous, digest)"
    " SELECT {1}, subject, verb, standing, at, who, what, {2}, digest FROM kit_journalentry"
    " WHERE number={0}",
    "INSERT INTO kit_journaltext (entry_id, name, ref, who_salt, before, after, reason, what_salt)"
    " SELECT {1}, name, ref, who_salt, before, after, reason, what_salt FROM kit_journaltext"
    " WHERE entry_id={0}",
)
HEAD_DIGEST = "(SELECT digest FROM kit_journalhead)"


def removed(number: int) -> list[str]:
    return [statement.format(number) for statement in REMOVE]


def copied(number: int, to: int, previous: str = "previous") -> list[str]:
    return [statement.format(number, to, previous) for statement in COPY]


def moved(number: int, to: int) -> list[str]:
    return [*copied(number, to), *removed(number)]


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        (
            ['UPDATE kit_journaltext SET after=\'{"title":"Port"}\' WHERE entry_id=2'],
            "L’entrée 2 ne tient pas : son contenu a été modifié.",
        ),
        (
            ["UPDATE kit_journaltext SET reason='' WHERE entry_id=2"],
            "L’entrée 2 ne tient pas : son contenu a été modifié.",
        ),
        (
            ["UPDATE kit_journaltext SET before='pas du JSON' WHERE entry_id=2"],
            "L’entrée 2 ne tient pas : son contenu a été modifié.",
        ),
        (
            ["UPDATE kit_journaltext SET name='Paul' WHERE entry_id=4"],
            "L’entrée 4 ne tient pas : le nom de son auteur a été modifié.",
        ),
        (
            ["UPDATE kit_journalentry SET verb='supprimée' WHERE number=1"],
            "L’entrée 1 ne tient pas : son objet, son changement, sa date",
        ),
        (
            ["UPDATE kit_journalentry SET subject='fabrique:c' WHERE number=4"],
            "L’entrée 4 ne tient",
        ),
        (["UPDATE kit_journalentry SET standing='élu' WHERE number=1"], "L’entrée 1 ne tient pas"),
        (
            ["UPDATE kit_journalentry SET at='2020-01-01 00:00:00+00:00' WHERE number=2"],
            "L’entrée 2 ne tient pas",
        ),
        (removed(3), "L’entrée 3 manque : après l’entrée 2 vient la 4."),
        (removed(1), "L’entrée 1 manque : en tête vient la 2."),
        (removed(6), "L’entrée 6 manque : le journal allait jusqu’à l’entrée 6."),
        # With the erasure gone, nothing says why a name is blank.
        ([*removed(5), *removed(6)], "L’entrée 1 ne tient pas : le nom de son auteur a été vidé"),
        (copied(4, 7), "L’entrée 7 est de trop"),
        (
            [*copied(4, 7, HEAD_DIGEST), "UPDATE kit_journalhead SET number=7"],
            "L’entrée 7 ne tient pas",
        ),
        (copied(4, 0), "L’entrée 1 manque : en tête vient la 0."),
        (
            [*moved(2, 99), *moved(4, 2), *moved(99, 4)],
            "L’entrée 2 ne tient pas : elle ne suit pas",
        ),
        (["DELETE FROM kit_journaltext WHERE entry_id=2"], "son texte a été supprimé."),
        (
            [BLANK_NAME.format(4)],
            "L’entrée 4 ne tient pas : le nom de son auteur a été vidé, et aucun effacement",
        ),
        (
            [BLANK_CONTENT.format(2)],
            "L’entrée 2 ne tient pas : son contenu a été vidé, et aucun effacement",
        ),
        (
            # The list of an erasure is lengthened to cover one more name.
            [
                BLANK_NAME.format(4),
                """UPDATE kit_journaltext SET after='{"contenus":[3],"noms":[1,4]}'
                WHERE entry_id=5""",
            ],
            "L’entrée 5 ne tient pas : son contenu a été modifié.",
        ),
        (
            # An erasure made of nothing, out of the chain.
            [
                BLANK_NAME.format(4),
                *copied(5, 7),
                """UPDATE kit_journaltext SET after='{"contenus":[],"noms":[4]}'
                WHERE entry_id=7""",
            ],
            "L’entrée 7 est de trop",
        ),
        ([BLANK_CONTENT.format(5)], "L’entrée 1 ne tient pas : le nom de son auteur a été vidé"),
        (
            ["UPDATE kit_journaltext SET after='pas du JSON' WHERE entry_id=5"],
            "L’entrée 1 ne tient pas : le nom de son auteur a été vidé",
        ),
        (["UPDATE kit_journalhead SET digest='x'"], "L’entrée 6 n’a pas l’empreinte retenue"),
        (["DELETE FROM kit_journalhead"], "L’entrée 1 est de trop"),
    ],
)
def test_tampering_is_found_and_the_first_entry_named(
    entries: list[JournalEntry], statements: list[str], told: str
) -> None:
    assert journal.verify().number == 6
    run(*statements)
    assert broken().startswith(told) or told in broken()


def test_an_erased_name_that_comes_back_is_found(db: None) -> None:
    journal.record(subject="fabrique:a", verb="créée", actor=JEANNE)
    text = JournalText.objects.get()
    journal.erase_person(ref="ref-jeanne")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE kit_journaltext SET name=%s, ref=%s, who_salt=%s WHERE entry_id=1",
            [text.name, text.ref, text.who_salt],
        )
    assert "le nom de son auteur avait été effacé, et il est revenu" in broken()


def test_a_chain_rewritten_to_its_end_is_found_by_what_was_noted(
    entries: list[JournalEntry],
) -> None:
    """Somebody who knows the code can rebuild every digest, but not the one noted elsewhere."""
    noted, earlier = journal.head(), Point(4, entries[3].digest)
    entry = entries[5]
    entry.verb = "supprimée"
    digest = entry.computed_digest()
    run(
        f"UPDATE kit_journalentry SET verb='supprimée', digest='{digest}' WHERE number=6",
        f"UPDATE kit_journalhead SET digest='{digest}'",
    )
    assert journal.verify() == Point(6, digest)
    assert journal.verify(earlier) == Point(6, digest)
    assert broken(noted) == "L’entrée 6 n’a plus l’empreinte notée : le journal a été réécrit."


def test_the_last_entries_removed_with_their_head_are_found_by_what_was_noted(
    entries: list[JournalEntry],
) -> None:
    noted = journal.head()
    run(
        *removed(6),
        f"UPDATE kit_journalhead SET number=5, digest='{entries[4].digest}'",
    )
    assert journal.verify().number == 5
    assert broken(noted) == (
        "L’entrée 6 manque : l’entrée 6 avait été notée, le journal s’arrête à l’entrée 5."
    )


def test_the_command_prints_the_count_and_the_head(
    entries: list[JournalEntry], capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("verify_journal")
    out = capsys.readouterr().out
    assert "Le journal est intact : 6 entrées." in out
    assert f"numéro 6, empreinte {entries[5].digest}." in out
    call_command("verify_journal", "--since", "4", entries[3].digest.upper())
    assert "Rien n’a changé jusqu’à l’entrée 4, notée auparavant." in capsys.readouterr().out


def test_the_command_says_when_there_is_nothing(
    db: None, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("verify_journal")
    assert capsys.readouterr().out == "Le journal est vide.\n"


@pytest.mark.parametrize(
    ("since", "told"),
    [
        (("quatre", "a" * 64), "« quatre » n’est pas le numéro d’une entrée : 1, 2, 3…"),
        (("0", "a" * 64), "« 0 » n’est pas le numéro d’une entrée"),
        (("4", "abc"), "« abc » n’est pas une empreinte"),
        (("4", "z" * 64), "n’est pas une empreinte : il y faut 64 chiffres et lettres de a à f."),
        (("4", "a" * 64), "L’entrée 4 n’a plus l’empreinte notée"),
        (("9", "a" * 64), "L’entrée 7 manque : l’entrée 9 avait été notée"),
    ],
)
def test_the_command_refuses_what_does_not_hold(
    entries: list[JournalEntry], since: tuple[str, str], told: str
) -> None:
    with pytest.raises(CommandError) as caught:
        call_command("verify_journal", "--since", *since)
    assert told in str(caught.value)
    assert caught.value.returncode == 1


# --- Reading -----------------------------------------------------------------------------------


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two kinds of objects, as domains would register them."""
    monkeypatch.setattr(subjects, "_registered", dict(subjects._registered))
    journal.register_subject(
        "fabrique",
        label="Fabrique",
        address=lambda key: f"/fabriques/{key}/",
        fields={"title": "Titre", "year": "Édition"},
    )
    journal.register_subject(
        "personne",
        label="Personne",
        address=lambda key: None,
        titles=lambda found: {"personne:ref-paul": "Paul Martin"},
    )


def test_fields_and_values_are_shown_in_french(kinds: None, db: None) -> None:
    journal.record(
        subject="fabrique:a",
        verb="mise à jour",
        actor="ANCT",
        before={"year": 2022, "open": False, "title": ""},
        after={
            "year": 2023,
            "open": True,
            "title": "Fabrique : le littoral",
            "start_date": "2026-11-01",
            "who": ["personne:ref-paul", "personne:ref-luc"],
            "rate": 1.5,
            "where": {"lat": 48, "lon": None},
        },
    )
    [entry] = journal.shown(journal.history("fabrique:a"))
    assert (entry.kind, entry.title, entry.address) == ("Fabrique", "Fabrique a", "/fabriques/a/")
    assert [(c.label, c.before, c.after) for c in entry.changes] == [
        ("Open", "non", "oui"),
        ("Rate", "", "1,5"),
        ("Start date", "", "1er novembre 2026"),
        ("Titre", "", "Fabrique : le littoral"),
        ("Where", "", "lat : 48\nlon : "),
        ("Who", "", "Paul Martin\nPersonne ref-luc"),
        ("Édition", "2022", "2023"),
    ]


def test_what_is_long_is_read_in_a_table(kinds: None, db: None) -> None:
    journal.record(
        subject="fabrique:longue", verb="mise à jour", actor="essai", after={"title": "mot " * 80}
    )
    html = render_to_string("kit/history.html", {"entries": journal.history("fabrique:longue")})
    check_html(html, "kit/history.html")
    assert '<th scope="row" class="fr-cell--multiline">Titre</th>' in html
    assert ">(vide)</td>" in html


def test_a_history_is_a_list_that_says_what_was_erased(
    kinds: None, entries: list[JournalEntry]
) -> None:
    html = render_to_string("kit/history.html", {"entries": journal.history("fabrique:a")})
    check_html(html, "kit/history.html")
    assert "une personne dont le compte est effacé (élue référente, Brest)" in html
    assert "Pourquoi : Le nom était faux." in html
    assert "titre\u00a0: " in html
    assert "Littoral" in html
    assert "<table>" not in html
    assert "Fabrique a" not in html
    about = journal.history("personne:ref-jeanne")
    html = render_to_string("kit/history.html", {"entries": about, "subjects": True})
    assert "Personne ref-jeanne" in html
    assert "effacé avec le compte de la personne" in html
    html = render_to_string("kit/history.html", {"entries": journal.history("fabrique:rien")})
    assert "Aucun changement." in html


# --- The entries written before there was a chain ------------------------------------------------


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a site whose database is new and empty."""
    env = {**os.environ, "VAR_DIR": str(tmp_path), "SECRET_KEY": "essai", "DEBUG": "0"}
    env.pop("DATABASE_URL", None)
    if not POSTGRES:
        yield env
        return
    known = connection.settings_dict
    name = f"{known['NAME']}_journal"
    server = {
        "host": known["HOST"],
        "port": known["PORT"] or 5432,
        "user": known["USER"],
        "password": known["PASSWORD"],
    }
    with psycopg.connect(**server, dbname="postgres", autocommit=True) as session:
        session.execute(f'DROP DATABASE IF EXISTS "{name}"')
        session.execute(f'CREATE DATABASE "{name}"')
        who = f"{server['user']}:{server['password']}@{server['host']}:{server['port']}"
        yield env | {"DATABASE_URL": f"postgres://{who}/{name}"}
        session.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


# Identifiers with a hole; numbers and letters that each database writes in its way.
WRITE_AS_BEFORE = r"""
from django.db import connection, transaction

INSERT = (
    "INSERT INTO kit_journalentry (id, subject, verb, actor, at, before, after, reason)"
    " VALUES (%s, %s, 'mise à jour', 'l’équipe du site', '2026-01-02 03:04:05.678+00:00',"
    " '{\"titre\": \"\\u00e9té\", \"n\": 1e3}', '{}', '')"
)
with transaction.atomic(), connection.cursor() as cursor:
    for i in [*range(1, 700), *range(900, 1200)]:
        cursor.execute(INSERT, [i, f"fabrique:{i % 22}"])
"""
READ_AND_WRITE_ON = """
from fabriques.kit import journal

entry = journal.history("fabrique:3").last()
assert entry.number == 3 and entry.actor == "l’équipe du site", entry
assert entry.before == {"titre": "été", "n": 1000} and entry.after == {}, entry.before
assert journal.record(subject="a:b", verb="c", actor="d").number == 1000
assert journal.verify().number == 1000
"""


def test_the_entries_of_before_are_chained_by_the_migration(scratch: dict[str, str]) -> None:
    def fabriques(*arguments: str) -> str:
        command = [sys.executable, "-m", "fabriques", *arguments]
        done = subprocess.run(command, env=scratch, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    fabriques("migrate", "kit", "0001")
    fabriques("shell", "-c", WRITE_AS_BEFORE)
    fabriques("migrate", "kit")
    assert "Le journal est intact : 999 entrées." in fabriques("verify_journal").replace("\xa0", "")
    fabriques("shell", "-c", READ_AND_WRITE_ON)
