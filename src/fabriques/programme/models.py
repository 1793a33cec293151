"""Fabriques, who takes part, who supports them, what came out, and where each fact comes from."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from fabriques.kit.dates import PartialDateField
from fabriques.kit.search.fields import BytewiseField
from fabriques.people.models import Organisation
from fabriques.programme.enums import (
    FABRIQUE_ROLES,
    PARTICIPATION_ROLES,
    SITE_ROLES,
    MemberRole,
    ResultKind,
    Role,
)
from fabriques.territories.models import NationalProgramme, Territory

UNKNOWN_TITLE = "Titre non publié"


class Source(models.Model):
    """A document or data set that facts are taken from."""

    slug = models.SlugField(max_length=60, unique=True)
    title = models.CharField("titre", max_length=300)
    publisher = models.CharField("éditeur", max_length=200, blank=True)
    date = PartialDateField("date")
    licence = models.CharField("licence", max_length=100, blank=True)
    url = models.URLField("adresse", max_length=300, blank=True)
    announced_territories = models.PositiveIntegerField(
        "territoires annoncés",
        null=True,
        blank=True,
        help_text="a total that the source gives, to hold against what we can list",
    )

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.title


class Transition(models.Model):
    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField("nom", max_length=100)

    class Meta:
        ordering = ["name", "slug"]

    def __str__(self) -> str:
        return self.name


class Fabrique(models.Model):
    """One fabrique prospective. The edition year is the year of initiation."""

    code = models.SlugField("identifiant", max_length=40, unique=True, help_text="fabp-01")
    slug = models.SlugField(max_length=120, unique=True)
    title = models.CharField("titre", max_length=300, blank=True)
    year = models.PositiveSmallIntegerField("édition", null=True, blank=True)
    initiator = models.ForeignKey(
        Organisation,
        models.PROTECT,
        related_name="initiatives",
        verbose_name="à l’initiative de",
        help_text="the ANCT for its own programme; another body for a comparable initiative",
    )
    main_transition = models.ForeignKey(
        Transition,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="transition principale",
        help_text="the one that the map's legend uses; also among the transitions",
    )
    transitions = models.ManyToManyField(Transition, related_name="fabriques", blank=True)
    programmes = models.ManyToManyField(NationalProgramme, related_name="fabriques", blank=True)
    context = models.TextField("contexte", blank=True)
    objective = models.TextField("objectif", blank=True)
    note = models.TextField("ce qui manque", blank=True)
    announced_start = PartialDateField("début annoncé")
    announced_end = PartialDateField("fin annoncée")
    actual_start = PartialDateField("début réel")
    actual_end = PartialDateField("fin réelle")
    sources = models.ManyToManyField(Source, related_name="fabriques")
    founded_at = models.DateTimeField(
        "fondée le",
        null=True,
        blank=True,
        help_text="founded on this site by a call: the file of facts leaves it alone",
    )

    class Meta:
        ordering = ["-year", "-code"]
        indexes = [models.Index(fields=["year", "code"])]

    def __str__(self) -> str:
        return self.title or f"{UNKNOWN_TITLE} ({self.code})"

    def get_absolute_url(self) -> str:
        return reverse("fabrique", args=[self.slug])

    @property
    def subject(self) -> str:
        """Its name in the journal."""
        return f"fabrique:{self.code}"


class Partnership(models.Model):
    """An organisation, or a researcher within one, in a role beside a fabrique."""

    fabrique = models.ForeignKey(Fabrique, models.CASCADE, related_name="partnerships")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="partnerships")
    role = models.CharField("rôle", max_length=12, choices=Role.choices)
    person = models.CharField("personne", max_length=200, blank=True)
    named = models.CharField("nommé par la source", max_length=200, blank=True)
    source = models.ForeignKey(Source, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["fabrique", "role", "organisation"]
        constraints = [
            models.UniqueConstraint(
                fields=["fabrique", "organisation", "role", "person"], name="partnership"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} : {self.organisation_id}"


class Participation(models.Model):
    """One territory in one fabrique. A territory may take part several times."""

    fabrique = models.ForeignKey(Fabrique, models.CASCADE, related_name="participations")
    territory = models.ForeignKey(Territory, models.PROTECT, related_name="participations")
    named = models.CharField("nommé par la source", max_length=200, blank=True)
    focus = models.CharField("périmètre travaillé", max_length=200, blank=True)
    focus_territory = models.ForeignKey(
        Territory, models.PROTECT, null=True, blank=True, related_name="focused_participations"
    )
    focus_generation = models.PositiveSmallIntegerField("génération du QPV", null=True, blank=True)
    local_question = models.TextField("question locale", blank=True)
    joined = PartialDateField("entrée")
    left = PartialDateField("sortie")
    # The ANCT's data set was read at several dates; two members left it.
    last_listed = PartialDateField("dernière version du jeu ANCT qui le contient")
    unlisted_by = PartialDateField("première version du jeu ANCT qui ne le contient plus")
    sources = models.ManyToManyField(Source, related_name="+")

    class Meta:
        ordering = ["fabrique", "territory"]
        constraints = [
            models.UniqueConstraint(
                fields=["fabrique", "territory", "focus"], name="participation_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.territory_id} dans {self.fabrique_id}"

    @property
    def subject(self) -> str:
        """Its name in the journal."""
        return f"participation:{self.pk}"


class Result(models.Model):
    """A public result or resource. A link, never a copy; the address only when it is known."""

    fabrique = models.ForeignKey(Fabrique, models.CASCADE, related_name="results")
    title = models.CharField("titre", max_length=300)
    kind = models.CharField("sorte", max_length=12, choices=ResultKind.choices)
    publisher = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="+"
    )
    date = PartialDateField("date")
    url = models.URLField("adresse", max_length=300, blank=True)
    source = models.ForeignKey(Source, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["fabrique", "date", "title"]
        constraints = [models.UniqueConstraint(fields=["fabrique", "title"], name="result_unique")]

    def __str__(self) -> str:
        return self.title


class FacetValue(models.Model):
    """A value that fabriques can be filtered by: one région, one year, one transition…"""

    dimension = models.CharField(max_length=12)
    value = models.CharField(max_length=60)
    label = models.CharField(max_length=200)
    sort = BytewiseField(max_length=200, help_text="the label without accents, to sort by")
    total = models.PositiveIntegerField(default=0, help_text="fabriques that have it")

    class Meta:
        ordering = ["dimension", "sort", "value"]
        constraints = [
            models.UniqueConstraint(fields=["dimension", "value"], name="facet_value_unique")
        ]

    def __str__(self) -> str:
        return f"{self.dimension}={self.value}"


class Overview(models.Model):
    """Read model of the list without filter: one row, rebuilt with the facets.

    `filters` is JSON, what `queries.filters.dimensions` gives then.
    """

    fabriques = models.PositiveIntegerField()
    filters = models.TextField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.fabriques} fabriques"


class Facet(models.Model):
    """Read model of the filters: which values a fabrique has, rebuilt in each change of it.

    `count` is how many of its participations carry the value; 1 for what belongs to the fabrique
    itself.
    """

    value = models.ForeignKey(FacetValue, models.CASCADE, related_name="facets")
    fabrique = models.ForeignKey(Fabrique, models.CASCADE, related_name="facets")
    count = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["value", "fabrique"]
        constraints = [models.UniqueConstraint(fields=["value", "fabrique"], name="facet_unique")]

    def __str__(self) -> str:
        return f"{self.value_id} : {self.fabrique_id}"


class Sheet(models.Model):
    """Read model of a fabrique's card and page: what they show, gathered in each change of it.

    Pages render it at each request; nothing in it is HTML.
    """

    fabrique = models.OneToOneField(Fabrique, models.CASCADE, related_name="sheet")
    heading = models.CharField(max_length=120, help_text="year and main transition")
    members = models.TextField(help_text="how many, then names with départements, by name")
    page = models.TextField(help_text="JSON, see `sheets.page`")

    class Meta:
        ordering = ["fabrique"]

    def __str__(self) -> str:
        return str(self.fabrique_id)


def _scoped() -> Q:
    """A role has the reach that it needs, no less and no more."""
    return (
        Q(role__in=SITE_ROLES, fabrique=None, participation=None, scope="site")
        | Q(role__in=FABRIQUE_ROLES, fabrique__isnull=False, participation=None)
        | Q(role__in=PARTICIPATION_ROLES, fabrique=None, participation__isnull=False)
    )


class Membership(models.Model):
    """A role that a person holds: over the whole programme, in a fabrique or in a participation.

    Open from `starts_on` to `ends_on`, both included, unless withdrawn before. Never deleted: what
    was done under it stays explained.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="memberships",
        verbose_name="personne",
    )
    role = models.CharField("rôle", max_length=10, choices=MemberRole.choices)
    fabrique = models.ForeignKey(
        Fabrique, models.PROTECT, null=True, blank=True, related_name="memberships"
    )
    participation = models.ForeignKey(
        Participation, models.PROTECT, null=True, blank=True, related_name="memberships"
    )
    scope = models.CharField("portée", max_length=60, help_text="see `scopes.Scope.key`")
    starts_on = models.DateField("du", default=timezone.localdate)
    ends_on = models.DateField("au", null=True, blank=True)
    given_by = models.CharField(
        "donné par", max_length=200, help_text="standing of the giver, in words that name nobody"
    )
    created_at = models.DateTimeField("inscrit le", default=timezone.now)
    withdrawn_at = models.DateTimeField("retiré le", null=True, blank=True)

    class Meta:
        ordering = ["scope", "role", "starts_on", "pk"]
        constraints = [
            models.CheckConstraint(condition=_scoped(), name="membership_scoped"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=models.F("starts_on")),
                name="membership_dates",
            ),
            models.UniqueConstraint(
                fields=["user", "role", "scope"],
                condition=Q(withdrawn_at=None),
                name="membership_open",
            ),
        ]
        indexes = [models.Index(fields=["user", "withdrawn_at"])]

    def __str__(self) -> str:
        return f"{self.get_role_display()} : {self.scope}"


class Invitation(models.Model):
    """A role offered to an address. The link holds a token of which only the digest is kept."""

    email = models.EmailField("adresse électronique")
    role = models.CharField("rôle", max_length=10, choices=MemberRole.choices)
    fabrique = models.ForeignKey(
        Fabrique, models.PROTECT, null=True, blank=True, related_name="invitations"
    )
    participation = models.ForeignKey(
        Participation, models.PROTECT, null=True, blank=True, related_name="invitations"
    )
    scope = models.CharField("portée", max_length=60)
    ends_on = models.DateField("rôle donné jusqu’au", null=True, blank=True)
    handed_over_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="whose roles in the participation pass to whoever accepts",
    )
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    invited_as = models.CharField("invité par", max_length=200)
    reason = models.CharField("pourquoi", max_length=500, blank=True)
    token_digest = models.CharField(max_length=64, unique=True)
    sends = models.PositiveSmallIntegerField(
        "envois", default=0, help_text="each sending makes a new link and voids the one before"
    )
    created_at = models.DateTimeField("envoyée le", default=timezone.now)
    expires_at = models.DateTimeField("valable jusqu’au")
    accepted_at = models.DateTimeField("acceptée le", null=True, blank=True)
    cancelled_at = models.DateTimeField("annulée le", null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=_scoped(), name="invitation_scoped"),
            models.UniqueConstraint(
                fields=["email", "role", "scope"],
                condition=Q(accepted_at=None, cancelled_at=None),
                name="invitation_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} : {self.get_role_display()}, {self.scope}"

    @property
    def is_valid(self) -> bool:
        """Whether its link still works."""
        return not self.accepted_at and not self.cancelled_at and self.expires_at > timezone.now()
