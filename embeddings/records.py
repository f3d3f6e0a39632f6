"""What an index stores, as values, and the check that every row of it carries.

A check is a CRC-32 of all values of a row: what the disk changed is told from what was written, also where SQLite
itself would notice nothing.
"""

import dataclasses
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.arabic import fold, words
from embeddings.documents import Document


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """What an index knows about a document besides its text; fields as in `Document`."""

    id: str
    sha256: str
    title: str
    date: str | None
    source: str | None
    path: str
    location: str
    pages: tuple[int, ...] = ()

    @classmethod
    def of(cls, document: Document) -> "DocumentInfo":
        """Return what is known of `document`."""
        return cls(**{field.name: getattr(document, field.name) for field in dataclasses.fields(cls)})


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage under its id: `document.text[start:end]`, and of every other document that has the same text."""

    id: int
    document_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A document to be stored, the ranges of its passages, and their vectors (passages, dimension), float32.

    Both are None for a document whose text is stored already, under another name.
    """

    document: Document
    ranges: Sequence[tuple[int, int]] | None
    vectors: NDArray[np.float32] | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is stored."""

    documents: int
    passages: int


def check_of(*values: str | int | bytes | None) -> int:
    """Return the check of a row with these values."""
    check = 0
    for value in values:
        data = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
        check = zlib.crc32(b"\x1f", zlib.crc32(data, check))
    return check


def facts(info: DocumentInfo) -> tuple[str | int | None, ...]:
    """Return what is stored of `info`: its fields in their order, the day as a number, the source as it is matched."""
    *fields, pages = dataclasses.astuple(info)
    return (*fields, json.dumps(pages) if pages else None, _day(info), source_key(info.source) if info.source else None)


def source_key(source: str) -> str:
    """Return the folded words of a source with a space around each; what has no words, folded as it is."""
    return f" {' '.join(word.text for word in words(source)) or fold(source)} "


def _day(info: DocumentInfo) -> int | None:
    return int(info.date.replace("-", "")) if info.date else None
