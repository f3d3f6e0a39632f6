"""The page of figures: whole, in both languages, without scripts, and its plots at the right places."""

from html.parser import HTMLParser
from typing import Any

import pytest

from qa.examination import Given, Outcome
from qa.figures import examined, predicted
from qa.question_sets import Example
from qa.questions import Kind
from qa.robustness import Trial, compared
from qa.spellings import SPELLINGS
from ui.charts import curves, reliability_bars
from ui.report import report
from ui.report_texts import ARABIC, ENGLISH

VOID = {"meta", "rect", "line", "polyline", "input"}


class Nesting(HTMLParser):
    """Fails where a tag closes what is not open; keeps the names and the attributes it saw."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen |= {tag, *(name for name, _ in attrs)}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag in VOID or self.open.pop() == tag


def outcome(answers: tuple[str, ...], confidence: float) -> Outcome:
    given = Given("1912", confidence)
    return Outcome(Example("", "متى؟", "عام 1912", "", answers), Kind.WHEN, ("g",), "g", given, given, (True,))


def page(figures: dict[str, Any], file: str = "questions.json") -> str:
    return report(figures | {"models": {"reader": "sentences"}, "settings": {"file": file, "limit": None}})


@pytest.mark.parametrize("answers", [("1912",), ()])
def test_a_page_is_whole_and_runs_nothing(answers: tuple[str, ...]) -> None:
    shown = page(examined([outcome(("1912",), 0.9), outcome(answers, 0.3)], 0.5), "<script>alert(1)</script>.json")
    read = Nesting()
    read.feed(shown)
    assert read.open == []
    assert not read.seen & {"script", "link", "img", "src", "href", "onload"}
    assert '<html lang="ar" dir="rtl">' in shown
    assert "&lt;script&gt;" in shown
    assert ("<polyline" in shown) == (answers == ())


def test_both_languages_name_every_figure() -> None:
    assert ARABIC.names.keys() == ENGLISH.names.keys()
    figures = examined([outcome(("1912",), 0.9), outcome((), 0.3)], 0.5)
    shown = page(figures | {"robustness": compared([])})
    for texts in (ARABIC, ENGLISH):
        assert f'<main lang="{texts.language}" dir="{texts.direction}">' in shown
        assert texts.robustness in shown
    keys = {key for part in ("reading", "end_to_end") for key in figures[part]} | figures["abstention"][
        "reading"
    ].keys()
    listed = {"accuracy_at_coverage", "f1_at_coverage", "risk_coverage", "reliability"}
    assert keys - listed <= ARABIC.names.keys()
    assert {spelling.name for spelling in SPELLINGS} <= ARABIC.names.keys()


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "\u202eمقلوب"])
def test_questions_and_answers_of_the_worst_cases_are_escaped(hostile: str) -> None:
    example = Example("a", hostile, "عام 1912", "", ("1912",))
    shown = page(examined([], 0.5) | {"robustness": compared([Trial("typo", hostile, example, "1912", hostile)])})
    read = Nesting()
    read.feed(shown)
    assert read.open == []
    assert "script" not in read.seen
    assert "مقلوب" not in hostile or "<i hidden>\u202e</i>" in shown


def test_predictions_have_a_page_too() -> None:
    examples = [Example("a", "متى؟", "عام 1912", "", ("1912",)), Example("b", "متى؟", "عام 1913", "", ("1913",))]
    assert "50.0 %" in page(predicted(examples, {"a": "1912"}))


def test_a_curve_runs_through_its_points() -> None:
    assert 'class="first" points="34.0,257.0 274.0,17.0"' in curves([[(0.0, 0.0), (1.0, 1.0)]], "risk")


def test_a_bar_stands_on_its_band() -> None:
    assert '<rect class="column" x="155.0" y="77.0" width="22.0" height="180.0">' in reliability_bars(
        [(0.5, 0.75, 3)], "right"
    )
