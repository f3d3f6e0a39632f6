"""bm25s, as its README says: `tokenize`, `index`, `save` with the corpus, `load`, `retrieve`. Terms alone.

Once as it comes, and once with the stemmer its README advises for better results: PyStemmer has one for Arabic.
"""

from pathlib import Path
from typing import Any

import bm25s

from tests.benchmarks.peers.pool import FOUND, Found, Pool


class Bm25s:
    """A sparse matrix of scores, with the passages beside it."""

    reads = False

    def __init__(self, encoder: Path, reader: str | None) -> None:
        del encoder, reader  # it has neither
        self._stemmer: Any = None

    def index(self, pool: Pool, folder: Path) -> int:
        """Tokenise, index, save."""
        retriever = bm25s.BM25()
        retriever.index(self._tokens([p.text for p in pool.passages]), show_progress=False)
        retriever.save(str(folder), corpus=[{"document": p.document, "text": p.text} for p in pool.passages])
        return len(pool.passages)

    def open(self, folder: Path) -> None:
        """Load the matrix and the passages."""
        self._retriever = bm25s.BM25.load(str(folder), load_corpus=True)

    def search(self, question: str) -> list[Found]:
        """Return the best passages."""
        k = min(FOUND, self._retriever.scores["num_docs"])
        found, scores = self._retriever.retrieve(self._tokens(question), k=k, show_progress=False)
        return [
            Found(row["document"], row["text"], float(score)) for row, score in zip(found[0], scores[0], strict=True)
        ]

    def answer(self, question: str) -> str | None:
        """Not asked for: it does not read."""
        raise NotImplementedError(question)

    def _tokens(self, texts: str | list[str]) -> Any:
        return bm25s.tokenize(texts, stemmer=self._stemmer, show_progress=False)


class Bm25sStemmed(Bm25s):
    """With Snowball's stemmer for Arabic."""

    def __init__(self, encoder: Path, reader: str | None) -> None:
        super().__init__(encoder, reader)
        from Stemmer import Stemmer

        self._stemmer = Stemmer("arabic")
