"""What of an index folder is looked at before any of it is trusted: it may come from somebody else.

Takes a folder, its database, the file of its vectors; says why one is refused. A link could lead a change of the
index to another file, a trigger or view would run what its maker wrote, and FAISS reads dozens of kinds of index of
which three are written here.
"""

import os
import sqlite3
import struct
from pathlib import Path
from typing import BinaryIO, Final

import regex

from embeddings.errors import IndexFolderError

_DEEP: Final = 2  # folders: the index, and its terms
_COMMENT: Final = regex.compile(r"--[^\n]*")

# How FAISS writes what is looked at here: kind, dimension, 25 bytes of counts and flags, metric; …
_HEAD: Final = struct.Struct("<4si25xi")
_INNER_PRODUCT: Final = 0
_NUMBERS: Final = struct.Struct("<QQ")  # lists, and how many of them are searched
_NUMBER: Final = struct.Struct("<Q")
_MAP: Final = struct.Struct("<BQ")  # from ids to lists: of no kind, and empty
_CODES: Final = 33  # bytes that say how codes lie
_QUANTIZER: Final = struct.Struct("<QQQ")  # dimension, parts, bits of each


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
    """Return whether a file is a FAISS index of a kind that is written here, of vectors of `dimension` numbers.

    Its kinds, those of what lies inside it, and every size up to the last of them are looked at: FAISS would make
    whatever a file says, lists among them that are read out of another file.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        try:
            match _kind(file, dimension):
                case b"IxMp":
                    return _kind(file, dimension) in (b"IxFI", b"IxSQ")
                case b"IwPf":
                    return _has_lists_of_its_own(file, dimension, path.stat().st_size)
        except struct.error:  # it ends before
            return False
    return False


def _kind(file: BinaryIO, dimension: int) -> bytes | None:
    """Read the head of an index; return its kind, unless it is of another dimension or compares otherwise."""
    kind, stored, metric = _HEAD.unpack(file.read(_HEAD.size))
    return bytes(kind) if (stored, metric) == (dimension, _INNER_PRODUCT) else None


def _has_lists_of_its_own(file: BinaryIO, dimension: int, size: int) -> bool:
    """Read on in an index of lists; return whether its centres are plain vectors and its lists lie in the file."""
    lists, _ = _NUMBERS.unpack(file.read(_NUMBERS.size))
    if _kind(file, dimension) != b"IxFI" or not 0 < lists <= size:
        return False
    if _vector(file, lists * dimension, size) and _MAP.unpack(file.read(_MAP.size)) == (0, 0):
        file.seek(_CODES, os.SEEK_CUR)
        quantizer = _QUANTIZER.unpack(file.read(_QUANTIZER.size))
        if quantizer == (dimension, dimension // 2, 4) and _vector(file, 16 * dimension, size):
            return file.read(4) == b"ilbl"
    return False


def _vector(file: BinaryIO, numbers: int, size: int) -> bool:
    """Pass over 32-bit numbers; return whether there are so many, and so much in a file of `size` bytes."""
    (stored,) = _NUMBER.unpack(file.read(_NUMBER.size))
    if stored != numbers or 4 * numbers > size:
        return False
    file.seek(4 * numbers, os.SEEK_CUR)
    return True
