"""From the shipped weights back to a checkpoint, to go on training where the checkpoints themselves are gone.

    python -m qa.training.restore --models qa/models/reader --out OUT

Takes the int8 file; gives OUT/shipped.pt for `train --from`, and OUT/vocabulary.json and OUT/vectors.npy with rows for
the frequent English words of `--english OTHER/vocabulary.json` added where the shipped vocabulary has none.
"""

import argparse
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file
from torch import Tensor

from qa.features import SIZES
from qa.training.export import MATRICES, NORMS
from qa.training.initial import EnglishSpace
from qa.training.model import SpanModel
from qa.units import Vocabulary


def checkpoint(models: Path) -> dict[str, Tensor]:
    """Return the state of a `SpanModel` that computes what the shipped file does."""
    packed = load_file(models / "weights.safetensors")
    table = _rows(packed, "table")
    layers = sum(name.endswith(".qkv") for name in packed)
    state = SpanModel(table, SIZES, layers).state_dict()
    found: dict[str, NDArray[np.float32]] = {"trunk.table.weight": table}
    found |= {f"trunk.features.{i}.weight": packed[f"features.{i}"] for i in range(len(SIZES))}
    found |= {"head.weight": packed["head"], "head.bias": packed["head.bias"]}
    bert = "trunk.bert.embeddings."
    found |= {bert + "LayerNorm.weight": packed["norm"], bert + "LayerNorm.bias": packed["norm.bias"]}
    positions = state[bert + "position_embeddings.weight"].numpy().copy()
    positions[: len(packed["positions"])] = packed["positions"]  # with the type's row, which becomes zero
    found[bert + "position_embeddings.weight"] = positions
    found[bert + "token_type_embeddings.weight"] = np.zeros_like(state[bert + "token_type_embeddings.weight"].numpy())
    for n in range(layers):
        ours, theirs = f"layers.{n}.", f"trunk.bert.encoder.layer.{n}."
        stacked = np.split(_rows(packed, ours + "qkv"), 3), np.split(packed[ours + "qkv.bias"], 3)
        for part, weight, bias in zip(("query", "key", "value"), *stacked, strict=True):
            found[f"{theirs}attention.self.{part}.weight"] = weight
            found[f"{theirs}attention.self.{part}.bias"] = bias
        for name, source in MATRICES.items():
            found[f"{theirs}{source}.weight"] = _rows(packed, ours + name)
            found[f"{theirs}{source}.bias"] = packed[f"{ours}{name}.bias"]
        for name, source in NORMS.items():
            found[f"{theirs}{source}.weight"] = packed[ours + name]
            found[f"{theirs}{source}.bias"] = packed[f"{ours}{name}.bias"]
    return state | {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in found.items()}


def _rows(packed: dict[str, NDArray[np.float32]], name: str) -> NDArray[np.float32]:
    rows: NDArray[np.float32] = packed[name].astype(np.float32) * packed[f"{name}.scale"][:, None]
    return rows


def main(argv: Sequence[str] | None = None) -> None:
    """Run the stage from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--english", type=Path)
    args = parser.parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    state = checkpoint(args.models)
    vectors = state["trunk.table.weight"].numpy()
    vocabulary = Vocabulary.load(args.models / "vocabulary.json")
    if args.english and not vocabulary.english:
        known = set(vocabulary.forms)
        english = [word for word in Vocabulary.load(args.english).english if word not in known]
        replace(vocabulary, english=english).save(args.out / "vocabulary.json")
        vectors = np.vstack([vectors, EnglishSpace().vectors(english)])
    else:
        shutil.copy(args.models / "vocabulary.json", args.out)
    np.save(args.out / "vectors.npy", vectors.astype(np.float32))
    torch.save({"model": state}, args.out / "shipped.pt")


if __name__ == "__main__":
    main()
