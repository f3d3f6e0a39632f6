"""Does an answer still match its source? Every quotation is looked up again at its place in the stored text.

Takes an answer as `Answer.to_dict()` gave it (from a file, from the network, changed by somebody perhaps) and a
function that finds documents; gives a `Verdict` a citation. No model is loaded and nothing is searched.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from embeddings.documents import Document
from embeddings.errors import DalilError
from embeddings.store import DocumentInfo


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
    """Where documents are looked up: a store, for one."""

    def document(self, document_id: str) -> Document | None:
        """Return the document of that id, or None."""

    def infos(self) -> list[DocumentInfo]:
        """Return what is known of all documents."""


def verify(answer: Mapping[str, Any], library: Library) -> list[Verdict]:
    """Return a verdict for each citation of `answer`, in order.

    Raises:
        AnswerFileError: when `answer` has not the fields of `Answer.to_dict()`.
    """
    citations = answer.get("citations")
    if not isinstance(citations, list):
        raise AnswerFileError('expected an answer with a list of "citations", as `dalil ask --json` prints it')
    return [_verdict(citation, library) for citation in citations]


def _verdict(citation: object, library: Library) -> Verdict:
    n, document_id, start, end, sha256, quoted, path = _fields(citation)
    document = library.document(document_id)
    if document is None:
        elsewhere = _same_text(library.infos(), sha256)
        return Verdict(n, State.MOVED if elsewhere else State.REMOVED, elsewhere or path, quoted, None)
    found = document.text[start:end] if 0 <= start < end <= len(document.text) else None
    if found == quoted:
        return Verdict(n, State.STANDS, document.path, quoted, found)
    state = State.ALTERED if document.sha256 == sha256 else State.CHANGED
    return Verdict(n, state, document.path, quoted, found)


def _same_text(infos: Iterable[DocumentInfo], sha256: str) -> str | None:
    return next((info.path for info in infos if info.sha256 == sha256), None)


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
