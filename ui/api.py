"""The HTTP endpoints for programs: `/ask`, `/search`, `/verify`, `/documents` and `/health`, documented at `/docs`.

`add_api(app, assistant)` adds them to a FastAPI app. Answers are the JSON of the command line; errors are JSON with
what happened and what to do (`ui.problems`).
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import anyio.to_thread
from anyio import CapacityLimiter
from fastapi import APIRouter, Body, FastAPI, HTTPException, Path, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse

from embeddings.arabic import fold
from embeddings.store import DocumentInfo
from qa.verify import verify
from ui import schema
from ui.problems import add_handlers, responses
from ui.reference import reference_page
from ui.strings import preferred_language, texts
from ui.terminal import hit_values

if TYPE_CHECKING:
    from qa.assistant import Assistant

_AT_ONCE: Final = 4  # questions answered at the same time; the others wait for their turn

_T = TypeVar("_T")


class Api:
    """The endpoints over one assistant."""

    def __init__(self, assistant: "Assistant") -> None:
        self._assistant = assistant
        self._turns = CapacityLimiter(_AT_ONCE)

    async def ask(self, asked: schema.Question) -> JSONResponse:
        """Answer a question with a quotation and its place, or say that the documents do not answer it."""
        answer = await self._in_turn(lambda: self._assistant.ask(**asked.model_dump()))
        return JSONResponse(answer.to_dict())

    async def ask_by_address(self, asked: Annotated[schema.Question, Query()]) -> JSONResponse:
        """Answer a question, as POST does, from the parameters of the address."""
        return await self.ask(asked)

    async def search(self, wanted: schema.Query) -> JSONResponse:
        """List the passages nearest to a query, best first, and why each stands where it does."""
        limits = wanted.model_dump(exclude={"query"})
        hits = await self._in_turn(lambda: self._assistant.search(wanted.query, **limits))
        return JSONResponse({"query": wanted.query, "passages": [hit_values(hit, n) for n, hit in enumerate(hits, 1)]})

    async def search_by_address(self, wanted: Annotated[schema.Query, Query()]) -> JSONResponse:
        """List the passages nearest to a query, as POST does, from the parameters of the address."""
        return await self.search(wanted)

    async def verify(
        self, answer: Annotated[dict[str, Any], Body(description="An answer as `/ask` gave it.")]
    ) -> JSONResponse:
        """Tell, quotation by quotation, whether an answer still stands at its place in its sources."""
        verdicts = await self._in_turn(lambda: verify(answer, self._assistant))
        holds = all(verdict.holds for verdict in verdicts)
        return JSONResponse({"holds": holds, "verdicts": [asdict(verdict) for verdict in verdicts]})

    async def documents(self, wanted: Annotated[schema.Listing, Query()]) -> JSONResponse:
        """List the documents, some at a time, all or those that hold some words."""
        infos = await anyio.to_thread.run_sync(lambda: _matching(self._assistant.documents(), wanted.query))
        some = infos[wanted.offset : wanted.offset + wanted.limit]
        listing = {"total": len(infos), "offset": wanted.offset, "limit": wanted.limit}
        return JSONResponse({**listing, "documents": [described(info) for info in some]})

    async def document(self, document_id: Annotated[str, Path(description="Its `id`.")]) -> JSONResponse:
        """Give one document with its text, in which every citation has its place."""
        try:
            found = await anyio.to_thread.run_sync(lambda: self._assistant.document(document_id))
        except KeyError:
            raise HTTPException(404, f"There is no document {document_id!r}.") from None
        return JSONResponse({**described(DocumentInfo.of(found)), "text": found.text, "pages": list(found.pages)})

    async def health(self) -> JSONResponse:
        """Tell that questions are answered, and over how many documents."""
        counts = await anyio.to_thread.run_sync(lambda: self._assistant.counts)
        return JSONResponse({"status": "ok", **asdict(counts)})

    async def _in_turn(self, work: Callable[[], _T]) -> _T:
        return await anyio.to_thread.run_sync(work, limiter=self._turns)


def described(info: DocumentInfo) -> dict[str, Any]:
    """Return what strangers may know of a document: everything but where it lies on this machine."""
    return {name: getattr(info, name) for name in schema.Described.model_fields}


def _matching(infos: Sequence[DocumentInfo], query: str) -> Sequence[DocumentInfo]:
    """Return the documents whose title, source or path holds `query`, spelling folded."""
    wanted = fold(query).strip()
    if not wanted:
        return infos
    return [info for info in infos if wanted in fold(f"{info.title}\n{info.source or ''}\n{info.path}")]


def add_api(app: FastAPI, assistant: "Assistant") -> None:
    """Add the endpoints over `assistant`, their documentation at `/docs`, and errors as JSON to `app`."""
    api, router = Api(assistant), APIRouter()
    asking = responses(422, 503)
    router.get("/ask", responses=asking, response_model=schema.Answer)(api.ask_by_address)
    router.post("/ask", responses=asking, response_model=schema.Answer)(api.ask)
    router.get("/search", responses=asking, response_model=schema.Passages)(api.search_by_address)
    router.post("/search", responses=asking, response_model=schema.Passages)(api.search)
    router.post("/verify", responses=responses(422), response_model=schema.Verdicts)(api.verify)
    router.get("/documents", responses=responses(422), response_model=schema.Documents)(api.documents)
    router.get("/documents/{document_id}", responses=responses(404, 422), response_model=schema.Document)(api.document)
    router.get("/health", responses=responses(503), response_model=schema.Health)(api.health)
    app.include_router(router)
    add_handlers(app)

    @app.post("/gradio_api/upload", include_in_schema=False)
    def upload() -> None:
        """Close the way into Gradio's own folder of files, which the chat does not use."""
        raise HTTPException(404, "No files are taken here.")

    @app.get("/docs", include_in_schema=False, response_class=HTMLResponse)
    def docs(request: Request) -> HTMLResponse:
        return HTMLResponse(reference_page(app.openapi(), texts(preferred_language(request.headers))))
