"""Stage 3: questions made from running text: the first lessons in reading, before any question that a person wrote.

    python -m qa.training.made --data DIR --out OUT [--count 24000]

Takes `text/news`, `text/wiki` and stage 1; gives OUT/made.jsonl. Two kinds: a number, a date or a name is taken out
of its sentence and a question word of its kind is put before what is left (cloze); a name that two passages of one
article hold is asked with the words around it in one and found in the other (recurring spans, the idea of Splinter,
Ram et al. 2021). Words are shuffled in runs, dropped, and exchanged for neighbours in the word space: copying teaches
little. The other passages of the article that lack the answer stand by as wrong ones.
"""

import argparse
import itertools
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from embeddings.arabic import STOP_WORDS, Word, words
from embeddings.passages import cut
from qa.features import marks
from qa.quantities import amounts, dates
from qa.training.data import Example, read_rows
from qa.units import SPECIAL, Vocabulary

SOURCES: Final = ("news", "wiki")
PASSAGE_WORDS: Final = 120
LONGEST_ARTICLE: Final = 12_000  # code points; the rest of a longer one is left out
PER_PASSAGE: Final = 2
AROUND: Final = 14  # words on either side of the answer that a question is made of
RARE: Final = 8.5  # idf from which a word may belong to a name: about one in 5,000 words
DROP, DROP_STOP_WORD, EXCHANGE = 0.3, 0.55, 0.25  # chance of a word of the question
RECURRING: Final = 0.5  # of the names that another passage holds too are asked there
NEIGHBOURS, NEAR = 5, 0.5  # words that may stand for another, and how near (cosine) they must be
EXCHANGED_FORMS: Final = 15_000  # the most frequent: vectors of rarer ones are poor

_PERSON: Final = frozenset(
    "الرييس رييس وزير الوزير الملك ملك السيد الامير الشيخ الدكتور المتحدث الناطق قايد القايد اللواء العميد النايب "
    "الممثل الفنان المطرب الكاتب الشاعر المخرج اللاعب المدرب قال اعلن اكد اضاف صرح اوضح واضاف وقال واكد واوضح".split()
)
_PLACE: Final = frozenset("في مدينه محافظه قريه بلده الي منطقه ولايه دوله جزيره عاصمه العاصمه مطار ميناء".split())
_ASK: Final = {
    "date": ("متى", "متى", "في أي عام", "في أي يوم", "منذ متى", "ما تاريخ"),
    "amount": ("كم", "كم", "كم عدد", "كم بلغ", "ما عدد"),
    "person": ("من", "من", "من هو", "من الذي", "ما اسم"),
    "place": ("أين", "أين", "في أي مدينة", "في أي بلد", "إلى أين"),
    "name": ("ما", "من", "أي", "ما اسم", "ماذا", "ما هو", "بماذا"),
}


@dataclass(frozen=True)
class Target:
    """What can be asked for: the words [first, end) of a passage, and their kind."""

    first: int
    end: int
    kind: str


class Neighbours:
    """Words that stand near another in the word space and may be written for it."""

    def __init__(self, vocabulary: Vocabulary, vectors: NDArray[np.float32]) -> None:
        self._forms = vocabulary.forms[:EXCHANGED_FORMS]
        rows = vectors[len(SPECIAL) : len(SPECIAL) + len(self._forms)]
        rows = rows - rows.mean(axis=0)
        self._unit = rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-8)
        self._row = {form: i for i, form in enumerate(self._forms)}
        self._known: dict[str, list[str]] = {}

    def of(self, word: str) -> list[str]:
        """Return the folded words that may stand for the folded `word`, nearest first; none for a rare one."""
        row = self._row.get(word)
        if row is None or word in STOP_WORDS or word[0].isdigit():
            return []
        if word not in self._known:
            near = self._unit @ self._unit[row]
            best = np.argpartition(-near, NEIGHBOURS + 1)[: NEIGHBOURS + 1]
            kept = sorted((i for i in best if i != row and near[i] > NEAR), key=lambda i: -near[i])
            self._known[word] = [self._forms[i] for i in kept]
        return self._known[word]


class Maker:
    """Makes questions of articles."""

    def __init__(self, vocabulary: Vocabulary, neighbours: Neighbours, seed: int) -> None:
        self._vocabulary, self._neighbours, self._random = vocabulary, neighbours, random.Random(seed)

    def of_article(self, text: str) -> Iterator[Example]:
        """Yield examples on the passages of one article."""
        passages = [text[start:end] for start, end in cut(text, max_words=PASSAGE_WORDS)]
        found = [list(words(p)) for p in passages]
        lines = [f" {' '.join(w.text for w in ws)} " for ws in found]
        for i, passage in enumerate(passages):
            if len(found[i]) < 30:
                continue
            targets = self._targets(passage, found[i], lines[:i] + lines[i + 1 :])
            for target in self._random.sample(targets, min(PER_PASSAGE, len(targets))):
                if made := self._example(i, target, passages, found, lines):
                    yield made

    def _targets(self, passage: str, found: list[Word], others: list[str]) -> list[Target]:
        targets = [_words_of(span, found, "date") for span in dates(passage)]
        taken = {i for t in targets for i in range(t.first, t.end)}
        targets += [t for span in amounts(passage) if (t := _words_of(span, found, "amount")).first not in taken]
        return [t for t in targets if t.end - t.first <= 8] + self._names(passage, found, others)

    def _names(self, passage: str, found: list[Word], others: list[str]) -> list[Target]:
        """Return runs of up to three rare words: those that other passages hold, else those a title precedes."""
        closing = marks(passage, found)
        rare = [
            w.text not in STOP_WORDS and not w.text[0].isdigit() and self._vocabulary.idf(w.text) > RARE for w in found
        ]
        targets = []
        for first in range(1, len(found)):
            if not rare[first] or (rare[first - 1] and not closing[first - 1][1]):
                continue
            end = first + 1
            while end < len(found) and end - first < 3 and rare[end] and not closing[end - 1][1]:
                end += 1
            before = found[first - 1].text
            kind = "person" if before in _PERSON else "place" if before in _PLACE else "name"
            end = first + 1 if kind == "place" else end  # «في عمّان عاصمة»: seldom more than one word
            name = f" {' '.join(w.text for w in found[first:end])} "
            if kind != "name" or any(name in line for line in others):
                targets.append(Target(first, end, kind))
        return targets

    def _example(
        self, i: int, target: Target, passages: list[str], found: list[list[Word]], lines: list[str]
    ) -> Example | None:
        question = self._question(target, found[i], passages[i])
        if question is None:
            return None
        answer = f" {' '.join(w.text for w in found[i][target.first : target.end])} "
        holding = [j for j, line in enumerate(lines) if j != i and answer in line]
        place, span = i, (target.first, target.end)
        if target.kind in ("name", "person", "place") and holding and self._random.random() < RECURRING:
            place = self._random.choice(holding)
            first = len(lines[place][: lines[place].index(answer)].split())
            span = (first, first + target.end - target.first)
        wrong = [p for j, p in enumerate(passages) if j != i and j not in holding and len(found[j]) >= 30]
        return Example(question, passages[place], span, [answer.strip()], "ar", wrong[:4])

    def _question(self, target: Target, found: list[Word], passage: str) -> str | None:
        """Return a question for the target made of the words around it; None where too few are left."""
        closing = marks(passage, found)
        first, end = target.first, target.end
        while first > max(0, target.first - AROUND) and closing[first - 1][1] != 2:
            first -= 1
        while end < min(len(found), target.end + AROUND) and closing[end - 1][1] != 2:
            end += 1
        before = self._changed(found[first : target.first], passage)
        after = self._changed(found[target.end : end], passage)
        if len(before) + len(after) < 3:
            return None
        asked = self._random.choice(_ASK[target.kind])
        if target.kind == "amount" and (unit := found[target.end - 1]).text.isalpha():
            asked += " " + passage[unit.start : unit.end]
        order = self._random.random()
        if order < 0.4:
            parts = [asked, *after, *before]
        elif order < 0.7:
            parts = [asked, *before, *after]
        elif order < 0.8:
            parts = [*before, asked, *after]
        else:
            parts = [asked, *self._random.sample(rest := before + after, len(rest))]
        return " ".join(parts[:18]) + self._random.choice(("؟", "؟", ""))

    def _changed(self, found: list[Word], passage: str) -> list[str]:
        kept = []
        for word in found:
            if self._random.random() < (DROP_STOP_WORD if word.text in STOP_WORDS else DROP):
                continue
            near = self._neighbours.of(word.text) if self._random.random() < EXCHANGE else []
            kept.append(self._random.choice(near) if near else passage[word.start : word.end])
        return kept


def _words_of(span: tuple[int, int], found: list[Word], kind: str) -> Target:
    inside = [i for i, w in enumerate(found) if w.start < span[1] and span[0] < w.end]
    return Target(inside[0], inside[-1] + 1, kind)


def made_examples(
    data: Path, vocabulary: Vocabulary, vectors: NDArray[np.float32], count: int, seed: int = 0
) -> list[Example]:
    """Return `count` examples (fewer where the text is at an end), the same number from each of SOURCES."""
    maker = Maker(vocabulary, Neighbours(vocabulary, vectors), seed)
    paths = [path for name in SOURCES if (path := data / "text" / f"{name}.jsonl.xz").exists()]
    chance = random.Random(seed)
    found: list[Example] = []
    for path in paths:
        texts = [row["text"][:LONGEST_ARTICLE] for row in read_rows(path)]
        chance.shuffle(texts)
        made = itertools.chain.from_iterable(map(maker.of_article, texts))
        found += itertools.islice(made, count // len(paths))
    chance.shuffle(found)
    return found


def load_made(path: Path) -> list[Example]:
    """Read what `main` wrote."""
    with path.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [Example(**row | {"answer": tuple(row["answer"])}) for row in rows]


def main(argv: Sequence[str] | None = None) -> None:
    """Run the stage from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=24_000)
    args = parser.parse_args(argv)
    vocabulary = Vocabulary.load(args.out / "vocabulary.json")
    found = made_examples(args.data, vocabulary, np.load(args.out / "vectors.npy"), args.count)
    lines = [json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in found]
    (args.out / "made.jsonl").write_text("".join(lines), encoding="utf-8")
    print(f"{len(found)} questions made")


if __name__ == "__main__":
    main()
