"""Read a file into a `Document`: its canonical text, title, date, source and hash.

(Being written; the values below are settled.)
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Document:
    """One document as it is indexed. Every offset in the project counts code points of `text`.

    Attributes:
        id: 16 hexadecimal digits, made from `location`; stays the same when the text changes.
        text: the canonical text: decoded once, newlines are "\\n", nothing else changed.
        sha256: of `text` in UTF-8, 64 hexadecimal digits.
        title: as the text shows it, else its first words; never empty.
        date: ISO 8601 day ("2019-04-05") as the text shows it, or None.
        source: who published it, as the text shows it, or None.
        path: relative to the folder that was indexed, with "/" between parts.
        location: what tells it from every other document: the absolute path, and "#line" inside a JSON-lines file.
    """

    id: str
    text: str
    sha256: str
    title: str
    date: str | None
    source: str | None
    path: str
    location: str
