"""The glyphs of a page into its text: paragraphs in reading order, each on one line.

A paragraph ends by the classical signs: a wider gap, another size of type, an item of a list, an indent, or a row
that ended although the next word would still have fitted.
"""

import statistics
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

import regex

from embeddings.formats.bidi import (
    Brackets,
    Cell,
    bracket_score,
    has_brackets,
    is_right_to_left,
    logical,
    right_to_left_share,
)
from embeddings.formats.glyphs import Glyph, letters
from embeddings.formats.layout import SPACE, Row, columns

_TURN: Final = 15  # degrees: text that is turned otherwise is read apart
_LEADING: Final = 1.35  # of the usual distance of rows: a wider one parts paragraphs
_RESIZED: Final = 1.15
_ROWS: Final = 5  # of a paragraph so far, that tell which way it runs
_INDENT: Final = 0.8  # of the type size
_CELL: Final = 2.5  # of the type size: words so far apart are cells of a table
_MIXED: Final = 0.25  # of the letters: with more of the other script, they do not tell which way a paragraph runs
_ITEM: Final = regex.compile(r"[•▪◦●○■□*·‣–—-]\s|[(\[]?(?:\p{N}{1,3}|\p{L})[.)\]\-ـ]+(?:\s|$)")
_HYPHEN: Final = regex.compile(r"(?<=\p{Ll})[-\u00ad]$")


_Edges = tuple[float, float]
"""The left and right edge of a column."""


def page_text(glyphs: Iterable[Glyph]) -> str:
    """Return the text of a page, a paragraph a line; text that stands turned on the page comes last."""
    turned: dict[int, list[Glyph]] = {}
    for glyph in glyphs:
        turned.setdefault(round(glyph.angle / _TURN) * _TURN % 360, []).append(glyph)
    texts = (_text(some, angle) for angle, some in sorted(turned.items()))
    return "\n".join(text for text in texts if text)


def _text(glyphs: Sequence[Glyph], angle: float) -> str:
    on_page = letters(glyphs, angle)
    arabic_page = is_right_to_left("".join(letter.text for letter in on_page))
    paragraphs = [
        (paragraph, _is_arabic(paragraph, edges, arabic_page))
        for column in columns(on_page, right_to_left=arabic_page)
        for edges in [(min(row.left for row in column), max(row.right for row in column))]
        for paragraph in _paragraphs(column, edges, arabic_page)
    ]
    # How the file names brackets shows when they are read: only one way closes them behind where they open.
    ways = (
        Brackets if has_brackets("".join(letter.text for letter in on_page if not letter.typed)) else (Brackets.TYPED,)
    )
    readings = ["\n".join(_joined(paragraph, arabic, way) for paragraph, arabic in paragraphs) for way in ways]
    return max(readings, key=bracket_score)


def _paragraphs(rows: Sequence[Row], edges: _Edges, arabic_page: bool) -> Iterator[list[Row]]:
    """Yield the rows of a column with these edges, paragraph by paragraph."""
    distances = [above.base - below.base for above, below in pairwise(rows)]
    usual = statistics.median(distances) if distances else 0.0
    paragraph = [rows[0]]
    for above, below in pairwise(rows):
        if _ends(above, below, usual, edges, _is_arabic(paragraph[-_ROWS:], edges, arabic_page)):
            yield paragraph
            paragraph = []
        paragraph.append(below)
    yield paragraph


def _ends(above: Row, below: Row, usual: float, edges: _Edges, right_to_left: bool) -> bool:
    """Return whether a paragraph ends between two rows of a column with these edges."""
    words = list(below.words())
    left, right = words[-1] if right_to_left else words[0]
    room = above.left - edges[0] if right_to_left else edges[1] - above.right
    indents = [edges[1] - row.right if right_to_left else row.left - edges[0] for row in (above, below)]
    return (
        above.base - below.base > _LEADING * max(usual, below.size)
        or not 1 / _RESIZED < above.size / below.size < _RESIZED
        or room > right - left + 2 * SPACE * below.size
        or indents[1] > indents[0] + _INDENT * below.size
        or _has_cells(above)
        or _has_cells(below)
        or bool(_ITEM.match(_line(below, right_to_left, after_arabic=False, brackets=Brackets.TYPED)))
    )


def _has_cells(row: Row) -> bool:
    """Return whether a row is one of a table: words far apart."""
    return any(left - right > _CELL * row.size for (_, right), (left, _) in pairwise(row.words()))


def _joined(rows: Sequence[Row], right_to_left: bool, brackets: Brackets) -> str:
    """Return the rows of a paragraph as one line of text."""
    text = ""
    for row in rows:
        line = " ".join(_line(row, right_to_left, after_arabic=bool(text), brackets=brackets).split())
        if _HYPHEN.search(text) and line[:1].islower():
            text = text[:-1] + line
        else:
            text += f" {line}" if text else line
    return text


def _is_arabic(rows: Sequence[Row], edges: _Edges, arabic_page: bool) -> bool:
    """Return whether a paragraph runs from the right.

    Its letters tell; where they are mixed, so does the edge that its last row keeps to; without letters, the page.
    """
    share = right_to_left_share("".join(map(_letters, rows)))
    last = rows[-1]
    left, right = last.left - edges[0], edges[1] - last.right
    if _MIXED < share < 1 - _MIXED and abs(left - right) > last.size:
        return right < left
    return share > 0.5 or (share == 0.5 and arabic_page)


def _letters(row: Row) -> str:
    return "".join(letter.text for letter in row.letters)


def _line(row: Row, right_to_left: bool, *, after_arabic: bool, brackets: Brackets) -> str:
    """Return the text of a row, with spaces where there are gaps."""
    cells: list[Cell] = []
    right = row.left
    for letter in row.letters:
        if letter.left - right > SPACE * letter.size:
            cells.append(Cell(" "))
        cells.append(Cell(letter.text, letter.typed))
        right = max(right, letter.right)
    return logical(cells, right_to_left=right_to_left, after_arabic=after_arabic, brackets=brackets)
