"""How rare a word is in Arabic (and English) writing at large: 0 for words of every paragraph, 1 for names never seen.

A collection of five articles cannot tell that «طرابلس» is rarer than «قال»; the bundled table, counted over
paragraphs of news, encyclopaedia and books by `embeddings/training/rarity.py`, can.
"""

import json
import math
from functools import lru_cache
from pathlib import Path
from typing import Final

from embeddings.arabic import FOLDING_VERSION, stem
from embeddings.errors import ModelError

_TABLE: Final = Path(__file__).parent / "models" / "rarity.json"


def rarity(word: str) -> float:
    """Return the rarity, 0 to 1, of a folded word: log(N / df) / log(N) over paragraphs, df by light stem.

    Raises:
        ModelError: when the bundled table is missing, unreadable or made with another folding.
    """
    paragraphs, frequencies = _load()
    frequency = frequencies.get(stem(word), 1)
    return math.log(paragraphs / frequency) / math.log(paragraphs)


@lru_cache(maxsize=1)
def _load() -> tuple[int, dict[str, int]]:
    try:
        table = json.loads(_TABLE.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"cannot read the word table {_TABLE.name}: {error}. Reinstall Dalil to restore it."
        ) from error
    if table["folding_version"] != FOLDING_VERSION:
        raise ModelError(
            f"the word table {_TABLE.name} was counted with folding version {table['folding_version']}, this is "
            f"version {FOLDING_VERSION}. Count it again: python -m embeddings.training.rarity --data DIR"
        )
    return table["paragraphs"], table["frequencies"]
