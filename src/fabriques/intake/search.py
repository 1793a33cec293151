"""What can be found of a call. Only its words and dates: where it is changes with the day."""

from __future__ import annotations

from fabriques.intake.models import Call
from fabriques.kit.search import index
from fabriques.kit.search.index import Document
from fabriques.programme.search import RANK

KIND = "appel"


def put(call: Call) -> None:
    """Index a published call again."""
    index.put(document(call))


def document(call: Call) -> Document:
    parts = [
        call.question,
        call.presentation,
        str(call.main_transition or ""),
        ", ".join(item.name for item in call.programmes.order_by("name")),
        ", ".join(
            f"{partner.organisation.name} {partner.organisation.acronym}".strip()
            for partner in call.partners.select_related("organisation").order_by("pk")
        ),
    ]
    year = f" · {call.opens_on.year}" if call.opens_on else ""
    return Document(
        kind=KIND,
        code=call.slug,
        title=call.title,
        subtitle=f"Appel à volontaires{' annulé' if call.cancelled_at else ''}{year}",
        text="\n".join(part for part in parts if part),
        url=call.get_absolute_url(),
        rank=RANK,
    )
