"""A conversation in a real Chromium: what differs, what leans on another turn, opinions, what the browser keeps."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from embeddings.documents import document_from_text
from qa.feedback import read_feedback
from qa.verify import State, verify
from tests.browsing import ask, visit, watched
from tests.served import running
from tests.shelf import Shelf
from ui.serving import Rules
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
    visited = watched(context, address)
    page = visited.page
    ask(page, CAPTURED)
    expect(page.locator(".answered .kicker")).to_have_text(AR.sources_differ)
    assert page.locator(".exact").all_text_contents() == ["30 جنديا", "عشرين جنديا"]
    expect(page.locator(".side").nth(0)).to_contain_text("5 أبريل 2019")
    expect(page.locator(".side").nth(1)).to_contain_text("6 أبريل 2019")
    first, second = (page.locator(".side").nth(n).bounding_box() for n in range(2))
    assert first is not None
    assert second is not None
    assert first["y"] == second["y"]
    assert first["x"] > second["x"]  # the first on the right
    page.click(".side >> nth=1 >> .chip")
    assert page.locator(".source.current mark").text_content() == "عشرين جنديا"
    page.reload()
    expect(page.locator(".side")).to_have_count(2)
    page.click("#language")
    expect(page.locator(".answered .kicker")).to_have_text(EN.sources_differ)
    assert visited.errors == []


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
    visited = watched(context, address)
    page = visited.page
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
    assert visited.errors == []


def test_an_independent_question_is_shown_as_it_was_typed(context: BrowserContext, address: str) -> None:
    page = visit(context, address)
    ask(page, CAPTURED)
    ask(page, "من قائد الجيش الليبي؟")
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.locator(".understood")).to_have_count(0)


@pytest.fixture
def feedback(tmp_path: Path) -> Path:
    return tmp_path / "feedback.jsonl"


def lines(path: Path) -> list[dict[str, Any]]:
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return [json.loads(line) for line in text.splitlines()]


def until(true: Callable[[], bool]) -> None:
    """Wait for what the server does after the page has shown it."""
    end = time.monotonic() + 60
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    assert true()


def test_an_opinion_is_kept_with_the_whole_answer_and_may_be_changed(context: BrowserContext, feedback: Path) -> None:
    with running(battle(), Rules(rate=0, feedback=feedback)) as address:
        visited = watched(context, address)
        page = visited.page
        ask(page, CAPTURED)
        ask(page, "ما عاصمة اليابان؟")
        first, second = page.locator(".judging").all()
        assert first.locator("button").all_text_contents() == [AR.right, AR.wrong_answer, AR.wrong_evidence]
        assert second.locator("button").all_text_contents() == [AR.rightly_declined, AR.wrongly_declined]
        assert not feedback.exists()
        for button in (AR.right, AR.wrong_evidence):
            first.get_by_text(button, exact=True).click()
            expect(first.locator(".kept")).to_have_text(AR.judged)
        second.locator("button").nth(0).focus()
        page.keyboard.press("Enter")
        expect(second.locator("[aria-pressed=true]")).to_have_text(AR.rightly_declined)
        until(lambda: len(lines(feedback)) == 3)
        assert [line["verdict"] for line in lines(feedback)] == ["right", "wrong_evidence", "right"]
        assert [line["answer"]["question"] for line in lines(feedback)] == [CAPTURED, CAPTURED, "ما عاصمة اليابان؟"]
        assert lines(feedback)[0]["answer"]["citations"][0]["cited_text"] == "30 جنديا"
        assert len({line["id"] for line in lines(feedback)}) == 2
        page.reload()
        expect(page.locator(".judging [aria-pressed=true]")).to_have_count(2)
        page.click("#language")
        expect(page.locator(".judging [aria-pressed=true]").first).to_have_text(EN.wrong_evidence)
        page.locator(".judging [aria-pressed=true]").first.click()
        expect(page.locator(".judging [aria-pressed=true]")).to_have_count(1)
        until(lambda: len(lines(feedback)) == 4)
        assert [one.answer["question"] for one in read_feedback(feedback)] == ["ما عاصمة اليابان؟"]
        assert visited.errors == []


def test_an_opinion_that_cannot_be_kept_is_told_and_unmarked(context: BrowserContext, tmp_path: Path) -> None:
    with running(battle(), Rules(rate=0, feedback=tmp_path)) as address:
        page = visit(context, address)
        ask(page, CAPTURED)
        for _ in range(2):
            page.click(f".judging >> text={AR.right}")
            expect(page.locator(".kept")).to_have_text(AR.not_judged)
            expect(page.locator(".judging [aria-pressed=true]")).to_have_count(0)


def test_nobody_is_asked_where_nothing_is_kept(context: BrowserContext, address: str) -> None:
    page = visit(context, address)
    ask(page, CAPTURED)
    expect(page.locator(".judging")).to_have_count(0)


def saved(page: Page, label: str, path: Path) -> Path:
    """Press a button of the conversation and keep the file that it gives."""
    with page.expect_download() as download:
        page.click(f".keeping >> text={label}")
    assert download.value.suggested_filename == path.name
    download.value.save_as(path)
    return path


def test_a_conversation_is_saved_as_a_page_that_needs_nothing_beside_it(
    context: BrowserContext, address: str, tmp_path: Path
) -> None:
    page = visit(context, address)
    for question in (CAPTURED, "ومتى كان ذلك؟", "<script>alert(1)</script>"):
        ask(page, question)
    path = saved(page, AR.save_page, tmp_path / "dalil.html")
    assert not re.search(r"<link|<script|url\(|https?://|href=|src=", path.read_text(encoding="utf-8"))
    context.set_offline(True)
    page.goto(path.as_uri())
    assert page.locator("html").get_attribute("dir") == "rtl"
    assert page.locator("h2").all_text_contents() == [CAPTURED, "ومتى كان ذلك؟", "<script>alert(1)</script>"]
    assert page.locator("mark").all_text_contents() == ["30 جنديا", "عشرين جنديا"]
    for text in (AR.sources_differ, AR.understood, AR.no_answer, "ministry.txt", "sha256", "بيان الوزارة"):
        expect(page.locator("main")).to_contain_text(text)


def test_a_conversation_is_saved_as_json_that_verify_takes(
    context: BrowserContext, address: str, tmp_path: Path
) -> None:
    visited = watched(context, address)
    page = visited.page
    ask(page, CAPTURED)
    ask(page, "ومتى كان ذلك؟")
    answers = json.loads(saved(page, AR.save_json, tmp_path / "dalil.json").read_text(encoding="utf-8"))
    assert [answer["question"] for answer in answers] == [CAPTURED, "ومتى كان ذلك؟"]
    assert answers[0]["answer"] == "30 جنديا"
    verdicts = [verdict for answer in answers for verdict in verify(answer, battle())]
    assert [verdict.state for verdict in verdicts] == [State.STANDS, State.STANDS]
    assert visited.errors == []


def test_a_conversation_outlives_the_page_and_the_server_and_goes_on(context: BrowserContext) -> None:
    with running(battle()) as address:
        page = visit(context, address)
        ask(page, CAPTURED)
        page.reload()
        expect(page.locator(".exact").first).to_have_text("30 جنديا")
    with running(battle(), port=int(address.rsplit(":", 1)[1])):
        page.goto(address)
        expect(page.locator(".exact").first).to_have_text("30 جنديا")
        ask(page, "ومتى كان ذلك؟")
        expect(page.locator(".understood bdi")).to_contain_text("جنديا أسر في معركة الزاوية")
        page.reload()
        expect(page.locator(".turn")).to_have_count(2)


def test_earlier_conversations_are_kept_gone_on_with_and_deleted(context: BrowserContext, address: str) -> None:
    visited = watched(context, address)
    page = visited.page
    fresh = stored(page)
    ask(page, CAPTURED)
    page.click("#restart")
    expect(page.locator(".earlier button")).to_have_text([CAPTURED])
    ask(page, "ما عاصمة اليابان؟")
    page.click("#restart")
    expect(page.locator(".earlier button")).to_have_text(["ما عاصمة اليابان؟", CAPTURED])
    page.reload()
    expect(page.locator(".turn")).to_have_count(0)
    page.click(f".earlier >> text={CAPTURED}")
    expect(page.locator(".asked")).to_have_text([CAPTURED])
    ask(page, "ومتى كان ذلك؟")
    page.reload()
    expect(page.locator(".asked")).to_have_text([CAPTURED, "ومتى كان ذلك؟"])
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.click(f".keeping >> text={AR.delete}")
    expect(page.locator(".turn")).to_have_count(2)
    for left in (["ما عاصمة اليابان؟"], []):
        page.once("dialog", lambda dialog: dialog.accept())
        page.click(f".keeping >> text={AR.delete}")
        expect(page.locator(".turn")).to_have_count(0)
        expect(page.locator(".earlier button")).to_have_text(left)
        if left:
            page.locator(".earlier button").click()
            expect(page.locator(".turn")).to_have_count(1)
    page.wait_for_function("size => JSON.stringify(localStorage).length <= size", arg=fresh)
    page.reload()
    expect(page.locator("#examples, .welcome").first).to_be_visible()
    expect(page.locator(".turn, .earlier")).to_have_count(0)
    assert visited.errors == []


def stored(page: Page) -> int:
    """How many characters the browser keeps."""
    return int(page.evaluate("JSON.stringify(localStorage).length"))


def asked(page: Page) -> list[str]:
    """Load the page again and give what it shows as asked."""
    page.reload()
    expect(page.locator(".asked").first).to_be_visible()
    return page.locator(".asked").all_text_contents()


def test_tabs_of_one_browser_keep_a_conversation_each(context: BrowserContext, address: str) -> None:
    first, second = visit(context, address), visit(context, address)
    ask(first, CAPTURED)
    ask(second, "ما عاصمة اليابان؟")
    ask(first, "ومتى كان ذلك؟")
    ask(second, "ما عاصمة فرنسا؟")
    assert asked(first) == [CAPTURED, "ومتى كان ذلك؟"]
    assert asked(second) == ["ما عاصمة اليابان؟", "ما عاصمة فرنسا؟"]
    third = visit(context, address)
    expect(third.locator(".turn")).to_have_count(0)
    expect(third.locator(".earlier button")).to_have_text(["ما عاصمة اليابان؟", CAPTURED])


def test_one_conversation_in_two_tabs_has_what_was_asked_in_either(context: BrowserContext, tmp_path: Path) -> None:
    with running(battle(), Rules(rate=0, feedback=tmp_path / "feedback.jsonl")) as address:
        first = visit(context, address)
        ask(first, CAPTURED)
        second = visit(context, address)
        second.click(f".earlier >> text={CAPTURED}")
        expect(second.locator(".turn")).to_have_count(1)
        ask(first, "ما عاصمة اليابان؟")
        ask(second, "ما عاصمة فرنسا؟")
        first.locator(".judging").first.get_by_text(AR.right, exact=True).click()
        second.locator(".judging").last.get_by_text(AR.wrongly_declined).click()
        for page in (first, second):
            expect(page.locator(".judging .kept").filter(has_text=AR.judged)).to_have_count(1)
            assert asked(page) == [CAPTURED, "ما عاصمة اليابان؟", "ما عاصمة فرنسا؟"]
            expect(page.locator(".judging [aria-pressed=true]")).to_have_text([AR.right, AR.wrongly_declined])
        first.once("dialog", lambda dialog: dialog.accept())
        first.click(f".keeping >> text={AR.delete}")
        expect(first.locator(".turn, .earlier")).to_have_count(0)
        ask(second, "كم عدد الأسرى؟")
        assert asked(second) == ["كم عدد الأسرى؟"]  # what was deleted elsewhere does not come back


def test_the_browser_keeps_the_latest_turns_of_the_latest_conversations(context: BrowserContext, address: str) -> None:
    page = visit(context, address)
    kept = page.evaluate("""() => {
        for (let talk = 10; talk < 35; talk++)
            for (let n = 10; n < (talk === 34 ? 45 : 12); n++) {
                const question = `${talk} ${n}`;
                dalilMemory.write({ keep: [{ id: question, conversation: String(talk), question }] });
            }
        return dalilMemory.read().turns.map((turn) => turn.question);
    }""")
    assert kept == [f"{talk} {n}" for talk in range(15, 34) for n in (10, 11)] + [f"34 {n}" for n in range(15, 45)]
    kept = page.evaluate("""() => {
        for (let n = 0; n < 30; n++)
            dalilMemory.write({
                keep: [{ id: `${n}`, conversation: "0", question: "س".repeat(20_000) }],
                said: { [n]: "right" },
            });
        return [dalilMemory.read().turns.length, Object.keys(dalilMemory.read().said).length];
    }""")
    assert 5 <= kept[0] == kept[1] <= 10  # of two bytes a letter, 400,000 bytes in all


def test_a_browser_that_keeps_nothing_still_asks(context: BrowserContext, address: str) -> None:
    context.add_init_script("Storage.prototype.setItem = () => { throw new Error('full') }")
    visited = watched(context, address)
    ask(visited.page, CAPTURED)
    ask(visited.page, "ومتى كان ذلك؟")
    expect(visited.page.locator(".understood")).to_have_count(1)
