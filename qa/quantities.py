"""Numbers, dates and times in Arabic text, each as the range a reader would quote: the amount with its unit.

Takes original text; gives half-open ranges of code points. Used to prefer a span of the kind a question asks for,
and never to cut «30» from «30 كيلومترا» or «5 أبريل» from its year.
"""

from typing import Final

import regex

_MARK = r"\p{M}*"


def _spelt(alternatives: str) -> str:
    """Let every letter of the words carry marks, and hamza and final letters vary as people write them."""
    loose = {"ا": "[اأإآٱ]", "ي": "[يىئ]", "ه": "[هة]", "و": "[وؤ]", " ": r"\s+"}
    return "|".join(
        "".join(loose.get(letter, regex.escape(letter)) + _MARK for letter in word) for word in alternatives.split("|")
    )


# Both families of month names (يناير / كانون الثاني), the Maghrebi ones, and the Hijri months.
_MONTHS: Final = _spelt(
    "كانون الثاني|كانون الاول|تشرين الاول|تشرين الثاني|"
    "يناير|فبراير|مارس|ابريل|مايو|يونيو|يونيه|يوليو|يوليه|اغسطس|سبتمبر|اكتوبر|نوفمبر|ديسمبر|"
    "شباط|اذار|نيسان|ايار|حزيران|تموز|اب|ايلول|جانفي|فيفري|افريل|ماي|جوان|جويليه|اوت|"
    "محرم|صفر|ربيع الاول|ربيع الاخر|ربيع الثاني|جمادي الاولي|جمادي الاخره|جمادي الثانيه|"
    "رجب|شعبان|رمضان|شوال|ذو القعده|ذي القعده|ذو الحجه|ذي الحجه"
)
_DAYS: Final = _spelt("السبت|الاحد|الاثنين|الاثنين|الثلاثاء|الاربعاء|الخميس|الجمعه")
_TIMES: Final = _spelt("صباح|مساء|فجر|ظهر|عصر|ليله|ليل|امس|اليوم|غدا|مطلع|بدايه|اواخر|اوائل|منتصف|نهايه")
_SPANS: Final = _spelt(
    "الثانيه|ثانيه|الدقيقه|دقيقه|دقائق|الساعه|ساعه|ساعات|اليوم|يوما|يوم|ايام|الاسبوع|اسبوع|اسابيع|"
    "الشهر|شهرا|شهر|اشهر|شهور|العام|عاما|عام|اعوام|السنه|سنه|سنوات|سنين|القرن|قرنا|قرن|قرون|عقدا|عقد|عقود"
)
_LAST: Final = _spelt("الماضي|الماضيه|الجاري|الحالي|المقبل|القادم|القليله|الاخيره|الاخير|المقبله|القادمه")
_SPELT_NUMBERS: Final = _spelt(
    "احدي عشره|احد عشر|اثني عشر|اثنا عشر|واحد|واحده|اثنان|اثنين|اثنتين|ثلاثه|ثلاث|اربعه|اربع|خمسه|خمس|"
    "سته|ست|سبعه|سبع|ثمانيه|ثماني|ثمان|تسعه|تسع|عشره|عشر|"
    "عشرون|عشرين|ثلاثون|ثلاثين|اربعون|اربعين|خمسون|خمسين|ستون|ستين|سبعون|سبعين|ثمانون|ثمانين|تسعون|تسعين|"
    "مائتين|مئتين|مائتي|مئتي|مائه|مئه|مئات|عشرات|الفين|الفي|الفا|الف|الاف|"
    "مليونين|مليوني|مليونا|مليون|ملايين|مليارين|ملياري|مليارا|مليار|مليارات|"
    "ثلثي|ثلث|ربع|نصف|ضابطين|جنديين|يومين|شهرين|عامين|سنتين|اسبوعين|ساعتين|مرتين"
)
_FREE: Final = r"(?<![\p{L}\p{Nd}])"  # nothing of a word or number right before
_CLOSED: Final = r"(?![\p{L}\p{Nd}])"  # nor right after
_DIGITS: Final = r"\p{Nd}+(?:[.,٫٬:]\p{Nd}+)*"
_ERA: Final = r"(?:\s*(?:هـ|م|ق\.?\s?م)(?!\p{L}))"
_MONTH: Final = rf"(?:{_MONTHS})(?:\s*[/\\(]\s*(?:{_MONTHS})\)?)?"  # «تشرين الثاني/نوفمبر» is one month
_OF_YEAR: Final = rf"\s*[،,]?\s*(?:من\s+)?(?:عام\s+|سنة\s+)?(?:\p{{Nd}}{{4}}{_ERA}?|\p{{Nd}}{{3,4}}{_ERA})"
_COUNT: Final = rf"(?:(?:{_SPELT_NUMBERS}|{_DIGITS})\s+)?"
_WEEKDAY: Final = rf"(?:(?:{_TIMES})\s+)?(?:يوم\s+)?(?:{_DAYS})"

# Longest forms first: what matches first at a place is what is quoted.
_DATE: Final = regex.compile(
    "|".join(
        _FREE + form + _CLOSED
        for form in (
            rf"(?:{_WEEKDAY}[،,]?\s+)?(?:الموافق\s+)?(?:يوم\s+)?"
            rf"\p{{Nd}}{{1,2}}\s*(?:من\s+)?(?:شهر\s+)?{_MONTH}(?:\s+(?:{_LAST}))?(?:{_OF_YEAR})?",
            rf"{_MONTH}{_OF_YEAR}",
            r"\p{Nd}{1,2}\s*[/-]\s*\p{Nd}{1,2}\s*[/-]\s*\p{Nd}{2,4}",
            r"\p{Nd}{4}-\p{Nd}{2}-\p{Nd}{2}",
            rf"(?:عام|سنة|العام|سنه)\s+\p{{Nd}}{{3,4}}{_ERA}?",
            rf"(?:قبل|منذ|خلال|بعد)\s+{_COUNT}(?:{_SPANS})(?:\s+(?:{_LAST}))*",
            rf"{_WEEKDAY}(?:\s+(?:{_LAST}))?",
            rf"(?:{_SPANS}|(?:{_TIMES}\s+)?{_MONTH})\s+(?:{_LAST})",
            rf"(?<![/.-])[12]\p{{Nd}}{{3}}{_ERA}?",
        )
    )
)
_SPELT: Final = rf"(?:{_SPELT_NUMBERS})(?:\s+و?(?:{_SPELT_NUMBERS}))*"
_AMOUNT: Final = regex.compile(
    rf"{_FREE}[بلو]?(?P<number>{_DIGITS}(?:\s+{_SPELT})?|{_SPELT})(?P<percent>\s*[%٪])?{_CLOSED}"
)
_PERCENT: Final = "في المائة|في المئة|بالمائة|بالمئة"
_UNIT: Final = regex.compile(rf"\s*(?:(?:{_PERCENT})|من\s+[\p{{L}}\p{{M}}]+|[\p{{L}}\p{{M}}]+(?:\s+مربعا?)?)")
# Words that follow a number without being its unit.
_NOT_UNITS: Final = frozenset(
    "و في على إلى عن الى علي ان أن قد ثم او أو لم لا حيث التي الذي كما بعد قبل خلال بين مع وقد وقال".split()
)


def dates(text: str) -> list[tuple[int, int]]:
    """Return the ranges of dates and times in `text`: «الجمعة 5 أبريل 2019», «عام 1983», «قبل ثلاثة أيام»."""
    return [_trimmed(text, *match.span()) for match in _DATE.finditer(text)]


def amounts(text: str) -> list[tuple[int, int]]:
    """Return the ranges of amounts in `text`, with the unit that follows: «30 من قواته», «ثلاثة أيام»."""
    return [_with_unit(text, match) for match in _AMOUNT.finditer(text)]


def _with_unit(text: str, match: regex.Match[str]) -> tuple[int, int]:
    start, end = match.start("number"), match.end()
    unit = None if match["percent"] else _UNIT.match(text, end)
    if unit and unit.group().split()[0] not in _NOT_UNITS:
        end = unit.end()
    return start, end


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - (len(piece) - len(piece.rstrip()))
