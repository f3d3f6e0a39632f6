"""What a number in Arabic text counts, written in digits, in words, or in both.

Takes folded words; gives a number, or None where the words count nothing exact («عشرات», «آلاف»). So ٣٠, «30» and
«ثلاثون» are one value, and «3.5 ملايين» is «ثلاثة ملايين ونصف».
"""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

_ONES: Final = (
    "احد احدي واحد واحده",
    "اثنان اثنين اثنتان اثنتين اثنا اثني اثنتا اثنتي",
    "ثلاثه ثلاث",
    "اربعه اربع",
    "خمسه خمس",
    "سته ست",
    "سبعه سبع",
    "ثمانيه ثماني ثمان",
    "تسعه تسع",
    "عشره عشر",
)
_TENS: Final = "عشر ثلاث اربع خمس ست سبع ثمان تسع".split()
_HUNDREDS: Final = {"ثلاث": 3, "ثلث": 3, "اربع": 4, "خمس": 5, "ست": 6, "سبع": 7, "ثمان": 8, "ثماني": 8, "تسع": 9}
_DUALS: Final = "ضابطين جنديين يومين شهرين عامين سنتين اسبوعين ساعتين مرتين".split()

ADDED: Final = MappingProxyType(
    {word: float(n) for n, forms in enumerate(_ONES, 1) for word in forms.split()}
    | {f"{ten}{end}": 10.0 * n for n, ten in enumerate(_TENS, 2) for end in ("ون", "ين")}
    | {f"{digit}{hundred}": 100.0 * n for digit, n in _HUNDREDS.items() for hundred in ("مايه", "ميه")}
    | dict.fromkeys("مايتان ميتان مايتين ميتين مايتا ميتا مايتي ميتي".split(), 200.0)
    | dict.fromkeys(_DUALS, 2.0)
)
"""Words whose values are added."""

_ORDINALS: Final = (
    "الاول الاولي الحادي الحاديه",
    "الثاني الثانيه",
    "الثالث الثالثه",
    "الرابع الرابعه",
    "الخامس الخامسه",
    "السادس السادسه",
    "السابع السابعه",
    "الثامن الثامنه",
    "التاسع التاسعه",
    "العاشر العاشره",
)
ORDINALS: Final = MappingProxyType({form: n for n, forms in enumerate(_ORDINALS, 1) for form in forms.split()})
"""«الأول» to «العاشر», folded; the first nine with «عشر» or a ten after them make those up to 99."""

TENTHS: Final = MappingProxyType({f"ال{ten}{end}": 10 * n for n, ten in enumerate(_TENS, 2) for end in ("ون", "ين")})
"""«العشرون» to «التسعين», folded."""

FRACTIONS: Final = MappingProxyType({"نصف": 0.5, "ثلث": 1 / 3, "ثلثي": 2 / 3, "ربع": 0.25})
_HUNDRED: Final = frozenset(("مايه", "ميه"))
_SCALES: Final = MappingProxyType(
    dict.fromkeys("الف الفا الاف".split(), 1e3)
    | dict.fromkeys("مليون مليونا ملايين".split(), 1e6)
    | dict.fromkeys("مليار مليارا مليارات بليون".split(), 1e9)
)
_TWICE: Final = MappingProxyType(
    dict.fromkeys("الفين الفان الفي".split(), 2e3)
    | dict.fromkeys("مليونين مليونان مليوني".split(), 2e6)
    | dict.fromkeys("مليارين ملياران ملياري".split(), 2e9)
)
# Alone they count nothing exact: «آلاف» is vague, «ألفا» may be one thousand or two.
_COUNTED: Final = frozenset("الاف الفا ملايين مليونا مليارات مليارا".split())


def number(folded: Sequence[str]) -> float | None:
    """Return the number that folded words spell; None when one of them is no number word, or the number is vague."""
    counted = _Count()
    for word in folded:
        if not counted.take(word):
            return None
    return counted.total if counted.words else None


def ordinal(phrase: str) -> int | None:
    """Return the number of a folded ordinal: 14 for «الرابع عشر», 22 for «الثاني والعشرين»; None for anything else."""
    first, _, rest = phrase.partition(" ")
    if not rest:
        return ORDINALS.get(first) or TENTHS.get(first)
    more = 10 if rest in ("عشر", "عشره") else TENTHS.get(rest.removeprefix("و")) if rest[0] == "و" else None
    return ORDINALS[first] + more if more and first in ORDINALS else None


def numeric(word: str) -> bool:
    """Whether a folded word is a number or a part of one, with or without «و», «ب» or «ل» before it."""
    return any(_is_number(form) for form in (word, word[1:]) if form and (form is word or word[0] in "وبل"))


def _is_number(word: str) -> bool:
    known = (ADDED, FRACTIONS, _HUNDRED, _SCALES, _TWICE)
    return word[:1].isdigit() or any(word in words for words in known)


class _Count:
    """Adds up the words of one number from left to right: «مليون ومائتا ألف وخمسة» is 1e6 + 200 x 1e3 + 5."""

    def __init__(self) -> None:
        self.words = 0
        self._done = 0.0
        self._open = 0.0  # what the next scale multiplies
        self._scale = 1.0  # of the last scale: «مليون ونصف»

    @property
    def total(self) -> float:
        return self._done + self._open

    def take(self, word: str) -> bool:
        """Add a word; False when it counts nothing exact."""
        if word[0] in "وبل" and not _is_number(word):
            word = word[1:]
        self.words += 1
        return self._digits(word) or self._small(word) or self._large(word)

    def _digits(self, word: str) -> bool:
        if not word[:1].isdigit():
            return False
        try:
            self._open += float(word)
        except ValueError:  # 1.2.3 is no number
            return False
        return True

    def _small(self, word: str) -> bool:
        if word in FRACTIONS:
            if self._done and not self._open:
                self._done += FRACTIONS[word] * self._scale
            else:
                self._open += FRACTIONS[word]
        elif word in _HUNDRED:
            self._open = self._open * 100 if 1 < self._open < 10 else self._open + 100
        elif word in ADDED and self._fits(ADDED[word]):
            self._open += ADDED[word]
        else:
            return False
        return True

    def _fits(self, value: float) -> bool:
        """Whether a word may be added: «عشرين وثلاثين» are two numbers, «خمسة وعشرين» and «خمسة عشر» are one."""
        ones, rest = self._open % 10, self._open % 100
        return rest == 0 if value < 10 else (rest == ones if value < 100 else self._open == 0)

    def _large(self, word: str) -> bool:
        if word in _SCALES:
            if word in _COUNTED and not self._open:
                return False
            self._scale = _SCALES[word]
            self._done += (self._open or 1) * self._scale
            self._open = 0.0
        elif word in _TWICE:
            self._done += _TWICE[word]
        else:
            return False
        return True
