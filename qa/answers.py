"""What comes back from a question: frozen values that carry their own proof.

A `Citation` is made from (document, start, end) and reads its quotation from there; there is no way to make one
from a string. `Answer.text` is the quotation of its first citation, so nothing can be answered that no document says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from embeddings.documents import Document


class Reason(StrEnum):
    """Why a question was not answered; the value is what JSON says."""

    NOTHING_FOUND = "nothing_found"  # no passage within the limits, or none with a word of the question
    NOTHING_ANSWERS = "nothing_answers"  # passages were read, and nothing in them looks like an answer
    TOO_UNCERTAIN = "too_uncertain"  # something may be the answer, less surely than the minimum


@dataclass(frozen=True, slots=True)
class Citation:
    """A range of a document's text, with the sentence or passage around it.

    Attributes:
        document: where the quotation stands.
        start, end: half-open range of code points in `document.text`; the quotation.
        context_start, context_end: the range around it that a reader needs; holds [start, end).
        score: what the ranking gave it, 0 to 1: probability for a citation, retrieval score for evidence.

    Raises:
        ValueError: when the ranges are empty, outside the text, or do not nest.
    """

    document: Document
    start: int
    end: int
    context_start: int
    context_end: int
    score: float

    def __post_init__(self) -> None:
        ranges = (0, self.context_start, self.start, self.end, self.context_end, len(self.document.text))
        if list(ranges) != sorted(ranges) or self.start == self.end:
            raise ValueError(
                f"a citation needs 0 <= context_start <= start < end <= context_end <= len(text), got {ranges}"
            )

    @property
    def text(self) -> str:
        """The quotation: the original characters of the document."""
        return self.document.text[self.start : self.end]

    @property
    def context(self) -> str:
        """The characters around the quotation, quotation included."""
        return self.document.text[self.context_start : self.context_end]

    @property
    def page(self) -> int | None:
        """The number, from 1, of the page that the quotation begins on; None where the document has no pages."""
        return self.document.page(self.start)

    def to_dict(self, n: int) -> dict[str, Any]:
        """Return the citation as JSON values, numbered `n` (from 1)."""
        return {
            "n": n,
            "type": "char_location",
            "cited_text": self.text,
            "document_id": self.document.id,
            "document_title": self.document.title,
            "path": self.document.path,
            "start_char_index": self.start,
            "end_char_index": self.end,
            "document_sha256": self.document.sha256,
            "context": self.context,
            "context_start_char_index": self.context_start,
            "context_end_char_index": self.context_end,
            "page": self.page,
            "date": self.document.date,
            "source": self.document.source,
            "score": round(self.score, 4),
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question, or an honest "no answer" with the passages that were read.

    Attributes:
        question: as it was asked.
        confidence: probability, 0 to 1, that the answer is right; without an answer, that of the best candidate.
        citations: the answer itself first, then others that say the same; empty when nothing was answered.
        evidence: the passages that were read, best first, each once; there also when nothing was answered.
        index: generation, number of documents and passages of the index that was asked.
        models: names of the encoder and the reader.
        timing_ms: milliseconds spent, by stage, and "total".
        differing: quotations of other documents that give another value for what was asked, each a different one.
        reason: why nothing was answered; None where something was.
        understood: the question with what it leans on in the turn before; None where it was asked as typed.
    """

    question: str
    confidence: float
    citations: tuple[Citation, ...]
    evidence: tuple[Citation, ...]
    index: Mapping[str, Any] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    timing_ms: Mapping[str, float] = field(default_factory=dict)
    differing: tuple[Citation, ...] = ()
    reason: Reason | None = None
    understood: str | None = None

    @property
    def answered(self) -> bool:
        """Whether there is an answer."""
        return bool(self.citations)

    @property
    def quoted(self) -> tuple[Citation, ...]:
        """Everything the answer quotes: its citations, then what differs from them."""
        return self.citations + self.differing

    @property
    def text(self) -> str | None:
        """The answer: the quotation of the first citation, or None."""
        return self.citations[0].text if self.citations else None

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as JSON values; the contract of `dalil ask --json` and of the `/ask` endpoint."""
        return {
            "question": self.question,
            "understood": self.understood,
            "answered": self.answered,
            "answer": self.text,
            "confidence": round(self.confidence, 4),
            "reason": self.reason,
            "citations": [citation.to_dict(n) for n, citation in enumerate(self.citations, 1)],
            "differing": [rival.to_dict(n) for n, rival in enumerate(self.differing, 1 + len(self.citations))],
            "evidence": [passage.to_dict(n) for n, passage in enumerate(self.evidence, 1)],
            "index": dict(self.index),
            "models": dict(self.models),
            "timing_ms": dict(self.timing_ms),
        }
