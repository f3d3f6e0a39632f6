"""`dalil documents`: what an index holds, a line or a JSON object a document, and a document as it is stored.

No model is loaded for any of it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from embeddings.documents import Document
from embeddings.errors import DocumentError, IndexMissingError
from embeddings.index import Index
from embeddings.records import DocumentInfo
from embeddings.settings import TRUTH, StoredEncoder
from embeddings.store import Store
from ui.printable import printable
from ui.terminal import isolated


@contextmanager
def stored(folder: Path) -> Iterator[Store]:
    """Open the stored documents of the index in `folder`.

    Raises:
        IndexMissingError: there is no index.
        IndexDamagedError, IndexMismatchError: it cannot be used as it is.
    """
    if not (folder / TRUTH).exists():
        raise IndexMissingError(f"There is no index in {folder}. Make one with: dalil index PATH --index {folder}")
    store = Store(folder / TRUTH)
    try:
        yield store
    finally:
        store.close()


def find(store: Store, document_id: str) -> Document:
    """Return a document.

    Raises:
        DocumentError: there is none of that id.
    """
    document = store.document(document_id)
    if document is None:
        folder = store.database.path.parent
        raise DocumentError(
            f"no document has the id {document_id}. List all with: dalil documents list --index {folder}"
        )
    return document


def remove(folder: Path, document_ids: Sequence[str]) -> tuple[list[str], list[str]]:
    """Take documents out of the index in `folder`; return the ids that were there, and those that were not.

    Raises:
        IndexMissingError: there is no index.
        IndexDamagedError, IndexMismatchError, IndexBusyError, IndexFolderError: it cannot be changed as it is.
    """
    with stored(folder) as store:
        encoder = StoredEncoder(store.settings)
        present = set(store.present(document_ids))
    with Index.open(folder, encoder) as index:
        index.remove(present)
    return [i for i in document_ids if i in present], [i for i in document_ids if i not in present]


def show_info(info: DocumentInfo) -> str:
    """Return a line that names a document: its id, date, source, path and title."""
    facts = (isolated(fact) for fact in (info.source or "-", info.path, info.title))
    return "  ".join([info.id, info.date or "-" * 10, *facts])


def info_values(info: DocumentInfo) -> dict[str, Any]:
    """Return what is known of a document as JSON values."""
    return {
        "id": info.id,
        "title": info.title,
        "date": info.date,
        "source": info.source,
        "path": info.path,
        "location": info.location,
        "sha256": info.sha256,
        "pages": len(info.pages) or None,
    }


def show_document(document: Document, *, steering: bool) -> str:
    """Return what is known of a document, a line each, and its text; to a terminal without `steering` characters."""
    values = info_values(DocumentInfo.of(document))
    facts = [f"{name}: {printable(str(value))}" for name, value in values.items() if value is not None]
    text = document.text if steering else "\n".join(map(printable, document.text.split("\n")))
    return "\n".join([*facts, "", text])


def document_values(document: Document) -> dict[str, Any]:
    """Return a document with its text as JSON values."""
    return info_values(DocumentInfo.of(document)) | {"text": document.text}
