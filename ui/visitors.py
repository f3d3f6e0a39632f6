"""Whose documents a visitor sees: the shared ones, and beside them those that the visitor sent.

Every visitor who has sent something has a folder of their own, an index that is searched together with the shared one
and by nobody else. It is opened when its visitor comes, closed when they have been away for a while, and removed when
nobody has come for a month.
"""

import logging
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, BinaryIO, Final

from embeddings.errors import IndexDamagedError, IndexMismatchError
from embeddings.index import Progress
from embeddings.settings import TRUTH
from embeddings.store import Store
from ui.uploads import Fate, UploadLimits, clean, place, take

if TYPE_CHECKING:
    from qa.assistant import Assistant

_AWAY: Final = 600.0  # seconds after which a folder is closed
_FORGOTTEN: Final = 30 * 24 * 3600.0  # seconds after which it is removed
_FREE: Final = 1_000_000_000  # bytes of the disk that are left to others

logger = logging.getLogger(__name__)


@dataclass
class _Open:
    """A visitor's folder while it is open, and how many are at work in it."""

    assistant: "Assistant"
    users: int = 0
    used: float = field(default_factory=time.monotonic)


class Visitors:
    """Gives each visitor the assistant that answers from what they may see.

    Args:
        shared: answers everyone; stays open.
        folder: where visitors have their folders; None takes no documents from anyone.
        limits: what visitors may send.
        now: the time in seconds; tests have a clock of their own.
    """

    def __init__(
        self,
        shared: "Assistant",
        folder: Path | None = None,
        limits: UploadLimits | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._shared = shared
        self._folder = folder
        self._now = now
        self.limits = limits or UploadLimits()
        self._open: dict[str, _Open] = {}
        self._lock = Lock()
        self._forget()

    @property
    def takes_documents(self) -> bool:
        """Whether visitors may send documents."""
        return self._folder is not None and self.limits.documents > 0

    @contextmanager
    def assistant(self, visitor: str | None) -> "Iterator[Assistant]":
        """Lend the assistant of a visitor; of one who has sent nothing, or is not known, the shared one."""
        if visitor is None or self._folder is None or not (self._folder / visitor / TRUTH).exists():
            yield self._shared
            return
        with self._own(visitor) as own:
            yield own

    def take(
        self,
        visitor: str,
        file: BinaryIO,
        name: str,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Fate:
        """Add a file that a visitor sent to what they see, or to what everyone sees where the operator says so.

        Raises:
            IndexBusyError, IndexFolderError, ModelError: it cannot be stored now.
            ValueError: no documents are taken here.
        """
        if self._folder is None or not self.takes_documents:
            raise ValueError("this server takes no documents")
        if shutil.disk_usage(self._folder.parent).free < _FREE + self.limits.bytes:
            logger.error("the disk is full", extra={"folder": str(self._folder)})
            return Fate(clean(name), "failed", problem="space")
        if self.limits.shared:
            return take(self._shared, file, name, visitor, self.limits, on_progress)
        with self._own(visitor) as own:
            return take(own, file, name, visitor, self.limits, on_progress)

    def remove(self, visitor: str, document_ids: Sequence[str]) -> int:
        """Remove documents that the visitor sent, and no others; return how many there were."""
        mine = self.sent(visitor)
        with self.assistant(visitor) as assistant:
            return assistant.remove([document for document in document_ids if document in mine])

    def sent(self, visitor: str | None) -> set[str]:
        """Return the ids of the documents that a visitor sent."""
        if visitor is None:
            return set()
        with self.assistant(visitor) as assistant:
            return set(assistant.placed(place(visitor)))

    def close(self) -> None:
        """Close the visitors' folders; the shared assistant stays open."""
        with self._lock:
            for opened in self._open.values():
                opened.assistant.close()
            self._open.clear()

    @contextmanager
    def _own(self, visitor: str) -> "Iterator[Assistant]":
        """Lend the assistant over a visitor's folder, which stays open as long as somebody has it."""
        with self._lock:
            if visitor not in self._open:
                self._close_idle()
                self._open[visitor] = _Open(self._opened(visitor))
            opened = self._open[visitor]
            opened.users += 1
        try:
            yield opened.assistant
        finally:
            with self._lock:
                opened.users -= 1
                opened.used = time.monotonic()

    def _close_idle(self) -> None:
        away = time.monotonic() - _AWAY
        for visitor, opened in list(self._open.items()):
            if not opened.users and opened.used < away:
                opened.assistant.close()
                del self._open[visitor]

    def _opened(self, visitor: str) -> "Assistant":
        """Open a visitor's folder; what cannot be used as it is, is made again from its documents or set aside."""
        assert self._folder is not None  # noqa: S101 (only visitors with folders come here)
        folder = self._folder / visitor
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            assistant = self._shared.beside(folder)
        except IndexMismatchError:
            assistant = self._made_again(folder)
        except IndexDamagedError:
            logger.exception("a visitor's documents are damaged and were set aside", extra={"folder": str(folder)})
            folder.rename(folder.with_name(f"damaged-{visitor}-{time.time_ns()}"))
            assistant = self._shared.beside(folder)
        (folder / "came").touch()
        return assistant

    def _made_again(self, folder: Path) -> "Assistant":
        """Index the documents of a folder once more: the operator has changed the encoder, or Dalil its folding."""
        before = folder.with_name(f"before-{folder.name}-{time.time_ns()}")
        folder.rename(before)
        assistant = self._shared.beside(folder)
        store = Store(before / TRUTH)
        try:
            found = (store.document(info.id) for info in store.infos())
            assistant.add(document for document in found if document is not None)
        finally:
            store.close()
        shutil.rmtree(before)
        return assistant

    def _forget(self) -> None:
        """Remove the folders of visitors who have not come for a month."""
        if self._folder is None or not self._folder.is_dir():
            return
        for folder in self._folder.iterdir():
            came = folder / "came"
            if came.exists() and came.stat().st_mtime < self._now() - _FORGOTTEN:
                shutil.rmtree(folder)
                logger.info("documents that nobody came back for were removed", extra={"folder": folder.name})
