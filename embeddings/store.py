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
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from embeddings.arabic import fold, words
from embeddings.database import Database
from embeddings.documents import Document
from embeddings.errors import IndexMismatchError
from embeddings.folder import Version, flush
from embeddings.schema import APPLICATION, FORMAT_VERSION, TABLES, format_of, upgrade

_CHUNK: Final = 4096

_INFO: Final = "id, sha256, title, date, source, path, location, pages"
_INSERT: Final = f"INSERT INTO documents ({_INFO}, day, source_words, text) VALUES ({', '.join('?' * 11)})"  # noqa: S608
_UPDATE: Final = f"UPDATE documents SET ({_INFO}, day, source_words) = ({', '.join('?' * 10)}) WHERE id = ?"  # noqa: S608


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
    """A passage under its id: `document.text[start:end]`."""

    id: int
    document_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A document to be stored, the ranges of its passages, and their vectors (passages, dimension), float32."""

    document: Document
    ranges: Sequence[tuple[int, int]]
    vectors: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is stored."""

    documents: int
    passages: int


class Store:
    """The SQLite file of an index folder. Reads may come from any thread; changes from one at a time."""

    def __init__(self, path: Path) -> None:
        """Open the file at `path`.

        Raises:
            IndexDamagedError: it is not the file of an index, or is cut or damaged where that shows at once.
            IndexMismatchError: a newer version of Dalil made it.
            IndexFolderError: its format is older, and the file may not be written to bring it up to date.
        """
        self._database = Database(path)
        ((application,),) = self._database.rows("PRAGMA application_id")
        if application != APPLICATION:
            raise self._database.damaged("it is a database of another program")
        self._database.check_length()
        self.settings = self._settings()
        if self._format() != FORMAT_VERSION:
            with self._database.connection() as connection:
                upgrade(connection)
            self.settings = self._settings()

    def _settings(self) -> dict[str, str]:
        return dict(self._database.rows("SELECT name, value FROM settings"))

    def _format(self) -> int:
        """Return the format of the file: today's or an older one."""
        try:
            number = format_of(self.settings)
        except ValueError as error:
            raise self._database.damaged(f"its format version cannot be read ({error})") from error
        if number > FORMAT_VERSION:
            raise IndexMismatchError(
                f"{self._database.path} has format version {number}, but this version of Dalil reads formats up to "
                f"{FORMAT_VERSION}. Use the newer Dalil that made it, or make another index: dalil index PATH --index "
                f"{self._database.path.parent}-new"
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
        temporary.unlink(missing_ok=True)
        connection = sqlite3.connect(temporary, isolation_level=None)
        try:
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(TABLES)
            connection.execute("BEGIN")
            connection.executemany("INSERT INTO settings VALUES (?, ?)", settings.items())
            state = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
            connection.execute("INSERT INTO version VALUES (1, 0, ?)", (state,))
            connection.execute("COMMIT")
        finally:
            connection.close()
        flush(temporary)
        temporary.replace(path)
        flush(path.parent)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    # Reading

    @property
    def version(self) -> Version:
        """How many changes were made, and a digest of them all."""
        return Version(*self._database.rows("SELECT generation, state FROM version")[0])

    @property
    def counts(self) -> Counts:
        """How many documents and passages there are."""
        return Counts(
            *self._database.rows("SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM passages)")[0]
        )

    def infos(self, ids: Iterable[str] | None = None) -> list[DocumentInfo]:
        """Return what is known of all documents, or of those of `ids` that are there, in the order they came in."""
        if ids is None:
            rows = self._database.rows(f"SELECT {_INFO} FROM documents ORDER BY number")  # noqa: S608
        else:
            given = json.dumps(list(ids))
            rows = self._database.rows(
                f"SELECT {_INFO} FROM documents WHERE id IN (SELECT value FROM json_each(?)) ORDER BY number",  # noqa: S608
                given,
            )
        return [self._info(row) for row in rows]

    def _info(self, row: Sequence[Any]) -> DocumentInfo:
        """Return what is known of a document from the columns `_INFO`."""
        *facts, pages = row
        try:
            starts = tuple(map(int, json.loads(pages))) if pages else ()
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            raise self._database.damaged(f"the page numbers of document {row[0]} cannot be read") from error
        return DocumentInfo(*(*facts, starts))

    def document(self, document_id: str) -> Document | None:
        """Return the document, or None when there is none of that id.

        Raises:
            IndexDamagedError: its text is not the one that was stored.
        """
        rows = self._database.rows(f"SELECT {_INFO}, text FROM documents WHERE id = ?", document_id)  # noqa: S608
        if not rows:
            return None
        *_, text = rows[0]
        info = self._info(rows[0][:-1])
        if hashlib.sha256(text.encode()).hexdigest() != info.sha256:
            raise self._database.damaged(f"the text of document {info.id} ({info.path}) is not the one that was stored")
        return Document(text=text, **dataclasses.asdict(info))

    def path_of(self, sha256: str) -> str | None:
        """Return the path of the first document whose hash begins with `sha256`, or None."""
        rows = self._database.rows(
            "SELECT path FROM documents WHERE substr(sha256, 1, ?) = ? ORDER BY number LIMIT 1", len(sha256), sha256
        )
        return str(rows[0][0]) if rows else None

    def passages(self, ids: Iterable[int]) -> list[StoredPassage]:
        """Return the passages of `ids` that are there, in the order of `ids`."""
        wanted = [int(passage) for passage in ids]
        rows = self._database.rows(
            "SELECT p.id, d.id, p.start, p.end FROM passages p JOIN documents d ON d.number = p.document "
            "WHERE p.id IN (SELECT value FROM json_each(?))",
            json.dumps(wanted),
        )
        found = {row[0]: StoredPassage(*row) for row in rows}
        return [found[passage] for passage in wanted if passage in found]

    def passage_ids(self, *, after: int = 0) -> NDArray[np.int64]:
        """Return the ids of all passages, or of those higher than `after`, ascending."""
        return self._database.ids("SELECT id FROM passages WHERE id > ? ORDER BY id", after)

    def select(
        self, first_day: int | None, last_day: int | None, source: str | None, document_ids: Iterable[str] | None
    ) -> NDArray[np.int64]:
        """Return the ids of the passages, ascending, whose documents meet every condition that is not None.

        Days are yyyymmdd, both included; a source matches when it holds the folded words of `source` in that order.
        """
        tests: list[tuple[str, str | int]] = []
        if first_day is not None:
            tests.append(("d.day >= ?", first_day))
        if last_day is not None:
            tests.append(("d.day <= ?", last_day))
        if source is not None:
            tests.append(("instr(d.source_words, ?)", _word_key(source)))
        if document_ids is not None:
            tests.append(("d.id IN (SELECT value FROM json_each(?))", json.dumps(list(document_ids))))
        where = " AND ".join(test for test, _ in tests) or "1"
        sql = f"SELECT p.id FROM documents d JOIN passages p ON p.document = d.number WHERE {where}"  # noqa: S608
        return np.sort(self._database.ids(sql, *(value for _, value in tests)))

    def vectors(self, ids: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """Yield ids (n,) and vectors (n, dimension), some thousands at a time, for those of `ids` that are there.

        Raises:
            IndexDamagedError: a vector is not the one that was stored.
        """
        for begin in range(0, len(ids), _CHUNK):
            rows = self._database.rows(
                "SELECT passage, vector, crc FROM vectors WHERE passage IN (SELECT value FROM json_each(?))",
                json.dumps(ids[begin : begin + _CHUNK].tolist()),
            )
            for passage, vector, crc in rows:
                if zlib.crc32(vector) != crc:
                    raise self._database.damaged(f"the vector of passage {passage} is not the one that was stored")
            if rows:
                matrix = np.frombuffer(b"".join(row[1] for row in rows), dtype="<f4").reshape(len(rows), -1)
                yield np.array([row[0] for row in rows], dtype=np.int64), matrix

    # Changing

    def put(self, entries: Sequence[Entry]) -> tuple[list[int], list[int]]:
        """Store documents in place of those of the same ids, in one transaction.

        Returns the ids of the passages that went, and those of the passages that came, in the order of `entries`.
        """
        with self._change([f"put {entry.document.id} {entry.document.sha256}" for entry in entries]) as connection:
            removed = self._delete(connection, [entry.document.id for entry in entries])
            sequence = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'passages'").fetchone()
            following = (sequence[0] if sequence else 0) + 1
            added: list[int] = []
            for entry in entries:
                ids = list(range(following, following + len(entry.ranges)))
                self._insert(connection, entry, ids)
                following += len(ids)
                added += ids
        return removed, added

    def remove(self, document_ids: Sequence[str]) -> list[int]:
        """Remove documents in one transaction and return the ids of the passages that went with them."""
        with self._change([f"remove {document_id}" for document_id in document_ids]) as connection:
            return self._delete(connection, document_ids)

    def describe(self, infos: Sequence[DocumentInfo]) -> None:
        """Set what is known of documents whose text stays as it is, in one transaction."""
        with self._change([f"describe {info!r}" for info in infos]) as connection:
            connection.executemany(_UPDATE, [(*_values(i), _day(i), _source_key(i), i.id) for i in infos])

    @staticmethod
    def _delete(connection: sqlite3.Connection, document_ids: Sequence[str]) -> list[int]:
        given = (json.dumps(list(document_ids)),)
        numbers = "SELECT number FROM documents WHERE id IN (SELECT value FROM json_each(?))"
        rows = connection.execute(f"SELECT id FROM passages WHERE document IN ({numbers}) ORDER BY id", given)  # noqa: S608
        removed = [row[0] for row in rows]
        connection.execute("DELETE FROM documents WHERE id IN (SELECT value FROM json_each(?))", given)
        return removed

    @staticmethod
    def _insert(connection: sqlite3.Connection, entry: Entry, ids: Sequence[int]) -> None:
        info = DocumentInfo.of(entry.document)
        values = (*_values(info), _day(info), _source_key(info), entry.document.text)
        cursor = connection.execute(_INSERT, values)
        number = cursor.lastrowid
        passages = [(i, number, start, end) for i, (start, end) in zip(ids, entry.ranges, strict=True)]
        connection.executemany("INSERT INTO passages VALUES (?, ?, ?, ?)", passages)
        blobs = [row.tobytes() for row in entry.vectors.astype("<f4")]
        vectors = [(i, blob, zlib.crc32(blob)) for i, blob in zip(ids, blobs, strict=True)]
        connection.executemany("INSERT INTO vectors VALUES (?, ?, ?)", vectors)

    @contextmanager
    def _change(self, steps: Sequence[str]) -> Iterator[sqlite3.Connection]:
        """One transaction; it raises the generation and takes `steps` into the digest."""
        with self._database.connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                generation, state = connection.execute("SELECT generation, state FROM version").fetchone()
                state = hashlib.sha256("\n".join([state, *steps]).encode()).hexdigest()
                connection.execute("UPDATE version SET generation = ?, state = ?", (generation + 1, state))
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise


def _values(info: DocumentInfo) -> tuple[str | None, ...]:
    *facts, pages = dataclasses.astuple(info)
    return (*facts, json.dumps(pages) if pages else None)


def _day(info: DocumentInfo) -> int | None:
    return int(info.date.replace("-", "")) if info.date else None


def _source_key(info: DocumentInfo) -> str | None:
    return _word_key(info.source) if info.source else None


def _word_key(source: str) -> str:
    """Return the folded words with a space around each; what has no words, folded as it is."""
    return f" {' '.join(word.text for word in words(source)) or fold(source)} "
