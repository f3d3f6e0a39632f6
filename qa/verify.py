"""Does an answer still match its source? Every quotation is looked up again at its place in the stored text.

Takes an answer as `Answer.to_dict()` gave it (from a file, from the network, changed by somebody perhaps) and a
library of documents; gives a `Verdict` a citation. `check` does the same for one place, as the address of a proof
names it. No model is loaded and nothing is searched.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from embeddings.documents import Document
from embeddings.errors import DalilError


class AnswerFileError(DalilError):
    """What was given to verify is not an answer as `dalil ask --json` prints it."""


class State(StrEnum):
    """What became of a quotation."""

    STANDS = "stands"  # the same characters at the same place
    ALTERED = "altered"  # the document is the same, but it never said this: the answer was changed
    CHANGED = "changed"  # the document was changed and says something else there
    MOVED = "moved"  # the same document is now under another name
    REMOVED = "removed"  # there is no such document any more


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one citation.

    Attributes:
        n: its number in the answer.
        state: see `State`.
        path: where the document is now, else where it was.
        quoted: what the citation says.
        found: what stands at its place now; None where nothing does.
    """

    n: int
    state: State
    path: str
    quoted: str
    found: str | None

    @property
    def holds(self) -> bool:
        """Whether the quotation still stands at its place in its source."""
        return self.state is State.STANDS


class Library(Protocol):
    """Where documents are looked up: an assistant, for one."""

    def document(self, document_id: str) -> Document:
        """Return the document of that id; KeyError when there is none."""

    def path_of(self, sha256: str) -> str | None:
        """Return where a document is whose text has a hash that begins with `sha256`, or None."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quotation was taken from: a document, a half-open range of it, and its hash or the beginning of that."""

    document_id: str
    start: int
    end: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of a place.

    Attributes:
        state: see `State`.
        document: as it is now; None where it is not in the library under its id.
        found: what stands at the place now; None where nothing does.
        path: where the same text is now, when it moved.
    """

    state: State
    document: Document | None
    found: str | None
    path: str | None = None


def check(place: Place, is_quoted: Callable[[str], bool], library: Library) -> Standing:
    """Look a place up again; `is_quoted` tells whether the characters found there are the quotation."""
    try:
        document = library.document(place.document_id)
    except KeyError:
        elsewhere = library.path_of(place.sha256)
        return Standing(State.MOVED if elsewhere else State.REMOVED, None, None, elsewhere)
    inside = 0 <= place.start < place.end <= len(document.text)
    found = document.text[place.start : place.end] if inside else None
    if found is not None and is_quoted(found):
        return Standing(State.STANDS, document, found)
    unchanged = document.sha256.startswith(place.sha256)
    return Standing(State.ALTERED if unchanged else State.CHANGED, document, found)


def verify(answer: Mapping[str, Any], library: Library) -> list[Verdict]:
    """Return a verdict for each citation of `answer`, in order, then for each quotation that differs from it.

    Raises:
        AnswerFileError: when `answer` has not the fields of `Answer.to_dict()`.
    """
    citations = answer.get("citations")
    if not isinstance(citations, list):
        raise AnswerFileError('expected an answer with a list of "citations", as `dalil ask --json` prints it')
    differing = answer.get("differing", [])  # answers of older versions have none
    if not isinstance(differing, list):
        raise AnswerFileError(f'expected "differing" to be a list of citations, got {type(differing).__name__}')
    return [_verdict(citation, library) for citation in [*citations, *differing]]


def _verdict(citation: object, library: Library) -> Verdict:
    n, document_id, start, end, sha256, quoted, path = _fields(citation)
    standing = check(Place(document_id, start, end, sha256), lambda found: bool(found == quoted), library)
    now = standing.document.path if standing.document else standing.path
    return Verdict(n, standing.state, now or path, quoted, standing.found)


_TYPES: Mapping[str, type] = {
    "n": int,
    "document_id": str,
    "start_char_index": int,
    "end_char_index": int,
    "document_sha256": str,
    "cited_text": str,
    "path": str,
}


def _fields(citation: object) -> tuple[Any, ...]:
    """Return the fields a check needs, in the order of `_TYPES`."""
    if not isinstance(citation, dict):
        raise AnswerFileError(f"expected each citation to be an object, got {type(citation).__name__}")
    for name, kind in _TYPES.items():
        if type(citation.get(name)) is not kind:
            raise AnswerFileError(
                f'a citation needs "{name}" of type {kind.__name__}, got {citation.get(name)!r}. '
                "Give the file that `dalil ask --json` wrote."
            )
    return tuple(citation[name] for name in _TYPES)
