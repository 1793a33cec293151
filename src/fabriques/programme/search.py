"""What can be found of a fabrique."""

from collections.abc import Iterable, Iterator

from fabriques.kit.search.index import Document
from fabriques.programme.models import Fabrique

# On the scale of populations: of equally good answers, a fabrique comes before any commune.
RANK = 1_000_000


def documents(fabriques: Iterable[Fabrique]) -> Iterator[Document]:
    """One document each, from fabriques read by `queries.with_details`."""
    for fabrique in fabriques:
        members = ", ".join(
            f"{item.territory.name} {item.focus}".strip() for item in fabrique.participations.all()
        )
        partners = ", ".join(
            " ".join(
                part
                for part in (
                    item.person,
                    item.organisation.name,
                    item.organisation.acronym,
                    *(f"{old.name} {old.acronym}" for old in item.organisation.former_names.all()),
                )
                if part
            )
            for item in fabrique.partnerships.all()
        )
        parts = [
            fabrique.objective,
            fabrique.context,
            ", ".join(item.name for item in fabrique.transitions.all()),
            ", ".join(item.name for item in fabrique.programmes.all()),
            members and f"Territoires : {members}.",
            partners and f"Partenaires : {partners}.",
            ". ".join(item.title for item in fabrique.results.all()),
        ]
        yield Document(
            kind="fabrique",
            code=fabrique.code,
            title=str(fabrique),
            subtitle=f"Fabrique prospective · {fabrique.year or 'année non publiée'}",
            text="\n".join(part for part in parts if part),
            url=fabrique.get_absolute_url(),
            rank=RANK,
            keys=(fabrique.code,),
        )
