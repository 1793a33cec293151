"""Users, the organisations they belong to, what they consented to."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.validators import RegexValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone

from fabriques.kit.dates import PartialDateField
from fabriques.people.enums import OrganisationKind, Subject
from fabriques.territories.models import Territory


class Organisation(models.Model):
    """A body: the ANCT, an association of elected officials, a firm, a town hall."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField("nom", max_length=200)
    acronym = models.CharField("sigle", max_length=40, blank=True)
    kind = models.CharField("sorte", max_length=12, choices=OrganisationKind.choices)
    siren = models.CharField(
        "SIREN",
        max_length=9,
        blank=True,
        validators=[RegexValidator(r"^\d{9}$", "Un SIREN a neuf chiffres.")],
    )
    territory = models.ForeignKey(
        Territory,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="organisations",
        verbose_name="territoire",
        help_text="the territory that this body governs, when it governs one",
    )
    logo = models.FileField("logo", upload_to="logos", max_length=200, blank=True)
    version = models.PositiveIntegerField(default=1, help_text="raised by each change on screen")

    class Meta:
        ordering = ["name", "slug"]
        constraints = [
            models.UniqueConstraint(
                fields=["siren"],
                condition=~models.Q(siren=""),
                name="organisation_siren",
                violation_error_message="Une organisation porte déjà ce SIREN.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.acronym})" if self.acronym else self.name

    def get_absolute_url(self) -> str:
        return reverse("space-organisation", args=[self.slug])

    @property
    def subject(self) -> str:
        """Its name in the journal."""
        return f"organisation:{self.slug}"


class FormerName(models.Model):
    """A name that an organisation bore: AdCF for Intercommunalités de France."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="former_names")
    name = models.CharField("nom", max_length=200)
    acronym = models.CharField("sigle", max_length=40, blank=True)
    until = PartialDateField("jusqu’à")

    class Meta:
        ordering = ["-until", "name"]

    def __str__(self) -> str:
        return f"{self.name} ({self.acronym})" if self.acronym else self.name


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)

    def create_user(self, email: str, **fields: Any) -> User:
        """An account without password: people come in by code, ProConnect or passkey."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_unusable_password()
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person who can sign in.

    `ref` is the only name of a person in addresses and in the journal: it says nothing of them and
    outlives the erasure of everything else. An erased account keeps its row, so that counts and
    links hold, with no personal data left in it.
    """

    ref = models.UUIDField("référence", default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(
        "adresse électronique",
        unique=True,
        error_messages={"unique": "Un compte existe déjà avec cette adresse."},
    )
    name = models.CharField("prénom et nom", max_length=150, blank=True)
    job = models.CharField("fonction", max_length=150, blank=True)
    organisation = models.ForeignKey(
        Organisation,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="people",
        verbose_name="organisation",
    )
    is_active = models.BooleanField("compte ouvert", default=True)
    created_at = models.DateTimeField("créé le", default=timezone.now)
    confirmed_at = models.DateTimeField(
        "adresse confirmée le",
        null=True,
        blank=True,
        help_text="first sign-in that proved the address; accounts never confirmed are deleted",
    )
    seen_on = models.DateField("vu pour la dernière fois le", null=True, blank=True)
    warned_at = models.DateTimeField("prévenu le", null=True, blank=True)
    warnings = models.PositiveSmallIntegerField(
        "avertissements", default=0, help_text="before the account is erased for want of use"
    )
    erased_at = models.DateTimeField("effacé le", null=True, blank=True)
    version = models.PositiveIntegerField(default=1, help_text="raised by each change on screen")

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ["name", "email"]
        indexes = [models.Index(fields=["is_active", "seen_on"])]

    def __str__(self) -> str:
        """Never the address: names are shown to more people than addresses are."""
        if self.erased_at:
            return "Compte effacé"
        return self.name or "Personne sans nom"

    def get_absolute_url(self) -> str:
        return reverse("space-person", args=[self.ref])

    @property
    def subject(self) -> str:
        """Its name in the journal."""
        return f"personne:{self.ref}"


class Consent(models.Model):
    """What a person accepted, in which words, when, and when they took it back."""

    user = models.ForeignKey(User, models.CASCADE, related_name="consents")
    subject = models.CharField("sujet", max_length=20, choices=Subject.choices)
    wording = models.CharField("texte présenté", max_length=300)
    given_at = models.DateTimeField("donné le", default=timezone.now)
    withdrawn_at = models.DateTimeField("repris le", null=True, blank=True)

    class Meta:
        ordering = ["user", "subject", "-given_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "subject"],
                condition=models.Q(withdrawn_at=None),
                name="consent_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} : {self.get_subject_display()}"
