"""ask(): retrieve passages, read them, decide, cite.

`Assistant` holds an open index, the encoder it was made with and a reader; it takes questions and gives `Answer`s.
Nothing is kept between questions, so one assistant may serve many people at once.
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from embeddings.arabic import words
from embeddings.beside import Beside
from embeddings.documents import Document
from embeddings.encoder import Encoder, load_encoder
from embeddings.errors import FilterError, QuestionError
from embeddings.index import Changes, Counts, DocumentInfo, Index, Progress
from qa.answers import Answer, Citation, Reason
from qa.citing import cite, found
from qa.followups import understood
from qa.reader import Reader, ReadingPassage, Span
from qa.retriever import Hit, Retriever
from qa.stories import distinct

MAX_QUESTION: Final = 1_000  # Characters; ten times the longest of fifteen thousand questions that people asked.
READ: Final = 6  # Passages: with 8 or 12 no more questions are answered rightly, and it takes longer.
LISTED: Final = 10  # Passages that a search for people lists.
_OF_SOURCES: Final = 2  # Passages of the sources of the turn before that are read for a question that leans on it.
_CANDIDATE: Final = (
    0.05  # Confidence below which nothing is called an answer, however uncertain: one in twenty is right.
)


logger = logging.getLogger(__name__)


class Assistant:
    """Answers questions from one index with quotations.

    Args:
        index: an open index; closed with the assistant.
        encoder: the model the index was made with.
        reader: finds the spans; `qa.load_reader()` gives the bundled one.
    """

    def __init__(self, index: Index | Beside, encoder: Encoder, reader: Reader) -> None:
        self._index = index
        self._retriever = Retriever(index, encoder)
        self._encoder = encoder
        self._reader = reader
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    @classmethod
    def open(
        cls, folder: Path | str, *, encoder: str | None = None, reader: str | None = None, create: bool = False
    ) -> Self:
        """Open an index folder.

        Args:
            folder: where `dalil index` put it.
            encoder: a sentence-transformers name or path; None is the bundled model.
            reader: an extractive question-answering model's name or path; None is the bundled one.
            create: make an empty index where there is none.

        Raises:
            IndexMissingError, IndexMismatchError, IndexDamagedError: when the folder cannot be used as it is.
            ModelError: when a model cannot be loaded.
        """
        from qa.loading import load_reader

        model = load_encoder(encoder)
        return cls(Index.open(Path(folder), model, create=create), model, load_reader(reader))

    @classmethod
    def from_documents(
        cls, documents: Iterable[Document], *, encoder: str | None = None, reader: str | None = None
    ) -> Self:
        """Index `documents` in a folder that goes with the assistant; for tests, notebooks and small collections."""
        folder = tempfile.TemporaryDirectory(prefix="dalil-")
        assistant = cls.open(folder.name, encoder=encoder, reader=reader, create=True)
        assistant._folder = folder
        assistant.add(documents)
        return assistant

    def beside(self, folder: Path) -> Assistant:
        """Return an assistant that also answers from the index in `folder`, which is begun where there is none.

        What is added to it or removed from it is added and removed there, and closing it closes that index alone. Close
        it before this one.

        Raises:
            IndexMismatchError, IndexDamagedError, IndexFolderError: when the folder cannot be used as it is.
        """
        shared = self._index.shared if isinstance(self._index, Beside) else self._index
        own = Index.open(folder, self._encoder, create=True)
        return Assistant(Beside(shared, own), self._encoder, self._reader)

    def ask(
        self,
        question: str,
        *,
        top_k: int = READ,
        date_from: str | date | None = None,
        date_to: str | date | None = None,
        source: str | None = None,
        min_confidence: float | None = None,
        previous: Answer | None = None,
    ) -> Answer:
        """Answer `question` with quotations, or say honestly that the documents do not.

        Args:
            question: up to 1,000 characters, in any spelling.
            top_k: how many passages are read.
            date_from: first day ("2019-04-05"); documents without a date are then left out.
            date_to: last day, likewise.
            source: keep documents of this publisher.
            min_confidence: decline under this probability; None is the reader's own choice.
            previous: the answer before it, where the question may lean on it («ومتى كان ذلك؟»): what is missing is
                put in from there (`Answer.understood`), and its sources are read, too.

        Raises:
            QuestionError: when the question is empty or too long.
            FilterError: when `top_k`, `min_confidence` or a date cannot be read.
        """
        started = time.perf_counter()
        if min_confidence is not None and not 0 <= min_confidence <= 1:
            raise FilterError(f"min_confidence must lie between 0 and 1, got {min_confidence}")
        _check(question, top_k)
        meant = understood(question, previous) if previous else None
        asked = meant if meant and len(meant) <= MAX_QUESTION else question
        limits: dict[str, Any] = {"date_from": date_from, "date_to": date_to, "source": source}
        hits = self.search(asked, top_k=top_k, **limits)
        if previous and asked is meant:
            hits += self._in_sources(asked, previous, hits, limits)
        hits = [hits[position] for position in distinct([hit.text for hit in hits])]
        retrieved = time.perf_counter()
        spans = self._reader.read(asked, [ReadingPassage(hit.text, hit.score, hit.document.title) for hit in hits])
        threshold = self._reader.min_confidence if min_confidence is None else min_confidence
        reason = _reason(asked, spans, hits, threshold)
        quotable = found(spans, hits, self._reader.exact_confidence)
        citations, differing = ((), ()) if reason else cite(asked, quotable)
        done = time.perf_counter()
        answer = Answer(
            question=question,
            confidence=spans[0].confidence if spans else 0.0,
            citations=citations,
            evidence=tuple(_evidence(hits[position]) for position in _best_first(spans, len(hits))),
            index={
                "generation": self._index.generation,
                **asdict(self._index.counts),
                "fingerprint": self._index.fingerprint,
            },
            models={"encoder": self._encoder.name, "reader": self._reader.name},
            timing_ms={
                "retrieve": _milliseconds(retrieved - started),
                "read": _milliseconds(done - retrieved),
                "total": _milliseconds(done - started),
            },
            differing=differing,
            reason=reason,
            understood=meant if asked is meant else None,
        )
        _log(answer)
        return answer

    def _in_sources(self, asked: str, previous: Answer, hits: Sequence[Hit], limits: dict[str, Any]) -> list[Hit]:
        """Return the best passages of what was quoted before that are not among `hits`, ranked behind them."""
        sources = {citation.document.id for citation in previous.quoted}
        allowed = self._index.select(document_ids=sources, **limits)
        known = {hit.passage for hit in hits}
        least = min((hit.score for hit in hits), default=1.0)
        near = self._retriever.search(asked, _OF_SOURCES, allowed)
        return [replace(hit, score=min(hit.score, least)) for hit in near if hit.passage not in known]

    def search(
        self,
        question: str,
        *,
        top_k: int = READ,
        date_from: str | date | None = None,
        date_to: str | date | None = None,
        source: str | None = None,
    ) -> list[Hit]:
        """Return the passages nearest to `question`, best first, each able to `explain()` its rank.

        Raises:
            QuestionError: when the question is empty or too long.
            FilterError: when `top_k` or a date cannot be read.
        """
        _check(question, top_k)
        self._index.refresh()  # What another process has indexed meanwhile is found, too.
        allowed = self._index.select(date_from=date_from or None, date_to=date_to or None, source=source or None)
        return self._retriever.search(question, top_k, allowed)

    @property
    def generation(self) -> int:
        """How many changes the index has seen; 0 for one that was just begun."""
        return self._index.generation

    def add(self, documents: Iterable[Document], on_progress: Callable[[Progress], None] | None = None) -> Changes:
        """Add or update documents; unchanged ones are skipped by their hash."""
        return self._index.add(documents, on_progress)

    def remove(self, document_ids: Sequence[str]) -> int:
        """Remove documents from index and answers; returns how many there were."""
        return self._index.remove(document_ids)

    def documents(self) -> list[DocumentInfo]:
        """Return id, title, date, source and path of every document."""
        return self._index.documents()

    def document(self, document_id: str) -> Document:
        """Return one document with its text; KeyError when there is none of that id."""
        return self._index.document(document_id)

    def listed(self, words: str = "", *, offset: int = 0, limit: int | None = None) -> list[DocumentInfo]:
        """Return documents that hold all `words`, spelling folded, in title, source or path; without words, all."""
        return self._index.listed(words, offset=offset, limit=limit)

    def placed(self, prefix: str) -> list[str]:
        """Return the ids of the documents whose location begins with `prefix`."""
        return self._index.placed(prefix)

    def sources(self) -> list[str]:
        """Return the publishers that have most documents, up to two hundred, those with most first."""
        return self._index.sources()

    def path_of(self, sha256: str) -> str | None:
        """Return the path of the first document whose hash begins with `sha256`, or None."""
        return self._index.path_of(sha256)

    @property
    def counts(self) -> Counts:
        """How many documents and passages there are."""
        return self._index.counts

    @property
    def fingerprint(self) -> str:
        """A digest of the documents and of what they were indexed with; the same for the same, however built."""
        return self._index.fingerprint

    def close(self) -> None:
        """Close the index."""
        self._index.close()
        if self._folder is not None:
            self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _log(answer: Answer) -> None:
    """Log what came of a question; the question itself only where somebody is debugging, for it is the asker's own."""
    facts = {"answered": answer.answered, "confidence": round(answer.confidence, 4)}
    logger.info("question", extra={**facts, "milliseconds": answer.timing_ms["total"]})
    logger.debug("asked", extra={"question": answer.question, "answer": answer.text})


def _check(question: str, top_k: int) -> None:
    if not any(True for _ in words(question)):
        raise QuestionError("the question has no words. Type a question, for example: من هو الناطق باسم الجيش؟")
    if len(question) > MAX_QUESTION:
        raise QuestionError(
            f"the question has {len(question):,} characters, at most {MAX_QUESTION:,} are read. Shorten it."
        )
    if not 1 <= top_k <= 100:
        raise FilterError(f"top_k must lie between 1 and 100, got {top_k}")


def _best_first(spans: Sequence[Span], passages: int) -> list[int]:
    """Return the positions of all passages: those whose spans answer best, then the others as they were found."""
    return list(dict.fromkeys([*(span.passage for span in spans), *range(passages)]))


def _reason(question: str, spans: Sequence[Span], hits: Sequence[Hit], least: float) -> Reason | None:
    """Return why the question is not answered, or None when the best span is sure enough.

    A question in another alphabet is answered by meaning, so that no word of it is found tells nothing.
    """
    if spans and spans[0].confidence >= least:
        return None
    foreign = all(word.text.isascii() for word in words(question))
    if not hits or not (foreign or any(hit.matched for hit in hits)):
        return Reason.NOTHING_FOUND
    return Reason.TOO_UNCERTAIN if spans and spans[0].confidence >= _CANDIDATE else Reason.NOTHING_ANSWERS


def _evidence(hit: Hit) -> Citation:
    start, end = hit.passage.start, hit.passage.end
    return Citation(hit.document, start, end, start, end, hit.score)


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)
