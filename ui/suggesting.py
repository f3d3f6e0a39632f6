"""What the first page offers to ask: questions that the loaded documents really answer.

`Suggestions(lend).some()` gives them. They are made when somebody first looks at the page, not before, and again when
the documents have changed since; everybody else is given what was made.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, Final

from embeddings.errors import DalilError
from qa.suggestions import answerable, drafted
from ui.strings import EXAMPLES

if TYPE_CHECKING:
    from qa.assistant import Assistant

SHOWN: Final = 6
_LISTED: Final = 200  # documents, from the first, …
_LOOKED_AT: Final = 40  # … and how many of them are read
_TRIED: Final = 24  # questions that are asked at most
_AGE: Final = 300.0  # seconds; documents that are being added change too often

logger = logging.getLogger(__name__)


class Suggestions:
    """Questions to begin with.

    Args:
        lend: lends the assistant that answers them.
        now: seconds from any beginning; tests have a clock of their own.
    """

    def __init__(
        self, lend: "Callable[[], AbstractContextManager[Assistant]]", now: Callable[[], float] = time.monotonic
    ) -> None:
        self._lend = lend
        self._now = now
        self._lock = Lock()
        self._made: list[str] = []
        self._of: int | None = None  # generation of the index
        self._at = 0.0

    def some(self) -> list[str]:
        """Return up to six questions; whoever comes first waits until they are made."""
        with self._lock, self._lend() as assistant:
            stale = self._of != assistant.generation and (self._of is None or self._now() - self._at > _AGE)
            if stale:
                self._of, self._at = assistant.generation, self._now()
                try:
                    self._made = list(islice(_answered(assistant), SHOWN))
                except DalilError:  # the page is complete without them
                    logger.exception("no questions were suggested")
            return self._made


def _answered(assistant: "Assistant") -> Iterator[str]:
    """Yield questions that are answered: of each document one, then those written for the shipped articles."""
    listed = assistant.listed(limit=_LISTED)
    shipped = {name for name, _ in EXAMPLES}
    names = {info.path.rsplit("/", 1)[-1] for info in listed}
    others = [info.id for info in listed if info.path.rsplit("/", 1)[-1] not in shipped]
    left = _TRIED
    for document_id in others[:: max(1, len(others) // _LOOKED_AT)]:
        try:
            drafts = list(islice(drafted(assistant.document(document_id)), min(left, 3)))
        except (KeyError, DalilError):  # removed meanwhile
            continue
        left -= len(drafts)
        yield from islice(answerable(drafts, assistant), 1)
    yield from (question for name, question in EXAMPLES if name in names and assistant.ask(question).answered)
