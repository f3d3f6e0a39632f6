"""Stage 5: turn the model's scores into probabilities, and choose when to decline.

    python -m qa.training.calibrate --data DIR --models qa/models/reader [--questions 1000]

Takes development questions with unanswerable ones, those written for this stage among them, and the passages that a
search over all their texts ranks first; hides the answering text from a part of them, as searching sometimes does.
Fits two logistic regressions, over all spans (which is best?) and over each question's best span by that one (is it
right?), whose weights are kept: they tell better what to decline, and order spans as well. Writes calibration.json
with the highest confidence under which no more than a fixed share of the answerable questions would be declined.
"""

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize  # type: ignore[import-untyped]
from sklearn.feature_extraction.text import TfidfVectorizer

from embeddings.arabic import terms
from embeddings.passages import cut
from qa.assistant import READ
from qa.endings import sentence_around, whole
from qa.evaluation import f1, normalise
from qa.features import Evidence
from qa.questions import analyse
from qa.spans import BundledModel
from qa.training.data import OWN_DEVELOPMENT, Example, development_sets, examples, own_rows, read_rows
from qa.training.export import list_hashes

HIDDEN = 0.25  # of the answerable questions lose the text that answers
WEIGHTS = ("gap", "retrieval", "coverage", *Evidence._fields)
RIGHT = 0.5  # F1 from which a span counts as right
FLAT = 0.005  # of F1, less than chance makes in 1,200 questions: among such confidences the one that answers most
EXACT = 0.7  # confidence from which a span is quoted without its sentence: then seven in ten are right as they stand


@dataclass(frozen=True)
class Outcome:
    """The spans of one question: features (spans, weights), F1, whether span or sentence holds the answer (spans,)."""

    features: NDArray[np.float64]
    f1: NDArray[np.float64]
    alone: NDArray[np.bool_]
    around: NDArray[np.bool_]
    answerable: bool


class Pool:
    """The passages of many texts and their search."""

    def __init__(self, texts: list[str]) -> None:
        self.passages = [(text, *place) for text in texts for place in cut(text, max_words=100)]
        self._vectorizer = TfidfVectorizer(analyzer=terms, sublinear_tf=True, dtype=np.float32)
        quoted = [text[start:end] for text, start, end in self.passages]
        self._matrix = self._vectorizer.fit_transform(quoted).T.tocsc()

    def nearest(self, question: str, hidden: str | None) -> list[tuple[str, float]]:
        """Return the best passages with scores from 0 to 1, none from the text `hidden`."""
        scores = (self._vectorizer.transform([question]) @ self._matrix).toarray()[0]
        order = [i for i in np.argsort(-scores)[: READ + 12] if self.passages[i][0] != hidden][:READ]
        best = max(float(scores[order[0]]), 1e-6)
        return [(self.passages[i][0][slice(*self.passages[i][1:])], float(scores[i]) / best) for i in order]


def outcome(model: BundledModel, pool: Pool, item: Example, hide: bool) -> Outcome:
    """Read the passages found for one question."""
    found = pool.nearest(item.question, item.passage if hide else None)
    reading = model.prepare(item.question, [text for text, _ in found])
    rows, right, alone, around = [], [], [], []
    kind = analyse(item.question).kind
    for (text, score), covered, spans in zip(found, reading.coverage, reading.score(range(len(found))), strict=True):
        for span in spans[:2]:
            start, end = whole(text, span.start, span.end, kind)
            rows.append((span.gap, score, covered, *span.evidence))
            right.append(f1(text[start:end], item.answers) if item.answers else 0.0)
            alone.append(_holds(text[start:end], item.answers))
            around.append(_holds(text[slice(*sentence_around(text, start, end))], item.answers))
    answerable = bool(item.answers) and not hide
    return Outcome(np.array(rows), np.array(right), np.array(alone), np.array(around), answerable)


def _holds(quoted: str, answers: Sequence[str]) -> bool:
    line = f" {' '.join(normalise(quoted))} "
    return any(f" {' '.join(normalise(answer))} " in line for answer in answers)


def logistic(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return weights (features + bias) of a logistic regression whose weights, the bias apart, are at least 0."""
    x = np.hstack([x, np.ones((len(x), 1))])

    def loss(w: NDArray[np.float64]) -> float:
        z = x @ w
        return float(np.mean(np.logaddexp(0, z) - y * z) + 1e-4 * (w[:-1] ** 2).sum())

    bounds = [(0, None)] * (x.shape[1] - 1) + [(None, None)]
    weights: NDArray[np.float64] = minimize(loss, np.zeros(x.shape[1]), method="L-BFGS-B", bounds=bounds).x
    return weights


def fit(outcomes: list[Outcome]) -> dict[str, Any]:
    """Return the calibration as JSON values."""
    gaps = np.concatenate([o.features[:, 0] for o in outcomes])
    low, high = np.percentile(gaps, [2, 99])

    def cut_off(o: Outcome) -> NDArray[np.float64]:
        return np.hstack([np.clip(o.features[:, :1], low, high), o.features[:, 1:]])

    x = np.vstack([cut_off(o) for o in outcomes])
    rank = logistic(x, np.concatenate([o.f1 >= RIGHT for o in outcomes]).astype(float))
    logits = [cut_off(o) @ rank[:-1] for o in outcomes]
    best = [int(z.argmax()) for z in logits]
    top = np.vstack([cut_off(o)[i] for o, i in zip(outcomes, best, strict=True)])
    score = np.array([o.f1[i] for o, i in zip(outcomes, best, strict=True)])
    weights = logistic(top, (score >= RIGHT).astype(float))
    confidence = 1 / (1 + np.exp(-(top @ weights[:-1] + weights[-1])))
    alone = np.array([o.alone[i] for o, i in zip(outcomes, best, strict=True)])
    around = np.array([o.around[i] for o, i in zip(outcomes, best, strict=True)])
    helped = np.where(confidence >= EXACT, alone, around)
    threshold, figures = decide(confidence, helped, np.array([o.answerable for o in outcomes]))
    named = dict(zip((*WEIGHTS, "bias"), weights.tolist(), strict=True))
    values = named | {"low": float(low), "high": float(high), "min_confidence": threshold}
    values["exact_confidence"] = EXACT
    return {k: round(v, 4) for k, v in values.items()} | figures | {"reliability": bands(confidence, score)}


def decide(
    confidence: NDArray[np.float64], helped: NDArray[np.bool_], answerable: NDArray[np.bool_]
) -> tuple[float, dict[str, Any]]:
    """Return the confidence below which declining is better, and the figures there: the least of nearly the best F1.

    F1 is that of quotations that hold the right words: among the answered, and among the answerable.
    """
    levels = np.round(np.linspace(0.02, 0.8, 79), 3)
    given = confidence >= levels[:, None]  # (levels, questions)
    worth = 2 * (given & helped).sum(axis=1) / (given.sum(axis=1) + answerable.sum())
    chosen = int(np.flatnonzero(worth >= worth.max() - FLAT)[0])
    return float(levels[chosen]), {
        "questions": len(helped),
        "f1_answering": round(float(worth[chosen]), 4),
        "f1_answering_best": round(float(worth.max()), 4),
        "declined_unanswerable": round(float(1 - given[chosen][~answerable].mean()), 4),
        "declined_answerable": round(float(1 - given[chosen][answerable].mean()), 4),
    }


def bands(confidence: NDArray[np.float64], score: NDArray[np.float64]) -> list[dict[str, float]]:
    """Return mean confidence and share of right answers in ten bands of equal size."""
    parts = np.array_split(np.argsort(confidence), 10)
    right = score >= RIGHT
    return [
        {"confidence": round(float(confidence[p].mean()), 3), "right": round(float(right[p].mean()), 3)} for p in parts
    ]


def main(argv: Sequence[str] | None = None) -> None:
    """Run the stage from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--own", type=Path, default=OWN_DEVELOPMENT)
    parser.add_argument("--questions", type=int, default=1_000)
    args = parser.parse_args(argv)
    if not (args.models / "calibration.json").exists():
        (args.models / "calibration.json").write_text("{}\n", encoding="utf-8")
    list_hashes(args.models)
    chance = random.Random(0)
    items = [e for group in development_sets(args.data).values() for e in group]
    items += examples(own_rows(args.data, args.own))
    others = examples(read_rows(args.data / "qa" / "written-train.jsonl.xz"))  # their passages only distract
    pool = Pool(sorted({e.passage for e in [*items, *others]}))
    model = BundledModel(args.models)
    asked = chance.sample(items, min(args.questions, len(items)))
    outcomes = [outcome(model, pool, e, bool(e.answers) and chance.random() < HIDDEN) for e in asked]
    values = fit([o for o in outcomes if len(o.features)])
    (args.models / "calibration.json").write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    list_hashes(args.models)
    print(json.dumps(values, indent=1))


if __name__ == "__main__":
    main()
