"""EPUB books: their chapters in reading order as one text, by the reader of web pages.

An EPUB is a zip archive with web pages, and a list of them in XML. That list is read as markup, not by an XML parser:
entities that would swell are then never expanded.
"""

import posixpath
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import BinaryIO, Final
from urllib.parse import unquote

from embeddings.decoding import decode
from embeddings.errors import DocumentError
from embeddings.formats.archive import Archive, Budget
from embeddings.formats.extract import MAX_BYTES, Extract
from embeddings.formats.webpage import declared_encoding, parseable, read_page
from embeddings.metadata import one_line

_CONTAINER: Final = "META-INF/container.xml"
_PAGES: Final = ("application/xhtml+xml", "text/html")


def read_epub(file: BinaryIO, budget: Budget) -> Iterator[Extract]:
    """Yield the text of a book, with the title, date and publisher that it states.

    Raises:
        DocumentError: it is no EPUB, is locked, or holds more than the budget allows.
    """
    book = _Book(Archive(file, budget))
    package_path = next((a.get("full-path", "") for tag, a in book.elements(_CONTAINER) if tag == "rootfile"), "")
    package = _Package(book.text(package_path))
    chapters = []
    size = 0
    for path in package.chapters(posixpath.dirname(package_path)):
        chapters.append(read_page(book.text(path), xhtml=True).text)
        size += len(chapters[-1])
        if size > MAX_BYTES:
            raise DocumentError(f"its text is longer than the {MAX_BYTES:,} letters that are read as one document")
    yield Extract("\n\n".join(filter(None, chapters)), package.title, package.date, package.source)


class _Book:
    """The files of a book by their path."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._members = {member.name: member for member in archive.members}
        if "META-INF/encryption.xml" in self._members and "META-INF/rights.xml" in self._members:
            raise DocumentError("it is locked by digital rights management; expected a book without")

    def text(self, path: str) -> str:
        """Return a file as text."""
        if path not in self._members:
            raise DocumentError(f"it lacks the file {path!r} that it names; expected an EPUB book")
        data = self._archive.read(self._members[path])
        return decode(data, declared=declared_encoding(data))

    def elements(self, path: str) -> list[tuple[str, dict[str, str]]]:
        """Return the tags of a file with their attributes."""
        return _Elements(self.text(path)).found


class _Elements(HTMLParser):
    """The tags of a piece of markup with their attributes, and the text of each one's beginning."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str]]] = []
        self.texts: dict[str, str] = {}
        self._tag = ""
        self.feed(parseable(markup, xhtml=True))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag.rpartition(":")[2]
        self.found.append((self._tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, _tag: str) -> None:
        self._tag = ""

    def handle_data(self, data: str) -> None:
        if self._tag and data.strip():
            self.texts.setdefault(self._tag, one_line(data))


class _Package:
    """The list of a book's files: its pages in order, and what it states of itself."""

    def __init__(self, markup: str) -> None:
        elements = _Elements(markup)
        self._items = {a.get("id", ""): a for tag, a in elements.found if tag == "item"}
        self._spine = [a.get("idref", "") for tag, a in elements.found if tag == "itemref"]
        self.title = elements.texts.get("title")
        self.date = elements.texts.get("date")
        self.source = elements.texts.get("publisher")

    def chapters(self, folder: str) -> Iterator[str]:
        """Yield the paths of the pages in reading order, each once, without tables of contents."""
        for item in map(self._items.get, dict.fromkeys(self._spine)):
            if item and item.get("media-type") in _PAGES and "nav" not in item.get("properties", "").split():
                yield posixpath.normpath(posixpath.join(folder, unquote(item.get("href", "").partition("#")[0])))
