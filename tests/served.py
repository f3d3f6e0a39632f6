"""The chat on a port of this machine, in a thread, for as long as a test needs it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ui.serving import Rules, listen, server, web_app


@contextmanager
def running(
    assistant: Any,
    rules: Rules = Rules(rate=0),  # noqa: B008
    filling: Any = None,
    port: int = 0,
) -> Iterator[str]:
    """Serve the chat over `assistant`, to anyone who asks as often as they like; gives its address and stops it."""
    listening = listen("127.0.0.1", port)
    serving = server(web_app(assistant, rules, filling))
    thread = threading.Thread(target=serving.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not serving.started and thread.is_alive():
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        serving.should_exit = True
        thread.join(10)
