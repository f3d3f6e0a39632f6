"""Rows of the data folder, and the examples that the reader learns from.

An example is a question, a passage and the range of its answer in passage words, or None where the passage holds
no answer. Windows are drawn anew each time: cropped around the answer, or beside it as "no answer".
"""

import json
import lzma
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.arabic import Word, terms, words
from qa.features import Encoded, Matcher, PassageFeatures
from qa.units import Vocabulary


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of an xz-compressed JSON-lines file."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


@dataclass(frozen=True)
class Sampling:
    """How windows are drawn."""

    shortest: int = 60  # words of a cropped window
    longest: int = 120
    wrong_passage: float = 0.14  # share of answerable questions shown with a retrieved wrong passage instead
    beside: float = 0.04  # … with a part of their passage that lacks the answer


@dataclass
class Example:
    """One question on one passage; `answer` is a range of passage words, or None."""

    question: str
    passage: str
    answer: tuple[int, int] | None
    answers: list[str]
    language: str
    wrong: list[str] = field(default_factory=list)  # passages that retrieval ranks high and that lack the answer


@lru_cache(maxsize=20_000)
def passage_words(text: str) -> tuple[Word, ...]:
    """Return the words of a passage; passages are shared by several questions."""
    return tuple(words(text))


def example(row: dict[str, Any]) -> Example | None:
    """Return the row as an example; None where its answer covers no word."""
    texts = [a["text"] for a in row["answers"]]
    if not row["answers"]:
        return Example(row["question"], row["context"], None, [], row["lang"])
    answer = min(row["answers"], key=lambda a: len(a["text"]))
    start, end = answer["answer_start"], answer["answer_start"] + len(answer["text"])
    inside = [i for i, w in enumerate(passage_words(row["context"])) if w.start < end and w.end > start]
    if not inside:
        return None
    return Example(row["question"], row["context"], (inside[0], inside[-1] + 1), texts, row["lang"])


def examples(rows: Iterable[dict[str, Any]]) -> list[Example]:
    """Return the usable examples of `rows`."""
    return [e for row in rows if (e := example(row)) is not None]


def training_sets(data: Path) -> dict[str, list[Example]]:
    """Return the sets that are trained on, by name. Development sets are not among them."""
    qa = data / "qa"
    names = ("written-train", "arcd-train", "belebele-eqa")
    sets = {name: examples(read_rows(qa / f"{name}.jsonl.xz")) for name in names if (qa / f"{name}.jsonl.xz").exists()}
    if (path := qa / "tydi-other-languages.jsonl.xz").exists():
        sets["tydi-english"] = examples(row for row in read_rows(path) if row["lang"] == "en")
    return sets


def weak_rows(data: Path) -> list[dict[str, Any]]:
    """Return the weak set's rows with an answer; its "unanswerable" flags were set by a generator: not used."""
    path = data / "qa" / "aqad-weak.jsonl.xz"
    return [row for row in read_rows(path) if row["answers"]] if path.exists() else []


def development_sets(data: Path, limit: int | None = None) -> dict[str, list[Example]]:
    """Return the development sets by name, the first `limit` usable rows of each."""
    names = ("tydi-ar-dev-a", "mlqa-ar-dev", "written-dev")
    paths = {name: data / "qa" / f"{name}.jsonl.xz" for name in names}
    return {name: examples(read_rows(path))[:limit] for name, path in paths.items() if path.exists()}


def add_wrong_passages(sets: Iterable[list[Example]], depth: int = 8) -> None:
    """Give each Arabic example the passages of the pool that match its question best and lack its answer."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    asked = [e for group in sets for e in group if e.language == "ar"]
    pool = sorted({e.passage for e in asked})
    folded = [f" {' '.join(w.text for w in passage_words(p))} " for p in pool]
    vectorizer = TfidfVectorizer(analyzer=terms, sublinear_tf=True, dtype=np.float32)
    passages = vectorizer.fit_transform(pool).T.tocsc()
    for first in range(0, len(asked), 512):
        group = asked[first : first + 512]
        scores = (vectorizer.transform([e.question for e in group]) @ passages).toarray()
        for item, row in zip(group, scores, strict=True):
            texts = [f" {' '.join(w.text for w in words(a))} " for a in item.answers]
            best = np.argsort(-row)[: depth + 2]
            item.wrong = [pool[i] for i in best if pool[i] != item.passage and not any(t in folded[i] for t in texts)]


def know_english(vocabulary: Vocabulary, sets: Iterable[list[Example]]) -> list[str]:
    """Give Latin words of the examples rows behind the table, for training alone; return them in row order."""
    latin: dict[str, None] = {}
    for e in (e for group in sets for e in group):
        texts = [w.text for w in words(e.question)]
        if e.language == "en" or any(t.isascii() and t.isalpha() for t in texts):
            texts += [w.text for w in passage_words(e.passage)]
        latin.update(dict.fromkeys(t for t in texts if t.isascii() and t.isalpha()))
    known = set(vocabulary.forms)
    extra = [word for word in latin if word not in known]
    for i, word in enumerate(extra):
        vocabulary.place(word, len(vocabulary) + i)
    return extra


@dataclass
class Window:
    """What one step learns from: an encoded window and the positions of start and end in it (0: no answer)."""

    encoded: Encoded
    start: int
    end: int


class Sampler:
    """Draws windows from examples."""

    def __init__(self, vocabulary: Vocabulary, sampling: Sampling, seed: int) -> None:
        self.vocabulary, self.sampling, self.random = vocabulary, sampling, random.Random(seed)

    def draw(self, item: Example) -> Window:
        """Return a window of `item`, of a wrong passage for it, or of its passage beside the answer."""
        chance = self.random.random()
        if item.answer is not None and item.wrong and chance < self.sampling.wrong_passage:
            return self.window(item.question, self.random.choice(item.wrong), None)
        if item.answer is not None and chance > 1 - self.sampling.beside and (part := self._beside(item)):
            return part
        return self.window(item.question, item.passage, item.answer)

    def window(self, question: str, passage: str, answer: tuple[int, int] | None) -> Window:
        """Return a window of the passage that holds the whole answer (or any window where there is none)."""
        found = passage_words(passage)
        first, last = answer or (0, 0)
        length = max(last - first, self.random.randint(self.sampling.shortest, self.sampling.longest))
        length = min(len(found), length)
        low, high = max(0, last - length), min(first, len(found) - length)
        start = self.random.randint(low, max(low, high)) if answer else self.random.randint(0, len(found) - length)
        features = PassageFeatures(Matcher(question, self.vocabulary), passage, found)
        encoded = features.window(start, start + length)
        if answer is None or last > start + length:
            return Window(encoded, 0, 0)
        return Window(encoded, encoded.first + first - start, encoded.first + last - 1 - start)

    def _beside(self, item: Example) -> Window | None:
        found = passage_words(item.passage)
        first, last = item.answer or (0, 0)
        start, end = (0, first) if first > len(found) - last else (last, len(found))
        if end - start < self.sampling.shortest // 2:
            return None
        part = [w.text for w in found[start:end]]
        answer = [w.text for w in found[first:last]]
        if any(part[i : i + len(answer)] == answer for i in range(len(part))):
            return None
        return self.window(item.question, item.passage[found[start].start : found[end - 1].end], None)
