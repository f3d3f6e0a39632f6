"""The stored truth of an index: documents, passages and vectors in one SQLite file.

Takes changes, each made wholly or not at all in one transaction that raises the generation; gives back documents,
passages and vectors, from any thread. Passage ids are never used twice, so that an id says what a passage holds.
"""

import dataclasses
import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from embeddings.database import Database
from embeddings.documents import Document
from embeddings.errors import IndexFolderError, IndexMismatchError
from embeddings.folder import Version, flush
from embeddings.migration import upgrade
from embeddings.records import Counts, DocumentInfo, Entry, StoredPassage, check_of, source_key
from embeddings.schema import APPLICATION, FORMAT_VERSION, TABLES, format_of
from embeddings.screening import refuse_links
from embeddings.transaction import FACTS, Ledger, Transaction

__all__ = ["Counts", "DocumentInfo", "Entry", "Store", "StoredPassage"]

_CHUNK: Final = 4096
_NAMED: Final = "path, sha256, title, date, source, pages"
_ROW: Final = f"d.number, d.text, {', '.join(f'd.{fact}' for fact in FACTS.split(', '))}, d.crc"


class Store:
    """The SQLite file of an index folder. Reads may come from any thread; changes from one at a time.

    Attributes:
        database: the file itself.
        settings: what the index was made with.
    """

    def __init__(self, path: Path) -> None:
        """Open the file at `path`.

        Raises:
            IndexDamagedError: it is not the file of an index, or is cut or damaged where that shows at once.
            IndexMismatchError: a newer version of Dalil made it.
            IndexFolderError: its format is older, and the file may not be written to bring it up to date; or there
                is a link in its folder.
        """
        refuse_links(path.parent)
        self.database = Database(path)
        ((application,),) = self.database.rows("PRAGMA application_id")
        if application != APPLICATION:
            raise self.database.damaged("it is a database of another program")
        self.database.check_length()
        self.database.screen(None)
        self.settings = self._settings()
        if self._format() != FORMAT_VERSION:
            with self.database.connection() as connection:
                upgrade(connection)
            self.settings = self._settings()
        self.database.screen(TABLES)
        self._ledger()
        self._settle()  # what a process committed and was killed over: it will be seen, so it must stay

    def _settings(self) -> dict[str, str]:
        return dict(self.database.rows("SELECT name, value FROM settings"))

    def _ledger(self) -> Ledger:
        rows = self.database.rows("SELECT generation, state, documents, passages, last_passage, crc FROM version")
        if len(rows) == 1 and (ledger := Ledger(*rows[0][:-1])).check(self.settings) == rows[0][-1]:
            return ledger
        raise self.database.damaged("its settings or counts are not those that were stored")

    def _format(self) -> int:
        """Return the format of the file: today's or an older one."""
        try:
            number = format_of(self.settings)
        except ValueError as error:
            raise self.database.damaged(f"its format version cannot be read ({error})") from error
        if number > FORMAT_VERSION:
            raise IndexMismatchError(
                f"{self.database.path} has format version {number}, but this version of Dalil reads formats up to "
                f"{FORMAT_VERSION}. Use the newer Dalil that made it, or make another index: dalil index PATH --index "
                f"{self.database.path.parent}-new"
            )
        return number

    @staticmethod
    def create(path: Path, settings: dict[str, str]) -> None:
        """Make an empty store at `path` that remembers `settings` and its format version.

        Raises:
            OSError, sqlite3.Error: the folder may not be written or the disk is full; nothing is left at `path`.
        """
        settings = settings | {"format_version": str(FORMAT_VERSION)}
        temporary = path.with_name(path.name + ".new")
        for left in path.parent.glob(temporary.name + "*"):  # its journal, too: it would be applied to the new file
            left.unlink()
        state = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
        connection = sqlite3.connect(temporary, isolation_level=None)
        try:
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.executescript(TABLES)
            connection.execute("BEGIN")
            connection.executemany("INSERT INTO settings VALUES (?, ?)", settings.items())
            Ledger(0, state, 0, 0, 0).write(connection, settings)
            connection.execute("COMMIT")
            # Last, so that the file holds everything and nothing is left in a journal that does not move with it.
            connection.execute("PRAGMA journal_mode = WAL")
        finally:
            connection.close()
        flush(temporary)
        temporary.replace(path)
        flush(path.parent)

    def close(self) -> None:
        """Close the file."""
        self.database.close()

    # Reading

    @property
    def version(self) -> Version:
        """How many changes were made, and a digest of them all."""
        ledger = self._ledger()
        return Version(ledger.generation, ledger.state)

    @property
    def counts(self) -> Counts:
        """How many documents and passages there are."""
        ledger = self._ledger()
        return Counts(ledger.documents, ledger.passages)

    def had(self, version: Version) -> bool:
        """Whether the store stood at `version` within the last hundred thousand changes, or stands there now."""
        return bool(self.database.rows("SELECT 1 FROM history WHERE (generation, state) = (?, ?)", *version))

    @property
    def fingerprint(self) -> str:
        """A digest (64 hexadecimal digits) of the documents and of the settings that made the index.

        It does not depend on the order or the number of the changes, nor on the folder that the files lie in: the
        same documents under the same relative paths, the same model and settings give the same fingerprint.
        """
        settings = {name: value for name, value in self.settings.items() if name != "format_version"}
        digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
        for row in self.database.rows(f"SELECT {_NAMED} FROM documents ORDER BY {_NAMED}"):  # noqa: S608
            digest.update(json.dumps(row).encode())
        return digest.hexdigest()

    def infos(self, ids: Iterable[str] | None = None) -> list[DocumentInfo]:
        """Return what is known of all documents, or of those of `ids` that are there, in the order they came in."""
        where, values = _meeting(document_ids=ids)
        rows = self.database.rows(f"SELECT {_ROW} FROM documents d WHERE {where} ORDER BY d.number", *values)  # noqa: S608
        return [self._info(row) for row in rows]

    def present(self, ids: Iterable[str]) -> list[str]:
        """Return those of `ids` that are there; nothing else is read of the documents, damaged or not."""
        where, values = _meeting(document_ids=ids)
        return [row[0] for row in self.database.rows(f"SELECT d.id FROM documents d WHERE {where}", *values)]  # noqa: S608

    def texts(self, sha256s: Iterable[str]) -> set[str]:
        """Return those of the hashes that a stored text has."""
        given = json.dumps(list(sha256s))
        sql = "SELECT sha256 FROM texts WHERE sha256 IN (SELECT value FROM json_each(?))"
        return {row[0] for row in self.database.rows(sql, given)}

    def _info(self, row: Sequence[Any]) -> DocumentInfo:
        """Return what is known of a document from the columns `_ROW`."""
        *values, crc = row
        if check_of(*values) != crc:
            raise self.database.damaged(f"what is known of document {row[2]} is not what was stored")
        *facts, pages = values[2:-2]
        try:
            starts = tuple(map(int, json.loads(pages))) if pages else ()
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            raise self.database.damaged(f"the page numbers of document {row[2]} cannot be read") from error
        return DocumentInfo(*(*facts, starts))

    def document(self, document_id: str) -> Document | None:
        """Return the document, or None when there is none of that id.

        Raises:
            IndexDamagedError: it is not the one that was stored.
        """
        rows = self.database.rows(
            f"SELECT {_ROW}, t.content FROM documents d JOIN texts t ON t.number = d.text WHERE d.id = ?",  # noqa: S608
            document_id,
        )
        if not rows:
            return None
        *row, text = rows[0]
        info = self._info(row)
        if hashlib.sha256(text.encode()).hexdigest() != info.sha256:
            raise self.database.damaged(f"the text of document {info.id} ({info.path}) is not the one that was stored")
        return Document(text=text, **dataclasses.asdict(info))

    def path_of(self, sha256: str) -> str | None:
        """Return the path of the first document whose hash begins with `sha256`, or None."""
        rows = self.database.rows(
            "SELECT path FROM documents WHERE substr(sha256, 1, ?) = ? ORDER BY number LIMIT 1", len(sha256), sha256
        )
        return str(rows[0][0]) if rows else None

    def passages(self, ids: Iterable[int]) -> list[StoredPassage]:
        """Return the passages of `ids` that are there, in the order of `ids`, each in the first document that has it.

        Raises:
            IndexDamagedError: one is not the one that was stored.
        """
        wanted = [int(passage) for passage in ids]
        rows = self.database.rows(
            "SELECT p.id, p.text, p.start, p.end, v.crc, p.crc, d.id FROM passages p "
            "JOIN vectors v ON v.passage = p.id "
            "JOIN documents d ON d.number = (SELECT min(number) FROM documents WHERE text = p.text) "
            "WHERE p.id IN (SELECT value FROM json_each(?))",
            json.dumps(wanted),
        )
        found = {}
        for *values, crc, document in rows:
            if check_of(*values) != crc or not _is_range(*values[2:4]):
                raise self.database.damaged(f"passage {values[0]} is not the one that was stored")
            found[values[0]] = StoredPassage(values[0], document, values[2], values[3])
        return [found[passage] for passage in wanted if passage in found]

    def passage_ids(self, *, after: int = 0) -> NDArray[np.int64]:
        """Return the ids of all passages, or of those higher than `after`, ascending."""
        return self.database.ids("SELECT id FROM passages WHERE id > ? ORDER BY id", after)

    def select(
        self, first_day: int | None, last_day: int | None, source: str | None, document_ids: Iterable[str] | None
    ) -> NDArray[np.int64]:
        """Return the ids of the passages, ascending, whose documents meet every condition that is not None.

        Days are yyyymmdd, both included; a source matches when it holds the folded words of `source` in that order.
        """
        where, values = _meeting(first_day, last_day, source, document_ids)
        sql = f"SELECT p.id FROM documents d JOIN passages p ON p.text = d.text WHERE {where}"  # noqa: S608
        return np.unique(self.database.ids(sql, *values))

    def vectors(self, ids: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """Yield ids (n,) and vectors (n, dimension), some thousands at a time, for those of `ids` that are there.

        Raises:
            IndexDamagedError: a vector is not the one that was stored.
        """
        for begin in range(0, len(ids), _CHUNK):
            rows = self.database.rows(
                "SELECT v.passage, v.vector, v.crc, p.text, p.start, p.end, p.crc FROM vectors v "
                "JOIN passages p ON p.id = v.passage WHERE v.passage IN (SELECT value FROM json_each(?))",
                json.dumps(ids[begin : begin + _CHUNK].tolist()),
            )
            for passage, vector, crc, *place, check in rows:
                if zlib.crc32(vector) != crc or check_of(passage, *place, crc) != check:
                    raise self.database.damaged(f"the vector of passage {passage} is not the one that was stored")
            if rows:
                matrix = np.frombuffer(b"".join(row[1] for row in rows), dtype="<f4").reshape(len(rows), -1)
                yield np.array([row[0] for row in rows], dtype=np.int64), matrix

    # Changing

    def put(self, entries: Sequence[Entry]) -> tuple[list[int], list[int]]:
        """Store documents in place of those of the same ids, in one transaction.

        Returns the ids of the passages that went, and those of the passages that came, in the order of `entries`.
        """
        with self._change([f"put {entry.document.id} {entry.document.sha256}" for entry in entries]) as change:
            touched = change.delete(entry.document.id for entry in entries)
            added = [passage for entry in entries for passage in change.insert(entry)]
            removed = change.sweep(touched)
        return removed, added

    def remove(self, document_ids: Sequence[str]) -> list[int]:
        """Remove documents in one transaction and return the ids of the passages that went with them."""
        with self._change([f"remove {document_id}" for document_id in document_ids]) as change:
            return change.sweep(change.delete(document_ids))

    def describe(self, infos: Sequence[DocumentInfo]) -> None:
        """Set what is known of documents whose text stays as it is, in one transaction."""
        with self._change([f"describe {info!r}" for info in infos]) as change:
            for info in infos:
                change.describe(info)

    @contextmanager
    def _change(self, steps: Sequence[str]) -> Iterator[Transaction]:
        """One transaction; it raises the generation and takes `steps` into the digest."""
        with self.database.connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                change = Transaction(connection, self._ledger().after(steps))
                yield change
                change.ledger.write(connection, self.settings)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        self._settle()

    def _settle(self) -> None:
        """Take what is in the journal into the file, so that it does not depend on both; readers may hold this up."""
        with suppress(IndexFolderError):
            self.database.rows("PRAGMA wal_checkpoint")


def _meeting(
    first_day: int | None = None,
    last_day: int | None = None,
    source: str | None = None,
    document_ids: Iterable[str] | None = None,
) -> tuple[str, list[str | int]]:
    """Return a condition on documents `d` that holds where every filter that is not None is met, and its values."""
    tests: list[tuple[str, str | int]] = []
    if first_day is not None:
        tests.append(("d.day >= ?", first_day))
    if last_day is not None:
        tests.append(("d.day <= ?", last_day))
    if source is not None:
        tests.append(("instr(d.source_words, ?)", source_key(source)))
    if document_ids is not None:
        tests.append(("d.id IN (SELECT value FROM json_each(?))", json.dumps(list(document_ids))))
    return " AND ".join(test for test, _ in tests) or "1", [value for _, value in tests]


def _is_range(start: object, end: object) -> bool:
    """Return whether two stored values are a range of a text; SQLite keeps values of any type in any column."""
    return isinstance(start, int) and isinstance(end, int) and 0 <= start < end
