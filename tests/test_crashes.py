"""A process killed at any step of its work leaves exactly the last committed state, and every search agrees with it.

At any moment, and of more kinds of change: `tests.torture`.
"""

import subprocess
import sys
from pathlib import Path

from embeddings.errors import IndexMissingError
from embeddings.index import Index
from tests.brute import assert_holds
from tests.crashing import ENCODER, after, committed_states

ROOT = Path(__file__).parents[1]


def crash(folder: Path) -> None:
    command = [sys.executable, "-m", "tests.crashing", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=600)


def assert_recovers(place: Path) -> int:
    """Open what a killed process left; return which of the committed states it is."""
    states = committed_states()
    log = place.with_name(place.name + ".done")
    finished = len(log.read_bytes()) if log.exists() else 0
    encoded = ENCODER.encoded
    try:
        opened = Index.open(place, ENCODER)
    except IndexMissingError:
        assert finished == 0
        return 0
    with opened as index:
        assert ENCODER.encoded == encoded
        (found,) = [n for n, state in enumerate(states) if n == index.generation]
        assert found >= after(finished), "a finished change was lost"
        assert_holds(index, list(states[found].values()), question="كلمة3 خبر2 رقم1")
    with Index.open(place, ENCODER) as index:
        assert_holds(index, list(states[found].values()), question="كلمة3 خبر2 رقم1")
    return found


def assert_goes_on(place: Path) -> None:
    """Bring what a killed process left to the last state, as the same work given again would."""
    final = committed_states()[-1]
    with Index.open(place, ENCODER, create=True) as index:
        index.add(final.values())
        index.remove({info.id for info in index.documents()} - {kept.id for kept in final.values()})
        assert_holds(index, list(final.values()), question="خبر2")


def test_killed_at_every_step(tmp_path: Path) -> None:
    crash(tmp_path)
    places = sorted((place for place in tmp_path.iterdir() if place.is_dir()), key=lambda place: int(place.name))
    assert len(places) > 30
    assert {assert_recovers(place) for place in places} == set(range(len(committed_states())))
    for place in places[::8]:
        assert_goes_on(place)
