"""Files of questions with known answers → `Example`s: SQuAD 1.1 and 2.0 JSON, JSON lines, Hugging Face rows.

Takes a path (`.xz` is unpacked); gives the questions in the order of the file. A file that cannot be read, or a
field that is missing or of another kind, is an error that names its place and what was expected there.
"""

import json
import lzma
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from embeddings.errors import DalilError

Value = TypeVar("Value")
_EXPECTED: Final = (
    'Expected SQuAD JSON ({"data": [{"paragraphs": [{"context", "qas"}]}]}) or one JSON object a line with '
    '"question", "context" and "answers".'
)


class QuestionFileError(DalilError):
    """A file of questions, or of predictions, cannot be read as one."""


@dataclass(frozen=True, slots=True)
class Example:
    """A question with its known answers.

    Attributes:
        id: as the file has it, else the number of its line.
        question: as it was asked.
        context: the text that the question was asked about.
        title: of the context; may be empty.
        answers: every text that is accepted; empty when the context does not answer.
    """

    id: str
    question: str
    context: str
    title: str
    answers: tuple[str, ...]


def read_examples(path: Path) -> list[Example]:
    """Return the questions of a file.

    Raises:
        QuestionFileError: the file cannot be read, is malformed, or holds no question.
    """
    text = _text(path)
    if not text.strip():
        raise QuestionFileError(f"{path} is empty. {_EXPECTED}")
    found = list(_examples(text, path))
    if not found:
        raise QuestionFileError(f"{path} holds no questions. {_EXPECTED}")
    return found


def read_predictions(path: Path) -> dict[str, str | None]:
    """Return answers by question id; null and "" mean declined.

    Raises:
        QuestionFileError: the file is not a JSON object of texts.
    """
    values = _whole(_text(path), path)
    if not isinstance(values, dict):
        raise QuestionFileError(f"{path}: expected one JSON object, question id → answer text, got {_kind(values)}.")
    for key, value in values.items():
        if value is not None and not isinstance(value, str):
            raise QuestionFileError(
                f'{path}: the answer to "{key}" is {_kind(value)}; expected a text, or null where it was declined.'
            )
    return {key: value or None for key, value in values.items()}


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        return (lzma.decompress(data) if path.suffix == ".xz" else data).decode("utf-8-sig")
    except (OSError, lzma.LZMAError) as error:
        raise QuestionFileError(f"cannot read {path}: {error}. {_EXPECTED}") from error
    except UnicodeDecodeError as error:
        raise QuestionFileError(f"{path}: byte {error.start} is not UTF-8. Save the file as UTF-8.") from error


def _examples(text: str, path: Path) -> Iterator[Example]:
    first, _, rest = text.strip().partition("\n")
    if rest and _is_object(first):
        for number, line in enumerate(text.split("\n"), 1):  # not splitlines(): JSON texts may hold U+2028
            if line.strip():
                yield _row(_line(line, number, path), f"{path}, line {number}", str(number))
        return
    values = _whole(text, path)
    if isinstance(values, dict) and "data" in values:
        yield from _squad(_field(values, "data", list, str(path)), path)
        return
    rows = values if isinstance(values, list) else [values]
    for number, row in enumerate(rows, 1):
        yield _row(row, f"{path}, row {number}", str(number))


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _line(line: str, number: int, path: Path) -> object:
    try:
        values: object = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise QuestionFileError(f"{path}, line {number}: not JSON ({error}). {_EXPECTED}") from error
    return values


def _whole(text: str, path: Path) -> object:
    try:
        values: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise QuestionFileError(f"{path} is not JSON: {error}. {_EXPECTED}") from error
    return values


def _squad(articles: list[Any], path: Path) -> Iterator[Example]:
    for a, article in enumerate(articles):
        place = f"{path}, data[{a}]"
        for p, paragraph in enumerate(_field(article, "paragraphs", list, place)):
            where = f"{place}.paragraphs[{p}]"
            context = _field(paragraph, "context", str, where)
            for q, entry in enumerate(_field(paragraph, "qas", list, where)):
                at = f"{where}.qas[{q}]"
                question = _field(entry, "question", str, at)
                title = _title(_object(article, place), place)
                yield _example(_object(entry, at), question, context, title, at, f"{a}.{p}.{q}")


def _row(row: object, place: str, number: str) -> Example:
    question, context = (_field(row, name, str, place) for name in ("question", "context"))
    entry = _object(row, place)
    return _example(entry, question, context, _title(entry, place), place, number)


def _example(entry: dict[str, Any], question: str, context: str, title: str, place: str, number: str) -> Example:
    for name, value in (("question", question), ("context", context)):
        if not value.strip():
            raise QuestionFileError(f'{place}: "{name}" is blank; expected a text.')
    answers = tuple(_answers(entry, place))
    impossible = entry.get("is_impossible")
    if impossible is False and not answers:
        raise QuestionFileError(f'{place}: "is_impossible" is false, but "answers" is empty; expected an answer.')
    key = entry.get("id")
    return Example(number if key is None else str(key), question, context, title, () if impossible else answers)


def _answers(entry: dict[str, Any], place: str) -> Iterator[str]:
    """Yield the answer texts of `answers`: a list of objects, or an object of lists as Hugging Face writes it."""
    if isinstance(entry.get("answers"), dict):
        texts = _field(entry["answers"], "text", list, f"{place}.answers")
        given: list[object] = [{"text": text} for text in texts]
    else:
        given = _field(entry, "answers", list, place)
    for n, answer in enumerate(given):
        at = f"{place}.answers[{n}]"
        text = _field(answer, "text", str, at)
        start = _object(answer, at).get("answer_start", 0)
        if not isinstance(start, int) or isinstance(start, bool):
            raise QuestionFileError(f'{at}: "answer_start" is {_kind(start)}; expected a number of characters.')
        if not text.strip():
            raise QuestionFileError(f'{at}: "text" is blank; expected an answer, or no entry in "answers".')
        yield text


def _title(values: Mapping[str, Any], place: str) -> str:
    return _field(values, "title", str, place) if values.get("title") is not None else ""


def _object(values: object, place: str) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise QuestionFileError(f"{place}: expected a JSON object, got {_kind(values)}.")
    return values


def _field(values: object, name: str, kind: type[Value], place: str) -> Value:
    """Return `values[name]`, which must be of `kind`."""
    fields = _object(values, place)
    if name not in fields:
        raise QuestionFileError(f'{place}: "{name}" is missing; the fields there are: {", ".join(fields) or "none"}.')
    value = fields[name]
    if not isinstance(value, kind):
        raise QuestionFileError(f'{place}: "{name}" is {_kind(value)}; expected {_NAMES[kind]}.')
    return value


_NAMES: Final[dict[type, str]] = {
    str: "a text", list: "a list", dict: "an object", bool: "true or false", int: "a number", float: "a number",
    type(None): "null",
}  # fmt: skip


def _kind(value: object) -> str:
    return _NAMES[type(value)]
