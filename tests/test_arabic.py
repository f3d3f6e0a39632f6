"""Arabic analysis: one spelling for all, and every word with its exact place."""

from itertools import pairwise

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from embeddings.arabic import NORMALIZER, STOP_WORDS, fold, grams, stem, terms, word_terms, words
from embeddings.sounds import sound
from tests.strategies import any_text, arabic_text, arabic_words, disguised, dressed_words


@given(any_text)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


USUAL = "".join(map(chr, [*range(0x20, 0x7F), *range(0x621, 0x653), *range(0x660, 0x66A)]))


@given(st.text(st.sampled_from(USUAL)))
def test_the_short_way_of_usual_characters_folds_as_the_normalizer_does(text: str) -> None:
    assert fold(text) == NORMALIZER.normalize_str(NORMALIZER.normalize_str(text))


@given(any_text)
def test_a_word_is_the_folded_form_of_the_characters_at_its_place(text: str) -> None:
    for word in words(text):
        assert 0 <= word.start < word.end <= len(text)
        folded = fold(text[word.start : word.end])
        assert word.text in (folded, folded.replace(",", ""), folded.replace(",", ".")) or word.text in folded.split()


@given(any_text)
def test_words_stand_in_order_and_are_never_empty(text: str) -> None:
    found = list(words(text))
    assert all(word.text and not word.text.isspace() for word in found)
    assert all((one.start, one.end) == (two.start, two.end) or one.end <= two.start for one, two in pairwise(found))


@given(st.lists(dressed_words(), min_size=1, max_size=10))
def test_every_dressed_word_is_one_word_with_its_marks(parts: list[str]) -> None:
    text = " ".join(parts)
    shown = [regex.sub(r"\p{Cf}+$", "", part) for part in parts]  # invisible at the end: not of the quotation
    assert [text[word.start : word.end] for word in words(text)] == shown


@given(arabic_words, st.data())
def test_every_spelling_of_a_word_gives_the_same_terms(word: str, data: st.DataObject) -> None:
    spelling = data.draw(disguised(word))
    assert fold(spelling) == fold(word)
    assert terms(spelling) == terms(word)


@given(st.integers(0, 10**12), st.data())
def test_a_number_gives_the_same_terms_in_every_digits(number: int, data: st.DataObject) -> None:
    assert terms(data.draw(disguised(str(number)))) == terms(str(number))
    assert terms(f"{number:,}") == terms(str(number))


@given(arabic_text(), arabic_text())
def test_the_terms_of_two_texts_are_those_of_the_two_joined(one: str, two: str) -> None:
    assert terms(one + " \n " + two) == terms(one) + terms(two)


@given(any_text)
def test_stems_and_grams_come_from_the_word(text: str) -> None:
    for word in words(text):
        assert stem(word.text) in word.text
        assert stem(word.text)
        assert all(gram in word.text and len(gram) <= 4 for gram in grams(word.text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("مُحَمَّدٌ", "محمد"),
        ("أَحْمَـد", "احمد"),
        ("إلى آخره", "الي اخره"),
        ("مسؤول وهيئة", "مسوول وهييه"),
        ("ﻻ ﷲ", "لا الله"),
        ("٢٠١٩ ۲۰۱۹", "2019 2019"),
        ("٣٫٥٪", "3.5%"),
        ("کتاب گلی", "كتاب كلي"),
        ("\u202bمصر\u202c \ufeffABC", "مصر abc"),
    ],
)
def test_folding(text: str, expected: str) -> None:
    assert fold(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("والمدرسة", "مدرس"),
        ("بالقاهرة", "قاهر"),
        ("للجيش", "جيش"),
        ("وليد", "ليد"),
        ("ال", "ال"),
    ],
)
def test_stems(text: str, expected: str) -> None:
    assert stem(fold(text)) == expected


def test_words_with_their_places() -> None:
    text = 'قوات "حَفْتَر" أسرت ١٬٥٠٠ جندي و3.5 كم'
    assert [(word.text, text[word.start : word.end]) for word in words(text)] == [
        ("قوات", "قوات"),
        ("حفتر", "حَفْتَر"),
        ("اسرت", "أسرت"),
        ("1500", "١٬٥٠٠"),
        ("جندي", "جندي"),
        ("و", "و"),
        ("3.5", "3.5"),
        ("كم", "كم"),
    ]


def test_stop_words_are_folded_and_leave_no_terms() -> None:
    assert all(fold(word) == word for word in STOP_WORDS)
    assert terms("من هو الذي في على إلى؟") == []
    assert word_terms("طرابلس") == ("طرابلس", "#^طرا", "#طراب", "#رابل", "#ابلس", "#بلس$", "~trbls")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,500.5", "1500.5"),
        ("١٬٥٠٠٫٥", "1500.5"),
        ("3,5", "3.5"),
        ("٣٫٥", "3.5"),
        ("١\u200f٢", "12"),
        ("1\u200f,500", "1500"),
        ("27كم", "27"),
    ],
)
def test_a_number_is_one_whatever_its_notation(text: str, number: str) -> None:
    assert next(words(text)).text == number


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Haftar", "حفتر"),
        ("Gaddafi", "القذافي"),
        ("Qaddafi", "قذافي"),
        ("Benghazi", "بنغازي"),
        ("Misrata", "مصراتة"),
        ("Erdogan", "أردوغان"),
        ("غورباتشوف", "جورباتشوف"),
        ("Zohour", "الزهور"),
    ],
)
def test_a_name_sounds_the_same_in_every_spelling(one: str, other: str) -> None:
    assert {term for term in terms(one) if term[0] == "~"} == {term for term in terms(other) if term[0] == "~"} != set()


def test_short_words_have_no_sound() -> None:
    assert not [term for term in terms("قال لي وزير") if term[0] == "~" and len(term) < 4]


@given(arabic_words.map(fold))
def test_the_short_way_to_the_sound_of_an_arabic_word_gives_what_the_long_way_gives(word: str) -> None:
    assert sound(word) == sound(f"a{word}")  # a Latin vowel is not heard, and keeps the word from the short way
