"""Our own tables: one row a participation, and the workbook that holds everything."""

from collections.abc import Callable, Iterable
from typing import Any

from fabriques.kit.exports import Column, Table
from fabriques.people.models import Organisation
from fabriques.programme import queries
from fabriques.programme.enums import Role
from fabriques.programme.exports.records import ROLES, focus_record
from fabriques.programme.models import Fabrique, Participation, Partnership, Result, Source

SEPARATOR = " ; "
Row = tuple[Fabrique, Any]


def details() -> list[Fabrique]:
    return list(queries.with_details(Fabrique.objects.order_by("code")))


def _joined(texts: Iterable[str]) -> str:
    return SEPARATOR.join(dict.fromkeys(text for text in texts if text))


def _of_fabrique(read: Callable[[Fabrique], object]) -> Callable[[Row], object]:
    return lambda row: read(row[0])


def _short(organisation: Organisation) -> str:
    return organisation.acronym or organisation.name


def _partners(role: Role) -> Callable[[Fabrique], str]:
    def read(fabrique: Fabrique) -> str:
        return _joined(
            f"{item.person} ({_short(item.organisation)})"
            if item.person
            else _short(item.organisation)
            for item in fabrique.partnerships.all()
            if item.role == role
        )

    return read


_FABRIQUE: list[tuple[str, str, Callable[[Fabrique], object], str, str]] = [
    ("id_fabp", "Fabrique", lambda f: f.code, "text", "identifiant de la fabrique"),
    ("lib_fabp", "Titre", lambda f: f.title, "text", "titre, vide s’il n’est pas publié"),
    ("annee", "Édition", lambda f: f.year, "number", "année de lancement"),
    ("initiateur", "À l’initiative de", lambda f: str(f.initiator), "text", ""),
    ("debut_annonce", "Début annoncé", lambda f: f.announced_start, "date", ""),
    ("fin_annoncee", "Fin annoncée", lambda f: f.announced_end, "date", ""),
    ("debut_reel", "Début réel", lambda f: f.actual_start, "date", ""),
    ("fin_reelle", "Fin réelle", lambda f: f.actual_end, "date", ""),
    (
        "transitions",
        "Transitions",
        lambda f: _joined(item.name for item in f.transitions.all()),
        "text",
        "séparées par des points-virgules",
    ),
    (
        "programmes",
        "Programmes liés",
        lambda f: _joined(item.name for item in f.programmes.all()),
        "text",
        "",
    ),
    *((ROLES[role].replace("-", "_"), role.label, _partners(role), "text", "") for role in Role),
]


def _fabrique_columns() -> list[Column]:
    return [
        Column(name, title, _of_fabrique(read), kind, note)  # type: ignore[arg-type]
        for name, title, read, kind, note in _FABRIQUE
    ]


def _column(
    name: str, title: str, read: Callable[[Any], object], kind: Any = "text", note: str = ""
) -> Column:
    return Column(name, title, lambda row: read(row[1]), kind, note)


def _focus(field: str) -> Callable[[Participation], object]:
    def read(item: Participation) -> object:
        focus = focus_record(item)
        return getattr(focus, field) if focus else None

    return read


def _division(field: str, part: str) -> Callable[[Participation], object]:
    def read(item: Participation) -> object:
        division = getattr(item.territory, field)
        return getattr(division, part) if division else None

    return read


PARTICIPATION_COLUMNS = (
    *_fabrique_columns(),
    _column("sorte", "Sorte", lambda p: p.territory.get_kind_display()),
    _column("nature_juridique", "Nature", lambda p: p.territory.nature),
    _column("code_territoire", "Code", lambda p: p.territory.code, note="INSEE ou SIREN"),
    _column("siren", "SIREN", lambda p: p.territory.siren),
    _column("territoire", "Territoire", lambda p: p.territory.name),
    _column("code_departement", "Code dép.", _division("departement", "code")),
    _column("departement", "Département", _division("departement", "name")),
    _column("code_region", "Code rég.", _division("region", "code")),
    _column("region", "Région", _division("region", "name")),
    _column("outre_mer", "Outre-mer", lambda p: p.territory.overseas),
    _column("disparu_le", "Disparu le", lambda p: p.territory.closed_on, "date"),
    _column("perimetre", "Périmètre travaillé", _focus("nom")),
    _column("code_qpv", "Code du QPV", _focus("code_qpv")),
    _column(
        "generation_qpv",
        "Génération du QPV",
        _focus("generation_qpv"),
        "number",
        "2015, 2024",
    ),
    _column("question_locale", "Question locale", lambda p: p.local_question),
    _column("entree", "Entrée", lambda p: p.joined, "date"),
    _column("sortie", "Sortie", lambda p: p.left, "date"),
    _column("jeu_anct", "Dans le jeu de l’ANCT", lambda p: not p.unlisted_by),
    _column("jeu_anct_avec", "Dernière version qui le contient", lambda p: p.last_listed, "date"),
    _column("jeu_anct_sans", "Première version sans lui", lambda p: p.unlisted_by, "date"),
    _column("nomme_par_la_source", "Nommé par la source", lambda p: p.named),
    _column("sources", "Sources", lambda p: _joined(s.slug for s in p.sources.all())),
)


def participations(fabriques: list[Fabrique] | None = None) -> Table:
    """One row a participation, with the columns of its fabrique."""
    return Table(
        "Participations",
        PARTICIPATION_COLUMNS,
        [
            (fabrique, participation)
            for fabrique in (details() if fabriques is None else fabriques)
            for participation in fabrique.participations.all()
        ],
    )


def _partnerships(fabriques: list[Fabrique]) -> Table:
    order = list(Role)
    rows = [
        (fabrique, item)
        for fabrique in fabriques
        for item in sorted(
            fabrique.partnerships.all(), key=lambda item: order.index(Role(item.role))
        )
    ]

    def column(name: str, title: str, read: Callable[[Partnership], object]) -> Column:
        return _column(name, title, read)

    return Table(
        "Partenaires",
        [
            *_fabrique_columns()[:3],
            column("role", "Rôle", lambda p: p.get_role_display()),
            column("organisation", "Organisation", lambda p: p.organisation.name),
            column("sigle", "Sigle", lambda p: p.organisation.acronym),
            column("personne", "Personne", lambda p: p.person),
            column("nomme_par_la_source", "Nommé par la source", lambda p: p.named),
            column("source", "Source", lambda p: p.source.slug),
        ],
        rows,
    )


def _results(fabriques: list[Fabrique]) -> Table:
    def column(
        name: str, title: str, read: Callable[[Result], object], kind: Any = "text"
    ) -> Column:
        return _column(name, title, read, kind)

    return Table(
        "Résultats",
        [
            *_fabrique_columns()[:3],
            column("titre", "Résultat", lambda r: r.title),
            column("sorte", "Sorte", lambda r: r.get_kind_display()),
            column("editeur", "Éditeur", lambda r: str(r.publisher) if r.publisher else ""),
            column("date", "Date", lambda r: r.date, "date"),
            column("url", "Adresse", lambda r: r.url, "url"),
            column("source", "Source", lambda r: r.source.slug),
        ],
        [(fabrique, item) for fabrique in fabriques for item in fabrique.results.all()],
    )


def _summaries(fabriques: list[Fabrique]) -> Table:
    return Table(
        "Fabriques",
        [
            *_fabrique_columns(),
            _column(
                "participations", "Participations", lambda f: len(f.participations.all()), "number"
            ),
            _column("contexte", "Contexte", lambda f: f.context),
            _column("objectif", "Objectif", lambda f: f.objective),
            _column("ce_qui_manque", "Ce qui manque", lambda f: f.note),
        ],
        [(fabrique, fabrique) for fabrique in fabriques],
    )


def _sources() -> Table:
    return Table(
        "Sources",
        [
            Column("code", "Code", "slug"),
            Column("titre", "Titre", "title"),
            Column("editeur", "Éditeur", "publisher"),
            Column("date", "Date", "date", "date"),
            Column("licence", "Licence", "licence"),
            Column("url", "Adresse", "url", "url"),
        ],
        Source.objects.order_by("slug"),
    )


def workbook() -> list[Table]:
    """The sheets of the spreadsheet: participations first, then what has several lines each."""
    fabriques = details()
    return [
        participations(fabriques),
        _summaries(fabriques),
        _partnerships(fabriques),
        _results(fabriques),
        _sources(),
    ]
