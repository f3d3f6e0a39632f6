"""The chat on the network: the Gradio app, the pages of sources, style sheet and fonts, in one FastAPI app.

`web_app(assistant)` gives the ASGI app, `serve(assistant)` runs it. Every page is told its language and direction
before it is sent, carries headers that let it load nothing from elsewhere, and works without the Internet.
"""

import asyncio
import contextlib
import logging
import os
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from embeddings.errors import DalilError
from ui.strings import preferred_language, texts

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

    from qa.assistant import Assistant

_ASSETS: Final = Path(__file__).parent / "assets"

# Gradio's page runs inline scripts and compiles templates; nothing may come from, or go to, another host.
_HEADERS: Final = {
    "content-security-policy": "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_HEAD: Final = (
    '<link rel="stylesheet" href="dalil/dalil.css"><link rel="icon" href="dalil/mark.svg">'
    '<script src="dalil/theme.js"></script><script src="dalil/dalil.js" defer></script>'
)
_OUTSIDE: Final = re.compile(rb'<meta\s[^>]*content="https?://[^"]*"\s*/?>')  # Gradio's own picture and address

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
_Asgi = Callable[[MutableMapping[str, Any], _Receive, _Send], Awaitable[None]]


class _Dressed:
    """ASGI layer: safe headers on every response, and the two answers of Gradio that need a change, changed."""

    def __init__(self, app: _Asgi) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: _Receive, send: _Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await self._app(scope, receive, _sender(scope, send))


def _sender(scope: MutableMapping[str, Any], send: _Send) -> "_HeaderSender":
    """Return what sends the response to `scope` on."""
    path = scope["path"].rstrip("/")
    if path == "/config":
        return _ChangingSender(send, described)
    if path:
        return _HeaderSender(send)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    language = preferred_language(headers)
    return _ChangingSender(send, lambda page: dressed(page, language))


class _HeaderSender:
    """Sends messages on with the safe headers added to the first."""

    def __init__(self, send: _Send) -> None:
        self._send = send

    async def __call__(self, message: _Message) -> None:
        if message["type"] == "http.response.start":
            added = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
            message["headers"] = [*message.get("headers", []), *added]
        await self._send(message)


class _ChangingSender(_HeaderSender):
    """Holds a response back until it is whole, changes it, and sends it with its new length."""

    def __init__(self, send: _Send, change: Callable[[bytes], bytes]) -> None:
        super().__init__(send)
        self._change = change
        self._start: _Message = {}
        self._body = b""

    async def __call__(self, message: _Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if message.get("more_body"):
            return
        body = self._change(self._body) if self._start["status"] == 200 else self._body
        kept = [(k, v) for k, v in self._start.get("headers", []) if k.lower() not in (b"content-length", b"vary")]
        length = (b"content-length", str(len(body)).encode())
        self._start["headers"] = [*kept, length, (b"vary", b"accept-language, cookie")]
        await super().__call__(self._start)
        await super().__call__({"type": "http.response.body", "body": body})


def described(config: bytes) -> bytes:
    """Return Gradio's description of the app with the older of two equal protocols named in it.

    Under the newer name Gradio's Python client takes every object that has a "path" for a file to be downloaded, and
    our citations have one.
    """
    return config.replace(b'"protocol":"sse_v3"', b'"protocol":"sse_v2.1"')


def dressed(page: bytes, language: str) -> bytes:
    """Return Gradio's page with our language, direction, style sheet and script, and without outside addresses."""
    words = texts(language)
    opening = f'<html lang="{words.language}" dir="{words.direction}"'.encode()
    page = re.sub(rb'<html\s+lang="en"', opening, page, count=1)
    return _OUTSIDE.sub(b"", page).replace(b"</head>", _HEAD.encode() + b"</head>", 1)


def web_app(assistant: "Assistant") -> "FastAPI":
    """Return the whole web application over `assistant`: the chat at "/", endpoints and pages beside it."""
    import gradio as gr
    from fastapi import FastAPI
    from fastapi.staticfiles import StaticFiles

    from ui.api import add_api
    from ui.chat import build_app, theme
    from ui.routes import add_routes

    app = FastAPI(
        title="Dalil",
        version=version("dalil"),
        description="Questions answered with quotations from documents, each with its exact place.",
        docs_url=None,  # FastAPI's own page loads scripts from another host; ours is `ui.reference`
        redoc_url=None,
    )
    app.mount("/dalil", StaticFiles(directory=_ASSETS))
    add_api(app, assistant)
    add_routes(app, assistant)
    gr.mount_gradio_app(
        app, build_app(assistant), path="/", theme=theme(), footer_links=[], ssr_mode=False, run_history=False
    )
    app.add_middleware(_Dressed)
    return app


def serve(
    assistant: "Assistant",
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the chat over `assistant` until interrupted.

    Args:
        assistant: asked by all visitors, up to four questions at once.
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        on_ready: called with the address of the chat once it answers.

    Raises:
        DalilError: when the port cannot be taken.
    """
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    listening = listen(host, port)
    server(_announced(assistant, listening, on_ready)).run(sockets=[listening])


def server(app: "FastAPI") -> "uvicorn.Server":
    """Return the server of `app`; at the end it waits a second for visitors, and leaves without complaint."""
    import uvicorn

    made = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    logging.getLogger("uvicorn.error").addFilter(_about_something)
    return made


def _about_something(record: logging.LogRecord) -> bool:
    """Whether a log record tells more than that an open page was left when the server stopped."""
    stopped = record.exc_info is not None and record.exc_info[0] is asyncio.CancelledError
    return not (stopped or "graceful shutdown" in record.getMessage())


def _announced(assistant: "Assistant", listening: socket.socket, on_ready: Callable[[str], None] | None) -> "FastAPI":
    """Return the web application, which tells its address when it has started."""
    app = web_app(assistant)
    host, port = listening.getsockname()[:2]
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 (shown, not bound)
    started = app.router.lifespan_context

    @contextlib.asynccontextmanager
    async def announced(inner: "FastAPI") -> AsyncIterator[Any]:
        async with started(inner) as state:
            if on_ready is not None:
                on_ready(f"http://{shown}:{port}")
            yield state

    app.router.lifespan_context = announced
    return app


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
