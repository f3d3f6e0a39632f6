"""What must hold for any bytes, and a search for bytes for which it does not: `python -m tests.fuzz [SECONDS]`.

Each target takes bytes and raises when a promise is broken. The tests try them with Hypothesis; `make fuzz` lets
atheris look for inputs that reach new code, so many seconds a target, starting from small files of every kind.
"""

import io
import json
import re
import struct
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import playa

from embeddings.arabic import fold, words
from embeddings.decoding import decode
from embeddings.documents import document_from_text
from embeddings.errors import DocumentError
from embeddings.formats import pdf, word
from embeddings.formats.extract import Extract
from embeddings.formats.glyphs import SMALLEST, Glyph
from embeddings.formats.paragraphs import page_text
from embeddings.formats.readers import read
from embeddings.passages import cut, sentences
from tests.files import NEWS, docx_bytes, epub, zipped
from tests.paper import PICTURE, Draw, typeset
from tests.paper import pdf as made_pdf

SAMPLES = {
    ".txt": NEWS.encode("cp1256"),
    ".md": f"---\ndate: 2019-04-05\n---\n# عنوان\n{NEWS}".encode(),
    ".html": f"<meta charset=utf-8><article><h1>عنوان</h1><p>{NEWS}</article><script>x</script>".encode(),
    ".htm": f"<title>عنوان<nav>قائمة</nav><p>{NEWS}<!-- x --><![CDATA[x]]>".encode("utf-16"),
    ".xhtml": f'<?xml version="1.0" encoding="utf-8"?><html><script/><p>{NEWS}</p></html>'.encode(),
    ".jsonl": json.dumps({"text": NEWS, "id": 1}).encode() + b"\n" + json.dumps({"text": "نص"}).encode(),
    ".csv": f'id,text,date\n1,"{NEWS}",2019-04-05\n2,نص,\n'.encode(),
    ".tsv": f"النص\tالعنوان\n{NEWS}\tعنوان\n".encode("utf-16"),
    ".epub": epub(one=f"<p>{NEWS}</p>", two="<p>نص</p>"),
    ".zip": zipped({"a.txt": NEWS, "ب/b.html": f"<p>{NEWS}</p>", "c.zip": zipped({"d.md": NEWS})}),
}
"""A small file of each kind that is read in this process."""

APART = {
    ".pdf": made_pdf([list(typeset(NEWS.split())), [PICTURE], [Draw(9, 9, "xy", stated="نص", matrix=(0, 1, -1, 0))]]),
    ".docx": docx_bytes(),
}
"""A small file of each kind that is parsed in the sandbox."""


def assert_documents_or_refused(suffix: str, data: bytes) -> None:
    """Any file is documents whose every offset is exact, or an error for a person."""
    with suppress(DocumentError):
        for item in read(io.BytesIO(data), suffix):
            if not isinstance(item, Extract):
                assert item.reason
                continue
            assert list(item.pages) == sorted(item.pages)
            assert not item.pages or item.pages[-1] <= len(item.text)
            document = document_from_text(item.text, path="x", title=item.title, date=item.date, pages=item.pages)
            assert document.title
            assert_offsets_exact(document.text)


def assert_parsed_or_refused(suffix: str, data: bytes) -> None:
    """A parser may raise over a hostile file; what is made of its answers may not."""
    try:
        if suffix == ".pdf":
            for page in playa.parse(data, space="page").pages:
                pdf.read_page(page)
        else:
            word.text_of(data)
    except Exception as error:
        if {Path(frame.filename).stem for frame in traceback.extract_tb(error.__traceback__)} & _OURS:
            raise


def assert_offsets_exact(text: str) -> None:
    """Words, sentences and passages stand where they are said to."""
    found = list(words(text))
    assert all(0 <= word.start < word.end <= len(text) and word.text for word in found)
    assert all((a.start, a.end) == (b.start, b.end) or a.end <= b.start for a, b in pairwise(found))
    for ranges in (sentences(text), cut(text)):
        assert all(0 <= start < end <= len(text) for start, end in ranges)
        covered = {at for start, end in ranges for at in range(start, end)}
        assert all(at in covered for at, letter in enumerate(text) if letter.isalnum())


def assert_read(glyphs: Iterable[Glyph]) -> None:
    """Letters anywhere on a page come out, none added and none lost but those printed twice."""
    given = list(glyphs)
    letters = Counter(
        letter
        for glyph in given
        if glyph.size >= SMALLEST and (glyph.text or glyph.start != glyph.end)
        for letter in glyph.text
        if letter.isalpha() and letter.isascii()
    )
    text = page_text(given)
    out = Counter(letter for letter in text if letter.isalpha() and letter.isascii())
    assert set(out) == set(letters)
    assert not out - letters


def _folding(data: bytes) -> None:
    text = data.decode("utf-8", "ignore")
    assert fold(fold(text)) == fold(text)
    assert_offsets_exact(text)


def _decoding(data: bytes) -> None:
    with suppress(DocumentError):
        assert "\r" not in decode(data)


def _readers(data: bytes) -> None:
    kinds = sorted(SAMPLES)
    assert_documents_or_refused(kinds[data[0] % len(kinds)] if data else ".txt", data[1:])


def _layout(data: bytes) -> None:
    letters = "ابتلا()«»05٣.- aBé\u0651\ufefb"
    shape = struct.Struct("<BhhbB")
    assert_read(
        Glyph(letters[n % len(letters)], (x / 8, y / 8), (x / 8 + w, y / 8), size / 8, hidden=bool(size & 1))
        for n, x, y, w, size in shape.iter_unpack(data[: len(data) // shape.size * shape.size])
    )


_OURS = {"bidi", "glyphs", "layout", "paragraphs"}
TARGETS: dict[str, tuple[Callable[[bytes], None], list[bytes]]] = {
    "readers": (_readers, [bytes([n]) + SAMPLES[kind] for n, kind in enumerate(sorted(SAMPLES))]),
    "pdf": (lambda data: assert_parsed_or_refused(".pdf", data), [APART[".pdf"]]),
    "word": (lambda data: assert_parsed_or_refused(".docx", data), [APART[".docx"]]),
    "layout": (_layout, [bytes(range(256)) * 2]),
    "folding": (_folding, [NEWS.encode()]),
    "decoding": (_decoding, [NEWS.encode(encoding) for encoding in ("utf-8", "utf-16", "cp1256")]),
}


def search(name: str, seconds: int, keep: str) -> None:
    """Look for inputs that break a target, put what is found into the folder `keep`, and end the process."""
    import atheris

    target, samples = TARGETS[name]
    with tempfile.TemporaryDirectory() as corpus:
        for number, sample in enumerate(samples):
            Path(corpus, str(number)).write_bytes(sample)
        limits = [f"-max_total_time={seconds}", "-timeout=20", "-rss_limit_mb=3000"]
        atheris.Setup(["fuzz", corpus, f"-artifact_prefix={keep}/{name}-", *limits], target)
        atheris.Fuzz()


_CODE = """
import sys, atheris
with atheris.instrument_imports(include=["embeddings", "zipfile", "html", "csv"], enable_loader_override=False):
    from tests import fuzz
fuzz.search(sys.argv[1], int(sys.argv[2]), sys.argv[3])
"""


def main(seconds: int = 60) -> int:
    """Search every target for so many seconds, each in a process of its own; return how many broke."""
    keep = tempfile.mkdtemp(prefix="dalil-fuzz-")
    broken = 0
    for name in TARGETS:
        command = [sys.executable, "-c", _CODE, name, str(seconds), keep]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        broken += done.returncode != 0
        runs = re.findall(r"stat::number_of_executed_units: +(\d+)|#(\d+)\tDONE", done.stderr)
        tried = next((one or two for one, two in runs), "?")
        sys.stdout.write(f"{name}: {'BROKEN' if done.returncode else 'holds'}, {tried} inputs in {seconds} s\n")
        if done.returncode:
            sys.stdout.write(f"{done.stderr[-3000:]}\nWhat broke it is in {keep}\n")
    return broken


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
