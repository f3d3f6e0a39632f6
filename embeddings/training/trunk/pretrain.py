"""Stage 1: pretrain the trunk on running text.

    python -m embeddings.training.trunk.pretrain --pack PACK --work WORK --out OUT --minutes 9 --until 0.65
    python -m embeddings.training.trunk.pretrain --pack PACK --work WORK --out OUT --minutes 5

Takes the packed texts; gives OUT/pretrain. Windows of packed text, short ones for the first three quarters of the run,
long ones after; the learning rate falls to zero with the clock. Prints loss, pieces a second, and the share of the
machine's measured peak. Healthy: the masked loss of 32,000 pieces starts at 10.4 and falls below 7 within a minute of
an accelerator.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from embeddings.training.tokenizer import SPECIAL
from embeddings.training.trunk import pieces as store
from embeddings.training.trunk.model import SHAPES, Shape, read_tokenizer, trunk_of
from embeddings.training.trunk.objectives import OBJECTIVES, Masked, Replaced, flops_a_token, hidden_places
from embeddings.training.trunk.run import Call, Run, adam, arguments, precision
from embeddings.training.trunk.texts import REPEATS, Corpus

CLS, SEP = SPECIAL.index("[CLS]"), SPECIAL.index("[SEP]")


@dataclass(frozen=True)
class Config:
    """One run; every field is a flag."""

    objective: str = "masked"  # or "replaced"
    first: str = "minilm"  # first values: "minilm" where they are packed, or "random"
    batch_pieces: int = 131_072  # a step
    short: int = 128  # pieces of a window, for the first part of the run
    long: int = 384  # … for the rest: a reader sees as many
    long_from: float = 0.75  # share of the run
    rate: float = 7e-4
    decay: float = 0.01
    warm_up: int = 300  # steps
    muon: int = 0  # 1: orthogonalised momentum for the matrices of the layers (Jordan et al. 2024)
    compile: int = 1  # 0: without torch.compile; a processor never compiles
    save_minutes: float = 2.0


def stream_of(pack: Path) -> NDArray[np.int16]:
    """Return all packed texts in a row, some repeated. Raises FileNotFoundError when there is none."""
    found = sorted(path.name.removesuffix(".json") for path in pack.glob("text-*.json"))
    if not found:
        raise FileNotFoundError(f"No text-*.json in {pack}. Pack first: python -m embeddings.training.trunk.pack")
    streams = []
    for name in found:
        stream = Corpus.unpacked(store.read(pack / name)[0]).stream(SEP)
        streams += [stream] * REPEATS.get(name.removeprefix("text-"), 1)
    return np.concatenate(streams)


def windows(stream: Tensor, length: int, batch: int, generator: torch.Generator) -> Tensor:
    """Return `batch` windows of the stream (pieces,) from random places, framed, (batch, length)."""
    starts = torch.randint(len(stream) - length, (batch, 1), generator=generator, device=stream.device)
    places = starts + torch.arange(length, device=stream.device)  # (batch, length)
    ids = stream[places].long()
    ids[:, 0], ids[:, -1] = CLS, SEP
    return ids


def optimizers_of(model: Masked | Replaced, config: Config) -> list[torch.optim.Optimizer]:
    """Return AdamW over everything, or Muon over the matrices of the layers and AdamW over the rest."""
    named = list(model.named_parameters())
    matrices = [p for name, p in named if config.muon and ".layer." in name and p.ndim == 2]
    chosen = set(matrices)
    rest = [(name, p) for name, p in named if p not in chosen]
    found = [adam([(rest, config.rate)], decay=config.decay)]
    if matrices:
        groups = [{"params": matrices, "peak": config.rate}]
        found.append(
            torch.optim.Muon(groups, lr=config.rate, weight_decay=config.decay, adjust_lr_fn="match_rms_adamw")
        )
    return found


def build(call: Call, config: Config) -> tuple[nn.Module, Shape, int]:
    """Return (objective, shape, pieces) with its first values."""
    shape = SHAPES[call.shape]
    _, pieces = read_tokenizer(call.pack / "tokenizer.json")
    packed = call.pack / "first"
    begin = config.first == "minilm" and store.exists(packed)
    trunk = trunk_of(shape, pieces, store.read(packed)[0] if begin else None)
    print(f"{sum(p.numel() for p in trunk.parameters()):,} weights, first values: {'minilm' if begin else 'random'}")
    model = OBJECTIVES[config.objective](trunk, shape).to(call.device).train()
    if config.compile and call.device.type == "cuda":
        compile_layers(trunk.encoder.layer)
    return model, shape, pieces


def compile_layers(layers: Iterable[nn.Module]) -> None:
    """Let torch fuse each layer: all share one compilation a length. What cannot be compiled runs as it is."""
    torch._dynamo.config.suppress_errors = True
    for layer in layers:
        layer.compile(dynamic=False)


def train(call: Call, config: Config) -> Run:
    """Train until the call's minutes are spent, save, and return the run."""
    stream = torch.from_numpy(stream_of(call.pack)).to(call.device)
    model, shape, pieces = build(call, config)
    run = Run("pretrain", model, optimizers_of(model, config), call, warm_up=config.warm_up)  # type: ignore[arg-type]
    run.resume()
    generator = torch.Generator(call.device)
    print(f"{len(stream):,} pieces, {time.process_time():.0f} s to get ready", flush=True)
    saved = time.monotonic()
    while not call.clock.over():
        progress = call.clock.progress()
        length = min(config.short if progress < config.long_from else config.long, shape.positions)
        batch = max(1, config.batch_pieces // length)
        generator.manual_seed(call.seed * 1_000_003 + run.step)
        ids = windows(stream, length, batch, generator)
        places = hidden_places(batch, length, model.share, generator)  # type: ignore[arg-type]
        with precision(call.device):
            loss = model(ids, places)
        run.learn(loss, batch * length, flops_a_token(shape, pieces, length, config.objective))
        if time.monotonic() - saved > 60 * config.save_minutes:
            run.save()
            saved = time.monotonic()
    run.save()
    run.carry(objective=config.objective, first=config.first)
    return run


def main(argv: Iterable[str] | None = None) -> None:
    """Pretrain with the arguments of the command line."""
    train(*arguments(__doc__ or "", Config, argv))


if __name__ == "__main__":
    main()
