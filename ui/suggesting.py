"""What the first page offers to ask: questions that the loaded documents really answer.

`await Suggestions(visitors).some(visitor)` gives them. They are made in a thread of their own when somebody first
looks at the page, not before, and again when the documents have changed since: meanwhile everybody is given what was
made before. A visitor who has sent documents is offered questions of those first, and nobody else is.
"""

import asyncio
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from threading import Event, Lock
from typing import TYPE_CHECKING, Final, Protocol

from embeddings.errors import DalilError
from qa.suggestions import answerable, drafted
from ui.strings import EXAMPLES

if TYPE_CHECKING:
    from qa.assistant import Assistant

SHOWN: Final = 6
_OWN: Final = 3  # of them, of a visitor's own documents
_LISTED: Final = 200  # documents, from the first, …
_LOOKED_AT: Final = 40  # … and how many of them are read
_TRIED: Final = 24  # questions that are asked at most
_AGE: Final = 300.0  # seconds; documents that are being added change too often
_VISITORS: Final = 1_000  # whose questions are remembered

logger = logging.getLogger(__name__)


class Lending(Protocol):
    """Who lends assistants: `ui.visitors.Visitors`, and doubles of it."""

    def assistant(self, visitor: str | None) -> "AbstractContextManager[Assistant]":
        """Lend the assistant over what a visitor may see."""

    def sent(self, visitor: str | None) -> set[str]:
        """Return the ids of the documents that a visitor sent."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """Questions that are being made or have been, of which documents, and those that were made before."""

    sent: frozenset[str]
    generation: int  # of the index
    at: float
    making: "Future[list[str]]"
    before: list[str] | None

    def ready(self) -> list[str] | None:
        return self.making.result() if self.making.done() else self.before


class Suggestions:
    """Questions to begin with.

    Args:
        visitors: lends the assistants that answer them.
        now: seconds from any beginning; tests have a clock of their own.
    """

    def __init__(self, visitors: Lending, now: Callable[[], float] = time.monotonic) -> None:
        self._visitors = visitors
        self._now = now
        self._lock = Lock()
        self._kept: OrderedDict[str | None, _Kept] = OrderedDict()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="suggestions")
        self._closed = Event()

    async def some(self, visitor: str | None = None) -> list[str]:
        """Return up to six questions: those that were made last, else as soon as there are any.

        Raises:
            IndexBusyError, IndexFolderError: the visitor's documents cannot be opened now.
        """
        found = await asyncio.to_thread(self._ready, visitor)
        return found if isinstance(found, list) else await asyncio.wrap_future(found)

    def close(self) -> None:
        """Stop making questions; those of the document that is being read are waited for."""
        self._closed.set()
        self._worker.shutdown(cancel_futures=True)

    def _ready(self, visitor: str | None) -> "list[str] | Future[list[str]]":
        """Return what there is, else the promise of it; begins to make what is missing or too old."""
        sent = frozenset(self._visitors.sent(visitor))
        name = visitor if sent else None
        with self._visitors.assistant(name) as assistant:
            generation = assistant.generation
        with self._lock:
            kept, now = self._kept.pop(name, None), self._now()
            if kept is not None and kept.sent != sent:
                kept = None
            if kept is None or (kept.generation != generation and now - kept.at > _AGE):
                making = self._worker.submit(self._make, name, sent)
                kept = _Kept(sent, generation, now, making, kept.ready() if kept else None)
            self._kept[name] = kept
            if len(self._kept) > _VISITORS:
                self._kept.popitem(last=False)
        ready = kept.ready()
        return kept.making if ready is None else ready

    def _make(self, name: str | None, sent: frozenset[str]) -> list[str]:
        made: dict[str, None] = {}
        try:
            with self._visitors.assistant(name) as assistant:
                for question in _answered(assistant, sent, self._closed):
                    made[question] = None
                    if len(made) == SHOWN:
                        break
        except DalilError:  # the page is complete without them
            logger.exception("no questions were suggested")
        return list(made)


def _answered(assistant: "Assistant", sent: frozenset[str], closed: Event) -> Iterator[str]:
    """Yield questions that are answered: of what the visitor sent, of every other document, of the shipped articles."""
    listed = assistant.listed(limit=_LISTED)
    shipped = {name for name, _ in EXAMPLES}
    names = {info.path.rsplit("/", 1)[-1] for info in listed}
    own = [info.id for info in listed if info.id in sent]
    others = [info.id for info in listed if info.path.rsplit("/", 1)[-1] not in shipped and info.id not in sent]
    yield from islice(_asked_of(own, assistant, closed, each=math.ceil(_OWN / len(own)) if own else 0), _OWN)
    yield from _asked_of(others, assistant, closed)
    yield from (question for name, question in EXAMPLES if name in names and assistant.ask(question).answered)


def _asked_of(ids: Sequence[str], assistant: "Assistant", closed: Event, each: int = 1) -> Iterator[str]:
    """Yield questions that are answered, up to `each` of a document."""
    left = _TRIED
    for document_id in ids[:: max(1, len(ids) // _LOOKED_AT)]:
        if closed.is_set():
            return
        try:
            drafts = list(islice(drafted(assistant.document(document_id)), min(left, 3 * each)))
        except (KeyError, DalilError):  # removed meanwhile
            continue
        left -= len(drafts)
        yield from islice(answerable(drafts, assistant), each)
