"""What every response is dressed in: headers that keep a page to itself, and Gradio's page in our language and style.

An ASGI layer. No page may load from, send to or be framed by another host. Ours run no inline script at all; Gradio's
runs its own under a number used once.
"""

import re
import secrets
from collections.abc import Callable
from typing import Final

from ui.asgi import Asgi, Message, Receive, Scope, Send, headers_of
from ui.strings import preferred_language, texts

_POLICY: Final = (
    "default-src 'none'; script-src 'self'{scripts}; style-src 'self'{styles}; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'self'"
)
_STRICT: Final = _POLICY.format(scripts="", styles="")
_HEADERS: Final = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_HEAD: Final = (
    '<link rel="stylesheet" href="dalil/dalil.css"><link rel="icon" href="dalil/mark.svg">'
    '<script src="dalil/theme.js"></script><script src="dalil/memory.js"></script>'
    '<script src="dalil/dalil.js" defer></script><script src="dalil/library.js" defer></script>'
)
_OUTSIDE: Final = re.compile(rb'<meta\s[^>]*content="https?://[^"]*"\s*/?>')  # Gradio's own picture and address


class Dressing:
    """ASGI layer: safe headers on every response, and the two answers of Gradio that need a change, changed."""

    def __init__(self, app: Asgi) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and dress its response."""
        dressed_send = _sender(scope, send) if scope["type"] == "http" else send
        await self._app(scope, receive, dressed_send)


def _sender(scope: Scope, send: Send) -> Send:
    """Return what sends the response to `scope` on."""
    path = scope["path"].rstrip("/")
    if path == "/config":
        return _ChangingSender(send, described)
    if path:
        return _HeaderSender(send)
    language = preferred_language(headers_of(scope))
    nonce = secrets.token_urlsafe(16)
    # Gradio compiles the templates of its HTML component, and sets styles in its elements: no nonce allows either.
    policy = _POLICY.format(scripts=f" 'nonce-{nonce}' 'unsafe-eval'", styles=" 'unsafe-inline'")
    return _ChangingSender(send, lambda page: dressed(page, language, nonce), policy)


class _HeaderSender:
    """Sends messages on with the safe headers added to the first."""

    def __init__(self, send: Send, policy: str = _STRICT) -> None:
        self._send = send
        self._added = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
        self._added.append((b"content-security-policy", policy.encode()))

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), *self._added]
        await self._send(message)


class _ChangingSender(_HeaderSender):
    """Holds a response back until it is whole, changes it, and sends it with its new length."""

    def __init__(self, send: Send, change: Callable[[bytes], bytes], policy: str = _STRICT) -> None:
        super().__init__(send, policy)
        self._change = change
        self._start: Message = {}
        self._body = b""

    async def __call__(self, message: Message) -> None:
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


def dressed(page: bytes, language: str, nonce: str) -> bytes:
    """Return Gradio's page in our language, direction and style, its scripts allowed, without outside addresses."""
    words = texts(language)
    opening = f'<html lang="{words.language}" dir="{words.direction}"'.encode()
    page = re.sub(rb'<html\s+lang="en"', opening, page, count=1)
    page = page.replace(b"<script>", f'<script nonce="{nonce}">'.encode())
    page = page.replace(b"<script data-", f'<script nonce="{nonce}" data-'.encode())
    return _OUTSIDE.sub(b"", page).replace(b"</head>", _HEAD.encode() + b"</head>", 1)
