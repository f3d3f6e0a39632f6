"""What the bundled reader is told of every word besides its vector: matches, kinds, punctuation, coverage.

Takes a question and a passage as typed; gives rows of small integers, one row a word, that index the model's feature
tables. Small readers gain most from such hints (FastQA, Weissenborn et al. 2017; DrQA, Chen et al. 2017). The same
code runs in training and in answering.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

import regex

from embeddings.arabic import STOP_WORDS, Word, bare, grams, stem, words
from embeddings.sounds import sound
from embeddings.translation import translations
from qa.questions import Kind, analyse
from qa.units import Vocabulary

_KINDS: Final = tuple(Kind)
_MONTHS: Final = frozenset(
    "يناير فبراير مارس ابريل مايو يونيو يونيه يوليو يوليه اغسطس سبتمبر اكتوبر نوفمبر ديسمبر كانون تشرين شباط "
    "اذار نيسان ايار حزيران تموز ايلول جانفي فيفري افريل جوان جويليه اوت محرم صفر رجب شعبان رمضان شوال "
    "january february march april may june july august september october november december السبت الاحد "
    "الاثنين الثلاثاء الاربعاء الخميس الجمعه".split()
)
_SPELT: Final = frozenset(
    "واحد اثنين اثنان ثلاث ثلاثه اربع اربعه خمس خمسه ست سته سبع سبعه ثماني ثمانيه تسع تسعه عشر عشره عشرين "
    "عشرون ثلاثين ثلاثون اربعين خمسين ستين سبعين ثمانين تسعين مائه مئه مائتي مئتي الف الاف الفي مليون مليونا "
    "ملايين مليار مليارات نصف ثلث ربع مئات one two three four five six seven eight nine ten twenty hundred "
    "thousand million billion half".split()
)
_UNITS: Final = frozenset(
    "عام عاما اعوام سنه سنوات شهر شهرا اشهر يوم يوما ايام ساعه ساعات دقيقه القرن قرن دولار يورو جنيه ريال "
    "درهم كم كيلومتر كيلومترا متر مترا كيلوغرام طن بالمئه بالمائه شخص شخصا years year months days km dollars "
    "percent people".split()
)
# Classes of words (`word_kind`) that an answer of a kind should hold one of.
_WANTED: Final = {Kind.WHEN: frozenset(range(1, 9)), Kind.HOW_MANY: frozenset((1, 2, 3, 4, 5, 7, 8))}
_OPEN, _CLOSE, _STOP, _COMMA = "([{«“\"'", ")]}»”", ".!?؟؛\n…", ",،"
_JOINED: Final = regex.compile(r"\bما(ه[ويى])\b")  # «ماهو», as many people type it
_PREFIXES: Final = ("وال", "بال", "فال", "كال", "لل", "ال", "و", "ب", "ل", "ف")

# Sizes of the feature tables, in the order of the columns that `encode` gives.
SIZES: Final = (36, 99, 24, 16, 18, 11, 16)
_QUESTION_MATCH: Final = 20  # question words use the upper part of the first table


@dataclass(frozen=True, slots=True)
class Encoded:
    """A question with one window of a passage, as the model takes it.

    Attributes:
        rows: rows of the vector table for [CLS] question [SEP] passage [SEP].
        features: one tuple a word, the columns of `SIZES`.
        first: position of the first passage word in `rows`.
        words: the passage words of the window, with their places in the passage.
        coverage: share of the question's rarity that the whole passage holds, 0 to 1.
    """

    rows: list[tuple[int, ...]]
    features: Sequence[tuple[int, ...]]
    first: int
    words: Sequence[Word]
    coverage: float


class Evidence(NamedTuple):
    """What speaks for a span besides the model's score, each 0 to 1.

    Attributes:
        sentence: how much of the question its sentence holds.
        kind: whether it is of the kind asked for; a half where no kind can be told.
        new: the share of its words that the question does not hold itself.
    """

    sentence: float = 1.0
    kind: float = 1.0
    new: float = 1.0


class Matcher:
    """Says how well passage words match the content words of one question."""

    def __init__(self, question: str, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        question = _JOINED.sub(r"ما \1", question)
        analysed = analyse(question)
        self.kind = _KINDS.index(analysed.kind)
        self.words = list(words(question))[:24]
        self.content = {word.text for word in analysed.content}
        self.weight = {word: self._rarity(word) for word in self.content}
        self._stems = {stem(word): word for word in self.content if not word[0].isdigit()}
        self._grams = {g: word for word in self.content if not word[0].isdigit() for g in grams(word)}
        latin = [word for word in self.content if word.isascii() and word.isalpha()]
        self._stems |= {stem(arabic): word for word in latin for arabic in translations(word)}
        self._sounds = {key: word for word in latin if not translations(word) and (key := sound(word))}
        self._seen: dict[str, tuple[int, str]] = {}

    def _rarity(self, word: str) -> float:
        arabic = translations(word) if word.isascii() else ()
        return self.vocabulary.idf(arabic[0] if arabic else word)

    def match(self, word: str) -> tuple[int, str]:
        """Return (level, the question's word) of a passage word.

        3 is the same word, 2 the same stem or the stem of a translation, 1 most grams in common or the sound of a
        name in another alphabet, 0 none.
        """
        found = self._seen.get(word)
        if found is None:
            found = self._seen[word] = self._match(word)
        return found

    def _match(self, word: str) -> tuple[int, str]:
        if word in self.content:
            return 3, word
        if word in STOP_WORDS or word[0].isdigit():
            return 0, ""
        if (same := self._stems.get(stem(word))) is not None:
            return 2, same
        if self._sounds and not word.isascii() and (heard := self._sounds.get(sound(bare(word)) or "")):
            return 1, heard
        pieces = grams(word)
        near = [self._grams[g] for g in pieces if g in self._grams]
        return (1, near[0]) if len(near) * 2 > len(pieces) else (0, "")


@lru_cache(maxsize=200_000)
def word_kind(word: str) -> int:
    """Return the class of a folded word: digits by length, month, spelt number, unit, Latin, stop word, other."""
    if word[0].isdigit():
        if not word.isdigit():
            return 1
        return 2 if len(word) == 4 and word[0] in "12" else min(3 + len(word) // 2, 5)
    for kind, names in ((6, _MONTHS), (7, _SPELT), (8, _UNITS), (9, STOP_WORDS)):
        if word in names:
            return kind
    return 10 if word.isascii() else 0


@lru_cache(maxsize=200_000)
def _prefix(word: str) -> int:
    return next((i for i, p in enumerate(_PREFIXES, 1) if word.startswith(p) and len(word) - len(p) >= 3), 0)


def _mark(between: str) -> tuple[int, int]:
    """Return what closes the word before `between` and what opens the word after it."""
    after = 0
    for kind, chars in ((2, _STOP), (3, _CLOSE), (1, _COMMA), (4, ":-–/")):
        if any(char in between for char in chars):
            after = kind
            break
    opened = 1 if between.rstrip()[-1:] and between.rstrip()[-1] in _OPEN else 0
    return after or (5 if opened else 0), opened + (2 if after == 2 else 0)


def marks(text: str, found: Sequence[Word]) -> list[tuple[int, int]]:
    """Return for each word (what opens before it, 0 to 3; what closes after it, 0 to 5)."""
    if not found:
        return []
    edges = [0, *(w.end for w in found)], [*(w.start for w in found), len(text)]
    between = [_mark(text[a:b]) if b > a + 1 or text[a:b].strip() else (0, 0) for a, b in zip(*edges, strict=True)]
    return [(before[1], after[0]) for before, after in pairwise(between)]


def _rarity(weight: float) -> int:
    return 0 if weight < 7 else 1 if weight < 9 else 2 if weight < 11 else 3


def _coverage(found: set[str], matcher: Matcher) -> float:
    total = sum(matcher.weight.values())
    return sum(matcher.weight[w] for w in found) / total if total else 0.0


def _sentences(closing: list[tuple[int, int]]) -> list[int]:
    """Return the number of the sentence that each word stands in."""
    numbers, current = [], 0
    for _, after in closing:
        numbers.append(current)
        current += after == 2
    return numbers


def _distances(hits: list[bool]) -> list[int]:
    """Return a bucket for the way to the nearest match: 0 none, 1 itself, then by distance before and after."""
    far = 99
    left, right = [far] * len(hits), [far] * len(hits)
    for i, hit in enumerate(hits):
        left[i] = 0 if hit else min(far, left[i - 1] + 1 if i else far)
    for i in range(len(hits) - 1, -1, -1):
        right[i] = 0 if hits[i] else min(far, right[i + 1] + 1 if i + 1 < len(hits) else far)
    return [_bucket(a, b) for a, b in zip(left, right, strict=True)]


def _bucket(left: int, right: int) -> int:
    near = min(left, right)
    if near == 0:
        return 1
    if near > 20:
        return 0
    step = next(i for i, limit in enumerate((1, 2, 3, 5, 9, 20)) if near <= limit)
    return 2 + step + (6 if right < left else 0)


class PassageFeatures:
    """The features of every word of one passage for one question; windows are cut from it."""

    def __init__(self, matcher: Matcher, text: str, found: Sequence[Word]) -> None:
        self.matcher, self.words = matcher, found
        matches = [matcher.match(word.text) for word in found]
        closing = marks(text, found)
        sentence = _sentences(closing)
        held: list[set[str]] = [set() for _ in range((sentence[-1] if sentence else 0) + 1)]
        for (level, word), number in zip(matches, sentence, strict=True):
            if level:
                held[number].add(word)
        cover = [_coverage(h, matcher) for h in held]
        best = max(cover)
        self.coverage = _coverage(set().union(*held), matcher)
        whole = min(int(self.coverage * 10), 10)
        distance = _distances([level > 0 for level, _ in matches])
        self.rows = [matcher.vocabulary.rows(word.text) for word in found]
        self.features = [
            (
                1 + (level - 1) * 4 + _rarity(matcher.weight[same]) if level else 0,
                word_kind(word.text) * 8 + matcher.kind,
                before * 6 + after,
                distance[i],
                1 + min(int(cover[number] * 8), 7) + (8 if cover[number] >= best > 0 else 0),
                whole,
                1 + _prefix(word.text),
            )
            for i, (word, (level, same), (before, after), number) in enumerate(
                zip(found, matches, closing, sentence, strict=True)
            )
        ]
        self.matched = set().union(*held)
        self.matches = matches
        self.cover = [cover[number] for number in sentence]
        self.sentence = sentence

    def evidence(self, first: int, last: int) -> "Evidence":
        """Return what speaks for the words first … last as an answer."""
        inside = range(first, last + 1)
        kinds = {word_kind(self.words[i].text) for i in inside}
        wanted = _WANTED.get(_KINDS[self.matcher.kind])
        return Evidence(
            sentence=max(self.cover[i] for i in inside),
            kind=0.5 if wanted is None else float(bool(kinds & wanted)),
            new=sum(self.matches[i][0] < 2 for i in inside) / len(inside),
        )

    def window(self, start: int, end: int) -> Encoded:
        """Return the model's input for the passage words [start, end)."""
        matcher, whole = self.matcher, min(int(self.coverage * 10), 10)
        texts = [word.text for word in matcher.words]
        question = [
            (
                _QUESTION_MATCH
                + (1 + (w in self.matched) * 4 + _rarity(matcher.weight[w]) if w in matcher.content else 0),
                88 + matcher.kind if w not in matcher.content else word_kind(w) * 8 + matcher.kind,
                0,
                0,
                0,
                whole,
                0,
            )
            for w in texts
        ]
        edge = (0, 88 + matcher.kind, 0, 0, 0, whole, 0)
        rows = [(1,), *(matcher.vocabulary.rows(w) for w in texts), (2,), *self.rows[start:end], (2,)]
        features = [edge, *question, edge, *self.features[start:end], edge]
        return Encoded(rows, features, len(texts) + 2, self.words[start:end], self.coverage)
