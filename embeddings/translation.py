"""English words in Arabic: what lets an English question find Arabic passages word by word.

Takes a folded English word, gives the Arabic words that may stand for it, from a list written for this project
(`models/english.tsv`: a base form and its Arabic words a line). Inflected forms are looked up by their base.
"""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from embeddings.arabic import fold, word_terms, words

_LIST: Final = Path(__file__).parent / "models" / "english.tsv"
# An ending and what its base form has in its place: armies → army, stopped → stop, moving → move.
_ENDINGS: Final = (
    ("ies", "y"),
    ("es", ""),
    ("s", ""),
    ("ied", "y"),
    ("ed", ""),
    ("ed", "e"),
    ("ing", ""),
    ("ing", "e"),
    ("ers", ""),
    ("er", ""),
    ("er", "e"),
    ("ly", ""),
)
_SHORTEST: Final = 3  # letters of a base form that an ending is taken from


@lru_cache(maxsize=50_000)
def translations(word: str) -> tuple[str, ...]:
    """Return the folded Arabic words for a folded English word, most frequent first; none where it is not known."""
    known = _known()
    return next((known[base] for base in _bases(word) if base in known), ())


def translated_terms(question: str) -> list[str]:
    """Return the index terms of the Arabic words that stand for the English words of a question."""
    arabic = (one for word in words(question) if word.text.isascii() for one in translations(word.text))
    return [term for word in arabic for term in word_terms(word) if term[0] != "~"]


def _bases(word: str) -> Iterator[str]:
    """Yield the word, then the base forms it may be of."""
    yield word
    for ending, instead in _ENDINGS:
        base = word.removesuffix(ending)
        if base != word and len(base) >= _SHORTEST:
            yield base + instead
            if not instead and base[-1] == base[-2]:  # stopped
                yield base[:-1]


@lru_cache(maxsize=1)
def _known() -> MappingProxyType[str, tuple[str, ...]]:
    known: dict[str, tuple[str, ...]] = {}
    for line in _LIST.read_text(encoding="utf-8").splitlines():
        english, _, arabic = line.partition("\t")
        known[english] = tuple(fold(word) for word in arabic.split())
    return MappingProxyType(known)
