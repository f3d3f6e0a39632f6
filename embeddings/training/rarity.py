"""Count in how many paragraphs each light stem occurs, for `embeddings/rarity.py`.

    python -m embeddings.training.rarity --data DIR

Reads DIR/text/*.jsonl.xz (news, wiki, magazines, books-1, english), writes embeddings/models/rarity.json. About two
minutes on one core.
"""

import argparse
import json
import lzma
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from embeddings.arabic import FOLDING_VERSION, stem, words

SOURCES = ("news", "wiki", "magazines", "books-1", "english")
WORDS_A_SOURCE = 3_000_000  # Enough for stable counts of the stems that matter; every source weighs the same.
PARAGRAPH = 80  # Words; near the length of a passage, so that df speaks of passages.
RAREST = 8  # Stems of fewer paragraphs are left out: they count as never seen.
OUTPUT = Path(__file__).parents[1] / "models" / "rarity.json"


def paragraphs(path: Path) -> Iterator[set[str]]:
    """Yield the set of stems of each paragraph of a file of documents, up to `WORDS_A_SOURCE` words."""
    seen = 0
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            stems = [stem(word.text) for word in words(json.loads(line)["text"])]
            for start in range(0, len(stems), PARAGRAPH):
                yield set(stems[start : start + PARAGRAPH])
            seen += len(stems)
            if seen > WORDS_A_SOURCE:
                return


def main() -> None:
    """Count and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data
    frequencies: Counter[str] = Counter()
    total = 0
    for source in SOURCES:
        for stems in paragraphs(data / "text" / f"{source}.jsonl.xz"):
            total += 1
            frequencies.update(stems)
    kept = {key: count for key, count in sorted(frequencies.items()) if count >= RAREST and not key[0].isdigit()}
    table = {"folding_version": FOLDING_VERSION, "paragraphs": total, "frequencies": kept}
    OUTPUT.write_text(json.dumps(table, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{total} paragraphs, {len(kept)} stems -> {OUTPUT}")


if __name__ == "__main__":
    main()
