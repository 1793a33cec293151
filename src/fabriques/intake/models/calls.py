"""A call for volunteers, whom it is held with, what it asks and what it measures."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from fabriques.intake.enums import Phase, QuestionKind, Reach
from fabriques.intake.models.themes import Theme
from fabriques.kit.dates import PartialDateField
from fabriques.people.models import Organisation
from fabriques.programme.enums import Role
from fabriques.programme.models import Fabrique, Transition
from fabriques.territories.models import NationalProgramme, Territory

MOST_PLACES = 20


class Call(models.Model):
    """A question, a calendar and a number of places. Open from `opens_on` to `closes_on`, both
    included, in the time of the site; no state is stored that the dates already tell."""

    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField("titre", max_length=200)
    question = models.TextField("question posée", max_length=1000)
    presentation = models.TextField("présentation", max_length=8000, blank=True)
    theme = models.ForeignKey(
        Theme, models.SET_NULL, null=True, blank=True, related_name="calls", verbose_name="thème"
    )
    main_transition = models.ForeignKey(
        Transition,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="transition",
    )
    programmes = models.ManyToManyField(
        NationalProgramme, related_name="calls", blank=True, verbose_name="programmes nationaux"
    )
    places_min = models.PositiveSmallIntegerField(
        "au moins", default=4, validators=[MinValueValidator(1), MaxValueValidator(MOST_PLACES)]
    )
    places_max = models.PositiveSmallIntegerField(
        "au plus", default=8, validators=[MinValueValidator(1), MaxValueValidator(MOST_PLACES)]
    )
    opens_on = models.DateField("ouverture", null=True, blank=True)
    closes_on = models.DateField("clôture", null=True, blank=True)
    decides_on = models.DateField("annonce de la cohorte", null=True, blank=True)
    starts_on = PartialDateField("démarrage de la fabrique")
    ends_on = PartialDateField("fin de la fabrique")
    publish_pool = models.BooleanField(
        "publier la liste des territoires volontaires", default=False
    )
    publish_result = models.BooleanField(
        "publier le résultat : territoires retenus et en réserve", default=True
    )
    published_at = models.DateTimeField("publié le", null=True, blank=True)
    cancelled_at = models.DateTimeField("annulé le", null=True, blank=True)
    cancel_reason = models.CharField("pourquoi", max_length=500, blank=True)
    settled_at = models.DateTimeField(
        "décision arrêtée le",
        null=True,
        blank=True,
        help_text="the cohort is chosen, pending: only those who decide know",
    )
    cohort_size = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="places that the decision fills; the reserve keeps to it"
    )
    announced_at = models.DateTimeField(
        "annoncé le", null=True, blank=True, help_text="letters have left, the decision applies"
    )
    fabrique = models.OneToOneField(
        Fabrique, models.PROTECT, null=True, blank=True, related_name="call"
    )
    created_at = models.DateTimeField("créé le", default=timezone.now)
    version = models.PositiveIntegerField(default=1, help_text="raised by each change on screen")

    class Meta:
        ordering = ["-opens_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(places_min__lte=F("places_max")), name="call_places"
            ),
            models.CheckConstraint(
                condition=Q(closes_on=None) | Q(opens_on__lte=F("closes_on")), name="call_dates"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("call", args=[self.slug])

    @property
    def subject(self) -> str:
        """Its name in the journal."""
        return f"appel:{self.slug}"

    def phase_on(self, day: date) -> Phase:
        """Where it is on that day."""
        if self.cancelled_at:
            return Phase.CANCELLED
        if self.announced_at:
            return Phase.DECIDED
        if not self.published_at or not self.opens_on or not self.closes_on:
            return Phase.DRAFT
        if self.settled_at:  # maybe before its day: nobody volunteers for a chosen cohort
            return Phase.CLOSED
        if day < self.opens_on:
            return Phase.ANNOUNCED
        return Phase.OPEN if day <= self.closes_on else Phase.CLOSED

    @property
    def phase(self) -> Phase:
        return self.phase_on(timezone.localdate())

    @property
    def is_open(self) -> bool:
        """Whether territories can volunteer now."""
        return self.phase is Phase.OPEN

    @property
    def places(self) -> str:
        if self.places_min == self.places_max:
            return str(self.places_max)
        return f"{self.places_min} à {self.places_max}"


class Extension(models.Model):
    """A call closes later than was said: both dates stay known."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="extensions")
    was = models.DateField("clôture annoncée")
    becomes = models.DateField("nouvelle clôture")
    reason = models.CharField("pourquoi", max_length=500)
    at = models.DateTimeField("le", default=timezone.now)

    class Meta:
        ordering = ["call", "at", "pk"]

    def __str__(self) -> str:
        return f"{self.was} → {self.becomes}"


class CallPartner(models.Model):
    """An organisation beside a call: what it may see and do there."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="partners")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="call_partners")
    role = models.CharField("rôle", max_length=12, choices=Role.choices, default=Role.PARTNER)
    puts_forward = models.BooleanField("peut proposer des territoires", default=True)
    gives_opinion = models.BooleanField("donne un avis sur les volontaires", default=True)
    reach = models.CharField("voit", max_length=12, choices=Reach.choices, default=Reach.ALL)
    only_programme = models.ForeignKey(
        NationalProgramme,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="seulement les membres de",
    )

    class Meta:
        ordering = ["call", "role", "organisation"]
        constraints = [
            models.UniqueConstraint(fields=["call", "organisation"], name="call_partner_once")
        ]

    def __str__(self) -> str:
        return f"{self.organisation_id} : {self.call_id}"


class Reviewer(models.Model):
    """A person who acts for a partner of a call. Never deleted: opinions stay explained."""

    partner = models.ForeignKey(CallPartner, models.CASCADE, related_name="reviewers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="reviewerships")
    created_at = models.DateTimeField("depuis le", default=timezone.now)
    withdrawn_at = models.DateTimeField("retiré le", null=True, blank=True)

    class Meta:
        ordering = ["partner", "created_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "user"], condition=Q(withdrawn_at=None), name="reviewer_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} : {self.partner_id}"


class CallQuestion(models.Model):
    """A question of the call's own, asked to each volunteer."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="questions")
    position = models.PositiveSmallIntegerField("rang", default=1)
    label = models.CharField("question", max_length=300)
    help = models.CharField("précision", max_length=300, blank=True)
    kind = models.CharField(
        "réponse attendue", max_length=8, choices=QuestionKind.choices, default=QuestionKind.TEXT
    )
    choices = models.TextField("choix, un par ligne", max_length=2000, blank=True)
    required = models.BooleanField("réponse obligatoire", default=False)

    class Meta:
        ordering = ["call", "position", "pk"]

    def __str__(self) -> str:
        return self.label

    @property
    def choice_list(self) -> list[str]:
        return [line.strip() for line in self.choices.splitlines() if line.strip()]


class Indicator(models.Model):
    """A measure tied to the theme, imported for territories: the share of people over 75…"""

    call = models.ForeignKey(Call, models.CASCADE, related_name="indicators")
    slug = models.SlugField(max_length=60)
    name = models.CharField("indicateur", max_length=200)
    unit = models.CharField("unité", max_length=30, blank=True)
    source = models.CharField("source", max_length=300)
    year = models.CharField("année", max_length=20, blank=True)
    imported_at = models.DateTimeField("importé le", null=True, blank=True)

    class Meta:
        ordering = ["call", "name", "pk"]
        constraints = [models.UniqueConstraint(fields=["call", "slug"], name="indicator_slug")]

    def __str__(self) -> str:
        return self.name


class IndicatorValue(models.Model):
    indicator = models.ForeignKey(Indicator, models.CASCADE, related_name="values")
    territory = models.ForeignKey(Territory, models.CASCADE, related_name="+")
    value = models.FloatField("valeur")

    class Meta:
        ordering = ["indicator", "territory"]
        constraints = [
            models.UniqueConstraint(fields=["indicator", "territory"], name="indicator_value_once")
        ]

    def __str__(self) -> str:
        return f"{self.value}"
