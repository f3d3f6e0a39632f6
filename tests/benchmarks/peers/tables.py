"""tests/benchmarks/results/peers.json → tables: how many times as much each peer needs, then the figures themselves."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

NAMES = {
    "dalil": "**Dalil**",
    "haystack-bm25": "Haystack, BM25",
    "haystack-embedding": "Haystack, embeddings",
    "haystack-hybrid": "Haystack, hybrid",
    "txtai": "txtai, hybrid",
    "bm25s": "bm25s",
    "bm25s-stemmed": "bm25s, Arabic stemmer",
    "faiss": "FAISS + sentence-transformers",
}
# Heading, key, whether more is better, and how the value itself is written.
COSTS: tuple[tuple[str, str, bool, Callable[[float], str]], ...] = (
    ("indexing", "index_s", False, "{:,.1f} s".format),
    ("indexing, processor time", "index_cpu_s", False, "{:,.1f} s".format),
    ("folder", "folder_mb", False, "{:,.0f} MB".format),
    ("memory, indexing", "index_peak_mb", False, "{:,.0f} MB".format),
    ("memory, searching", "search_peak_mb", False, "{:,.0f} MB".format),
    ("opening, models included", "open_s", False, "{:.2f} s".format),
    ("new process to first result", "cold_s", False, "{:.1f} s".format),
    ("… the slowest of five", "cold_worst_s", False, "{:.1f} s".format),
    ("search, median", "search_median_ms", False, "{:.1f} ms".format),
    ("search, 95 %", "search_p95_ms", False, "{:.1f} ms".format),
    ("search, processor time", "search_cpu_ms", False, "{:.1f} ms".format),
    ("searches a second, 1 client", "search_per_s_1", True, "{:,.0f}".format),
    ("searches a second, 8 clients", "search_per_s_8", True, "{:,.0f}".format),
)
RECALL = {"recall@1": "R@1", "recall@10": "R@10"}


def setting(stored: dict[str, Any]) -> str:
    """Return what was measured on what."""
    versions = ", ".join(f"{name} {number}" for name, number in stored["versions"].items())
    loads = [system["load"] for system in stored["systems"].values()]
    return (
        f"{stored['documents']:,} documents, {stored['words']:,} words, {stored['passages']:,} passages of about a "
        f"hundred words; {stored['machine']}, load {min(loads)} to {max(loads)} when each system began; {versions}. "
        f"Importing sentence-transformers alone takes {stored['import_sentence_transformers_s']:.1f} s."
    )


def ratios(stored: dict[str, Any]) -> str:
    """Return how many times Dalil's cost each peer has; rates are turned round, so that above 1 Dalil is better."""
    peers = _peers(stored)
    rows = [[heading, *(_ratio(each) for each in _against(stored, key, more))] for heading, key, more, _ in COSTS]
    return _table(["times Dalil's", *(NAMES[name] for name in peers)], rows)


def costs(stored: dict[str, Any]) -> str:
    """Return the figures themselves."""
    systems = stored["systems"]
    rows = [[heading, *(write(system[key]) for system in systems.values())] for heading, key, _, write in COSTS]
    rows.append(["passages a second", *(f"{system['passages_per_s']:,}" for system in systems.values())])
    return _table(["", *(NAMES[name] for name in systems)], rows)


def quality(stored: dict[str, Any]) -> str:
    """Return what was found and, by one reader, answered; bold is better than Dalil."""
    systems, own = stored["systems"], stored["systems"]["dalil"]
    rows = []
    for name, figures in own["recall"].items():
        pairs = (_pair(system["recall"][name], figures, tuple(RECALL)) for system in systems.values())
        rows.append([f"R@1 / R@10, {name} ({figures['questions']})", *pairs])
    for name, figures in own["read_by_dalil"].items():
        keys = ("f1", "contains") if "f1" in figures else ("declined",)
        what = "F1 / holds the answer" if "f1" in figures else "declined"
        pairs = (_pair(system["read_by_dalil"][name], figures, keys) for system in systems.values())
        rows.append([f"{what}, {name} ({figures['questions']}), read by Dalil's reader", *pairs])
    return _table(["", *(NAMES[name] for name in systems)], rows)


def answers(stored: dict[str, Any]) -> str:
    """Return what each system answers by itself, and what it takes."""
    systems = stored["systems"]
    rows = [["gives", *("a quotation" if system["reads"] else "passages" for system in systems.values())]]
    for name, figures in systems["dalil"]["own"].items():
        keys = ("f1", "contains", "declined") if "f1" in figures else ("declined",)
        what = "F1 / holds the answer / declined" if "f1" in figures else "declined"
        shown = (_three(system, name, keys) for system in systems.values())
        rows.append([f"{what}, {name} ({figures['questions']})", *shown])
    for heading, key, unit in (
        ("answer, median", "answer_median_ms", "ms"),
        ("answer, 95 %", "answer_p95_ms", "ms"),
        ("answers a second, 1 client", "answer_per_s_1", ""),
        ("answers a second, 8 clients", "answer_per_s_8", ""),
        ("memory, answering", "answer_peak_mb", "MB"),
    ):
        rows.append([heading, *(f"{s[key]:,.0f} {unit}".strip() if s["reads"] else "–" for s in systems.values())])
    return _table(["", *(NAMES[name] for name in systems)], rows)


def won(stored: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what peers are better at, and who by how much: a heading once, with all who are."""
    for heading, key, more, _ in COSTS:
        better = [
            f"{NAMES[name]} × {ratio:.2f}"
            for name, ratio in zip(_peers(stored), _against(stored, key, more), strict=True)
            if ratio < 1
        ]
        if better:
            yield heading, ", ".join(better)
    own = stored["systems"]["dalil"]
    for part, keys in (("recall", RECALL), ("read_by_dalil", {"f1": "F1"})):
        for key, heading in keys.items():
            better = [
                f"{NAMES[name]} {system[part][group][key]:.3f} against {figures[key]:.3f} on {group}"
                for group, figures in own[part].items()
                for name, system in _peers(stored).items()
                if key in figures and system[part][group][key] > figures[key]
            ]
            if better:
                yield heading, ", ".join(better)


def wins(stored: dict[str, Any]) -> str:
    """Return the list of what peers are better at."""
    return "\n".join(f"- {heading}: {who}" for heading, who in won(stored)) or "None in this run."


def page(stored: dict[str, Any]) -> str:
    """Return all of it, ratios first."""
    parts = (
        setting(stored),
        "**How many times Dalil's** cost (above 1 Dalil is better, bold is better than Dalil):",
        ratios(stored),
        "**What is found**, and what one and the same reader answers from it (bold is better than Dalil):",
        quality(stored),
        "**What each answers by itself:**",
        answers(stored),
        "**The figures themselves:**",
        costs(stored),
        "**Where a peer is better:**",
        wins(stored),
    )
    return "\n\n".join(parts)


def _peers(stored: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: system for name, system in stored["systems"].items() if name != "dalil"}


def _against(stored: dict[str, Any], key: str, more: bool) -> list[float]:
    own = stored["systems"]["dalil"][key]
    return [own / system[key] if more else system[key] / own for system in _peers(stored).values()]


def _ratio(ratio: float) -> str:
    return f"**{ratio:.2f}**" if ratio < 1 else f"{ratio:.1f}" if ratio < 10 else f"{ratio:.0f}"


def _pair(figures: dict[str, float], own: dict[str, float], keys: Sequence[str]) -> str:
    return " / ".join(f"**{figures[key]:.3f}**" if figures[key] > own[key] else f"{figures[key]:.3f}" for key in keys)


def _three(system: dict[str, Any], name: str, keys: Sequence[str]) -> str:
    if system["own"] is None:
        return "not measured" if system["reads"] else "–"
    return " / ".join(f"{system['own'][name][key]:.3f}" for key in keys)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
