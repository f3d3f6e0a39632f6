"""Who is let in, and how often: ASGI layers in front of the whole application.

`RateLimit` refuses a client that asks too much (429, with Retry-After), `BodyLimit` a request that is too large (413),
`Login` one without an account (401, HTTP Basic, RFC 7617) and `SameSite` what another site's page sends in a visitor's
name (403). What they refuse reaches neither the chat nor an endpoint.
"""

import asyncio
import base64
import hashlib
import hmac
import math
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

from fastapi.responses import HTMLResponse, Response
from starlette.middleware.body_limit import RequestBodyLimitMiddleware

from ui.accounts import Accounts
from ui.asgi import Asgi, Receive, Scope, Send, client_of, headers_of
from ui.limiting import Buckets
from ui.pages import page
from ui.problems import problem
from ui.strings import preferred_language, texts

# What costs work; the files of the page do not.
_COUNTED: Final = (
    *("/ask", "/search", "/verify", "/documents", "/library", "/proof", "/source"),
    *("/gradio_api/queue/join", "/gradio_api/call", "/gradio_api/run", "/gradio_api/api"),
)
_OPEN: Final = ("/health", "/dalil/")  # without an account: whether the server lives, and the style of its pages
_SAFE: Final = ("GET", "HEAD", "OPTIONS")
_WRONG_PASSWORDS: Final = 10  # a minute
_REMEMBERED: Final = 1_000  # logins


class RateLimit:
    """ASGI layer: as many requests a minute as the operator allows each client."""

    def __init__(self, app: Asgi, buckets: Buckets) -> None:
        self._app = app
        self._buckets = buckets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        counted = scope["type"] == "http" and scope["path"].startswith(_COUNTED)
        wait = self._buckets.take(client_of(scope)) if counted else 0.0
        if not wait:
            await self._app(scope, receive, send)
            return
        await _too_many(scope, receive, send, wait)


class BodyLimit:
    """ASGI layer: no more of a request is read than `limit` bytes, or `upload_limit` where documents are sent."""

    def __init__(self, app: Asgi, limit: int, upload_limit: int) -> None:
        self._limits = {False: limit, True: upload_limit}
        self._apps = {upload: RequestBodyLimitMiddleware(app, most) for upload, most in self._limits.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it: at once when it tells its length, else as soon as it is too long."""
        upload = scope.get("path") == "/documents"
        length = headers_of(scope).get("content-length", "") if scope["type"] == "http" else ""
        if length.isdecimal() and int(length) > self._limits[upload]:
            told = f"The request has {int(length):,} bytes; at most {self._limits[upload]:,} are read."
            await problem(413, told)(scope, receive, send)
            return
        await self._apps[upload](scope, receive, send)


class Login:
    """ASGI layer: a name and password of the operator's file with every request, as browsers and programs send them.

    Whose password was right is `scope["state"]["user"]`.
    """

    def __init__(self, app: Asgi, accounts: Accounts) -> None:
        self._app = app
        self._accounts = accounts
        self._wrong = Buckets(_WRONG_PASSWORDS)
        self._known: OrderedDict[bytes, str] = OrderedDict()  # digest of a right login: its name
        self._key = secrets.token_bytes(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its user's name, or ask for one."""
        if scope["type"] == "lifespan" or scope["path"].startswith(_OPEN):
            await self._app(scope, receive, send)
            return
        given = headers_of(scope).get("authorization", "")
        user = self._known.get(self._digest(given))
        if user is None and given:
            if wait := self._wrong.take(client_of(scope)):
                await _too_many(scope, receive, send, wait)
                return
            user = await self._checked(given)
        if user is None:
            await _challenge(scope)(scope, receive, send)
            return
        scope.setdefault("state", {})["user"] = user
        await self._app(scope, receive, send)

    def _digest(self, given: str) -> bytes:
        return hmac.digest(self._key, given.encode("latin-1"), hashlib.sha256)

    async def _checked(self, given: str) -> str | None:
        """Return the user's name when the password is right, and remember it: a check is slow on purpose."""
        scheme, _, encoded = given.partition(" ")
        try:
            name, _, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        except ValueError:
            return None
        if scheme.lower() != "basic" or not await asyncio.to_thread(self._accounts.check, name, password):
            return None
        self._known[self._digest(given)] = name
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return name


class SameSite:
    """ASGI layer: nothing is changed because another site's page says so; browsers tell where a request is from.

    They tell it in Sec-Fetch-Site, which they leave out over plain HTTP between machines; there the Origin counts, as
    in Go's `http.CrossOriginProtection`. A program sends neither.
    """

    def __init__(self, app: Asgi) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        changing = scope["type"] == "http" and scope["method"] not in _SAFE
        if changing and (elsewhere := _elsewhere(headers_of(scope))):
            told = f"The request came from a page of another site ({elsewhere}).", "Open the chat itself."
            await problem(403, *told)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _elsewhere(headers: Mapping[str, str]) -> str | None:
    """Return what a browser says of the other site whose page a request is from; None where it is from here."""
    if site := headers.get("sec-fetch-site"):
        return None if site in ("same-origin", "none") else site
    origin = headers.get("origin")
    here = (headers.get("host"), headers.get("x-forwarded-host"))  # no page can forge the second without asking first
    return None if origin is None or origin.partition("://")[2] in here else origin


async def _too_many(scope: Scope, receive: Receive, send: Send, wait: float) -> None:
    seconds = math.ceil(wait)
    words = texts(preferred_language(headers_of(scope)))
    following = words.too_many_next(seconds)
    told = f"{words.too_many} {following}"  # the chat shows the error alone
    await problem(429, told, following, {"retry-after": str(seconds)})(scope, receive, send)


def _challenge(scope: Scope) -> Response:
    """Return what makes a browser ask for name and password: to a person as a page, to a program as JSON."""
    headers = headers_of(scope)
    words = texts(preferred_language(headers))
    challenge = {"www-authenticate": 'Basic realm="Dalil", charset="UTF-8"'}
    if "text/html" not in headers.get("accept", ""):
        return problem(401, words.unknown_user, words.unknown_user_next, challenge)
    body = f"<h1>{words.unknown_user}</h1><p>{words.unknown_user_next}</p>"
    return HTMLResponse(page(words.unknown_user, body, words, root="/"), 401, challenge)
