"""Stage 4: learn to read. Questions and passages in, the span reader's weights out.

    python -m qa.training.train --data DIR --out OUT --minutes 80 [--layers 4] [--from OUT/aligned.pt] [--sample 40]
                                [--made OUT/made.jsonl]

Takes the vocabulary and vectors of the stages before, and learns from questions that people wrote, or with --made
from those alone that were made from text; gives OUT/reader.pt (running average of the weights, for
`export`) and OUT/state.pt, from which the same command goes on after a stop. The learning rate falls to zero with
the clock. Every few minutes it prints F1 on the first questions of the development sets.
"""

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from qa.evaluation import f1
from qa.features import SIZES
from qa.training.data import (
    OWN,
    Example,
    Sampler,
    Sampling,
    Window,
    add_wrong_passages,
    development_sets,
    example,
    know_english,
    passages_beside,
    training_sets,
    weak_rows,
)
from qa.training.made import load_made
from qa.training.model import Batch, SpanModel, bags
from qa.units import Vocabulary


@dataclass(frozen=True)
class Config:
    """One training run; every field is a flag of the command line."""

    minutes: float = 80.0
    layers: int = 4  # of MiniLM's six: 1.5 times the questions in the same minutes, and in answering
    batch_words: int = 1600  # about 14 windows: many small steps beat few large ones when time is short
    rate: float = 6e-5  # of the layers; at 1.5e-4 the loss rose again after 150 steps
    warmup: int = 60
    average: float = 0.97  # of the weights, every AVERAGE_EVERY steps
    evaluate: float = 8.0  # minutes between looks at the development sets
    shortest: int = 60  # words of a window cropped around an answer
    longest: int = 120
    sample: int = 0  # use only so many examples a set: for tests
    seed: int = 0
    weak_from: float = 0.35  # share of the run after which weak questions that the model agrees with come in; 1: never
    own: str = str(OWN)  # the file of questions written for this project
    made: str = ""  # a file of questions made from text to learn from, and from nothing else
    dropout: float = 0.1  # of what each layer adds; questions that people wrote are few
    bfloat16: bool = False  # 1.5 times as fast on processors that have it


# Of each part against `rate`. The adapter moves all words at once and the layers know something already: slow. A
# feature or word row starts near nothing or is met rarely: fast.
RATES = {"trunk.table": 6.0, "trunk.adapter": 0.3, "trunk.features": 15.0, "head": 10.0, "trunk.bert": 1.0}
# Draws of a row in an epoch.
WEIGHTS = {"made": 1.0, "written-train": 1.0, "own": 1.0, "arcd-train": 1.5, "belebele-eqa": 0.6, "tydi-english": 0.5}
WEAK = 0.35  # share of the windows looked at that are weak, once they come in; half of them are kept
AVERAGE_EVERY = 5


def collate(windows: list[Window]) -> tuple[Batch, Tensor]:
    """Return a padded batch and its targets (batch, 2)."""
    rows, offsets, mask = bags([w.encoded.rows for w in windows])
    features = torch.zeros(*mask.shape, len(SIZES), dtype=torch.long)  # (batch, words, features)
    for i, w in enumerate(windows):
        features[i, : len(w.encoded.features)] = torch.tensor(w.encoded.features)
    return Batch(rows, offsets, mask, features), torch.tensor([(w.start, w.end) for w in windows])


def readable(logits: Tensor, windows: list[Window]) -> Tensor:
    """Return logits with everything but the passage words and word 0 ruled out."""
    allowed = torch.zeros(logits.shape[:2], dtype=torch.bool)
    for i, w in enumerate(windows):
        allowed[i, w.encoded.first : w.encoded.first + len(w.encoded.words)] = True
    allowed[:, 0] = True
    return logits.masked_fill(~allowed[..., None], -1e4)


def batches(windows: list[Window], limit: int) -> Iterator[list[Window]]:
    """Yield batches of windows of similar length, in random order."""
    ordered = sorted(windows, key=lambda w: len(w.encoded.rows))
    groups: list[list[Window]] = [[]]
    for w in ordered:
        if len(w.encoded.rows) * (len(groups[-1]) + 1) > limit:
            groups.append([])
        groups[-1].append(w)
    random.shuffle(groups)
    yield from (g for g in groups if g)


def best_span(logits: NDArray[np.float32], first: int, count: int, longest: int = 30) -> tuple[int, int, float]:
    """Return (start, end inclusive, score over no answer) of the best span; positions count from `first`."""
    start, end = logits[first : first + count, 0], logits[first : first + count, 1]
    scores = np.triu(start[:, None] + end[None, :]) + np.tril(np.full((count, count), -1e9), -1)
    scores += np.tril(np.zeros((count, count)), longest - 1) + np.triu(np.full((count, count), -1e9), longest)
    best = int(scores.argmax())
    return best // count, best % count, float(scores.flat[best] - logits[0].sum())


def read_all(model: SpanModel, windows: list[Window], limit: int = 6000) -> list[tuple[int, int, float]]:
    """Return the best span of each window."""
    out: dict[int, tuple[int, int, float]] = {}
    with torch.inference_mode():
        for group in batches(windows, limit):
            logits = model(collate(group)[0]).numpy()
            for w, row in zip(group, logits, strict=True):
                out[id(w)] = best_span(row, w.encoded.first, len(w.encoded.words))
    return [out[id(w)] for w in windows]


def develop(model: SpanModel, sets: dict[str, list[Example]], vocabulary: Vocabulary) -> dict[str, float]:
    """Return F1 by set of the best span (answerable questions), and how well the scores tell the unanswerable."""
    sampler = Sampler(vocabulary, Sampling(400, 400), 0)
    figures: dict[str, float] = {}
    model.eval()
    for name, items in sets.items():
        windows = [sampler.window(e.question, e.passage, e.answer) for e in items]
        found = read_all(model, windows)
        right = []
        for item, w, (start, end, _) in zip(items, windows, found, strict=True):
            text = item.passage[w.encoded.words[start].start : w.encoded.words[end].end]
            right.append(f1(text, item.answers) if item.answers else 0.0)
        answerable = [i for i, e in enumerate(items) if e.answers]
        figures[name] = 100 * float(np.mean([right[i] for i in answerable]))
        if len(answerable) < len(items):
            figures[name + "-all"] = 100 * best_decision(
                [s for _, _, s in found], right, [not e.answers for e in items]
            )
    model.train()
    return figures


def best_decision(scores: list[float], right: list[float], unanswerable: list[bool]) -> float:
    """Return the best mean F1 over all questions that one threshold on the score can give."""
    order = np.argsort(scores)
    declined = np.concatenate([[0], np.cumsum(np.array(unanswerable, float)[order])])
    answered = np.array(right)[order]
    kept = np.concatenate([np.cumsum(answered[::-1])[::-1], [0]])
    return float((declined + kept).max() / len(scores))


class Run:
    """The state of one training run, resumable."""

    def __init__(self, config: Config, data: Path, out: Path, start_from: Path | None) -> None:
        self.config, self.out = config, out
        self.vocabulary = Vocabulary.load(out / "vocabulary.json")
        if config.made:
            self.sets, self.weak = {"made": load_made(Path(config.made))}, []
        else:
            self.sets, self.weak = training_sets(data, Path(config.own)), weak_rows(data)
        self.development = development_sets(data, config.sample or 160)
        if config.sample:
            self.sets = {name: items[: config.sample] for name, items in self.sets.items()}
        vectors = self._vectors(start_from)
        if not config.made:  # which bring their wrong passages along
            add_wrong_passages(self.sets.values(), passages_beside(data, Path(config.own)))
        self.model = SpanModel(vectors, SIZES, config.layers)
        self.model.trunk.drop_out(config.dropout)
        if start_from:
            self._take(start_from)
        self.optimizer = torch.optim.AdamW(self._groups(), betas=(0.9, 0.98), weight_decay=0.01, fused=True)
        self.average = {name: p.detach().clone() for name, p in self.model.named_parameters()}
        self.sampler = Sampler(self.vocabulary, Sampling(config.shortest, config.longest), config.seed)
        self.step, self.minutes = 0, 0.0
        if (out / "state.pt").exists():
            self._resume()

    def _vectors(self, start_from: Path | None) -> NDArray[np.float32]:
        """Return the word table with the English words of the training rows below it."""
        from qa.training.initial import EnglishSpace

        vectors = np.load(self.out / "vectors.npy")
        if start_from:
            state = torch.load(start_from, weights_only=True)["model"]
            table = state["trunk.table.weight"][: len(self.vocabulary)]
            vectors[: len(table)] = (table + table @ state["trunk.adapter.weight"].T).numpy()
        extra = know_english(self.vocabulary, self.sets.values())
        return np.vstack([vectors, EnglishSpace().vectors(extra)]).astype(np.float32) if extra else vectors

    def _take(self, path: Path) -> None:
        """Take the weights of an earlier stage or run, the word vectors apart."""
        state = torch.load(path, weights_only=True)["model"]
        kept = {n: v for n, v in state.items() if not n.startswith(("trunk.table", "trunk.adapter"))}
        if "trunk.features.0.weight" not in kept:  # an aligned trunk: its head has learned nothing
            kept = {n: v for n, v in kept.items() if n.startswith("trunk.bert.")}
        self.model.load_state_dict(kept, strict=False)

    def _groups(self) -> list[dict[str, Any]]:
        return [
            {"params": [p for n, p in self.model.named_parameters() if n.startswith(prefix)], "peak": factor, "lr": 0.0}
            for prefix, factor in RATES.items()
        ]

    def _resume(self) -> None:
        state = torch.load(self.out / "state.pt", weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average, self.step, self.minutes = state["average"], state["step"], state["minutes"]
        random.seed(self.step)
        self.sampler.random.seed(self.step)
        print(f"resumed at step {self.step}, {self.minutes:.1f} minutes", flush=True)

    def save(self) -> None:
        """Write OUT/state.pt and OUT/reader.pt."""
        state = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}
        torch.save(
            state | {"average": self.average, "step": self.step, "minutes": self.minutes}, self.out / "state.tmp"
        )
        (self.out / "state.tmp").replace(self.out / "state.pt")
        torch.save({"model": self.average, "layers": self.config.layers}, self.out / "reader.tmp")
        (self.out / "reader.tmp").replace(self.out / "reader.pt")

    def draw(self, count: int) -> list[Window]:
        """Return windows of randomly drawn examples; weak ones only where the model finds them too."""
        names = [n for n in WEIGHTS if self.sets.get(n)]
        shares = [WEIGHTS[n] * len(self.sets[n]) for n in names]
        if self.weak and self.minutes > self.config.weak_from * self.config.minutes:
            rows = random.choices(self.weak, k=int(count * WEAK))
            agreed = self._agreeing([self.sampler.draw(e) for row in rows if (e := example(row))])
        else:
            agreed = []
        chosen = random.choices(names, shares, k=count - len(agreed))
        return agreed + [self.sampler.draw(random.choice(self.sets[n])) for n in chosen]

    def _agreeing(self, windows: list[Window]) -> list[Window]:
        """Keep the windows whose given span shares at least half its words with what the model reads."""
        self.model.eval()
        kept = []
        for w, (start, end, _) in zip(windows, read_all(self.model, windows), strict=True):
            a, b = w.start - w.encoded.first, w.end - w.encoded.first
            shared = min(b, end) - max(a, start) + 1
            if w.start and 2 * shared / (b - a + end - start + 2) >= 0.5:
                kept.append(w)
        self.model.train()
        return kept

    def learn(self, windows: list[Window]) -> float:
        """Take one step; return its loss."""
        batch, target = collate(windows)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.config.bfloat16):
            logits = self.model(batch)
        logits = readable(logits.float(), windows)  # (batch, words, 2)
        loss = functional.cross_entropy(logits, target)  # over words, for start and end
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        left = max(0.0, 1 - self.minutes / self.config.minutes)
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.rate * group["peak"] * min(1.0, (self.step + 1) / self.config.warmup) * left
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        if self.step % AVERAGE_EVERY == 0:
            self._follow()
        return float(loss.detach())

    def _follow(self) -> None:
        rate = min(self.config.average, self.step / (self.step + 10 * AVERAGE_EVERY))
        with torch.no_grad():
            for name, p in self.model.named_parameters():
                self.average[name].lerp_(p, 1 - rate)

    def averaged(self) -> SpanModel:
        """Return the model with the averaged weights."""
        model = SpanModel(np.zeros(self.model.trunk.table.weight.shape, np.float32), SIZES, self.config.layers)
        model.load_state_dict(self.average, strict=False)
        return model

    def report(self) -> None:
        """Print F1 on the development sets."""
        figures = develop(self.averaged(), self.development, self.vocabulary)
        print(f"== {self.minutes:.1f} min:", " ".join(f"{n} {v:.1f}" for n, v in figures.items()), flush=True)

    def train(self) -> None:
        """Train until the minutes are spent."""
        looked = self.minutes
        mean, seen, since = 0.0, 0, time.time()
        before = since
        while self.minutes < self.config.minutes:
            for group in batches(self.draw(96), self.config.batch_words):
                mean += self.learn(group)
                seen += sum(len(w.encoded.rows) for w in group)
                now = time.time()
                self.minutes += (now - before) / 60
                before = now
                if self.step % 50 == 0:
                    rate = seen / (now - since)
                    print(
                        f"step {self.step} min {self.minutes:.1f} loss {mean / 50:.3f} {rate:.0f} words/s", flush=True
                    )
                    mean, seen, since = 0.0, 0, now
            if self.minutes - looked > self.config.evaluate:
                looked = self.minutes
                self.save()
                self.report()
                before = time.time()
        self.save()
        self.report()


def main(argv: Sequence[str] | None = None) -> None:
    """Run the stage from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--from", type=Path, dest="start_from")
    for f in fields(Config):
        flag = f"--{f.name.replace('_', '-')}"
        if isinstance(f.default, bool):
            parser.add_argument(flag, action="store_true")
        else:
            parser.add_argument(flag, type=type(f.default), default=f.default)
    args = vars(parser.parse_args(argv))
    torch.set_flush_denormal(True)  # before any thread starts: Adam decays rows of unseen words into denormals
    paths = [args.pop(name) for name in ("data", "out", "start_from")]
    config = Config(**args)
    torch.manual_seed(config.seed)
    random.seed(config.seed)
    Run(config, *paths).train()


if __name__ == "__main__":
    main()
