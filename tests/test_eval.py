"""`dalil eval`: outcomes counted by hand, and a small file of four questions through the command line."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from embeddings.errors import DalilError
from qa.examination import Given, Outcome
from qa.figures import answer_type, examined
from qa.question_sets import Example
from qa.questions import Kind
from ui.cli import _app

LIBRARY = "أسس يوسف النجار مكتبة المدينة عام 1912 في حي الميناء. تضم المكتبة أربعين ألف كتاب، وتفتح أبوابها يوم الخميس."
HARVEST = "زرع الفلاحون الزيتون على سفح الجبل. جمعوا ثلاثة أطنان من الثمار في الخريف الماضي."


def entry(key: str, question: str, context: str, *answers: str) -> dict[str, Any]:
    given = [{"text": answer, "answer_start": context.index(answer)} for answer in answers]
    return {"id": key, "question": question, "answers": given, "is_impossible": not answers}


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """Four questions in SQuAD 2.0 form, the third without an answer."""
    library = [
        entry("who", "من أسس مكتبة المدينة؟", LIBRARY, "يوسف النجار"),
        entry("when", "متى أسست مكتبة المدينة؟", LIBRARY, "1912", "عام 1912"),
        entry("none", "كم بلغت تكلفة ترميم القلعة؟", LIBRARY),
    ]
    harvest = [entry("count", "كم طنا من الثمار جمع الفلاحون؟", HARVEST, "ثلاثة أطنان")]
    paragraphs = [{"context": LIBRARY, "qas": library}, {"context": HARVEST, "qas": harvest}]
    path = tmp_path / "questions.json"
    path.write_text(json.dumps({"version": "v2.0", "data": [{"paragraphs": paragraphs}]}), encoding="utf-8")
    return path


def run(*arguments: str | Path) -> str:
    """What `dalil eval` prints on stdout."""
    done = CliRunner().invoke(_app, ["eval", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def numbers(values: Any) -> list[float]:
    """Every figure below `values` that is no count of questions."""
    if isinstance(values, dict):
        return [n for key, value in values.items() if key not in ("questions", "answerable") for n in numbers(value)]
    if isinstance(values, list):
        return [n for value in values for n in numbers(value)]
    return [] if values is None else [values]


def test_the_contract_of_the_json_object(questions: Path, tmp_path: Path) -> None:
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "news.txt").write_text("وصل الوفد إلى بيروت مساء الأربعاء.", encoding="utf-8")
    printed = run(questions, "--json", "--reader", "sentences", "--distractors", tmp_path / "others")
    assert printed.count("\n") == 1
    figures = json.loads(printed)
    assert {"retrieval", "reading", "end_to_end", "abstention", "by_type", "models", "settings"} <= figures.keys()
    assert figures["questions"] == 4
    assert figures["retrieval"].keys() == {
        *(f"recall@{k}" for k in (1, 5, 10, 20, 100)), "mrr@10", "ndcg@10"
    }  # fmt: skip
    assert {"exact_match", "f1"} <= figures["reading"].keys()
    assert {"exact_match", "f1", "contains", "answered", "citation_precision"} <= figures["end_to_end"].keys()
    assert {name: group["questions"] for name, group in figures["by_type"].items()} == {
        "how_many": 2, "who": 1, "when": 1
    }  # fmt: skip
    assert figures["models"]["reader"] == "sentences"
    assert figures["settings"]["documents"] == 3
    measured = ("retrieval", "reading", "end_to_end", "abstention", "conventions", "intervals", "by_type")
    assert all(0 <= n <= 1 for name in measured for n in numbers(figures[name]))


def test_what_is_easy_is_found_and_read(questions: Path) -> None:
    figures = json.loads(run(questions, "--json", "--reader", "sentences"))
    assert figures["retrieval"]["recall@1"] == 1.0
    assert figures["reading"]["f1"] > 0.5
    assert figures["end_to_end"]["citation_precision"] == 1.0
    assert figures["abstention"]["end_to_end"]["declined_unanswerable"] == 1.0
    assert figures["conventions"]["reading"].keys() == {"arabic", "mlqa", "squad", "none"}


def test_a_report_is_written_beside_the_table(questions: Path, tmp_path: Path) -> None:
    run(questions, "--reader", "sentences", "--report", tmp_path / "report.html")
    assert "تقرير التقويم" in (tmp_path / "report.html").read_text(encoding="utf-8")
    with pytest.raises(DalilError, match="cannot write the report"):
        run(questions, "--reader", "sentences", "--report", tmp_path / "none" / "report.html")


def test_a_limit_asks_fewer_and_searches_all(questions: Path) -> None:
    figures = json.loads(run(questions, "--json", "--reader", "sentences", "--limit", "2"))
    assert (figures["questions"], figures["settings"]["documents"]) == (2, 2)
    assert figures["abstention"] is None


def test_a_person_reads_a_table(questions: Path) -> None:
    shown = run(questions, "--reader", "sentences")
    assert shown.startswith("4 questions, 3 of them answerable")
    assert all(part in shown for part in ("recall@100", "conventions", "abstention, end to end", "متى"))


def test_predictions_are_scored_alone(questions: Path, tmp_path: Path) -> None:
    path = tmp_path / "predictions.json"
    path.write_text(json.dumps({"who": "النجار يوسف بك", "when": "عام ١٩١٢", "none": None}), encoding="utf-8")
    figures = json.loads(run(questions, "--json", "--predictions", path))
    assert figures["missing"] == 1
    assert figures["predictions"]["exact_match"] == 0.5  # when, none
    assert figures["predictions"]["f1"] == pytest.approx((4 / 5 + 1 + 1 + 0) / 4, abs=1e-4)
    assert figures["predictions"]["answered"] == 0.5
    assert figures["conventions"]["predictions"]["none"]["exact_match"] == 0.25
    assert "predictions" in run(questions, "--predictions", path)
    path.write_text(json.dumps({"other": "1912"}), encoding="utf-8")
    with pytest.raises(DalilError, match="answers no question"):
        run(questions, "--predictions", path)


def outcome(
    answers: tuple[str, ...], ranked: str, read: tuple[str, float], asked: tuple[str | None, float], *cited: bool
) -> Outcome:
    """An outcome whose context is document "g"."""
    example = Example("", "كم عدد الكتب؟", "في المكتبة أربعون كتابا", "", answers)
    return Outcome(example, Kind.HOW_MANY, tuple(ranked), "g", Given(*read), Given(*asked), cited)


def test_figures_of_four_outcomes_by_hand() -> None:
    outcomes = [
        outcome(("40 كتابا",), "gab", ("40 كتابا", 0.9), ("40 كتابا", 0.8), True, False),
        outcome(("40 كتابا",), "agb", ("40", 0.1), ("كتب", 0.6), False),
        outcome(("40 كتابا",), "abc", ("كتب", 0.2), ("40 كتابا", 0.2), True),
        outcome((), "gab", ("كتب", 0.1), ("كتب", 0.1), True),
    ]
    figures = examined(outcomes, threshold=0.5)
    assert figures["retrieval"] == {
        "recall@1": 0.3333, "recall@5": 0.6667, "recall@10": 0.6667, "recall@20": 0.6667, "recall@100": 0.6667,
        "mrr@10": 0.5, "ndcg@10": pytest.approx((1 + 0.63093) / 3, abs=1e-4),
    }  # fmt: skip
    assert figures["reading"]["f1"] == pytest.approx((1 + 2 / 3 + 0) / 3, abs=1e-4)
    assert figures["reading"]["with_declining"] == {"exact_match": 0.5, "f1": 0.5}
    ends = figures["end_to_end"]
    assert (ends["exact_match"], ends["f1"], ends["contains"], ends["answered"]) == (0.5, 0.5, 0.5, 0.5)
    assert (ends["citation_precision"], ends["all_citations_precision"]) == (0.5, 0.3333)
    assert ends["when_answered"]["exact_match"] == 0.5
    assert ends["answerable"]["f1"] == 0.3333
    assert ends["never_declining"]["f1"] == 0.6667
    assert (ends["cited_rightly"], ends["never_declining"]["citation_precision"]) == (0.3333, 0.6667)
    tells = figures["abstention"]["end_to_end"]
    assert (tells["declined_answerable"], tells["declined_unanswerable"]) == (0.3333, 1.0)
    assert [p["risk"] for p in tells["risk_coverage"]] == [0.0, 0.5, 0.3333, 0.5]
    assert tells["risk_coverage_area"] == pytest.approx((0 + 0.5 + 1 / 3 + 0.5) / 4, abs=1e-4)
    assert tells["accuracy_at_coverage"] == {"50": 0.5, "80": 0.5, "95": 0.5}
    assert tells["calibration_error"] == pytest.approx((0.2 + 0.6 + 0.8 + 0.1) / 4)


@pytest.mark.parametrize(
    ("answer", "name"), [("5 أبريل 2019", "date"), ("ثلاثة أطنان", "amount"), ("يوسف النجار", "phrase")]
)
def test_the_type_of_an_answer(answer: str, name: str) -> None:
    assert answer_type(Example("", "", "", "", (answer,))) == name


def test_a_question_without_words_is_declined(tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonl"
    row = {"question": "؟؟", "context": LIBRARY, "answers": [{"text": "1912", "answer_start": 34}]}
    path.write_text(json.dumps(row), encoding="utf-8")
    figures = json.loads(run(path, "--json", "--reader", "sentences"))
    assert figures["end_to_end"]["answered"] == 0.0
