"""Stage 4: pack the averaged weights for the product: int8 matrices, the word table without training's extra rows.

    python -m qa.training.export --out OUT --models qa/models/reader [--also COPY_OF_AN_EARLIER/reader.pt]

Takes OUT/reader.pt (with --also: the mean of both, which reads unseen sets more evenly) and OUT/vocabulary.json; gives
weights.safetensors, vocabulary.json and config.json, and sha256.json with the hashes of what the reader loads.
"""

import argparse
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file

from qa.features import SIZES
from qa.units import Vocabulary

MATRICES = {
    "out": "attention.output.dense",
    "up": "intermediate.dense",
    "down": "output.dense",
}
NORMS = {"first": "attention.output.LayerNorm", "second": "output.LayerNorm"}
POSITIONS = 256
HEADS = 12


def quantise(rows: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return int8 rows and the scale of each: rows ≈ int8 * scale."""
    scale = np.maximum(np.abs(rows).max(axis=1), 1e-8) / 127
    return np.round(rows / scale[:, None]).astype(np.int8), scale.astype(np.float32)


def pack(state: dict[str, torch.Tensor], rows: int, layers: int) -> dict[str, NDArray[Any]]:
    """Return the arrays of the shipped file."""
    weights = {name: value.float().numpy() for name, value in state.items()}
    packed: dict[str, NDArray[Any]] = {}

    def matrix(name: str, value: NDArray[np.float32], bias: NDArray[np.float32]) -> None:
        packed[name], packed[f"{name}.scale"] = quantise(value)
        packed[f"{name}.bias"] = bias

    table = weights["trunk.table.weight"][:rows]
    packed["table"], packed["table.scale"] = quantise(table + table @ weights["trunk.adapter.weight"].T)
    bert = "trunk.bert.embeddings."
    packed["positions"] = weights[bert + "position_embeddings.weight"][:POSITIONS]
    packed["positions"] = packed["positions"] + weights[bert + "token_type_embeddings.weight"][0]
    for i in range(len(SIZES)):
        packed[f"features.{i}"] = weights[f"trunk.features.{i}.weight"]
    packed["norm"], packed["norm.bias"] = weights[bert + "LayerNorm.weight"], weights[bert + "LayerNorm.bias"]
    for n in range(layers):
        layer = f"trunk.bert.encoder.layer.{n}."
        parts = [layer + f"attention.self.{part}" for part in ("query", "key", "value")]
        stacked = [np.concatenate([weights[f"{p}.{kind}"] for p in parts]) for kind in ("weight", "bias")]
        matrix(f"layers.{n}.qkv", *stacked)
        for name, source in MATRICES.items():
            matrix(f"layers.{n}.{name}", weights[f"{layer}{source}.weight"], weights[f"{layer}{source}.bias"])
        for name, source in NORMS.items():
            packed[f"layers.{n}.{name}"] = weights[f"{layer}{source}.weight"]
            packed[f"layers.{n}.{name}.bias"] = weights[f"{layer}{source}.bias"]
    packed["head"], packed["head.bias"] = weights["head.weight"], weights["head.bias"]
    return packed


def list_hashes(folder: Path) -> None:
    """Write sha256.json: the hash of every other file that the reader loads."""
    names = ("calibration.json", "config.json", "vocabulary.json", "weights.safetensors")
    hashes = {n: hashlib.sha256((folder / n).read_bytes()).hexdigest() for n in names if (folder / n).exists()}
    (folder / "sha256.json").write_text(json.dumps(hashes, indent=1) + "\n", encoding="utf-8")


def export(out: Path, models: Path, also: Path | None = None) -> None:
    """Write the shipped files of the run in `out` (its mean with the checkpoint `also`) to `models`."""
    models.mkdir(parents=True, exist_ok=True)
    vocabulary = Vocabulary.load(out / "vocabulary.json")
    stored = torch.load(out / "reader.pt", weights_only=True)
    weights = stored["model"]
    if also is not None:
        earlier = torch.load(also, weights_only=True)["model"]
        weights = {name: (value + earlier[name]) / 2 for name, value in weights.items()}
    packed = pack(weights, len(vocabulary), stored["layers"])
    save_file({name: np.ascontiguousarray(value) for name, value in packed.items()}, models / "weights.safetensors")
    vocabulary.save(models / "vocabulary.json")
    config = {"format": 1, "layers": stored["layers"], "heads": HEADS, "features": list(SIZES)}
    (models / "config.json").write_text(json.dumps(config) + "\n", encoding="utf-8")
    list_hashes(models)
    size = sum(f.stat().st_size for f in models.iterdir()) / 1e6
    print(f"{models}: {size:.1f} MB")


def main(argv: Sequence[str] | None = None) -> None:
    """Run the stage from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--also", type=Path)
    args = parser.parse_args(argv)
    export(args.out, args.models, args.also)


if __name__ == "__main__":
    main()
