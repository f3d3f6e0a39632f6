"""Changes an index and is killed on the way, once at each step: `python -m tests.crashing FOLDER`.

One child after another makes the same changes in a folder of its own, FOLDER/0, FOLDER/1, …; child n is killed
(SIGKILL) at step n of all that matter on the disk, and the first that comes through alive is the last. FOLDER/n.done
lists the changes that child n finished.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from embeddings import batches, derived, store, terms, vectors
from embeddings.documents import Document
from embeddings.index import Index
from tests.fakes import HashingEncoder, document

ENCODER = HashingEncoder(dimension=8)
ALIVE = 0


def text(seed: int) -> str:
    return " ".join(f"كلمة{seed} خبر{n % 7} رقم{n * seed % 5}." for n in range(40))


def step(index: Index, number: int) -> None:
    """Change number `number` of `CHANGES`."""
    given, removed = CHANGES[number]
    if removed:
        index.remove([document(name, "").id for name in removed])
    else:
        index.add([document(name, text(seed)) for name, seed in given])


# What is added or replaced (name, seed of the text), or what is removed. A batch is two documents.
CHANGES: list[tuple[list[tuple[str, int]], list[str]]] = [
    ([("a", 1), ("b", 2)], []),
    ([("a", 3), ("c", 4), ("d", 5), ("b", 2), ("e", 6)], []),
    ([], ["b", "d"]),
    ([("f", 7), ("a", 8)], []),
]


def committed_states() -> list[dict[str, Document]]:
    """Every state that is ever committed, in order: documents by name."""
    states: list[dict[str, Document]] = [{}]
    for given, removed in CHANGES:
        for begin in range(0, len(given), 2):
            states.append(states[-1] | {n: document(n, text(seed)) for n, seed in given[begin : begin + 2]})
        if removed:
            states.append({name: kept for name, kept in states[-1].items() if name not in removed})
    return states


def after(changes: int) -> int:
    """Return the place, in `committed_states`, of the state after so many finished changes."""
    return sum(1 if removed else (len(given) + 1) // 2 for given, removed in CHANGES[:changes])


def _work(place: Path) -> None:
    batches._BATCH_DOCUMENTS = 2  # type: ignore[misc]
    done = os.open(f"{place}.done", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    with Index.open(place, ENCODER, create=True) as index:
        for number in range(len(CHANGES)):
            step(index, number)
            os.write(done, b".")


def _kill_at(target: int) -> None:
    """Let this process be killed at step `target`: before each of the calls that change the disk."""
    steps = 0

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **options: Any) -> Any:
            tick()
            return call(*arguments, **options)

        return run

    def tick() -> None:
        nonlocal steps
        if steps == target:
            os.kill(os.getpid(), signal.SIGKILL)
        steps += 1

    for owner, name in (
        (store.Store, "put"),
        (store.Store, "remove"),
        (terms.TermIndex, "commit"),
        (vectors.VectorIndex, "_write"),
        (Path, "replace"),
        (derived.Derived, "replace"),
    ):
        setattr(owner, name, counted(getattr(owner, name)))
    store.Store.create = staticmethod(counted(store.Store.create))  # type: ignore[method-assign]


def _child(place: Path, target: int) -> int:
    """Start the work in a process of its own and return its id."""
    child = os.fork()
    if child:
        return child
    _kill_at(target)
    _work(place)
    os._exit(ALIVE)


def main(folder_name: str) -> None:
    """Make children until one comes through."""
    number = 0
    while True:
        child = _child(Path(folder_name) / str(number), number)
        _, status = os.waitpid(child, 0)
        number += 1
        if os.WIFEXITED(status):
            sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main(sys.argv[1])
