"""An index of every older format opens with all it held, one of a newer format is refused, and pages are kept."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from embeddings.arabic import FOLDING_VERSION
from embeddings.errors import IndexDamagedError, IndexMismatchError
from embeddings.index import Changes, Index
from embeddings.schema import FORMAT_VERSION, upgrade
from embeddings.store import Store
from tests.brute import assert_holds
from tests.fakes import ARTICLES, HashingEncoder, document

STORES = Path(__file__).parent / "stores"
ENCODER = HashingEncoder(dimension=8)
OLD = {
    "a.txt": "عنوان الخبر\nأُسِرَ ثلاثون جنديًّا قرب بوّابة 27 غرب طرابلس.\nالمصدر | الجزيرة نت",
    "b/ب.md": "Second document, 𝛼 and \u200fmarks. Nothing else.",
}


def changed(path: Path, statement: str, *values: str) -> Path:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)
    return path


@pytest.fixture(params=range(1, FORMAT_VERSION))
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of the truth that an earlier version wrote, in a folder of its own."""
    (tmp_path / "index").mkdir()
    copied = shutil.copy(STORES / f"format-{request.param}.sqlite", tmp_path / "index" / "dalil.sqlite")
    return changed(copied, "UPDATE settings SET value = ? WHERE name = 'folding_version'", str(FOLDING_VERSION))


def test_an_index_of_an_older_format_opens_with_all_it_held(old: Path) -> None:
    ENCODER.encoded = 0
    with Index.open(old.parent, ENCODER) as index:
        held = [index.document(info.id) for info in index.documents()]
        assert {document.path: document.text for document in held} == OLD
        assert [document.date for document in held] == ["2019-04-05", None]
        assert index.generation == 1
        assert ENCODER.encoded == 0
        assert_holds(index, held)
        assert index.add([document("c", "جديد", pages=(0,))]) == Changes(added=1)
    with Index.open(old.parent, ENCODER) as index:
        assert index.documents()[-1].pages == (0,)
        assert index.documents()[0].pages == ()


def test_two_that_bring_the_same_index_up_to_date_do_not_meet(old: Path) -> None:
    connection = sqlite3.connect(old, isolation_level=None)
    Store(old).close()
    upgrade(connection)  # the one that comes second has nothing left to do
    assert connection.execute("SELECT value FROM settings WHERE name = 'format_version'").fetchall() == [
        (str(FORMAT_VERSION),)
    ]
    connection.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Index.open(tmp_path, ENCODER, create=True) as index:
        index.add(ARTICLES[:1])
    return tmp_path / "dalil.sqlite"


def test_an_index_of_a_newer_format_is_refused_with_both_versions(path: Path) -> None:
    changed(path, "UPDATE settings SET value = '99' WHERE name = 'format_version'")
    with pytest.raises(IndexMismatchError, match=f"format version 99, .* up to {FORMAT_VERSION}"):
        Index.open(path.parent, ENCODER)


@pytest.mark.parametrize("stated", ["0", "-1", "two", ""])
def test_a_format_that_never_was_is_damage(path: Path, stated: str) -> None:
    changed(path, "UPDATE settings SET value = ? WHERE name = 'format_version'", stated)
    with pytest.raises(IndexDamagedError, match="format version cannot be read"):
        Store(path)


@pytest.mark.parametrize("pages", ["[1, ", '["x"]', "5", "[1e999]", "[" * 100_000])
def test_page_numbers_that_cannot_be_read_are_damage(path: Path, pages: str) -> None:
    changed(path, "UPDATE documents SET pages = ?", pages)
    with pytest.raises(IndexDamagedError, match="page numbers"):
        Store(path).infos()


def test_a_document_knows_the_page_of_every_character() -> None:
    paged = document("a", "صفحة أولى\nصفحة ثالثة", pages=(0, 10, 10))  # the second is blank
    assert [paged.page(at) for at in (0, 9, 10, 19)] == [1, 1, 3, 3]
    assert document("a", "نص").page(0) is None
