"""English words find their Arabic ones; inflected forms find their base."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.arabic import fold, terms
from embeddings.translation import translated_terms, translations


@pytest.mark.parametrize(
    ("english", "arabic"),
    [
        ("president", "رئيس"),
        ("army", "جيش"),
        ("armies", "جيش"),
        ("killed", "قتل"),
        ("killing", "قتل"),
        ("stopped", "أوقف"),
        ("cities", "مدينة"),
        ("egypt", "مصر"),
    ],
)
def test_a_word_and_its_forms_are_known(english: str, arabic: str) -> None:
    assert fold(arabic) in translations(english)


def test_an_unknown_word_has_none() -> None:
    assert translations("xyzzy") == ()
    assert translations("") == ()
    assert translated_terms("متى وصل الوفد؟") == []


def test_the_terms_of_a_question_stand_in_its_arabic_passage() -> None:
    passage = terms("استقال رئيس الحكومة في العاصمة بعد الحرب")
    found = set(translated_terms("Did the president resign in the capital after the war?"))
    assert {"رييس", "حرب", "عاصم"} <= found & set(passage)


@given(st.text(max_size=40))
def test_any_text_may_be_asked(text: str) -> None:
    assert all(term and term[0] != "~" for term in translated_terms(text))
