"""PDF and Word files, as their parsers in the sandbox give them.

A page of a PDF that has no text although there is something on it is told, and the others go on.
"""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import BinaryIO, Final

from embeddings.arabic import words
from embeddings.errors import DocumentError
from embeddings.formats.extract import MAX_BYTES, Extract, Problem
from embeddings.formats.sandbox import parsed

_BETWEEN: Final = "\n\n"
_TITLE_WITHIN: Final = 5_000  # letters from the start; a title that a file states must be among them
_REMEDY: Final = "to have such text read, run an OCR program over the file first, for example: ocrmypdf -l ara"


def read_pdf(file: BinaryIO) -> Iterator[Extract | Problem]:
    """Yield the text of all pages with where each begins, then what could not be read of them.

    Raises:
        DocumentError: no page has text, it is locked, or it cannot be parsed within the limits.
    """
    stated, texts, problems = "", [], {}
    size = 0
    for answer in parsed("pdf", file):
        if "title" in answer:
            stated = answer["title"]
            continue
        texts.append(answer["text"])
        size += len(answer["text"]) + len(_BETWEEN)
        if size > MAX_BYTES:
            raise DocumentError(f"its text is longer than the {MAX_BYTES:,} letters that are read as one document")
        if answer["problem"]:
            problems[len(texts)] = answer["problem"]
    if not any(texts):
        raise DocumentError(_without_text(len(texts), problems))
    starts = [0]
    for text in texts:
        starts.append(starts[-1] + len(text) + len(_BETWEEN))
    text = _BETWEEN.join(texts)
    yield Extract(text, title=_shown(stated, text), pages=tuple(starts[:-1]))
    for reason in dict.fromkeys(problems.values()):
        pages = _numbers([page for page, told in problems.items() if told == reason])
        yield Problem(f"#page={pages}", f"{reason}; {_REMEDY}")


def read_word(file: BinaryIO) -> Iterator[Extract]:
    """Yield the text of a Word document.

    Raises:
        DocumentError: it cannot be parsed within the limits.
    """
    for answer in parsed("word", file):
        yield Extract(answer["text"], title=_shown(answer["title"], answer["text"]))


def _without_text(pages: int, problems: Mapping[int, str]) -> str:
    """Return why a file whose pages have no text has none."""
    if not problems:
        return "it has no text" if pages else "it has no pages"
    reasons = " and ".join(dict.fromkeys(problems.values()))
    return f"none of its {pages:,} pages has text that can be read ({reasons}); {_REMEDY}"


def _shown(stated: str, text: str) -> str | None:
    """Return the title that a file states if its text shows it too: many are names of templates or of other files."""
    title = " ".join(word.text for word in words(stated))
    opening = " ".join(word.text for word in words(text[:_TITLE_WITHIN]))
    return stated if title and f" {title} " in f" {opening} " else None


def _numbers(pages: list[int]) -> str:
    """Return ascending numbers as people write them: "3,7-9"."""
    runs = [list(run) for _, run in groupby(enumerate(pages), lambda item: item[1] - item[0])]
    return ",".join(str(run[0][1]) if len(run) == 1 else f"{run[0][1]}-{run[-1][1]}" for run in runs)
