"""What searches must give, worked out the long way, and a check that an open index holds what it should."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from embeddings.arabic import terms
from embeddings.documents import Document
from embeddings.index import Index

K1, B = 1.2, 0.75


def kept_length(length: int) -> int:
    """The length that one byte keeps of a passage's: exact to 40, then with a step that grows (Lucene's SmallFloat)."""
    if length < 40:
        return length
    rest = length - 24
    shift = rest.bit_length() - 4
    return 24 + ((rest >> shift) << shift)


def bm25(
    passages: Mapping[int, Sequence[str]], question: Sequence[str], everywhere: Sequence[Sequence[str]] | None = None
) -> list[tuple[int, float]]:
    """All passages that hold a term of `question`, best first, equal ones by id (Robertson & Zaragoza 2009).

    A term is as rare as it is in `everywhere`, which is the passages themselves where it is not given.
    """
    counts = {passage: Counter(held) for passage, held in passages.items()}
    mean = sum(map(len, passages.values())) / max(1, len(passages))
    everywhere = [*passages.values()] if everywhere is None else everywhere
    scores: defaultdict[int, float] = defaultdict(float)
    for term in question:
        holders = [passage for passage, held in counts.items() if term in held]
        holding = sum(term in held for held in everywhere)
        idf = math.log(1 + (len(everywhere) - holding + 0.5) / (holding + 0.5))
        for passage in holders:
            tf = counts[passage][term]
            norm = K1 * (1 - B + B * kept_length(len(passages[passage])) / mean)
            scores[passage] += idf * tf * (K1 + 1) / (tf + norm)
    return sorted(scores.items(), key=lambda hit: (-round(hit[1], 4), hit[0]))


def nearest(
    ids: NDArray[np.int64], vectors: NDArray[np.float32], query: NDArray[np.float32]
) -> list[tuple[int, float]]:
    """All ids with their inner product, best first, equal ones by id."""
    scores = np.round(vectors.astype(np.float64) @ query.astype(np.float64), 6)
    return [(int(ids[i]), float(scores[i])) for i in np.lexsort((ids, -scores))]


def assert_ranked(found: Sequence[tuple[int, float]], expected: Sequence[tuple[int, float]], tolerance: float) -> None:
    """The same scores in the same order; where two differ by less than `tolerance`, either may come first."""
    assert [score for _, score in found] == pytest.approx([score for _, score in expected[: len(found)]], abs=tolerance)
    truth = dict(expected)
    for passage, score in found:
        assert truth[passage] == pytest.approx(score, abs=tolerance)
    assert len({passage for passage, _ in found}) == len(found)


def assert_holds(index: Index, documents: Sequence[Document], question: str = "الرئيس في العاصمة") -> None:
    """The index holds exactly `documents`; every search over it equals the long way."""
    assert {info.id: info.sha256 for info in index.documents()} == {d.id: d.sha256 for d in documents}
    texts: dict[int, str] = {}
    for document in documents:
        assert index.document(document.id) == document
        selected = index.select(document_ids=[document.id])
        assert selected is not None
        passages = index.passages(selected)
        assert all(index.document(passage.document_id).text == document.text for passage in passages)
        texts |= {passage.id: document.text[passage.start : passage.end] for passage in passages}
        words = document.text.split()
        assert not words or passages, "a document with words has passages"
    assert index.counts.documents == len(documents)
    assert index.counts.passages == len(texts)
    _assert_searches(index, texts, question)


def assert_agrees(index: Index) -> None:
    """The vector and the terms of each passage are those of its text: no other passage has them in its place."""
    every = index.select(document_ids=[info.id for info in index.documents()])
    assert every is not None
    passages = index.passages(every)
    texts = [index.document(p.document_id).text[p.start : p.end] for p in passages]
    vectors = index.encoder.encode_passages(texts)
    for vector in vectors:
        found = dict(index.search_vectors(vector, len(every)))
        np.testing.assert_allclose([found[passage] for passage in every.tolist()], vectors @ vector, atol=1e-5)
    holders: dict[str, set[int]] = {}
    for passage, text in zip(passages, texts, strict=True):
        for term in terms(text):
            holders.setdefault(term, set()).add(passage.id)
    for term, expected in holders.items():
        assert {passage for passage, _ in index.search_terms([term], len(every) + 1)} == expected


def _assert_searches(index: Index, texts: dict[int, str], question: str) -> None:
    asked = terms(question)
    expected = bm25({passage: terms(text) for passage, text in texts.items()}, asked)
    found = index.search_terms(asked, len(texts) + 5)
    assert len(found) == len(expected)
    assert_ranked(found, expected, 2e-3)
    query = index.encoder.encode_questions([question])[0]
    near = index.search_vectors(query, len(texts) + 5)
    assert len(near) == len(texts)
    if texts:
        vectors = index.encoder.encode_passages(list(texts.values()))
        assert_ranked(near, nearest(np.array(list(texts)), vectors, query), 1e-5)
