"""Files become documents with the text they hold, and what cannot become one is named with the reason."""

import hashlib
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.decoding import decode
from embeddings.documents import Document, Unreadable, document_from_text, read_documents
from embeddings.errors import DocumentError
from embeddings.formats import readers, rows
from embeddings.formats.webpage import read_page
from embeddings.metadata import date_of, parse_date, source_of, title_of
from tests.strategies import any_text, arabic_text, news_text

NEWS = "سيطرت القوات على المدينة.\nوقال المتحدث باسم الجيش إن العملية انتهت، ولم تقع خسائر.\n"


def one(path: Path) -> Document:
    (document,) = read_documents([path])
    assert isinstance(document, Document), document
    return document


def refused(path: Path) -> Unreadable:
    (unreadable,) = read_documents([path])
    assert isinstance(unreadable, Unreadable), unreadable
    return unreadable


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# --- decoding ---------------------------------------------------------------------------------------------------------


@given(any_text.map(lambda text: text.replace("\r", "").replace("\0", "").lstrip("\ufeff")), st.data())
def test_marked_unicode_comes_back_as_it_was(text: str, data: st.DataObject) -> None:
    encoding = data.draw(st.sampled_from(["utf-8-sig", "utf-16", "utf-32"]))
    assert decode(text.encode(encoding)) == text


@given(arabic_text().map(lambda text: text.lstrip("\ufeff")))
def test_utf_8_without_a_mark_comes_back_as_it_was(text: str) -> None:
    assert decode(text.encode()) == text


@given(news_text, st.sampled_from(["utf-16-le", "utf-16-be", "cp1256"]))
def test_unmarked_arabic_is_recognised(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    "text", ["مرحبا", "نعم.", "قال (2019): «لا»!", NEWS, "Tripoli طرابلس 5/4/2019", "هل؟ لا؛ نعم، ربما…"]
)
def test_short_windows_1256_is_arabic(text: str) -> None:
    assert decode(text.encode("cp1256")) == text


def test_iso_8859_6_is_told_from_windows_1256() -> None:
    assert decode(NEWS.encode("iso8859_6")) == NEWS


def test_newlines_are_the_only_change() -> None:
    assert decode(" \r\nا\rب\n\u00a0ج\u2028 \n".encode()) == " \nا\nب\n\u00a0ج\u2028 \n"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)), "binary"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n\x01\x02\x03\x04\x05\x06\x07\x08" + bytes(range(1, 256)) * 4, "binary"),
        (b"\x01\x02\x03 abc \x04\x05", "control characters"),
        (NEWS.encode()[:-5] + b"\xff\xfe" + NEWS.encode(), "looks like UTF-8"),
        (NEWS.encode()[1:], "looks like UTF-8"),
        (b"\xff\xfe\x00\xd8", "byte order mark"),
        (bytes(range(128, 256)) * 3, "UTF-8"),
    ],
)
def test_what_is_no_text_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        decode(data)


@given(st.binary(max_size=400))
def test_any_bytes_are_text_or_refused(data: bytes) -> None:
    try:
        text = decode(data)
    except DocumentError:
        return
    assert "\0" not in text or data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\0\0\xfe\xff"))
    assert "\r" not in text


# --- files and folders ------------------------------------------------------------------------------------------------


def test_a_document_has_its_text_hash_path_and_location(tmp_path: Path) -> None:
    path = written(tmp_path, "خبر.txt", "\ufeff\r\nعنوان الخبر\r\n\r\n" + NEWS)
    document = one(path)
    assert document.text == "\nعنوان الخبر\n\n" + NEWS
    assert document.sha256 == hashlib.sha256(document.text.encode()).hexdigest()
    assert document.title == "عنوان الخبر"
    assert (document.path, document.location) == ("خبر.txt", str(path.resolve()))
    assert document.id == hashlib.sha256(document.location.encode()).hexdigest()[:16]


def test_the_identity_stays_when_the_text_changes(tmp_path: Path) -> None:
    before = one(written(tmp_path, "a.txt", NEWS))
    after = one(written(tmp_path, "a.txt", NEWS + "جديد"))
    assert before.id == after.id
    assert before.sha256 != after.sha256


def test_a_folder_is_read_in_order_without_hidden_and_other_files(tmp_path: Path) -> None:
    for name in ("b.txt", "a.md", "ج/د.html", "sub/z.htm", ".hidden.txt", ".git/x.txt", "image.png", "notes.doc"):
        written(tmp_path, name, f"<p>{NEWS}</p>" if "htm" in name else NEWS)
    found = list(read_documents([tmp_path]))
    assert [document.path for document in found] == ["a.md", "b.txt", "sub/z.htm", "ج/د.html"]
    assert all(isinstance(document, Document) for document in found)


def test_links_out_of_the_folder_are_passed_over_and_no_file_is_read_twice(tmp_path: Path) -> None:
    outside = written(tmp_path, "outside/secret.txt", "سر " + NEWS)
    inside = written(tmp_path, "in/a.txt", NEWS)
    (tmp_path / "in" / "link.txt").symlink_to(outside)
    (tmp_path / "in" / "again.txt").symlink_to(inside)
    (tmp_path / "in" / "folder").symlink_to(outside.parent)
    found = list(read_documents([tmp_path / "in", inside, str(inside)]))
    assert [type(document) for document in found] == [Document]
    assert found[0].path in ("a.txt", "again.txt")


def test_a_bad_file_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    written(tmp_path, "1.txt", NEWS)
    written(tmp_path, "2.txt", b"\0\1\2\3" * 50)
    written(tmp_path, "3.txt", " \n\t")
    written(tmp_path, "4.txt", b"")
    written(tmp_path, "5.txt", NEWS)
    found = list(read_documents([tmp_path]))
    assert [(type(item), item.path) for item in found] == [
        (Document, "1.txt"),
        (Unreadable, "2.txt"),
        (Unreadable, "3.txt"),
        (Unreadable, "4.txt"),
        (Document, "5.txt"),
    ]
    reasons = [item.reason for item in found if isinstance(item, Unreadable)]
    assert "binary" in reasons[0]
    assert reasons[1] == reasons[2] == "it is empty; expected text"


def test_what_is_named_but_cannot_be_read_says_why(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "none.txt").reason
    assert "files of kind .doc are not read; expected .txt" in refused(written(tmp_path, "a.doc", NEWS)).reason
    (tmp_path / "empty").mkdir()
    assert "holds no .txt" in refused(tmp_path / "empty").reason
    os.mkfifo(tmp_path / "pipe.txt")
    assert "no regular file" in refused(tmp_path / "pipe.txt").reason
    (tmp_path / "loop.txt").symlink_to(tmp_path / "loop.txt")
    assert isinstance(refused(tmp_path / "loop.txt"), Unreadable)


def test_a_file_over_the_limit_is_refused_with_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "MAX_BYTES", 100)
    assert "more than the 100" in refused(written(tmp_path, "a.txt", "ا" * 200)).reason


@given(any_text)
def test_any_text_is_a_document_or_refused(text: str) -> None:
    try:
        document = document_from_text(text, path="x.txt")
    except DocumentError:
        assert not text.strip() or "\0" in text
        return
    assert document.title
    assert "\n" not in document.title
    assert len(document.title) <= 200
    assert document.text == text.replace("\r\n", "\n").replace("\r", "\n")


def test_half_of_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(DocumentError, match="surrogate"):
        document_from_text("نص \ud800", path="x.txt")


def test_what_is_given_wins_over_what_the_text_shows() -> None:
    text = "عنوان\n5 أبريل 2019\n" + NEWS + "\nالمصدر: رويترز"
    shown = document_from_text(text, path="x.txt")
    assert (shown.title, shown.date, shown.source) == ("عنوان", "2019-04-05", "رويترز")
    given_ = document_from_text(text, path="x.txt", title=" آخر\nجديد ", date="١/٢/٢٠٢٠", source="قناة")
    assert (given_.title, given_.date, given_.source) == ("آخر جديد", "2020-02-01", "قناة")


# --- markdown, web pages, JSON lines ----------------------------------------------------------------------------------


def test_markdown_stays_as_it_is_and_gives_its_heading(tmp_path: Path) -> None:
    text = "---\ndate: 2019-04-05\nsource: قناة\n---\n# **عنوان** كبير #\n\n" + NEWS
    document = one(written(tmp_path, "a.md", text))
    assert document.text == text
    assert (document.title, document.date, document.source) == ("**عنوان** كبير", "2019-04-05", "قناة")
    assert one(written(tmp_path, "b.md", "العنوان\n=====\n" + NEWS)).title == "العنوان"


def test_a_web_page_gives_its_readable_text(tmp_path: Path) -> None:
    page = (
        "<!doctype html><html><head><meta charset=utf-8><title>خبر &amp; صورة | الموقع</title>"
        '<meta property="article:published_time" content="2019-04-05T13:04:00+02:00">'
        '<meta property="og:site_name" content="الموقع">'
        "<style>p{color:red}</style><script>var x = '<p>سر</p>';</script></head><body><nav>الرئيسية</nav>"
        "<article><h1>خبر &amp; صورة</h1><p>سيطرت   القوات\nعلى <b>المدينة</b>.</p><p>انتهت&nbsp;العملية<br>اليوم</p>"
        "<ul><li>أول<li>ثان</ul></article><footer>حقوق</footer></body></html>"
    )
    document = one(written(tmp_path, "a.html", page))
    assert document.text == "خبر & صورة\nسيطرت القوات على المدينة.\nانتهت\u00a0العملية\nاليوم\nأول\nثان"
    assert (document.title, document.date, document.source) == ("خبر & صورة", "2019-04-05", "الموقع")


def test_a_web_page_in_the_encoding_it_declares(tmp_path: Path) -> None:
    page = "<meta http-equiv='Content-Type' content='text/html; charset=iso-8859-6'><p>نعم</p>"
    assert one(written(tmp_path, "a.htm", page.encode("iso8859_6"))).text == "نعم"


def test_broken_markup_still_gives_its_text() -> None:
    assert read_page("<title>عنوان<body><p>أول<div>ثان</p></span>ثالث").text == "أول\nثان\nثالث"
    assert read_page("<nav>كل ما هنا").text == "كل ما هنا"
    assert read_page("1 < 2 & 3 > 2").text == "1 < 2 & 3 > 2"


@given(st.text(st.sampled_from("<>/!-[]&;=\"' \nabpscriptnavh1اب"), max_size=60))
def test_any_markup_is_a_page_or_refused(markup: str) -> None:
    try:
        page = read_page(markup)
    except DocumentError:
        return
    assert all(line == line.strip(" \t\n\r\f") != "" for line in page.text.split("\n") if page.text)


def test_json_lines_are_one_document_each_and_bad_lines_are_named(tmp_path: Path) -> None:
    good = {"text": NEWS, "title": "عنوان", "date": "2019-04-05", "source": "قناة", "id": "n1"}
    lines = [
        json.dumps(good),
        "{broken",
        "",
        json.dumps({"text": "نص آخر"}, ensure_ascii=False),
        json.dumps(["text"]),
        json.dumps({"title": "بلا نص"}),
        json.dumps({"text": "  "}),
        json.dumps({"text": "مكرر", "id": "n1"}),
        json.dumps({"text": "x", "date": 2019}),
        '{"text": "\\ud800"}',
        "[" * 100_000,
        json.dumps({"text": "الأخير", "id": 7}),
    ]
    path = written(tmp_path, "a.jsonl", "\ufeff" + "\n".join(lines))
    found = list(read_documents([path]))
    kept = [item for item in found if isinstance(item, Document)]
    assert [document.location for document in kept] == [f"{path.resolve()}#{part}" for part in ("n1", "4", "7")]
    assert (kept[0].title, kept[0].date, kept[0].source) == ("عنوان", "2019-04-05", "قناة")
    assert kept[0].text == NEWS
    assert {document.path for document in kept} == {"a.jsonl"}
    bad = [item for item in found if isinstance(item, Unreadable)]
    assert [item.path for item in bad] == [f"a.jsonl#{number}" for number in (2, 5, 6, 7, 8, 9, 10, 11)]
    assert all(f"line {item.path.split('#')[1]}: " in item.reason for item in bad)


def test_json_lines_that_are_no_utf_8_or_too_long_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_BYTES", 300)
    lines = [b'{"text": "ok"}', b'{"text": "\xe3\xc7"}', b'{"text": "' + b"x" * 1000 + b'"}', b'{"text": "end"}']
    found = list(read_documents([written(tmp_path, "a.jsonl", b"\n".join(lines))]))
    assert [type(item) for item in found] == [Document, Unreadable, Unreadable, Document]
    assert "line 2: byte 10 is not UTF-8" in getattr(found[1], "reason", "")
    assert "line 3: it is longer than the 300 bytes" in getattr(found[2], "reason", "")
    assert found[3].path == "a.jsonl"
    assert "empty" in refused(written(tmp_path, "b.jsonl", "\n\n")).reason


# --- title, date, source ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("الجمعة 5 أبريل 2019 01:04 م", "2019-04-05"),
        ("الثلاثاء 11 أكتوبر 2016 01:10 م", "2016-10-11"),
        ("٥ نيسان ٢٠١٩", "2019-04-05"),
        ("۵ آذار ۲۰۱۹", "2019-03-05"),
        ("27 نوفمبر/تشرين الثاني 2019", "2019-11-27"),
        ("31 كانون الثاني/يناير 2020", "2020-01-31"),
        ("1 كانون الأول 2011", "2011-12-01"),
        ("14 جانفي 2011", "2011-01-14"),
        ("3 أوت 2015", "2015-08-03"),
        ("20 جويلية 2014", "2014-07-20"),
        ("12 يونيه 1990", "1990-06-12"),
        ("الخامس عشر", None),
        ("2019-04-05", "2019-04-05"),
        ("2019-04-05T13:04:00+02:00", "2019-04-05"),
        ("5/4/2019", "2019-04-05"),
        ("05-04-2019", "2019-04-05"),
        ("٢٠١٩/٤/٥", "2019-04-05"),
        ("April 5, 2019", "2019-04-05"),
        ("5th 2019", None),
        ("31/2/2019", None),
        ("1.2.3.2019", None),
        ("أبريل 2019", None),
        ("1440/7/29", None),
        ("", None),
    ],
)
def test_dates(value: str, day: str | None) -> None:
    assert parse_date(value) == day


def test_a_date_in_the_prose_is_not_the_date_of_the_document() -> None:
    assert date_of("عنوان\nوقع الرئيس يوم 5 أبريل 2019 اتفاقا مع الحكومة في العاصمة بحضور الوزراء\n" + NEWS) is None
    assert date_of("\n".join(["سطر"] * 6 + ["5 أبريل 2019"])) is None
    assert date_of("عنوان\nتاريخ النشر: 05/04/2019 - 13:04 بتوقيت غرينتش\n" + NEWS) == "2019-04-05"
    assert date_of("عنوان\nطرابلس - رويترز - 5 أبريل 2019\n" + NEWS) == "2019-04-05"


def test_titles() -> None:
    assert title_of("\n 5 أبريل 2019 \nعنوان  قصير\n" + NEWS) == "عنوان قصير"
    assert title_of("كلمة " * 400) == " ".join(["كلمة"] * 12)
    assert title_of("كلمة " * 30 + "\n" + NEWS) == " ".join(["كلمة"] * 12)
    assert title_of("سطر واحد قصير") == "سطر واحد قصير"
    assert title_of("س" * 10_000) == "س" * 200


def test_sources() -> None:
    assert source_of(NEWS + "\nالمصدر | الخليج الجديد + الأناضول\n\n كلمات مفتاحية") == "الخليج الجديد + الأناضول"
    assert source_of("Source: Reuters\n" + NEWS) == "Reuters"
    assert source_of("المصدر المسؤول قال ذلك\n" + NEWS) is None
    assert source_of(NEWS) is None
