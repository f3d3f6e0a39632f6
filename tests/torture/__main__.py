"""Kill, starve and damage an index and print how often: `python -m tests.torture`; 1 when anything was lost."""

import argparse
import logging
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.torture.damage import damage
from tests.torture.faults import refuse
from tests.torture.kills import Patient, Tally, kill
from tests.torture.victim import Victims
from tests.torture.work import State

_BASES = 6
_ROUND = 40  # kills after which another folder is begun
_MEMORY = Path("/dev/shm")  # noqa: S108  what a killed process wrote is there all the same, and no disk is waited for


def main() -> int:
    """Do all three and print a line of counts for each; what was lost goes to stderr."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=5_000)
    parser.add_argument("--faults", type=int, default=1_500)
    parser.add_argument("--damages", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="printed, so that a run can be repeated")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    logging.getLogger("embeddings").propagate = False  # that parts are made again is what is wanted here
    logging.getLogger("embeddings").addHandler(logging.NullHandler())
    memory = str(_MEMORY) if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="dalil-torture-", dir=memory) as name, Victims() as victims:
        lost = _run(Path(name), victims, options)
    for what in lost:
        print(what, file=sys.stderr)
    return bool(lost)


def _run(place: Path, victims: Victims, options: argparse.Namespace) -> list[str]:
    bases: list[tuple[Path, dict[int, State]]] = []
    killed = Tally()
    number = 0
    while killed.kinds.total() < options.kills:
        patient = Patient(place / f"killed-{number}", place / "copy")
        killed += kill(victims, patient, min(_ROUND, options.kills - killed.kinds.total()), options.seed + number)
        if len(bases) < _BASES and patient.state and not killed.lost:
            bases += [(_kept(patient, place), patient.settled), (_closed(patient, place), _only_now(patient))]
        shutil.rmtree(patient.folder)
        number += 1
    _print("killed", killed, f"recovered {killed.kinds.total() - len(killed.lost)}, lost {len(killed.lost)}")
    refused = refuse(victims, Patient(place / "starved", place / "copy"), options.faults, options.seed)
    _print("refused writes, told", refused, f"lost {len(refused.lost)}")
    damaged = damage(bases, place, options.damages, options.seed)
    named = sum(count for kind, count in damaged.kinds.items() if not kind.endswith("harmless"))
    harmless = damaged.kinds.total() - named
    _print("damaged", damaged, f"named {named}, harmless {harmless}, silent {len(damaged.lost)}")
    return killed.lost + refused.lost + damaged.lost


def _kept(patient: Patient, place: Path) -> Path:
    """A copy of a folder as a killed process left it."""
    return Path(shutil.copytree(patient.folder, place / f"{patient.folder.name}-left"))


def _closed(patient: Patient, place: Path) -> Path:
    """A copy of the same folder as it was after it had been opened and closed."""
    return Path(shutil.copytree(patient.copy, place / f"{patient.folder.name}-closed"))


def _only_now(patient: Patient) -> dict[int, State]:
    return {patient.generation: patient.state}


def _print(name: str, tally: Tally, came_of_it: str) -> None:
    parts = ", ".join(f"{kind} {count}" for kind, count in sorted(tally.kinds.items()))
    print(
        f"{name} {tally.kinds.total() + (len(tally.lost) if name == 'damaged' else 0)}, {came_of_it} ({parts})",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
