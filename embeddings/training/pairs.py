"""Training pairs for the bundled encoder: what is asked or headlined, and the passage it belongs to.

Takes the training folder and a tokenizer; gives `Source`s, each of which draws batches of pairs of piece ids.
Documents are kept as pieces and cut anew at every draw, so that hardly any pair is seen twice; windows of one
document follow each other in a batch, so that each is a hard negative for the other.
"""

import random
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from embeddings.training.corpus import rows

Ids = NDArray[np.int16]
Pair = tuple[Ids, Ids, int]  # asked, passage, group: pairs of one group are never each other's negatives

_SENTENCE_END: Final = re.compile(r"(?<=[.!?؟؛])\s+|\n+")
_LONGEST_SENTENCE: Final = 40  # words; run-on text is cut there


class Source(Protocol):
    """Something that draws pairs of one kind."""

    def draw(self, size: int, chance: random.Random) -> list[Pair]:
        """Return `size` pairs."""


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of `text`, run-on ones cut every 40 words; for training only."""
    for sentence in _SENTENCE_END.split(text):
        words = sentence.split()
        for start in range(0, len(words), _LONGEST_SENTENCE):
            yield " ".join(words[start : start + _LONGEST_SENTENCE])


def pieces(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Ids]:
    """Return the piece ids of each text, without special pieces."""
    return [np.array(e.ids, dtype=np.int16) for e in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]


@dataclass(frozen=True, slots=True)
class Questions:
    """Fixed pairs: questions and passages, translations, questions that mean the same."""

    pairs: list[Pair]

    @classmethod
    def of(cls, tokenizer: Tokenizer, texts: Iterable[tuple[str, str]]) -> "Questions":
        """Tokenize (asked, passage) texts; pairs with the same passage share a group."""
        both = [(left, right) for left, right in texts if left.strip() and right.strip()]
        lefts, rights = pieces(tokenizer, [left for left, _ in both]), pieces(tokenizer, [right for _, right in both])
        groups = {right: number for number, (_, right) in enumerate(both)}
        numbers = [groups[right] for _, right in both]
        return cls([pair for pair in zip(lefts, rights, numbers, strict=True) if len(pair[0]) and len(pair[1])])

    def draw(self, size: int, chance: random.Random) -> list[Pair]:
        """Draw without repeats; long passages give a random window of 180 pieces."""
        return [
            (left[:64], _window(right, 180, chance), group)
            for left, right, group in chance.sample(self.pairs, min(size, len(self.pairs)))
        ]


@dataclass(frozen=True, slots=True)
class Body:
    """One document: its pieces in a row, and where each of its sentences ends in them."""

    ids: Ids
    ends: list[int]


@dataclass(frozen=True, slots=True)
class Documents:
    """Documents as pieces; draws their titles, sentences or Latin names, each with its passage."""

    titles: list[Ids]
    bodies: list[Body]
    kind: str  # "title", "sentence" or "latin"
    latin: NDArray[np.bool_]  # (pieces,) True where a piece is written in Latin letters

    def draw(self, size: int, chance: random.Random) -> list[Pair]:
        """Draw windows of about 100 words from random documents, up to four that follow each other in one."""
        found: list[Pair] = []
        while len(found) < size:
            number = chance.randrange(len(self.bodies))
            for first, last in self._windows(self.bodies[number].ends, chance):
                if (pair := self._pair(number, first, last, chance)) is not None:
                    found.append((*pair, number if self.kind == "title" else len(found)))
        return found[:size]

    def _windows(self, ends: list[int], chance: random.Random) -> Iterator[tuple[int, int]]:
        """Yield up to four ranges of sentences of 60–180 pieces that follow each other (one when titles are asked)."""
        first = 0 if chance.random() < 0.3 else chance.randrange(len(ends))
        for _ in range(1 if self.kind == "title" else 4):
            if first >= len(ends):
                return
            begin = ends[first - 1] if first else 0
            last = max(first + 1, bisect_right(ends, begin + chance.randint(60, 180)))
            yield first, last
            first = last

    def _pair(self, number: int, first: int, last: int, chance: random.Random) -> tuple[Ids, Ids] | None:
        body = self.bodies[number]
        begin, end = body.ends[first - 1] if first else 0, body.ends[last - 1]
        if self.kind == "title":
            title = self.titles[number]
            return (title, body.ids[begin:end][:200]) if len(title) >= 2 else None
        if self.kind == "latin":
            return self._latin_pair(body.ids[begin:end][:200])
        asked = chance.randrange(first, last)
        left, right = body.ends[asked - 1] if asked else 0, body.ends[asked]
        if right - left < 6 or end - begin == right - left:
            return None
        # Lee et al. 2019 (inverse cloze task): now and then the passage keeps the sentence, so that words count too.
        kept = chance.random() < 0.2
        passage = body.ids[begin:end] if kept else np.concatenate([body.ids[begin:left], body.ids[right:end]])
        sentence = body.ids[left:right][:48]
        if chance.random() < 0.6:  # as long as a question
            sentence = _window(sentence, chance.randint(5, 14), chance)
        return sentence, passage[:200]

    def _latin_pair(self, passage: Ids) -> tuple[Ids, Ids] | None:
        """Return the names that an Arabic passage gives in Latin letters, and the passage without them."""
        latin = self.latin[passage]
        arabic = passage[~latin]
        return (passage[latin][:24], arabic) if latin.sum() >= 2 and len(arabic) > 3 * latin.sum() else None


def _window(ids: Ids, length: int, chance: random.Random) -> Ids:
    start = chance.randint(0, max(0, len(ids) - length))
    return ids[start : start + length]


def documents(data: Path, name: str, tokenizer: Tokenizer, *, share: float) -> tuple[list[Ids], list[Body]]:
    """Return titles and bodies of a share of `text/name` as pieces; bodies of fewer than two sentences are left out."""
    chosen = random.Random(f"documents {name}")
    titles: list[str] = []
    bodies: list[Body] = []
    for row in rows(data, f"text/{name}"):
        if chosen.random() >= share:
            continue
        found = [ids for ids in pieces(tokenizer, list(sentences(row["text"]))) if len(ids)]
        if len(found) >= 2:
            titles.append(row.get("title") or "")
            bodies.append(Body(np.concatenate(found), np.cumsum([len(ids) for ids in found]).tolist()))
    return pieces(tokenizer, titles), bodies


def questions(data: Path, tokenizer: Tokenizer) -> dict[str, Source]:
    """Return the fixed pairs by name. Belebele stays out: it measures English questions on Arabic passages."""

    def read(name: str, languages: tuple[str, ...] = ("ar",)) -> Questions:
        chosen = (row for row in rows(data, f"qa/{name}") if row["lang"] in languages)
        return Questions.of(tokenizer, ((row["question"], row["context"]) for row in chosen))

    same = ((r["text1"], r["text2"]) for r in rows(data, "qa/mawdoo3-question-pairs") if r.get("label") == 1)
    return {
        "written": read("written-train"),
        "arcd": read("arcd-train"),
        "aqad": read("aqad-weak"),
        "tydi-en": read("tydi-other-languages", ("en",)),
        "same": Questions.of(tokenizer, same),
        "parallel": Questions.of(tokenizer, ((r["en"], r["ar"]) for r in rows(data, "parallel/ar-en"))),
    }


def texts(data: Path, tokenizer: Tokenizer, shares: dict[str, float]) -> dict[str, Source]:
    """Return sources "news/title", "news/sentence", ... for each text in `shares` (share of documents, 0..1)."""
    found: dict[str, Source] = {}
    latin = np.array(
        [bool(re.search("[a-z]", tokenizer.id_to_token(i) or "")) for i in range(tokenizer.get_vocab_size())]
    )
    for name, share in shares.items():
        titles, bodies = documents(data, name, tokenizer, share=share)
        kinds = ["sentence"] + ["title"] * any(len(title) for title in titles) + ["latin"] * (name in ("wiki", "docs"))
        found |= {f"{name}/{kind}": Documents(titles, bodies, kind, latin) for kind in kinds}
    return found
