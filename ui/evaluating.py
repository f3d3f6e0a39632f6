"""`dalil eval`: put a file of questions to the product, or score predictions, and show the figures.

Takes what the command line was given; gives one JSON-ready object, and the same as a table for a terminal. Progress
and what could not be read are told on stderr.
"""

import hashlib
import os
import platform
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from embeddings.encoder import load_encoder
from embeddings.errors import DalilError
from qa.examination import Examination, Outcome, examination
from qa.figures import examined, predicted
from qa.loading import load_reader
from qa.question_sets import Example, QuestionFileError, read_examples, read_predictions
from ui.indexing import index_paths

_PACKAGES: Final = ("dalil", "faiss-cpu", "tantivy", "tokenizers", "sentence-transformers", "torch")
_KINDS: Final = {
    "who": "من", "when": "متى", "where": "أين", "how_many": "كم", "what": "ما", "why": "لماذا", "how": "كيف",
    "yes_no": "هل",
}  # fmt: skip


class ReportError(DalilError):
    """The report of an evaluation cannot be written."""


def evaluate(
    file: Path,
    *,
    distractors: Sequence[Path] = (),
    encoder: str | None = None,
    reader: str | None = None,
    top_k: int = 8,
    limit: int | None = None,
) -> dict[str, Any]:
    """Return the figures of the product on the questions of `file`, the models and the settings.

    Args:
        file: the questions; every context of it is searched, also with `limit`.
        distractors: files and folders of documents that are searched beside the contexts.
        encoder: a sentence-transformers name or path; None is the bundled model.
        reader: a reader's name or path; None is the bundled one.
        top_k: how many passages the assistant reads.
        limit: only the first so many questions are asked.

    Raises:
        QuestionFileError: the file cannot be read, or is malformed.
        ModelError: a model cannot be loaded.
    """
    started = time.perf_counter()
    examples = read_examples(file)
    models = load_encoder(encoder), load_reader(reader)
    with examination(examples, *models, top_k=top_k) as asking:
        unreadable = index_paths(asking, distractors) if distractors else 0
        outcomes = list(_watched(asking, examples[:limit]))
        counts = asdict(asking.counts)
    threshold = models[1].min_confidence
    settings = {
        "top_k": top_k,
        "limit": limit,
        "min_confidence": threshold,
        "distractors": [str(path) for path in distractors],
        "unreadable": unreadable,
        **counts,
        "seconds": round(time.perf_counter() - started, 1),
    }
    names = {"encoder": models[0].name, "reader": models[1].name}
    return examined(outcomes, threshold) | {"models": names, "settings": _described(file) | settings}


def evaluate_predictions(file: Path, predictions: Path, *, limit: int | None = None) -> dict[str, Any]:
    """Return the figures of answers by question id that were made elsewhere; no model is loaded.

    Raises:
        QuestionFileError: a file cannot be read or is malformed, or no id of one is in the other.
    """
    examples, given = read_examples(file)[:limit], read_predictions(predictions)
    if not any(example.id in given for example in examples):
        raise QuestionFileError(
            f"{predictions} answers no question of {file}: expected ids like {examples[0].id!r}, "
            f"got {next(iter(given), 'none')!r}."
        )
    settings = {"predictions": str(predictions), "limit": limit}
    return predicted(examples, given) | {"models": {}, "settings": _described(file) | settings}


def write_report(figures: Mapping[str, Any], path: Path) -> None:
    """Write the figures as a page of HTML.

    Raises:
        ReportError: the file cannot be written.
    """
    from ui.report import report

    try:
        path.write_text(report(figures), encoding="utf-8")
    except OSError as error:
        raise ReportError(f"cannot write the report to {path}: {error}. Name another file: --report FILE") from error


def show_figures(figures: Mapping[str, Any]) -> str:
    """Return the figures as text, in percent."""
    head = f"{figures['questions']:,} questions, {figures['answerable']:,} of them answerable"
    lines = [head, *(f"  {name}: {value}" for name, value in figures["models"].items())]
    for part in ("retrieval", "reading", "end_to_end", "predictions"):
        if part in figures:
            lines += ["", *_part(part, figures[part], figures["intervals"].get(part, {}))]
    lines += ["", *_conventions(figures["conventions"])]
    if figures.get("abstention"):
        lines += ["", *_abstention(figures["abstention"])]
    if "predictions" not in figures:
        lines += ["", *_groups(figures)]
    return "\n".join(lines)


def _described(file: Path) -> dict[str, Any]:
    """Return what must be known to get the same figures again."""
    return {
        "file": str(file),
        "file_sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "convention": "arabic",
        "bootstrap": {"samples": 1000, "seed": 0, "interval": 0.95},
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}},
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    }


def _watched(asking: Examination, examples: Sequence[Example]) -> Iterator[Outcome]:
    """Yield the outcomes, with a bar on a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        yield from bar.track(asking.examine(examples), total=len(examples), description="questions")


def _part(name: str, figures: Mapping[str, Any], intervals: Mapping[str, Any]) -> Iterator[str]:
    yield name.replace("_", " ")
    for key, value in figures.items():
        if isinstance(value, Mapping):
            shown = "  ".join(f"{k} {_shown(v)}" for k, v in value.items())
            yield f"  {key.replace('_', ' ')}: {shown}"
        else:
            between = intervals.get(key)
            yield f"  {key:24} {_shown(value):>6}" + (f"  ({' – '.join(map(_shown, between))})" if between else "")


def _conventions(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "conventions" + " " * 17 + "EM     F1"
    for part, by_name in figures.items():
        for name, values in by_name.items():
            yield f"  {part:12} {name:8} {_shown(values['exact_match']):>7} {_shown(values['f1']):>6}"


def _abstention(figures: Mapping[str, Any]) -> Iterator[str]:
    for part, values in figures.items():
        yield f"abstention, {part.replace('_', ' ')}"
        for key, value in values.items():
            if isinstance(value, Mapping):
                yield f"  {key.replace('_', ' ')}: " + "  ".join(f"{k} % {_shown(v)}" for k, v in value.items())
            elif not isinstance(value, list):
                yield f"  {key.replace('_', ' '):24} {_shown(value):>6}"
        for band in values["reliability"]:
            said, right = _shown(band["confidence"]), _shown(band["right"])
            yield f"  confidence {said:>6}  right {right:>6}  ({band['questions']})"


def _groups(figures: Mapping[str, Any]) -> Iterator[str]:
    yield f"{'':24} {'n':>6} {'R@1':>6} {'EM':>6} {'F1':>6} {'asked F1':>9}"
    for part in ("by_type", "by_answer_type", "by_answer_length", "by_passage_length"):
        yield part.replace("_", " ")
        for name, group in figures[part].items():
            cells = (group["retrieval"]["recall@1"], group["reading"]["exact_match"], group["reading"]["f1"])
            shown = " ".join(f"{_shown(value):>6}" for value in cells)
            label = f"{name} {_KINDS.get(name, '')}".strip()
            yield f"  {label:22} {group['questions']:6} {shown} {_shown(group['end_to_end']['f1']):>9}"


def _shown(value: object) -> str:
    if value is None:
        return "–"
    return f"{100 * value:.1f}" if isinstance(value, float) else str(value)
