"""Everything held about a person, in one ZIP: one file for them to read, one for another software.

A domain registers what it holds with `register_export`. A record is a dict whose keys are the words
that the page shows; its values are JSON values, dates, lists or dicts of these. Secrets (digests
of tokens, keys of sessions, second factors) are never handed over: they would open the account.
"""

import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from fabriques.kit.purposes import purposes
from fabriques.people.models import User
from fabriques.people.personal.readable import readable

# Raised when a key of the JSON file changes its name or its meaning; LISEZMOI.txt describes it.
SCHEMA_VERSION = 1

Record = Mapping[str, Any]
Collect = Callable[[User], Sequence[Record] | Record]


@dataclass(frozen=True)
class Section:
    """One part of the export: a single record, or as many as there are."""

    name: str
    title: str
    content: Sequence[Record] | Record

    @property
    def records(self) -> list[SafeString]:
        """For the page: one piece of HTML by record."""
        records = [self.content] if isinstance(self.content, Mapping) else self.content
        return [readable(record) for record in records if record]


_exporters: dict[str, tuple[str, Collect]] = {}


def register_export(name: str, title: str, collect: Collect) -> None:
    """`collect(user)` gives the records of one section; `name` is its key in the JSON file.

    Raises ValueError when the name is already taken.
    """
    if name in _exporters:
        raise ValueError(f"export {name} is registered twice")
    _exporters[name] = (title, collect)


@transaction.atomic
def sections(user: User) -> list[Section]:
    """All that is held about this person, at one moment."""
    return [Section(name, title, collect(user)) for name, (title, collect) in _exporters.items()]


def archive(user: User) -> bytes:
    """The ZIP: `mes-donnees.json`, `mes-donnees.html`, `LISEZMOI.txt`."""
    now = timezone.localtime()
    context = {
        "site": settings.SITE_NAME,
        "operator": settings.SITE_OPERATOR,
        "contact": settings.SITE_CONTACT,
        "made_at": now,
        "version": SCHEMA_VERSION,
        "person": str(user),
        "sections": sections(user),
        "purposes": purposes(),
    }
    files = {
        "mes-donnees.json": _machine(context["sections"], now),
        "mes-donnees.html": render_to_string("people/personal_export.html", context),
        "LISEZMOI.txt": render_to_string("people/personal_readme.txt", context),
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name, now.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            zipped.writestr(entry, text)
    return content.getvalue()


def _machine(parts: Sequence[Section], now: datetime) -> str:
    document = {
        "version": SCHEMA_VERSION,
        "site": settings.SITE_NAME,
        "date": now,
        "rubriques": {part.name: {"titre": part.title, "contenu": part.content} for part in parts},
        "traitements": [
            {
                "clé": purpose.key,
                "titre": purpose.title,
                "pourquoi": purpose.why,
                "données": purpose.data,
                "base légale": purpose.basis.value,
                "destinataires": purpose.recipients,
                "durée": purpose.retention_text,
                "source": purpose.source,
            }
            for purpose in purposes()
        ],
    }
    return json.dumps(document, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
