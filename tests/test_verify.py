"""`dalil verify`: an honest answer stands; each way of breaking it is told by its name."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.documents import Document, document_from_text
from qa.answers import Answer, Citation
from qa.verify import AnswerFileError, State, verify
from tests.strategies import any_text
from tests.test_cli import dalil, folder  # noqa: F401

TEXT = "استقبل ميناء الكتف قبل ثلاثة أيام ضباطا فروا بحرا إلى تونس."


@dataclass
class Shelf:
    """A library in memory."""

    documents: Iterable[Document]

    def document(self, document_id: str) -> Document:
        return {document.id: document for document in self.documents}[document_id]

    def path_of(self, sha256: str) -> str | None:
        return next((d.path for d in self.documents if d.sha256.startswith(sha256)), None)


def answered(document: Document, start: int, end: int) -> dict[str, Any]:
    citation = Citation(document, start, end, start, end, 0.9)
    values: dict[str, Any] = json.loads(json.dumps(Answer("سؤال؟", 0.9, (citation,), ()).to_dict()))
    return values


NEWS = document_from_text(TEXT, path="a.txt")
PORT = answered(NEWS, TEXT.index("ميناء"), TEXT.index(" قبل"))


@given(any_text, st.data())
def test_every_true_citation_stands(text: str, data: st.DataObject) -> None:
    text = "كلمة" + text.replace("\x00", "")
    document = document_from_text(text, path="x.txt")
    start = data.draw(st.integers(0, len(document.text) - 1))
    end = data.draw(st.integers(start + 1, len(document.text)))
    (verdict,) = verify(answered(document, start, end), Shelf([document]))
    assert verdict.state is State.STANDS


def test_each_way_of_breaking_has_its_name() -> None:
    forged = json.loads(json.dumps(PORT))
    forged["citations"][0]["cited_text"] = "ميناء صفاقس"
    changed = document_from_text(TEXT.replace("الكتف", "صفاقس"), path="a.txt")
    moved = document_from_text(TEXT, path="b.txt")
    states = {
        "honest": verify(PORT, Shelf([NEWS]))[0].state,
        "forged": verify(forged, Shelf([NEWS]))[0].state,
        "changed": verify(PORT, Shelf([changed]))[0].state,
        "moved": verify(PORT, Shelf([moved]))[0].state,
        "removed": verify(PORT, Shelf([]))[0].state,
    }
    assert states == {
        "honest": State.STANDS,
        "forged": State.ALTERED,
        "changed": State.CHANGED,
        "moved": State.MOVED,
        "removed": State.REMOVED,
    }


def test_quotations_that_differ_from_the_answer_are_checked_too() -> None:
    rival = Citation(NEWS, 0, 7, 0, 7, 0.6).to_dict(2)
    assert [verdict.n for verdict in verify(PORT | {"differing": [rival]}, Shelf([NEWS]))] == [1, 2]
    forged = PORT | {"differing": [rival | {"cited_text": "لا أحد"}]}
    assert [verdict.state for verdict in verify(forged, Shelf([NEWS]))] == [State.STANDS, State.ALTERED]
    older = {name: value for name, value in PORT.items() if name != "differing"}
    assert len(verify(older, Shelf([NEWS]))) == 1
    with pytest.raises(AnswerFileError, match="differing"):
        verify(PORT | {"differing": {}}, Shelf([NEWS]))


def test_a_document_that_changed_elsewhere_still_holds_the_quotation() -> None:
    longer = document_from_text(TEXT + " وأضاف المصدر أنهم بخير.", path="a.txt")
    assert verify(PORT, Shelf([longer]))[0].holds
    assert not verify(PORT, Shelf([replace(longer, text="و" + longer.text)]))[0].holds


@pytest.mark.parametrize("field", ["document_id", "start_char_index", "cited_text", "n"])
@pytest.mark.parametrize("value", [None, [], True])
def test_what_is_no_answer_is_refused(field: str, value: object) -> None:
    broken = json.loads(json.dumps(PORT))
    broken["citations"][0][field] = value
    with pytest.raises(AnswerFileError, match=field):
        verify(broken, Shelf([NEWS]))


def test_the_command_line_proves_and_refutes(folder: Path, tmp_path: Path) -> None:  # noqa: F811
    answer = tmp_path / "answer.json"
    answer.write_text(dalil("ask", "كم دبابة أعطبها الثوار في مصراتة؟", "--json", "--index", folder).stdout, "utf-8")
    done = dalil("verify", answer, "--index", folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "«أربع دبابات» stands" in done.stdout
    answer.write_text(answer.read_text("utf-8").replace("أربع دبابات", "أربعون دبابة"), "utf-8")
    done = dalil("verify", answer, "--index", folder)
    assert done.returncode == 1
    assert "ALTERED" in done.stdout
    assert "«أربع دبابات»" in done.stdout
    missing = dalil("verify", answer, "--index", tmp_path / "none")
    assert missing.returncode == 1
    assert missing.stderr.startswith("dalil: There is no index")
    answer.write_text("{", "utf-8")
    assert "is not JSON" in dalil("verify", answer, "--index", folder).stderr
