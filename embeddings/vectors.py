"""The vectors of all passages in memory, searched exactly (FAISS inner product).

Takes unit vectors under passage ids, gives the passages nearest to a question's vector. Filters run inside the search.
Any number of threads may search; one that changes the vectors waits for them and they wait for it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Condition
from typing import Final

import faiss
import numpy as np
from numpy.typing import NDArray

from embeddings.folder import replace_file
from embeddings.ranking import Candidates, best

_DECIMALS: Final = 6


class VectorIndex:
    """Unit vectors of `dimension` numbers under passage ids."""

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self._faiss = _empty(dimension)
        self._gate = _Gate()

    @classmethod
    def load(cls, path: Path, dimension: int) -> "VectorIndex":
        """Read what `save` wrote.

        Raises:
            ValueError: the file is no such index, or of another dimension.
            OSError: it cannot be read.
        """
        with path.open("rb"):  # FAISS raises RuntimeError for every cause
            pass
        try:
            stored = faiss.read_index(str(path))
        except RuntimeError as error:
            raise ValueError(f"{path.name} is not a FAISS index") from error
        if not isinstance(stored, faiss.IndexIDMap2) or stored.d != dimension or not _is_flat(stored):
            raise ValueError(f"{path.name} does not hold exact inner products of {dimension} dimensions")
        loaded = cls(dimension)
        loaded._faiss = stored
        return loaded

    def save(self, path: Path) -> None:
        """Write the vectors to `path`, wholly or not at all.

        Raises:
            OSError: the disk is full or the folder may not be written.
        """
        with self._gate.reading():
            replace_file(path, self._write)

    def _write(self, path: Path) -> None:
        try:
            faiss.write_index(self._faiss, str(path))
        except RuntimeError as error:
            raise OSError(f"{path.name} could not be written: {error}") from error

    def __len__(self) -> int:
        return int(self._faiss.ntotal)

    def ids(self) -> NDArray[np.int64]:
        """Return all passage ids, ascending."""
        with self._gate.reading():
            return np.sort(faiss.vector_to_array(self._faiss.id_map).astype(np.int64))

    def add(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Add `vectors` (n, dimension) under `ids` (n,), which must be new: FAISS would keep both of a pair."""
        rows = np.ascontiguousarray(vectors, dtype=np.float32)
        with self._gate.changing():
            self._faiss.add_with_ids(rows, np.ascontiguousarray(ids, dtype=np.int64))

    def remove(self, ids: NDArray[np.int64]) -> None:
        """Remove the vectors of `ids`; ids that are not there are passed over."""
        if len(ids):
            with self._gate.changing():
                self._faiss.remove_ids(np.ascontiguousarray(ids, dtype=np.int64))  # type: ignore[arg-type]

    def clear(self) -> None:
        """Remove everything."""
        with self._gate.changing():
            self._faiss = _empty(self.dimension)

    def search(
        self, vector: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None = None
    ) -> list[tuple[int, float]]:
        """Return up to `k` (passage id, inner product) nearest to `vector` (dimension,), best first, then by id.

        With `allowed`, only those passages are looked at: k of them come back whenever there are k.

        Raises:
            ValueError: `vector` has another shape or is not finite.
        """
        if vector.shape != (self.dimension,) or not np.isfinite(vector).all():
            raise ValueError(f"expected a finite vector of shape ({self.dimension},), got {vector.shape}")
        query = np.ascontiguousarray(vector[None, :], dtype=np.float32)
        selector = _selector(allowed) if allowed is not None and len(allowed) else None
        if k < 1 or (allowed is not None and selector is None):
            return []
        parameters = faiss.SearchParameters(sel=selector) if selector is not None else None  # type: ignore[call-arg]
        with self._gate.reading():
            # One question keeps one thread: handing its parts to others costs more than it saves, most of all when
            # the machine is busy. The setting holds for the calling thread alone.
            faiss.omp_set_num_threads(1)
            return best(lambda size: self._fetch(query, size, parameters), k, decimals=_DECIMALS)

    def _fetch(self, query: NDArray[np.float32], size: int, parameters: faiss.SearchParameters | None) -> Candidates:
        size = min(size, len(self))
        if not size:
            return Candidates(np.empty(0, np.int64), np.empty(0), -np.inf)
        scores, ids = self._faiss.search(query, size, params=parameters)
        found = ids[0] >= 0
        exhausted = size == len(self) or not found.all()
        return Candidates(ids[0][found], scores[0][found], -np.inf if exhausted else float(scores[0][-1]))


def _empty(dimension: int) -> "faiss.IndexIDMap2":
    return faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))


def _is_flat(stored: "faiss.IndexIDMap2") -> bool:
    inner = faiss.downcast_index(stored.index)
    return isinstance(inner, faiss.IndexFlat) and inner.metric_type == faiss.METRIC_INNER_PRODUCT


def _selector(allowed: NDArray[np.int64]) -> "faiss.IDSelector":
    """Return a filter of one bit for each id: its cost does not grow with the number of ids that are allowed."""
    bits = np.zeros(int(allowed.max()) + 1, dtype=bool)
    bits[allowed] = True
    return faiss.IDSelectorBitmap(np.packbits(bits, bitorder="little"))  # type: ignore[call-arg,arg-type]


class _Gate:
    """Many readers or one who changes; who waits to change goes before readers that come later."""

    def __init__(self) -> None:
        self._turn = Condition()
        self._readers = 0
        self._changers = 0
        self._busy = False

    @contextmanager
    def reading(self) -> Iterator[None]:
        with self._turn:
            self._turn.wait_for(lambda: not self._changers)
            self._readers += 1
        try:
            yield
        finally:
            with self._turn:
                self._readers -= 1
                self._turn.notify_all()

    @contextmanager
    def changing(self) -> Iterator[None]:
        with self._turn:
            self._changers += 1
            self._turn.wait_for(lambda: not self._readers and not self._busy)
            self._busy = True
        try:
            yield
        finally:
            with self._turn:
                self._changers -= 1
                self._busy = False
                self._turn.notify_all()
