"""The trunk: a small transformer that both the encoder and the reader start from.

Gives an `ElectraModel` of the transformers library (Clark et al. 2020): the layers of BERT, and embeddings that may be
narrower than the layers, so that a vocabulary of 32,000 pieces takes 4 million weights and not 12. `AutoModel`,
`AutoModelForQuestionAnswering` and `SentenceTransformer` load what is written here unchanged.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor
from transformers import ElectraConfig, ElectraModel, PreTrainedTokenizerFast

from embeddings.training.tokenizer import SPECIAL

TOKEN_TYPES: Final = 32
"""Rows of the token-type table: pretraining uses 0, the reader tells by them how a passage word meets the question."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of a trunk."""

    layers: int
    width: int
    heads: int
    inner: int  # width of the layer between
    embedding: int
    positions: int = 512


SHAPES: Final = {
    "accelerator": Shape(layers=8, width=384, heads=12, inner=1536, embedding=128),  # heads and widths of MiniLM
    "processor": Shape(layers=4, width=256, heads=8, inner=1024, embedding=128),
    "tiny": Shape(layers=2, width=32, heads=2, inner=64, embedding=16, positions=128),
}
"""By the machine they are for; "tiny" tries every stage in seconds."""


def config_of(shape: Shape, pieces: int) -> ElectraConfig:
    """Return the configuration of a trunk over a vocabulary of `pieces`; it trains without dropout."""
    return ElectraConfig(
        vocab_size=pieces,
        embedding_size=shape.embedding,
        hidden_size=shape.width,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=shape.inner,
        max_position_embeddings=shape.positions,
        type_vocab_size=TOKEN_TYPES,
        hidden_dropout_prob=0.0,  # with few epochs it only costs (Geiping & Goldstein 2022)
        attention_probs_dropout_prob=0.0,
        summary_last_dropout=0.0,
        pad_token_id=SPECIAL.index("[PAD]"),
    )


def trunk_of(shape: Shape, pieces: int, first: Mapping[str, Tensor] | None = None) -> ElectraModel:
    """Return a trunk with random values, those of `first` put in their places.

    Raises:
        ValueError: `first` has a value that does not fit this shape.
    """
    trunk = ElectraModel(config_of(shape, pieces))
    if first:
        own = trunk.state_dict()
        for name, value in first.items():
            if name not in own or own[name].shape != value.shape:
                have = tuple(own[name].shape) if name in own else "no such value"
                raise ValueError(
                    f"The first values do not fit a trunk of {asdict(shape)}: {name} is {tuple(value.shape)}, "
                    f"the trunk has {have}. Pack again with this shape, or train with --first random."
                )
        trunk.load_state_dict({name: value.float() for name, value in first.items()}, strict=False)
    return trunk


def read_tokenizer(path: Path) -> tuple[Tokenizer, int]:
    """Return a tokenizer file and how many pieces it has. Raises ValueError where the special pieces are not first."""
    tokenizer = Tokenizer.from_file(str(path))
    came = [tokenizer.id_to_token(number) for number in range(len(SPECIAL))]
    if came != list(SPECIAL):
        raise ValueError(f"{path} begins with the pieces {came}, expected {list(SPECIAL)}.")
    return tokenizer, tokenizer.get_vocab_size()


def write_tokenizer(tokenizer: Tokenizer, folder: Path, longest: int) -> None:
    """Write the files that `AutoTokenizer` reads; texts are cut at `longest` pieces."""
    names = ("pad", "unk", "cls", "sep", "mask")
    fast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        model_max_length=longest,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        **{f"{name}_token": piece for name, piece in zip(names, SPECIAL, strict=True)},
    )
    fast.save_pretrained(str(folder))


def write_model(config: ElectraConfig, weights: Mapping[str, Tensor], architecture: str, folder: Path) -> None:
    """Write config.json and model.safetensors: half precision on the disk, float32 once loaded."""
    folder.mkdir(parents=True, exist_ok=True)
    values = config.to_dict() | {"architectures": [architecture], "dtype": "float32"}
    (folder / "config.json").write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    halves = {name: value.half().contiguous() for name, value in weights.items()}
    save_file(halves, folder / "model.safetensors", metadata={"format": "pt"})


def device_of(name: str) -> torch.device:
    """Return the device of that name; "auto" is the accelerator where there is one."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)
