"""What every system is given: documents, the passages they are cut into, and questions, as JSON lines in a folder.

Imports nothing of Dalil, for the peers read it in an environment that has no Dalil.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

FOUND = 10  # passages that a search returns, for every system


@dataclass(frozen=True)
class Document:
    """A text to be indexed, without a title: not every system has a place for one."""

    id: str
    text: str


@dataclass(frozen=True)
class Passage:
    """A piece of about a hundred words, for systems that do not cut documents themselves."""

    document: str
    text: str


@dataclass(frozen=True)
class Question:
    """A question; `gold` are the documents that answer it, empty where none does."""

    set: str
    question: str
    gold: list[str]
    answers: list[str]


class Found(NamedTuple):
    """A piece of a document that a search gave, and its score by the system's own scale."""

    document: str
    text: str
    score: float


@dataclass(frozen=True)
class Pool:
    """All of it."""

    documents: list[Document]
    passages: list[Passage]
    questions: list[Question]

    def write(self, folder: Path) -> None:
        """Write three files."""
        for name in ("documents", "passages", "questions"):
            _write(folder / f"{name}.jsonl", getattr(self, name))

    @property
    def digest(self) -> str:
        """The same for the same documents, passages and questions."""
        return hashlib.sha256(repr((self.documents, self.passages, self.questions)).encode()).hexdigest()

    @classmethod
    def read(cls, folder: Path) -> "Pool":
        """Read what `write` wrote."""
        return cls(
            [Document(**row) for row in _rows(folder / "documents.jsonl")],
            [Passage(**row) for row in _rows(folder / "passages.jsonl")],
            read_questions(folder),
        )


def read_questions(folder: Path) -> list[Question]:
    """Read the questions alone, without the memory that documents take."""
    return [Question(**row) for row in _rows(folder / "questions.jsonl")]


def _write(path: Path, values: Iterable[object]) -> None:
    lines = (json.dumps(asdict(value), ensure_ascii=False) + "\n" for value in values)  # type: ignore[call-overload]
    path.write_text("".join(lines), encoding="utf-8")


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
