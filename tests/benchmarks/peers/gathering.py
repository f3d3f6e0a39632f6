"""Make the pool: contexts of the development sets among documents of the encyclopaedia and the news."""

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from embeddings.documents import Document as Read
from embeddings.documents import read_documents
from embeddings.passages import cut
from embeddings.training.corpus import rows
from tests.benchmarks.peers.pool import Document, Passage, Pool, Question

ANSWERED = ("tydi-ar-dev-a", "mlqa-ar-dev")
UNANSWERED = "written-dev"
ROOT = Path(__file__).parents[3]


def gather(data: Path, passages: int, asked: int) -> Pool:
    """Return the whole contexts of `ANSWERED`, then other documents until there are `passages` passages.

    Args:
        data: the folder with qa/ and text/.
        passages: how many pieces of about a hundred words there should be.
        asked: how many questions of each set, drawn by a fixed seed.
    """
    contexts: dict[str, Document] = {}
    questions: list[Question] = []
    for name in ANSWERED:
        entries = list(rows(data, f"qa/{name}"))
        for row in entries:
            contexts.setdefault(row["context"], Document(f"context-{len(contexts)}", row["context"]))
        questions += [
            Question(name, row["question"], [contexts[row["context"]].id], [a["text"] for a in row["answers"]])
            for row in _drawn(entries, asked)
        ]
    unanswered = [row for row in rows(data, f"qa/{UNANSWERED}") if not row["answers"]]
    questions += [Question("unanswerable", row["question"], [], []) for row in _drawn(unanswered, asked)]
    return _cut([*contexts.values(), *_filling(data)], questions, passages)


def seeds() -> Pool:
    """Return the five articles of seeds/ and the golden questions: what the repository alone can run."""
    read = [item for item in read_documents([ROOT / "seeds"]) if isinstance(item, Read)]
    ids = {Path(document.path).name: document.id for document in read}
    golden = [json.loads(line) for line in (ROOT / "tests" / "golden.jsonl").read_text("utf-8").splitlines()]
    questions = []
    for row in golden:
        names = row["document"] if isinstance(row["document"], list) else [row["document"]]
        gold = [ids[name] for name in names if row["answerable"]]
        answers = [row["answer"]] if gold else []
        questions.append(Question("golden" if gold else "unanswerable", row["question"], gold, answers))
    return _cut([Document(d.id, d.text) for d in read], questions, 1_000)


def _cut(documents: Sequence[Document], questions: list[Question], passages: int) -> Pool:
    kept: list[Document] = []
    pieces: list[Passage] = []
    for document in documents:
        if len(pieces) >= passages:
            break
        kept.append(document)
        pieces += [Passage(document.id, document.text[start:end]) for start, end in cut(document.text)]
    return Pool(kept, pieces, questions)


def _filling(data: Path) -> Iterator[Document]:
    both = [(name, n, row) for name in ("wiki", "news") for n, row in enumerate(rows(data, f"text/{name}"))]
    random.Random(11).shuffle(both)
    yield from (Document(f"{name}-{n}", row["text"]) for name, n, row in both)


def _drawn(entries: list[dict], number: int) -> list[dict]:  # type: ignore[type-arg]
    return random.Random(7).sample(entries, min(number, len(entries)))
