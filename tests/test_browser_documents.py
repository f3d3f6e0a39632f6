"""The documents in a real Chromium: added, asked about, removed; two people who never see each other's."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from embeddings.documents import Document, document_from_text
from qa.assistant import Assistant
from tests.browsing import ask, settled, visit, watched
from tests.served import running
from tests.test_visitors import KEEPER, LIMITS, NADIA, SALIM
from ui.serving import Rules

pytestmark = pytest.mark.browser

HOSTILE = (
    "<html><head><title>مكتبة <b>الواحة</b> &lt;script&gt;window.hacked = 1&lt;/script&gt;</title></head><body>"
    "<script>window.hacked = 2</script><p>مدير مكتبة الواحة هو سالم &lt;script&gt;window.hacked = 3&lt;/script&gt; "
    '<img src=x onerror="window.hacked = 4"> الهادي منذ عام 2012.</p></body></html>'
)


@pytest.fixture(scope="module")
def address(seed_documents: list[Document], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("served") / "visitors"
    with (
        Assistant.from_documents(seed_documents, reader="sentences") as plain,
        running(plain, Rules(rate=0, folder=folder, uploads=LIMITS)) as served,
    ):
        yield served


def file(name: str, text: str | bytes) -> Any:
    data = text.encode() if isinstance(text, str) else text
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def document(number: int) -> Document:
    return document_from_text(f"الخبر رقم {number} من أخبار الواحة\n\nنص الخبر {number}.", path=f"{number:03}.txt")


def open_documents(page: Page) -> None:
    page.click("#documents")
    expect(page.locator("#library .shelf li").first).to_be_visible()


def add(page: Page, *files: Any) -> None:
    """Add files in the open dialog and wait until the fate of each is told."""
    page.set_input_files("#library input[accept]", list(files))
    expect(page.locator("#library .fates li")).to_have_count(len(files))
    expect(page.locator("#library progress")).to_be_hidden()


def added(context: BrowserContext, address: str, text: str) -> Page:
    page = visit(context, address)
    open_documents(page)
    add(page, file("مكتبة.txt", text))
    page.keyboard.press("Escape")
    return page


def test_a_document_is_added_asked_about_and_removed(context: BrowserContext, address: str) -> None:
    visited = watched(context, address)
    page = visited.page
    open_documents(page)
    add(page, file("مكتبة.txt", SALIM), file("a.exe", b"MZ"), file("b.txt", " "))
    assert [item.get_attribute("class") for item in page.locator("#library .fates li").all()] == [
        "failed",
        "failed",
        "added",
    ]
    expect(page.locator("#library .going p")).to_have_text("أُضيف: 1 · لم يُضَف: 2")
    expect(page.locator("#library [data-count]")).to_have_text("6 وثائق مفهرسة")
    add(page, file("مكتبة.txt", SALIM))
    expect(page.locator("#library .fates li")).to_have_class("unchanged")
    page.click("#library [data-shut]")
    ask(page, KEEPER)
    expect(page.locator(".source.current mark")).to_contain_text("سالم الهادي")
    proof = page.locator(".actions a").first.get_attribute("href")
    open_documents(page)
    button = page.locator("#library [data-remove]")
    button.click()
    expect(button).to_have_text("تأكيد الحذف")
    button.click()
    expect(button).to_have_count(0)
    expect(page.locator("#library [data-count]")).to_have_text("5 وثائق مفهرسة")
    page.keyboard.press("Escape")
    expect(page.locator(".turn .problem")).to_contain_text("حُذفت")  # what was answered from it is not shown any more
    expect(page.locator("#evidence")).not_to_contain_text("سالم")
    page.reload()
    expect(page.locator(".turn .problem")).to_contain_text("حُذفت")
    ask(page, KEEPER)
    expect(page.locator("body")).not_to_contain_text("سالم")
    page.goto(f"{address}/{proof}")
    expect(page.locator(".check.changed")).to_be_visible()
    expect(page.locator("body")).not_to_contain_text("سالم")
    assert visited.errors == []


def test_two_people_at_once_see_their_own_and_never_each_others(chromium: Browser, address: str) -> None:
    contexts = [chromium.new_context(locale="ar") for _ in range(2)]
    pages = [added(context, address, text) for context, text in zip(contexts, (SALIM, NADIA), strict=True)]
    people = list(zip(contexts, pages, ("سالم", "نادية"), ("نادية", "سالم"), strict=True))
    for page in pages:  # both questions are under way before either answer is looked at
        page.fill("#question textarea", KEEPER)
        page.press("#question textarea", "Enter")
    proofs, sources = [], []
    for _, page, name, other in people:
        expect(page.locator(".turn .card:not(.pending)")).to_be_visible()
        expect(page.locator(".source.current mark")).to_contain_text(name)
        assert other not in page.content()
        proofs.append(page.locator(".actions a").first.get_attribute("href"))
        sources.append(page.locator(".source.current .more a").get_attribute("href"))
        open_documents(page)
        expect(page.locator("#library [data-remove]")).to_have_count(1)
        assert other not in page.locator("#library").inner_html()
        page.keyboard.press("Escape")
    for n, (context, _, name, other) in enumerate(people):
        own, theirs = context.new_page(), context.new_page()
        for mine, foreign in ((proofs[n], proofs[1 - n]), (sources[n], sources[1 - n])):
            own.goto(f"{address}/{mine}")
            expect(own.locator("mark").first).to_contain_text(name)
            theirs.goto(f"{address}/{foreign}")
            assert other not in theirs.content()
        saved = context.request.get(f"{address}/{proofs[1 - n]}&save=true").text()
        assert other not in saved
        found = context.request.get(f"{address}/search", params={"query": KEEPER, "top_k": "100"}).text()
        assert name in found
        assert other not in found
        documents = context.request.get(f"{address}/documents").json()["documents"]
        ids = [document["id"] for document in documents]
        assert len(ids) == 6
        assert sum(document["yours"] for document in documents) == 1
        assert re.search(r"source/(\w+)", str(sources[1 - n]))[1] not in ids  # type: ignore[index]
    for proof in proofs:
        stranger = httpx.get(f"{address}/{proof}").text
        assert "سالم الهادي" not in stranger
        assert "نادية العكاري" not in stranger
    for context in contexts:
        context.close()


def test_a_hostile_article_is_text_wherever_it_is_shown(context: BrowserContext, address: str) -> None:
    visited = watched(context, address)
    page = visited.page
    open_documents(page)
    add(page, file("<img src=x onerror=window.hacked=5>.html", HOSTILE), file("\u202etxt.exe", b"MZ"))
    expect(page.locator("#library .fates")).to_contain_text("onerror=window.hacked=5")
    title = page.locator("#library .shelf li").first
    expect(title).to_contain_text("<script>window.hacked = 1</script>")
    page.keyboard.press("Escape")
    ask(page, KEEPER)
    expect(page.locator("#evidence")).to_contain_text("<script>window.hacked = 3</script>")
    assert page.evaluate("window.hacked") is None
    page.goto(f"{address}/{page.locator('.source.current .more a').get_attribute('href')}")
    expect(page.locator(".article")).to_contain_text("<script>window.hacked = 3</script>")
    assert page.evaluate("window.hacked") is None
    assert visited.outside == []


@pytest.mark.parametrize(("locale", "size", "count"), [("ar", "1 ميغابايت", "4 وثائق"), ("en", "1 MB", "4 documents")])
def test_limits_are_told_in_the_language_of_the_page(
    chromium: Browser, address: str, locale: str, size: str, count: str
) -> None:
    context = chromium.new_context(locale=locale)
    page = visit(context, address)
    open_documents(page)
    expect(page.locator("#library .drop .meta")).to_contain_text(size)
    lines = "\n".join(f'{{"text": "{SALIM} {n}"}}' for n in range(9))
    add(page, file("big.txt", b"a " * 600_000), file("many.jsonl", lines))
    expect(page.locator("#library .fates .failed")).to_have_count(2)
    expect(page.locator("#library .fates")).to_contain_text(size)
    expect(page.locator("#library .fates")).to_contain_text(count)
    expect(page.locator("#library [data-count]")).to_contain_text("5")
    context.close()


def test_a_folder_is_added_without_what_is_not_read(context: BrowserContext, address: str, tmp_path: Path) -> None:
    (tmp_path / "مكتبات" / "قديم").mkdir(parents=True)
    (tmp_path / "مكتبات" / "قديم" / "a.txt").write_text(SALIM, "utf-8")
    (tmp_path / "مكتبات" / "b.md").write_text(NADIA, "utf-8")
    (tmp_path / "مكتبات" / "c.png").write_bytes(b"\x89PNG")
    (tmp_path / "مكتبات" / ".hidden.txt").write_text("سر", "utf-8")
    page = visit(context, address)
    open_documents(page)
    page.set_input_files("#library input[webkitdirectory]", tmp_path / "مكتبات")
    expect(page.locator("#library .fates .added bdi")).to_have_text(["مكتبات/b.md", "مكتبات/قديم/a.txt"])
    expect(page.locator("#library [data-remove]")).to_have_count(2)
    page.fill("#library [type=search]", "الواحه")  # another spelling
    page.fill("#library [type=search]", "قديم")
    expect(page.locator("#library .shelf li")).to_have_count(1)
    page.fill("#library [type=search]", "لا شيء من هذا")
    expect(page.locator("#library .shelf li")).to_have_count(0)


def test_files_are_dropped_on_the_page(context: BrowserContext, address: str) -> None:
    page = visit(context, address)
    open_documents(page)
    dropped = page.evaluate_handle(
        """(text) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([text], "مكتبة.txt"));
            transfer.items.add("a link", "text/plain");
            return transfer;
        }""",
        SALIM,
    )
    page.dispatch_event("#library .drop", "dragover", {"dataTransfer": dropped})
    expect(page.locator("#library .drop")).to_have_class("drop over")
    page.dispatch_event("#library .drop", "drop", {"dataTransfer": dropped})
    expect(page.locator("#library .fates .added bdi")).to_have_text(["مكتبة.txt"])
    expect(page.locator("#library .drop")).to_have_class("drop")


def test_questions_are_answered_while_files_are_added(context: BrowserContext, address: str) -> None:
    page = visit(context, address)
    open_documents(page)

    def late(route: Route) -> None:
        page.wait_for_timeout(1_500)
        route.continue_()

    page.route("**/documents", late)
    files = [file("a.txt", SALIM), *(file(f"{n}.exe", b"MZ") for n in range(23)), file("b.txt", NADIA)]
    page.set_input_files("#library input[accept]", files)
    expect(page.locator("#library .going p")).to_contain_text("من 25")
    page.keyboard.press("Escape")
    expect(page.locator("#documents")).to_have_attribute("data-going", re.compile(r"\d/25"))
    ask(page, "كم عدد قوات حفتر الذين وقعوا في الأسر؟")
    expect(page.locator("#documents")).to_have_attribute("data-going", "")
    open_documents(page)
    expect(page.locator("#library .fates .added")).to_have_count(2)


@pytest.mark.parametrize("locale", ["ar", "en"])
def test_a_long_list_loads_some_at_a_time_and_breaks_no_accessibility_rule(
    chromium: Browser, locale: str, tmp_path: Path
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    many = [document(n) for n in range(120)]
    rules = axe.Axe()
    with (
        Assistant.from_documents(many, reader="sentences") as plain,
        running(plain, Rules(rate=0, folder=tmp_path, uploads=LIMITS)) as address,
    ):
        context = chromium.new_context(locale=locale)
        page = visit(context, address)
        assert "الخبر رقم 7 " not in page.content()
        open_documents(page)
        expect(page.locator("#library .shelf li")).to_have_count(50)
        page.click("#library [data-more]")
        expect(page.locator("#library .shelf li")).to_have_count(100)
        page.click("#library [data-more]")
        expect(page.locator("#library .shelf li")).to_have_count(120)
        expect(page.locator("#library [data-more]")).to_be_hidden()
        add(page, file("a.txt", SALIM), file("b.exe", b"MZ"))
        page.locator("#library [data-remove]").click()
        for scheme in ("light", "dark"):
            page.evaluate("(scheme) => { document.documentElement.dataset.theme = scheme; }", scheme)
            settled(page)
            found = rules.run(page).response["violations"]
            assert [f"{rule['id']}: {rule['nodes'][0]['html']}" for rule in found] == []
        page.click("#library [data-shut]")
        page.click("#filters button")
        found = rules.run(page).response["violations"]
        assert [f"{rule['id']}: {rule['nodes'][0]['html']}" for rule in found] == []
        context.close()


def test_the_documents_are_reached_and_left_by_keyboard(context: BrowserContext, address: str) -> None:
    page = visit(context, address)
    page.focus("#documents")
    page.keyboard.press("Enter")
    expect(page.locator("#library .shelf li").first).to_be_visible()
    for _ in range(8):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('#library')")
    page.keyboard.press("Escape")
    expect(page.locator("#library")).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == "documents"
