"""Tables, Word, books, PDF and archives become documents: text, title, page, and a place that stays."""

import importlib.util
import io
import json
import zipfile
from pathlib import Path

import pytest

from embeddings.documents import Columns, Document, Unreadable, read_documents
from embeddings.errors import DocumentError
from embeddings.formats import rows
from tests.files import NAMESPACES, NEWS, docx_bytes, epub, zipped
from tests.paper import PICTURE, Draw, typeset
from tests.paper import pdf as made_pdf


def read(path: Path, columns: Columns = rows.USUAL) -> list[Document | Unreadable]:
    return list(read_documents([path], columns))


def one(path: Path) -> Document:
    (document,) = read(path)
    assert isinstance(document, Document), document
    return document


def refused(path: Path) -> str:
    (unreadable,) = read(path)
    assert isinstance(unreadable, Unreadable), unreadable
    return unreadable.reason


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# --- tables and JSON lines --------------------------------------------------------------------------------------------


def test_a_table_gives_a_document_a_row(tmp_path: Path) -> None:
    table = (
        'id,title,text,date\nn1,عنوان,"سطر أول\nسطر ثان, بفاصلة",2019-04-05\n,,\n,آخر,نص آخر,\n,بلا نص,,\nn1,مكرر,نص,\n'
    )
    first, second, blank, twice = read(written(tmp_path, "أخبار.csv", table))
    assert isinstance(first, Document)
    assert isinstance(second, Document)
    assert (first.text, first.title, first.date) == ("سطر أول\nسطر ثان, بفاصلة", "عنوان", "2019-04-05")
    assert first.path == "أخبار.csv"
    assert first.location.endswith("/أخبار.csv#n1")
    assert second.location.endswith("/أخبار.csv#4")
    assert isinstance(blank, Unreadable)
    assert (blank.path, blank.reason) == ("أخبار.csv#5", "line 5: it is empty; expected text")
    assert isinstance(twice, Unreadable)
    assert "line 6: the id 'n1' stands earlier already" in twice.reason


@pytest.mark.parametrize(("delimiter", "suffix"), [(",", "csv"), (";", "csv"), ("\t", "tsv"), ("|", "csv")])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1256"])
def test_tables_as_spreadsheets_save_them(tmp_path: Path, delimiter: str, suffix: str, encoding: str) -> None:
    table = f"النص{delimiter}العنوان\r\n{NEWS * 3}{delimiter}خبر\r\n"
    document = one(written(tmp_path, f"a.{suffix}", table.encode(encoding)))
    assert (document.text, document.title) == (NEWS * 3, "خبر")


def test_columns_can_be_chosen(tmp_path: Path) -> None:
    columns = Columns.parse("text=lead+body, title=headline,source=agency")
    table = written(tmp_path, "a.csv", "HEADLINE,lead,body,Agency,text\nعنوان,مقدمة,متن,رويترز,x\nثان,,متن,,y\n")
    lines = written(tmp_path, "a.jsonl", json.dumps({"headline": "ع", "lead": "م", "body": "ن", "agency": "ق"}))
    first, second = (document for document in read(table, columns) if isinstance(document, Document))
    assert (first.text, first.title, first.source) == ("مقدمة\n\nمتن", "عنوان", "رويترز")
    assert second.text == "متن"
    (line,) = read(lines, columns)
    assert isinstance(line, Document)
    assert (line.text, line.title, line.source) == ("م\n\nن", "ع", "ق")


def test_a_table_whose_columns_are_not_known_says_how_to_name_them(tmp_path: Path) -> None:
    table = written(tmp_path, "a.csv", "name,words\nx,y\n")
    assert "its columns are 'name', 'words'. Name the one that does: dalil index PATH --columns" in refused(table)
    (other,) = read(table, Columns.parse("text=body"))
    assert isinstance(other, Unreadable)
    assert "it has no column 'body'" in other.reason
    assert "empty" in refused(written(tmp_path, "b.csv", "\n\n"))
    assert refused(written(tmp_path, "c.csv", b"\0\1\2" * 99)).startswith("it is binary")


@pytest.mark.parametrize("written_", ["", "text", "text=", "texts=a", "text=a,=b", "title=a+b", "text=a++b"])
def test_columns_that_cannot_be_read_are_refused(written_: str) -> None:
    with pytest.raises(DocumentError, match="cannot be read at"):
        Columns.parse(written_)


def test_a_field_that_never_ends_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_BYTES", 1000)
    found = read(written(tmp_path, "a.csv", 'text\nأول\n"' + "x" * 2000))
    assert [type(item) for item in found] == [Document, Unreadable]
    assert "cannot be read as a table: field larger than field limit" in getattr(found[1], "reason", "")


# --- Word -------------------------------------------------------------------------------------------------------------


BOX = "<w:txbxContent><w:p><w:r><w:t>في إطار</w:t></w:r></w:p></w:txbxContent>"
TRACKED = (
    '<w:p><w:r><w:t xml:space="preserve">قال </w:t></w:r><w:ins w:id="1"><w:r><w:t>الوزير</w:t></w:r></w:ins>'
    '<w:del w:id="2"><w:r><w:delText>الرئيس</w:delText></w:r></w:del><w:r><w:tab/><w:t>أمس</w:t></w:r></w:p>'
)
BOXED = (
    "<w:p><w:r><w:t>قبل الإطار</w:t><mc:AlternateContent><mc:Choice Requires='wps'><wps:txbx>"
    f"{BOX}</wps:txbx></mc:Choice><mc:Fallback><w:pict><v:textbox>{BOX}</v:textbox></w:pict></mc:Fallback>"
    "</mc:AlternateContent></w:r></w:p>"
)
CONTROL = f"<w:sdt {NAMESPACES}><w:sdtContent><w:p><w:r><w:t>في حقل</w:t></w:r></w:p></w:sdtContent></w:sdt>"
TABLE = (
    f"<w:tbl {NAMESPACES}><w:tr><w:tc><w:p><w:r><w:t>الاسم</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>سالم</w:t>"
    "</w:r></w:p><w:p><w:r><w:t>علي</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
)


def test_a_word_file_gives_all_its_text_in_order(tmp_path: Path) -> None:
    document = one(written(tmp_path, "تقرير.docx", docx_bytes(TRACKED, BOXED, CONTROL, TABLE, title="Template 7")))
    assert document.text.split("\n") == [
        "عنوان التقرير",
        "قال الوزير\tأمس",
        "قبل الإطار",
        "في إطار",
        "في حقل",
        "الاسم\tسالم علي",
    ]
    assert document.title == "عنوان التقرير"
    assert document.pages == ()
    assert document.page(3) is None


@pytest.mark.parametrize(("levels", "told"), [(1, "it declares entities of its own"), (12, "amplification")])
def test_a_word_file_that_declares_entities_is_refused(tmp_path: Path, levels: int, told: str) -> None:
    bomb = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "x" * 10}">' for n in range(levels))
    files = {name: zipfile.ZipFile(io.BytesIO(docx_bytes())).read(name) for name in NAMES}
    files["word/document.xml"] = files["word/document.xml"].replace(
        b"<w:document", f"<!DOCTYPE w:document [{bomb}]><w:document".encode(), 1
    ).replace("عنوان".encode(), f"&e{levels - 1};".encode())  # fmt: skip
    assert told in refused(written(tmp_path, "a.docx", zipped(files)))


NAMES = zipfile.ZipFile(io.BytesIO(docx_bytes())).namelist()


@pytest.mark.parametrize("content", [b"", b"x" * 500, zipped({"a": "b"}), docx_bytes()[:-200]])
def test_what_is_no_word_file_is_told(tmp_path: Path, content: bytes) -> None:
    assert "it cannot be parsed" in refused(written(tmp_path, "a.docx", content))


# --- books ------------------------------------------------------------------------------------------------------------


def test_a_book_gives_its_chapters_in_reading_order(tmp_path: Path) -> None:
    first = (
        '<?xml version="1.0"?><html><head><title/><script src="x.js"/><style/></head><body><p>الفصل الأول</p><p>نص</p>'
    )
    document = one(written(tmp_path, "a.epub", epub(second="<p>الفصل الثاني</p>", first=first)))
    assert document.text == "الفصل الأول\nنص\n\nالفصل الثاني"
    assert (document.title, document.date, document.source) == ("كتاب & سيرة", "2019-04-05", "دار النشر")


def test_what_is_no_book_is_told(tmp_path: Path) -> None:
    assert "no zip archive" in refused(written(tmp_path, "a.epub", "x"))
    assert "lacks the file 'META-INF/container.xml'" in refused(written(tmp_path, "b.epub", zipped({"a": "b"})))
    missing = epub().replace("كتاب/a.opf".encode(), "كتاب/b.opf".encode(), 1)
    assert refused(written(tmp_path, "c.epub", missing))
    assert "it is empty" in refused(written(tmp_path, "d.epub", epub(only="<p></p>")))


# --- PDF --------------------------------------------------------------------------------------------------------------


def test_a_pdf_gives_its_pages_and_names_those_that_are_pictures(tmp_path: Path) -> None:
    pages = [
        list(typeset("تقرير سنوي عن الموانئ".split())),
        [PICTURE],
        [],
        [PICTURE],
        [PICTURE],
        list(typeset("خاتمة التقرير".split())),
    ]
    document, scanned = read(written(tmp_path, "تقرير.pdf", made_pdf(pages, title="عن الموانئ")))
    assert isinstance(document, Document)
    assert isinstance(scanned, Unreadable)
    assert [document.page(document.text.index(word)) for word in ("تقرير", "الموانئ", "خاتمة")] == [1, 1, 6]
    assert len(document.pages) == 6
    assert document.title == "عن الموانئ"
    assert scanned.path == "تقرير.pdf#page=2,4-5"
    assert "picture without text" in scanned.reason
    assert "ocrmypdf" in scanned.reason


def test_a_title_that_the_text_does_not_show_is_not_believed(tmp_path: Path) -> None:
    page = list(typeset("تقرير سنوي عن الموانئ".split()))
    assert one(written(tmp_path, "a.pdf", made_pdf([page], title="Microsoft Word - 7.doc"))).title.startswith("تقرير")


def test_a_pdf_without_text_says_why(tmp_path: Path) -> None:
    scan = refused(written(tmp_path, "scan.pdf", made_pdf([[PICTURE]] * 3)))
    assert "none of its 3 pages has text that can be read (it is a picture without text)" in scan
    assert refused(written(tmp_path, "blank.pdf", made_pdf([[]]))) == "it has no text"
    assert "fonts" in refused(written(tmp_path, "fonts.pdf", made_pdf([[Draw(9, 9, ["", ""])]])))
    for name, content in {"a.pdf": b"", "b.pdf": b"no pdf at all", "c.pdf": made_pdf([])}.items():
        assert refused(written(tmp_path, name, content)), name


def test_without_the_packages_the_error_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    for name in ("a.pdf", "a.docx"):
        assert "Run: pip install 'dalil[formats]'" in refused(written(tmp_path, name, b"x"))


# --- archives ---------------------------------------------------------------------------------------------------------


def test_an_archive_gives_what_is_in_it_even_archives(tmp_path: Path) -> None:
    inner = zipped({"د/صفحة.html": f"<p>{NEWS}</p>"})
    members: dict[str, str | bytes] = {
        "ب.txt": NEWS,
        "أ/خبر.jsonl": json.dumps({"text": NEWS, "id": "n1"}),
        "inner.zip": inner,
        "تقرير.pdf": made_pdf([list(typeset("تقرير سنوي".split()))]),
        "picture.png": b"\x89PNG",
        ".hidden.txt": NEWS,
        "__MACOSX/._ب.txt": NEWS,
        "bad.txt": b"\0\0",
    }
    found = {item.path: item for item in read(written(tmp_path, "a.zip", zipped(members)))}
    assert set(found) == {
        "a.zip/أ/خبر.jsonl", "a.zip/ب.txt", "a.zip/inner.zip/د/صفحة.html", "a.zip/تقرير.pdf", "a.zip/bad.txt"
    }  # fmt: skip
    assert isinstance(found["a.zip/bad.txt"], Unreadable)
    line = found["a.zip/أ/خبر.jsonl"]
    assert isinstance(line, Document)
    assert line.location == f"{tmp_path.resolve()}/a.zip/أ/خبر.jsonl#n1"
    page = found["a.zip/تقرير.pdf"]
    assert isinstance(page, Document)
    assert page.pages == (0,)
    assert found["a.zip/inner.zip/د/صفحة.html"].text == NEWS  # type: ignore[union-attr]


def test_names_as_an_arabic_windows_packs_them(tmp_path: Path) -> None:
    for encoding in ("cp720", "utf-8"):
        data = zipped({"XXXX.txt": NEWS}).replace(b"XXXX", "خبر1".encode(encoding)[:4].ljust(4, b"1"))
        assert one(written(tmp_path, "a.zip", data)).path.startswith("a.zip/خ")
