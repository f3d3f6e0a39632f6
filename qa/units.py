"""What the bundled reader sees of a word: the rows of its vector table.

A frequent word is one row (its folded form); another is the row of its stem; else the mean of its four-letter
grams; frequent English words have rows, too; numbers beyond the table go by their length. Takes folded words of
`embeddings.arabic`; gives row numbers.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from embeddings.arabic import grams, stem

# Each special unit with the English words whose place it starts from.
SPECIAL: Final = (
    ("[PAD]", "the"),
    ("[CLS]", "the"),
    ("[SEP]", "the"),
    ("[UNK]", "name"),
    ("[LATIN]", "name"),
    ("[N1]", "five"),
    ("[N2]", "thirty"),
    ("[N3]", "hundred"),
    ("[N4]", "year"),
    ("[N5]", "million"),
    ("[N.]", "percent"),
)
PAD, CLS, SEP, UNK, LATIN, _FIRST_NUMBER = range(6)
_FRACTION: Final = len(SPECIAL) - 1
_ENGLISH_RARITY: Final = (
    9.0  # between a frequent word and a name: the Arabic text that is counted tells nothing of them
)


@dataclass(frozen=True)
class Vocabulary:
    """The rows of the vector table: special units, forms, stems, grams, English words, in this order.

    Attributes:
        forms, stems, grams: folded, most frequent first.
        english: likewise, those that are not among the forms.
        rarity: for each form, the logarithm of (all words / its count) in the text it was counted in.
    """

    forms: list[str]
    stems: list[str]
    grams: list[str]
    rarity: list[float]
    english: list[str] = field(default_factory=list)
    _form: dict[str, int] = field(init=False, repr=False)
    _stem: dict[str, int] = field(init=False, repr=False)
    _gram: dict[str, int] = field(init=False, repr=False)
    _english: dict[str, int] = field(init=False, repr=False)
    _cache: dict[str, tuple[int, ...]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        first = len(SPECIAL)
        for name, words in (
            ("_form", self.forms),
            ("_stem", self.stems),
            ("_gram", self.grams),
            ("_english", self.english),
        ):
            object.__setattr__(self, name, {word: first + i for i, word in enumerate(words)})
            first += len(words)

    def __len__(self) -> int:
        return len(SPECIAL) + len(self.forms) + len(self.stems) + len(self.grams) + len(self.english)

    def rows(self, word: str) -> tuple[int, ...]:
        """Return the rows whose mean is the vector of a folded word; one at least."""
        found = self._cache.get(word)
        if found is None:
            found = self._cache[word] = self._rows(word)
        return found

    def _rows(self, word: str) -> tuple[int, ...]:
        if (row := self._form.get(word, self._english.get(word))) is not None:
            return (row,)
        if word[:1].isdigit():
            return (_FRACTION if not word.isdigit() else _FIRST_NUMBER + min(len(word), 5) - 1,)
        if (row := self._stem.get(stem(word))) is not None:
            return (row,)
        pieces = tuple(self._gram[g] for g in grams(word) if g in self._gram)
        return pieces or ((LATIN if word.isascii() else UNK),)

    def idf(self, word: str) -> float:
        """Return how rare a folded word is: about 3 for «من», 14 for a word outside the table."""
        if word in self._english:
            return _ENGLISH_RARITY
        row = self._form.get(word)
        return self.rarity[row - len(SPECIAL)] if row is not None else 14.0

    def place(self, word: str, row: int) -> None:
        """Let `word` stand for one row, also one behind the table: training adds words that are not shipped."""
        self._cache[word] = (row,)

    def save(self, path: Path) -> None:
        """Write the vocabulary as JSON."""
        names = ("forms", "stems", "grams", "rarity", "english")
        values = {name: getattr(self, name) for name in names}
        path.write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "Vocabulary":
        """Read what `save` wrote."""
        values = json.loads(path.read_text(encoding="utf-8"))
        return cls(**values)
