"""What a reader gives of a file: texts that can become documents, and what could not be read.

Most files give one `Extract`; tables, JSON lines and archives give one after another.
"""

from dataclasses import dataclass
from typing import Final

MAX_BYTES: Final = 64 * 1024 * 1024
"""The largest text that is read as one document, and the longest line of a JSON-lines file."""


@dataclass(frozen=True, slots=True)
class Extract:
    """A text, with what the file states of it beside the text (None where it does not).

    Attributes:
        text: as it is to be quoted.
        title, date, source: as the file states them.
        pages: where each page begins in `text`; empty for what has no pages.
        inside: the name of the file it stands in, in an archive: "/folder/name.txt".
        row: the number, from 1, of the line it stands on, in a table or JSON lines.
        id: what the row is called there.
    """

    text: str
    title: str | None = None
    date: str | None = None
    source: str | None = None
    pages: tuple[int, ...] = ()
    inside: str = ""
    row: int | None = None
    id: str | None = None

    @property
    def place(self) -> str:
        """Where in its file it stands, in a form that stays when other rows come or go, as far as the file allows."""
        name = self.id or self.row
        return self.inside if name is None else f"{self.inside}#{name}"


@dataclass(frozen=True, slots=True)
class Problem:
    """A part of a file that could not be read, and why: `place` as "/member.txt", "#line" or "#page=3"."""

    place: str
    reason: str
