"""What a question lacks: the words by which it leans on the turn before, told from those that stand by themselves.

`Asked(question)` takes a question apart for this: what opens it («و», "and"), its question words, its content, the
words that point («ذلك», "it") and the pronouns at the end of words. Everything is decided by lists and positions; a
question that may stand by itself is left alone.
"""

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import Final, NamedTuple
from unicodedata import combining

from embeddings.arabic import STOP_WORDS, Word, words
from qa.pronouns import Attached, attached, object_of
from qa.questions import Kind, analyse

_WHICH: Final = frozenset("اي باي لاي which".split())  # the noun behind them belongs to the question word
_ASKING: Final = _WHICH | frozenset(
    "متي امتي امتا ايمتي ايمتا وقتاش فوقاش اين وين فين فاين منين كم كام قديش اديش شحال بكم بكام لماذا ليش ليه علاش "
    "كيف ازاي شلون كيفاش من مين منو لمن بمن ما ماذا هل شو ايش شنو وش ايه بماذا "
    "who whom whose when where why how what many much far long old".split()
)
_ALSO_OTHERS: Final = frozenset(("من", "ما"))  # question words that inside a sentence are others
_OPENING: Final = frozenset("و and so then but ok طيب طب ثم اذن اذا يعني".split())
_POINTING: Final = frozenset(
    "ذلك ذاك تلك هذا هذه هذان هولاء هناك هنالك اوليك هيدا هيدي هاد هاي هذاك كده كدا هيك هنيك هالشي هالشيء هالموضوع "
    "هالحكي that this those these there".split()
)
_POINTING_AT_THE_END: Final = frozenset("ده دي دا دول".split())  # elsewhere «دي» is a part of names
_PERSONAL: Final = frozenset("هو هي هم هما هن هوا هيا".split())
_ENGLISH_PERSONAL: Final = frozenset("he she it they him her them his hers its their".split())
# Words that say no more than that something was so.
_EMPTY: Final = frozenset(
    "كانوا يكون تكون حدث حدثت حصل حصلت جري جرت صار صارت تم تمت مره مرات بالضبط بالزبط تحديدا بالتحديد فعلا "
    "الان هلق دلوقتي الحين يعني طيب did does do is are was were has have had been happen happened exactly precisely "
    "then about one".split()
)
# Nouns that only say what is asked of something else: «كم عدد قتلاها», «ما السبب».
_ASKED_OF: Final = frozenset(
    "عدد اسم تاريخ موعد سبب نسبه حجم مساحه مكان علاقه دور موقف راي رد نتيجه هدف مصدر تفاصيل زمان ثمن سعر قيمه".split()
)
_RELATIVE: Final = frozenset("التي الذي الذين اللذان اللتان اللي who which whose".split())
_PREPOSITIONS: Final = frozenset("في من الي علي عن مع بعد قبل منذ خلال ب ل ضد بين حتي".split())
_COUNTING: Final = frozenset("كم كام بكم".split())
_WHEN: Final = frozenset("يوم امس غدا سنه عام شهر ليله مره وقت ايضا حاليا".split())
_HERE: Final = frozenset("هناك هنا".split())
_INSTEAD: Final = frozenset((("ماذا", "عن"), ("شو", "عن"), ("ايش", "عن"), ("what", "about"), ("how", "about")))


def _forms(verbs: str) -> frozenset[str]:
    return frozenset(f"{verb}{end}" for verb in verbs.split() for end in ("", "ت", "وا", "ا"))


# What people are asked of without being named again: «متى ولد؟». The others do not take «ماذا» as their subject.
_DONE: Final = _forms(
    "ولد توفي مات قتل استشهد دفن تخرج درس تزوج عاش نشا استقال انتخب عين تولي حكم بدا انتهي وقع تاسس انشي بني صدر افتتح "
    "سقط استمر دام كلف بلغ سافر وصل غادر عاد هرب فر اعتقل اسر اختفي فشل نجح فاز خسر انسحب انضم استسلم"
) | frozenset(f"{first}{verb}" for first in "يت" for verb in "عمل عيش قع سكن درس قيم بدا نتهي".split())
_DONE_BY: Final = _forms("قال فعل طلب كتب اعلن اكد اضاف قرر عمل صرح رد")


class Leaning(NamedTuple):
    """A word that ends in a pronoun for something that the question does not name."""

    word: Word
    parts: Attached


class Asked:
    """A question, taken apart.

    Attributes:
        text: the question as typed.
        words: its words without what opens it.
        opened: whether something opened it: «ومتى», "and when".
    """

    def __init__(self, text: str) -> None:
        self.text = text
        found = list(words(text))
        self.words = _unopened(found, text)
        self.opened = self.words != found

    def original(self, some: Sequence[Word]) -> str:
        """Return the characters from the first of `some` to the last."""
        return self.text[some[0].start : some[-1].end] if some else ""

    @cached_property
    def kind(self) -> Kind:
        """What is asked for."""
        return analyse(self.original(self.words)).kind

    @cached_property
    def question_words(self) -> list[Word]:
        """The words at the beginning that ask, with the noun that belongs to them: «في أي مدينة»."""
        end = n = 0
        while n < len(self.words) and self.words[n].text in _ASKING | _PREPOSITIONS:
            n += 2 if self.words[n].text in _WHICH else 1
            end = n if self.words[min(n, len(self.words)) - 1].text not in _PREPOSITIONS - _ALSO_OTHERS else end
        return self.words[:end]

    @cached_property
    def content(self) -> list[Word]:
        """The words that name what is asked about."""
        empty = STOP_WORDS | _ASKING | self._pointing | self._persons | _EMPTY
        asking = {word.start for word in self.question_words}
        return [word for word in self.words if word.text not in empty and word.start not in asking]

    @property
    def _pointing(self) -> frozenset[str]:
        return _POINTING | (_POINTING_AT_THE_END & {word.text for word in self.words[-1:]})

    @property
    def _persons(self) -> frozenset[str]:
        """The pronouns of its language: «HE» in an Arabic question is a name."""
        return _PERSONAL | (_ENGLISH_PERSONAL if self.text.isascii() else frozenset())

    @property
    def asks(self) -> bool:
        """Whether it has a question word."""
        return bool(self.question_words) or any(word.text in _ASKING - _ALSO_OTHERS for word in self.words)

    @property
    def personal(self) -> bool:
        """Whether it asks of somebody or something that only a pronoun names: «من هو؟», "who is she?"."""
        return not self.content and any(word.text in self._persons for word in self.words)

    @property
    def bare(self) -> bool:
        """Whether it names nothing at all: «وأين؟», «ومتى كان ذلك؟», "and when?"."""
        return not self.content and self.asks

    @property
    def points(self) -> bool:
        """Whether it points at something without naming enough: «ما سبب هذا القرار؟», "what did he say?"."""
        if any(word.text in self._pointing and not self._existential(n) for n, word in enumerate(self.words)):
            return len(self.content) <= 2
        if [word.text for word in self.words[:1]] == ["هل"] and self.words[1:2] and self.words[1].text in _PERSONAL:
            return len(self.content) <= 2
        persons = [word for word in self.words if word.text in self._persons - _PERSONAL]
        named = [word for word in self.content if persons and word.start < persons[0].start]
        return bool(persons) and len(named) <= 1 and len(self.content) <= 3 and not self._capital(named)

    def _existential(self, n: int) -> bool:
        """Whether «هناك» or "there" only says that something exists."""
        before = self.words[n - 1].text if n else ""
        return self.words[n].text in ("هناك", "هنالك", "there") and before in (
            "هل",
            "كان",
            "كانت",
            "is",
            "are",
            "was",
            "were",
        )

    def _capital(self, some: Sequence[Word]) -> bool:
        return any(self.text[word.start].isupper() for word in some)

    @property
    def subjectless(self) -> bool:
        """Whether it tells of somebody whom it does not name: «ومتى توفي؟», «ماذا قال عن مصراتة؟», «كم جريحا؟»."""
        content = [word.text for word in self.content]
        if not content or len(content) > 3 or self.kind is Kind.WHO:
            return False
        if len(content) == 1 and content[0].startswith("ال"):
            return content[0][2:] in _ASKED_OF
        if self.kind is Kind.HOW_MANY:
            indefinite = not content[0].startswith("ال") and content[0] not in _ASKED_OF
            return indefinite and all(word in _DONE for word in content[1:])
        done = _DONE_BY if self.kind is Kind.WHAT else _DONE | _DONE_BY
        return content[0] in done and self._followed_by_no_noun(self.content[0])

    def _followed_by_no_noun(self, verb: Word) -> bool:
        after = [word for word in self.words if word.start > verb.start]
        if after and after[0].text == "علي" and self.text[after[0].end - 1] == "ي":  # a name, not «على»
            return False
        return not after or after[0].text in _PREPOSITIONS | _HERE | _POINTING | _EMPTY

    @property
    def pronoun(self) -> Leaning | None:
        """The first word that ends in a pronoun for something not named before it: «من قائدها؟», «من شارك فيه؟»."""
        for n, word in enumerate(self.words):
            parts = attached(self.text[word.start : word.end])
            if parts is not None and not self._counted(n, parts):
                alone = self._named_before(n, parts) or self._named_after(n, parts)
                return None if alone else Leaning(word, parts)
        if self.kind is Kind.WHO and len(self.content) == 1:
            parts = object_of(self.original(self.content))
            return Leaning(self.content[0], parts) if parts else None
        return None

    def _counted(self, n: int, parts: Attached) -> bool:
        """Whether the `n`th word is what «كم» counts: «متهما» there is «متهم» with the ending of something counted."""
        return n > 0 and self.words[n - 1].text in _COUNTING and not parts.belongs

    def _named_after(self, n: int, parts: Attached) -> bool:
        """Whether the pronoun stands for the question word: «من تحداهم القرآن», «كم نائبا يتألف منهم البرلمان»."""
        if not self.question_words or self.kind not in (Kind.WHO, Kind.HOW_MANY) or parts.belongs:
            return False
        return any(word in self.content and word.text not in _WHEN for word in self.words[n + 1 : n + 2])

    def _named_before(self, n: int, parts: Attached) -> bool:
        """Whether a word before the `n`th may be what its pronoun stands for."""
        before = self.words[:n]
        if any(word.text in _RELATIVE for word in before[1:]):
            return True
        counted = [two for one, two in pairwise(before) if one.text in _WHICH | _COUNTING]
        counted = [word for word in counted if word.text not in _ASKED_OF | _DONE]
        if counted:  # «كم دبابة أعطبها …» names it, «كم مصفاة فيها» and «كم شخصا قتل فيها» do not
            apart = counted[-1] == before[-1] or _feminine(counted[0].text) is (parts.pronoun == "ه")
            apart = apart and parts.pronoun != "هما"
            if not (parts.preposition and apart):
                return True
        named = [word for word in before if word in self.content and word not in counted and word.text not in _ASKED_OF]
        if named and not self.question_words:  # «بلجيكا لها لغتان …»
            return True
        done = [word for word in before if word.text in _EMPTY and word.text not in STOP_WORDS]  # «حصلت سوريا على …»
        return len(named) + len(done) > 1 or any(word.text.startswith("ال") for word in named) or self._capital(named)

    @property
    def instead(self) -> list[Word]:
        """What is asked of in the place of what was asked before: «وفي سرت؟», «وماذا عن تونس؟», "what about Tunis?"."""
        if tuple(word.text for word in self.words[:2]) in _INSTEAD:
            return self.words[2:]
        return self.words if self.opened and not self.asks and len(self.content) in (1, 2, 3) else []


def _feminine(folded: str) -> bool:
    return folded.endswith(("ه", "ات"))


def _unopened(found: list[Word], text: str) -> list[Word]:
    """Return the words without those that only tie a question to what was said: «ومتى» is «متى»."""
    while len(found) > 1 and found[0].text in _OPENING:
        found = found[1:]
    if not found or found[0].text in _ASKING:
        return found
    first, rest = found[0], found[0].text[1:]
    noun = rest.startswith("ال") and len(rest) > len("الله")
    tied = first.text[0] in "وف" and (rest in _ASKING or rest in _PREPOSITIONS or noun)
    if not tied:
        return found
    start = first.start + 1
    while combining(text[start]):  # «وَمتى»
        start += 1
    return [Word(rest, start, first.end), *found[1:]]
