"""How vectors lie in FAISS, by their number: whole, coded in bytes, or coded shorter still and sorted into lists.

Takes a number of vectors, gives an empty index trained for that many; maps stored indexes into memory and searches any
of them. Coded vectors are searched for candidates, more of them than are wanted, whose stored vectors then decide.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final, Literal

import faiss
import numpy as np
from numpy.typing import NDArray

from embeddings.errors import IndexDamagedError
from embeddings.screening import is_kind_written_here

# Figures: tests/benchmarks/size.py.
WHOLE_UP_TO: Final = 50_000
BYTES_UP_TO: Final = 250_000

_SAMPLE: Final = 16_384  # vectors that byte codes are fitted to
_SAMPLE_PER_LIST: Final = 64
_ROUNDS: Final = 10  # of k-means
_PROBED: Final = 7 / 8  # of the lists: questions are unlike passages, and their neighbours lie far apart
_CANDIDATES: Final = 384  # so that of the true ten nearest .98 are among them, from the first size that is coded so
_BLOCK: Final = 32  # codes that are looked at together (André et al. 2017, Accelerated Nearest Neighbor Search)
_PORTION: Final = 1 << 20  # bytes written at once
_LARGEST_ID: Final = 1 << 36
_BYTES: Final = faiss.ScalarQuantizer.QT_8bit

_TABLES: Final = 256 * 1024 * 1024  # bytes: what FAISS makes of a file beside its parts, at most
_LIMITED: Final = Lock()

Found = tuple[NDArray[np.int64], NDArray[np.floating]]
"""Ids and their scores."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How vectors are kept.

    Attributes:
        kind: "whole" keeps numbers as they are and is exact; "bytes" keeps a byte a number; "lists" keeps 4 bits for
            two numbers (product quantization, Jégou et al. 2011), in lists of vectors near each other.
        lists: how many lists; 0 for the other kinds.
    """

    kind: Literal["whole", "bytes", "lists"]
    lists: int = 0

    @classmethod
    def suited(cls, count: int, dimension: int) -> "Layout":
        """Return the layout for `count` vectors of `dimension` numbers."""
        if count <= WHOLE_UP_TO:
            return cls("whole")
        if count <= BYTES_UP_TO or dimension % 2:
            return cls("bytes")
        return cls("lists", 1 << round(np.log2(count) / 2))

    @classmethod
    def of(cls, index: "faiss.Index") -> "Layout":
        """Return the layout of an index.

        Raises:
            ValueError: it is of another kind.
        """
        inner = faiss.downcast_index(index.index) if isinstance(index, faiss.IndexIDMap) else index
        if inner.metric_type == faiss.METRIC_INNER_PRODUCT:
            match inner:
                case faiss.IndexFlat() if inner is not index:
                    return cls("whole")
                case faiss.IndexScalarQuantizer() if inner is not index and inner.sq.qtype == _BYTES:
                    return cls("bytes")
                case faiss.IndexIVFPQFastScan() if inner is index:
                    return cls("lists", inner.nlist)
        raise ValueError(f"{type(inner).__name__} is no kind of index that is written here")

    @property
    def sample(self) -> int:
        """How many vectors it is trained on, at most."""
        return {"whole": 0, "bytes": _SAMPLE, "lists": _SAMPLE_PER_LIST * self.lists}[self.kind]

    def candidates(self, size: int) -> int:
        """Return how many candidates are fetched for the best `size`."""
        return max(_CANDIDATES, 4 * size) if self.kind == "lists" else size

    def train(self, sample: NDArray[np.float32], dimension: int) -> "faiss.Index":
        """Return an empty index of this layout, fitted to `sample` (n, dimension); the same for the same sample."""
        _one_thread()
        match self.kind:
            case "whole":
                index: faiss.Index = faiss.IndexIDMap(faiss.IndexFlatIP(dimension))
            case "bytes":
                index = faiss.IndexIDMap(faiss.IndexScalarQuantizer(dimension, _BYTES, faiss.METRIC_INNER_PRODUCT))
            case "lists":
                index = self._lists(dimension)
        index.train(sample)
        return index

    def _lists(self, dimension: int) -> "faiss.IndexIVFPQFastScan":
        centres, pairs = faiss.IndexFlatIP(dimension), dimension // 2
        index = faiss.IndexIVFPQFastScan(centres, dimension, self.lists, pairs, 4, faiss.METRIC_INNER_PRODUCT, _BLOCK)
        index.by_residual = False  # residuals are rounded worse: recall .97 against .99
        index.cp.niter = _ROUNDS
        index.cp.max_points_per_centroid = _SAMPLE_PER_LIST
        index.cp.min_points_per_centroid = index.pq.cp.min_points_per_centroid = 1  # fewer are no matter for a warning
        return index


def read(path: Path, dimension: int) -> "faiss.Index":
    """Map the index stored at `path` into memory; it cannot be changed. Nothing is read before it is searched.

    Raises:
        ValueError: the file holds no index that is written here, or one of another dimension.
        OSError: it cannot be read.
    """
    if not is_kind_written_here(path, dimension):
        raise ValueError(f"{path.name} is no index of {dimension} dimensions of a kind that is written here")
    try:
        with _at_most(path.stat().st_size + _TABLES):
            stored = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
    except (RuntimeError, MemoryError) as error:  # the second for sizes in the file that no memory has
        raise ValueError(f"{path.name} is not a FAISS index") from error
    Layout.of(stored)
    if stored.d != dimension:
        raise ValueError(f"{path.name} holds vectors of dimension {stored.d}, expected {dimension}")
    ids = np.unique(ids_of(stored))
    if len(ids) != stored.ntotal or (len(ids) and not 0 <= ids[0] <= ids[-1] < _LARGEST_ID):
        raise ValueError(f"the ids in {path.name} are not those of so many passages")
    return stored


def write(index: "faiss.Index", path: Path) -> None:
    """Write `index` to `path`.

    Raises:
        OSError: the disk is full or the folder may not be written.
    """
    try:
        with path.open("wb") as file:  # a file that FAISS opens itself may be cut by a full disk without an error
            faiss.write_index(index, faiss.PyCallbackIOWriter(file.write, _PORTION))  # type: ignore[attr-defined]
    except RuntimeError as error:
        raise OSError(f"{path.name} could not be written: {error}") from error


def ids_of(index: "faiss.Index") -> NDArray[np.int64]:
    """Return the ids an index holds, in any order."""
    if isinstance(index, faiss.IndexIDMap):
        return faiss.vector_to_array(index.id_map).astype(np.int64)
    lists = faiss.downcast_index(index).invlists  # type: ignore[attr-defined]
    sizes = [lists.list_size(number) for number in range(lists.nlist)]
    parts = [faiss.rev_swig_ptr(lists.get_ids(n), size) for n, size in enumerate(sizes) if size]
    return np.concatenate(parts, dtype=np.int64) if parts else np.empty(0, np.int64)


def changeable(index: "faiss.Index", kept: NDArray[np.bool_]) -> "faiss.Index":
    """Return a copy of `index` that can be changed and holds only the ids that `kept` is true for."""
    with _LIMITED:
        copy = faiss.deserialize_index(faiss.serialize_index(index))
    copy.remove_ids(faiss.IDSelectorNot(selector(kept)))
    return copy


@contextmanager
def _at_most(size: int) -> Iterator[None]:
    """Let FAISS refuse a file that claims a part of `size` bytes; the limit holds for the process, so one at a time."""
    with _LIMITED:
        usual = faiss.get_deserialization_vector_byte_limit()
        faiss.set_deserialization_vector_byte_limit(size)
        try:
            yield
        finally:
            faiss.set_deserialization_vector_byte_limit(usual)


def selector(kept: NDArray[np.bool_]) -> "faiss.IDSelector":
    """Return a filter of one bit for each id: its cost does not grow with the number of ids that pass."""
    return faiss.IDSelectorBitmap(np.packbits(kept, bitorder="little"))  # type: ignore[call-arg,arg-type]


def nearest(
    index: "faiss.Index", query: NDArray[np.float32], size: int, kept: "faiss.IDSelector | None", *, thorough: bool
) -> Found:
    """Return the `size` ids nearest to `query` (1, dimension) among those that pass the filter `kept`.

    Unless `thorough`, the eighth of the lists that is farthest from the query is passed over, where there are lists.

    Raises:
        IndexDamagedError: FAISS finds something impossible in its file.
    """
    size = min(size, index.ntotal)
    if not size:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    _one_thread()
    parameters: faiss.SearchParameters
    if isinstance(index, faiss.IndexIVF):
        probed = index.nlist if thorough else math.ceil(_PROBED * index.nlist)
        parameters = faiss.SearchParametersIVF(sel=kept, nprobe=probed)  # type: ignore[call-arg]
    else:
        parameters = faiss.SearchParameters(sel=kept)  # type: ignore[call-arg]
    try:
        scores, ids = index.search(query, size, params=parameters)
    except RuntimeError as error:
        raise IndexDamagedError(
            f"The file of the vectors cannot be searched: {error}. Make it again: dalil index --repair --index DIR"
        ) from error
    found = ids[0] >= 0
    return ids[0][found], scores[0][found]


def _one_thread() -> None:
    """Keep FAISS to the calling thread: handing parts of a question to others costs more than it saves.

    Most of all when the machine is busy. The setting holds for the calling thread alone.
    """
    faiss.omp_set_num_threads(1)
