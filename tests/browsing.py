"""The chat as a person in a browser uses it: start Chromium, open the page, ask a question."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WAIT = 60_000  # Milliseconds until a page that does not change is a failure: a busy machine is slow, and no failure.
ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update "
    "--disable-sync --no-first-run --disable-quic"
).split()


@contextmanager
def launched() -> Iterator[Browser]:
    """A Chromium; a test without one is skipped, or fails where a browser is required."""
    if CHROMIUM is None:
        message = "no Chromium found (Debian: apt-get install chromium); the chat was not tried in a browser"
        if os.environ.get("CI") == "true" or os.environ.get("DALIL_REQUIRE_BROWSER") == "1":
            pytest.fail(message)
        pytest.skip(message)
    expect.set_options(timeout=WAIT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


class Visit(NamedTuple):
    """A page of the chat, every error of it, and every address it asked for that is not on this machine."""

    page: Page
    errors: list[str]
    outside: list[str]


def visit(context: BrowserContext, address: str) -> Page:
    """Open the chat."""
    return watched(context, address).page


def watched(context: BrowserContext, address: str) -> Visit:
    """Open the chat, noting every request that leaves this machine and every error of the page."""
    visited = Visit(context.new_page(), errors=[], outside=[])
    page = visited.page

    def note(request: Request) -> None:
        if not request.url.startswith((address, "data:", "blob:")):
            visited.outside.append(request.url)

    page.on("request", note)
    page.on("pageerror", lambda error: visited.errors.append(str(error)))
    page.goto(address)
    page.wait_for_selector("#question textarea")
    page.wait_for_function("document.querySelector('.brand').dataset.language === document.documentElement.lang")
    return visited


def ask(page: Page, question: str) -> None:
    """Type a question, press Enter and wait for its answer."""
    before = page.locator(".turn").count()
    page.fill("#question textarea", question)
    page.press("#question textarea", "Enter")
    expect(page.locator(".turn")).to_have_count(before + 1)
    expect(page.locator(".turn").last.locator(".card:not(.pending)")).to_be_visible()


def settled(page: Page) -> None:
    """Wait until nothing on the page moves or changes its colour any more."""
    page.wait_for_function("document.getAnimations().every((animation) => animation.playState !== 'running')")
