"""What happens on the page: asking, judging an answer, going from conversation to conversation, changing the language.

`Handlers(visitors)` has one method an event of the page; each takes the values of components and gives theirs. Turns
come in and go out: nothing of a visitor is kept here. `memory` is what a browser has stored, or anything else that it
sends; `said` what its visitor thinks of answers, by the id of their turns.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from qa.answers import Answer
from qa.feedback import FeedbackError, FeedbackFile, Opinion
from ui.conversation import Limits, Turn, answered, brand, conversation, narrowed, panel, welcome
from ui.export import exported
from ui.memory import conversations, kept, opened, opinions, packed, titles, unpacked, with_opinion
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
        suggestions: what the first page offers to ask.
        feedback: where opinions are kept; None asks nobody for theirs.
    """

    def __init__(self, visitors: "Visitors", suggestions: Suggestions, feedback: FeedbackFile | None = None) -> None:
        self._visitors = visitors
        self._suggestions = suggestions
        self._feedback = feedback

    def respond(
        self,
        question: str,
        turns: list[Turn],
        said: dict[str, str],
        language: str,
        date_from: str,
        date_to: str,
        source: str,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        """Show the question at once, then its answer; it may lean on the turn before."""
        limits = Limits(date_from, date_to, source)
        yield from self._turn(question, turns, said, language, limits, _last(turns), request)

    def respond_as_typed(
        self,
        turns: list[Turn],
        said: dict[str, str],
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
            yield from self._turn(turns[number - 1].question, turns, said, language, limits, None, request)

    def _turn(
        self,
        question: str,
        turns: list[Turn],
        said: dict[str, str],
        language: str,
        limits: Limits,
        previous: Answer | None,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        words, shown = texts(language), self._shown_of(said)
        hidden = gr.update(visible=False)
        yield "", conversation(turns, words, asking=question, said=shown), gr.skip(), gr.skip(), hidden, gr.skip()
        name = turns[-1].conversation if turns else ""
        with self._visitors.assistant(visitor(request)) as assistant:
            turn = answered(assistant, question, limits, previous, name)
        after = [*turns, turn]
        yield gr.skip(), conversation(after, words, said=shown), panel(after, words), after, hidden, kept(turn)

    def narrow(self, date_from: str, date_to: str, source: str, language: str) -> str:
        """Say what the search is narrowed to, for whoever has folded its limits away."""
        return narrowed(Limits(date_from, date_to, source), texts(language))

    def give_up(self, turns: list[Turn], said: dict[str, str], language: str) -> str:
        """Say that a question was not answered, whatever went wrong."""
        return conversation(turns, texts(language), failed=True, said=self._shown_of(said))

    def judge(self, turns: list[Turn], said: dict[str, str], language: str, event: gr.EventData) -> tuple[Any, ...]:
        """Keep what the visitor says of an answer, or that they take it back; the page has marked and stored it."""
        words, number = texts(language), int(event.turn)
        turn = turns[number - 1] if 0 < number <= len(turns) else None
        if self._feedback is None or turn is None or turn.answer is None or not turn.id:
            return gr.skip(), gr.skip(), gr.skip()
        opinion = Opinion(event.opinion) if event.opinion else None
        try:
            self._feedback.add(turn.id, opinion, turn.answer)
        except FeedbackError:
            logger.exception("an opinion was not kept")
            before = {"said": {turn.id: said.get(turn.id, "")}}
            return gr.skip(), conversation(turns, words, said=said, unkept=number), before
        return with_opinion(said, turn.id, opinion), gr.skip(), None

    async def suggest(self, request: gr.Request) -> list[Any]:
        """Offer questions to begin with, on as many buttons as there are of them."""
        some = await self._suggestions.some(visitor(request))
        buttons = [gr.update(value=question, visible=True) for question in some]
        return buttons + [gr.update(visible=False)] * (SHOWN - len(some))

    def _shown_of(self, said: dict[str, str]) -> dict[str, str] | None:
        return None if self._feedback is None else said

    def restart(self, memory: object, language: str, request: gr.Request) -> tuple[Any, ...]:
        """Begin a new conversation; the one before is kept."""
        return *self._shown([], memory, texts(language), request), {"open": ""}

    def reopen(self, memory: object, language: str, event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
        """Go on with an earlier conversation."""
        name = str(event.name)
        with self._visitors.assistant(visitor(request)) as assistant:
            turns = unpacked(conversations(memory).get(name, []), assistant.document)
        return *self._shown(turns, memory, texts(language), request), {"open": name}

    def delete(self, memory: object, turns: list[Turn], language: str, request: gr.Request) -> tuple[Any, ...]:
        """Forget a conversation, and what was said of its answers."""
        name = turns[-1].conversation if turns else ""
        shown = self._shown([], memory, texts(language), request, deleted=name)
        return *shown, {"open": "", "forget": name}

    def _shown(
        self, turns: list[Turn], memory: object, words: Texts, request: gr.Request, deleted: str = ""
    ) -> tuple[Any, ...]:
        """Return a conversation and all that depends on which one is open."""
        said = opinions(memory)
        earlier = [(name, question) for name, question in titles(memory) if name != deleted]
        with self._visitors.assistant(visitor(request)) as assistant:
            first = welcome(assistant.counts.documents, words, earlier)
        shown = conversation(turns, words, said=self._shown_of(said))
        return shown, panel(turns, words), turns, gr.update(visible=not turns), first, said

    def export(self, turns: list[Turn], language: str, event: gr.EventData) -> dict[str, str]:
        """Give the conversation as a file, which the page lets the visitor save."""
        return exported(turns, texts(language), "json" if event.form == "json" else "html")

    def switch(
        self,
        memory: object,
        language: str,
        turns: list[Turn],
        said: dict[str, str],
        date_from: str,
        date_to: str,
        source: str,
        request: gr.Request,
    ) -> list[Any]:
        """Give the page in the other language."""
        words = texts("ar" if language == "en" else "en")
        with self._visitors.assistant(visitor(request)) as assistant:
            shown = worded(assistant, turns, titles(memory), self._shown_of(said), words)
        return [*shown, self.narrow(date_from, date_to, source, words.language)]

    def recheck(self, turns: list[Turn], said: dict[str, str], language: str, request: gr.Request) -> list[Any]:
        """Show answers whose documents are gone as such, and the publishers that there are now."""
        words = texts(language)
        with self._visitors.assistant(visitor(request)) as assistant:
            after = unpacked(packed(turns), assistant.document)
            sources = gr.update(choices=choices(assistant.sources(), words))
        if packed(after) == packed(turns):
            return [gr.skip()] * 3 + [sources]
        return [conversation(after, words, said=self._shown_of(said)), panel(after, words), after, sources]

    def greet(self, memory: object, request: gr.Request) -> list[Any]:
        """Give the page in the visitor's language, with the conversation that their browser kept for the tab."""
        words, said = texts(preferred_language(dict(request.headers))), opinions(memory)
        with self._visitors.assistant(visitor(request)) as assistant:
            turns = unpacked(opened(memory), assistant.document)
            shown = worded(assistant, turns, titles(memory), self._shown_of(said), words)
        return [*shown, turns, gr.update(visible=not turns), said]


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
