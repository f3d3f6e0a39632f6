"""Spans in passages → citations in documents: the answer's own, those that say the same, those that say otherwise.

Takes what a reader found in ranked passages; gives `Citation`s. A span that the reader is sure of is quoted alone,
another with the sentence around it; what two articles say is compared by the spans themselves.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from embeddings.passages import sentences
from qa.agreement import Said, relation, same_matter
from qa.answers import Citation
from qa.endings import sentence_around
from qa.questions import Question, analyse
from qa.reader import Span
from qa.retriever import Hit
from qa.values import Relation

_BESIDE: Final = 3  # Citations beside the answer's own, agreeing or differing: more are not read by anyone.

# Confidence from which a span of another document may contradict the answer: of such spans one in four is right.
_SURE: Final = 1 / 4


@dataclass(frozen=True, slots=True)
class Found:
    """A span that a reader found, and what is quoted of it.

    Attributes:
        hit: the passage it stands in.
        said: the answer itself, as a range of the passage.
        start, end: the range to quote; holds the answer.
        confidence: see `Span`.
    """

    hit: Hit
    said: Said
    start: int
    end: int
    confidence: float

    @property
    def document_id(self) -> str:
        """The document it stands in."""
        return self.hit.document.id

    def citation(self) -> Citation:
        """Return the quotation in its document, with the sentences it touches as context."""
        text, base = self.hit.text, self.hit.passage.start
        touched = [s for s in sentences(text) if s[0] < self.end and self.start < s[1]]
        first = min([self.start, *(start for start, _ in touched)])
        last = max([self.end, *(end for _, end in touched)])
        document = self.hit.document
        return Citation(document, base + self.start, base + self.end, base + first, base + last, self.confidence)


def found(spans: Sequence[Span], hits: Sequence[Hit], exact_confidence: float) -> list[Found]:
    """Return the spans in order with what is quoted of them: from `exact_confidence` alone, else the sentence."""
    return [_found(span, hits[span.passage], exact_confidence) for span in spans]


def _found(span: Span, hit: Hit, exact_confidence: float) -> Found:
    start, end = span.start, span.end
    if span.confidence < exact_confidence:
        start, end = sentence_around(hit.text, start, end)
    return Found(hit, Said(hit.text, span.start, span.end, hit.document.title), start, end, span.confidence)


def cite(question: str, spans: Sequence[Found]) -> tuple[tuple[Citation, ...], tuple[Citation, ...]]:
    """Return the citations of an answer, its own first, and those of other documents that give another value.

    Args:
        question: what was asked.
        spans: best first, at least one: the first is the answer.
    """
    asked, answer = analyse(question), spans[0]
    agreeing: list[Found] = []
    differing: list[Found] = []
    for others in _by_document(spans):
        said = {relation(asked, answer.said, other.said) for other in others}
        best = others[0]
        if Relation.SAME in said:
            agreeing.append(next(o for o in others if relation(asked, answer.said, o.said) is Relation.SAME))
        elif _contradicts(asked, best, [answer, *differing]):
            differing.append(best)
    return (
        tuple(one.citation() for one in [answer, *agreeing[:_BESIDE]]),
        tuple(one.citation() for one in differing[:_BESIDE]),
    )


def _by_document(spans: Sequence[Found]) -> Iterator[list[Found]]:
    """Yield the spans of each document but the first one's, best first, in the order of their best spans."""
    grouped: dict[str, list[Found]] = {}
    for span in spans:
        grouped.setdefault(span.document_id, []).append(span)
    del grouped[spans[0].document_id]
    yield from grouped.values()


def _contradicts(asked: Question, rival: Found, others: Sequence[Found]) -> bool:
    """Whether a span gives another value on the same matter than each of `others`; the first is the answer."""
    answer = others[0]
    if rival.confidence < _SURE:
        return False
    differs = all(relation(asked, other.said, rival.said) is Relation.DIFFERENT for other in others)
    return differs and same_matter(asked, answer.said, rival.said)
