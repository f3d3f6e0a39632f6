"""What an index was made with, and what must be the same when it is opened again.

Takes a folder and an encoder; begins an empty index there, or says why the one that is there cannot be used with it.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from embeddings.arabic import FOLDING_VERSION
from embeddings.derived import TERMS, VECTORS
from embeddings.errors import IndexDamagedError, IndexFolderError, IndexMismatchError, ModelError
from embeddings.folder import WriterLock
from embeddings.store import Store

if TYPE_CHECKING:
    from embeddings.encoder import Encoder

TRUTH: Final = "dalil.sqlite"
LOCK: Final = "writer.lock"
WRITER_SECONDS: Final = 10.0

_PASSAGE_WORDS: Final = 100
_LABELS: Final = {
    "encoder": "the encoder",
    "dimension": "vectors of dimension",
    "folding_version": "folding version",
}


def made_with(encoder: "Encoder") -> dict[str, str]:
    """Return what an index made with `encoder` now would remember."""
    return {
        "folding_version": str(FOLDING_VERSION),
        "encoder": encoder.name,
        "dimension": str(encoder.dimension),
        "passage_words": str(min(_PASSAGE_WORDS, encoder.max_words)),
    }


class StoredEncoder:
    """What an index remembers of the model that made it: enough for work that embeds nothing."""

    def __init__(self, settings: dict[str, str]) -> None:
        self.name = settings["encoder"]
        self.dimension = int(settings["dimension"])
        self.max_words = int(settings["passage_words"])

    def encode_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Raise ModelError unless there are no texts."""
        if texts:
            raise ModelError(f"The index was opened without its model {self.name}; open it with that to embed texts.")
        return np.empty((0, self.dimension), dtype=np.float32)

    encode_passages = encode_questions


def check(stored: dict[str, str], encoder: "Encoder", folder: Path) -> None:
    """Raise IndexMismatchError unless the index was made with the same encoder and folding."""
    asked = made_with(encoder)
    if not stored.get("passage_words", "").isdecimal():
        raise IndexDamagedError(
            f"The index in {folder} does not say how long its passages are. Restore it from a copy, or make another: "
            f"dalil index PATH --index {folder}-new"
        )
    for name, label in _LABELS.items():
        if stored.get(name) != asked[name]:
            raise IndexMismatchError(
                f"The index in {folder} was made with {label} {stored.get(name)}, but {label} {asked[name]} was asked "
                f"for. Use what it was made with, or make another index: dalil index PATH --index {folder}-new"
            )


def create_empty(folder: Path, encoder: "Encoder") -> None:
    """Begin an empty index in `folder`, unless another process has just done so.

    Raises:
        IndexFolderError: the folder cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _create_under_lock(folder, encoder)
    except (OSError, sqlite3.Error) as error:
        raise IndexFolderError(
            f"An index could not be begun in {folder}: {error}. Expected a folder that may be written, on a disk with "
            "free space. Choose another one: dalil index PATH --index DIR"
        ) from error


def _create_under_lock(folder: Path, encoder: "Encoder") -> None:
    lock = WriterLock(folder / LOCK)
    lock.acquire(WRITER_SECONDS)
    try:
        if not (folder / TRUTH).exists():
            Store.create(folder / TRUTH, made_with(encoder))
    finally:
        lock.release()


def refuse_orphans(folder: Path) -> None:
    """Raise IndexDamagedError when the truth is gone from among its derived parts or its journal."""
    left = [name for name in (f"{TRUTH}-wal", VECTORS, TERMS) if (folder / name).exists()]
    if left:
        raise IndexDamagedError(
            f"{folder / TRUTH} is missing, but {' and '.join(left)}, made from it, can be found. It is the stored "
            f"truth of the index and cannot be made again from them. Restore it from a copy, or remove {folder} and "
            f"run: dalil index PATH --index {folder}"
        )
