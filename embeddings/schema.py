"""The tables of the stored truth.

A format is a number in the settings of a store; an older one is brought up to date by `embeddings.migration`, a newer
one is refused.
"""

from collections.abc import Mapping
from typing import Final

FORMAT_VERSION: Final = 3
"""Raised whenever the tables change; `embeddings.migration` then learns the way from the one before."""

APPLICATION: Final = 0x64616C6C  # "dall", in the header of the file

TABLES: Final = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE version (        -- where the store stands
    only INTEGER PRIMARY KEY CHECK (only = 1),
    generation INTEGER NOT NULL,
    state TEXT NOT NULL,
    documents INTEGER NOT NULL,
    passages INTEGER NOT NULL,
    last_passage INTEGER NOT NULL,
    crc INTEGER NOT NULL      -- of this row and of the settings
);
CREATE TABLE history (generation INTEGER PRIMARY KEY, state TEXT NOT NULL);
CREATE TABLE texts (          -- each once, however many documents have it
    number INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE,
    story INTEGER NOT NULL,   -- the same for texts that are nearly alike: the number of the first of them
    bands BLOB NOT NULL,      -- 64-bit integers, little-endian: under which near-copies are looked up
    crc INTEGER NOT NULL,
    content TEXT NOT NULL
);
CREATE TABLE bands (hash INTEGER NOT NULL, text INTEGER NOT NULL, PRIMARY KEY (hash, text)) WITHOUT ROWID;
CREATE TABLE documents (
    number INTEGER PRIMARY KEY,
    text INTEGER NOT NULL REFERENCES texts (number),
    id TEXT NOT NULL UNIQUE,
    sha256 TEXT NOT NULL,
    title TEXT NOT NULL,
    date TEXT,
    source TEXT,
    path TEXT NOT NULL,
    location TEXT NOT NULL,
    pages TEXT,               -- where each page begins in the text: a JSON list of numbers, NULL without pages
    day INTEGER,              -- the date as yyyymmdd
    source_words TEXT,        -- the source as folded words, a space around each
    crc INTEGER NOT NULL
);
CREATE INDEX documents_text ON documents (text);
CREATE INDEX documents_day ON documents (day);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY,   -- never used twice
    text INTEGER NOT NULL REFERENCES texts (number) ON DELETE CASCADE,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    crc INTEGER NOT NULL      -- of this row and of the vector's
);
CREATE INDEX passages_text ON passages (text);
CREATE TABLE vectors (
    passage INTEGER PRIMARY KEY REFERENCES passages (id) ON DELETE CASCADE,
    vector BLOB NOT NULL,     -- 32-bit floats, little-endian
    crc INTEGER NOT NULL
);
"""


def format_of(settings: Mapping[str, str]) -> int:
    """Return the format that the settings of a store name.

    Raises:
        ValueError: they name none that there ever was.
    """
    number = int(settings.get("format_version", ""))
    if number < 1:
        raise ValueError(f"there was never a format {number}")
    return number
