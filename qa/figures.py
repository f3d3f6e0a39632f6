"""Outcomes → figures: retrieval, reading, end to end, abstention, by kind of question and by length.

Takes the `Outcome`s of an examination, or predictions made elsewhere; gives plain JSON values, every share and score
from 0 to 1, None where there was nothing to count. Where some questions have no answer, declining them is right.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from embeddings.arabic import words
from qa.evaluation import (
    CONVENTIONS,
    RIGHT,
    bootstrap,
    calibration_error,
    contains,
    exact_match,
    f1,
    ndcg,
    recall_at,
    reciprocal_rank,
    reliability,
    risk_area,
    risk_coverage,
    value_at_coverage,
)
from qa.examination import Given, Outcome
from qa.quantities import amounts, dates
from qa.question_sets import Example
from qa.questions import analyse

Values = dict[str, Any]
Pairs = Sequence[tuple[str | None, Sequence[str]]]  # (answer or None, accepted answers)
_COVERAGES: Final = (50, 80, 95)  # percent
_POINTS: Final = 100  # Of the risk-coverage curve that are kept; its area is counted over all of them.
_ANSWER_WORDS: Final = (1, 3, 7)  # upper bounds of the bands of answer length …
_PASSAGE_WORDS: Final = (50, 100, 200)  # … and of passage length


def mean(values: Iterable[float]) -> float | None:
    """Return the mean, four decimals; None of nothing."""
    given = list(values)
    return round(sum(given) / len(given), 4) if given else None


def score(pairs: Pairs) -> Values:
    """Return exact match and F1 of answers under the Arabic convention."""
    return {"exact_match": mean(exact_match(*pair) for pair in pairs), "f1": mean(f1(*pair) for pair in pairs)}


def examined(outcomes: Sequence[Outcome], threshold: float) -> Values:
    """Return all figures; `threshold` is the confidence under which the reader declines."""
    known = [o for o in outcomes if o.answerable]
    return {
        "questions": len(outcomes),
        "answerable": len(known),
        "retrieval": _retrieval(known),
        "reading": _reading(outcomes, threshold),
        "end_to_end": _end_to_end(outcomes, threshold),
        "abstention": _abstention(outcomes, threshold),
        "conventions": {
            "reading": conventions(_pairs(known, _read)),
            "end_to_end": conventions(_pairs(outcomes, _asked, threshold)),
        },
        "intervals": _intervals(outcomes, threshold),
        "by_type": _groups(outcomes, threshold, lambda o: str(o.kind)),
        "by_answer_type": _groups(known, threshold, lambda o: answer_type(o.example)),
        "by_answer_length": _groups(known, threshold, lambda o: answer_band(o.example)),
        "by_passage_length": _groups(known, threshold, lambda o: _band(o.example.context, _PASSAGE_WORDS)),
    }


def predicted(examples: Sequence[Example], predictions: Mapping[str, str | None]) -> Values:
    """Return the figures of answers that were made elsewhere; a question without one counts as declined."""
    pairs = [(predictions.get(e.id), e.answers) for e in examples]

    def groups(name: Callable[[Example], str]) -> Values:
        held: dict[str, list[tuple[str | None, Sequence[str]]]] = {}
        for example, pair in zip(examples, pairs, strict=True):
            held.setdefault(name(example), []).append(pair)
        return {key: {"questions": len(some)} | score(some) for key, some in sorted(held.items())}

    return {
        "questions": len(examples),
        "answerable": sum(bool(e.answers) for e in examples),
        "missing": sum(e.id not in predictions for e in examples),
        "predictions": _answers(pairs) | {"answerable": _answers([p for p in pairs if p[1]])},
        "conventions": {"predictions": conventions(pairs)},
        "intervals": {"predictions": _answer_intervals(pairs)},
        "by_type": groups(lambda e: str(analyse(e.question).kind)),
        "by_answer_type": groups(answer_type),
        "by_answer_length": groups(answer_band),
    }


def conventions(pairs: Pairs) -> Values:
    """Return exact match and F1 of the same answers under every published convention, by its name."""
    return {
        name: {
            "exact_match": mean(exact_match(*pair, normaliser) for pair in pairs),
            "f1": mean(f1(*pair, normaliser) for pair in pairs),
        }
        for name, normaliser in CONVENTIONS.items()
    }


def answer_band(example: Example) -> str:
    """Return the band of length, in words, of the shortest answer."""
    return _band(min(example.answers, key=len), _ANSWER_WORDS) if example.answers else "none"


def answer_type(example: Example) -> str:
    """Return what the shortest answer is by its characters: a "date", an "amount", or another "phrase"; else "none"."""
    if not example.answers:
        return "none"
    answer = min(example.answers, key=len).strip()
    for name, ranges in (("date", dates(answer)), ("amount", amounts(answer))):
        if 2 * sum(end - start for start, end in ranges) > len(answer):
            return name
    return "phrase"


def _band(text: str, bounds: Sequence[int]) -> str:
    """Return the band of the number of words, for example "51-100" or "201+"."""
    number = sum(1 for _ in words(text))
    low = 1
    for high in bounds:
        if number <= high:
            return f"{low}-{high}" if low < high else str(high)
        low = high + 1
    return f"{low}+"


def _read(outcome: Outcome) -> Given:
    return outcome.read


def _asked(outcome: Outcome) -> Given:
    return outcome.asked


def _pairs(outcomes: Iterable[Outcome], given: Callable[[Outcome], Given], threshold: float = 0.0) -> Pairs:
    return [(given(o).above(threshold), o.example.answers) for o in outcomes]


def _retrieval(known: Sequence[Outcome]) -> Values:
    recall = {f"recall@{k}": mean(recall_at(o.ranked, {o.gold}, k) for o in known) for k in (1, 5, 10, 20, 100)}
    return recall | {
        "mrr@10": mean(reciprocal_rank(o.ranked, o.gold, 10) for o in known),
        "ndcg@10": mean(ndcg(o.ranked, o.gold, 10) for o in known),
    }


def _reading(outcomes: Sequence[Outcome], threshold: float) -> Values:
    """Return the figures of the best span of answerable questions, and of all where declining may be right."""
    known = [o for o in outcomes if o.answerable]
    figures = score(_pairs(known, _read))
    if len(known) < len(outcomes):
        figures["with_declining"] = score(_pairs(outcomes, _read, threshold))
    return figures


def _answers(pairs: Pairs) -> Values:
    return score(pairs) | {
        "contains": mean(contains(*pair) for pair in pairs),
        "answered": mean(float(answer is not None) for answer, _ in pairs),
    }


def _end_to_end(outcomes: Sequence[Outcome], threshold: float) -> Values:
    """Return the figures of asked answers.

    Citations are right that lie in the context of their question: "citation_precision" of the first one of answers
    given, "cited_rightly" of all answerable questions, declined ones being wrong.
    """
    known = [o for o in outcomes if o.answerable]
    given = [o for o in outcomes if o.asked.above(threshold) is not None]
    cited = [o.cited for o in given if o.answerable and o.cited]
    return _answers(_pairs(outcomes, _asked, threshold)) | {
        "citation_precision": mean(float(first[0]) for first in cited),
        "all_citations_precision": mean(float(good) for some in cited for good in some),
        "cited_rightly": round(sum(some[0] for some in cited) / len(known), 4) if known else None,
        "when_answered": {"questions": len(given)} | _answers(_pairs(given, _asked)),
        "answerable": _answers(_pairs(known, _asked, threshold)),
        "never_declining": _answers(_pairs(known, _asked))
        | {"citation_precision": mean(float(o.cited[0]) for o in known if o.cited)},
    }


def _abstention(outcomes: Sequence[Outcome], threshold: float) -> Values | None:
    if all(o.answerable for o in outcomes):
        return None
    return {
        name: _declining(outcomes, given, threshold) for name, given in (("end_to_end", _asked), ("reading", _read))
    }


def _declining(outcomes: Sequence[Outcome], given: Callable[[Outcome], Given], threshold: float) -> Values:
    """Return how well confidence tells right answers from wrong ones; to answer the unanswerable is wrong."""
    said = [given(o).confidence for o in outcomes]
    gained = [f1(given(o).text, o.example.answers) if o.answerable else 0.0 for o in outcomes]
    right = [float(value >= RIGHT) for value in gained]
    points = risk_coverage(said, gained)
    kept = [points[round(i * (len(points) - 1) / _POINTS)] for i in range(_POINTS + 1)]
    bands = reliability(said, right)
    declined = [(o.answerable, float(given(o).above(threshold) is None)) for o in outcomes]
    return {
        "threshold": threshold,
        "declined_answerable": mean(value for known, value in declined if known),
        "declined_unanswerable": mean(value for known, value in declined if not known),
        "risk_coverage_area": round(risk_area(points), 4),
        "calibration_error": round(calibration_error(bands), 4),
        "accuracy_at_coverage": {str(c): round(value_at_coverage(said, right, c / 100), 4) for c in _COVERAGES},
        "f1_at_coverage": {str(c): round(value_at_coverage(said, gained, c / 100), 4) for c in _COVERAGES},
        "risk_coverage": [
            {"confidence": round(c, 4), "coverage": round(v, 4), "risk": round(r, 4)} for c, v, r in dict.fromkeys(kept)
        ],
        "reliability": [
            {"from": low, "questions": n, "confidence": round(c, 4), "right": round(r, 4)} for low, n, c, r in bands
        ],
    }


def _intervals(outcomes: Sequence[Outcome], threshold: float) -> Values:
    known = [o for o in outcomes if o.answerable]
    return {
        "retrieval": {f"recall@{k}": _interval([recall_at(o.ranked, {o.gold}, k) for o in known]) for k in (1, 10)}
        | {"mrr@10": _interval([reciprocal_rank(o.ranked, o.gold, 10) for o in known])},
        "reading": _answer_intervals(_pairs(known, _read)),
        "end_to_end": _answer_intervals(_pairs(outcomes, _asked, threshold))
        | {"citation_precision": _interval([float(o.cited[0]) for o in known if o.cited and o.asked.above(threshold)])},
    }


def _answer_intervals(pairs: Pairs) -> Values:
    return {
        "exact_match": _interval([exact_match(*pair) for pair in pairs]),
        "f1": _interval([f1(*pair) for pair in pairs]),
        "contains": _interval([contains(*pair) for pair in pairs]),
    }


def _interval(values: Sequence[float]) -> list[float] | None:
    return [round(edge, 4) for edge in bootstrap(values)] if values else None


def _groups(outcomes: Sequence[Outcome], threshold: float, name: Callable[[Outcome], str]) -> Values:
    held: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        held.setdefault(name(outcome), []).append(outcome)
    return {key: _group(some, threshold) for key, some in sorted(held.items(), key=lambda item: -len(item[1]))}


def _group(outcomes: Sequence[Outcome], threshold: float) -> Values:
    known = [o for o in outcomes if o.answerable]
    return {
        "questions": len(outcomes),
        "answerable": len(known),
        "retrieval": {key: value for key, value in _retrieval(known).items() if key in ("recall@1", "recall@10")},
        "reading": score(_pairs(known, _read)),
        "end_to_end": _answers(_pairs(outcomes, _asked, threshold)),
    }
