"""The order of answers, without a database."""

import random

from fabriques.kit.search import kinds
from fabriques.kit.search.ranking import Candidate, Match, Query, Word, judge, score
from fabriques.kit.search.vocabulary import Vocabulary, shared, tolerance


def candidate(plain: str, **values: object) -> Candidate:
    return Candidate(1, "territoire", "x", 0, plain, **values)  # type: ignore[arg-type]


def match(title: str, plain: str, *words: Word, **values: object) -> Match:
    asked = words or tuple(Word(text, prefix=True) for text in plain.split())
    return judge(candidate(title, **values), Query(plain), asked)[0]


def test_the_classes_from_the_best_to_the_worst() -> None:
    code = judge(candidate("rennes", key=True), Query("35000", code=True), [Word("35000", True)])
    close = Word("brieux", True, close={"brieuc": 1})
    plural = Word("briocs", True, stems=frozenset({"brioc"}))
    found = [
        code[0],
        match("saint brieuc", "saint brieuc", key=True),
        match("intercommunalites de france", "adcf", key=True),
        match("saint brieuc des iffs", "saint brieuc"),
        match("agglomeration de saint brieuc", "saint brieuc"),
        match("saint brioc", "saint briocs", Word("saint", True), plural),
        match("saint brieuc", "saint bri"),
        match("saint brieuc", "saint brieux", Word("saint", True), close),
        match("langueux", "saint brieuc"),
    ]
    assert found == sorted(Match, reverse=True)
    assert [score(one, 100) for one in found] == sorted(
        (score(one, 100) for one in found), reverse=True
    )


def test_an_article_more_or_less_is_the_same_name() -> None:
    assert judge(candidate("la rochelle", key=True), Query("rochelle"), []) == (Match.WHOLE, 0)
    assert judge(candidate("la rochelle", key=True), Query("la rochelle"), []) == (Match.WHOLE, 1)
    assert match("les roches", "la roche") is Match.TEXT


def test_more_exact_words_weigh_more() -> None:
    words = [Word("saint", True), Word("b", True)]
    query = Query("saint b")
    exact = judge(candidate("saint brieuc"), query, words)
    begun = judge(candidate("sainte barbe"), query, words)
    assert exact[0] is begun[0] is Match.PREFIX
    assert exact[1] > begun[1]


def test_one_error_before_two_and_the_first_letter_last() -> None:
    word = Word("fougerre", True, close={"fougere": 1, "fougeres": 2, "mouguerre": 2})
    weights = [
        judge(candidate(name), Query("fougerre"), [word])[1]
        for name in ("fougere", "fougeres", "mouguerre")
    ]
    assert weights == sorted(weights, reverse=True)
    assert len(set(weights)) == 3


def test_what_is_left_out_of_a_partial_answer_does_not_count() -> None:
    words = [Word("rennes", True), Word("zzz", True)]
    assert judge(candidate("rennes"), Query("rennes zzz"), words)[0] is Match.TEXT
    assert judge(candidate("rennes"), Query("rennes zzz", partial=True), words)[0] is Match.EXACT


def test_errors_forgiven() -> None:
    assert [tolerance(word) for word in ("sai", "lyon", "rennnes", "fougeres", "22278")] == [
        0,
        1,
        1,
        2,
        0,
    ]
    assert shared("vieillissement", "vielle") == 3
    rows = [("rennes", "ren", 3), ("renens", "renen", 1), ("ennes", "en", 1), ("lyon", "lyon", 1)]
    random.shuffle(rows)
    words = Vocabulary.of("s", rows)
    assert words.words == ["ennes", "lyon", "renens", "rennes"]
    assert words.close("rennes") == {"rennes": 0, "ennes": 1, "renens": 1}
    assert words.close("lyo") == {}
    assert words.range("ren") == (2, 4)
    assert words.cumulated == [0, 1, 2, 3, 6]


def test_kinds_keep_the_order_they_were_given() -> None:
    before = dict(kinds._registered)
    try:
        kinds.register("essai-b", "Essais B", position=1)
        kinds.register("essai-a", "Essais A", position=2)
        assert sorted(["inconnu", "essai-a", "essai-b"], key=kinds.order) == [
            "essai-b",
            "essai-a",
            "inconnu",
        ]
        assert kinds.label("essai-a") == "Essais A"
        assert kinds.label("inconnu") == "inconnu"
        assert [kind.code for kind in kinds.registered() if kind.code.startswith("essai")] == [
            "essai-b",
            "essai-a",
        ]
    finally:
        kinds._registered.clear()
        kinds._registered.update(before)
