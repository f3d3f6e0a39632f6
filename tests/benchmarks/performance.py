"""Before and after: where the time of indexing and asking goes, for this checkout and for an older one.

    git worktree add ../before COMMIT
    python -m tests.benchmarks.performance --before ../before [--data DIR] [--passages 100000]

Both are measured in one run, on the same documents, in processes of their own. Rates and costs are in processor time,
which another program on the machine disturbs least; asking and cold starts are also in seconds by the clock. Prints
the figures, writes tests/benchmarks/results/performance.json; tests.benchmarks.figures makes docs/performance.md of it.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
QUESTIONS = 40
STARTS = 3


def indexing(folder: Path, data: Path | None, passages: int) -> dict[str, Any]:
    """Index into `folder`; return passages a second of processor time, of the whole and of its parts."""
    import numpy as np

    from embeddings.arabic import terms
    from embeddings.encoder import load_encoder
    from embeddings.index import Index
    from embeddings.passages import cut
    from tests.benchmarks.asking import articles, passages_of

    documents = list(passages_of(articles(data), passages))
    encoder: Any = load_encoder()
    with Index.open(folder, encoder, create=True) as index:  # first, while nothing is remembered of any word
        whole, _ = _processor(lambda: index.add(documents))
        count = index.counts.passages
    some = documents[: max(1, len(documents) // 10)]
    cutting, ranges = _processor(lambda: [cut(document.text) for document in some])
    texts = [d.text[start:end] for d, spans in zip(some, ranges, strict=True) for start, end in spans]
    analysing, _ = _processor(lambda: [terms(text) for text in texts])
    embedding, _ = _processor(lambda: encoder.encode_passages(texts))
    ids = [np.concatenate([pieces, [0]]).astype(int) for pieces in encoder._pieces_of(texts)]
    lookup, _ = _processor(lambda: [encoder._table[row].sum(axis=0) for row in ids])
    return {
        "passages": count,
        "index_per_s": round(count / whole),
        "cut_per_s": round(len(texts) / cutting),
        "analyse_known_per_s": round(len(texts) / analysing),
        "embed_known_per_s": round(len(texts) / embedding),
        "lookup_share_of_indexing": round(lookup / len(texts) * count / whole, 3),
        "folder_mb": round(sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6, 1),
    }


def words(data: Path | None, passages: int) -> dict[str, Any]:
    """Return what folding and analysing words that were never seen before costs."""
    from embeddings.arabic import _WORD, fold, terms
    from tests.benchmarks.asking import articles, passages_of

    documents = passages_of(articles(data), min(passages, 5_000))
    found = [token for document in documents for token in _WORD.findall(document.text)]
    new = list(dict.fromkeys(found))
    folding, _ = _processor(lambda: [fold(token) for token in new])
    analysing, _ = _processor(lambda: [terms(token) for token in new])
    return {
        "new_words": len(new),
        "fold_us": round(folding / len(new) * 1e6, 2),
        "analyse_new_us": round(analysing / len(new) * 1e6, 2),
    }


def asking(folder: Path) -> dict[str, Any]:
    """Open `folder` and ask; return times and the most memory held."""
    from qa.assistant import Assistant

    golden = (ROOT / "tests" / "golden.jsonl").read_text(encoding="utf-8").splitlines()[:QUESTIONS]
    questions = [json.loads(line)["question"] for line in golden]
    opening, assistant = _processor(lambda: Assistant.open(folder))
    assistant.ask(questions[0])
    cpu = time.process_time()
    answers = [assistant.ask(question) for question in questions]
    cpu = time.process_time() - cpu
    encoding, _ = _processor(lambda: [assistant._encoder.encode_questions([question]) for question in questions])
    return {
        "open_s": round(opening, 2),
        "ask_median_ms": round(statistics.median(answer.timing_ms["total"] for answer in answers), 1),
        "ask_cpu_ms": round(cpu / len(questions) * 1e3, 1),
        "encode_question_ms": round(encoding / len(questions) * 1e3, 3),
        "memory_mb": round(
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
        ),
    }


def _processor(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.process_time()
    result = work()
    return time.process_time() - started, result


def measure(checkout: Path, data: Path | None, passages: int, starts: int) -> dict[str, Any]:
    """Return the figures of one checkout."""
    machine = {"load": round(os.getloadavg()[0], 1), "cores": os.cpu_count()}
    with tempfile.TemporaryDirectory(prefix="dalil-performance-") as name:
        given = ["--folder", f"{name}/index", "--passages", str(passages), *(["--data", str(data)] if data else [])]
        figures = (
            machine
            | _job(checkout, "words", given)
            | _job(checkout, "indexing", given)
            | _job(checkout, "asking", given)
        )
        question = ["-m", "ui.cli", "ask", "متى وصل الوفد؟", "--index", f"{name}/index"]
        figures |= _cold("cold_ask", checkout, question, starts)
    return figures | _cold("import_sentence_transformers", checkout, ["-c", "import sentence_transformers"], starts)


def _job(checkout: Path, name: str, given: Sequence[str]) -> dict[str, Any]:
    command = [sys.executable, __file__, "--job", name, *given]
    done = subprocess.run(command, env=_environment(checkout), stdout=subprocess.PIPE, encoding="utf-8", check=True)
    figures: dict[str, Any] = json.loads(done.stdout.strip().rsplit("\n", 1)[-1])
    return figures


def _cold(name: str, checkout: Path, arguments: Sequence[str], starts: int) -> dict[str, float]:
    """Return the median seconds of a new process, by the clock and of the processor."""
    clock, processor = [], []
    for _ in range(starts):
        began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, *arguments], env=_environment(checkout), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, check=True,
        )  # fmt: skip
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        clock.append(time.perf_counter() - began)
        processor.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return {f"{name}_s": round(statistics.median(clock), 2), f"{name}_cpu_s": round(statistics.median(processor), 2)}


def _environment(checkout: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(checkout.resolve()), "HF_HUB_OFFLINE": "1"}


def main() -> None:
    """Measure both, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", type=Path, help="a checkout to compare with; without, its figures stay as they are")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--starts", type=int, default=STARTS)
    parser.add_argument("--job", choices=["words", "indexing", "asking"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    jobs: dict[str, Callable[[], dict[str, Any]]] = {
        "words": lambda: words(options.data, options.passages),
        "indexing": lambda: indexing(options.folder, options.data, options.passages),
        "asking": lambda: asking(options.folder),
    }
    if options.job:
        print(json.dumps(jobs[options.job]()))
        return
    out = ROOT / "tests" / "benchmarks" / "results" / "performance.json"
    record = json.loads(out.read_text(encoding="utf-8")) if out.exists() else {}
    for name, checkout in (("before", options.before), ("after", ROOT)):
        if checkout:
            record[name] = measure(checkout, options.data, options.passages, options.starts)
            print(name, json.dumps(record[name], indent=1), flush=True)
    out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
