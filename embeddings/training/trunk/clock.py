"""Training by the clock: how far a run is, the learning rate there, and how well the machine is used.

A run may be cut into calls. Each call is told how many minutes it has and which share of the whole run (0 to 1) it ends
at; the rate falls to zero with that share, however fast the machine is.
"""

import time
from dataclasses import dataclass, field

import torch


@dataclass(slots=True)
class Clock:
    """Progress of one call.

    Attributes:
        minutes: wall clock that the call may take, from when the clock was made; loading and compiling count.
        until: share of the run at which the call ends.
        begun: share of the run at which it began.
        steps: where it is not 0, the call takes so many steps, however long they last.
    """

    minutes: float
    until: float = 1.0
    begun: float = 0.0
    steps: int = 0
    _taken: int = 0
    _made: float = field(default_factory=time.monotonic)
    _first: float | None = None

    def step(self) -> None:
        """Note that a step is done; what came before the first was getting ready, and no progress."""
        self._taken += 1
        if self._first is None:
            self._first = time.monotonic()

    def progress(self) -> float:
        """Return the share of the run that is done, 0 to 1."""
        return self.begun + (self.until - self.begun) * min(1.0, self._done())

    def _done(self) -> float:
        """Return the share of this call that is done, from its first step on."""
        if self._first is None:
            return 0.0
        if self.steps:
            return self._taken / self.steps
        left = max(self._made + 60 * self.minutes - self._first, 1e-6)
        return (time.monotonic() - self._first) / left

    def over(self) -> bool:
        """Return whether the call's steps are taken, or its minutes spent."""
        return self._taken >= self.steps if self.steps else time.monotonic() - self._made >= 60 * self.minutes


def rate_at(peak: float, step: int, warm_up: int, progress: float) -> float:
    """Return the learning rate: up in a straight line over `warm_up` steps, then down to nothing with the clock."""
    return peak * min(1.0, (step + 1) / warm_up) * (1.0 - progress)


def measured_peak(device: torch.device) -> float:
    """Return the FLOP/s of a large matrix product as training computes them: bfloat16 on an accelerator."""
    large = device.type == "cuda"
    side, rounds = (8192, 10) if large else (1024, 2)
    left, right = (
        torch.randn(side, side, device=device, dtype=torch.bfloat16 if large else torch.float32) for _ in range(2)
    )
    torch.mm(left, right)
    _wait(device)
    begun = time.perf_counter()
    for _ in range(rounds):
        torch.mm(left, right)
    _wait(device)
    return 2.0 * side**3 * rounds / (time.perf_counter() - begun)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


class Meter:
    """Adds up losses on the device and prints a line now and then: loss, tokens a second, share of the peak."""

    def __init__(self, device: torch.device, peak: float, every: int) -> None:
        self._device, self._peak, self._every = device, peak, every
        self._loss = torch.zeros((), device=device)
        self._steps = self._tokens = 0
        self._flops, self._since = 0.0, time.perf_counter()

    def add(self, loss: torch.Tensor, tokens: int, flops_a_token: float) -> None:
        """Take in one step."""
        self._loss += loss.detach().float()
        self._steps += 1
        self._tokens += tokens
        self._flops += tokens * flops_a_token

    def due(self) -> bool:
        """Return whether a line is to be printed."""
        return self._steps >= self._every

    def line(self) -> tuple[float, str]:
        """Return (mean loss, line) of the steps since the last line, and begin anew."""
        _wait(self._device)
        loss = float(self._loss) / max(self._steps, 1)
        spent = time.perf_counter() - self._since
        text = f"loss {loss:.3f}  {self._tokens / spent:,.0f} tokens/s  {self._flops / spent / self._peak:.1%} of peak"
        self._loss.zero_()
        self._steps = self._tokens = 0
        self._flops, self._since = 0.0, time.perf_counter()
        return loss, text
