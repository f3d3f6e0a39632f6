"""Small stand-ins for what a test does not look at, and documents to index."""

import hashlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from embeddings.arabic import terms
from embeddings.documents import Document
from tests.strategies import NEWS_WORDS


class HashingEncoder:
    """Unit vectors that add up one fixed random direction for each term of a text; no model needed."""

    def __init__(self, name: str = "hashing", dimension: int = 32) -> None:
        self.name = name
        self.dimension = dimension
        self.max_words = 200
        self.encoded = 0  # passages so far

    def encode_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.array([self._row(text) for text in texts], dtype=np.float32).reshape(-1, self.dimension)
        return normed(rows)

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.encoded += len(texts)
        return self.encode_questions(texts)

    def _row(self, text: str) -> NDArray[np.float32]:
        return _sum_of_directions(text, self.dimension)


def normed(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The rows, each of length one."""
    divided: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return divided


@lru_cache(maxsize=5_000)
def _sum_of_directions(text: str, dimension: int) -> NDArray[np.float32]:
    total: NDArray[np.float32] = np.sum([_direction(term, dimension) for term in ("", *terms(text))], axis=0)
    return total


@lru_cache(maxsize=50_000)
def _direction(term: str, dimension: int) -> NDArray[np.float32]:
    seed = int.from_bytes(hashlib.blake2b(term.encode(), digest_size=8).digest(), "little")
    return np.random.default_rng(seed).standard_normal(dimension).astype(np.float32)


def document(
    name: str, text: str, *, date: str | None = None, source: str | None = None, pages: tuple[int, ...] = ()
) -> Document:
    """A document whose id comes from its name, as a file's comes from its path."""
    return Document(
        id=hashlib.sha256(name.encode()).hexdigest()[:16],
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        title=name,
        date=date,
        source=source,
        path=name,
        location=f"/{name}",
        pages=pages,
    )


def article(name: str, seed: int, *, words: int = 250, date: str | None = None, source: str | None = None) -> Document:
    """An article of about so many words of the news, the same for the same seed."""
    draw = np.random.default_rng(seed)
    sentences = [" ".join(draw.choice(NEWS_WORDS, size=10)) + "." for _ in range(max(1, words // 10))]
    return document(name, " ".join(sentences), date=date, source=source)


ARTICLES = [
    article("a", 1, date="2016-10-11", source="الجزيرة نت"),
    article("b", 2, date="2019-04-05", source="وكالة الأناضول"),
    article("c", 3, words=900),
    article("d", 4, words=10, date="2020-01-01"),
]
