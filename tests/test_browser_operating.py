"""What an operator switches on, seen from a browser: the login, the limit, pages that ask nothing of other hosts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browsing import ask, visit
from tests.served import running
from tests.shelf import QUOTATIONS, seed_shelf
from tests.test_operating import cheap
from ui.accounts import Accounts
from ui.serving import Rules
from ui.strings import texts

pytestmark = pytest.mark.browser

SIGNED = "متى وقع أردوغان مذكرتي التفاهم مع السراج؟"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with running(seed_shelf()) as served:
        yield served


def test_every_page_asks_its_own_host_alone_and_breaks_no_rule_of_its_policy(
    context: BrowserContext, address: str
) -> None:
    complaints: list[str] = []
    asked: list[str] = []
    context.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    context.on("request", lambda request: asked.append(request.url))
    page = visit(context, address)
    ask(page, SIGNED)
    page.click(".source.current details.whole summary")
    expect(page.locator(".source.current .article mark")).to_be_visible()
    page.click("#theme")
    page.click("#language")
    expect(page.locator("html")).to_have_attribute("dir", "ltr")
    links = [page.locator(link).first.get_attribute("href") for link in (".source .more a", ".actions a")]
    for path in (*links, "docs", "source/none"):
        page.goto(f"{address}/{path}")
        assert page.evaluate("getComputedStyle(document.querySelector('.bar')).display") == "flex"
    assert len(asked) > 20
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
    assert [text for text in complaints if "404" not in text] == []


def test_a_person_logs_in_and_asks(chromium: Browser, tmp_path: Path) -> None:
    (tmp_path / "accounts").write_text(cheap("salma", "long enough"), encoding="utf-8")
    login = {"username": "salma", "password": "long enough"}
    with running(seed_shelf(), Rules(accounts=Accounts.read(tmp_path / "accounts"), rate=0)) as address:
        context = chromium.new_context(locale="ar", http_credentials=login)  # type: ignore[arg-type]
        page = visit(context, address)
        ask(page, SIGNED)
        assert page.locator(".exact").text_content() == QUOTATIONS[SIGNED][1]
        context.close()


def test_a_person_who_asks_too_fast_is_told_and_loses_nothing(context: BrowserContext) -> None:
    with running(seed_shelf(), Rules(rate=3)) as address:
        page = visit(context, address)
        ask(page, SIGNED)
        page.fill("#question textarea", "سؤال آخر")
        for _ in range(4):
            page.click("#send")
        expect(page.get_by_text(texts("ar").too_many).first).to_be_visible()
        expect(page.locator(".exact").first).to_have_text(QUOTATIONS[SIGNED][1])
