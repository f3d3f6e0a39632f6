"""An index is brought up to date with a folder: added, changed, renamed, gone; checked, watched, listed, repaired."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from embeddings.comparison import Comparison
from embeddings.documents import USUAL, Document, read_documents
from embeddings.errors import DocumentError, IndexMissingError
from embeddings.folder import WriterLock
from embeddings.index import Index
from tests.fakes import HashingEncoder, article
from ui.updating import check_paths, update_paths, watch_paths
from ui.watching import watch

ROOT = Path(__file__).parents[1]


def write(folder: Path, name: str, seed: int) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(article("", seed, words=40).text, encoding="utf-8")
    return path


@pytest.fixture
def news(tmp_path: Path) -> Path:
    """A folder of four articles."""
    for seed, name in enumerate(("أول.txt", "ثان.txt", "فرع/ثالث.txt", "فرع/رابع.txt")):
        write(tmp_path / "أخبار", name, seed)
    return tmp_path / "أخبار"


@pytest.fixture
def encoder() -> HashingEncoder:
    return HashingEncoder(dimension=8)


@pytest.fixture
def index(tmp_path: Path, news: Path, encoder: HashingEncoder, capfd: pytest.CaptureFixture[str]) -> Iterator[Index]:
    """An index of them."""
    with Index.open(tmp_path / "index", encoder, create=True) as opened:
        assert update_paths(opened, [news], USUAL, prune=False)
        assert summary(capfd) == ["4 added, 0 updated, 0 renamed, 0 removed, 0 unchanged, 0 unreadable"]
        encoder.encoded = 0
        yield opened


def summary(capfd: pytest.CaptureFixture[str]) -> list[str]:
    return capfd.readouterr().err.splitlines()


def paths(index: Index) -> set[str]:
    return {info.path for info in index.documents()}


def test_what_happened_to_files_is_told_apart(
    index: Index, news: Path, encoder: HashingEncoder, capfd: pytest.CaptureFixture[str]
) -> None:
    write(news, "خامس.txt", 5)
    write(news, "ثان.txt", 6)
    (news / "فرع/ثالث.txt").rename(news / "ثالث منقول.txt")
    (news / "فرع/رابع.txt").unlink()
    assert update_paths(index, [news], USUAL, prune=True)
    assert summary(capfd) == ["1 added, 1 updated, 1 renamed, 1 removed, 1 unchanged, 0 unreadable"]
    assert paths(index) == {"أول.txt", "ثان.txt", "ثالث منقول.txt", "خامس.txt"}
    assert encoder.encoded == 2  # the new one and the changed one, of a passage each
    assert update_paths(index, [news], USUAL, prune=True)
    assert summary(capfd) == ["0 added, 0 updated, 0 renamed, 0 removed, 4 unchanged, 0 unreadable"]
    assert encoder.encoded == 2


def test_without_pruning_nothing_goes(
    index: Index, news: Path, encoder: HashingEncoder, capfd: pytest.CaptureFixture[str]
) -> None:
    (news / "فرع/ثالث.txt").rename(news / "ثالث منقول.txt")
    (news / "فرع/رابع.txt").unlink()
    update_paths(index, [news], USUAL, prune=False)
    assert summary(capfd) == [
        "1 added, 0 updated, 0 renamed, 0 removed, 2 unchanged, 0 unreadable",
        "2 in the index are not there any more; --prune takes them out",
    ]
    assert len(paths(index)) == 5
    assert encoder.encoded == 0  # a text that is stored already, under one more name


def test_a_folder_that_is_not_there_takes_nothing_out(
    index: Index, news: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    news.rename(news.with_name("elsewhere"))
    assert not update_paths(index, [news], USUAL, prune=True)
    assert "4 in the index may stand in what could not be read, and stay" in summary(capfd)
    news.mkdir()  # as when a disk is not mounted
    assert not update_paths(index, [news], USUAL, prune=True)
    assert len(paths(index)) == 4


def test_a_file_that_cannot_be_read_any_more_stays(index: Index, news: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (news / "أول.txt").write_bytes(bytes(range(256)) * 8)
    (news / "ثان.txt").unlink()
    assert not update_paths(index, [news], USUAL, prune=True)
    assert summary(capfd)[1:] == [
        "0 added, 0 updated, 0 renamed, 1 removed, 2 unchanged, 1 unreadable",
        "1 in the index may stand in what could not be read, and stay",
    ]
    assert paths(index) == {"أول.txt", "فرع/ثالث.txt", "فرع/رابع.txt"}


def test_only_what_was_below_the_paths_is_taken_out(index: Index, news: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "أخبار أخرى", "سادس.txt", 7)  # its name begins as the other folder's does
    update_paths(index, [other.parent], USUAL, prune=True)
    (news / "أول.txt").unlink()
    other.unlink()
    write(other.parent, "سابع.txt", 8)
    update_paths(index, [other.parent], USUAL, prune=True)
    assert paths(index) == {"أول.txt", "ثان.txt", "فرع/ثالث.txt", "فرع/رابع.txt", "سابع.txt"}
    update_paths(index, [news / "فرع", news / "ثان.txt"], USUAL, prune=True)
    assert "أول.txt" in paths(index)


def test_lines_of_a_table_that_went_are_taken_out(tmp_path: Path, encoder: HashingEncoder) -> None:
    table = tmp_path / "t.jsonl"
    lines = [f'{{"id": "{n}", "text": "خبر {n} من العاصمة"}}\n' for n in range(4)]
    table.write_text("".join(lines), encoding="utf-8")
    with Index.open(tmp_path / "index", encoder, create=True) as index:
        update_paths(index, [table], USUAL, prune=True)
        table.write_text("".join([lines[0], lines[2], "no json\n"]), encoding="utf-8")
        update_paths(index, [table], USUAL, prune=True)
        assert index.counts.documents == 4  # one of them may be the line that cannot be read
        table.write_text("".join([lines[0], lines[2]]), encoding="utf-8")
        update_paths(index, [table], USUAL, prune=True)
        assert {info.location.rpartition("#")[2] for info in index.documents()} == {"0", "2"}


def test_interrupted_work_goes_on_where_it_stopped(
    tmp_path: Path, news: Path, encoder: HashingEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embeddings.batches._BATCH_DOCUMENTS", 1)

    def stops(found: list[Document]) -> Iterator[Document]:
        yield from found[:2]
        raise KeyboardInterrupt

    found = [item for item in read_documents([news]) if isinstance(item, Document)]
    with Index.open(tmp_path / "index", encoder, create=True) as index:
        with pytest.raises(KeyboardInterrupt):
            index.add(stops(found))
        encoder.encoded = 0
        update_paths(index, [news], USUAL, prune=True)
        assert (encoder.encoded, index.counts.documents) == (3, 4)


# --check


def test_check_names_every_difference_and_changes_nothing(
    index: Index, news: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert check_paths(tmp_path / "index", [news], USUAL)
    assert capfd.readouterr() == ("", "4 unchanged, 0 different, 0 unreadable\n")
    write(news, "خامس.txt", 5)
    write(news, "ثان.txt", 6)
    (news / "فرع/ثالث.txt").rename(news / "ثالث.txt")
    (news / "فرع/رابع.txt").unlink()
    generation = index.generation
    assert not check_paths(tmp_path / "index", [news], USUAL)
    told = capfd.readouterr()
    assert told.out.splitlines() == [
        "added    خامس.txt",
        "changed  ثان.txt",
        "renamed  فرع/ثالث.txt -> ثالث.txt",
        "gone     فرع/رابع.txt",
    ]
    assert told.err == "1 unchanged, 4 different, 0 unreadable\n"
    assert index.generation == generation
    assert len(index.documents()) == 4


def test_without_an_index_there_is_nothing_to_check(tmp_path: Path, news: Path) -> None:
    with pytest.raises(IndexMissingError, match="dalil index PATH"):
        check_paths(tmp_path / "none", [news], USUAL)


def test_a_text_that_is_there_twice_is_renamed_once(news: Path, index: Index) -> None:
    comparison = Comparison(index.documents(), [news])
    (news / "أول.txt").rename(news / "أ.txt")
    write(news, "ب.txt", 0)
    for item in read_documents([news]):
        comparison.see(item)
    found = comparison.differences()
    assert [(old.path, new.path) for old, new in found.renamed] == [("أول.txt", "أ.txt")]
    assert [info.path for info in found.added] == ["ب.txt"]
    assert not found.gone


# --watch


@contextmanager
def watching(index: Index, folder: Path) -> Iterator[None]:
    """Watch `folder` in a thread; the block's end stops it."""
    stop = threading.Event()

    def update_until_stopped() -> bool:
        if stop.is_set():
            raise KeyboardInterrupt
        return update_paths(index, [folder], USUAL, prune=True)

    def run() -> None:
        with suppress(KeyboardInterrupt):
            watch([folder], index.folder, update_until_stopped)

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run)
        try:
            yield
        finally:
            stop.set()
            write(folder, "last.txt", 99)
            running.result(60)


def eventually(index: Index, expected: set[str]) -> None:
    deadline = time.monotonic() + 60
    while paths(index) != expected:
        assert time.monotonic() < deadline, paths(index)
        time.sleep(0.05)


def test_watching_follows_the_folder(index: Index, news: Path) -> None:
    here = {"أول.txt", "ثان.txt", "فرع/ثالث.txt", "فرع/رابع.txt"}
    write(news, "قبل.txt", 10)
    with watching(index, news):
        eventually(index, here | {"قبل.txt"})
        write(news, "فرع/بعد.txt", 11)
        eventually(index, here | {"قبل.txt", "فرع/بعد.txt"})
        (news / "قبل.txt").unlink()
        eventually(index, here | {"فرع/بعد.txt"})


def test_what_cannot_be_watched_is_told(index: Index, tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="no such file or folder"):
        watch([tmp_path / "none"], index.folder, lambda: True)


def test_a_busy_index_does_not_end_the_watch(
    index: Index, news: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("embeddings.index.WRITER_SECONDS", 0)
    other = WriterLock(index.folder / "writer.lock")
    other.acquire(0)
    turns: list[bool] = []

    def turned(*arguments: object) -> None:
        update = arguments[2]
        assert callable(update)
        turns.append(update())
        other.release()
        turns.append(update())
        raise KeyboardInterrupt

    monkeypatch.setattr("ui.updating.watch", turned)
    assert watch_paths(index, [news], USUAL, prune=False)
    assert turns == [False, True]
    assert any(f"Another process ({os.getpid()}) is writing" in line for line in summary(capfd))


# The commands themselves


def dalil(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "ui.cli", *map(str, arguments)]


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        dalil(*arguments), cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=300, check=False
    )


def test_ctrl_c_ends_watching_quietly(news: Path, tmp_path: Path) -> None:
    folder = tmp_path / "watched"
    with subprocess.Popen(
        dalil("index", news, "--index", folder, "--watch"), cwd=ROOT, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr is not None
        told: list[str] = []
        while not told or "4 added" not in told[-1]:
            told.append(running.stderr.readline())
            assert told[-1], told
        running.send_signal(signal.SIGINT)
        rest = running.stderr.read()
        assert running.wait(60) == 0
    assert rest.splitlines() == ["stopped; what was indexed stays"]


def test_documents_are_listed_shown_and_removed(index: Index, news: Path, tmp_path: Path) -> None:
    index.close()
    folder = tmp_path / "index"
    (shown,) = (line for line in run("documents", "list", "--index", folder).stdout.splitlines() if "أول.txt" in line)
    document_id = shown.split()[0]
    text = (news / "أول.txt").read_text(encoding="utf-8")
    told = run("documents", "show", document_id, "--index", folder).stdout
    assert told.endswith(f"\n\n{text}\n")
    assert f"id: {document_id}\n" in told
    removed = run("documents", "remove", document_id, "none", "--json", "--index", folder)
    assert removed.stdout == f'{{"removed": ["{document_id}"], "unknown": ["none"]}}\n'
    assert removed.returncode == 1
    assert "dalil documents list --index" in removed.stderr
    listed = run("documents", "list", "--json", "--index", folder).stdout.splitlines()
    assert len(listed) == 3
    assert document_id not in "".join(listed)
    gone = run("documents", "show", document_id, "--index", folder)
    assert (gone.returncode, gone.stdout) == (1, "")
    assert gone.stderr.startswith(f"dalil: no document has the id {document_id}")


def test_repair_mends_without_a_model(index: Index, tmp_path: Path) -> None:
    index.close()
    vectors = tmp_path / "index" / "vectors.faiss"
    whole = vectors.read_bytes()
    vectors.write_bytes(whole[:-1])
    told = run("index", "--repair", "--index", tmp_path / "index")
    assert told.returncode == 0, told.stderr
    assert told.stderr == "made again from what is stored: vectors and terms of 4 passages\n"
    assert vectors.read_bytes() == whole


@pytest.mark.parametrize(
    "arguments", [["index"], ["index", "seeds", "--repair"], ["index", "seeds", "--check", "--prune"]]
)
def test_what_does_not_go_together_is_told(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert "--repair" in done.stderr
