"""The sentence reader: which sentence, which amount or date in it, and when it says there is none."""

import pytest

from qa.reader import Reader, ReadingPassage
from qa.sentences import SentenceReader

NEWS = (
    "أعلن متحدث عسكري أسر 30 جنديا قرب البوابة الغربية. "
    "وقد تمكنت قوات الثوار من صد رتل عسكري وأعطبت أربع دبابات بحسب شهود. "
    "وينطلق مؤتمر الحوار الوطني في 14 أبريل 2019 بمدينة غدامس. "
    "وقال قائد المنطقة عمر تنتوش إن القوات انسحبت بسبب نقص الذخيرة."
)
WEATHER = "يتوقع خبراء الأرصاد أمطارا غزيرة على السواحل الشرقية نهاية الأسبوع."


def read(question: str, *texts: str) -> tuple[str, float]:
    passages = [ReadingPassage(text, 1 - 0.3 * n) for n, text in enumerate(texts)]
    best = SentenceReader().read(question, passages)[0]
    return passages[best.passage].text[best.start : best.end], best.confidence


@pytest.mark.parametrize(
    ("question", "holds"),
    [
        ("كم دبابة أعطبها الثوار؟", "أربع دبابات"),
        ("كم جنديا أسر قرب البوابة؟", "30 جنديا"),
        ("متى ينطلق مؤتمر الحوار الوطني؟", "14 أبريل 2019"),
        ("لماذا انسحبت القوات؟", "بسبب نقص الذخيرة"),
        ("مين قائد المنطقة", "عمر تنتوش"),
    ],
)
@pytest.mark.parametrize("texts", [(NEWS, WEATHER), (WEATHER, NEWS)])
def test_the_sentence_or_the_amount_in_it(question: str, holds: str, texts: tuple[str, ...]) -> None:
    assert holds in read(question, *texts)[0]


def test_what_is_not_there_gets_less_confidence_than_what_is() -> None:
    assert read("ما عاصمة الجزائر؟", NEWS, WEATHER)[1] < read("كم دبابة أعطبها الثوار؟", NEWS, WEATHER)[1]


def test_spelling_does_not_matter() -> None:
    assert read("كَمْ دَبَّابَةً أعْطَبَهَا الثُّوَّار", NEWS) == read("كم دبابه اعطبها الثوار", NEWS)


def test_spans_stay_inside_and_confidence_is_a_probability() -> None:
    reader = SentenceReader()
    assert isinstance(reader, Reader)
    spans = reader.read("من هو قائد المنطقة؟", [ReadingPassage(NEWS), ReadingPassage(WEATHER)])
    assert spans == sorted(spans, key=lambda span: -span.confidence)
    for span in spans:
        assert 0 <= span.start < span.end <= len((NEWS, WEATHER)[span.passage])
        assert 0 <= span.confidence <= 1


@pytest.mark.parametrize("texts", [(), ("",), ("…؟!",)])
def test_nothing_to_read_gives_nothing(texts: tuple[str, ...]) -> None:
    assert SentenceReader().read("من هو؟", [ReadingPassage(text) for text in texts]) == []
