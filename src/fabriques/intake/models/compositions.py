"""Drafts of a cohort: rules, places, locks, proposals, and the fair draw."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils import timezone

from fabriques.intake.enums import Lock, Place, RuleKind
from fabriques.intake.models.calls import Call
from fabriques.intake.models.volunteers import Volunteer


class Composition(models.Model):
    """A draft of the cohort of a call. Several live side by side; one is settled on.

    `version` rises with each change of the draft, its rules or its places: whoever acts on an
    older one is told so. `proposals` holds the last answer of the engine, for `proposed_version`.
    """

    call = models.ForeignKey(Call, models.CASCADE, related_name="compositions")
    name = models.CharField("nom", max_length=120)
    note = models.TextField("note", max_length=2000, blank=True)
    places_min = models.PositiveSmallIntegerField(
        "au moins", null=True, blank=True, help_text="empty: as the call says"
    )
    places_max = models.PositiveSmallIntegerField("au plus", null=True, blank=True)
    levels = models.JSONField(default=list, help_text="levels of the objective, first to last")
    proposals = models.JSONField(null=True, blank=True)
    proposed_version = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField("créé le", default=timezone.now)
    archived_at = models.DateTimeField("archivé le", null=True, blank=True)
    settled_at = models.DateTimeField("retenu le", null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["call", "created_at", "pk"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("composition", args=[self.call.slug, self.pk])

    @property
    def places(self) -> tuple[int, int]:
        """Fewest and most members: its own, else those of the call."""
        if self.places_min is None or self.places_max is None:
            return self.call.places_min, self.call.places_max
        return self.places_min, self.places_max

    @property
    def subject(self) -> str:
        """Its name in the journal."""
        return f"composition:{self.pk}"


class Rule(models.Model):
    """One rule of a composition, hard or wished."""

    composition = models.ForeignKey(Composition, models.CASCADE, related_name="rules")
    position = models.PositiveSmallIntegerField(default=1)
    kind = models.CharField("règle", max_length=16, choices=RuleKind.choices)
    hard = models.BooleanField("impérative", default=True)
    weight = models.PositiveSmallIntegerField("poids d’un souhait", default=1)
    category = models.CharField("critère", max_length=80, blank=True)
    values = models.JSONField("valeurs", default=list, blank=True)
    count = models.PositiveSmallIntegerField("nombre", null=True, blank=True)

    class Meta:
        ordering = ["composition", "position", "pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.count or ''} {self.category}".strip()


class Placement(models.Model):
    """Where a composition puts one volunteer, and whether proposals may change it."""

    composition = models.ForeignKey(Composition, models.CASCADE, related_name="placements")
    volunteer = models.ForeignKey(Volunteer, models.CASCADE, related_name="placements")
    place = models.CharField(max_length=8, choices=Place.choices, blank=True)
    lock = models.CharField(max_length=4, choices=Lock.choices, blank=True)
    rank = models.PositiveSmallIntegerField("rang en réserve", null=True, blank=True)

    class Meta:
        ordering = ["composition", "place", "rank", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["composition", "volunteer"], name="placement_once")
        ]

    def __str__(self) -> str:
        return f"{self.volunteer_id} : {self.place or '—'}"


class Draw(models.Model):
    """A fair draw: chances and possible cohorts are published first, then seed and result.

    `lottery` is what the engine gave, volunteers by number; `digest` its SHA-256, so that nobody
    changes it between the two. `inputs` is the digest of what the engine was asked: when the rules,
    the locks or the volunteers are no longer those, the draw is void, stays shown, and another one
    may be published.
    """

    composition = models.ForeignKey(Composition, models.PROTECT, related_name="draws")
    lottery = models.JSONField()
    digest = models.CharField(max_length=64)
    inputs = models.CharField(max_length=64)
    seed_source = models.CharField(
        "d’où viendra la graine", max_length=300, help_text="an event that nobody here controls"
    )
    published_at = models.DateTimeField("chances publiées le", default=timezone.now)
    seed = models.CharField("graine", max_length=200, blank=True)
    drawn_at = models.DateTimeField("tiré le", null=True, blank=True)
    result = models.JSONField(null=True, blank=True)
    void_at = models.DateTimeField("sans effet depuis le", null=True, blank=True)
    void_reason = models.CharField("pourquoi", max_length=300, blank=True)

    class Meta:
        ordering = ["composition", "-published_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["composition"], condition=models.Q(void_at=None), name="draw_open"
            )
        ]

    def __str__(self) -> str:
        return f"tirage {self.composition_id}"
