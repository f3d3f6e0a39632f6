"""What people say of answers: kept a line each, read back whatever happened to the file, and scored by `dalil eval`."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from embeddings.documents import document_from_text
from qa import Answer, Citation
from qa.feedback import FeedbackError, FeedbackFile, Opinion, judged, looked_at, read_feedback
from qa.question_sets import QuestionFileError
from tests.strategies import any_text  # noqa: F401 (loads the settings of all property tests)
from ui.cli import _app

LIBRARY = "أسس يوسف النجار مكتبة المدينة عام 1912 في حي الميناء. تضم المكتبة أربعين ألف كتاب."
HARVEST = "زرع الفلاحون الزيتون على سفح الجبل. جمعوا ثلاثة أطنان من الثمار في الخريف الماضي."
WHO, HOW_MANY, WHERE = "من أسس مكتبة المدينة؟", "كم طنا من الثمار جمع الفلاحون؟", "أين بُني الجسر؟"
WHEN = "متى أسس يوسف النجار مكتبة المدينة؟"


def answered(question: str, quotation: str | None, **more: Any) -> Answer:
    """An answer that quotes, and all that was read for it: both articles."""
    documents = [document_from_text(text, path=f"{n}.txt") for n, text in enumerate((LIBRARY, HARVEST))]
    read = tuple(Citation(d, 0, len(d.text), 0, len(d.text), 0.5) for d in documents)
    quoted = tuple(
        Citation(d, start, start + len(quotation), start, start + len(quotation), 0.9)
        for d in documents
        if quotation and (start := d.text.find(quotation)) >= 0
    )
    return Answer(question, 0.9, quoted, read, **more)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "feedback.jsonl"


def kept(path: Path, *said: tuple[str, Opinion | None, Answer]) -> Path:
    file = FeedbackFile(path)
    for one in said:
        file.add(*one)
    return path


def test_a_line_holds_the_whole_answer(path: Path) -> None:
    answer = answered(WHO, "يوسف النجار")
    kept(path, ("a", Opinion.WRONG_EVIDENCE, answer))
    values = json.loads(path.read_text(encoding="utf-8"))
    assert values.keys() == {"id", "time", "verdict", "answer"}
    assert (values["id"], values["verdict"]) == ("a", "wrong_evidence")
    assert values["answer"] == json.loads(json.dumps(answer.to_dict()))
    assert path.stat().st_mode & 0o077 == 0


def test_the_last_word_on_an_answer_counts_and_may_be_taken_back(path: Path) -> None:
    one, two = answered(WHO, "يوسف النجار"), answered(HOW_MANY, "ثلاثة أطنان")
    kept(path, ("a", Opinion.RIGHT, one), ("b", Opinion.RIGHT, two), ("a", Opinion.WRONG_ANSWER, one), ("b", None, two))
    assert [(judgement.id, judgement.opinion) for judgement in read_feedback(path)] == [("a", Opinion.WRONG_ANSWER)]


def test_many_people_at_once_lose_nothing(path: Path) -> None:
    file, answer = FeedbackFile(path), answered(WHO, "يوسف النجار")

    def add_ten(person: int) -> None:
        for i in range(10):
            file.add(f"{person}-{i}", Opinion.RIGHT, answer)

    people = [threading.Thread(target=add_ten, args=(n,)) for n in range(8)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert {one.id for one in read_feedback(path)} == {f"{n}-{i}" for n in range(8) for i in range(10)}


def test_a_line_that_was_cut_off_costs_no_other(path: Path) -> None:
    kept(path, ("a", Opinion.RIGHT, answered(WHO, "يوسف النجار")))
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:200])
    assert [one.id for one in read_feedback(path)] == ["a"]
    kept(path, ("b", Opinion.RIGHT, answered(HOW_MANY, "ثلاثة أطنان")))
    told: list[str] = []
    assert [one.id for one in read_feedback(path, told.append)] == ["a", "b"]
    (line,) = told
    assert f"{path}, line 2: not JSON, perhaps cut off" in line


@given(cut=st.integers(min_value=1))
def test_a_cut_anywhere_costs_one_line(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    path = tmp_path_factory.mktemp("cut") / "feedback.jsonl"
    kept(path, ("a", Opinion.RIGHT, answered(WHO, "يوسف النجار")))
    whole = path.read_bytes()
    torn = whole[: cut % (len(whole) - 2) + 1]  # never the whole line
    path.write_bytes(whole + torn)
    kept(path, ("b", Opinion.RIGHT, answered(HOW_MANY, "ثلاثة أطنان")))
    told: list[str] = []
    assert [one.id for one in read_feedback(path, told.append)] == ["a", "b"]
    assert len(told) == 1


@pytest.mark.parametrize(
    "line", ["[]", "{}", '{"id": "a", "verdict": "perfect", "answer": {}}',
             '{"id": "a", "verdict": "right", "answer": 3}',
             '{"id": "a", "verdict": "right", "answer": {"question": "س", "answered": true, "answer": "ج"}}'],
)  # fmt: skip
def test_what_is_no_feedback_is_told_with_its_line(path: Path, line: str) -> None:
    path.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(QuestionFileError, match=r"line 1: .*No line can be read\. Expected a line"):
        read_feedback(path)
    kept(path, ("a", Opinion.RIGHT, answered(WHO, "يوسف النجار")))
    told: list[str] = []
    assert [one.id for one in read_feedback(path, told.append)] == ["a"]
    assert "line 1: " in told[0]


def test_an_empty_file_of_feedback_is_an_error_and_one_of_words_taken_back_is_not(path: Path) -> None:
    path.write_bytes(b"\n \n")
    with pytest.raises(QuestionFileError, match="it is empty"):
        read_feedback(path)
    kept(path, ("a", Opinion.RIGHT, answered(WHO, "يوسف النجار")), ("a", None, answered(WHO, "يوسف النجار")))
    assert read_feedback(path) == []


def test_a_file_that_cannot_be_written_or_read_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FeedbackError, match="--feedback FILE"):
        FeedbackFile(tmp_path).add("a", Opinion.RIGHT, answered(WHO, None))
    with pytest.raises(QuestionFileError, match="cannot read"):
        read_feedback(tmp_path / "none")


def test_right_answers_become_known_answers_and_wrong_ones_do_not(path: Path) -> None:
    kept(
        path,
        ("a", Opinion.RIGHT, answered(WHO, "يوسف النجار")),
        ("b", Opinion.RIGHT, answered(WHO, "النجار")),
        ("c", Opinion.WRONG_ANSWER, answered(WHO, "1912")),
        ("d", Opinion.WRONG_EVIDENCE, answered("وكم جمعوا؟", "ثلاثة أطنان", understood=HOW_MANY)),
        ("e", Opinion.RIGHT, answered(WHERE, None)),
    )
    said = judged(read_feedback(path))
    assert [(e.id, e.question, e.context, e.answers) for e in said.examples] == [
        ("a", WHO, LIBRARY, ("يوسف النجار", "النجار")),
        ("b", WHO, LIBRARY, ("يوسف النجار", "النجار")),
        ("e", WHERE, LIBRARY, ()),
    ]
    assert [(one.question, one.text, opinion) for one, opinion in said.to_look_at] == [
        (WHO, "1912", "wrong_answer"), (HOW_MANY, "ثلاثة أطنان", "wrong_evidence")
    ]  # fmt: skip
    assert [document.text for document in said.passages] == [HARVEST]


def test_what_people_do_not_agree_on_is_not_scored(path: Path) -> None:
    kept(
        path,
        ("a", Opinion.RIGHT, answered(WHO, "يوسف النجار")),
        ("b", Opinion.WRONG_ANSWER, answered(WHO, "يوسف النجار")),
        ("c", Opinion.RIGHT, answered(WHERE, None)),
        ("d", Opinion.RIGHT, answered(WHERE, "سفح الجبل")),
    )
    said = judged(read_feedback(path))
    assert said.examples == ()
    assert [(one.id, opinion) for one, opinion in said.to_look_at] == [
        ("b", "disputed"), ("c", "disputed"), ("d", "disputed")
    ]  # fmt: skip
    figures = looked_at(said, {WHO: "سليم"}.get)
    assert figures["answers"] == {"disputed": 3}
    assert [(one["answered_then"], one["answered_now"]) for one in figures["to_look_at"]] == [
        ("يوسف النجار", "سليم"), (None, None), ("سفح الجبل", None)
    ]  # fmt: skip


def evaluated(*arguments: str | Path) -> str:
    done = CliRunner().invoke(_app, ["eval", "--reader", "sentences", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_eval_scores_what_is_right_and_lists_what_is_wrong(path: Path) -> None:
    kept(
        path,
        ("a", Opinion.RIGHT, answered(WHO, "أسس يوسف النجار مكتبة المدينة عام 1912 في حي الميناء.")),
        ("b", Opinion.WRONG_ANSWER, answered(WHEN, "حي الميناء")),
    )
    figures = json.loads(evaluated("--json", "--from-feedback", path))
    assert (figures["questions"], figures["settings"]["documents"]) == (1, 2)
    assert figures["end_to_end"]["exact_match"] == figures["retrieval"]["recall@1"] == 1.0
    assert figures["feedback"]["answers"] == {"right": 1, "wrong_answer": 1}
    (listed,) = figures["feedback"]["to_look_at"]
    assert (listed["question"], listed["said"], listed["answered_then"]) == (WHEN, "wrong_answer", "حي الميناء")
    assert "عام 1912" in listed["answered_now"]
    shown = evaluated("--from-feedback", path)
    assert "called right by people: 1," in shown
    assert "wrong answer: " in shown


def test_eval_names_a_line_that_was_cut_off_and_goes_on(path: Path) -> None:
    kept(path, ("a", Opinion.RIGHT, answered(WHO, "يوسف النجار")))
    whole = path.read_bytes()
    path.write_bytes(whole[:99] + b"\n" + whole)
    done = CliRunner().invoke(_app, ["eval", "--reader", "sentences", "--json", "--from-feedback", str(path)])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["questions"] == json.loads(done.stdout)["settings"]["left_out"] == 1
    assert "feedback.jsonl, line 1: not JSON" in done.stderr
    assert "1 line left out; the others are asked" in done.stderr
    path.write_bytes(whole[:99])
    done = CliRunner().invoke(_app, ["eval", "--from-feedback", str(path)])
    assert done.exit_code == 1
    assert "No line can be read" in str(done.exception or done.stderr)


def test_eval_of_wrong_answers_alone_lists_them(path: Path) -> None:
    kept(path, ("b", Opinion.WRONG_ANSWER, answered(WHERE, "سفح الجبل")))
    figures = json.loads(evaluated("--json", "--from-feedback", path))
    assert figures["questions"] == 0
    assert figures["end_to_end"]["f1"] is None
    assert "to look at: 1" in evaluated("--from-feedback", path)


@pytest.mark.parametrize(
    "arguments", [[], ["a.json", "--from-feedback", "b"], ["--from-feedback", "b", "--predictions", "c"]]
)
def test_eval_takes_one_kind_of_file(arguments: list[str]) -> None:
    done = CliRunner().invoke(_app, ["eval", *arguments])
    assert done.exit_code == 2
    assert "--from-feedback" in done.output
