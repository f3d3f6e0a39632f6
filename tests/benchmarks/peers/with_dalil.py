"""Dalil, as its README says: the index folder, `search` and `ask` with the bundled models and settings."""

from pathlib import Path

from embeddings.documents import document_from_text
from qa.assistant import Assistant
from tests.benchmarks.peers.pool import FOUND, Found, Pool


class Dalil:
    """The assistant over an index folder."""

    reads = True

    def __init__(self, encoder: Path, reader: str | None) -> None:
        del encoder, reader  # the bundled ones; the peers are given the same encoder

    def index(self, pool: Pool, folder: Path) -> int:
        """Index the documents; Dalil cuts them itself."""
        documents = [document_from_text(document.text, path=document.id) for document in pool.documents]
        with Assistant.open(folder, reader="sentences", create=True) as assistant:
            assistant.add(documents)
            return assistant.counts.passages

    def open(self, folder: Path) -> None:
        """Open the folder."""
        self._assistant = Assistant.open(folder)

    def search(self, question: str) -> list[Found]:
        """Return the best passages."""
        hits = self._assistant.search(question, top_k=FOUND)
        return [Found(hit.document.path, hit.text, hit.score) for hit in hits]

    def answer(self, question: str) -> str | None:
        """Return the quotation, or None where it declines."""
        return self._assistant.ask(question).text
