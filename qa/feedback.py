"""What people said of answers, a JSON object a line, and the question set that becomes of it.

`FeedbackFile(path).add(...)` writes a line with the whole answer: enough to ask the same again years later, without
the index that gave it. `read_feedback(path)` gives them back and `judged(...)` makes of them what `dalil eval` scores:
answers that were called right are known answers, all others are questions to look at.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import Any, Final

from embeddings.documents import Document, document_from_text
from embeddings.errors import DalilError, DocumentError
from qa.answers import Answer
from qa.question_sets import Example, QuestionFileError

_EXPECTED: Final = (
    'Expected a line of the chat\'s feedback: {"id", "verdict", "answer": what `dalil ask --json` prints}.'
)


class FeedbackError(DalilError):
    """What somebody said of an answer cannot be stored."""


class Opinion(StrEnum):
    """What somebody says of an answer."""

    RIGHT = "right"  # the answer and its quotation; or that the documents do not answer
    WRONG_ANSWER = "wrong_answer"  # another answer is right; or there is one after all
    WRONG_EVIDENCE = "wrong_evidence"  # the answer is right, but what is quoted does not show it


@dataclass(frozen=True, slots=True)
class Judgement:
    """What somebody said of one answer.

    Attributes:
        id: of the answer that was given; who changes their mind says so under the same one.
        opinion: None where it was taken back.
        answer: `Answer.to_dict()`.
    """

    id: str
    opinion: Opinion | None
    answer: Mapping[str, Any]

    @property
    def question(self) -> str:
        """The question as it was understood."""
        return str(self.answer.get("understood") or self.answer["question"])

    @property
    def text(self) -> str | None:
        """What was answered; None where it was declined."""
        return self.answer["answer"] if self.answer["answered"] else None


class FeedbackFile:
    """A file that judgements are added to, by many threads at once.

    Args:
        path: begun with the first judgement, readable by its owner alone.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = Lock()

    def add(self, judgement_id: str, opinion: Opinion | None, answer: Answer) -> None:
        """Add a line; None takes an earlier judgement back.

        Raises:
            FeedbackError: when the file cannot be written.
        """
        when = datetime.now(UTC).isoformat(timespec="seconds")
        values = {"id": judgement_id, "time": when, "verdict": opinion, "answer": answer.to_dict()}
        line = f"{json.dumps(values, ensure_ascii=False)}\n".encode()
        try:
            with self._turn:
                self._append(line)
        except OSError as error:
            raise FeedbackError(f"cannot write {self._path}: {error}. Name another file: --feedback FILE") from error

    def _append(self, line: bytes) -> None:
        """Write one whole line, on a line of its own even where the last one was cut off."""
        opened = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(opened, "ab") as file:
            size = os.fstat(opened).st_size
            whole = not size or os.pread(opened, 1, size - 1) == b"\n"
            file.write(line if whole else b"\n" + line)


def read_feedback(path: Path, on_left_out: Callable[[str], None] = lambda _: None) -> list[Judgement]:
    """Return the last judgement of each answer, without those that were taken back, in the order of the file.

    A line that was cut off, or is not what `FeedbackFile` writes, is left out.

    Args:
        path: the file.
        on_left_out: told of each line that is left out, and why.

    Raises:
        QuestionFileError: the file cannot be read, or no line of it can.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise QuestionFileError(f"cannot read {path}: {error}. {_EXPECTED}") from error
    found: dict[str, Judgement] = {}
    told = f"{path}: it is empty"
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            judgement = _judgement(line)
        except _LineError as error:
            told = f"{path}, line {number}: {error}"
            on_left_out(told)
        else:
            found[judgement.id] = judgement
    if not found:
        raise QuestionFileError(f"{told}. No line can be read. {_EXPECTED}")
    return [judgement for judgement in found.values() if judgement.opinion]


class _LineError(Exception):
    """A line is not what `FeedbackFile` writes."""


def _judgement(line: bytes) -> Judgement:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _LineError(f"not JSON, perhaps cut off ({error})") from error
    try:
        verdict = values["verdict"]
        judgement = Judgement(str(values["id"]), Opinion(verdict) if verdict else None, values["answer"])
        judged([judgement])  # everything that is needed of it is there
    except (KeyError, TypeError, ValueError, AttributeError, DocumentError) as error:
        raise _LineError(f"{type(error).__name__}, {error}") from error
    return judgement


# What is scored


@dataclass(frozen=True, slots=True)
class Judged:
    """What people said, as questions.

    Attributes:
        examples: questions whose answer everybody called right, each with the passage that answers.
        to_look_at: the other answers, each once, with what was said of it; "disputed" where people do not agree.
        passages: the other passages that were read for any of them, to be searched beside the examples'.
    """

    examples: tuple[Example, ...]
    to_look_at: tuple[tuple[Judgement, str], ...]
    passages: tuple[Document, ...]


def judged(judgements: Iterable[Judgement]) -> Judged:
    """Return what can be scored, and what somebody has to look at."""
    said: dict[str, list[Judgement]] = {}
    for one in judgements:
        said.setdefault(one.question, []).append(one)
    examples: list[Example] = []
    to_look_at: list[tuple[Judgement, str]] = []
    for some in said.values():
        right, others = _parted(some)
        examples += _examples(right)
        to_look_at += others
    known = {example.context for example in examples}
    passages = {_context(read): read for some in said.values() for one in some for read in one.answer["evidence"]}
    documents = (
        document_from_text(text, path=f"passage-{n}", title=read["document_title"])
        for n, (text, read) in enumerate(passages.items(), 1)
        if text not in known
    )
    return Judged(tuple(examples), tuple(to_look_at), tuple(documents))


def _parted(said: Sequence[Judgement]) -> tuple[list[Judgement], list[tuple[Judgement, str]]]:
    """Return the right answers to one question, and the others with what was said of them; each answer once."""
    opinions: dict[str | None, set[Opinion | None]] = {}
    for one in said:
        opinions.setdefault(one.text, set()).add(one.opinion)
    right = {text for text, some in opinions.items() if some == {Opinion.RIGHT}}
    if None in right and len(right) > 1:  # answered and declined, and both called right
        right = set()
    last = {one.text: one for one in said}
    others = [
        (one, "disputed" if Opinion.RIGHT in opinions[text] else str(one.opinion))
        for text, one in last.items()
        if text not in right
    ]
    return [one for text, one in last.items() if text in right], others


def _examples(right: Sequence[Judgement]) -> Iterator[Example]:
    """Yield the right answers to one question as known answers: each is accepted wherever the others stand."""
    accepted = tuple(dict.fromkeys(str(c["cited_text"]) for one in right for c in one.answer["citations"]))
    for one in right:
        places = one.answer["citations"][:1] or one.answer["evidence"][:1]
        for place in places:  # where nothing was read there is nothing to ask of
            yield Example(one.id, one.question, _passage_of(place, one.answer), str(place["document_title"]), accepted)


def _passage_of(place: Mapping[str, Any], answer: Mapping[str, Any]) -> str:
    """Return the text of the passage that a quotation was read in, else the sentence around it."""
    start, end = place["start_char_index"], place["end_char_index"]
    for read in answer["evidence"]:
        first, last = read["context_start_char_index"], read["context_end_char_index"]
        if read["document_id"] == place["document_id"] and first <= start and end <= last:
            return _context(read)
    return _context(place)


def _context(place: Mapping[str, Any]) -> str:
    return str(place["context"])


def looked_at(said: Judged, ask: Callable[[str], str | None]) -> dict[str, Any]:
    """Return how many answers were called right and wrong, and what became of those that are not scored.

    Args:
        said: what people said.
        ask: gives what a question is answered now, None where it is declined.
    """
    listed = []
    for one, opinion in said.to_look_at:
        now = {"answered_then": one.text, "answered_now": ask(one.question)}
        listed.append({"question": one.question, "said": opinion, **now})
    opinions = [Opinion.RIGHT] * len(said.examples) + [opinion for _, opinion in said.to_look_at]
    return {"answers": dict(Counter(map(str, opinions))), "to_look_at": listed}
