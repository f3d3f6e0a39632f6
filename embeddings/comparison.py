"""What became of files since they were indexed: added, changed, renamed, gone, or the same.

Takes what an index knows and the documents as they are read again, one by one; keeps names and hashes alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from embeddings.documents import Document, Unreadable
from embeddings.records import DocumentInfo


@dataclass(frozen=True, slots=True)
class Differences:
    """How files and an index differ.

    Attributes:
        added: documents that the index has not.
        changed: those whose text, title, date, source or pages are others now.
        renamed: what the index has and what is there now, of the same text.
        gone: what the index has of these files and is not there any more.
        kept: likewise, but something there could not be read, so that it may only be hidden.
        unchanged: how many are the same.
    """

    added: tuple[DocumentInfo, ...]
    changed: tuple[DocumentInfo, ...]
    renamed: tuple[tuple[DocumentInfo, DocumentInfo], ...]
    gone: tuple[DocumentInfo, ...]
    kept: tuple[DocumentInfo, ...]
    unchanged: int

    @property
    def count(self) -> int:
        """How many documents differ."""
        return sum(map(len, (self.added, self.changed, self.renamed, self.gone, self.kept)))

    def without_renames(self) -> "Differences":
        """Return the same where nothing is taken out: a new name is one more name of a text."""
        return replace(
            self,
            added=(*self.added, *(new for _, new in self.renamed)),
            gone=(*self.gone, *(old for old, _ in self.renamed)),
            renamed=(),
        )


class Comparison:
    """Compares documents, as they are read, with those that an index had before.

    Args:
        known: what the index had.
        paths: the files and folders that are read.
    """

    def __init__(self, known: Iterable[DocumentInfo], paths: Iterable[Path]) -> None:
        self._known = {info.id: info for info in known}
        self._roots = [str(path.resolve()) for path in paths]
        self._added: list[DocumentInfo] = []
        self._changed: list[DocumentInfo] = []
        self._seen: set[str] = set()
        self._unreadable: list[str] = []

    def see(self, item: Document | Unreadable) -> None:
        """Take note of what was read."""
        if isinstance(item, Unreadable):
            self._unreadable.append(item.path)
            return
        self._seen.add(item.id)
        info = DocumentInfo.of(item)
        if info.id not in self._known:
            self._added.append(info)
        elif info != self._known[info.id]:
            self._changed.append(info)

    def differences(self) -> Differences:
        """Return how what was read differs from what the index had."""
        missing = [info for info in self._known.values() if info.id not in self._seen and self._below(info)]
        kept = [info for info in missing if any(_may_hide(path, info) for path in self._unreadable)]
        hidden = {info.id for info in kept}
        renamed = _renamed([info for info in missing if info.id not in hidden], self._added)
        moved = {info.id for pair in renamed for info in pair}
        return Differences(
            added=tuple(info for info in self._added if info.id not in moved),
            changed=tuple(self._changed),
            renamed=tuple(renamed),
            gone=tuple(info for info in missing if info.id not in moved | hidden),
            kept=tuple(kept),
            unchanged=len(self._seen) - len(self._added) - len(self._changed),
        )

    def _below(self, info: DocumentInfo) -> bool:
        return any(_holds(root, info.location) for root in self._roots)


def _holds(outer: str, inner: str) -> bool:
    """Whether a path is another one, or that of a file in it: in a folder, an archive or a table."""
    return inner == outer or inner.startswith((f"{outer.rstrip('/')}/", f"{outer}#"))


def _may_hide(unreadable: str, info: DocumentInfo) -> bool:
    """Whether a document may still be where something could not be read: the file itself, a part of it, its folder."""
    return (
        _holds(unreadable, info.path)
        or _holds(info.path, unreadable)
        or _holds(str(Path(unreadable).resolve()), info.location)
    )


def _renamed(missing: Sequence[DocumentInfo], added: Sequence[DocumentInfo]) -> list[tuple[DocumentInfo, DocumentInfo]]:
    """Pair what is missing with what came and has the same text, each once."""
    texts: dict[str, list[DocumentInfo]] = {}
    for info in reversed(added):
        texts.setdefault(info.sha256, []).append(info)
    return [(info, texts[info.sha256].pop()) for info in missing if texts.get(info.sha256)]
