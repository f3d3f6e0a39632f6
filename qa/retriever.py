"""Question → ranked passages: vectors and terms, fused by scaled scores, each hit able to explain its rank.

Takes a question and, where there is a filter, the passages it allows; gives `Hit`s, best first. Both legs search
under the filter, so k passages come back whenever k exist.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from embeddings.arabic import question_terms, stem, words
from embeddings.beside import Beside
from embeddings.documents import Document
from embeddings.encoder import Encoder
from embeddings.index import Index
from embeddings.passages import Passage
from embeddings.translation import translated_terms, translations
from qa.questions import analyse

# Of the scaled cosine against the scaled BM25; swept by tests/benchmarks/retrieval.py. Also right for English questions
# since their words are looked up in Arabic: Belebele en→ar R@10 .534, at 0.8 .525 (before the list: .157 at 2.0).
DENSE_WEIGHT: Final = 0.35
_CANDIDATES: Final = 100  # From each leg: several times what is ever read or listed.


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that may answer, and why it stands where it does.

    Attributes:
        passage, document: where it is.
        score: the fused score, 0 to 1.
        cosine: of question and passage vectors, -1 to 1.
        bm25: of question and passage terms, 0 upwards.
        matched: words of the passage that share a stem with the question, or with the Arabic of its English words, as
            the document writes them.
    """

    passage: Passage
    document: Document
    score: float
    cosine: float
    bm25: float
    matched: tuple[str, ...]

    @property
    def text(self) -> str:
        """The passage's original characters."""
        return self.document.text[self.passage.start : self.passage.end]

    def explain(self) -> dict[str, Any]:
        """Return the parts of the score as JSON values."""
        return {
            "score": round(self.score, 4),
            "dense": {"cosine": round(self.cosine, 4), "weight": DENSE_WEIGHT},
            "lexical": {"bm25": round(self.bm25, 4), "matched": list(self.matched)},
        }


class Retriever:
    """Finds passages of one index.

    Args:
        index: what is searched.
        encoder: the model the index was made with; turns questions into vectors.
    """

    def __init__(self, index: Index | Beside, encoder: Encoder) -> None:
        self._index = index
        self._encoder = encoder

    def search(self, question: str, k: int = 20, allowed: NDArray[np.int64] | None = None) -> list[Hit]:
        """Return the `k` best passages for `question`, best first, among the `allowed` passage ids (None: all)."""
        vector = self._encoder.encode_questions([question])[0]
        query = [*question_terms(question), *translated_terms(question)]
        dense = dict(self._index.search_vectors(vector, _CANDIDATES, allowed))
        lexical = dict(self._index.search_terms(query, _CANDIDATES, allowed))
        # A candidate that only one leg found is scored by the other too: a missing score is not a score of zero.
        dense |= self._index.search_vectors(vector, len(lexical), _ids(lexical.keys() - dense.keys()))
        lexical |= self._index.search_terms(query, len(dense), _ids(dense.keys() - lexical.keys()))
        return self._hits(question, fuse(dense, lexical, DENSE_WEIGHT)[:k], dense, lexical)

    def _hits(
        self,
        question: str,
        ranked: list[tuple[int, float]],
        dense: dict[int, float],
        lexical: dict[int, float],
    ) -> list[Hit]:
        content = [word.text for word in analyse(question).content]
        asked = {stem(one) for word in content for one in (word, *translations(word))}
        scores = dict(ranked)
        passages = self._index.passages(scores)  # without those that another thread has just removed
        documents = self._documents({passage.document_id for passage in passages})
        hits = []
        for passage in passages:
            document = documents.get(passage.document_id)
            if document is None:
                continue
            matched = _matched(document.text[passage.start : passage.end], asked)
            place = Passage(passage.document_id, passage.start, passage.end)
            near, shared = dense.get(passage.id, 0.0), lexical.get(passage.id, 0.0)
            hits.append(Hit(place, document, scores[passage.id], near, shared, matched))
        return hits

    def _documents(self, ids: set[str]) -> dict[str, Document]:
        """Return the documents of `ids`, without those that another thread has removed meanwhile."""
        found = {}
        for key in ids:
            with suppress(KeyError):
                found[key] = self._index.document(key)
        return found


def fuse(dense: dict[int, float], lexical: dict[int, float], weight: float) -> list[tuple[int, float]]:
    """Return (passage id, score in 0..1) of all candidates, best first; equal scores in the order of ids.

    Each list is divided by its maximum, then lexical + weight x dense. Scaled scores keep how much better the best
    hit is, which reciprocal ranks throw away.
    """
    best_dense = max(dense.values(), default=0.0)
    best_lexical = max(lexical.values(), default=0.0)

    def score(number: int) -> float:
        near = max(dense.get(number, 0.0), 0.0) / best_dense if best_dense > 0 else 0.0
        shared = lexical.get(number, 0.0) / best_lexical if best_lexical > 0 else 0.0
        return (shared + weight * near) / (1 + weight)

    return sorted(
        ((number, score(number)) for number in dense.keys() | lexical.keys()), key=lambda hit: (-hit[1], hit[0])
    )


def _ids(numbers: set[int]) -> NDArray[np.int64]:
    return np.fromiter(sorted(numbers), dtype=np.int64, count=len(numbers))


def _matched(text: str, asked: set[str]) -> tuple[str, ...]:
    found = (text[word.start : word.end] for word in words(text) if stem(word.text) in asked)
    return tuple(dict.fromkeys(found))
