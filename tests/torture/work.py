"""Random changes of an index, the same for the same seed, and every state that each of them commits."""

from dataclasses import dataclass, field

import numpy as np

from embeddings.documents import Document
from embeddings.index import Index
from embeddings.integrity import repair
from tests.fakes import HashingEncoder, document

ENCODER = HashingEncoder(dimension=8)
QUESTION = "كلمة3 خبر2 رقم1"
BATCH = 2  # documents that are stored at once
NAMES = [f"وثيقة {n}.txt" for n in range(12)]

State = dict[str, Document]
"""What an index holds, by id."""


@dataclass(frozen=True)
class Change:
    """One thing that is done to an index."""

    kind: str  # add, replace, remove or rebuild
    documents: list[Document] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    def states(self, before: State) -> list[State]:
        """Every state that this change commits, in order."""
        states = [before]
        for begin in range(0, len(self.documents), BATCH):
            batch = {d.id: d for d in self.documents[begin : begin + BATCH]}
            if any(states[-1].get(key) != document for key, document in batch.items()):
                states.append(states[-1] | batch)
        if self.removed:
            states.append({key: kept for key, kept in before.items() if key not in self.removed})
        return states[1:]

    def make(self, index: Index) -> None:
        """Do it."""
        if self.kind == "rebuild":
            repair(index.folder)
        elif self.removed:
            index.remove(self.removed)
        else:
            index.add(self.documents)


def drawn(seed: int, number: int, state: State) -> Change:
    """Change `number` of those that `seed` stands for, of an index that holds `state`."""
    draw = np.random.default_rng([seed, number])
    kind = str(draw.choice(["add", "add", "replace", "remove", "rebuild"] if state else ["add"]))
    held = sorted(d.path for d in state.values())
    free = [name for name in NAMES if name not in held]
    if kind == "rebuild":
        return Change(kind)
    if kind == "remove" or (kind == "add" and not free):
        return Change("remove", removed=[document(name, "").id for name in _some(held, draw)])
    names = _some(free if kind == "add" else held, draw)
    return Change(kind, [document(name, _text(state, draw)) for name in names])


def _some(names: list[str], draw: np.random.Generator) -> list[str]:
    count = min(len(names), int(draw.integers(1, 6)))
    return [str(name) for name in draw.choice(names, size=count, replace=False)]


def _text(state: State, draw: np.random.Generator) -> str:
    """A new text, or now and then one that is there already, or nearly that."""
    seed = int(draw.integers(1, 10_000))
    if state and seed % 8 < 2:
        text = state[sorted(state)[seed % len(state)]].text
        return text if seed % 8 else f"{text} خبر{seed}."
    return " ".join(f"كلمة{seed % 9} خبر{n % 7} رقم{n * seed % 5} بيان{seed}." for n in range(seed % 60))
