"""Files of questions: what is read from each form, and what is said of a file that cannot be."""

import json
import lzma
from pathlib import Path
from typing import Any

import pytest

from qa.question_sets import Example, QuestionFileError, read_examples, read_predictions

CONTEXT = "فتح السوق أبوابه عام 1912."
ROW = {"question": "متى فتح السوق؟", "context": CONTEXT, "answers": [{"text": "1912", "answer_start": 21}]}
EXAMPLE = Example("1", "متى فتح السوق؟", CONTEXT, "", ("1912",))


def squad(entry: Any, context: Any = CONTEXT) -> dict[str, Any]:
    return {"data": [{"title": "السوق", "paragraphs": [{"context": context, "qas": [entry]}]}]}


def write(folder: Path, text: str, name: str = "set.json") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_squad_of_both_versions(tmp_path: Path) -> None:
    first = {"id": "a", "question": "متى فتح السوق؟", "answers": ROW["answers"]}
    second = first | {"id": "b", "answers": [], "is_impossible": True, "plausible_answers": ROW["answers"]}
    values = squad(first)
    values["data"][0]["paragraphs"][0]["qas"].append(second)
    read = read_examples(write(tmp_path, "\ufeff" + json.dumps(values, indent=1)))
    assert read == [
        Example("a", EXAMPLE.question, CONTEXT, "السوق", ("1912",)),
        Example("b", EXAMPLE.question, CONTEXT, "السوق", ()),
    ]


def test_json_lines_in_both_forms_of_answers(tmp_path: Path) -> None:
    hugging_face = ROW | {
        "id": 7,
        "title": "السوق",
        "answers": {"text": ["1912", "عام 1912"], "answer_start": [21, 17]},
    }
    none: dict[str, object] = ROW | {"answers": {"text": [], "answer_start": []}}
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in (ROW, hugging_face, none)) + "\n\n"
    expected = [
        EXAMPLE,
        Example("7", EXAMPLE.question, CONTEXT, "السوق", ("1912", "عام 1912")),
        Example("3", EXAMPLE.question, CONTEXT, "", ()),
    ]
    assert read_examples(write(tmp_path, text, "set.jsonl")) == expected
    packed = tmp_path / "set.jsonl.xz"
    packed.write_bytes(lzma.compress(text.encode()))
    assert read_examples(packed) == expected


def test_a_line_separator_within_a_text_ends_no_line(tmp_path: Path) -> None:
    row = ROW | {"context": "سطر\u2028" + CONTEXT}
    text = "\n".join([json.dumps(row, ensure_ascii=False)] * 2)
    assert [e.context for e in read_examples(write(tmp_path, text))] == [row["context"]] * 2


def test_one_row_and_a_list_of_rows(tmp_path: Path) -> None:
    assert read_examples(write(tmp_path, json.dumps(ROW))) == [EXAMPLE]
    assert read_examples(write(tmp_path, json.dumps([ROW], indent=1))) == [EXAMPLE]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("{", "is not JSON"),
        ("[]", "holds no questions"),
        ("3", "row 1: expected a JSON object, got a number"),
        (json.dumps(ROW) + "\n{", "line 2: not JSON"),
        (json.dumps(ROW) + "\n[]", "line 2: expected a JSON object, got a list"),
        (json.dumps({"question": "متى؟"}), '"context" is missing; the fields there are: question'),
        (json.dumps(ROW | {"question": " "}), '"question" is blank'),
        (json.dumps(ROW | {"answers": "1912"}), '"answers" is a text; expected a list'),
        (json.dumps(ROW | {"answers": {"texts": []}}), 'row 1.answers: "text" is missing'),
        (json.dumps(ROW | {"answers": [{"text": 1912}]}), 'answers[0]: "text" is a number; expected a text'),
        (json.dumps(ROW | {"answers": [{"text": "1912", "answer_start": "21"}]}), '"answer_start" is a text'),
        (json.dumps({"data": {}}), '"data" is an object; expected a list'),
        (json.dumps({"data": [{"paragraphs": [None]}]}), "data[0].paragraphs[0]: expected a JSON object, got null"),
        (json.dumps(squad({"question": "متى؟"})), 'data[0].paragraphs[0].qas[0]: "answers" is missing'),
        (json.dumps(squad({"question": "متى؟", "answers": [], "is_impossible": False})), '"answers" is empty'),
        (json.dumps(squad(ROW, None)), 'paragraphs[0]: "context" is null; expected a text'),
    ],
)
def test_a_malformed_file_is_told_by_place_and_expectation(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(QuestionFileError) as caught:
        read_examples(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_what_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xff\xfe{")
    (tmp_path / "a.xz").write_bytes(b"{}")
    for name in ("a.json", "a.xz", "missing.json"):
        with pytest.raises(QuestionFileError, match=name):
            read_examples(tmp_path / name)


def test_predictions_are_texts_or_declined(tmp_path: Path) -> None:
    path = write(tmp_path, json.dumps({"a": "1912", "b": "", "c": None}))
    assert read_predictions(path) == {"a": "1912", "b": None, "c": None}
    for text, message in (("[]", "got a list"), ('{"a": 3}', 'the answer to "a" is a number'), ("", "is not JSON")):
        with pytest.raises(QuestionFileError, match=message):
            read_predictions(write(tmp_path, text))
