"""The register of processing activities: nothing about persons is held without a stated purpose."""

from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django.test import Client

from fabriques.kit import purposes
from fabriques.people.models import User

# Fields that hold something of a person, by their type or by their name.
TYPES = (models.EmailField, models.GenericIPAddressField)
NAMES = {"name", "person", "email", "ip", "user_agent", "ref", "uid", "session_key", "actor", "to"}
THEIRS = ("account", "socialaccount", "mfa", "usersessions", "sessions")
# Models whose `name` or `ref` is that of a thing.
THINGS = {
    "people.Organisation",
    "people.FormerName",
    "territories.Territory",
    "territories.NationalProgramme",
    "territories.FormerCode",
    "territories.ImportRun",
    "programme.Transition",
    "intake.Composition",
    "intake.Indicator",
    "socialaccount.SocialApp",
    "kit.TickRun",
}


def holds_persons(model: type[models.Model]) -> bool:
    return any(
        isinstance(field, TYPES)
        or field.name in NAMES
        or (isinstance(field, models.ForeignKey) and field.related_model is User)
        for field in model._meta.get_fields()
    )


def examined() -> dict[str, type[models.Model]]:
    return {
        model._meta.label: model
        for model in apps.get_models()
        if model.__module__.startswith("fabriques.") or model._meta.app_label in THEIRS
    }


def test_every_model_about_persons_has_its_purpose() -> None:
    held = {label for label, model in examined().items() if holds_persons(model)}
    assert held - THINGS - purposes.claimed() == set()
    assert {"people.User", "usersessions.UserSession", "account.EmailAddress"} <= held


def test_no_purpose_speaks_of_a_model_that_is_not_there() -> None:
    known = {model._meta.label for model in apps.get_models()}
    assert purposes.claimed() - known == set()


def test_things_are_not_claimed_and_still_there() -> None:
    assert set(examined()) & THINGS & purposes.claimed() == set()


def test_every_purpose_is_complete_and_in_french_sentences() -> None:
    for purpose in purposes.purposes():
        sentences = (purpose.why, purpose.people, purpose.recipients, purpose.source)
        for text in (*sentences, purpose.retention_text):
            assert text.endswith("."), (purpose.key, text)
            assert "'" not in text, (purpose.key, text)
        assert purpose.data, purpose.key
        assert all(text and not text.endswith(".") for text in purpose.data), purpose.key


def test_a_key_is_taken_once() -> None:
    first = next(iter(purposes.purposes()))
    with pytest.raises(ValueError, match="registered twice"):
        purposes.register(first)


@pytest.mark.django_db
def test_the_page_says_how_to_write_to_the_data_protection_officer(
    client: Client, settings: Any
) -> None:
    assert "délégué·e" not in client.get("/donnees-personnelles/").content.decode()
    settings.SITE_DPO = "dpo@fabriques.test"
    page = client.get("/donnees-personnelles/").content.decode()
    assert '<a href="mailto:dpo@fabriques.test">' in page


@pytest.mark.django_db
def test_the_public_page_is_written_from_the_register(client: Client) -> None:
    page = client.get("/donnees-personnelles/")
    html = page.content.decode()
    for purpose in purposes.purposes():
        assert html.count(f'id="{purpose.key}"') == 1
        assert html.count(purpose.title) >= 2  # in the table, in its section
        assert purpose.retention_text in html
    assert "Responsable du traitement : Agence d’essai" in html
    assert "contact@fabriques.test" in html
    assert "https://www.cnil.fr/fr/plaintes" in html
    assert not page.cookies
