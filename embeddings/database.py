"""The SQLite file under an index: connections for any thread, and errors that say what to do.

Takes SQL, gives rows. Each piece of work borrows a connection, so readers never wait for each other nor for a writer.
"""

import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from embeddings.errors import IndexBusyError, IndexDamagedError, IndexFolderError
from embeddings.screening import foreign_object

_BUSY_SECONDS: Final = 10.0
_SMALL: Final = 16 * 1024 * 1024  # bytes: their pages are checked in some hundredths of a second
_SHOWN: Final = 200  # characters of SQLite's own message
_FULL_OR_REFUSED: Final = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
}


class Database:
    """An SQLite file that is already there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._spare: deque[sqlite3.Connection] = deque()

    def close(self) -> None:
        """Close the file. Its journal is folded into it when no other process has it open."""
        while self._spare:
            self._spare.pop().close()

    def check_length(self) -> None:
        """Raise IndexDamagedError when the last page is cut; SQLite itself looks only at the number of pages."""
        (page,) = self.rows("PRAGMA page_size")[0]
        journal = self.path.with_name(self.path.name + "-wal")
        # Pages that a process was writing when it ended are in the journal too.
        if self.path.stat().st_size % page and not (journal.exists() and journal.stat().st_size):
            raise self.damaged("its last page is cut")

    def screen(self, tables: str | None) -> None:
        """Raise IndexDamagedError when the file holds what Dalil has not made; `tables` as for `foreign_object`.

        Of a small file every page is looked at, too.
        """
        with self.connection() as connection:
            if foreign := foreign_object(connection, tables):
                raise self.damaged(f"it holds {foreign!r}, or lacks it, unlike any that Dalil has made")
        if tables is not None and self.path.stat().st_size <= _SMALL:
            (found,) = self.rows("PRAGMA quick_check(1)")[0]
            if found != "ok":
                raise self.damaged(found[:_SHOWN])

    def rows(self, sql: str, *values: str | int) -> list[Any]:
        """Return all rows of a query."""
        with self.connection() as connection:
            return connection.execute(sql, values).fetchall()

    def ids(self, sql: str, *values: str | int) -> NDArray[np.int64]:
        """Return the first column of a query, integers, as an array."""
        with self.connection() as connection:
            return np.array(connection.execute(sql, values).fetchall(), dtype=np.int64).reshape(-1)

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection for one piece of work.

        Raises:
            IndexBusyError: another process was writing for too long.
            IndexDamagedError: the file is cut, damaged or no database.
            IndexFolderError: the disk is full, or the file may not be read or written.
        """
        try:
            try:
                connection = self._spare.pop()
            except IndexError:
                connection = self._connect()
            yield connection
            self._spare.append(connection)
        except sqlite3.DatabaseError as error:
            raise self._explained(error) from error

    def _connect(self) -> sqlite3.Connection:
        # mode=rw: a file that went away is an error here, not a new and empty store.
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=rw",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=_BUSY_SECONDS,
        )
        connection.execute("PRAGMA trusted_schema = OFF")  # the file may come from somebody else
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")  # an id that was given out must not come back after a power cut
        connection.execute("PRAGMA secure_delete = ON")  # removed text leaves the file, not only the tables
        return connection

    def _explained(self, error: sqlite3.DatabaseError) -> IndexFolderError:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return IndexBusyError(
                f"Another process is writing to {self.path} and did not finish in {_BUSY_SECONDS:g} s. "
                "Wait for it, or stop it, and give the command again."
            )
        if code in _FULL_OR_REFUSED:
            return IndexFolderError(
                f"{self.path} could not be read or written: {error}. What was stored before is safe. "
                "Check the free space and the permissions of the folder, then give the command again."
            )
        return self.damaged(str(error)[:_SHOWN])  # some errors quote all of a text

    def damaged(self, reason: str) -> IndexDamagedError:
        """Return the error that says so, and what to do about it."""
        return IndexDamagedError(
            f"{self.path} is damaged: {reason}. It is the stored truth of the index and cannot be made again from its "
            f"other files. See what is whole with: dalil doctor --index {self.path.parent}; then restore it from a "
            f"copy, or remove {self.path.parent} and run: dalil index PATH --index {self.path.parent}"
        )
