"""What the chat needs of whoever answers: to be asked, and to look up what was quoted. `Assistant` is one."""

from collections.abc import Sequence
from typing import Protocol

from qa.answers import Answer
from qa.retriever import Hit
from qa.verify import Library


class Answering(Library, Protocol):
    """Answers questions from documents, and gives the documents; see `Assistant` for each."""

    def ask(
        self,
        question: str,
        *,
        date_from: str | None = None,
        date_to: str | None = None,
        source: str | None = None,
        previous: Answer | None = None,
    ) -> Answer:
        """Answer `question` within limits; `previous` is the answer that it may lean on."""

    def search(self, question: str) -> Sequence[Hit]:
        """Return the passages nearest to `question`, best first."""
