"""The division of the country, and which ANCT programmes each territory belongs to."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse

from fabriques.territories.enums import Accuracy, Kind, Nature

# Kinds that carry the plain address /territoires/<code>/.
PLAIN_KINDS = (Kind.COMMUNE, Kind.EPCI, Kind.EPT)
# The others, with the segment of their address.
SEGMENTS: dict[str, str] = {
    Kind.DEPARTEMENT: "departement",
    Kind.REGION: "region",
    Kind.QPV: "qpv",
    Kind.ARRONDISSEMENT: "autre",
    Kind.COLLECTIVITE: "autre",
    Kind.OTHER: "autre",
}


def address_of(kind: str, code: str) -> str:
    """The page of a territory, also where only its values were read."""
    if kind in PLAIN_KINDS:
        return f"{reverse('territories')}{code}/"  # many times a page: codes need no quoting
    return reverse("territory-other", args=[SEGMENTS[kind], code])


class Territory(models.Model):
    """A commune, a grouping, a division of the State, a priority district…

    `code` is the INSEE code of a commune, département, région or arrondissement, the SIREN of an
    EPCI or EPT, the QPV code of a district, else the code its source gives.
    A territory that disappears is closed, with its successor when there is one; never deleted.
    """

    kind = models.CharField("sorte", max_length=14, choices=Kind.choices)
    nature = models.CharField("nature", max_length=5, choices=Nature.choices, blank=True)
    code = models.CharField("code", max_length=20)
    siren = models.CharField("SIREN", max_length=9, blank=True)
    name = models.CharField("nom", max_length=200)
    generation = models.PositiveSmallIntegerField("génération (QPV)", null=True, blank=True)
    population = models.PositiveIntegerField("population", null=True, blank=True)
    postal_codes = models.CharField("codes postaux", max_length=600, blank=True)
    overseas = models.BooleanField("outre-mer", default=False)

    region = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="région"
    )
    departement = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="département"
    )
    arrondissement = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+"
    )
    epci = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="epci_members"
    )
    ept = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="ept_members"
    )
    communes = models.ManyToManyField(
        "self", symmetrical=False, blank=True, related_name="districts", help_text="of a QPV"
    )

    longitude = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(-180), MaxValueValidator(180)]
    )
    latitude = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(-90), MaxValueValidator(90)]
    )
    accuracy = models.CharField("position", max_length=11, choices=Accuracy.choices, blank=True)

    # Grids, blank until imported. For a grouping: the class where most of its inhabitants live.
    density = models.CharField("densité", max_length=80, blank=True)
    centrality = models.CharField("centralité", max_length=80, blank=True)
    mountain = models.CharField("massif", max_length=80, blank=True)
    rurality = models.CharField("ruralité", max_length=80, blank=True)

    closed_on = models.DateField("disparu le", null=True, blank=True)
    successor = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="predecessors"
    )

    class Meta:
        ordering = ["kind", "code"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "code"], name="territory_kind_code"),
        ]
        indexes = [
            models.Index(fields=["code"]),
            models.Index(fields=["siren"]),
            models.Index(fields=["kind", "overseas", "population"]),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return address_of(self.kind, self.code)

    @property
    def label(self) -> str:
        """What it is, in words: its legal nature when it has one, else its kind."""
        return str(Nature(self.nature).label if self.nature else Kind(self.kind).label)


class FormerCode(models.Model):
    """A code that once named a territory: an INSEE code before a change, a commune déléguée."""

    code = models.CharField(max_length=20, db_index=True)
    name = models.CharField(max_length=200, blank=True)
    territory = models.ForeignKey(Territory, models.CASCADE, related_name="former_codes")

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["code", "territory"], name="former_code_territory")
        ]

    def __str__(self) -> str:
        return f"{self.code} → {self.territory_id}"


class NationalProgramme(models.Model):
    """A programme that a territory may belong to: Action cœur de ville, Petites villes de demain…

    An unknown `id_*` column of the crossing file makes one whose name is its column.
    """

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField("nom", max_length=200)
    operator = models.CharField("porté par", max_length=200, blank=True)

    class Meta:
        ordering = ["name", "slug"]

    def __str__(self) -> str:
        return self.name


class ProgrammeMembership(models.Model):
    """One territory in one programme, under the identifier of the ANCT's files (`acv-001`)."""

    territory = models.ForeignKey(Territory, models.CASCADE, related_name="programme_memberships")
    programme = models.ForeignKey(NationalProgramme, models.CASCADE, related_name="memberships")
    external_id = models.CharField("identifiant", max_length=60, blank=True)
    label = models.CharField("libellé", max_length=200, blank=True)
    signed_on = models.DateField("signé le", null=True, blank=True)
    source = models.CharField("source", max_length=200, blank=True)
    origin = models.CharField(
        max_length=20, blank=True, help_text="import that keeps it up to date: only it may close it"
    )
    closed_on = models.DateField("sorti le", null=True, blank=True)

    class Meta:
        ordering = ["programme", "external_id"]
        constraints = [
            models.UniqueConstraint(
                fields=["territory", "programme", "external_id"], name="territory_in_programme"
            )
        ]

    def __str__(self) -> str:
        return f"{self.external_id or self.programme_id} : {self.territory_id}"


IMPORTS = {
    "referentiel": "Découpage administratif",
    "faits": "Faits sur les fabriques",
    "qpv": "Quartiers prioritaires",
    "acv": "Action cœur de ville",
    "pvd": "Petites villes de demain",
    "ti": "Territoires d’industrie",
    "croisement": "Croisement des programmes",
    "densite": "Grille de densité",
    "centralite": "Niveaux de centralité",
    "montagne": "Communes de montagne",
    "ruralite": "Types de ruralité",
    "positions": "Positions",
}


class ImportRun(models.Model):
    """What one import did: shown to those who run it, and on the page of open data."""

    name = models.CharField("import", max_length=40)
    source = models.CharField("source", max_length=300)
    digest = models.CharField("empreinte SHA-256", max_length=64)
    at = models.DateTimeField("le", auto_now_add=True)
    added = models.PositiveIntegerField("ajoutés", default=0)
    changed = models.PositiveIntegerField("modifiés", default=0)
    closed = models.PositiveIntegerField("fermés", default=0)
    rejected = models.PositiveIntegerField("refusés", default=0)

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.name} ({self.source})"

    @property
    def label(self) -> str:
        """Its name in the words of a page."""
        return IMPORTS.get(self.name, self.name)
