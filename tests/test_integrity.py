"""`inspect` finds what `open` does not look at, and `repair` makes derived parts again or refuses."""

import shutil
from pathlib import Path

import pytest

from embeddings.documents import Document, read_documents
from embeddings.errors import IndexDamagedError, IndexMissingError, ModelError
from embeddings.folder import WriterLock
from embeddings.index import Changes, Counts, Index
from embeddings.integrity import inspect, repair
from embeddings.settings import StoredEncoder
from embeddings.store import Store
from tests.altering import ENCODER, change
from tests.brute import assert_holds
from tests.fakes import ARTICLES, HashingEncoder, article


def test_a_whole_index_has_nothing_wrong_and_stays_as_it_is(folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert inspect(folder) == []
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    lock = folder / "writer.lock"
    assert before | {lock: b""} == after | {lock: b""}


def test_nothing_to_inspect_is_told(tmp_path: Path) -> None:
    with pytest.raises(IndexMissingError, match="dalil index PATH"):
        inspect(tmp_path / "none")
    with pytest.raises(IndexMissingError, match="dalil index PATH"):
        repair(tmp_path / "none")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE texts SET content = replace(content, 'ا', 'أ') WHERE number = 2",
        "UPDATE texts SET story = 1 WHERE number = 2",
        "UPDATE texts SET content = CAST(x'ff' || CAST(content AS BLOB) AS TEXT) WHERE number = 2",
        "UPDATE documents SET source = 'وكالة أخرى' WHERE path = 'b'",
        "UPDATE documents SET title = CAST(x'ff' AS TEXT) WHERE path = 'b'",
        "UPDATE documents SET sha256 = (SELECT sha256 FROM texts WHERE number = 1) WHERE path = 'b'",
        "UPDATE passages SET end = end - 1 WHERE text = 2",
        "UPDATE vectors SET vector = zeroblob(64) WHERE passage IN (SELECT id FROM passages WHERE text = 2)",
    ],
)
def test_damage_to_one_document_is_mended_by_taking_it_out(folder: Path, statement: str) -> None:
    change(folder, statement)
    (found,) = inspect(folder)
    assert f"{folder / 'dalil.sqlite'} is damaged: what is stored of b is not" in found
    assert f"dalil documents remove {ARTICLES[1].id} --index {folder} && dalil index PATH --index {folder}" in found
    with pytest.raises(IndexDamagedError, match="is not what was written"):
        repair(folder)
    with Index.open(folder, ENCODER) as index:
        index.remove([ARTICLES[1].id])
        ENCODER.encoded = 0
        index.add(ARTICLES)
        assert ENCODER.encoded < 6
        assert_holds(index, ARTICLES)
    assert inspect(folder) == []


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM documents WHERE path = 'b'",
        "DELETE FROM passages WHERE id = 2",
        "DELETE FROM vectors WHERE passage = 2",
        "DELETE FROM bands WHERE text = 2",
        "INSERT INTO bands VALUES (5, 2)",
        "DELETE FROM texts WHERE number = 2",
        "UPDATE documents SET text = 77 WHERE path = 'b'",
    ],
)
def test_a_truth_that_lost_rows_is_refused(folder: Path, statement: str) -> None:
    change(folder, statement)
    (found,) = inspect(folder)
    assert f"{folder / 'dalil.sqlite'} is damaged: " in found
    assert "then restore it from a copy" in found
    with pytest.raises(IndexDamagedError, match="then restore it from a copy"):
        repair(folder)


@pytest.mark.parametrize("part", ["vectors.faiss", "terms"])
def test_a_damaged_part_is_named_and_repaired_without_embedding(folder: Path, part: str) -> None:
    for path in [folder / part] if (folder / part).is_file() else (folder / part).glob("*.*"):
        if path.stat().st_size > 100:
            data = bytearray(path.read_bytes())
            data[-80] ^= 1
            path.write_bytes(data)
    (found,) = inspect(folder)
    assert found.startswith(f"{folder / part}: ")
    assert f"dalil index --repair --index {folder}" in found
    assert repair(folder) == Counts(4, Store(folder / "dalil.sqlite").counts.passages)
    assert inspect(folder) == []
    ENCODER.encoded = 0
    with Index.open(folder, ENCODER) as index:
        assert ENCODER.encoded == 0
        assert_holds(index, ARTICLES)


def test_a_part_that_only_lags_behind_is_sound(folder: Path, written_once: Path) -> None:
    with Index.open(folder, ENCODER) as index:
        index.add([article("e", 5)])
    for name in ("vectors.faiss", "vectors.faiss.seal.json", "terms.seal.json"):
        shutil.copy(written_once / name, folder / name)
    shutil.rmtree(folder / "terms")
    shutil.copytree(written_once / "terms", folder / "terms")
    assert inspect(folder) == []


def test_a_lost_change_is_told_once(folder: Path, written_once: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Index.open(folder, ENCODER) as index:
        index.add([article("e", 5)])
    shutil.copy(written_once / "dalil.sqlite", folder / "dalil.sqlite")
    with Index.open(folder, ENCODER) as index:
        assert "made from change 2, and the stored truth is at change 1" in caplog.text
        assert_holds(index, ARTICLES)
    caplog.clear()
    Index.open(folder, ENCODER).close()
    assert not caplog.text


def test_a_truth_of_another_history_is_not_matched_with_these_parts(folder: Path, tmp_path: Path) -> None:
    others = [article(name, seed + 50) for seed, name in enumerate("wxyz")]
    with Index.open(tmp_path / "other", ENCODER, create=True) as other:
        other.add(others)
        other.add([article("v", 60)])  # further on than the parts: its ids are theirs, its passages are not
    shutil.copy(tmp_path / "other" / "dalil.sqlite", folder / "dalil.sqlite")
    with Index.open(folder, ENCODER) as index:
        assert_holds(index, [*others, article("v", 60)])


def test_an_index_that_is_being_written_is_not_inspected(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embeddings.integrity.WRITER_SECONDS", 0.1)
    lock = WriterLock(folder / "writer.lock")
    lock.acquire(0)
    with pytest.raises(Exception, match=r"Another process \(\d+\) is writing"):
        inspect(folder)
    lock.release()


def test_documents_can_be_removed_without_the_model_that_made_the_index(folder: Path) -> None:
    store = Store(folder / "dalil.sqlite")
    stand_in = StoredEncoder(store.settings)
    store.close()
    with Index.open(folder, stand_in) as index:
        assert index.remove([ARTICLES[0].id]) == 1
        with pytest.raises(ModelError, match="without its model hashing"):
            index.add([article("e", 5)])
    with Index.open(folder, ENCODER) as index:
        assert_holds(index, ARTICLES[1:])


# The same again


def build(folder: Path, *portions: list[str]) -> str:
    """Index articles by name, in portions; those that come in no portion any more are removed."""
    with Index.open(folder, ENCODER, create=True) as index:
        for names in portions:
            wanted = [article(name, ord(name)) for name in names]
            index.add(wanted)
            index.remove({info.id for info in index.documents()} - {document.id for document in wanted})
        return index.fingerprint


def test_the_same_work_gives_the_same_fingerprint_and_the_same_vectors(tmp_path: Path) -> None:
    prints = {build(tmp_path / name, ["a", "b", "c"], ["a", "c", "d"]) for name in "xy"}
    assert len(prints) == 1
    (first, second) = ((tmp_path / name / "vectors.faiss").read_bytes() for name in "xy")
    assert first == second
    repair(tmp_path / "y")
    assert (tmp_path / "y" / "vectors.faiss").read_bytes() == first


def test_the_same_files_elsewhere_in_another_order_give_the_same_fingerprint(tmp_path: Path) -> None:
    names = ["نيسان.txt", "أيار.txt", "b/حزيران.md"]
    prints = set()
    for place, order in (("x", [0, 1, 2]), ("another place/y", [2, 0, 1])):
        for name in names:
            (tmp_path / place / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / place / name).write_text(f"وصل الوفد في {name} إلى المدينة.", encoding="utf-8")
        read = [item for item in read_documents([tmp_path / place]) if isinstance(item, Document)]
        assert len(read) == len(names)
        with Index.open(tmp_path / f"index of {place}", ENCODER, create=True) as index:
            for number in order:
                index.add([read[number]])
            prints.add(index.fingerprint)
    assert len(prints) == 1


def test_the_same_documents_in_the_same_order_give_the_same_bytes(tmp_path: Path) -> None:
    """But for the terms: tantivy names its files at random. Seals and lock name those, and the process."""
    bytes_of = {}
    for place in ("x", "another place/y"):
        build(tmp_path / place, ["a", "b", "c"])
        build(tmp_path / place, ["b", "d"])
        bytes_of[place] = {
            path.name: path.read_bytes()
            for path in (tmp_path / place).iterdir()
            if path.suffix in (".sqlite", ".faiss")
        }
    assert bytes_of["x"].keys() == {"dalil.sqlite", "vectors.faiss"}
    assert bytes_of["x"] == bytes_of["another place/y"]


def test_a_fingerprint_knows_documents_and_settings_not_their_history(tmp_path: Path) -> None:
    made = build(tmp_path / "x", ["a", "b"])
    assert len(made) == 64
    assert build(tmp_path / "y", ["b", "z"], ["b", "a"]) == made
    assert build(tmp_path / "z", ["a", "b", "c"]) != made
    with Index.open(tmp_path / "w", HashingEncoder(name="other", dimension=16), create=True) as index:
        index.add([article("a", 97), article("b", 98)])
        assert index.fingerprint != made
        before = index.fingerprint
        assert index.add([article("a", 97, date="2019-04-05")]) == Changes(replaced=1)
        assert index.fingerprint != before
