"""Train the bundled static encoder: one vector a word piece, a text is the mean of its pieces.

Takes the training folder and the tokenizer; gives a sentence-transformers `StaticEmbedding` folder. Symmetric
in-batch contrastive loss (InfoNCE, van den Oord et al. 2018) over batches of one source each, in two stages.
Prints loss and pairs a second; continues from its last checkpoint in `--work`. Run (about 15 minutes on one core):

    python -m embeddings.training.static --data DIR --out embeddings/models/static --work DIR --teacher DIR
"""

import argparse
import hashlib
import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from embeddings.training.lexicon import Translated, learn, widen
from embeddings.training.pairs import Ids, Pair, Questions, Source, questions, texts

SHARES: Final = {
    "news": 1.0, "wiki": 1.0, "magazines": 0.5, "books-1": 0.35, "books-2": 0.35, "books-3": 0.35, "laws": 0.7,
    "docs": 0.6, "stories": 1.0, "tafsir": 0.5, "english": 1.0,
}  # fmt: skip

# How often a batch comes from each source, in parts.
MIX: Final = {
    "written": 10, "arcd": 3, "aqad": 12, "tydi-en": 5, "same": 2, "parallel": 14,
    "news/title": 8, "news/sentence": 12, "wiki/title": 3, "wiki/sentence": 16, "wiki/latin": 5, "docs/latin": 1,
    "magazines/title": 1, "magazines/sentence": 3, "books-1/sentence": 2, "books-2/sentence": 2, "books-3/sentence": 2,
    "laws/sentence": 1, "docs/title": 1, "docs/sentence": 2, "stories/sentence": 1, "tafsir/sentence": 1,
    "english/sentence": 2,
}  # fmt: skip

# The second stage adds English questions made word by word ("@en"), so that English finds Arabic.
MIX_ENGLISH: Final = MIX | {
    "parallel": 18, "news/title@en": 8, "news/sentence@en": 8, "wiki/sentence@en": 12, "aqad@en": 6, "written@en": 5,
    "magazines/sentence@en": 2, "docs/sentence@en": 2, "books-1/sentence@en": 2,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recipe:
    """Settings of one run."""

    dimension: int = 256
    batch: int = 2048  # pairs; every other passage in it is a negative
    steps: int = 1500
    rate: float = 0.01  # Adam; rows start at a tenth of unit variance, so a step moves them by a tenth
    warm_up: int = 50  # steps
    temperature: float = 0.05
    drop: float = 0.1  # share of pieces left out of each text, so that no single word is relied upon
    seed: int = 7
    save_every: int = 100  # steps
    mix: Mapping[str, float] = field(default_factory=lambda: dict(MIX))


FIRST: Final = Recipe()
SECOND: Final = Recipe(steps=600, rate=0.004, warm_up=30, mix=MIX_ENGLISH)


class MeanOfRows(torch.autograd.Function):
    """Mean of table rows for many texts at once, as a product with a sparse matrix.

    The same values as `EmbeddingBag(mode="mean")`; its backward pass on the CPU is ten times slower.
    """

    @staticmethod
    def forward(context: Any, table: Tensor, ids: Tensor, bounds: Tensor) -> Tensor:  # noqa: ANN401 - torch's own
        """Return (texts, d) from `table` (pieces, d), `ids` of all texts in a row, `bounds` (texts + 1,)."""
        lengths = bounds[1:] - bounds[:-1]
        values = torch.repeat_interleave(1.0 / lengths.to(table.dtype), lengths)
        context.save_for_backward(ids, bounds, values)
        context.rows = len(table)
        return torch.sparse_csr_tensor(bounds, ids, values, (len(lengths), len(table))) @ table

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None, None]:  # noqa: ANN401
        """Return the gradient of the table, dense, (pieces, d)."""
        ids, bounds, values = context.saved_tensors
        turned = torch.sparse_csc_tensor(bounds, ids, values, (context.rows, len(bounds) - 1))
        return turned.to_sparse_csr() @ gradient, None, None


def _means(table: Tensor, ids: Tensor, bounds: Tensor) -> Tensor:
    return cast(Tensor, MeanOfRows.apply(table, ids, bounds))  # type: ignore[no-untyped-call]


def bag(side: list[Ids], drop: float, chance: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Return piece ids of all texts in one row, (pieces,), and the bounds of each text, (texts + 1,)."""
    bounds = np.concatenate([[0], np.cumsum([len(ids) for ids in side])])
    flat = np.concatenate(side).astype(np.int64)
    keep = chance.random(len(flat)) >= drop
    keep[bounds[:-1]] = True  # no text is left empty
    kept_before = np.concatenate([[0], np.cumsum(keep)])
    return torch.from_numpy(flat[keep]), torch.from_numpy(kept_before[bounds])


def contrastive_loss(asked: Tensor, passages: Tensor, groups: Tensor, temperature: float) -> Tensor:
    """Return the mean of both directions of InfoNCE; passages of one's own group are no negatives.

    `asked` and `passages`: (n, d), any length; `groups`: (n,).
    """
    left, right = functional.normalize(asked, dim=1), functional.normalize(passages, dim=1)
    scores = left @ right.T / temperature  # (n, n)
    same = groups[:, None] == groups[None, :]
    same.fill_diagonal_(False)
    scores = scores.masked_fill(same, -1e4)
    target = torch.arange(len(scores))
    return (functional.cross_entropy(scores, target) + functional.cross_entropy(scores.T, target)) / 2


def rate_at(step: int, recipe: Recipe) -> float:
    """Return the learning rate: up in a straight line, then down in a straight line to nothing."""
    down = (recipe.steps - step) / (recipe.steps - recipe.warm_up)
    return recipe.rate * min((step + 1) / recipe.warm_up, down)


def loss_of(table: Tensor, pairs: list[Pair], recipe: Recipe, step: int) -> Tensor:
    """Return the loss of one batch."""
    chance = np.random.default_rng((recipe.seed, step))
    asked = _means(table, *bag([left for left, _, _ in pairs], recipe.drop, chance))  # (n, d)
    passages = _means(table, *bag([right for _, right, _ in pairs], recipe.drop, chance))  # (n, d)
    return contrastive_loss(asked, passages, torch.tensor([group for _, _, group in pairs]), recipe.temperature)


def resume(saved: Path, table: Tensor, optimizer: torch.optim.Optimizer) -> int:
    """Load the last checkpoint into `table` and `optimizer`; return the step to go on with, 0 without one."""
    if not saved.exists():
        return 0
    state = torch.load(saved, weights_only=True)
    table.data.copy_(state["table"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"])


def save(saved: Path, table: Tensor, optimizer: torch.optim.Optimizer, step: int) -> None:
    """Write a checkpoint beside the old one, then put it in its place."""
    new = saved.with_suffix(".new")
    torch.save({"table": table.detach(), "optimizer": optimizer.state_dict(), "step": step}, new)
    new.replace(saved)


def random_table(vocabulary: int, recipe: Recipe) -> Tensor:
    """Return the table that training starts from, (vocabulary, dimension)."""
    return 0.1 * torch.randn(vocabulary, recipe.dimension, generator=torch.Generator().manual_seed(recipe.seed))


def train(sources: Mapping[str, Source], first: Tensor, recipe: Recipe, work: Path) -> Tensor:
    """Return the table `first` (vocabulary, dimension) trained; continues from `work/checkpoint.pt` if it is there."""
    work.mkdir(parents=True, exist_ok=True)
    table = torch.nn.Parameter(first.clone())
    optimizer = torch.optim.Adam([table], lr=recipe.rate, betas=(0.9, 0.98), fused=True)
    saved = work / "checkpoint.pt"
    begin = resume(saved, table, optimizer)
    names = [name for name in recipe.mix if name in sources]
    losses: list[float] = []
    clock, seen = time.perf_counter(), 0
    for step in range(begin, recipe.steps):
        chance = random.Random(f"{recipe.seed} {step}")
        pairs = sources[chance.choices(names, [recipe.mix[name] for name in names])[0]].draw(recipe.batch, chance)
        optimizer.param_groups[0]["lr"] = rate_at(step, recipe)
        loss = loss_of(table, pairs, recipe, step)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
        seen += len(pairs)
        if (step + 1) % recipe.save_every == 0 or step + 1 == recipe.steps:
            save(saved, table, optimizer, step + 1)
            spent = time.perf_counter() - clock
            print(f"step {step + 1}: loss {np.mean(losses):.3f}, {seen / spent:.0f} pairs/s, {spent:.0f} s", flush=True)
            losses.clear()
    return table.detach()


def write(table: Tensor, tokenizer: Tokenizer, folder: Path) -> None:
    """Write a sentence-transformers `StaticEmbedding` folder: half floats, tokenizer, module list, sha256 sums."""
    folder.mkdir(parents=True, exist_ok=True)
    # Every length is divided out again, so the table may be scaled to use the half floats well.
    save_file({"embedding.weight": (table / table.std()).half().contiguous()}, folder / "model.safetensors")
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "modules.json").write_text(MODULES, encoding="utf-8")
    files = [folder / name for name in ("model.safetensors", "modules.json", "tokenizer.json")]
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")


_HERE: Final = "sentence_transformers"
MODULES: Final = f"""[
 {{"idx": 0, "name": "0", "path": "", "type": "{_HERE}.sentence_transformer.modules.static_embedding.StaticEmbedding"}},
 {{"idx": 1, "name": "1", "path": "1_Normalize", "type": "{_HERE}.base.modules.normalize.Normalize"}}
]
"""


def in_english(sources: Mapping[str, Source], tokenizer: Tokenizer, teacher: Path) -> dict[str, Source]:
    """Return each source with its asked side in English, word by word, under its name + "@en"."""
    parallel = sources["parallel"]
    if not isinstance(parallel, Questions):
        raise TypeError(f"The parallel source must hold fixed pairs, not {type(parallel).__name__}")
    pieces = [tokenizer.id_to_token(number) or "" for number in range(tokenizer.get_vocab_size())]
    words = [piece if re.fullmatch("[a-z]{3,}", piece) else None for piece in pieces]
    lexicon = widen(learn(parallel.pairs, len(pieces)), words, teacher)
    return {f"{name}@en": Translated(source, lexicon) for name, source in sources.items()}


def main() -> None:
    """Train both stages with the arguments of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="holds tokenizer.json, receives the rest")
    parser.add_argument("--work", type=Path, required=True, help="for checkpoints")
    parser.add_argument("--teacher", type=Path, required=True, help="folder of all-MiniLM-L6-v2")
    parser.add_argument("--threads", type=int, default=1, help="one is enough: two wait for each other")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    tokenizer = Tokenizer.from_file(str(arguments.out / "tokenizer.json"))
    begun = time.perf_counter()
    sources = questions(arguments.data, tokenizer) | texts(arguments.data, tokenizer, SHARES)
    sources |= in_english(sources, tokenizer, arguments.teacher)
    print(f"data in {time.perf_counter() - begun:.0f} s", flush=True)
    start = random_table(tokenizer.get_vocab_size(), FIRST)
    first = train(sources, start, FIRST, arguments.work / "stage-1")
    second = train(sources, first, SECOND, arguments.work / "stage-2")
    # The mean keeps the Arabic of the first stage (R@1 .224 on MLQA-ar dev, the second alone .209) and nearly all the
    # English of the second (Belebele en→ar R@10 .133, the first alone .086).
    table = (first + second) / 2
    write(table, tokenizer, arguments.out)


if __name__ == "__main__":
    main()
