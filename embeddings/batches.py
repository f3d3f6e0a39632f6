"""Documents in portions that are stored at once: small enough to lose little, large enough to embed fast.

Takes documents as they come, gives lists of them.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from embeddings.documents import Document

Cut = tuple[Document, list[tuple[int, int]]]
"""A document and the ranges of its passages."""

_BATCH_DOCUMENTS: Final = 256
_BATCH_PASSAGES: Final = 2_000


def batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """Yield documents some hundreds at a time; one that comes again comes in a later batch."""
    batch: dict[str, Document] = {}
    for document in documents:
        if document.id in batch or len(batch) == _BATCH_DOCUMENTS:
            yield list(batch.values())
            batch = {}
        batch[document.id] = document
    if batch:
        yield list(batch.values())


def by_passages(documents: Iterable[Cut]) -> Iterator[list[Cut]]:
    """Yield documents with the ranges of their passages, about as many passages at a time as are embedded at once."""
    some: list[Cut] = []
    passages = 0
    for document, ranges in documents:
        if some and passages + len(ranges) > _BATCH_PASSAGES:
            yield some
            some, passages = [], 0
        some.append((document, ranges))
        passages += len(ranges)
    if some:
        yield some
