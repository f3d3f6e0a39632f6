"""The pages beside the chat that readers open: `/source`, one document, and `/proof`, the proof of an answer."""

from typing import TYPE_CHECKING, Annotated, Final

from fastapi import FastAPI, Query, Request
from fastapi.responses import HTMLResponse

from ui.pages import missing_page, source_page
from ui.proof import Reference, proof_page, saved
from ui.strings import texts
from ui.visiting import VISITOR

if TYPE_CHECKING:
    from ui.visitors import Visitors

_QUOTATIONS: Final = 100  # as many as an answer has at the most; the page shows the whole document of each


def add_routes(app: FastAPI, visitors: "Visitors") -> None:
    """Add the page of a source and the proof of an answer to `app`; each visitor sees their own documents alone."""

    @app.get("/source/{document_id}", response_class=HTMLResponse, include_in_schema=False)
    def source(request: Request, document_id: str, start: int = 0, end: int = 0, language: str = "ar") -> HTMLResponse:
        words = texts(language)
        try:
            with visitors.assistant(request.headers.get(VISITOR)) as assistant:
                document = assistant.document(document_id)
        except KeyError:
            return HTMLResponse(missing_page(words), status_code=404)
        return HTMLResponse(source_page(document, start, end, words))

    @app.get("/proof", response_class=HTMLResponse, include_in_schema=False)
    def proof(
        request: Request,
        question: str,
        quotation: Annotated[list[str], Query(max_length=_QUOTATIONS)],
        language: str = "ar",
        save: bool = False,
    ) -> HTMLResponse:
        words = texts(language)
        try:
            references = [Reference.read(text) for text in quotation]
        except ValueError:
            return HTMLResponse(missing_page(words), status_code=422)
        with visitors.assistant(request.headers.get(VISITOR)) as assistant:
            html = proof_page(question, references, assistant, words)
        if not save:
            return HTMLResponse(html)
        return HTMLResponse(saved(html), headers={"content-disposition": 'attachment; filename="dalil.html"'})
