"""Exact match, F1 and risk-coverage against cases counted by hand."""

import pytest

from qa.evaluation import exact_match, f1, normalise, recall_at, risk_coverage


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
