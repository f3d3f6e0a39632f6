"""Parsers of intricate formats, run in a process of their own with limits on time and memory.

Takes a file, gives what its parser found, line by line. A file that makes the parser hang, crash or swell is an error
that names the limit, and nothing else is touched: the process may write no file, and is told no path. What it sends
back is JSON.
"""

import contextlib
import importlib.util
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import IO, Any, BinaryIO, Final

from embeddings.errors import DocumentError
from embeddings.formats.extract import MAX_BYTES

SECONDS: Final = 60.0
"""The longest that a parser may take for one page, or for a file without pages."""

_ROOT: Final = Path(__file__).parents[2]
_LONGEST: Final = 8 * MAX_BYTES  # bytes of one line, in which a letter may be written as \\u0627
_CHUNK: Final = 1 << 16
_NEEDS: Final = {"pdf": ("PDF", "playa"), "word": ("DOCX", "docx")}


def parsed(parser: str, file: BinaryIO) -> Iterator[dict[str, Any]]:
    """Yield what `parser` ("pdf" or "word") finds in `file`, in the order in which it finds it.

    Raises:
        DocumentError: the file cannot be parsed within the limits, or the parser is not installed.
    """
    kind, package = _NEEDS[parser]
    if importlib.util.find_spec(package) is None:
        raise DocumentError(f"{kind} files need a package that is not installed. Run: pip install 'dalil[formats]'")
    # -P: a file in the working directory must never be imported in place of a module.
    command = [sys.executable, "-P", "-B", "-X", "utf8", "-m", "embeddings.formats.worker", parser]
    with subprocess.Popen(  # noqa: S603 (no part of the command comes from a file)
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PYTHONPATH": str(_ROOT)},
    ) as process:
        try:
            yield from _answers(process, file)
        finally:
            process.kill()


def _answers(process: "subprocess.Popen[bytes]", file: BinaryIO) -> Iterator[dict[str, Any]]:
    """Send the file and yield the answers up to the one that says that there are no more."""
    # Beside the reading: a parser that hangs before it has taken the file in must not hold this process up.
    Thread(target=_send, args=(file, process.stdin), daemon=True).start()
    for line in _lines(process.stdout):
        answer = json.loads(line)
        if "error" in answer:
            raise DocumentError(answer["error"])
        if "end" in answer:
            return
        yield answer
    ended = process.wait()
    how = signal.Signals(-ended).name if ended < 0 else f"exit code {ended}"
    raise DocumentError(f"its parser ended before the file did ({how}); the file is damaged, or made to do harm")


def _send(file: BinaryIO, pipe: IO[bytes] | None) -> None:
    if pipe is None:
        return
    with contextlib.suppress(OSError, ValueError), pipe:  # a parser that has ended says why, or its exit code does
        shutil.copyfileobj(file, pipe)


def _lines(pipe: IO[bytes] | None) -> Iterator[bytes]:
    """Yield the lines that come from a parser.

    Raises:
        DocumentError: one was too long, or did not come in time.
    """
    if pipe is None:
        return
    waiting = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        deadline = time.monotonic() + SECONDS
        while selector.select(max(0.0, deadline - time.monotonic())):
            chunk = os.read(pipe.fileno(), _CHUNK)
            if not chunk:
                return
            waiting += chunk
            if len(waiting) > _LONGEST:
                raise DocumentError(f"more than {MAX_BYTES:,} bytes of text come out of it; expected a smaller file")
            if b"\n" in chunk:
                *lines, rest = waiting.split(b"\n")
                yield from map(bytes, lines)
                waiting = bytearray(rest)
                deadline = time.monotonic() + SECONDS
    raise DocumentError(
        f"its parser was stopped after {SECONDS:g} s over one part; the file is damaged or made to do harm"
    )
