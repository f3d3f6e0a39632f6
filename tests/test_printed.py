"""What a real browser prints to PDF, with shaped Arabic type, comes out as it was typed."""

import base64
import html
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from embeddings.documents import Document, read_documents

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FONTS = Path(__file__).parents[1] / "ui" / "assets" / "fonts"
PARAGRAPHS = [
    "السلام عليكم ورحمة الله. هذه فقرة اختبارية مكتوبة باللغة العربية (بين قوسين) لا إله إلا الله.",
    "درجة الحرارة اليوم 25 مئوية والرطوبة 60% في 2019/04/05، وسعر السهم ٣٫٥ دولار في عام ١٩٩٨.",
    "أُسِرَ ثلاثون جنديًّا مُسَلَّحًا قرب بوّابة «٢٧» غرب طرابلس، قالت Reuters (CNN) إن UN-2254 نُفِّذ.",
    "The English line mentions ميناء الكتف once, and ends.",
    "١. البند الأول: الإعلان والآلات والأرض",
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        message = "no Chromium found (Debian: apt-get install chromium); no real PDF was read"
        if os.environ.get("CI") == "true" or os.environ.get("DALIL_REQUIRE_BROWSER") == "1":
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def printed(chromium: Browser, folder: Path, body: str, style: str, family: str) -> Document:
    """Print HTML in the shipped fonts and read the file."""
    faces = "".join(
        f"@font-face{{font-family:{family};{span}src:url(data:font/woff2;base64,{data})}}"
        for font in sorted(FONTS.glob(f"{family}-*-*.woff2"))
        if "-600-" not in font.name
        for data in [base64.b64encode(font.read_bytes()).decode()]
        for span in ["unicode-range:U+0-FF;" if "-latin-" in font.name else ""]
    )
    page = chromium.new_page()
    page.set_content(
        f"<html lang=ar dir=rtl><meta charset=utf-8><style>{faces}body{{font:12pt/1.6 {family};{style}}}</style>{body}"
    )
    page.evaluate("document.fonts.ready")
    page.pdf(path=folder / "page.pdf")
    page.close()
    (document,) = read_documents([folder / "page.pdf"])
    assert isinstance(document, Document), document
    return document


@pytest.mark.parametrize("family", ["ibm-plex-sans-arabic", "noto-naskh-arabic"])
def test_mixed_paragraphs(chromium: Browser, tmp_path: Path, family: str) -> None:
    body = "".join(f"<p dir=auto>{html.escape(paragraph)}</p>" for paragraph in PARAGRAPHS)
    document = printed(chromium, tmp_path, body, "width:500px", family)
    assert document.text.split("\n") == PARAGRAPHS
    assert document.pages == (0,)


def test_articles_over_pages_and_columns(chromium: Browser, tmp_path: Path, seed_documents: list[Document]) -> None:
    articles = [[" ".join(line.split()) for line in seed.text.split("\n") if line.strip()] for seed in seed_documents]
    body = "".join(
        "<h1>عنوان فوق العمودين معا</h1><div style='columns:2;column-gap:16px'>"
        + "".join(f"<p>{html.escape(line)}</p>" for line in article)
        + "</div>"
        for article in articles
    )
    document = printed(chromium, tmp_path, body, "text-align:justify", "ibm-plex-sans-arabic")
    words = " ".join(f"عنوان فوق العمودين معا {' '.join(article)}" for article in articles).split()
    assert document.text.split() == words
    assert len(document.pages) > 3
    last = document.text.rindex(articles[-1][-1].split()[-1])
    assert document.page(last) == len(document.pages)
