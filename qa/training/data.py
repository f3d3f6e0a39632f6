"""Rows of the data folder, and the examples that the reader learns from.

An example is a question, a passage and the range of its answer in passage words, or None where the passage holds
no answer. Windows are drawn anew each time: cropped around the answer, or beside it as "no answer".
"""

import hashlib
import json
import lzma
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from embeddings.arabic import Word, terms, words
from embeddings.passages import cut
from qa.features import Encoded, Matcher, PassageFeatures
from qa.units import Vocabulary

# Written for this project on passages of `text/`: a line a passage, {"file", "row", "start", "end", "sha256",
# "questions": [[question, start and end of the answer in the passage, or neither], ...]}.
OWN: Final = Path(__file__).parent / "questions.jsonl"
OWN_DEVELOPMENT: Final = Path(__file__).parent / "questions-dev.jsonl"  # other passages; for calibration alone
_BESIDE: Final = 4  # Passages before one that is asked about, and after it.
_LOST_WORDS: Final = 5  # of an answer that is taken out: without more words the sentence breaks


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
    wrong_passage: float = 0.2  # share of answerable questions shown with a retrieved wrong passage instead
    beside: float = 0.04  # … with a part of their passage that lacks the answer
    lost: float = 0.05  # … with their passage after the answer was taken out of it, as texts lose figures


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


def training_sets(data: Path, own: Path = OWN) -> dict[str, list[Example]]:
    """Return the sets that are trained on, by name. Development sets are not among them."""
    qa = data / "qa"
    names = ("written-train", "arcd-train", "belebele-eqa")
    sets = {name: examples(read_rows(qa / f"{name}.jsonl.xz")) for name in names if (qa / f"{name}.jsonl.xz").exists()}
    if (path := qa / "tydi-other-languages.jsonl.xz").exists():
        sets["tydi-english"] = examples(row for row in read_rows(path) if row["lang"] == "en")
    if mine := examples(own_rows(data, own)):
        sets["own"] = mine
    return sets


def own_rows(data: Path, own: Path = OWN) -> Iterator[dict[str, Any]]:
    """Yield the questions of the file `own` on the passages of `data` that they were written for, as reading rows.

    Raises:
        ValueError: a passage is not the text that the questions were written for.
    """
    for entry, text in _asked(data, own):
        context = text[entry["start"] : entry["end"]]
        if hashlib.sha256(context.encode()).hexdigest()[:16] != entry["sha256"]:
            raise ValueError(f"row {entry['row']} of text/{entry['file']} is not the text that {own.name} asks about")
        for question, *place in entry["questions"]:
            answers = [{"text": context[slice(*place)], "answer_start": place[0]}] if place else []
            yield {"question": question, "context": context, "answers": answers, "lang": "ar"}


def passages_beside(data: Path, own: Path = OWN) -> list[str]:
    """Return the passages before and after those that the questions of `own` ask about, of the same articles."""
    found = []
    for entry, text in _asked(data, own):
        ranges = cut(text)
        asked = [n for n, (start, end) in enumerate(ranges) if start < entry["end"] and end > entry["start"]]
        first, last = (asked[0], asked[-1]) if asked else (0, 0)
        near = [*ranges[max(0, first - _BESIDE) : first], *ranges[last + 1 : last + 1 + _BESIDE]]
        found += [text[start:end] for start, end in near]
    return found


def _asked(data: Path, own: Path) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the entries of the file `own` whose article is at hand, each with its text."""
    by_file: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in own.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        by_file[entry["file"]].append(entry)
    for name, entries in by_file.items():
        if not (path := data / "text" / f"{name}.jsonl.xz").exists():
            continue
        wanted = {entry["row"] for entry in entries}
        texts = {i: row["text"] for i, row in enumerate(read_rows(path)) if i in wanted}
        yield from ((entry, texts.get(entry["row"], "")) for entry in entries)


def weak_rows(data: Path) -> list[dict[str, Any]]:
    """Return the weak set's rows with an answer; its "unanswerable" flags were set by a generator: not used."""
    path = data / "qa" / "aqad-weak.jsonl.xz"
    return [row for row in read_rows(path) if row["answers"]] if path.exists() else []


def development_sets(data: Path, limit: int | None = None) -> dict[str, list[Example]]:
    """Return the development sets by name, the first `limit` usable rows of each."""
    names = ("tydi-ar-dev-a", "mlqa-ar-dev", "written-dev")
    paths = {name: data / "qa" / f"{name}.jsonl.xz" for name in names}
    return {name: examples(read_rows(path))[:limit] for name, path in paths.items() if path.exists()}


def add_wrong_passages(sets: Iterable[list[Example]], beside: Iterable[str] = (), depth: int = 8) -> None:
    """Give each Arabic example the passages that match its question best and lack its answer.

    They come from all examples and from `beside`: where one article answers, its others are what search finds, too.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    asked = [e for group in sets for e in group if e.language == "ar"]
    pool = sorted({e.passage for e in asked} | set(beside))
    folded = [f" {' '.join(w.text for w in passage_words(p))} " for p in pool]
    vectorizer = TfidfVectorizer(analyzer=terms, sublinear_tf=True, dtype=np.float32)
    passages = vectorizer.fit_transform(pool).T.tocsc()
    for first in range(0, len(asked), 512):
        group = asked[first : first + 512]
        scores = (vectorizer.transform([e.question for e in group]) @ passages).toarray()
        for item, row in zip(group, scores, strict=True):
            texts = [f" {' '.join(w.text for w in words(a))} " for a in item.answers]
            best = np.argpartition(-row, min(depth + 2, len(row) - 1))[: depth + 2]
            item.wrong = [pool[i] for i in best if pool[i] != item.passage and not any(t in folded[i] for t in texts)]


def know_english(vocabulary: Vocabulary, sets: Iterable[list[Example]]) -> list[str]:
    """Give words of English passages and their questions rows behind the table, for training; return them in order.

    Not those of English questions on Arabic passages: these must be read with the rows that are shipped.
    """
    english = [e for group in sets for e in group if e.language == "en"]
    found = (w.text for e in english for w in (*words(e.question), *passage_words(e.passage)))
    latin = dict.fromkeys(text for text in found if text.isascii() and text.isalpha())
    known = {*vocabulary.forms, *vocabulary.english}
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
        lost = item.answer is not None and chance > 1 - self.sampling.beside - self.sampling.lost
        if lost and (left := self._without_answer(item)):
            return self.window(item.question, left, None)
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

    def _without_answer(self, item: Example) -> str | None:
        """Return the passage without the answer's words; None where they are many or stand elsewhere, too."""
        found = passage_words(item.passage)
        first, last = item.answer or (0, 0)
        answer = f" {' '.join(w.text for w in found[first:last])} "
        left = item.passage[: found[first].start] + item.passage[found[last - 1].end :]
        if last - first > _LOST_WORDS or answer in f" {' '.join(w.text for w in words(left))} ":
            return None
        return left

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
