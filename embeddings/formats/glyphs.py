"""Glyphs as a page draws them, made ready to be laid out: marks on their letters, shapes as letters, copies dropped.

Takes glyphs in the order in which they are drawn, gives letters on a level page. Files differ in that order, so it
counts for nothing here but to tell which letter a mark stands on, and to set right the words that a scanner laid
under a picture in typing order from the left.
"""

import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import regex

from embeddings.formats.bidi import is_right_to_left

LOST: Final = "\ufffd"
"""Stands for a glyph of which the file does not tell the character."""

SMALLEST: Final = 0.1
"""Points: smaller type is no text that anyone was to read."""

_NEAR: Final = 0.3  # of the type size: how far apart letters of one row, or of one word, may stand
_TWICE: Final = 0.12  # of the type size: the same letter again so near is bold type made by printing twice
# Letters as they are joined (Arabic Presentation Forms A and B, Latin ligatures), but not the signs ﷺ ﷻ ﷼ ﷽.
_SHAPES: Final = regex.compile(r"[\ufb00-\ufb06\ufb50-\ufdf9\ufe70-\ufefc]+")
_REVERSED_LIGATURE: Final = regex.compile(r"^[اأإآٱ]ل$")  # lam-alef is one glyph, alef-lam never: a slip of writers
_UNPRINTABLE: Final = regex.compile(r"[\p{Cc}\p{Cs}\p{Co}\p{Cn}--[\t\n]]", regex.VERSION1)


@dataclass(frozen=True, slots=True)
class Glyph:
    """One drawn glyph.

    Attributes:
        text: what it stands for, in logical order; "" where the file does not tell.
        start: where it begins on its baseline, in points to the right and upwards.
        end: where the next one would begin.
        size: of the type, in points.
        angle: degrees that its line is turned against the page, anticlockwise.
        typed: whether `text` is known to be what was typed; a bracket may otherwise be named by its look.
        hidden: whether it is not painted, as text that a scanner laid under a picture.
    """

    text: str
    start: tuple[float, float]
    end: tuple[float, float]
    size: float
    angle: float = 0.0
    typed: bool = False
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """A glyph with its marks on a level page: left and right edge, baseline, type size, text."""

    left: float
    right: float
    base: float
    size: float
    text: str
    typed: bool = False

    @property
    def is_space(self) -> bool:
        """Whether it parts words."""
        return self.text.isspace()


def letters(glyphs: Iterable[Glyph], angle: float) -> list[Letter]:
    """Return the letters of glyphs that are all turned by `angle`, with the page turned level."""
    level = [_turned(glyph, -angle) for glyph in glyphs if glyph.size >= SMALLEST and not _is_part(glyph)]
    return _with_marks([replace(glyph, text=_plain(glyph.text)) for glyph in _readable(level)])


def _is_part(glyph: Glyph) -> bool:
    """Return whether a glyph is but a part of a letter: the dots of fonts that draw them by themselves."""
    return not glyph.text and glyph.start == glyph.end


def _turned(glyph: Glyph, degrees: float) -> Glyph:
    if not degrees:
        return glyph
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    start, end = ((x * cos - y * sin, x * sin + y * cos) for x, y in (glyph.start, glyph.end))
    return replace(glyph, start=start, end=end)


def _plain(text: str) -> str:
    """Return the letters that a glyph stands for, without their joined shapes."""
    text = _SHAPES.sub(lambda match: unicodedata.normalize("NFKC", match[0]).replace(" ", ""), text)
    if _REVERSED_LIGATURE.match(text):
        text = text[::-1]
    return _UNPRINTABLE.sub(LOST, text) or LOST


def _is_mark(text: str) -> bool:
    return all(unicodedata.category(letter) == "Mn" for letter in text)


def _with_marks(glyphs: Sequence[Glyph]) -> list[Letter]:
    """Return the glyphs as letters, each with the marks that stand on it."""
    bases = [position for position, glyph in enumerate(glyphs) if not _is_mark(glyph.text)]
    marks: dict[int, str] = {}
    for before, after in pairwise([None, *bases, None]):
        between = range(-1 if before is None else before, len(glyphs) if after is None else after)[1:]
        for position in between:
            base = _base(glyphs, position, before, after)
            if base is not None:
                on_it, mark = marks.get(base, ""), glyphs[position].text
                marks[base] = mark + on_it if base == after else on_it + mark
    return [_letter(glyphs[position], marks.get(position, "")) for position in bases]


def _letter(glyph: Glyph, marks: str) -> Letter:
    left, right = sorted((glyph.start[0], glyph.end[0]))
    return Letter(left, right, glyph.start[1], glyph.size, glyph.text + marks, glyph.typed)


def _base(glyphs: Sequence[Glyph], mark: int, before: int | None, after: int | None) -> int | None:
    """Return which of the letters drawn before and after a mark it stands on.

    Letters are drawn from the left or in reading order, and the mark then before or behind its letter. Its own place
    does not tell: fonts hang marks to either side of it.
    """
    near = [base for base in (before, after) if base is not None and _reaches(glyphs[mark], glyphs[base])]
    if len(near) < 2 or before is None or after is None:
        return near[0] if near else None
    from_the_left = glyphs[after].start[0] > glyphs[before].start[0]
    return after if from_the_left == is_right_to_left(glyphs[after].text) else before


def _reaches(mark: Glyph, base: Glyph) -> bool:
    left, right = sorted((base.start[0], base.end[0]))
    level = abs(mark.start[1] - base.start[1]) < base.size
    return level and left - base.size < mark.start[0] < right + base.size


def without_copies(row: Iterable[Letter]) -> Iterator[Letter]:
    """Yield the letters of a row from left to right, without those that were printed twice to look bold."""
    before: Letter | None = None
    for letter in row:
        if before is None or before.text != letter.text or letter.left - before.left > _TWICE * letter.size:
            yield letter
            before = letter


# Text under a picture


def _readable(glyphs: Sequence[Glyph]) -> Sequence[Glyph]:
    """Return the glyphs with hidden Arabic words the right way round.

    Some scanners' programs lay each word under the picture in typing order from the left, and word after word
    towards the left. Nobody sees it, and letters at their places would read backwards.
    """
    hidden = [glyph for glyph in glyphs if glyph.hidden]
    if not hidden or not is_right_to_left("".join(glyph.text for glyph in hidden)):
        return glyphs
    words = list(_drawn_words(glyphs))
    steps = [later[0].start[0] - earlier[0].start[0] for earlier, later in pairwise(words) if _level(earlier, later)]
    if sum(step < 0 for step in steps) <= sum(step > 0 for step in steps):
        return glyphs
    return [glyph for word in words for glyph in _mirrored(word)]


def _drawn_words(glyphs: Sequence[Glyph]) -> Iterator[Sequence[Glyph]]:
    """Yield runs of glyphs that were drawn one after the other without a gap."""
    start = 0
    for position in range(1, len(glyphs) + 1):
        if position == len(glyphs) or not _touching(glyphs[position - 1], glyphs[position]):
            yield glyphs[start:position]
            start = position


def _touching(one: Glyph, other: Glyph) -> bool:
    if one.text.isspace() or other.text.isspace():
        return False
    near = _NEAR * one.size
    return abs(one.end[0] - other.start[0]) < near and abs(one.start[1] - other.start[1]) < near


def _level(one: Sequence[Glyph], other: Sequence[Glyph]) -> bool:
    return abs(one[0].start[1] - other[0].start[1]) < _NEAR * one[0].size


def _mirrored(word: Sequence[Glyph]) -> Iterator[Glyph]:
    """Yield a hidden Arabic word with its first letter at the right; any other word as it is."""
    rightwards = word[0].end[0] > word[0].start[0]
    turn = word[0].hidden and rightwards and is_right_to_left("".join(glyph.text for glyph in word))
    edges = word[0].start[0] + word[-1].end[0]
    for glyph in word:
        start, end = edges - glyph.end[0], edges - glyph.start[0]
        yield replace(glyph, start=(start, glyph.start[1]), end=(end, glyph.end[1])) if turn else glyph
