"""Passage retrieval on the development sets: how often the right paragraph comes first, or among the first ten.

Takes `--data` (the training folder); puts the paragraphs of MLQA-ar dev, TyDi-ar dev-a and Belebele among 44
thousand passages of the encyclopaedia and the news, asks every question, prints a table and writes it as JSON. Run:

    python -m tests.benchmarks.retrieval --data DIR [--out FILE]
"""

import argparse
import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import regex
import tantivy

from embeddings import arabic
from embeddings.encoder import Encoder, load_encoder
from embeddings.passages import cut
from embeddings.training.corpus import rows
from embeddings.translation import translated_terms

Ranked = list[tuple[int, float]]  # (passage, score), best first
FILL = 22_000  # passages of the encyclopaedia, and as many of the news
DEPTH = 200  # candidates each side hands to the fusion
WEIGHTS = (0.2, 0.35, 0.5, 0.8, 2.0)


@dataclass(frozen=True)
class Pool:
    """All passages, and the questions of each set with the number of their passage."""

    passages: list[str]
    sets: dict[str, list[tuple[str, int]]]


def filling(data: Path, name: str) -> Iterator[str]:
    """Yield passages of documents of `text/name` drawn by a fixed seed, the number the pool wants."""
    documents = list(rows(data, f"text/{name}"))
    random.Random(11).shuffle(documents)
    passages = (row["text"][start:end] for row in documents for start, end in cut(row["text"]))
    yield from (passage for passage, _ in zip(passages, range(FILL), strict=False))


def load_pool(data: Path) -> Pool:
    """Return gold paragraphs first, whole, each once; then the filling."""
    passages: dict[str, int] = {}
    sets: dict[str, list[tuple[str, int]]] = {}
    for name, file, split in (
        ("mlqa-ar dev", "mlqa-ar-dev", None),
        ("tydi-ar dev-a", "tydi-ar-dev-a", None),
        ("belebele en→ar", "belebele-eqa", "test_qen"),
    ):
        chosen = [row for row in rows(data, f"qa/{file}") if split in (None, row["split"])]
        sets[name] = [(row["question"], passages.setdefault(row["context"], len(passages))) for row in chosen]
    for name in ("wiki", "news"):
        for passage in filling(data, name):
            passages.setdefault(passage, len(passages))
    return Pool(list(passages), sets)


def plain_words(text: str) -> list[str]:
    r"""Return lower-cased \w+ words: what most libraries index, for comparison."""
    return regex.findall(r"\w+", text.lower())


def asked_terms(question: str) -> list[str]:
    """Return what the product searches for."""
    return [*arabic.question_terms(question), *translated_terms(question)]


class Lexical:
    """BM25 (k1 1.2, b 0.75) in tantivy over the terms that `analyse` gives."""

    def __init__(
        self,
        passages: Sequence[str],
        analyse: Callable[[str], list[str]],
        ask: Callable[[str], list[str]] | None = None,
    ) -> None:
        schema = tantivy.SchemaBuilder()
        schema.add_unsigned_field("id", stored=True)
        schema.add_text_field("terms", tokenizer_name="whitespace", index_option="freq")
        self._schema, self._analyse = schema.build(), ask or analyse
        index = tantivy.Index(self._schema)
        writer = index.writer(heap_size=200_000_000, num_threads=1)
        for number, passage in enumerate(passages):
            writer.add_document(tantivy.Document(id=number, terms=" ".join(analyse(passage))))
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self._searcher = index.searcher()

    def search(self, question: str) -> Ranked:
        """Return the best passages for a question."""
        terms = [tantivy.Query.term_query(self._schema, "terms", term) for term in self._analyse(question)]
        query = tantivy.Query.boolean_query([(tantivy.Occur.Should, term) for term in terms])
        hits = self._searcher.search(query, DEPTH).hits
        return [(self._searcher.doc(address)["id"][0], score) for score, address in hits]


class Dense:
    """Exact cosine search over the vectors of an encoder."""

    def __init__(self, passages: Sequence[str], encoder: Encoder) -> None:
        self._encoder = encoder
        self._vectors = encoder.encode_passages(passages)  # (passages, d)

    def search(self, question: str, others: Sequence[int] = ()) -> Ranked:
        """Return the best passages for a question, then `others` with their cosines."""
        cosines = self._vectors @ self._encoder.encode_questions([question])[0]
        best = np.argsort(-cosines, kind="stable")[:DEPTH].tolist()
        return [(number, float(cosines[number])) for number in dict.fromkeys([*best, *others])]


def fuse(lexical: Ranked, dense: Ranked, weight: float) -> Ranked:
    """Add the two lists, each divided by its own best score; the dense one counts `weight` times.

    The dense list must hold every lexical candidate: counting what it misses as 0 costs .011 of R@1 on MLQA-ar dev at
    weight 0.35.
    """
    scores: dict[int, float] = {}
    for part, ranked in ((1.0, lexical), (weight, dense)):
        best = ranked[0][1] if ranked else 1.0
        for number, score in ranked:
            scores[number] = scores.get(number, 0.0) + part * score / best
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


def figures(results: Sequence[Ranked], gold: Sequence[int]) -> dict[str, float]:
    """Return recall at 1, 5 and 10 and the mean reciprocal rank within the first ten."""
    ranks = [
        next((rank for rank, (number, _) in enumerate(ranked[:10], 1) if number == wanted), 0)
        for ranked, wanted in zip(results, gold, strict=True)
    ]
    found = {f"R@{k}": float(np.mean([0 < rank <= k for rank in ranks])) for k in (1, 5, 10)}
    return found | {"MRR@10": float(np.mean([1 / rank if rank else 0.0 for rank in ranks]))}


def measure(pool: Pool, encoder: Encoder) -> dict[str, dict[str, dict[str, float]]]:
    """Return figures by row and set."""
    dense = Dense(pool.passages, encoder)
    systems = {
        r"BM25, \w+ words": Lexical(pool.passages, plain_words).search,
        "BM25, stems + 4-grams": Lexical(pool.passages, arabic.terms, asked_terms).search,
        "dense": dense.search,
    }
    table: dict[str, dict[str, dict[str, float]]] = {name: {} for name in systems}
    for name, asked in pool.sets.items():
        gold = [number for _, number in asked]
        found = {system: [search(question) for question, _ in asked] for system, search in systems.items()}
        for system, results in found.items():
            table[system][name] = figures(results, gold)
        lexical_lists = found["BM25, stems + 4-grams"]
        both = [
            (lexical, dense.search(question, [number for number, _ in lexical]))
            for lexical, (question, _) in zip(lexical_lists, asked, strict=True)
        ]
        for weight in WEIGHTS:
            fused = [fuse(lexical, cosines, weight) for lexical, cosines in both]
            table.setdefault(f"both, dense × {weight}", {})[name] = figures(fused, gold)
    return table


def show(table: dict[str, dict[str, dict[str, float]]], sets: Sequence[str]) -> None:
    """Print the table: R@1, R@5, R@10, MRR@10 of each set."""
    print(f"{'':24}" + "".join(f"{name:>30}" for name in sets))
    print(f"{'':24}" + f"{'R@1   R@5  R@10   MRR':>30}" * len(sets))
    for system, row in table.items():
        cells = ("  ".join(f"{value:.3f}" for value in row[name].values()) for name in sets)
        print(f"{system:24}" + "".join(f"{cell:>30}" for cell in cells))


def main() -> None:
    """Measure, print, and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "retrieval.json")
    parser.add_argument("--encoder", help="a sentence-transformers name or path instead of the bundled model")
    arguments = parser.parse_args()
    pool, encoder = load_pool(arguments.data), load_encoder(arguments.encoder)
    begun = time.perf_counter()
    encoder.encode_passages(pool.passages)
    speed = len(pool.passages) / (time.perf_counter() - begun)
    table = measure(pool, encoder)
    show(table, list(pool.sets))
    print(f"{len(pool.passages)} passages; {encoder.name} encodes {speed:.0f} a second")
    counts = {name: len(asked) for name, asked in pool.sets.items()}
    record = {"encoder": encoder.name, "passages": len(pool.passages), "questions": counts, "figures": table}
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
