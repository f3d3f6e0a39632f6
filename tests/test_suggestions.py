"""Questions to begin with: made from the documents in good Arabic, and only those that they answer."""

import asyncio
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, current_thread
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

from embeddings.documents import Document, document_from_text, read_documents
from qa import Assistant
from qa.suggestions import answerable, drafted
from tests.served import running
from tests.shelf import Shelf, seed_shelf
from tests.strategies import arabic_text
from ui.serving import Rules
from ui.strings import EXAMPLES
from ui.suggesting import SHOWN, Suggestions
from ui.visitors import Visitors

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

LIBRARY = "أسس يوسف النجار مكتبة المدينة عام 1912 في حي الميناء. تضم المكتبة أربعين ألف كتاب."


def drafts(text: str) -> list[tuple[str, str]]:
    """Each question with the words that answer it."""
    document = document_from_text(text, path="a.txt")
    return [(one.question, document.text[one.start : one.end]) for one in drafted(document)]


@pytest.mark.parametrize(
    ("text", "question", "answer"),
    [
        (LIBRARY, "متى أسس يوسف النجار مكتبة المدينة في حي الميناء؟", "عام 1912"),
        ("وافتتحت الوزارة المستشفى الجامعي الجديد يوم الخميس.",
         "متى افتتحت الوزارة المستشفى الجامعي الجديد؟", "يوم الخميس"),
        ("عقد الاتحاد العربي اجتماع القادة في مدينة غدامس الليبية.", "أين عقد الاتحاد العربي اجتماع القادة؟",
         "في مدينة غدامس الليبية"),
        ("قال رئيس الوزراء فايز السراج إن المدينة آمنة.", "من هو رئيس الوزراء؟", "فايز السراج إن المدينة آمنة."),
        ("وأوضحت المتحدثة باسم الوزارة سعاد علي ذلك.", "من هي المتحدثة باسم الوزارة؟", "سعاد علي ذلك."),
    ],
)  # fmt: skip
def test_a_sentence_becomes_the_question_that_it_answers(text: str, question: str, answer: str) -> None:
    assert drafts(text) == [(question, answer)]


@pytest.mark.parametrize(
    "text",
    [
        "أصيبت بالمرض وتماثلت للشفاء قبل أربع سنوات.",  # who?
        "وصل إلى المدينة المنورة كلها يوم الجمعة.",
        "The ministry opened the new hospital on 5 April 2019.",
        "قال رئيس الوزراء في بيان إن المدينة آمنة.",  # whose name is not told
        "ولد عام 1912.",
        "",
    ],
)
def test_a_sentence_that_names_too_little_becomes_none(text: str) -> None:
    assert not text or drafts(text) == []


@given(arabic_text())
def test_drafts_are_places_of_any_document(text: str) -> None:
    if not text.strip():
        return
    for one in drafted(document_from_text(text, path="a.txt")):
        assert 0 <= one.start < one.end <= len(one.document.text)
        assert one.question.endswith("؟")


def test_only_what_is_answered_from_its_own_words_is_offered() -> None:
    document = document_from_text(LIBRARY, path="library.txt")
    (draft,) = drafted(document)
    right = Shelf([document], {draft.question: ("library", "عام 1912", 0.9)})
    wrong = Shelf([document], {draft.question: ("library", "أربعين ألف كتاب", 0.9)})
    assert list(answerable([draft, draft], right)) == [draft.question]
    assert list(answerable([draft], wrong)) == list(answerable([draft], Shelf([document], {}))) == []


class Lent:
    """Suggestions over a shelf, with a clock of their own; a shelf that waits is asked when it is told to go on."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf, self.clock = shelf, 0.0
        self.going = Event()
        self.going.set()
        self.suggestions = Suggestions(self, lambda: self.clock)

    @contextmanager
    def assistant(self, visitor: str | None) -> Iterator[Any]:
        assert visitor is None
        if current_thread().name.startswith("suggestions"):
            assert self.going.wait(10)
        yield self.shelf

    def sent(self, visitor: str | None) -> set[str]:  # noqa: ARG002
        return set()

    def some(self) -> list[str]:
        return asyncio.run(self.suggestions.some("a" * 32))

    def made_again(self) -> None:
        """Wait until the thread that makes them has nothing left to do."""
        self.suggestions._worker.submit(int).result(10)


SHIPPED = [question for _, question in EXAMPLES]


def test_they_are_made_once_and_again_when_the_documents_have_changed() -> None:
    lent = Lent(seed_shelf())
    assert not lent.shelf.asked
    assert lent.some() == SHIPPED
    asked = len(lent.shelf.asked)
    assert lent.some() == SHIPPED
    lent.shelf.generation = 2
    lent.some()
    lent.made_again()
    assert len(lent.shelf.asked) == asked
    lent.clock = 400.0
    lent.shelf.quotations = {question: lent.shelf.quotations[question] for question in SHIPPED[1:]}
    assert lent.some() == SHIPPED  # what there is, while others are made
    lent.made_again()
    assert len(lent.shelf.asked) > asked
    assert lent.some() == SHIPPED[1:]


def test_nobody_waits_for_those_that_are_made_again() -> None:
    lent = Lent(seed_shelf())
    lent.some()
    lent.shelf.generation, lent.clock = 2, 400.0
    lent.going.clear()
    assert lent.some() == lent.some() == SHIPPED
    lent.going.set()
    lent.suggestions.close()


def test_whoever_comes_before_any_are_made_is_given_the_same_ones() -> None:
    lent = Lent(seed_shelf())

    async def both() -> list[list[str]]:
        lent.going.clear()
        waiting = [asyncio.create_task(lent.suggestions.some()) for _ in range(20)]
        done, _ = await asyncio.wait(waiting, timeout=0.2)
        assert not done
        lent.going.set()
        return await asyncio.gather(*waiting)

    assert asyncio.run(both()) == [SHIPPED] * 20
    assert len(lent.shelf.asked) == len(SHIPPED)


def test_making_them_ends_with_the_server() -> None:
    documents = [document_from_text(LIBRARY, path=f"{n}.txt") for n in range(30)]
    lent = Lent(Shelf(documents, {}))
    lent.suggestions._closed.set()
    assert lent.some() == []
    assert lent.shelf.asked == []
    lent.suggestions.close()


def test_documents_of_ones_own_come_first_and_nothing_unanswered_is_offered() -> None:
    document = document_from_text(LIBRARY, path="library.txt")
    (draft,) = drafted(document)
    seeds = seed_shelf()
    quotations = {**seeds.quotations, draft.question: ("library", "عام 1912", 0.9)}
    del quotations[EXAMPLES[0][1]]
    some = Lent(Shelf([*seeds.documents(), document], quotations)).some()
    assert some == [draft.question, *SHIPPED[1:]]
    assert len(some) <= SHOWN
    assert Lent(Shelf([], {})).some() == []


def test_the_bundled_models_answer_what_is_suggested(assistant: Assistant) -> None:
    some = asyncio.run(Suggestions(Visitors(assistant)).some())
    assert len(some) >= 5
    assert all(assistant.ask(question).answered for question in some)


def test_what_a_visitor_sent_is_asked_about_first_and_by_that_visitor_alone(
    assistant: Assistant, tmp_path: Path
) -> None:
    visitors = Visitors(assistant, tmp_path / "visitors")
    suggestions = Suggestions(visitors)
    one, other = "a" * 32, "b" * 32
    assert visitors.take(one, io.BytesIO(LIBRARY.encode()), "library.txt").state == "added"

    def some(visitor: str | None) -> list[str]:
        return asyncio.run(suggestions.some(visitor))

    (draft,) = drafted(document_from_text(LIBRARY, path="library.txt"))
    assert some(one)[0] == draft.question
    assert len(some(one)) == SHOWN
    assert draft.question not in some(other)
    assert some(other) == some(None)
    visitors.remove(one, list(visitors.sent(one)))
    assert some(one) == some(None)
    suggestions.close()
    visitors.close()


@pytest.mark.browser
def test_the_first_page_offers_questions_of_what_was_just_sent(
    context: "BrowserContext", assistant: Assistant, tmp_path: Path
) -> None:
    with running(assistant, Rules(rate=0, folder=tmp_path / "visitors")) as address:
        page = context.new_page()
        page.goto(address)
        page.wait_for_selector("#examples button")
        page.click("#documents")
        (tmp_path / "library.txt").write_text(LIBRARY, encoding="utf-8")
        page.set_input_files("#library input[accept]", tmp_path / "library.txt")
        page.wait_for_selector("#library .fates .added")
        page.keyboard.press("Escape")
        (draft,) = drafted(document_from_text(LIBRARY, path="library.txt"))
        page.click(f"#examples >> text={draft.question}")
        page.wait_for_selector(".answered")
        assert "1912" in str(page.text_content(".answered .exact"))


def test_a_document_of_ones_own_gives_a_question_that_is_answered(tmp_path: Path) -> None:
    (tmp_path / "library.txt").write_text(LIBRARY, encoding="utf-8")
    documents = [item for item in read_documents([tmp_path]) if isinstance(item, Document)]
    with Assistant.from_documents(documents) as opened:
        (question,) = answerable((draft for one in documents for draft in drafted(one)), opened)
        assert "1912" in str(opened.ask(question).text)
