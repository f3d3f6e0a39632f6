"""Numbers, dates and times in Arabic text, each as the range a reader would quote: the amount with its unit.

Takes original text; gives half-open ranges of code points on whole words. Looks at folded words, so that marks,
hamza and digits of any script do not matter. Used to prefer a span of the kind a question asks for, and never to cut
«30» from «30 كيلومترا» or «5 أبريل» from its year.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate
from typing import Final

import regex

from embeddings.arabic import Word, words
from qa.numerals import ORDINALS, TENTHS

# Both families of month names (يناير / كانون الثاني), the Maghrebi ones, and the Hijri months.
_MONTHS: Final = (
    "كانون الثاني|كانون الاول|تشرين الاول|تشرين الثاني|"
    "يناير|فبراير|مارس|ابريل|مايو|يونيو|يونيه|يوليو|يوليه|اغسطس|سبتمبر|اكتوبر|نوفمبر|ديسمبر|"
    "شباط|اذار|نيسان|ايار|حزيران|تموز|اب|ايلول|جانفي|فيفري|افريل|ماي|جوان|جويليه|اوت|"
    "محرم|صفر|ربيع الاول|ربيع الاخر|ربيع الثاني|جمادي الاولي|جمادي الاخره|جمادي الثانيه|"
    "رجب|شعبان|رمضان|شوال|ذو القعده|ذي القعده|ذو الحجه|ذي الحجه"
)
_DAYS: Final = "السبت|الاحد|الاثنين|الثلاثاء|الاربعاء|الخميس|الجمعه"
_TIMES: Final = "صباح|مساء|فجر|ظهر|عصر|ليله|ليل|امس|اليوم|غدا|مطلع|بدايه|اواخر|اوائل|منتصف|نهايه"
_SPANS: Final = (
    "الثانيه|ثانيه|الدقيقه|دقيقه|دقايق|الساعه|ساعه|ساعات|اليوم|يوما|يوم|ايام|الاسبوع|اسبوع|اسابيع|"
    "الشهر|شهرا|شهر|اشهر|شهور|العام|عاما|عام|اعوام|السنه|سنه|سنوات|سنين|القرن|قرنا|قرن|قرون|عقدا|عقد|عقود"
)
_LAST: Final = "الماضي|الماضيه|الجاري|الحالي|المقبل|القادم|القليله|الاخيره|الاخير|المقبله|القادمه"
_SPELT: Final = (
    "احدي عشره|احد عشر|اثني عشر|اثنا عشر|واحد|واحده|اثنان|اثنين|اثنتين|ثلاثه|ثلاث|اربعه|اربع|خمسه|خمس|"
    "سته|ست|سبعه|سبع|ثمانيه|ثماني|ثمان|تسعه|تسع|عشره|عشر|"
    "عشرون|عشرين|ثلاثون|ثلاثين|اربعون|اربعين|خمسون|خمسين|ستون|ستين|سبعون|سبعين|ثمانون|ثمانين|تسعون|تسعين|"
    "(?:ثلاث|ثلث|اربع|خمس|ست|سبع|ثمان|ثماني|تسع)(?:مايه|ميه)|"
    "مايتين|ميتين|مايتان|ميتان|مايتا|ميتا|مايتي|ميتي|مايه|ميه|مايات|ميات|عشرات|الفان|الفين|الفي|الفا|الف|الاف|"
    "مليونين|مليوني|مليونا|مليون|ملايين|مليارين|ملياري|مليارا|مليار|مليارات|"
    "ثلثي|ثلث|ربع|نصف|ضابطين|جنديين|يومين|شهرين|عامين|سنتين|اسبوعين|ساعتين|مرتين"
)
_ERA: Final = "(?:ه|م|ق م|هجري|هجريه|ميلادي|ميلاديه)"
_FIRST: Final = "|".join(sorted(ORDINALS, key=len, reverse=True))
_TENTH: Final = "|".join(TENTHS)
_COMPOUND: Final = rf"(?:{_FIRST}) (?:عشره?|و(?:{_TENTH}))"
ORDINAL: Final = rf"{_COMPOUND}|{_FIRST}|{_TENTH}"
"""A pattern of ordinals in folded words."""

_NUMBER: Final = r"\d+(?:\.\d+)*"
_MONTH: Final = rf"(?:{_MONTHS})(?: (?:{_MONTHS}))?"  # «تشرين الثاني/نوفمبر» is one month
_OF_YEAR: Final = rf"(?:من )?(?:عام |سنه )?(?:\d{{4}}(?: {_ERA})?|\d{{3,4}} {_ERA})"
_WEEKDAY: Final = rf"(?:(?:{_TIMES}) )?(?:يوم )?(?:{_DAYS})"

# Over folded words with one space between them; longest forms first, for what matches first at a place is quoted.
_DATE: Final = regex.compile(
    r"(?<!\S)[وفبل]?(?:"
    rf"(?:{_WEEKDAY} )?(?:الموافق )?(?:يوم )?\d{{1,2}} (?:من )?(?:شهر )?{_MONTH}(?: (?:{_LAST}))?(?: {_OF_YEAR})?"
    rf"|(?:(?:{_WEEKDAY}|يوم) )?(?:الموافق )?(?:{ORDINAL}) من (?:شهر )?"
    rf"(?:{_MONTH}(?: (?:{_LAST}))?(?: {_OF_YEAR})?|(?:هذا )?الشهر(?: (?:{_LAST}))?)"
    rf"|{_MONTH} {_OF_YEAR}"
    rf"|(?:عام|سنه|العام) \d{{3,4}}(?: {_ERA})?"
    rf"|(?:قبل|منذ|خلال|بعد) (?:(?:{_SPELT}|{_NUMBER}) )?(?:{_SPANS})(?: (?:{_LAST}))*"
    rf"|{_WEEKDAY}(?: (?:{_LAST}))?"
    rf"|(?:{_SPANS}|(?:{_TIMES} )?{_MONTH}) (?:{_LAST})"
    rf"|[12]\d{{3}}(?: {_ERA})?"
    r")(?!\S)"
)
_NUMERIC_DATE: Final = regex.compile(
    r"(?<!\p{Nd})(?:\p{Nd}{1,2}[/-]\p{Nd}{1,2}[/-]\p{Nd}{2,4}|\p{Nd}{4}-\p{Nd}{2}-\p{Nd}{2})(?!\p{Nd})"
)
_ORDINALS: Final = regex.compile(rf"(?<!\S)[وبل]?(?:{_COMPOUND})(?!\S)")
_AMOUNT: Final = regex.compile(
    r"(?<!\S)"
    rf"(?<!(?:{_FIRST}) (?=عشر))"  # «عشر» after an ordinal belongs to it: «الرابع عشر»
    rf"(?:{_NUMBER}(?: (?:{_SPELT})(?: و?(?:{_SPELT}))*)?|[وبل]?(?:{_SPELT})(?: و?(?:{_SPELT}))*)(?!\S)"
)
_UNIT: Final = regex.compile(r" (?:(?P<percent>(?:في |ب)الم(?:اي|ي)ه)(?!\S)|من \S+|\S+(?: مربعا?(?!\S))?)")
_PERCENT: Final = regex.compile(r"\s?[%٪]")
# Words that follow a number without being its unit. Folded.
_NOT_UNITS: Final = frozenset(
    "و في علي الي عن ان قد ثم او لم لا حيث التي الذي كما بعد قبل خلال بين مع وقد وقال".split()
)


@lru_cache(maxsize=512)
def dates(text: str) -> tuple[tuple[int, int], ...]:
    """Return the ranges of dates and times in `text`: «الجمعة 5 أبريل 2019», «عام 1983», «قبل ثلاثة أيام»."""
    line = _Line(text)
    numeric = [match.span() for match in _NUMERIC_DATE.finditer(text)]
    named = [line.place(*match.span()) for match in _DATE.finditer(line.folded)]
    return (*numeric, *(one for one in named if not any(a <= one[0] and one[1] <= b for a, b in numeric)))


@lru_cache(maxsize=512)
def amounts(text: str) -> tuple[tuple[int, int], ...]:
    """Return the ranges of amounts in `text` with the unit that follows: «30 من قواته», «ثلاثة أيام»."""
    return tuple(_amounts(text))


@lru_cache(maxsize=512)
def ordinals(text: str) -> tuple[tuple[int, int], ...]:
    """Return the ranges of ordinals of two words in `text`: «الرابع عشر», «الحادي والعشرين»."""
    line = _Line(text)
    return tuple(line.place(*match.span()) for match in _ORDINALS.finditer(line.folded))


def _amounts(text: str) -> Iterator[tuple[int, int]]:
    line = _Line(text)
    for match in _AMOUNT.finditer(line.folded):
        start, end = line.place(*match.span())
        unit = _UNIT.match(line.folded, match.end())
        if percent := _PERCENT.match(text, end):
            end = percent.end()
        elif (
            unit
            and (unit["percent"] or unit.group().split()[0] not in _NOT_UNITS)
            and line.unbroken(match.end(), unit.end())
        ):
            end = line.place(match.start(), unit.end())[1]
        yield start, end


class _Line:
    """The folded words of a text on one line, and the way back to the text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._words: list[Word] = list(words(text))
        self.folded = " ".join(word.text for word in self._words)
        self._starts = [0, *accumulate(len(word.text) + 1 for word in self._words)][:-1]

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return the range of the text that the range [start, end) of the line stands for."""
        first, last = bisect_right(self._starts, start) - 1, bisect_left(self._starts, end) - 1
        return self._words[first].start, self._words[last].end

    def unbroken(self, start: int, end: int) -> bool:
        """Return whether only spaces part the words that the line has between `start` and `end`."""
        first, last = bisect_right(self._starts, start - 1) - 1, bisect_left(self._starts, end) - 1
        pairs = zip(self._words[first:last], self._words[first + 1 : last + 1], strict=True)
        return all(self._text[one.end : two.start].isspace() for one, two in pairs)
