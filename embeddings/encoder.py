"""Turn questions and passages into vectors: with the bundled model, or with any sentence-transformers model.

Takes lists of texts; gives float32 arrays of unit rows. The bundled model is a table of one vector a word piece and
a text is the mean of its pieces: it needs neither torch nor the network, and its folder also loads unchanged in
`SentenceTransformer`. Everything heavy is imported only when it is asked for.
"""

import hashlib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from embeddings.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BUNDLED: Final = Path(__file__).parent / "models" / "static"
"""The folder of the bundled model."""

_SUMS: Final = "SHA256SUMS"
_FILES: Final = ("model.safetensors", "modules.json", "tokenizer.json")
_SLICE: Final = 64  # texts pooled at once: their rows stay in the processor's cache
_REMEMBERED: Final = 200_000  # words whose pieces are kept: the usual words of a large collection
_WITHOUT_LIMIT: Final = 512  # words a passage may have for a model that names no limit

# The E5 family was trained with these words in front, and its folders do not say so (Wang et al. 2022, model cards).
_E5: Final = re.compile(r"(?:^|[/_-])(?:multilingual-)?e5-(?:small|base|large)(?:-v2)?/?$")
_E5_PROMPTS: Final = {"query": "query: ", "document": "passage: "}


class Encoder(Protocol):
    """What the index and the retriever need of an embedding model.

    Attributes:
        name: tells models apart that give different vectors: the name, "@", 12 hexadecimal digits of the weights' hash.
        dimension: length of a vector.
        max_words: longest passage, in words, that is read to its end.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def dimension(self) -> int: ...  # noqa: D102
    @property
    def max_words(self) -> int: ...  # noqa: D102

    def encode_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit row a question, (n, dimension); zeros for a text without words."""

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit row a passage, (n, dimension); zeros for a text without words."""


def load_encoder(name: str | None = None) -> Encoder:
    """Return the bundled encoder, or the sentence-transformers model of that name or path.

    Raises ModelError when the model cannot be loaded, or when a bundled file is not the one that was shipped.
    """
    return StaticEncoder.load(BUNDLED) if name is None else TransformerEncoder.load(name)


class StaticEncoder:
    """Mean of word-piece vectors, with numpy alone; questions and passages are encoded alike."""

    def __init__(self, table: NDArray[np.float32], tokenizer: Tokenizer, name: str) -> None:
        self.name = name
        self.dimension = int(table.shape[1])
        self.max_words = _WITHOUT_LIMIT
        self._table = table  # (pieces, dimension)
        self._tokenizer = tokenizer
        self._pieces: dict[str, tuple[int, ...]] = {"": ()}

    @classmethod
    def load(cls, folder: Path) -> "StaticEncoder":
        """Load a folder whose SHA256SUMS names its files. Raises ModelError when a file differs or cannot be read."""
        sums = verify(folder)
        try:
            table = load_file(folder / "model.safetensors")["embedding.weight"].astype(np.float32)
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except (SafetensorError, KeyError, OSError) as error:
            raise ModelError(f"The model in {folder} cannot be read: {error}. {_MEND}") from error
        return cls(table, tokenizer, f"dalil-{folder.name}@{sums['model.safetensors'][:12]}")

    def encode_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit row a question, (n, dimension); zeros for a text without words."""
        return self._encode(texts)

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit row a passage, (n, dimension); zeros for a text without words."""
        return self._encode(texts)

    def _encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        sums = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for begin in range(0, len(texts), _SLICE):
            self._pool(texts[begin : begin + _SLICE], sums[begin : begin + _SLICE])
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        np.divide(sums, lengths, out=sums, where=lengths > 0)
        return sums

    def _pool(self, texts: Sequence[str], sums: NDArray[np.float32]) -> None:
        """Write the sum of the piece vectors of each text to its row of `sums`."""
        ids: list[int] = []
        starts, filled = [], []
        for row, pieces in enumerate(self._pieces_of(texts)):
            if pieces:
                starts.append(len(ids))
                filled.append(row)
                ids.extend(pieces)
        if ids:
            sums[filled] = np.add.reduceat(self._table[ids], starts, axis=0)

    def _pieces_of(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the piece ids of each text.

        No piece reaches over a space and folding looks at nothing beyond one, so words can be looked up one by
        one: three times as fast as tokenizing whole passages.
        """
        split = [text.replace("\n", " ").split(" ") for text in texts]
        if unseen := list({word for words in split for word in words if word not in self._pieces}):
            if len(self._pieces) + len(unseen) > _REMEMBERED:
                self._pieces = {"": ()}
                unseen = list({word for words in split for word in words if word})
            found = self._tokenizer.encode_batch_fast(unseen, add_special_tokens=False)
            self._pieces.update((word, tuple(e.ids)) for word, e in zip(unseen, found, strict=True))
        pieces = self._pieces
        return [[piece for word in words for piece in pieces[word]] for words in split]


class TransformerEncoder:
    """Any sentence-transformers model, on the CPU, with its own prompts for questions and passages."""

    def __init__(self, model: "SentenceTransformer", name: str) -> None:
        self.name = name
        self.dimension = int(model.get_embedding_dimension() or 0)
        limit = model.max_seq_length or math.inf  # in pieces
        # An Arabic word takes about two pieces of a multilingual tokenizer.
        self.max_words = int(min(limit / 2, _WITHOUT_LIMIT))
        self._model = model

    @classmethod
    def load(cls, name: str) -> "TransformerEncoder":
        """Load by path, from the local cache, or by download. Raises ModelError when none of them gives a model."""
        model = _load_transformer(name)
        if _E5.search(name) and not any((model.prompts or {}).values()):
            model.prompts = dict(_E5_PROMPTS)
        return cls(model, f"{name}@{_identity(model)}")

    def encode_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit row a question, (n, dimension); zeros for a text without words."""
        return self._encode(self._model.encode_query, texts)

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit row a passage, (n, dimension); zeros for a text without words."""
        return self._encode(self._model.encode_document, texts)

    def _encode(self, encode: Callable[..., Any], texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        if filled := [row for row, text in enumerate(texts) if text.strip()]:
            chosen = [texts[row] for row in filled]
            found = encode(chosen, convert_to_numpy=True, normalize_embeddings=True, show_progress_bar=False)
            vectors[filled] = np.nan_to_num(found)
        return vectors


_MEND: Final = "Put the shipped files back: git checkout -- embeddings/models in a checkout, else install dalil again."


def verify(folder: Path) -> Mapping[str, str]:
    """Return the sha256 of each file of a bundled model. Raises ModelError when one is missing or not as shipped."""
    try:
        lines = (folder / _SUMS).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ModelError(f"The model folder {folder} has no readable {_SUMS}: {error}. {_MEND}") from error
    expected = {line[66:].strip(): line[:64] for line in lines if line.strip()}
    for name in _FILES:
        _verify_file(folder / name, expected.get(name))
    return expected


def _verify_file(path: Path, expected: str | None) -> None:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"The model file {path} cannot be read: {error}. {_MEND}") from error
    if (came := hashlib.sha256(data).hexdigest()) != expected:
        raise ModelError(
            f"The model file {path} is not the one that was shipped (cut short or changed): "
            f"expected sha256 {expected}, came {came} over {len(data):,} bytes. {_MEND}"
        )


def _load_transformer(name: str) -> "SentenceTransformer":
    from sentence_transformers import SentenceTransformer  # takes seconds

    tried: list[str] = []
    for local in (True,) if Path(name).exists() else (True, False):
        try:
            return SentenceTransformer(name, device="cpu", local_files_only=local)
        except (OSError, ValueError, KeyError, ImportError, RuntimeError, TypeError) as error:
            where = "local files" if local else "download"
            tried.append(f"{where}: {type(error).__name__}: {str(error).strip().splitlines()[0][:200]}")
    raise ModelError(
        f"The embedding model {name!r} cannot be loaded. Expected a sentence-transformers folder or a model name. "
        f"Tried {'; '.join(tried)}. With a network, fetch it first: hf download {name}"
    )


def _identity(model: "SentenceTransformer") -> str:
    """Return 12 hexadecimal digits that change with the weights or the prompts."""
    digest = hashlib.sha256(repr(sorted((model.prompts or {}).items())).encode())
    for key, value in sorted(model.state_dict().items()):
        digest.update(key.encode())
        digest.update(value.detach().float().contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]
