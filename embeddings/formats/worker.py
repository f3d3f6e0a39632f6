"""What `sandbox` starts: `python -m embeddings.formats.worker pdf|word` parses standard input under limits.

Writes JSON lines: what the parser found part by part, then {"end": true}; or {"error": why} when it cannot go on.
"""

import json
import resource
import sys
from collections.abc import Callable, Iterator
from typing import Any, Final

MEMORY: Final = 2 * 1024**3
"""The most address space, in bytes, that a parser gets."""

CPU_SECONDS: Final = 900
"""The most computing over one file."""


def _limit() -> None:
    """Give this process little memory and time, and no right to write a file. Must come before any parsing."""
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard),) * 2)


def _pdf(data: bytes) -> Iterator[dict[str, Any]]:
    import playa

    from embeddings.formats.pdf import pages, title

    try:
        file = playa.parse(data, space="page")
        yield {"title": title(file)}
    except playa.PDFPasswordIncorrect as error:
        raise _RefusedError("it is locked with a password; save it without one") from error
    for page in pages(file):
        yield {"text": page.text, "problem": page.problem}


def _word(data: bytes) -> Iterator[dict[str, Any]]:
    from embeddings.formats.word import text_of

    title, text = text_of(data)
    yield {"title": title, "text": text}


class _RefusedError(Exception):
    """A file that is not parsed, with the reason for the person who reads it."""


_PARSERS: Final[dict[str, Callable[[bytes], Iterator[dict[str, Any]]]]] = {"pdf": _pdf, "word": _word}


def main(parser: str) -> None:
    """Parse standard input."""
    _limit()
    try:
        for answer in _PARSERS[parser](sys.stdin.buffer.read()):
            _write(answer)
        _write({"end": True})
    except _RefusedError as refused:
        _write({"error": str(refused)})
    except MemoryError:
        _write({"error": f"its parser needs more than {MEMORY // 1024**3} GiB of memory; it is damaged or hostile"})
    except Exception as error:  # noqa: BLE001 (whatever a parser raises over a hostile file ends here, and is told)
        _write({"error": f"it cannot be parsed ({type(error).__name__}: {error}); the file is damaged"})


def _write(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
