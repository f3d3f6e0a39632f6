"""Bring an index up to date with its files, once or whenever they change, or only tell how they differ.

What `dalil index` does: with `--prune` what is gone is taken out too, `--watch` goes on, `--check` changes nothing.
"""

import signal
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import typer

from embeddings.comparison import Comparison, Differences
from embeddings.documents import Columns, Document, Unreadable, read_documents
from embeddings.errors import IndexBusyError
from embeddings.index import Index
from ui.indexing import add_items, readable, tell
from ui.listing import stored
from ui.printable import printable
from ui.watching import watch


def update_paths(index: Index, paths: Sequence[Path], columns: Columns, *, prune: bool) -> bool:
    """Add the documents of `paths` to `index`, with `prune` also take out those that are gone; report on stderr.

    `columns` says what is taken of tables and JSON lines. Returns whether everything could be read.
    """
    comparison = Comparison(index.documents(), paths)
    _, unreadable = add_items(index, _seen(comparison, read_documents(paths, columns)))
    found = comparison.differences() if prune else comparison.differences().without_renames()
    if prune:
        # Only now: the text of a file under its new name is stored already, so that nothing is embedded again.
        index.remove([info.id for info in found.gone] + [old.id for old, _ in found.renamed])
    tell(
        f"{len(found.added)} added, {len(found.changed)} updated, {len(found.renamed)} renamed, "
        f"{len(found.gone) if prune else 0} removed, {found.unchanged} unchanged, {len(unreadable)} unreadable"
    )
    if found.gone and not prune:
        tell(f"{len(found.gone)} in the index are not there any more; --prune takes them out")
    if found.kept:
        tell(f"{len(found.kept)} in the index may stand in what could not be read, and stay")
    return not unreadable


def watch_paths(index: Index, paths: Sequence[Path], columns: Columns, *, prune: bool) -> bool:
    """Do the same at once and after every change of the files, until Ctrl-C; returns True.

    Raises:
        DocumentError: a path is not there, or cannot be watched.
    """

    def update() -> bool:
        try:
            update_paths(index, paths, columns, prune=prune)
        except IndexBusyError as error:
            tell(str(error))
            return False
        return True

    # A process that a script starts in the background is born deaf to Ctrl-C; one that never ends must hear it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        tell("watching; Ctrl-C stops it")
        watch(paths, index.folder, update)
    tell("stopped; what was indexed stays")
    return True


def check_paths(folder: Path, paths: Sequence[Path], columns: Columns) -> bool:
    """Print how the documents of `paths` differ from those of the index in `folder`; nothing is changed.

    Returns whether they are the same and everything could be read.

    Raises:
        IndexMissingError, IndexDamagedError, IndexMismatchError: there is no index that can be used as it is.
    """
    with stored(folder) as store:
        comparison = Comparison(store.infos(), paths)
    unreadable: list[Unreadable] = []
    for _ in readable(_seen(comparison, read_documents(paths, columns)), unreadable):
        pass
    found = comparison.differences()
    for line in _lines(found):
        typer.echo(printable(line))
    tell(f"{found.unchanged} unchanged, {found.count} different, {len(unreadable)} unreadable")
    return not found.count and not unreadable


def _lines(found: Differences) -> Iterator[str]:
    yield from (f"added    {info.path}" for info in found.added)
    yield from (f"changed  {info.path}" for info in found.changed)
    yield from (f"renamed  {old.path} -> {new.path}" for old, new in found.renamed)
    yield from (f"gone     {info.path}" for info in found.gone)
    yield from (f"unread   {info.path}" for info in found.kept)


def _seen(comparison: Comparison, items: Iterable[Document | Unreadable]) -> Iterator[Document | Unreadable]:
    for item in items:
        comparison.see(item)
        yield item
