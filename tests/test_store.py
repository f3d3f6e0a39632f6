"""The stored truth: changes made wholly or not at all, ids never used twice, filters, damage told."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from embeddings.documents import Document
from embeddings.errors import IndexDamagedError, IndexFolderError
from embeddings.filters import days
from embeddings.schema import FORMAT_VERSION
from embeddings.store import DocumentInfo, Entry, Store
from tests.fakes import document


@pytest.fixture
def path(tmp_path: Path) -> Path:
    Store.create(tmp_path / "dalil.sqlite", {"encoder": "fake"})
    return tmp_path / "dalil.sqlite"


def entry(what: Document, *, passages: int = 2) -> Entry:
    ranges = [(i, i + 1) for i in range(passages)]
    vectors = np.random.default_rng(len(what.text)).standard_normal((passages, 8)).astype(np.float32)
    return Entry(what, ranges, vectors)


def test_what_was_stored_comes_back_the_same(path: Path) -> None:
    article = document("أ.txt", "نصّ\nفيه 𝛼 و\u200fعلامات", date="2019-04-05", source="الخليج الجديد", pages=(0, 4, 4))
    stored = entry(article, passages=3)
    store = Store(path)
    assert store.put([stored]) == ([], [1, 2, 3])
    store.close()
    store = Store(path)
    assert store.document(article.id) == article
    assert store.infos() == [DocumentInfo.of(article)]
    assert [(p.id, p.document_id, p.start, p.end) for p in store.passages([3, 1])] == [
        (3, article.id, 2, 3),
        (1, article.id, 0, 1),
    ]
    ((ids, vectors),) = store.vectors(np.array([1, 2, 3, 99], dtype=np.int64))
    assert ids.tolist() == [1, 2, 3]
    np.testing.assert_array_equal(vectors, stored.vectors)
    assert (store.counts.documents, store.counts.passages) == (1, 3)
    assert store.document("none") is None
    assert store.settings == {"encoder": "fake", "format_version": str(FORMAT_VERSION)}


def test_a_text_is_found_by_the_beginning_of_its_hash(path: Path) -> None:
    store = Store(path)
    one, same, other = document("a.txt", "نصّ"), document("b.txt", "نصّ"), document("c.txt", "آخر")
    store.put([entry(one), entry(same), entry(other)])
    assert store.path_of(one.sha256) == store.path_of(one.sha256[:16]) == "a.txt"
    assert store.path_of(other.sha256[:16]) == "c.txt"
    assert store.path_of("%") is None
    store.remove([one.id])
    assert store.path_of(one.sha256[:16]) == "b.txt"


def test_a_passage_id_is_never_used_twice(path: Path) -> None:
    store = Store(path)
    first = document("a", "one")
    assert store.put([entry(first)]) == ([], [1, 2])
    assert store.put([entry(document("a", "other"))]) == ([1, 2], [3, 4])
    assert store.remove([first.id]) == [3, 4]
    store.close()
    assert Store(path).put([entry(first), entry(document("b", "two"))]) == ([], [5, 6, 7, 8])


def test_removed_text_is_not_left_in_the_files(path: Path) -> None:
    store = Store(path)
    secret = "كلمةسرلاتنسى" * 50
    store.put([entry(document("a", secret)), entry(document("b", "باق"))])
    store.remove([document("a", secret).id])
    store.close()
    assert not any("كلمةسر".encode() in file.read_bytes() for file in path.parent.iterdir())


def test_every_change_raises_the_generation_and_a_refused_one_leaves_no_trace(path: Path) -> None:
    store = Store(path)
    versions = [store.version]
    store.put([entry(document("a", "one"))])
    versions.append(store.version)
    store.describe([DocumentInfo.of(document("a", "one", source="مصدر"))])
    versions.append(store.version)
    broken = Entry(document("b", "two"), [(0, 1), (1, 2)], np.zeros((1, 8), dtype=np.float32))
    with pytest.raises(ValueError, match="zip"):
        store.put([entry(document("c", "three")), broken])
    assert store.version == versions[-1]
    assert [info.path for info in store.infos()] == ["a"]
    store.remove([document("a", "one").id])
    versions.append(store.version)
    assert [version.generation for version in versions] == [0, 1, 2, 3]
    assert len({version.state for version in versions}) == 4


def test_the_same_changes_give_the_same_digest(tmp_path: Path) -> None:
    states = []
    for name in ("a", "b"):
        Store.create(tmp_path / name, {"encoder": "fake"})
        store = Store(tmp_path / name)
        store.put([entry(document("x", "one"))])
        store.remove([document("x", "one").id])
        states.append(store.version)
    assert states[0] == states[1]


@pytest.fixture
def dated(path: Path) -> tuple[Store, dict[str, list[int]]]:
    """Five documents of two passages each, by name."""
    store = Store(path)
    articles = [
        document("early", "1", date="2016-10-11", source="الجزيرة نت"),
        document("later", "2", date="2019-04-05", source="وكالة الأناضول"),
        document("last", "3", date="2019-12-31", source="الخليج الجديد + الأناضول"),
        document("undated", "4", source="الجزيرة"),
        document("bare", "5", date="2020-01-01"),
    ]
    _, ids = store.put([entry(article) for article in articles])
    return store, {article.path: ids[2 * n : 2 * n + 2] for n, article in enumerate(articles)}


@pytest.mark.parametrize(
    ("date_from", "date_to", "source", "expected"),
    [
        ("2019-04-05", None, None, ["later", "last", "bare"]),
        ("2019-04-06", None, None, ["last", "bare"]),
        (None, "2019-04-05", None, ["early", "later"]),
        ("2019", "2019", None, ["later", "last"]),
        ("2019-12", "2019-12", None, ["last"]),
        ("٢٠١٩-٠٤", "٢٠١٩-٠٤-٣٠", None, ["later"]),
        (None, None, "الاناضول", ["later", "last"]),
        (None, None, "الجزيره", ["early", "undated"]),
        (None, None, "الجزيرة نت", ["early"]),
        (None, None, "جزيرة", []),
        ("2017", None, "الأناضول", ["later", "last"]),
        (None, "2030", "الجزيرة", ["early"]),
    ],
)
def test_filters(
    dated: tuple[Store, dict[str, list[int]]],
    date_from: str | None,
    date_to: str | None,
    source: str | None,
    expected: list[str],
) -> None:
    store, ids = dated
    selected = store.select(*days(date_from, date_to), source, None)
    assert selected.dtype == np.int64
    assert selected.tolist() == [passage for name in expected for passage in ids[name]]


def test_a_filter_by_documents(dated: tuple[Store, dict[str, list[int]]]) -> None:
    store, ids = dated
    wanted = [document("last", "").id, document("early", "").id, "none"]
    assert store.select(None, None, None, wanted).tolist() == ids["early"] + ids["last"]
    assert store.select(None, None, None, []).tolist() == []


def test_readers_in_many_threads_see_whole_changes(path: Path) -> None:
    store = Store(path)
    stop = threading.Event()
    broken: list[str] = []

    def read() -> None:
        while not stop.is_set():
            passages = store.passage_ids().tolist()
            if len(passages) % 3:
                broken.append(f"saw {len(passages)} passages")

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for n in range(20):
        store.put([entry(document(str(n % 7), str(n)), passages=3)])
    stop.set()
    for thread in threads:
        thread.join()
    assert not broken
    assert store.counts.passages == 21


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE texts SET content = content || '!'", "the text of document"),
        ("UPDATE documents SET title = title || '!'", "what is known of document"),
        ("UPDATE documents SET day = 20190405", "what is known of document"),
        ("UPDATE passages SET end = end + 1", "passage 1 is not"),
        ("UPDATE vectors SET vector = zeroblob(length(vector))", "the vector of passage 1"),
        (
            "UPDATE vectors SET (vector, crc) = (SELECT vector, crc FROM vectors WHERE passage = 4) WHERE passage = 1",
            "passage 1 is not",
        ),
        ("UPDATE settings SET value = 'other' WHERE name = 'encoder'", "settings or counts"),
        ("UPDATE version SET passages = 1", "settings or counts"),
        ("DELETE FROM version", "settings or counts"),
    ],
)
def test_changed_content_is_told(path: Path, statement: str, reason: str) -> None:
    store = Store(path)
    article = document("a", "one")
    store.put([entry(article), entry(document("b", "two"))])
    store.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)

    def read() -> None:
        store = Store(path)
        store.document(article.id)
        store.passages(store.passage_ids()[:1])
        list(store.vectors(store.passage_ids()))

    with pytest.raises(IndexDamagedError, match=reason) as raised:
        read()
    assert str(path) in str(raised.value)
    assert "dalil index" in str(raised.value)


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.sqlite")) as connection:
        connection.execute("CREATE TABLE settings (name, value)")
    with pytest.raises(IndexDamagedError, match="another program"):
        Store(tmp_path / "other.sqlite")


def test_a_file_that_went_away_is_not_begun_anew(path: Path) -> None:
    path.unlink()
    with pytest.raises(IndexFolderError):
        Store(path)
    assert not path.exists()
