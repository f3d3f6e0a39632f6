"""One file of an index flipped, cut or deleted: told or mended, or harmless; never believed."""

import logging
import shutil
import tempfile
from pathlib import Path

import numpy as np

from embeddings.errors import DalilError, IndexDamagedError
from embeddings.index import Index
from embeddings.integrity import inspect, repair
from tests.torture.kills import LostError, Tally, holds, verify
from tests.torture.work import ENCODER, State

TRUTH = Path("dalil.sqlite")
_TRUTH_SHARE = 0.3  # one file of about fifteen, and the one that matters


def damage(bases: list[tuple[Path, dict[int, State]]], place: Path, count: int, seed: int) -> Tally:
    """Damage a copy of one of `bases` `count` times; tell what became of it, by harm and outcome.

    Each base is a folder and the states that it may hold, by generation. Lost is what was damaged and believed, not
    named, or not mended.
    """
    draw = np.random.default_rng([seed, 2])
    tally = Tally()
    before = [_found(_copy(base, place / "inspected")) for base, _ in bases]
    for number in range(count):
        base, states = bases[number % len(bases)]
        opened, inspected = (_copy(base, place / name) for name in ("opened", "inspected"))
        files = sorted(path.relative_to(base) for path in base.rglob("*") if path.is_file())
        file = TRUTH if draw.random() < _TRUTH_SHARE else files[int(draw.integers(len(files)))]
        harm = ("flip", "cut", "delete")[int(draw.integers(3))]
        where = float(draw.random())
        for copy in (opened, inspected):
            _harm(copy / file, harm, where)
        try:
            found = "\n".join(sorted(_found(inspected) - before[number % len(bases)]))
            tally.kinds[f"{harm}: {_outcome(opened, inspected, file, states, found)}"] += 1
        except Exception as error:  # noqa: BLE001  nothing but our own errors may come out, and that is told
            tally.lost.append(f"{harm} of {file} at {where:.4f} in {base}: {type(error).__name__}: {error}")
    return tally


def _copy(base: Path, copy: Path) -> Path:
    if copy.exists():  # out of the way first: threads of tantivy may still write where an index was just closed
        aside = Path(tempfile.mkdtemp(dir=copy.parent))
        copy.rename(aside / copy.name)
        shutil.rmtree(aside, ignore_errors=True)
    return Path(shutil.copytree(base, copy))


def _harm(path: Path, harm: str, where: float) -> None:
    data = bytearray(path.read_bytes())
    if harm == "delete" or not data:
        path.unlink()
        return
    at = int(where * len(data))
    if harm == "flip":
        data[at] ^= 1 << (at % 8)
    path.write_bytes(data if harm == "flip" else data[:at])


def _outcome(opened: Path, inspected: Path, file: Path, states: dict[int, State], found: str) -> str:
    """What opening makes of a damaged folder, and what was `found` by looking closely."""
    named = (
        TRUTH.name if file.name.startswith(TRUTH.name) else file.parts[0].split(".seal.json")[0].removesuffix(".new")
    )
    warnings = _Warnings()
    logging.getLogger("embeddings").addHandler(warnings)
    try:
        with Index.open(opened, ENCODER) as index:
            right = _right(index, states)
    except DalilError as error:
        _assert_names(str(error), named)
        return "told when opened"
    finally:
        logging.getLogger("embeddings").removeHandler(warnings)
    if found:
        _assert_names(found, named)
    if not right:
        if not found:
            raise LostError("it opened with other content, and nobody said so")
        return "told by doctor"
    if named == TRUTH.name:
        return "told by doctor" if found else "harmless"
    repair(inspected)
    holds(inspected, states)
    if left := inspect(opened):
        raise LostError(f"opening it left {left}")
    if any(named in line and "again" in line for line in warnings.lines):
        return "mended when opened"
    return "told and repaired" if found else "harmless"


def _found(folder: Path) -> set[str]:
    """What looking closely finds, wherever the folder lies."""
    try:
        found = inspect(folder)
    except DalilError as error:
        found = [str(error)]
    return {finding.replace(str(folder), "FOLDER") for finding in found}


def _right(index: Index, states: dict[int, State]) -> bool:
    """Whether an open index holds what it should, to the last character, vector and term."""
    if index.generation not in states:
        return False
    try:
        verify(index, states[index.generation])
    except (AssertionError, KeyError, IndexDamagedError):
        return False
    return True


def _assert_names(message: str, named: str) -> None:
    if named not in message or "dalil " not in message:
        raise LostError(f"the message names neither {named} nor what to do: {message}")


class _Warnings(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
