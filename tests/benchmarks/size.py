"""How an index carries its size: building, opening, memory, searches, recall of exact search, removing a tenth.

    python -m tests.benchmarks.size [--passages 10000 100000 1000000]

Texts and vectors are drawn: passages of a dozen words, and 256 numbers around 20,000 topics, as spread over their
dimensions as the bundled model's. Each step is taken in a process of its own, so that its memory is its own. Prints the
figures and keeps those of each number of passages in tests/benchmarks/results/size.json. `busy` is how many processes
wanted a processor in the five minutes before: above 1 or so, all times are too long.
"""

import argparse
import json
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings import layouts
from embeddings.documents import Document
from embeddings.index import Index
from embeddings.layouts import Layout
from qa.retriever import Retriever
from tests.fakes import document, normed

RESULT = Path(__file__).parent / "results" / "size.json"
LETTERS = list("ابتثجحخدذرزسشصضطظعغفقكلمنهوي")
DIMENSION = 256
TOPICS = 20_000
RECALL_AT = 10
QUESTIONS = 200
REMOVED = 10  # one document in so many


class DrawnVectors:
    """Unit vectors around topics, the same ones however many are asked for at once."""

    name = "drawn"
    dimension = DIMENSION
    max_words = 12

    def __init__(self) -> None:
        self._spread = (np.arange(DIMENSION, dtype=np.float32) + 2) ** -0.3  # variances fall as i ** -0.6
        self._topics = self._draw(np.random.default_rng(0), TOPICS)
        self._passages = (np.random.default_rng(1), np.random.default_rng(2))
        self._questions = (np.random.default_rng(3), np.random.default_rng(4))

    def _draw(self, draw: np.random.Generator, count: int) -> NDArray[np.float32]:
        return normed(draw.standard_normal((count, DIMENSION), dtype=np.float32) * self._spread)

    def _around_topics(self, draws: tuple[np.random.Generator, np.random.Generator], count: int) -> NDArray[np.float32]:
        topics = self._topics[draws[0].integers(TOPICS, size=count)]
        return normed(0.6 * topics + 0.8 * self._draw(draws[1], count))

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._around_topics(self._passages, len(texts))

    def encode_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._around_topics(self._questions, len(texts))


def drawn_documents(passages: int) -> Iterator[Document]:
    """Yield documents of ten passages, in words as frequent as those of a language."""
    draw = np.random.default_rng(5)
    lengths = draw.integers(2, 9, size=60_000)
    vocabulary = np.array(["".join(draw.choice(LETTERS, size=length)) for length in lengths], dtype=object)
    weights = np.cumsum(1 / np.arange(10, len(vocabulary) + 10))
    for number in range(-(-passages // 10)):
        words = vocabulary[np.searchsorted(weights, draw.random((min(10, passages - 10 * number), 12)) * weights[-1])]
        text = "\n".join(" ".join(sentence) + "." for sentence in words)
        yield document(f"made/{number}", text, date=f"20{number % 20:02}-01-01")


def apart(work: Callable[..., Any], *arguments: object) -> Any:
    """Return what `work` gives in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def memory() -> dict[str, int]:
    """Return the megabytes of this process: all that is resident, and of that what is not in any file."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines if line.endswith(" kB")}
    return {"resident_mb": kilobytes["VmRSS"] // 1000, "of_its_own_mb": kilobytes["RssAnon"] // 1000}


def seconds(work: Callable[[], object]) -> float:
    """Return how long `work` took."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def median_ms(work: Callable[[int], object], count: int = QUESTIONS) -> float:
    """Return the median time of `count` calls."""
    return round(1e3 * statistics.median(seconds(partial(work, n)) for n in range(count)), 2)


def nearest(questions: NDArray[np.float32], ids: NDArray[np.int64]) -> list[set[int]]:
    """Return the nearest of `ids` to each question, by looking at every vector."""
    drawn, held = DrawnVectors(), np.zeros(int(ids.max()) + 1, dtype=bool)
    held[ids] = True
    top_scores = np.full((len(questions), RECALL_AT), -np.inf, dtype=np.float32)
    top_ids = np.zeros((len(questions), RECALL_AT), dtype=np.int64)
    for first in range(1, len(held), 10_000):
        numbers = np.arange(first, min(first + 10_000, len(held)))
        vectors = drawn.encode_passages([""] * len(numbers))
        scores = np.where(held[numbers], questions @ vectors.T, -np.inf)
        scores, among = np.hstack([top_scores, scores]), np.hstack([top_ids, np.tile(numbers, (len(questions), 1))])
        order = np.argsort(-scores, axis=1)[:, :RECALL_AT]
        top_scores, top_ids = np.take_along_axis(scores, order, 1), np.take_along_axis(among, order, 1)
    return [set(row) for row in top_ids.tolist()]


def recall(index: Index, allowed: NDArray[np.int64] | None = None) -> float:
    """Return the share of the true nearest passages that are found."""
    questions = DrawnVectors().encode_questions([""] * QUESTIONS)
    every = index.select(date_from="1900") if allowed is None else allowed
    assert every is not None
    true = nearest(questions, every)
    found = [{hit for hit, _ in index.search_vectors(question, RECALL_AT, allowed)} for question in questions]
    return round(float(np.mean([len(a & b) / RECALL_AT for a, b in zip(true, found, strict=True)])), 4)


def build(folder: Path, passages: int) -> dict[str, Any]:
    """Index drawn documents."""
    documents = list(drawn_documents(passages))
    with Index.open(folder, DrawnVectors(), create=True) as index:
        spent = seconds(lambda: index.add(documents))
        held = index.counts.passages
    layout = Layout.of(layouts.read(folder / "vectors.faiss", DIMENSION))
    return {
        "passages": held,
        "layout": layout.kind,
        "lists": layout.lists,
        "build_s": round(spent, 1),
        "folder_mb": round(sum(file.stat().st_size for file in folder.rglob("*")) / 1e6),
        "vectors_mb": round((folder / "vectors.faiss").stat().st_size / 1e6),
    }


def searches(folder: Path) -> dict[str, Any]:
    """Open an index and search it: memory, milliseconds, and recall."""
    encoder = DrawnVectors()
    texts = [
        text for given in islice(drawn_documents(10 * QUESTIONS), QUESTIONS) for text in given.text.split("\n")[:1]
    ]
    questions = encoder.encode_questions([""] * QUESTIONS)
    started = time.perf_counter()
    with Index.open(folder, encoder) as index:
        figures: dict[str, Any] = {"open_s": round(time.perf_counter() - started, 2)}
        retriever = Retriever(index, encoder)
        for text in texts:
            retriever.search(text, 8)
        figures |= memory()
        one = median_ms(lambda n: retriever.search(texts[n], 8))
        figures["queries_per_s"] = round(1e3 / one)
        figures["vectors_ms"] = median_ms(lambda n: index.search_vectors(questions[n], 100))
        figures["recall_at_10"] = recall(index)
        half = index.select(date_to="2009")
        assert half is not None
        figures["filtered_vectors_ms"] = median_ms(lambda n: index.search_vectors(questions[n], 100, half))
        figures["filtered_recall_at_10"] = recall(index, half)
    return figures


def changes(folder: Path) -> dict[str, Any]:
    """Add a document, remove it, then remove a tenth of all."""
    with Index.open(folder, DrawnVectors()) as index:
        one = document("one", "خبر جديد عن المدينة.")
        figures = {
            "add_one_s": round(seconds(lambda: index.add([one])), 2),
            "remove_one_s": round(seconds(lambda: index.remove([one.id])), 2),
        }
        tenth = [info.id for info in index.documents()[::REMOVED]]
        figures["remove_tenth_s"] = round(seconds(lambda: index.remove(tenth)), 1)
    return figures


def measure(passages: int) -> dict[str, Any]:
    """Return all figures of an index of so many drawn passages."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        busy = round(os.getloadavg()[1], 1)
        figures: dict[str, Any] = apart(build, folder, passages) | {"busy": busy}
        figures |= apart(searches, folder)
        figures |= apart(changes, folder)
        after = apart(searches, folder)
        kept = ("open_s", "queries_per_s", "vectors_ms", "recall_at_10", "filtered_recall_at_10")
        return figures | {f"after_removing_{figure}": after[figure] for figure in kept}


def main() -> None:
    """Measure, print, and put in place of what was stored of so many passages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    options = parser.parse_args()
    for passages in options.passages:
        figures = measure(passages)
        for name, value in figures.items():
            print(f"{name:40} {value}", flush=True)
        print(flush=True)
        _store(figures)


def _store(figures: dict[str, Any]) -> None:
    stored = json.loads(RESULT.read_text(encoding="utf-8"))["sizes"] if RESULT.exists() else []
    others = [entry for entry in stored if entry["passages"] != figures["passages"]]
    sizes = sorted([*others, figures], key=lambda entry: int(entry["passages"]))
    RESULT.write_text(json.dumps({"sizes": sizes}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
