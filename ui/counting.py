"""Texts that agree with the number in them: «وثيقة واحدة», «وثيقتان», «3 وثائق», «11 وثيقة».

A `Counted` has a form for each kind of number that its language tells apart, and gives the one for a number. The kinds
and their names are those of the Unicode CLDR plural rules, so that `Intl.PluralRules` in a browser, which is given
`forms`, chooses the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Kind = Literal["zero", "one", "two", "few", "many", "other"]


def kind(number: int, language: str) -> Kind:
    """Return the kind of a whole number from 0 in Arabic, or else in English."""
    if language != "ar":
        return "one" if number == 1 else "other"
    exact: dict[int, Kind] = {0: "zero", 1: "one", 2: "two"}
    rest = number % 100
    return exact.get(number) or ("few" if 3 <= rest <= 10 else "many" if rest >= 11 else "other")


@dataclass(frozen=True, slots=True)
class Counted:
    """A text with a number in it.

    Attributes:
        language: whose rules hold.
        forms: the text by kind of number, with `{n}` where the number stands; for a kind that has none, "other".
    """

    language: str
    forms: Mapping[str, str]

    def __call__(self, number: int, **others: object) -> str:
        """Return the form for `number`, filled with it and with what else it speaks of."""
        form = self.forms.get(kind(number, self.language), self.forms["other"])
        return form.format(n=f"{number:,}", **others)


def arabic(*, one: str, two: str, few: str, many: str, other: str, zero: str = "") -> Counted:
    """Return an Arabic text: for 1; for 2; for 3 to 10; for 11 to 99; for 100 and its like; for 0, else as for 100."""
    forms = {"zero": zero or other, "one": one, "two": two, "few": few, "many": many, "other": other}
    return Counted("ar", MappingProxyType(forms))


def english(*, one: str, other: str) -> Counted:
    """Return an English text: for 1, and for every other number."""
    return Counted("en", MappingProxyType({"one": one, "other": other}))
