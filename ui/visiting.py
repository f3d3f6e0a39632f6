"""Who a request is from, as far as their own documents go: a number that the browser keeps, or the name of a login.

An ASGI layer. It tells everything behind it in a header of its own, `VISITOR`, which nobody outside can send. Whoever
has the number has the documents: it is long, random, kept from scripts, and only its hash is stored.
"""

import hashlib
import re
import secrets
from typing import Final

from ui.asgi import Asgi, Message, Receive, Scope, Send, headers_of

VISITOR: Final = "x-dalil-visitor"
_COOKIE: Final = "dalil_visitor"
_SENT: Final = re.compile(rf"(?:^|;\s*){_COOKIE}=([A-Za-z0-9_-]{{43}})(?:;|$)")
_COMMON: Final = ("/dalil/", "/assets/", "/static/", "/theme.css")  # the same for everyone
_YEAR: Final = 365 * 24 * 3600


class Visiting:
    """ASGI layer: gives each browser a number on the first page it opens, and names the visitor of each request."""

    def __init__(self, app: Asgi) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its visitor."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        user = scope.get("state", {}).get("user")
        cookie = _SENT.search(headers_of(scope).get("cookie", ""))
        number = cookie[1] if cookie else secrets.token_urlsafe(32)
        new = user is None and cookie is None and _begins(scope)
        kept = [(name, value) for name, value in scope["headers"] if name.lower() != VISITOR.encode()]
        if user is not None or cookie or new:
            kept.append((VISITOR.encode(), _name(f"user {user}" if user is not None else number).encode()))
        scope["headers"] = kept
        send = send if scope["path"].startswith(_COMMON) else _keeping(send)
        await self._app(scope, receive, _giving(send, scope, number) if new else send)


def _begins(scope: Scope) -> bool:
    """Whether a visit begins here: with the chat, or with a program that sends documents."""
    return scope["path"] == "/" or (scope["path"], scope["method"]) == ("/documents", "POST")


def _name(secret: str) -> str:
    """Return the name of a visitor: of a folder, too, and no way back to the number."""
    return hashlib.sha256(f"dalil {secret}".encode()).hexdigest()[:32]


def _keeping(send: Send) -> Send:
    """Return what sends a response on to its visitor alone: no cache on the way may give it to somebody else."""

    async def keeping(message: Message) -> None:
        if message["type"] == "http.response.start":
            rest = [(name, value) for name, value in message.get("headers", []) if name.lower() != b"cache-control"]
            message["headers"] = [*rest, (b"cache-control", b"private, no-cache")]
        await send(message)

    return keeping


def _giving(send: Send, scope: Scope, number: str) -> Send:
    """Return what sends a response on with the number for the browser to keep."""
    secure = "; Secure" if scope.get("scheme") == "https" else ""
    # Lax, not Strict: a visitor who follows a link to the chat must not lose what they sent.
    cookie = f"{_COOKIE}={number}; Path=/; Max-Age={_YEAR}; HttpOnly; SameSite=Lax{secure}"

    async def giving(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), (b"set-cookie", cookie.encode())]
        await send(message)

    return giving
