"""The plain HTTP routes beside the chat: `/ask` for programs, `/source` and `/proof` for readers, `/health`.

`add_routes(app, assistant)` adds them to a FastAPI app. Answers of `/ask` are the JSON of `dalil ask --json`; what
cannot be asked is status 422 with the reason.
"""

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Body, FastAPI, Query
from fastapi.responses import HTMLResponse, JSONResponse

from embeddings.errors import FilterError, QuestionError
from ui.pages import missing_page, source_page
from ui.proof import Reference, proof_page, saved
from ui.strings import texts

if TYPE_CHECKING:
    from qa.assistant import Assistant


def add_routes(app: FastAPI, assistant: "Assistant") -> None:
    """Add every route over `assistant` to `app`."""
    _add_ask(app, assistant)
    _add_pages(app, assistant)

    @app.get("/health")
    def health() -> dict[str, Any]:
        return {"status": "ok", "documents": len(list(assistant.documents()))}


def _add_ask(app: FastAPI, assistant: "Assistant") -> None:
    """Add `/ask`: POST with a JSON object, or GET with the same names in the address."""

    def ask(
        question: str,
        top_k: int = 8,
        date_from: str | None = None,
        date_to: str | None = None,
        source: str | None = None,
    ) -> JSONResponse:
        try:
            answer = assistant.ask(question, top_k=top_k, date_from=date_from, date_to=date_to, source=source)
        except (QuestionError, FilterError) as error:
            return JSONResponse({"error": str(error)}, status_code=422)
        return JSONResponse(answer.to_dict())

    def posted(
        question: Annotated[str, Body(embed=True)],
        top_k: Annotated[int, Body()] = 8,
        date_from: Annotated[str | None, Body()] = None,
        date_to: Annotated[str | None, Body()] = None,
        source: Annotated[str | None, Body()] = None,
    ) -> JSONResponse:
        return ask(question, top_k, date_from, date_to, source)

    app.get("/ask")(ask)
    app.post("/ask")(posted)


def _add_pages(app: FastAPI, assistant: "Assistant") -> None:
    """Add the page of a source and the proof of an answer."""

    @app.get("/source/{document_id}", response_class=HTMLResponse)
    def source(document_id: str, start: int = 0, end: int = 0, language: str = "ar") -> HTMLResponse:
        words = texts(language)
        try:
            document = assistant.document(document_id)
        except KeyError:
            return HTMLResponse(missing_page(words), status_code=404)
        return HTMLResponse(source_page(document, start, end, words))

    @app.get("/proof", response_class=HTMLResponse)
    def proof(
        question: str, quotation: Annotated[list[str], Query()], language: str = "ar", save: bool = False
    ) -> HTMLResponse:
        words = texts(language)
        try:
            references = [Reference.read(text) for text in quotation]
        except ValueError:
            return HTMLResponse(missing_page(words), status_code=422)
        html = proof_page(question, references, assistant, words)
        if not save:
            return HTMLResponse(html)
        return HTMLResponse(saved(html), headers={"content-disposition": 'attachment; filename="dalil.html"'})
