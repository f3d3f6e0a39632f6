"""Fixed pairs for the encoder, packed: questions with hard negatives, translations, questions that agree.

Takes the training folder; gives tensors that `matches` reads. A passage is stored once and pairs refer to it by
number, so that the number also tells which pairs must not count as each other's negatives. The development pool
travels along.
"""

import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import torch
from tokenizers import Tokenizer
from torch import Tensor

from embeddings.passages import cut
from embeddings.training.corpus import rows
from embeddings.training.lexicon import Lexicon
from embeddings.training.pairs import pieces
from embeddings.training.trunk.matches import NONE, ragged
from embeddings.training.trunk.mining import Asked, hard_negatives

HARD: Final = 4  # negatives kept for each question

# Questions by source, with the languages taken. Belebele stays out: it measures English questions on Arabic passages.
_QUESTIONS: Final = {"written": "written-train", "arcd": "arcd-train", "aqad": "aqad-weak"}
_ENGLISH: Final = ("tydi-en", "tydi-other-languages")
_DEVELOPMENT: Final = {"mlqa-ar": "mlqa-ar-dev", "tydi-ar": "tydi-ar-dev-a", "belebele-en-ar": "belebele-eqa"}


def packed_matches(data: Path, tokenizer: Tokenizer, filling: int) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return (tensors, notes): all fixed pairs, their hard negatives, the development pool.

    Args:
        data: the training folder; sets that are not there are left out.
        tokenizer: of the trunk.
        filling: encyclopaedia passages that the gold passages are hidden among, in mining and in development.
    """
    found: dict[str, list[dict[str, Any]]] = {
        name: _rows(data, file, "ar") for name, file in _QUESTIONS.items() if _there(data, file)
    }
    if _there(data, _ENGLISH[1]):
        found[_ENGLISH[0]] = _rows(data, _ENGLISH[1], "en")
    around = _filling(data, filling)
    tensors, sources = _questions(found, around, tokenizer)
    for name, texts in _equals(data).items():
        tensors |= ragged(f"{name}.left", pieces(tokenizer, [left for left, _ in texts]))
        tensors |= ragged(f"{name}.right", pieces(tokenizer, [right for _, right in texts]))
    development, sets = _development(data, around, tokenizer)
    return tensors | development, {"questions": sources, "equals": list(_equals(data)), "development": sets}


def _there(data: Path, name: str) -> bool:
    return (data / "qa" / f"{name}.jsonl.xz").exists()


def _rows(data: Path, name: str, language: str) -> list[dict[str, Any]]:
    return [row for row in rows(data, f"qa/{name}") if row["lang"] == language and row["question"].strip()]


def _filling(data: Path, count: int) -> list[str]:
    documents = list(rows(data, "text/wiki"))
    random.Random(11).shuffle(documents)
    passages = (row["text"][start:end] for row in documents for start, end in cut(row["text"]))
    return [passage for passage, _ in zip(passages, range(count), strict=False)]


def _questions(
    found: Mapping[str, list[dict[str, Any]]], around: list[str], tokenizer: Tokenizer
) -> tuple[dict[str, Tensor], list[str]]:
    numbers: dict[str, int] = {}
    for passage in (*(row["context"] for group in found.values() for row in group), *around):
        numbers.setdefault(passage, len(numbers))
    pool = list(numbers)
    tensors = ragged("passages", pieces(tokenizer, pool))
    for name, group in found.items():
        asked = [_asked(row, numbers) for row in group]
        tensors |= ragged(name, pieces(tokenizer, [item.question for item in asked]))
        tensors[f"{name}.passage"] = torch.tensor([item.passage for item in asked], dtype=torch.int32)
        answerable = [item for item in asked if item.answers]
        hard = iter(hard_negatives(answerable, pool, count=HARD))
        padded = [[*next(hard), *[NONE] * HARD][:HARD] if item.answers else [NONE] * HARD for item in asked]
        tensors[f"{name}.hard"] = torch.tensor(padded, dtype=torch.int32)
    return tensors, list(found)


def _asked(row: Mapping[str, Any], numbers: Mapping[str, int]) -> Asked:
    return Asked(row["question"], numbers[row["context"]], tuple(answer["text"] for answer in row["answers"]))


def _equals(data: Path) -> dict[str, list[tuple[str, str]]]:
    """Return pairs whose sides mean the same."""
    translations = [(row["en"], row["ar"]) for row in rows(data, "parallel/ar-en")]
    if not _there(data, "mawdoo3-question-pairs"):
        return {"parallel": translations}
    pairs = rows(data, "qa/mawdoo3-question-pairs")
    return {"parallel": translations, "same": [(r["text1"], r["text2"]) for r in pairs if r.get("label") == 1]}


def _development(data: Path, around: Iterable[str], tokenizer: Tokenizer) -> tuple[dict[str, Tensor], list[str]]:
    numbers: dict[str, int] = {}
    tensors: dict[str, Tensor] = {}
    sets = [name for name, file in _DEVELOPMENT.items() if _there(data, file)]
    for name in sets:
        split = "test_qen" if name.startswith("belebele") else None
        chosen = [row for row in rows(data, f"qa/{_DEVELOPMENT[name]}") if split in (None, row["split"])]
        gold = [numbers.setdefault(row["context"], len(numbers)) for row in chosen]
        tensors |= ragged(f"development.{name}", pieces(tokenizer, [row["question"] for row in chosen]))
        tensors[f"development.{name}.gold"] = torch.tensor(gold, dtype=torch.int32)
    for passage in around:
        numbers.setdefault(passage, len(numbers))
    return tensors | ragged("development.passages", pieces(tokenizer, list(numbers))), sets


def packed_lexicon(lexicon: Lexicon) -> dict[str, Tensor]:
    """Return word translations as tensors."""
    rows_ = [
        (source, t, w) for source, (targets, weights) in lexicon.items() for t, w in zip(targets, weights, strict=True)
    ]
    return {
        "lexicon.pieces": torch.tensor([row[:2] for row in rows_], dtype=torch.int32).reshape(-1, 2),
        "lexicon.weights": torch.tensor([row[2] for row in rows_]),
    }
