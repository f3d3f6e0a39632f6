"""The two parts of an index folder that are made from its stored truth: vectors to search (FAISS) and terms (tantivy).

Takes what the store holds, keeps both parts equal to it. A passage id never comes to mean another passage, so a part
is up to date exactly when it holds the same ids as the store; what lags behind is caught up, what is damaged is made
again, and nothing is embedded for either.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from embeddings.arabic import terms
from embeddings.documents import Document
from embeddings.errors import IndexFolderError
from embeddings.folder import FileCheck, Seal, Version, check_file
from embeddings.store import Store
from embeddings.terms import TermIndex
from embeddings.vectors import VectorIndex

VECTORS: Final = "vectors.faiss"
TERMS: Final = "terms"

_CHUNK: Final = 4_000  # passages whose terms are made at once
_REMOVED_SHARE: Final = 0.2  # of the passages; beyond it, terms are made again so that statistics forget what went
_SMALL: Final = 2_000  # passages; so few that terms are made again at once

_logger = logging.getLogger(__name__)


def searchable(document: Document, span: tuple[int, int]) -> str:
    """Return what is embedded and searched of a passage [start, end): its text, whatever the document is called."""
    return document.text[slice(*span)]


class Derived:
    """Vectors and terms of the passages in `store`, kept in `folder`.

    Attributes:
        vectors: the vectors as they are now in memory.
        terms: the terms as they were last committed.
    """

    def __init__(self, folder: Path, dimension: int, store: Store) -> None:
        self._folder = folder
        self._store = store
        self.vectors = VectorIndex(dimension, store.vectors)
        self.terms: TermIndex
        self._vectors_version: Version | None = None
        self._terms_version: Version | None = None
        self._vectors_sealed: Version | None = None  # what the file was made from, as far as this process knows

    @property
    def current(self) -> bool:
        """Whether both parts were made from the newest version of the store."""
        return self._store.version == self._vectors_version == self._terms_version

    # Loading

    def load(self) -> None:
        """Read both parts from the folder and bring them up to date. The writer's lock must be held."""
        self._load_vectors()
        self._load_terms()
        self.finish()

    def load_as_reader(self) -> bool:
        """Read both parts while another process may be writing; return False when that needs the writer's lock."""
        if not (self._folder / TERMS / "meta.json").exists():
            return False
        try:
            self.terms = TermIndex(self._folder / TERMS)
        except ValueError:
            return False
        self._load_vectors()
        self._catch_up_vectors()
        return True

    def damages(self) -> Iterator[tuple[str, str]]:
        """Yield the name of each part that is not what was written, and what is wrong; nothing is made again.

        A part that only lags behind is sound.
        """
        version = self._store.version
        if not version.generation:
            return
        damage = self._take_vectors(Seal.read(self._seal_path(VECTORS)))
        if not damage and self._vectors_version == version and not self._complete(self.vectors.ids()):
            damage = "it holds other passages than the stored truth"
        if damage:
            yield VECTORS, damage
        damage = self._open_terms()
        if not damage and self._terms_version == version and not self._complete(self.terms.ids()):
            damage = "it holds other passages than the stored truth"
        if damage:
            yield TERMS, damage

    def _complete(self, ids: NDArray[np.int64]) -> bool:
        return np.array_equal(ids, self._store.passage_ids())

    def _load_vectors(self) -> None:
        if damage := self._take_vectors(Seal.read(self._seal_path(VECTORS))):
            _logger.warning("%s: %s; making it again from the stored vectors", self._folder / VECTORS, damage)

    def _load_terms(self) -> None:
        if damage := self._open_terms():
            _logger.warning("%s: %s; making it again from the stored texts", self._folder / TERMS, damage)
            self.terms = TermIndex.anew(self._folder / TERMS)

    def _take_vectors(self, seal: Seal | None) -> str | None:
        """Take the vectors from their file; return what is wrong with it, or None."""
        if seal is None:
            return self._unsealed(VECTORS)
        if damage := seal.damage(self._folder, [VECTORS]):
            return damage
        try:
            self.vectors = VectorIndex.load(self._folder / VECTORS, self.vectors.dimension, self._store.vectors)
        except (OSError, ValueError) as error:
            return str(error)
        self._vectors_version = self._vectors_sealed = seal.version
        return None

    def _open_terms(self) -> str | None:
        """Open the terms; return what is wrong with them, or None."""
        seal = Seal.read(self._seal_path(TERMS))
        damage = self._terms_damage(seal)
        if not damage:
            try:
                self.terms = TermIndex(self._folder / TERMS)
                self._terms_version = seal.version if seal else None
            except ValueError as error:
                return str(error)
        return damage

    def _terms_damage(self, seal: Seal | None) -> str | None:
        """Return what is wrong with the term files, or None.

        A process that ended after a commit and before its seal leaves files that nobody can vouch for: a damage, too.
        """
        return seal.damage(self._folder / TERMS, ["meta.json", *seal.files]) if seal else self._unsealed(TERMS)

    def _unsealed(self, name: str) -> str | None:
        return f"{name}.seal.json is missing or cannot be read" if self._store.version.generation else None

    # Changing; the writer's lock must be held

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise IndexFolderError(
                f"Vectors or terms in {self._folder} could not be written: {error}. What was stored before is "
                "safe. Check the free space and the permissions of the folder, then give the command again."
            ) from error

    def rebuild(self) -> None:
        """Make both parts again from the store, whatever the folder holds of them.

        Raises:
            IndexFolderError: a part could not be removed or written.
        """
        with self._explained():
            for path in (self._seal_path(VECTORS), self._folder / VECTORS, self._seal_path(TERMS)):
                path.unlink(missing_ok=True)
            self.terms = TermIndex.anew(self._folder / TERMS)
        self.finish()

    def replace(self, removed: Sequence[int], ids: Sequence[int], analysed: Sequence[list[str]]) -> None:
        """Take out the passages `removed`; take in `ids` with `analysed` terms. Their vectors come from the store."""
        self.remove(removed)
        with self._explained():
            self.terms.add(zip(ids, analysed, strict=True))

    def remove(self, removed: Sequence[int]) -> None:
        """Take out the passages `removed`."""
        self.vectors.remove(np.array(removed, dtype=np.int64))
        with self._explained():
            self.terms.remove(removed)

    def commit(self) -> None:
        """Make everything that was replaced searchable, and store both parts as the newest version.

        Raises:
            IndexFolderError: a part could not be written. The truth is safe, and the next change mends the part.
        """
        with self._explained():
            self.terms.commit()
            self._terms_version = self._store.version
            self._forget_removed()
            self._save_terms()  # first, and soon: what is committed and not sealed would have to be made again
            self._catch_up_vectors()
            self._save_vectors()

    def finish(self) -> None:
        """Forget what was not committed and bring both parts up to date from the store, on the disk too.

        Raises:
            IndexFolderError: a part could not be written.
        """
        with self._explained():
            self.terms.rollback()
            self.terms.reload()
            self._catch_up_vectors()
            self._save_vectors()
            if self._catch_up_terms():
                self._save_terms()

    def try_to_finish(self) -> None:
        """`finish`, behind an error that matters more: what cannot be written now is mended at the next change."""
        try:
            self.finish()
        except IndexFolderError as error:
            _logger.warning("%s: %s; vectors and terms are brought up to date at the next change", self._folder, error)

    def follow(self) -> None:
        """See what another process, still writing, has stored: vectors at once, terms as it last committed them."""
        self._catch_up_vectors()
        self.terms.reload()

    def _catch_up_vectors(self) -> None:
        """Make the vectors hold what the store holds."""
        version = self._store.version
        if self._vectors_version == version and len(self.vectors) == self._store.counts.passages:
            return
        self._take_newer_file()
        if self._of_another_line(VECTORS, self._vectors_version):
            self.vectors.clear()
        added = self._store.passage_ids(after=self.vectors.last)
        if len(self.vectors) + len(added) != self._store.counts.passages:  # some were removed
            wanted, present = self._store.passage_ids(), self.vectors.ids()
            self.vectors.remove(np.setdiff1d(present, wanted, assume_unique=True))
            added = np.setdiff1d(wanted, present, assume_unique=True)
        self.vectors.add(added)
        self._vectors_version = version

    def _take_newer_file(self) -> None:
        """Take the vectors from the file that another process has made since, when it is whole."""
        seal = Seal.read(self._seal_path(VECTORS))
        if seal and seal.version != self._vectors_sealed and self._store.had(seal.version):
            self._take_vectors(seal)

    def _catch_up_terms(self) -> bool:
        version = self._store.version
        if self._terms_version == version and len(self.terms) == self._store.counts.passages:
            return False
        if self._of_another_line(TERMS, self._terms_version):
            self.terms.clear()
            self.terms.commit()
        wanted, present = self._store.passage_ids(), self.terms.ids()
        if not np.array_equal(wanted, present):
            self.terms.remove(np.setdiff1d(present, wanted, assume_unique=True).tolist())
            self._add_terms(np.setdiff1d(wanted, present, assume_unique=True))
            self.terms.commit()
        self._terms_version = version
        self._forget_removed()
        return True

    def _of_another_line(self, name: str, version: Version | None) -> bool:
        """Return whether a part was made from a state that the truth was never in, as far as it remembers."""
        if version is None or self._store.had(version):
            return False
        if version.generation >= self._store.version.generation:
            _logger.warning(
                "%s: it was made from change %d, and the stored truth is at change %d: that was put back from a copy, "
                "or lost changes. Making the part again; to be sure that nothing is missing, run: dalil index PATH "
                "--index %s",
                self._folder / name,
                version.generation,
                self._store.version.generation,
                self._folder,
            )
        return True

    def _forget_removed(self) -> None:
        """Make the terms again when what was removed weighs too much in the statistics of BM25."""
        removed, left = self.terms.removed, len(self.terms)
        if removed and (removed + left <= _SMALL or removed > _REMOVED_SHARE * left):
            self.terms.clear()
            self._add_terms(self._store.passage_ids())
            self.terms.commit()

    def _add_terms(self, ids: NDArray[np.int64]) -> None:
        for begin in range(0, len(ids), _CHUNK):
            self.terms.add(self._terms_of(ids[begin : begin + _CHUNK]))

    def _terms_of(self, ids: NDArray[np.int64]) -> Iterator[tuple[int, list[str]]]:
        document: Document | None = None
        for passage in self._store.passages(ids.tolist()):  # those of one document follow each other
            if document is None or document.id != passage.document_id:
                document = self._store.document(passage.document_id)
            if document is not None:
                yield passage.id, terms(searchable(document, (passage.start, passage.end)))

    def _save_vectors(self) -> None:
        """Write the vectors, unless what is in their file is the greater part by far."""
        if self._vectors_sealed is None or not self.vectors.saved:
            self._vectors_sealed = None
            self.vectors.save(self._folder / VECTORS)
            self._seal(VECTORS, self._vectors_version, {VECTORS: check_file(self._folder / VECTORS)})
            self._vectors_sealed = self._vectors_version

    def _save_terms(self) -> None:
        seal = Seal.read(self._seal_path(TERMS))
        # A segment's files never change under their name: those that were sealed before need not be read again.
        known = {name: check for name, check in seal.files.items() if name != "meta.json"} if seal else {}
        folder = self._folder / TERMS
        self._seal(TERMS, self._terms_version, {n: known.get(n) or check_file(folder / n) for n in self.terms.files()})

    def _seal(self, part: str, version: Version | None, files: dict[str, FileCheck]) -> None:
        if version is not None:
            Seal(version, files).write(self._seal_path(part))

    def _seal_path(self, part: str) -> Path:
        return self._folder / f"{part}.seal.json"
