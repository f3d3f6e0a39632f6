"""Numbers, amounts and days mean what a reader of Arabic takes them to mean, however they are written."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.arabic import words
from qa.numerals import number, numeric, ordinal
from qa.values import Amount, Moment, Relation, amounts_in, moments_in

ONES = "واحد اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة عشرة".split()
TENS = "عشرون ثلاثون أربعون خمسون ستون سبعون ثمانون تسعون".split()
HUNDREDS = "مائة مئتان ثلاثمائة أربعمئة خمسمائة ستمئة سبعمائة ثمانمئة تسعمائة".split()


def spelt(value: int) -> str:
    """A number below ten million in words, as grammars spell it."""
    return " و".join(_parts(value))


def _parts(value: int) -> Iterator[str]:
    millions, rest = divmod(value, 1_000_000)
    thousands, rest = divmod(rest, 1_000)
    hundreds, rest = divmod(rest, 100)
    if millions:
        yield {1: "مليون", 2: "مليونان"}.get(millions) or f"{ONES[millions - 1]} ملايين"
    if thousands:
        yield {1: "ألف", 2: "ألفان"}.get(thousands) or f"{spelt(thousands)} {'آلاف' if thousands < 11 else 'ألف'}"
    if hundreds:
        yield HUNDREDS[hundreds - 1]
    if 10 < rest < 20:
        yield f"{['أحد', 'اثنا'][rest - 11] if rest < 13 else ONES[rest - 11]} عشر"
    elif rest <= 10:
        yield from ONES[rest - 1 : rest]
    else:
        tens, ones = divmod(rest, 10)
        yield from ONES[ones - 1 : ones] if ones else ()
        yield TENS[tens - 2]


def read(text: str) -> float | None:
    return number([word.text for word in words(text)])


@given(st.integers(1, 9_999_999))
def test_every_number_in_words_is_read_back(value: int) -> None:
    assert read(spelt(value)) == value
    assert all(numeric(word.text) for word in words(spelt(value)))


@given(st.integers(0, 10**9))
def test_every_number_in_digits_is_read_back_in_any_notation(value: int) -> None:
    arabic = str(value).translate({ord("0") + n: chr(0x660 + n) for n in range(10)})
    assert read(str(value)) == read(arabic) == read(f"{value:,}") == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("٣٠", 30), ("ثلاثين", 30), ("مليون ونصف", 1.5e6), ("نصف مليون", 5e5), ("3.5 ملايين", 3.5e6),
        ("مئة وعشرين ألفا", 120_000), ("يومين", 2), ("ألف وتسعمائة وخمسة وثمانين", 1985),
        ("آلاف", None), ("عشرات", None), ("مئات", None), ("عشرين وثلاثين", None), ("1.2.3", None), ("جندي", None),
        ("", None),
    ],
)  # fmt: skip
def test_numbers_that_are_read_and_words_that_count_nothing_exact(text: str, value: float | None) -> None:
    assert read(text) == value


def amount(text: str) -> Amount:
    """The one amount of a text."""
    (found,) = amounts_in(text, 0, len(text))
    return found


SAME, DIFFERENT, UNKNOWN = Relation.SAME, Relation.DIFFERENT, Relation.UNKNOWN


@pytest.mark.parametrize(
    ("one", "other", "relation"),
    [
        ("أسر 30 جنديا", "أسر ٣٠ مقاتلا", SAME),
        ("30 من قواته", "ثلاثون جنديًّا", SAME),
        ("أسر 30 جنديا", "أسر عشرين جنديا", DIFFERENT),
        ("أسر 30 جنديا", "أسر 32 جنديا", DIFFERENT),
        ("أكثر من 20 قتيلا", "25 قتيلا", SAME),
        ("أكثر من 30 قتيلا", "25 قتيلا", DIFFERENT),
        ("ما لا يقل عن 40 قتيلا", "40 قتيلا على الأقل", SAME),
        ("لا يتجاوز 40 كيلومترا", "60 كيلومترا", DIFFERENT),
        ("نحو 600 كيلومتر", "590 كيلومترا", SAME),
        ("بين 20 و30 قتيلا", "25 قتيلا", SAME),
        ("بين 20 و30 قتيلا", "45 قتيلا", DIFFERENT),
        ("1.5 مليون نسمة", "1,523,000 نسمة", SAME),
        ("80 ألف نسمة", "100 ألف نسمة", DIFFERENT),
        ("25%", "خمسة وعشرون في المئة", SAME),
        ("٢٥ ٪", "30 بالمئة", DIFFERENT),
        ("27 كم", "27 كيلومترا", SAME),
        ("ثلاثة أيام", "ثلاثة أشهر", UNKNOWN),
        ("27 كم", "30 جنديا", UNKNOWN),
        ("1,500 جندي", "ألف وخمسمائة جندي", SAME),
    ],
)
def test_amounts_are_compared_by_value(one: str, other: str, relation: Relation) -> None:
    assert amount(one).compare(amount(other)) is amount(other).compare(amount(one)) is relation


@pytest.mark.parametrize("text", ["عشرات القتلى", "آلاف الجرحى", "في عام 2018", "12 مارس 2018", "لا أرقام"])
def test_what_is_vague_or_a_date_is_no_amount(text: str) -> None:
    assert amounts_in(text, 0, len(text)) == []


def test_only_what_touches_the_range_is_read() -> None:
    text = "أسر 30 جنديا وجرح 12 آخرون في 5 أبريل 2019"
    assert [one.low for one in amounts_in(text, 0, text.index("وجرح"))] == [30]
    assert [one.low for one in amounts_in(text, 0, len(text))] == [30, 12]
    assert moments_in(text, 0, text.index("في")) == []


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("الجمعة 5 أبريل 2019", Moment(2019, 4, 5)),
        ("٥ نيسان ٢٠١٩", Moment(2019, 4, 5)),
        ("2019-04-05", Moment(2019, 4, 5)),
        ("25/4/2019", Moment(2019, 4, 25)),
        ("5/4/2019", Moment(2019)),
        ("27 نوفمبر/تشرين الثاني الماضي", Moment(None, 11, 27)),
        ("كانون الثاني 2016", Moment(2016, 1)),
        ("عام 1983", Moment(1983)),
        ("الخامس من أبريل 2019", Moment(2019, 4, 5)),
        ("الثاني والعشرين من تشرين الثاني", Moment(None, 11, 22)),
        ("الثلاثين من شهر مايو الماضي", Moment(None, 5, 30)),
        ("15 رمضان 1440 هـ", Moment(1440, 9, 15, hijri=True)),
    ],
)
def test_days_are_read_as_far_as_they_are_told(text: str, moment: Moment) -> None:
    assert moments_in(text, 0, len(text)) == [moment]


@pytest.mark.parametrize("text", ["أمس", "قبل ثلاثة أيام", "الجمعة الماضية", "2019-15-40"])
def test_days_that_only_the_reader_of_that_day_can_place_are_left_out(text: str) -> None:
    assert moments_in(text, 0, len(text)) == []


@pytest.mark.parametrize(
    ("one", "other", "relation"),
    [
        (Moment(2019, 4, 5), Moment(2019), SAME),
        (Moment(2019, 4, 5), Moment(None, 4, 5), SAME),
        (Moment(2019, 4, 5), Moment(2019, 4, 6), DIFFERENT),
        (Moment(2019), Moment(2018, 4), DIFFERENT),
        (Moment(2019), Moment(None, 4, 5), UNKNOWN),
        (Moment(1440, 9, hijri=True), Moment(2019, 4), UNKNOWN),
    ],
)
def test_days_are_compared_by_what_both_tell(one: Moment, other: Moment, relation: Relation) -> None:
    assert one.compare(other) is other.compare(one) is relation


@pytest.mark.parametrize(
    ("phrase", "value"),
    [("الاول", 1), ("العاشر", 10), ("الرابع عشر", 14), ("الحادي والعشرين", 21), ("الثلاثون", 30), ("التاسعه عشره", 19)]
    + [(wrong, None) for wrong in ("", "عشر", "الرابع و", "الرابع عشرين", "الجيش عشر", "الرابع والعاشر")],
)
def test_an_ordinal_counts_what_it_says(phrase: str, value: int | None) -> None:
    assert ordinal(phrase) == value
