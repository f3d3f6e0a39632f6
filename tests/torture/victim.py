"""Processes that work on an index and do not come to an end of their own: killed, out of space, or refused by the disk.

`Victims` forks each of them from one process that has loaded everything and never started a thread.
"""

import json
import os
import resource
import shutil
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from embeddings import batches, derived, store, terms, vectors
from embeddings.errors import DalilError
from embeddings.index import Index
from tests.torture.work import BATCH, ENCODER, drawn

FINISHED, BROKEN = 0, 3


@dataclass(frozen=True)
class Fate:
    """What is going to happen to a victim.

    Attributes:
        changes: how many changes it makes when nothing happens to it.
        delay: seconds after which it is killed.
        step: the call that changes the disk at which it is killed, or with `error`, refused.
        error: what the disk says at that step: an errno.
        room: the largest file, in bytes, that it may write before its last change.
        ballast: a file that fills its disk, removed before its last change.
    """

    folder: str
    seed: int
    changes: int
    delay: float | None = None
    step: int | None = None
    error: int | None = None
    room: int | None = None
    ballast: str | None = None

    @property
    def refused(self) -> bool:
        """Whether the disk refuses what it writes."""
        return self.error is not None or self.room is not None or self.ballast is not None


@dataclass(frozen=True)
class Event:
    """What a victim said before it fell silent: began a change, ended or failed at it, with the index's generation."""

    what: str
    kind: str
    generation: int


@dataclass(frozen=True)
class Remains:
    """How a victim ended: exit status (negative: a signal), what it said, how long it lived, its steps if counted."""

    status: int
    events: list[Event]
    said: str
    seconds: float
    steps: int


class Victims:
    """A process that forks victims on demand; make it before anything starts a thread."""

    def __init__(self) -> None:
        ours, theirs = os.pipe(), os.pipe()
        self._process = os.fork()
        if not self._process:
            os.close(ours[1])
            os.close(theirs[0])
            _serve(ours[0], theirs[1])
        os.close(ours[0])
        os.close(theirs[1])
        self._ask, self._answers = os.fdopen(ours[1], "w"), os.fdopen(theirs[0])

    def suffer(self, fate: Fate) -> Remains:
        """Let a victim meet its fate; return what is left of it."""
        print(json.dumps(asdict(fate)), file=self._ask, flush=True)
        values = json.loads(self._answers.readline())
        lines = [line.split() for line in values["said"].splitlines() if line.startswith("*")]
        events = [Event(what[1:], kind, int(n)) for what, kind, n in lines]
        steps = sum(event.generation for event in events if event.what == "steps")
        events = [event for event in events if event.what != "steps"]
        return Remains(values["status"], events, values["said"], values["seconds"], steps)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ask.close()
        self._answers.close()
        os.waitpid(self._process, 0)


def _serve(asked: int, answers: int) -> None:
    with os.fdopen(asked) as lines, os.fdopen(answers, "w") as replies:
        for line in lines:
            print(json.dumps(_one(Fate(**json.loads(line)))), file=replies, flush=True)
    os._exit(0)


def _one(fate: Fate) -> dict[str, Any]:
    reading, writing = os.pipe()
    begun = time.monotonic()
    child = os.fork()
    if not child:
        os._exit(_live(fate, writing))
    os.close(writing)
    if fate.delay is not None:
        time.sleep(fate.delay)
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reading) as log:
        said = log.read()
    _, status = os.waitpid(child, 0)
    return {"status": os.waitstatus_to_exitcode(status), "said": said, "seconds": time.monotonic() - begun}


def _live(fate: Fate, log: int) -> int:
    """Make the changes of `fate`; say what was begun and what became of it."""

    def say(what: str, kind: str, generation: int) -> None:
        os.write(log, f"*{what} {kind} {generation}\n".encode())

    try:
        batches._BATCH_DOCUMENTS = BATCH  # type: ignore[misc]
        clear = terms.TermIndex.clear

        def told(index: terms.TermIndex) -> None:
            say("phase", "compaction", 0)
            clear(index)

        terms.TermIndex.clear = told  # type: ignore[assignment,method-assign]
        strike = None if fate.step is None else _Strike(fate.step, fate.error)
        _work(fate, say, strike)
        if strike is not None:
            say("steps", "all", strike.steps)
    except BaseException:  # noqa: BLE001  whatever it is, the report must tell it
        os.write(log, traceback.format_exc().encode())
        return BROKEN
    return FINISHED


def _work(fate: Fate, say: Callable[[str, str, int], None], strike: "_Strike | None") -> None:
    say("begin", "open", 0)
    _limit(fate.room)
    try:
        index = Index.open(Path(fate.folder), ENCODER, create=True)
    except DalilError:
        say("failed", "open", -1)
        if not fate.refused:
            raise
        _relieve(fate, strike)
        index = Index.open(Path(fate.folder), ENCODER, create=True)
    with index:
        state = {info.id: index.document(info.id) for info in index.documents()}
        for number in range(fate.changes):
            if number == fate.changes - 1:
                _relieve(fate, strike)
            change = drawn(fate.seed, number, state)
            states, before = [state, *change.states(state)], index.generation
            say("begin", change.kind, before)
            try:
                change.make(index)
            except DalilError:
                if not fate.refused:
                    raise
                say("failed", change.kind, index.generation)
            else:
                say("end", change.kind, index.generation)
            state = states[index.generation - before]


def _limit(room: int | None) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard if room is None else room, hard))


def _relieve(fate: Fate, strike: "_Strike | None") -> None:
    """End what makes writing fail."""
    _limit(None)
    if strike is not None and fate.error is not None:
        strike.over = True
    if fate.ballast is not None:
        Path(fate.ballast).unlink(missing_ok=True)


class _Strike:
    """Counts the calls that change the disk; at one of them the process is killed or, with `error`, refused.

    Attributes:
        steps: how many there were.
        over: whether nothing happens any more.
    """

    def __init__(self, target: int, error: int | None) -> None:
        self.steps = 0
        self.over = False
        self._target = target
        self._error = error
        struck: list[tuple[Any, str]] = [
            (terms.TermIndex, "commit"),
            (vectors.VectorIndex, "_write"),
            (Path, "replace"),
            (shutil, "rmtree"),
        ]
        if error is None:  # what SQLite does with a disk that refuses is seen when there is no room
            struck += [(store.Store, "put"), (store.Store, "remove"), (derived.Derived, "replace")]
        for owner, name in struck:
            setattr(owner, name, self._counted(getattr(owner, name)))

    def _counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **options: Any) -> Any:
            self.steps += 1
            if self.steps - 1 == self._target and not self.over:
                if self._error is None:
                    os.kill(os.getpid(), signal.SIGKILL)
                raise OSError(self._error, os.strerror(self._error or 0))
            return call(*arguments, **options)

        return run
