"""Arabic analysis: folding, words with their place in the original, and index terms.

Text comes in as people write it and goes out as `Word`s, each with the half-open range of code points it
occupies in the original. Documents and questions pass through the same functions, so the two sides can never
drift apart. Folded text is for searching; what a reader sees is always `text[word.start:word.end]`.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

import regex
from tokenizers import Regex, normalizers

from embeddings.sounds import sound

FOLDING_VERSION: Final = 1
"""Raised whenever the terms or folded forms of any text change; an index remembers the one it was made with."""

# Letters that Persian, Urdu and dialect spellings put where Arabic has its own; digits of both Arabic scripts.
_LETTERS: Final = {
    "ی": "ي",
    "ى": "ي",
    "ې": "ي",
    "ے": "ي",
    "ک": "ك",
    "ڪ": "ك",
    "گ": "ك",
    "ة": "ه",
    "ۀ": "ه",
    "ہ": "ه",
    "ھ": "ه",
    "ە": "ه",
    "ۃ": "ه",
    "ٱ": "ا",
    "ڤ": "ف",
    "پ": "ب",
    "چ": "ج",
    "ژ": "ز",
    "٫": ".",
    "٬": ",",
    "٪": "%",
    "ـ": "",
} | {chr(base + digit): str(digit) for base in (0x0660, 0x06F0) for digit in range(10)}

# Marks written above or below letters, and characters that only steer layout (bidi, joiners, soft hyphen, BOM).
_INVISIBLE: Final = r"\p{Mn}|\p{Me}|\p{Cf}"

NORMALIZER: Final = normalizers.Sequence(
    [
        # NFKD opens ligatures and presentation forms, and parts hamza and madda from their carriers, so that
        # dropping the marks also makes أ إ آ one letter, ؤ a waw and ئ a ya.
        normalizers.NFKD(),
        normalizers.Replace(Regex(_INVISIBLE), ""),
        *(normalizers.Replace(letter, folded) for letter, folded in _LETTERS.items()),
        normalizers.Lowercase(),
    ]
)
"""The folding itself, in the form that tokenizer files store: models and terms fold by the same definition."""

# The usual characters fold each by itself, whatever stands beside them: Arabic letters and marks, ASCII, digits.
_USUAL: Final = {
    code: NORMALIZER.normalize_str(chr(code))
    for codes in (range(0x20, 0x7F), range(0x621, 0x653), range(0x660, 0x66A))
    for code in codes
}
_ALL_USUAL: Final = regex.compile(r"[ -~\u0621-\u0652\u0660-\u0669]*")

_SETTLED: Final = regex.compile(r"[\u0621-\u064Aa-z0-9]*")  # letters that folding leaves as they are

# A number keeps its separators («1,500», «٣٫٥»); a word keeps its marks, tatweel and joiners, but does not end in an
# invisible character; digits part from letters.
_DIGIT: Final = r"\p{Nd}(?:[\p{M}\p{Cf}]*\p{M})?"
_WORD: Final = regex.compile(
    rf"{_DIGIT}(?:\p{{Cf}}*[.,٫٬]?\p{{Cf}}*{_DIGIT})*"
    r"|\p{L}(?:[\p{L}\p{M}\p{Cf}]*[\p{L}\p{M}])?"
)
_THOUSANDS: Final = regex.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")

# Words that stand in nearly every sentence and question. Folded forms.
STOP_WORDS: Final = frozenset(
    "من في علي الي عن مع ان انه انها ما لا لم لن هل هو هي هم كان كانت يكون تكون قد لقد ثم او ام بل "
    "اذا اذ كل بعض هذا هذه ذلك تلك التي الذي الذين اللذين اي ايه كما حيث بين كم متي اين كيف لماذا ماذا منذ حتي "
    "عند لدي غير ليس وهو وهي "
    "the a an of in on to and is are was were be by for with as at it this that "
    "what who which when where how why did does do".split()
)

# Light10 (Larkey, Ballesteros & Connell 2007), longest first, over folded letters.
_PREFIXES: Final = ("بال", "كال", "فال", "لل", "ال")
_SUFFIXES: Final = ("ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي")
_GRAM: Final = 4  # Letters: on the development pools 5 find less, and 3 gain nothing among the first ten.


class Word(NamedTuple):
    """A folded word and the half-open range of code points it comes from."""

    text: str
    start: int
    end: int


def fold(text: str) -> str:
    """Return `text` in the one spelling used for searching: no marks, one form a letter, ASCII digits, lower case.

    Folding is idempotent, and `fold("أَحْمَـد") == fold("احمد")`.
    """
    if _ALL_USUAL.fullmatch(text):
        return text.translate(_USUAL)
    folded = NORMALIZER.normalize_str(text)
    while (
        not _SETTLED.fullmatch(folded) and (again := NORMALIZER.normalize_str(folded)) != folded
    ):  # rarely a second round: lower case can make marks
        folded = again
    return folded


def words(text: str) -> Iterator[Word]:
    """Yield the words and numbers of `text` in order, folded, with exact ranges.

    A range covers the marks that belong to its word. One character that stands for several words («ﷺ») yields
    several words with the same range. Thousands separators are dropped: «١٬٥٠٠», «1,500» and «1500» are one number.
    """
    for match in _WORD.finditer(text):
        start, end = match.span()
        for part in _parts(match.group()):
            yield Word(part, start, end)


@lru_cache(maxsize=200_000)
def _parts(token: str) -> tuple[str, ...]:
    """Return the folded words that one token of a text stands for; nearly always one."""
    folded = fold(token)
    return tuple((_number(folded) if folded[:1].isdigit() else folded).split())


def _number(folded: str) -> str:
    """Return one notation of a number: no thousands separators, a full stop before decimals («3,5» is 3.5)."""
    return folded.replace(",", "" if _THOUSANDS.fullmatch(folded) else ".")


def bare(word: str) -> str:
    """Return a folded word without leading «و» and article; at least two letters stay."""
    if word.startswith("و") and len(word) >= 4:
        word = word[1:]
    for prefix in _PREFIXES:
        if word.startswith(prefix) and len(word) - len(prefix) >= 2:
            return word[len(prefix) :]
    return word


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Return the light stem of a folded word: without leading «و», article and endings; at least two letters stay.

    Method: light10, Larkey, Ballesteros & Connell, "Light stemming for Arabic information retrieval" (2007).
    """
    word = bare(word)
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 2:
            word = word[: -len(suffix)]
    return word


def grams(word: str) -> tuple[str, ...]:
    """Return the overlapping four-letter pieces of a folded word, or the whole word where it is shorter."""
    return tuple(word[i : i + _GRAM] for i in range(max(1, len(word) - _GRAM + 1)))


def word_terms(word: str) -> tuple[str, ...]:
    """Return what the lexical index keeps of a folded word: stem, grams («#»), consonants («~»); none of a stop word.

    The grams see where the word begins («^») and ends («$»).
    """
    if word in STOP_WORDS:
        return ()
    # With both ends marked R@1 / R@10 rise from .410 / .617 to .427 / .640 on MLQA-ar dev and from .692 / .871 to
    # .696 / .884 on TyDi-ar dev-a (pool of 45 thousand passages); the index grows by half.
    kept = (stem(word), *("#" + gram for gram in grams(f"^{word}$")))
    spoken = sound(bare(word))
    return kept if spoken is None else (*kept, "~" + spoken)


def terms(text: str) -> list[str]:
    """Return the index terms of a passage, in order, with repeats."""
    return [term for token in _WORD.findall(text) for term in _token_terms(token)]


def question_terms(text: str) -> list[str]:
    """Return the terms to search for: those of a passage, but consonants only for words of another alphabet.

    Letters find Arabic words better than consonants: asking for both costs a point of recall@1 on TyDi-ar dev-a.
    """
    return [t for word in words(text) for t in word_terms(word.text) if t[0] != "~" or word.text.isascii()]


@lru_cache(maxsize=200_000)
def _token_terms(token: str) -> tuple[str, ...]:
    return tuple(term for word in _parts(token) for term in word_terms(word))
