"""One stage of training, in calls: its weights, its optimisers, how far it is, and the arguments all stages share.

`WORK/STAGE` holds the full state, so that a call on the same machine goes on as if it had not stopped. `OUT/STAGE`
holds the weights at half precision in pieces of at most 16 MiB, to be carried elsewhere; from those a call goes on
with fresh optimisers, warmed up anew.
"""

import argparse
import contextlib
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from embeddings.errors import ModelError
from embeddings.training.trunk import pieces as store
from embeddings.training.trunk.clock import Clock, Meter, measured_peak, rate_at
from embeddings.training.trunk.model import device_of

PIECE_MIB: Final = 15.9  # a piece stays under 16 MiB
_WARM_AGAIN: Final = 100  # steps, where the optimisers begin anew


@dataclass(frozen=True, slots=True)
class Call:
    """What every stage is told."""

    pack: Path
    work: Path
    out: Path
    clock: Clock
    device: torch.device
    shape: str
    seed: int


class Run:
    """A stage's model with its optimisers.

    Args:
        stage: its name, under which it is saved.
        model: on the device.
        optimizers: each group has its "peak" rate.
        call: where to save, and the clock.
        warm_up: steps.
    """

    def __init__(
        self, stage: str, model: nn.Module, optimizers: list[torch.optim.Optimizer], call: Call, *, warm_up: int
    ) -> None:
        self.model, self.call, self.step = model, call, 0
        self._optimizers = optimizers
        self._full, self._portable = call.work / stage, call.out / stage
        self._warm_up, self._warm_from = warm_up, 0
        self.meter = Meter(call.device, measured_peak(call.device), every=1 if call.shape == "tiny" else 50)

    def resume(self) -> bool:
        """Take up the last state, if there is one; return whether there was. Raises ModelError on damaged pieces."""
        if store.exists(self._full):
            tensors, notes = store.read(self._full)
            self._load(tensors, whole=True)
        elif store.exists(self._portable):
            tensors, notes = store.read(self._portable)
            self._load({f"model/{name}": value for name, value in store.restored(tensors).items()}, whole=False)
            self._warm_up, self._warm_from = _WARM_AGAIN, notes["step"]
        else:
            return False
        self.step, self.call.clock.begun = notes["step"], notes["progress"]
        print(f"resumed at step {self.step}, {notes['progress']:.0%} of the run", flush=True)
        return True

    def _load(self, tensors: Mapping[str, Tensor], *, whole: bool) -> None:
        """Put the tensors in their places; `whole`: those of the optimisers too."""
        with torch.no_grad():
            for name, parameter in self.model.named_parameters():
                parameter.copy_(tensors[f"model/{name}"])
        for optimizer, parameters in self._states() if whole else ():
            for name, parameter in parameters:
                begin = f"optimizer/{name}/"
                state = {key.removeprefix(begin): value for key, value in tensors.items() if key.startswith(begin)}
                optimizer.state[parameter] = {key: value.to(parameter.device) for key, value in state.items()}

    def _states(self) -> Iterable[tuple[torch.optim.Optimizer, list[tuple[str, nn.Parameter]]]]:
        names = {parameter: name for name, parameter in self.model.named_parameters()}
        for optimizer in self._optimizers:
            yield optimizer, [(names[p], p) for group in optimizer.param_groups for p in group["params"]]

    def learn(self, loss: Tensor, tokens: int, flops_a_token: float) -> None:
        """Take one step downhill."""
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        clock = self.call.clock
        for optimizer in self._optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate_at(group["peak"], self.step - self._warm_from, self._warm_up, clock.progress())
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.step += 1
        clock.step()
        self.meter.add(loss, tokens, flops_a_token)
        if self.meter.due():
            self._print()

    def _print(self) -> None:
        mean, line = self.meter.line()
        print(f"step {self.step}  {self.call.clock.progress():.1%}  {line}", flush=True)
        if not math.isfinite(mean):
            raise self._unsound()

    def _unsound(self) -> ModelError:
        return ModelError(
            f"Training has diverged by step {self.step}: the values are no numbers any more. The last saved state is "
            "sound: start again with half the --rate."
        )

    def save(self) -> None:
        """Write the full state. Raises ModelError, and writes nothing, when the values are no numbers any more."""
        if not all(bool(torch.isfinite(value).all()) for value in self.model.parameters()):
            raise self._unsound()
        tensors: dict[str, Tensor] = {f"model/{name}": value for name, value in self.model.named_parameters()}
        for optimizer, parameters in self._states():
            for name, parameter in parameters:
                for key, value in optimizer.state[parameter].items():
                    tensors[f"optimizer/{name}/{key}"] = torch.as_tensor(value)
        store.write(self._full, tensors, self.notes(), piece_mib=PIECE_MIB)

    def carry(self, weights: Mapping[str, Tensor] | None = None, **notes: Any) -> None:  # noqa: ANN401 - JSON values
        """Write the weights (the model's own, or `weights`) at half precision, to be carried elsewhere."""
        chosen = dict(self.model.named_parameters()) if weights is None else weights
        files = store.write(self._portable, store.narrowed(chosen), self.notes() | notes, piece_mib=PIECE_MIB)
        size = sum(file.stat().st_size for file in files) / store.MIB
        print(f"{self._portable}: {len(files)} files, {size:.1f} MiB", flush=True)

    def notes(self) -> dict[str, Any]:
        """Return what a later call and the card must know."""
        device = torch.cuda.get_device_name(self.call.device) if self.call.device.type == "cuda" else "processor"
        return {
            "step": self.step,
            "progress": self.call.clock.progress(),
            "shape": self.call.shape,
            "seed": self.call.seed,
            "hardware": device,
        }


def adam(groups: Iterable[tuple[Iterable[tuple[str, nn.Parameter]], float]], *, decay: float) -> torch.optim.Optimizer:
    """Return AdamW over groups of (named parameters, peak rate); vectors are not decayed."""
    found: list[dict[str, Any]] = []
    for named, peak in groups:
        parameters = [parameter for _, parameter in named]
        for chosen, weight in ((True, decay), (False, 0.0)):
            if some := [parameter for parameter in parameters if (parameter.ndim >= 2) == chosen]:
                found.append({"params": some, "peak": peak, "lr": peak, "weight_decay": weight})
    return torch.optim.AdamW(found, betas=(0.9, 0.98), eps=1e-6, fused=True)


def loaded(batches: Dataset[Any], first: int, call: Call) -> DataLoader[Any]:
    """Return the batches of the steps from `first` on, without end; with an accelerator, workers make them ahead."""
    workers = min(12, max(1, (os.cpu_count() or 2) - 2)) if call.device.type == "cuda" else 0
    return DataLoader(batches, batch_size=None, sampler=range(first, 10**9), num_workers=workers)


def precision(device: torch.device) -> contextlib.AbstractContextManager[Any]:
    """Return the context that a step computes in: bfloat16 on an accelerator, float32 on a processor."""
    if device.type == "cuda":
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return contextlib.nullcontext()


def arguments(description: str, config: type[Any], argv: Iterable[str] | None) -> tuple[Call, Any]:
    """Return (call, config) of the command line; every field of the frozen dataclass `config` is a flag."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pack", type=Path, required=True, help="folder of packed data")
    parser.add_argument("--work", type=Path, required=True, help="folder for full states, on this machine's disk")
    parser.add_argument("--out", type=Path, required=True, help="folder for what is carried home")
    parser.add_argument("--minutes", type=float, required=True, help="wall clock of this call, everything counted")
    parser.add_argument("--steps", type=int, default=0, help="take so many steps instead, however long they last")
    parser.add_argument("--until", type=float, default=1.0, help="share of the whole run at which this call ends")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, help="of a processor")
    parser.add_argument("--shape", default="accelerator")
    parser.add_argument("--seed", type=int, default=0)
    for field in fields(config):
        default = field.default
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=type(default), default=default)
    values = vars(parser.parse_args(list(argv) if argv is not None else None))
    clock = Clock(values.pop("minutes"), values.pop("until"), steps=values.pop("steps"))
    if threads := values.pop("threads"):
        torch.set_num_threads(threads)
    torch.set_flush_denormal(True)  # rows of unseen pieces decay into denormals, which a processor computes slowly
    torch.set_float32_matmul_precision("high")
    torch.manual_seed(values["seed"])
    own = {field.name: values.pop(field.name) for field in fields(config)}
    device = device_of(values.pop("device"))
    return Call(clock=clock, device=device, **values), config(**own)
