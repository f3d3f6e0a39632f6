"""The vector index against numpy, by value, in each of the layouts that its size may give it."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import faiss
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from numpy.typing import NDArray

from embeddings import layouts
from embeddings.layouts import Layout, write
from embeddings.vectors import VectorIndex
from tests.brute import assert_ranked, nearest
from tests.fakes import normed

DIMENSION = 24
LIMITS = {"whole": (10**9, 10**9), "bytes": (0, 10**9), "lists": (0, 40)}
"""Up to how many vectors are kept whole, and in bytes, so that a thousand are kept as the name says."""


@pytest.fixture(params=LIMITS)
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    _limit(monkeypatch, *LIMITS[request.param])
    return str(request.param)


def _limit(monkeypatch: pytest.MonkeyPatch, whole: int, coded: int) -> None:
    monkeypatch.setattr(layouts, "WHOLE_UP_TO", whole)
    monkeypatch.setattr(layouts, "BYTES_UP_TO", coded)


def unit(count: int, seed: int = 0) -> NDArray[np.float32]:
    """Unit vectors around a few centres, as those of texts are."""
    centres = np.random.default_rng(7).standard_normal((30, DIMENSION)) * 0.8
    draw = np.random.default_rng(seed)
    rows = (centres[draw.integers(30, size=count)] + draw.standard_normal((count, DIMENSION))).astype(np.float32)
    return normed(rows)


class Stored:
    """What the store has: vectors under ids, given out in portions."""

    def __init__(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        self.rows = dict(zip(ids.tolist(), vectors, strict=True))

    def __call__(self, ids: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        there = [number for number in ids.tolist() if number in self.rows]
        for begin in range(0, len(there), 300):
            some = there[begin : begin + 300]
            yield np.array(some, dtype=np.int64), np.stack([self.rows[number] for number in some])


def filled(ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> VectorIndex:
    index = VectorIndex(DIMENSION, Stored(ids, vectors))
    index.add(ids)
    return index


def layout(path: Path) -> str:
    return Layout.of(layouts.read(path, DIMENSION)).kind


@pytest.mark.parametrize("k", [1, 7, 100, 999, 1000, 5000])
def test_the_nearest_are_those_numpy_finds(kind: str, k: int) -> None:
    ids = np.random.default_rng(1).permutation(np.arange(1, 4_000))[:1000].astype(np.int64)
    vectors = unit(1000)
    index = filled(ids, vectors)
    recalled = []
    for query in unit(20, seed=2):
        found, expected = index.search(query, k), nearest(ids, vectors, query)
        assert len(found) == min(k, 1000)
        if kind == "lists" and k < 900:
            assert found == [hit for hit in expected if hit[0] in dict(found)]  # in their order, by their true scores
            recalled.append(len(dict(found).keys() & dict(expected[:k]).keys()) / k)
        else:
            assert_ranked(found, expected, 1e-5)
    assert not recalled or np.mean(recalled) > 0.9


@pytest.mark.parametrize("removed", [0.0, 0.04, 0.3])
@pytest.mark.usefixtures("kind")
def test_the_nearest_ten_are_recalled_also_after_removing(removed: float) -> None:
    ids, vectors = np.arange(1, 4001, dtype=np.int64), unit(4000)
    index = filled(ids, vectors)
    gone = np.random.default_rng(1).random(4000) < removed
    index.remove(ids[gone])
    recalled = []
    for query in unit(50, seed=2):
        true = dict(nearest(ids[~gone], vectors[~gone], query)[:10])
        recalled.append(len(true.keys() & dict(index.search(query, 10)).keys()) / 10)
    assert np.mean(recalled) >= 0.98


@pytest.mark.parametrize("share", [0.001, 0.01, 0.1, 0.5, 0.99, 1.0])
@pytest.mark.usefixtures("kind")
def test_a_filter_gives_the_nearest_of_the_allowed(share: float) -> None:
    ids = np.arange(5, 1005, dtype=np.int64)
    vectors = unit(1000)
    index = filled(ids, vectors)
    allowed = np.random.default_rng(3).choice(ids, size=int(1000 * share), replace=False)
    rows = np.isin(ids, allowed)
    for query in unit(5, seed=2):
        found = index.search(query, 20, allowed)
        assert len(found) == min(20, len(allowed))
        assert_ranked(found, nearest(ids[rows], vectors[rows], query), 1e-5)


@pytest.mark.parametrize("whole", [0, 1000])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(present=st.sets(st.integers(0, 200)), allowed=st.sets(st.integers(-5, 250)), k=st.integers(0, 30))
def test_any_filter_over_any_ids(
    monkeypatch: pytest.MonkeyPatch, whole: int, present: set[int], allowed: set[int], k: int
) -> None:
    _limit(monkeypatch, whole, 1000)
    ids = np.array(sorted(present), dtype=np.int64)
    index = filled(ids, unit(len(ids)))
    (query,) = unit(1, seed=9)
    found = index.search(query, k, np.array(sorted(allowed), dtype=np.int64))
    both = present & allowed
    assert len(found) == min(k, len(both))
    rows = np.isin(ids, sorted(both))
    assert_ranked(found, nearest(ids[rows], unit(len(ids))[rows], query), 1e-5)


@pytest.mark.usefixtures("kind")
def test_equal_scores_come_by_id() -> None:
    ids = np.random.default_rng(5).permutation(np.arange(1, 301)).astype(np.int64)
    index = filled(ids, np.repeat(unit(1), 300, axis=0))
    assert [passage for passage, _ in index.search(unit(1)[0], 6)] == [1, 2, 3, 4, 5, 6]
    odd = np.arange(1, 301, 2, dtype=np.int64)
    assert [passage for passage, _ in index.search(unit(1)[0], 3, odd)] == [1, 3, 5]


@pytest.mark.usefixtures("kind")
def test_what_was_removed_is_not_found(tmp_path: Path) -> None:
    ids = np.arange(1, 1001, dtype=np.int64)
    vectors = unit(1000)
    index = filled(ids, vectors)
    index.save(tmp_path / "v.faiss")
    gone = np.array([3, 50, 1000, 5000], dtype=np.int64)
    index.remove(gone)
    for _ in range(2):
        assert len(index) == 997
        assert index.ids().tolist() == np.setdiff1d(ids, gone).tolist()
        for number in gone[:3]:
            found = index.search(vectors[number - 1], 20)
            assert not dict(found).keys() & set(gone.tolist())
            assert max(score for _, score in found) < 0.9999
        index.save(tmp_path / "v.faiss")
        assert not set(layouts.ids_of(layouts.read(tmp_path / "v.faiss", DIMENSION))) & set(gone.tolist())
        index = VectorIndex.load(tmp_path / "v.faiss", DIMENSION, Stored(ids, vectors))
    index.clear()
    assert (len(index), index.search(vectors[0], 5)) == (0, [])


@pytest.mark.usefixtures("kind")
def test_a_vector_that_comes_back_under_its_old_id_is_the_new_one() -> None:
    ids = np.arange(1, 1001, dtype=np.int64)
    index = filled(ids, unit(1000))
    index.remove(ids[:3])
    (other,) = unit(1, seed=8)
    index._source.rows[2] = other  # type: ignore[attr-defined]
    index.add(ids[1:2])
    assert index.search(other, 1) == [(2, 1.0)]
    assert len(index) == 998


def test_small_changes_leave_the_file_as_it_is(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "v.faiss"
    ids, vectors = np.arange(1, 1101, dtype=np.int64), unit(1100)
    index = VectorIndex(DIMENSION, Stored(ids, vectors))
    index.add(ids[:1000])
    assert not index.saved
    index.save(path)
    assert index.saved
    assert layout(path) == kind
    index.add(ids[1000:1030])
    index.remove(ids[:20])
    assert index.saved, "50 of 1000 changed"
    assert index.search(vectors[1010], 1) == [(1011, 1.0)]
    assert len(VectorIndex.load(path, DIMENSION, Stored(ids, vectors))) == 1000
    index.add(ids[1030:1031])
    assert not index.saved
    index.save(path)
    again = VectorIndex.load(path, DIMENSION, Stored(ids, vectors))
    assert again.ids().tolist() == ids[20:1031].tolist()
    assert again.last == 1031
    for query in unit(5, seed=4):
        assert again.search(query, 30) == index.search(query, 30)


def test_what_the_source_has_lost_meanwhile_is_not_found(kind: str) -> None:
    ids, vectors = np.arange(1, 1001, dtype=np.int64), unit(1000)
    index = filled(ids, vectors)
    best = [number for number, _ in index.search(vectors[0], 5)]
    for number in best[:3]:
        del index._source.rows[number]  # type: ignore[attr-defined]
    found = index.search(vectors[0], 5)
    assert len(found) == 5
    if kind != "whole":
        assert [number for number, _ in found][:2] == best[3:]
    index.add(np.array([2000], dtype=np.int64))  # nor is it added
    assert index.search(vectors[0], 1000) == index.search(vectors[0], 2000)


@pytest.mark.parametrize(
    ("count", "dimension", "kind", "lists"),
    [
        (0, 256, "whole", 0),
        (50_000, 256, "whole", 0),
        (50_001, 256, "bytes", 0),
        (250_000, 256, "bytes", 0),
        (250_001, 256, "lists", 512),
        (1_000_000, 256, "lists", 1024),
        (1_000_000, 33, "bytes", 0),
    ],
)
def test_the_layout_follows_the_number(count: int, dimension: int, kind: str, lists: int) -> None:
    assert Layout.suited(count, dimension) == Layout(kind, lists)  # type: ignore[arg-type]


class Growing(RuleBasedStateMachine):
    """Vectors come and go through all three layouts: the index stays equal to numpy."""

    temporary: ClassVar[pytest.TempPathFactory]

    @initialize()
    def begin(self) -> None:
        self.path = Path(self.temporary.mktemp("vectors")) / "v.faiss"
        self.stored = Stored(np.empty(0, np.int64), np.empty((0, DIMENSION), np.float32))
        self.index = VectorIndex(DIMENSION, self.stored)
        self.next = 1

    @rule(count=st.sampled_from([1, 2, 30, 90]), skipped=st.integers(0, 3))
    def add(self, count: int, skipped: int) -> None:
        ids = np.arange(self.next, self.next + count, dtype=np.int64) + skipped
        self.stored.rows |= zip(ids.tolist(), unit(count, seed=self.next), strict=True)
        self.next = int(ids[-1]) + 1
        self.index.add(ids)

    @rule(share=st.sampled_from([0.01, 0.1, 0.5, 1.0]), seed=st.integers(0, 9))
    def remove(self, share: float, seed: int) -> None:
        present = sorted(self.stored.rows)
        gone = np.random.default_rng(seed).permutation(present)[: round(share * len(present))].astype(np.int64)
        for number in gone.tolist():
            del self.stored.rows[number]
        self.index.remove(gone)

    @rule()
    def save(self) -> None:
        self.index.save(self.path)
        self.index = VectorIndex.load(self.path, DIMENSION, self.stored)
        assert self.index.saved

    @rule()
    def clear(self) -> None:
        self.index.clear()
        self.index.add(np.array(sorted(self.stored.rows), dtype=np.int64))

    @invariant()
    def holds_what_is_stored(self) -> None:
        if not hasattr(self, "index"):
            return
        ids = np.array(sorted(self.stored.rows), dtype=np.int64)
        vectors = np.stack([self.stored.rows[number] for number in ids.tolist()]) if len(ids) else unit(0)
        assert self.index.ids().tolist() == ids.tolist()
        assert len(self.index) == len(ids)
        assert not len(ids) or self.index.last >= ids[-1]
        (query,) = unit(1, seed=self.next)
        expected = nearest(ids, vectors, query)
        assert_ranked(self.index.search(query, len(ids) + 1), expected, 1e-5)
        some = self.index.search(query, 5)
        assert len(some) == min(5, len(ids))
        assert_ranked(some, [hit for hit in expected if hit[0] in dict(some)], 1e-5)


def test_growing_and_shrinking(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    _limit(monkeypatch, 40, 120)
    Growing.temporary = tmp_path_factory
    run_state_machine_as_test(
        Growing,
        settings=settings(
            max_examples=25, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.mark.usefixtures("kind")
def test_searching_from_eight_threads_while_vectors_come_and_go(tmp_path: Path) -> None:
    ids, vectors = np.arange(1, 1201, dtype=np.int64), unit(1200)
    index = VectorIndex(DIMENSION, Stored(ids, vectors))
    index.add(ids[:1000])
    stop = threading.Event()

    def search(number: int) -> None:
        while not stop.is_set():
            found = index.search(vectors[number], 10)
            assert found[0] == (number + 1, 1.0)
            assert len(found) == 10

    with ThreadPoolExecutor(8) as pool:
        running = [pool.submit(search, number) for number in range(500, 508)]
        try:
            for begin in range(0, 200, 25):
                index.add(ids[1000 + begin : 1025 + begin])
                index.remove(ids[begin : begin + 25])
                if begin % 50:
                    index.save(tmp_path / "v.faiss")
        finally:
            stop.set()
    for each in running:
        each.result()
    assert index.ids().tolist() == ids[200:].tolist()


# The file


@pytest.mark.usefixtures("kind")
def test_the_same_vectors_give_the_same_bytes_and_the_same_answers(tmp_path: Path) -> None:
    ids, vectors = np.arange(1, 1001, dtype=np.int64), unit(1000)
    for name in ("a", "b"):
        filled(ids, vectors).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    loaded = VectorIndex.load(tmp_path / "a", DIMENSION, Stored(ids, vectors))
    assert loaded.search(vectors[7], 10) == filled(ids, vectors).search(vectors[7], 10)
    loaded.remove(ids[:50])
    assert loaded.ids().tolist() == list(range(51, 1001))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="the system does not list what is mapped")
def test_the_file_is_mapped_not_read(kind: str, tmp_path: Path) -> None:
    ids, vectors = np.arange(1, 1001, dtype=np.int64), unit(1000)
    index = filled(ids, vectors)
    index.save(tmp_path / f"{kind}.faiss")
    assert f"{kind}.faiss" in Path("/proc/self/maps").read_text()
    (tmp_path / f"{kind}.faiss").unlink()  # what is mapped stays
    assert index.search(vectors[7], 1) == [(8, 1.0)]


def test_a_file_that_cannot_be_written_is_an_os_error(tmp_path: Path) -> None:
    index = filled(np.arange(3, dtype=np.int64), unit(3))
    with pytest.raises(OSError, match="missing"):
        index.save(tmp_path / "missing" / "v.faiss")
    assert len(index.search(unit(1)[0], 5)) == 3
    index.save(tmp_path / "v.faiss")


@pytest.mark.parametrize("kept", [0, 1, 20, 1000, 0.5, 0.99])
@pytest.mark.usefixtures("kind")
def test_a_cut_file_is_refused(tmp_path: Path, kept: float) -> None:
    filled(np.arange(1000, dtype=np.int64), unit(1000)).save(tmp_path / "v.faiss")
    data = (tmp_path / "v.faiss").read_bytes()
    (tmp_path / "cut.faiss").write_bytes(data[: kept if isinstance(kept, int) else int(kept * len(data))])
    with pytest.raises(ValueError, match=r"is not a FAISS index|is no index of"):
        VectorIndex.load(tmp_path / "cut.faiss", DIMENSION, Stored(np.empty(0, np.int64), unit(0)))


def test_an_index_of_another_kind_is_refused(tmp_path: Path) -> None:
    def refused(index: faiss.Index, match: str) -> None:
        faiss.write_index(index, str(tmp_path / "v.faiss"))
        with pytest.raises(ValueError, match=match):
            VectorIndex.load(tmp_path / "v.faiss", DIMENSION, Stored(np.empty(0, np.int64), unit(0)))

    refused(faiss.IndexFlatIP(DIMENSION), "no index of 24 dimensions")
    refused(faiss.IndexIDMap(faiss.IndexFlatL2(DIMENSION)), "no kind of index|no index of 24 dimensions")
    refused(faiss.IndexHNSWFlat(DIMENSION, 8, faiss.METRIC_INNER_PRODUCT), "no index of 24 dimensions")
    refused(faiss.IndexIDMap(faiss.IndexFlatIP(DIMENSION - 1)), "no index of 24 dimensions")
    for ids in ([1, 1], [-1, 2], [1, 2**40]):
        index = faiss.IndexIDMap(faiss.IndexFlatIP(DIMENSION))
        index.add_with_ids(unit(2), np.array(ids, dtype=np.int64))
        refused(index, "not those of so many passages")
    with pytest.raises(FileNotFoundError):
        VectorIndex.load(tmp_path / "none", DIMENSION, Stored(np.empty(0, np.int64), unit(0)))


@pytest.mark.parametrize("vector", [np.zeros(3), np.zeros((1, DIMENSION)), np.full(DIMENSION, np.nan)])
def test_a_question_of_another_shape_or_not_finite_is_refused(vector: NDArray[np.float32]) -> None:
    with pytest.raises(ValueError, match="finite vector of shape"):
        filled(np.arange(3, dtype=np.int64), unit(3)).search(vector, 1)


def test_a_disk_that_is_full_is_told() -> None:
    """FAISS itself prints a line, and leaves an empty file."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    with pytest.raises(OSError, match="No space left"):
        write(Layout("whole").train(np.empty((0, 8), np.float32), 8), full)
