"""Do two articles give the same answer, or different ones? Decided by what the quotations mean, not by their letters.

Takes the spans that a reader found for one question; gives the `Relation` of two of them. Amounts and days are
compared by value. Names are told apart only where both are plainly names and neither article knows the other one, for
«السراج» and «رئيس الحكومة» may be one person. Everything else is UNKNOWN: two ways of saying one thing must never be
called a contradiction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import dropwhile
from typing import Final, TypeVar

from embeddings.arabic import STOP_WORDS, bare, grams, stem, words
from embeddings.rarity import rarity
from embeddings.sounds import sound
from qa.endings import sentence_around
from qa.questions import Kind, Question
from qa.values import Amount, Moment, Relation, amounts_in, moments_in

_Value = TypeVar("_Value")
_LONGEST_NAME: Final = 5  # words, without titles
_RARE: Final = 0.5  # Rarity of a word that is probably a name.
_NEAR: Final = 0.75  # Of the letters of two names in order: «سالزبري» and «سالزبيري» are one.
_LIKE: Final = 0.5  # Dice of letter grams from which two words count as spellings of one.
_COVERED: Final = 0.75  # Of the rarity of the question's words, the sentence of an answer that differs holds this.

# Words for people and bodies that come before a name, or stand for one. Folded, without article.
_TITLES: Final = frozenset(
    "رييس رييسه وزير وزيره قايد قايده لواء عقيد عميد مشير فريق نقيب رايد ملازم جنرال زعيم زعيمه ناطق ناطقه متحدث "
    "متحدثه مدير مديره امين امير اميره ملك ملكه شيخ دكتور دكتوره استاذ سيد سيده مهندس نايب نايبه عضو سفير سفيره "
    "مبعوث امر حاكم محافظ سلطان امام كاتب كاتبه شاعر شاعره مولف مخرج لاعب لاعبه عالم قاضي فنان فنانه ممثل ممثله "
    "صحفي صحفيه مراسل حكومه جيش قوات قوه مجلس هييه وزاره شركه حزب جماعه حركه كتيبه فرقه مصدر مصادر مسوول مسوولون "
    "شخص رجل امراه جندي جنود ضابط ضباط مقاتل مقاتلون ثوار سكان عسكري عسكريون رسمي سابق حالي تنفيذي عام اول ثاني".split()
)
# Given names that are too frequent to be rare words.
_GIVEN: Final = frozenset(
    "محمد احمد علي حسن حسين محمود مصطفي خالد عمر عثمان ابراهيم يوسف سعد سعيد سالم صالح ناصر عبد عبدالله عبدالرحمن "
    "عبدالعزيز كريم جمال كمال طارق ماجد وليد ياسر هشام سمير منير رشيد فهد سلمان سلطان فيصل بندر تركي نايف حمد راشد "
    "زايد خليفه جاسم موسي عيسي داود سليمان يحيي زكريا يعقوب اسحاق ايوب ادم نوح انور فواد فوزي رفيق سامي رامي هاني "
    "نبيل عادل عماد اياد زياد جهاد مراد رياض رضا فتحي لطفي حمدي مجدي شوقي نزار بشار مازن غسان عدنان مروان نعيم "
    "فاطمه عايشه خديجه مريم زينب ساره ليلي سلمي هدي مني نور سعاد سميره نجاه امال وفاء هند اسماء ايمان رانيا دينا "
    "جون جورج مايكل ديفيد وليام جيمس روبرت توماس بيتر بول مارك ماري بن ابن ابو".split()
)
_NAMED: Final = frozenset(
    "مدينه عاصمه دوله بلد ميناء قريه محافظه صحيفه جريده قناه وكاله شركه حزب جبل نهر مطار جامعه نادي فريق منتخب".split()
)


@dataclass(frozen=True, slots=True)
class Said:
    """What one article answers: `text[start:end]`, where `text` is the passage and `title` the article's."""

    text: str
    start: int
    end: int
    title: str = ""

    @property
    def words(self) -> list[str]:
        """The folded words of the answer."""
        return [word.text for word in words(self.text[self.start : self.end])]


def relation(question: Question, one: Said, other: Said) -> Relation:
    """Return whether two answers to `question` say the same."""
    valued = _by_value(question, one, other)
    if valued is not Relation.UNKNOWN:
        return valued
    if _repeats(one.words, other.words):
        return Relation.SAME
    return Relation.DIFFERENT if _names_differ(question, one, other) else Relation.UNKNOWN


def same_matter(question: Question, one: Said, other: Said) -> bool:
    """Return whether both answers stand in sentences about what was asked, each holding nearly all its words.

    An article about another matter has answers of the right kind too: every year is a year. Of 796 development
    questions answered from 8 thousand articles 29 would be contradicted by such an answer, 5 are where sentences are
    looked at, 9 where passages are.
    """
    asked = {word.text: rarity(word.text) for word in question.content}
    return all(_covered(asked, said) >= _COVERED * sum(asked.values()) for said in (one, other))


def _by_value(question: Question, one: Said, other: Said) -> Relation:
    if question.kind is Kind.WHEN:
        return _compared(_only(_moments(one)), _only(_moments(other)))
    if question.kind in (Kind.HOW_MANY, Kind.WHAT):
        return _compared(_amount(question, one), _amount(question, other))
    return Relation.UNKNOWN


def _compared(one: Amount | Moment | None, other: Amount | Moment | None) -> Relation:
    if isinstance(one, Amount) and isinstance(other, Amount):
        return one.compare(other)
    if isinstance(one, Moment) and isinstance(other, Moment):
        return one.compare(other)
    return Relation.UNKNOWN


def _moments(said: Said) -> list[Moment]:
    return moments_in(said.text, said.start, said.end)


def _amount(question: Question, said: Said) -> Amount | None:
    """Return the one amount that an answer gives, that of the thing asked for where there are several."""
    found = amounts_in(said.text, said.start, said.end)
    asked = {stem(word.text) for word in question.content}
    return _only([amount for amount in found if amount.thing in asked] or found)


def _only(found: Sequence[_Value]) -> _Value | None:
    """Return the first of equal values; None where there is none, or several."""
    return found[0] if found and all(value == found[0] for value in found) else None


def _repeats(one: list[str], other: list[str]) -> bool:
    """Whether one answer says the other: the same words, or all words of the shorter within the longer."""
    first, second = set(one) - STOP_WORDS, set(other) - STOP_WORDS
    return bool(first) and bool(second) and (first <= second or second <= first)


# Names


def _names_differ(question: Question, one: Said, other: Said) -> bool:
    """Whether two answers are names that have nothing in common, in articles that each know but one of them."""
    read = _person if question.kind is Kind.WHO else _name if _asks_for_name(question) else None
    if read is None:
        return False
    names = read(question, one), read(question, other)
    if not all(names) or any(_spelt_alike(a, b) for a in names[0] for b in names[1]):
        return False
    return not (_knows(other, names[0]) or _knows(one, names[1]))


def _asks_for_name(question: Question) -> bool:
    """Whether the question says what is named: «أي مدينة», «ما عاصمة»."""
    first = question.content[0].text if question.content else ""
    return question.kind in (Kind.WHAT, Kind.WHERE) and stem(first) in {stem(noun) for noun in _NAMED}


def _name(question: Question, said: Said) -> list[str]:
    """Return the words of a short answer that are neither in the question nor titles; [] where it is no plain name."""
    asked = {stem(word.text) for word in question.content}
    kept = [word for word in said.words if word not in STOP_WORDS and stem(word) not in asked and not _titled(word)]
    return kept if len(kept) <= _LONGEST_NAME and len(said.words) <= 2 * _LONGEST_NAME else []


def _person(question: Question, said: Said) -> list[str]:
    """Return the name of a person, from its first word without article: «محمد الأعرج» of «وزير الثقافة محمد الأعرج»."""
    name = list(dropwhile(lambda word: word.startswith("ال"), _name(question, said)))
    known = any(word in _GIVEN or rarity(word) >= _RARE for word in name)
    return name if len(name) > 1 and known else []


def _titled(word: str) -> bool:
    return any(word.removeprefix(prefix) in _TITLES for prefix in ("", "ال", "و", "وال", "ك", "ل"))


def _knows(said: Said, name: list[str]) -> bool:
    """Whether the passage or the title holds a word of a name that tells more than a given name."""
    telling = [part for part in name if part not in _GIVEN] or name
    return any(_spelt_alike(word.text, part) for word in words(f"{said.title} {said.text}") for part in telling)


def _spelt_alike(one: str, other: str) -> bool:
    """Whether two words may be one name: forms of one word, the same consonants, or nearly the same letters."""
    one, other = bare(one), bare(other)
    if stem(one) == stem(other) or (sound(one) and sound(one) == sound(other)):
        return True
    if one in _GIVEN and other in _GIVEN:  # «أحمد» is not «محمد»
        return False
    return SequenceMatcher(None, one, other).ratio() >= _NEAR


# Words


def _covered(asked: dict[str, float], said: Said) -> float:
    """Return the rarity of the asked words that the sentence of an answer or the article's title holds."""
    start, end = sentence_around(said.text, said.start, said.end)
    inside = {word.text for word in words(f"{said.title} {said.text[start:end]}")}
    return sum(weight for word, weight in asked.items() if any(_alike(word, other) for other in inside))


def _alike(one: str, other: str) -> bool:
    """Whether two folded words are forms or spellings of one."""
    if stem(one) == stem(other):
        return True
    if min(len(one), len(other)) < 4:
        return False
    mine, theirs = set(grams(one)), set(grams(other))
    return 2 * len(mine & theirs) >= _LIKE * (len(mine) + len(theirs))
