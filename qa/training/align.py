"""Stage 2: Arabic sentences land where MiniLM puts their English translations, so that its layers read Arabic.

    python -m qa.training.align --data DIR --out OUT --minutes 10

Takes `parallel/ar-en` and stage 1; gives OUT/aligned.pt. Teacher: all-MiniLM-L6-v2 on the English side. Method:
multilingual sentence distillation (Reimers & Gurevych 2020), at the middle layer and at the last.
"""

import argparse
import random
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from embeddings.arabic import words
from qa.training.data import read_rows
from qa.training.minilm import load_minilm
from qa.training.model import Batch, SpanModel, bags
from qa.units import CLS, SEP, Vocabulary

BATCH_WORDS = 1600
MIDDLE = 3  # index of the layer that is matched besides the last


def pooled(hidden: Tensor, mask: Tensor) -> Tensor:
    """Return unit means over words (batch, width)."""
    weight = mask[..., None].float()
    return functional.normalize((hidden.float() * weight).sum(1) / weight.sum(1), dim=-1)


def loss_between(student: Tensor, teacher: Tensor) -> Tensor:
    """Distance of each pair, and each student row against every teacher row of the batch (InfoNCE)."""
    cosine = student @ teacher.T
    return (1 - cosine.diagonal()).mean() + 0.3 * functional.cross_entropy(cosine / 0.05, torch.arange(len(student)))


class Teacher:
    """MiniLM on English sentences."""

    def __init__(self) -> None:
        self._model, self._tokenizer = load_minilm()

    def goals(self, texts: list[str]) -> list[Tensor]:
        """Return what the middle layer and the last make of each text, two (texts, width)."""
        english = self._tokenizer(texts, padding=True, truncation=True, max_length=96, return_tensors="pt")
        with torch.no_grad():
            hidden = self._model(**english, output_hidden_states=True).hidden_states
        return [pooled(hidden[i], english["attention_mask"]) for i in (MIDDLE + 1, -1)]


def main(argv: Sequence[str] | None = None) -> None:
    """Run the stage from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--bfloat16", action="store_true", help="1.5 times as fast where the processor has it")
    args = parser.parse_args(argv)
    torch.set_flush_denormal(True)  # before any thread starts: Adam decays rows of unseen words into denormals
    torch.manual_seed(0)
    random.seed(0)
    vocabulary = Vocabulary.load(args.out / "vocabulary.json")
    pairs = [(r["ar"], r["en"]) for r in read_rows(args.data / "parallel" / "ar-en.jsonl.xz") if len(r["ar"]) < 250]
    student = SpanModel(np.load(args.out / "vectors.npy"), (), args.layers)
    train(student, Teacher(), vocabulary, pairs, args.minutes, args.bfloat16)
    torch.save({"model": student.state_dict()}, args.out / "aligned.pt")


def batches(pairs: list[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """Return shuffled batches of about BATCH_WORDS words, of similar length inside a batch."""
    pairs = sorted(pairs, key=lambda p: len(p[0].split()) + random.random() * 4)
    out: list[list[tuple[str, str]]] = [[]]
    for pair in pairs:
        if len(out[-1]) * (len(pair[0].split()) + 4) > BATCH_WORDS or len(out[-1]) >= 96:
            out.append([])
        out[-1].append(pair)
    random.shuffle(out)
    return out


def train(
    student: SpanModel,
    teacher: Teacher,
    vocabulary: Vocabulary,
    pairs: list[tuple[str, str]],
    minutes: float,
    bfloat16: bool = False,
) -> None:
    """Train for `minutes`, the learning rates falling to zero with the clock."""
    trunk = student.trunk
    groups = [
        {"params": [trunk.table.weight], "lr": 2e-3},
        {"params": list(trunk.adapter.parameters()), "lr": 3e-4},
        {"params": list(trunk.bert.parameters()), "lr": 5e-5},
    ]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=0.0, fused=True)
    peak = [group["lr"] for group in optimizer.param_groups]
    start, step, seen, mean = time.time(), 0, 0, 0.0
    while True:
        for batch in batches(pairs):
            done = (time.time() - start) / (60 * minutes)
            if done >= 1:
                return
            for group, lr in zip(optimizer.param_groups, peak, strict=True):
                group["lr"] = lr * min(1.0, step / 20) * (1 - done)
            goals = teacher.goals([e for _, e in batch])
            rows = [[(CLS,), *(vocabulary.rows(w.text) for w in words(a)), (SEP,)] for a, _ in batch]
            with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
                out = trunk(Batch(*bags(rows)))
            mask = bags(rows)[2]
            seen_layers = (min(MIDDLE, len(out) - 1), -1)
            parts = [loss_between(pooled(out[i], mask), g) for i, g in zip(seen_layers, goals, strict=True)]
            loss = torch.stack(parts).sum()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            optimizer.zero_grad()
            mean += float(loss.detach())
            seen += int(mask.sum())
            step += 1
            if step % 20 == 0:
                rate = seen / (time.time() - start)
                print(f"step {step} done {done:.2f} loss {mean / 20:.3f} {rate:.0f} words/s", flush=True)
                mean = 0.0


if __name__ == "__main__":
    main()
