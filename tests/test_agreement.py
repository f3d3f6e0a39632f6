"""Articles that differ are told from articles that say the same in other words, by the assistant as a user has it."""

import pytest

from embeddings.documents import Document, document_from_text
from qa import Assistant
from qa.agreement import Said, relation
from qa.answers import Reason
from qa.questions import analyse
from qa.values import Relation


def reports(*texts: str) -> list[Document]:
    return [document_from_text(text, path=f"{n}.txt", date=f"2019-04-0{n + 1}") for n, text in enumerate(texts)]


DIFFERENT = [
    (
        "كم قتيلا سقط في انفجار مرفأ بيروت؟",
        "قالت وزارة الصحة إن انفجار مرفأ بيروت أدى إلى سقوط 135 قتيلا وآلاف الجرحى.",
        "أعلن الصليب الأحمر أن 158 قتيلا سقطوا في انفجار مرفأ بيروت حتى مساء الجمعة.",
    ),
    (
        "كم جنديا أسر في معركة الزاوية؟",
        "أعلنت وزارة الدفاع أن 30 جنديا أسروا في معركة الزاوية يوم الجمعة.",
        "ذكر تجمع ثوار الزاوية أن عدد الجنود الذين أسروا في معركة الزاوية بلغ عشرين جنديا، بينهم ضابط.",
    ),
    (
        "متى ولد الشاعر نزار قباني؟",
        "ولد الشاعر نزار قباني في دمشق عام 1923.",
        "الشاعر نزار قباني ولد في 21 مارس 1925 لأسرة دمشقية.",
    ),
    (
        "كم نسبة المشاركة في الانتخابات التونسية؟",
        "قالت الهيئة إن نسبة المشاركة في الانتخابات التونسية بلغت 45 بالمئة.",
        "بلغت نسبة المشاركة في الانتخابات التونسية 49% بحسب مراقبين.",
    ),
    (
        "من افتتح معرض الكتاب في الرباط؟",
        "افتتح وزير الثقافة محمد الأعرج معرض الكتاب في الرباط صباح الخميس.",
        "وكان معرض الكتاب في الرباط قد افتتحه رئيس الحكومة سعد الدين العثماني مساء الأربعاء.",
    ),
]
ALIKE = [
    (
        "كم قتيلا سقط في انفجار مرفأ بيروت؟",
        "قالت وزارة الصحة إن انفجار مرفأ بيروت أدى إلى سقوط 135 قتيلا.",
        "أعلن الصليب الأحمر أن مائة وخمسة وثلاثين قتيلا سقطوا في انفجار مرفأ بيروت.",
    ),
    (
        "كم قتيلا سقط في انفجار مرفأ بيروت؟",
        "قالت وزارة الصحة إن انفجار مرفأ بيروت أدى إلى سقوط أكثر من 130 قتيلا.",
        "أعلن الصليب الأحمر أن ١٣٥ قتيلا سقطوا في انفجار مرفأ بيروت.",
    ),
    (
        "متى ولد الشاعر نزار قباني؟",
        "ولد الشاعر نزار قباني في دمشق عام 1923.",
        "الشاعر نزار قباني ولد في 21 آذار/مارس ١٩٢٣ لأسرة دمشقية.",
    ),
    (
        "متى افتتح جسر النيل الجديد؟",
        "افتتح الرئيس جسر النيل الجديد يوم الاثنين الماضي.",
        "يذكر أن جسر النيل الجديد افتتح يوم 14 مارس 2018 أمام حركة السيارات.",
    ),
    (
        "من افتتح معرض الكتاب في الرباط؟",
        "افتتح سعد الدين العثماني معرض الكتاب في الرباط صباح الخميس.",
        "وكان معرض الكتاب في الرباط قد افتتحه رئيس الحكومة صباح الخميس.",
    ),
    (
        "من افتتح معرض الكتاب في الرباط؟",
        "افتتح وزير الثقافة محمد الأعرج معرض الكتاب في الرباط صباح الخميس.",
        "وكان معرض الكتاب في الرباط قد افتتحه الوزير الأعرج صباح الخميس.",
    ),
    ("أين وقع الانفجار في بيروت؟", "وقع الانفجار في مرفأ بيروت.", "وقع الانفجار في بيروت في العنبر رقم 12."),
    (
        "لماذا استقال الوزير حمدان؟",
        "استقال الوزير حمدان بسبب خلافات مع رئيس الحكومة.",
        "استقال الوزير حمدان احتجاجا على الموازنة.",
    ),
]


@pytest.mark.parametrize(("question", "one", "other"), DIFFERENT)
def test_articles_that_give_different_values_stand_side_by_side(question: str, one: str, other: str) -> None:
    with Assistant.from_documents(reports(one, other)) as assistant:
        answer = assistant.ask(question)
    (rival,) = answer.differing
    assert {answer.citations[0].document.path, rival.document.path} == {"0.txt", "1.txt"}
    values = answer.to_dict()
    assert [c["n"] for c in (*values["citations"], *values["differing"])] == [1, 2]
    assert values["differing"][0]["date"] == rival.document.date
    assert values["differing"][0]["cited_text"] == rival.document.text[rival.start : rival.end]


@pytest.mark.parametrize(("question", "one", "other"), ALIKE)
def test_the_same_value_in_other_words_is_no_difference(question: str, one: str, other: str) -> None:
    with Assistant.from_documents(reports(one, other)) as assistant:
        answer = assistant.ask(question)
    assert answer.answered
    assert answer.differing == ()


def test_the_same_value_in_figures_and_in_words_is_cited_as_agreeing() -> None:
    with Assistant.from_documents(reports(*ALIKE[0][1:])) as assistant:
        assert len(assistant.ask(ALIKE[0][0]).citations) == 2


def test_another_matter_with_an_answer_of_the_right_kind_does_not_differ() -> None:
    told = "تأسست الجامعة الأمريكية بالقاهرة في عام 1919.", "تأسست جامعة تورنتو في 15 مارس 1827."
    with Assistant.from_documents(reports(*told)) as assistant:
        answer = assistant.ask("متى تأسست الجامعة الأمريكية بالقاهرة؟")
    assert answer.text is not None
    assert "1919" in answer.text
    assert answer.differing == ()


def test_of_three_values_each_is_shown_once_and_one_article_does_not_contradict_itself() -> None:
    told = "أعلن {} أن {} جنديا أسروا في معركة الزاوية يوم الجمعة."
    texts = [
        told.format("مصدر في الجيش", "30"),
        "نقلت وكالة عن مراسلها أن عشرين جنديا أسروا في معركة الزاوية فجرا.",
        "قال شاهد عيان إن 20 جنديا أسروا في معركة الزاوية قرب الجسر.",
        "ذكرت صحيفة أن 25 جنديا أسروا في معركة الزاوية. وكانت قد ذكرت أن 30 جنديا أسروا في معركة الزاوية.",
    ]
    with Assistant.from_documents(reports(*texts)) as assistant:
        answer = assistant.ask("كم جنديا أسر في معركة الزاوية؟")
    said = [citation.text for citation in answer.quoted]
    assert sum("عشرين" in text or "20" in text for text in said) == 1
    assert len({citation.document.id for citation in answer.quoted}) == len(answer.quoted)


def test_agency_copy_with_another_number_is_not_taken_for_a_copy() -> None:
    copy = (
        "قال مصدر أمني إن القوات المدافعة عن العاصمة استعادت السيطرة على بوابة أمنية في منطقة الزاوية غرب طرابلس "
        "بعد معارك عنيفة دامت ثلاث ساعات، كما نجحت في أسر {} جنديا من القوات المهاجمة بحسب بيان صدر مساء الجمعة."
    )
    with Assistant.from_documents(reports(copy.format(20), copy.format(30))) as assistant:
        answer = assistant.ask("كم جنديا من القوات المهاجمة أسرت القوات المدافعة عن العاصمة؟")
    assert len(answer.evidence) == 2
    assert len(answer.differing) == 1


@pytest.mark.parametrize(
    ("question", "one", "other", "expected"),
    [
        ("من الناطق باسم الجيش؟", "أحمد المسماري", "محمد قنونو", Relation.DIFFERENT),
        ("من الناطق باسم الجيش؟", "اللواء احمد المسماري", "أحمد المسماري", Relation.SAME),
        ("من الناطق باسم الجيش؟", "أحمد المسماري", "احمد المسمارى", Relation.SAME),
        ("من الناطق باسم الجيش؟", "أحمد المسماري", "ضابط برتبة لواء", Relation.UNKNOWN),
        ("من الناطق باسم الجيش؟", "أحمد المسماري", "الناطق الرسمي", Relation.UNKNOWN),
        ("من نقل المقاتلين؟", "مقاتلون أجانب", "المخابرات التركية", Relation.UNKNOWN),
        ("في أي مدينة عثر عليه؟", "سالزبري", "مدينة سالزبيري", Relation.UNKNOWN),
        ("في أي مدينة عثر عليه؟", "مدينة حلب", "حماة", Relation.DIFFERENT),
        ("أين عثر عليه؟", "في سوريا", "قرب حلب", Relation.UNKNOWN),
        ("لماذا انسحب؟", "لأسباب صحية", "احتجاجا", Relation.UNKNOWN),
        ("أين انسحب؟", "في", "في دمشق", Relation.UNKNOWN),
    ],
)
def test_names_are_told_apart_only_where_both_plainly_are(
    question: str, one: str, other: str, expected: Relation
) -> None:
    said = Said(one, 0, len(one)), Said(other, 0, len(other))
    assert relation(analyse(question), *said) is relation(analyse(question), *reversed(said)) is expected


def test_an_article_that_knows_both_names_does_not_differ() -> None:
    text = "قال الناطق محمد قنونو ردا على أحمد المسماري"
    known = Said(text, text.index("محمد"), text.index(" ردا"))
    other = Said("أحمد المسماري", 0, 13)
    assert relation(analyse("من الناطق؟"), known, other) is Relation.UNKNOWN


def test_the_condition_that_failed_is_told() -> None:
    texts = reports("استقبل ميناء الكتف ضباطا فروا بحرا إلى تونس.", "أعلنت وزارة الصحة افتتاح مستشفى جديد.")
    with Assistant.from_documents(texts) as assistant:
        assert assistant.ask("أي ميناء استقبل الضباط؟").reason is None
        assert assistant.ask("لماذا السماء زرقاء؟").reason is Reason.NOTHING_FOUND
        assert assistant.ask("أي ميناء استقبل الضباط؟", date_from="2030-01-01").reason is Reason.NOTHING_FOUND
        uncertain = assistant.ask("أي ميناء استقبل الضباط؟", min_confidence=1.0)
        assert uncertain.reason is Reason.TOO_UNCERTAIN
        assert uncertain.to_dict()["reason"] == "too_uncertain"
        assert assistant.ask("Who wrote The Old Man and the Sea?").reason is Reason.NOTHING_ANSWERS
