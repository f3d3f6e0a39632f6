"""Questions that lean on the turn before: «ومتى كان ذلك؟», «ومن قائدها؟», "and when?".

Takes a question as typed and the answer before it; gives the question as it is understood, with what it leans on put
in from the previous question and its answer, or None where it stands by itself. No model is asked: `qa.leaning` tells
what is missing, and all that is put in are words of the turn before. When in doubt the question is left alone: one
that is changed wrongly is worse than one that is asked with too little.
"""

from collections.abc import Iterator
from typing import Final

import regex

from embeddings.arabic import fold, words
from qa.answers import Answer
from qa.leaning import Asked, Leaning
from qa.numerals import numeric
from qa.pronouns import attached
from qa.questions import Kind
from qa.values import amounts_in

_LONGEST_ANSWER: Final = 8  # Words of an answer that are put in; a longer one is a sentence.
_LONGEST_THING: Final = 6  # Words of an answer or a clause that a pronoun may stand for.
_LONGEST_SUBJECT: Final = 30  # Words of the question before that are put in.
# What follows the question word here is a sentence: «متى | وقع أردوغان …»; else it is a thing: «كم عدد | قوات حفتر …».
_CLAUSES: Final = frozenset({Kind.WHEN, Kind.WHERE, Kind.WHY, Kind.HOW, Kind.YES_NO})
_PREPOSITIONS: Final = frozenset("في من الي علي عن مع بعد قبل منذ خلال ضد in at on from to of for with".split())
_RELATIVE: Final = frozenset("التي الذي الذين".split())
# What stands between the question words and what is asked about.
_LIGHT: Final = _RELATIVE | frozenset(
    "هو هي هم عدد كان كانت كانوا تم قد did does do is are was were has have had the of many much".split()
)
_PLACE: Final = regex.compile(r"^(?:في|من|إلى|على|ب(?=ال|مدينة|منطقة))\s*")
_ENDS: Final = " \t\n؟?.!،,:؛\"'«»()-"


def understood(question: str, previous: Answer) -> str | None:
    """Return `question` with what it leans on in the turn before, or None where it stands by itself."""
    asked, turn = Asked(question), _Turn(previous)
    if not asked.words or not turn.subject:
        return None
    mended = _mended(asked, turn)
    if mended is None:
        return None
    return f"{' '.join(mended.split())}{'?' if question.isascii() else '؟'}"


def _mended(asked: Asked, turn: "_Turn") -> str | None:
    whole = asked.original(asked.words).strip(_ENDS)
    if asked.instead:
        return turn.with_instead(asked)
    if asked.personal:
        thing = turn.thing("ها" if any(word.text in ("هي", "she") for word in asked.words) else "ه")
        return f"{whole} {thing}" if thing else f"{whole} ({turn.told})"
    if asked.bare:
        return (
            f"{asked.original(asked.question_words) or whole} {turn.clause}"
            if turn.clause
            else f"{whole} ({turn.told})"
        )
    if leaning := asked.pronoun:
        return _with_thing(asked, leaning, turn.thing(leaning.parts.pronoun)) or f"{whole} ({turn.told})"
    return f"{whole} ({turn.told})" if asked.points or asked.subjectless else None


def _with_thing(asked: Asked, leaning: Leaning, thing: str | None) -> str | None:
    """Return the question with `thing` in the place of the pronoun."""
    if thing is None:
        return None
    before = asked.text[asked.words[0].start : leaning.word.start]
    return f"{before}{leaning.parts.of(thing)} {asked.text[leaning.word.end :].strip(_ENDS)}"


class _Turn:
    """The turn before: what it asked about, and the answer where it is short enough to be put into a question."""

    def __init__(self, previous: Answer) -> None:
        outer, _, inner = (previous.understood or "").partition(" (")
        self._before = inner.partition("، ")[0].strip(_ENDS)  # what the turn before leaned on itself
        self._asked = Asked((outer or previous.question).strip(_ENDS))
        if self._before and not self._asked.content:
            self._asked, self._before = Asked(self._before), ""
        rest = self._asked.words[len(self._asked.question_words) :]
        self._named = bool(rest) and rest[0].text in _LIGHT  # «من هو الناطق»: what follows names a thing
        while rest and rest[0].text in _LIGHT:
            rest = rest[1:]
        self._rest = rest[:_LONGEST_SUBJECT]
        self.subject = self._asked.original(self._rest)
        quoted = " ".join((previous.text or "").split()).strip(_ENDS)
        self._answer = quoted if len(quoted.split()) <= _LONGEST_ANSWER else ""

    @property
    def told(self) -> str:
        """What was asked about, and the answer where it says more: «وقع أردوغان المذكرتين، 27 نوفمبر»."""
        parts = [part for part in (self.subject, self._before, self._news) if part]
        return (", " if self.subject.isascii() else "، ").join(parts)

    @property
    def clause(self) -> str:
        """What was asked about as a sentence that a question word may stand before; "" where it is a thing."""
        first = self._rest[0].text
        verb = not self._named and first[0] in "يت" and not first.startswith("ال")
        if self._asked.kind in _CLAUSES or (self._asked.kind is Kind.WHO and (verb or self._is_done(first))):
            more = [part for part in (self._before, self._news) if part]
            return f"{self.subject} ({'، '.join(more)})" if more else self.subject
        return ""

    @property
    def _news(self) -> str:
        """The answer, where it says more than the question."""
        said = {word.text for word in words(f"{self.subject} {self._before}")}
        return self._answer if any(word.text not in said for word in words(self._answer)) else ""

    def _is_done(self, word: str) -> bool:
        return not self._named and Asked(f"متى {word}").subjectless

    def thing(self, pronoun: str) -> str | None:
        """Return what a pronoun stands for: the first of answer and question that agrees with it, or None."""
        return next((thing for thing in self._things(pronoun) if _agrees(thing, pronoun)), None)

    def _things(self, pronoun: str) -> Iterator[str]:
        kind = self._asked.kind
        counted = kind is Kind.HOW_MANY and not any(
            one.measure for one in amounts_in(self._answer, 0, len(self._answer))
        )
        named = kind in (Kind.WHO, Kind.WHAT, Kind.WHERE) or (counted and pronoun != "ه")
        short = self._answer.split()[: _LONGEST_THING + 1]
        if named and 0 < len(short) <= _LONGEST_THING and not any(attached(word) for word in short):
            yield _PLACE.sub("", self._answer) if kind is Kind.WHERE else self._answer
        if self._before:
            yield self._before
        if not self.clause:
            yield self.subject
        after = self._rest[1:]  # behind the verb
        plain = len(after) <= _LONGEST_THING and not any(word.text in _PREPOSITIONS for word in after)
        if self.clause and after and (plain or after[0].text.startswith("ال")):
            yield self._asked.original(after)

    def with_instead(self, asked: Asked) -> str:
        """Return the previous question about something else: «… في سرت؟» for «وفي سرت؟»."""
        new, old = asked.instead, self._asked.words
        text, question = asked.original(new).strip(_ENDS), self._asked.original(old)
        same = [n for n, word in enumerate(old) if n and word.text == new[0].text and word.text in _PREPOSITIONS]
        if same:
            return f"{self._asked.original(old[: same[-1]])} {text}"
        if new[0].text in _PREPOSITIONS:
            return f"{question} {text}"
        last = [n for n, word in enumerate(old) if word.text in _PREPOSITIONS and len(old) - n in (2, 3)]
        return f"{self._asked.original(old[: last[-1] + 1])} {text}" if last else f"{question} ({text})"


def _agrees(thing: str, pronoun: str) -> bool:
    """Whether a pronoun may stand for a thing, by the ending of its first word: «الكتيبة» is feminine."""
    first = thing.split()[0].strip(_ENDS)
    counted = numeric(fold(first))
    if pronoun in ("هم", "هن", "هما"):
        return counted or first.endswith(("ون", "ين", "وا", "ات", "تي")) or "الذين" in thing
    feminine = first.endswith(("ة", "ات", "يا"))
    return feminine or counted if pronoun == "ها" else not (feminine or counted)
