"""An index folder made to do harm is refused before any of it is trusted, and no file outside it is touched."""

import shutil
import sqlite3
import struct
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.arabic import terms
from embeddings.errors import DalilError, IndexDamagedError, IndexFolderError
from embeddings.folder import FileCheck, Seal, check_file, replace_file
from embeddings.index import Index
from embeddings.integrity import inspect
from embeddings.layouts import Layout, nearest, read, write
from embeddings.screening import is_kind_written_here
from embeddings.store import Store
from tests.altering import ENCODER, change
from tests.brute import assert_holds
from tests.fakes import ARTICLES
from tests.strategies import any_text  # noqa: F401 (loads the settings of all property tests)

# --- links ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["dalil.sqlite", "vectors.faiss", "terms.seal.json", "terms", "terms/meta.json", "new"]
)
def test_links_in_the_folder_are_refused_and_not_followed(folder: Path, tmp_path: Path, name: str) -> None:
    target = tmp_path / "precious"
    if (folder / name).exists():
        shutil.move(folder / name, target)
    else:
        target.write_text("mine")
    (folder / name).symlink_to(target)
    before = sorted(target.rglob("*")) if target.is_dir() else target.read_bytes()
    with pytest.raises(IndexFolderError, match="is a link"):
        Index.open(folder, ENCODER)
    assert (sorted(target.rglob("*")) if target.is_dir() else target.read_bytes()) == before


@pytest.mark.parametrize("opened", [lambda folder: Index.open(folder, ENCODER, create=True), inspect])
def test_a_lock_that_is_a_link_is_not_written_through(
    folder: Path, tmp_path: Path, opened: Callable[[Path], object]
) -> None:
    (tmp_path / "precious").write_text("mine")
    (folder / "writer.lock").unlink()
    (folder / "writer.lock").symlink_to(tmp_path / "precious")
    with pytest.raises(IndexFolderError):
        opened(folder)
    (folder / "dalil.sqlite").unlink()  # an index is begun behind the same lock
    shutil.rmtree(folder / "terms")
    (folder / "vectors.faiss").unlink()
    with pytest.raises(IndexFolderError):
        opened(folder)
    assert (tmp_path / "precious").read_text() == "mine"


def test_a_temporary_file_that_is_a_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "a.new").symlink_to(tmp_path / "precious")
    replace_file(tmp_path / "a", lambda path: path.write_text("new"))
    assert ((tmp_path / "precious").read_text(), (tmp_path / "a").read_text()) == ("mine", "new")


# --- SQLite -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER harm AFTER INSERT ON texts BEGIN DELETE FROM documents; END",
        "CREATE VIEW harm AS SELECT * FROM documents",
        "CREATE TABLE harm (x)",
        "CREATE VIRTUAL TABLE harm USING fts5(x)",
        "CREATE INDEX harm ON documents (upper(title))",
        "DROP INDEX documents_day",
        "ALTER TABLE documents ADD COLUMN harm AS (upper(title))",
        "DROP TABLE history",
    ],
)
def test_a_database_that_holds_what_dalil_has_not_made_is_refused(folder: Path, statement: str) -> None:
    change(folder, statement)
    with pytest.raises(IndexDamagedError, match="unlike any that Dalil has made"):
        Index.open(folder, ENCODER)


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER harm AFTER UPDATE ON settings BEGIN DELETE FROM documents; END",
        "CREATE VIEW harm AS SELECT 1",
    ],
)
def test_an_older_one_is_screened_before_it_is_brought_up_to_date(tmp_path: Path, number: int, statement: str) -> None:
    shutil.copy(Path(__file__).parent / "stores" / f"format-{number}.sqlite", tmp_path / "dalil.sqlite")
    change(tmp_path, statement)
    before = (tmp_path / "dalil.sqlite").read_bytes()
    with pytest.raises(IndexDamagedError, match="unlike any"):
        Store(tmp_path / "dalil.sqlite")
    assert (tmp_path / "dalil.sqlite").read_bytes() == before


def test_a_schema_is_not_trusted(folder: Path) -> None:
    store = Store(folder / "dalil.sqlite")
    assert store.database.rows("PRAGMA trusted_schema") == [(0,)]
    store.close()


def test_a_damaged_page_is_told_at_opening(folder: Path) -> None:
    path = folder / "dalil.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'passages_text'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    data = bytearray(path.read_bytes())
    data[root * size - 40 : root * size] = bytes(40)  # no reading of an index page would notice
    path.write_bytes(data)
    with pytest.raises(IndexDamagedError):
        Store(path)


@pytest.mark.parametrize("words", ["many", "", "-1"])
def test_settings_that_make_no_sense_are_refused(folder: Path, words: str) -> None:
    store = Store(folder / "dalil.sqlite")
    stored = store.settings | {"passage_words": words}
    ledger = store._ledger()
    with store.database.connection() as connection:
        connection.execute("UPDATE settings SET value = ? WHERE name = 'passage_words'", (words,))
        connection.execute("UPDATE version SET crc = ?", (ledger.check(stored),))  # as its maker would
    store.close()
    with pytest.raises(IndexDamagedError, match="how long its passages are"):
        Index.open(folder, ENCODER)


# --- FAISS ------------------------------------------------------------------------------------------------------------


def _files() -> dict[str, bytes]:
    """The bytes of a small index of each kind."""
    made: dict[str, bytes] = {}
    path = Path("/dev/shm" if Path("/dev/shm").is_dir() else "/tmp") / f"dalil-test-{id(made)}"  # noqa: S108
    vectors = np.random.default_rng(0).standard_normal((200, 16)).astype(np.float32)
    for layout in (Layout("whole"), Layout("bytes"), Layout("lists", 4)):
        index = layout.train(vectors, 16)
        index.add_with_ids(vectors, np.arange(200, dtype=np.int64))
        write(index, path)
        made[layout.kind] = path.read_bytes()
    path.unlink()
    return made


FILES = _files()


def sealed(folder: Path) -> None:
    """Make the seal of the vectors fit their file, as one who made both would."""
    seal = Seal.read(folder / "vectors.faiss.seal.json")
    assert seal is not None
    files: dict[str, FileCheck] = {"vectors.faiss": check_file(folder / "vectors.faiss")}
    Seal(seal.version, files).write(folder / "vectors.faiss.seal.json")


@pytest.mark.parametrize(
    "other",
    [
        faiss.IndexHNSWFlat(16, 8),
        faiss.IndexFlatIP(16),
        faiss.IndexIDMap2(faiss.IndexFlatIP(16)),
        faiss.IndexIDMap(faiss.IndexHNSWFlat(16, 8)),
        faiss.IndexIDMap(faiss.IndexFlatIP(8)),
        faiss.IndexPreTransform(faiss.RandomRotationMatrix(16, 16), faiss.IndexFlatIP(16)),
    ],
)
def test_faiss_is_not_given_an_index_of_another_kind(
    folder: Path, monkeypatch: pytest.MonkeyPatch, other: "faiss.Index"
) -> None:
    faiss.write_index(other, str(folder / "vectors.faiss"))
    sealed(folder)
    given: list[str] = []
    whole = faiss.read_index

    def noted(path: str, *flags: int) -> Any:
        given.append(path)
        return whole(path, *flags)

    monkeypatch.setattr(faiss, "read_index", noted)
    with pytest.raises(ValueError, match="no index of 16 dimensions"):
        read(folder / "vectors.faiss", 16)
    assert not given
    with Index.open(folder, ENCODER) as index:
        assert_holds(index, ARTICLES)  # made again from the stored vectors


def _read_from_another_file(data: bytearray) -> None:
    at = data.index(b"ilbl")
    data[at : at + 4] = b"ilod"  # such lists are read out of a file that this one names


def _grow_the_map(data: bytearray) -> None:
    at = data.index(b"ilbl") - 16 * 16 * 4 - 8 - 24 - 33 - 8  # how many entries the map from ids to lists has
    data[at] = 1


def _shift_what_is_inside(data: bytearray) -> None:
    """Compare in a way that takes a number of its own, so that all that follows lies four bytes further."""
    data[33] = 4


def _put_another_quantizer(data: bytearray) -> None:
    at = data.index(b"IxFI")
    data[at : at + 4] = b"IHNf"


@pytest.mark.parametrize(
    "harm", [_read_from_another_file, _grow_the_map, _shift_what_is_inside, _put_another_quantizer]
)
def test_faiss_is_not_given_lists_that_hold_something_else(tmp_path: Path, harm: Callable[[bytearray], None]) -> None:
    path, data = tmp_path / "vectors.faiss", bytearray(FILES["lists"])
    path.write_bytes(data)
    assert is_kind_written_here(path, 16)
    harm(data)
    path.write_bytes(data)
    assert not is_kind_written_here(path, 16)


def test_a_number_in_between_does_not_hide_another_kind(tmp_path: Path) -> None:
    head = struct.pack("<4si25xi", b"IxMp", 16, 4)
    (tmp_path / "v").write_bytes(head + b"IxFI" + b"IHNf" + bytes(200))  # FAISS would take IxFI for a number
    assert not is_kind_written_here(tmp_path / "v", 16)


@pytest.mark.parametrize("kind", ["whole", "bytes", "lists"])
@pytest.mark.parametrize("kept", [0, 10, 36, 60, 400])
def test_what_ends_too_soon_is_of_no_kind(tmp_path: Path, kind: str, kept: int) -> None:
    (tmp_path / "v").write_bytes(FILES[kind])
    assert is_kind_written_here(tmp_path / "v", 16)
    (tmp_path / "v").write_bytes(FILES[kind][:kept])
    assert kept > 60 or not is_kind_written_here(tmp_path / "v", 16)


def test_the_hash_is_compared_before_faiss_reads(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytearray((folder / "vectors.faiss").read_bytes())
    data[-1] ^= 1
    (folder / "vectors.faiss").write_bytes(data)
    reads: list[str] = []
    whole = faiss.read_index

    def told(path: str, *flags: int) -> "faiss.Index":
        reads.extend([check_file(Path(path)).sha256] if isinstance(path, str) else [])
        return whole(path, *flags)

    monkeypatch.setattr(faiss, "read_index", told)
    with Index.open(folder, ENCODER) as index:
        assert_holds(index, ARTICLES)
    assert len(reads) <= 1  # the new one


NUMBERS = st.sampled_from([b"\xff" * 8, b"\0" * 8, b"\0\0\0\x80", b"\0\0\0\0\0\1\0\0", b"\1\0\0\0", b"\x40\x42\x0f\0"])


@settings(max_examples=200)
@given(st.sampled_from(sorted(FILES)), st.lists(st.tuples(st.integers(0, 400), NUMBERS), min_size=1, max_size=3))
def test_any_bytes_of_a_faiss_file_are_searched_or_refused(
    tmp_path_factory: pytest.TempPathFactory, kind: str, changes: list[tuple[int, bytes]]
) -> None:
    data = bytearray(FILES[kind])
    for at, value in changes:
        data[at : at + len(value)] = value
    path = tmp_path_factory.getbasetemp() / "hostile.faiss"
    path.write_bytes(data)
    with suppress(ValueError, DalilError):
        index = read(path, 16)
        found, _ = nearest(index, np.ones((1, 16), np.float32), 10, None, thorough=True)
        assert len(found) <= 10


# --- tantivy ----------------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 10_000), NUMBERS), min_size=1, max_size=4))
def test_any_bytes_of_the_terms_are_searched_made_again_or_refused(
    written_once: Path, tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, bytes]]
) -> None:
    folder = Path(shutil.copytree(written_once, tmp_path_factory.mktemp("terms") / "index"))
    (path,) = (folder / "terms").glob("*.term")
    data = bytearray(path.read_bytes())
    for at, value in changes:
        data[at % len(data) : at % len(data) + len(value)] = value
    path.write_bytes(data)
    seal = Seal.read(folder / "terms.seal.json")
    assert seal is not None
    Seal(seal.version, {name: check_file(folder / "terms" / name) for name in seal.files}).write(
        folder / "terms.seal.json"
    )
    with suppress(DalilError), Index.open(folder, ENCODER) as index:
        index.search_terms(terms("الرئيس في العاصمة"), 10)
        index.search_terms(terms("مصراتة"), 10)
