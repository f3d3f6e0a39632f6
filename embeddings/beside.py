"""A shared index and a private one beside it, searched as one; what is added or removed goes to the private one.

Takes two open indexes made with the same encoder. The passages of the private one have negative ids, so that no id
means two passages. Cosines compare as they are; terms are weighed by how rare they are in both together (the global
statistics of distributed search, Callan 2000), so that scores do not depend on which of the two holds a passage.
"""

import datetime
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from embeddings.documents import Document
from embeddings.index import Changes, Counts, DocumentInfo, Index, Progress, StoredPassage

Ranked = list[tuple[int, float]]


class Beside:
    """Two indexes as one. Methods are those of `Index`.

    Args:
        shared: searched, and otherwise left alone.
        own: searched, changed, and closed with this.
    """

    def __init__(self, shared: Index, own: Index) -> None:
        self.shared = shared
        self.own = own
        self.encoder = shared.encoder

    def close(self) -> None:
        """Close the private index."""
        self.own.close()

    # Reading

    @property
    def generation(self) -> int:
        """How many changes were made since both indexes began."""
        return self.shared.generation + self.own.generation

    @property
    def fingerprint(self) -> str:
        """A digest of the documents in both, and of what the indexes were made with."""
        return hashlib.sha256(f"{self.shared.fingerprint} {self.own.fingerprint}".encode()).hexdigest()

    @property
    def counts(self) -> Counts:
        """How many documents and passages there are in both."""
        shared, own = self.shared.counts, self.own.counts
        return Counts(shared.documents + own.documents, shared.passages + own.passages)

    def refresh(self) -> bool:
        """See what other processes have changed in either."""
        changed = [self.shared.refresh(), self.own.refresh()]
        return any(changed)

    def document(self, document_id: str) -> Document:
        """Return a document with its text; KeyError when neither has one of that id."""
        try:
            return self.own.document(document_id)
        except KeyError:
            return self.shared.document(document_id)

    def documents(self) -> list[DocumentInfo]:
        """Return what is known of all documents, the private ones first."""
        return [*self.own.documents(), *self.shared.documents()]

    def listed(self, words: str = "", *, offset: int = 0, limit: int | None = None) -> list[DocumentInfo]:
        """Return documents that hold all `words` in title, source or path, the private ones first."""
        own = self.own.listed(words)
        some = own[offset:] if limit is None else own[offset : offset + limit]
        rest = None if limit is None else limit - len(some)
        return [*some, *self.shared.listed(words, offset=max(0, offset - len(own)), limit=rest)]

    def placed(self, prefix: str) -> list[str]:
        """Return the ids of the documents whose location begins with `prefix`."""
        return [*self.own.placed(prefix), *self.shared.placed(prefix)]

    def sources(self) -> list[str]:
        """Return the publishers that have most documents, those of the private documents first."""
        return list(dict.fromkeys([*self.own.sources(), *self.shared.sources()]))

    def path_of(self, sha256: str) -> str | None:
        """Return the path of the first document whose hash begins with `sha256`, or None."""
        return self.own.path_of(sha256) or self.shared.path_of(sha256)

    def passages(self, passage_ids: Iterable[int]) -> list[StoredPassage]:
        """Return passages in the order of their ids, without those that were removed meanwhile."""
        ids = list(passage_ids)
        found = {passage.id: passage for passage in self.shared.passages(number for number in ids if number > 0)}
        for passage in self.own.passages(-number for number in ids if number < 0):
            found[-passage.id] = replace(passage, id=-passage.id)
        return [found[number] for number in ids if number in found]

    def search_vectors(self, vector: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None = None) -> Ranked:
        """Return up to `k` (passage id, cosine) nearest to `vector`, best first."""
        here, there = _apart(allowed)
        return _merged(self.shared.search_vectors(vector, k, here), self.own.search_vectors(vector, k, there), k)

    def search_terms(self, terms: Sequence[str], k: int, allowed: NDArray[np.int64] | None = None) -> Ranked:
        """Return up to `k` (passage id, BM25) that hold any of the `terms`, best first."""
        here, there = _apart(allowed)
        both = self.shared.frequencies(terms) + self.own.frequencies(terms)
        shared = self.shared.search_terms(terms, k, here, both)
        return _merged(shared, self.own.search_terms(terms, k, there, both), k)

    def select(
        self,
        date_from: str | datetime.date | None = None,
        date_to: str | datetime.date | None = None,
        source: str | None = None,
        document_ids: Iterable[str] | None = None,
    ) -> NDArray[np.int64] | None:
        """Return the ids of the passages, ascending, that meet every filter given; None when none is."""
        ids = None if document_ids is None else list(document_ids)
        shared = self.shared.select(date_from, date_to, source, ids)
        own = self.own.select(date_from, date_to, source, ids)
        return None if shared is None or own is None else np.concatenate([-own[::-1], shared])

    # Changing

    def add(self, documents: Iterable[Document], on_progress: Callable[[Progress], None] | None = None) -> Changes:
        """Take documents into the private index."""
        return self.own.add(documents, on_progress)

    def remove(self, document_ids: Iterable[str]) -> int:
        """Remove documents of the private index; return how many were there."""
        return self.own.remove(document_ids)


def _apart(allowed: NDArray[np.int64] | None) -> tuple[NDArray[np.int64] | None, NDArray[np.int64] | None]:
    """Return the ids that are the shared index's, and those of the private one as it knows them."""
    if allowed is None:
        return None, None
    return allowed[allowed > 0], np.sort(-allowed[allowed < 0])


def _merged(shared: Ranked, own: Ranked, k: int) -> Ranked:
    both = [*shared, *((-number, score) for number, score in own)]
    return sorted(both, key=lambda hit: (-hit[1], hit[0]))[:k]
