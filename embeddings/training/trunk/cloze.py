"""Reading exercises made from running text: a sentence with a gap, and the passage around it that fills the gap.

Where a name or number of a sentence comes again in the passage, the sentence without it is a question and the other
place its answer (Dhingra et al. 2018; recurring spans: Ram et al. 2021). Nothing is annotated, so a trunk can learn
to point at words before it sees the first real question.
"""

import random
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from embeddings.training.pairs import Body, Ids
from embeddings.training.trunk.objectives import MASK

NO_MATCH, MATCH, BEST_SENTENCE = 1, 4, 4
"""Token types as `qa.token_types` gives them: a passage word, one of the question's, added in the best sentence."""

_LONGEST_GAP: Final = 5  # pieces
_AROUND: Final = 20  # pieces on either side of an answer that are compared with the question
_TRIES: Final = 8  # sentences looked at in a window


@dataclass(frozen=True, slots=True)
class Exercise:
    """A question, its passage with the token types of its pieces, and the answer, [start, end) in passage pieces."""

    question: Ids
    passage: Ids
    types: NDArray[np.uint8]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Pieces:
    """What is known of each piece, (pieces,): whether it goes on a word, whether it is frequent."""

    goes_on: NDArray[np.bool_]
    frequent: NDArray[np.bool_]


def exercise(body: Body, pieces: Pieces, chance: random.Random, longest: int) -> Exercise | None:
    """Return an exercise from a random place of a document of at most `longest` pieces, None where nothing recurs."""
    first = chance.randrange(len(body.ends))
    begin = body.ends[first - 1] if first else 0
    last = bisect_right(body.ends, begin + longest)
    if last - first < 2:
        return None
    for _ in range(_TRIES):
        asked = chance.randrange(first, last)
        left, right = body.ends[asked - 1] if asked else 0, body.ends[asked]
        passage = np.concatenate([body.ids[begin:left], body.ids[right : body.ends[last - 1]]])
        sentence = body.ids[left:right]
        if 8 <= len(sentence) <= 60 and (gap := _gap(sentence, passage, pieces, chance)):
            ends = [*body.ends[first:asked], *(end - len(sentence) for end in body.ends[asked + 1 : last])]
            return _made(sentence, passage, gap, pieces, chance, [end - begin for end in ends])
    return None


def _gap(sentence: Ids, passage: Ids, pieces: Pieces, chance: random.Random) -> tuple[int, int] | None:
    """Return [start, end) of whole words of the sentence, not all frequent, that stand in the passage too."""
    held = set(passage[~pieces.frequent[passage]].tolist())
    rare = [n for n, piece in enumerate(sentence.tolist()) if piece in held]
    chance.shuffle(rare)
    for place in rare[:4]:
        start, end = place, place + 1
        while start > 0 and pieces.goes_on[sentence[start]]:
            start -= 1
        while end < len(sentence) and pieces.goes_on[sentence[end]]:
            end += 1
        if end - start <= _LONGEST_GAP and _places(sentence[start:end], passage, pieces):
            return _widened(sentence, start, end, passage, pieces)
    return None


def _widened(sentence: Ids, start: int, end: int, passage: Ids, pieces: Pieces) -> tuple[int, int]:
    """Return the gap with the words after it for as long as they recur together, «البنك المركزي» and not «البنك»."""
    while end < len(sentence):
        further = end + 1
        while further < len(sentence) and pieces.goes_on[sentence[further]]:
            further += 1
        if further - start > _LONGEST_GAP or not _places(sentence[start:further], passage, pieces):
            break
        if pieces.frequent[sentence[end:further]].all():
            break
        end = further
    return start, end


def _places(words: Ids, passage: Ids, pieces: Pieces) -> list[int]:
    """Return where whole `words` begin in the passage."""
    length = len(words)
    if len(passage) < length:
        return []
    hits = np.lib.stride_tricks.sliding_window_view(passage, length) == words  # (places, length)
    found = np.flatnonzero(hits.all(axis=1)).tolist()
    return [n for n in found if n + length == len(passage) or not pieces.goes_on[passage[n + length]]]


def _made(
    sentence: Ids, passage: Ids, gap: tuple[int, int], pieces: Pieces, chance: random.Random, ends: list[int]
) -> Exercise:
    start, end = gap
    rest = [*sentence[:start].tolist(), *sentence[end:].tolist()]
    content = {piece for piece in rest if not pieces.frequent[piece]}
    matched = np.isin(passage, list(content))
    length = end - start

    def near(place: int) -> int:
        return int(matched[max(0, place - _AROUND) : place + length + _AROUND].sum())

    answer = max(_places(sentence[start:end], passage, pieces), key=near)
    low, high = (
        (0, len(sentence)) if chance.random() < 0.5 else (start - chance.randint(2, 10), end + chance.randint(2, 10))
    )
    question = [*sentence[max(0, low) : start].tolist(), MASK, *sentence[end : max(high, end)].tolist()]
    return Exercise(np.array(question, dtype=np.int16), passage, types_of(matched, ends), answer, answer + length)


def types_of(matched: NDArray[np.bool_], ends: list[int]) -> NDArray[np.uint8]:
    """Return token types (pieces,) of a passage: which pieces the question has, and which sentence has most of them."""
    types = np.where(matched, MATCH, NO_MATCH).astype(np.uint8)
    sums = Counter({n: int(matched[a:b].sum()) for n, (a, b) in enumerate(zip([0, *ends], ends, strict=False))})
    if sums and max(sums.values()) > 0:
        best = max(sums, key=lambda n: sums[n])
        types[ends[best - 1] if best else 0 : ends[best]] += BEST_SENTENCE
    return types


def frequent(ids: Ids, pieces: int, count: int = 400) -> NDArray[np.bool_]:
    """Return which pieces (pieces,) are among the `count` most frequent of `ids`."""
    counts = np.bincount(ids, minlength=pieces)
    chosen = np.zeros(pieces, dtype=np.bool_)
    chosen[np.argsort(-counts, kind="stable")[:count]] = True
    return chosen
