"""Fixed pairs for the encoder, as `pairing` packed them: questions with hard negatives, translations, word lexicon."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from embeddings.training.lexicon import Lexicon
from embeddings.training.pairs import Ids, Pair, Questions

NONE: Final = -1
"""Stands where a question has fewer hard negatives than others."""


def ragged(name: str, texts: list[Ids]) -> dict[str, Tensor]:
    """Return texts of different lengths as two tensors, `name` and `name.lengths`."""
    flat = np.concatenate(texts) if texts else np.empty(0, dtype=np.int16)
    lengths = np.array([len(ids) for ids in texts], dtype=np.int32)
    return {name: torch.from_numpy(flat), f"{name}.lengths": torch.from_numpy(lengths)}


def texts_of(tensors: Mapping[str, Tensor], name: str) -> list[Ids]:
    """Return what `ragged` packed."""
    lengths = tensors[f"{name}.lengths"].numpy()
    return np.split(tensors[name].numpy(), np.cumsum(lengths)[:-1]) if len(lengths) else []


@dataclass(frozen=True, slots=True)
class Mined:
    """Questions with their passages; the group of a pair is the number of its passage.

    Attributes:
        questions: the pairs.
        passages: what the groups and `hard` number.
        hard: for each passage, the passages that come up for its questions and answer none of them.
    """

    questions: Questions
    passages: list[Ids]
    hard: Mapping[int, list[int]]

    def draw(self, size: int, chance: random.Random) -> list[Pair]:
        """Draw pairs without repeats."""
        return self.questions.draw(size, chance)

    def negatives(self, pairs: list[Pair], chance: random.Random) -> list[tuple[Ids, int]]:
        """Return one hard negative, (passage, its number), for each pair that has any."""
        numbers = [chance.choice(self.hard[group]) for _, _, group in pairs if self.hard.get(group)]
        return [(self.passages[number], number) for number in numbers]


def sources_of(tensors: Mapping[str, Tensor], notes: Mapping[str, Any]) -> dict[str, Mined | Questions]:
    """Return the sources that `packed_matches` packed, by name."""
    passages = texts_of(tensors, "passages")
    found: dict[str, Mined | Questions] = {name: _mined(tensors, name, passages) for name in notes["questions"]}
    for name in notes["equals"]:
        sides = zip(texts_of(tensors, f"{name}.left"), texts_of(tensors, f"{name}.right"), strict=True)
        pairs = [(left, right, number) for number, (left, right) in enumerate(sides) if len(left) and len(right)]
        found[name] = Questions(pairs)
    return found


def _mined(tensors: Mapping[str, Tensor], name: str, passages: list[Ids]) -> Mined:
    numbers = tensors[f"{name}.passage"].tolist()
    hard: dict[int, set[int]] = {}
    for number, negatives in zip(numbers, tensors[f"{name}.hard"].tolist(), strict=True):
        hard.setdefault(number, set()).update(n for n in negatives if n != NONE)
    questions = texts_of(tensors, name)
    pairs = [
        (left, passages[n], n) for left, n in zip(questions, numbers, strict=True) if len(left) and len(passages[n])
    ]
    return Mined(Questions(pairs), passages, {number: sorted(found) for number, found in hard.items()})


def lexicon_of(tensors: Mapping[str, Tensor]) -> Lexicon:
    """Return what `packed_lexicon` packed."""
    lexicon: Lexicon = {}
    for (source, target), weight in zip(
        tensors["lexicon.pieces"].tolist(), tensors["lexicon.weights"].tolist(), strict=True
    ):
        targets, weights = lexicon.setdefault(source, ([], []))
        targets.append(target)
        weights.append(weight)
    return lexicon
