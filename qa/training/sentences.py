"""Fit the few weights of the sentence reader, and the probability that its best sentence is right.

    python -m qa.training.sentences --data DIR

Reads DIR/qa/written-train.jsonl.xz (questions with the passage that answers, or none), pairs every question with the
passages that share most words with it, hides the answering one from a quarter of them, and fits two logistic
regressions: does a sentence hold the answer; is the best sentence right. Writes qa/models/sentences.json and prints
figures on DIR/qa/written-dev.jsonl.xz, which is never fitted on. A minute on one core.
"""

import argparse
import json
import lzma
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from embeddings.arabic import stem, words
from embeddings.passages import cut
from embeddings.rarity import rarity
from qa.questions import analyse
from qa.reader import ReadingPassage
from qa.sentences import FEATURES, Candidate, Fitted, answer_features, candidates

READ = 8  # Passages a question is shown with.
HIDDEN = 0.25  # Of the answerable questions lose their passage: what retrieval misses must be declined.
OUTPUT = Path(__file__).parents[1] / "models" / "sentences.json"


@dataclass(frozen=True)
class Example:
    """A question with passages; `gold` is (position, start, end) of its answer among them, or None."""

    question: str
    passages: list[ReadingPassage]
    gold: tuple[int, int, int] | None


class Pool:
    """Passages of a question file, found by the rarity of the stems they share with a question."""

    def __init__(self, rows: Sequence[dict[str, Any]]) -> None:
        self.places = [(text, *place) for text in dict.fromkeys(row["context"] for row in rows) for place in cut(text)]
        self._holding: dict[str, list[int]] = defaultdict(list)
        for number, (text, start, end) in enumerate(self.places):
            for key in {stem(word.text) for word in words(text[start:end])}:
                self._holding[key].append(number)

    def nearest(self, question: str) -> list[tuple[int, float]]:
        """Return (number, score 0..1) of the passages that share most with the question."""
        scores: Counter[int] = Counter()
        for word in analyse(question).content:
            for number in self._holding[stem(word.text)]:
                scores[number] += rarity(word.text)  # type: ignore[assignment]
        best = scores.most_common(READ)
        return [(number, score / best[0][1]) for number, score in best]


def examples(rows: Sequence[dict[str, Any]], draw: random.Random) -> list[Example]:
    """Pair every question with the passages a search would bring."""
    pool = Pool(rows)
    return [_example(row, pool, hide=draw.random() < HIDDEN) for row in rows]


def _example(row: dict[str, Any], pool: Pool, *, hide: bool) -> Example:
    answer = row["answers"][0] if row["answers"] else None
    passages: list[ReadingPassage] = []
    gold = None
    for number, score in pool.nearest(row["question"]):
        text, start, end = pool.places[number]
        at = answer["answer_start"] if answer and text == row["context"] else -1
        holds = start <= at and at + len(answer["text"]) <= end if answer else False
        if holds and hide:
            continue
        if holds and gold is None and answer:
            gold = (len(passages), at - start, at - start + len(answer["text"]))
        passages.append(ReadingPassage(text[start:end], score))
    return Example(row["question"], passages, gold)


def right(candidate: Candidate, gold: tuple[int, int, int] | None) -> bool:
    """Whether a candidate touches the answer."""
    return gold is not None and candidate.passage == gold[0] and candidate.start < gold[2] and gold[1] < candidate.end


def main() -> None:
    """Fit, write, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data / "qa"
    draw = random.Random(7)
    train = [(e, candidates(analyse(e.question), e.passages)) for e in examples(_rows(data / "written-train"), draw)]
    sentence = _fit_sentences(train)
    evidence, correct = _outcomes(train, sentence)
    answer = _logistic(evidence, correct)
    threshold = _best_threshold(_probability(evidence, answer), correct, [e.gold is not None for e, _ in train])
    fitted = Fitted(sentence, answer, threshold)
    OUTPUT.write_text(json.dumps(_stored(fitted), indent=1) + "\n", encoding="utf-8")
    print(dict(zip(FEATURES, sentence.round(2).tolist(), strict=False)), answer.round(2), f"threshold {threshold:.2f}")
    dev = [(e, candidates(analyse(e.question), e.passages)) for e in examples(_rows(data / "written-dev"), draw)]
    _report(dev, fitted)


def _rows(path: Path) -> list[dict[str, Any]]:
    with lzma.open(path.with_suffix(".jsonl.xz"), "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _fit_sentences(train: list[tuple[Example, list[Candidate]]]) -> NDArray[np.float64]:
    answerable = [(e, found) for e, found in train if e.gold is not None]
    x = np.array([c.features for _, found in answerable for c in found])  # (sentences, features)
    y = np.array([right(c, e.gold) for e, found in answerable for c in found])
    return _logistic(x, y)


def _logistic(x: NDArray[np.float64], y: NDArray[np.bool_]) -> NDArray[np.float64]:
    model = LogisticRegression(max_iter=1000).fit(x, y)
    fitted: NDArray[np.float64] = np.append(model.coef_[0], model.intercept_[0])
    return fitted


def _outcomes(
    questions: list[tuple[Example, list[Candidate]]], sentence: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return evidence (questions, 3) and whether the best sentence is right (questions,)."""
    evidence, correct = [], []
    for example, found in questions:
        if not found:
            continue
        scores = np.array([c.features for c in found]) @ sentence[:-1] + sentence[-1]
        order = np.argsort(-scores, kind="stable")
        evidence.append(answer_features(found, scores, order))
        correct.append(right(found[order[0]], example.gold))
    return np.array(evidence), np.array(correct)


def _probability(evidence: NDArray[np.float64], answer: NDArray[np.float64]) -> NDArray[np.float64]:
    logits: NDArray[np.float64] = evidence @ answer[:-1] + answer[-1]
    probability: NDArray[np.float64] = np.reciprocal(1 + np.exp(-logits))
    return probability


def _best_threshold(p: NDArray[np.float64], correct: NDArray[np.bool_], answerable: Sequence[bool]) -> float:
    """Return the probability from which answering gives the best F1 of right answers."""
    total = sum(answerable)

    def f1(t: float) -> float:
        given = p >= t
        return 2 * float((correct & given).sum()) / (float(given.sum()) + total)

    return float(max(np.linspace(0.05, 0.8, 76), key=f1).round(2))


def _report(dev: list[tuple[Example, list[Candidate]]], fitted: Fitted) -> None:
    evidence, correct = _outcomes(dev, fitted.sentence)
    p = _probability(evidence, fitted.answer)
    gold = np.array([e.gold is not None for e, found in dev if found])
    given = p >= fitted.min_confidence
    print(f"written-dev: {len(p)} questions, {gold.mean():.0%} with their answer in reach")
    print(f"  best sentence right, of those: {correct[gold].mean():.3f}; answered {given[gold].mean():.3f}")
    print(
        f"  declined where there is none:  {1 - given[~gold].mean():.3f}; "
        f"right among the answered {correct[given].mean():.3f}"
    )
    for low in np.arange(0, 1, 0.2):
        inside = (p >= low) & (p < low + 0.2)
        if inside.any():
            print(f"  said {p[inside].mean():.2f}, was {correct[inside].mean():.2f} ({inside.sum()} questions)")


def _stored(fitted: Fitted) -> dict[str, Any]:
    return {
        "made_by": "qa/training/sentences.py on written-train (questions written for this project)",
        "features": list(FEATURES),
        "sentence": fitted.sentence.round(5).tolist(),
        "answer": fitted.answer.round(5).tolist(),
        "min_confidence": fitted.min_confidence,
    }


if __name__ == "__main__":
    main()
