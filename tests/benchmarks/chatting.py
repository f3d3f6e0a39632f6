"""Twenty people ask the chat at once: all answers right, none lost, and how long each waited.

    python -m tests.benchmarks.chatting [--people 20] [--rounds 3] [--reader NAME]

Serves the chat over seeds/ and asks through its queue, as the page does. Prints a line a round and writes
tests/benchmarks/results/chatting.json.
"""

import argparse
import json
import statistics
import threading
import time
from pathlib import Path
from typing import Any

from gradio_client import Client

from embeddings.documents import Document, read_documents
from qa.assistant import Assistant
from tests.served import running
from ui.strings import EXAMPLES

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).parent / "results"


def ask_at_once(clients: list[Client], questions: list[str]) -> list[tuple[str | None, float]]:
    """Let every client ask its question at the same moment; gives (answer, seconds) in the order of the clients."""
    together = threading.Barrier(len(clients))
    came: list[tuple[str | None, float]] = [("lost", 0.0)] * len(clients)

    def ask(person: int) -> None:
        together.wait()
        started = time.perf_counter()
        answer = clients[person].predict(questions[person], api_name="/ask")["answer"]
        came[person] = (answer, time.perf_counter() - started)

    threads = [threading.Thread(target=ask, args=(person,)) for person in range(len(clients))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came


def measure(assistant: Assistant, people: int, rounds: int) -> dict[str, Any]:
    """Ask in rounds, check every answer against the same question asked alone, and sum the waiting up."""
    questions = [EXAMPLES[person % len(EXAMPLES)][1] for person in range(people)]
    alone = {question: assistant.ask(question).text for question in questions}
    with running(assistant) as address:
        clients = [Client(address, verbose=False) for _ in range(people)]
        came = [ask_at_once(clients, questions) for _ in range(rounds)]
    waited = sorted(seconds * 1000 for answers in came for _, seconds in answers)
    right = sum(text == alone[q] for answers in came for q, (text, _) in zip(questions, answers, strict=True))
    return {
        "people": people,
        "questions": len(waited),
        "right": right,
        "median_ms": round(statistics.median(waited)),
        "p95_ms": round(waited[int(0.95 * (len(waited) - 1))]),
    }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="not used; every benchmark takes it")
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--reader")
    options = parser.parse_args()
    documents = (item for item in read_documents([ROOT / "seeds"]) if isinstance(item, Document))
    with Assistant.from_documents(documents, reader=options.reader) as assistant:
        result = measure(assistant, options.people, options.rounds)
    print(
        f"{result['people']} people at once, {result['questions']} questions: {result['right']} right answers, "
        f"median {result['median_ms']} ms, 95th percentile {result['p95_ms']} ms"
    )
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "chatting.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
