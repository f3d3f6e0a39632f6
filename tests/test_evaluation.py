"""Exact match, F1 and risk-coverage against cases counted by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.evaluation import (
    CONVENTIONS,
    bootstrap,
    calibration_error,
    contains,
    exact_match,
    f1,
    ndcg,
    normalise,
    normalise_mlqa,
    normalise_squad,
    recall_at,
    reciprocal_rank,
    reliability,
    risk_area,
    risk_coverage,
    value_at_coverage,
)


def test_folding_punctuation_and_article_do_not_count() -> None:
    assert normalise("الوزير «عبدُ الله» (٣٠)!") == ["وزير", "عبد", "له", "30"]
    assert exact_match("المدينة المنوّرة.", ["مدينة المنورة"]) == 1.0


@pytest.mark.parametrize(
    ("answer", "expected", "score"),
    [
        ("عام 1990", ["1990"], 2 / 3),
        ("في عام 1990 ميلادي", ["عام 1990", "1991"], 2 * 2 / 6),
        ("بيروت", ["دمشق"], 0.0),
        ("1,500 جندي", ["١٥٠٠ جندي"], 1.0),
        (None, [], 1.0),
        (None, ["نعم"], 0.0),
        ("نعم", [], 0.0),
        ("نعم نعم", ["نعم"], 2 / 3),
    ],
)
def test_f1_by_hand(answer: str | None, expected: list[str], score: float) -> None:
    assert f1(answer, expected) == pytest.approx(score)


def test_exact_match_wants_every_word() -> None:
    assert exact_match("عام 1990", ["1990"]) == 0.0
    assert exact_match(None, []) == 1.0
    assert exact_match(None, ["1990"]) == 0.0


def test_recall_looks_at_the_first_k() -> None:
    assert recall_at(["a", "b", "c"], {"c"}, 3) == 1.0
    assert recall_at(["a", "b", "c"], {"c"}, 2) == 0.0


def test_risk_grows_with_coverage_by_hand() -> None:
    points = risk_coverage([0.9, 0.5, 0.7, 0.5], [1.0, 0.0, 0.5, 1.0])
    assert points == [(0.9, 0.25, 0.0), (0.7, 0.5, 0.25), (0.5, 1.0, 1.5 / 4)]


def test_each_convention_by_hand() -> None:
    assert normalise_squad("The «كتاب», a Book!") == ["«كتاب»", "book"]
    assert normalise_mlqa("«المدينة» المنوّرة؟") == ["مدينة", "منوّرة"]
    assert normalise_mlqa("الطالب") == ["ط", "ب"]  # «ال» falls within words too, as published
    assert CONVENTIONS["none"]("المدينة، (المنورة)") == ["المدينة،", "(المنورة)"]


@pytest.mark.parametrize(
    ("name", "exact", "overlap"), [("arabic", 1.0, 1.0), ("mlqa", 0.0, 0.5), ("squad", 0.0, 0.0), ("none", 0.0, 0.0)]
)
def test_conventions_differ_on_one_answer(name: str, exact: float, overlap: float) -> None:
    answer, expected = "المدينة المنورة", ["مدينة المنوره"]
    assert exact_match(answer, expected, CONVENTIONS[name]) == exact
    assert f1(answer, expected, CONVENTIONS[name]) == overlap


def test_contains_wants_whole_words_in_a_row() -> None:
    assert contains("في عام ١٩٩٠ تقريبا", ["1990"]) == 1.0
    assert contains("في عام 19900", ["1990"]) == 0.0
    assert contains("زار أحمد مع علي", ["أحمد علي"]) == 0.0
    assert (contains(None, []), contains(None, ["1990"]), contains("نعم", [])) == (1.0, 0.0, 0.0)


def test_gains_of_the_third_rank_by_hand() -> None:
    ranked = ["a", "b", "c"]
    assert reciprocal_rank(ranked, "c", 10) == pytest.approx(1 / 3)
    assert ndcg(ranked, "c", 10) == pytest.approx(1 / 2)
    assert (reciprocal_rank(ranked, "c", 2), ndcg(ranked, "c", 2), ndcg(ranked, "d", 10)) == (0.0, 0.0, 0.0)


def test_area_is_the_mean_risk_over_coverages() -> None:
    points = risk_coverage([0.9, 0.5, 0.7, 0.5], [1.0, 0.0, 0.5, 1.0])
    assert risk_area(points) == pytest.approx(0.25 * 0 + 0.25 * 0.25 + 0.5 * 0.375)


def test_accuracy_of_the_most_confident_share() -> None:
    confidences, right = [0.9, 0.5, 0.7, 0.4], [1.0, 0.0, 0.5, 1.0]
    assert value_at_coverage(confidences, right, 0.5) == 0.75
    assert value_at_coverage(confidences, right, 0.1) == 1.0
    assert value_at_coverage(confidences, right, 1.0) == 0.625


def test_calibration_error_by_hand() -> None:
    bands = reliability([0.95, 0.85, 0.25, 0.25, 1.0], [1.0, 0.0, 0.0, 1.0, 1.0])
    assert bands == [(0.2, 2, 0.25, 0.5), (0.8, 1, 0.85, 0.0), (0.9, 2, 0.975, 1.0)]
    assert calibration_error(bands) == pytest.approx((2 * 0.25 + 0.85 + 2 * 0.025) / 5)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_an_interval_holds_within_the_values_and_repeats(values: list[float]) -> None:
    low, high = bootstrap(values, samples=50)
    assert min(values) - 1e-9 <= low <= high <= max(values) + 1e-9
    assert (low, high) == bootstrap(values, samples=50)


def test_an_interval_of_one_right_and_one_wrong_is_everything() -> None:
    assert bootstrap([0.0, 1.0]) == (0.0, 1.0)
    assert bootstrap([1.0, 1.0]) == (1.0, 1.0)
