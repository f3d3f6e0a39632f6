"""`dalil verify`: read answers from a file and tell, quotation by quotation, what became of them."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from embeddings.documents import Document
from embeddings.errors import IndexMissingError
from embeddings.settings import TRUTH
from embeddings.store import Store
from qa.verify import AnswerFileError, State, Verdict, verify

_WORDS = {
    State.STANDS: "stands",
    State.ALTERED: "ALTERED: the source never said this; it says",
    State.CHANGED: "CHANGED: the source now says",
    State.MOVED: "MOVED: the same text is now called",
    State.REMOVED: "REMOVED: the source is not in the index any more",
}


def verify_file(path: Path, folder: Path) -> Iterator[Verdict]:
    """Yield the verdicts of all answers in `path` ("-": standard input) against the index in `folder`.

    Raises:
        AnswerFileError: the file holds no answers.
        IndexMissingError, IndexDamagedError: there is no index to compare with.
    """
    answers = list(_answers(path))
    if not (folder / TRUTH).exists():
        raise IndexMissingError(f"There is no index in {folder}. Name the one that answered: --index DIR")
    store = Store(folder / TRUTH)
    try:
        for answer in answers:
            yield from verify(answer, _Stored(store))
    finally:
        store.close()


class _Stored:
    """The documents of a store; no model is needed to read them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.path_of = store.path_of

    def document(self, document_id: str) -> Document:
        found = self._store.document(document_id)
        if found is None:
            raise KeyError(document_id)
        return found


def show_verdict(verdict: Verdict) -> str:
    """Return one verdict as a line for a person."""
    found = f" «{verdict.found or 'nothing'}»" if verdict.state in (State.ALTERED, State.CHANGED) else ""
    return f"[{verdict.n}] {verdict.path} «{verdict.quoted}» {_WORDS[verdict.state]}{found}"


def _answers(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the answers of a file: one object, a list of them, or an object a line."""
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AnswerFileError(f"cannot read {path}: {error}. Give the file that `dalil ask --json` wrote.") from error
    try:
        values = [json.loads(line) for line in text.splitlines() if line.strip()]
    except ValueError:
        try:
            values = [json.loads(text)]
        except ValueError as error:
            raise AnswerFileError(
                f"{path} is not JSON: {error}. Give the file that `dalil ask --json` wrote."
            ) from error
    found = [item for value in values for item in (value if isinstance(value, list) else [value])]
    if not found or not all(isinstance(item, dict) for item in found):
        raise AnswerFileError(f"{path} holds no answers. Give the file that `dalil ask --json` wrote.")
    yield from found
