"""The documents, as visitors look through them, add to them and remove what they added.

`dialog` is the HTML of the whole, `rows` that of some documents; both are loaded when they are wanted, so that the
chat opens as fast over a million documents as over five. What happens in it is in `assets/library.js`.
"""

from collections.abc import Sequence, Set
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import FastAPI, Query, Request
from fastapi.responses import HTMLResponse

from embeddings.documents import SUFFIXES
from ui.markup import attribute, bdi
from ui.strings import Texts, day, texts
from ui.uploads import Fate, UploadLimits
from ui.visiting import VISITOR

if TYPE_CHECKING:
    from embeddings.records import DocumentInfo
    from ui.visitors import Visitors

_ROWS: Final = 50


def add_library(app: FastAPI, visitors: "Visitors") -> None:
    """Add the pieces of the page that show documents to `app`."""

    @app.get("/library", response_class=HTMLResponse, include_in_schema=False)
    def library(request: Request, language: str = "ar") -> HTMLResponse:
        words = texts(language)
        with visitors.assistant(request.headers.get(VISITOR)) as assistant:
            count = assistant.counts.documents
        return HTMLResponse(dialog(count, visitors.limits if visitors.takes_documents else None, words))

    @app.get("/library/rows", response_class=HTMLResponse, include_in_schema=False)
    def some(
        request: Request, query: str = "", offset: Annotated[int, Query(ge=0)] = 0, language: str = "ar"
    ) -> HTMLResponse:
        visitor = request.headers.get(VISITOR)
        with visitors.assistant(visitor) as assistant:
            found = assistant.listed(query, offset=offset, limit=_ROWS + 1)
        following = offset + _ROWS if len(found) > _ROWS else None
        return HTMLResponse(rows(found[:_ROWS], visitors.sent(visitor), following, texts(language)))


def dialog(count: int, limits: UploadLimits | None, words: Texts) -> str:
    """Return the dialog that shows the documents.

    Args:
        count: how many documents there are.
        limits: what visitors may send; None where they may send nothing.
        words: the language.
    """
    told = {
        "language": words.language,
        "sending": words.sending,
        "sent": words.sent,
        "not-sent": words.not_sent,
        "indexing": words.indexing,
        "indexed": words.indexed,
        "none": words.no_documents,
        "confirm": words.confirm_removal,
        "added": words.file_added,
        "updated": words.file_updated,
        "unchanged": words.file_unchanged,
        "failed": words.file_failed,
        "total": words.documents,
    }
    if limits:
        told |= {"too-large": words.file_size.format(megabytes=limits.megabytes), "most": str(limits.bytes)}
    data = " ".join(f'data-{name}="{attribute(text)}"' for name, text in told.items())
    return (
        f'<dialog id="library" class="page" dir="{words.direction}" lang="{words.language}" '
        f'aria-labelledby="library-title" {data}>'
        f'<header><h2 id="library-title">{words.library}</h2><p class="meta" data-count>'
        f"{words.documents.format(count=count)}</p>"
        f'<button type="button" class="quiet" data-shut aria-label="{words.close_library}">✕</button></header>'
        f"{_sending(limits, words) if limits else ''}"
        '<p class="indexing" role="status" hidden></p>'
        f'<label class="seek"><span>{words.find_document}</span>'
        '<input type="search" name="query" dir="auto" autocomplete="off"></label>'
        f'<ul class="shelf" aria-label="{words.library}"></ul>'
        f'<button type="button" class="quiet" data-more hidden>{words.more_documents}</button></dialog>'
    )


def _sending(limits: UploadLimits, words: Texts) -> str:
    """Return where documents are dropped, how it goes, and what became of each file."""
    kinds = " ".join(SUFFIXES)
    taken = words.upload_limits.format(megabytes=limits.megabytes, documents=limits.documents)
    seen = words.uploads_shared if limits.shared else words.uploads_private
    return (
        f'<section class="send"><label class="drop"><input type="file" multiple accept="{",".join(SUFFIXES)}">'
        f"<b>{words.add_documents}</b> <span>{words.drop_documents}</span> <span>{taken}</span> "
        f'<bdi class="kinds" dir="ltr">{kinds}</bdi></label><p class="seen">{seen}</p>'
        f'<div class="going" hidden><progress max="1" value="0" aria-label="{words.add_documents}"></progress>'
        '<p role="status"></p></div><ul class="fates" aria-live="polite"></ul></section>'
    )


def rows(infos: "Sequence[DocumentInfo]", sent: Set[str], following: int | None, words: Texts) -> str:
    """Return documents as items of a list; those that the visitor `sent` can be removed."""
    items = "".join(_row(info, words, mine=info.id in sent) for info in infos)
    more = f'<li data-following="{following}" hidden></li>' if following is not None else ""
    return items + more


def _row(info: "DocumentInfo", words: Texts, *, mine: bool) -> str:
    facts = " · ".join(bdi(fact) for fact in (day(info.date, words), info.source) if fact)
    removal = attribute(words.remove_document.format(title=info.title))
    own = (
        f'<span class="mine">{words.yours}</span>'
        f'<button type="button" class="quiet" data-remove="{info.id}" aria-label="{removal}">{words.remove}</button>'
    )
    return (
        f'<li><a href="source/{info.id}?language={words.language}" target="_blank" rel="noopener">{bdi(info.title)}</a>'
        f'<span class="meta">{facts}</span>{own if mine else ""}</li>'
    )


def told(fate: Fate, limits: UploadLimits, words: Texts) -> str:
    """Return why a file was not taken, or not all of it; empty where nothing is wrong."""
    reasons = {
        "kind": words.file_kind.format(kinds=" ".join(SUFFIXES)),
        "size": words.file_size.format(megabytes=limits.megabytes),
        "count": words.file_count.format(documents=limits.documents),
        "space": words.file_space,
        "unreadable": words.file_unreadable,
    }
    if fate.problem:
        return reasons[fate.problem]
    return words.file_partly.format(count=len(fate.unreadable)) if fate.unreadable else ""
