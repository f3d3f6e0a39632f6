"""Stage 3: the reader. The trunk learns to point at the first and last piece of an answer, or at [CLS] for "none".

    python -m embeddings.training.trunk.reader --pack PACK --work WORK --out OUT --minutes 6

Takes OUT/pretrain, the packed texts and PACK/reading; gives OUT/reader, the running mean of the weights. Begins with
exercises made from running text, which give way to real questions; weak questions come in late, and only those where
the model itself finds most of the given answer. Prints F1 over pieces on the development sets now and then.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from transformers import ElectraForQuestionAnswering

from embeddings.training.pairs import Body, Ids
from embeddings.training.trunk import pieces as store
from embeddings.training.trunk.cloze import Exercise, Pieces, frequent
from embeddings.training.trunk.encoder import PAD, pretrained
from embeddings.training.trunk.lessons import DEVELOPMENT, QUESTION, WEAK, Lessons, Mix, Questions, Windows, padded
from embeddings.training.trunk.model import SHAPES, read_tokenizer
from embeddings.training.trunk.objectives import flops_a_token
from embeddings.training.trunk.run import Call, Run, adam, arguments, loaded, precision
from embeddings.training.trunk.texts import Corpus

EXERCISES: Final = ("news", "wiki", "magazines", "docs", "stories")  # texts that exercises are made from
_LONGEST_ANSWER: Final = 48  # pieces, as in `qa.extractive`


@dataclass(frozen=True)
class Config:
    """One run; every field is a flag."""

    batch: int = 192  # questions with a passage each
    rate: float = 2e-4
    head_rate: float = 1e-3  # of the two scores and of the token types, which the trunk has not met
    decay: float = 0.01
    warm_up: int = 100  # steps
    exercises: float = 0.5  # share of the run over which the exercises' share falls from all to none
    wrong: float = 0.15  # share of questions shown with a retrieved passage that lacks the answer
    weak_from: float = 0.6  # share of the run after which weak questions come in
    weak: float = 0.3  # their share from then on
    mean: float = 0.99  # the running mean keeps so much at each step
    save_minutes: float = 2.0
    look_minutes: float = 1.5


def scores_of(model: ElectraForQuestionAnswering, windows: Windows, device: torch.device) -> Tensor:
    """Return scores (batch, pieces, 2) of start and end; what cannot be an answer has -1e4."""
    ids = windows.ids.to(device)
    with precision(device):
        out = model(input_ids=ids, attention_mask=(ids != PAD).long(), token_type_ids=windows.types.to(device))
    scores = torch.stack([out.start_logits, out.end_logits], dim=-1).float()
    return scores.masked_fill(~windows.readable.to(device)[..., None], -1e4)


def best_span(scores: NDArray[np.float32]) -> tuple[int, int]:
    """Return first and last piece of the best answer in `scores` (pieces, 2); piece 0 is left out."""
    sums = scores[1:, None, 0] + scores[None, 1:, 1]  # (first, last)
    allowed = np.triu(np.ones_like(sums, dtype=np.bool_)) & ~np.triu(
        np.ones_like(sums, dtype=np.bool_), _LONGEST_ANSWER
    )
    first, last = np.unravel_index(np.where(allowed, sums, -np.inf).argmax(), sums.shape)
    return int(first) + 1, int(last) + 1


def read(model: ElectraForQuestionAnswering, items: list[Exercise], device: torch.device) -> list[float]:
    """Return, for each item with an answer, the F1 over pieces of the best span with it."""
    model.train(False)
    order = sorted(range(len(items)), key=lambda number: len(items[number].passage))
    found = [0.0] * len(items)
    with torch.inference_mode():
        for begin in range(0, len(order), 64):
            some = order[begin : begin + 64]
            windows = padded([items[number] for number in some])
            scores = scores_of(model, windows, device).cpu().numpy()
            for number, row, (first, last) in zip(some, scores, windows.answer.tolist(), strict=True):
                start, end = best_span(row)
                shared = max(0, min(end, last) - max(start, first) + 1)
                found[number] = 2 * shared / (end - start + 1 + last - first + 1)
    model.train()
    return found


def figures(model: ElectraForQuestionAnswering, questions: Questions, call: Call, longest: int) -> dict[str, float]:
    """Return F1 over pieces, 0 to 100, by development set; questions without an answer are left out."""
    found: dict[str, float] = {}
    for name in questions.sets:
        if name.startswith(DEVELOPMENT):
            items = [questions.whole(number, longest) for number in questions.numbers(name)]
            answered = [item for item in items if item.start >= 0 and item.end <= longest]
            f1 = sum(read(model, answered, call.device)) / max(1, sum(item.start >= 0 for item in items))
            found[name.removeprefix(DEVELOPMENT)] = 100 * f1
    return found


def model_of(call: Call, token_types: str) -> ElectraForQuestionAnswering:
    """Return the trunk of stage 1 with two scores for each piece."""
    trunk = pretrained(call)
    trunk.config.token_types = token_types
    model = ElectraForQuestionAnswering(trunk.config)
    model.electra.load_state_dict(trunk.state_dict())
    with torch.no_grad():  # only type 0 was pretrained; the others begin with it
        types = model.electra.embeddings.token_type_embeddings.weight
        types.copy_(types[0] + 0.02 * torch.randn_like(types))
    _on(model, call.device).train()
    return model


def _on(model: ElectraForQuestionAnswering, device: torch.device) -> ElectraForQuestionAnswering:
    """Return the model on the device; `to` of transformers' models is typed for something else."""
    moved: ElectraForQuestionAnswering = nn.Module.to(model, device)
    return moved


def exercise_bodies(pack: Path, pieces: int) -> tuple[list[Body], Pieces]:
    """Return the documents that exercises are made from, and what is known of each piece."""
    tokenizer, _ = read_tokenizer(pack / "tokenizer.json")
    goes_on = np.array([(tokenizer.id_to_token(number) or "").startswith("##") for number in range(pieces)])
    names = [name for name in EXERCISES if store.exists(pack / f"text-{name}")]
    corpora = [Corpus.unpacked(store.read(pack / f"text-{name}")[0]) for name in names]
    ids: Ids = np.concatenate([corpus.ids for corpus in corpora])
    bodies = [body for corpus in corpora for body in corpus.bodies() if len(body.ends) >= 3]
    return bodies, Pieces(goes_on, frequent(ids, pieces))


class Mean:
    """A running mean of a model's weights: it reads unseen questions better than the last weights."""

    def __init__(self, model: nn.Module, keep: float) -> None:
        self.weights = {name: value.detach().clone() for name, value in model.named_parameters()}
        self._keep = keep

    @torch.no_grad()
    def follow(self, model: nn.Module, step: int) -> None:
        """Take in the weights after a step; early ones are forgotten faster."""
        share = 1 - min(self._keep, step / (step + 10))
        for name, value in model.named_parameters():
            self.weights[name].lerp_(value, share)

    def into(self, model: ElectraForQuestionAnswering) -> ElectraForQuestionAnswering:
        """Return a copy of the model with the mean weights."""
        twin = _on(ElectraForQuestionAnswering(model.config), next(model.parameters()).device)
        twin.load_state_dict(self.weights, strict=False)
        return twin


def train(call: Call, config: Config) -> Run:
    """Train until the call's minutes are spent, save, and return the run."""
    questions = Questions(call.pack)
    model = model_of(call, questions.token_types)
    new = ("qa_outputs", "token_type_embeddings")
    named = list(model.named_parameters())
    fast = [(name, p) for name, p in named if any(part in name for part in new)]
    slow = [(name, p) for name, p in named if not any(part in name for part in new)]
    optimizer = adam([(slow, config.rate), (fast, config.head_rate)], decay=config.decay)
    run = Run("reader", model, [optimizer], call, warm_up=config.warm_up)
    run.resume()
    mean = Mean(model, config.mean)
    shape = SHAPES[call.shape]
    longest = min(300, shape.positions - QUESTION - 3)
    bodies, pieces = exercise_bodies(call.pack, model.config.vocab_size)
    shares = config.exercises, config.wrong, config.weak_from, config.weak
    lessons = Lessons(questions, bodies, pieces, Mix(config.batch, *shares, longest), call.seed)
    flops = flops_a_token(shape, 0, 256, "masked")
    print(f"{len(bodies):,} documents, {time.process_time():.0f} s to get ready", flush=True)
    saved = looked = time.monotonic()
    chosen = False
    lessons.progress.fill_(call.clock.begun)
    for windows in loaded(lessons, run.step, call):
        if call.clock.over():
            break
        if not chosen and call.clock.progress() > config.weak_from:
            chosen = agree(mean.into(model), questions, lessons, call, longest)
        scores = scores_of(model, windows, call.device)
        run.learn(functional.cross_entropy(scores, windows.answer.to(call.device)), windows.ids.numel(), flops)
        mean.follow(model, run.step)
        lessons.progress.fill_(call.clock.progress())
        if time.monotonic() - saved > 60 * config.save_minutes:
            run.save()
            saved = time.monotonic()
        if time.monotonic() - looked > 60 * config.look_minutes:
            show(figures(mean.into(model), questions, call, longest))
            looked = time.monotonic()
    run.save()
    found = figures(mean.into(model), questions, call, longest)
    show(found)
    run.carry(mean.weights, development=found, token_types=questions.token_types)
    return run


def agree(model: ElectraForQuestionAnswering, questions: Questions, lessons: Lessons, call: Call, longest: int) -> bool:
    """Let the weak questions in where the model finds at least half of what they give as their answer."""
    if WEAK in questions.sets:
        rows = questions.numbers(WEAK)
        items = [questions.whole(number, longest) for number in rows]
        kept = [n for n, item in enumerate(items) if item.start >= 0 and item.end <= longest]
        f1 = read(model, [items[n] for n in kept], call.device)
        agreed = [rows[n] for n, value in zip(kept, f1, strict=True) if value >= 0.5]
        lessons.agreed[agreed] = True
        print(f"{len(agreed):,} of {len(rows):,} weak questions come in", flush=True)
    return True


def show(found: dict[str, float]) -> None:
    """Print development figures."""
    print("  ".join(f"{name} F1 {value:.1f}" for name, value in found.items()), flush=True)


def main(argv: Iterable[str] | None = None) -> None:
    """Train with the arguments of the command line."""
    train(*arguments(__doc__ or "", Config, argv))


if __name__ == "__main__":
    main()
