"""Read a file into a `Document`: its canonical text, title, date, source and hash.

Takes paths of files and of folders of them, gives one `Document` after another, and an `Unreadable` with the reason
for each file, or part of one, that cannot become one; the others go on. What a kind of file holds is read in `formats`.
"""

import hashlib
import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from embeddings.decoding import newlines
from embeddings.errors import DocumentError
from embeddings.formats.extract import Extract, Problem
from embeddings.formats.readers import SUFFIXES, read
from embeddings.formats.rows import USUAL, Columns
from embeddings.metadata import date_of, one_line, parse_date, source_of, title_of

__all__ = [
    "SUFFIXES",
    "USUAL",
    "Columns",
    "Document",
    "Unreadable",
    "count_files",
    "document_from_text",
    "read_documents",
    "read_file",
]


@dataclass(frozen=True, slots=True)
class Document:
    r"""One document as it is indexed. Every offset in the project counts code points of `text`.

    Attributes:
        id: 16 hexadecimal digits, made from `location`; stays the same when the text changes.
        text: the canonical text: decoded once, newlines are "\n", nothing else changed.
        sha256: of `text` in UTF-8, 64 hexadecimal digits.
        title: as the text shows it, else its first words; never empty.
        date: ISO 8601 day ("2019-04-05") as the text shows it, or None.
        source: who published it, as the text shows it, or None.
        path: relative to the folder that was indexed, with "/" between parts.
        location: what tells it from every other document: the absolute path, and "#row" inside a table.
        pages: where each page begins in `text`, ascending; empty for what has no pages.
    """

    id: str
    text: str
    sha256: str
    title: str
    date: str | None
    source: str | None
    path: str
    location: str
    pages: tuple[int, ...] = ()

    def page(self, offset: int) -> int | None:
        """Return the number, from 1, of the page that `text[offset]` stands on; None for what has no pages."""
        return bisect_right(self.pages, offset) or None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What could not become a document, and why: a file, or a part ("path#line", "path#page=3", "a.zip/b.txt")."""

    path: str
    reason: str


def document_from_text(
    text: str,
    *,
    path: str,
    location: str | None = None,
    title: str | None = None,
    date: str | None = None,
    source: str | None = None,
    pages: Sequence[int] = (),
) -> Document:
    """Return `text` as a document; `location` is `path` unless given.

    Title, date and source given here win over those that the text shows; a date in any form that is read here
    becomes an ISO 8601 day.

    Raises:
        DocumentError: the text is blank, or holds what no text file can (zero characters, halves of a surrogate pair).
    """
    text = newlines(text)
    if not text.strip():
        raise DocumentError("it is empty; expected text")
    if "\0" in text:
        raise DocumentError("it is binary (it holds zero characters); expected text")
    try:
        encoded = text.encode()
    except UnicodeEncodeError as error:
        raise DocumentError(f"character {error.start} is half of a surrogate pair; expected Unicode text") from error
    location = path if location is None else location
    return Document(
        id=hashlib.sha256(location.encode("utf-8", "surrogateescape")).hexdigest()[:16],
        text=text,
        sha256=hashlib.sha256(encoded).hexdigest(),
        title=one_line(title or "") or title_of(text),
        date=parse_date(date or "") or date_of(text),
        source=one_line(source or "") or source_of(text),
        path=path,
        location=location,
        pages=tuple(pages),
    )


def read_documents(
    paths: Iterable[str | Path], columns: Columns = USUAL, seen: set[Path] | None = None
) -> Iterator[Document | Unreadable]:
    """Yield the documents of `paths` in order, folders in sorted order with their subfolders, each file once.

    In a folder, hidden files, files of other kinds and links that lead out of it are passed over. What was named
    but cannot be read, and each bad part of a file, comes as an `Unreadable`. `columns` says what is taken of tables
    and JSON lines. Files in `seen` are not read again; those that are read are put into it, so that it tells how far
    the reading is.
    """
    seen = set() if seen is None else seen
    for named in map(Path, paths):
        if not named.exists():
            yield Unreadable(str(named), "there is no such file or folder")
        elif named.is_dir():
            yield from _read_folder(named, columns, seen)
        else:
            yield from _read_file(named, named.name, columns, seen)


def read_file(file: BinaryIO, path: str, location: str, columns: Columns = USUAL) -> Iterator[Document | Unreadable]:
    """Yield the documents of an open file that came under a name, not from a folder here; it must be able to seek.

    Args:
        file: opened for reading bytes.
        path: its name; what it ends with tells its kind.
        location: what tells it from every other file.
        columns: what is taken of tables and JSON lines.
    """
    try:
        yield from _documents(read(file, PurePosixPath(path).suffix.lower(), columns), path, location)
    except DocumentError as error:
        yield Unreadable(path, str(error))
    except OSError as error:
        yield Unreadable(path, _reason(error))


def count_files(paths: Iterable[str | Path]) -> int:
    """Return how many files `read_documents` would read."""
    found = (_files(path, []) if path.is_dir() else [path] for path in map(Path, paths))
    return len({file.resolve() for files in found for file in files if file.exists()})


def _files(folder: Path, refused: list[OSError]) -> Iterator[Path]:
    """Yield the files of a folder that are read, in order; what refused to be looked into is put into `refused`."""
    for parent, folders, names in os.walk(folder, onerror=refused.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (file for name in sorted(names) if _belongs(file := Path(parent, name), folder))


def _read_folder(folder: Path, columns: Columns, seen: set[Path]) -> Iterator[Document | Unreadable]:
    refused: list[OSError] = []
    found = False
    for file in _files(folder, refused):
        found = True
        yield from _read_file(file, file.relative_to(folder).as_posix(), columns, seen)
    yield from (Unreadable(str(error.filename), _reason(error)) for error in refused)
    if not found and not refused:
        yield Unreadable(str(folder), f"the folder holds no {' '.join(SUFFIXES)} file")


def _belongs(file: Path, folder: Path) -> bool:
    if file.name.startswith(".") or file.suffix.lower() not in SUFFIXES:
        return False
    return not file.is_symlink() or file.resolve().is_relative_to(folder.resolve())


def _read_file(file: Path, path: str, columns: Columns, seen: set[Path]) -> Iterator[Document | Unreadable]:
    resolved = file.resolve()
    if resolved in seen:
        return
    seen.add(resolved)
    path, location = _as_text(path), _as_text(str(resolved))
    try:
        with _opened(file) as opened:
            yield from read_file(opened, path, location, columns)
    except DocumentError as error:
        yield Unreadable(path, str(error))
    except OSError as error:
        yield Unreadable(path, _reason(error))


def _as_text(path: str) -> str:
    r"""Return a path as text that can be stored and shown: bytes of it that are no UTF-8 as "\xff"."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _opened(file: Path) -> BinaryIO:
    if not file.is_file():
        raise DocumentError("it is no regular file (a device, a pipe or a broken link)")
    return file.open("rb")


def _documents(items: Iterable[Extract | Problem], path: str, location: str) -> Iterator[Document | Unreadable]:
    """Yield what was read of a file as documents; each part of a file makes one at most."""
    places: set[str] = set()
    for item in items:
        if isinstance(item, Problem):
            yield Unreadable(path + item.place, item.reason)
            continue
        at, line = ("", "") if item.row is None else (f"#{item.row}", f"line {item.row}: ")
        try:
            document = _document(item, path + item.inside, location + item.place, taken=item.place in places)
        except DocumentError as error:
            yield Unreadable(path + item.inside + at, line + str(error))
        else:
            places.add(item.place)
            yield document


def _document(item: Extract, path: str, location: str, *, taken: bool) -> Document:
    if taken:
        raise DocumentError(f"the id {item.id or item.place!r} stands earlier already; expected one of its own")
    return document_from_text(
        item.text,
        path=path,
        location=location,
        title=item.title,
        date=item.date,
        source=item.source,
        pages=item.pages,
    )


def _reason(error: OSError) -> str:
    return f"it cannot be read: {error.strerror or error}; expected a file that you may read"
