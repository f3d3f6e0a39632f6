"""One change of the stored truth: rows come and go within one SQLite transaction, and the ledger says what it holds.

Takes documents with their passages and vectors; keeps one row a text, however many documents have it, and notes which
texts are nearly alike.
"""

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from typing import Final

import numpy as np

from embeddings.records import DocumentInfo, Entry, check_of, facts
from embeddings.resemblance import ALIKE, bands, resemblance, runs

KEPT_HISTORY: Final = 100_000
"""Changes after which a derived part that was left behind is made from the beginning."""

FACTS: Final = "id, sha256, title, date, source, path, location, pages, day, source_words"
_INSERT: Final = f"INSERT INTO documents (number, text, {FACTS}, crc) VALUES ({', '.join('?' * 13)})"  # noqa: S608
_UPDATE: Final = f"UPDATE documents SET ({FACTS}, crc) = ({', '.join('?' * 11)}) WHERE id = ?"  # noqa: S608
_CANDIDATES: Final = 8  # texts that share most bands are compared run by run


@dataclass(frozen=True, slots=True)
class Ledger:
    """Where a store stands: how many changes were made, a digest of them all, and what it holds now."""

    generation: int
    state: str
    documents: int
    passages: int
    last_passage: int

    def check(self, settings: Mapping[str, str]) -> int:
        """Return the check of the ledger together with the settings of its store."""
        return check_of(*astuple(self), json.dumps(dict(settings), sort_keys=True))

    def write(self, connection: sqlite3.Connection, settings: Mapping[str, str]) -> None:
        """Put the ledger in place of the one that is stored, and note the state in the history."""
        connection.execute(
            "INSERT OR REPLACE INTO version VALUES (1, ?, ?, ?, ?, ?, ?)", (*astuple(self), self.check(settings))
        )
        connection.execute("INSERT INTO history VALUES (?, ?)", (self.generation, self.state))
        connection.execute("DELETE FROM history WHERE generation <= ?", (self.generation - KEPT_HISTORY,))

    def after(self, steps: Sequence[str]) -> "Ledger":
        """Return the ledger with the number and the digest it has after a change of these `steps`."""
        state = hashlib.sha256("\n".join([self.state, *steps]).encode()).hexdigest()
        return replace(self, generation=self.generation + 1, state=state)


class Transaction:
    """The rows of one change, on a connection that has begun a transaction.

    Attributes:
        ledger: what the store holds after what was done so far.
    """

    def __init__(self, connection: sqlite3.Connection, ledger: Ledger) -> None:
        self._connection = connection
        self.ledger = ledger

    def insert(self, entry: Entry) -> list[int]:
        """Store a document, and its text unless another has it already; return the ids of the passages that came."""
        info, added = DocumentInfo.of(entry.document), list[int]()
        same = self._column("SELECT number FROM texts WHERE sha256 = ?", info.sha256)
        if same:
            text = same[0]
        else:
            text, added = self._insert_text(entry)
        number = self._next("documents")
        values = facts(info)
        self._connection.execute(_INSERT, (number, text, *values, check_of(number, text, *values)))
        self.ledger = replace(self.ledger, documents=self.ledger.documents + 1)
        return added

    def delete(self, document_ids: Iterable[str]) -> list[int]:
        """Take out documents; return the numbers of their texts, which others may have too."""
        given = (json.dumps(list(document_ids)),)
        chosen = "FROM documents WHERE id IN (SELECT value FROM json_each(?))"
        texts = self._column(f"SELECT DISTINCT text {chosen}", *given)
        gone = self._connection.execute(f"DELETE {chosen}", given).rowcount
        self.ledger = replace(self.ledger, documents=self.ledger.documents - gone)
        return texts

    def sweep(self, texts: Sequence[int]) -> list[int]:
        """Take out those of `texts` that no document has any more; return the ids of the passages that went."""
        rows = self._connection.execute(
            "SELECT number, bands FROM texts t WHERE number IN (SELECT value FROM json_each(?)) "
            "AND NOT EXISTS (SELECT 1 FROM documents WHERE text = t.number)",
            (json.dumps(list(texts)),),
        ).fetchall()
        numbers = json.dumps([number for number, _ in rows])
        removed = self._column(
            "SELECT id FROM passages WHERE text IN (SELECT value FROM json_each(?)) ORDER BY id", numbers
        )
        self._connection.executemany(
            "DELETE FROM bands WHERE hash = ? AND text = ?",
            [(hash_, number) for number, stored in rows for hash_ in np.frombuffer(stored, dtype="<i8").tolist()],
        )
        self._connection.execute("DELETE FROM texts WHERE number IN (SELECT value FROM json_each(?))", (numbers,))
        self.ledger = replace(self.ledger, passages=self.ledger.passages - len(removed))
        return removed

    def describe(self, info: DocumentInfo) -> None:
        """Set what is known of a document whose text stays as it is."""
        number, text = self._connection.execute(
            "SELECT number, text FROM documents WHERE id = ?", (info.id,)
        ).fetchone()
        values = facts(info)
        self._connection.execute(_UPDATE, (*values, check_of(number, text, *values), info.id))

    def _insert_text(self, entry: Entry) -> tuple[int, list[int]]:
        if entry.ranges is None or entry.vectors is None:
            raise ValueError(f"the text of {entry.document.path} is not stored yet: its passages are needed")
        number = self._next("texts")
        insert_text(self._connection, number, entry.document.sha256, entry.document.text)
        first = self.ledger.last_passage + 1
        ids = list(range(first, first + len(entry.ranges)))
        blobs = [row.tobytes() for row in entry.vectors.astype("<f4")]
        passages, vectors = [], []
        for passage, (start, end), blob in zip(ids, entry.ranges, blobs, strict=True):
            crc = zlib.crc32(blob)
            passages.append((passage, number, start, end, check_of(passage, number, start, end, crc)))
            vectors.append((passage, blob, crc))
        self._connection.executemany("INSERT INTO passages VALUES (?, ?, ?, ?, ?)", passages)
        self._connection.executemany("INSERT INTO vectors VALUES (?, ?, ?)", vectors)
        self.ledger = replace(
            self.ledger, passages=self.ledger.passages + len(ids), last_passage=self.ledger.last_passage + len(ids)
        )
        return number, ids

    def _next(self, table: str) -> int:
        (following,) = self._column(f"SELECT coalesce(max(number), 0) + 1 FROM {table}")  # noqa: S608
        return following

    def _column(self, sql: str, *values: str | int) -> list[int]:
        return [row[0] for row in self._connection.execute(sql, values)]


def insert_text(connection: sqlite3.Connection, number: int, sha256: str, content: str) -> None:
    """Store a text under `number`, in the story of a text that it is nearly a copy of, or in one of its own."""
    hashes = bands(content)
    story, blob = _story(connection, hashes.tolist(), content) or number, hashes.astype("<i8").tobytes()
    connection.execute(
        "INSERT INTO texts (number, sha256, story, bands, crc, content) VALUES (?, ?, ?, ?, ?, ?)",
        (number, sha256, story, blob, check_of(number, sha256, story, blob), content),
    )
    connection.executemany("INSERT OR IGNORE INTO bands VALUES (?, ?)", [(hash_, number) for hash_ in hashes.tolist()])


def _story(connection: sqlite3.Connection, hashes: Sequence[int], content: str) -> int | None:
    """Return the story of the stored text that `content` resembles most, or None when it resembles none."""
    near = connection.execute(
        "SELECT t.story, t.content FROM bands b JOIN texts t ON t.number = b.text "
        "WHERE b.hash IN (SELECT value FROM json_each(?)) GROUP BY t.number ORDER BY count(*) DESC, t.number LIMIT ?",
        (json.dumps(hashes), _CANDIDATES),
    ).fetchall()
    if not near:
        return None
    mine = runs(content)
    likeness, first = max((resemblance(mine, runs(other)), -story) for story, other in near)
    return -first if likeness >= ALIKE else None
