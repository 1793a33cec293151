"""Tables that every domain writes to through `kit.journal` and `kit.search`."""

from django.db import models

from fabriques.kit.search.models import SearchEntry, SearchStamp, SearchTerm, SearchWord

__all__ = ["JournalEntry", "SearchEntry", "SearchStamp", "SearchTerm", "SearchWord"]


class JournalEntry(models.Model):
    """One change of one object. Never updated, never deleted."""

    subject = models.CharField("objet", max_length=120)
    verb = models.CharField("changement", max_length=120)
    actor = models.CharField("par", max_length=200)
    at = models.DateTimeField("le")
    before = models.JSONField("avant", default=dict)
    after = models.JSONField("après", default=dict)
    reason = models.TextField("pourquoi", blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["subject", "-at"])]

    def __str__(self) -> str:
        return f"{self.subject} : {self.verb}"

    @property
    def changed(self) -> list[str]:
        """The names of the fields that this entry changed."""
        return sorted({*self.before, *self.after})
