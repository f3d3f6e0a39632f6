"""FAISS and sentence-transformers by hand: the script most people write first. Exact inner product, vectors alone."""

import json
from pathlib import Path

import faiss
from sentence_transformers import SentenceTransformer

from tests.benchmarks.peers.pool import FOUND, Found, Pool


class Faiss:
    """A flat index, and the passages beside it."""

    reads = False

    def __init__(self, encoder: Path, reader: str | None) -> None:
        del reader  # it has none
        self._model = SentenceTransformer(str(encoder), device="cpu")

    def index(self, pool: Pool, folder: Path) -> int:
        """Embed, add, write."""
        texts = [p.text for p in pool.passages]
        vectors = self._model.encode_document(texts, normalize_embeddings=True, show_progress_bar=False)
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(vectors)
        faiss.write_index(index, str(folder / "vectors.faiss"))
        rows = [[p.document, p.text] for p in pool.passages]
        (folder / "passages.json").write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
        return len(rows)

    def open(self, folder: Path) -> None:
        """Read the index and the passages."""
        self._index = faiss.read_index(str(folder / "vectors.faiss"))
        self._passages = json.loads((folder / "passages.json").read_text(encoding="utf-8"))

    def search(self, question: str) -> list[Found]:
        """Return the best passages."""
        vector = self._model.encode_query([question], normalize_embeddings=True, show_progress_bar=False)
        scores, numbers = self._index.search(vector, FOUND)
        best = zip(numbers[0], scores[0], strict=True)
        found = ((self._passages[number], score) for number, score in best if number >= 0)
        return [Found(document, text, float(score)) for (document, text), score in found]

    def answer(self, question: str) -> str | None:
        """Not asked for: it does not read."""
        raise NotImplementedError(question)
