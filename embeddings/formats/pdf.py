"""The pages of a PDF, each as its text, by PLAYA; runs in the process that `sandbox` starts.

PLAYA says where every glyph stands and what it is called; everything after that, the order above all, is
`page_text`'s. Text that a file states beside its glyphs (ActualText) goes before their names.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final, NamedTuple

import playa
from playa import resolve
from playa.content import ImageObject, MarkedContent, TextObject
from playa.utils import decode_text

from embeddings.formats.glyphs import LOST, Glyph
from embeddings.formats.paragraphs import page_text

_INVISIBLE: Final = 3  # text rendering mode (ISO 32000-2, table 104)
_LEVEL: Final = 0.9  # of the type size: how far apart the glyphs of one stated text may stand
_LOST_SHARE: Final = 0.3  # of the letters: with more of them unknown, a page cannot be quoted from


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its text, and why it has none although there is something on it."""

    text: str
    problem: str | None = None


def title(file: playa.Document) -> str:
    """Return the title that the file states of itself, or ""."""
    info = resolve(file.trailer.get("Info"))
    stated = resolve(info.get("Title")) if isinstance(info, dict) else None
    return decode_text(stated) if isinstance(stated, bytes) else ""


def pages(file: playa.Document) -> Iterator[Page]:
    """Yield the pages of a file in order; one that PLAYA cannot parse has a problem, and the others go on."""
    for page in file.pages:
        try:
            yield read_page(page)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 (a damaged page makes PLAYA raise whatever it runs into)
            yield Page("", f"it is damaged ({type(error).__name__})")


def read_page(page: playa.Page) -> Page:
    """Return one page of a file; whatever PLAYA raises over a damaged one goes through."""
    glyphs: list[_Drawn] = []
    picture = False
    for item in page.flatten():
        if isinstance(item, TextObject):
            glyphs += _drawn(item)
        picture = picture or isinstance(item, ImageObject)
    return _judged(page_text(_as_stated(glyphs)), picture=picture)


def _judged(text: str, *, picture: bool) -> Page:
    """Return a page with its text, or with the reason for having none."""
    letters = [letter for letter in text if letter.isalpha() or letter == LOST]
    if letters.count(LOST) > _LOST_SHARE * len(letters):
        return Page("", "its fonts do not say which letters they draw")
    if picture and not text:
        return Page("", "it is a picture without text")
    return Page(text)


class _Drawn(NamedTuple):
    """A glyph, and the marked content around it that states what it says."""

    glyph: Glyph
    stated: MarkedContent | None


def _drawn(text: TextObject) -> Iterator[_Drawn]:
    """Yield the glyphs of a piece of text."""
    stated = next((content for content in text.mcstack if isinstance(content.props.get("ActualText"), bytes)), None)
    hidden = text.gstate.render_mode == _INVISIBLE
    for item in text:
        _, _, c, d, x, y = item.matrix
        dx, dy = item.displacement
        if all(map(math.isfinite, (c, d, x, y, dx, dy))):
            angle = math.degrees(math.atan2(-c, d))
            named = (item.text or "").strip("\0")  # zeros are how some writers say that they do not know
            yield _Drawn(Glyph(named, (x, y), (x + dx, y + dy), math.hypot(c, d), angle, hidden=hidden), stated)


def _as_stated(drawn: Iterable[_Drawn]) -> Iterator[Glyph]:
    """Yield the glyphs; those of which the file states what they say, as one."""
    for _, group in groupby(drawn, key=lambda item: id(item.stated) if item.stated else None):
        items = list(group)
        glyphs = [item.glyph for item in items]
        stated = items[0].stated.props["ActualText"] if items[0].stated else None
        if not isinstance(stated, bytes) or not _is_level(glyphs):
            yield from glyphs
        elif text := decode_text(stated):
            yield _spanning(glyphs, text)


def _is_level(glyphs: list[Glyph]) -> bool:
    """Return whether glyphs stand on one row of their own, as those of a word do and those of a paragraph do not."""
    first = glyphs[0]
    return all(abs(glyph.start[1] - first.start[1]) <= _LEVEL * first.size for glyph in glyphs)


def _spanning(glyphs: list[Glyph], text: str) -> Glyph:
    """Return glyphs as one that stands for `text`; the widest of them is on the baseline, others may be its marks."""
    widest = max(glyphs, key=lambda glyph: abs(glyph.end[0] - glyph.start[0]))
    edges = [x for glyph in glyphs for x in (glyph.start[0], glyph.end[0])]
    base = widest.start[1]
    return replace(widest, text=text, start=(min(edges), base), end=(max(edges), base), typed=True)
