"""The chat on a free port of this machine, in a thread, for as long as a test needs it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from ui.serving import listen, web_app


@contextmanager
def running(assistant: Any) -> Iterator[str]:
    """Serve the chat over `assistant`; gives its address and stops it in the end."""
    listening = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(web_app(assistant), log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
