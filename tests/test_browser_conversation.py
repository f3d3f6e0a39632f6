"""What a conversation shows, in a real Chromium: sources that differ, and why there is no answer."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from embeddings.documents import document_from_text
from tests.browsing import ask, visit
from tests.served import running
from tests.shelf import Shelf
from ui.strings import texts

pytestmark = pytest.mark.browser

AR, EN = texts("ar"), texts("en")
CAPTURED = "كم جنديا أسر في معركة الزاوية؟"
TOLD = "أعلنت وزارة الدفاع أن 30 جنديا أسروا في معركة الزاوية يوم الجمعة."
RIVAL = "ذكر تجمع ثوار الزاوية أن عدد الجنود الذين أسروا في معركة الزاوية بلغ عشرين جنديا، بينهم ضابط."


def battle() -> Shelf:
    """Two articles that count the prisoners differently."""
    articles = [
        document_from_text(TOLD, path="ministry.txt", title="بيان الوزارة", date="2019-04-05", source="الأناضول"),
        document_from_text(RIVAL, path="rebels.txt", title="بيان الثوار", date="2019-04-06", source="رويترز"),
    ]
    return Shelf(articles, {CAPTURED: ("ministry", "30 جنديا", 0.84)}, differing={CAPTURED: ("rebels", "عشرين جنديا")})


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with running(battle()) as served:
        yield served


def test_sources_that_differ_stand_side_by_side_each_with_its_date(context: BrowserContext, address: str) -> None:
    page = visit(context, address)
    ask(page, CAPTURED)
    expect(page.locator(".answered .kicker")).to_have_text(AR.sources_differ)
    assert page.locator(".exact").all_text_contents() == ["30 جنديا", "عشرين جنديا"]
    expect(page.locator(".side").nth(0)).to_contain_text("5 أبريل 2019")
    expect(page.locator(".side").nth(1)).to_contain_text("6 أبريل 2019")
    boxes = [page.locator(".side").nth(n).bounding_box() for n in range(2)]
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[0]["x"] > boxes[1]["x"]  # the first on the right
    page.click(".side >> nth=1 >> .chip")
    assert page.locator(".source.current mark").text_content() == "عشرين جنديا"
    page.reload()
    expect(page.locator(".side")).to_have_count(2)
    page.click("#language")
    expect(page.locator(".answered .kicker")).to_have_text(EN.sources_differ)
    assert page.errors == []


def test_the_saved_proof_holds_both_sides(context: BrowserContext, address: str, tmp_path: Path) -> None:
    page = visit(context, address)
    ask(page, CAPTURED)
    with page.expect_download() as download:
        page.click("a[download]")
    download.value.save_as(tmp_path / "proof.html")
    page.goto((tmp_path / "proof.html").as_uri())
    assert page.locator("mark").all_text_contents() == ["30 جنديا", "عشرين جنديا"]
    expect(page.locator("main")).to_contain_text(AR.sources_differ)


def test_no_answer_names_the_condition_that_failed(context: BrowserContext, address: str) -> None:
    page = visit(context, address)
    ask(page, "ما عاصمة اليابان؟")
    expect(page.locator(".reason")).to_have_text(AR.too_uncertain.format(share="13%"))
    page.reload()
    expect(page.locator(".reason")).to_have_text(AR.too_uncertain.format(share="13%"))


def test_a_question_that_leans_on_the_turn_before_shows_how_it_was_understood(
    context: BrowserContext, address: str
) -> None:
    page = visit(context, address)
    ask(page, CAPTURED)
    ask(page, "ومتى كان ذلك؟")
    second = page.locator(".turn").nth(1)
    expect(second.locator(".asked")).to_have_text("ومتى كان ذلك؟")
    expect(second.locator(".understood bdi")).to_have_text("متى كان ذلك (جنديا أسر في معركة الزاوية، 30 جنديا)؟")
    page.reload()
    expect(page.locator(".understood")).to_have_count(1)
    page.click(f"text={AR.as_typed}")
    expect(page.locator(".turn")).to_have_count(3)
    third = page.locator(".turn").nth(2)
    expect(third.locator(".asked")).to_have_text("ومتى كان ذلك؟")
    expect(third.locator(".card:not(.pending)")).to_be_visible()
    expect(third.locator(".understood")).to_have_count(0)
    page.click("#language")
    expect(page.locator(".understood button")).to_have_text(EN.as_typed)
    assert page.errors == []


def test_an_independent_question_is_shown_as_it_was_typed(context: BrowserContext, address: str) -> None:
    page = visit(context, address)
    ask(page, CAPTURED)
    ask(page, "من قائد الجيش الليبي؟")
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.locator(".understood")).to_have_count(0)
