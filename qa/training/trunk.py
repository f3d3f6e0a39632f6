"""Pack the reading questions as pieces, for training a reader from the pretrained trunk.

    python -m qa.training.trunk --data DIR --out PACK [--piece-mib 60]

Takes the reading sets of the training folder and PACK/tokenizer.json; gives PACK/reading, all numbers: questions and
passages as pieces, the token types of each passage for each question, where the answer begins and ends. The sets and
the retrieved wrong passages are those of the bundled reader's training.
"""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from embeddings.training.pairs import pieces
from embeddings.training.trunk import pieces as store
from embeddings.training.trunk.matches import ragged
from embeddings.training.trunk.model import read_tokenizer
from qa.token_types import NAME, QuestionTypes
from qa.training.data import (
    OWN,
    Example,
    add_wrong_passages,
    development_sets,
    examples,
    passage_words,
    passages_beside,
    training_sets,
    weak_rows,
)

WRONG = 3  # retrieved passages a question that lack its answer
WEAK = "aqad-weak"
DEVELOPMENT = "development/"  # before the names of sets that are never trained on


class Packing:
    """Gathers examples; passages are stored once."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._passages: dict[str, tuple[int, Encoding]] = {}
        self._questions: list[str] = []
        self._types: list[NDArray[np.uint8]] = []
        self._rows: list[tuple[int, int, int, int, int]] = []  # set, question, passage, start, end

    def add(self, number: int, item: Example) -> None:
        """Take in a question of set `number` with its passage and, set -1, with passages that lack its answer."""
        self._questions.append(item.question)
        types = QuestionTypes(item.question)
        for passage in (item.passage, *item.wrong[:WRONG]):
            place, encoding = self._passage(passage)
            right = passage is item.passage
            start, end = self._answer(item, encoding) if right else (-1, -1)
            self._types.append(np.array(types.of_pieces(passage, encoding.offsets), dtype=np.uint8))
            self._rows.append((number if right else -1, len(self._questions) - 1, place, start, end))

    def _passage(self, text: str) -> tuple[int, Encoding]:
        if text not in self._passages:
            self._passages[text] = len(self._passages), self._tokenizer.encode(text, add_special_tokens=False)
        return self._passages[text]

    @staticmethod
    def _answer(item: Example, encoding: Encoding) -> tuple[int, int]:
        """Return the pieces [start, end) of the answer, (-1, -1) where there is none."""
        if item.answer is None:
            return -1, -1
        found = passage_words(item.passage)
        first, last = found[item.answer[0]].start, found[item.answer[1] - 1].end
        inside = [n for n, (start, end) in enumerate(encoding.offsets) if start < last and end > first]
        return (inside[0], inside[-1] + 1) if inside else (-1, -1)

    def packed(self) -> dict[str, torch.Tensor]:
        """Return everything as tensors."""
        passages = [np.array(encoding.ids, dtype=np.int16) for _, encoding in self._passages.values()]
        flat = np.concatenate(self._types)  # as long as each row's passage
        return {
            **ragged("questions", pieces(self._tokenizer, self._questions)),
            **ragged("passages", passages),
            "types": torch.from_numpy(flat),
            "rows": torch.tensor(self._rows, dtype=torch.int32),
        }


def pack(tokenizer: Tokenizer, sets: Mapping[str, Iterable[Example]]) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Return (tensors, notes) of the sets."""
    packing = Packing(tokenizer)
    for number, group in enumerate(sets.values()):
        for item in group:
            packing.add(number, item)
    return packing.packed(), {"sets": list(sets), "token_types": NAME}


def sets_of(data: Path, own: Path) -> dict[str, list[Example]]:
    """Return training sets with their wrong passages, the weak set, and the development sets."""
    training = training_sets(data, own)
    add_wrong_passages(training.values(), passages_beside(data, own))
    development = {f"{DEVELOPMENT}{name}": items for name, items in development_sets(data).items()}
    return training | {WEAK: examples(weak_rows(data))} | development


def main(argv: Sequence[str] | None = None) -> None:
    """Pack with the arguments of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="holds tokenizer.json")
    parser.add_argument("--own", type=Path, default=OWN, help="questions written on passages of the folder's texts")
    parser.add_argument("--piece-mib", type=float, default=60.0)
    arguments = parser.parse_args(argv)
    tokenizer, _ = read_tokenizer(arguments.out / "tokenizer.json")
    tensors, notes = pack(tokenizer, sets_of(arguments.data, arguments.own))
    store.write(arguments.out / "reading", tensors, notes, piece_mib=arguments.piece_mib, compress=True)
    print(f"reading: {len(tensors['rows']):,} questions with a passage each, sets {', '.join(notes['sets'])}")


if __name__ == "__main__":
    main()
