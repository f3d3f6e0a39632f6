"""What a trunk learns from running text: to fill in pieces, or to tell which pieces were replaced.

`Masked` is BERT's objective (Devlin et al. 2019), `Replaced` is ELECTRA's (Clark et al. 2020): a small generator fills
masked pieces in, the trunk tells its guesses from the text. Both take ids and the places to hide, the same number in
every row, so that every step has the same shapes.
"""

import math
from dataclasses import replace
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import ElectraModel

from embeddings.training.tokenizer import SPECIAL
from embeddings.training.trunk.model import Shape, trunk_of

MASK: Final = SPECIAL.index("[MASK]")
_GENERATOR: Final = 4  # the generator's layers are narrower by this
_WEIGHT: Final = 50.0  # of telling against filling in (Clark et al. 2020)


class PieceHead(nn.Module):
    """Scores of all pieces at some places, against the trunk's own embedding rows."""

    def __init__(self, width: int, embedding: int, pieces: int) -> None:
        super().__init__()
        self.dense, self.norm = nn.Linear(width, embedding), nn.LayerNorm(embedding)
        self.bias = nn.Parameter(torch.zeros(pieces))

    def forward(self, hidden: Tensor, table: Tensor) -> Tensor:
        """Return scores (places, pieces) from `hidden` (places, width) and `table` (pieces, embedding)."""
        rows = self.norm(functional.gelu(self.dense(hidden)))  # (places, embedding)
        return functional.linear(rows, table, self.bias)


class Masked(nn.Module):
    """The trunk fills in hidden pieces."""

    share = 0.3  # of the pieces are hidden (Portes et al. 2023)

    def __init__(self, trunk: ElectraModel, shape: Shape) -> None:
        super().__init__()
        self.trunk = trunk
        self.head = PieceHead(shape.width, shape.embedding, trunk.config.vocab_size)

    def forward(self, ids: Tensor, places: Tensor) -> Tensor:
        """Return the loss of `ids` (batch, length) with `places` (batch, hidden) hidden."""
        loss, _ = _filled_in(self.trunk, self.head, self.trunk.embeddings.word_embeddings.weight, ids, places)
        return loss


class Replaced(nn.Module):
    """A generator fills in hidden pieces and the trunk tells, at every piece, whether it was replaced."""

    share = 0.2

    def __init__(self, trunk: ElectraModel, shape: Shape) -> None:
        super().__init__()
        self.trunk = trunk
        smaller = replace(
            shape,
            width=max(shape.width // _GENERATOR, shape.embedding // 2),
            inner=max(shape.inner // _GENERATOR, shape.embedding),
            heads=max(shape.heads // _GENERATOR, 1),
        )
        self.generator = trunk_of(smaller, trunk.config.vocab_size)
        self.generator.embeddings = trunk.embeddings  # shared: both learn the rows
        self.head = PieceHead(smaller.width, shape.embedding, trunk.config.vocab_size)
        self.tell = nn.Sequential(nn.Linear(shape.width, shape.width), nn.GELU(), nn.Linear(shape.width, 1))

    def forward(self, ids: Tensor, places: Tensor) -> Tensor:
        """Return the sum of both losses for `ids` (batch, length) with `places` (batch, hidden) hidden."""
        table = self.trunk.embeddings.word_embeddings.weight
        filling, scores = _filled_in(self.generator, self.head, table, ids, places)
        with torch.no_grad():  # a guess at each place, drawn by the Gumbel trick
            noise = -torch.empty_like(scores, dtype=torch.float32).exponential_().log()
            guesses = (scores.float() + noise).argmax(dim=1).view_as(places)
            seen = ids.scatter(1, places, guesses)
        logits = self.tell(self.trunk(input_ids=seen).last_hidden_state).squeeze(-1)  # (batch, length)
        telling = functional.binary_cross_entropy_with_logits(logits.float(), (seen != ids).float())
        return filling + _WEIGHT * telling


OBJECTIVES: Final[dict[str, type[Masked] | type[Replaced]]] = {"masked": Masked, "replaced": Replaced}


def _filled_in(
    model: ElectraModel, head: PieceHead, table: Tensor, ids: Tensor, places: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the loss of filling in, and the scores (all places, pieces)."""
    hidden = model(input_ids=ids.scatter(1, places, MASK)).last_hidden_state  # (batch, length, width)
    chosen = hidden.gather(1, places[..., None].expand(-1, -1, hidden.shape[-1])).flatten(0, 1)
    scores = head(chosen, table)
    return functional.cross_entropy(scores.float(), ids.gather(1, places).flatten()), scores


def hidden_places(batch: int, length: int, share: float, generator: torch.Generator) -> Tensor:
    """Return (batch, hidden) places drawn without repeats, the first and last of a row left alone."""
    count = max(1, math.floor(share * (length - 2)))
    order = torch.rand(batch, length - 2, generator=generator, device=generator.device)
    return order.topk(count, dim=1).indices + 1


def flops_a_token(shape: Shape, pieces: int, length: int, objective: str) -> float:
    """Return the operations of one training step for each piece: six a weight, attention and scores included."""
    layer = 4 * shape.width**2 + 2 * shape.width * shape.inner + 2 * length * shape.width
    trunk = 6.0 * (shape.layers * layer + shape.width * shape.embedding)
    share = OBJECTIVES[objective].share
    scores = 6.0 * share * shape.embedding * (pieces + shape.width)
    generator = trunk / _GENERATOR**2 if objective == "replaced" else 0.0
    return trunk + scores + generator
