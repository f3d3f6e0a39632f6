"""Sentences and passages are exact ranges that together cover the text, whatever the text is."""

from itertools import pairwise

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from embeddings.documents import Document, read_documents
from embeddings.passages import MAX_CHARACTERS, cut, sentences
from tests.strategies import any_text, arabic_text, news_text
from tests.test_seeds import SEEDS


def pieces(text: str, *, max_words: int | None = None) -> list[str]:
    return [text[start:end] for start, end in sentences(text, max_words=max_words)]


def covered(ranges: list[tuple[int, int]]) -> set[int]:
    return {position for start, end in ranges for position in range(start, end)}


def letters(text: str) -> set[int]:
    return {position for position, letter in enumerate(text) if not letter.isspace()}


@given(any_text)
def test_sentences_part_the_text(text: str) -> None:
    ranges = sentences(text)
    assert all(one[1] <= two[0] for one, two in pairwise(ranges))
    assert all(text[start:end] == text[start:end].strip() != "" for start, end in ranges)
    assert letters(text) <= covered(ranges)


@given(any_text, st.integers(1, 30), st.integers(1, 300))
def test_passages_cover_the_text_within_the_limits(text: str, max_words: int, max_characters: int) -> None:
    ranges = cut(text, max_words=max_words, max_characters=max_characters)
    for start, end in ranges:
        assert text[start:end] == text[start:end].strip() != ""
        assert len(text[start:end].split()) <= max_words
        assert end - start <= max_characters
    assert letters(text) <= covered(ranges)
    assert all(one[0] < two[0] and one[1] < two[1] for one, two in pairwise(ranges)), "each goes on behind the last"


@given(st.one_of(arabic_text(max_words=150), news_text), st.integers(4, 30))
def test_passages_never_part_a_word(text: str, max_words: int) -> None:
    for start, end in cut(text, max_words=max_words):
        for place in (start, end):
            around = text[max(0, place - 1) : place + 1]
            assert not regex.fullmatch(r"[\p{L}\p{M}\p{N}]{2}", around), around


@given(arabic_text(), st.integers(1, 30))
def test_parts_of_long_sentences_hold_the_limit_and_the_same_words(text: str, max_words: int) -> None:
    parts = pieces(text, max_words=max_words)
    assert all(len(part.split()) <= max_words for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


@given(st.lists(st.integers(2, 20), min_size=8, max_size=40))
def test_a_passage_begins_with_the_last_sentence_of_the_one_before(lengths: list[int]) -> None:
    text = " ".join("كلمة " * (length - 1) + "نهاية." for length in lengths)
    starts = {start for start, _ in sentences(text)}
    ranges = cut(text, max_words=60)
    for one, two in pairwise(ranges[:-1]):
        shared = text[two[0] : one[1]]
        assert shared.count("نهاية.") == 1
        assert two[0] in starts
        assert one[1] == two[0] + len(shared)
    assert all(len(text[start:end].split()) >= 40 for start, end in ranges[:-1])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("أين هو؟ هنا! حسنا. نعم… تمام؛ وداعا", ["أين هو؟", "هنا!", "حسنا.", "نعم…", "تمام؛", "وداعا"]),
        ("قال د. أحمد إن أ. ب. سالم حضر.", ["قال د. أحمد إن أ. ب. سالم حضر."]),
        ("عام 300 ق.م. في مصر. ثم", ["عام 300 ق.م. في مصر.", "ثم"]),
        ("ولد عام 1990 م. ثم سافر.", ["ولد عام 1990 م.", "ثم سافر."]),
        ("انظر ص. 5 من الكتاب.", ["انظر ص. 5 من الكتاب."]),
        ("بلغ 3.5 كم. ثم ٣٫٥ كم.", ["بلغ 3.5 كم.", "ثم ٣٫٥ كم."]),
        ("The U.S. Army. Dr. Smith said.", ["The U.S. Army.", "Dr. Smith said."]),
        ("زوروا www.example.com/a.html اليوم. شكرا", ["زوروا www.example.com/a.html اليوم.", "شكرا"]),
        ("قال…إنه جاء. ليبيا.. حفتر يتقدم", ["قال…إنه جاء.", "ليبيا.. حفتر يتقدم"]),
        ('قال: "نعم." ثم «لا؟» (حقا!) مضى', ['قال: "نعم."', "ثم «لا؟»", "(حقا!)", "مضى"]),
        ("إلى المدينة.وأضاف المصدر", ["إلى المدينة.", "وأضاف المصدر"]),
        ("الثوار . وقال آخر", ["الثوار .", "وقال آخر"]),
        ("عنوان\n\nسطر أول\r\nسطر ثان", ["عنوان", "سطر أول", "سطر ثان"]),
        ("1. أول البنود\n2. ثانيها", ["1. أول البنود", "2. ثانيها"]),
        ("في عام 2019. ثم", ["في عام 2019.", "ثم"]),
        (" \n\t ", []),
        ("", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


def test_a_long_sentence_is_parted_at_commas_and_where_clauses_begin() -> None:
    text = "قال الناطق باسم الجيش في بيان اليوم، إن القوات سيطرت على المدينة كلها وأضاف أن العملية انتهت بنجاح تام"
    assert pieces(text, max_words=9) == [
        "قال الناطق باسم الجيش في بيان اليوم،",
        "إن القوات سيطرت على المدينة كلها",
        "وأضاف أن العملية انتهت بنجاح تام",
    ]


def test_a_text_without_punctuation_is_cut_with_overlap() -> None:
    (document,) = read_documents([SEEDS / "000_343706e692bae98b.txt"])
    assert isinstance(document, Document)
    ranges = cut(document.text)
    assert all(one[1] > two[0] for one, two in pairwise(ranges))
    assert all(45 <= len(document.text[start:end].split()) <= 100 for start, end in ranges)


def test_a_short_last_passage_takes_in_sentences_before_it() -> None:
    text = " ".join("كلمة " * 19 + "نهاية." for _ in range(5)) + " ذيل قصير."
    assert [len(text[start:end].split()) for start, end in cut(text)] == [100, 62]


def test_a_word_longer_than_a_passage_is_cut_between_graphemes() -> None:
    grapheme = "ب\u064e\u0651"
    text = "قبل " + grapheme * 5_000 + " بعد"
    ranges = cut(text)
    assert all(end - start <= MAX_CHARACTERS for start, end in ranges)
    assert all(not regex.match(r"\p{M}", text[start]) for start, _ in ranges)
    assert letters(text) <= covered(ranges)


def test_a_grapheme_longer_than_a_passage_is_cut_all_the_same() -> None:
    text = "ب" + "\u064e" * 5_000
    assert [end - start for start, end in cut(text)] == [2_000, 2_000, 1_001]


@pytest.mark.parametrize(
    "text", ["." * 200_000 + "x", '."' * 50_000 + "x", "a." * 50_000, ". " * 50_000, "«" * 100_000, "\n" * 100_000]
)
def test_hostile_punctuation_is_cut_in_linear_time(text: str) -> None:
    assert letters(text) <= covered(cut(text))


@pytest.mark.parametrize(("max_words", "max_characters"), [(0, 100), (10, 0), (-1, 100)])
def test_limits_below_one_are_refused(max_words: int, max_characters: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        cut("نص", max_words=max_words, max_characters=max_characters)
