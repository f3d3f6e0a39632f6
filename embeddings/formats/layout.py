"""Letters on a page into columns of rows, in the order in which they are read.

Rows are found by their baselines. Columns are found by the gaps that enough rows share and that have running text on
both sides, as a table's have not; on an Arabic page the right one is read first.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from embeddings.formats.glyphs import Letter, without_copies

SPACE: Final = 0.17
"""Of the type size: a wider gap parts words."""

_BASELINE: Final = 0.3  # of the type size: how far apart letters of one row may stand
_SMALL, _RAISED = 0.8, 0.6  # of the size of a row: type so small and so near belongs to it, as a footnote's number
_GUTTER: Final = 0.9  # of the size: a wider gap may part columns
_COLUMN_ROWS: Final = 4
_COLUMN_WORDS: Final = 3.5  # a row; fewer are a table's
_COLUMN_GAP: Final = 0.5  # of the width of the narrower side; a wider one is a table's
_BAND: Final = 3.0  # of the type size: a gap so high across all columns ends them
_STEP: Final = 3.0  # points between the places that are tried
_MOST_ROWS: Final = 400  # a page of more is no page of prose


@dataclass(frozen=True, slots=True)
class Row:
    """Letters on one baseline from left to right, spaces inside but not at the ends."""

    letters: tuple[Letter, ...]
    base: float
    size: float

    @property
    def left(self) -> float:
        """The left edge."""
        return self.letters[0].left

    @property
    def right(self) -> float:
        """The right edge."""
        return max(letter.right for letter in self.letters)

    def words(self) -> Iterator[tuple[float, float]]:
        """Yield the left and right edge of each word, from left to right."""
        left, right = self.letters[0].left, self.letters[0].right
        for letter in self.letters[1:]:
            if letter.is_space:
                continue
            if letter.left - right > SPACE * self.size:
                yield left, right
                left = letter.left
            right = max(right, letter.right)
        yield left, right


def columns(letters: Iterable[Letter], *, right_to_left: bool) -> list[list[Row]]:
    """Return the rows of a page from top to bottom, column after column in reading order."""
    rows = _rows(letters)
    return _split(rows, right_to_left) if len(rows) <= _MOST_ROWS else [rows]


def _rows(letters: Iterable[Letter]) -> list[Row]:
    """Return the rows of a page from top to bottom."""
    groups: list[list[Letter]] = []
    for letter in sorted(letters, key=lambda letter: -letter.base):
        if groups and groups[-1][0].base - letter.base <= _BASELINE * max(letter.size, groups[-1][0].size):
            groups[-1].append(letter)
        else:
            groups.append([letter])
    rows = [row for group in groups if (row := _row(group))]
    return _with_raised(rows)


def _row(letters: Sequence[Letter]) -> Row | None:
    """Return letters of about one baseline as a row; None when there are only spaces."""
    ordered = list(without_copies(sorted(letters, key=lambda letter: letter.left)))
    while ordered and ordered[-1].is_space:
        ordered.pop()
    while ordered and ordered[0].is_space:
        ordered.pop(0)
    if not ordered:
        return None
    size = max(letter.size for letter in ordered)
    bases = [letter.base for letter in ordered if letter.size >= _SMALL * size]
    return Row(tuple(ordered), sum(bases) / len(bases), size)


def _with_raised(rows: Sequence[Row]) -> list[Row]:
    """Return the rows, those of small type that stand beside a larger one within it."""
    merged: list[Row] = []
    for row in rows:
        if merged and (_belongs(row, merged[-1]) or _belongs(merged[-1], row)):
            both = _row([*merged.pop().letters, *row.letters])
            merged += [both] if both else []
        else:
            merged.append(row)
    return merged


def _belongs(small: Row, row: Row) -> bool:
    near = abs(small.base - row.base) < _RAISED * row.size
    beside = row.left - row.size < small.left and small.right < row.right + row.size
    return small.size < _SMALL * row.size and near and beside


def _split(rows: list[Row], right_to_left: bool) -> list[list[Row]]:
    """Return the rows as one column, or parted along the gap that most rows share."""
    found = max(_gaps(rows), key=lambda gap: gap.shared, default=None)
    if found is None:
        return [rows] if rows else []
    above, beside, below = rows[: found.first], rows[found.first : found.last], rows[found.last :]
    left, right = _parted(beside, found.x)
    ordered = (right, left) if right_to_left else (left, right)
    parts = (above, *ordered, below)
    return [column for part in parts for column in _split(part, right_to_left)]


@dataclass(frozen=True, slots=True)
class _Gap:
    """A place `x` that no word of the rows [first, last) touches, and how many rows each side has beside the other."""

    x: float
    first: int
    last: int
    shared: int


_Words = Sequence[tuple[float, float]]


def _gaps(rows: Sequence[Row]) -> Iterator[_Gap]:
    """Yield the gaps that part columns of running text."""
    words = [list(row.words()) for row in rows]
    for x in _free_places(rows, words):
        free = [_leaves_free(edges, x, _GUTTER * row.size / 2) for row, edges in zip(rows, words, strict=True)]
        first = 0
        for position in range(1, len(rows) + 1):
            if position < len(rows) and free[position - 1] and free[position] and not _far(rows, position):
                continue
            if free[first] and position - first >= _COLUMN_ROWS and (shared := _shared(x, words[first:position])):
                yield _Gap(x, first, position, shared)
            first = position


def _far(rows: Sequence[Row], position: int) -> bool:
    """Return whether a row stands far below the one before, whichever columns they are in."""
    above, below = rows[position - 1], rows[position]
    return above.base - below.base > _BAND * min(above.size, below.size)


def _free_places(rows: Sequence[Row], words: Sequence[_Words]) -> Iterator[float]:
    """Yield the places beside words, some points apart, that at most half of the rows have words at."""
    places: set[int] = set()
    for row, edges in zip(rows, words, strict=True):
        margin = _GUTTER * row.size / 2
        inner = [(right + left) / 2 for (_, right), (left, _) in pairwise(edges) if left - right >= 2 * margin]
        places |= {round(x / _STEP) for x in (row.left - margin, *inner, row.right + margin)}
    left, right = min((row.left for row in rows), default=0.0), max((row.right for row in rows), default=0.0)
    for x in sorted(place * _STEP for place in places):
        if left < x < right and 2 * sum(not _leaves_free(edges, x, 0.0) for edges in words) <= len(rows):
            yield x


def _leaves_free(words: _Words, x: float, margin: float) -> bool:
    position = bisect_left(words, (x, x))
    before = words[position - 1][1] if position else -math.inf
    after = words[position][0] if position < len(words) else math.inf
    return before <= x - margin and after >= x + margin


def _shared(x: float, words: Sequence[_Words]) -> int:
    """Return how many rows with these words stand beside others, when there is running text on both sides of `x`."""
    at = [bisect_left(row, (x, x)) for row in words]
    sides = (
        [row[:left] for row, left in zip(words, at, strict=True)],
        [row[left:] for row, left in zip(words, at, strict=True)],
    )
    spans = [[position for position, row in enumerate(side) if row] for side in sides]
    if not all(spans):
        return 0
    first, last = max(span[0] for span in spans), min(span[-1] for span in spans)
    shared = min(sum(first <= position <= last for position in span) for span in spans)
    return shared if shared >= _COLUMN_ROWS and _run_beside(*sides) else 0


def _run_beside(lefts: Sequence[_Words], rights: Sequence[_Words]) -> bool:
    """Return whether two sides are columns of running text: rows of several words, close beside each other."""
    edges = [
        (min(row[0][0] for row in side if row), max(row[-1][1] for row in side if row)) for side in (lefts, rights)
    ]
    (left, inner_left), (inner_right, right) = edges
    words = min(sum(map(len, side)) / sum(map(bool, side)) for side in (lefts, rights))
    return words >= _COLUMN_WORDS and inner_right - inner_left <= _COLUMN_GAP * min(
        inner_left - left, right - inner_right
    )


def _parted(rows: Iterable[Row], x: float) -> tuple[list[Row], list[Row]]:
    """Return what stands left and right of `x`, as rows."""
    rows = list(rows)
    lefts = (_row([letter for letter in row.letters if letter.left < x]) for row in rows)
    rights = (_row([letter for letter in row.letters if letter.left >= x]) for row in rows)
    return [row for row in lefts if row], [row for row in rights if row]
