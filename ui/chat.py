"""The chat as a Gradio app: a conversation, and beside it the evidence of every answer.

`build_app(assistant)` gives the `gr.Blocks`; `ui.serving` puts it on the network with its style sheet. What is shown
is HTML made by `ui.conversation`; handlers are plain functions, and what a visitor has asked lives in that visitor's
session alone. The same question is an endpoint, `/ask`, which gives the JSON of `dalil ask --json`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.events import api

from embeddings.errors import DalilError
from ui.conversation import (
    Limits,
    Turn,
    answered,
    brand,
    conversation,
    examples,
    panel,
    publishers,
    welcome,
)
from ui.memory import packed, unpacked
from ui.serving import serve
from ui.strings import Texts, preferred_language, texts

if TYPE_CHECKING:
    from embeddings.store import DocumentInfo
    from qa.assistant import Assistant

__all__ = ["build_app", "serve", "theme"]

_AT_ONCE = 4  # questions answered at the same time


def theme() -> gr.themes.Base:
    """Return a plain theme in the shipped typeface; colours and spacing are in the style sheet."""
    return gr.themes.Base(font=["Plex Sans Arabic", "sans-serif"], font_mono=["ui-monospace", "monospace"])


# The endpoint


def endpoint(assistant: "Assistant") -> Callable[..., dict[str, Any]]:
    """Return the function behind `/ask`: a question and limits in, the JSON of the contract out."""

    def ask(
        question: str,
        top_k: int = 8,
        date_from: str | None = None,
        date_to: str | None = None,
        source: str | None = None,
    ) -> dict[str, Any]:
        """Answer one question from the indexed documents, with citations as ranges of code points."""
        try:
            found = assistant.ask(question, top_k=top_k, date_from=date_from, date_to=date_to, source=source)
        except DalilError as error:
            raise gr.Error(str(error), print_exception=False) from error
        return found.to_dict()

    return ask


# The app


def build_app(assistant: "Assistant", *, language: str = "ar") -> gr.Blocks:
    """Return the chat over `assistant`, in Arabic or English until the visitor chooses.

    Style sheet, script and page language come with `ui.serving`; without them the app works but looks bare.
    """
    words = texts(language)
    app = gr.Blocks(title=f"{words.name} · Dalil", analytics_enabled=False, fill_width=True, fill_height=True)
    with app:
        page = _lay_out(assistant.documents(), words)
        _connect(app, page, assistant)
        api(endpoint(assistant), api_name="ask", concurrency_limit=_AT_ONCE)
        app.queue(default_concurrency_limit=_AT_ONCE)
    return app


@dataclass(frozen=True)
class Page:
    """The components of the page that handlers read or change."""

    language: gr.State
    turns: gr.State
    memory: gr.BrowserState
    brand: gr.HTML
    switch: gr.Button
    theme: gr.Button
    restart: gr.Button
    conversation: gr.HTML
    start: gr.Column
    welcome: gr.HTML
    examples: list[gr.Button]
    question: gr.Textbox
    send: gr.Button
    filters: gr.Accordion
    date_from: gr.Textbox
    date_to: gr.Textbox
    source: gr.Dropdown
    panel: gr.HTML

    @property
    def worded(self) -> list[Any]:
        """The components whose words change with the language, in the order of `worded`."""
        return [
            self.language,
            self.brand,
            self.switch,
            self.theme,
            self.restart,
            self.conversation,
            self.welcome,
            self.question,
            self.send,
            self.filters,
            self.date_from,
            self.date_to,
            self.source,
            self.panel,
        ]


def _lay_out(documents: "Sequence[DocumentInfo]", words: Texts) -> Page:
    """Make the components: a bar, the conversation with the question under it, the evidence beside."""
    language, turns = gr.State(words.language), gr.State([])
    memory = gr.BrowserState([], storage_key="dalil_conversation", secret="dalil")  # noqa: S106 (hides nothing)
    with gr.Row(elem_id="bar"):
        name = gr.HTML(brand(words, settled=False), elem_id="brand", apply_default_css=False)
        restart = gr.Button(words.new_conversation, elem_id="restart", size="sm")
        switch = gr.Button(words.other_language, elem_id="language", size="sm")
        theme = gr.Button("◐", elem_id="theme", size="sm")
    with gr.Row(elem_id="desk"):
        with gr.Column(elem_id="talk"):
            with gr.Column(elem_id="scroll"):
                with gr.Column(elem_id="start") as start:
                    first_page = gr.HTML(welcome(documents, words), elem_id="welcome", apply_default_css=False)
                    with gr.Row(elem_id="examples"):
                        buttons = [gr.Button(example, elem_classes="example") for example in examples(documents)]
                shown = gr.HTML(conversation([], words), elem_id="conversation", apply_default_css=False)
            composer = _composer(documents, words)
        with gr.Column(elem_id="evidence"):
            side = gr.HTML(panel([], words), elem_id="panel", apply_default_css=False)
    return Page(
        language=language,
        turns=turns,
        memory=memory,
        brand=name,
        switch=switch,
        theme=theme,
        restart=restart,
        conversation=shown,
        start=start,
        welcome=first_page,
        examples=buttons,
        panel=side,
        **composer,
    )


def _composer(documents: "Sequence[DocumentInfo]", words: Texts) -> dict[str, Any]:
    """Make the question box and the limits of the search under it."""
    with gr.Column(elem_id="composer"):
        with gr.Row(elem_id="ask"):
            question = gr.Textbox(
                "",
                label=words.question,
                placeholder=words.placeholder,
                show_label=False,
                container=False,
                lines=1,
                max_lines=5,
                autofocus=True,
                elem_id="question",
                scale=1,
            )
            send = gr.Button(words.send, variant="primary", elem_id="send", scale=0)
        useful = any(document.date or document.source for document in documents)
        with gr.Accordion(words.filters, open=False, visible=useful, elem_id="filters") as filters, gr.Row():
            date_from = gr.Textbox("", label=words.date_from, placeholder=words.day_hint, max_length=10, min_width=120)
            date_to = gr.Textbox("", label=words.date_to, placeholder=words.day_hint, max_length=10, min_width=120)
            source = gr.Dropdown(_choices(publishers(documents), words), value="", label=words.source, min_width=140)
    return {
        "question": question,
        "send": send,
        "filters": filters,
        "date_from": date_from,
        "date_to": date_to,
        "source": source,
    }


def _choices(names: list[str], words: Texts) -> list[tuple[str, str]]:
    return [(words.any_source, ""), *((name, name) for name in names)]


def _connect(app: gr.Blocks, page: Page, assistant: "Assistant") -> None:
    """Tie the components to the functions that answer, start again and change the language."""

    def respond(
        question: str, turns: list[Turn], language: str, date_from: str, date_to: str, source: str
    ) -> Iterator[tuple[Any, ...]]:
        words = texts(language)
        hidden = gr.update(visible=False)
        yield "", conversation(turns, words, asking=question), gr.skip(), gr.skip(), hidden, gr.skip()
        after = [*turns, answered(assistant, question, Limits(date_from, date_to, source))]
        yield gr.skip(), conversation(after, words), panel(after, words), after, hidden, packed(after)

    def give_up(turns: list[Turn], language: str) -> str:
        return conversation(turns, texts(language), failed=True)

    def restart(language: str) -> tuple[Any, ...]:
        words = texts(language)
        return conversation([], words), panel([], words), [], gr.update(visible=True), []

    def switch(language: str, turns: list[Turn]) -> list[Any]:
        return worded(assistant, turns, texts("ar" if language == "en" else "en"))

    def greet(memory: Any, request: gr.Request) -> list[Any]:  # noqa: ANN401 (the browser sends what it likes)
        turns = unpacked(memory, assistant.document)
        words = texts(preferred_language(dict(request.headers)))
        return [*worded(assistant, turns, words), turns, gr.update(visible=not turns)]

    limits = [page.date_from, page.date_to, page.source]
    outputs = [page.question, page.conversation, page.panel, page.turns, page.start, page.memory]
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    asking: dict[str, Any] = {"concurrency_limit": _AT_ONCE, "concurrency_id": "ask", **quiet}
    inputs = [page.question, page.turns, page.language, *limits]
    events = [gr.on([page.question.submit, page.send.click], respond, inputs, outputs, trigger_mode="once", **asking)]
    for button in page.examples:
        inputs = [button, page.turns, page.language, *limits]
        events.append(button.click(respond, inputs, outputs, trigger_mode="once", **asking))
    for event in events:
        event.failure(give_up, [page.turns, page.language], page.conversation, **quiet)
    page.restart.click(restart, [page.language], outputs[1:], **quiet)
    page.switch.click(switch, [page.language, page.turns], page.worded, **quiet)
    app.load(greet, [page.memory], [*page.worded, page.turns, page.start], **quiet)


def worded(assistant: "Assistant", turns: list[Turn], words: Texts) -> list[Any]:
    """Return every component of `Page.worded` in the language of `words`."""
    documents = assistant.documents()
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
        gr.update(label=words.source, choices=_choices(publishers(documents), words)),
        panel(turns, words),
    ]
