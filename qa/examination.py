"""Put the questions of a file to the product and keep what happened: what was found, read and answered.

Takes `Example`s, documents that distract, an encoder and a reader; gives an `Outcome` a question. The contexts of
the file and the distractors are indexed in a temporary folder, through the same index, retriever and assistant that
users ask. What the figures are is said in `qa.figures`.
"""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from embeddings.documents import Document, document_from_text
from embeddings.encoder import Encoder
from embeddings.errors import DocumentError, QuestionError
from embeddings.index import Counts, Index
from qa.answers import Answer
from qa.assistant import READ, Assistant
from qa.question_sets import Example, QuestionFileError
from qa.questions import Kind, analyse
from qa.reader import Reader, ReadingPassage
from qa.retriever import Retriever

_DEPTH: Final = 200  # Passages ranked for each question: all candidates of both legs of the retriever.


@dataclass(frozen=True, slots=True)
class Given:
    """The best answer that was found, however unsure.

    Attributes:
        text: None where there is none at all.
        confidence: probability that it is right, 0 to 1; 0 where there is none.
    """

    text: str | None
    confidence: float

    def above(self, threshold: float) -> str | None:
        """Return the text, or None (declined) where the confidence is below `threshold`."""
        return self.text if self.confidence >= threshold else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened to one question.

    Attributes:
        example: the question with its known answers.
        kind: the kind of answer it asks for.
        ranked: documents, best first, each ranked by its best passage.
        gold: the document that its context became.
        read: what the reader found in the context.
        asked: what the assistant found in all documents.
        cited: for each citation of that answer, whether it lies in the context.
    """

    example: Example
    kind: Kind
    ranked: tuple[str, ...]
    gold: str
    read: Given
    asked: Given
    cited: tuple[bool, ...]

    @property
    def answerable(self) -> bool:
        """Whether the context answers the question."""
        return bool(self.example.answers)


class Examination:
    """An index of the contexts, and the product over it. Use as a context manager, through `examination`.

    Args:
        index: open and empty; the contexts are added at once, `add` adds what distracts.
        encoder: the model of the index.
        reader: what is examined.
        examples: the questions whose contexts are indexed.
        top_k: how many passages the assistant reads.

    Raises:
        QuestionFileError: a context cannot be indexed.
    """

    def __init__(
        self, index: Index, encoder: Encoder, reader: Reader, examples: Sequence[Example], top_k: int = READ
    ) -> None:
        self._index = index
        self._retriever = Retriever(index, encoder)
        self._assistant = Assistant(index, encoder, reader)
        self._reader = reader
        self._top_k = top_k
        self._gold = _documents(examples)
        index.add(self._gold.values())
        self.add = index.add

    @property
    def counts(self) -> Counts:
        """How many documents and passages are searched."""
        return self._index.counts

    def examine(self, examples: Iterable[Example]) -> Iterator[Outcome]:
        """Yield what happens to each question, in order."""
        for example in examples:
            gold = self._gold[example.context]
            asked, documents = self._asked(example.question)
            cited = tuple(document == gold.id for document in documents)
            kind = analyse(example.question).kind
            yield Outcome(example, kind, self._ranked(example), gold.id, self._read(example, gold), asked, cited)

    def ask(self, question: str) -> Given:
        """Return the best answer that the assistant finds in all documents, whatever its confidence."""
        return self._asked(question)[0]

    def _ranked(self, example: Example) -> tuple[str, ...]:
        hits = self._retriever.search(example.question, _DEPTH)
        return tuple(dict.fromkeys(hit.document.id for hit in hits))

    def _read(self, example: Example, gold: Document) -> Given:
        spans = self._reader.read(example.question, [ReadingPassage(gold.text, 1.0, gold.title)])
        return Given(gold.text[spans[0].start : spans[0].end], spans[0].confidence) if spans else Given(None, 0.0)

    def _asked(self, question: str) -> tuple[Given, tuple[str, ...]]:
        """Return the best answer and the documents it cites: whether it would be given is told by the threshold."""
        try:
            answer: Answer = self._assistant.ask(question, top_k=self._top_k, min_confidence=0.0)
        except QuestionError:  # too long, or without a word: the product refuses it, which is no answer
            return Given(None, 0.0), ()
        return Given(answer.text, answer.confidence), tuple(citation.document.id for citation in answer.citations)


@contextmanager
def examination(
    examples: Sequence[Example], encoder: Encoder, reader: Reader, *, top_k: int = READ
) -> Iterator[Examination]:
    """Index the contexts of `examples` in a temporary folder, which is gone afterwards.

    Raises:
        QuestionFileError: a context cannot be indexed.
    """
    with (
        tempfile.TemporaryDirectory(prefix="dalil-eval-") as folder,
        Index.open(Path(folder), encoder, create=True) as index,
    ):
        yield Examination(index, encoder, reader, examples, top_k)


def _documents(examples: Iterable[Example]) -> dict[str, Document]:
    """Return the document of each context: contexts that are the same text are one document."""
    found: dict[str, Document] = {}
    for example in examples:
        if example.context in found:
            continue
        name = f"context-{len(found) + 1}"
        try:
            found[example.context] = document_from_text(example.context, path=name, title=example.title or None)
        except DocumentError as error:
            raise QuestionFileError(f"the context of question {example.id} cannot be indexed: {error}") from error
    return found
