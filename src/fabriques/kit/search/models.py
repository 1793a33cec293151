"""An inverted index in two plain tables, the same on SQLite and PostgreSQL."""

from django.db import models


class SearchEntry(models.Model):
    """One public object that can be found."""

    kind = models.CharField(max_length=20)
    code = models.CharField(max_length=64, help_text="unique within the kind; last tie-break")
    title = models.CharField(max_length=300)
    subtitle = models.CharField(max_length=300, blank=True)
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
    """A normalised word or stem that leads to an entry."""

    entry = models.ForeignKey(SearchEntry, models.CASCADE, related_name="terms")
    term = models.CharField(max_length=40, db_collation=None)
    field = models.PositiveSmallIntegerField(help_text="where it stands: title, code, text")

    class Meta:
        app_label = "kit"
        indexes = [models.Index(fields=["term", "entry"], name="search_term_entry")]

    def __str__(self) -> str:
        return self.term
