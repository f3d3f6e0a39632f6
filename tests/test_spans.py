"""The span reader: spans by value, on whole words and amounts, honest about what it does not know."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.arabic import words
from embeddings.errors import ModelError
from qa import spans as spans_module
from qa.endings import whole
from qa.questions import Kind
from qa.reader import Reader, ReadingPassage
from qa.spans import BUNDLED, BundledModel, Calibration, Scored, SpanReader, best_spans, distinct

PASSAGE = (
    "أعلنت وزارة الصحة التونسية يوم الثلاثاء 3 مارس 2020 تسجيل أول إصابة بالفيروس في البلاد. "
    "وقال الوزير عبد اللطيف المكي إن المصاب رجل يبلغ من العمر أربعين عاما عاد من إيطاليا في باخرة. "
    "وأضاف أن المسافة بين المستشفى والميناء 30 كيلومترا، وأن 254 راكبا كانوا معه."
)
OTHER = "يعد نهر النيل أطول أنهار العالم، ويبلغ طوله 6650 كيلومترا، ويصب في البحر المتوسط."


@pytest.fixture(scope="module")
def reader() -> SpanReader:
    return SpanReader()


def answer(reader: Reader, question: str, *texts: str) -> str:
    passages = [ReadingPassage(text, 1 - n / 10) for n, text in enumerate(texts)]
    best = reader.read(question, passages)[0]
    return texts[best.passage][best.start : best.end]


def test_it_is_a_reader(reader: SpanReader) -> None:
    assert isinstance(reader, Reader)
    assert reader.name.startswith("dalil-reader-")
    assert 0 < reader.min_confidence < 1


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("متى سجلت تونس أول إصابة بالفيروس؟", "3 مارس 2020"),
        ("كم راكبا كانوا مع المصاب؟", "254"),
        ("كم طول نهر النيل؟", "6650 كيلومترا"),
    ],
)
def test_it_finds_the_answer(reader: SpanReader, question: str, expected: str) -> None:
    assert expected in answer(reader, question, PASSAGE, OTHER)


def test_an_answer_beside_the_question_is_believed_more_than_none(reader: SpanReader) -> None:
    known = reader.read("كم طول نهر النيل؟", [ReadingPassage(OTHER)])[0].confidence
    unknown = reader.read("من اخترع الهاتف المحمول؟", [ReadingPassage(OTHER)])[0].confidence
    assert known > unknown


def test_nothing_to_read_gives_nothing(reader: SpanReader) -> None:
    assert reader.read("متى؟", []) == []
    assert reader.read("متى؟", [ReadingPassage(""), ReadingPassage(" ... ")]) == []


def test_an_answer_at_the_end_of_a_long_passage_is_found(reader: SpanReader) -> None:
    long = "تحدث الحاضرون عن الطقس والطعام والسفر طويلا. " * 80 + OTHER
    assert "6650" in answer(reader, "كم يبلغ طول نهر النيل؟", long)


def test_marks_and_tatweel_change_neither_answer_nor_place(reader: SpanReader) -> None:
    plain = reader.read("كم طول نهر النيل؟", [ReadingPassage(OTHER)])[0]
    marked = OTHER.replace("نهر", "نَهْـرُ").replace("النيل", "النِّيلِ")
    found = reader.read("كَم طُولُ نَهرِ النيل؟", [ReadingPassage(marked)])[0]
    assert marked[found.start : found.end] == OTHER[plain.start : plain.end]


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.text(alphabet="ابتمن ةىُـ.،؟()«»25٣\n a", max_size=120), max_size=4), st.text("متىكم نا؟", max_size=20)
)
def test_spans_lie_in_their_passages_on_whole_words(reader: SpanReader, texts: list[str], question: str) -> None:
    found = reader.read(question, [ReadingPassage(text, 0.5) for text in texts])
    assert [s.confidence for s in found] == sorted((s.confidence for s in found), reverse=True)
    for n, span in enumerate(found):
        text = texts[span.passage]
        assert 0 <= span.start < span.end <= len(text)
        assert 0 <= span.confidence <= 1
        assert not any(w.start < edge < w.end for w in words(text) for edge in (span.start, span.end))
        for other in found[:n]:
            assert other.passage != span.passage or other.end <= span.start or span.end <= other.start


def test_stopping_early_does_not_change_the_answer(reader: SpanReader, monkeypatch: pytest.MonkeyPatch) -> None:
    passages = [ReadingPassage(t, 1 - n / 20) for n, t in enumerate([PASSAGE, OTHER] + [OTHER[30:], PASSAGE[90:]] * 6)]
    for question in ("متى سجلت أول إصابة؟", "كم طول نهر النيل؟", "من وزير الصحة التونسي؟"):
        early = reader.read(question, passages)[0]
        monkeypatch.setattr(spans_module, "_BATCH", len(passages))
        whole_list = reader.read(question, passages)[0]
        monkeypatch.undo()
        assert (early.passage, early.start, early.end) == (whole_list.passage, whole_list.start, whole_list.end)


def test_best_spans_by_brute_force() -> None:
    random = np.random.default_rng(3)
    for _ in range(20):
        start, end = random.normal(size=(2, 12)).astype(np.float32)
        every = [(a, b, float(start[a] + end[b])) for a in range(12) for b in range(a, min(12, a + 5))]
        found = best_spans(start, end, longest=5, count=3)
        kept: list[tuple[int, int, float]] = []
        for a, b, score in sorted(every, key=lambda s: -s[2]):
            if len(kept) < 3 and not any(a <= d and c <= b for c, d, _ in kept):
                kept.append((a, b, score))
        assert [(a, b) for a, b, _ in found] == [(a, b) for a, b, _ in kept]
        assert np.allclose([s for *_, s in found], [s for *_, s in kept], atol=1e-6)


def test_of_overlapping_spans_the_better_stays() -> None:
    assert distinct([Scored(0, 5, 1.0), Scored(4, 9, 2.0), Scored(9, 12, 0.5)]) == [
        Scored(4, 9, 2.0),
        Scored(9, 12, 0.5),
    ]


def test_confidence_is_the_logistic_of_what_is_known() -> None:
    rule = Calibration(gap=0.5, retrieval=2.0, coverage=1.0, bias=-1.0, low=-4.0, high=4.0)
    assert rule.probability(Scored(0, 1, 2.0), 0.5, 0.25) == pytest.approx(1 / (1 + np.exp(-(1.0 + 1.0 + 0.25 - 1.0))))
    assert rule.probability(Scored(0, 1, 9.0), 0.5, 0.25) == rule.limit(0.5, 0.25)


def _widened(text: str, found: str, kind: Kind = Kind.WHAT) -> str:
    start = text.index(found)
    return text[slice(*whole(text, start, start + len(found), kind))]


def test_an_amount_is_not_cut_from_its_unit() -> None:
    assert _widened(PASSAGE, "30 كيلو") == "30 كيلومترا"
    assert _widened("بلغت الأرباح 20 مليون دولار أمس.", "20 مليون").startswith("20 مليون دولار")
    assert _widened("ارتفعت بنسبة 19% عن العام.", "19") == "19%"


def test_a_date_is_not_cut_in_two() -> None:
    assert "3 مارس 2020" in _widened(PASSAGE, "مارس")


def test_the_other_bracket_comes_along() -> None:
    assert _widened("سماه «القانون في الطب» قديما.", "«القانون في الطب") == "«القانون في الطب»"
    assert _widened("اليونيسف (UNICEF) هنا.", "UNICEF)") == "(UNICEF)"


def test_yes_or_no_is_answered_with_the_sentence() -> None:
    assert _widened("حضر الوفد. لم يوقع الوزير الاتفاق. ثم عاد.", "لم يوقع", Kind.YES_NO) == "لم يوقع الوزير الاتفاق."


def test_changed_weights_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "reader"
    shutil.copytree(BUNDLED, folder)
    (folder / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match=r"config\.json"):
        BundledModel(folder)
    with pytest.raises(ModelError, match="cannot be read"):
        BundledModel(tmp_path)


def test_the_bundled_reader_is_small_and_documented() -> None:
    assert sum(path.stat().st_size for path in BUNDLED.iterdir()) < 30e6
    card = (BUNDLED / "CARD.md").read_text(encoding="utf-8")
    hashes = json.loads((BUNDLED / "sha256.json").read_text(encoding="utf-8"))
    assert hashes["weights.safetensors"] in card
    assert "MiniLM" in card


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random BERT with a word vocabulary, saved the way models are shared."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertForQuestionAnswering, PreTrainedTokenizerFast

    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *dict.fromkeys(w.text for w in words(PASSAGE))]
    tokenizer = Tokenizer(models.WordLevel({w: n for n, w in enumerate(vocabulary)}, vocabulary[1]))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    folder = tmp_path_factory.mktemp("tiny")
    special = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(folder)  # type: ignore[no-untyped-call]
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=40,
    )
    BertForQuestionAnswering(config).save_pretrained(folder)
    return folder


def test_any_extractive_model_reads_by_path(tiny: Path) -> None:
    reader = SpanReader(str(tiny))
    found = reader.read("متى؟", [ReadingPassage(PASSAGE), ReadingPassage(OTHER)])
    assert {span.passage for span in found} == {0, 1}
    for span in found:
        text = (PASSAGE, OTHER)[span.passage]
        assert not any(w.start < edge < w.end for w in words(text) for edge in (span.start, span.end))


def test_a_model_that_is_not_there_is_named() -> None:
    with pytest.raises(ModelError, match="no/such-model"):
        SpanReader("./no/such-model")


@pytest.mark.parametrize(
    ("text", "found", "quoted"),
    [
        ("ولد نزار في دمشق عام 1923 لأسرة عريقة", "في دمشق عام 1923", "عام 1923"),
        ("وصل 21 مارس 1925 لأسرة دمشقية", "21 مارس 1925 لأسرة", "21 مارس 1925"),
        ("استمرت من عام 1914 إلى عام 1918.", "عام 1914 إلى عام 1918", "عام 1914 إلى عام 1918"),
        ("بعد انتهاء الحرب مباشرة", "انتهاء الحرب", "انتهاء الحرب"),
        ("خلال مهلة 72 ساعة المقبلة.", "ساعة المقبلة", "72 ساعة المقبلة"),
        ("كانت في الرابع عشر من الشهر الماضي حين", "عشر من الشهر الماضي", "الرابع عشر من الشهر الماضي"),
        ("توفي لويس الرابع عشر ملك فرنسا", "لويس الرابع", "لويس الرابع عشر"),
    ],
)
def test_a_time_is_quoted_without_the_words_around_it(text: str, found: str, quoted: str) -> None:
    start = text.index(found)
    assert text[slice(*whole(text, start, start + len(found), Kind.WHEN))] == quoted
