"""Pronouns at the end of Arabic words: «قائدها» is «قائد» of something feminine, «فيه» is «في» something masculine.

Takes one word as it is written, gives what stands before the pronoun and the pronoun, or None for words that only look
so («متهم», «مدينه» for «مدينة»). Folding makes ة and ه one letter, so this looks at the letters themselves.
"""

from typing import Final, NamedTuple

import regex

from embeddings.arabic import fold


class Attached(NamedTuple):
    """A word that ends in a pronoun.

    Attributes:
        base: the word without it, spelt as it stands alone: «عاصمة» of «عاصمتها».
        pronoun: one of «ه», «ها», «هم», «هما», «هن».
        preposition: whether the base is a preposition.
    """

    base: str
    pronoun: str
    preposition: bool = False

    @property
    def belongs(self) -> bool:
        """Whether the base names what somebody or something has: «قائد», «عدد», «عاصمة»."""
        folded = fold(self.base).removesuffix("ء")
        return folded in _BELONGING or f"{folded.removesuffix('ه')}ت" in _BELONGING

    def of(self, thing: str) -> str:
        """Return the base with `thing` in the place of the pronoun: «قائد الكتيبة», «للجيش», «بالجيش»."""
        if self.base == "ل" and thing.startswith("ال"):
            return f"لل{thing[2:]}"
        return f"{self.base}{'' if self.base in ('ل', 'ب') else ' '}{thing}"


_PREPOSITIONS: Final = {
    "في": "في", "علي": "على", "الي": "إلى", "لدي": "لدى", "من": "من", "عن": "عن", "ب": "ب", "ل": "ل", "مع": "مع",
    "بعد": "بعد", "قبل": "قبل", "عند": "عند", "حول": "حول", "ضد": "ضد", "خلال": "خلال", "اثناء": "أثناء", "بين": "بين",
    "داخل": "داخل", "خارج": "خارج", "ورا": "وراء", "امام": "أمام", "تحت": "تحت", "فوق": "فوق", "خلف": "خلف",
}  # fmt: skip
# What belongs to somebody or something. Only behind these is a last «ه» surely a pronoun: «مدينه» may be «مدينة».
_BELONGING: Final = frozenset(
    "اسم عدد سبب قايد رييس وزير مدير مقر موقع مكان هدف سعر ثمن طول عرض حجم وزن مصدر كاتب مولف موسس صاحب "
    "ابن بنت اب ام  اخ اخت زوج زوجت عمر جنسيت رتبت منصب دور راي موقف تاريخ موعد سكان عاصمت حاكم ملك ناطق "
    "متحدث نتيجت نتايج مساحت عنوان  مهمت مهنت وظيفت لون شكل رقم نوع لقب اصل حال حالت مصير مضمون محتوي بند "
    "بنود شروط شرط قيمت تكلفت مدت مدي اهداف اسباب اعضاء افراد اخر  قوات جنود جيش حزب حكومت بيان قرار خطاب "
    "تصريح زيارت اقامت ولادت وفات مولد مقتل اغتيال اعتقال اسر زواج والد والدت".split()
)
_ONLY_ALIKE: Final = frozenset(
    "مهم اهم وهم فهم متهم درهم اسهم سهم ساهم تساهم يساهم اتهم تفاهم ملهم متهما تتهم تتهما متهمه جنيها وجها فقيها شبيها "
    "هم ادهم مراهم الهم تهم يتهم داهم يداهم مداهم "
    "مها نها سها بها رها طها لها انتهي منتهي هن دهن رهن ذهن وهن كهن برهن مرتهن انها كانها لانها لكنها انهم لانهم لكنهم "
    "انه لانه لكنه كانه نفسه نفسها انفسهم بدها بدهم بدهن كلها كلهم جميعهم بعضهم وحده وحدها وحدهم".split()
)
_SUFFIX: Final = regex.compile(r"(?P<base>.{2,}?)(?P<pronoun>هما|ها|هم|هن|ه)")
_PARTICLE: Final = regex.compile(r"(?P<base>.+?)(?P<pronoun>هما|ها|هم|هن|ه)")
_LEAST: Final = 2  # letters before a pronoun
_VERB: Final = 3  # letters of a short verb
_MARKS: Final = regex.compile(r"[\p{Mn}\p{Cf}ـ]")


def attached(word: str) -> Attached | None:
    """Return what a word and the pronoun at its end are, or None where there is none, or none for sure."""
    letters = _MARKS.sub("", word)
    if letters.startswith(("ال", "لل")):
        return None
    particle = _PARTICLE.fullmatch(letters)
    if particle and (preposition := _PREPOSITIONS.get(fold(particle["base"]).removesuffix("ء"))):
        return Attached(preposition, particle["pronoun"], preposition=True)
    match = _SUFFIX.fullmatch(letters)
    if not match or fold(letters) in _ONLY_ALIKE:
        return None
    base, pronoun = match["base"], match["pronoun"]
    if pronoun == "ه" and fold(base) not in _BELONGING:
        return None
    return Attached(_alone(base), pronoun)


def object_of(word: str) -> Attached | None:
    """Return a short word as a verb and its object: «قتله», «يقوده», «يرعاه». Only where a verb is expected."""
    letters = _MARKS.sub("", word)
    base = letters.removesuffix("ه")
    if letters in ("الله", base) or letters.startswith("ال") or not _VERB <= len(base) <= _VERB + 1:
        return None
    if len(base) > _VERB and base[0] not in "يتأا":
        return None
    return Attached(f"{base[:-1]}ى" if base.endswith("ا") else base, "ه")


def _alone(base: str) -> str:
    """Return a word as it is spelt without a pronoun: «عاصمت» is «عاصمة», «أعضاؤ» is «أعضاء», «قتلو» is «قتلوا»."""
    if base.endswith(("ائ", "اؤ")):
        return base[:-1] + "ء"
    if base.endswith("ت") and len(base) > len("بيت") and not base.endswith("ات"):
        return base[:-1] + "ة"
    return base + "ا" if base.endswith("و") and len(base) > _LEAST + 1 else base
