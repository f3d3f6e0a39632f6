"""The documents, as visitors look through them, add to them and remove what they added.

`dialog` is the HTML of the whole, `rows` that of some documents; both are loaded when they are wanted, so that the
chat opens as fast over a million documents as over five. What happens in it is in `assets/library.js`.
"""

import json
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
_KINDS: Final = " ".join(SUFFIXES)


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
        "total": json.dumps(dict(words.documents.forms), ensure_ascii=False),
        "none": words.no_documents,
        "indexing": words.indexing,
        "indexed": words.indexed,
        "confirm": words.confirm_removal,
        **(_told_of_sending(limits, words) if limits else {}),
    }
    data = " ".join(f'data-{name}="{attribute(text)}"' for name, text in told.items())
    return (
        f'<dialog id="library" class="page" dir="{words.direction}" lang="{words.language}" '
        f'aria-labelledby="library-title" {data}><div class="inside">'
        f'<header><h2 id="library-title">{words.library}</h2>'
        f'<p class="meta" data-count>{words.documents(count)}</p>'
        f'<button type="button" class="quiet" data-shut aria-label="{words.close_library}">✕</button></header>'
        f"{_sending(limits, words) if limits else ''}"
        '<p class="indexing" role="status" hidden></p>'
        f'<input type="search" name="query" dir="auto" autocomplete="off" placeholder="{words.find_document}" '
        f'aria-label="{words.find_document}"><ul class="shelf" aria-label="{words.library}"></ul>'
        f'<button type="button" class="quiet" data-more hidden>{words.more_documents}</button></div></dialog>'
    )


def _told_of_sending(limits: UploadLimits, words: Texts) -> dict[str, str]:
    """Return what the script needs to check files and to tell what became of them."""
    return {
        "sending": words.sending,
        "not-sent": words.not_sent,
        "added": words.file_added,
        "updated": words.file_updated,
        "unchanged": words.file_unchanged,
        "failed": words.file_failed,
        "kind": words.file_kind.format(kinds=_KINDS),
        "size": words.file_size.format(megabytes=limits.megabytes),
        "most": str(limits.bytes),
    }


def _sending(limits: UploadLimits, words: Texts) -> str:
    """Return where documents are dropped or chosen, how it goes, and what became of each file."""
    taken = words.upload_limits(limits.documents, megabytes=limits.megabytes)
    seen = words.uploads_shared if limits.shared else words.uploads_private
    return (
        f'<section class="send" aria-label="{words.add_documents}"><div class="drop"><b>{words.drop_documents}</b>'
        f'<p class="ways"><label class="way"><input type="file" multiple accept="{",".join(SUFFIXES)}">'
        f"{words.choose_files}</label>"
        f'<label class="way folder"><input type="file" webkitdirectory>{words.choose_folder}</label></p>'
        f'<p class="meta">{taken} <bdi class="kinds" dir="ltr">{_KINDS}</bdi></p></div>'
        f'<p class="seen{" open" if limits.shared else ""}">{seen}</p>'
        f'<div class="going" hidden><progress max="1" aria-label="{words.add_documents}"></progress>'
        '<p role="status"></p></div><ul class="fates"></ul></section>'
    )


def rows(infos: "Sequence[DocumentInfo]", sent: Set[str], following: int | None, words: Texts) -> str:
    """Return documents as items of a list; those that the visitor `sent` can be removed."""
    items = "".join(_row(info, words, mine=info.id in sent) for info in infos)
    more = f'<li data-following="{following}" hidden></li>' if following is not None else ""
    return items + more


def _row(info: "DocumentInfo", words: Texts, *, mine: bool) -> str:
    facts = " · ".join(bdi(fact) for fact in (day(info.date, words), info.source) if fact)
    removal = attribute(words.remove_document.format(title=info.title))
    button = (
        f'<button type="button" class="quiet" data-remove="{info.id}" aria-label="{removal}">{words.remove}</button>'
    )
    tag, own = (f'<span class="tag">{words.yours}</span>', button) if mine else ("", "")
    return (
        f'<li><div><a href="source/{info.id}?language={words.language}" '
        f'target="_blank" rel="noopener">{bdi(info.title)}</a><p class="meta">'
        f"{tag}{facts}</p></div>{own}</li>"
    )


def told(fate: Fate, limits: UploadLimits, words: Texts) -> str:
    """Return why a file was not taken, or not all of it; empty where nothing is wrong."""
    reasons = {
        "kind": words.file_kind.format(kinds=_KINDS),
        "size": words.file_size.format(megabytes=limits.megabytes),
        "count": words.file_count(limits.documents),
        "space": words.file_space,
        "unreadable": words.file_unreadable,
    }
    if fate.problem:
        return reasons[fate.problem]
    return words.file_partly(len(fate.unreadable)) if fate.unreadable else ""
