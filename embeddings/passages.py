"""Cut a text into sentences and passages, each a half-open range of its code points.

Takes the canonical text of a document, gives ranges: `text[start:end]` is the sentence or passage, always. Passages
hold whole sentences, about a hundred words, and begin with the last sentence of the one before. Text without
punctuation is cut where a clause begins.
"""

from bisect import bisect_right
from dataclasses import dataclass
from typing import Final, NamedTuple

import regex

MAX_CHARACTERS: Final = 2_000
"""The longest passage in code points; a hundred Arabic words have about 600."""

_UNIT_SHARE: Final = 0.4  # of max_words: pieces of a sentence that is too long for one passage
_TAIL_SHARE: Final = 0.6  # of max_words: a shorter last passage takes in more of the sentences before it

_TOKEN: Final = regex.compile(r"[^\s\x1c-\x1f]+")
# A mark that may end a sentence, with the quotes and brackets that close behind it, or the end of a line.
# A full stop right before an Arabic letter ends one too («المدينة.وقال» is common), two dots never («ليبيا.. حفتر»).
_END: Final = regex.compile(
    r"""
    (?<![.!?؟…؛۔]) (?<mark>[.!?؟…؛۔]++) [\"'»”’)\]}›]*+
        (?= [\s\x1c-\x1f] | \Z | (?<= (?:[\p{Arabic}\p{M}]{3} | \s) [.!?؟؛۔]) \p{Arabic} )
    | [\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]
    """,
    regex.VERBOSE,
)
# What a lone full stop may stand behind without ending the sentence: one letter («أ. ب», «د.», U.S., the last of
# «ق.م.»), some Latin short forms, the number of a list item at the start of a line. «2019 م.» does end one.
_ABBREVIATION: Final = regex.compile(
    r"(?<![\p{L}\p{M}ـ])(?<!\p{N}\s?)\p{L}[\p{M}ـ]*$"
    r"|(?<!\p{L})(?:mrs?|ms|dr|prof|st|no|vs|jr|sr|gen|col|lt|sgt|fig)$"
    r"|(?:^|\n)[ \t]*[(\[]?\p{N}{1,3}$",
    regex.IGNORECASE,
)
_BEFORE: Final = 12  # characters that `_ABBREVIATION` looks at

_COMMA: Final = regex.compile(r"[،,;؛:][\"'»”’)\]}›]*$")
_CLAUSE: Final = regex.compile(
    r"و?(?:قال|[اأ]ضاف|[اأ]وضح|[اأ]كد|[اأ]علن|[اأ]شار|[اأ]فاد|[اأ]ورد|ذكر|نقل|نسب|كشف|صرح|شهد|قد|لقد|بلغ|تابع|يذكر)(?:ت|وا|ا)?"
    r"|و(?:كان|كانت|هذه|هذا|هو|هي|هم|هناك|تم|يتم|لا|لم|لن|[اإأ]ن|لكن|في|عن|على|من|بعد|قبل|منذ|ذلك|[اأ]ما|مع)"
    r"|حيث|كما|بينما|فيما|لكن|عندما|بعدما|غير|[إا]ذ|[إا]لا|[أا]ما|ثم|but|while|which|where|when|and"
)
_AND: Final = regex.compile(
    r"و(?:\p{L}{3,})?|في|من|[إا]ل[ىي]|على|عن|ضد|بل|قبل|بعد|منذ|حتى|الذي|التي|الذين|[أا]ن|of|in|to|from|on|by|with"
)


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage of one document: `document.text[start:end]`."""

    document_id: str
    start: int
    end: int


class _Piece(NamedTuple):
    """A range of whole words that stays together, and how many words it has."""

    start: int
    end: int
    words: int


def sentences(text: str, *, max_words: int | None = None) -> list[tuple[int, int]]:
    """Return the ranges of the sentences of `text` in order, without the white space around them.

    A sentence ends at «. ! ? ؟ … ؛» before white space or the end, with the quotes that close there, and at every line
    end; not behind abbreviations, initials and numbers of list items, nor inside decimals and addresses. With
    `max_words`, a longer sentence comes in several ranges, parted where a clause begins.
    """
    whole = [(start, end) for start, end in _between(text, _ends(text)) if start < end]
    if max_words is None:
        return whole
    return [(piece.start, piece.end) for span in whole for piece in _pieces(text, span, max_words, max_words)]


def cut(text: str, *, max_words: int = 100, max_characters: int = MAX_CHARACTERS) -> list[tuple[int, int]]:
    """Return the ranges of the passages of `text` in order; together they cover every word of it.

    A passage holds as many sentences as fit in `max_words` words and `max_characters` code points, and begins with the
    last sentence of the passage before unless that is longer than half of the words. A sentence that is itself longer
    is cut where a clause begins; a word, only when it is longer than `max_characters`.

    Raises:
        ValueError: a limit is below 1.
    """
    if max_words < 1 or max_characters < 1:
        raise ValueError(f"max_words and max_characters must be at least 1, got {max_words} and {max_characters}")
    share = max(1, int(max_words * _UNIT_SHARE))
    pieces = [piece for span in sentences(text) for piece in _pieces(text, span, max_words, share, max_characters)]
    ranges: list[tuple[int, int]] = []
    first, last = 0, 0
    while last < len(pieces):
        first, last = _next(pieces, last, max_words, max_characters)
        if last == len(pieces) and ranges:
            first = _longer_tail(pieces, first, ranges[-1][0], max_words, max_characters)
        ranges.append((pieces[first].start, pieces[last - 1].end))
    return ranges


def _next(pieces: list[_Piece], begin: int, max_words: int, max_characters: int) -> tuple[int, int]:
    """Return the pieces [first, last) of the passage that goes on at `begin`, one piece of overlap included."""
    first = begin
    if (
        begin
        and pieces[begin - 1].words <= max_words // 2
        and _fits(pieces, begin - 1, begin, max_words, max_characters)
    ):
        first = begin - 1
    words = sum(piece.words for piece in pieces[first : begin + 1])
    last = begin + 1
    while last < len(pieces):
        words += pieces[last].words
        if words > max_words or pieces[last].end - pieces[first].start > max_characters:
            break
        last += 1
    return first, last


def _fits(pieces: list[_Piece], first: int, last: int, max_words: int, max_characters: int) -> bool:
    """Return whether pieces `first` to `last`, both included, make one passage."""
    words = sum(piece.words for piece in pieces[first : last + 1])
    return words <= max_words and pieces[last].end - pieces[first].start <= max_characters


def _longer_tail(pieces: list[_Piece], first: int, previous: int, max_words: int, max_characters: int) -> int:
    """Return where the last passage begins: before `first` while it is short, behind the start of the `previous`."""
    end = len(pieces) - 1
    while (
        sum(piece.words for piece in pieces[first:]) < _TAIL_SHARE * max_words
        and pieces[first - 1].start > previous
        and _fits(pieces, first - 1, end, max_words, max_characters)
    ):
        first -= 1
    return first


def _ends(text: str) -> list[int]:
    """Return where sentences of `text` end, the end of the text last."""
    ends = [match.end() for match in _END.finditer(text) if not _goes_on(text, match)]
    return [*ends, len(text)]


def _goes_on(text: str, match: regex.Match[str]) -> bool:
    mark = match["mark"]
    if mark == "..":
        return True
    return mark == "." and bool(_ABBREVIATION.search(text, max(0, match.start() - _BEFORE), match.start()))


def _between(text: str, ends: list[int]) -> list[tuple[int, int]]:
    """Return the ranges from one end to the next without the white space around them."""
    ranges = []
    begin = 0
    for end in ends:
        piece = text[begin:end]
        ranges.append((begin + len(piece) - len(piece.lstrip()), begin + len(piece.rstrip())))
        begin = end
    return ranges


def _pieces(
    text: str, span: tuple[int, int], max_words: int, share: int, max_characters: int = MAX_CHARACTERS
) -> list[_Piece]:
    """Return the sentence `span` as one piece if it fits, else cut into pieces of at most `share` words."""
    words = [match.span() for match in _TOKEN.finditer(text, *span)]
    if len(words) <= max_words and span[1] - span[0] <= max_characters:
        return [_Piece(*span, len(words))]
    words = [part for word in words for part in _parts(text, word, max_characters)]
    pieces = []
    first = 0
    while first < len(words):
        last = _break(text, words, first, share, max_characters)
        pieces.append(_Piece(words[first][0], words[last - 1][1], last - first))
        first = last
    return pieces


def _break(text: str, words: list[tuple[int, int]], first: int, share: int, max_characters: int) -> int:
    """Return the word before which the piece that begins at word `first` is best ended."""
    limit = bisect_right(words, words[first][0] + max_characters, lo=first, key=lambda word: word[1])
    limit = max(first + 1, min(limit, first + share))
    if limit >= len(words):
        return len(words)
    limit = max(first + 1, min(limit, len(words) - share // 4))  # leaves no crumb behind
    earliest = first + max(1, (limit - first) // 3)
    places = range(limit, earliest - 1, -1)
    return max(places, key=lambda place: _break_value(text, words, place))


def _break_value(text: str, words: list[tuple[int, int]], place: int) -> int:
    """Return how good it is to break before word `place`: 3 behind a comma, 2 before a clause, 1 before «و» or «من»."""
    start, end = words[place]
    if _COMMA.search(text, *words[place - 1]) or (text[start] in "،,;؛" and end - start > 1):
        return 3
    word = text[start:end]
    if _CLAUSE.fullmatch(word):
        return 2
    return 1 if _AND.fullmatch(word) else 0


def _parts(text: str, word: tuple[int, int], max_characters: int) -> list[tuple[int, int]]:
    """Return the word as it is, or in parts of at most `max_characters` that end between graphemes."""
    start, end = word
    if end - start <= max_characters:
        return [word]
    parts = []
    while end - start > max_characters:
        window = regex.finditer(r"\X", text, pos=start, endpos=start + max_characters + 1)
        borders = [match.end() for match in window][:-1]  # the last one may go on outside the window
        stop = borders[-1] if borders else start + max_characters  # a grapheme longer than a passage
        parts.append((start, stop))
        start = stop
    return [*parts, (start, end)]
