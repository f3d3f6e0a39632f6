"""Questions that lean on the turn before are understood from its words; all others are left as they were typed."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.documents import document_from_text
from qa import Answer, Assistant, Citation
from qa.followups import understood
from qa.pronouns import attached, object_of
from tests.strategies import arabic_text

GOLDEN = [
    json.loads(line)["question"]
    for line in (Path(__file__).parent / "golden.jsonl").read_text(encoding="utf-8").splitlines()
]


def turn(question: str, answer: str | None = None, understood: str | None = None) -> Answer:
    """An answer as the turn before gave it."""
    if answer is None:
        return Answer(question, 0.1, (), (), understood=understood)
    document = document_from_text(answer, path="a.txt")
    citation = Citation(document, 0, len(answer), 0, len(answer), 0.8)
    return Answer(question, 0.8, (citation,), (), understood=understood)


SIGNED = turn("متى وقع أردوغان مذكرتي التفاهم مع السراج؟", "27 نوفمبر الماضي")
CAPTURED = turn("كم عدد قوات حفتر الذين وقعوا في الأسر؟", "30 من قواته")
BATTALION = turn("ما الكتيبة التي طردت الميليشيات من حي الزهور؟", "الكتيبة 166 مشاة")
SPOKESMAN = turn("من هو الناطق الرسمي باسم الجيش الليبي؟", "اللواء احمد المسماري")
TANKS = turn("كم دبابة أعطبها الثوار في مصراتة؟", "أربع دبابات")
MEETING = turn("أين سيعقد مؤتمر الحوار الوطني الجامع؟", "بمدينة غدامس")
SIGNER = turn("من وقع مذكرتي التفاهم مع فايز السراج؟", "رجب طيب أردوغان")
CAPITAL = turn("ما عاصمة تونس؟")
FAR = turn("How far is Ras Lanuf from Tripoli?", "590 km")


@pytest.mark.parametrize(
    ("previous", "question", "meant"),
    [
        # Nothing but a question word, in standard Arabic and dialects
        (SIGNED, "وأين؟", "أين وقع أردوغان مذكرتي التفاهم مع السراج (27 نوفمبر الماضي)؟"),
        (SIGNED, "لماذا؟", "لماذا وقع أردوغان مذكرتي التفاهم مع السراج (27 نوفمبر الماضي)؟"),
        (SIGNED, "وأين تم ذلك بالضبط؟", "أين وقع أردوغان مذكرتي التفاهم مع السراج (27 نوفمبر الماضي)؟"),
        (SIGNED, "وفي أي مدينة؟", "في أي مدينة وقع أردوغان مذكرتي التفاهم مع السراج (27 نوفمبر الماضي)؟"),
        (SIGNED, "طيب ليش؟", "ليش وقع أردوغان مذكرتي التفاهم مع السراج (27 نوفمبر الماضي)؟"),
        (SIGNED, "وفين كان ده؟", "فين وقع أردوغان مذكرتي التفاهم مع السراج (27 نوفمبر الماضي)؟"),
        (SIGNED, "ووين صار هالشي؟", "وين وقع أردوغان مذكرتي التفاهم مع السراج (27 نوفمبر الماضي)؟"),
        (MEETING, "ومتى؟", "متى سيعقد مؤتمر الحوار الوطني الجامع (بمدينة غدامس)؟"),
        (SIGNER, "وَمَتَى؟", "مَتَى وقع مذكرتي التفاهم مع فايز السراج (رجب طيب أردوغان)؟"),
        (CAPTURED, "ومتى كان ذلك؟", "متى كان ذلك (قوات حفتر الذين وقعوا في الأسر، 30 من قواته)؟"),
        (CAPTURED, "إمتى حصل ده؟", "إمتى حصل ده (قوات حفتر الذين وقعوا في الأسر، 30 من قواته)؟"),
        # A pronoun at the end of a word
        (BATTALION, "ومن قائدها؟", "من قائد الكتيبة 166 مشاة؟"),
        (BATTALION, "مين قائدها؟", "مين قائد الكتيبة 166 مشاة؟"),
        (BATTALION, "وكم عدد أفرادها؟", "كم عدد أفراد الكتيبة 166 مشاة؟"),
        (BATTALION, "وأين مقرها الآن؟", "أين مقر الكتيبة 166 مشاة الآن؟"),
        (CAPTURED, "وكم عددهم؟", "كم عدد قوات حفتر الذين وقعوا في الأسر؟"),
        (CAPTURED, "من أسرهم؟", "من أسر قوات حفتر الذين وقعوا في الأسر؟"),
        (SPOKESMAN, "وما رتبته؟", "ما رتبة اللواء احمد المسماري؟"),
        (TANKS, "ومن أعطبها؟", "من أعطب أربع دبابات؟"),
        (MEETING, "من يرعاه؟", "من يرعى مؤتمر الحوار الوطني الجامع؟"),
        (MEETING, "ومن شارك فيه؟", "من شارك في مؤتمر الحوار الوطني الجامع؟"),
        (MEETING, "وما موقعها؟", "ما موقع مدينة غدامس؟"),
        (CAPITAL, "وكم عدد سكانها؟", "كم عدد سكان عاصمة تونس؟"),
        # A word that points, somebody who is not named
        (SPOKESMAN, "من هو؟", "من هو اللواء احمد المسماري؟"),
        (CAPTURED, "ما سبب ذلك؟", "ما سبب ذلك (قوات حفتر الذين وقعوا في الأسر، 30 من قواته)؟"),
        (SIGNER, "وماذا قال عن مصراتة؟", "ماذا قال عن مصراتة (وقع مذكرتي التفاهم مع فايز السراج، رجب طيب أردوغان)؟"),
        (SPOKESMAN, "ومتى ولد؟", "متى ولد (الناطق الرسمي باسم الجيش الليبي، اللواء احمد المسماري)؟"),
        (TANKS, "وكم جريحا؟", "كم جريحا (دبابة أعطبها الثوار في مصراتة، أربع دبابات)؟"),
        (CAPITAL, "وما السبب؟", "ما السبب (عاصمة تونس)؟"),
        # Something else instead
        (TANKS, "وفي الزاوية؟", "كم دبابة أعطبها الثوار في الزاوية؟"),
        (TANKS, "وماذا عن طرابلس؟", "كم دبابة أعطبها الثوار في طرابلس؟"),
        # English
        (FAR, "and when?", "when (Ras Lanuf from Tripoli, 590 km)?"),
        (FAR, "Who controls it?", "Who controls it (Ras Lanuf from Tripoli, 590 km)?"),
        (FAR, "what about Brega?", "How far is Ras Lanuf from Brega?"),
        (FAR, "and from Misrata?", "How far is Ras Lanuf from Misrata?"),
    ],
)  # fmt: skip
def test_what_is_missing_comes_from_the_turn_before(previous: Answer, question: str, meant: str) -> None:
    assert understood(question, previous) == meant


@pytest.mark.parametrize(
    "question",
    [
        "ومن قائد الجيش الليبي؟", "من حفتر؟", "أين طرابلس؟", "متى نالت الجزائر استقلالها؟", "من حرر مصراته؟",
        "ما المدينه التي قصفها الطيران؟", "هل هناك قيادات منضبطة في صفوف حفتر؟", "أي بلدة هجرها أهلها؟",
        "كم دبابة أعطبها الثوار؟", "متى ولد علي عبدالله صالح؟", "من هو المتهم؟", "من هو سيمون دي بوفوار؟", "شكرا",
        "نعم", "؟", "",
        "كم نائباً يتألف منهم برلمان العراق؟", "من تحداهم القرآن أن يأتوا بسورة؟", "كم متهما حكم عليهم بالإعدام؟",
        "بكم جنيها بيع القصر؟", "نيودلهي كان لديها كم من الأصوات؟", "أي مديريتين يصل بينهما الطريق؟",
        "When did Haftar order his forces to advance?", "Who wrote The Old Man and the Sea?",
    ],
)  # fmt: skip
def test_a_question_that_stands_by_itself_is_left_alone(question: str) -> None:
    for previous in (SIGNED, CAPTURED, BATTALION, CAPITAL, FAR):
        assert understood(question, previous) is None


@pytest.mark.parametrize("previous", [SIGNED, CAPTURED, BATTALION, SPOKESMAN, CAPITAL, FAR])
def test_every_golden_question_is_left_alone(previous: Answer) -> None:
    assert [question for question in GOLDEN if understood(question, previous)] == []


@settings(max_examples=20)
@given(st.permutations(GOLDEN))
def test_golden_questions_in_any_order_are_left_alone(questions: list[str]) -> None:
    assert [after for before, after in pairwise(questions) if understood(after, turn(before, "30 من قواته"))] == []


@given(st.one_of(arabic_text(), st.text(max_size=60)), st.one_of(arabic_text(), st.text(max_size=60)))
def test_no_text_is_too_odd(question: str, before: str) -> None:
    meant = understood(question, turn(before, "جواب قصير"))
    assert meant is None or meant.endswith(("؟", "?"))


def test_a_chain_of_questions_keeps_what_it_began_with() -> None:
    second = turn("ومتى كان ذلك؟", "الجمعة", understood=understood("ومتى كان ذلك؟", CAPTURED))
    third = understood("ومن أسرهم؟", second)
    assert third == "من أسر قوات حفتر الذين وقعوا في الأسر؟"
    assert understood("وأين؟", turn("ومن أسرهم؟", None, understood=third)) == (
        "أين أسر قوات حفتر الذين وقعوا في الأسر؟"
    )


def test_a_long_answer_is_not_put_into_the_question() -> None:
    previous = turn(CAPTURED.question, "كلمة " * 40)
    assert understood("ومتى كان ذلك؟", previous) == "متى كان ذلك (قوات حفتر الذين وقعوا في الأسر)؟"


@pytest.mark.parametrize(
    ("word", "base", "pronoun"),
    [
        ("قائدها", "قائد", "ها"), ("عاصمتها", "عاصمة", "ها"), ("وقتها", "وقت", "ها"), ("أعضاؤهم", "أعضاء", "هم"),
        ("قتلوهم", "قتلوا", "هم"), ("سببُه", "سبب", "ه"), ("عليها", "على", "ها"), ("إليه", "إلى", "ه"), ("له", "ل", "ه"),
    ],
)  # fmt: skip
def test_words_with_a_pronoun_at_their_end(word: str, base: str, pronoun: str) -> None:
    found = attached(word)
    assert found is not None
    assert found[:2] == (base, pronoun)


@pytest.mark.parametrize(
    "word", ["مدينه", "المدينه", "مصراته", "متهم", "تفاهم", "الله", "طه", "وجه", "نفسها", "هم", "ه"]
)
def test_words_that_only_look_so(word: str) -> None:
    assert attached(word) is None


def test_prepositions_take_what_they_stand_before() -> None:
    for word, noun, together in (
        ("له", "الجيش", "للجيش"),
        ("بها", "الكتيبة", "بالكتيبة"),
        ("فيه", "المؤتمر", "في المؤتمر"),
    ):
        preposition = attached(word)
        assert preposition is not None
        assert preposition.of(noun) == together


def test_a_pronoun_that_is_the_object_of_a_verb() -> None:
    verb = object_of("يقوده")
    assert verb is not None
    assert verb.base == "يقود"
    assert object_of("خديجه") is None


def test_the_assistant_reads_the_sources_of_the_turn_before(assistant: Assistant) -> None:
    first = assistant.ask("كم عدد قوات حفتر الذين وقعوا في الأسر؟")
    alone = assistant.ask("ومتى كان ذلك؟")
    then = assistant.ask("ومتى كان ذلك؟", previous=first)
    assert not alone.answered
    assert alone.understood is None
    assert then.question == "ومتى كان ذلك؟"
    assert then.to_dict()["understood"] == then.understood == understood(then.question, first)
    assert then.citations[0].document == first.citations[0].document
    independent = assistant.ask("من هو آمر حرس المنشآت النفطية؟", previous=first)
    assert independent.understood is None
    assert independent.text == assistant.ask("من هو آمر حرس المنشآت النفطية؟").text


def test_a_question_that_would_become_too_long_is_asked_as_typed(assistant: Assistant) -> None:
    previous = turn("متى " + f"{'ك' * 40} " * 30, "أمس")
    assert assistant.ask("وأين؟", previous=previous).understood is None
