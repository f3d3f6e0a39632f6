"""How good answers, rankings and confidences are: the measures alone, each a function of plain values.

Takes answer texts, ranks and confidences; gives scores from 0 to 1. Answers are compared after folding, without
punctuation and the article «ال», digits of every notation being one, unless another convention is asked for:
published Arabic figures of one and the same model lie ten points apart by convention alone.
"""

import math
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np
import regex

from embeddings.arabic import words

Normaliser = Callable[[str], list[str]]
RIGHT: Final = 0.5  # F1 from which an answer counts as right where right or wrong is asked; as in calibration.
_ENGLISH_ARTICLES: Final = regex.compile(r"\b(?:a|an|the)\b")


def normalise(text: str) -> list[str]:
    """Return the words that are compared: folded, without punctuation, without a leading «ال»."""
    return [w.text.removeprefix("ال") or w.text for w in words(text)]


def normalise_squad(text: str) -> list[str]:
    """Return words as SQuAD's scripts do (Rajpurkar et al. 2016): lower case, no ASCII punctuation, no a, an, the."""
    kept = "".join(c for c in text.lower() if c not in string.punctuation)
    return _ENGLISH_ARTICLES.sub(" ", kept).split()


def normalise_mlqa(text: str) -> list[str]:
    """Return words as MLQA's script does for Arabic (Lewis et al. 2020).

    Lower case, no punctuation of any script, and every «ال» is a space, within words too: that is what the
    published figures were counted with.
    """
    kept = (c for c in text.lower() if c not in string.punctuation and not unicodedata.category(c).startswith("P"))
    return "".join(kept).replace("ال", " ").split()


CONVENTIONS: Final[Mapping[str, Normaliser]] = MappingProxyType(
    {"arabic": normalise, "mlqa": normalise_mlqa, "squad": normalise_squad, "none": str.split}
)
"""What is done to answers before they are compared, by name; "none" compares words as they are written."""


def exact_match(answer: str | None, expected: Sequence[str], normaliser: Normaliser = normalise) -> float:
    """Return 1 when `answer` equals one of `expected`; None (declined) equals only an empty list."""
    if answer is None or not expected:
        return float(answer is None and not expected)
    return float(any(normaliser(answer) == normaliser(text) for text in expected))


def f1(answer: str | None, expected: Sequence[str], normaliser: Normaliser = normalise) -> float:
    """Return the best F1 of shared words over `expected`; None (declined) is right only for an empty list."""
    if answer is None or not expected:
        return float(answer is None and not expected)
    return max(_overlap(normaliser(answer), normaliser(text)) for text in expected)


def contains(answer: str | None, expected: Sequence[str]) -> float:
    """Return 1 when the folded words of one of `expected` stand in a row in `answer`; None as for `exact_match`."""
    if answer is None or not expected:
        return float(answer is None and not expected)
    held = f" {' '.join(normalise(answer))} "
    return float(any(f" {' '.join(normalise(text))} " in held for text in expected))


def _overlap(found: list[str], wanted: list[str]) -> float:
    if not found or not wanted:
        return float(found == wanted)
    shared = sum((Counter(found) & Counter(wanted)).values())
    return 2 * shared / (len(found) + len(wanted))


def recall_at(ranked: Sequence[str], wanted: set[str], k: int) -> float:
    """Return 1 when one of the first `k` of `ranked` is wanted, else 0."""
    return float(any(item in wanted for item in ranked[:k]))


def reciprocal_rank(ranked: Sequence[str], wanted: str, k: int) -> float:
    """Return 1 / rank of `wanted` among the first `k` of `ranked`, else 0."""
    return 1 / (ranked.index(wanted) + 1) if wanted in ranked[:k] else 0.0


def ndcg(ranked: Sequence[str], wanted: str, k: int) -> float:
    """Return the normalised discounted gain at `k` where one item alone is wanted: 1 / log2(1 + rank), else 0."""
    return 1 / math.log2(ranked.index(wanted) + 2) if wanted in ranked[:k] else 0.0


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


def risk_area(points: Sequence[tuple[float, float, float]]) -> float:
    """Return the area under risk over coverage, 0 the best: the mean risk over all coverages (Geifman et al. 2019)."""
    area = before = 0.0
    for _, coverage, risk in points:
        area += (coverage - before) * risk
        before = coverage
    return area


def value_at_coverage(confidences: Sequence[float], right: Sequence[float], coverage: float) -> float:
    """Return the mean of `right` over the most confident share `coverage`, at least one; ties in the order given."""
    order = sorted(range(len(confidences)), key=lambda i: -confidences[i])
    kept = order[: max(1, math.ceil(round(coverage * len(order), 6)))]
    return sum(right[i] for i in kept) / len(kept)


def reliability(
    confidences: Sequence[float], right: Sequence[float], bins: int = 10
) -> list[tuple[float, int, float, float]]:
    """Return (lower edge, number, mean confidence, mean right) of each of `bins` equal bands that is not empty."""
    held: dict[int, list[int]] = {}
    for i, confidence in enumerate(confidences):
        held.setdefault(min(int(confidence * bins), bins - 1), []).append(i)
    return [
        (band / bins, len(ids), sum(confidences[i] for i in ids) / len(ids), sum(right[i] for i in ids) / len(ids))
        for band, ids in sorted(held.items())
    ]


def calibration_error(bands: Sequence[tuple[float, int, float, float]]) -> float:
    """Return the expected calibration error of `reliability` bands: |confidence - right|, weighed by their numbers."""
    total = sum(number for _, number, _, _ in bands)
    return sum(number * abs(said - was) for _, number, said, was in bands) / total if total else 0.0


def bootstrap(values: Sequence[float], *, samples: int = 1000, seed: int = 0) -> tuple[float, float]:
    """Return the 95 % interval of the mean of `values`, which must not be empty: percentiles over resampled questions.

    The same values and seed give the same interval (Efron 1979).
    """
    draw = np.random.default_rng(seed)
    given = np.asarray(values, dtype=np.float64)
    means = [given[draw.integers(0, len(given), len(given))].mean() for _ in range(samples)]
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)
