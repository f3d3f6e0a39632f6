"""The readable text of an HTML page, with the title, date and source that the page declares.

Takes the decoded page, gives a `WebPage`. Block elements become lines; scripts, styles, menus and forms are left
out; entities are decoded. The text that comes out is canonical: quotations point into it, not into the markup.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import BinaryIO, Final

import regex

from embeddings.decoding import decode
from embeddings.errors import DocumentError
from embeddings.formats.extract import Extract
from embeddings.metadata import one_line


def _names(elements: str) -> frozenset[str]:
    return frozenset(elements.split())


_BLOCKS: Final = _names(
    "address article aside blockquote body br caption dd details div dl dt fieldset figcaption figure footer form h1 "
    "h2 h3 h4 h5 h6 header hr html li main nav ol option p pre section summary table tbody td tfoot th thead tr ul"
)
_HIDDEN: Final = _names("script style template noscript svg head title iframe object canvas select button")
_MENUS: Final = _names("nav footer aside form")
_MAIN: Final = _names("article main")
_META: Final = {
    "article:published_time": "date",
    "date": "date",
    "dc.date": "date",
    "datepublished": "date",
    "pubdate": "date",
    "og:site_name": "source",
    "source": "source",
    "dc.publisher": "source",
}
_CHARSET: Final = regex.compile(
    rb"(?i)(?:<meta[^>]{0,200}charset|<\?xml[^>]{0,200}encoding)\s*=\s*[\"']?\s*([\w.:-]{1,40})"
)
_SPACES: Final = regex.compile(r"[ \t\n\r\f]+")
_OPAQUE: Final = regex.compile(r"(?i)<(?P<name>!--|(?:script|style)\b)")
_CLOSE: Final = {
    "!--": regex.compile("-->"),
    "script": regex.compile(r"(?i)</script\b[^<>]{0,1000}>?"),
    "style": regex.compile(r"(?i)</style\b[^<>]{0,1000}>?"),
}
_WHOLE: Final = regex.compile(r"[^<>]*+(?<=/)>")
_UNCLOSED: Final = regex.compile(r"<(?=[^<>]*+(?:<|\Z))")
_UNCLOSED_TAGS: Final = 50  # more are not slips of a writer
_LONG_TAG: Final = regex.compile(r"<[^<>]{10000,}+>")
_MAIN_SHARE: Final = 0.25  # of the page's text; a smaller <article> is a teaser


@dataclass(frozen=True, slots=True)
class WebPage:
    """What a page says: `text` in lines, and the title, date and source it declares (None where it does not)."""

    text: str
    title: str | None
    date: str | None
    source: str | None


def read_web_page(file: BinaryIO, *, xhtml: bool = False) -> Iterator[Extract]:
    """Yield the readable text of a page in the encoding that it declares.

    Raises:
        DocumentError: it is no text, or cannot be parsed.
    """
    data = file.read()
    page = read_page(decode(data, declared=declared_encoding(data)), xhtml=xhtml)
    yield Extract(page.text, page.title, page.date, page.source)


def declared_encoding(data: bytes) -> str | None:
    """Return the encoding that the page names in its first 2,048 bytes, or None."""
    match = _CHARSET.search(data[:2048])
    return match[1].decode("ascii") if match else None


def read_page(markup: str, *, xhtml: bool = False) -> WebPage:
    """Return the readable text of `markup` and what it declares; in `xhtml`, `<script/>` is a whole element.

    Raises:
        DocumentError: the markup cannot be parsed.
    """
    collector = _Collector()
    try:
        collector.feed(parseable(markup, xhtml=xhtml))
        collector.close()
    except AssertionError as error:  # how html.parser refuses an unknown marked section
        raise DocumentError(f"its HTML cannot be parsed: {error}; expected a web page") from error
    return WebPage(collector.text(), collector.title(), collector.meta.get("date"), collector.meta.get("source"))


def parseable(markup: str, *, xhtml: bool = False) -> str:
    """Return `markup` without comments, scripts and styles, and without what takes html.parser quadratic time."""
    kept, start = [], 0
    while match := _OPAQUE.search(markup, start):
        kept.append(markup[start : match.start()])
        whole = _WHOLE.match(markup, match.end()) if xhtml and match["name"] != "!--" else None
        close = whole or _CLOSE[match["name"].lower()].search(markup, match.end())
        start = close.end() if close else len(markup)
    markup = "".join((*kept, markup[start:]))
    if len(_UNCLOSED.findall(markup)) > _UNCLOSED_TAGS:
        markup = _UNCLOSED.sub("&lt;", markup)
    return _LONG_TAG.sub(" ", markup)


class _Collector(HTMLParser):
    """Gathers pieces of text, each with whether it stands in the main part and whether in a menu."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.meta: dict[str, str] = {}
        self._pieces: list[tuple[str, bool, bool]] = []
        self._depth = dict.fromkeys((*_HIDDEN, *_MENUS, *_MAIN, "h1"), 0)
        self._open: set[str] = set()  # the elements of a depth above 0
        self._titles: dict[str, list[str]] = {"title": [], "h1": []}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "meta":
            self._keep_meta({name: value or "" for name, value in attrs})
        if tag == "body":  # what an unclosed <head> or <title> would otherwise hide
            self._depth.update(dict.fromkeys(_HIDDEN, 0))
            self._open -= _HIDDEN
        if tag in self._depth:
            self._depth[tag] += 1
            self._open.add(tag)
        if tag in _BLOCKS:
            self._add("\n")

    def handle_endtag(self, tag: str) -> None:
        if self._depth.get(tag):
            self._depth[tag] -= 1
            if not self._depth[tag]:
                self._open.discard(tag)
        if tag in _BLOCKS:
            self._add("\n")

    def handle_data(self, data: str) -> None:
        if "title" in self._open and "svg" not in self._open:
            self._titles["title"].append(data)
        if self._open.isdisjoint(_HIDDEN):
            if "h1" in self._open:
                self._titles["h1"].append(data)
            self._add(_SPACES.sub(" ", data))

    def title(self) -> str | None:
        """Return the page's title; where it holds the first headline, the headline without the site's name."""
        title, headline = (one_line("".join(self._titles[tag])) for tag in ("title", "h1"))
        return headline if headline and headline in title else title or headline or None

    def text(self) -> str:
        """Return the lines of the main part; without menus where anything is left without them."""
        everything = self._lines(self._pieces)
        without_menus = self._lines([piece for piece in self._pieces if not piece[2]])
        main = self._lines([piece for piece in self._pieces if piece[1] and not piece[2]])
        if main and len(main) >= _MAIN_SHARE * len(without_menus):
            return main
        return without_menus or everything

    def _add(self, text: str) -> None:
        self._pieces.append((text, not self._open.isdisjoint(_MAIN), not self._open.isdisjoint(_MENUS)))

    def _keep_meta(self, attributes: dict[str, str]) -> None:
        name = (attributes.get("property") or attributes.get("name") or attributes.get("itemprop") or "").lower()
        content = one_line(attributes.get("content", ""))
        if name in _META and content:
            self.meta.setdefault(_META[name], content)

    @staticmethod
    def _lines(pieces: list[tuple[str, bool, bool]]) -> str:
        lines = (_SPACES.sub(" ", line).strip() for line in "".join(piece[0] for piece in pieces).split("\n"))
        return "\n".join(line for line in lines if line)
