"""The HTTP endpoints for programs: `/ask`, `/search`, `/verify`, `/documents` and `/health`, documented at `/docs`.

`add_api(app, visitors)` adds them to a FastAPI app. Each visitor is answered from what they may see. Answers are the
JSON of the command line; errors are JSON with what happened and what to do (`ui.problems`).
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import anyio.to_thread
from anyio import CapacityLimiter
from fastapi import APIRouter, Body, FastAPI, File, HTTPException, Path, Query, Request, UploadFile
from fastapi.responses import HTMLResponse, JSONResponse

from embeddings.documents import Document
from embeddings.index import DocumentInfo
from qa.recalling import recalled
from qa.verify import verify
from ui import schema
from ui.library import told
from ui.problems import add_handlers, responses
from ui.reasons import reason
from ui.reference import reference_page
from ui.strings import Texts, preferred_language, texts
from ui.terminal import hit_values
from ui.uploads import Fate, UploadLimits
from ui.visiting import VISITOR

if TYPE_CHECKING:
    from qa.assistant import Assistant
    from ui.background import Filling
    from ui.visitors import Visitors

_AT_ONCE: Final = 4  # questions answered at the same time; the others wait for their turn
_SENT_AT_ONCE: Final = 2  # files read at the same time, so that questions are still answered meanwhile
_STATUS: Final = {"kind": 415, "size": 413, "count": 409, "space": 507, "unreadable": 422}
_DESCRIBED: Final = tuple(name for name in schema.Described.model_fields if name != "yours")

_T = TypeVar("_T")


class Api:
    """The endpoints over what each visitor may see."""

    def __init__(self, visitors: "Visitors", filling: "Filling | None" = None) -> None:
        self._visitors = visitors
        self._filling = filling
        self._turns = CapacityLimiter(_AT_ONCE)
        self._sending = CapacityLimiter(_SENT_AT_ONCE)

    async def ask(self, asked: schema.FollowUp, request: Request) -> JSONResponse:
        """Answer a question with a quotation and its place, or say that the documents do not answer it."""
        return JSONResponse(await self._in_turn(request, lambda assistant: followed(asked, assistant)))

    async def ask_by_address(self, asked: Annotated[schema.Question, Query()], request: Request) -> JSONResponse:
        """Answer a question, as POST does, from the parameters of the address."""
        return await self.ask(schema.FollowUp(**asked.model_dump()), request)

    async def search(self, wanted: schema.Query, request: Request) -> JSONResponse:
        """List the passages nearest to a query, best first, and why each stands where it does."""
        limits = wanted.model_dump(exclude={"query"})
        hits = await self._in_turn(request, lambda assistant: assistant.search(wanted.query, **limits))
        return JSONResponse({"query": wanted.query, "passages": [hit_values(hit, n) for n, hit in enumerate(hits, 1)]})

    async def search_by_address(self, wanted: Annotated[schema.Query, Query()], request: Request) -> JSONResponse:
        """List the passages nearest to a query, as POST does, from the parameters of the address."""
        return await self.search(wanted, request)

    async def verify(
        self, answer: Annotated[dict[str, Any], Body(description="An answer as `/ask` gave it.")], request: Request
    ) -> JSONResponse:
        """Tell, quotation by quotation, whether an answer still stands at its place in its sources."""
        verdicts = await self._in_turn(request, lambda assistant: verify(answer, assistant))
        holds = all(verdict.holds for verdict in verdicts)
        return JSONResponse({"holds": holds, "verdicts": [asdict(verdict) for verdict in verdicts]})

    async def documents(self, wanted: Annotated[schema.Listing, Query()], request: Request) -> JSONResponse:
        """List the documents, some at a time, all or those that hold some words."""
        visitor = request.headers.get(VISITOR)

        def listing(assistant: "Assistant") -> dict[str, Any]:
            found = assistant.listed(wanted.query, offset=wanted.offset, limit=wanted.limit + 1)
            sent = self._visitors.sent(visitor)
            return {
                "total": assistant.counts.documents,
                "more": len(found) > wanted.limit,
                "documents": [described(info, yours=info.id in sent) for info in found[: wanted.limit]],
            }

        indexing = asdict(self._filling.state()) if self._filling else None
        facts = {"offset": wanted.offset, "limit": wanted.limit, "indexing": indexing}
        return JSONResponse({**await self._beside(request, listing), **facts})

    async def document(
        self, document_id: Annotated[str, Path(description="Its `id`.")], request: Request
    ) -> JSONResponse:
        """Give one document with its text, in which every citation has its place."""
        found = await self._beside(request, lambda assistant: _found(assistant, document_id))
        yours = document_id in self._visitors.sent(request.headers.get(VISITOR))
        facts = described(DocumentInfo.of(found), yours=yours)
        return JSONResponse({**facts, "text": found.text, "pages": list(found.pages)})

    async def send(
        self, files: Annotated[list[UploadFile], File(description="Documents.")], request: Request
    ) -> JSONResponse:
        """Add documents that you alone see, unless the operator shares them; keep the cookie that comes back."""
        words = texts(preferred_language(request.headers))
        if not self._visitors.takes_documents:
            raise HTTPException(403, words.no_uploads)
        visitor = request.headers[VISITOR]
        fates = [
            await anyio.to_thread.run_sync(
                self._visitors.take, visitor, file.file, file.filename or "", limiter=self._sending
            )
            for file in files
        ]
        told = [_fate(fate, self._visitors.limits, words) for fate in fates]
        total = await self._beside(request, lambda assistant: assistant.counts.documents)
        body = {"files": told, "total": total}
        if any(fate.problem is None for fate in fates):
            return JSONResponse(body)
        status = _STATUS[fates[0].problem] if fates and fates[0].problem else 422
        return JSONResponse({**body, "error": told[0]["message"], "next": "See what each file's message says."}, status)

    async def remove(
        self, document_id: Annotated[str, Path(description="Its `id`.")], request: Request
    ) -> JSONResponse:
        """Remove a document that you sent: no question is answered from it any more."""
        await self._beside(request, lambda assistant: _found(assistant, document_id))
        visitor = request.headers.get(VISITOR, "")
        removed = await anyio.to_thread.run_sync(self._visitors.remove, visitor, [document_id], limiter=self._sending)
        if not removed:
            raise HTTPException(403, texts(preferred_language(request.headers)).not_yours)
        total = await self._beside(request, lambda assistant: assistant.counts.documents)
        return JSONResponse({"removed": removed, "total": total})

    async def health(self) -> JSONResponse:
        """Tell that questions are answered, and over which documents."""
        return JSONResponse({"status": "ok", **await anyio.to_thread.run_sync(self._held)})

    def _held(self) -> dict[str, int | str]:
        with self._visitors.assistant(None) as assistant:
            return {**asdict(assistant.counts), "fingerprint": assistant.fingerprint}

    async def _in_turn(self, request: Request, work: "Callable[[Assistant], _T]") -> _T:
        return await self._beside(request, work, self._turns)

    async def _beside(
        self, request: Request, work: "Callable[[Assistant], _T]", turns: CapacityLimiter | None = None
    ) -> _T:
        """Do `work` in a thread with the assistant of whoever asks."""

        def with_theirs() -> _T:
            with self._visitors.assistant(request.headers.get(VISITOR)) as assistant:
                return work(assistant)

        return await anyio.to_thread.run_sync(with_theirs, limiter=turns)


def followed(asked: schema.FollowUp, assistant: "Assistant") -> dict[str, Any]:
    """Return what `/ask` answers: the JSON of an answer to a question, which may lean on the one before it.

    Raises:
        AnswerFileError, FilterError, QuestionError: it cannot be asked.
    """
    previous = recalled(asked.previous, assistant) if asked.previous else None
    return assistant.ask(**asked.model_dump(exclude={"previous"}), previous=previous).to_dict()


def _found(assistant: "Assistant", document_id: str) -> Document:
    try:
        return assistant.document(document_id)
    except KeyError:
        raise HTTPException(404, f"There is no document {document_id!r}.") from None


def _fate(fate: Fate, limits: UploadLimits, words: Texts) -> dict[str, Any]:
    unreadable = [{"path": part.path, "reason": reason(part.reason, words)} for part in fate.unreadable]
    return {**asdict(fate), "message": told(fate, limits, words) or None, "unreadable": unreadable}


def described(info: DocumentInfo, *, yours: bool) -> dict[str, Any]:
    """Return what strangers may know of a document: everything but where it lies on this machine."""
    return {name: getattr(info, name) for name in _DESCRIBED} | {"yours": yours}


def add_api(app: FastAPI, visitors: "Visitors", filling: "Filling | None" = None) -> None:
    """Add the endpoints, their documentation at `/docs`, and errors as JSON to `app`."""
    api, router = Api(visitors, filling), APIRouter()
    asking = responses(422, 503)
    router.get("/ask", responses=asking, response_model=schema.Answer)(api.ask_by_address)
    router.post("/ask", responses=asking, response_model=schema.Answer)(api.ask)
    router.get("/search", responses=asking, response_model=schema.Passages)(api.search_by_address)
    router.post("/search", responses=asking, response_model=schema.Passages)(api.search)
    router.post("/verify", responses=responses(422), response_model=schema.Verdicts)(api.verify)
    router.get("/documents", responses=responses(422), response_model=schema.Documents)(api.documents)
    not_taken: dict[int | str, dict[str, Any]] = {status: {"model": schema.NotSent} for status in _STATUS.values()}
    router.post("/documents", responses=responses(403) | not_taken, response_model=schema.Sent)(api.send)
    one = "/documents/{document_id}"
    router.get(one, responses=responses(404, 422), response_model=schema.Document)(api.document)
    router.delete(one, responses=responses(403, 404, 422), response_model=schema.Removed)(api.remove)
    router.get("/health", responses=responses(503), response_model=schema.Health)(api.health)
    app.include_router(router)
    add_handlers(app)

    @app.post("/gradio_api/upload", include_in_schema=False)
    @app.post("/gradio_api/process_recording", include_in_schema=False)
    def upload() -> None:
        """Close the ways into Gradio's own folders of files, which the chat does not use."""
        raise HTTPException(404, "Documents are sent to /documents.")

    @app.get("/docs", include_in_schema=False, response_class=HTMLResponse)
    def docs(request: Request) -> HTMLResponse:
        return HTMLResponse(reference_page(app.openapi(), texts(preferred_language(request.headers))))
