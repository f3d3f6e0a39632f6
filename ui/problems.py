"""Errors of the HTTP endpoints: every one is JSON with what happened ("error") and what to do ("next").

`add_handlers(app)` turns the errors of this project, malformed requests and unknown addresses into such answers. What
went wrong inside is logged, and a stranger is told no more than that it did.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from embeddings.errors import DalilError, DocumentError, FilterError, IndexBusyError, QuestionError
from qa.verify import AnswerFileError
from ui import schema

_REFERENCE: Final = "See /docs for the endpoints and what they take."
_NEXT: Final = {
    403: "See what the operator of this server allows.",
    404: "List what there is: GET /documents",
    405: _REFERENCE,
    413: "Send less, or have the operator raise the limit.",
    422: _REFERENCE,
    500: "Try again; if it happens again, tell the operator: the log has the reason.",
    503: "Try again in some seconds.",
}
_SENT: Final = (QuestionError, FilterError, DocumentError, AnswerFileError)

logger = logging.getLogger(__name__)


def problem(
    status: int, error: str, following: str | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return an error as JSON; `following` is the next step, by default the usual one of `status`."""
    return JSONResponse({"error": error, "next": following or _NEXT.get(status, _REFERENCE)}, status, headers)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of the errors that an endpoint may answer with."""
    return {status: {"model": schema.Problem} for status in statuses}


def add_handlers(app: FastAPI) -> None:
    """Let `app` answer every error as JSON."""
    app.add_exception_handler(DalilError, _ours)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(Exception, _unexpected)


async def _ours(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, _SENT):
        return problem(422, str(error))
    if isinstance(error, IndexBusyError):
        return problem(503, "The index is being changed by another process.", headers={"retry-after": "5"})
    return await _unexpected(request, error)


def malformed(faults: Iterable[Mapping[str, Any]]) -> str:
    """Return what is wrong with each field that was sent, from the errors of pydantic."""
    return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults)


async def _malformed(_request: Request, error: Exception) -> JSONResponse:
    faults = cast(RequestValidationError, error).errors()
    return problem(422, malformed({**fault, "loc": fault["loc"][1:] or fault["loc"]} for fault in faults))


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    refused = cast(HTTPException, error)
    return problem(refused.status_code, refused.detail, headers=refused.headers)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem(500, "Something went wrong and the request was not carried out.")
