"""How the tables of an older format become today's: one step a format, all steps in one transaction.

Takes a connection to the SQLite file of an index. Every document, passage and vector stays as it is, and nothing is
embedded again. What is the same text under several names becomes one text, so that passages of the copies go.
"""

import sqlite3
from collections.abc import Callable, Mapping
from typing import Final

from embeddings.records import check_of
from embeddings.schema import FORMAT_VERSION, TABLES, format_of
from embeddings.transaction import FACTS, Ledger, insert_text


def upgrade(connection: sqlite3.Connection) -> None:
    """Bring the tables of an older format up to date; nothing to do where they are.

    Raises:
        sqlite3.Error: the file may not be written or is damaged; it stays as it was.
    """
    connection.execute("PRAGMA foreign_keys = OFF")  # they would empty the tables that refer to one that is replaced
    connection.execute("BEGIN IMMEDIATE")  # another process may do the same: the format is read again behind it
    try:
        for step in range(format_of(_settings(connection)), FORMAT_VERSION):
            _STEPS[step](connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    finally:
        connection.execute("PRAGMA foreign_keys = ON")


def _settings(connection: sqlite3.Connection) -> dict[str, str]:
    return dict(connection.execute("SELECT name, value FROM settings"))


def _add_pages(connection: sqlite3.Connection) -> None:
    """Documents learn where their pages begin."""
    connection.execute("ALTER TABLE documents ADD COLUMN pages TEXT")


def _part_texts_from_documents(connection: sqlite3.Connection) -> None:
    """Texts become rows of their own, every row gets its check, and the ledger its counts."""
    settings = _settings(connection) | {"format_version": "3"}
    old = ("settings", "version", "documents", "passages", "vectors")
    for table in old:
        connection.execute(f"ALTER TABLE {table} RENAME TO old_{table}")
    connection.execute("DROP INDEX documents_day")
    for statement in TABLES.split(";"):
        connection.execute(statement)
    connection.create_function("check_of", -1, check_of, deterministic=True)
    connection.executemany("INSERT INTO settings VALUES (?, ?)", settings.items())
    firsts = connection.execute("SELECT min(number) FROM old_documents GROUP BY sha256 ORDER BY 1").fetchall()
    for first in firsts:
        (found,) = connection.execute("SELECT number, sha256, text FROM old_documents WHERE number = ?", first)
        insert_text(connection, *found)
    connection.execute(
        f"INSERT INTO documents SELECT d.number, t.number, {_of('d')}, check_of(d.number, t.number, {_of('d')}) "  # noqa: S608
        "FROM old_documents d JOIN texts t ON t.sha256 = d.sha256"
    )
    connection.execute(
        "INSERT INTO vectors SELECT v.* FROM old_vectors v JOIN old_passages p ON p.id = v.passage "
        "WHERE p.document IN (SELECT number FROM texts)"
    )
    connection.execute(
        "INSERT INTO passages SELECT p.id, p.document, p.start, p.end, "
        "check_of(p.id, p.document, p.start, p.end, v.crc) FROM old_passages p JOIN vectors v ON v.passage = p.id"
    )
    ((generation, state, last),) = connection.execute(
        "SELECT generation, state, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'old_passages'), 0) "
        "FROM old_version"
    )
    ((documents, passages),) = connection.execute(
        "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM passages)"
    )
    Ledger(generation, state, documents, passages, last).write(connection, settings)
    for table in old:
        connection.execute(f"DROP TABLE old_{table}")


def _of(table: str) -> str:
    return ", ".join(f"{table}.{column}" for column in FACTS.split(", "))


_STEPS: Final[Mapping[int, Callable[[sqlite3.Connection], None]]] = {1: _add_pages, 2: _part_texts_from_documents}
