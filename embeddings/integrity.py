"""Is every byte of an index folder what was written? And its derived parts made again where they are not.

Takes a folder; gives what is wrong, each finding with the file, the damage and the command that mends it. A damaged
truth is never mended by a guess: whole documents can be taken out and indexed again, or the file restored.
"""

import hashlib
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from embeddings.derived import Derived
from embeddings.errors import IndexDamagedError, IndexMissingError
from embeddings.folder import WriterLock
from embeddings.records import check_of
from embeddings.settings import LOCK, TRUTH, WRITER_SECONDS, refuse_orphans
from embeddings.store import Counts, Store
from embeddings.transaction import FACTS

_SHOWN: Final = 10  # findings of SQLite itself


def inspect(folder: Path) -> list[str]:
    """Return what is wrong with the index in `folder`: each time the file, the damage and the command that mends it.

    Everything is read and nothing is changed, but a store of an older format is brought up to date.

    Raises:
        IndexMissingError: nothing has been indexed there.
        IndexMismatchError: a newer version of Dalil made it.
        IndexBusyError: another process is writing.
    """
    try:
        with _locked_store(folder) as store:
            found = list(_truth(store))
            if not found:
                mend = f"Make it again: dalil index --repair --index {folder}"
                parts = Derived(folder, int(store.settings["dimension"]), store)
                found = [f"{folder / name}: {damage}. {mend}" for name, damage in parts.damages()]
            return found
    except IndexDamagedError as error:
        return [str(error)]


def repair(folder: Path) -> Counts:
    """Make the derived parts of the index in `folder` again from its stored truth; nothing is embedded.

    Returns how much they hold.

    Raises:
        IndexMissingError: nothing has been indexed there.
        IndexDamagedError: the truth itself is damaged; nothing was changed.
        IndexMismatchError: a newer version of Dalil made it.
        IndexBusyError: another process is writing.
        IndexFolderError: the disk is full or the folder may not be written.
    """
    with _locked_store(folder) as store:
        if found := list(_truth(store)):
            raise IndexDamagedError("\n".join(found))
        Derived(folder, int(store.settings["dimension"]), store).rebuild()
        return store.counts


@contextmanager
def _locked_store(folder: Path) -> Iterator[Store]:
    if not (folder / TRUTH).exists():
        refuse_orphans(folder)
        raise IndexMissingError(f"There is no index in {folder}. Make one with: dalil index PATH --index {folder}")
    lock = WriterLock(folder / LOCK)
    lock.acquire(WRITER_SECONDS)
    try:
        store = Store(folder / TRUTH)
        try:
            yield store
        finally:
            store.close()
    finally:
        lock.release()


def _truth(store: Store) -> Iterator[str]:
    """Yield what is wrong with the stored truth."""
    folder = store.database.path.parent
    if structure := list(_structure(store)):
        yield str(store.database.damaged("; ".join(structure)))
    elif documents := _damaged_documents(store):
        yield (
            f"{store.database.path} is damaged: what is stored of {', '.join(documents.values())} is not what was "
            f"written; the rest is whole. Take that out and index its files again: dalil documents remove "
            f"{' '.join(documents)} --index {folder} && dalil index PATH --index {folder}"
        )


def _structure(store: Store) -> Iterator[str]:
    """Yield what is wrong with the tables as a whole."""
    rows = store.database.rows
    yield from (message for (message,) in rows(f"PRAGMA integrity_check({_SHOWN})") if message != "ok")
    for table, row, parent, _ in rows("PRAGMA foreign_key_check")[:_SHOWN]:
        yield f"row {row} of {table} belongs to no row of {parent}"
    (held,) = rows(
        "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM passages), (SELECT count(*) FROM vectors), "
        "(SELECT count(*) FROM texts WHERE number NOT IN (SELECT text FROM documents))"
    )
    counts = store.counts
    if held != (counts.documents, counts.passages, counts.passages, 0):
        yield f"it holds {held[0]} documents and {held[1]} passages where {counts.documents} and {counts.passages} were"
    ((bands, expected),) = rows(
        "SELECT (SELECT count(*) FROM bands b JOIN texts t ON t.number = b.text), "
        "(SELECT coalesce(sum(length(bands)), 0) / 8 FROM texts)"
    )
    if bands != expected:
        yield f"it holds {bands} bands of texts where {expected} were"


def _damaged_documents(store: Store) -> dict[str, str]:
    """Return the paths of the documents, by id, of which anything is not what was stored."""
    with store.database.connection() as connection:
        connection.text_factory = bytes  # what is damaged need not be UTF-8 any more
        try:
            damaged = _damaged_texts(connection)
            columns = ", ".join(f"d.{column}" for column in FACTS.split(", "))
            rows = connection.execute(
                f"SELECT d.number, d.text, {columns}, d.crc, t.sha256 FROM documents d "  # noqa: S608
                "JOIN texts t ON t.number = d.text"
            )
            found = {}
            for *values, crc, sha256 in rows:
                if check_of(*values) != crc or values[3] != sha256 or values[1] in damaged:
                    found[values[2].decode(errors="replace")] = values[7].decode(errors="replace")
            return found
        finally:
            connection.text_factory = str


def _damaged_texts(connection: sqlite3.Connection) -> set[int]:
    """Return the numbers of the texts of which anything is not what was stored, passages and vectors included."""
    damaged: set[int] = set()
    lengths: dict[int, int] = {}
    for number, sha256, story, bands, crc, content in connection.execute(
        "SELECT number, sha256, story, bands, crc, content FROM texts"
    ):
        lengths[number] = len(content.decode(errors="replace"))
        if hashlib.sha256(content).hexdigest() != sha256.decode() or check_of(number, sha256, story, bands) != crc:
            damaged.add(number)
    for passage, text, start, end, crc, vector, vector_crc in connection.execute(
        "SELECT p.id, p.text, p.start, p.end, p.crc, v.vector, v.crc FROM passages p JOIN vectors v ON v.passage = p.id"
    ):
        inside = 0 <= start <= end <= lengths[text]
        if not inside or check_of(passage, text, start, end, vector_crc) != crc or zlib.crc32(vector) != vector_crc:
            damaged.add(text)
    return damaged
