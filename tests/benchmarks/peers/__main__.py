"""`make bench-peers`: Dalil and its peers over one pool, on one machine.

    python -m tests.benchmarks.peers --python PEERS/bin/python [--data DIR] [--passages N] [--questions N]
                                     [--reader NAME] [--systems NAME...] [--work DIR]

Without --data the five articles of seeds/ and the golden questions: enough to see that everything runs. With it the
pool of docs/peers.md, and tests/benchmarks/results/peers.json is written when all systems are measured, from which
tests.benchmarks.figures makes the tables of docs/peers.md. Each system's figures stay in --work: a run that is stopped
goes on with the next system, --systems measures some now and the others later, and deleting a file measures it again.
"""

import argparse
import hashlib
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from embeddings.encoder import BUNDLED
from qa.loading import load_reader
from tests.benchmarks.peers import gathering, standing
from tests.benchmarks.peers.pool import Found, Pool
from tests.benchmarks.peers.scoring import answering, read_by, recall, times
from tests.benchmarks.peers.tables import page
from tests.benchmarks.peers.worker import SHARED, SYSTEMS

ROOT = Path(__file__).parents[3]
RESULTS = ROOT / "tests" / "benchmarks" / "results"
STARTS = 5  # cold starts of each system
PACKAGES = ("haystack-ai", "txtai", "bm25s", "PyStemmer", "faiss-cpu", "sentence-transformers", "transformers", "torch")
# Offline, and threads as each library chooses them: what a user gets who sets nothing.
ENVIRONMENT = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HAYSTACK_TELEMETRY_ENABLED": "False"}


class Bench:
    """Measures systems on a pool, in `folder`.

    Args:
        folder: where the pool, the indexes and the figures go.
        pool: what all are given.
        python: the interpreter of the peers' environment.
        reader: an extractive model for the peers; None has the stand-in timed.
    """

    def __init__(self, folder: Path, pool: Pool, python: str, reader: str | None) -> None:
        self._folder, self._pool, self._python, self._reader = folder, pool, python, reader
        folder.mkdir(parents=True, exist_ok=True)
        pool.write(folder)
        self._read_with = reader or str(standing.make(folder / standing.NAME))

    def figures(self, system: str) -> dict[str, Any]:
        """Return the figures of one system, measured now unless they were before."""
        stored = self._folder / f"{system}.json"
        if not stored.exists():
            figures = self._measure(system)
            stored.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
            shutil.rmtree(self._folder / system)
        read: dict[str, Any] = json.loads(stored.read_text(encoding="utf-8"))
        return read

    def _measure(self, system: str) -> dict[str, Any]:
        load = os.getloadavg()[0]
        shutil.rmtree(self._folder / system, ignore_errors=True)
        indexed = self._run("index", system)
        asked = self._run("ask", system)
        cold = sorted(self._seconds("start", system) for _ in range(STARTS))
        return {
            "load": round(load, 1),
            "index_s": round(indexed["index_s"], 2),
            "index_cpu_s": round(indexed["index_cpu_s"], 2),
            "passages_per_s": round(len(self._pool.passages) / indexed["index_s"]),
            "pieces": indexed["pieces"],
            "folder_mb": round(indexed["folder_mb"], 1),
            "index_peak_mb": round(indexed["peak_mb"]),
            "open_s": round(asked["open_s"], 2),
            "cold_s": round(statistics.median(cold), 2),
            "cold_worst_s": round(cold[-1], 2),
            "reads": asked["reads"],
            **times(asked),
            **self._quality(system, asked),
        }

    def _quality(self, system: str, asked: dict[str, Any]) -> dict[str, Any]:
        questions = self._pool.questions
        found = {question: [Found(*row) for row in rows] for question, rows in asked["search_results"].items()}
        reader = load_reader()
        read = {question: read_by(reader, question, pieces) for question, pieces in found.items()}
        own = asked.get("answer_results") if system == "dalil" or self._reader else None
        return {
            "recall": recall(questions, found),
            "read_by_dalil": answering(questions, read),
            "own": answering(questions, own) if own else None,
        }

    def _seconds(self, job: str, system: str) -> float:
        started = time.perf_counter()
        self._run(job, system)
        return time.perf_counter() - started

    def _run(self, job: str, system: str) -> dict[str, Any]:
        command: list[str | Path] = [
            sys.executable if system == "dalil" else self._python, "-m", "tests.benchmarks.peers.worker", job, system,
            "--pool", self._folder, "--folder", self._folder / system, "--encoder", BUNDLED,
        ]  # fmt: skip
        if job == "ask":  # nothing else is charged with a reader
            command += ["--reader", self._read_with]
        if job == "ask" and system != "dalil" and not self._reader:
            command += ["--answered", str(SHARED)]
        done = subprocess.run(
            command, cwd=ROOT, env=os.environ | ENVIRONMENT, stdout=subprocess.PIPE, encoding="utf-8", check=True
        )
        figures: dict[str, Any] = json.loads(done.stdout.strip().rsplit("\n", 1)[-1])
        return figures


def _importing() -> float:
    """Return the seconds that importing sentence-transformers alone takes: the yardstick of a cold start."""
    spent = []
    for _ in range(STARTS):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import sentence_transformers"], check=True)
        spent.append(time.perf_counter() - started)
    return round(statistics.median(spent), 2)


def _versions(python: str) -> dict[str, str]:
    """Return the versions in the environment of the peers."""
    code = (
        f"import json; from importlib.metadata import version; print(json.dumps({{n: version(n) for n in {PACKAGES}}}))"
    )
    versions: dict[str, str] = json.loads(subprocess.check_output([python, "-c", code], encoding="utf-8"))
    return {"Python": platform.python_version()} | versions


def _setting(pool: Pool, options: argparse.Namespace) -> dict[str, Any]:
    """Return what is measured on what; figures of another setting are never put into the same record."""
    return {
        "documents": len(pool.documents),
        "passages": len(pool.passages),
        "words": sum(len(document.text.split()) for document in pool.documents),
        "questions": len(pool.questions),
        "reader": options.reader,
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "versions": _versions(options.python),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="the Python of the peers' environment")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--passages", type=int, default=50_000)
    parser.add_argument("--questions", type=int, default=150, help="of each set")
    parser.add_argument("--reader", help="an extractive transformers model for the peers; without, one stands in")
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "peers", help="keeps what is measured")
    parser.add_argument("--out", type=Path, help="default: results/peers.json with --data, else nowhere")
    return parser.parse_args()


def main() -> None:
    """Gather, measure, print, write."""
    options = _options()
    pool = gathering.gather(options.data, options.passages, options.questions) if options.data else gathering.seeds()
    setting = _setting(pool, options)
    digest = hashlib.sha256(f"{pool.digest}{json.dumps(setting, sort_keys=True)}".encode()).hexdigest()[:8]
    folder = options.work / f"{len(pool.passages)}-{digest}"
    bench = Bench(folder, pool, options.python, options.reader)
    print(f"figures in {folder}", flush=True)
    for system in options.systems:
        print(f"{system}: {json.dumps(bench.figures(system), ensure_ascii=False)}", flush=True)
    if missing := [system for system in SYSTEMS if not (folder / f"{system}.json").exists()]:
        print(f"not measured yet, so there is no table and nothing is written: {', '.join(missing)}")
        return
    record = setting | {
        "import_sentence_transformers_s": _importing(),
        "systems": {system: bench.figures(system) for system in SYSTEMS},
    }
    print(page(record))
    if out := options.out or (RESULTS / "peers.json" if options.data else None):
        out.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
