"""Read a file into a `Document`: its canonical text, title, date, source and hash.

Takes paths of files (.txt .md .html .htm .jsonl) and of folders of them, gives one `Document` after another, and an
`Unreadable` with the reason for each file or line that cannot become one; the others go on.
"""

import hashlib
import json
import os
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import regex

from embeddings.decoding import decode, newlines
from embeddings.errors import DocumentError
from embeddings.metadata import date_of, one_line, parse_date, source_of, title_of
from embeddings.webpage import declared_encoding, read_page

__all__ = ["MAX_BYTES", "SUFFIXES", "Document", "Unreadable", "decode", "document_from_text", "read_documents"]

SUFFIXES: Final = (".txt", ".md", ".html", ".htm", ".jsonl")
MAX_BYTES: Final = 64 * 1024 * 1024
"""The largest file that is read as one document, and the longest line of a JSON-lines file."""

_HEADING: Final = regex.compile(r"(?m)^ {0,3}#{1,6}[ \t]+(?P<atx>\S.*?)[ \t#]*$|^(?P<setext>\S.*)\n=+[ \t]*$")
_FRONT_MATTER: Final = regex.compile(r"\s*---\n(?P<lines>(?:.*\n){0,50}?)---(?:\n|$)")


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
        location: what tells it from every other document: the absolute path, and "#line" inside a JSON-lines file.
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
    """A file, or a line of a JSON-lines file ("path#line"), that could not become a document, and why."""

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


def read_documents(paths: Iterable[str | Path]) -> Iterator[Document | Unreadable]:
    """Yield the documents of `paths` in order, folders in sorted order with their subfolders, each file once.

    In a folder, hidden files, files of other kinds and links that lead out of it are passed over. What was named
    but cannot be read, and each bad line of a JSON-lines file, comes as an `Unreadable`.
    """
    seen: set[Path] = set()
    for named in map(Path, paths):
        if not named.exists():
            yield Unreadable(str(named), "there is no such file or folder")
        elif named.is_dir():
            yield from _read_folder(named, seen)
        else:
            yield from _read_file(named, named.name, seen)


def _read_folder(folder: Path, seen: set[Path]) -> Iterator[Document | Unreadable]:
    refused: list[OSError] = []
    found = False
    for parent, folders, names in os.walk(folder, onerror=refused.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            file = Path(parent, name)
            if _belongs(file, folder):
                found = True
                yield from _read_file(file, file.relative_to(folder).as_posix(), seen)
    yield from (Unreadable(str(error.filename), _reason(error)) for error in refused)
    if not found and not refused:
        yield Unreadable(str(folder), f"the folder holds no {' '.join(SUFFIXES)} file")


def _belongs(file: Path, folder: Path) -> bool:
    if file.name.startswith(".") or file.suffix.lower() not in SUFFIXES:
        return False
    return not file.is_symlink() or file.resolve().is_relative_to(folder.resolve())


def _read_file(file: Path, path: str, seen: set[Path]) -> Iterator[Document | Unreadable]:
    location = file.resolve()
    if location in seen:
        return
    seen.add(location)
    suffix = file.suffix.lower()
    try:
        _check(file, suffix)
        if suffix == ".jsonl":
            yield from _read_lines(file, path, str(location))
        else:
            yield _READERS[suffix](file.read_bytes(), path, str(location))
    except DocumentError as error:
        yield Unreadable(path, str(error))
    except OSError as error:
        yield Unreadable(path, _reason(error))


def _check(file: Path, suffix: str) -> None:
    if not file.is_file():
        raise DocumentError("it is no regular file (a device, a pipe or a broken link)")
    if suffix not in SUFFIXES:
        raise DocumentError(f"files of kind {suffix or 'without a suffix'} are not read; expected {' '.join(SUFFIXES)}")
    size = file.stat().st_size
    if size > MAX_BYTES and suffix != ".jsonl":
        raise DocumentError(
            f"it has {size:,} bytes, more than the {MAX_BYTES:,} that are read as one document; "
            "split it, or make it a .jsonl file with one document a line"
        )


def _reason(error: OSError) -> str:
    return f"it cannot be read: {error.strerror or error}; expected a file that you may read"


def _read_text(data: bytes, path: str, location: str) -> Document:
    return document_from_text(decode(data), path=path, location=location)


def _read_markdown(data: bytes, path: str, location: str) -> Document:
    """Keep the file as it is; the title is its front matter's or its first heading."""
    text = decode(data)
    stated = _front_matter(text)
    heading = _HEADING.search(text)
    title = stated.get("title") or (heading and (heading["atx"] or heading["setext"])) or None
    return document_from_text(
        text, path=path, location=location, title=title, date=stated.get("date"), source=stated.get("source")
    )


def _front_matter(text: str) -> dict[str, str]:
    match = _FRONT_MATTER.match(text)
    pairs = (line.partition(":") for line in match["lines"].splitlines()) if match else ()
    return {key.strip().lower(): value.strip().strip("\"'") for key, _, value in pairs}


def _read_html(data: bytes, path: str, location: str) -> Document:
    page = read_page(decode(data, declared=declared_encoding(data)))
    return document_from_text(
        page.text, path=path, location=location, title=page.title, date=page.date, source=page.source
    )


_READERS: Final[dict[str, Callable[[bytes, str, str], Document]]] = {
    ".txt": _read_text,
    ".md": _read_markdown,
    ".html": _read_html,
    ".htm": _read_html,
}


def _read_lines(file: Path, path: str, location: str) -> Iterator[Document | Unreadable]:
    """Yield one document a line; a file of any size is read line by line."""
    seen: set[str] = set()
    found = False
    with file.open("rb") as lines:
        number = 0
        while line := lines.readline(MAX_BYTES + 1):
            number += 1
            if not line.removeprefix(b"\xef\xbb\xbf").strip():
                continue
            found = True
            try:
                yield _read_line(line, number, path, location, seen)
            except DocumentError as error:
                yield Unreadable(f"{path}#{number}", f"line {number}: {error}")
            while len(line) > MAX_BYTES and not line.endswith(b"\n"):  # the rest of a line that was refused
                line = lines.readline(MAX_BYTES + 1)
    if not found:
        raise DocumentError("it is empty; expected one JSON object a line")


def _read_line(line: bytes, number: int, path: str, location: str, seen: set[str]) -> Document:
    if len(line) > MAX_BYTES:
        raise DocumentError(f"it is longer than the {MAX_BYTES:,} bytes that are read as one document")
    entry = _entry(line)
    fragment = str(number)
    if entry.get("id") is not None:
        fragment = one_line(str(entry["id"])) or fragment
    if fragment in seen:
        raise DocumentError(f"the id {fragment!r} stands on an earlier line already; expected one of its own")
    document = document_from_text(
        entry["text"],
        path=path,
        location=f"{location}#{fragment}",
        title=_optional(entry, "title"),
        date=_optional(entry, "date"),
        source=_optional(entry, "source"),
    )
    seen.add(fragment)
    return document


def _entry(line: bytes) -> dict[str, Any]:
    try:
        entry = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DocumentError(f"byte {error.start} is not UTF-8; expected a JSON object in UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"it is not JSON ({error}); expected an object with the key 'text'") from error
    if not isinstance(entry, dict) or not isinstance(entry.get("text"), str):
        came = f"keys {sorted(entry)}" if isinstance(entry, dict) else type(entry).__name__
        raise DocumentError(f"expected a JSON object whose 'text' is a string, got {came}")
    return entry


def _optional(entry: dict[str, Any], key: str) -> str | None:
    value = entry.get(key)
    if value is not None and not isinstance(value, str):
        raise DocumentError(f"expected a string as {key!r}, got {type(value).__name__}")
    return value
