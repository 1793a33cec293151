"""Themes that somebody would like to see worked on."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from fabriques.intake.enums import Proposer, ThemeState
from fabriques.people.models import Organisation
from fabriques.territories.models import NationalProgramme, Territory


class Theme(models.Model):
    """A proposal, by whoever is signed in, on behalf of a body or of a group of territories."""

    ref = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    title = models.CharField("titre", max_length=200)
    question = models.TextField("question posée", max_length=1000)
    why = models.TextField("pourquoi maintenant", max_length=4000)
    proposer = models.CharField("proposé par", max_length=12, choices=Proposer.choices)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="themes"
    )
    programme = models.ForeignKey(
        NationalProgramme, models.PROTECT, null=True, blank=True, related_name="themes"
    )
    territories = models.ManyToManyField(Territory, related_name="themes", blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="themes"
    )
    state = models.CharField(
        "état", max_length=10, choices=ThemeState.choices, default=ThemeState.PROPOSED
    )
    answer = models.TextField("réponse", max_length=2000, blank=True)
    created_at = models.DateTimeField("proposé le", default=timezone.now)
    version = models.PositiveIntegerField(default=1, help_text="raised by each change on screen")

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("theme", args=[self.ref])

    @property
    def subject(self) -> str:
        """Its name in the journal."""
        return f"theme:{self.ref}"


class Support(models.Model):
    """Somebody backs a theme, for their organisation or their territory."""

    theme = models.ForeignKey(Theme, models.CASCADE, related_name="supports")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="supports")
    on_behalf_of = models.CharField("au nom de", max_length=200, blank=True)
    comment = models.TextField("en quoi cela vous concerne", max_length=1000, blank=True)
    created_at = models.DateTimeField("soutenu le", default=timezone.now)

    class Meta:
        ordering = ["theme", "created_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["theme", "user"], name="support_once")]

    def __str__(self) -> str:
        return f"{self.user_id} : {self.theme_id}"
