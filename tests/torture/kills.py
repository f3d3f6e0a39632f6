"""What a victim leaves: exactly one of the states that it committed, none of them lost, every search true to it."""

import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from embeddings.errors import DalilError, IndexMissingError
from embeddings.index import Index
from embeddings.integrity import inspect
from tests.brute import assert_agrees, assert_holds
from tests.torture.victim import BROKEN, Fate, Remains, Victims
from tests.torture.work import ENCODER, QUESTION, State, drawn

LIFE = 6  # changes of a victim that nothing happens to


class LostError(AssertionError):
    """Something was lost, or is not as it was stored."""


@dataclass
class Tally:
    """How often something happened, by kind, and every time that something was lost over it."""

    kinds: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.kinds + other.kinds, self.lost + other.lost)


@dataclass
class Patient:
    """One index folder that is worked on again and again, and what it must hold.

    Attributes:
        generation: the change that it is at, verified.
        state: what it holds, verified.
        settled: what it may hold, by generation, if its journal is damaged: that which nobody was told of may go.
    """

    folder: Path
    copy: Path
    generation: int = 0
    state: State = field(default_factory=dict)
    settled: dict[int, State] = field(default_factory=lambda: {0: {}})

    def examine(self, fate: Fate, remains: Remains) -> None:
        """Verify what the victim left, on a copy, and take it for what is there from now on.

        Raises:
            LostError: it is none of the states that may be there.
        """
        if remains.status == BROKEN:
            raise LostError(f"{fate}: {remains.said}")
        possible, least, told = self._possible(fate, remains)
        shutil.rmtree(self.copy, ignore_errors=True)
        if self.folder.exists():
            shutil.copytree(self.folder, self.copy)
        try:
            found = holds(self.copy, possible)
        except (AssertionError, DalilError) as error:
            raise LostError(f"{fate}: {type(error).__name__}: {error}; {remains.said}") from error
        if found < least:
            raise LostError(f"{fate}: change {least} had ended and {found} is there; {remains.said}")
        known = self.settled | possible
        self.generation, self.state = found, possible[found]
        self.settled = {n: state for n, state in known.items() if told <= n <= found}

    def _possible(self, fate: Fate, remains: Remains) -> tuple[dict[int, State], int, int]:
        """The states that may be there, by generation; the generation that is there at least; the last one told."""
        possible, least, told = {self.generation: self.state}, self.generation, min(self.settled)
        state, number = self.state, 0
        for event in remains.events:
            if event.kind == "open" or event.what == "phase":
                continue
            if event.what == "begin":
                change = drawn(fate.seed, number, state)
                if (change.kind, least) != (event.kind, event.generation):
                    raise LostError(f"{fate}: {event} where {change.kind} at {least} was expected")
                told = least
                possible |= enumerate_from(least + 1, change.states(state))
                number += 1
            else:
                told = least = event.generation
                state = possible[least]
                possible = {n: held for n, held in possible.items() if n <= least}
        return possible, least, told


def enumerate_from(first: int, states: list[State]) -> dict[int, State]:
    """Return the states by their generations, which begin with `first`."""
    return {first + n: state for n, state in enumerate(states)}


def holds(folder: Path, possible: dict[int, State]) -> int:
    """Open an index that holds one of the `possible` states, by generation; return which, and check all of it.

    Raises:
        LostError: it is another one, or something was embedded again, or a part is not what was written.
        AssertionError: a document, passage, vector, term or search is not what it should be.
    """
    ENCODER.encoded = 0
    try:
        index = Index.open(folder, ENCODER)
    except IndexMissingError:
        if 0 in possible and not possible[0]:
            return 0
        raise
    with index:
        if ENCODER.encoded:
            raise LostError(f"{folder}: opening embedded {ENCODER.encoded} passages again")
        found = index.generation
        if found not in possible:
            raise LostError(f"{folder}: it is at change {found}, expected one of {sorted(possible)}")
        verify(index, possible[found])
    if wrong := inspect(folder):
        raise LostError(f"{folder}: {wrong}")
    return found


def verify(index: Index, state: State) -> None:
    """Raise AssertionError unless an open index holds `state`, to the last character, vector and term."""
    assert_holds(index, list(state.values()), question=QUESTION)
    assert_agrees(index)


def kill(victims: Victims, patient: Patient, count: int, seed: int) -> Tally:
    """Kill `count` victims at random moments and steps, or until one has lost something; tell in the middle of what."""
    draw = np.random.default_rng(seed)
    tally = Tally()
    seconds, steps = _life(victims, patient.copy.with_name("life"), seed)
    number = 0
    while tally.kinds.total() < count:
        number += 1
        fate = Fate(str(patient.folder), seed=int(draw.integers(1 << 30)), changes=LIFE)
        if number % 2:
            fate = Fate(fate.folder, fate.seed, LIFE, delay=float(draw.uniform(0, seconds)))
        else:
            fate = Fate(fate.folder, fate.seed, LIFE, step=int(draw.integers(steps)))
        remains = victims.suffer(fate)
        if remains.status < 0:
            tally.kinds[doing(remains)] += 1
        try:
            patient.examine(fate, remains)
        except LostError as lost:
            tally.lost.append(str(lost))
            break
    return tally


def doing(remains: Remains) -> str:
    """In the middle of what a victim fell silent; "idle" between two changes."""
    if not remains.events:
        return "open"
    last = remains.events[-1]
    if last.what == "phase":
        return last.kind
    return last.kind if last.what == "begin" else "idle"


def _life(victims: Victims, folder: Path, seed: int) -> tuple[float, int]:
    """How long a victim lives that nothing happens to, in seconds, and how many steps it makes."""
    shutil.rmtree(folder, ignore_errors=True)
    remains = victims.suffer(Fate(str(folder), seed, LIFE, step=-1))
    if remains.status:
        raise LostError(remains.said)
    return remains.seconds, remains.steps
