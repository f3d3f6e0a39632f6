"""Put the figures of tests/benchmarks/results/*.json into the README, between its two markers.

    python -m tests.benchmarks.figures

A test fails when README and result files differ.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
README = Path(__file__).parents[2] / "README.md"
START, END = "<!-- figures -->\n", "<!-- /figures -->"


def render() -> str:
    """Return the tables as Markdown."""
    parts = (
        _retrieval(_read("retrieval")),
        _reading(_read("reading")),
        _golden(_read("golden")),
        _speed(_read("asking")),
    )
    return "\n\n".join(parts)


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
    raise NotImplementedError


def _golden(stored: dict[str, Any]) -> str:
    raise NotImplementedError


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


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    """Rewrite the README's tables."""
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(START)
    README.write_text(f"{before}{START}{render()}\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
