"""Questions asked again in other spellings: trials counted by hand, and the suite through the command line."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from qa.examination import Given, Outcome
from qa.question_sets import Example
from qa.questions import Kind
from qa.robustness import Trial, compared, trials
from ui.cli import _app
from ui.scoreboard import show_figures

LIBRARY = "أسس يوسف النجار مكتبة المدينة عام 1912 في حي الميناء. تضم المكتبة أربعين ألف كتاب، وتفتح أبوابها يوم الخميس."


def example(*answers: str) -> Example:
    return Example("q", "متى أسست المكتبة؟", LIBRARY, "", answers)


def outcome(text: str | None, confidence: float, *answers: str) -> Outcome:
    given = Given(text, confidence)
    return Outcome(example(*answers), Kind.WHEN, ("g",), "g", given, given, (True,))


@pytest.mark.parametrize(
    ("before", "after", "unchanged"),
    [("عام 1912", "عامَ ١٩١٢.", True), ("عام 1912", "1912", False), (None, None, True), ("1912", None, False)],
)
def test_an_answer_stays_by_its_folded_words(before: str | None, after: str | None, unchanged: bool) -> None:
    assert Trial("typo", "", example("1912"), before, after).unchanged is unchanged


def test_only_spellings_that_change_a_question_are_asked() -> None:
    asked: list[str] = []

    def ask(question: str) -> Given:
        asked.append(question)
        return Given("1912", 0.9)

    tried = list(trials([outcome("1912", 0.9, "1912")], ask, 0.5))
    assert [trial.question for trial in tried] == asked
    assert example().question not in asked
    names = {trial.spelling for trial in tried}
    assert {"vocalised", "hamza_dropped", "typo", "dialect", "shouted"} <= names
    assert not names & {"other_digits", "lone_hamza_dropped"}
    assert all(trial.unchanged for trial in tried)


def test_what_is_below_the_threshold_is_declined() -> None:
    tried = list(trials([outcome("1912", 0.4)], lambda _: Given("1912", 0.6), 0.5))
    assert {(trial.before, trial.after, trial.scores) for trial in tried} == {(None, "1912", (1.0, 0.0))}


def test_figures_of_four_trials_by_hand() -> None:
    known = example("1912")
    figures = compared(
        [
            Trial("typo", "a", known, "1912", "1912"),
            Trial("typo", "b", known, "عام 1912", "الخميس"),
            Trial("typo", "c", known, "1912", None),
            Trial("shouted", "d", example(), None, "الخميس"),
        ]
    )
    typo, shouted = figures["by_spelling"]["typo"], figures["by_spelling"]["shouted"]
    assert (typo["questions"], typo["unchanged"], typo["folds"]) == (3, 0.3333, False)
    assert (typo["f1_before"], typo["f1_after"]) == (pytest.approx((1 + 2 / 3 + 1) / 3, abs=1e-4), 0.3333)
    assert [case["written"] for case in typo["worst"]] == ["c", "b"]
    assert typo["worst"][0] == {
        "id": "q", "question": known.question, "written": "c", "expected": ["1912"], "before": "1912", "after": None
    }  # fmt: skip
    assert (shouted["unchanged"], shouted["f1_before"], shouted["f1_after"]) == (0.0, 1.0, 0.0)
    assert figures["same_words"]["questions"] == 1
    assert figures["other_words"]["unchanged"] == 0.3333
    assert figures["by_spelling"]["dialect"]["unchanged"] is None


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    answer = {"text": "عام 1912", "answer_start": LIBRARY.index("عام")}
    path = tmp_path / "questions.jsonl"
    path.write_text(
        json.dumps({"question": "متى أسست مكتبة المدينة؟", "context": LIBRARY, "answers": [answer]}), "utf-8"
    )
    return path


def test_the_suite_through_the_command_line(questions: Path, tmp_path: Path) -> None:
    arguments = ["eval", str(questions), "--robustness", "--reader", "sentences"]
    report = tmp_path / "report.html"
    done = CliRunner().invoke(_app, [*arguments, "--json", "--report", str(report)], catch_exceptions=False)
    figures = json.loads(done.stdout)
    folding = [row for row in figures["robustness"]["by_spelling"].values() if row["folds"] and row["questions"]]
    assert len(folding) >= 6
    assert all(row["unchanged"] == 1.0 for row in folding)
    page = report.read_text(encoding="utf-8")
    assert "أداة سؤال عامية" in page
    assert "dialect question word" in page
    assert "dialect question word" in show_figures(figures)


def test_given_answers_cannot_be_asked_again(questions: Path) -> None:
    done = CliRunner().invoke(_app, ["eval", str(questions), "--robustness", "--predictions", str(questions)])
    assert done.exit_code == 2
    assert "fixed answers" in done.output
