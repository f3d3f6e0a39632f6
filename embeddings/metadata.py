"""Title, date and source of a document, read from its text where the text shows them.

Takes the canonical text, gives plain strings or None. A headline is a short first line with more text under it;
a date counts only on a line of its own near the top, so that a date in the prose is never taken for the day of
publication; a source stands behind its label («المصدر | ...»).
"""

import datetime
from collections.abc import Iterator
from itertools import islice
from typing import Final

import regex

_HEADLINE_WORDS: Final = 20
_TITLE_WORDS: Final = 12
_TITLE_LETTERS: Final = 200
_TOP_LINES: Final = 6
_DATE_LINE_WORDS: Final = 14
_STRANGE_WORDS: Final = 2  # words on a date line that are neither the date nor a label of it

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "يناير|كانون الثاني|جانفي|january|jan",
            "فبراير|شباط|فيفري|february|feb",
            "مارس|اذار|march|mar",
            "ابريل|نيسان|افريل|april|apr",
            "مايو|ايار|ماي|may",
            "يونيو|يونيه|حزيران|جوان|june|jun",
            "يوليو|يوليه|تموز|جويليه|يوليوز|july|jul",
            "اغسطس|اب|اوت|غشت|august|aug",
            "سبتمبر|ايلول|شتنبر|september|sept|sep",
            "اكتوبر|تشرين الاول|october|oct",
            "نوفمبر|تشرين الثاني|نونبر|november|nov",
            "ديسمبر|كانون الاول|دجنبر|december|dec",
        ),
        1,
    )
    for name in names.split("|")
}
_MONTH: Final = "(?:" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + ")"
_DATES: Final = tuple(
    regex.compile(rf"(?<![\p{{L}}\p{{N}}]|\p{{N}}[-/.]){pattern}(?!\p{{N}}|[-/.]\p{{N}})")
    for pattern in (
        r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?:t\d[\d:.]*(?:z|[+-]\d\d:?\d\d)?)?",
        r"(?P<d>\d{1,2})[-/.](?P<m>\d{1,2})[-/.](?P<y>\d{4})",
        rf"(?P<d>\d{{1,2}})[ ,،-]*(?:من )?(?P<m>{_MONTH})(?: ?[/(-] ?{_MONTH}\)?)?[ ,،.-]*(?:عام |سنه )?(?P<y>\d{{4}})",
        rf"(?P<m>{_MONTH})(?: ?[/(-] ?{_MONTH}\)?)? (?P<d>\d{{1,2}})(?:st|nd|rd|th)?[ ,،]+(?P<y>\d{{4}})",
    )
)
_AROUND_DATE: Final = regex.compile(
    r"\b(?:ال)?(?:احد|اثنين|ثلاثاء|اربعاء|خميس|جمعه|سبت|يوم|بتاريخ|تاريخ|نشر|نشرت|في|اخر|تحديث|الموافق|ساعه|توقيت|غرينتش|جرينتش|"
    r"تم|النشر|التحديث|بتوقيت|صباحا|مساء|ص|م|ه|gmt|am|pm|published|updated|on|at|date|last|"
    r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?)\b"
)
_SOURCE: Final = regex.compile(r"(?i)^(?:المصدر|مصدر الخبر|source)\s*[|:：\-–—]\s*(?P<name>\S.*)$")
_SPELLINGS: Final = str.maketrans("أإآىة", "اااىه") | {
    base + digit: str(digit) for base in (0x0660, 0x06F0) for digit in range(10)
}
_INVISIBLE: Final = regex.compile(r"[\p{Mn}\p{Cf}ـ]")


def title_of(text: str) -> str:
    """Return the headline of `text`, or its first twelve words where it has none; never empty for a text with words."""
    lines = (line for line in _lines(text) if not _is_date_line(line) and not _SOURCE.match(line))
    first, more = next(lines, ""), next(lines, "")
    if first and more and len(first) <= _TITLE_LETTERS and len(first.split()) <= _HEADLINE_WORDS:
        return one_line(first)
    return first_words(text)


def first_words(text: str) -> str:
    """Return the first twelve words of `text` on one line, at most 200 letters."""
    opening = " ".join(text[:4000].split() or text.split())
    words = opening.split(" ")[:_TITLE_WORDS]
    while len(words) > 1 and len(" ".join(words)) > _TITLE_LETTERS:
        words.pop()
    return " ".join(words)[:_TITLE_LETTERS]


def one_line(text: str) -> str:
    """Return `text` with every run of white space as one space."""
    return " ".join(text.split())


def date_of(text: str) -> str | None:
    """Return the day that a date line near the top of `text` shows, in ISO 8601, or None."""
    for line in islice(_lines(text), _TOP_LINES):
        if _is_date_line(line):
            return parse_date(line)
    return None


def source_of(text: str) -> str | None:
    """Return what stands behind a source label («المصدر | ...») at the top or at the end of `text`, or None."""
    end = list(_lines(text[-2000:]))[-8:]
    for line in (*reversed(end), *islice(_lines(text), _TOP_LINES)):
        match = _SOURCE.match(line)
        if match and len(line.split()) <= _DATE_LINE_WORDS:
            return one_line(match["name"])
    return None


def parse_date(value: str) -> str | None:
    """Return the first date in `value` as an ISO 8601 day, or None.

    Reads 2019-04-05, 5/4/2019 (day first), and days with the month names of Egypt, the Levant, Iraq and the Maghreb
    or English ones, in digits of any kind.
    """
    found = next(_dates(_plain(value)), None)
    return found[0] if found else None


def _plain(value: str) -> str:
    return one_line(_INVISIBLE.sub("", value).translate(_SPELLINGS).lower())


def _dates(plain: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield each date of a `_plain` text that exists in the calendar, with its range."""
    for pattern in _DATES:
        for match in pattern.finditer(plain):
            month = _MONTHS.get(match["m"]) or int(match["m"])
            try:
                day = datetime.date(int(match["y"]), month, int(match["d"]))
            except ValueError:  # 31/2/2019
                continue
            if 1800 <= day.year <= 2200:
                yield day.isoformat(), match.span()


def _is_date_line(line: str) -> bool:
    if not regex.search(r"\p{Nd}", line[:400]):  # spares most lines the rest
        return False
    plain = _plain(line[:400])
    if len(plain.split()) > _DATE_LINE_WORDS:
        return False
    found = next(_dates(plain), None)
    if found is None:
        return False
    start, end = found[1]
    rest = _AROUND_DATE.sub(" ", plain[:start] + " " + plain[end:])
    return len(regex.findall(r"\p{L}{2,}", rest)) <= _STRANGE_WORDS


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of `text` that are not blank, without white space around them."""
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if line := text[start:end].strip():
            yield line
        start = end + 1
