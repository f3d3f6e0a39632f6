"""Files made to do harm are named with the reason; the rest go on, nothing is written, nothing hangs."""

import io
import json
import stat
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.documents import Document, Unreadable, read_documents
from embeddings.formats import archive, sandbox
from embeddings.formats.archive import Budget
from embeddings.formats.readers import SUFFIXES
from tests.files import NEWS, zipped
from tests.fuzz import APART, SAMPLES, assert_documents_or_refused, assert_offsets_exact, assert_parsed_or_refused
from tests.paper import Draw
from tests.paper import pdf as made_pdf
from tests.strategies import any_text
from tests.test_cli import ROOT, dalil
from tests.test_formats import one, refused, written


def found(path: Path) -> dict[str, Document | Unreadable]:
    return {item.path: item for item in read_documents([path])}


def reason(path: Path, member: str) -> str:
    item = found(path)[f"{path.name}/{member}"]
    assert isinstance(item, Unreadable), item
    return item.reason


# --- archives ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["../out.txt", "/etc/out.txt", "a/../../out.txt", "C:\\out.txt", "..\\out.txt"])
def test_names_that_lead_out_are_refused_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, "a.zip", zipped({name: NEWS, "good.txt": NEWS}))
    before = set(tmp_path.rglob("*"))
    items = list(read_documents([path]))
    assert [item.path for item in items if isinstance(item, Document)] == ["a.zip/good.txt"]
    assert [item.reason for item in items if isinstance(item, Unreadable)] == ["its name leads out of the archive"]
    assert set(tmp_path.rglob("*")) == before


def test_links_in_an_archive_are_passed_over(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        made.writestr(link, "/etc/passwd")
        made.writestr("good.txt", NEWS)
    assert one(written(tmp_path, "a.zip", file.getvalue())).path == "a.zip/good.txt"


def test_an_archive_of_too_many_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Budget.__init__, "__defaults__", (3, archive.BYTES, archive.DEPTH))
    many = zipped({f"{n}.txt": NEWS for n in range(4)})
    assert "it holds more than" in refused(written(tmp_path, "a.zip", many))
    split = zipped({"a.zip": zipped({"1.txt": NEWS}), "b.zip": zipped({"2.txt": NEWS})})
    assert "more than" in reason(written(tmp_path, "b.zip", split), "b.zip")  # 2 members and one in each are 4


def test_what_swells_is_refused_before_it_does(tmp_path: Path) -> None:
    bomb = zipped({"bomb.txt": b"0" * 30_000_000, "good.txt": NEWS})
    assert "packed 200 times smaller" in reason(written(tmp_path, "a.zip", bomb), "bomb.txt")
    assert isinstance(found(tmp_path / "a.zip")["a.zip/good.txt"], Document)


def test_what_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Budget.__init__, "__defaults__", (100, 1000, archive.DEPTH))
    assert "it unpacks to more than" in refused(written(tmp_path, "a.zip", zipped({"a.txt": "س" * 1000})))
    inner = zipped({"a.txt": "ا" * 300})
    nested = zipped({f"{n}.zip": inner for n in range(4)})
    refusals = [item for item in found(written(tmp_path, "b.zip", nested)).values() if isinstance(item, Unreadable)]
    assert refusals
    assert all("unpacks to more than" in item.reason for item in refusals)


def test_a_size_that_lies_changes_nothing(tmp_path: Path) -> None:
    data = bytearray(zipped({"a.txt": "0" * 5000}))
    real = struct.pack("<I", 5000)
    at = data.rindex(real)  # in the central directory
    data[at : at + 4] = struct.pack("<I", 10)
    assert "it cannot be unpacked" in reason(written(tmp_path, "a.zip", bytes(data)), "a.txt")


def test_archives_deep_in_archives_are_refused(tmp_path: Path) -> None:
    data = zipped({"a.txt": NEWS})
    for _ in range(3):
        data = zipped({"in.zip": data, "good.txt": NEWS})
    items = found(written(tmp_path, "a.zip", data))
    assert [item.reason for item in items.values() if isinstance(item, Unreadable)] == [
        "archives more than 2 deep in one another are not read"
    ]
    assert sum(isinstance(item, Document) for item in items.values()) == 2


def test_locked_and_damaged_members_are_named(tmp_path: Path) -> None:
    locked = bytearray(zipped({"a.txt": NEWS, "good.txt": NEWS}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(mark) + offset] |= 1
    assert "locked with a password" in reason(written(tmp_path, "a.zip", bytes(locked)), "a.txt")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("a.txt", NEWS)
    damaged = file.getvalue().replace(NEWS.encode()[:20], b"x" * 20)
    assert "it cannot be unpacked" in reason(written(tmp_path, "b.zip", damaged), "a.txt")
    assert "it holds no .txt" in refused(written(tmp_path, "c.zip", zipped({"a.png": "x"})))


# --- parsers ----------------------------------------------------------------------------------------------------------


def bomb_of(size: int) -> bytes:
    """A few kilobytes of deflate that unpack to `size` zeros."""
    packer = zlib.compressobj(9)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return block + again * (size >> 20)


def with_content(stream: bytes, filters: str) -> bytes:
    """A PDF whose only page has `stream` as its content."""
    file = made_pdf([[Draw(9, 9, "x")]])
    start, end = file.index(b"9 0 obj"), file.index(b"endobj", file.index(b"9 0 obj"))
    body = b"9 0 obj\n<</Length %d/Filter%s>>stream\n" % (len(stream), filters.encode()) + stream + b"\nendstream\n"
    return file[:start] + body + file[end:]


def test_a_pdf_that_swells_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "SECONDS", 5.0)
    path = written(tmp_path, "bomb.pdf", with_content(bomb_of(3 << 30), "/FlateDecode"))
    assert path.stat().st_size < 10_000_000
    assert refused(path).startswith(("its parser needs more than 2 GiB", "its parser was stopped after 5 s"))


def laughing_pdf() -> bytes:
    """A PDF of twelve forms each of which draws the next ten times: ten to the twelfth letters."""
    forms = 12
    drawn = "/X Do " * 10
    made = [b"%PDF-1.7\n"]
    objects = ["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 1/Kids[3 0 R]>>"]
    objects.append("<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>>>>>")
    objects.append(f"<</Length {len(drawn)}>>stream\n{drawn}\nendstream")
    for n in range(forms):
        inner = drawn if n + 1 < forms else "BT ET"
        resources = f"/Resources<</XObject<</X {6 + n} 0 R>>>>" if n + 1 < forms else ""
        objects.append(
            f"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]{resources}/Length {len(inner)}>>stream\n{inner}\nendstream"
        )
    made += [f"{n} 0 obj\n{body}\nendobj\n".encode() for n, body in enumerate(objects, 1)]
    return b"".join(made) + b"trailer<</Root 1 0 R>>\n%%EOF"


def test_a_pdf_that_never_ends_is_stopped_and_the_rest_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "SECONDS", 3.0)
    written(tmp_path, "a.pdf", laughing_pdf())
    written(tmp_path, "b.txt", NEWS)
    started = time.monotonic()
    items = found(tmp_path)
    assert time.monotonic() - started < 30
    assert "stopped after 3 s" in getattr(items["a.pdf"], "reason", "")
    assert isinstance(items["b.txt"], Document)


@pytest.mark.parametrize(
    ("script", "told"),
    [("kill -9 $$", "ended before the file did (SIGKILL)"), ("exec sleep 60", "stopped after 0.5 s")],
)
def test_a_parser_that_dies_or_hangs_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, told: str
) -> None:
    python = written(tmp_path, "python", f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setattr(sandbox, "SECONDS", 0.5)
    assert told in refused(written(tmp_path, "a.pdf", b"x" * 1_000_000))


def test_a_parser_may_write_no_file_and_take_no_more_memory(tmp_path: Path) -> None:
    code = (
        "import sys; from embeddings.formats import worker; worker._limit()\n"
        "try: bytearray(worker.MEMORY)\nexcept MemoryError: print('memory')\n"
        "try:\n with open(sys.argv[1], 'w') as file: file.write('x')\nexcept OSError: print('write')\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "out")]
    done = subprocess.run(
        command, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["memory", "write"]


def test_modules_beside_the_documents_are_not_imported(tmp_path: Path) -> None:
    for name in ("json", "playa", "regex", "embeddings", "resource"):
        written(tmp_path, f"{name}.py", f"open({str(tmp_path / 'harm')!r}, 'w')")
    written(tmp_path, "a.pdf", made_pdf([[Draw(100, 700, "ملاس")]]))
    done = subprocess.run(
        [sys.executable, "-P", "-c", "from embeddings import documents; print(*documents.read_documents(['a.pdf']))"],
        cwd=tmp_path, env={"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}, capture_output=True, text=True, timeout=60,
        check=True,
    )  # fmt: skip
    assert "سالم" in done.stdout
    assert not (tmp_path / "harm").exists()


# --- names ------------------------------------------------------------------------------------------------------------


def test_names_of_any_characters_are_stored_and_never_steer_the_terminal(tmp_path: Path) -> None:
    names = [
        b"\x1b[31mred\x07.txt",
        "مقلوب\u202e.txt".encode(),
        b"\xff\xfe.txt",
        b"new\nline.txt",
        b"bad\x9b\x1b]0;x.md",
    ]
    for name in names:
        (tmp_path / "docs").mkdir(exist_ok=True)
        with open(bytes(tmp_path / "docs") + b"/" + name, "w", encoding="utf-8") as file:  # noqa: PTH123
            file.write("" if b"bad" in name else f"\x1b]0;harm\x07عنوان {len(name)}\n{NEWS}")
    done = dalil("index", tmp_path / "docs", tmp_path / "\x1b[2Jgone", "--index", tmp_path / "i")
    asked = dalil("ask", "من سيطر على المدينة؟", "--index", tmp_path / "i", "--min-confidence", "0")
    values = dalil("search", "القوات", "--json", "--index", tmp_path / "i")
    gone = dalil("verify", tmp_path / "\x1b[2Jgone")
    assert "4 added" in done.stderr, done.stderr
    for text in (done.stderr, asked.stdout, values.stdout, gone.stderr):
        assert text
        assert not {c for c in text if (ord(c) < 32 and c != "\n") or 0x7F <= ord(c) < 0xA0 or c == "\u202e"}
    paths = {json.loads(line)["path"] for line in values.stdout.splitlines()}
    assert paths == {"\x1b[31mred\x07.txt", "مقلوب\u202e.txt", "\\xff\\xfe.txt", "new\nline.txt"}


# --- fuzzing ----------------------------------------------------------------------------------------------------------


@st.composite
def _damaged(draw: st.DrawFn, samples: dict[str, bytes]) -> tuple[str, bytes]:
    """A file of a kind with some of its bytes changed, cut, doubled, or from a file of another kind."""
    suffix = draw(st.sampled_from(sorted(samples)))
    data = bytearray(samples[draw(st.sampled_from([suffix, suffix, suffix, *samples]))])
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        end = min(len(data), at + draw(st.integers(0, 40)))
        data[at:end] = draw(st.one_of(st.binary(max_size=20), st.just(bytes(data[at:end]) * 2), st.just(b"")))
    return suffix, bytes(data)


@settings(max_examples=300)
@given(_damaged(SAMPLES))
def test_any_bytes_are_documents_or_refused(damaged: tuple[str, bytes]) -> None:
    assert_documents_or_refused(*damaged)


@settings(max_examples=80)
@given(_damaged(APART))
def test_any_bytes_are_parsed_or_refused_by_the_parsers(damaged: tuple[str, bytes]) -> None:
    assert_parsed_or_refused(*damaged)


@settings(max_examples=5)
@given(_damaged(APART))
def test_any_bytes_in_the_sandbox_are_documents_or_refused(damaged: tuple[str, bytes]) -> None:
    assert_documents_or_refused(*damaged)


@given(any_text)
def test_words_sentences_and_passages_of_any_text_stand_where_they_say(text: str) -> None:
    assert_offsets_exact(text)


def test_every_kind_is_fuzzed() -> None:
    assert {*SAMPLES, *APART} == set(SUFFIXES)
