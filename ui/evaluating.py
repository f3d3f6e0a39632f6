"""`dalil eval`: put a file of questions to the product, or score predictions.

Takes what the command line was given; gives one JSON-ready object. Progress and what could not be read are told on
stderr.
"""

import hashlib
import os
import platform
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from embeddings.encoder import load_encoder
from embeddings.errors import DalilError
from qa.assistant import READ
from qa.examination import Outcome, examination
from qa.feedback import judged, looked_at, read_feedback
from qa.figures import examined, predicted
from qa.loading import load_reader
from qa.question_sets import QuestionFileError, read_examples, read_predictions
from qa.robustness import compared, trials
from ui.indexing import index_paths, tell

_PACKAGES: Final = ("dalil", "faiss-cpu", "tantivy", "tokenizers", "sentence-transformers", "torch")


class ReportError(DalilError):
    """The report of an evaluation cannot be written."""


def evaluate(
    file: Path,
    *,
    distractors: Sequence[Path] = (),
    encoder: str | None = None,
    reader: str | None = None,
    top_k: int = READ,
    limit: int | None = None,
    robustness: bool = False,
    from_feedback: bool = False,
) -> dict[str, Any]:
    """Return the figures of the product on the questions of `file`, the models and the settings.

    Args:
        file: the questions; every context of it is searched, also with `limit`.
        distractors: files and folders of documents that are searched beside the contexts.
        encoder: a sentence-transformers name or path; None is the bundled model.
        reader: a reader's name or path; None is the bundled one.
        top_k: how many passages the assistant reads.
        limit: only the first so many questions are asked.
        robustness: ask each question again as other people would write it.
        from_feedback: `file` is what people said of answers in the chat. Those called right are scored; the others
            are asked again and listed under "feedback".

    Raises:
        QuestionFileError: the file cannot be read, or is malformed; of what people said, if no line can be read.
        ModelError: a model cannot be loaded.
    """
    started = time.perf_counter()
    left_out: list[str] = []
    said = judged(read_feedback(file, left_out.append)) if from_feedback else None
    _tell_left_out(left_out)
    examples = said.examples if said else read_examples(file)
    models = load_encoder(encoder), load_reader(reader)
    threshold = models[1].min_confidence
    with examination(examples, *models, top_k=top_k) as asking:
        unreadable = index_paths(asking, distractors) if distractors else 0
        if said:
            asking.add(said.passages)
        asked = examples[:limit]
        outcomes = list(_watched(asking.examine(asked), len(asked), "questions"))
        again = _watched(outcomes, len(asked), "other spellings") if robustness else ()
        tried = list(trials(again, asking.ask, threshold))
        feedback = {"feedback": looked_at(said, lambda q: asking.ask(q).above(threshold))} if said else {}
        counts = asdict(asking.counts)
    settings = {
        "top_k": top_k,
        "limit": limit,
        "min_confidence": threshold,
        "distractors": [str(path) for path in distractors],
        "unreadable": unreadable,
        "left_out": len(left_out),
        **counts,
        "seconds": round(time.perf_counter() - started, 1),
    }
    names = {"encoder": models[0].name, "reader": models[1].name}
    figures = examined(outcomes, threshold) | ({"robustness": compared(tried)} if robustness else {})
    return feedback | figures | {"models": names, "settings": _described(file) | settings}


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


def _tell_left_out(lines: Sequence[str]) -> None:
    for line in lines:
        tell(f"left out: {line}")
    if lines:
        tell(f"{len(lines)} {'line' if len(lines) == 1 else 'lines'} left out; the others are asked")


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


def _watched(outcomes: Iterable[Outcome], total: int, description: str) -> Iterator[Outcome]:
    """Yield the outcomes, with a bar on a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        yield from bar.track(outcomes, total=total, description=description)
