"""The chat on the network: the Gradio app, the pages of sources, style sheet and fonts, in one FastAPI app.

`web_app(assistant)` gives the ASGI app, `serve(assistant)` runs it. Every page is told its language and direction
before it is sent, carries headers that let it load nothing from elsewhere, and works without the Internet.
"""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from embeddings.errors import DalilError
from ui.dressing import Dressing
from ui.uploads import UploadLimits

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

    from qa.assistant import Assistant
    from ui.accounts import Accounts
    from ui.background import Filling

_BODY: Final = 1_000_000  # bytes of a request that are read
_ASSETS: Final = Path(__file__).parent / "assets"


@dataclass(frozen=True, slots=True)
class Rules:
    """What an operator allows.

    Attributes:
        accounts: who may come in; None lets everyone.
        rate: how many questions and other requests that cost work a client may make a minute; 0 is no limit.
        folder: where the documents that visitors send are kept; None takes none.
        uploads: how much each visitor may send.
        feedback: the file that keeps what visitors say of answers; None asks nobody.
    """

    accounts: "Accounts | None" = None
    rate: int = 120
    folder: Path | None = None
    uploads: UploadLimits = field(default_factory=UploadLimits)
    feedback: Path | None = None


def web_app(assistant: "Assistant", rules: Rules | None = None, filling: "Filling | None" = None) -> "FastAPI":
    """Return the whole web application over `assistant`: the chat at "/", endpoints and pages beside it.

    `filling` is what is being indexed meanwhile, told to visitors.
    """
    import gradio as gr
    from fastapi import FastAPI
    from fastapi.staticfiles import StaticFiles

    from ui.api import add_api
    from ui.chat import build_app, theme
    from ui.library import add_library
    from ui.routes import add_routes
    from ui.suggesting import Suggestions
    from ui.visitors import Visitors

    app = FastAPI(
        title="Dalil",
        version=version("dalil"),
        description="Questions answered with quotations from documents, each with its exact place.",
        docs_url=None,  # FastAPI's own page loads scripts from another host; ours is `ui.reference`
        redoc_url=None,
    )
    app.mount("/dalil", StaticFiles(directory=_ASSETS))
    rules = rules or Rules()
    visitors = Visitors(assistant, rules.folder, rules.uploads)
    add_api(app, visitors, filling)
    add_routes(app, visitors)
    add_library(app, visitors)
    suggestions = Suggestions(visitors)
    chat = build_app(visitors, feedback=rules.feedback, suggestions=suggestions)
    gr.mount_gradio_app(app, chat, path="/", theme=theme(), footer_links=[], ssr_mode=False, run_history=False)
    _guard(app, rules)
    _around(app, at_end=suggestions.close)  # what it borrows is closed after it
    _around(app, at_end=visitors.close)
    return app


def _guard(app: "FastAPI", rules: Rules) -> None:
    """Put the layers in front of `app`, the innermost first."""
    from ui.guarding import BodyLimit, Login, RateLimit, SameSite
    from ui.limiting import Buckets
    from ui.logs import RequestLog
    from ui.visiting import Visiting

    app.add_middleware(SameSite)
    app.add_middleware(Visiting)
    if rules.accounts is not None:
        app.add_middleware(Login, accounts=rules.accounts)
    app.add_middleware(BodyLimit, limit=_BODY, upload_limit=rules.uploads.bytes + _BODY)
    app.add_middleware(RateLimit, buckets=Buckets(rules.rate))
    app.add_middleware(Dressing)
    app.add_middleware(RequestLog)


def serve(
    assistant: "Assistant",
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    rules: Rules | None = None,
    filling: "Filling | None" = None,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the chat over `assistant` until interrupted.

    Args:
        assistant: asked by all visitors, up to four questions at once.
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        rules: what visitors may do; None is the default of each.
        filling: what is being indexed meanwhile, told to visitors.
        on_ready: called with the address of the chat once it answers.

    Raises:
        DalilError: when the port cannot be taken.
    """
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    listening = listen(host, port)
    app = web_app(assistant, rules, filling)
    if on_ready is not None:
        _around(app, at_start=lambda: on_ready(_address(listening)))
    server(app).run(sockets=[listening])


def server(app: "FastAPI") -> "uvicorn.Server":
    """Return the server of `app`; at the end it waits a second for visitors, and leaves without complaint."""
    import uvicorn

    made = uvicorn.Server(
        uvicorn.Config(app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=1)
    )
    logging.getLogger("uvicorn.error").addFilter(_about_something)
    return made


def _about_something(record: logging.LogRecord) -> bool:
    """Whether a log record tells more than that an open page was left when the server stopped."""
    stopped = record.exc_info is not None and record.exc_info[0] is asyncio.CancelledError
    return not (stopped or "graceful shutdown" in record.getMessage())


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 (shown, not bound)
    return f"http://{shown}:{port}"


def _around(
    app: "FastAPI", at_start: Callable[[], None] = lambda: None, at_end: Callable[[], None] = lambda: None
) -> None:
    """Let `app` also do something when it has started, and when it has ended."""
    inner = app.router.lifespan_context

    @contextlib.asynccontextmanager
    async def outer(running: "FastAPI") -> AsyncIterator[Any]:
        async with inner(running) as state:
            at_start()
            yield state
        at_end()

    app.router.lifespan_context = outer


def listen(host: str, port: int) -> socket.socket:
    """Take the port before anything slow is loaded."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise DalilError(
            f"cannot serve on {host}:{port}: {error.strerror}. Choose another port: dalil chat --port {port + 1}"
        ) from error
    return listening
