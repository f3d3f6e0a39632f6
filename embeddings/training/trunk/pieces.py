"""Tensors with notes in files of a bounded size, so that any mail, disk or upload limit is met.

Takes named arrays and a small JSON object; gives `NAME.json` and the pieces of one safetensors file that it lists with
their hashes. A set of pieces is complete or, after a stop in the middle, still the one before.
"""

import hashlib
import json
import lzma
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import load, save
from torch import Tensor

from embeddings.errors import ModelError

MIB: Final = 2**20


def write(
    path: Path, tensors: Mapping[str, Tensor], notes: Mapping[str, Any], *, piece_mib: float, compress: bool = False
) -> list[Path]:
    """Write `tensors` as pieces of at most `piece_mib` MiB beside the list `path`.json; return the files written.

    Args:
        path: folder and name without ending.
        tensors: by name; they are copied to the processor's memory.
        notes: JSON values that `read` gives back.
        piece_mib: size of a piece at most.
        compress: with xz; pays for ids of pieces, not for weights.
    """
    content = save({name: value.detach().cpu().contiguous() for name, value in tensors.items()})
    if compress:
        content = lzma.compress(content, preset=6)
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(content).hexdigest()
    size = int(piece_mib * MIB)
    names = []
    for number, begin in enumerate(range(0, len(content), size)):
        names.append(f"{path.name}.{digest[:8]}.{number:03}")
        (path.parent / names[-1]).write_bytes(content[begin : begin + size])
    listed = {"pieces": names, "sha256": digest, "compressed": compress, "notes": dict(notes)}
    new = path.with_name(path.name + ".new")
    new.write_text(json.dumps(listed, ensure_ascii=False), encoding="utf-8")
    new.replace(_list_of(path))  # from here on the new pieces count, and the old ones are litter
    for old in path.parent.glob(f"{path.name}.????????.???"):
        if old.name not in names:
            old.unlink()
    return [_list_of(path), *(path.parent / name for name in names)]


def read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the tensors and notes that `write` put at `path`.

    Raises:
        FileNotFoundError: there is no `path`.json.
        ModelError: a piece is missing or not the one that was written.
    """
    listed = json.loads(_list_of(path).read_text(encoding="utf-8"))
    missing = [name for name in listed["pieces"] if not (path.parent / name).is_file()]
    if missing:
        raise ModelError(
            f"{_list_of(path)} lists {len(listed['pieces'])} pieces and {', '.join(missing)} are not beside it. "
            "Bring all pieces into one folder, and start again."
        )
    content = b"".join((path.parent / name).read_bytes() for name in listed["pieces"])
    if (came := hashlib.sha256(content).hexdigest()) != listed["sha256"]:
        raise ModelError(
            f"The pieces of {path} are not those that were written: expected sha256 {listed['sha256']}, came {came}. "
            "Copy them again."
        )
    return load(lzma.decompress(content) if listed["compressed"] else content), listed["notes"]


def exists(path: Path) -> bool:
    """Return whether something was written at `path`."""
    return _list_of(path).is_file()


def notes_of(path: Path) -> dict[str, Any]:
    """Return only the notes at `path`. Raises FileNotFoundError when nothing was written there."""
    notes: dict[str, Any] = json.loads(_list_of(path).read_text(encoding="utf-8"))["notes"]
    return notes


def _list_of(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def narrowed(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors with floats at half precision: what a trunk is carried home in."""
    return {name: value.half() if value.is_floating_point() else value for name, value in tensors.items()}


def quantised(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return matrices as int8 rows with `NAME.scale` (rows,) beside them, the rest at half precision."""
    packed: dict[str, Tensor] = {}
    for name, value in tensors.items():
        if value.ndim == 2 and value.is_floating_point():
            scale = (value.float().abs().amax(dim=1) / 127).clamp(min=1e-8)
            packed[name] = (value.float() / scale[:, None]).round().to(torch.int8)
            packed[name + ".scale"] = scale
        else:
            packed |= narrowed({name: value})
    return packed


def restored(packed: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return floats, float32, from what `narrowed` or `quantised` made."""
    values: dict[str, Tensor] = {}
    for name, value in packed.items():
        if name + ".scale" in packed:
            values[name] = value.float() * packed[name + ".scale"][:, None]
        elif not (name.endswith(".scale") and name.removesuffix(".scale") in packed):
            values[name] = value.float() if value.is_floating_point() else value
    return values
