"""What a batch of reading lessons is made of: packed questions, and exercises from running text, cropped and padded.

Takes PACK/reading and documents; gives `Windows`, the same for the same step in every worker.
"""

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from embeddings.training.pairs import Body
from embeddings.training.trunk import pieces as store
from embeddings.training.trunk.cloze import Exercise, Pieces, exercise
from embeddings.training.trunk.encoder import CLS, PAD, SEP
from embeddings.training.trunk.matches import texts_of

WEIGHTS: Final = {"arcd-train": 1.5, "belebele-eqa": 0.6, "tydi-english": 0.8}  # draws a row; others 1
WEAK: Final = "aqad-weak"
DEVELOPMENT: Final = "development/"
QUESTION: Final = 62  # pieces of a question at most
_SHORTEST: Final = 60  # pieces of a passage that is cropped


@dataclass(frozen=True, slots=True)
class Mix:
    """What lessons are made of, as the run goes on.

    Attributes:
        batch: questions with a passage each.
        exercises: share of the run over which the exercises' share falls from all to none.
        wrong: share of questions shown with a retrieved passage that lacks the answer.
        weak_from: share of the run after which weak questions come in.
        weak: their share from then on.
        longest: pieces of a passage at most.
    """

    batch: int
    exercises: float
    wrong: float
    weak_from: float
    weak: float
    longest: int


@dataclass(frozen=True, slots=True)
class Windows:
    """Questions with passages, padded.

    Attributes:
        ids, types: (batch, pieces).
        readable: (batch, pieces) True at [CLS] and the pieces of the passage.
        answer: (batch, 2) first and last piece, 0 for none.
    """

    ids: Tensor
    types: Tensor
    readable: Tensor
    answer: Tensor


def padded(items: list[Exercise]) -> Windows:
    """Return exercises as the model takes them: [CLS] question [SEP] passage [SEP]."""
    width = 3 + max(len(item.question[:QUESTION]) + len(item.passage) for item in items)
    width += -width % 8
    ids, types = np.full((len(items), width), PAD), np.zeros((len(items), width), dtype=np.int64)
    readable = np.zeros((len(items), width), dtype=np.bool_)
    answer = np.zeros((len(items), 2), dtype=np.int64)
    for row, item in enumerate(items):
        question = item.question[:QUESTION]
        first = len(question) + 2
        last = first + len(item.passage)
        ids[row, : last + 1] = [CLS, *question, SEP, *item.passage, SEP]
        types[row, first:last], types[row, last] = item.types, 1
        readable[row, first:last], readable[row, 0] = True, True
        if item.start >= 0:
            answer[row] = first + item.start, first + item.end - 1
    return Windows(*(torch.from_numpy(array) for array in (ids.astype(np.int64), types, readable, answer)))


class Questions:
    """The packed reading questions."""

    def __init__(self, pack: Path) -> None:
        tensors, notes = store.read(pack / "reading")
        self.sets: list[str] = notes["sets"]
        self.token_types: str = notes["token_types"]
        self._questions, self._passages = texts_of(tensors, "questions"), texts_of(tensors, "passages")
        self._rows: NDArray[np.int32] = tensors["rows"].numpy()
        sizes = [len(self._passages[passage]) for passage in self._rows[:, 2]]
        self._types = np.split(tensors["types"].numpy(), np.cumsum(sizes)[:-1])
        self._wrong: dict[int, list[int]] = {}
        for number in np.flatnonzero(self._rows[:, 0] == -1).tolist():
            self._wrong.setdefault(int(self._rows[number, 1]), []).append(number)

    def numbers(self, name: str) -> list[int]:
        """Return the rows of a set."""
        return np.flatnonzero(self._rows[:, 0] == self.sets.index(name)).tolist()

    def whole(self, number: int, longest: int) -> Exercise:
        """Return a row with its passage, cut at `longest` pieces."""
        _, question, passage, start, end = self._rows[number].tolist()
        return Exercise(
            self._questions[question], self._passages[passage][:longest], self._types[number][:longest], start, end
        )

    def drawn(self, number: int, chance: random.Random, wrong: float, longest: int) -> Exercise:
        """Return a row with a part of its passage that holds the whole answer, or with a wrong passage."""
        others = self._wrong.get(int(self._rows[number, 1]))
        if others and chance.random() < wrong:
            number = chance.choice(others)
        item = self.whole(number, 10**6)
        size = len(item.passage)
        first, last = max(item.start, 0), max(item.end, 0)
        length = min(size, max(last - first, chance.randint(min(_SHORTEST, longest), longest)))
        low, high = max(0, last - length), min(first, size - length)
        begin = chance.randint(low, max(low, high)) if item.start >= 0 else chance.randint(0, size - length)
        end = begin + length
        moved = (item.start - begin, item.end - begin) if item.start >= 0 else (-1, -1)
        return Exercise(item.question, item.passage[begin:end], item.types[begin:end], *moved)


class Lessons(Dataset[Windows]):
    """Batch n of a run: exercises and questions in shares that follow the run's progress when the batch is made."""

    def __init__(self, questions: Questions, bodies: list[Body], pieces: Pieces, mix: Mix, seed: int) -> None:
        self._questions, self._bodies, self._pieces = questions, bodies, pieces
        self._mix, self._seed = mix, seed
        self.progress = torch.zeros(()).share_memory_()  # type: ignore[no-untyped-call]  # workers see it change
        self.agreed = torch.zeros(len(questions._rows), dtype=torch.bool).share_memory_()  # type: ignore[no-untyped-call]
        names = [name for name in questions.sets if name != WEAK and not name.startswith(DEVELOPMENT)]
        self._rows = [number for name in names for number in questions.numbers(name)]
        self._weights = np.cumsum([WEIGHTS.get(name, 1.0) for name in names for _ in questions.numbers(name)]).tolist()

    def __getitem__(self, step: int) -> Windows:
        """Return the batch of a step."""
        chance = random.Random(f"{self._seed} {step}")
        return padded([self._item(chance) for _ in range(self._mix.batch)])

    def _item(self, chance: random.Random) -> Exercise:
        progress, mix = float(self.progress), self._mix
        if self._bodies and chance.random() > progress / mix.exercises:
            body = self._bodies[chance.randrange(len(self._bodies))]
            if found := exercise(body, self._pieces, chance, mix.longest):
                return found
        if progress > mix.weak_from and chance.random() < mix.weak and len(chosen := self.agreed.nonzero()):
            return self._questions.drawn(int(chosen[chance.randrange(len(chosen))]), chance, 0.0, mix.longest)
        (number,) = chance.choices(self._rows, cum_weights=self._weights)
        return self._questions.drawn(number, chance, mix.wrong, mix.longest)
