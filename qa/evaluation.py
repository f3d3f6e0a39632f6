"""Exact match and F1 of answers, as SQuAD and MLQA count them, for Arabic.

Takes answer texts; gives scores from 0 to 1. Before comparing, texts are folded, punctuation and the article «ال»
fall away, and digits of every notation are one: what MLQA (Lewis et al. 2020) does, with this project's folding.
"""

from collections import Counter
from collections.abc import Sequence

from embeddings.arabic import words


def normalise(text: str) -> list[str]:
    """Return the words that are compared: folded, without punctuation, without a leading «ال»."""
    return [w.text.removeprefix("ال") or w.text for w in words(text)]


def exact_match(answer: str | None, expected: Sequence[str]) -> float:
    """Return 1 when `answer` equals one of `expected`; None (declined) equals only an empty list."""
    if answer is None or not expected:
        return float(answer is None and not expected)
    return float(any(normalise(answer) == normalise(text) for text in expected))


def f1(answer: str | None, expected: Sequence[str]) -> float:
    """Return the best F1 of shared words over `expected`; None (declined) is right only for an empty list."""
    if answer is None or not expected:
        return float(answer is None and not expected)
    return max(_overlap(normalise(answer), normalise(text)) for text in expected)


def _overlap(found: list[str], wanted: list[str]) -> float:
    if not found or not wanted:
        return float(found == wanted)
    shared = sum((Counter(found) & Counter(wanted)).values())
    return 2 * shared / (len(found) + len(wanted))


def recall_at(ranked: Sequence[str], wanted: set[str], k: int) -> float:
    """Return 1 when one of the first `k` of `ranked` is wanted, else 0."""
    return float(any(item in wanted for item in ranked[:k]))


def risk_coverage(confidences: Sequence[float], right: Sequence[float]) -> list[tuple[float, float, float]]:
    """Return (confidence, coverage, risk) after each answer, most confident first.

    Coverage is the share of questions answered at that confidence or above, risk the mean of 1 - `right` among them.
    Equal confidences give one point, the last of them.
    """
    order = sorted(range(len(confidences)), key=lambda i: -confidences[i])
    points: list[tuple[float, float, float]] = []
    lost = 0.0
    for n, i in enumerate(order, 1):
        lost += 1.0 - right[i]
        point = (confidences[i], n / len(order), lost / n)
        if points and points[-1][0] == point[0]:
            points[-1] = point
        else:
            points.append(point)
    return points
