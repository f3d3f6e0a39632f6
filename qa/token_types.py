"""What an extractive transformer is told of each passage word by its token type: how it meets the question.

Takes a question and a passage; gives one small integer a piece of the passage. Such hints help a small reader most
(FastQA, Weissenborn et al. 2017), and token types are the one place where the standard classes take them. A model
whose configuration says `"token_types": "question-match-1"` was trained with these; type 0 is the question, and a
passage word of which nothing is known has type 1, as the tokenizer gives it.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from embeddings.arabic import Word, words
from embeddings.passages import sentences
from embeddings.rarity import rarity
from qa.features import Matcher, word_kind
from qa.questions import Kind, analyse
from qa.units import Vocabulary

NAME: Final = "question-match-1"
"""What a configuration says; raised with every change of the types."""

# Added up: 1, the level of the word's match (0 to 3, see `Matcher.match`), and these.
_NOTHING, _BEST_SENTENCE, _KIND = 1, 4, 8
_WANTED: Final = {Kind.WHEN: frozenset(range(1, 9)), Kind.HOW_MANY: frozenset((1, 2, 3, 4, 5, 7, 8))}


class QuestionTypes:
    """The token types of passages for one question."""

    def __init__(self, question: str) -> None:
        self._matcher = Matcher(question, Vocabulary([], [], [], []))  # a piece brings its own row
        self._wanted: frozenset[int] = _WANTED.get(analyse(question).kind, frozenset())

    def of(self, passage: str) -> Iterator[tuple[Word, int]]:
        """Yield each word of the passage with its type."""
        found = list(words(passage))
        matches = [self._matcher.match(word.text) for word in found]
        start, end = _best_sentence(passage, found, matches)
        for word, (level, _) in zip(found, matches, strict=True):
            in_best, fits = start <= word.start < end, word_kind(word.text) in self._wanted
            yield word, _NOTHING + level + _BEST_SENTENCE * in_best + _KIND * fits

    def of_pieces(self, passage: str, offsets: Sequence[tuple[int, int]]) -> list[int]:
        """Return the type of each piece, given its place in the passage: that of the word it stands in."""
        typed = self.of(passage)
        current = next(typed, None)
        types = []
        for start, _ in offsets:
            while current is not None and current[0].end <= start:
                current = next(typed, None)
            types.append(current[1] if current is not None and current[0].start <= start else _NOTHING)
        return types


def _best_sentence(passage: str, found: Sequence[Word], matches: Sequence[tuple[int, str]]) -> tuple[int, int]:
    """Return the range of the sentence that holds most of the question, by rarity; (0, 0) where none holds any."""
    places = sentences(passage)
    held: list[set[str]] = [set() for _ in places]
    number = 0
    for word, (level, same) in zip(found, matches, strict=True):
        while number + 1 < len(places) and places[number][1] <= word.start:
            number += 1
        if level:
            held[number].add(same)
    weights = [sum(rarity(word) for word in some) for some in held]
    return places[weights.index(max(weights))] if any(weights) else (0, 0)
