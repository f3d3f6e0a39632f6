"""The chat in a real Chromium: ask, see the answer, open the citation, see the mark; and what must never happen."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from embeddings.documents import document_from_text
from qa.assistant import Assistant
from tests.browsing import Visit, ask, settled, visit, watched
from tests.served import running
from tests.shelf import QUOTATIONS, Shelf, seed_shelf
from ui.strings import texts

pytestmark = pytest.mark.browser

CAPTURED = "كم عدد قوات حفتر الذين وقعوا في الأسر؟"
SIGNED = "متى وقع أردوغان مذكرتي التفاهم مع السراج؟"
HOSTILE = (
    "خبر <script>window.hacked = 1</script> غريب\n\n"
    'قال <img src=x onerror="window.hacked = 2"> المصدر [x](javascript:window.hacked=3) إن $$\\frac{1}{2}$$ '
    "و${window.hacked = 4} و{{value}} \u202eمقلوب\u202c نهاية الجملة. ثم انتهى <b>الخبر</b>."
)
HOSTILE_QUOTATION = HOSTILE[HOSTILE.index("قال") : HOSTILE.index(" نهاية")]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with running(seed_shelf()) as served:
        yield served


@pytest.fixture
def visited(context: BrowserContext, address: str) -> Visit:
    return watched(context, address)


@pytest.fixture
def page(visited: Visit) -> Page:
    return visited.page


def in_view(page: Page, selector: str, box: str) -> bool:
    """Whether the first element of `selector` lies within the visible part of `box`."""
    seen: bool = page.evaluate(
        """async ([selector, box]) => {
            for (let tries = 0; tries < 40; tries++) {
                const inner = document.querySelector(selector).getBoundingClientRect();
                const outer = document.querySelector(box).getBoundingClientRect();
                if (inner.height && inner.top >= outer.top - 1 && inner.top < outer.bottom) return true;
                await new Promise((done) => setTimeout(done, 50));
            }
            return false;
        }""",
        [selector, box],
    )
    return seen


@pytest.mark.parametrize("question", list(QUOTATIONS))
def test_a_question_gives_its_quotation_and_the_mark_is_the_same_characters(page: Page, question: str) -> None:
    quotation = QUOTATIONS[question][1]
    ask(page, question)
    assert page.locator(".exact").text_content() == quotation
    page.click(".turn .chip")
    assert page.locator(".source.current mark").text_content() == quotation
    assert in_view(page, ".source.current mark", "#evidence")
    assert page.evaluate("document.activeElement.classList.contains('source')")


def test_the_whole_article_opens_at_the_quotation(page: Page) -> None:
    ask(page, SIGNED)
    page.click(".source.current details.whole summary")
    mark = page.locator(".source.current .article mark")
    expect(mark).to_have_text(QUOTATIONS[SIGNED][1])
    assert in_view(page, ".source.current .article mark", ".source.current .article")
    shown = page.locator(".source.current .article").text_content()
    assert shown == next(d.text for d in seed_shelf().documents() if "003" in d.path)


def test_the_source_page_opens_at_the_quotation(page: Page, context: BrowserContext) -> None:
    ask(page, CAPTURED)
    with context.expect_page() as opened:
        page.click(".source.current .more a")
    source = opened.value
    expect(source.locator("mark")).to_have_text(QUOTATIONS[CAPTURED][1])
    expect(source.locator("mark")).to_be_in_viewport()
    assert source.evaluate("document.documentElement.dir") == "rtl"


def test_the_saved_proof_opens_from_disk(page: Page, context: BrowserContext, tmp_path: Path) -> None:
    ask(page, CAPTURED)
    with page.expect_download() as download:
        page.click("a[download]")
    download.value.save_as(tmp_path / "proof.html")
    opened = context.new_page()
    opened.goto((tmp_path / "proof.html").as_uri())
    expect(opened.locator("mark")).to_have_text(QUOTATIONS[CAPTURED][1])
    expect(opened.locator(".check")).to_contain_text(texts("ar").all_stand(1))
    assert opened.evaluate("[document.documentElement.dir, document.styleSheets[0].cssRules.length > 20]") == [
        "rtl",
        True,
    ]


def test_a_chip_shows_its_source_when_hovered_and_when_focused(page: Page) -> None:
    ask(page, CAPTURED)
    tip = page.locator(".tip")
    expect(tip).to_be_hidden()
    page.hover(".chip")
    expect(tip).to_be_visible()
    expect(tip).to_contain_text("5 أبريل 2019")
    page.hover("h1")
    expect(tip).to_be_hidden()


def test_copying_takes_the_answer_with_its_reference(page: Page, context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page, CAPTURED)
    page.click("[data-copy]")
    expect(page.locator("[data-copy]")).to_have_text("نُسخ")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"«{QUOTATIONS[CAPTURED][1]}»\n[1] مصدر بجيش حفتر")


def test_everything_by_keyboard(page: Page) -> None:
    page.focus("#question textarea")
    page.keyboard.type(CAPTURED)
    page.keyboard.press("Enter")
    page.wait_for_selector(".chip")
    for _ in range(40):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.classList.contains('chip')"):
            break
    expect(page.locator(".tip")).to_be_visible()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "source-1-1"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("Enter")
    expect(page.locator(".article mark")).to_have_text(QUOTATIONS[CAPTURED][1])
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.className") == "chip"


def test_examples_ask_and_the_conversation_starts_again(page: Page) -> None:
    page.click(f"#examples button:has-text('{CAPTURED}')")
    expect(page.locator(".asked")).to_contain_text(CAPTURED)
    expect(page.locator(".exact")).to_be_visible()
    ask(page, SIGNED)
    expect(page.locator(".turn")).to_have_count(2)
    page.click(".turn >> nth=0 >> .chip")
    assert page.locator(".source.current mark").text_content() == QUOTATIONS[CAPTURED][1]
    page.click("#restart")
    expect(page.locator(".turn")).to_have_count(0)
    expect(page.locator("#examples")).to_be_visible()


def test_the_conversation_survives_a_reload_until_it_is_started_again(page: Page) -> None:
    ask(page, CAPTURED)
    ask(page, "ما عاصمة اليابان؟")
    page.reload()
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.locator("#examples")).to_be_hidden()
    page.click(".turn >> nth=0 >> .chip")
    assert page.locator(".source.current mark").text_content() == QUOTATIONS[CAPTURED][1]
    page.click("#restart")
    expect(page.locator(".turn")).to_have_count(0)
    page.reload()
    expect(page.locator("#examples")).to_be_visible()
    expect(page.locator(".turn")).to_have_count(0)


def test_two_people_at_once_see_their_own_answers(chromium: Browser, address: str) -> None:
    contexts = [chromium.new_context(locale="ar") for _ in range(2)]
    pages = [visit(context, address) for context in contexts]
    for page, question in zip(pages, (CAPTURED, SIGNED), strict=True):
        page.fill("#question textarea", question)
    for page in pages:
        page.press("#question textarea", "Enter")
    for page, question in zip(pages, (CAPTURED, SIGNED), strict=True):
        expect(page.locator(".exact")).to_have_text(QUOTATIONS[question][1])
        expect(page.locator(".turn")).to_have_count(1)
    for context in contexts:
        context.close()


def test_a_question_asked_beside_another_event_is_answered(page: Page) -> None:
    for n in range(8):  # with the other events in Gradio's queue, every second page lost a question in four
        page.fill("#question textarea", CAPTURED)
        page.evaluate("document.querySelector('#changed').click()")
        page.press("#question textarea", "Enter")
        expect(page.locator(".turn .card:not(.pending)")).to_have_count(n + 1)


def test_no_answer_is_said_and_the_nearest_passages_open(page: Page) -> None:
    ask(page, "ما عاصمة اليابان؟")
    expect(page.locator(".verdict")).to_be_visible()
    page.click(".place >> nth=1")
    expect(page.locator(".source.current")).to_have_attribute("id", "source-1-2")


def test_an_empty_question_gets_a_friendly_text(page: Page, visited: Visit) -> None:
    page.click("#send")
    expect(page.locator(".problem")).to_contain_text("اكتب سؤالًا")
    assert visited.errors == []


def test_english_is_one_click_away_and_remembered(page: Page, context: BrowserContext, address: str) -> None:
    assert page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == ["ar", "rtl"]
    ask(page, CAPTURED)
    page.click("#language")
    expect(page.locator("html")).to_have_attribute("dir", "ltr")
    expect(page.locator(".kicker")).to_contain_text("source's words")
    expect(page.locator("#question textarea")).to_have_attribute("placeholder", "Ask a question…")
    assert page.locator(".exact").text_content() == QUOTATIONS[CAPTURED][1]
    assert page.evaluate("getComputedStyle(document.querySelector('.quote')).direction") == "rtl"
    assert visit(context, address).evaluate("document.documentElement.lang") == "en"


def test_an_english_browser_is_met_in_english(chromium: Browser, address: str) -> None:
    context = chromium.new_context(locale="en-GB")
    page = visit(context, address)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#send")).to_have_text("Ask")
    context.close()


def test_each_text_takes_its_own_direction(page: Page) -> None:
    ask(page, "How many of Haftar's men were captured?")
    direction = "getComputedStyle(document.querySelector('{}')).direction"
    assert page.evaluate(direction.format(".asked")) == "ltr"
    assert page.evaluate(direction.format(".quote")) == "rtl"
    page.fill("#question textarea", "English")
    assert page.evaluate("document.querySelector('#question textarea').matches(':dir(ltr)')")
    page.fill("#question textarea", "عربي")
    assert page.evaluate("document.querySelector('#question textarea').matches(':dir(rtl)')")


def test_on_a_phone_the_evidence_is_a_sheet(chromium: Browser, address: str) -> None:
    context = chromium.new_context(locale="ar", viewport={"width": 390, "height": 844}, has_touch=True)
    page = visit(context, address)
    ask(page, CAPTURED)
    expect(page.locator("#evidence")).to_be_hidden()
    page.tap(".chip")
    expect(page.locator(".source.current mark")).to_be_in_viewport()
    page.tap(".close")
    expect(page.locator("#evidence")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()


def test_a_hostile_article_is_shown_as_plain_text(context: BrowserContext) -> None:
    article = document_from_text(HOSTILE, path="hostile.txt", title="<img src=x onerror=alert(1)>")
    question = "ما <script>window.hacked = 5</script> \u202eالخبر؟ $$x$$ [x](javascript:1)"
    with running(Shelf([article], {question: ("hostile", HOSTILE_QUOTATION, 0.9)})) as address:
        visited = watched(context, address)
        page = visited.page
        ask(page, question)
        assert page.locator(".exact").text_content() == HOSTILE_QUOTATION
        assert page.locator(".source.current mark").text_content() == HOSTILE_QUOTATION
        assert question in (page.locator(".asked").text_content() or "")
        assert page.locator("#conversation :is(script, img, b), #panel :is(script, img, b)").count() == 0
        assert page.locator(".gradio-container a[href^=javascript]").count() == 0
        assert page.locator(".katex").count() == 0
        expect(page.locator(".exact .direction")).to_have_count(2)
        page.click(".source.current details.whole summary")
        expect(page.locator(".article mark")).to_be_visible()
        assert page.locator(".article").text_content() == HOSTILE
        assert page.evaluate("window.hacked") is None
        assert visited.errors == []
        # The override is not obeyed: "نهاية", written after it, stands to the left, as Arabic reads.
        assert stands_after(page, "مقلوب", "نهاية")


def stands_after(page: Page, first: str, second: str) -> bool:
    """Whether `second` is drawn after `first` in a right-to-left line of the passage."""
    places: list[tuple[float, float]] = page.evaluate(
        """(words) => words.map((word) => {
            const walk = document.createTreeWalker(document.querySelector('.passage'), NodeFilter.SHOW_TEXT);
            while (walk.nextNode()) {
                const at = walk.currentNode.data.indexOf(word);
                if (at < 0) continue;
                const range = document.createRange();
                range.setStart(walk.currentNode, at);
                range.setEnd(walk.currentNode, at + word.length);
                const box = range.getBoundingClientRect();
                return [box.top, box.left];
            }
        })""",
        [first, second],
    )
    (top, left), (other_top, other_left) = places
    return other_top > top + 5 or (abs(other_top - top) <= 5 and other_left < left)


def test_the_page_asks_nothing_of_any_other_host(page: Page, visited: Visit) -> None:
    ask(page, CAPTURED)
    page.click("#theme")
    page.wait_for_timeout(300)
    assert visited.outside == []
    assert visited.errors == []
    loaded = page.evaluate("[...document.fonts].filter((face) => face.status === 'loaded').map((face) => face.family)")
    assert {family.strip('"') for family in loaded} >= {"Plex Sans Arabic", "Noto Naskh"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["ar", "en"])
def test_no_accessibility_rule_is_broken(chromium: Browser, address: str, locale: str, scheme: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    context = chromium.new_context(locale=locale, color_scheme=scheme, viewport={"width": 1280, "height": 800})
    page = visit(context, address)
    rules = axe.Axe()

    def broken() -> list[str]:
        return [f"{found['id']}: {found['nodes'][0]['html']}" for found in rules.run(page).response["violations"]]

    assert broken() == []
    ask(page, "ما عاصمة اليابان؟")
    ask(page, CAPTURED)
    settled(page)
    assert broken() == []
    for link in (page.locator(".source.current .more a"), page.locator(".actions a").first):
        page.goto(f"{address}/{link.get_attribute('href')}")
        assert broken() == []
        page.go_back()
        page.wait_for_selector(".source.current")
    context.close()


def test_dark_is_dark_and_remembered(page: Page, context: BrowserContext, address: str) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.click("#theme")
    assert page.evaluate(background) != light
    assert visit(context, address).evaluate(background) != light


def test_the_real_assistant_behind_the_real_page(context: BrowserContext, assistant: Assistant) -> None:
    expected = assistant.ask(CAPTURED)
    with running(assistant) as address:
        visited = watched(context, address)
        page = visited.page
        ask(page, CAPTURED)
        assert page.locator(".exact").text_content() == expected.text
        assert page.locator(".source.current mark").text_content() == expected.citations[0].text
        assert visited.outside == []
