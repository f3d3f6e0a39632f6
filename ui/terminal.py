"""Answers and hits as text for a terminal: the quotation first, then its place, then what else was read."""

from typing import Any

from embeddings.documents import Document
from qa.answers import Answer, Citation
from qa.retriever import Hit
from ui.printable import printable
from ui.strings import texts, why_declined

_BOTH = texts("ar"), texts("en")
_BOLD, _DIM, _OFF = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_ISOLATE, _POP = "\u2068", "\u2069"  # First-strong isolate: Arabic inside an English line keeps its own direction.


def show_answer(answer: Answer, *, colour: bool = False) -> str:
    """Return the answer, its confidence and its sources as lines of text."""
    return "\n".join([*_understood(answer, colour), *_lines(answer, colour)])


def _understood(answer: Answer, colour: bool) -> list[str]:
    """Return how a question that leans on the one before was understood."""
    if answer.understood is None:
        return []
    labels = " · ".join(words.understood.rstrip(":") for words in _BOTH)
    return [_styled(f"{labels}: {isolated(answer.understood)}", _DIM, colour)]


def _lines(answer: Answer, colour: bool) -> list[str]:
    if not answer.answered:
        why = (why_declined(answer.reason, answer.confidence, words, read=bool(answer.evidence)) for words in _BOTH)
        lines = [
            _styled("لا جواب في الوثائق · No answer in the documents", _BOLD, colour),
            *(f"  {one}" for one in why),
        ]
        lines += [
            f"  {_place(n, passage)}\n      {printable(passage.text)}"
            for n, passage in enumerate(answer.evidence[:3], 1)
        ]
        return lines
    lines = [
        _styled(printable(answer.text or ""), _BOLD, colour) + _styled(f"  ({answer.confidence:.0%})", _DIM, colour)
    ]
    for n, citation in enumerate(answer.quoted, 1):
        if n == 1 + len(answer.citations):
            lines += [_styled(words.sources_differ, _BOLD, colour) for words in _BOTH]
        lines += [f"  {_place(n, citation)}", f"      {_marked(citation, colour)}"]
    return lines


def show_hit(hit: Hit, n: int, *, colour: bool = False) -> str:
    """Return one ranked passage and why it stands there."""
    matched = printable("، ".join(hit.matched))
    why = f"score {hit.score:.3f} = cosine {hit.cosine:.3f}, bm25 {hit.bm25:.2f}, words: {matched}"
    where = _where(hit.document, hit.passage.start, hit.passage.end)
    place = f"[{n}] {isolated(hit.document.title)} — {printable(where)}"
    return f"{_styled(place, _BOLD, colour)}\n    {_styled(why, _DIM, colour)}\n    {printable(hit.text)}"


def hit_values(hit: Hit, n: int) -> dict[str, Any]:
    """Return one ranked passage as JSON values: the shape of a citation, and its explanation."""
    start, end = hit.passage.start, hit.passage.end
    return Citation(hit.document, start, end, start, end, hit.score).to_dict(n) | {"explain": hit.explain()}


def _place(n: int, citation: Citation) -> str:
    document = citation.document
    facts = (document.date, document.source, _where(document, citation.start, citation.end))
    return f"[{n}] {isolated(document.title)} — " + " · ".join(printable(fact) for fact in facts if fact)


def _where(document: Document, start: int, end: int) -> str:
    page = document.page(start)
    return f"{document.path} {f'p. {page} ' if page else ''}{start}:{end}"


def _marked(citation: Citation, colour: bool) -> str:
    text, start, end = citation.document.text, citation.start, citation.end
    before, after = text[citation.context_start : start], text[end : citation.context_end]
    quoted = printable(text[start:end])
    return printable(before) + (_styled(quoted, _BOLD, colour) if colour else f"«{quoted}»") + printable(after)


def isolated(text: str) -> str:
    """Return text of a document or a question for one line of a terminal: cleaned, in its own direction."""
    return f"{_ISOLATE}{printable(text)}{_POP}"


def _styled(text: str, style: str, colour: bool) -> str:
    return f"{style}{text}{_OFF}" if colour else text
