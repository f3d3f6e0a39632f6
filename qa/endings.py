"""Where a quotation may begin and end: whole words, whole amounts and dates, both halves of a pair of brackets.

Takes a text and a range that a model found in it; gives the smallest range around it that cuts nothing in two. For
yes/no questions that is the sentence that decides; of a time with words around it the date alone.
"""

from typing import Final

from embeddings.passages import sentences
from qa.quantities import amounts, dates, ordinals
from qa.questions import Kind

_PAIRS: Final = {"(": ")", "[": "]", "«": "»", "“": "”", "﴿": "﴾"}
_SIGNS: Final = "%٪$€£°"
_LONGEST_SENTENCE: Final = 40  # Words; of a longer one, the clauses that the span touches.


def whole(text: str, start: int, end: int, kind: Kind) -> tuple[int, int]:
    """Return the range to quote for the span [start, end) of `text`, for a question of `kind`."""
    if kind is Kind.YES_NO:
        return sentence_around(text, start, end)
    for first, last in (*dates(text), *amounts(text), *ordinals(text)):
        cuts_start, cuts_end = first < start < last, first < end < last
        if cuts_start or cuts_end:
            start, end = min(start, first), max(end, last)
    if kind is Kind.WHEN:
        start, end = _only_date(text, start, end)
    return _paired(text, *_signed(text, start, end))


def _only_date(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the date within the span where there is just one: «في دمشق عام 1923» asked for a time is «عام 1923».

    An amount that runs into it belongs to it: «72 ساعة المقبلة».
    """
    inside = [(first, last) for first, last in dates(text) if start <= first and last <= end]
    if len(inside) != 1:
        return start, end
    date = inside[0]
    return min([date[0], *(first for first, last in amounts(text) if first < date[0] < last)]), date[1]


def sentence_around(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the range of the sentence, or sentences, that the span [start, end) touches."""
    touched = [(a, b) for a, b in sentences(text, max_words=_LONGEST_SENTENCE) if a < end and start < b]
    return (min(start, touched[0][0]), max(end, touched[-1][1])) if touched else (start, end)


def _signed(text: str, start: int, end: int) -> tuple[int, int]:
    """Take in a percent or currency sign that touches a number at the edge."""
    if text[start].isdecimal() and start and text[start - 1] in _SIGNS:
        start -= 1
    after = end + (text[end : end + 1] == " ")
    if text[end - 1].isdecimal() and text[after : after + 1] and text[after] in _SIGNS:
        end = after + 1
    return start, end


def _paired(text: str, start: int, end: int) -> tuple[int, int]:
    """Take in the other half of a bracket that the span opens or closes, when it stands right at the edge."""
    for opening, closing in _PAIRS.items():
        inside = text[start:end]
        if inside.count(opening) > inside.count(closing) and text[end : end + 1] == closing:
            end += 1
        elif inside.count(closing) > inside.count(opening) and start and text[start - 1] == opening:
            start -= 1
    return start, end
