"""The vectors of all passages, to be searched (FAISS inner product).

Takes passage ids and a source that has their unit vectors; gives the passages nearest to a question's vector, scored
by the vectors of the source. Filters run inside the search.

Most vectors lie in a file that is mapped into memory and never changed (`embeddings.layouts` says how they lie there).
What came since is kept beside it and what went is left out of every search, until both together exceed a share of the
file: then a new one is made. Any number of threads may search while one changes: a change makes a new state out of
the old one, and a search keeps to the state it began with.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import faiss
import numpy as np
from numpy.typing import NDArray

from embeddings.folder import replace_file
from embeddings.layouts import Found, Layout, changeable, ids_of, nearest, read, selector, write
from embeddings.ranking import Candidates, best

_DECIMALS: Final = 6
_CHANGED_SHARE: Final = 0.05  # of the file: so much more is searched in a millisecond or two

Source = Callable[[NDArray[np.int64]], Iterable[tuple[NDArray[np.int64], NDArray[np.float32]]]]
"""Gives ids (n,) and vectors (n, dimension), in portions, for those of the ids that it has."""


@dataclass(frozen=True, slots=True)
class _State:
    """What is searched at one time; nothing in it ever changes.

    Attributes:
        base: what is in the file, or will be.
        recent: vectors that came since, whole.
        alive: by id, whether its vector is in one of the two and was not removed since.
    """

    base: "faiss.Index"
    recent: "faiss.Index"
    alive: NDArray[np.bool_]

    @classmethod
    def of(cls, base: "faiss.Index") -> "_State":
        ids = ids_of(base)
        return cls(base, _none(base.d), _with(np.empty(0, dtype=bool), ids))

    @property
    def held(self) -> int:
        return int(self.base.ntotal + self.recent.ntotal)

    @property
    def changed(self) -> int:
        """How many vectors came or went since the base was made."""
        return int(self.recent.ntotal) + self.held - int(self.alive.sum())

    @property
    def most(self) -> float:
        """How many may come and go before the base is made anew."""
        return _CHANGED_SHARE * int(self.base.ntotal)

    def among(self, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return, by id, whether it is one of `ids` and alive."""
        known = ids[(ids >= 0) & (ids < len(self.alive))]
        both = np.zeros_like(self.alive)
        both[known] = self.alive[known]
        return both


class VectorIndex:
    """Unit vectors of `dimension` numbers under passage ids, as `source` has them."""

    def __init__(self, dimension: int, source: Source) -> None:
        self.dimension = dimension
        self._source = source
        self._state = _State.of(_none(dimension))
        self._in_file = False

    @classmethod
    def load(cls, path: Path, dimension: int, source: Source) -> "VectorIndex":
        """Map what `save` wrote.

        Raises:
            ValueError: the file is no such index, or of another dimension.
            OSError: it cannot be read.
        """
        loaded = cls(dimension, source)
        loaded._map(path)
        return loaded

    def save(self, path: Path) -> None:
        """Write the vectors to `path`, wholly or not at all.

        Raises:
            OSError: the disk is full or the folder may not be written.
        """
        if self._state.changed:
            self._rebuild(np.empty(0, np.int64))
        replace_file(path, self._write)
        self._map(path)

    def _write(self, path: Path) -> None:
        write(self._state.base, path)

    def _map(self, path: Path) -> None:
        self._state = _State.of(read(path, self.dimension))
        self._in_file = True

    @property
    def saved(self) -> bool:
        """Whether the file holds everything but a small share of changes."""
        return self._in_file and self._state.changed <= self._state.most

    def __len__(self) -> int:
        return int(self._state.alive.sum())

    @property
    def last(self) -> int:
        """An id such that every one added since is higher."""
        return max(0, len(self._state.alive) - 1)

    def ids(self) -> NDArray[np.int64]:
        """Return all passage ids, ascending."""
        return np.flatnonzero(self._state.alive)

    # Changing, by one thread at a time

    def add(self, ids: NDArray[np.int64]) -> None:
        """Take in the vectors of `ids` (n,); those that are there already are passed over."""
        state = self._state
        new = np.setdiff1d(ids, np.flatnonzero(state.among(ids)))
        if not len(new):
            return
        # A lower id may be that of a vector that was removed and is still in the base.
        if new[0] < len(state.alive) or state.changed + len(new) > state.most:
            self._rebuild(new)
        else:
            recent = changeable(state.recent, state.alive)
            added = self._fill(recent, new)
            self._state = _State(state.base, recent, _with(state.alive, added))

    def remove(self, ids: NDArray[np.int64]) -> None:
        """Remove the vectors of `ids` (n,); ids that are not there are passed over."""
        state = self._state
        self._state = _State(state.base, state.recent, state.alive & ~state.among(ids))

    def clear(self) -> None:
        """Remove everything."""
        self._state = _State.of(_none(self.dimension))
        self._in_file = False

    def _rebuild(self, new: NDArray[np.int64]) -> None:
        """Make a base of all that is there and `new`: a copy of the old one while its layout suits so many."""
        state = self._state
        present = np.flatnonzero(state.alive)
        wanted = np.union1d(present, new)
        layout = Layout.suited(len(wanted), self.dimension)
        if layout == Layout.of(state.base):
            base = changeable(state.base, state.alive)
            wanted = np.setdiff1d(wanted, ids_of(base), assume_unique=True)
        else:
            base = layout.train(self._sample(wanted, layout.sample), self.dimension)
        self._fill(base, wanted)
        self._state = _State.of(base)
        self._in_file = False

    def _sample(self, ids: NDArray[np.int64], size: int) -> NDArray[np.float32]:
        """Return the vectors of about `size` of `ids`, evenly spread."""
        step = max(1, len(ids) // max(1, size))
        parts = [vectors for _, vectors in self._source(ids[::step][:size])]
        return np.vstack([np.empty((0, self.dimension), np.float32), *parts])

    def _fill(self, index: "faiss.Index", ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Add the vectors of `ids` to `index`; return the ids that the source had."""
        added = [np.empty(0, np.int64)]
        for some, vectors in self._source(ids):
            index.add_with_ids(np.ascontiguousarray(vectors, dtype=np.float32), some)
            added.append(some)
        return np.concatenate(added)

    # Searching

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
        search = _Search(self._state, self._source, vector.astype(np.float32), allowed)
        return best(search.fetch, k, decimals=_DECIMALS)


class _Search:
    """One search of one state: candidates from both of its parts, scored by the vectors of the source."""

    def __init__(
        self, state: _State, source: Source, vector: NDArray[np.float32], allowed: NDArray[np.int64] | None
    ) -> None:
        self._state = state
        self._source = source
        self._vector = vector
        self._layout = Layout.of(state.base)
        self._thorough = allowed is not None
        self._kept = state.alive if allowed is None else state.among(allowed)
        self._eligible = int(self._kept.sum())
        self._filter = selector(self._kept) if self._eligible < state.held else None

    def fetch(self, size: int) -> Candidates:
        """Return the best `size`, or all when there are fewer."""
        if not self._eligible:
            return Candidates(np.empty(0, np.int64), np.empty(0), -np.inf)
        ids, scores = self._found(size)
        order = np.argsort(-scores, kind="stable")[:size]
        rest = -np.inf if size >= self._eligible else float(scores[order].min(initial=np.inf))
        return Candidates(ids[order], scores[order].astype(np.float64), rest)

    def _found(self, size: int) -> Found:
        if self._layout.kind == "whole":
            return self._nearest(size)
        if size >= self._eligible:
            return self._scored(np.flatnonzero(self._kept))
        return self._scored(self._nearest(self._layout.candidates(size))[0])

    def _nearest(self, size: int) -> Found:
        query = self._vector[None, :]
        parts = [
            nearest(part, query, size, self._filter, thorough=self._thorough)
            for part in (self._state.base, self._state.recent)
        ]
        return np.concatenate([ids for ids, _ in parts]), np.concatenate([scores for _, scores in parts])

    def _scored(self, ids: NDArray[np.int64]) -> Found:
        """Return those of `ids` that the source has, with their exact scores."""
        vector = self._vector.astype(np.float64)
        parts = [(some, vectors.astype(np.float64) @ vector) for some, vectors in self._source(ids)]
        empty = (np.empty(0, np.int64), np.empty(0))
        found, scores = zip(empty, *parts, strict=True)
        return np.concatenate(found), np.concatenate(scores)


def _none(dimension: int) -> "faiss.Index":
    """Return an index of no vectors."""
    return Layout("whole").train(np.empty((0, dimension), np.float32), dimension)


def _with(alive: NDArray[np.bool_], ids: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return `alive` with `ids` alive too."""
    longer = np.zeros(max(len(alive), int(ids.max(initial=-1)) + 1), dtype=bool)
    longer[: len(alive)] = alive
    longer[ids] = True
    return longer
