"""What the page shows is the document, character for character, and nothing in it becomes markup."""

import dataclasses
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.documents import Document, document_from_text
from qa.answers import Answer, Citation, Reason
from tests.shelf import Shelf, seed_shelf
from tests.strategies import arabic_text
from ui import card, evidence
from ui.markup import Quotation, attribute, bdi, passage, plain
from ui.pages import missing_page, source_page
from ui.proof import Reference, proof_page
from ui.strings import Texts, day, level, preferred_language, share, texts
from ui.terminal import show_answer

AR, EN = texts("ar"), texts("en")
HOSTILE = (
    "عنوان <script>window.hacked = 1</script>\n\n"
    '<img src=x onerror="window.hacked = 2"> [x](javascript:alert(1)) <a href="javascript:alert(2)">انقر</a>\n'
    "$$\\frac{1}{2}$$ ${window.hacked = 3} {{value}} &amp; &lt;b&gt; \u202eمقلوب\u202c \u2066x\u2069 \"' ` \r نهاية."
)


class Reading(HTMLParser):
    """The text of a piece of HTML, its tags, and the text of each mark."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.tags: list[str] = []
        self.marks: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self._in_mark = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag == "mark":
            self._in_mark = True
            self.marks.append("")

    def handle_endtag(self, tag: str) -> None:
        self._in_mark &= tag != "mark"

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._in_mark:
            self.marks[-1] += data


def document(text: str, **facts: Any) -> Document:
    return document_from_text(text, path="مقال.txt", **facts)


@given(st.one_of(arabic_text(), st.text(max_size=200), st.just(HOSTILE)))
def test_plain_text_reads_back_exactly_and_holds_only_our_tags(text: str) -> None:
    read = Reading(plain(text))
    assert read.text == text
    assert set(read.tags) <= {"span", "i"}


@given(st.data())
def test_a_passage_reads_back_exactly_with_each_quotation_in_one_mark(data: st.DataObject) -> None:
    text = data.draw(st.one_of(arabic_text(), st.text(min_size=4, max_size=120), st.just(HOSTILE)).filter(bool))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), min_size=6, max_size=6)))
    start, first, quote, stop, last, end = cuts
    quotations = [Quotation(quote, stop, 1)]
    read = Reading(passage(text, start, end, sentence=(first, last), quotations=quotations))
    assert read.text == text[start:end]
    assert read.marks == ([text[quote:stop]] if quote < stop else [])


def test_of_two_quotations_that_overlap_the_first_is_marked() -> None:
    read = Reading(passage("واحد اثنان ثلاثة", 0, 16, quotations=[Quotation(5, 16, 2), Quotation(0, 10, 1)]))
    assert read.marks == ["واحد اثنان"]


def test_characters_that_force_a_direction_are_named_and_hidden() -> None:
    shown = plain("قبل \u202eabc\u202c بعد")
    assert 'data-name="RLO"' in shown
    assert 'data-name="PDF"' in shown
    assert "<i hidden>\u202e</i>" in shown
    assert "\u202e" not in attribute("قبل \u202eabc")


def test_runs_of_blank_lines_are_one_gap_inside_and_none_at_the_edges() -> None:
    assert plain("\n\n\nأ\n \n\nب\n\n").count('class="gap"') == 1
    assert Reading(plain("\n\n\nأ\n \n\nب\n\n")).text == "\n\n\nأ\n \n\nب\n\n"


@pytest.mark.parametrize("words", [AR, EN])
def test_a_hostile_article_stays_text_in_card_panel_and_page(words: Texts) -> None:
    hostile = document(HOSTILE, title="<b>عنوان</b> \u202e", source='"><script>x</script>')
    citation = Citation(hostile, 7, 60, 0, 90, 0.9)
    answer = Answer("<script>س</script>", 0.9, (citation,), (citation,))
    page = source_page(hostile, 7, 60, words)
    proof = proof_page(answer.question, [Reference.of(citation)], Shelf([hostile], {}), words)
    assert not {"img"} & set(Reading(proof).tags)
    assert hostile.text in Reading(proof).text
    for html in (
        card.turn(answer.question, card.card(answer, 1, words), 1, words),
        evidence.panel(answer, 1, words),
    ):
        read = Reading(html)
        assert not {"script", "img", "b"} & set(read.tags)
        assert not [name for name, _ in read.attributes if name.startswith("on")]
        assert not [value for _, value in read.attributes if value.startswith("javascript")]
    assert Reading(page).tags.count("script") == 1  # our own
    assert "img" not in Reading(page).tags
    assert hostile.text in Reading(page).text


def test_the_marks_of_an_answer_are_its_quotations() -> None:
    shelf = seed_shelf()
    for question in shelf.quotations:
        answer = shelf.ask(question)
        marks = Reading(evidence.panel(answer, 3, AR)).marks
        assert marks[0] == answer.text
        assert marks[0] in Reading(card.card(answer, 3, AR)).text


def test_sources_are_numbered_once_and_no_passage_is_shown_twice() -> None:
    answer = seed_shelf().ask("متى وقع أردوغان مذكرتي التفاهم مع السراج؟")
    numbered = evidence.sources(answer)
    assert [source.n for source in numbered] == list(range(1, len(numbered) + 1))
    for source in numbered:
        assert source.start <= source.citation.context_start < source.citation.context_end <= source.end


def test_a_citation_is_shown_in_the_passage_that_was_read() -> None:
    text = "مقدمة طويلة. " * 40 + "الجواب هنا. " + "خاتمة طويلة. " * 40
    source_document = document(text)
    start = text.index("الجواب")
    citation = Citation(source_document, start, start + 6, start, start + 11, 0.9)
    read = Citation(source_document, start - 26, start + 37, start - 26, start + 37, 0.5)
    assert evidence.sources(Answer("س", 0.9, (citation,), (read,)))[0][2:4] == (start - 26, start + 37)
    alone = evidence.sources(Answer("س", 0.9, (citation,), ()))[0]
    assert 0 < alone.start < start - 100
    assert text[alone.start - 1].isspace()


def test_no_answer_is_said_plainly_with_the_nearest_passages() -> None:
    answer = seed_shelf().ask("ما عاصمة اليابان؟")
    html = card.card(answer, 1, AR)
    assert AR.no_answer in html
    assert html.count("data-open=") == 3
    assert AR.too_uncertain.format(share="13%") in html


@pytest.mark.parametrize("words", [AR, EN])
def test_the_condition_that_failed_is_named(words: Texts) -> None:
    answer = seed_shelf().ask("ما عاصمة اليابان؟")

    def said(reason: Reason, **changes: Any) -> str:
        return card.card(dataclasses.replace(answer, reason=reason, **changes), 1, words)

    assert words.nothing_found in Reading(said(Reason.NOTHING_FOUND)).text
    assert words.nothing_within in said(Reason.NOTHING_FOUND, evidence=())
    assert words.nothing_answers in said(Reason.NOTHING_ANSWERS)


def test_chips_carry_title_date_source_and_sentence() -> None:
    answer = seed_shelf().ask("كم عدد قوات حفتر الذين وقعوا في الأسر؟")
    html = card.card(answer, 2, AR)
    tip = html[html.index('role="tooltip"') :]
    for said in ("مصدر بجيش حفتر يعترف بأسر 30 من قواته", "5 أبريل 2019", "الخليج الجديد", "في أسر القوات الحكومية"):
        assert said in tip
    assert 'data-open="2-1"' in html
    assert ">[1]</button>" in html


def test_sources_that_agree_are_listed_and_those_that_differ_stand_side_by_side() -> None:
    said = ("أسر 30 جنديا", "30 جندياً", "أسر 20 جنديا")
    places = [Citation(d, 0, len(d.text), 0, len(d.text), 0.8) for d in map(document, said)]
    agreeing = card.card(Answer("كم؟", 0.8, tuple(places[:2]), ()), 1, AR)
    assert AR.sources_agree(2) in agreeing
    assert agreeing.count("<blockquote") == 1
    differing = card.card(Answer("كم؟", 0.8, tuple(places[:2]), (), differing=(places[2],)), 1, AR)
    assert AR.sources_differ in differing
    assert AR.sources_agree(2) in differing
    assert differing.count("<blockquote") == differing.count('<li class="side">') == 2
    assert 'data-open="1-3"' in differing
    copied = dict(Reading(differing).attributes)["data-copy"]
    assert copied.index("«أسر 30 جنديا»\n[1]") < copied.index(AR.sources_differ) < copied.index("«أسر 20 جنديا»\n[3]")


def test_the_page_of_a_quotation_is_named_wherever_its_source_is() -> None:
    paged = dataclasses.replace(document("صفحة أولى.\nأعلنها في طرابلس."), pages=(0, 11))
    citation = Citation(paged, 19, 27, 11, 28, 0.9)
    answer = Answer("أين؟", 0.9, (citation,), (citation,))
    for html in (
        card.card(answer, 1, AR),
        evidence.panel(answer, 1, AR),
        source_page(paged, 19, 27, AR),
    ):
        assert "الصفحة 2" in Reading(html).text
    assert "Page 2" in Reading(source_page(paged, 19, 27, EN)).text
    assert "الصفحة 2" in dict(Reading(card.card(answer, 1, AR)).attributes)["data-copy"]
    assert show_answer(answer).splitlines()[1].endswith("مقال.txt p. 2 19:27")
    assert "الصفحة" not in Reading(source_page(paged, 0, 0, AR)).text


def test_a_page_of_a_removed_document_says_so() -> None:
    assert AR.removed in missing_page(AR)
    assert EN.removed in missing_page(EN)


def test_an_impossible_range_marks_nothing() -> None:
    assert "<mark" not in source_page(document("نص قصير."), 4, 400, AR)
    assert "<mark" not in source_page(document("نص قصير."), 5, 5, AR)


def test_both_languages_say_everything() -> None:
    for field in dataclasses.fields(AR):
        assert getattr(AR, field.name), field.name
        assert getattr(EN, field.name), field.name
        if isinstance(getattr(AR, field.name), str):
            assert getattr(AR, field.name).count("{") == getattr(EN, field.name).count("{"), field.name
    assert len(AR.months) == len(EN.months) == 12
    assert texts("fr") is AR


def test_days_shares_and_levels() -> None:
    assert day("2019-04-05", AR) == "5 أبريل 2019"
    assert day("2016-10-11", EN) == "11 October 2016"
    assert day(None, EN) == "undated"
    assert day("ربيع 1440", AR) == "ربيع 1440"
    assert [share(value) for value in (0.0, 0.874, 1.0)] == ["1%", "87%", "99%"]
    assert [level(value) for value in (0.2, 0.5, 0.74, 0.75)] == [0, 1, 1, 2]


def test_the_language_is_the_one_chosen_else_the_browsers_else_arabic() -> None:
    assert preferred_language({}) == "ar"
    assert preferred_language({"accept-language": "fr-FR,fr;q=0.9"}) == "ar"
    assert preferred_language({"accept-language": "en-US,en;q=0.9"}) == "en"
    assert preferred_language({"accept-language": "ar-EG,en;q=0.5"}) == "ar"
    assert preferred_language({"accept-language": "ar", "cookie": "a=1; dalil_language=en"}) == "en"


def test_bdi_takes_its_own_direction() -> None:
    assert bdi("Reuters <b>") == '<bdi dir="auto">Reuters &lt;b&gt;</bdi>'


def test_the_shelf_refuses_what_the_assistant_refuses() -> None:
    with pytest.raises(ValueError, match="substring"):
        Shelf([document("نص.")], {"س": ("مقال", "غائب", 0.5)}).ask("س")
