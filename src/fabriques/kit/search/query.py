"""The search itself: from what a visitor typed to ordered answers.

    results = find("st brieuc", kinds={"territoire"})
    [hit.title for hit in results.hits]          # ["Saint-Brieuc", …]

Every word must match: exactly, by its stem, by its beginning, or, when it has none of these in any
kind asked for, by a correction. When no entry has all the words, corrections of every word are
tried, and then entries with most of the words are given, and `partial` says so. Two or three
queries a search, six at most, however many entries there are; one more when the vocabulary of a
kind changed.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.safestring import SafeString

from fabriques.kit.search import kinds as kinds_of_objects
from fabriques.kit.search.candidates import Selection, select_all, select_some
from fabriques.kit.search.conditions import keys_of, known
from fabriques.kit.search.extract import Marker, composed, corrected
from fabriques.kit.search.index import compact, key
from fabriques.kit.search.models import SearchEntry
from fabriques.kit.search.ranking import Candidate, Query, Word, judge, score
from fabriques.kit.search.text import core, normalise, significant
from fabriques.kit.search.vocabulary import Vocabulary, load, tolerance

# What lies beyond is ignored: nobody's question is longer, and work stays bounded.
QUERY_LENGTH = 200
QUERY_WORDS = 8


@dataclass(frozen=True)
class Hit:
    """One answer. `marked` (the title) and `extract` are safe HTML with <mark> around words.

    `extract` is cut from the text, or is the title when the words stand only there.
    """

    kind: str
    code: str
    title: str
    subtitle: str
    url: str
    score: int
    marked: SafeString
    extract: SafeString


@dataclass(frozen=True)
class Results:
    """Answers in order.

    - `total`: number of answers of each kind that has some; for the kinds of `capped`, only the
      answers that were looked at, there are more.
    - `corrected`: the query with its typing errors corrected, "" when none was.
    - `partial`: no entry has all the words; entries with most of them come first.
    """

    hits: list[Hit] = field(default_factory=list)
    total: dict[str, int] = field(default_factory=dict)
    capped: frozenset[str] = frozenset()
    corrected: str = ""
    partial: bool = False


def find(
    text: str,
    *,
    kinds: Collection[str] | None = None,
    limit: int = 20,
    offset: int = 0,
    per_kind: int | None = None,
    extracts: bool = True,
) -> Results:
    """Answers to `text` among `kinds` (all when None), from the best, `offset` first ones skipped.

    `per_kind` keeps at most so many answers of each kind, for results shown in groups. Without
    `extracts` the texts are not read, for lists that only need codes. Never raises on `text`.
    """
    text = composed(text[:QUERY_LENGTH])
    plain = normalise(text)
    if not plain:
        return Results()
    words = list(dict.fromkeys(significant(plain.split())))[:QUERY_WORDS]
    vocabularies = load(kinds)
    code = compact(text)
    codes = keys_of(code)
    keys = sorted({key(plain), key(core(plain)), *codes})

    readings = _readings(words, vocabularies)
    selection = select_all(readings, vocabularies, keys)
    partial = False
    if not selection.candidates and len(words) > 1:
        wide = _readings(words, vocabularies, correct_all=True)
        if wide != readings:
            selection = select_all(wide, vocabularies, ())
        if selection.candidates:
            readings = wide
        else:
            partial = True
            selection = select_some(readings, vocabularies)
    ranked = _ranked(selection, readings, Query(plain, code=bool(codes), partial=partial))
    total = Counter(candidate.kind for _, candidate in ranked)
    if per_kind is not None:
        ranked = _first_of_each(ranked, per_kind)
    page = ranked[max(0, offset) : max(0, offset) + max(0, limit)]
    hits, correction = _hits(page, readings, text, words, extracts)
    return Results(
        hits=hits,
        total=dict(sorted(total.items(), key=lambda item: kinds_of_objects.order(item[0]))),
        capped=selection.capped,
        corrected=correction,
        partial=partial,
    )


def _readings(
    words: Sequence[str], vocabularies: Mapping[str, Vocabulary], *, correct_all: bool = False
) -> dict[str, list[Word]]:
    """What each word of the query may stand for in each kind.

    The last word, perhaps still being typed, and words of three letters or more also stand for
    what they begin; a single letter alone does not, for it would begin thousands of words.
    """
    plan: dict[str, list[Word]] = {kind: [] for kind in vocabularies}
    for at, word in enumerate(words):
        last = at == len(words) - 1
        prefix = len(word) >= 3 or (last and (len(word) == 2 or len(words) > 1))
        read = {
            kind: Word(word, prefix, vocabulary.forms(word))
            for kind, vocabulary in vocabularies.items()
        }
        unknown = not any(known(read[kind], vocabularies[kind]) for kind in read)
        for kind, vocabulary in vocabularies.items():
            reading = read[kind]
            if tolerance(word) and (unknown or correct_all):
                reading = Word(word, prefix, reading.stems, vocabulary.close(word))
            plan[kind].append(reading)
    return plan


def _ranked(
    selection: Selection, readings: Mapping[str, Sequence[Word]], query: Query
) -> list[tuple[int, Candidate]]:
    """Candidates with their score, the best first: see `ranking` for the order."""
    places = {kind: kinds_of_objects.order(kind) for kind in readings}
    judged = [
        (score(*judge(candidate, query, readings[candidate.kind])), candidate)
        for candidate in selection.candidates.values()
    ]
    return sorted(
        judged,
        key=lambda item: (
            -item[1].matched,
            -item[0],
            -item[1].rank,
            places[item[1].kind],
            item[1].code,
        ),
    )


def _first_of_each(
    ranked: Sequence[tuple[int, Candidate]], per_kind: int
) -> list[tuple[int, Candidate]]:
    seen: Counter[str] = Counter()
    kept = []
    for item in ranked:
        seen[item[1].kind] += 1
        if seen[item[1].kind] <= per_kind:
            kept.append(item)
    return kept


def _hits(
    page: Sequence[tuple[int, Candidate]],
    readings: Mapping[str, Sequence[Word]],
    text: str,
    words: Sequence[str],
    extracts: bool,
) -> tuple[list[Hit], str]:
    """The answers of one page, and the corrected query when the first one needed correction."""
    columns = ["pk", "title", "subtitle", "url"] + (["text"] if extracts else [])
    entries = SearchEntry.objects.filter(pk__in=[candidate.pk for _, candidate in page])
    rows = {row[0]: row[1:] for row in entries.order_by().values_list(*columns)}
    markers = {kind: Marker(reading) for kind, reading in readings.items()}
    hits: list[Hit] = []
    correction = ""
    for points, candidate in page:
        if candidate.pk not in rows:  # removed between the two queries
            continue
        title, subtitle, url, *rest = rows[candidate.pk]
        body, marker = rest[0] if rest else "", markers[candidate.kind]
        if not hits:
            correction = _correction(marker, readings[candidate.kind], f"{title} {body}", text)
        marked = marker.mark(composed(title))
        hits.append(
            Hit(
                kind=candidate.kind,
                code=candidate.code,
                title=title,
                subtitle=subtitle,
                url=url,
                score=points,
                marked=marked,
                extract=(marker.extract(body) or marked) if extracts else SafeString(""),
            )
        )
    return hits, correction


def _correction(marker: Marker, words: Sequence[Word], answer: str, text: str) -> str:
    """`text` with the words that the answer spells otherwise; "" when it has them all."""
    found = marker.surfaces(answer)
    changed = {
        word.text: found[at]
        for at, word in enumerate(words)
        if at in found and normalise(found[at]) in word.close
    }
    return corrected(text, changed) if changed else ""
