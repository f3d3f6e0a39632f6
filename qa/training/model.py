"""The span reader as it is trained: word vectors, feature vectors, MiniLM-shaped layers, a span head."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from qa.training.minilm import load_minilm


@dataclass
class Batch:
    """Word rows of a batch in the form embedding_bag takes, with what is known of each word."""

    rows: Tensor  # (all rows,)
    offsets: Tensor  # (batch * words,)
    mask: Tensor  # (batch, words) True at words
    features: Tensor | None = None  # (batch, words, features)


def bags(sequences: list[list[tuple[int, ...]]]) -> tuple[Tensor, Tensor, Tensor]:
    """Return (rows, offsets, mask) of padded word sequences; row 0 pads."""
    width = max(map(len, sequences))
    padded = [bag for s in sequences for bag in [*s, *[(0,)] * (width - len(s))]]
    sizes = np.fromiter(map(len, padded), np.int64, len(padded))
    offsets = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    rows = np.fromiter((row for bag in padded for row in bag), np.int64, int(sizes.sum()))
    lengths = torch.tensor([len(s) for s in sequences])
    return torch.from_numpy(rows), torch.from_numpy(offsets), torch.arange(width)[None] < lengths[:, None]


class Trunk(nn.Module):
    """Rows → contextual vectors. The first values of the layers are those of all-MiniLM-L6-v2."""

    def __init__(self, vectors: np.ndarray[Any, Any], feature_sizes: tuple[int, ...], layers: int) -> None:
        super().__init__()
        bert, _ = load_minilm()
        bert.encoder.layer = bert.encoder.layer[:layers]
        bert.embeddings.word_embeddings = None
        width = vectors.shape[1]
        self.table = nn.Embedding(len(vectors), width, _weight=torch.from_numpy(vectors))
        self.adapter = nn.Linear(width, width, bias=False)  # moves all words together; folded into the table at export
        nn.init.zeros_(self.adapter.weight)
        self.features = nn.ModuleList(
            nn.Embedding(size, width, _weight=0.01 * torch.randn(size, width)) for size in feature_sizes
        )
        self.bert = bert
        self.drop_out(0.0)

    def drop_out(self, share: float) -> None:
        """Set the dropout of what each layer adds; attention keeps all its weights."""
        for name, module in self.bert.named_modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0 if name.endswith("self.dropout") else share

    def embed(self, batch: Batch) -> Tensor:
        """Return the input of the first layer (batch, words, width)."""
        shape = batch.mask.shape
        words = functional.embedding_bag(batch.rows, self.table.weight, batch.offsets, mode="mean")
        x = (words + self.adapter(words)).view(*shape, -1)  # (batch, words, width)
        if batch.features is not None:
            for i, table in enumerate(self.features):
                x = x + table(batch.features[..., i])
        embeddings = self.bert.embeddings
        x = x + embeddings.position_embeddings.weight[: shape[1]] + embeddings.token_type_embeddings.weight[0]
        normed: Tensor = embeddings.LayerNorm(x)
        return normed

    def forward(self, batch: Batch) -> list[Tensor]:
        """Return what comes out of every layer, each (batch, words, width)."""
        x = self.embed(batch)
        mask = torch.zeros(batch.mask.shape).masked_fill(~batch.mask, -1e9)[:, None, None, :]
        out = []
        for layer in self.bert.encoder.layer:
            x = layer(x, mask)
            x = x[0] if isinstance(x, tuple) else x
            out.append(x)
        return out


class SpanModel(nn.Module):
    """Trunk and span head: logits of start and end for every word; word 0 stands for "no answer"."""

    def __init__(self, vectors: np.ndarray[Any, Any], feature_sizes: tuple[int, ...], layers: int) -> None:
        super().__init__()
        self.trunk = Trunk(vectors, feature_sizes, layers)
        self.head = nn.Linear(vectors.shape[1], 2)

    def forward(self, batch: Batch) -> Tensor:
        """Return logits (batch, words, 2)."""
        logits: Tensor = self.head(self.trunk(batch)[-1])
        return logits

    def start_from(self, path: Path) -> None:
        """Take what a checkpoint of an earlier stage has, by name."""
        self.load_state_dict(torch.load(path, weights_only=True)["model"], strict=False)
