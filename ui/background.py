"""Index files while the chat is used: `dalil chat PATH...`.

`Filling(assistant, paths)` reads and adds them in a thread of its own; `state()` tells how far it has come.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Self

from embeddings.documents import Document, Unreadable, count_files, read_documents
from embeddings.errors import DalilError
from embeddings.index import Progress
from ui.indexing import readable, tell

if TYPE_CHECKING:
    from qa.assistant import Assistant


@dataclass(frozen=True, slots=True)
class Filled:
    """How far the indexing of some files has come.

    Attributes:
        files: how many there are; 0 until they have been counted.
        read: how many of them were begun.
        documents: how many documents were stored, or found unchanged.
        passages: how many passages were written.
        unreadable: what could not be read, and why.
        seconds_left: about how long it will go on; None while that cannot be told.
        finished: whether it is over.
    """

    files: int = 0
    read: int = 0
    documents: int = 0
    passages: int = 0
    unreadable: tuple[Unreadable, ...] = ()
    seconds_left: float | None = None
    finished: bool = False


class Filling:
    """Adds the documents of files to an assistant that answers meanwhile.

    Use as a context manager: it begins at once, and at the end what was read so far is kept and the rest left out.
    """

    def __init__(self, assistant: "Assistant", paths: Sequence[Path]) -> None:
        self._assistant = assistant
        self._paths = paths
        self._seen: set[Path] = set()
        self._unreadable: list[Unreadable] = []
        self._progress = Progress(0, 0, 0, 0, 0)
        self._files = 0
        self._started = time.monotonic()
        self._stop = Event()
        self._thread = Thread(target=self._run, name="indexing", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def join(self) -> None:
        """Wait until everything is indexed."""
        self._thread.join()

    def state(self) -> Filled:
        """Return how far it has come."""
        read, files = len(self._seen), self._files
        finished = not self._thread.is_alive()
        left = None
        if read and files and not finished:
            left = (time.monotonic() - self._started) / read * max(0, files - read)
        done = self._progress
        return Filled(files, read, done.documents, done.passages, tuple(self._unreadable), left, finished)

    def _run(self) -> None:
        try:
            self._files = count_files(self._paths)
            items = self._until_stopped(read_documents(self._paths, seen=self._seen))
            changes = self._assistant.add(readable(items, self._unreadable), self._advance)
        except DalilError as error:
            tell(f"indexing stopped: {error}")
            return
        done = f"{changes.added} added, {changes.replaced} updated, {changes.unchanged} unchanged"
        tell(f"{done}, {len(self._unreadable)} unreadable")

    def _advance(self, progress: Progress) -> None:
        self._progress = progress

    def _until_stopped(self, items: Iterable[Document | Unreadable]) -> Iterator[Document | Unreadable]:
        for item in items:
            if self._stop.is_set():
                return
            yield item
