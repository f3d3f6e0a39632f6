"""Take the README's pictures of the chat: `python -m tests.screenshots [--reader NAME] [--into DIR]`.

Serves the chat over the seeds on a free port, asking for opinions, and drives Chromium through it; writes PNG files, a
few hundred kilobytes at most each, and prints their names and sizes.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from playwright.sync_api import Browser, sync_playwright

from embeddings.documents import Document, read_documents
from qa.assistant import Assistant
from tests.browsing import ARGUMENTS, CHROMIUM
from tests.served import running
from ui.serving import Rules

SEEDS = Path(__file__).parents[1] / "seeds"


class Picture(NamedTuple):
    """One picture: how the page is opened, what is asked, and whether a citation is opened by hand."""

    name: str
    width: int
    height: int
    locale: str
    scheme: str
    question: str
    opened: bool = False


PICTURES = (
    Picture("desktop-arabic", 1280, 800, "ar", "light", "متى وقع أردوغان مذكرتي التفاهم مع السراج؟"),
    Picture("desktop-english-dark", 1280, 800, "en", "dark", "متى وقع أردوغان مذكرتي التفاهم مع السراج؟"),
    Picture("desktop-first-page", 1280, 800, "ar", "light", ""),
    Picture("desktop-no-answer", 1280, 800, "ar", "light", "ما عاصمة اليابان؟"),
    Picture("phone-arabic", 390, 844, "ar", "light", "من هو الناطق الرسمي باسم الجيش الليبي؟"),
    Picture("phone-evidence-dark", 390, 844, "ar", "dark", "من هو الناطق الرسمي باسم الجيش الليبي؟", opened=True),
)


def take(browser: Browser, address: str, picture: Picture, folder: Path) -> Path:
    """Open the page as `picture` says and write what it shows."""
    page = browser.new_page(
        viewport={"width": picture.width, "height": picture.height},
        locale=picture.locale,
        color_scheme="dark" if picture.scheme == "dark" else "light",
    )
    page.goto(address)
    page.wait_for_selector("[data-settled] #question textarea")
    if picture.question:
        page.fill("#question textarea", picture.question)
        page.press("#question textarea", "Enter")
        page.wait_for_selector(".card:not(.pending)")
    if picture.opened:
        page.click(".chip")
    page.wait_for_timeout(1_000)
    path = folder / f"{picture.name}.png"
    page.screenshot(path=path)
    page.close()
    return path


def main() -> None:
    """Take every picture."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--into", type=Path, default=Path(__file__).parent / "screenshots")
    parser.add_argument("--reader")
    options = parser.parse_args()
    options.into.mkdir(exist_ok=True)
    documents = (item for item in read_documents([SEEDS]) if isinstance(item, Document))
    with (
        TemporaryDirectory() as folder,
        Assistant.from_documents(documents, reader=options.reader) as assistant,
        running(assistant, Rules(rate=0, feedback=Path(folder) / "feedback.jsonl")) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for picture in PICTURES:
            path = take(browser, address, picture, options.into)
            sys.stdout.write(f"{path.stat().st_size / 1024:6.0f} KB  {path}\n")
        browser.close()


if __name__ == "__main__":
    main()
