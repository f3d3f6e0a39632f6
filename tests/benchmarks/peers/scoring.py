"""What a system printed → figures: times, and how good what it found and answered is."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from qa.assistant import READ
from qa.evaluation import contains, f1
from qa.reader import Reader, ReadingPassage
from tests.benchmarks.peers.pool import FOUND, Found, Question


def times(asked: Mapping[str, Any]) -> dict[str, float]:
    """Return median and 95th percentile of searching and answering, and how many a second with 1 and 8 clients."""
    figures = {}
    for work in ("search", "answer") if asked["reads"] else ("search",):
        spent = asked[f"{work}_ms"]
        figures[f"{work}_median_ms"] = round(statistics.median(spent), 1)
        figures[f"{work}_p95_ms"] = round(spent[int(0.95 * len(spent))], 1)
        figures[f"{work}_cpu_ms"] = round(asked[f"{work}_cpu_ms"], 1)
        figures[f"{work}_peak_mb"] = round(asked[f"{work}_peak_mb"])
        figures |= {f"{work}_per_s_{n}": round(asked[f"{work}_per_s_{n}"], 1) for n in (1, 8)}
    return figures


def read_by(reader: Reader, question: str, found: Sequence[Found]) -> str | None:
    """Return what `reader` answers from the passages that a system found; None where it declines.

    It reads as many as Dalil reads, with scores divided by the best one, as Dalil divides its own.
    """
    best = max((piece.score for piece in found), default=0.0) or 1.0
    passages = [ReadingPassage(piece.text, min(max(piece.score / best, 0.0), 1.0)) for piece in found[:READ]]
    spans = reader.read(question, passages)
    if not spans or spans[0].confidence < reader.min_confidence:
        return None
    return passages[spans[0].passage].text[spans[0].start : spans[0].end]


def recall(questions: Sequence[Question], found: Mapping[str, Sequence[Found]]) -> dict[str, dict[str, float]]:
    """Return recall@1 and @10 of each set of answerable questions: is a piece of the right document among them?"""

    def share(asked: Sequence[Question], k: int) -> float:
        return statistics.mean(bool({*q.gold} & {piece.document for piece in found[q.question][:k]}) for q in asked)

    return _of_sets(
        [question for question in questions if question.gold],
        lambda asked: {f"recall@{k}": share(asked, k) for k in (1, FOUND)},
    )


def answering(questions: Sequence[Question], answers: Mapping[str, str | None]) -> dict[str, dict[str, float]]:
    """Return F1 and "contains" of each set of questions, and the share declined; only that where none has an answer."""

    def figures(asked: Sequence[Question]) -> dict[str, float]:
        declined = statistics.mean(answers[q.question] is None for q in asked)
        if not any(q.gold for q in asked):
            return {"declined": declined}
        return {
            "f1": statistics.mean(f1(answers[q.question], q.answers) for q in asked),
            "contains": statistics.mean(contains(answers[q.question], q.answers) for q in asked),
            "declined": declined,
        }

    return _of_sets([question for question in questions if question.question in answers], figures)


def _of_sets(
    questions: Sequence[Question], figures: Callable[[Sequence[Question]], dict[str, float]]
) -> dict[str, dict[str, float]]:
    sets: dict[str, list[Question]] = {}
    for question in questions:
        sets.setdefault(question.set, []).append(question)
    return {
        name: {"questions": len(asked)} | {key: round(value, 4) for key, value in figures(asked).items()}
        for name, asked in sets.items()
    }
