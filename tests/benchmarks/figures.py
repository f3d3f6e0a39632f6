"""Put the figures of tests/benchmarks/results/*.json into the README and the pages of docs/, between two markers each.

    python -m tests.benchmarks.figures

A test fails when a page and the result files differ.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.peers import tables

RESULTS = Path(__file__).parent / "results"
ROOT = Path(__file__).parents[2]
START, END = "<!-- figures -->\n", "<!-- /figures -->"


def render() -> str:
    """Return the tables as Markdown."""
    parts = (
        _retrieval(_read("retrieval")),
        _reading(_read("reading")),
        _golden(_read("golden")),
        _speed(_read("asking")),
        _size(_read("size")),
    )
    return "\n\n".join(parts)


def render_peers() -> str:
    """Return the tables of docs/peers.md, or that there is no record yet."""
    if not (RESULTS / "peers.json").exists():
        return "No run is recorded yet: `make bench-peers DATA=DIR` measures all systems and fills this in."
    return tables.page(_read("peers"))


def render_performance() -> str:
    """Return the table of docs/performance.md; seconds by the clock only where nothing else ran."""
    stored = _read("performance")
    before, after = stored["before"], stored["after"]
    quiet = all(run["load"] <= run["cores"] for run in (before, after))
    rows = [
        [heading, *(f"{run[key]:,} {unit}".strip() for run in (before, after)), _times(before[key], after[key], more)]
        for heading, key, unit, more in _PERFORMANCE
        if quiet or "by the clock" not in heading
    ]
    busy = (
        "" if quiet else f"Other programs ran meanwhile (load {after['load']:.0f}): no time by the clock is given.\n\n"
    )
    return busy + _table([f"{after['passages']:,} passages", "before", "after", "times better"], rows)


def _times(before: float, after: float, more: bool) -> str:
    return f"{(after / before if more else before / after):.2f}" if before and after else ""


# Heading, key, unit, and whether more is better.
_PERFORMANCE = (
    ("indexing, passages a second of processor time", "index_per_s", "", True),
    ("… cutting", "cut_per_s", "", True),
    ("… analysing, words known", "analyse_known_per_s", "", True),
    ("… embedding, words known", "embed_known_per_s", "", True),
    ("… share of it that finds and adds vectors of pieces", "lookup_share_of_indexing", "", False),
    ("folding a word not seen before", "fold_us", "µs", False),
    ("analysing a word not seen before", "analyse_new_us", "µs", False),
    ("folder", "folder_mb", "MB", False),
    ("opening, both models and torch included, processor time", "open_s", "s", False),
    ("memory, opened and asked", "memory_mb", "MB", False),
    ("warm `ask`, median by the clock", "ask_median_ms", "ms", False),
    ("warm `ask`, processor time", "ask_cpu_ms", "ms", False),
    ("… of which encoding the question", "encode_question_ms", "ms", False),
    ("cold `dalil ask`, by the clock", "cold_ask_s", "s", False),
    ("cold `dalil ask`, processor time", "cold_ask_cpu_s", "s", False),
    ("`import sentence_transformers`, by the clock", "import_sentence_transformers_s", "s", False),
    ("`import sentence_transformers`, processor time", "import_sentence_transformers_cpu_s", "s", False),
)


def _read(name: str) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return stored


def _retrieval(stored: dict[str, Any]) -> str:
    sets = list(stored["questions"])
    header = ["R@1 / R@10", *(f"{name} ({stored['questions'][name]:,} questions)" for name in sets)]
    rows = ([system, *(_pair(row[name]) for name in sets)] for system, row in stored["figures"].items())
    return f"**Finding the passage** among {stored['passages']:,}:\n\n{_table(header, rows)}"


def _pair(figures: dict[str, float]) -> str:
    return f"{figures['R@1']:.3f} / {figures['R@10']:.3f}"


def _reading(stored: dict[str, Any]) -> str:
    readers = stored["readers"]
    sets = list(readers["spans"]["sets"])
    header = ["F1 / exact match", *(f"{name} ({_answerable(readers['spans']['sets'][name])})" for name in sets)]
    rows = [
        [_READERS[reader], *(f"{entry['sets'][name]['f1']:.1f} / {entry['sets'][name]['exact']:.1f}" for name in sets)]
        for reader, entry in readers.items()
    ]
    kinds = list(readers["spans"]["sets"][sets[0]]["by_kind"])
    by_kind = [
        [f"{name}", *(_kind(readers["spans"]["sets"][name]["by_kind"].get(kind)) for kind in kinds)] for name in sets
    ]
    declining = next(entry for entry in readers["spans"]["sets"].values() if "f1_all" in entry)
    curve = " · ".join(f"{p['coverage']:.0%}: {p['risk']:.2f}" for p in declining["risk_coverage"])
    bands = [
        [f"{b['from']:.1f}-{b['from'] + 0.2:.1f}", f"{b['confidence']:.2f}", f"{b['right']:.2f}", str(b["n"])]
        for b in readers["spans"]["reliability"]
    ]
    return "\n\n".join(
        (
            f"**Reading** the right passage, answerable questions (F1 under MLQA's Arabic convention):\n\n"
            f"{_table(header, rows)}",
            f"The bundled reader by kind of question (F1, number):\n\n{_table(['', *kinds], by_kind)}",
            f"written-dev with its unanswerable questions, declining counted as right there: F1 "
            f"{declining['f1_all']:.1f} at the bundled minimum; of the unanswerable "
            f"{declining['declined_unanswerable']:.0f} % are declined, of the answerable "
            f"{declining['declined_answerable']:.0f} %. "
            f"Risk (1 - F1) by coverage: {curve}.",
            f"Does confidence mean what it says (all three sets, right is F1 ≥ 0.5)?\n\n"
            f"{_table(['confidence', 'mean', 'right', 'questions'], bands)}",
            f"Reading 20 passages of 100 words takes {readers['spans']['speed']['median_ms']:.0f} ms (median).",
        )
    )


_READERS = {"overlap": "words shared with the question", "sentences": "sentence reader", "spans": "**bundled reader**"}


def _answerable(entry: dict[str, Any]) -> str:
    return f"{sum(kind['n'] for kind in entry['by_kind'].values())} questions"


def _kind(entry: dict[str, Any] | None) -> str:
    return f"{entry['f1']:.0f} ({entry['n']})" if entry else ""


def _golden(stored: dict[str, Any]) -> str:
    rows = [
        ["right article first", f"{stored['article_first']:.1%}"],
        ["answer contains the right words", f"{stored['contains']:.1%}"],
        ["answerable questions declined", f"{1 - stored['answered']:.1%}"],
        ["unanswerable questions declined", f"{stored['declined']:.1%}"],
        ["words of an answer", f"{stored['words']:.1f}"],
    ]
    asked = f"{stored['answerable']} answerable and {stored['unanswerable']} unanswerable questions"
    return f"**End to end** on the five articles, {asked} (`tests/golden.jsonl`):\n\n{_table(['', ''], rows)}"


def _speed(stored: dict[str, Any]) -> str:
    rows = [
        ["indexing, passages a second", f"{stored['indexing_passages_per_s']:,}"],
        [f"opening {stored['passages']:,} passages", f"{stored['open_s']:.2f} s"],
        [
            "warm `ask`, median (95th percentile)",
            f"{stored['ask_total_median_ms']:.0f} ms ({stored['ask_total_p95_ms']:.0f} ms)",
        ],
        [
            "… of which retrieving / reading",
            f"{stored['ask_retrieve_median_ms']:.0f} ms / {stored['ask_read_median_ms']:.0f} ms",
        ],
        ["`dalil --help`", f"{stored['help_s']:.2f} s"],
    ]
    return f"**Speed**, two cores, {stored['passages']:,} passages:\n\n{_table(['', ''], rows)}"


def _size(stored: dict[str, Any]) -> str:
    sizes = stored["sizes"]
    rows = [[label, *(write(entry) for entry in sizes)] for label, write in _SIZE_ROWS.items()]
    table = _table(["passages", *(f"{entry['passages']:,}" for entry in sizes)], rows)
    busy = max(entry["busy"] for entry in sizes)
    note = f" (times are too long: {busy:g} processes wanted these two)" if busy > _QUIET else ""
    return f"**Size**, drawn texts and vectors of 256 numbers, two cores{note}:\n\n{table}"


_QUIET = 1.5

_SIZE_ROWS: dict[str, Callable[[dict[str, Any]], str]] = {
    "vectors in FAISS": lambda e: {"whole": "whole", "bytes": "a byte a number", "lists": f"{e['lists']} lists"}[
        e["layout"]
    ],
    "building": lambda e: f"{e['build_s']:,.0f} s",
    "folder, of which `vectors.faiss`": lambda e: f"{e['folder_mb']:,} MB, {e['vectors_mb']} MB",
    "opening": lambda e: f"{e['open_s']:.2f} s",
    "memory, of which not mapped files": lambda e: f"{e['resident_mb']:,} MB, {e['of_its_own_mb']} MB",
    "retrieving, questions a second": lambda e: f"{e['queries_per_s']}",
    "100 nearest vectors": lambda e: f"{e['vectors_ms']:.1f} ms",
    "… recall@10 of exact search": lambda e: f"{e['recall_at_10']:.3f}",
    "… among a filtered half": lambda e: f"{e['filtered_vectors_ms']:.1f} ms, {e['filtered_recall_at_10']:.3f}",
    "adding one document": lambda e: f"{e['add_one_s']:.2f} s",
    "removing a tenth": lambda e: f"{e['remove_tenth_s']:.1f} s",
    "… recall@10 after it": lambda e: f"{e['after_removing_recall_at_10']:.3f}",
}


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    """Rewrite the tables of README and docs/."""
    _put(ROOT / "README.md", render())
    _put(ROOT / "docs" / "peers.md", render_peers())
    _put(ROOT / "docs" / "performance.md", render_performance())


def _put(page: Path, figures: str) -> None:
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(START)
    page.write_text(f"{before}{START}{figures}\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
