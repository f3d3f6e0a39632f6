"""Ways of writing a question: those that fold leave its words alone, the others change what they say they change."""

import pytest
import regex
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from embeddings.arabic import words
from qa.questions import Kind, analyse
from qa.spellings import SPELLINGS, Spelling, respell
from tests.strategies import any_text, arabic_text

BY_NAME = {spelling.name: spelling for spelling in SPELLINGS}
FOLDING = [spelling for spelling in SPELLINGS if spelling.folds]
seeds = st.integers(0, 5)


def folded(text: str) -> list[str]:
    return [word.text for word in words(text)]


def distance(one: str, other: str) -> int:
    """Edits between two texts, an exchange of neighbours being one (Damerau 1964)."""
    table = [[i + j if not i * j else 0 for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            same = one[i - 1] == other[j - 1]
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (not same))
            if i > 1 and j > 1 and one[i - 2 : i] == other[j - 2 : j][::-1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


@settings(max_examples=200)
@given(spelling=st.sampled_from(FOLDING), text=any_text, seed=seeds)
def test_what_folds_leaves_the_folded_words_alone(spelling: Spelling, text: str, seed: int) -> None:
    assert folded(respell(text, spelling, seed)) == folded(text)


@given(spelling=st.sampled_from(SPELLINGS), text=any_text, seed=seeds)
def test_the_same_seed_writes_the_same(spelling: Spelling, text: str, seed: int) -> None:
    assert respell(text, spelling, seed) == respell(text, spelling, seed)


@settings(max_examples=50)
@given(text=arabic_text(max_words=20), seed=seeds)
def test_marks_and_tatweel_can_be_taken_off_again(text: str, seed: int) -> None:
    plain = regex.sub(r"[\p{M}\p{Cf}ـ]", "", text)
    for name in ("vocalised", "tatweel", "invisible_marks"):
        assert regex.sub(r"[\p{M}\p{Cf}ـ]", "", respell(text, BY_NAME[name], seed)) == plain


@given(name=st.sampled_from(["teh_marbuta_heh", "yeh_alef_maksura", "other_digits"]), text=any_text)
def test_an_exchange_twice_is_none(name: str, text: str) -> None:
    assume(not set(text) & set("۰۱۲۳۴۵۶۷۸۹"))
    assert respell(respell(text, BY_NAME[name]), BY_NAME[name]) == text


@settings(max_examples=50)
@given(text=arabic_text(max_words=8), seed=seeds)
def test_a_typo_is_one_edit_within_one_word(text: str, seed: int) -> None:
    typed = respell(text, BY_NAME["typo"], seed)
    assert distance(text, typed) == (typed != text)
    assert len(folded(typed)) == len(folded(text))


@settings(max_examples=50)
@given(text=arabic_text(max_words=20), seed=seeds)
def test_the_article_comes_and_goes(text: str, seed: int) -> None:
    before = folded(text)
    without = folded(respell(text, BY_NAME["article_dropped"]))
    assert len(without) == len(before)
    assert all(new == old or "ال" + new == old for old, new in zip(before, without, strict=True))
    added = folded(respell(text, BY_NAME["article_added"], seed))
    changed = [(old, new) for old, new in zip(before, added, strict=True) if old != new]
    assert len(changed) <= 1
    assert all(new == "ال" + old for old, new in changed)


@pytest.mark.parametrize(
    ("name", "question", "written"),
    [
        ("hamza_dropped", "أين إحدى الآثار المؤقتة ورئيسها؟", "اين احدى الاثار الموقتة ورييسها؟"),
        ("lone_hamza_dropped", "متى جاء العلماء؟", "متى جا العلما؟"),
        ("teh_marbuta_heh", "كم مكتبة له في المدينة؟", "كم مكتبه لة في المدينه؟"),
        ("yeh_alef_maksura", "متى مات علي في المستشفى؟", "متي مات على فى المستشفي؟"),
        ("persian_keyboard", "كيف يبني الملك؟", "کیف یبنی الملک؟"),
        ("other_digits", "ماذا جرى عام 1912 و٢٠١٩؟", "ماذا جرى عام ١٩١٢ و2019؟"),
        ("article_dropped", "من وزير الشؤون الذي زار القدس والأردن؟", "من وزير شؤون الذي زار قدس والأردن؟"),
        ("article_added", "متى بنيت مدرسة عمر؟", "متى بنيت المدرسة عمر؟"),
        ("dialect", "متى وصل؟", "إمتى وصل؟"),
        ("dialect", "إلى أين ذهب؟", "إلى وين ذهب؟"),
        ("dialect", "من أين جاء؟", "من وين جاء؟"),
        ("dialect", "من هو الوزير؟", "مين هو الوزير؟"),
        ("dialect", "ما هي العاصمة؟", "شو هي العاصمة؟"),
        ("dialect", "كم كتابا فيها؟", "كام كتابا فيها؟"),
        ("dialect", "لماذا غاب؟", "ليش غاب؟"),
        ("dialect", "في أي عام بني السد بطول 100 كم؟", "في أي عام بني السد بطول 100 كم؟"),
        ("typo", "من هو؟", "من هو؟"),
    ],
)  # fmt: skip
def test_each_way_by_hand(name: str, question: str, written: str) -> None:
    assert respell(question, BY_NAME[name]) == written


def test_marks_are_really_there() -> None:
    question = "متى أسست مكتبة المدينة؟"
    assert regex.search(r"\p{Mn}", respell(question, BY_NAME["vocalised"]))
    assert "ـ" in respell(question, BY_NAME["tatweel"])
    assert "\u2067" in respell(question, BY_NAME["invisible_marks"])
    assert regex.search(r"[؟!]{7}$", respell(question, BY_NAME["shouted"]))


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("متى وصل الوفد؟", Kind.WHEN), ("أين وصل الوفد؟", Kind.WHERE), ("كم وصل؟", Kind.HOW_MANY),
        ("لماذا وصل الوفد؟", Kind.WHY), ("من وصل أمس؟", Kind.WHO), ("ما هي العاصمة؟", Kind.WHAT),
    ],
)  # fmt: skip
def test_the_dialect_asks_for_the_same_kind(question: str, kind: Kind) -> None:
    spoken = respell(question, BY_NAME["dialect"])
    assert spoken != question
    assert analyse(spoken).kind == analyse(question).kind == kind


def test_other_seeds_make_other_slips() -> None:
    assert len({respell("متى أسست مكتبة المدينة؟", BY_NAME["typo"], seed) for seed in range(20)}) > 5
