"""What has to be there before the site is served: assets, tables, data. Each step runs once."""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor

from fabriques.intake import demo as calls
from fabriques.kit import assets
from fabriques.programme import demo, domain, facts
from fabriques.territories import search as territories_search
from fabriques.territories.imports import etalab, referential
from fabriques.territories.models import ImportRun

Say = Callable[[str], None]


def prepare_assets(say: Say) -> None:
    """Build the static files, unless the ones there were built from the same sources."""
    stamp = settings.VAR / "assets.stamp"
    sources = [
        settings.ROOT / "package-lock.json",
        *sorted((settings.PACKAGE / "static").rglob("*")),
        *sorted((settings.PACKAGE / "territories" / "mapping").glob("*.py")),
        Path(assets.__file__),
    ]
    digest = _digest(sources)
    if stamp.exists() and stamp.read_text() == digest:
        return
    say("Feuilles de style, polices et scripts…")
    settings.ASSETS.mkdir(parents=True, exist_ok=True)
    assets.build(settings.NODE_MODULES, settings.ASSETS)
    from fabriques.territories.mapping import outlines  # heavy, and not needed at the next start

    say("Contours de la carte…")
    outlines.build(settings.NODE_MODULES, settings.ASSETS / "map")
    say("Fichiers servis : empreintes et compression…")
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(digest)


def prepare_database(say: Say) -> None:
    """Create or update the tables."""
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        say("Tables de la base de données…")
        call_command("migrate", interactive=False, verbosity=0)


def prepare_data(say: Say) -> None:
    """Load the division of the country and the facts, unless these very versions are loaded."""
    source = settings.NODE_MODULES / "@etalab" / "decoupage-administratif" / "data"
    if not _loaded("referentiel", etalab.fingerprint(source)):
        say("Découpage administratif de la France (35 000 communes)…")
        referential.run(source, say)
    read = facts.read(settings.FACTS)
    if not _loaded("faits", read.digest):
        say("Fabriques prospectives…")
        domain.load_facts(facts=read, actor=domain.TEAM)
    # What is gathered for reading is gathered again when the code that gathers it has changed.
    digest = _digest(
        path
        for folder in ("kit/search", "programme", "territories")
        for path in sorted((settings.PACKAGE / folder).glob("*.py"))
    )
    if not _loaded("lecture", digest):
        say("Index de recherche et pages…")
        if ImportRun.objects.filter(name="lecture").exists():
            territories_search.rebuild()
            domain.reindex_fabriques()
        ImportRun.objects.create(name="lecture", source="code", digest=digest)


def prepare_demo(say: Say) -> None:
    """The made-up persons and calls of a demonstration; nothing where it is off."""
    if settings.DEMO and demo.install():
        say("Personnes de démonstration…")
    if settings.DEMO and calls.install():
        say("Appels de démonstration…")


def _loaded(name: str, digest: str) -> bool:
    last = ImportRun.objects.filter(name=name).order_by("-at", "-pk").first()
    return last is not None and last.digest == digest


def _digest(paths: Iterable[Path]) -> str:
    """One digest of the contents of these files, names included."""
    total = hashlib.sha256()
    for path in paths:
        if path.is_file():
            total.update(path.name.encode() + b"\0" + path.read_bytes())
    return total.hexdigest()
