"""Which reader reads which kind of file.

`read(file, suffix)` gives the texts of an open file one after another; archives come back here with each member.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, Final

from embeddings.errors import DocumentError
from embeddings.formats.archive import Budget, read_archive
from embeddings.formats.epub import read_epub
from embeddings.formats.extract import MAX_BYTES, Extract, Problem
from embeddings.formats.parsed import read_pdf, read_word
from embeddings.formats.rows import USUAL, Columns, read_csv, read_json_lines
from embeddings.formats.text import read_markdown, read_text
from embeddings.formats.webpage import read_web_page

_LARGE: Final = 16  # times a text: what a file of pictures, or an archive, may have


@dataclass(frozen=True, slots=True)
class _Kind:
    """A reader, and how many times larger than a text its file may be; 0 is without limit, for it is read by lines."""

    read: Callable[[BinaryIO, Columns, Budget], Iterator[Extract | Problem]]
    size: int = 1


def read(
    file: BinaryIO, suffix: str, columns: Columns = USUAL, budget: Budget | None = None
) -> Iterator[Extract | Problem]:
    """Yield what is read of an open file, which must be able to seek.

    Args:
        file: opened for reading bytes.
        suffix: its kind, in small letters with the dot.
        columns: which columns of tables and JSON lines are taken.
        budget: what archives may still unpack; a new one for each file, unless it comes out of an archive.

    Raises:
        DocumentError: it is of no kind that is read, too large, or damaged as a whole.
    """
    kind = _KINDS.get(suffix)
    if kind is None:
        raise DocumentError(f"files of kind {suffix or 'without a suffix'} are not read; expected {' '.join(SUFFIXES)}")
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if kind.size and size > kind.size * MAX_BYTES:
        raise DocumentError(
            f"it has {size:,} bytes, more than the {kind.size * MAX_BYTES:,} that are read of one file; "
            "split it, or make it a .jsonl file with one document a line"
        )
    yield from kind.read(file, columns, Budget() if budget is None else budget)


def _read_zip(file: BinaryIO, columns: Columns, budget: Budget) -> Iterator[Extract | Problem]:
    return read_archive(file, budget, partial(read, columns=columns, budget=budget), SUFFIXES)


_KINDS: Final = {
    ".txt": _Kind(lambda file, _columns, _budget: read_text(file)),
    ".md": _Kind(lambda file, _columns, _budget: read_markdown(file)),
    ".html": _Kind(lambda file, _columns, _budget: read_web_page(file)),
    ".htm": _Kind(lambda file, _columns, _budget: read_web_page(file)),
    ".xhtml": _Kind(lambda file, _columns, _budget: read_web_page(file, xhtml=True)),
    ".jsonl": _Kind(lambda file, columns, _budget: read_json_lines(file, columns), size=0),
    ".csv": _Kind(lambda file, columns, _budget: read_csv(file, columns)),
    ".tsv": _Kind(lambda file, columns, _budget: read_csv(file, columns)),
    ".pdf": _Kind(lambda file, _columns, _budget: read_pdf(file), _LARGE),
    ".docx": _Kind(lambda file, _columns, _budget: read_word(file), _LARGE),
    ".epub": _Kind(lambda file, _columns, budget: read_epub(file, budget), _LARGE),
    ".zip": _Kind(_read_zip, _LARGE),
}
SUFFIXES: Final = tuple(_KINDS)
