"""Tables (CSV) and JSON lines: every row a text, taken from the columns that hold it.

`Columns` says which; without being told, the usual names are looked for, in English and Arabic. A bad row is told
with its number and the others go on.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, BinaryIO, Final, Self

from embeddings.decoding import decode
from embeddings.errors import DocumentError
from embeddings.formats.extract import MAX_BYTES, Extract, Problem
from embeddings.metadata import one_line

_USUAL: Final = {
    "text": ("text", "content", "body", "article", "النص", "نص", "المحتوى"),
    "title": ("title", "headline", "العنوان", "عنوان"),
    "date": ("date", "published", "التاريخ", "تاريخ"),
    "source": ("source", "publisher", "المصدر", "مصدر", "الناشر"),
    "id": ("id", "المعرف"),
}
_DELIMITERS: Final = (",", ";", "\t", "|")
_SHOWN: Final = 20  # column names in a message


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a table, or keys of JSON lines, hold what; empty: whichever has a usual name.

    `text` may be several, whose values then follow each other, a blank line between.
    """

    text: tuple[str, ...] = ()
    title: tuple[str, ...] = ()
    date: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    id: tuple[str, ...] = ()

    @classmethod
    def parse(cls, written: str) -> Self:
        """Read "text=lead+body,title=headline".

        Raises:
            DocumentError: it is not of that form.
        """
        chosen: dict[str, tuple[str, ...]] = {}
        for part in written.split(","):
            role, _, names = part.partition("=")
            found = tuple(name.strip() for name in names.split("+"))
            if role.strip() not in _USUAL or not all(found) or (len(found) > 1 and role.strip() != "text"):
                raise DocumentError(
                    f"the columns {written!r} cannot be read at {part!r}; expected any of {', '.join(_USUAL)}, for "
                    "example text=body,title=headline, or text=lead+body for a text in two columns"
                )
            chosen[role.strip()] = found
        return cls(**chosen)

    def among(self, names: Sequence[str]) -> Self:
        """Return the columns that there are, out of those called `names`.

        Raises:
            DocumentError: none holds the text, or one that was chosen is not there.
        """
        spelt = {name.strip().casefold(): name for name in reversed(names)}
        found: dict[str, tuple[str, ...]] = {}
        for field in fields(self):
            chosen = getattr(self, field.name)
            usual = [spelt[name] for name in _USUAL[field.name] if name in spelt][:1]
            found[field.name] = tuple(spelt.get(name.casefold(), "") for name in chosen) if chosen else tuple(usual)
            if not all(found[field.name]):
                raise DocumentError(f"it has no column {'+'.join(chosen)!r}; its columns are {_listed(names)}")
        if not found["text"]:
            raise DocumentError(
                f"none of its columns is known to hold the text; its columns are {_listed(names)}. "
                "Name the one that does: dalil index PATH --columns text=NAME"
            )
        return type(self)(**found)


USUAL: Final = Columns()
"""The columns with usual names."""


def read_csv(file: BinaryIO, columns: Columns) -> Iterator[Extract | Problem]:
    """Yield the rows of a table whose first row names its columns; rows are numbered as a spreadsheet does.

    Raises:
        DocumentError: it is no text, is empty, or has not the columns.
    """
    text = decode(file.read()).removeprefix("\ufeff")
    first, _, _ = text.lstrip("\n").partition("\n")
    delimiter = max(_DELIMITERS, key=first.count)
    csv.field_size_limit(MAX_BYTES)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        names = next((row for row in rows if any(row)), None)
        if names is None:
            raise DocumentError("it is empty; expected a row of column names and rows under it")
        present = columns.among(names)
        for number, row in enumerate(rows, 2):
            if any(map(str.strip, row)):
                yield _extract(dict(zip(names, row, strict=False)), number, present)
    except csv.Error as error:
        raise DocumentError(f"line {rows.line_num} cannot be read as a table: {error}") from error


def read_json_lines(file: BinaryIO, columns: Columns) -> Iterator[Extract | Problem]:
    """Yield the objects of a file, one a line; a file of any size is read line by line.

    Raises:
        DocumentError: it is empty.
    """
    found = False
    number = 0
    while line := file.readline(MAX_BYTES + 1):
        number += 1
        if not line.removeprefix(b"\xef\xbb\xbf").strip():
            continue
        found = True
        try:
            entry = _entry(line)
            yield _extract(entry, number, _keys(columns, entry))
        except DocumentError as error:
            yield Problem(f"#{number}", f"line {number}: {error}")
        while len(line) > MAX_BYTES and not line.endswith(b"\n"):  # the rest of a line that was refused
            line = file.readline(MAX_BYTES + 1)
    if not found:
        raise DocumentError("it is empty; expected one JSON object a line")


def _entry(line: bytes) -> dict[str, Any]:
    if len(line) > MAX_BYTES:
        raise DocumentError(f"it is longer than the {MAX_BYTES:,} bytes that are read as one document")
    try:
        entry = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DocumentError(f"byte {error.start} is not UTF-8; expected a JSON object in UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"it is not JSON ({error}); expected an object with the key 'text'") from error
    if not isinstance(entry, dict):
        raise DocumentError(f"expected a JSON object whose 'text' is a string, got {type(entry).__name__}")
    return entry


def _keys(columns: Columns, entry: Mapping[str, Any]) -> Columns:
    try:
        return columns.among(list(entry))
    except DocumentError as error:
        raise DocumentError(f"expected a JSON object with the text under a known key: {error}") from error


def _extract(entry: Mapping[str, Any], number: int, columns: Columns) -> Extract:
    """Return the text of a row; DocumentError when what it takes from the row is no string."""
    texts = [_string(entry, name) for name in columns.text]
    named = str(entry[columns.id[0]]) if columns.id and entry.get(columns.id[0]) is not None else ""
    title, date, source = (
        _string(entry, names[0]) if names else None for names in (columns.title, columns.date, columns.source)
    )
    return Extract(
        "\n\n".join(text for text in texts if text), title, date, source, row=number, id=one_line(named) or None
    )


def _string(entry: Mapping[str, Any], name: str) -> str | None:
    value = entry.get(name)
    if value is not None and not isinstance(value, str):
        raise DocumentError(f"expected a string as {name!r}, got {type(value).__name__}")
    return value


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:_SHOWN])) + (" …" if len(names) > _SHOWN else "")
