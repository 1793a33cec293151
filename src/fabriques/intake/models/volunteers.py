"""Territories that are invited, that volunteer, and what they say."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from fabriques.intake.enums import Outcome, VolunteerState, WayIn
from fabriques.intake.models.calls import Call, CallPartner, CallQuestion
from fabriques.kit.outbox.models import Mail
from fabriques.programme.models import Participation
from fabriques.territories.models import Territory


class CallInvitation(models.Model):
    """A territory asked to volunteer, by the ANCT or by a partner, at one address."""

    ref = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    call = models.ForeignKey(Call, models.CASCADE, related_name="invitations")
    territory = models.ForeignKey(Territory, models.PROTECT, related_name="+")
    email = models.EmailField("adresse électronique")
    way_in = models.CharField("voie", max_length=12, choices=WayIn.choices)
    partner = models.ForeignKey(
        CallPartner, models.SET_NULL, null=True, blank=True, related_name="invitations"
    )
    reason = models.TextField("pourquoi ce territoire", max_length=1000, blank=True)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField("préparée le", default=timezone.now)
    opened_at = models.DateTimeField("ouverte le", null=True, blank=True)
    reminded_at = models.DateTimeField("relancée le", null=True, blank=True)
    declined_at = models.DateTimeField("déclinée le", null=True, blank=True)
    declined_why = models.CharField("un mot", max_length=500, blank=True)
    cancelled_at = models.DateTimeField("annulée le", null=True, blank=True)
    # What was composed for it: their states say what is to reread, has left, did not arrive.
    letter = models.ForeignKey(Mail, models.SET_NULL, null=True, blank=True, related_name="+")
    reminder = models.ForeignKey(Mail, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["call", "created_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["call", "territory", "email"],
                condition=Q(cancelled_at=None),
                name="call_invitation_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.territory_id} : {self.call_id}"

    @property
    def subject(self) -> str:
        """Its name in the journal."""
        return f"invitation-appel:{self.ref}"


class Volunteer(models.Model):
    """A territory's declaration: a light one, that several people may write.

    What is decided about it is first pending (`pending_*`, seen by those who decide), then applied
    (`outcome`, seen by its authors) when the letters leave.
    """

    ref = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    call = models.ForeignKey(Call, models.PROTECT, related_name="volunteers")
    territory = models.ForeignKey(Territory, models.PROTECT, related_name="volunteerings")
    focus = models.CharField("périmètre travaillé", max_length=200, blank=True)
    focus_territory = models.ForeignKey(
        Territory, models.PROTECT, null=True, blank=True, related_name="+"
    )
    local_question = models.TextField("question locale", max_length=1500, blank=True)
    motivation = models.TextField("pourquoi nous", max_length=4000, blank=True)
    elected_name = models.CharField("élu·e : prénom et nom", max_length=150, blank=True)
    elected_job = models.CharField("élu·e : mandat", max_length=150, blank=True)
    elected_email = models.EmailField("élu·e : adresse électronique", blank=True)
    officer_name = models.CharField("technicien·ne : prénom et nom", max_length=150, blank=True)
    officer_job = models.CharField("technicien·ne : fonction", max_length=150, blank=True)
    officer_email = models.EmailField("technicien·ne : adresse électronique", blank=True)
    framing_letter = models.FileField(
        "lettre de cadrage ou délibération", upload_to="volontaires", max_length=200, blank=True
    )
    framing_letter_name = models.CharField(max_length=200, blank=True)
    way_in = models.CharField("voie", max_length=12, choices=WayIn.choices, default=WayIn.SELF)
    invitation = models.ForeignKey(
        CallInvitation, models.SET_NULL, null=True, blank=True, related_name="volunteers"
    )
    state = models.CharField(
        "état", max_length=10, choices=VolunteerState.choices, default=VolunteerState.DRAFT
    )
    number = models.PositiveIntegerField(
        "numéro", null=True, blank=True, help_text="given once, at the first submission"
    )
    link_number = models.PositiveIntegerField(
        default=1, help_text="raising it voids the links given before"
    )
    created_at = models.DateTimeField("commencée le", default=timezone.now)
    saved_at = models.DateTimeField("enregistrée le", default=timezone.now)
    submitted_at = models.DateTimeField("déposée le", null=True, blank=True)
    withdrawn_at = models.DateTimeField("retirée le", null=True, blank=True)
    withdrawal_reason = models.CharField("pourquoi", max_length=500, blank=True)
    pending_outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)
    pending_reason = models.TextField(max_length=2000, blank=True)
    outcome = models.CharField("décision", max_length=12, choices=Outcome.choices, blank=True)
    outcome_reason = models.TextField("motif", max_length=2000, blank=True)
    reserve_rank = models.PositiveSmallIntegerField("rang en réserve", null=True, blank=True)
    participation = models.OneToOneField(
        Participation, models.SET_NULL, null=True, blank=True, related_name="volunteer"
    )
    version = models.PositiveIntegerField(default=1, help_text="raised by each change on screen")

    class Meta:
        ordering = ["call", "number", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["call", "territory"],
                condition=~Q(state="withdrawn"),
                name="volunteer_once",
            ),
            models.UniqueConstraint(fields=["call", "number"], name="volunteer_number"),
        ]
        indexes = [models.Index(fields=["call", "state"])]

    def __str__(self) -> str:
        return f"{self.territory_id} : {self.call_id}"

    def get_absolute_url(self) -> str:
        return reverse("volunteer", args=[self.ref])

    @property
    def subject(self) -> str:
        """Its name in the journal."""
        return f"volontaire:{self.ref}"


class Author(models.Model):
    """Somebody who writes a declaration with others."""

    volunteer = models.ForeignKey(Volunteer, models.CASCADE, related_name="authors")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="volunteerings")
    joined_at = models.DateTimeField("depuis le", default=timezone.now)
    left_at = models.DateTimeField("parti le", null=True, blank=True)

    class Meta:
        ordering = ["volunteer", "joined_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["volunteer", "user"], condition=Q(left_at=None), name="author_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} : {self.volunteer_id}"


class JoinRequest(models.Model):
    """Somebody asks to write a declaration that others began for the same territory."""

    volunteer = models.ForeignKey(Volunteer, models.CASCADE, related_name="join_requests")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="join_requests")
    created_at = models.DateTimeField("demandé le", default=timezone.now)
    answered_at = models.DateTimeField("répondu le", null=True, blank=True)
    accepted = models.BooleanField("acceptée", default=False)

    class Meta:
        ordering = ["volunteer", "created_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["volunteer", "user"],
                condition=Q(answered_at=None),
                name="join_request_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} : {self.volunteer_id}"


class Answer(models.Model):
    """To a question of the call; several choices are one per line."""

    volunteer = models.ForeignKey(Volunteer, models.CASCADE, related_name="answers")
    question = models.ForeignKey(CallQuestion, models.CASCADE, related_name="answers")
    text = models.TextField("réponse", max_length=4000)

    class Meta:
        ordering = ["volunteer", "question"]
        constraints = [
            models.UniqueConstraint(fields=["volunteer", "question"], name="answer_once")
        ]

    def __str__(self) -> str:
        return self.text[:60]
