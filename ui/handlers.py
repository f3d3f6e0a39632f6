"""What happens on the page: asking, judging an answer, going from conversation to conversation, changing the language.

`Handlers(visitors)` has one method an event of the page; each takes the values of components and gives theirs. Turns
come in and go out: nothing of a visitor is kept here. `said` and `memory` are what a browser has stored, or anything
else that it sends.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from qa.answers import Answer
from qa.feedback import FeedbackError, FeedbackFile, Opinion
from ui.conversation import Limits, Turn, answered, brand, conversation, panel, welcome
from ui.export import exported
from ui.memory import conversations, opened, opinions, packed, remembered, titles, unpacked, with_opinion
from ui.strings import Texts, preferred_language, texts
from ui.suggesting import SHOWN, Suggestions
from ui.visiting import VISITOR

if TYPE_CHECKING:
    from qa.assistant import Assistant
    from ui.visitors import Visitors


logger = logging.getLogger(__name__)


class Handlers:
    """The events of one page over what each visitor may see.

    Args:
        visitors: whose assistants are asked.
        feedback: where opinions are kept; None asks nobody for theirs.
    """

    def __init__(self, visitors: "Visitors", feedback: FeedbackFile | None = None) -> None:
        self._visitors = visitors
        self._feedback = feedback
        self._suggestions = Suggestions(lambda: visitors.assistant(None))

    def respond(
        self,
        question: str,
        turns: list[Turn],
        memory: object,
        said: object,
        language: str,
        date_from: str,
        date_to: str,
        source: str,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        """Show the question at once, then its answer; it may lean on the turn before."""
        limits = Limits(date_from, date_to, source)
        yield from self._turn(question, turns, memory, said, language, limits, _last(turns), request)

    def respond_as_typed(
        self,
        turns: list[Turn],
        memory: object,
        said: object,
        language: str,
        date_from: str,
        date_to: str,
        source: str,
        event: gr.EventData,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        """Ask the question of an earlier turn again, by itself."""
        number = int(event.turn)
        if 0 < number <= len(turns):
            limits = Limits(date_from, date_to, source)
            yield from self._turn(turns[number - 1].question, turns, memory, said, language, limits, None, request)

    def _turn(
        self,
        question: str,
        turns: list[Turn],
        memory: object,
        said: object,
        language: str,
        limits: Limits,
        previous: Answer | None,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        words, said = texts(language), self._said(said)
        hidden = gr.update(visible=False)
        yield "", conversation(turns, words, asking=question, said=said), gr.skip(), gr.skip(), hidden, gr.skip()
        with self._visitors.assistant(visitor(request)) as assistant:
            after = [*turns, answered(assistant, question, limits, previous)]
        yield (
            gr.skip(),
            conversation(after, words, said=said),
            panel(after, words),
            after,
            hidden,
            remembered(memory, after),
        )

    def give_up(self, turns: list[Turn], said: object, language: str) -> str:
        """Say that a question was not answered, whatever went wrong."""
        return conversation(turns, texts(language), failed=True, said=self._said(said))

    def judge(self, turns: list[Turn], said: object, language: str, event: gr.EventData) -> tuple[Any, Any]:
        """Keep what the visitor says of an answer, or that they take it back; the page has marked it already."""
        words, known, number = texts(language), opinions(said), int(event.turn)
        turn = turns[number - 1] if 0 < number <= len(turns) else None
        if self._feedback is None or turn is None or turn.answer is None or not turn.id:
            return gr.skip(), gr.skip()
        opinion = Opinion(event.opinion) if event.opinion else None
        try:
            self._feedback.add(turn.id, opinion, turn.answer)
        except FeedbackError:
            logger.exception("an opinion was not kept")
            return gr.skip(), conversation(turns, words, said=known, unkept=number)
        return with_opinion(known, turn.id, opinion), gr.skip()

    def suggest(self) -> list[Any]:
        """Offer questions to begin with, on as many buttons as there are of them."""
        some = self._suggestions.some()
        return [gr.update(value=question, visible=True) for question in some] + [gr.skip()] * (SHOWN - len(some))

    def _said(self, said: object) -> dict[str, str] | None:
        return None if self._feedback is None else opinions(said)

    def restart(self, memory: object, language: str, request: gr.Request) -> tuple[Any, ...]:
        """Begin a new conversation; the one before is kept."""
        return self._shown([], remembered(memory, []), None, texts(language), request)

    def reopen(
        self, memory: object, said: object, language: str, event: gr.EventData, request: gr.Request
    ) -> tuple[Any, ...]:
        """Go on with an earlier conversation."""
        with self._visitors.assistant(visitor(request)) as assistant:
            turns = unpacked(conversations(memory).get(str(event.name), []), assistant.document)
        return self._shown(turns, remembered(memory, turns), said, texts(language), request)

    def delete(
        self, turns: list[Turn], memory: object, said: object, language: str, request: gr.Request
    ) -> tuple[Any, ...]:
        """Forget a conversation, and what was said of its answers."""
        gone = {turn.id for turn in turns}
        others = {name: opinion for name, opinion in opinions(said).items() if name not in gone}
        forgotten = remembered(memory, turns, delete=True)
        return *self._shown([], forgotten, said, texts(language), request), others

    def _shown(
        self, turns: list[Turn], memory: dict[str, Any], said: object, words: Texts, request: gr.Request
    ) -> tuple[Any, ...]:
        """Return a conversation and all that depends on which one is open."""
        with self._visitors.assistant(visitor(request)) as assistant:
            first = welcome(assistant.counts.documents, words, titles(memory))
        shown = conversation(turns, words, said=self._said(said))
        return shown, panel(turns, words), turns, gr.update(visible=not turns), memory, first

    def export(self, turns: list[Turn], language: str, event: gr.EventData) -> dict[str, str]:
        """Give the conversation as a file, which the page lets the visitor save."""
        return exported(turns, texts(language), "json" if event.form == "json" else "html")

    def switch(self, language: str, turns: list[Turn], memory: object, said: object, request: gr.Request) -> list[Any]:
        """Give the page in the other language."""
        words = texts("ar" if language == "en" else "en")
        with self._visitors.assistant(visitor(request)) as assistant:
            return worded(assistant, turns, titles(memory), self._said(said), words)

    def recheck(self, turns: list[Turn], memory: object, said: object, language: str, request: gr.Request) -> list[Any]:
        """Show answers whose documents are gone as such, and the publishers that there are now."""
        words = texts(language)
        with self._visitors.assistant(visitor(request)) as assistant:
            after = unpacked(packed(turns), assistant.document)
            sources = gr.update(choices=choices(assistant.sources(), words))
        if packed(after) == packed(turns):
            return [gr.skip()] * 4 + [sources]
        shown = conversation(after, words, said=self._said(said))
        return [shown, panel(after, words), after, remembered(memory, after), sources]

    def greet(self, memory: object, said: object, request: gr.Request) -> list[Any]:
        """Give the page in the visitor's language, with the conversation that their browser kept."""
        words = texts(preferred_language(dict(request.headers)))
        with self._visitors.assistant(visitor(request)) as assistant:
            turns = unpacked(opened(memory), assistant.document)
            return [
                *worded(assistant, turns, titles(memory), self._said(said), words),
                turns,
                gr.update(visible=not turns),
            ]


def visitor(request: gr.Request | None) -> str | None:
    """Return whom a request is from, as `ui.visiting` names them."""
    return None if request is None else request.headers.get(VISITOR)


def worded(
    assistant: "Assistant",
    turns: list[Turn],
    earlier: Sequence[tuple[str, str]],
    said: Mapping[str, str] | None,
    words: Texts,
) -> list[Any]:
    """Return every component of `Page.worded` in the language of `words`."""
    return [
        words.language,
        brand(words),
        words.other_language,
        gr.skip(),
        words.library,
        words.new_conversation,
        conversation(turns, words, said=said),
        welcome(assistant.counts.documents, words, earlier),
        gr.update(placeholder=words.placeholder, label=words.question),
        words.send,
        gr.update(label=words.filters),
        gr.update(label=words.date_from, placeholder=words.day_hint),
        gr.update(label=words.date_to, placeholder=words.day_hint),
        gr.update(label=words.source, choices=choices(assistant.sources(), words)),
        panel(turns, words),
    ]


def _last(turns: Sequence[Turn]) -> Answer | None:
    """Return the last answer of a conversation, which a question may lean on."""
    return next((turn.answer for turn in reversed(turns) if turn.answer is not None), None)


def choices(names: Sequence[str], words: Texts) -> list[tuple[str, str]]:
    """Return the publishers to choose from, as names and values, with "all" first."""
    return [(words.any_source, ""), *((name, name) for name in names)]
