"""Tell when two passages are the same story: agency copy, or an overlap of neighbouring passages.

Takes texts, gives the positions worth keeping. Compared by shared runs of words, on folded text, so a changed
diacritic or a missing hamza does not make a second story. A changed number does: one of the two is wrong.
"""

from collections.abc import Sequence
from typing import Final

from embeddings.arabic import words
from qa.numerals import numeric

_RUN: Final = 5  # Words: long enough that two reports of one event in their own words do not share many.
_SHARED: Final = 0.7  # Of the shorter text's runs: a copied paragraph with a changed lead still counts as a copy.


_Run = tuple[str, ...]


def distinct(texts: Sequence[str]) -> list[int]:
    """Return the positions of `texts` that repeat no earlier one, in order."""
    kept: list[int] = []
    runs: list[frozenset[_Run]] = []
    for position, text in enumerate(texts):
        mine = _runs(text)
        if any(_repeats(mine, theirs) for theirs in runs):
            continue
        kept.append(position)
        runs.append(mine)
    return kept


def _runs(text: str) -> frozenset[_Run]:
    folded = [word.text for word in words(text)]
    return frozenset(tuple(folded[i : i + _RUN]) for i in range(max(1, len(folded) - _RUN + 1)))


def _repeats(a: frozenset[_Run], b: frozenset[_Run]) -> bool:
    return len(a & b) >= _SHARED * min(len(a), len(b)) and not _renumbered(a - b) & _renumbered(b - a)


def _renumbered(runs: frozenset[_Run]) -> set[_Run]:
    """Return the runs that hold a number, without its value: both texts have one of these with another number."""
    blank = (tuple("" if numeric(word) else word for word in run) for run in runs)
    return {run for run in blank if "" in run}
