"""What of an index folder is looked at before any of it is trusted: it may come from somebody else.

Takes a folder, its database, the file of its vectors; says why one is refused. A link could lead a change of the
index to another file, a trigger or view would run what its maker wrote, and FAISS reads dozens of kinds of index of
which three are written here.
"""

import os
import sqlite3
import struct
from pathlib import Path
from typing import Final

import regex

from embeddings.errors import IndexFolderError

_DEEP: Final = 2  # folders: the index, and its terms
_COMMENT: Final = regex.compile(r"--[^\n]*")
_HEAD: Final = struct.Struct("<4si29x4s")  # kind, dimension, 29 bytes of counts and flags, kind of what is inside
_KINDS: Final = {b"IxMp": (b"IxFI", b"IxSQ"), b"IwPf": None}  # and what the first may hold


def refuse_links(folder: Path) -> None:
    """Raise IndexFolderError when anything in an index folder is a link: its owner may not be the one it leads to."""
    for parent, folders, names in os.walk(folder):
        for entry in (Path(parent, name) for name in (*folders, *names)):
            if entry.is_symlink():
                raise IndexFolderError(
                    f"{entry} is a link, as nothing in an index folder is, and was not followed. Remove it, or make "
                    f"another index: dalil index PATH --index {folder}-new"
                )
        if len(Path(parent).relative_to(folder).parts) + 1 >= _DEEP:
            folders.clear()


def foreign_object(connection: sqlite3.Connection, tables: str | None) -> str | None:
    """Return a part of a database that Dalil has not made, or None.

    With `tables`, the statements that make them, there may be those and nothing else; without, plain tables and
    indexes of any name, but nothing that SQLite would run.
    """
    found = _objects(connection)
    if tables is None:
        plain = ("CREATE TABLE", "CREATE INDEX")
        return next((name for (_, name), sql in found.items() if not sql.startswith(plain)), None)
    with sqlite3.connect(":memory:") as model:
        model.executescript(tables)
        expected = _objects(model)
    model.close()
    different = {key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key)}
    return min((name for _, name in different), default=None)


def _objects(connection: sqlite3.Connection) -> dict[tuple[str, str], str]:
    """Return what a database is made of, with the statement that made it, but for what SQLite makes by itself."""
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
    return {(kind, name): " ".join(_COMMENT.sub("", sql or "").split()) for kind, name, sql in rows}


def is_kind_written_here(path: Path, dimension: int) -> bool:
    """Return whether a file begins as a FAISS index that is written here, of vectors of `dimension` numbers.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return False
    kind, stored, inside = _HEAD.unpack(head)
    return stored == dimension and kind in _KINDS and inside in (_KINDS[kind] or (inside,))
