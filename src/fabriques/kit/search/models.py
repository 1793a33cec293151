"""An inverted index in plain tables, the same on SQLite and PostgreSQL.

Only `kit.search.index` writes here, only `kit.search.candidates` and `kit.search.vocabulary` read.
"""

from django.db import models

from fabriques.kit.search.fields import BytewiseField

# `ranking` compares whole titles, so `plain` is longer than the longest title can become ("st" →
# "saint"); terms and keys are cut, which only lets a few more candidates in.
TERM_LENGTH = 40
PLAIN_LENGTH = 800


class Place(models.IntegerChoices):
    """Where a term stands in its entry, the best place first."""

    KEY = 0, "a code or a whole name; the term is then `=` and its letters without separators"
    HEAD = 1, "first word of the title, articles apart"
    TITLE = 2, "elsewhere in the title"
    NAME = 3, "in another name, a former one for instance"
    TEXT = 4, "in the text"


class SearchEntry(models.Model):
    """One public object that can be found."""

    kind = BytewiseField(max_length=20)
    code = BytewiseField(max_length=64, help_text="unique within the kind; last tie-break")
    title = models.CharField(max_length=300)
    plain = BytewiseField(max_length=PLAIN_LENGTH, help_text="the normalised title, for ranking")
    subtitle = models.CharField(max_length=300, blank=True, help_text="shown, not searched")
    text = models.TextField(blank=True, help_text="what extracts are cut from")
    url = models.CharField(max_length=300)
    rank = models.IntegerField(default=0, help_text="static importance, higher first")

    class Meta:
        app_label = "kit"
        ordering = ["kind", "code"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "code"], name="search_entry_kind_code")
        ]

    def __str__(self) -> str:
        return self.title


class SearchTerm(models.Model):
    """A normalised word, or a key, that leads to an entry.

    `kind`, `code` and `rank` repeat those of the entry so that one index holds, for each word, its
    entries in the order in which candidates are taken: a word with 30,000 entries costs no more
    than its first few hundred.
    """

    # No constraint in the database: it would triple the time of a rebuild, and `index` is alone.
    entry = models.ForeignKey(
        SearchEntry, models.CASCADE, related_name="terms", db_index=False, db_constraint=False
    )
    kind = BytewiseField(max_length=20)
    term = BytewiseField(max_length=TERM_LENGTH)
    place = models.PositiveSmallIntegerField(choices=Place.choices)
    rank = models.IntegerField()
    code = BytewiseField(max_length=64)

    class Meta:
        app_label = "kit"
        ordering = ["kind", "term", "place", "-rank", "code"]
        indexes = [
            models.Index(
                fields=["kind", "term", "place", "-rank", "code", "entry"], name="search_term_order"
            ),
            models.Index(fields=["entry", "term"], name="search_term_entry"),
        ]

    def __str__(self) -> str:
        return f"{self.term} → {self.entry_id}"


class SearchWord(models.Model):
    """The vocabulary of a kind: what prefixes, stems and corrections are looked up in."""

    kind = BytewiseField(max_length=20)
    word = BytewiseField(max_length=TERM_LENGTH)
    stem = BytewiseField(max_length=TERM_LENGTH)
    entries = models.IntegerField(help_text="how many entries of the kind have the word")

    class Meta:
        app_label = "kit"
        ordering = ["kind", "word"]
        constraints = [models.UniqueConstraint(fields=["kind", "word"], name="search_word")]

    def __str__(self) -> str:
        return f"{self.kind} {self.word}"


class SearchStamp(models.Model):
    """Changes whenever the vocabulary of the kind does; its row is also the lock of writers.

    The value is drawn at random rather than counted: after a rolled-back transaction, a counter
    would come back to a value that the process remembers with other words.
    """

    kind = BytewiseField(max_length=20, primary_key=True)
    stamp = models.CharField(max_length=32)

    class Meta:
        app_label = "kit"
        ordering = ["kind"]

    def __str__(self) -> str:
        return f"{self.kind} {self.stamp}"
