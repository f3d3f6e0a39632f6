"""The tables of the stored truth, and how those of an older format become today's.

Takes a connection to the SQLite file of an index. A format is a number in its settings; an older one is brought up to
date in one transaction that keeps every document, passage and vector as it is, a newer one is refused by the store.
"""

import sqlite3
from collections.abc import Mapping
from typing import Final

FORMAT_VERSION: Final = 2
"""Raised whenever the tables change; `_STEPS` then learns the way from the one before."""

APPLICATION: Final = 0x64616C6C  # "dall", in the header of the file

TABLES: Final = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE version (only INTEGER PRIMARY KEY CHECK (only = 1), generation INTEGER NOT NULL, state TEXT NOT NULL);
CREATE TABLE documents (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    sha256 TEXT NOT NULL,
    title TEXT NOT NULL,
    date TEXT,
    source TEXT,
    path TEXT NOT NULL,
    location TEXT NOT NULL,
    day INTEGER,              -- the date as yyyymmdd
    source_words TEXT,        -- the source as folded words, a space around each
    text TEXT NOT NULL,
    pages TEXT                -- where each page begins in the text: a JSON list of numbers; NULL without pages
);
CREATE INDEX documents_day ON documents (day);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document INTEGER NOT NULL REFERENCES documents (number) ON DELETE CASCADE,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL
);
CREATE INDEX passages_document ON passages (document);
CREATE TABLE vectors (
    passage INTEGER PRIMARY KEY REFERENCES passages (id) ON DELETE CASCADE,
    vector BLOB NOT NULL,     -- 32-bit floats, little-endian
    crc INTEGER NOT NULL
);
"""

_STEPS: Final = {1: "ALTER TABLE documents ADD COLUMN pages TEXT"}
"""The statement that makes each format the next."""


def format_of(settings: Mapping[str, str]) -> int:
    """Return the format that the settings of a store name.

    Raises:
        ValueError: they name none.
    """
    number = int(settings.get("format_version", ""))
    if number not in _STEPS and number < FORMAT_VERSION:
        raise ValueError(f"there was never a format {number}")
    return number


def upgrade(connection: sqlite3.Connection) -> None:
    """Bring the tables of an older format up to date, in one transaction; nothing to do where they are.

    Raises:
        sqlite3.Error: the file may not be written or is damaged; it stays as it was.
    """
    connection.execute("BEGIN IMMEDIATE")  # another process may do the same: the format is read again behind it
    try:
        number = format_of(dict(connection.execute("SELECT name, value FROM settings")))
        for step in range(number, FORMAT_VERSION):
            connection.execute(_STEPS[step])
            connection.execute("UPDATE settings SET value = ? WHERE name = 'format_version'", (str(step + 1),))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
