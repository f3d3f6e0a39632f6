"""Kinds of questions in standard Arabic, dialects and English; amounts and dates with their units."""

import pytest

from qa.quantities import amounts, dates, ordinals
from qa.questions import Kind, analyse


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("من أسر الجنود؟", Kind.WHO),
        ("مَنْ هُوَ قائد القوات؟", Kind.WHO),
        ("مين هو حفتر", Kind.WHO),
        ("متى بدأ الهجوم؟", Kind.WHEN),
        ("إمتى بدأ الهجوم", Kind.WHEN),
        ("في أي عام وُلد؟", Kind.WHEN),
        ("أين تقع المدينة؟", Kind.WHERE),
        ("وين المطار", Kind.WHERE),
        ("من أين جاءت المجموعات؟", Kind.WHERE),
        ("كم جنديًّا أُسر؟", Kind.HOW_MANY),
        ("ما عدد الأسرى؟", Kind.HOW_MANY),
        ("بكم قُدّرت الخسائر؟", Kind.HOW_MANY),
        ("كام واحد هرب", Kind.HOW_MANY),
        ("لماذا انسحبوا؟", Kind.WHY),
        ("ليش انسحبوا", Kind.WHY),
        ("ما سبب الخلاف؟", Kind.WHY),
        ("كيف وصلوا؟", Kind.HOW),
        ("هل انسحبوا؟", Kind.YES_NO),
        ("ما اسم الصحيفة؟", Kind.WHO),
        ("ماذا قال البيت الأبيض؟", Kind.WHAT),
        ("Who leads the army?", Kind.WHO),
        ("How many soldiers fled?", Kind.HOW_MANY),
        ("عاصمة ليبيا", Kind.WHAT),
    ],
)
def test_kind_of_question(question: str, kind: Kind) -> None:
    assert analyse(question).kind is kind


def test_content_leaves_question_words_out_but_never_everything() -> None:
    assert [word.text for word in analyse("كم جنديا من قوات حفتر أُسر؟").content] == ["جنديا", "قوات", "حفتر", "اسر"]
    assert analyse("ما هذا؟").content
    assert analyse("").content == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("فُقد 30 من قواته أمس", "30 من قواته"),
        ("على بعد ٥٩٠ كيلومترا شرقا", "٥٩٠ كيلومترا"),
        ("مهلة بثلاثة أيام للانسحاب", "بثلاثة أيام"),
        ("أكثر من مائة وخمسين عسكريا فروا", "مائة وخمسين عسكريا"),
        ("نمو بلغ 3,5% في العام", "3,5%"),
        ("نحو 515 مليون دينار", "515 مليون دينار"),
        ("خلال ٧٢ دقيقة", "٧٢ دقيقة"),
        ("قُتل مئتا شخص وجُرح مِائَةُ جنديّ", "مِائَةُ جنديّ"),
        ("بلغت 106، والكتيبة", "106"),
        ("ارتفع ٤٥٪ هذا العام", "٤٥٪"),
    ],
)
def test_an_amount_keeps_its_unit(text: str, expected: str) -> None:
    assert expected in [text[start:end] for start, end in amounts(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("وقع الجمعة 5 أبريل 2019 في طرابلس", "الجمعة 5 أبريل 2019"),
        ("وُلد في 14 أيار / مايو 1948 بالقدس", "14 أيار / مايو 1948"),
        ("في ٢٧ نوفمبر/تشرين الثاني الماضي وقّع", "٢٧ نوفمبر/تشرين الثاني الماضي"),
        ("تأسست عام 1383 هـ، وعاصمتها", "عام 1383 هـ"),
        ("وصلوا قبل ثلاثة أيام إلى", "قبل ثلاثة أيام"),
        ("صباح السبت سلموا", "صباح السبت"),
        ("بتاريخ 12/5/2019 وقع", "12/5/2019"),
        ("سنة 2015 شهدت", "سنة 2015"),
        ("وذلك منذ الرابع عشر من الشهر الماضي حين", "الرابع عشر من الشهر الماضي"),
        ("في الأول من مايو 2018 وُقّع", "الأول من مايو 2018"),
        (
            "صباح الجمعة الحادي والعشرين من كانون الثاني/يناير الماضي",
            "صباح الجمعة الحادي والعشرين من كانون الثاني/يناير الماضي",
        ),
    ],
)
def test_a_date_is_quoted_whole(text: str, expected: str) -> None:
    assert expected in [text[start:end] for start, end in dates(text)]


def test_an_ordinal_of_two_words_is_one() -> None:
    text = "لويس الرابع عشر ملك فرنسا في القرن السابع عشر، والخمسين عاما الحادية والعشرين"
    assert [text[start:end] for start, end in ordinals(text)] == ["الرابع عشر", "السابع عشر", "الحادية والعشرين"]
    assert not any("عشر" in text[start:end] for start, end in amounts("لويس الرابع عشر ملك فرنسا"))


@pytest.mark.parametrize("text", ["", "لا أرقام هنا ولا تواريخ", "وصل الرئيس إلى المدينة"])
def test_plain_words_are_neither(text: str) -> None:
    assert amounts(text) == ()
    assert dates(text) == ()
