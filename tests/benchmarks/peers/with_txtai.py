"""txtai, as its documentation says: one `Embeddings` with `hybrid=True, content=True`, saved to a folder.

Sources: the pages "Index guide", "Configuration" and "Questions". It cuts nothing itself and is given the passages.
Two searches at once in one process end in sqlite3's "Recursive use of cursors not allowed", so clients take turns.
"""

import threading
from pathlib import Path
from typing import Any

from txtai import Embeddings
from txtai.pipeline import Questions

from tests.benchmarks.peers.pool import FOUND, Found, Pool

READ = 3  # passages that its question pipeline reads, as its examples do


class Txtai:
    """A hybrid index: FAISS, BM25 and SQLite."""

    def __init__(self, encoder: Path, reader: str | None) -> None:
        self._embeddings = Embeddings(
            path=str(encoder), method="sentence-transformers", hybrid=True, content=True, gpu=False
        )
        self._questions: Any = Questions(reader, gpu=False) if reader else None
        self.reads = reader is not None
        self._turn = threading.Lock()

    def index(self, pool: Pool, folder: Path) -> int:
        """Index the passages and save."""
        self._embeddings.index((f"{p.document}#{n}", p.text, None) for n, p in enumerate(pool.passages))
        self._embeddings.save(str(folder))
        return int(self._embeddings.count())

    def open(self, folder: Path) -> None:
        """Load the folder."""
        self._embeddings.load(str(folder))

    def search(self, question: str) -> list[Found]:
        """Return the best passages."""
        with self._turn:
            rows = self._embeddings.search(question, FOUND)
        return [Found(row["id"].rsplit("#", 1)[0], row["text"], row["score"]) for row in rows]

    def answer(self, question: str) -> str | None:
        """Return the first answer its question pipeline gives."""
        return next((answer for found in self.search(question)[:READ] if (answer := self._read(question, found))), None)

    def _read(self, question: str, found: Found) -> str | None:
        """Return the answer in one passage: a model that points at "no answer" makes the pipeline raise."""
        try:
            answer: str | None = self._questions([question], [found.text])[0]
        except (TypeError, IndexError, ValueError):
            return None
        return answer
