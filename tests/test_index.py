"""The index folder as its users see it: add, replace, remove, filters, reopening, damage, several readers."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from numpy.typing import NDArray

from embeddings import arabic, layouts
from embeddings import settings as index_settings
from embeddings.arabic import terms
from embeddings.documents import Document
from embeddings.errors import (
    FilterError,
    IndexBusyError,
    IndexMismatchError,
    IndexMissingError,
    ModelError,
)
from embeddings.folder import WriterLock
from embeddings.index import Changes, Counts, Index, Progress
from embeddings.layouts import Layout
from tests.brute import assert_holds
from tests.fakes import ARTICLES, HashingEncoder, article, document
from tests.strategies import NEWS_WORDS


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


# Add, replace, remove


def test_what_was_added_is_found_in_every_part(index: Index) -> None:
    assert_holds(index, ARTICLES)


def test_an_unchanged_document_costs_no_embedding(index: Index, encoder: HashingEncoder) -> None:
    encoder.encoded, generation = 0, index.generation
    assert index.add(ARTICLES) == Changes(added=0, replaced=0, unchanged=4)
    assert (encoder.encoded, index.generation) == (0, generation)


def test_a_changed_text_replaces_the_old_one_everywhere(index: Index) -> None:
    changed = article("b", 77)
    assert index.add([ARTICLES[0], changed, article("e", 5)]) == Changes(added=1, replaced=1, unchanged=1)
    assert_holds(index, [ARTICLES[0], changed, *ARTICLES[2:], article("e", 5)])


def test_a_new_date_of_the_same_text_is_taken_without_embedding(index: Index, encoder: HashingEncoder) -> None:
    dated = replace(ARTICLES[2], date="2011-02-17", source="رويترز")
    encoder.encoded = 0
    assert index.add([dated]) == Changes(added=0, replaced=1, unchanged=0)
    assert encoder.encoded == 0
    selected = index.select(date_to="2011", source="رويترز")
    assert selected is not None
    assert {passage.document_id for passage in index.passages(selected)} == {dated.id}
    assert_holds(index, [*ARTICLES[:2], dated, ARTICLES[3]])


def test_removed_documents_leave_no_trace(index: Index, folder: Path, encoder: HashingEncoder) -> None:
    only_here = document("secret", "زرقاءاليمامة رأت ما لم يره غيرها.")
    index.add([only_here])
    (hit,) = index.search_terms(terms("زرقاءاليمامة"), 5)
    assert index.remove([only_here.id, "none", ARTICLES[0].id]) == 2
    assert index.remove([only_here.id]) == 0
    with pytest.raises(KeyError):
        index.document(only_here.id)
    with pytest.raises(KeyError):
        index.passage(hit[0])
    assert index.passages([hit[0]]) == []
    assert index.search_terms(terms("زرقاءاليمامة"), 5) == []
    assert_holds(index, ARTICLES[1:])
    index.close()
    files = [file.read_bytes() for file in folder.rglob("*") if file.is_file()]
    assert not any("زرقاءاليمامة".encode() in data or "زرقاءاليمام".encode() in data for data in files)
    with Index.open(folder, encoder) as again:
        assert_holds(again, ARTICLES[1:])


def test_a_document_that_comes_twice_ends_as_it_came_last(index: Index) -> None:
    first, second = article("twice", 8), article("twice", 9)
    assert index.add([first, second, second]) == Changes(added=1, replaced=1, unchanged=1)
    assert_holds(index, [*ARTICLES, second])


def test_documents_without_words_are_kept(index: Index) -> None:
    blank = document("blank", "   ")
    assert index.add([blank]) == Changes(added=1)
    assert_holds(index, [*ARTICLES, blank])


def test_progress_counts_up_to_what_was_done(tmp_path: Path, encoder: HashingEncoder) -> None:
    seen: list[Progress] = []
    with Index.open(tmp_path / "many", encoder, create=True) as index:
        index.add((article(str(n), n, words=20) for n in range(600)), seen.append)
        assert [step.documents for step in seen] == [256, 512, 600]
        assert seen[-1] == Progress(600, index.counts.passages, added=600, replaced=0, unchanged=0)


def test_work_that_was_interrupted_goes_on_where_it_stopped(index: Index, encoder: HashingEncoder) -> None:
    many = [article(f"n{n}", n, words=20) for n in range(300)]

    def breaks() -> Iterator[Document]:
        yield from many[:280]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.add(breaks())
    assert_holds(index, [*ARTICLES, *many[:256]])
    encoder.encoded = 0
    assert index.add(many) == Changes(added=44, replaced=0, unchanged=256)
    assert encoder.encoded == 44


def test_an_encoder_that_gives_something_else_is_told_and_stores_nothing(index: Index, encoder: HashingEncoder) -> None:
    class Broken(HashingEncoder):
        def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
            return np.full((len(texts), self.dimension), np.nan, dtype=np.float32)

    index.encoder = Broken()
    with pytest.raises(ModelError, match="finite"):
        index.add([article("e", 5)])
    index.encoder = encoder
    assert_holds(index, ARTICLES)


# Filters


def test_filters_apply_inside_both_searches(index: Index, encoder: HashingEncoder) -> None:
    assert index.select() is None
    selected = index.select(date_from="2019", source="الاناضول")
    assert selected is not None
    (query,) = encoder.encode_questions(["الرئيس في العاصمة"])
    for found in (index.search_vectors(query, 50, selected), index.search_terms(terms("الرئيس"), 50, selected)):
        assert found
        assert {index.passage(passage).document_id for passage, _ in found} == {ARTICLES[1].id}
    assert len(index.search_vectors(query, 50, selected)) == len(selected)


@pytest.mark.parametrize("date", ["", "غدا", "2019-13", "2019-02-30", "19-04-05", "2019-4-5", "2019-04-05T10:00"])
def test_a_date_that_cannot_be_read_is_told(index: Index, date: str) -> None:
    with pytest.raises(FilterError, match="date_from: expected a day such as 2019-04-05"):
        index.select(date_from=date)


def test_dates_in_the_wrong_order_are_told(index: Index) -> None:
    with pytest.raises(FilterError, match="date_from 2020 is after date_to 2019-01-01"):
        index.select(date_from="2020", date_to="2019-01-01")


# Opening


def test_a_missing_index_names_the_command(tmp_path: Path, encoder: HashingEncoder) -> None:
    with pytest.raises(IndexMissingError, match="dalil index PATH --index"):
        Index.open(tmp_path / "none", encoder)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (HashingEncoder(name="other"), ["hashing", "other", "dalil index"]),
        (HashingEncoder(dimension=33), ["dimension 32", "dimension 33", "dalil index"]),
    ],
)
def test_another_encoder_is_refused(folder: Path, other: HashingEncoder, told: list[str]) -> None:
    with pytest.raises(IndexMismatchError) as raised:
        Index.open(folder, other)
    assert all(part in str(raised.value) for part in told)


def test_another_folding_is_refused(folder: Path, encoder: HashingEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    assert vars(index_settings)["FOLDING_VERSION"] == arabic.FOLDING_VERSION
    now = arabic.FOLDING_VERSION
    monkeypatch.setattr(index_settings, "FOLDING_VERSION", now + 1)
    with pytest.raises(IndexMismatchError, match=f"folding version {now}, but folding version {now + 1}"):
        Index.open(folder, encoder, create=True)


def test_a_second_writer_is_told_who_is_writing(
    index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch, encoder: HashingEncoder
) -> None:
    monkeypatch.setattr("embeddings.index.WRITER_SECONDS", 0.1)
    lock = WriterLock(folder / "writer.lock")
    lock.acquire(0)
    with pytest.raises(IndexBusyError, match=r"Another process \(\d+\) is writing"):
        index.add([article("e", 5)])
    with Index.open(folder, encoder) as reader:  # readers are not held up
        assert_holds(reader, ARTICLES)
    lock.release()
    index.add([article("e", 5)])
    assert_holds(index, [*ARTICLES, article("e", 5)])


def test_a_reader_sees_what_another_wrote_when_it_refreshes(
    index: Index, folder: Path, encoder: HashingEncoder
) -> None:
    assert not index.refresh()
    with Index.open(folder, encoder) as writer:
        writer.add([article("e", 5)])
        writer.remove([ARTICLES[0].id])
    assert index.refresh()
    assert_holds(index, [*ARTICLES[1:], article("e", 5)])
    assert not index.refresh()


# Size


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Vectors go through their three layouts with every few articles."""
    monkeypatch.setattr(layouts, "WHOLE_UP_TO", 20)
    monkeypatch.setattr(layouts, "BYTES_UP_TO", 60)


@pytest.mark.usefixtures("small_limits")
def test_an_index_grows_and_shrinks_through_all_layouts(tmp_path: Path, encoder: HashingEncoder) -> None:
    articles = [article(f"n{n}", n, words=300) for n in range(40)]
    kinds = []
    with Index.open(tmp_path, encoder, create=True) as index:
        for begin, end in ((0, 4), (4, 12), (12, 40)):
            index.add(articles[begin:end])
            kinds.append(Layout.of(layouts.read(tmp_path / "vectors.faiss", encoder.dimension)).kind)
            assert_holds(index, articles[:end])
        index.remove([given.id for given in articles[2:]])
        assert_holds(index, articles[:2])
    assert kinds == ["whole", "bytes", "lists"]
    assert Layout.of(layouts.read(tmp_path / "vectors.faiss", encoder.dimension)).kind == "whole"


@pytest.mark.usefixtures("small_limits")
def test_small_changes_leave_the_file_of_vectors_as_it_is(tmp_path: Path, encoder: HashingEncoder) -> None:
    articles = [article(f"n{n}", n, words=20 if n == 3 else 300) for n in range(40)]
    changed = article("n2", 99, words=90)
    file = tmp_path / "vectors.faiss"
    with Index.open(tmp_path, encoder, create=True) as index, Index.open(tmp_path, encoder) as reader:
        index.add(articles)
        with pytest.MonkeyPatch.context() as patch:  # the reader takes the file that the writer made
            patch.delattr("embeddings.vectors.VectorIndex._rebuild")
            assert reader.refresh()
        assert_holds(reader, articles)
        before = file.stat()
        index.add([changed])
        index.remove([articles[3].id])
        kept = [changed if given.id == changed.id else given for given in articles if given is not articles[3]]
        assert file.stat() == before
        assert_holds(index, kept)
        assert reader.refresh()
        assert_holds(reader, kept)
    encoder.encoded = 0
    with Index.open(tmp_path, encoder) as index:
        assert encoder.encoded == 0
        assert_holds(index, kept)
        assert file.stat() == before
        index.remove([given.id for given in kept[:3]])  # what changed is more than a small share now
        assert file.stat() != before
        assert_holds(index, kept[3:])


@contextmanager
def many_at_once(work: Callable[[], None], count: int) -> Iterator[None]:
    """Repeat `work` in `count` threads while the block runs; what goes wrong in one of them is raised after it."""
    stop = threading.Event()

    def repeat() -> None:
        while not stop.is_set():
            work()

    with ThreadPoolExecutor(count) as pool:
        running = [pool.submit(repeat) for _ in range(count)]
        try:
            yield
        finally:
            stop.set()
    for each in running:
        each.result()


def test_searching_from_eight_threads_while_documents_come(index: Index, encoder: HashingEncoder) -> None:
    (query,) = encoder.encode_questions(["الرئيس في العاصمة"])

    def search() -> None:
        for found in (index.search_vectors(query, 20), index.search_terms(terms("الرئيس في العاصمة"), 20)):
            assert len(found) >= 4
            assert found == sorted(found, key=lambda hit: (-hit[1], hit[0]))
            index.passages(passage for passage, _ in found)

    with many_at_once(search, 8):
        for n in range(6):
            index.add([article("e", n), article(f"f{n}", n, words=30)])
            if n % 2:
                index.remove([document(f"f{n}", "").id])
    kept = [article(f"f{n}", n, words=30) for n in range(0, 6, 2)]
    assert_holds(index, [*ARTICLES, article("e", 5), *kept])


# Any sequence of changes

texts = st.lists(st.sampled_from(NEWS_WORDS), max_size=60).map(" ".join)
names = st.sampled_from("uvwxyz")


class AnySequence(RuleBasedStateMachine):
    """Add, replace, remove and reopen in any order: the index stays equal to a plain dictionary."""

    temporary: ClassVar[pytest.TempPathFactory]

    @initialize()
    def begin(self) -> None:
        self.folder = Path(self.temporary.mktemp("index"))
        self.encoder = HashingEncoder()
        self.index = Index.open(self.folder, self.encoder, create=True)
        self.model: dict[str, Document] = {}

    @rule(given=st.lists(st.tuples(names, texts), max_size=4))
    def add(self, given: list[tuple[str, str]]) -> None:
        documents = [document(name, text) for name, text in given]
        changes = self.index.add(documents)
        assert changes.added + changes.replaced + changes.unchanged == len(documents)
        self.model |= {d.id: d for d in documents}

    @rule(given=st.sets(names, max_size=3))
    def remove(self, given: set[str]) -> None:
        ids = [document(name, "").id for name in sorted(given)]
        assert self.index.remove(ids) == len(self.model.keys() & set(ids))
        self.model = {key: value for key, value in self.model.items() if key not in ids}

    @rule()
    def reopen(self) -> None:
        self.index.close()
        self.index = Index.open(self.folder, self.encoder)

    @invariant()
    def holds_the_model(self) -> None:
        if hasattr(self, "model"):
            assert_holds(self.index, list(self.model.values()))

    def teardown(self) -> None:
        if hasattr(self, "index"):
            self.index.close()


def test_any_sequence_of_changes(tmp_path_factory: pytest.TempPathFactory) -> None:
    AnySequence.temporary = tmp_path_factory
    run_state_machine_as_test(
        AnySequence,
        settings=settings(
            max_examples=12, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_counts_of_nothing(tmp_path: Path, encoder: HashingEncoder) -> None:
    with Index.open(tmp_path / "index", encoder, create=True) as index:
        assert index.counts == Counts(0, 0)
        assert_holds(index, [])
