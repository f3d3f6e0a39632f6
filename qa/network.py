"""The bundled reader's network: word rows and features in, logits of start and end out.

A BERT-shaped stack with the layers of all-MiniLM-L6-v2 (post-norm, GELU, 12 heads), whose input is the mean of a word's
rows plus the vectors of its features. Weights lie in one safetensors file, matrices as int8 with one scale a row,
and the layers compute in int8 as well. Loads torch when it is made, nothing before.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from qa.features import SIZES, Encoded

_BATCH_WORDS: Final = 2_400  # Words a forward pass: larger batches outgrow the processor's caches.
_NEVER: Final = -1e4


class Network:
    """Computes logits for encoded windows.

    Args:
        folder: holds `weights.safetensors` and `config.json`.
    """

    def __init__(self, folder: Path) -> None:
        from safetensors.numpy import load_file

        from qa.layers import stack_of

        config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        stored = load_file(folder / "weights.safetensors")
        self._table, self._scale = stored["table"], stored["table.scale"].astype(np.float32)
        self._positions = stored["positions"].astype(np.float32)
        self._features = [stored[f"features.{i}"].astype(np.float32) for i in range(len(SIZES))]
        self._layers = stack_of(stored, config["layers"], config["heads"])

    def logits(self, windows: Sequence[Encoded]) -> list[NDArray[np.float32]]:
        """Return for each window the logits (words, 2) of start and end; row 0 stands for "no answer"."""
        order = sorted(range(len(windows)), key=lambda i: len(windows[i].rows))
        found: list[NDArray[np.float32]] = [np.empty((0, 2), np.float32)] * len(windows)
        batch: list[int] = []
        for i in order:
            if batch and (len(batch) + 1) * len(windows[i].rows) > _BATCH_WORDS:
                self._run(batch, windows, found)
                batch = []
            batch.append(i)
        if batch:
            self._run(batch, windows, found)
        return found

    def _run(self, batch: list[int], windows: Sequence[Encoded], found: list[NDArray[np.float32]]) -> None:
        import torch

        longest = max(len(windows[i].rows) for i in batch)
        x = np.zeros((len(batch), longest, self._table.shape[1]), np.float32)  # (batch, words, width)
        mask = np.full((len(batch), 1, 1, longest), _NEVER, np.float32)
        for n, i in enumerate(batch):
            count = len(windows[i].rows)
            x[n, :count] = self._embed(windows[i])
            mask[n, ..., :count] = 0
        with torch.inference_mode():
            out = self._layers(torch.from_numpy(x), torch.from_numpy(mask)).numpy()  # (batch, words, 2)
        for n, i in enumerate(batch):
            found[i] = out[n, : len(windows[i].rows)]

    def _embed(self, window: Encoded) -> NDArray[np.float32]:
        """Return the sum of word, position and feature vectors, (words, width)."""
        sizes = np.fromiter(map(len, window.rows), np.int64, len(window.rows))
        flat = np.fromiter((row for rows in window.rows for row in rows), np.int64, int(sizes.sum()))
        vectors = self._table[flat].astype(np.float32) * self._scale[flat][:, None]
        if len(flat) != len(sizes):
            starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
            vectors = np.add.reduceat(vectors, starts, axis=0) / sizes[:, None].astype(np.float32)
        vectors += self._positions[: len(sizes)]
        columns = np.array(window.features)
        for i, table in enumerate(self._features):
            vectors += table[columns[:, i]]
        return vectors
