"""What a search is narrowed to, in a real Chromium: seen and taken back while its boxes are folded away."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browsing import ask, watched
from tests.shelf import Shelf
from ui.conversation import Limits, narrowed
from ui.strings import texts

AR, EN = texts("ar"), texts("en")
CAPTURED = "كم عدد قوات حفتر الذين وقعوا في الأسر؟"


def fold(page: Page) -> None:
    page.click("#filters > button")


@pytest.mark.browser
def test_limits_are_told_while_they_are_folded_away_and_cleared(
    context: BrowserContext, address: str, shelf: Shelf
) -> None:
    visited = watched(context, address)
    page, told = visited.page, visited.page.locator("#narrowed")
    expect(told).to_have_text("")
    fold(page)
    first, publisher = page.get_by_label(AR.date_from), page.get_by_role("combobox", name=AR.source)
    first.fill("2019-04-05")
    publisher.click()
    source = shelf.sources()[0]
    page.get_by_role("option", name=source).click()
    expect(publisher).to_have_value(source)
    fold(page)
    expect(first).to_be_hidden()
    expect(told.locator("span")).to_have_text(f"{AR.date_from} 5 أبريل 2019 · {AR.source} {source}")
    expect(page.get_by_role("status").filter(has_text=AR.narrowed)).to_be_visible()
    ask(page, CAPTURED)
    assert shelf.asked[-1][2:] == ("2019-04-05", None, source)
    page.click("#language")
    expect(told).to_contain_text(f"{EN.narrowed} {EN.date_from} 5 April 2019 · {EN.source} {source}")
    told.get_by_role("button", name=EN.widen).focus()
    page.keyboard.press("Enter")
    expect(told).to_have_text("")
    expect(page.locator("#question textarea")).to_be_focused()
    ask(page, CAPTURED)
    assert shelf.asked[-1][2:] == (None, None, None)
    assert visited.errors == []


def test_limits_that_are_none_are_not_told_and_others_are_escaped() -> None:
    assert narrowed(Limits(), AR) == narrowed(Limits(" ", None, " "), AR) == ""
    told = narrowed(Limits("<b>", "2019", "<script>"), EN)
    assert "<script>" not in told
    assert '<bdi dir="auto">&lt;b&gt;</bdi>' in told
    assert f'{EN.date_to} <bdi dir="auto">2019</bdi>' in told
