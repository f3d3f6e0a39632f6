"""The chat on a free port of this machine, in a thread, for as long as a test needs it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ui.serving import listen, server, web_app


@contextmanager
def running(assistant: Any) -> Iterator[str]:
    """Serve the chat over `assistant`; gives its address and stops it in the end."""
    listening = listen("127.0.0.1", 0)
    serving = server(web_app(assistant))
    thread = threading.Thread(target=serving.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        serving.should_exit = True
        thread.join(10)
