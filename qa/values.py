"""The values that quotations give: amounts and days, read from ranges of text and compared by what they mean.

Takes original text and half-open ranges in it; gives an `Amount` or a `Moment`, or None where nothing exact is said.
Two of them are the same, different, or cannot be compared: «٣٠ جنديا» is «ثلاثين مقاتلا», «أكثر من ٢٠» may be 30, and
a length is never compared with a duration.
"""

import math
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import regex

from embeddings.arabic import fold, stem, words
from qa.numerals import number, numeric, ordinal
from qa.quantities import ORDINAL, amounts, dates


class Relation(StrEnum):
    """What two quotations say of one thing."""

    SAME = "same"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


# Amounts

_MEASURES: Final = MappingProxyType(
    {
        word: measure
        for measure, forms in {
            "%": "% المايه الميه",
            "km": "كيلومتر كيلومترا كيلومترات كيلو كلم كم km",
            "m": "متر مترا امتار m",
            "kg": "كيلوغرام كيلوغراما كيلوجرام كيلوجراما كغ كغم kg",
            "t": "طن طنا اطنان",
            "s": "ثانيه ثواني ثوان",
            "min": "دقيقه دقايق",
            "h": "ساعه ساعات ساعتين",
            "d": "يوم يوما ايام يومين",
            "w": "اسبوع اسبوعا اسابيع اسبوعين",
            "mo": "شهر شهرا اشهر شهور شهرين",
            "y": "عام عاما اعوام عامين سنه سنوات سنين سنتين",
            "USD": "دولار دولارا دولارات",
            "EUR": "يورو",
            "GBP": "استرليني",
            "pound": "جنيه جنيها جنيهات",
            "riyal": "ريال ريالا ريالات",
            "dinar": "دينار دينارا دنانير",
            "dirham": "درهم درهما دراهم",
            "lira": "ليره ليرات",
        }.items()
        for word in forms.split()
    }
)
_ABOUT: Final = 0.05  # «نحو» takes in a twentieth more and less.
_SCALED: Final = 1e3  # Whole thousands and millions, written so, are rounded to their last digit, …
_ROUNDED: Final = 0.05  # … by no more than this share of them.
_BEFORE: Final = 40  # characters before an amount in which it is hedged
_HEDGES: Final = MappingProxyType(
    {
        hedge: regex.compile(rf"(?:^| )[وبل]?(?:{phrases})$")
        for hedge, phrases in {
            "about": "نحو|حوالي|قرابه|زهاء|تقريبا|يقارب|يقرب من|يناهز|about|around|nearly|almost|some",
            "most": "اقل من|دون|(?:لا|لم) [يت]تجاوز|(?:لا|لم) [يت]زيد (?:علي|عن)|حتي|less than|fewer than|up to|under",
            "least": "(?:اكثر|ازيد) من|[يت]زيد (?:علي|عن)|(?:لا|لم) [يت]قل عن|فوق|[يت]?تجاوزت?|[يت]فوق|"
            "more than|over|at least",
        }.items()
    }
)
_NUMBER: Final = regex.compile(r"[\p{Nd},٬]+")
_GROUPED: Final = regex.compile(r"\p{Nd}{1,3}(?:[,٬]\p{Nd}{3})+")
_AFTER: Final = regex.compile(
    r"^ ?(?:(?P<about>تقريبا|او نحو ذلك)|(?P<least>علي الاقل|او اكثر|فاكثر)|(?P<most>علي الاكثر))"
)


@dataclass(frozen=True, slots=True)
class Amount:
    """A number, as exact as it is written, and what it counts.

    Attributes:
        low, high: the number lies in [low, high]; equal where it is exact.
        measure: the unit of measurement, as «km» or «%»; empty where things are counted.
        thing: the stem of the word that follows the number, else empty.
    """

    low: float
    high: float
    measure: str = ""
    thing: str = ""

    def compare(self, other: "Amount") -> Relation:
        """Return whether both may be the same number of the same unit."""
        if self.measure != other.measure:
            return Relation.UNKNOWN
        apart = self.low > other.high or other.low > self.high
        return Relation.DIFFERENT if apart else Relation.SAME


def amounts_in(text: str, start: int, end: int) -> list[Amount]:
    """Return the exact amounts that touch `text[start:end]`, without the numbers of dates."""
    places = [(a, b) for a, b in amounts(text) if a < end and start < b and not _dated(text, a, b)]
    found = [amount for place in places if (amount := _amount(text, *place))]
    if len(places) == 2 and len(found) == 2 and _joined(text, *places):
        return [_between(*found)]
    return found


def _dated(text: str, start: int, end: int) -> bool:
    """Whether the number at the start of an amount belongs to a date; «1,500» and «1500 km» are no years."""
    touching = [text[a:b] for a, b in dates(text) if a < end and start < b]
    if _measure([word.text for word in words(text[start:end])]):
        return any(not _NUMBER.fullmatch(written) for written in touching)
    return any(not _GROUPED.fullmatch(written) for written in touching)


def _amount(text: str, start: int, end: int) -> Amount | None:
    folded = [word.text for word in words(text[start:end])]
    count = next((n for n, word in enumerate(folded) if not numeric(word)), len(folded))
    value = number(folded[:count])
    if value is None or not math.isfinite(value):
        return None
    unit = [word for word in folded[count:] if word not in ("في", "من")]
    measure = "%" if fold(text[start:end]).endswith("%") else _measure(folded)
    low, high = _exactness(text, start, end, value, scaled=_is_scaled(folded[:count]))
    return Amount(low, high, measure, stem(unit[0]) if unit and not measure else "")


def _measure(folded: list[str]) -> str:
    """Return the unit of measurement among folded words, or ""."""
    return next((_MEASURES[form] for word in folded if (form := word.removeprefix("ب")) in _MEASURES), "")


def _is_scaled(folded: list[str]) -> bool:
    return any((number([word]) or number(["2", word]) or 0) >= _SCALED for word in folded if not word[0].isdigit())


def _exactness(text: str, start: int, end: int, value: float, *, scaled: bool) -> tuple[float, float]:
    """Return the range that a number stands for, by how it is hedged and rounded."""
    before = fold(text[max(0, start - _BEFORE) : start]).rstrip()
    before = " ".join(before.split())
    after = _AFTER.match(" ".join(fold(text[end : end + _BEFORE]).split()))
    hedge = next((name for name, phrases in _HEDGES.items() if phrases.search(before)), None)
    hedge = hedge or (after.lastgroup if after else None)
    if hedge == "about":
        return value * (1 - _ABOUT), value * (1 + _ABOUT)
    if hedge == "least":
        return value, math.inf
    if hedge == "most":
        return 0.0, value
    width = min(_last_digit(value) / 2, value * _ROUNDED) if scaled and value % _SCALED == 0 else 0.0
    return value - width, value + width


def _last_digit(value: float) -> float:
    """Return what the last digit that is not zero counts: 100,000 for 1.5 million."""
    step = 10.0 ** math.floor(math.log10(value)) if value else 0.0
    while step > 1 and value % step:
        step /= 10
    return step


def _joined(text: str, one: tuple[int, int], two: tuple[int, int]) -> bool:
    """Whether two amounts are the ends of one: «بين 20 و30», «20 إلى 30», «20-30»."""
    between = fold(text[one[1] : two[0]]).strip()
    before = fold(text[max(0, one[0] - _BEFORE) : one[0]]).split()
    opened = bool(before) and before[-1].removeprefix("ما") in ("بين", "من", "between", "from")
    return between in ("-", "–", "الي", "to") or (between in ("و", "and", "") and opened)


def _between(one: Amount, two: Amount) -> Amount:
    low, high = min(one.low, two.low), max(one.high, two.high)
    return Amount(low, high, two.measure or one.measure, two.thing or one.thing)


# Days

_MONTHS: Final = MappingProxyType(
    {
        name: n
        for n, names in enumerate(
            (
                "يناير|كانون الثاني|جانفي",
                "فبراير|شباط|فيفري",
                "مارس|اذار",
                "ابريل|نيسان|افريل",
                "مايو|ايار|ماي",
                "يونيو|يونيه|حزيران|جوان",
                "يوليو|يوليه|تموز|جويليه",
                "اغسطس|اب|اوت",
                "سبتمبر|ايلول",
                "اكتوبر|تشرين الاول",
                "نوفمبر|تشرين الثاني",
                "ديسمبر|كانون الاول",
            ),
            1,
        )
        for name in names.split("|")
    }
)
_HIJRI: Final = MappingProxyType(
    {
        name: n
        for n, names in enumerate(
            (
                "محرم",
                "صفر",
                "ربيع الاول",
                "ربيع الاخر|ربيع الثاني",
                "جمادي الاولي",
                "جمادي الاخره|جمادي الثانيه",
                "رجب",
                "شعبان",
                "رمضان",
                "شوال",
                "ذو القعده|ذي القعده",
                "ذو الحجه|ذي الحجه",
            ),
            1,
        )
        for name in names.split("|")
    }
)
_NAMES: Final = "|".join(sorted((*_MONTHS, *_HIJRI), key=len, reverse=True))
_DAY: Final = regex.compile(
    rf"(?:(?<!\S)(?P<day>\d{{1,2}}|{ORDINAL}) (?:من )?(?:شهر )?)?(?<!\S)[وبلف]?(?P<month>{_NAMES})(?!\S)"
)
_YEAR: Final = regex.compile(r"(?<!\S)(?P<year>\d{3,4})(?: (?P<era>هجريه?|ه))?(?!\S)")
_ISO: Final = regex.compile(r"(\d{4})-(\d{2})-(\d{2})")
_SLASHED: Final = regex.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})")


@dataclass(frozen=True, slots=True)
class Moment:
    """A day as far as it is told: any of its parts may be missing."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    hijri: bool = False

    def compare(self, other: "Moment") -> Relation:
        """Return whether the parts that both tell are the same; UNKNOWN when they share none."""
        if self.hijri != other.hijri:
            return Relation.UNKNOWN
        pairs = ((self.year, other.year), (self.month, other.month), (self.day, other.day))
        told = [(one, two) for one, two in pairs if one is not None and two is not None]
        if not told:
            return Relation.UNKNOWN
        return Relation.SAME if all(one == two for one, two in told) else Relation.DIFFERENT


def moments_in(text: str, start: int, end: int) -> list[Moment]:
    """Return the days that touch `text[start:end]`, without those that only a reader of that day can place («أمس»)."""
    found = (_moment(text[a:b]) for a, b in dates(text) if a < end and start < b)
    return [moment for moment in found if moment]


def _moment(written: str) -> Moment | None:
    digits = fold(written)
    if numeric_date := _ISO.search(digits):
        return _checked(*(int(part) for part in numeric_date.groups()))
    if numeric_date := _SLASHED.search(digits):
        one, two, year = (int(part) for part in numeric_date.groups())
        # Where both may be the month, only their year is told for sure.
        return Moment(year) if one <= 12 and two <= 12 and one != two else _checked(year, min(one, two), max(one, two))
    return _worded(written)


def _worded(written: str) -> Moment | None:
    line = " ".join(word.text for word in words(written))
    named, year = _DAY.search(line), _YEAR.search(line)
    if not named and not year:
        return None
    month = named["month"] if named else ""
    return Moment(
        int(year["year"]) if year else None,
        _MONTHS.get(month) or _HIJRI.get(month),
        _day(named["day"]) if named and named["day"] else None,
        month in _HIJRI or bool(year and year["era"]),
    )


def _day(written: str) -> int | None:
    return int(written) if written.isdecimal() else ordinal(written)


def _checked(year: int, month: int, day: int) -> Moment | None:
    try:
        date(year, month, day)
    except ValueError:
        return None
    return Moment(year, month, day)
