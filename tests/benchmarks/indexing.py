"""How fast the index folder takes in passages, opens and searches, part by part, over generated articles.

    python -m tests.benchmarks.indexing [--passages 50000] [--encoder]

Without --encoder, vectors are drawn at random, so that the figures are those of the folder alone; with it, the bundled
model embeds. Prints a table and writes tests/benchmarks/results/indexing.json.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.arabic import terms
from embeddings.documents import Document
from embeddings.encoder import Encoder, load_encoder
from embeddings.index import Index
from embeddings.passages import cut
from tests.fakes import document, normed

RESULTS = Path(__file__).parent / "results"
LETTERS = list("ابتثجحخدذرزسشصضطظعغفقكلمنهوي")
SEARCHES = 200


class DrawnVectors:
    """Random unit vectors: what an encoder gives, at no cost."""

    name = "drawn"
    dimension = 256
    max_words = 200

    def __init__(self) -> None:
        self._draw = np.random.default_rng(0)

    def encode_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = self._draw.standard_normal((len(texts), self.dimension), dtype=np.float32)
        return normed(rows)

    encode_passages = encode_questions


def articles(passages: int) -> Iterator[Document]:
    """Yield articles of some 300 words, as frequent as words of a language are, until they hold `passages` passages."""
    draw = np.random.default_rng(1)
    lengths = draw.integers(2, 9, size=60_000)
    vocabulary = np.array(["".join(draw.choice(LETTERS, size=length)) for length in lengths], dtype=object)
    weights = 1 / np.arange(10, len(vocabulary) + 10)
    held = number = 0
    while held < passages:
        sentences = draw.choice(vocabulary, size=(22, 14), p=weights / weights.sum())
        day = f"20{draw.integers(10, 20)}-{draw.integers(1, 13):02}-{draw.integers(1, 29):02}"
        text = "\n".join(" ".join(sentence) + "." for sentence in sentences)
        yield document(f"made/{number}", text, date=day, source=f"وكالة {number % 10}")
        held += len(cut(text))
        number += 1


def milliseconds(work: Callable[[int], object]) -> float:
    """Return the median time of `SEARCHES` calls."""
    times = []
    for number in range(SEARCHES):
        started = time.perf_counter()
        work(number)
        times.append(time.perf_counter() - started)
    return round(statistics.median(times) * 1e3, 2)


def seconds(work: Callable[[], object]) -> float:
    """Return how long `work` took."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def searches(index: Index, documents: Sequence[Document]) -> dict[str, Any]:
    """Return the median milliseconds of each kind of search, for questions of eight words out of the articles."""
    questions = [terms(" ".join(documents[n * 7].text.split()[40:48])) for n in range(SEARCHES)]
    vectors = index.encoder.encode_questions([documents[n].text[:60] for n in range(SEARCHES)])
    figures = {
        "vectors_ms": milliseconds(lambda n: index.search_vectors(vectors[n], 100)),
        "terms_ms": milliseconds(lambda n: index.search_terms(questions[n], 100)),
        "passages_ms": milliseconds(lambda n: index.passages(range(n, n + 100))),
    }
    for share, filters in (("1_in_100", {"date_from": "2015-06", "date_to": "2015-06"}), ("half", {"date_to": "2014"})):
        figures |= filtered(index, questions, vectors, share, filters)
    return figures


def filtered(
    index: Index, questions: Sequence[Sequence[str]], vectors: NDArray[np.float32], share: str, filters: dict[str, str]
) -> dict[str, float]:
    """Return the same for searches in the `share` of the documents that `filters` leave."""
    allowed = index.select(**filters)
    return {
        f"select_{share}_ms": milliseconds(lambda _: index.select(**filters)),
        f"vectors_{share}_ms": milliseconds(lambda n: index.search_vectors(vectors[n], 100, allowed)),
        f"terms_{share}_ms": milliseconds(lambda n: index.search_terms(questions[n], 100, allowed)),
    }


def measure(passages: int, encoder: Encoder) -> dict[str, Any]:
    """Index, open, search, replace and remove; return rates, seconds and milliseconds."""
    documents = list(articles(passages))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Index.open(folder, encoder, create=True) as index:
            whole = seconds(lambda: index.add(documents))
            count = index.counts.passages
            unchanged = seconds(lambda: index.add(documents))
        texts = [d.text[start:end] for d in documents for start, end in cut(d.text)]
        cutting = seconds(lambda: [cut(d.text) for d in documents])
        embedding = seconds(lambda: [encoder.encode_passages(texts[i : i + 2000]) for i in range(0, len(texts), 2000)])
        analysis = seconds(lambda: [terms(text) for text in texts])
        opening = seconds(lambda: Index.open(folder, encoder).close())
        figures = {
            "passages": count,
            "encoder": encoder.name,
            "all_passages_per_s": round(count / whole),
            "cut_passages_per_s": round(count / cutting),
            "embed_passages_per_s": round(count / embedding),
            "terms_passages_per_s": round(count / analysis),
            "store_and_index_passages_per_s": round(count / (whole - cutting - embedding - analysis)),
            "unchanged_documents_per_s": round(len(documents) / unchanged),
            "open_s": round(opening, 2),
            "folder_mb": round(sum(file.stat().st_size for file in folder.rglob("*")) / 1e6),
        }
        with Index.open(folder, encoder) as index:
            figures |= searches(index, documents)
            figures["add_one_s"] = round(seconds(lambda: index.add([document("one", documents[0].text)])), 2)
            figures["remove_one_s"] = round(seconds(lambda: index.remove([document("one", "").id])), 2)
        (folder / "vectors.faiss").unlink()
        figures["rebuild_vectors_s"] = round(seconds(lambda: Index.open(folder, encoder).close()), 2)
        (folder / "terms" / "meta.json").unlink()
        figures["rebuild_terms_s"] = round(seconds(lambda: Index.open(folder, encoder).close()), 2)
    return figures


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, default=50_000)
    parser.add_argument("--encoder", action="store_true", help="embed with the bundled model")
    options = parser.parse_args()
    figures = measure(options.passages, load_encoder() if options.encoder else DrawnVectors())
    for name, value in figures.items():
        print(f"{name:32} {value}")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "indexing.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
