"""The golden questions about the five articles, asked of the product: what share is found, right, declined.

    python -m tests.benchmarks.golden [--reader NAME] [--verbose]

Prints figures and, with --verbose, every question that went wrong; writes tests/benchmarks/results/golden.json for
the bundled reader.
"""

import argparse
import json
from pathlib import Path
from statistics import mean
from typing import Any

from embeddings.documents import Document, read_documents
from qa.assistant import Assistant
from tests.test_golden import GOLDEN, Asked

ROOT = Path(__file__).parents[2]
OUTPUT = Path(__file__).parent / "results" / "golden.json"


def ask_all(reader: str | None) -> list[Asked]:
    """Ask every golden question over the seeds."""
    seeds = (item for item in read_documents([ROOT / "seeds"]) if isinstance(item, Document))
    with Assistant.from_documents(seeds, reader=reader) as assistant:
        return [Asked(golden, assistant.ask(golden["question"])) for golden in GOLDEN]


def measure(asked: list[Asked]) -> dict[str, Any]:
    """Return the shares, 0 to 1, over answerable and unanswerable questions, and the words of an answer."""
    answerable = [item for item in asked if item.golden["answerable"]]
    unanswerable = [item for item in asked if not item.golden["answerable"]]
    given = [item.answer.text for item in answerable if item.answer.text]
    return {
        "reader": asked[0].answer.models["reader"],
        "answerable": len(answerable),
        "unanswerable": len(unanswerable),
        "article_first": round(mean(item.answer.evidence[0].document.path in item.documents for item in answerable), 3),
        "contains": round(mean(item.contains for item in answerable), 3),
        "answered": round(mean(item.answer.answered for item in answerable), 3),
        "declined": round(mean(not item.answer.answered for item in unanswerable), 3),
        "words": round(mean(len(text.split()) for text in given), 1),
    }


def main() -> None:
    """Ask, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reader")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    asked = ask_all(options.reader)
    figures = measure(asked)
    print(json.dumps(figures, indent=1))
    if options.reader is None:
        OUTPUT.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    for item in asked if options.verbose else []:
        right = item.contains if item.golden["answerable"] else not item.answer.answered
        if not right:
            print(
                f"{item.golden['question']} | {item.golden['answer']} | {item.answer.text} {item.answer.confidence:.2f}"
            )


if __name__ == "__main__":
    main()
