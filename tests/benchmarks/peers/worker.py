"""One system in one process: index the pool, ask everything, or only start and ask once. Prints one JSON object.

    python -m tests.benchmarks.peers.worker index|ask|start SYSTEM --pool DIR --folder DIR --encoder DIR
                                            [--reader NAME] [--answered N]

A process of its own for each, so that peak memory and cold times are its own.
"""

import argparse
import importlib
import json
import resource
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from tests.benchmarks.peers.pool import Found, Pool, Question, read_questions

Result = TypeVar("Result")

SYSTEMS = {
    "dalil": "with_dalil:Dalil",
    "haystack-bm25": "with_haystack:HaystackBM25",
    "haystack-embedding": "with_haystack:HaystackEmbedding",
    "haystack-hybrid": "with_haystack:Haystack",
    "txtai": "with_txtai:Txtai",
    "bm25s": "with_bm25s:Bm25s",
    "bm25s-stemmed": "with_bm25s:Bm25sStemmed",
    "faiss": "with_faiss:Faiss",
}
SHARED = 100  # questions that …
CLIENTS = 8  # … so many clients ask at once


class System(Protocol):
    """What every system can do; made from the folder of the encoder and the name of a reader or None.

    Attributes:
        reads: whether it answers with a span; otherwise `answer` is not called.
    """

    reads: bool

    def index(self, pool: Pool, folder: Path) -> int: ...
    def open(self, folder: Path) -> None: ...
    def search(self, question: str) -> list[Found]: ...
    def answer(self, question: str) -> str | None: ...


def imported(name: str) -> Callable[[Path, str | None], System]:
    """Import what a system is made with."""
    module, kind = SYSTEMS[name].split(":")
    return getattr(importlib.import_module(f"tests.benchmarks.peers.{module}"), kind)  # type: ignore[no-any-return]


def index(system: System, given: Path, folder: Path) -> dict[str, Any]:
    """Index the pool; return seconds, pieces and the size of the folder."""
    pool = Pool.read(given)
    cpu = time.process_time()
    seconds, pieces = _timed(lambda: system.index(pool, folder))
    cpu = time.process_time() - cpu
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return {"index_s": seconds, "index_cpu_s": cpu, "pieces": pieces, "folder_mb": size / 1e6}


def ask(system: System, given: Path, folder: Path, answered: int | None = None) -> dict[str, Any]:
    """Open the folder and ask; return times, what was found for every question, and the answers to those `answered`."""
    questions = _mixed(read_questions(given))
    opening, _ = _timed(lambda: system.open(folder))
    figures: dict[str, Any] = {"open_s": opening, "reads": system.reads}
    figures |= _asked("search", system.search, questions)
    if system.reads:
        figures |= _asked("answer", system.answer, questions[:answered])
    return figures


def _asked(name: str, work: Callable[[str], object], questions: Sequence[Question]) -> dict[str, Any]:
    """Ask one after the other, then some of them by several clients at once; return times and results by question."""
    work(questions[0].question)
    cpu = time.process_time()
    results = [_timed(partial(work, question.question)) for question in questions]
    cpu = time.process_time() - cpu
    some = [question.question for question in questions[:SHARED]]
    together, _ = _timed(lambda: _all(work, some))
    return {
        f"{name}_ms": sorted(seconds * 1e3 for seconds, _ in results),
        f"{name}_cpu_ms": cpu * 1e3 / len(questions),
        f"{name}_per_s_1": len(questions) / sum(seconds for seconds, _ in results),
        f"{name}_per_s_8": len(some) / together,
        f"{name}_peak_mb": _peak(),
        f"{name}_results": {q.question: result for q, (_, result) in zip(questions, results, strict=True)},
    }


def start(system: System, given: Path, folder: Path) -> dict[str, Any]:
    """Open and search once: what a cold start costs is the time of the whole process."""
    system.open(folder)
    system.search(read_questions(given)[0].question)
    return {}


def _all(work: Callable[[str], object], questions: Sequence[str]) -> None:
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(work, questions))


def _mixed(questions: Sequence[Question]) -> list[Question]:
    """Return the questions with those of all sets taking turns."""
    places: dict[str, int] = {}
    turns = []
    for question in questions:
        places[question.set] = places.get(question.set, 0) + 1
        turns.append((places[question.set], question.set, question))
    return [question for _, _, question in sorted(turns, key=lambda turn: turn[:2])]


def _peak() -> float:
    """Return the most memory this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def _timed(work: Callable[[], Result]) -> tuple[float, Result]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def main() -> None:
    """Run one job of one system."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("job", choices=["index", "ask", "start"])
    parser.add_argument("system", choices=SYSTEMS)
    parser.add_argument("--pool", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--reader")
    parser.add_argument("--answered", type=int, help="questions to answer, where the reader is there for its time only")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    make = imported(options.system)
    making, system = _timed(lambda: make(options.encoder, options.reader))
    if options.job == "ask":
        figures = ask(system, options.pool, options.folder, options.answered)
        figures["open_s"] += making  # some load their models when they are made, others when they open
    else:
        figures = {"index": index, "start": start}[options.job](system, options.pool, options.folder)
    figures["peak_mb"] = _peak()
    print(json.dumps(figures, ensure_ascii=False))


if __name__ == "__main__":
    main()
