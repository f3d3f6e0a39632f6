"""How long asking takes: warm `ask` over a large index, opening it, indexing it, and starting the command line.

    python -m tests.benchmarks.asking [--data DIR] [--passages 50000]

With --data the documents are DIR/text/news and wiki; without, articles shuffled from the sentences of seeds/. Prints
a table and writes tests/benchmarks/results/asking.json.
"""

import argparse
import json
import lzma
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from embeddings.documents import Document, document_from_text, read_documents
from embeddings.passages import sentences
from qa.assistant import Assistant

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).parent / "results"
QUESTIONS = 60


def articles(data: Path | None) -> Iterator[Document]:
    """Yield documents of about three hundred words without end."""
    if data is None:
        yield from _shuffled()
    for name in ("news", "wiki"):
        with lzma.open(data / "text" / f"{name}.jsonl.xz", "rt", encoding="utf-8") as lines:  # type: ignore[operator]
            for n, line in enumerate(lines):
                row = json.loads(line)
                yield document_from_text(row["text"], path=f"{name}/{n}", title=row["title"] or None)


def _shuffled() -> Iterator[Document]:
    texts = [item.text for item in read_documents([ROOT / "seeds"]) if isinstance(item, Document)]
    pieces = [text[start:end] for text in texts for start, end in sentences(text)]
    draw = random.Random(1)
    n = 0
    while True:
        yield document_from_text("\n".join(draw.choices(pieces, k=12)), path=f"made/{n}")
        n += 1


def passages_of(documents: Iterator[Document], passages: int) -> Iterator[Document]:
    """Yield documents until they hold about `passages` passages (one per 75 words)."""
    held = 0
    for document in documents:
        yield document
        held += 1 + len(document.text.split()) // 75
        if held >= passages:
            return


def measure(data: Path | None, passages: int) -> dict[str, Any]:
    """Index, open again, ask; return seconds and milliseconds."""
    golden = (ROOT / "tests" / "golden.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line)["question"] for line in islice(golden, QUESTIONS)]
    documents = list(passages_of(articles(data), passages))
    with tempfile.TemporaryDirectory() as folder:
        assistant = Assistant.open(folder, create=True)
        started = time.perf_counter()
        assistant.add(documents)
        indexing = time.perf_counter() - started
        assistant.close()
        started = time.perf_counter()
        assistant = Assistant.open(folder)
        opening = time.perf_counter() - started
        assistant.ask(questions[0])
        answers = [assistant.ask(question) for question in questions]
        assistant.close()
    held = int(answers[0].index["passages"])
    spent = {part: sorted(answer.timing_ms[part] for answer in answers) for part in ("total", "retrieve", "read")}
    return {
        "passages": held,
        "indexing_passages_per_s": round(held / indexing),
        "open_s": round(opening, 2),
        **{f"ask_{part}_median_ms": round(statistics.median(times), 1) for part, times in spent.items()},
        "ask_total_p95_ms": round(spent["total"][int(0.95 * len(answers))], 1),
        "help_s": _starting("--help"),
        "models": dict(answers[0].models),
    }


def _starting(*arguments: str) -> float:
    times = []
    for _ in range(5):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "ui.cli", *arguments], cwd=ROOT, capture_output=True, check=True)
        times.append(time.perf_counter() - started)
    return round(statistics.median(times), 2)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--passages", type=int, default=50_000)
    options = parser.parse_args()
    figures = measure(options.data, options.passages)
    for name, value in figures.items():
        print(f"{name:28} {value}")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "asking.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
