"""Documents that visitors send: what is taken, and what became of each file.

`take` reads one file and adds its documents to an assistant. Everything that can be wrong with a file is told as a
`Fate`, never raised: the other files go on.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, Final, Literal

from embeddings.documents import SUFFIXES, Document, Unreadable, read_file
from embeddings.index import Progress
from embeddings.metadata import one_line
from ui.printable import printable

if TYPE_CHECKING:
    from qa.assistant import Assistant

State = Literal["added", "updated", "unchanged", "failed"]
Problem = Literal["kind", "size", "count", "space", "unreadable"]

_MEGABYTE: Final = 1_000_000
_LONGEST_NAME: Final = 200
_UNPACKED: Final = 5  # times the size of a file: how much text may come out of it


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """What visitors may send.

    Attributes:
        megabytes: how large a file may be.
        documents: how many documents each visitor may have; 0 takes none from anyone.
        shared: whether everyone sees them, and not their sender alone.
    """

    megabytes: int = 20
    documents: int = 100
    shared: bool = False

    @property
    def bytes(self) -> int:
        """How large a file may be, in bytes."""
        return self.megabytes * _MEGABYTE


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a file.

    Attributes:
        file: its name.
        state: what was done with it.
        documents: how many documents it gave.
        problem: which of the limits it broke, or that it cannot be read; None unless it failed.
        unreadable: what of it could not be read, and why; some of it where other documents were read.
    """

    file: str
    state: State
    documents: int = 0
    problem: Problem | None = None
    unreadable: tuple[Unreadable, ...] = field(default=())


def place(owner: str, name: str = "") -> str:
    """Return the location of what `owner` sent under `name`; without a name, how all of theirs begin."""
    return f"upload:{owner}/{name}"


def clean(name: str) -> str:
    """Return the name of a sent file as it is kept and shown: one line, without a way out of its folder."""
    parts = [part for part in printable(one_line(name)).replace("\\", "/").split("/") if part.strip(". ")]
    return "/".join(parts)[-_LONGEST_NAME:] or "?"


def take(
    assistant: "Assistant",
    file: BinaryIO,
    name: str,
    owner: str,
    limits: UploadLimits,
    on_progress: Callable[[Progress], None] | None = None,
) -> Fate:
    """Add the documents of a file to `assistant`.

    Args:
        assistant: what they are added to.
        file: opened for reading bytes; able to seek.
        name: what the sender calls it.
        owner: whose it is; files of the same name and owner replace one another.
        limits: what is taken.
        on_progress: called after every batch.

    Raises:
        IndexBusyError, IndexFolderError, ModelError: the index cannot take anything now.
    """
    name = clean(name)
    if PurePosixPath(name).suffix.lower() not in SUFFIXES:
        return Fate(name, "failed", problem="kind")
    if file.seek(0, 2) > limits.bytes:
        return Fate(name, "failed", problem="size")
    file.seek(0)
    had = set(assistant.placed(place(owner)))
    try:
        documents, unreadable = _read(read_file(file, name, place(owner, name)), had, limits)
    except _TooMuchError as error:
        return Fate(name, "failed", problem=error.problem)
    if not documents:
        return Fate(name, "failed", problem="unreadable", unreadable=tuple(unreadable))
    changes = assistant.add(documents, on_progress)
    state: State = "added" if changes.added else "updated" if changes.replaced else "unchanged"
    return Fate(name, state, len(documents), unreadable=tuple(unreadable))


class _TooMuchError(Exception):
    """A file holds more than its sender may have."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem: Problem = problem


def _read(
    items: Iterable[Document | Unreadable], had: set[str], limits: UploadLimits
) -> tuple[list[Document], list[Unreadable]]:
    """Return what is read of a file, and stop as soon as it is too much: nothing of it has been stored then."""
    documents: list[Document] = []
    unreadable: list[Unreadable] = []
    new = characters = 0
    for item in items:
        if isinstance(item, Unreadable):
            unreadable.append(item)
            continue
        documents.append(item)
        new += item.id not in had
        characters += len(item.text)
        if len(had) + new > limits.documents:
            raise _TooMuchError("count")
        if characters > _UNPACKED * limits.bytes:
            raise _TooMuchError("size")
    return documents, unreadable
