"""Running text as pieces: what pretraining reads, and what the encoder's titles and sentences are drawn from.

Takes documents of the training folder; gives a `Corpus`, five flat arrays that pack well and load at once.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from embeddings.training.corpus import rows
from embeddings.training.pairs import Body, Ids, pieces, sentences

TEXTS: Final = (
    "news", "wiki", "magazines", "books-1", "books-2", "books-3", "laws", "docs", "stories", "tafsir", "english",
)  # fmt: skip

# Made from the questions and the translations; they stand in the same form as the texts.
PARALLEL: Final = "parallel"
QUESTIONS: Final = "questions"

_AT_ONCE: Final = 512  # documents tokenized together

# How often a text is read where others are read once: modern prose, and what joins the two languages.
REPEATS: Final = {"news": 2, "wiki": 2, "english": 3, PARALLEL: 3, QUESTIONS: 3}


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents in a row.

    Attributes:
        ids: (pieces,) of all bodies.
        sentences: (sentences,) how many pieces each has.
        documents: (documents,) how many sentences each has.
        titles: (pieces,) of all titles.
        title_lengths: (documents,) how many pieces each title has.
    """

    ids: Ids
    sentences: NDArray[np.int32]
    documents: NDArray[np.int32]
    titles: Ids
    title_lengths: NDArray[np.int32]

    @classmethod
    def of(cls, tokenizer: Tokenizer, documents: Iterable[tuple[str, list[str]]]) -> "Corpus":
        """Tokenize documents, each a title and its sentences; those without a piece are left out."""
        bodies: list[Ids] = []
        lengths: list[int] = []
        counts: list[int] = []
        titles: list[str] = []
        for group in _groups(documents):
            encoded = iter(pieces(tokenizer, [sentence for _, found in group for sentence in found]))
            for title, found in group:
                kept = [ids for ids in (next(encoded) for _ in found) if len(ids)]
                if kept:
                    bodies += kept
                    lengths += map(len, kept)
                    counts.append(len(kept))
                    titles.append(title)
        named = pieces(tokenizer, titles)
        return cls(
            _joined(bodies),
            np.array(lengths, dtype=np.int32),
            np.array(counts, dtype=np.int32),
            _joined(named),
            np.array([len(ids) for ids in named], dtype=np.int32),
        )

    @classmethod
    def unpacked(cls, tensors: Mapping[str, Tensor]) -> "Corpus":
        """Return what `packed` made."""
        return cls(**{name: tensors[name].numpy() for name in cls.__slots__})

    def packed(self) -> dict[str, Tensor]:
        """Return the arrays by name."""
        return {name: torch.from_numpy(getattr(self, name)) for name in self.__slots__}

    def title_ids(self) -> list[Ids]:
        """Return each document's title."""
        return np.split(self.titles, np.cumsum(self.title_lengths)[:-1])

    def bodies(self) -> list[Body]:
        """Return each document's pieces, and where its sentences end in them."""
        ends = np.split(self.sentences, np.cumsum(self.documents)[:-1])
        sizes = [int(part.sum()) for part in ends]
        ids = np.split(self.ids, np.cumsum(sizes)[:-1])
        return [Body(part, list(accumulate(end.tolist()))) for part, end in zip(ids, ends, strict=True)]

    def stream(self, separator: int) -> Ids:
        """Return everything in a row: title, body, `separator`, and so on."""
        mark = np.array([separator], dtype=np.int16)
        found: list[Ids] = []
        for title, body in zip(self.title_ids(), self.bodies(), strict=True):
            found += [title, mark, body.ids, mark] if len(title) else [body.ids, mark]
        return _joined(found)


def _joined(parts: list[Ids]) -> Ids:
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int16)


def _groups(documents: Iterable[tuple[str, list[str]]]) -> Iterator[list[tuple[str, list[str]]]]:
    group: list[tuple[str, list[str]]] = []
    for document in documents:
        group.append(document)
        if len(group) == _AT_ONCE:
            yield group
            group = []
    if group:
        yield group


def documents_of(data: Path, name: str, limit: int | None) -> Iterator[tuple[str, list[str]]]:
    """Yield the first `limit` documents of a text, of the translations or of the training questions."""
    found = _translations(data) if name == PARALLEL else _questions(data) if name == QUESTIONS else _texts(data, name)
    yield from (document for document, _ in zip(found, range(limit or 10**9), strict=False))


def _texts(data: Path, name: str) -> Iterator[tuple[str, list[str]]]:
    for row in rows(data, f"text/{name}"):
        yield row.get("title") or "", list(sentences(row["text"]))


def _translations(data: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield both sides as one document, either one first (Conneau & Lample 2019: each tells the other)."""
    for number, row in enumerate(rows(data, "parallel/ar-en")):
        sides = [row["en"], row["ar"]]
        yield "", sides if number % 2 else sides[::-1]


def _questions(data: Path) -> Iterator[tuple[str, list[str]]]:
    for name in ("written-train", "arcd-train", "aqad-weak", "tydi-other-languages"):
        for row in _rows_if_there(data, f"qa/{name}"):
            if row["lang"] in ("ar", "en"):
                yield row["question"], list(sentences(row["context"]))


def _rows_if_there(data: Path, name: str) -> Iterator[dict[str, Any]]:
    if (data / f"{name}.jsonl.xz").exists():
        yield from rows(data, name)
