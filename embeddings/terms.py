"""The lexical index: which passages hold which terms, ranked by BM25 (tantivy).

Takes the terms of passages (`embeddings.arabic.terms`) under passage ids, gives passages for the terms of a question.
Changes gather until `commit`; searches see the last commit. Any number of threads may search.
"""

import json
import math
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import tantivy
from numpy.typing import NDArray

from embeddings.errors import IndexDamagedError
from embeddings.ranking import Candidates, best

_DECIMALS: Final = 4  # tantivy sums in 32 bits, in an order that depends on its segments
_SHOWN: Final = 200  # characters of tantivy's own message
_LONGEST_TERM: Final = 80  # code points; longer ones are cut, in passages and questions alike
_WRITER_BYTES: Final = 64_000_000
_FILTER_BY_TERMS: Final = 1 / 20  # a filter that allows a smaller share of the passages is looked up id by id


@dataclass(frozen=True, slots=True)
class Frequencies:
    """How many passages there are, and how many of them hold each of some terms."""

    passages: int
    holding: Mapping[str, int]

    def __add__(self, other: "Frequencies") -> "Frequencies":
        """Return the frequencies, of the same terms, in both collections together."""
        holding = {term: count + other.holding[term] for term, count in self.holding.items()}
        return Frequencies(self.passages + other.passages, holding)

    def rarity(self, term: str) -> float:
        """Return the inverse document frequency of a term as BM25 has it (Robertson & Zaragoza 2009)."""
        holding = min(self.holding[term], self.passages)  # removed passages may still be counted
        return math.log(1 + (self.passages - holding + 0.5) / (holding + 0.5))


class TermIndex:
    """Terms of passages in a folder, with BM25 search (k1 = 1.2, b = 0.75)."""

    def __init__(self, folder: Path) -> None:
        """Open the index in `folder`, or begin one where there is none.

        Raises:
            ValueError: what is in the folder is no such index.
            OSError: the folder cannot be read or made.
        """
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._schema = _schema()
        self._writer: tantivy.IndexWriter | None = None
        try:
            with _damage_told(folder):
                self._tantivy = tantivy.Index(self._schema, path=str(folder))
                self._tantivy.config_reader("manual")
                self._searcher = self._tantivy.searcher()
        except IndexDamagedError as error:
            raise ValueError(str(error)) from error

    @classmethod
    def anew(cls, folder: Path) -> "TermIndex":
        """Remove `folder` with all in it and begin an empty index there."""
        if folder.exists():
            shutil.rmtree(folder)
        return cls(folder)

    def __len__(self) -> int:
        return self._searcher.num_docs

    @property
    def removed(self) -> int:
        """How many removed passages still weigh in the statistics, until the index is next rebuilt."""
        segments = self._segments()
        return sum((segment["deletes"] or {}).get("num_deleted_docs", 0) for segment in segments)

    def files(self) -> list[str]:
        """Return the names of the files that the last commit consists of."""
        prefixes = tuple(segment["segment_id"].replace("-", "") for segment in self._segments())
        names = sorted(path.name for path in self.folder.iterdir())
        return ["meta.json", *(name for name in names if prefixes and name.startswith(prefixes))]

    def _segments(self) -> list[dict[str, Any]]:
        meta = json.loads((self.folder / "meta.json").read_text(encoding="utf-8"))
        return list(meta["segments"])

    def ids(self) -> NDArray[np.int64]:
        """Return all passage ids, ascending."""
        count = len(self)
        if not count:
            return np.empty(0, np.int64)
        with _damage_told(self.folder):
            hits = self._searcher.search(tantivy.Query.all_query(), count, count=False).hits
            return np.sort(self._ids_of(self._searcher, hits))

    def add(self, passages: Iterable[tuple[int, Sequence[str]]]) -> None:
        """Take in passages, each a new id and its terms in order, with repeats; they count from the next `commit`.

        Raises:
            OSError: they could not be written.
        """
        writer = self._writing()
        for passage, terms in passages:
            entry = tantivy.Document()
            entry.add_integer("id", passage)
            entry.add_text("terms", " ".join(_kept(terms)))
            try:
                writer.add_document(entry)
            except ValueError as error:  # its thread could not write a segment
                raise OSError(f"terms could not be written: {error}") from error

    def remove(self, ids: Iterable[int]) -> None:
        """Take out passages, from the next `commit` on; ids that are not there are passed over."""
        writer = self._writing()
        for passage in ids:
            writer.delete_documents_by_term("id", int(passage))

    def clear(self) -> None:
        """Take out everything, statistics included, from the next `commit` on."""
        self._writing().delete_all_documents()

    def commit(self) -> None:
        """Make all gathered changes at once, on the disk and for searches.

        Raises:
            OSError: they could not be written; the index is as it was after the last commit.
        """
        writer = self._writing()
        try:
            writer.commit()
            writer.wait_merging_threads()  # no file changes any more, and the writer is spent
        except ValueError as error:
            raise OSError(f"terms could not be written: {error}") from error
        finally:
            self._writer = None
        self.reload()

    def rollback(self) -> None:
        """Forget the gathered changes."""
        writer, self._writer = self._writer, None
        if writer is not None:
            with suppress(ValueError):  # it has failed already, and nothing of it was committed
                writer.rollback()
                writer.wait_merging_threads()

    def reload(self) -> None:
        """See what another process has committed.

        Raises:
            OSError: the files cannot be read any more.
        """
        try:
            self._tantivy.reload()
        except ValueError as error:
            raise OSError(f"terms cannot be read: {error}") from error
        self._searcher = self._tantivy.searcher()

    def frequencies(self, terms: Iterable[str]) -> Frequencies:
        """Return in how many passages each of `terms` is, removed ones among them until the index is next rebuilt."""
        searcher = self._searcher
        with _damage_told(self.folder):
            return Frequencies(searcher.num_docs, {term: searcher.doc_freq("terms", term) for term in _kept([*terms])})

    def search(
        self,
        terms: Sequence[str],
        k: int,
        allowed: NDArray[np.int64] | None = None,
        everywhere: Frequencies | None = None,
    ) -> list[tuple[int, float]]:
        """Return up to `k` (passage id, BM25) that hold any of `terms`, best first, equal scores by id.

        A term that occurs twice in the question counts twice. With `allowed`, only those passages are looked at: k of
        them come back whenever k hold a term. With the frequencies `everywhere` a term is as rare as it is there, so
        that the scores of several indexes compare.

        Raises:
            IndexDamagedError: tantivy finds something impossible in its files.
        """
        searcher = self._searcher
        counts = Counter(_kept(terms))
        if not counts or not searcher.num_docs or (allowed is not None and not len(allowed)):
            return []
        query = self._query(counts if everywhere is None else self._weighed(counts, everywhere))
        mask = None
        if allowed is not None and len(allowed) < _FILTER_BY_TERMS * searcher.num_docs:
            query = self._only(query, allowed)
        elif allowed is not None:
            mask = np.zeros(int(allowed.max()) + 1, dtype=bool)
            mask[allowed] = True
        return best(lambda size: self._fetch(searcher, query, size, mask), k, decimals=_DECIMALS)

    def _fetch(
        self, searcher: tantivy.Searcher, query: tantivy.Query, size: int, mask: NDArray[np.bool_] | None
    ) -> Candidates:
        size = min(size, searcher.num_docs)
        with _damage_told(self.folder):
            hits = searcher.search(query, size, count=False).hits
            ids = self._ids_of(searcher, hits)
        scores = np.array([score for score, _ in hits], dtype=np.float64)
        rest = float(scores[-1]) if 0 < len(hits) == size < searcher.num_docs else -np.inf
        if mask is not None:
            kept = np.flatnonzero(mask[np.minimum(ids, len(mask) - 1)] & (ids < len(mask)))
            ids, scores = ids[kept], scores[kept]
        return Candidates(ids, scores, rest)

    def _weighed(self, counts: Counter[str], everywhere: Frequencies) -> dict[str, float]:
        """Return what each term counts where it is as rare as `everywhere` instead of as rare as here."""
        here = self.frequencies(counts)
        return {term: count * everywhere.rarity(term) / here.rarity(term) for term, count in counts.items()}

    def _query(self, weights: Mapping[str, float]) -> tantivy.Query:
        clauses = []
        for term, weight in weights.items():
            clause = tantivy.Query.term_query(self._schema, "terms", term, "freq")
            clauses.append((tantivy.Occur.Should, tantivy.Query.boost_query(clause, weight) if weight != 1 else clause))
        return tantivy.Query.boolean_query(clauses)

    def _only(self, query: tantivy.Query, allowed: NDArray[np.int64]) -> tantivy.Query:
        """Return `query` among the `allowed` passages, with the same scores."""
        members = tantivy.Query.term_set_query(self._schema, "id", allowed.tolist())
        silent = tantivy.Query.const_score_query(members, 0.0)
        return tantivy.Query.boolean_query([(tantivy.Occur.Must, query), (tantivy.Occur.Must, silent)])

    def _writing(self) -> tantivy.IndexWriter:
        if self._writer is None:
            # One thread: the same changes give the same segments, and so the same order.
            try:
                self._writer = self._tantivy.writer(_WRITER_BYTES, 1)
                # What a process left that was killed in the middle of a commit has names that the next commit needs.
                self._writer.garbage_collect_files()
            except ValueError as error:
                raise OSError(f"terms cannot be written: {error}") from error
        return self._writer

    @staticmethod
    def _ids_of(searcher: tantivy.Searcher, hits: list[tuple[float, tantivy.DocAddress]]) -> NDArray[np.int64]:
        return np.array(searcher.fast_field_values("id", [address for _, address in hits]), dtype=np.int64)


@contextmanager
def _damage_told(folder: Path) -> Iterator[None]:
    """Turn what tantivy raises over its files, panics too, into an error that names the remedy.

    A panic is no ordinary exception, so that nobody else would handle it.
    """
    try:
        yield
    except BaseException as error:
        if not isinstance(error, ValueError) and type(error).__name__ != "PanicException":
            raise
        raise IndexDamagedError(
            f"The terms in {folder} cannot be searched ({str(error)[:_SHOWN]}). Make them again: dalil index --repair "
            f"--index {folder.parent}"
        ) from error


def _kept(terms: Sequence[str]) -> Sequence[str]:
    """Return the terms as they are kept: those that are too long, cut."""
    if max(map(len, terms), default=0) <= _LONGEST_TERM:
        return terms
    return [term[:_LONGEST_TERM] for term in terms]


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("id", indexed=True, fast=True)
    builder.add_text_field("terms", tokenizer_name="whitespace", index_option="freq")
    return builder.build()
