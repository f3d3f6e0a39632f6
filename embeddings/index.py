"""One folder that holds documents, passages, vectors and terms, and keeps them together.

Takes documents and an encoder; gives passages near a vector or holding terms, with filters applied inside the search.
`dalil.sqlite` is the truth. `vectors.faiss` and `terms/` are derived: a kill at any moment leaves them behind it at
worst, and the next opening brings them up to date without embedding anything again.
"""

import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from embeddings.arabic import terms
from embeddings.batches import Cut, batches, by_passages
from embeddings.catalogue import Catalogue
from embeddings.derived import Derived, searchable
from embeddings.documents import Document
from embeddings.errors import IndexFolderError, IndexMissingError, ModelError
from embeddings.filters import days
from embeddings.folder import Version, WriterLock
from embeddings.passages import cut
from embeddings.settings import LOCK, TRUTH, WRITER_SECONDS, check, create_empty, refuse_orphans
from embeddings.store import Counts, DocumentInfo, Entry, Store, StoredPassage
from embeddings.terms import Frequencies

if TYPE_CHECKING:
    from embeddings.encoder import Encoder

__all__ = ["Changes", "Counts", "DocumentInfo", "Index", "Progress", "StoredPassage"]


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
        try:
            check(self._store.settings, encoder, folder)
        except IndexFolderError:
            self._store.close()
            raise
        self._max_words = int(self._store.settings["passage_words"])
        self._lock = WriterLock(folder / LOCK)
        self._changing = RLock()
        self._fingerprint: tuple[Version, str] | None = None
        self._catalogue = Catalogue(self._store)
        self._derived = Derived(folder, encoder.dimension, self._store)
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
            refuse_orphans(folder)
            if not create:
                raise IndexMissingError(
                    f"There is no index in {folder}. Make one with: dalil index PATH --index {folder}"
                )
            create_empty(folder, encoder)
        return cls(folder, encoder)

    def _load(self) -> None:
        """Load both derived parts, as the one that may mend them unless another process is writing."""
        try:
            held = self._lock.try_acquire()
        except IndexFolderError:  # a folder that may be read and not written
            held = False
        if held or not self._derived.load_as_reader():
            with self._locked():
                self._derived.load()

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
    def fingerprint(self) -> str:
        """A digest of the documents and of what the index was made with; the same for the same, however built."""
        version = self._store.version
        if self._fingerprint is None or self._fingerprint[0] != version:
            self._fingerprint = (version, self._store.fingerprint)
        return self._fingerprint[1]

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

    def listed(self, words: str = "", *, offset: int = 0, limit: int | None = None) -> list[DocumentInfo]:
        """Return documents that hold all `words` in title, source or path; see `Catalogue.listed`."""
        return self._catalogue.listed(words, offset=offset, limit=limit)

    def placed(self, prefix: str) -> list[str]:
        """Return the ids of the documents whose location begins with `prefix`."""
        return self._catalogue.placed(prefix)

    def sources(self) -> list[str]:
        """Return the publishers that have most documents, up to two hundred, those with most first."""
        return self._catalogue.sources()

    def path_of(self, sha256: str) -> str | None:
        """Return the path of the first document whose hash begins with `sha256`, or None."""
        return self._store.path_of(sha256)

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
        self,
        terms: Sequence[str],
        k: int,
        allowed: NDArray[np.int64] | None = None,
        everywhere: Frequencies | None = None,
    ) -> list[tuple[int, float]]:
        """Return up to `k` (passage id, BM25) that hold any of the `terms`; order and `allowed` as for vectors.

        With the frequencies `everywhere`, terms are as rare as they are there.
        """
        return self._derived.terms.search(terms, k, allowed, everywhere)

    def frequencies(self, terms: Sequence[str]) -> Frequencies:
        """Return in how many passages each of the `terms` is."""
        return self._derived.terms.frequencies(terms)

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
        first, last = days(date_from, date_to)
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
            for batch in batches(documents):
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
        for some in by_passages((document, cut(document.text, max_words=self._max_words)) for document in changed):
            self._put(some)
            passages += sum(len(ranges) for _, ranges in some)
        return Changes(added, replaced, len(batch) - added - replaced), passages

    def _put(self, documents: Sequence[Cut]) -> None:
        """Embed the texts that are new and store all of it in one transaction; then tell the derived parts."""
        new = self._new_texts(documents)
        texts = [searchable(document, span) for document, ranges in new.values() for span in ranges]
        with ThreadPoolExecutor(1) as beside:  # embedding leaves the interpreter to others for much of its time
            embedding = beside.submit(self._embed, texts)
            analysed = [terms(text) for text in texts]
            vectors = embedding.result()
        ends = np.cumsum([len(ranges) for _, ranges in new.values()])[:-1]
        parts = dict(zip(new, np.split(vectors, ends), strict=True)) if new else {}
        entries = [
            Entry(document, ranges, parts[document.id]) if document.id in parts else Entry(document, None, None)
            for document, ranges in documents
        ]
        removed, added = self._store.put(entries)
        self._derived.replace(removed, added, analysed)

    def _new_texts(self, documents: Sequence[Cut]) -> dict[str, Cut]:
        """Return the first document, by its id, of each text that is not stored yet."""
        stored = self._store.texts(document.sha256 for document, _ in documents)
        new: dict[str, Cut] = {}
        for document, ranges in documents:
            if document.sha256 not in stored:
                stored.add(document.sha256)
                new[document.id] = (document, ranges)
        return new

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
            present = self._store.present(document_ids)
            if present:
                self._derived.remove(self._store.remove(present))
        return len(present)

    def refresh(self) -> bool:
        """See what other processes have changed; return whether there was anything. Costs one look when there is not.

        While another process is in the middle of its work, vectors follow at once and terms when it has finished.
        """
        if self._derived.current:
            return False
        if not self._changing.acquire(blocking=False):  # another thread is changing it: its work will show
            return False
        try:
            self._catch_up()
        finally:
            self._changing.release()
        return True

    def _catch_up(self) -> None:
        if not self._lock.try_acquire():
            self._derived.follow()
            return
        with self._locked():
            self._derived.finish()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Be the one that changes the folder; however the work ends, the derived parts then hold what was stored."""
        with self._changing, self._locked():
            self._derived.finish()
            before = self._store.version
            try:
                yield
            except BaseException:
                self._derived.try_to_finish()
                raise
            if self._store.version != before:
                self._derived.commit()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the writer's lock, taking it unless it is held already."""
        self._lock.acquire(WRITER_SECONDS)
        try:
            yield
        finally:
            self._lock.release()
