"""The tables of the outbox: what there is to say, the letters that say it, who wants none."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone


class Rhythm(models.TextChoices):
    DAILY = "daily", "Un courriel par jour au plus, le matin"
    WEEKLY = "weekly", "Un courriel par semaine, le lundi matin"
    NONE = "none", "Aucun courriel, sauf ce qui touche à mon compte"


class State(models.TextChoices):
    REVIEW = "review", "à relire"
    WAITING = "waiting", "à envoyer"
    SENT = "sent", "envoyé"
    FAILED = "failed", "échoué"
    BOUNCED = "bounced", "refusé"
    CANCELLED = "cancelled", "annulé"


class Preference(models.Model):
    """How a person wants to be written to; the defaults for who has none."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="mail_preference"
    )
    rhythm = models.CharField("rythme", max_length=6, choices=Rhythm.choices, default=Rhythm.DAILY)
    refused = models.JSONField("sujets refusés", default=list, help_text="keys of notifications")

    class Meta:
        ordering = ["user"]

    def __str__(self) -> str:
        return f"{self.user_id} : {self.rhythm}"


class Batch(models.Model):
    """Letters that leave together, once somebody has reread them."""

    title = models.CharField("titre", max_length=200)
    kind = models.CharField(max_length=80)
    held_by = models.CharField(
        max_length=120,
        blank=True,
        help_text="subject of the act that alone lets it leave, with others; see `release_batch`",
    )
    created_at = models.DateTimeField("composé le", default=timezone.now)
    released_at = models.DateTimeField("parti le", null=True, blank=True)
    cancelled_at = models.DateTimeField("annulé le", null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.title

    @property
    def subject(self) -> str:
        """Its name in the journal."""
        return f"envoi:{self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether it waits for somebody to reread it."""
        return self.released_at is None and self.cancelled_at is None


class Mail(models.Model):
    """One letter to one address. Rendered when it leaves; a digest says its `notices`."""

    kind = models.CharField(max_length=80)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="mails"
    )
    address = models.CharField("adresse", max_length=254, blank=True, db_index=True)
    context = models.JSONField("contenu", default=dict)
    batch = models.ForeignKey(
        Batch, models.CASCADE, null=True, blank=True, related_name="mails", verbose_name="envoi"
    )
    digest_on = models.DateField("lettre du", null=True, blank=True)
    state = models.CharField(
        "état", max_length=9, choices=State.choices, default=State.WAITING, db_index=True
    )
    created_at = models.DateTimeField("composé le", default=timezone.now)
    due_at = models.DateTimeField("à envoyer le", default=timezone.now)
    claimed_at = models.DateTimeField(
        null=True, blank=True, help_text="a process is sending it since then"
    )
    attempts = models.PositiveSmallIntegerField("essais", default=0)
    sent_at = models.DateTimeField("envoyé le", null=True, blank=True)
    error = models.TextField("ce qui s’est passé", blank=True)
    # Nobody can guess it: who quotes it in a report has held the letter.
    ref = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="mail_latest"),
            models.Index(
                fields=["due_at"], condition=models.Q(state="waiting"), name="mail_to_send"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["user", "digest_on"], name="one_digest_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.get_state_display()})"


class NoticeQuerySet(models.QuerySet["Notice"]):
    def pending(self) -> NoticeQuerySet:
        """What nobody has been told yet."""
        return self.filter(settled_at=None)

    def since(self, moment: datetime) -> NoticeQuerySet:
        return self.filter(created_at__gt=moment)


class Notice(models.Model):
    """Something to tell a person. Settled once a letter carries it, or once it is left unsaid."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=80)
    about = models.CharField("objet", max_length=120, help_text="its subject in the journal")
    context = models.JSONField("contenu", default=dict)
    dated = models.DateField("daté du", null=True, blank=True)
    created_at = models.DateTimeField("composé le", default=timezone.now)
    settled_at = models.DateTimeField("réglé le", null=True, blank=True)
    mail = models.ForeignKey(
        Mail, models.SET_NULL, null=True, blank=True, related_name="notices", verbose_name="lettre"
    )

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(
                fields=["user"], condition=models.Q(settled_at=None), name="notice_pending"
            ),
            models.Index(fields=["user", "kind", "about", "-created_at"], name="notice_same"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} : {self.about}"


class Suppression(models.Model):
    """An address that must not be written to, known by its digest only.

    The digest is not keyed with the secret of the site: it must outlive a change of secret, or
    people who said stop would be written to again.
    """

    class Reason(models.TextChoices):
        UNDELIVERABLE = "undeliverable", "Cette adresse ne reçoit pas nos courriels."
        STOP = "stop", "Cette adresse a demandé à ne plus recevoir nos courriels."

    digest = models.CharField("empreinte de l’adresse", max_length=64)
    reason = models.CharField("raison", max_length=13, choices=Reason.choices)
    at = models.DateTimeField("le", default=timezone.now)

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["digest", "reason"], name="suppression_once")
        ]

    def __str__(self) -> str:
        return f"{self.digest[:8]}… : {self.reason}"
