"""An index of every format opens with all it held, one of a newer format is refused, and pages are kept."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from embeddings.errors import IndexDamagedError, IndexMismatchError
from embeddings.index import Changes, Counts, Index
from embeddings.integrity import inspect
from embeddings.migration import upgrade
from embeddings.records import check_of
from embeddings.schema import FORMAT_VERSION
from embeddings.store import Store
from embeddings.transaction import FACTS
from tests.brute import assert_holds
from tests.fakes import ARTICLES, HashingEncoder, document

STORES = Path(__file__).parent / "stores"
ENCODER = HashingEncoder(dimension=8)
ARTICLE = "عنوان الخبر\nأُسِرَ ثلاثون جنديًّا قرب بوّابة 27 غرب طرابلس.\nالمصدر | الجزيرة نت"
OTHER = "Second document, 𝛼 and \u200fmarks. Nothing else."
HELD = [
    ("a.txt", ARTICLE, "2019-04-05", "الجزيرة نت", ()),
    ("b/ب.md", OTHER, None, None, (0, 18)),
    ("c.txt", ARTICLE, "2019-04-06", "وكالة الأناضول", ()),
]
# What the fixture of each format holds: the first format kept no pages.
HELD_BY_FORMAT = {1: [HELD[0], (*HELD[1][:-1], ())]} | dict.fromkeys(range(2, FORMAT_VERSION + 1), HELD)


def changed(path: Path, statement: str, *values: str) -> Path:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)
    return path


@pytest.fixture(autouse=True)
def folding_of_the_fixtures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("embeddings.settings.FOLDING_VERSION", 1)


@pytest.fixture(params=range(1, FORMAT_VERSION + 1))
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[int, Path]:
    """A format, and a copy of the truth that a version of that format wrote, in a folder of its own."""
    (tmp_path / "index").mkdir()
    source = STORES / f"format-{request.param}.sqlite"
    return request.param, Path(shutil.copy(source, tmp_path / "index" / "dalil.sqlite"))


def test_an_index_of_every_format_opens_with_all_it_held(stored: tuple[int, Path]) -> None:
    number, path = stored
    ENCODER.encoded = 0
    with Index.open(path.parent, ENCODER) as index:
        held = [index.document(info.id) for info in index.documents()]
        assert [(d.path, d.text, d.date, d.source, d.pages) for d in held] == HELD_BY_FORMAT[number]
        assert index.generation == 1
        assert index.counts == Counts(documents=len(held), passages=2)
        assert ENCODER.encoded == 0
        assert_holds(index, held)
        assert index.add([document("d", "جديد", pages=(0,))]) == Changes(added=1)
        held.append(document("d", "جديد", pages=(0,)))
    assert not inspect(path.parent)
    with Index.open(path.parent, ENCODER) as index:
        assert_holds(index, held)


def test_two_that_bring_the_same_index_up_to_date_do_not_meet(stored: tuple[int, Path]) -> None:
    _, path = stored
    connection = sqlite3.connect(path, isolation_level=None)
    Store(path).close()
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


@pytest.mark.parametrize("stated", ["0", "-1", "two", "", "1", "2"])
def test_a_format_that_the_tables_are_not_of_is_damage(path: Path, stated: str) -> None:
    changed(path, "UPDATE settings SET value = ? WHERE name = 'format_version'", stated)
    with pytest.raises(IndexDamagedError, match="is damaged"):
        Store(path)


@pytest.mark.parametrize("pages", ["[1, ", '["x"]', "5", "[1e999]", "[" * 100_000])
def test_page_numbers_that_cannot_be_read_are_damage(path: Path, pages: str) -> None:
    """Somebody may have written them who knows how rows are checked."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.create_function("check_of", -1, check_of)
        connection.execute("UPDATE documents SET pages = ?", (pages,))
        connection.execute(f"UPDATE documents SET crc = check_of(number, text, {FACTS})")  # noqa: S608
    with pytest.raises(IndexDamagedError, match="page numbers"):
        Store(path).infos()


def test_a_document_knows_the_page_of_every_character() -> None:
    paged = document("a", "صفحة أولى\nصفحة ثالثة", pages=(0, 10, 10))  # the second is blank
    assert [paged.page(at) for at in (0, 9, 10, 19)] == [1, 1, 3, 3]
    assert document("a", "نص").page(0) is None
