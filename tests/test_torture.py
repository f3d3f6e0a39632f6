"""The short form of `make torture`, and that it would tell what is lost, and what is damaged and believed."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from embeddings.folder import Seal
from embeddings.index import Index
from embeddings.store import Store
from tests.torture import damage
from tests.torture.kills import LostError, Patient, holds
from tests.torture.victim import Event, Fate, Remains
from tests.torture.work import ENCODER, State, drawn

ROOT = Path(__file__).parents[1]
KILLS, FAULTS, DAMAGES = 200, 30, 200


def test_nothing_is_lost_and_no_damage_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--kills", str(KILLS), "--faults", str(FAULTS), "--damages", str(DAMAGES)]
    command = [sys.executable, "-m", "tests.torture", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1200, check=False)
    with capsys.disabled():
        sys.stdout.write(f"\n{done.stdout}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"killed {KILLS}, recovered {KILLS}, lost 0" in done.stdout
    assert re.search(r"refused writes, told [1-9]\d*, lost 0", done.stdout)
    named, harmless = re.search(rf"damaged {DAMAGES}, named (\d+), harmless (\d+), silent 0", done.stdout).groups()  # type: ignore[union-attr]
    assert int(named) + int(harmless) == DAMAGES
    assert int(named) > DAMAGES / 3
    for kind in ("add", "replace", "remove", "compaction", "rebuild"):
        assert re.search(rf"\({'.*' if kind != 'add' else ''}{kind} [1-9]", done.stdout), f"none was killed in {kind}"


@pytest.fixture
def state() -> State:
    return drawn(3, 0, {}).states({})[-1]


@pytest.fixture
def folder(tmp_path: Path, state: State) -> Path:
    with Index.open(tmp_path / "index", ENCODER, create=True) as index:
        index.add(state.values())
    return tmp_path / "index"


def test_a_lost_document_is_noticed(folder: Path, state: State) -> None:
    with Index.open(folder, ENCODER) as index:
        now = index.generation
        assert holds(folder, {now: state}) == now
        fewer = dict(list(state.items())[1:])
    with pytest.raises(AssertionError):
        holds(folder, {now: fewer})
    with pytest.raises(LostError, match=f"at change {now}, expected one of"):
        holds(folder, {now + 1: state})


def test_a_lost_change_is_noticed(folder: Path, state: State, tmp_path: Path) -> None:
    """A victim said that its change had ended, and what it left is the folder as it was before."""
    with Index.open(folder, ENCODER) as index:
        before = index.generation
    patient = Patient(folder, tmp_path / "copy", before, state, {before: state})
    change = drawn(5, 0, state)
    after = before + len(change.states(state))
    fate = Fate(str(folder), seed=5, changes=1)
    begun = Event("begin", change.kind, before)
    patient.examine(fate, Remains(-9, [begun], "", 0.1, 0))
    with pytest.raises(LostError):
        patient.examine(fate, Remains(-9, [begun, Event("end", change.kind, after)], "", 0.1, 0))


@pytest.mark.parametrize("believed", ["vectors.faiss", "terms"])
def test_damage_that_is_believed_is_noticed(
    folder: Path, state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, believed: str
) -> None:
    with Index.open(folder, ENCODER) as index:
        now = index.generation
    (tmp_path / "base").mkdir()
    base = Path(shutil.copytree(folder, tmp_path / "base" / "index"))
    assert not damage.damage([(base, {now: state})], tmp_path, 20, 1).lost
    whole = Seal.damage
    monkeypatch.setattr(
        Seal, "damage", lambda seal, at, names: None if believed in str(at / names[0]) else whole(seal, at, names)
    )
    assert damage.damage([(base, {now: state})], tmp_path, 60, 1).lost


def test_what_was_committed_and_seen_needs_no_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process is killed between its commit and the moment that the file itself has it; another opens the index."""
    state = drawn(3, 0, {}).states({})[-1]
    monkeypatch.setattr(Store, "_settle", lambda _: None)
    with Index.open(tmp_path / "index", ENCODER, create=True) as index:
        index.add(state.values())
        left = Path(shutil.copytree(tmp_path / "index", tmp_path / "left"))
        now = index.generation
    monkeypatch.undo()
    assert (left / "dalil.sqlite-wal").stat().st_size
    store = Store(left / "dalil.sqlite")
    seen = Path(shutil.copytree(left, tmp_path / "seen"))
    store.close()
    (seen / "dalil.sqlite-wal").unlink()
    assert holds(seen, {now: state}) == now
