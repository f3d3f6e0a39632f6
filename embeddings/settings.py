"""What an index was made with, and what must be the same when it is opened again.

Takes a folder and an encoder; begins an empty index there, or says why the one that is there cannot be used with it.
"""

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Final

from embeddings.arabic import FOLDING_VERSION
from embeddings.derived import TERMS, VECTORS
from embeddings.errors import IndexDamagedError, IndexFolderError, IndexMismatchError
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


def check(stored: dict[str, str], encoder: "Encoder", folder: Path) -> None:
    """Raise IndexMismatchError unless the index was made with the same encoder and folding."""
    asked = made_with(encoder)
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
    """Raise IndexDamagedError when there are derived parts without their truth."""
    orphans = [name for name in (VECTORS, TERMS) if (folder / f"{name}.seal.json").exists()]
    if orphans:
        raise IndexDamagedError(
            f"{folder / TRUTH} is missing, but {' and '.join(orphans)} made from it are there. It is the stored truth "
            f"of the index and cannot be made again from them. Restore it from a copy, or remove {folder} and run: "
            f"dalil index PATH --index {folder}"
        )
