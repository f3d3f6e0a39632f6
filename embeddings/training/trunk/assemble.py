"""Stage 4: make shippable models of what was carried home, and a card for each.

    python -m embeddings.training.trunk.assemble --pack PACK --out OUT --models MODELS

Takes OUT/encoder and OUT/reader; gives MODELS/encoder, which `SentenceTransformer` and `AutoModel` load, and
MODELS/reader, which `AutoModelForQuestionAnswering` loads. Matrices are rounded to int8 rows: `int8.*` holds them so,
at half the size, and `model.safetensors` the same values in half precision for the standard classes. `--restore`
makes the latter from the former.
"""

import argparse
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor
from transformers import ElectraConfig

from embeddings.training.trunk import pieces as store
from embeddings.training.trunk.model import SHAPES, config_of, read_tokenizer, write_model, write_tokenizer
from embeddings.training.trunk.run import PIECE_MIB
from embeddings.training.trunk.texts import PARALLEL, QUESTIONS

LICENCES: Final = {
    "news": "Apache-2.0 (repositories; texts are the publishers')",
    "wiki": "CC BY-SA 4.0",
    "magazines": "CC BY-SA 4.0",
    "books-1": "none stated; out of copyright where life + 50 applies",
    "books-2": "none stated; out of copyright where life + 50 applies",
    "books-3": "none stated; out of copyright where life + 50 applies",
    "laws": "MIT (repository)",
    "docs": "CC BY 4.0",
    "stories": "Apache-2.0",
    "tafsir": "MIT",
    "english": "CC BY 4.0",
    PARALLEL: "CC BY, CC BY-SA, MIT",
    QUESTIONS: "the project's own; MIT (ARCD), Apache-2.0 (TyDi QA), CC BY-SA (AQAD, Belebele)",
}
_SEQUENCE: Final = 256  # pieces that the encoder reads of a passage: about 170 Arabic words


def rounded(out: Path, stage: str, folder: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Write FOLDER/int8 of a carried stage; return its values as they are after rounding, and its notes."""
    tensors, notes = store.read(out / stage)
    packed = store.quantised(store.restored(tensors))
    store.write(folder / "int8", packed, notes, piece_mib=PIECE_MIB)
    return store.restored(packed), notes


def write_reader(values: Mapping[str, Tensor], notes: Mapping[str, Any], pack: Path, folder: Path) -> None:
    """Write a reader's configuration, weights and tokenizer."""
    tokenizer, pieces = read_tokenizer(pack / "tokenizer.json")
    config = config_of(SHAPES[notes["shape"]], pieces)
    config.token_types = notes["token_types"]
    write_model(config, values, "ElectraForQuestionAnswering", folder)
    write_tokenizer(tokenizer, folder, config.max_position_embeddings)


def write_encoder(values: Mapping[str, Tensor], notes: Mapping[str, Any], pack: Path, folder: Path) -> None:
    """Write an encoder as sentence-transformers does: transformer, mean, projection, unit length."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Dense, Normalize, Transformer
    from sentence_transformers.sentence_transformer.modules import Pooling

    tokenizer, pieces = read_tokenizer(pack / "tokenizer.json")
    config: ElectraConfig = config_of(SHAPES[notes["shape"]], pieces)
    own = {name.removeprefix("trunk."): value for name, value in values.items() if name.startswith("trunk.")}
    write_model(config, own, "ElectraModel", folder)
    longest = min(_SEQUENCE, config.max_position_embeddings)
    write_tokenizer(tokenizer, folder, longest)
    transformer = Transformer(str(folder), max_seq_length=longest)
    projection = values["dense.weight"]
    size, width = projection.shape
    dense = Dense(width, size, bias=False, activation_function=torch.nn.Identity(), init_weight=projection)
    modules = [transformer, Pooling(width, "mean"), dense, Normalize()]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder), create_model_card=False)
    write_model(config, own, "ElectraModel", folder)  # saving widened the weights to float32


def card(stage: str, notes: Mapping[str, Any], trunk: Mapping[str, Any], pack: Path, folder: Path) -> str:
    """Return the card of an assembled model: what it is, data with licences, recipe, hardware, figures, hashes."""
    shape = SHAPES[notes["shape"]]
    texts = [path.name.removeprefix("text-").removesuffix(".json") for path in sorted(pack.glob("text-*.json"))]
    table = [
        f"| {name} | {store.notes_of(pack / f'text-{name}')['pieces']:,} | {LICENCES.get(name, 'not stated')} |"
        for name in texts
    ]
    hashes = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder)}"
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "CARD.md"
    ]
    begun = "\nFirst values of the layers: all-MiniLM-L6-v2 (Apache-2.0).\n" if trunk.get("first") == "minilm" else ""
    return "\n".join(
        [
            f"# Dalil {stage} on a pretrained trunk\n",
            f"{shape.layers} layers × {shape.width}, {shape.heads} heads, embeddings of {shape.embedding}; matrices "
            "rounded to int8 rows. Made by `embeddings/training/trunk/`; how, and what it cannot do: `docs/trunk.md`.",
            "\n## Trained on\n",
            "| text | pieces | licence as its source states it |\n|---|---|---|",
            *table,
            begun,
            "## Recipe\n",
            f"- pretrain: {trunk['objective']} objective, {trunk['step']:,} steps, on: {trunk['hardware']}",
            f"- {stage}: {notes['step']:,} steps, seed {notes['seed']}, on: {notes['hardware']}",
            "\n## Development figures at the end of training\n",
            "```json",
            json.dumps(notes.get("development", {}), ensure_ascii=False, indent=1),
            "```",
            "\n## sha256\n",
            "```",
            *hashes,
            "```\n",
        ]
    )


WRITERS: Final = {"encoder": write_encoder, "reader": write_reader}


def assemble(pack: Path, out: Path, models: Path) -> list[Path]:
    """Write a folder for each stage that was carried home; return them. Raises FileNotFoundError when there is none."""
    stages = [stage for stage in WRITERS if store.exists(out / stage)]
    if not stages:
        raise FileNotFoundError(f"Neither encoder.json nor reader.json is in {out}: train a stage first.")
    trunk = store.notes_of(out / "pretrain") if store.exists(out / "pretrain") else {}
    trunk = {"objective": "unknown", "step": 0, "hardware": "unknown"} | trunk
    folders = []
    for stage in stages:
        folder = models / stage
        values, notes = rounded(out, stage, folder)
        WRITERS[stage](values, notes, pack, folder)
        (folder / "CARD.md").write_text(card(stage, notes, trunk, pack, folder), encoding="utf-8")
        folders.append(folder)
    return folders


def restore(folder: Path) -> None:
    """Write FOLDER/model.safetensors anew from FOLDER/int8 and FOLDER/config.json."""
    packed, _ = store.read(folder / "int8")
    values = store.restored(packed)
    config = ElectraConfig.from_pretrained(folder)
    if any(name.startswith("trunk.") for name in values):
        values = {name.removeprefix("trunk."): v for name, v in values.items() if name.startswith("trunk.")}
    (architecture,) = config.architectures or ("ElectraModel",)
    write_model(config, values, architecture, folder)


def main(argv: Sequence[str] | None = None) -> None:
    """Assemble with the arguments of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pack", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--restore", type=Path, help="folder of a model whose model.safetensors is left out")
    arguments = parser.parse_args(argv)
    if arguments.restore:
        restore(arguments.restore)
    elif arguments.pack and arguments.out and arguments.models:
        for folder in assemble(arguments.pack, arguments.out, arguments.models):
            print(folder)
    else:
        parser.error("give --pack, --out and --models, or --restore")


if __name__ == "__main__":
    main()
