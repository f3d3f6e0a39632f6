"""Whose documents a visitor sees, what is taken of a file, and files indexed meanwhile: without a server."""

import io
import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.documents import Document, document_from_text
from embeddings.index import Changes, Index
from qa.assistant import Assistant
from tests.fakes import HashingEncoder
from tests.strategies import any_text
from ui.background import Filling
from ui.uploads import UploadLimits, clean, place, take
from ui.visitors import Visitors

LIMITS = UploadLimits(megabytes=1, documents=4)
KEEPER = "من مدير مكتبة الواحة؟"
SALIM = "أعلنت وزارة الثقافة أن مدير مكتبة الواحة هو سالم الهادي منذ عام 2012."
NADIA = "أعلنت وزارة الثقافة أن مديرة مكتبة الواحة هي نادية العكاري منذ عام 2015."


# Visitors


@pytest.fixture
def visitors(assistant: Assistant, tmp_path: Path) -> Iterator[Visitors]:
    opened = Visitors(assistant, tmp_path / "visitors", LIMITS)
    yield opened
    opened.close()


def given_by(visitors: Visitors, visitor: str, text: str, name: str = "a.txt") -> None:
    assert visitors.take(visitor, io.BytesIO(text.encode()), name).state in ("added", "updated", "unchanged")


def test_documents_outlive_the_server(visitors: Visitors, assistant: Assistant, tmp_path: Path) -> None:
    given_by(visitors, "a" * 32, SALIM)
    visitors.close()
    again = Visitors(assistant, tmp_path / "visitors", LIMITS)
    with again.assistant("a" * 32) as own:
        assert own.counts.documents == 6
    with again.assistant("b" * 32) as other, again.assistant(None) as nobody:
        assert other is nobody is assistant
    again.close()


def test_folders_are_closed_when_their_visitor_is_away_and_never_while_in_use(
    visitors: Visitors, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_by(visitors, "a" * 32, SALIM)
    monkeypatch.setattr("ui.visitors._AWAY", -1.0)
    with visitors.assistant("a" * 32) as own:
        given_by(visitors, "b" * 32, NADIA)
        assert set(visitors._held) == {"a" * 32, "b" * 32}
        assert own.listed("a.txt")
    given_by(visitors, "c" * 32, NADIA)
    assert set(visitors._held) == {"c" * 32}
    with visitors.assistant("a" * 32) as own:
        assert own.counts.documents == 6


def test_who_has_not_come_for_a_month_is_forgotten(visitors: Visitors, assistant: Assistant, tmp_path: Path) -> None:
    for visitor in ("a" * 32, "b" * 32):
        given_by(visitors, visitor, SALIM)
    visitors.close()
    folder = tmp_path / "visitors"
    came = (folder / ("a" * 32) / "came").stat().st_mtime
    os.utime(folder / ("a" * 32) / "came", (came - 31 * 24 * 3600,) * 2)
    Visitors(assistant, folder, LIMITS).close()
    assert [path.name for path in folder.iterdir()] == ["b" * 32]


def test_whoever_comes_is_not_forgotten_and_a_server_that_runs_on_forgets_the_others(
    assistant: Assistant, tmp_path: Path
) -> None:
    days = 0.0
    visitors = Visitors(assistant, tmp_path / "visitors", LIMITS, now=lambda: time.time() + days * 24 * 3600)
    for visitor in ("a" * 32, "b" * 32):
        given_by(visitors, visitor, SALIM)
    for days in (20.0, 40.0, 60.0):
        with visitors.assistant("a" * 32):
            came = tmp_path / "visitors" / ("a" * 32) / "came"
        os.utime(came, (time.time() + days * 24 * 3600,) * 2)
        visitors._held.pop("b" * 32, None)
    given_by(visitors, "c" * 32, SALIM)
    assert sorted(folder.name for folder in (tmp_path / "visitors").iterdir()) == ["a" * 32, "c" * 32]
    visitors.close()


def test_files_that_come_at_once_are_counted_one_after_the_other(visitors: Visitors) -> None:
    def give(number: int) -> None:
        visitors.take("a" * 32, io.BytesIO(f"{SALIM} {number}".encode()), f"{number}.txt")

    people = [threading.Thread(target=give, args=(number,)) for number in range(8)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert len(visitors.sent("a" * 32)) == LIMITS.documents


def test_a_full_disk_is_told_and_nothing_is_stored(visitors: Visitors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 10**12, 10))
    fate = visitors.take("a" * 32, io.BytesIO(SALIM.encode()), "a.txt")
    assert (fate.state, fate.problem) == ("failed", "space")
    assert visitors.sent("a" * 32) == set()


def test_another_encoder_makes_a_folder_again_and_damage_sets_it_aside(
    visitors: Visitors, assistant: Assistant, tmp_path: Path
) -> None:
    given_by(visitors, "b" * 32, SALIM)
    visitors.close()
    folder = tmp_path / "visitors"
    with Index.open(folder / ("a" * 32), HashingEncoder(), create=True) as other:
        other.add([document_from_text(SALIM, path="a.txt")])
    (folder / ("b" * 32) / "dalil.sqlite").write_bytes(b"no database")
    again = Visitors(assistant, folder, LIMITS)
    with again.assistant("a" * 32) as own:
        assert own.counts.documents == 6
        assert "سالم" in str(own.ask(KEEPER, min_confidence=0).text)
    with again.assistant("b" * 32) as own:
        assert own.counts.documents == 5
    again.close()
    assert sorted(path.name.split("-")[0] for path in folder.iterdir()) == ["a" * 32, "b" * 32, "damaged"]


def test_many_people_send_and_ask_at_once_and_nothing_leaks(visitors: Visitors) -> None:
    leaks: list[str] = []

    def visit(number: int) -> None:
        visitor = f"{number:032x}"
        given_by(visitors, visitor, f"رقم الزائر السري هو {number * 1111} في سجل الواحة.", "سر.txt")
        with visitors.assistant(visitor) as own:
            hits = own.search("رقم الزائر السري في سجل الواحة", top_k=100)
            mine = [hit.text for hit in hits if "السري" in hit.text]
        if mine != [f"رقم الزائر السري هو {number * 1111} في سجل الواحة."]:
            leaks.append(f"{number}: {mine}")

    people = [threading.Thread(target=visit, args=(number,)) for number in range(1, 7)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert leaks == []


# One file


class Shelf:
    """Takes whatever is added."""

    def __init__(self) -> None:
        self.added: list[Document] = []

    def placed(self, prefix: str) -> list[str]:
        return [document.id for document in self.added if document.location.startswith(prefix)]

    def add(self, documents: list[Document], _: object = None) -> object:
        self.added += documents
        return Changes(added=len(documents))


@given(st.text(max_size=300) | any_text)
def test_any_name_is_one_safe_line(name: str) -> None:
    kept = clean(name)
    assert kept
    assert len(kept) <= 200
    assert kept == clean(kept)
    assert not kept.startswith("/")
    assert ".." not in kept.split("/")
    assert "\n" not in kept
    assert "\u202e" not in kept


@given(st.binary(max_size=400), st.sampled_from(["a.txt", "b.html", "c.jsonl", "d.zip", "e.csv", "../x.md", "f.pdf"]))
def test_any_bytes_are_taken_or_refused_with_a_reason(data: bytes, name: str) -> None:
    if name.endswith("pdf"):
        data = b"%PDF" + data[:0]
    shelf = Shelf()
    fate = take(shelf, io.BytesIO(data), name, "me", LIMITS)  # type: ignore[arg-type]
    assert (fate.state == "failed") == (not shelf.added)
    assert fate.documents == len(shelf.added)
    assert (fate.problem is None) == (fate.state != "failed")
    assert all(document.location.startswith(place("me")) for document in shelf.added)
    assert all(str(Path.cwd()) not in part.path + part.reason for part in fate.unreadable)


# Files of the operator


def test_indexing_that_is_stopped_keeps_what_was_read(tmp_path: Path) -> None:
    for n in range(40):
        (tmp_path / f"{n:02}.txt").write_text(f"خبر رقم {n}: {SALIM}", encoding="utf-8")
    with Assistant.from_documents([], reader="sentences") as empty:
        filling = Filling(empty, [tmp_path])
        filling._stop.set()
        with filling:
            filling.join()
        assert empty.counts.documents == 0
        with Filling(empty, [tmp_path]) as again:
            again.join()
        assert empty.counts.documents == 40
