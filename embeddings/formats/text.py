"""Plain text and Markdown: kept as they are, with what Markdown states of itself."""

from collections.abc import Iterator
from typing import BinaryIO, Final

import regex

from embeddings.decoding import decode
from embeddings.formats.extract import Extract

_HEADING: Final = regex.compile(r"(?m)^ {0,3}#{1,6}[ \t]+(?P<atx>\S.*?)[ \t#]*$|^(?P<setext>\S.*)\n=+[ \t]*$")
_FRONT_MATTER: Final = regex.compile(r"\s*---\n(?P<lines>(?:.*\n){0,50}?)---(?:\n|$)")


def read_text(file: BinaryIO) -> Iterator[Extract]:
    """Yield the text of a file in any encoding that `decode` knows.

    Raises:
        DocumentError: it is no text.
    """
    yield Extract(decode(file.read()))


def read_markdown(file: BinaryIO) -> Iterator[Extract]:
    """Yield the text of a file as it is; its title is its front matter's or its first heading.

    Raises:
        DocumentError: it is no text.
    """
    text = decode(file.read())
    stated = _front_matter(text)
    heading = _HEADING.search(text)
    title = stated.get("title") or (heading and (heading["atx"] or heading["setext"])) or None
    yield Extract(text, title=title, date=stated.get("date"), source=stated.get("source"))


def _front_matter(text: str) -> dict[str, str]:
    match = _FRONT_MATTER.match(text)
    pairs = (line.partition(":") for line in match["lines"].splitlines()) if match else ()
    return {key.strip().lower(): value.strip().strip("\"'") for key, _, value in pairs}
