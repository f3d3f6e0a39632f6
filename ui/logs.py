"""Logs as JSON, one object a line: when, how grave, what, and what else is known.

`start_logging` sends every log of the process to standard error in that form. Questions and answers are in no line
unless the operator asks for them.
"""

import json
import logging
import sys
import time
from datetime import UTC, datetime
from typing import Any, Final

from ui.asgi import Asgi, Message, Receive, Scope, Send, client_of

_OWN: Final = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_FILES: Final = ("/dalil/", "/assets/", "/static/", "/theme.css")

logger = logging.getLogger("dalil.requests")


class JsonFormatter(logging.Formatter):
    """A log record as a JSON object; what was given as `extra` stands beside the rest."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        values: dict[str, Any] = {
            "time": when,
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        values |= {name: value for name, value in vars(record).items() if name not in _OWN}
        if record.exc_info:
            values["exception"] = self.formatException(record.exc_info)
        return json.dumps(values, ensure_ascii=False, default=str)


def start_logging(*, questions: bool = False) -> None:
    """Log to standard error as JSON: everything to a file or pipe, only what went wrong to a terminal.

    Args:
        questions: also log what was asked and answered.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    level = logging.WARNING if sys.stderr.isatty() and not questions else logging.INFO
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.getLogger("qa.assistant").setLevel(logging.DEBUG if questions else logging.NOTSET)
    logging.getLogger("httpx").setLevel(logging.WARNING)


class RequestLog:
    """ASGI layer: a line for every request, without what was asked."""

    def __init__(self, app: Asgi) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and log it when its response has been sent."""
        if scope["type"] != "http" or scope["path"].startswith(_FILES):
            await self._app(scope, receive, send)
            return
        status, started = 500, time.perf_counter()

        async def noting(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            facts = {"method": scope["method"], "path": scope["path"], "status": status, "client": client_of(scope)}
            user = scope.get("state", {}).get("user")
            took = round((time.perf_counter() - started) * 1000, 1)
            logger.info("request", extra={**facts, **({"user": user} if user else {}), "milliseconds": took})
