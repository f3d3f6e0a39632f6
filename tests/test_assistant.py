"""ask(): what is answered, cited, declined and refused, over small collections with the bundled encoder."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from embeddings.documents import Document, document_from_text
from embeddings.errors import FilterError, QuestionError
from qa import Assistant
from qa.reader import ReadingPassage, Span

PORT = "استقبل ميناء الكتف قبل ثلاثة أيام ضباطا فروا بحرا إلى تونس. وقال مصدر إنهم بخير."
COPY = "استقبل ميناء الكتف قبل ثلاثة أيام ضباطا فروا بحرا إلى تونس. وقال مصدر انهم بخير"
OTHER = "أعلنت وزارة الصحة افتتاح مستشفى جديد في مدينة صفاقس بسعة مائتي سرير."


class Fixed:
    """A reader that finds «needle» wherever it stands, with the confidence it is told."""

    name = "fixed"
    min_confidence = 0.5
    exact_confidence = 0.4

    def __init__(self, needle: str, confidence: float) -> None:
        self._needle, self._confidence = needle, confidence

    def read(self, question: str, passages: Sequence[ReadingPassage]) -> list[Span]:  # noqa: ARG002
        found = [(i, p.text.find(self._needle)) for i, p in enumerate(passages)]
        return [Span(i, at, at + len(self._needle), self._confidence) for i, at in found if at >= 0]


def made(*texts: str) -> list[Document]:
    dates = ["2019-04-05", "2016-10-11", None, None]
    return [
        document_from_text(text, path=f"{n}.txt", date=dates[n], source=f"صحيفة {n}") for n, text in enumerate(texts)
    ]


def with_reader(assistant: Assistant, reader: Fixed) -> Assistant:
    assistant._reader = reader
    return assistant


def test_agency_copy_is_cited_once_and_another_report_beside_it() -> None:
    report = "ذكرت مصادر أن سفينة رست في ميناء الكتف حاملة عددا من الهاربين من الحرب"
    with Assistant.from_documents(made(PORT, COPY, OTHER, report), reader="sentences") as assistant:
        answer = with_reader(assistant, Fixed("ميناء الكتف", 0.9)).ask("أي ميناء استقبل الضباط؟")
    assert answer.text == "ميناء الكتف"
    assert len(answer.citations) == 2
    assert len({citation.document.path for citation in answer.citations} & {"0.txt", "1.txt"}) == 1
    assert "3.txt" in {citation.document.path for citation in answer.citations}


def test_the_context_is_the_sentence_around_the_quotation() -> None:
    with Assistant.from_documents(made(PORT), reader="sentences") as assistant:
        citation = with_reader(assistant, Fixed("ميناء الكتف", 0.9)).ask("أي ميناء؟").citations[0]
    assert citation.context == PORT[: PORT.index(" وقال")]
    assert PORT[citation.start : citation.end] == "ميناء الكتف"


@pytest.mark.parametrize(
    ("confidence", "least", "answered"), [(0.5, None, True), (0.49, None, False), (0.3, 0.2, True)]
)
def test_declining_below_the_minimum_keeps_the_evidence(confidence: float, least: float | None, answered: bool) -> None:
    with Assistant.from_documents(made(PORT), reader="sentences") as assistant:
        answer = with_reader(assistant, Fixed("الكتف", confidence)).ask("أي ميناء؟", min_confidence=least)
    assert answer.answered is answered
    assert answer.confidence == confidence
    assert answer.evidence[0].text == PORT


def test_filters_are_applied_inside_the_search() -> None:
    with Assistant.from_documents(made(PORT, OTHER), reader="sentences") as assistant:
        assert [hit.document.path for hit in assistant.search("ميناء الكتف", date_to="2016-12-31")] == ["1.txt"]
        assert [hit.document.path for hit in assistant.search("مستشفى", source="صحيفة 0")] == ["0.txt"]
        assert assistant.search("ميناء", date_from="2030-01-01") == []
        nothing = assistant.ask("أي ميناء؟", date_from="2030-01-01")
    assert not nothing.answered
    assert nothing.evidence == ()


@pytest.mark.parametrize("question", ["", "   ", "؟!", "\u200f", "ك" * 1001])
def test_what_is_no_question_is_refused(assistant: Assistant, question: str) -> None:
    with pytest.raises(QuestionError):
        assistant.ask(question)


@pytest.mark.parametrize("bad", [{"top_k": 0}, {"top_k": 101}, {"min_confidence": 1.5}, {"date_from": "أمس"}])
def test_unreadable_settings_are_refused(assistant: Assistant, bad: dict[str, object]) -> None:
    with pytest.raises(FilterError):
        assistant.ask("من هو حفتر؟", **bad)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "spelling",
    [
        "كَمْ دَبَّابَةً أَعْطَبَهَا الثُّوَّارُ فِي مِصْرَاتَةَ؟",
        "كم دبابـــة اعطبها الثوار في مصراته",
        "كم دبابة\u200f أعطبها\u200e الثوار في مصراتة ؟",
    ],
)
def test_spelling_never_changes_the_answer(assistant: Assistant, spelling: str) -> None:
    plain = assistant.ask("كم دبابة أعطبها الثوار في مصراتة؟")
    other = assistant.ask(spelling)
    assert other.text == plain.text
    assert [e.start for e in other.evidence] == [e.start for e in plain.evidence]


def test_an_unrelated_document_does_not_change_the_answer(seed_documents: list[Document], assistant: Assistant) -> None:
    question = "من هو آمر حرس المنشآت النفطية؟"
    with Assistant.from_documents([*seed_documents, *made(OTHER)]) as larger:
        assert larger.ask(question).text == assistant.ask(question).text


def test_people_asking_at_once_each_get_their_own_answer(assistant: Assistant) -> None:
    questions = [
        "كم تبعد راس لانوف عن طرابلس؟",
        "من هو آمر حرس المنشآت النفطية؟",
        "أين سيعقد مؤتمر الحوار الوطني الجامع؟",
    ]
    alone = {question: assistant.ask(question).to_dict()["citations"] for question in questions}
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(assistant.ask, questions * 5))
    assert all(answer.to_dict()["citations"] == alone[answer.question] for answer in together)


def test_removed_documents_are_gone_from_answers() -> None:
    with Assistant.from_documents(made(PORT, OTHER), reader="sentences") as assistant:
        first = assistant.documents()[0]
        assert assistant.remove([first.id]) == 1
        assert {hit.document.path for hit in assistant.search("ميناء الكتف")} == {"1.txt"}
        assert assistant.remove([first.id]) == 0
        with pytest.raises(KeyError):
            assistant.document(first.id)
