"""Questions to begin with: made from the documents in good Arabic, and only those that they answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from embeddings.documents import Document, document_from_text, read_documents
from qa import Assistant
from qa.suggestions import answerable, drafted
from tests.shelf import Shelf, seed_shelf
from tests.strategies import arabic_text
from ui.strings import EXAMPLES
from ui.suggesting import SHOWN, Suggestions

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
    """Suggestions over a shelf, which count how often they were made."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf, self.clock = shelf, 0.0
        self.suggestions = Suggestions(self.lend, lambda: self.clock)

    @contextmanager
    def lend(self) -> Iterator[Any]:
        yield self.shelf


def test_they_are_made_once_and_again_when_the_documents_have_changed() -> None:
    lent = Lent(seed_shelf())
    assert not lent.shelf.asked
    assert lent.suggestions.some() == [question for _, question in EXAMPLES]
    asked = len(lent.shelf.asked)
    assert lent.suggestions.some() == [question for _, question in EXAMPLES]
    lent.shelf.generation = 2
    lent.suggestions.some()
    assert len(lent.shelf.asked) == asked
    lent.clock = 400.0
    lent.suggestions.some()
    assert len(lent.shelf.asked) > asked


def test_documents_of_ones_own_come_first_and_nothing_unanswered_is_offered() -> None:
    document = document_from_text(LIBRARY, path="library.txt")
    (draft,) = drafted(document)
    seeds = seed_shelf()
    quotations = {**seeds.quotations, draft.question: ("library", "عام 1912", 0.9)}
    del quotations[EXAMPLES[0][1]]
    some = Lent(Shelf([*seeds.documents(), document], quotations)).suggestions.some()
    assert some == [draft.question, *(question for _, question in EXAMPLES[1:])]
    assert len(some) <= SHOWN
    assert Lent(Shelf([], {})).suggestions.some() == []


def test_the_bundled_models_answer_what_is_suggested(assistant: Assistant) -> None:
    @contextmanager
    def lend() -> Iterator[Assistant]:
        yield assistant

    some = Suggestions(lend).some()
    assert len(some) >= 5
    assert all(assistant.ask(question).answered for question in some)


def test_a_document_of_ones_own_gives_a_question_that_is_answered(tmp_path: Path) -> None:
    (tmp_path / "library.txt").write_text(LIBRARY, encoding="utf-8")
    documents = [item for item in read_documents([tmp_path]) if isinstance(item, Document)]
    with Assistant.from_documents(documents) as opened:
        (question,) = answerable((draft for one in documents for draft in drafted(one)), opened)
        assert "1912" in str(opened.ask(question).text)
