"""The vector index against numpy, by value."""

from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from embeddings.vectors import VectorIndex
from tests.brute import assert_ranked, nearest

DIMENSION = 24


def unit(count: int, seed: int = 0) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).standard_normal((count, DIMENSION)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def filled(ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> VectorIndex:
    index = VectorIndex(DIMENSION)
    index.add(ids, vectors)
    return index


@pytest.mark.parametrize("k", [1, 7, 100, 999, 1000, 5000])
def test_the_nearest_are_those_numpy_finds(k: int) -> None:
    ids = np.random.default_rng(1).permutation(np.arange(1, 4_000))[:1000].astype(np.int64)
    vectors = unit(1000)
    index = filled(ids, vectors)
    for query in unit(5, seed=2):
        found = index.search(query, k)
        assert len(found) == min(k, 1000)
        assert_ranked(found, nearest(ids, vectors, query), 1e-5)


@pytest.mark.parametrize("share", [0.001, 0.01, 0.1, 0.5, 0.99, 1.0])
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


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(0, 200)), st.sets(st.integers(0, 200)), st.integers(0, 30))
def test_any_filter_over_any_ids(present: set[int], allowed: set[int], k: int) -> None:
    ids = np.array(sorted(present), dtype=np.int64)
    index = filled(ids, unit(len(ids)))
    (query,) = unit(1, seed=9)
    found = index.search(query, k, np.array(sorted(allowed), dtype=np.int64))
    both = present & allowed
    assert len(found) == min(k, len(both))
    rows = np.isin(ids, sorted(both))
    assert_ranked(found, nearest(ids[rows], unit(len(ids))[rows], query), 1e-5)


def test_equal_scores_come_by_id() -> None:
    ids = np.random.default_rng(5).permutation(np.arange(1, 301)).astype(np.int64)
    index = filled(ids, np.repeat(unit(1), 300, axis=0))
    assert [passage for passage, _ in index.search(unit(1)[0], 6)] == [1, 2, 3, 4, 5, 6]
    odd = np.arange(1, 301, 2, dtype=np.int64)
    assert [passage for passage, _ in index.search(unit(1)[0], 3, odd)] == [1, 3, 5]


def test_what_was_removed_is_not_found() -> None:
    ids = np.arange(1, 101, dtype=np.int64)
    vectors = unit(100)
    index = filled(ids, vectors)
    index.remove(np.array([3, 50, 100, 999], dtype=np.int64))
    assert len(index) == 97
    assert index.ids().tolist() == [i for i in range(1, 101) if i not in (3, 50, 100)]
    for gone in (3, 50, 100):
        found = index.search(vectors[gone - 1], 97)
        assert gone not in dict(found)
        assert max(score for _, score in found) < 0.999
    index.clear()
    assert (len(index), index.search(vectors[0], 5)) == (0, [])


def test_a_saved_index_gives_the_same_bytes_and_the_same_answers(tmp_path: Path) -> None:
    ids, vectors = np.arange(1, 101, dtype=np.int64), unit(100)
    for name in ("a", "b"):
        filled(ids, vectors).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    loaded = VectorIndex.load(tmp_path / "a", DIMENSION)
    assert loaded.search(vectors[7], 10) == filled(ids, vectors).search(vectors[7], 10)
    loaded.remove(ids[:50])
    assert loaded.ids().tolist() == list(range(51, 101))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_a_file_that_cannot_be_written_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="could not be written"):
        filled(np.arange(3, dtype=np.int64), unit(3)).save(tmp_path / "missing" / "v.faiss")


@pytest.mark.parametrize("kept", [0, 1, 20, 1000])
def test_a_cut_file_is_refused(tmp_path: Path, kept: int) -> None:
    filled(np.arange(100, dtype=np.int64), unit(100)).save(tmp_path / "v.faiss")
    data = (tmp_path / "v.faiss").read_bytes()
    (tmp_path / "v.faiss").write_bytes(data[:kept])
    with pytest.raises(ValueError, match="is not a FAISS index"):
        VectorIndex.load(tmp_path / "v.faiss", DIMENSION)


def test_an_index_of_another_kind_is_refused(tmp_path: Path) -> None:
    other = faiss.IndexFlatIP(DIMENSION)
    distances = faiss.IndexIDMap2(faiss.IndexFlatL2(DIMENSION))
    narrow = faiss.IndexIDMap2(faiss.IndexFlatIP(DIMENSION - 1))
    for index in (other, distances, narrow):
        faiss.write_index(index, str(tmp_path / "v.faiss"))
        with pytest.raises(ValueError, match="exact inner products of 24 dimensions"):
            VectorIndex.load(tmp_path / "v.faiss", DIMENSION)
    with pytest.raises(FileNotFoundError):
        VectorIndex.load(tmp_path / "none", DIMENSION)


@pytest.mark.parametrize("vector", [np.zeros(3), np.zeros((1, DIMENSION)), np.full(DIMENSION, np.nan)])
def test_a_question_of_another_shape_or_not_finite_is_refused(vector: NDArray[np.float32]) -> None:
    with pytest.raises(ValueError, match="finite vector of shape"):
        filled(np.arange(3, dtype=np.int64), unit(3)).search(vector, 1)
