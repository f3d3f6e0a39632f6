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
    "كانون الثاني|كانون الاول|تشرين الاول|تشرين الثاني|يناير|فبراير|مارس|ابريل|مايو|يونيو|يونيه|يوليو|يوليه|اغسطس|سبتمبر|اكتوبر|نوفمبر|ديسمبر|"
    "شباط|اذار|نيسان|ايار|حزيران|تموز|اب|ايلول|جانفي|فيفري|افريل|ماي|جوان|جويليه|اوت|"
    "محرم|صفر|ربيع الاول|ربيع الاخر|ربيع الثاني|جمادي الاولي|جمادي الاخره|جمادي الثانيه|رجب|شعبان|رمضان|شوال|ذو القعده|ذي القعده|ذو الحجه|ذي الحجه"
)
_DAYS: Final = _spelt("السبت|الاحد|الاثنين|الاثنين|الثلاثاء|الاربعاء|الخميس|الجمعه")
_TIMES: Final = _spelt("صباح|مساء|فجر|ظهر|عصر|ليله|ليل|امس|اليوم|غدا|مطلع|بدايه|اواخر|اوائل|منتصف|نهايه")
_SPANS: Final = _spelt(
    "الثانيه|ثانيه|الدقيقه|دقيقه|دقائق|الساعه|ساعه|ساعات|اليوم|يوما|يوم|ايام|الاسبوع|اسبوع|اسابيع|الشهر|شهرا|شهر|اشهر|شهور|العام|عاما|عام|اعوام|السنه|سنه|سنوات|سنين|القرن|قرنا|قرن|قرون|عقدا|عقد|عقود"
)
_LAST: Final = _spelt("الماضي|الماضيه|الجاري|الحالي|المقبل|القادم|القليله|الاخيره|الاخير|المقبله|القادمه")
_SPELT_NUMBERS: Final = _spelt(
    "احدي عشره|احد عشر|اثني عشر|اثنا عشر|واحد|واحده|اثنان|اثنين|اثنتين|ثلاثه|ثلاث|اربعه|اربع|خمسه|خمس|سته|ست|سبعه|سبع|ثمانيه|ثماني|ثمان|تسعه|تسع|عشره|عشر|"
    "عشرون|عشرين|ثلاثون|ثلاثين|اربعون|اربعين|خمسون|خمسين|ستون|ستين|سبعون|سبعين|ثمانون|ثمانين|تسعون|تسعين|"
    "مائتين|مئتين|مائتي|مئتي|مائه|مئه|مئات|عشرات|الفين|الفي|الفا|الف|الاف|مليونين|مليوني|مليونا|مليون|ملايين|مليارين|ملياري|مليارا|مليار|مليارات|"
    "ثلثي|ثلث|ربع|نصف|ضابطين|جنديين|يومين|شهرين|عامين|سنتين|اسبوعين|ساعتين|مرتين"
)
_DIGITS: Final = r"\p{Nd}+(?:[.,٫٬:]\p{Nd}+)*"
_YEAR: Final = r"(?:\p{Nd}{4}|\p{Nd}{3,4}\s*(?:هـ|ه|م|ق\.?\s?م)(?!\p{L}))"

_DATE: Final = regex.compile(
    rf"""(?<![\p{{L}}\p{{Nd}}])(?:(?:ال)?(?:{_TIMES})\s+)?(?:يوم\s+|ال)?(?:(?:{_DAYS})[،,]?\s+)?(?:الموافق\s+)?
    (?:
      \p{{Nd}}{{1,2}}\s*(?:من\s+)?(?:شهر\s+)?(?:{_MONTHS})(?:\s*[/\\(]\s*(?:{_MONTHS})\)?)?(?:\s+(?:الماضي|الجاري|المقبل))?(?:\s*[،,]?\s*(?:من\s+)?(?:عام\s+|سنة\s+)?{_YEAR}(?:\s*(?:هـ|م)(?!\p{{L}}))?)?
    | (?:{_MONTHS})(?:\s*[/\\]\s*(?:{_MONTHS}))?\s+(?:من\s+)?(?:عام\s+|سنة\s+)?{_YEAR}
    | \p{{Nd}}{{1,2}}\s*[/-]\s*\p{{Nd}}{{1,2}}\s*[/-]\s*\p{{Nd}}{{2,4}} | \p{{Nd}}{{4}}-\p{{Nd}}{{2}}-\p{{Nd}}{{2}}
    )(?![\p{{L}}\p{{Nd}}])
    | (?<![\p{{L}}\p{{Nd}}])(?:(?:عام|سنة|العام|سنه)\s+\p{{Nd}}{{3,4}}(?:\s*(?:هـ|م|ق\.?م)(?!\p{{L}}))?)(?!\p{{Nd}})
    | (?<![\p{{L}}\p{{Nd}}])(?:قبل|منذ|خلال|بعد)\s+(?:(?:{_SPELT_NUMBERS}|{_DIGITS})\s+)?(?:{_SPANS})(?:\s+(?:{_LAST}))*(?!\p{{L}})
    | (?<![\p{{L}}\p{{Nd}}])(?:(?:{_TIMES})\s+)?(?:يوم\s+)?(?:{_DAYS})(?:\s+(?:{_LAST}))?(?!\p{{L}})
    | (?<![\p{{L}}\p{{Nd}}])(?:{_SPANS})\s+(?:{_LAST})(?!\p{{L}})
    | (?<![\p{{L}}\p{{Nd}}])(?:في\s+)?(?:{_TIMES})?\s*(?:{_MONTHS})(?:\s*[/\\]\s*(?:{_MONTHS}))?\s+(?:{_LAST})(?!\p{{L}})
    | (?<![\p{{L}}\p{{Nd}}/.-])[12]\p{{Nd}}{{3}}(?:\s*(?:هـ|م)(?!\p{{L}}))?(?![\p{{L}}\p{{Nd}}])
    """,
    regex.VERBOSE,
)
_SPELT: Final = rf"(?:{_SPELT_NUMBERS})(?:\s+و?(?:{_SPELT_NUMBERS}))*"
_AMOUNT: Final = regex.compile(
    rf"(?<![\p{{L}}\p{{Nd}}])(?:ب|ل|و)?(?P<number>(?:{_DIGITS}(?:\s+(?:{_SPELT}))?|{_SPELT}))(?P<percent>\s*[%٪])?(?![\p{{L}}\p{{Nd}}])"
)
_UNIT: Final = regex.compile(r"\s*(?:(?:في المائة|في المئة|بالمائة|بالمئة)|(?:(?:من|كيلومترا?|كم)\s+)?[\p{L}\p{M}]+)")
# Words that follow a number without being its unit.
_NOT_UNITS: Final = frozenset(
    "و في على إلى عن الى علي ان أن قد ثم او أو لم لا حيث التي الذي كما بعد قبل خلال بين مع وقد وقال".split()
)


def dates(text: str) -> list[tuple[int, int]]:
    """Return the ranges of dates and times in `text`: «الجمعة 5 أبريل 2019», «عام 1983», «قبل ثلاثة أيام»."""
    return [_trimmed(text, *match.span()) for match in _DATE.finditer(text)]


def amounts(text: str) -> list[tuple[int, int]]:
    """Return the ranges of amounts in `text`, in figures or words, with the unit that follows: «30 من قواته», «590 كيلومترا»."""
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
