"""What happens when a visitor asks, asks again as typed, starts again or changes the language.

`Handlers(assistant)` has one method an event of the page; each takes the values of components and gives theirs. Turns
come in and go out: nothing of a visitor is kept here.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from qa.answers import Answer
from ui.conversation import Limits, Turn, answered, brand, conversation, panel, publishers, welcome
from ui.memory import packed, unpacked
from ui.strings import Texts, preferred_language, texts

if TYPE_CHECKING:
    from qa.assistant import Assistant


class Handlers:
    """The events of one page over `assistant`."""

    def __init__(self, assistant: "Assistant") -> None:
        self._assistant = assistant

    def respond(
        self, question: str, turns: list[Turn], language: str, date_from: str, date_to: str, source: str
    ) -> Iterator[tuple[Any, ...]]:
        """Show the question at once, then its answer; it may lean on the turn before."""
        yield from self._turn(question, turns, language, Limits(date_from, date_to, source), _last(turns))

    def respond_as_typed(
        self, turns: list[Turn], language: str, date_from: str, date_to: str, source: str, event: gr.EventData
    ) -> Iterator[tuple[Any, ...]]:
        """Ask the question of an earlier turn again, by itself."""
        number = int(event.turn)
        if 0 < number <= len(turns):
            limits = Limits(date_from, date_to, source)
            yield from self._turn(turns[number - 1].question, turns, language, limits, None)

    def _turn(
        self, question: str, turns: list[Turn], language: str, limits: Limits, previous: Answer | None
    ) -> Iterator[tuple[Any, ...]]:
        words = texts(language)
        hidden = gr.update(visible=False)
        yield "", conversation(turns, words, asking=question), gr.skip(), gr.skip(), hidden, gr.skip()
        after = [*turns, answered(self._assistant, question, limits, previous)]
        yield gr.skip(), conversation(after, words), panel(after, words), after, hidden, packed(after)

    def give_up(self, turns: list[Turn], language: str) -> str:
        """Say that a question was not answered, whatever went wrong."""
        return conversation(turns, texts(language), failed=True)

    def restart(self, language: str) -> tuple[Any, ...]:
        """Begin a new conversation."""
        words = texts(language)
        return conversation([], words), panel([], words), [], gr.update(visible=True), []

    def switch(self, language: str, turns: list[Turn]) -> list[Any]:
        """Give the page in the other language."""
        return self.worded(turns, texts("ar" if language == "en" else "en"))

    def greet(self, memory: Any, request: gr.Request) -> list[Any]:  # noqa: ANN401 (the browser sends what it likes)
        """Give the page in the visitor's language, with the conversation that their browser kept."""
        turns = unpacked(memory, self._assistant.document)
        words = texts(preferred_language(dict(request.headers)))
        return [*self.worded(turns, words), turns, gr.update(visible=not turns)]

    def worded(self, turns: list[Turn], words: Texts) -> list[Any]:
        """Return every component of `Page.worded` in the language of `words`."""
        documents = self._assistant.documents()
        return [
            words.language,
            brand(words),
            words.other_language,
            gr.skip(),
            words.new_conversation,
            conversation(turns, words),
            welcome(documents, words),
            gr.update(placeholder=words.placeholder, label=words.question),
            words.send,
            gr.update(label=words.filters),
            gr.update(label=words.date_from, placeholder=words.day_hint),
            gr.update(label=words.date_to, placeholder=words.day_hint),
            gr.update(label=words.source, choices=choices(publishers(documents), words)),
            panel(turns, words),
        ]


def _last(turns: Sequence[Turn]) -> Answer | None:
    """Return the last answer of a conversation, which a question may lean on."""
    return next((turn.answer for turn in reversed(turns) if turn.answer is not None), None)


def choices(names: Sequence[str], words: Texts) -> list[tuple[str, str]]:
    """Return the publishers to choose from, as names and values, with "all" first."""
    return [(words.any_source, ""), *((name, name) for name in names)]
