"""The ways in which people write one and the same question: marks, keyboards, slips, dialect, and shouting.

Takes a question and a seed; gives the question as somebody else would have typed it. Each way is a pure function of
both. Where a `Spelling` folds, the folded words stay what they were; the others change words on purpose.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import regex

from embeddings.arabic import Word, words
from qa.questions import analyse

Draw = np.random.Generator

_VOWELS: Final = ("َ", "ُ", "ِ", "ْ", "َ", "ُ", "ِ", "َّ", "ِّ")
_INVISIBLE: Final = ("\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\ufeff")
_LETTER: Final = regex.compile(r"[\u0621-\u063A\u0641-\u064A]")
_CONSONANT: Final = regex.compile(r"[\u0621\u0623-\u0626\u0628-\u063A\u0641-\u0648\u064A](?!\p{M})")
_JOINED: Final = regex.compile(r"(?<=[بتثجحخسشصضطظعغفقكلمنهيئ])(?=[\u0621-\u063A\u0641-\u064A])")
_BETWEEN: Final = regex.compile(r"(?<=\p{L})(?!\p{M})")
_LAST: Final = r"(?![\p{L}\p{M}\p{Cf}])"
_LAST_HEH: Final = regex.compile(rf"[ةه]{_LAST}")
_LAST_YEH: Final = regex.compile(rf"[يى]{_LAST}")
_ARTICLE: Final = regex.compile(r"ا\p{M}*ل\p{M}*")

_HAMZA: Final = str.maketrans("أإآؤئ", "اااوي")
_PERSIAN: Final = str.maketrans("يك", "یک")
_DIGITS: Final = str.maketrans("0123456789٠١٢٣٤٥٦٧٨٩", "٠١٢٣٤٥٦٧٨٩0123456789")
_SWAPPED: Final = str.maketrans("ةهيى", "هةىي")
_ROWS: Final = ("ضصثقفغعهخحجد", "شسيبلاتنمكط", "ئءؤرىةوزظ", "qwertyuiop", "asdfghjkl", "zxcvbnm")  # keyboards

# The question word that a speaker would use instead, where it opens the question or follows one word («إلى أين»).
_DIALECT: Final = {"متي": "إمتى", "اين": "وين", "كم": "كام", "لماذا": "ليش", "ماذا": "شو"}
_DIALECT_FIRST: Final = {"من": "مين", "ما": "شو"}


@dataclass(frozen=True, slots=True)
class Spelling:
    """One way of writing.

    Attributes:
        name: what it is called in figures.
        folds: whether the folded words are those of the question; otherwise words change.
        write: takes a question and a random generator; gives the question written that way.
    """

    name: str
    folds: bool
    write: Callable[[str, Draw], str]


def respell(question: str, spelling: Spelling, seed: int = 0) -> str:
    """Return `question` written that way, the same for the same seed; itself where there is nothing to change."""
    draw = np.random.default_rng([seed, *f"{spelling.name}\n{question}".encode("utf-8", "surrogatepass")])
    return spelling.write(question, draw)


def _vocalised(text: str, draw: Draw) -> str:
    return _CONSONANT.sub(lambda match: match.group() + _VOWELS[draw.integers(len(_VOWELS))], text)


def _without_hamza(text: str, _: Draw) -> str:
    return text.translate(_HAMZA)


def _without_lone_hamza(text: str, _: Draw) -> str:
    return text.replace("ء", "")


def _heh_for_teh(text: str, _: Draw) -> str:
    return _LAST_HEH.sub(lambda match: match.group().translate(_SWAPPED), text)


def _yeh_for_maksura(text: str, _: Draw) -> str:
    return _LAST_YEH.sub(lambda match: match.group().translate(_SWAPPED), text)


def _stretched(text: str, draw: Draw) -> str:
    return _JOINED.sub(lambda _: "ـ" * int(draw.integers(4)), text)


def _persian(text: str, _: Draw) -> str:
    return text.translate(_PERSIAN)


def _other_digits(text: str, _: Draw) -> str:
    return text.translate(_DIGITS)


def _invisible(text: str, draw: Draw) -> str:
    chosen = _BETWEEN.sub(lambda _: _INVISIBLE[draw.integers(len(_INVISIBLE))] if draw.random() < 0.5 else "", text)
    return f"\u2067{chosen}\u2069"


def _shouted(text: str, draw: Draw) -> str:
    return f"!!! {text}" + "".join("؟!"[draw.integers(2)] for _ in range(6))


def _typo(text: str, draw: Draw) -> str:
    """Slip once in one word of four letters or more, after its first letter: exchange, drop, double or miss a key."""
    places = [
        (word.start + i, text[word.start + i : word.start + i + 2])
        for word in analyse(text).content
        if word.end - word.start >= 4
        for i in range(1, word.end - word.start - 1)
        if text[word.start + i : word.start + i + 2].isalpha()
    ]
    if not places:
        return text
    at, pair = places[draw.integers(len(places))]
    here, following = pair[0], pair[1]
    slips = [following + here] if here != following else []
    slips += [following, here + here + following, *(key + following for key in _neighbours(here))]
    return text[:at] + slips[draw.integers(len(slips))] + text[at + 2 :]


def _neighbours(letter: str) -> Iterator[str]:
    for row in _ROWS:
        if (at := row.find(letter)) >= 0:
            yield from (row[i] for i in (at - 1, at + 1) if 0 <= i < len(row))


def _without_article(text: str, _: Draw) -> str:
    """Drop «ال» from every word that keeps three letters without it."""
    held = [word for word in analyse(text).content if word.text.startswith("ال") and len(word.text) >= 5]
    return _replaced(text, [(word, _ARTICLE.sub("", text[word.start : word.end], count=1)) for word in held])


def _with_article(text: str, draw: Draw) -> str:
    """Put «ال» before one word of three letters or more that has none: a noun in «ة», where there is one."""
    bare = [
        word
        for word in analyse(text).content
        if len(word.text) >= 3 and not word.text.startswith("ال") and _LETTER.match(text, word.start)
    ]
    nouns = [word for word in bare if text[word.start : word.end].endswith("ة")] or bare
    chosen = [nouns[draw.integers(len(nouns))]] if nouns else []
    return _replaced(text, [(word, "ال" + text[word.start : word.end]) for word in chosen])


def _in_dialect(text: str, _: Draw) -> str:
    """Put the question word of the dialects for that of the standard language."""
    opening = [word for word, _ in zip(words(text), range(2), strict=False)]
    for position, word in enumerate(opening):
        spoken = _DIALECT.get(word.text)
        if position == 0 and [w.text for w in opening[1:]] != ["اين"]:
            spoken = spoken or _DIALECT_FIRST.get(word.text)
        if spoken:
            return _replaced(text, [(word, spoken)])
    return text


def _replaced(text: str, changes: Sequence[tuple[Word, str]]) -> str:
    """Return `text` with each word exchanged for what stands beside it; the words are in order."""
    parts, position = [], 0
    for word, written in changes:
        parts += [text[position : word.start], written]
        position = word.end
    return "".join([*parts, text[position:]])


SPELLINGS: Final = (
    Spelling("vocalised", True, _vocalised),
    Spelling("hamza_dropped", True, _without_hamza),
    Spelling("teh_marbuta_heh", True, _heh_for_teh),
    Spelling("yeh_alef_maksura", True, _yeh_for_maksura),
    Spelling("tatweel", True, _stretched),
    Spelling("persian_keyboard", True, _persian),
    Spelling("other_digits", True, _other_digits),
    Spelling("invisible_marks", True, _invisible),
    Spelling("shouted", True, _shouted),
    Spelling("lone_hamza_dropped", False, _without_lone_hamza),
    Spelling("typo", False, _typo),
    Spelling("article_dropped", False, _without_article),
    Spelling("article_added", False, _with_article),
    Spelling("dialect", False, _in_dialect),
)
"""Every way, those that fold first."""
