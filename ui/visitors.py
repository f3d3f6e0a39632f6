"""Whose documents a visitor sees: the shared ones, and beside them those that the visitor sent.

Every visitor who has sent something has a folder of their own, an index that is searched together with the shared one
and by nobody else. It is opened when its visitor comes, closed when they have been away for a while, and removed when
nobody has come for a month.
"""

import logging
import math
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
_DAY: Final = 24 * 3600.0
_FORGOTTEN: Final = 30 * _DAY  # seconds after which it is removed
_FREE: Final = 1_000_000_000  # bytes of the disk that are left to others

logger = logging.getLogger(__name__)


@dataclass
class _Held:
    """A visitor's folder while it is in use, how many are at work in it, and the locks they wait at."""

    opened: "Assistant | None" = None
    users: int = 0
    used: float = field(default_factory=time.monotonic)
    opening: Lock = field(default_factory=Lock)
    taking: Lock = field(default_factory=Lock)


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
        self._held: dict[str, _Held] = {}
        self._lock = Lock()
        self._shared_taking = Lock()
        self._tidied = -math.inf
        self._tidy()

    @property
    def takes_documents(self) -> bool:
        """Whether visitors may send documents."""
        return self._folder is not None and self.limits.documents > 0

    @contextmanager
    def assistant(self, visitor: str | None) -> "Iterator[Assistant]":
        """Lend the assistant of a visitor; of one who has sent nothing, or is not known, the shared one.

        Raises:
            IndexBusyError, IndexFolderError: the visitor's folder cannot be opened now.
        """
        if visitor is None or not self._has_own(visitor):
            yield self._shared
            return
        with self._own(visitor) as (own, _):
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
        # One file of a visitor at a time: each is counted with those before it.
        if self.limits.shared:
            with self._shared_taking:
                return take(self._shared, file, name, visitor, self.limits, on_progress)
        with self._own(visitor) as (own, taking), taking:
            return take(own, file, name, visitor, self.limits, on_progress)

    def remove(self, visitor: str, document_ids: Sequence[str]) -> int:
        """Remove documents that the visitor sent, and no others; return how many there were.

        Raises:
            IndexBusyError, IndexFolderError: nothing can be removed now.
        """
        mine = self.sent(visitor)
        with self.assistant(visitor) as assistant:
            return assistant.remove([document for document in document_ids if document in mine])

    def sent(self, visitor: str | None) -> set[str]:
        """Return the ids of the documents that a visitor sent."""
        if visitor is None or not (self.limits.shared or self._has_own(visitor)):
            return set()
        with self.assistant(visitor) as assistant:
            return set(assistant.placed(place(visitor)))

    def close(self) -> None:
        """Close the visitors' folders; the shared assistant stays open."""
        with self._lock:
            for visitor in list(self._held):
                self._close(visitor)

    def _has_own(self, visitor: str) -> bool:
        return self._folder is not None and (self._folder / visitor / TRUTH).exists()

    @contextmanager
    def _own(self, visitor: str) -> "Iterator[tuple[Assistant, Lock]]":
        """Lend the assistant over a visitor's folder, which stays open as long as somebody has it, and its lock."""
        with self._lock:
            self._tidy()
            held = self._held.setdefault(visitor, _Held())
            held.users += 1
        try:
            with held.opening:
                if held.opened is None:
                    held.opened = self._opened(visitor)
            self._came(visitor).touch()
            yield held.opened, held.taking
        finally:
            with self._lock:
                held.users -= 1
                held.used = time.monotonic()

    def _came(self, visitor: str) -> Path:
        """Return the file whose time says when a visitor came last."""
        assert self._folder is not None  # noqa: S101 (only visitors with folders come here)
        return self._folder / visitor / "came"

    def _tidy(self) -> None:
        """Close the folders of visitors who are away, and once a day remove those of visitors who stay away."""
        away = time.monotonic() - _AWAY
        for visitor, held in list(self._held.items()):
            if not held.users and held.used < away:
                self._close(visitor)
        if self._now() >= self._tidied + _DAY:
            self._tidied = self._now()
            self._forget()

    def _close(self, visitor: str) -> None:
        held = self._held.pop(visitor)
        if held.opened is not None:
            held.opened.close()

    def _opened(self, visitor: str) -> "Assistant":
        """Open a visitor's folder; what cannot be used as it is, is made again from its documents or set aside."""
        folder = self._came(visitor).parent
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            return self._shared.beside(folder)
        except IndexMismatchError:
            self._make_again(folder)
        except IndexDamagedError:
            logger.exception("a visitor's documents are damaged and were set aside", extra={"folder": str(folder)})
            folder.rename(folder.with_name(f"damaged-{visitor}-{time.time_ns()}"))
        return self._shared.beside(folder)

    def _make_again(self, folder: Path) -> None:
        """Index the documents of a folder once more: the operator has changed the encoder, or Dalil its folding."""
        again = folder.with_name(f"again-{folder.name}-{time.time_ns()}")
        store = Store(folder / TRUTH)
        try:
            found = (store.document(info.id) for info in store.infos())
            with self._shared.beside(again) as assistant:
                assistant.add(document for document in found if document is not None)
        finally:
            store.close()
        shutil.rmtree(folder)
        again.rename(folder)

    def _forget(self) -> None:
        """Remove the folders of visitors who have not come for a month, and what a crash has left behind."""
        if self._folder is None or not self._folder.is_dir():
            return
        for folder in self._folder.iterdir():
            came = folder / "came"
            last = (came if came.exists() else folder).stat().st_mtime
            if last < self._now() - _FORGOTTEN and folder.name not in self._held:
                shutil.rmtree(folder)
                logger.info("documents that nobody came back for were removed", extra={"folder": folder.name})
