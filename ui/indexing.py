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
    console = Console(stderr=True, highlight=False)
    unreadable: list[Unreadable] = []

    def readable() -> Iterator[Document]:
        for item in read_documents(paths, columns):
            if isinstance(item, Unreadable):
                unreadable.append(item)
                console.print(printable(f"cannot read {item.path}: {item.reason}"), markup=False, soft_wrap=True)
            else:
                yield item

    shown = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*shown, console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("documents", total=None)
        changes = target.add(readable(), lambda step: bar.update(task, completed=step.documents))
    console.print(
        f"{changes.added} added, {changes.replaced} updated, {changes.unchanged} unchanged, "
        f"{len(unreadable)} unreadable"
    )
    return len(unreadable)
