"""Hard negatives: passages that share a question's words and lack its answer, found by the product's lexical index.

Takes questions with their passage and answers, and a pool of passages; gives for each question the passages that BM25
ranks high, the right one and everything that holds an answer left out (as in Karpukhin et al. 2020).
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from embeddings.arabic import fold, question_terms, terms
from embeddings.terms import TermIndex

DEPTH: Final = 24  # passages looked at for each question
_SHORTEST_ANSWER: Final = 3  # letters; a shorter answer stands everywhere and would leave nothing over


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the number of its passage in the pool, and its answers (none where it has none)."""

    question: str
    passage: int
    answers: tuple[str, ...]


def hard_negatives(asked: Sequence[Asked], pool: Sequence[str], *, count: int) -> list[list[int]]:
    """Return for each question up to `count` numbers of passages in `pool`, best first."""
    folded = [fold(passage) for passage in pool]
    with tempfile.TemporaryDirectory() as folder:
        index = TermIndex(Path(folder))
        index.add((number, terms(passage)) for number, passage in enumerate(pool))
        index.commit()
        return [_negatives(item, index.search(question_terms(item.question), DEPTH), folded, count) for item in asked]


def _negatives(item: Asked, found: Sequence[tuple[int, float]], folded: Sequence[str], count: int) -> list[int]:
    answers = [text for text in map(fold, item.answers) if len(text) >= _SHORTEST_ANSWER]
    kept = (
        number
        for number, _ in found
        if number != item.passage and not any(answer in folded[number] for answer in answers)
    )
    return [number for number, _ in zip(kept, range(count), strict=False)]
