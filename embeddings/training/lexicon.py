"""English questions for Arabic passages, made word by word from aligned translations.

Takes translated sentences; finds which pieces translate which (IBM model 1, Brown et al. 1993, both ways, multiplied);
gives a `Source` that turns the asked side of Arabic pairs into a bag of English pieces. A model that adds up piece
vectors sees no word order, so a bag is as good as a sentence.
"""

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.training.pairs import Ids, Pair, Source

Lexicon = dict[int, tuple[list[int], list[float]]]  # Arabic piece → English pieces and how likely each is


def learn(pairs: list[Pair], pieces: int, *, rounds: int = 6, least: float = 0.15) -> Lexicon:
    """Return translations of Arabic pieces; `pairs` are (English, Arabic, group); scores (0..1) under `least` go."""
    english, arabic, sentence = _links(pairs)
    couples, couple = np.unique(arabic.astype(np.int64) * pieces + english, return_inverse=True)
    forth = _align(couple, len(couples), sentence * pieces + english, couples // pieces, rounds)
    back = _align(couple, len(couples), sentence * pieces + arabic, couples % pieces, rounds)
    score = np.sqrt(forth * back)
    seen = np.bincount(couple, minlength=len(couples))
    lexicon: Lexicon = {}
    for place in np.flatnonzero((score >= least) & (seen >= 2)):
        targets, weights = lexicon.setdefault(int(couples[place] // pieces), ([], []))
        targets.append(int(couples[place] % pieces))
        weights.append(float(score[place]))
    return lexicon


def _links(pairs: list[Pair]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return every (English piece, Arabic piece, sentence) that stand together, as three columns."""
    english, arabic, sentence = [], [], []
    for number, (left, right, _) in enumerate(pairs):
        ours, theirs = np.unique(right[:60]), np.unique(left[:60])
        english.append(np.tile(theirs, len(ours)))
        arabic.append(np.repeat(ours, len(theirs)))
        sentence.append(np.full(len(ours) * len(theirs), number))
    return tuple(np.concatenate(column).astype(np.int64) for column in (english, arabic, sentence))  # type: ignore[return-value]


def _align(
    couple: NDArray[np.int64], couples: int, place: NDArray[np.int64], source: NDArray[np.int64], rounds: int
) -> NDArray[np.float64]:
    """Return the probability of each couple given its source piece, by expectation maximisation.

    `couple` (links,): which couple each link is; `place` (links,): the word of the sentence it explains;
    `source` (couples,): the piece that a couple translates.
    """
    place = np.unique(place, return_inverse=True)[1]
    source = np.unique(source, return_inverse=True)[1]
    chance: NDArray[np.float64] = np.ones(couples)
    for _ in range(rounds):
        share = chance[couple]
        share /= np.bincount(place, share)[place]
        summed = np.bincount(couple, share, minlength=couples)
        chance = np.divide(summed, np.bincount(source, summed)[source])
    return chance


@dataclass(frozen=True, slots=True)
class Translated:
    """Arabic pairs with the asked side as English pieces; what has no translation is left out."""

    source: Source
    lexicon: Lexicon

    def draw(self, size: int, chance: random.Random) -> list[Pair]:
        """Return up to `size` pairs whose asked side kept two pieces or more."""
        drawn = (
            (self._turn(asked, chance), passage, group) for asked, passage, group in self.source.draw(size, chance)
        )
        return [pair for pair in drawn if len(pair[0]) >= 2]

    def _turn(self, asked: Ids, chance: random.Random) -> Ids:
        found = [self.lexicon[piece] for piece in asked.tolist() if piece in self.lexicon]
        return np.array([chance.choices(*options)[0] for options in found], dtype=np.int16)


def widen(lexicon: Lexicon, words: list[str | None], teacher: Path, *, nearest: int = 3, least: float = 0.6) -> Lexicon:
    """Return `lexicon` with English words that mean nearly the same as its translations, at half their weight.

    `words` (pieces,) holds the English word of a piece, or None; `teacher` is a sentence-transformers folder, whose
    cosine (at least `least`) tells what means the same.
    """
    from sentence_transformers import SentenceTransformer

    pieces = np.array([piece for piece, word in enumerate(words) if word])
    model = SentenceTransformer(str(teacher), device="cpu", local_files_only=True)
    vectors = model.encode([str(words[piece]) for piece in pieces], normalize_embeddings=True, batch_size=256)
    place = {int(piece): row for row, piece in enumerate(pieces)}
    wide: Lexicon = {}
    for arabic, (targets, weights) in lexicon.items():
        new_targets, new_weights = list(targets), list(weights)
        for target, weight in zip(targets, weights, strict=True):
            if target in place:
                cosines = vectors @ vectors[place[target]]
                near = [row for row in np.argsort(-cosines)[1 : nearest + 1] if cosines[row] >= least]
                new_targets += [int(pieces[row]) for row in near]
                new_weights += [0.5 * weight * float(cosines[row]) for row in near]
        wide[arabic] = (new_targets, new_weights)
    return wide
