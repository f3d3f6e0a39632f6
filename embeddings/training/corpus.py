"""Read training data: xz-compressed JSON lines under one folder, one object a line.

Takes the folder and a name such as "text/news"; gives the objects in file order, or a sample of paragraphs
that is the same on every run.
"""

import json
import lzma
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def rows(data: Path, name: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of `data/name.jsonl.xz` in order. Raises FileNotFoundError when there is no such file."""
    with lzma.open(data / f"{name}.jsonl.xz", "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def paragraphs(data: Path, name: str, *, share: float, seed: int = 7) -> Iterator[str]:
    """Yield non-empty lines of a share (0..1) of the documents of `data/name`, chosen by `seed`, titles included."""
    chosen = random.Random(f"{seed} {name}")
    for row in rows(data, name):
        if chosen.random() < share:
            yield from (line for text in (row.get("title"), row["text"]) for line in (text or "").split("\n") if line)
