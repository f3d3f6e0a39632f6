"""Damage to any file of the folder: derived parts are made again, a damaged truth is refused, nothing is guessed."""

import logging
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from embeddings.errors import IndexDamagedError, IndexFolderError
from embeddings.index import Changes, Index
from tests.brute import assert_holds
from tests.fakes import ARTICLES, HashingEncoder, article


@pytest.fixture
def encoder() -> HashingEncoder:
    return HashingEncoder()


@pytest.fixture
def folder(tmp_path: Path, encoder: HashingEncoder) -> Path:
    with Index.open(tmp_path / "index", encoder, create=True) as index:
        index.add(ARTICLES)
    return tmp_path / "index"


@pytest.fixture
def index(folder: Path, encoder: HashingEncoder) -> Iterator[Index]:
    with Index.open(folder, encoder) as opened:
        yield opened


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    path.write_bytes(data)


def _grow(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"more")


def _delete(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.mark.parametrize("harm", [_cut, _flip, _grow, _delete])
@pytest.mark.parametrize(
    "part", ["vectors.faiss", "vectors.faiss.seal.json", "terms.seal.json", "terms/meta.json", "terms/*"]
)
def test_a_damaged_derived_part_is_made_again(
    folder: Path, encoder: HashingEncoder, caplog: pytest.LogCaptureFixture, part: str, harm: Callable[[Path], None]
) -> None:
    for path in sorted(folder.glob(part)):
        if path.stat().st_size:
            harm(path)
    encoder.encoded = 0
    with caplog.at_level(logging.WARNING, "embeddings"), Index.open(folder, encoder) as index:
        assert encoder.encoded == 0
        assert_holds(index, ARTICLES)
    if "seal" not in part:
        assert "making it again" in caplog.text
    caplog.clear()
    with Index.open(folder, encoder) as index:
        assert_holds(index, ARTICLES)
    assert not caplog.text


def test_parts_of_another_index_are_not_believed(tmp_path: Path, folder: Path, encoder: HashingEncoder) -> None:
    others = [article(name, seed + 50) for seed, name in enumerate("wxyz")]
    with Index.open(tmp_path / "other", encoder, create=True) as other:
        other.add(others)
    for name in ("vectors.faiss", "vectors.faiss.seal.json", "terms.seal.json"):
        shutil.copy(tmp_path / "other" / name, folder / name)
    shutil.rmtree(folder / "terms")
    shutil.copytree(tmp_path / "other" / "terms", folder / "terms")
    with Index.open(folder, encoder) as index:
        assert_holds(index, ARTICLES)


def test_parts_that_lag_behind_are_caught_up(tmp_path: Path, folder: Path, encoder: HashingEncoder) -> None:
    shutil.copytree(folder, tmp_path / "old")
    with Index.open(folder, encoder) as index:
        index.add([article("e", 5), article("a", 6)])
        index.remove([ARTICLES[2].id])
        now = [article("a", 6), ARTICLES[1], ARTICLES[3], article("e", 5)]
        assert_holds(index, now)
    for name in ("vectors.faiss", "vectors.faiss.seal.json", "terms.seal.json"):
        shutil.copy(tmp_path / "old" / name, folder / name)
    shutil.rmtree(folder / "terms")
    shutil.copytree(tmp_path / "old" / "terms", folder / "terms")
    encoder.encoded = 0
    with Index.open(folder, encoder) as index:
        assert encoder.encoded == 0
        assert_holds(index, now)


@pytest.mark.parametrize("content", [b"", b"x", b"not a database" * 1000, bytes(8192)])
def test_a_truth_that_is_no_database_is_refused(folder: Path, encoder: HashingEncoder, content: bytes) -> None:
    (folder / "dalil.sqlite").write_bytes(content)
    with pytest.raises(IndexDamagedError, match=r"dalil\.sqlite is damaged"):
        Index.open(folder, encoder, create=True)
    assert (folder / "dalil.sqlite").read_bytes() == content


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99, 0.99999])
def test_a_cut_truth_is_refused(folder: Path, encoder: HashingEncoder, share: float) -> None:
    data = (folder / "dalil.sqlite").read_bytes()
    (folder / "dalil.sqlite").write_bytes(data[: int(len(data) * share)])
    with pytest.raises(IndexDamagedError, match=r"dalil\.sqlite is damaged"):
        Index.open(folder, encoder)


def test_a_truth_that_is_gone_is_not_begun_anew(folder: Path, encoder: HashingEncoder) -> None:
    (folder / "dalil.sqlite").unlink()
    with pytest.raises(IndexDamagedError, match="and terms, made from it"):
        Index.open(folder, encoder, create=True)


def test_an_older_truth_than_its_parts_wins(tmp_path: Path, folder: Path, encoder: HashingEncoder) -> None:
    shutil.copy(folder / "dalil.sqlite", tmp_path / "old.sqlite")
    with Index.open(folder, encoder) as index:
        index.add([article("e", 5)])
    shutil.copy(tmp_path / "old.sqlite", folder / "dalil.sqlite")
    with Index.open(folder, encoder) as index:
        assert_holds(index, ARTICLES)
        index.add([article("f", 6)])  # takes the same passage ids that "e" had
        assert_holds(index, [*ARTICLES, article("f", 6)])


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, encoder: HashingEncoder) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(IndexFolderError, match="could not be begun"):
        Index.open(tmp_path / "file" / "index", encoder, create=True)


def test_terms_that_went_away_are_told_and_mended_at_the_next_opening(
    index: Index, folder: Path, encoder: HashingEncoder
) -> None:
    shutil.rmtree(folder / "terms")
    with pytest.raises(IndexFolderError, match="What was stored before is safe"):
        index.add([article("e", 5)])
    index.close()
    with Index.open(folder, encoder) as again:
        assert_holds(again, ARTICLES)


@pytest.mark.parametrize("step", ["terms.TermIndex.commit", "vectors.VectorIndex.save", "folder.Seal.write"])
def test_parts_that_cannot_be_written_are_made_up_at_the_next_change(
    index: Index, encoder: HashingEncoder, step: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"embeddings.{step}", full)
        with pytest.raises(IndexFolderError, match="No space left on device"):
            index.add([article("e", 5), article("a", 6)])
    encoder.encoded = 0
    assert index.add([article("e", 5)]) == Changes(unchanged=1)
    assert encoder.encoded == 0
    assert_holds(index, [article("a", 6), *ARTICLES[1:], article("e", 5)])


def test_no_pickle_in_the_folder(folder: Path) -> None:
    for path in folder.rglob("*"):
        assert path.suffix not in {".pkl", ".pickle", ".npy"}
    with closing(sqlite3.connect(folder / "dalil.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
