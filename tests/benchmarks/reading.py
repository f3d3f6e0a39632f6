"""Reading figures: F1 and exact match by kind of question, risk and coverage, reliability, speed.

    python -m tests.benchmarks.reading --data DIR [--limit 100] [--readers overlap,sentences,spans]

Takes the development sets of the data folder (gold passage); prints tables and writes results/reading.json. Baseline
"overlap" answers with the sentence that holds the largest share of the question's words.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from embeddings.arabic import words
from embeddings.passages import cut, sentences
from qa.evaluation import exact_match, f1, risk_coverage
from qa.questions import Kind, analyse
from qa.reader import Reader, ReadingPassage, Span
from qa.training.data import read_rows

SETS = ("tydi-ar-dev-a", "mlqa-ar-dev", "written-dev")
TYPES = {
    Kind.WHO: "من",
    Kind.WHEN: "متى",
    Kind.WHERE: "أين",
    Kind.HOW_MANY: "كم",
    Kind.WHAT: "ما",
    Kind.WHY: "لماذا",
    Kind.HOW: "كيف",
    Kind.YES_NO: "هل",
}
RESULTS = Path(__file__).parent / "results" / "reading.json"


class OverlapReader:
    """The sentence with the largest share of the question's words."""

    name = "overlap"
    min_confidence = 0.5
    exact_confidence = 0.0

    def read(self, question: str, passages: Sequence[ReadingPassage]) -> list[Span]:
        """Return the best sentence of all passages."""
        asked = {w.text for w in analyse(question).content}
        spans = [
            Span(n, *place, len(asked & {w.text for w in words(p.text[slice(*place)])}) / max(len(asked), 1))
            for n, p in enumerate(passages)
            for place in sentences(p.text)
        ]
        return sorted(spans, key=lambda s: -s.confidence)


def make(name: str) -> Reader:
    """Return the reader of that name."""
    if name == "overlap":
        return OverlapReader()
    from qa.loading import load_reader

    return load_reader(None if name == "spans" else name)


def read_set(reader: Reader, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return for each row what was answered and how right it is."""
    out = []
    for row in rows:
        passage = ReadingPassage(row["context"], 1.0, row.get("title") or "")
        spans = reader.read(row["question"], [passage])
        text = row["context"][spans[0].start : spans[0].end] if spans else None
        expected = [a["text"] for a in row["answers"]]
        out.append(
            {
                "kind": analyse(row["question"]).kind,
                "answerable": bool(expected),
                "confidence": spans[0].confidence if spans else 0.0,
                "f1": f1(text, expected) if expected else 0.0,
                "exact": exact_match(text, expected) if expected else 0.0,
            }
        )
    return out


def mean(values: Sequence[float]) -> float:
    """Return the mean in percent, one decimal; 0 of nothing."""
    return round(100 * statistics.fmean(values), 1) if values else 0.0


def figures(read: list[dict[str, Any]], threshold: float) -> dict[str, Any]:
    """Return F1 and exact match of the answerable questions, by kind too, and of all with declining."""
    known = [r for r in read if r["answerable"]]
    kinds: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for r in known:
        kinds[TYPES[r["kind"]]].append(r)
    result: dict[str, Any] = {
        "questions": len(read),
        "f1": mean([r["f1"] for r in known]),
        "exact": mean([r["exact"] for r in known]),
        "by_kind": {
            k: {"n": len(v), "f1": mean([r["f1"] for r in v]), "exact": mean([r["exact"] for r in v])}
            for k, v in sorted(kinds.items(), key=lambda i: -len(i[1]))
        },
    }
    if len(known) < len(read):
        result |= declining(read, threshold)
    return result


def declining(read: list[dict[str, Any]], threshold: float) -> dict[str, Any]:
    """Return figures over all questions: declining is right where there is no answer."""

    def right(row: dict[str, Any], level: float) -> float:
        return row["f1"] if row["confidence"] >= level else float(not row["answerable"])

    levels = sorted({r["confidence"] for r in read} | {0.0, 1.01})
    best = max(levels, key=lambda level: statistics.fmean(right(r, level) for r in read))
    points = risk_coverage([r["confidence"] for r in read], [r["f1"] for r in read])
    chosen = [min(points, key=lambda p: abs(p[1] - share / 10)) for share in range(1, 11)]
    return {
        "f1_all": mean([right(r, threshold) for r in read]),
        "f1_all_best_threshold": mean([right(r, best) for r in read]),
        "threshold": round(threshold, 3),
        "best_threshold": round(best, 3),
        "declined_unanswerable": mean([float(r["confidence"] < threshold) for r in read if not r["answerable"]]),
        "declined_answerable": mean([float(r["confidence"] < threshold) for r in read if r["answerable"]]),
        "risk_coverage": [
            {"confidence": round(c, 3), "coverage": round(v, 3), "risk": round(k, 3)} for c, v, k in chosen
        ],
    }


def reliability(read: list[dict[str, Any]]) -> list[dict[str, float]]:
    """Return mean confidence and share of right answers (F1 of at least a half) in five bands of confidence."""
    table = []
    for low in (0.0, 0.2, 0.4, 0.6, 0.8):
        band = [r for r in read if low <= r["confidence"] < low + 0.2 or (low == 0.8 and r["confidence"] == 1)]
        if band:
            said = statistics.fmean(r["confidence"] for r in band)
            right = statistics.fmean(float(r["f1"] >= 0.5) for r in band)
            table.append({"from": low, "n": len(band), "confidence": round(said, 3), "right": round(right, 3)})
    return table


def speed(reader: Reader, rows: list[dict[str, Any]], rounds: int = 15) -> dict[str, float]:
    """Return milliseconds for reading 20 passages of about 100 words: each question with passages of many others."""
    pieces = [r["context"][a:b] for r in rows for a, b in cut(r["context"], max_words=100)]
    long = [p for p in pieces if len(p.split()) >= 80][:400]
    taken = []
    for n in range(rounds + 2):
        passages = [ReadingPassage(long[(n * 20 + i) % len(long)], 1 - i / 40) for i in range(20)]
        started = time.perf_counter()
        reader.read(rows[n]["question"], passages)
        taken.append(1000 * (time.perf_counter() - started))
    return {"median_ms": round(statistics.median(taken[2:]), 1), "max_ms": round(max(taken[2:]), 1)}


def table(report: dict[str, Any]) -> str:
    """Return the figures as text."""
    lines = [f"{'reader':12} {'set':15} {'F1':>6} {'EM':>6}  by kind (F1, n)"]
    for name, entry in report["readers"].items():
        for data, result in entry["sets"].items():
            kinds = "  ".join(f"{k} {v['f1']:.0f} ({v['n']})" for k, v in result["by_kind"].items())
            lines.append(f"{name:12} {data:15} {result['f1']:6.1f} {result['exact']:6.1f}  {kinds}")
            if "f1_all" in result:
                keys = ("f1_all", "f1_all_best_threshold", "declined_unanswerable", "declined_answerable", "threshold")
                lines.append(" " * 29 + "  ".join(f"{k} {result[k]}" for k in keys))
                curve = " ".join(f"{p['coverage']:.1f}:{p['risk']:.2f}" for p in result["risk_coverage"])
                lines.append(" " * 29 + f"coverage:risk {curve}")
        lines += [
            f"{'':12} confidence {band['confidence']:.2f}  right {band['right']:.2f}  n {band['n']}"
            for band in entry["reliability"]
        ]
        lines.append(f"{'':12} 20 passages of 100 words: {entry['speed']['median_ms']} ms (median)")
    return "\n".join(lines)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=None)
    parser.add_argument("--readers", default="overlap,sentences,spans")
    parser.add_argument("--out", type=Path, default=RESULTS)
    args = parser.parse_args()
    sets = {n: list(read_rows(args.data / "qa" / f"{n}.jsonl.xz"))[: args.limit] for n in SETS}
    report: dict[str, Any] = {"cores": os.cpu_count(), "limit": args.limit, "readers": {}}
    for name in args.readers.split(","):
        reader = make(name)
        read = {data: read_set(reader, rows) for data, rows in sets.items()}
        report["readers"][name] = {
            "name": reader.name,
            "sets": {data: figures(r, reader.min_confidence) for data, r in read.items()},
            "reliability": reliability([r for rows in read.values() for r in rows]),
            "speed": speed(reader, [r for rows in sets.values() for r in rows]),
        }
    sys.stdout.write(table(report) + "\n")
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
