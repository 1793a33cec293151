"""What partners think of volunteers, and who must not look."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from fabriques.intake.enums import OpinionValue
from fabriques.intake.models.calls import Call, CallPartner
from fabriques.intake.models.volunteers import Volunteer
from fabriques.territories.models import Territory


class Opinion(models.Model):
    """One for each partner and volunteer, with its reasons."""

    partner = models.ForeignKey(CallPartner, models.CASCADE, related_name="opinions")
    volunteer = models.ForeignKey(Volunteer, models.CASCADE, related_name="opinions")
    value = models.CharField("avis", max_length=12, choices=OpinionValue.choices)
    reason = models.TextField("motif", max_length=2000)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="opinions"
    )
    given_at = models.DateTimeField("donné le", default=timezone.now)
    version = models.PositiveIntegerField(default=1, help_text="raised by each change on screen")

    class Meta:
        ordering = ["volunteer", "partner"]
        constraints = [
            models.UniqueConstraint(fields=["partner", "volunteer"], name="opinion_once")
        ]

    def __str__(self) -> str:
        return f"{self.get_value_display()} : {self.volunteer_id}"


class Conflict(models.Model):
    """A link of interest with a territory: whoever declared it, or all who act for the partner,
    see nothing of that territory's declaration, counts included."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="conflicts")
    territory = models.ForeignKey(Territory, models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="conflicts")
    partner = models.ForeignKey(
        CallPartner,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="conflicts",
        help_text="the whole partner is concerned, not only this person",
    )
    reason = models.CharField("lien d’intérêt", max_length=500, blank=True)
    declared_at = models.DateTimeField("déclaré le", default=timezone.now)
    lifted_at = models.DateTimeField("levé le", null=True, blank=True)

    class Meta:
        ordering = ["call", "declared_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["call", "territory", "user"],
                condition=Q(lifted_at=None),
                name="conflict_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} : {self.territory_id}"

    @property
    def subject(self) -> str:
        """Its name in the journal."""
        return f"conflit:{self.pk}"
