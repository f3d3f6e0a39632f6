"""What a question asks for: its kind (who, when, how many …) and the words that must be found.

Takes the question as typed, standard or dialect, Arabic or English; gives a `Question`. Readers match its words
against sentences and prefer spans of its kind.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from embeddings.arabic import STOP_WORDS, Word, words


class Kind(StrEnum):
    """The kind of answer a question asks for."""

    WHO = "who"
    WHEN = "when"
    WHERE = "where"
    HOW_MANY = "how_many"
    WHY = "why"
    HOW = "how"
    YES_NO = "yes_no"
    WHAT = "what"


# Question words and phrases, folded, standard and dialect (Egyptian, Levantine, Gulf, Maghrebi). Order decides:
# phrases before the words they hold («في اي عام» is when, «اي» alone is what).
_PHRASES: Final[tuple[tuple[Kind, str], ...]] = (
    (
        Kind.WHEN,
        "اي عام|اي سنه|اي يوم|اي تاريخ|اي شهر|اي قرن|اي وقت|اي ساعه|ما تاريخ|ما موعد|what year|what date|which year",
    ),
    (
        Kind.WHERE,
        "من اين|اي مدينه|اي دوله|اي بلد|اي مكان|اي منطقه|اي قاره|اي محافظه|اي قريه|ما موقع|which city|which country",
    ),
    (
        Kind.HOW_MANY,
        "ما عدد|ما هو عدد|كم عدد|ما مساحه|ما طول|ما ارتفاع|ما المسافه|ما نسبه|"
        "how many|how much|how far|how long|how old",
    ),
    (Kind.WHY, "ما سبب|ما السبب|ما هو سبب|ما هو السبب|لاي سبب|ما اسباب|ما الذي دفع|علشان ايه|عشان ايه"),
    (Kind.WHO, "من هو|من هي|من هم|من الذي|من التي|ما اسم"),
    (Kind.WHEN, "متي|امتي|امتا|ايمتي|ايمتا|وقتاش|فوقاش|when"),
    (Kind.WHERE, "اين|وين|فين|فاين|منين|اينما|where"),
    (Kind.HOW_MANY, "كم|كام|قديش|اديش|شحال|بكم|بكام|وكم"),
    (Kind.WHY, "لماذا|ليش|ليه|لم|علاش|لما|ولماذا|why"),
    (Kind.HOW, "كيف|ازاي|شلون|كيفاش|وكيف|how"),
    (Kind.YES_NO, "هل|وهل"),
    (Kind.WHO, "مين|منو|لمن|بمن|ومن|who|whom|whose"),
)
_FIRST_WORDS: Final = {"من": Kind.WHO} | dict.fromkeys(
    "is are was were did does do has have can will".split(), Kind.YES_NO
)
_ASKING: Final = frozenset(
    word
    for _, phrases in _PHRASES
    for phrase in phrases.split("|")
    for word in phrase.split()
    if len(phrase.split()) == 1
) | frozenset(
    "شو ايش شنو وش ايه اللي هوا هيا كده كدا what which "
    # English words that hold a sentence together: Arabic passages have no such words to match.
    "from has have had been being its his her their he she they there than then into about between during after before "
    "because while also much many more most such will would can could should not or but name called".split()
)


@dataclass(frozen=True, slots=True)
class Question:
    """A question, taken apart.

    Attributes:
        text: as it was asked.
        kind: the kind of answer it asks for.
        content: the words an answering passage should hold: neither stop words nor question words.
    """

    text: str
    kind: Kind
    content: tuple[Word, ...]


def analyse(text: str) -> Question:
    """Take a question apart. Never fails: a question without a question word asks for `Kind.WHAT`."""
    found = tuple(words(text))
    content = tuple(word for word in found if word.text not in STOP_WORDS and word.text not in _ASKING)
    return Question(text, _kind([word.text for word in found]), content or found)


def _kind(folded: list[str]) -> Kind:
    if folded and folded[0] in _FIRST_WORDS and folded[1:2] != ["اين"]:
        return _FIRST_WORDS[folded[0]]
    padded = f" {' '.join(folded)} "
    for kind, phrases in _PHRASES:
        if any(f" {phrase} " in padded or f" في{phrase} " in padded for phrase in phrases.split("|")):
            return kind
    return Kind.WHAT
