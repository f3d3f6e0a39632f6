"""What a reader is: question + passages → spans, each with the probability that it is the right answer.

Takes the question as it was typed and passages as retrieval ranked them; gives spans by position of the passage in
that list and half-open code points in that passage's text. An empty list means that no passage holds an answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class ReadingPassage:
    """One passage to read.

    Attributes:
        text: the passage as its document has it, never folded.
        score: what retrieval gave it, 0 to 1; 1 where the passage is given rather than found.
        document_title: for readers that weigh it; may be empty.
    """

    text: str
    score: float = 1.0
    document_title: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """An answer: `passages[passage].text[start:end]`.

    Attributes:
        passage: position in the list of passages that was read.
        start, end: half-open range of code points in that passage's text.
        confidence: calibrated probability, 0 to 1, that this is a right answer to the question.
    """

    passage: int
    start: int
    end: int
    confidence: float


@runtime_checkable
class Reader(Protocol):
    """Finds the shortest spans that answer a question, or none."""

    @property
    def name(self) -> str:
        """What made the spans: a model's name and the first digits of its hash."""

    @property
    def min_confidence(self) -> float:
        """The confidence under which declining is better than answering, as chosen on development questions."""

    @property
    def exact_confidence(self) -> float:
        """The confidence from which a span is quoted alone; below it, the sentence around it is quoted."""

    def read(self, question: str, passages: Sequence[ReadingPassage]) -> list[Span]:
        """Return the spans that answer `question`, best first, none overlapping another in its passage."""
