"""One folder that holds documents, passages, vectors and terms, and keeps them together.

Takes documents and an encoder; gives passages near a vector or holding terms, with filters applied inside the search.
`dalil.sqlite` is the truth. `vectors.faiss` and `terms/` are derived: a kill at any moment leaves them behind it at
worst, and the next opening brings them up to date without embedding anything again.
"""

import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Final, Self

import numpy as np
from numpy.typing import NDArray

from embeddings import arabic
from embeddings.derived import TERMS, VECTORS, Derived
from embeddings.documents import Document
from embeddings.errors import FilterError, IndexDamagedError, IndexMismatchError, IndexMissingError, ModelError
from embeddings.folder import WriterLock
from embeddings.passages import cut
from embeddings.store import Counts, DocumentInfo, Entry, Store, StoredPassage

if TYPE_CHECKING:
    from embeddings.encoder import Encoder

FORMAT_VERSION: Final = 1
"""Raised whenever the tables or files of an index folder change their meaning."""

TRUTH: Final = "dalil.sqlite"
LOCK: Final = "writer.lock"

_BATCH_DOCUMENTS: Final = 256
_BATCH_PASSAGES: Final = 2_000
_PASSAGE_WORDS: Final = 100
_WRITER_SECONDS: Final = 10.0
_LABELS: Final = {
    "format_version": "format version",
    "encoder": "the encoder",
    "dimension": "vectors of dimension",
    "folding_version": "folding version",
}

_Cut = tuple[Document, list[tuple[int, int]]]
"""A document and the ranges of its passages."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an `add` has come: documents seen, passages written, and what became of the documents."""

    documents: int
    passages: int
    added: int
    replaced: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What an `add` did, in documents."""

    added: int = 0
    replaced: int = 0
    unchanged: int = 0


class Index:
    """An index folder, open. Any thread may search; changes are made one at a time.

    Use as a context manager, or call `close`.
    """

    def __init__(self, folder: Path, encoder: "Encoder") -> None:
        """Open what is in `folder`; `Index.open` also checks and creates."""
        self.folder = folder
        self.encoder = encoder
        self._store = Store(folder / TRUTH)
        _check_settings(self._store.settings, encoder, folder)
        self._max_words = int(self._store.settings["passage_words"])
        self._lock = WriterLock(folder / LOCK)
        self._changing = RLock()
        self._derived = Derived(folder, encoder.dimension, self._store, _searchable)
        self._load()

    @classmethod
    def open(cls, folder: Path, encoder: "Encoder", *, create: bool = False) -> Self:
        """Open the index in `folder`, and with `create` begin one where there is none.

        Parts that lag behind or are damaged are made again from the stored truth; nothing is embedded.

        Raises:
            IndexMissingError: nothing has been indexed there.
            IndexMismatchError: it was made with another encoder, folding or format.
            IndexDamagedError: the stored truth is cut, not a database, or gone.
            IndexBusyError: a derived part must be made again while another process is writing.
        """
        folder = Path(folder)
        if not (folder / TRUTH).exists():
            _refuse_orphans(folder)
            if not create:
                raise IndexMissingError(
                    f"There is no index in {folder}. Make one with: dalil index PATH --index {folder}"
                )
            _create(folder, encoder)
        return cls(folder, encoder)

    def _load(self) -> None:
        """Load both derived parts, as the one that may mend them unless another process is writing."""
        if not self._lock.try_acquire():
            if self._derived.load_as_reader():
                return
            self._lock.acquire(_WRITER_SECONDS)
        try:
            self._derived.load()
        finally:
            self._lock.release()

    def close(self) -> None:
        """Close the files. Everything that was added is on the disk since `add` returned."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Reading

    @property
    def generation(self) -> int:
        """How many changes were made since the index began."""
        return self._store.version.generation

    @property
    def counts(self) -> Counts:
        """How many documents and passages there are."""
        return self._store.counts

    def document(self, document_id: str) -> Document:
        """Return a document with its text.

        Raises:
            KeyError: there is none of that id.
            IndexDamagedError: its text is not the one that was stored.
        """
        document = self._store.document(document_id)
        if document is None:
            raise KeyError(document_id)
        return document

    def documents(self) -> list[DocumentInfo]:
        """Return what is known of all documents besides their text, in the order they came in."""
        return self._store.infos()

    def passage(self, passage_id: int) -> StoredPassage:
        """Return a passage.

        Raises:
            KeyError: there is none of that id.
        """
        found = self._store.passages([passage_id])
        if not found:
            raise KeyError(passage_id)
        return found[0]

    def passages(self, passage_ids: Iterable[int]) -> list[StoredPassage]:
        """Return passages in the order of their ids; those that another thread has removed meanwhile are left out."""
        return self._store.passages(passage_ids)

    def search_vectors(
        self, vector: NDArray[np.float32], k: int, allowed: NDArray[np.int64] | None = None
    ) -> list[tuple[int, float]]:
        """Return up to `k` (passage id, cosine) nearest to the unit `vector` (dimension,), best first, then by id.

        With `allowed` passage ids, only those are looked at, and k of them come back whenever there are k.
        """
        return self._derived.vectors.search(vector, k, allowed)

    def search_terms(
        self, terms: Sequence[str], k: int, allowed: NDArray[np.int64] | None = None
    ) -> list[tuple[int, float]]:
        """Return up to `k` (passage id, BM25) that hold any of the `terms`; order and `allowed` as for vectors."""
        return self._derived.terms.search(terms, k, allowed)

    def select(
        self,
        date_from: str | datetime.date | None = None,
        date_to: str | datetime.date | None = None,
        source: str | None = None,
        document_ids: Iterable[str] | None = None,
    ) -> NDArray[np.int64] | None:
        """Return the ids of the passages, ascending, that meet every filter given; None when none is.

        Dates are days (or "2019", "2019-04"), both included; a document without a date meets no date filter. A source
        is met when it holds the words of `source`, spelling folded.

        Raises:
            FilterError: a date cannot be read, or `date_from` is after `date_to`.
        """
        first, last = _day("date_from", date_from, "00"), _day("date_to", date_to, "99")
        if first is not None and last is not None and first > last:
            raise FilterError(f"date_from {date_from} is after date_to {date_to}. Exchange them or leave one out.")
        if first is None and last is None and source is None and document_ids is None:
            return None
        return self._store.select(first, last, source, document_ids)

    # Changing

    def add(self, documents: Iterable[Document], on_progress: Callable[[Progress], None] | None = None) -> Changes:
        """Take in documents as they come: new ones, and new texts of those already there; unchanged ones cost one hash.

        Every batch is stored at once and for good: work that is interrupted goes on where it stopped when the same
        documents are added again. Searches see all of them when `add` returns.

        Raises:
            IndexBusyError: another process is writing.
            ModelError: the encoder gives vectors of another shape than it says, or not finite ones.
            IndexFolderError: the disk is full or the folder may not be written.
        """
        changes, seen, written = Changes(), 0, 0
        with self._writing():
            for batch in _batches(documents):
                done, passages = self._add_batch(batch)
                changes = Changes(
                    changes.added + done.added, changes.replaced + done.replaced, changes.unchanged + done.unchanged
                )
                seen, written = seen + len(batch), written + passages
                if on_progress is not None:
                    on_progress(Progress(seen, written, changes.added, changes.replaced, changes.unchanged))
        return changes

    def _add_batch(self, batch: Sequence[Document]) -> tuple[Changes, int]:
        """Store those of `batch` that are new or changed; return what was done and the number of passages written."""
        known = {info.id: info for info in self._store.infos(document.id for document in batch)}
        described = [
            info
            for info in map(DocumentInfo.of, batch)
            if info.id in known and known[info.id].sha256 == info.sha256 and known[info.id] != info
        ]
        changed = [d for d in batch if d.id not in known or known[d.id].sha256 != d.sha256]
        added = sum(document.id not in known for document in changed)
        replaced = len(changed) - added + len(described)
        if described:
            self._store.describe(described)
        passages = 0
        for some in _by_passages((document, cut(document.text, max_words=self._max_words)) for document in changed):
            self._put(some)
            passages += sum(len(ranges) for _, ranges in some)
        return Changes(added, replaced, len(batch) - added - replaced), passages

    def _put(self, documents: Sequence[tuple[Document, list[tuple[int, int]]]]) -> None:
        """Embed the passages of `documents` and store all of it in one transaction; then tell the derived parts."""
        texts = [_searchable(document, span) for document, ranges in documents for span in ranges]
        vectors = self._embed(texts)
        ends = np.cumsum([len(ranges) for _, ranges in documents])[:-1]
        parts = np.split(vectors, ends)
        entries = [Entry(document, ranges, part) for (document, ranges), part in zip(documents, parts, strict=True)]
        removed, added = self._store.put(entries)
        self._derived.replace(removed, added, vectors, texts)

    def _embed(self, texts: list[str]) -> NDArray[np.float32]:
        shape = (len(texts), self.encoder.dimension)
        if not texts:
            return np.empty(shape, dtype=np.float32)
        vectors = np.asarray(self.encoder.encode_passages(texts), dtype=np.float32)
        if vectors.shape != shape or not np.isfinite(vectors).all():
            raise ModelError(
                f"The encoder {self.encoder.name} gave {vectors.shape} numbers where finite ones of shape {shape} were "
                "expected. Nothing of this batch was stored; check the model with: dalil doctor"
            )
        return vectors

    def remove(self, document_ids: Iterable[str]) -> int:
        """Remove documents with all their passages, vectors and terms; return how many were there.

        Raises:
            IndexBusyError: another process is writing.
            IndexFolderError: the disk is full or the folder may not be written.
        """
        with self._writing():
            present = [info.id for info in self._store.infos(document_ids)]
            if present:
                self._derived.remove(self._store.remove(present))
        return len(present)

    def refresh(self) -> bool:
        """See what other processes have changed; return whether there was anything. Costs one look when there is not.

        While another process is in the middle of its work, vectors follow at once and terms when it has finished.
        """
        if self._derived.current:
            return False
        with self._changing:
            if self._lock.try_acquire():
                try:
                    self._derived.finish()
                finally:
                    self._lock.release()
            else:
                self._derived.follow()
        return True

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Be the one that changes the folder; however the work ends, the derived parts then hold what was stored."""
        with self._changing:
            self._lock.acquire(_WRITER_SECONDS)
            try:
                self._derived.finish()
                before = self._store.version
                try:
                    yield
                except BaseException:
                    self._derived.finish()
                    raise
                if self._store.version != before:
                    self._derived.commit()
            finally:
                self._lock.release()


def _searchable(document: Document, span: tuple[int, int]) -> str:
    """Return what is embedded and searched of a passage [start, end): its text."""
    return document.text[slice(*span)]


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """Yield documents some hundreds at a time; one that comes again comes in a later batch."""
    batch: dict[str, Document] = {}
    for document in documents:
        if document.id in batch or len(batch) == _BATCH_DOCUMENTS:
            yield list(batch.values())
            batch = {}
        batch[document.id] = document
    if batch:
        yield list(batch.values())


def _by_passages(documents: Iterable[_Cut]) -> Iterator[list[_Cut]]:
    """Yield documents with the ranges of their passages, about as many passages at a time as are embedded at once."""
    some: list[_Cut] = []
    passages = 0
    for document, ranges in documents:
        if some and passages + len(ranges) > _BATCH_PASSAGES:
            yield some
            some, passages = [], 0
        some.append((document, ranges))
        passages += len(ranges)
    if some:
        yield some


def _settings(encoder: "Encoder") -> dict[str, str]:
    return {
        "format_version": str(FORMAT_VERSION),
        "folding_version": str(arabic.FOLDING_VERSION),
        "encoder": encoder.name,
        "dimension": str(encoder.dimension),
        "passage_words": str(min(_PASSAGE_WORDS, encoder.max_words)),
    }


def _check_settings(stored: dict[str, str], encoder: "Encoder", folder: Path) -> None:
    """Raise IndexMismatchError unless the index was made with the same encoder, folding and format."""
    asked = _settings(encoder)
    for name, label in _LABELS.items():
        if stored.get(name) != asked[name]:
            raise IndexMismatchError(
                f"The index in {folder} was made with {label} {stored.get(name)}, but {label} {asked[name]} was asked "
                f"for. Use what it was made with, or make another index: dalil index PATH --index {folder}-new"
            )


def _create(folder: Path, encoder: "Encoder") -> None:
    """Begin an empty index in `folder`, unless another process has just done so."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = WriterLock(folder / LOCK)
    lock.acquire(_WRITER_SECONDS)
    try:
        if not (folder / TRUTH).exists():
            Store.create(folder / TRUTH, _settings(encoder))
    finally:
        lock.release()


def _refuse_orphans(folder: Path) -> None:
    """Raise IndexDamagedError when there are derived parts without their truth."""
    orphans = [name for name in (VECTORS, TERMS) if (folder / f"{name}.seal.json").exists()]
    if orphans:
        raise IndexDamagedError(
            f"{folder / TRUTH} is missing, but {' and '.join(orphans)} made from it are there. It is the stored truth "
            f"of the index and cannot be made again from them. Restore it from a copy, or remove {folder} and run: "
            f"dalil index PATH --index {folder}"
        )


def _day(name: str, given: str | datetime.date | None, fill: str) -> int | None:
    """Return a day as yyyymmdd; where month or day are not given, `fill` stands for them.

    Raises:
        FilterError: it is no date.
    """
    if given is None:
        return None
    text = given.isoformat()[:10] if isinstance(given, datetime.date) else arabic.fold(given).strip()
    parts = text.split("-")
    try:
        datetime.date.fromisoformat("-".join([*parts, "01", "01"][:3]))
    except ValueError:
        raise FilterError(
            f"{name}: expected a day such as 2019-04-05, a month (2019-04) or a year (2019), got {given!r}."
        ) from None
    return int("".join([*parts, fill, fill][:3]))
