"""Text of documents and questions → HTML that shows every character and obeys none.

`plain(text)` escapes; `passage(text, ...)` also marks quotations. The text content of what they return is the text
itself, character for character, so a mark in the page can be compared with the quotation it stands for. Characters
that force a direction are shown as labelled marks and kept, hidden, where the layout does not see them.
"""

from collections.abc import Iterable, Iterator
from html import escape
from typing import Final, NamedTuple

import regex

# Embeddings, overrides and isolates (Unicode Standard Annex 9): the ones that can make text read as what it is not.
_DIRECTIONS: Final = {
    "\u202a": "LRE",
    "\u202b": "RLE",
    "\u202c": "PDF",
    "\u202d": "LRO",
    "\u202e": "RLO",
    "\u2066": "LRI",
    "\u2067": "RLI",
    "\u2068": "FSI",
    "\u2069": "PDI",
}
_SPECIAL: Final = regex.compile(r"(?P<direction>[\u202a-\u202e\u2066-\u2069])|(?P<gap>\n[^\S\n]*\n\s*)|(?P<return>\r)")


class Quotation(NamedTuple):
    """A range of a text to be marked, and the number it is cited by."""

    start: int
    end: int
    n: int


def attribute(text: str) -> str:
    """Return `text` for use between double quotes in a tag, without the characters that force a direction."""
    return escape("".join(character for character in text if character not in _DIRECTIONS), quote=True)


def plain(text: str) -> str:
    """Return `text` as HTML: escaped, forced directions as visible marks, runs of blank lines as one."""
    return _stretch(text, 0, len(text), (0, len(text)))


def _stretch(text: str, start: int, end: int, block: tuple[int, int]) -> str:
    """Return `text[start:end]`, a part of what is shown as one block, as HTML."""
    parts, position = [], start
    for match in _SPECIAL.finditer(text, start, end):
        parts += [escape(text[position : match.start()]), _special(match, block)]
        position = match.end()
    return "".join([*parts, escape(text[position:end])])


def _special(match: "regex.Match[str]", block: tuple[int, int]) -> str:
    """Return the HTML of one character that layout must not see as it is, or of a run of blank lines."""
    characters = match.group()
    if match["direction"]:
        name = _DIRECTIONS[characters]
        hidden = f"<i hidden>{characters}</i>"
        return f'<span class="direction" data-name="{name}" role="img" aria-label="{name}">{hidden}</span>'
    if match["return"]:
        return "&#13;"
    at_edge = match.start() == block[0] or match.end() == block[1]
    return f"<i hidden>{characters}</i>" + ("" if at_edge else '<span class="gap"></span>')


def bdi(text: str) -> str:
    """Return `text` as one isolated run in the direction of its first strong character."""
    return f'<bdi dir="auto">{plain(text)}</bdi>'


def passage(
    text: str,
    start: int,
    end: int,
    *,
    sentence: tuple[int, int] | None = None,
    quotations: Iterable[Quotation] = (),
) -> str:
    """Return `text[start:end]` with each quotation in one `<mark>` and the sentence around them in a second tone.

    Ranges are half-open, in code points of `text`. Quotations outside [start, end) are left out, and of two that
    overlap the one that begins later: a mark is always one element.
    """
    parts, position, block = [], start, (start, end)
    for quotation in _apart(quotations, start, end):
        marked = _stretch(text, quotation.start, quotation.end, block)
        parts.append(_toned(text, position, quotation.start, sentence, block))
        parts.append(f'<mark data-n="{quotation.n}">{marked}</mark>')
        position = quotation.end
    return "".join([*parts, _toned(text, position, end, sentence, block)])


def _apart(quotations: Iterable[Quotation], start: int, end: int) -> Iterator[Quotation]:
    """Yield the quotations inside [start, end), in order, none overlapping the one before."""
    position = start
    for quotation in sorted(quotations):
        if position <= quotation.start < quotation.end <= end:
            yield quotation
            position = quotation.end


def _toned(text: str, start: int, end: int, sentence: tuple[int, int] | None, block: tuple[int, int]) -> str:
    """Return `text[start:end]`, the part of it inside `sentence` in the second tone."""
    first, last = sentence or (end, end)
    first, last = min(max(first, start), end), min(max(last, start), end)
    inside = _stretch(text, first, last, block)
    toned = f'<span class="sentence">{inside}</span>' if inside else ""
    return _stretch(text, start, first, block) + toned + _stretch(text, last, end, block)
