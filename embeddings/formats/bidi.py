"""Letters as they stand on a printed line, left to right, into the order in which they are read.

Takes the cells of a line in visual order, gives the text in logical order. This undoes the Unicode Bidirectional
Algorithm (UAX #9); what a line looks like does not always tell what was typed, and then the commoner reading is
taken: «UN-2254» and «Windows 10» are one run of Latin, the numbers of a range stand apart.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Final, NamedTuple

_MIRRORED: Final = dict(zip("()[]{}<>«»‹›", ")(][}{><»«›‹", strict=True))
_OPENING: Final = frozenset("([{<«‹")
_CLOSING: Final = frozenset(")]}>»›")
_ILL_SET: Final = re.compile(r"[(\[{<«‹] | [)\]}>»›]")


class Cell(NamedTuple):
    """What one glyph stands for, or a space: its text in logical order.

    `typed` is true where the text is known to be what was typed; a bracket may otherwise be named by its look.
    """

    text: str
    typed: bool = False


class Brackets(Enum):
    """How a file names brackets: as they were typed, as they look, or all the other way round than they look."""

    TYPED = "typed"
    LOOKING = "looking"
    TURNED = "turned"


class _Kind:
    """The classes of UAX #9 that the order depends on."""

    LEFT = "L"
    RIGHT = "R"
    NUMBER = "EN"
    ARABIC_NUMBER = "AN"
    OTHER = "ON"


def right_to_left_share(text: str) -> float:
    """Return which share of the letters of `text` is written from right to left; one half without letters."""
    kinds = [unicodedata.bidirectional(letter) for letter in text]
    right, left = sum(kind in ("R", "AL") for kind in kinds), kinds.count("L")
    return right / (right + left) if right + left else 0.5


def is_right_to_left(text: str) -> bool:
    """Return whether most letters of `text` are written from right to left."""
    return right_to_left_share(text) > 0.5


def logical(
    cells: Sequence[Cell], *, right_to_left: bool, after_arabic: bool = False, brackets: Brackets = Brackets.TYPED
) -> str:
    """Return the text of a line.

    Args:
        cells: the line from left to right.
        right_to_left: the direction of its paragraph.
        after_arabic: whether the last letter before the line is Arabic: numbers around a hyphen then stand apart.
        brackets: how the file names them; `bracket_score` tells which reading of a page is right.
    """
    if brackets is Brackets.TURNED:
        cells = [_mirrored(cell) for cell in cells]
    mirrored = brackets is not Brackets.TYPED
    if right_to_left:
        return _right_to_left(cells, after_arabic, mirrored)
    parts: list[str] = []
    start = 0
    for first, last in _islands(cells, (_Kind.RIGHT, _Kind.ARABIC_NUMBER), (_Kind.NUMBER,), _Kind.RIGHT):
        parts += [cell.text for cell in cells[start:first]]
        parts.append(_right_to_left(cells[first:last], after_arabic, mirrored))
        start = last
    return "".join([*parts, *(cell.text for cell in cells[start:])])


def has_brackets(text: str) -> bool:
    """Return whether `text` holds characters that look the other way round in a right-to-left line."""
    return not _MIRRORED.keys().isdisjoint(text)


def bracket_score(text: str) -> int:
    """Return how well the brackets of `text` are set: closed behind where they open, with spaces outside alone."""
    score = 0
    opened: list[str] = []
    for letter in text:
        if letter in _OPENING:
            opened.append(letter)
        elif letter in _MIRRORED and opened and opened[-1] == _MIRRORED[letter]:
            opened.pop()
            score += 1
        elif letter in _MIRRORED:
            score -= 1
    return score - len(opened) - len(_ILL_SET.findall(text))


def _right_to_left(cells: Sequence[Cell], after_arabic: bool, mirrored: bool) -> str:
    """Return the text of cells in a right-to-left line: from the right, but Latin runs and numbers from the left."""
    parts: list[str] = []
    end = len(cells)
    islands = _islands(cells, (_Kind.LEFT, _Kind.NUMBER), (), _Kind.LEFT)
    for first, last in reversed([(0, 0), *_with_brackets(cells, islands)]):
        parts += _arabic_run(cells[last:end], after_arabic, mirrored)
        parts += [cell.text for cell in cells[first:last]]
        end = first
    return "".join(parts)


def _islands(
    cells: Sequence[Cell], strong: tuple[str, ...], within: tuple[str, ...], needed: str
) -> Iterator[tuple[int, int]]:
    """Yield ranges that begin and end with a kind of `strong` and hold one `needed`.

    Neutral cells and those of kinds `within` may stand between; every other kind ends a range.
    """
    first, last, has = -1, -1, False
    for position, cell in enumerate(cells):
        kind = _kind(cell)
        if kind in strong:
            first = position if first < 0 else first
            last, has = position + 1, has or kind == needed
        elif kind != _Kind.OTHER and kind not in within:
            if has:
                yield first, last
            first, last, has = -1, -1, False
    if has:
        yield first, last


def _with_brackets(cells: Sequence[Cell], islands: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the islands, each with the bracket beside it that closes or opens one inside it (rule N0)."""
    for first, last in islands:
        inside = [cell.text for cell in cells[first:last]]
        before = cells[first - 1].text if first else ""
        behind = cells[last].text if last < len(cells) else ""
        closes = behind in _CLOSING and inside.count(_MIRRORED[behind]) > inside.count(behind)
        opens = before in _OPENING and inside.count(_MIRRORED[before]) > inside.count(before)
        yield first - opens, last + closes


def _arabic_run(cells: Sequence[Cell], after_arabic: bool, mirrored: bool) -> Iterator[str]:
    """Yield cells without Latin from the right, digits of one number from the left."""
    position = len(cells)
    while position:
        kind = _kind(cells[position - 1])
        start = position - 1
        if kind in (_Kind.NUMBER, _Kind.ARABIC_NUMBER):
            start = _number_start(cells, position, kind, after_arabic)
            yield from (cell.text for cell in cells[start:position])
        else:
            cell = cells[start]
            after_arabic = after_arabic or kind == _Kind.RIGHT
            yield _mirrored(cell).text if mirrored else cell.text
        position = start


def _number_start(cells: Sequence[Cell], end: int, kind: str, after_arabic: bool) -> int:
    """Return where the number begins that ends before `end`: digits, and single separators between them."""
    joining = ("CS",) if after_arabic or kind == _Kind.ARABIC_NUMBER else ("CS", "ES")
    start = end - 1
    while start:
        if _kind(cells[start - 1]) == kind:
            start -= 1
        elif start > 1 and _class(cells[start - 1]) in joining and _kind(cells[start - 2]) == kind:
            start -= 2
        else:
            break
    return start


def _mirrored(cell: Cell) -> Cell:
    return cell if cell.typed else Cell(_MIRRORED.get(cell.text, cell.text))


def _class(cell: Cell) -> str:
    return unicodedata.bidirectional(cell.text[0]) if cell.text else ""


def _kind(cell: Cell) -> str:
    for letter in cell.text:
        found = unicodedata.bidirectional(letter)
        if found in (_Kind.LEFT, _Kind.NUMBER, _Kind.ARABIC_NUMBER):
            return found
        if found in ("R", "AL"):
            return _Kind.RIGHT
    return _Kind.OTHER
