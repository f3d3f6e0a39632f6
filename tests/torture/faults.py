"""A disk that refuses: an error at one step, files that may not grow, no space at all; told each time, nothing lost."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from tests.torture.kills import LIFE, LostError, Patient, Tally
from tests.torture.victim import Fate, Victims

_ERRORS = (errno.ENOSPC, errno.EIO, errno.EROFS)
_STEPS = 40
_DISK = "4m"


def refuse(victims: Victims, patient: Patient, count: int, seed: int) -> Tally:
    """Let the disk refuse what `count` victims write, or until one has lost something; tell how often it was told.

    Lost is also what ended in another error than ours, or an index that did not go on afterwards.
    """
    draw = np.random.default_rng([seed, 1])
    tally = Tally()
    with _small_disk(patient.copy.with_name("disk")) as disk:
        full = Patient(disk / "index", patient.copy) if disk else None
        for number in range(count):
            chosen = full if full and number % 3 == 0 else patient
            kind, fate = _fate(chosen, number, draw, full=chosen is full)
            try:
                tally.kinds[kind] += _told(victims, chosen, fate)
            except LostError as lost:
                tally.lost.append(str(lost))
                break
    if disk is None:
        tally.kinds["full disk (not permitted here: files may not grow instead)"] = 0
    return tally


def _fate(patient: Patient, number: int, draw: np.random.Generator, *, full: bool) -> tuple[str, Fate]:
    """Draw how the disk is going to refuse; return also what that is called."""
    folder, seed = str(patient.folder), int(draw.integers(1 << 30))
    if full:
        return "full disk", Fate(folder, seed, LIFE, ballast=_fill(patient, int(draw.integers(0, 250_000))))
    if number % 3 == 2:
        step, error = int(draw.integers(_STEPS)), int(draw.choice(_ERRORS))
        return "write error", Fate(folder, seed, LIFE, step=step, error=error)
    return "no room for a file", Fate(folder, seed, LIFE, room=int(draw.integers(0, 400_000)))


def _told(victims: Victims, patient: Patient, fate: Fate) -> int:
    remains = victims.suffer(fate)
    patient.examine(fate, remains)
    if remains.status or remains.events[-1].what != "end":
        raise LostError(f"{fate}: it did not go on once it could write again: {remains.said}")
    return sum(event.what == "failed" for event in remains.events)


def _fill(patient: Patient, left: int) -> str:
    """Fill the disk of `patient` but for `left` bytes; return the file that does."""
    ballast = patient.folder.with_name("ballast")
    disk = os.statvfs(ballast.parent)
    ballast.write_bytes(bytes(max(0, disk.f_bavail * disk.f_frsize - left)))
    return str(ballast)


@contextmanager
def _small_disk(folder: Path) -> Iterator[Path | None]:
    """Lend a small disk in memory, mounted at `folder`; None where that is not permitted."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_DISK}", "dalil-torture", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    try:
        yield folder if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)
