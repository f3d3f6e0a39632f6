"""Stage 2: the encoder. The trunk learns to bring a question near its passage, a sentence near where it was taken from.

    python -m embeddings.training.trunk.encoder --pack PACK --work WORK --out OUT --minutes 5

Takes OUT/pretrain and the packed pairs; gives OUT/encoder. Contrastive (InfoNCE, van den Oord et al. 2018), both ways,
over the batch and the hard negatives mined from the lexical index; at several lengths of the vector at once, so that
it can be cut (Matryoshka, Kusupati et al. 2022). Prints the loss and, now and then, R@1 and R@10 of the development
questions in a small pool.
"""

import random
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import Dataset
from transformers import ElectraModel

from embeddings.training.lexicon import Translated
from embeddings.training.pairs import Documents, Ids, Pair, Source
from embeddings.training.static import MIX_ENGLISH
from embeddings.training.tokenizer import SPECIAL
from embeddings.training.trunk import pieces as store
from embeddings.training.trunk.matches import Mined, lexicon_of, sources_of, texts_of
from embeddings.training.trunk.model import SHAPES, read_tokenizer, trunk_of
from embeddings.training.trunk.objectives import flops_a_token
from embeddings.training.trunk.run import Call, Run, adam, arguments, loaded, precision
from embeddings.training.trunk.texts import PARALLEL, QUESTIONS, Corpus

PAD, CLS, SEP = (SPECIAL.index(name) for name in ("[PAD]", "[CLS]", "[SEP]"))
DIMENSION: Final = 256  # of a vector, uncut
CUTS: Final = (64, 128, 256)
_FEW_LATIN: Final = 0.002  # share of Latin pieces under which a text has no names to ask for
_QUESTION, _PASSAGE = 66, 202  # pieces of the two sides at most, framed


@dataclass(frozen=True)
class Config:
    """One run; every field is a flag."""

    batch: int = 1536  # pairs; where negatives are mined, half of it
    rate: float = 3e-4
    decay: float = 0.01
    warm_up: int = 60  # steps
    temperature: float = 0.05
    save_minutes: float = 2.0
    look_minutes: float = 1.5  # between looks at the development questions


class TextEncoder(nn.Module):
    """Trunk, mean over pieces, a projection to `DIMENSION` (or the trunk's width, where that is less)."""

    def __init__(self, trunk: ElectraModel) -> None:
        super().__init__()
        self.trunk = trunk
        width = trunk.config.hidden_size
        self.dense = nn.Linear(width, min(DIMENSION, width), bias=False)
        nn.init.orthogonal_(self.dense.weight)

    def forward(self, ids: Tensor) -> Tensor:
        """Return vectors (texts, dimension), of any length, from padded `ids` (texts, pieces)."""
        mask = ids != PAD
        hidden = self.trunk(input_ids=ids, attention_mask=mask.long()).last_hidden_state  # (texts, pieces, width)
        weight = mask[..., None].to(hidden.dtype)
        vectors: Tensor = self.dense((hidden * weight).sum(1) / weight.sum(1))
        return vectors.float()


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded ids of one step.

    Attributes:
        asked: (n, pieces).
        passages: (n + hard, pieces); row i answers row i of `asked`, the rest answer none.
        groups: (n + hard,) passages of one group are never each other's negatives.
    """

    asked: Tensor
    passages: Tensor
    groups: Tensor


def padded(texts: list[Ids], longest: int) -> Tensor:
    """Return texts framed by [CLS] and [SEP], cut at `longest` pieces in all, padded to the longest of them."""
    width = min(longest, 2 + max(map(len, texts)))
    width += -width % 8
    ids = np.full((len(texts), width), PAD, dtype=np.int16)
    for row, text in zip(ids, texts, strict=True):
        cut = text[: min(longest, width) - 2]
        row[0], row[1 : len(cut) + 1], row[len(cut) + 1] = CLS, cut, SEP
    return torch.from_numpy(ids).long()


def draw(source: Source, size: int, chance: random.Random) -> Batch | None:
    """Return a batch of one source, None where that gave fewer than two pairs."""
    mined = isinstance(source, Mined)
    pairs: list[Pair] = source.draw(max(2, size // 2) if mined else size, chance)
    if len(pairs) < 2:
        return None
    hard = source.negatives(pairs, chance) if isinstance(source, Mined) else []
    return Batch(
        padded([left for left, _, _ in pairs], _QUESTION),
        padded([*(right for _, right, _ in pairs), *(passage for passage, _ in hard)], _PASSAGE),
        torch.tensor([*(group for _, _, group in pairs), *(number for _, number in hard)]),
    )


class Batches(Dataset[Batch]):
    """Batch n of a run: the same in every call and in every worker."""

    def __init__(self, sources: Mapping[str, Source], size: int, seed: int) -> None:
        self._sources, self._size, self._seed = sources, size, seed
        self._names = [name for name in MIX_ENGLISH if name in sources]
        self._weights = [MIX_ENGLISH[name] for name in self._names]

    def __getitem__(self, step: int) -> Batch:
        """Return the batch of a step; a source that has too little to give for it is drawn again."""
        chance = random.Random(f"{self._seed} {step}")
        while True:
            source = self._sources[chance.choices(self._names, self._weights)[0]]
            if batch := draw(source, self._size, chance):
                return batch


def info_nce(asked: Tensor, passages: Tensor, groups: Tensor, temperature: float) -> Tensor:
    """Return the mean of both directions; only the first knows the hard negatives.

    `asked` (n, d); `passages` (n + hard, d), both of any length; `groups` (n + hard,).
    """
    count = len(asked)
    scores = functional.normalize(asked, dim=1) @ functional.normalize(passages, dim=1).T / temperature  # (n, n + hard)
    same = groups[:count, None] == groups[None, :]
    same[:, :count].fill_diagonal_(False)
    scores = scores.masked_fill(same, -1e4)
    target = torch.arange(count, device=scores.device)
    forth = functional.cross_entropy(scores, target)
    back = functional.cross_entropy(scores[:, :count].T, target)
    return (forth + back) / 2


def matryoshka(asked: Tensor, passages: Tensor, groups: Tensor, temperature: float) -> Tensor:
    """Return the mean loss over vectors cut at each of `CUTS` that is not beyond their end."""
    cuts = [cut for cut in CUTS if cut < asked.shape[1]] + [min(CUTS[-1], asked.shape[1])]
    return torch.stack([info_nce(asked[:, :cut], passages[:, :cut], groups, temperature) for cut in cuts]).mean()


def load_sources(pack: Path) -> dict[str, Source]:
    """Return everything that pairs are drawn from, by the names of the mix."""
    tensors, notes = store.read(pack / "matches")
    tokenizer, pieces = read_tokenizer(pack / "tokenizer.json")
    words = [tokenizer.id_to_token(number) or "" for number in range(pieces)]
    latin = np.array([word.removeprefix("##").isascii() and word.removeprefix("##").isalpha() for word in words])
    sources: dict[str, Source] = dict(sources_of(tensors, notes))
    for path in sorted(pack.glob("text-*.json")):
        name = path.name.removeprefix("text-").removesuffix(".json")
        if name not in (PARALLEL, QUESTIONS):
            sources |= _documents(name, Corpus.unpacked(store.read(pack / f"text-{name}")[0]), latin)
    lexicon = lexicon_of(tensors)
    if lexicon:
        sources |= {f"{name}@en": Translated(source, lexicon) for name, source in sources.items()}
    return sources


def _documents(name: str, corpus: Corpus, latin: NDArray[np.bool_]) -> dict[str, Source]:
    """Return what can be asked of a text: titles, sentences and Latin names, where it has them."""
    several = [number for number, count in enumerate(corpus.documents.tolist()) if count >= 2]
    titles, bodies = corpus.title_ids(), corpus.bodies()
    chosen = [titles[number] for number in several], [bodies[number] for number in several]
    kinds = {
        "title": any(len(title) >= 2 for title in chosen[0]),
        "sentence": bool(several),
        "latin": bool(several) and float(latin[corpus.ids].mean()) > _FEW_LATIN,
    }
    return {f"{name}/{kind}": Documents(*chosen, kind, latin) for kind, there in kinds.items() if there}


class Development:
    """The development questions in a small pool of passages."""

    def __init__(self, pack: Path) -> None:
        tensors, notes = store.read(pack / "matches")
        self._passages = texts_of(tensors, "development.passages")
        self._sets = {
            name: (texts_of(tensors, f"development.{name}"), tensors[f"development.{name}.gold"].long())
            for name in notes["development"]
        }

    def figures(self, model: TextEncoder, device: torch.device) -> dict[str, tuple[float, float]]:
        """Return (R@1, R@10) by set."""
        passages = encoded(model, self._passages, _PASSAGE, device)
        found: dict[str, tuple[float, float]] = {}
        for name, (questions, gold) in self._sets.items():
            scores = encoded(model, questions, _QUESTION, device) @ passages.T  # (questions, passages)
            right = scores.gather(1, gold[:, None])
            rank = (scores > right).sum(1)
            found[name] = float((rank < 1).float().mean()), float((rank < 10).float().mean())
        return found


def encoded(model: TextEncoder, texts: list[Ids], longest: int, device: torch.device) -> Tensor:
    """Return unit vectors (texts, dimension) on the processor."""
    model.eval()
    order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
    vectors = torch.empty(len(texts), model.dense.out_features)
    with torch.inference_mode(), precision(device):
        for begin in range(0, len(order), 512):
            some = order[begin : begin + 512]
            ids = padded([texts[number] for number in some], longest).to(device)
            vectors[some] = functional.normalize(model(ids), dim=1).cpu()
    model.train()
    return vectors


def pretrained(call: Call) -> ElectraModel:
    """Return the trunk of stage 1. Raises FileNotFoundError when it was not trained."""
    tensors, notes = store.read(call.out / "pretrain")
    _, pieces = read_tokenizer(call.pack / "tokenizer.json")
    own = {name.removeprefix("trunk."): v for name, v in tensors.items() if name.startswith("trunk.")}
    return trunk_of(SHAPES[notes["shape"]], pieces, store.restored(own))


def train(call: Call, config: Config) -> Run:
    """Train until the call's minutes are spent, save, and return the run."""
    model = TextEncoder(pretrained(call)).to(call.device).train()
    optimizer = adam([(list(model.named_parameters()), config.rate)], decay=config.decay)
    run = Run("encoder", model, [optimizer], call, warm_up=config.warm_up)
    run.resume()
    development = Development(call.pack)
    flops = flops_a_token(SHAPES[call.shape], 0, 160, "masked")
    made = loaded(Batches(load_sources(call.pack), config.batch, call.seed), run.step, call)
    print(f"{time.process_time():.0f} s to get ready", flush=True)
    saved = looked = time.monotonic()
    for batch in made:
        if call.clock.over():
            break
        with precision(call.device):
            asked, passages = model(batch.asked.to(call.device)), model(batch.passages.to(call.device))
        loss = matryoshka(asked, passages, batch.groups.to(call.device), config.temperature)
        run.learn(loss, batch.asked.numel() + batch.passages.numel(), flops)
        if time.monotonic() - saved > 60 * config.save_minutes:
            run.save()
            saved = time.monotonic()
        if time.monotonic() - looked > 60 * config.look_minutes:
            show(development.figures(model, call.device))
            looked = time.monotonic()
    run.save()
    figures = development.figures(model, call.device)
    show(figures)
    run.carry(development=figures)
    return run


def show(figures: Mapping[str, tuple[float, float]]) -> None:
    """Print development figures."""
    print("  ".join(f"{name} R@1 {one:.3f} R@10 {ten:.3f}" for name, (one, ten) in figures.items()), flush=True)


def main(argv: Iterable[str] | None = None) -> None:
    """Train with the arguments of the command line."""
    train(*arguments(__doc__ or "", Config, argv))


if __name__ == "__main__":
    main()
