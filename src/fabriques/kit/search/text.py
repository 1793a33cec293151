"""How words are written in the index: lower case ASCII letters and digits, French habits folded.

`normalise` is idempotent, so that a text, a title and a query are compared whatever went through
it first. Stems are those of Snowball's French algorithm (https://snowballstem.org), taken on the
folded word because most queries are typed without accents.
"""

import re
import unicodedata
from functools import lru_cache

import snowballstemmer

# Letters that no Unicode decomposition folds.
_LETTERS = str.maketrans(
    {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)
_APOSTROPHES = re.compile("['’ʼ‘`´′ʹ＇]")
_SEPARATORS = re.compile(r"[^a-z0-9]+")
_ELIDED = re.compile(r"\b[ld](?:'| +(?=[a-z0-9]))")
_OVER = re.compile(r"\bs/")
_SAINTS = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}
_SAINT = re.compile(r"\b(?:st|ste|sts|stes)\b")

ARTICLES = frozenset({"le", "la", "les"})
# Short on purpose: a word that names something somewhere is not one of them.
STOP_WORDS = ARTICLES | frozenset(
    re.findall(
        r"\w+",
        """
        a au aux avec c ce ces comment d dans de des du elle en et eux il j je l leur leurs m mais n
        ne ni nos notre nous on ou par pas plus pour qu que quel quelle quelles quels qui s sa se
        ses si son sont sous sur t un une vos votre vous
        """,
    )
)

_stemmer = snowballstemmer.stemmer("french")
_STRAY_PLURAL = re.compile(r"(?<=[a-z]{2}u)[sx]$")


def fold(text: str) -> str:
    """Lower case, without accents or ligatures; separators and length are not preserved."""
    if text.isascii():
        return text.lower()
    text = _APOSTROPHES.sub("'", text)  # before NFKD, which splits some into a space and a mark
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(c for c in text if not unicodedata.combining(c)).translate(_LETTERS)


def normalise(text: str) -> str:
    """The words of `text`, folded, separated by one space.

    Apostrophes, hyphens and all that is neither letter nor digit separate words; elided articles
    (« l’ », « d’ », even typed « l hay ») are dropped; « st » and « ste » are written in full, and
    « s/ » (Chalon s/ Saône) reads « sur ». Letters of other alphabets are dropped.
    """
    text = _APOSTROPHES.sub("'", fold(text))
    text = _OVER.sub("sur ", text)
    text = _ELIDED.sub("", text)
    text = _SEPARATORS.sub(" ", text).strip()
    # Again: dropped signs may have left an article alone before its noun ("l-hay").
    text = _ELIDED.sub("", text)
    return _SAINT.sub(lambda found: _SAINTS[found.group()], text)


def tokens(text: str) -> list[str]:
    """The normalised words of `text`, in order, stop words included."""
    return normalise(text).split()


def significant(words: list[str]) -> list[str]:
    """`words` without stop words; all of them when there is nothing else (the commune « Les »)."""
    return [word for word in words if word not in STOP_WORDS] or words


def core(plain: str) -> str:
    """A normalised name without its leading article: « la rochelle » → « rochelle »."""
    first, _, rest = plain.partition(" ")
    return rest if rest and first in ARTICLES else plain


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The stem of a normalised word; words with a digit are their own stem."""
    if not word.isalpha():
        return word
    # Snowball leaves the plural of words in -u (élus, lieux, enjeux), as it fears for "plus".
    return _STRAY_PLURAL.sub("", str(_stemmer.stemWord(word)))


@lru_cache(maxsize=65_536)
def written(word: str) -> str:
    """One word of a running text as the index writes it, "" when the index drops it."""
    return normalise(word)
