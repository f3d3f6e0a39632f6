"""The sentence reader: which sentence answers, judged by words, kind of answer and rank. It loads no model.

Takes question and passages, gives sentences, or the date or amount inside where one is clearly asked for. The
weights of the few features, and the probability they stand for, are fitted by `qa/training/sentences.py`. It is the
yardstick for trained readers and what answers where none is wanted (`--reader sentences`).
"""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from embeddings.arabic import Word, grams, stem, words
from embeddings.errors import ModelError
from embeddings.passages import sentences
from embeddings.rarity import rarity
from qa.quantities import amounts, dates
from qa.questions import Kind, Question, analyse
from qa.reader import ReadingPassage, Span

_FITTED: Final = Path(__file__).parent / "models" / "sentences.json"
_LIKE: Final = 0.5  # Dice of letter grams from which two words count as spellings of one.
_TRIED: Final = 3  # Best sentences that are given as spans.
_LONGEST: Final = 30  # Words: what a person reads as one quotation; longer sentences are cut where a clause begins.

_REASONS: Final = frozenset(
    "بسبب لان لانه لانها لانهم نتيجه سبب اسباب جراء رفضا خوفا ردا بهدف لكونه لكونها كونه اجل لكي حتي اثر لضمان".split()
)
_PLACES: Final = frozenset(
    "في ب مدينه منطقه بلده قريه دوله محافظه حي شارع مطار ميناء قرب جنوب شمال شرق غرب الي داخل".split()
)
_PEOPLE: Final = frozenset(
    "رئيس الرئيس قائد القائد وزير الوزير ناطق الناطق متحدث المتحدث لواء اللواء عقيد العقيد مشير المشير "
    "جنرال الجنرال امير ملك مدير الدكتور السيد مصدر زعيم".split()
)
_CUES: Final = {Kind.WHY: _REASONS, Kind.WHERE: _PLACES, Kind.WHO: _PEOPLE}
_RANGES: Final[dict[Kind, Callable[[str], Sequence[tuple[int, int]]]]] = {Kind.WHEN: dates, Kind.HOW_MANY: amounts}

FEATURES: Final = ("coverage", "passage_coverage", "missing", "kind", "retrieval", "rank", "length", "thing")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may answer.

    Attributes:
        passage: position of its passage.
        start, end: range in the passage's text of what would be quoted.
        features: (len(FEATURES),) float64.
    """

    passage: int
    start: int
    end: int
    features: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fitted:
    """What training found: two logistic regressions, each weights then bias.

    Attributes:
        sentence: (len(FEATURES) + 1,): does this sentence hold the answer?
        answer: (8,): is the best sentence right, from `answer_features`?
        min_confidence: below it declining is better, at the best F1 of answer/decline.
    """

    sentence: NDArray[np.float64]
    answer: NDArray[np.float64]
    min_confidence: float


class SentenceReader:
    """Answers with whole sentences, dates and amounts. Implements `qa.reader.Reader`."""

    def __init__(self, fitted: Fitted | None = None) -> None:
        self._fitted = fitted or _bundled()

    @property
    def name(self) -> str:
        """The reader's name; its weights have no versions of their own."""
        return "sentences"

    @property
    def min_confidence(self) -> float:
        """See `Fitted.min_confidence`."""
        return self._fitted.min_confidence

    @property
    def exact_confidence(self) -> float:
        """0: what is found is a sentence already, or a date or amount that was clearly asked for."""
        return 0.0

    def read(self, question: str, passages: Sequence[ReadingPassage]) -> list[Span]:
        """Return the best sentences (or the date or amount in them), best first, none overlapping another."""
        found = candidates(analyse(question), passages)
        if not found:
            return []
        scores = np.array([c.features for c in found]) @ self._fitted.sentence[:-1] + self._fitted.sentence[-1]  # (n,)
        order = np.argsort(-scores, kind="stable")
        confidence = self._confidence(found, scores, order)
        best = float(scores[order[0]])
        spans = []
        for i in order[:_TRIED]:
            share = math.exp(float(scores[i]) - best)  # A sentence behind the best is believed less, by its odds.
            spans.append(Span(found[i].passage, found[i].start, found[i].end, confidence * share))
        return spans

    def _confidence(self, found: list[Candidate], scores: NDArray[np.float64], order: NDArray[np.intp]) -> float:
        evidence = answer_features(found, scores, order)
        return float(1 / (1 + np.exp(-(evidence @ self._fitted.answer[:-1] + self._fitted.answer[-1]))))


def answer_features(
    found: list[Candidate], scores: NDArray[np.float64], order: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return (7,) features of the best sentence: score, lead, coverage, what is missing, kind, length, thing."""
    best = order[0]
    lead = scores[best] - scores[order[1]] if len(order) > 1 else 1.0
    features = found[best].features
    return np.array([scores[best], min(lead, 3.0), features[0], features[2], features[3], features[6], features[7]])


def candidates(question: Question, passages: Sequence[ReadingPassage]) -> list[Candidate]:
    """Return every sentence of `passages` with its features; a sentence met twice only where it ranks best."""
    asked = [(word.text, rarity(word.text)) for word in question.content]
    seen: set[tuple[str, ...]] = set()
    found = []
    for position, passage in enumerate(passages):
        title = tuple(words(passage.document_title))
        around = _shares(asked, (*words(passage.text), *title))
        for start, end in sentences(passage.text, max_words=_LONGEST):
            inside = tuple(words(passage.text[start:end]))
            key = tuple(word.text for word in inside)
            if not key or key in seen:
                continue
            seen.add(key)
            found.append(_candidate(question, asked, position, passage, (start, end), inside, around))
    return found


def _candidate(
    question: Question,
    asked: list[tuple[str, float]],
    position: int,
    passage: ReadingPassage,
    place: tuple[int, int],
    inside: tuple[Word, ...],
    around: list[float],
) -> Candidate:
    start, end = place
    shares = _shares(asked, inside)
    span, kind = _span(question, passage.text[start:end], inside)
    missing = max((weight * (1 - share) for (_, weight), share in zip(asked, around, strict=True)), default=0.0)
    features = np.array(
        [
            _weighted(asked, shares),
            _weighted(asked, around),
            missing,
            kind,
            passage.score,
            1 / (1 + position),
            math.log1p(len(inside)) / 5,
            _thing(question, passage.text[start + span[0] : start + span[1]]),
        ]
    )
    return Candidate(position, start + span[0], start + span[1], features)


def _thing(question: Question, amount: str) -> float:
    """Return whether an amount counts what was asked: «كم جنديا» and «20 جنديا»; 0.5 where nothing is counted."""
    if question.kind is not Kind.HOW_MANY or not question.content:
        return 0.5
    return float(any(stem(word.text) == stem(question.content[0].text) for word in words(amount)))


def _weighted(asked: list[tuple[str, float]], shares: list[float]) -> float:
    total = sum(weight for _, weight in asked)
    return sum(weight * share for (_, weight), share in zip(asked, shares, strict=True)) / total if total else 0.0


def _shares(asked: list[tuple[str, float]], inside: Sequence[Word]) -> list[float]:
    """Return how far each asked word is found, 0 to 1: same stem, or most letters in common (a slip, a plural)."""
    stems = {stem(word.text) for word in inside}
    letters = [frozenset(grams(word.text)) for word in inside if len(word.text) > 3]
    return [1.0 if stem(word) in stems else _likeness(word, letters) for word, _ in asked]


def _likeness(word: str, letters: list[frozenset[str]]) -> float:
    mine = frozenset(grams(word))
    best = max((2 * len(mine & theirs) / (len(mine) + len(theirs)) for theirs in letters), default=0.0)
    return best if best >= _LIKE else 0.0


def _span(question: Question, sentence: str, inside: Sequence[Word]) -> tuple[tuple[int, int], float]:
    """Return what to quote of a sentence, and how well the sentence holds the kind asked for: 0, 0.5 (unknown) or 1."""
    whole = (0, len(sentence))
    if find := _RANGES.get(question.kind):
        asked = {stem(word.text) for word in question.content}
        new = [r for r in find(sentence) if any(stem(w.text) not in asked for w in words(sentence[slice(*r)]))]
        counting = [r for r in new if _thing(question, sentence[slice(*r)]) == 1.0]
        return (_nearest(counting or new, sentence, asked), 1.0) if new else (whole, 0.0)
    if cues := _CUES.get(question.kind):
        return whole, float(any(word.text in cues for word in inside))
    return whole, 0.5


def _nearest(ranges: list[tuple[int, int]], sentence: str, asked: set[str]) -> tuple[int, int]:
    """Return the range that lies nearest to the words asked about, measured in characters to each."""
    places = [word.start for word in words(sentence) if stem(word.text) in asked]
    return min(ranges, key=lambda r: sum(min(abs(p - r[0]), abs(p - r[1])) for p in places))


@lru_cache(maxsize=1)
def _bundled() -> Fitted:
    try:
        stored = json.loads(_FITTED.read_text(encoding="utf-8"))
        return Fitted(np.array(stored["sentence"]), np.array(stored["answer"]), stored["min_confidence"])
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"cannot read the weights {_FITTED.name}: {error}. Reinstall Dalil to restore them."
        ) from error
