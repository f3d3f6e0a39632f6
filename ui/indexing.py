"""Index files for the command line: progress on a terminal, every file's fate told, on stderr."""

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from embeddings.documents import USUAL, Columns, Document, Unreadable, read_documents
from embeddings.index import Changes
from embeddings.index import Progress as Step
from ui.printable import printable


class Indexed(Protocol):
    """What documents can be added to: an index or an assistant."""

    def add(self, documents: Iterable[Document], on_progress: Callable[[Step], None] | None = None) -> Changes:
        """Add or update documents."""


def index_paths(target: Indexed, paths: Iterable[Path], columns: Columns = USUAL) -> int:
    """Add the documents of `paths` to `target`, report on stderr, and return how many could not be read.

    `columns` says what is taken of tables and JSON lines.
    """
    changes, unreadable = add_items(target, read_documents(paths, columns))
    done = f"{changes.added} added, {changes.replaced} updated, {changes.unchanged} unchanged"
    tell(f"{done}, {len(unreadable)} unreadable")
    return len(unreadable)


def add_items(target: Indexed, items: Iterable[Document | Unreadable]) -> tuple[Changes, list[Unreadable]]:
    """Add the documents among `items`, with a bar on a terminal; return what was done and what could not be read."""
    unreadable: list[Unreadable] = []
    shown = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*shown, console=_console(), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("documents", total=None)
        changes = target.add(readable(items, unreadable), lambda step: bar.update(task, completed=step.documents))
    return changes, unreadable


def readable(items: Iterable[Document | Unreadable], unreadable: list[Unreadable]) -> Iterator[Document]:
    """Yield the documents among `items`; name the others on stderr and put them into `unreadable`."""
    for item in items:
        if isinstance(item, Unreadable):
            unreadable.append(item)
            tell(f"cannot read {item.path}: {item.reason}")
        else:
            yield item


def tell(message: str) -> None:
    """Print a line for a person on stderr."""
    _console().print(printable(message), markup=False, soft_wrap=True)


def _console() -> Console:
    return Console(stderr=True, highlight=False)
