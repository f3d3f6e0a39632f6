"""What `dalil doctor` prints: versions, models, settings, the index, each with whether it is as it should be."""

import os
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from embeddings.encoder import Encoder, load_encoder
from embeddings.errors import DalilError
from embeddings.index import Index
from embeddings.integrity import inspect

_PACKAGES: Final = ("dalil", "faiss-cpu", "tantivy", "tokenizers", "sentence-transformers", "torch", "gradio")


def diagnose(folder: Path, encoder: str | None, reader: str | None) -> Iterator[tuple[str, bool]]:
    """Yield lines for a person, each with False where something is wrong; an error's text names its remedy."""
    yield f"Python {platform.python_version()} on {platform.system()} {platform.machine()}", True
    yield from map(_package, _PACKAGES)
    settings = [f"{name}={value}" for name, value in sorted(os.environ.items()) if name.startswith("DALIL_")]
    yield f"settings: {', '.join(settings) or 'defaults'}", True
    yield _reader(reader)
    try:
        model = load_encoder(encoder)
    except DalilError as error:
        yield f"encoder: {error}", False
        return
    yield f"encoder: {model.name}, {model.dimension} dimensions", True
    yield from _index(folder, model)


def _package(name: str) -> tuple[str, bool]:
    try:
        return f"{name} {version(name)}", True
    except PackageNotFoundError:
        return f"{name} is not installed. Run: make setup", False


def _reader(name: str | None) -> tuple[str, bool]:
    from qa.loading import load_reader

    try:
        reader = load_reader(name)
    except DalilError as error:
        return f"reader: {error}", False
    return f"reader: {reader.name}, answers from confidence {reader.min_confidence:.2f}", True


def _index(folder: Path, encoder: Encoder) -> Iterator[tuple[str, bool]]:
    try:
        wrong = inspect(folder)
        yield from ((f"index: {finding}", False) for finding in wrong)
        if not wrong:
            with Index.open(folder, encoder) as index:
                counts = index.counts
                held = f"{counts.documents} documents, {counts.passages} passages, every byte as it was written"
                yield f"index {folder}: generation {index.generation}, {held}", True
                yield f"fingerprint of documents, model and settings: {index.fingerprint}", True
    except DalilError as error:
        yield f"index: {error}", False
