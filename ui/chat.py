"""The chat as a Gradio app: a conversation, and beside it the evidence of every answer.

`build_app(visitors)` gives the `gr.Blocks`; `ui.serving` puts it on the network with its style sheet. What is shown
is HTML made by `ui.conversation`; what happens is said in `ui.handlers`, and what a visitor has asked lives in that
visitor's session alone. The same question is an endpoint, `/ask`, which gives the JSON of `dalil ask --json`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.components import Component
from gradio.events import api
from pydantic import ValidationError

from embeddings.errors import DalilError
from qa.assistant import READ, Assistant
from qa.feedback import FeedbackFile
from ui.api import followed
from ui.conversation import brand, conversation, panel, welcome
from ui.handlers import Handlers, choices, visitor
from ui.problems import malformed
from ui.schema import FollowUp
from ui.serving import serve
from ui.strings import Texts, texts
from ui.suggesting import SHOWN, Suggestions

if TYPE_CHECKING:
    from ui.visitors import Visitors

__all__ = ["build_app", "serve", "theme"]

_AT_ONCE = 4  # questions answered at the same time
# Buttons inside HTML name what they are about; Gradio carries that to the handlers.
_ON_CONVERSATION = """element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-typed], [data-judge], [data-export], [data-delete]");
  if (!button) return;
  if (button.dataset.typed) trigger("select", { turn: button.dataset.typed });
  else if (button.dataset.export) trigger("download", { form: button.dataset.export });
  else if (button.dataset.delete) confirm(button.dataset.delete) && trigger("delete", {});
  else {
    const said = button.getAttribute("aria-pressed") !== "true";
    const opinion = said ? button.dataset.judge : "";
    const group = button.parentElement;
    for (const other of group.querySelectorAll("[data-judge]"))
      other.setAttribute("aria-pressed", String(said && other === button));
    group.querySelector(".kept").textContent = said ? group.dataset.done : "";
    window.dalilMemory?.write({ said: { [group.dataset.name]: opinion } });
    trigger("like", { turn: group.dataset.turn, opinion });
  }
});"""
_ON_WELCOME = """element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-earlier]");
  if (button) trigger("select", { name: button.dataset.earlier });
});"""
# What the browser keeps (`assets/memory.js`): read as the first input of an event, written as soon as told.
_READ = "(_, ...others) => [window.dalilMemory?.read() ?? {{}}, ...others.slice(0, {others})]"
_WRITE = "(change) => change && window.dalilMemory?.write(change)"
_ON_NARROWED = """element.addEventListener("click", (event) => {
  if (!event.target.closest("[data-widen]")) return;
  trigger("delete", {});
  document.querySelector("#question textarea")?.focus();
});"""
_WIDEN = "() => ['', '', '', '']"
_SAVE = """(file) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([file.text], { type: file.type }));
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}"""


def theme() -> gr.themes.Base:
    """Return a plain theme in the shipped typeface; colours and spacing are in the style sheet."""
    return gr.themes.Base(font=["Plex Sans Arabic", "sans-serif"], font_mono=["ui-monospace", "monospace"])


# The endpoint


def endpoint(visitors: "Visitors") -> Callable[..., dict[str, Any]]:
    """Return the function behind `/ask`: a question and limits in, the JSON of the contract out."""

    def ask(
        question: str,
        top_k: int = READ,
        date_from: str | None = None,
        date_to: str | None = None,
        source: str | None = None,
        min_confidence: float | None = None,
        previous: dict[str, Any] | None = None,
        request: gr.Request | None = None,
    ) -> dict[str, Any]:
        """Answer one question, which may lean on a previous answer, with citations as ranges of code points."""
        try:
            asked = FollowUp(
                question=question,
                top_k=top_k,
                date_from=date_from,
                date_to=date_to,
                source=source,
                min_confidence=min_confidence,
                previous=previous,
            )
            with visitors.assistant(visitor(request)) as assistant:
                return followed(asked, assistant)
        except ValidationError as error:
            raise gr.Error(malformed(error.errors()), print_exception=False) from error
        except DalilError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return ask


# The app


def build_app(
    visitors: "Visitors",
    *,
    language: str = "ar",
    feedback: Path | None = None,
    suggestions: Suggestions | None = None,
) -> gr.Blocks:
    """Return the chat over what each visitor may see.

    Style sheet, script and page language come with `ui.serving`; without them the app works but looks bare.

    Args:
        visitors: lends the assistants that answer.
        language: Arabic or English, until the visitor chooses.
        feedback: the file that keeps what visitors think of answers; without it nobody is asked.
        suggestions: what the first page offers to ask; None makes its own.
    """
    words = texts(language)
    app = gr.Blocks(title=f"{words.name} · Dalil", analytics_enabled=False, fill_width=True, fill_height=True)
    with app:
        with visitors.assistant(None) as assistant:
            page = _lay_out(assistant, words)
        suggestions = suggestions or Suggestions(visitors)
        _connect(app, page, Handlers(visitors, suggestions, FeedbackFile(feedback) if feedback else None))
        api(endpoint(visitors), api_name="ask", concurrency_limit=_AT_ONCE)
        app.queue(default_concurrency_limit=_AT_ONCE, api_open=False)  # or a direct request would pass the queue by
    return app


@dataclass(frozen=True)
class Page:
    """The components of the page that handlers read or change."""

    language: gr.State
    turns: gr.State
    said: gr.State
    memory: gr.JSON
    file: gr.JSON
    brand: gr.HTML
    switch: gr.Button
    theme: gr.Button
    documents: gr.Button
    changed: gr.Button
    restart: gr.Button
    conversation: gr.HTML
    start: gr.Column
    welcome: gr.HTML
    examples: list[gr.Button]
    question: gr.Textbox
    send: gr.Button
    narrowed: gr.HTML
    filters: gr.Accordion
    date_from: gr.Textbox
    date_to: gr.Textbox
    source: gr.Dropdown
    panel: gr.HTML

    @property
    def limits(self) -> list[Any]:
        """What the search is narrowed to."""
        return [self.date_from, self.date_to, self.source]

    @property
    def worded(self) -> list[Any]:
        """The components whose words change with the language, in the order of `worded`."""
        return [
            self.language,
            self.brand,
            self.switch,
            self.theme,
            self.documents,
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


def _lay_out(assistant: "Assistant", words: Texts) -> Page:
    """Make the components: a bar, the conversation with the question under it, the evidence beside."""
    language, turns, said = gr.State(words.language), gr.State([]), gr.State({})
    memory, file = gr.JSON(visible="hidden"), gr.JSON(visible="hidden")
    with gr.Row(elem_id="bar"):
        name = gr.HTML(brand(words, settled=False), elem_id="brand", apply_default_css=False)
        documents = gr.Button(words.library, elem_id="documents", size="sm")
        changed = gr.Button("", elem_id="changed")  # pressed by the script after documents came or went
        restart = gr.Button(words.new_conversation, elem_id="restart", size="sm")
        switch = gr.Button(words.other_language, elem_id="language", size="sm")
        theme = gr.Button("◐", elem_id="theme", size="sm")
    with gr.Row(elem_id="desk"):
        with gr.Column(elem_id="talk"):
            with gr.Column(elem_id="scroll"):
                with gr.Column(elem_id="start") as start:
                    first_page = gr.HTML(
                        welcome(assistant.counts.documents, words),
                        elem_id="welcome",
                        apply_default_css=False,
                        js_on_load=_ON_WELCOME,
                    )
                    with gr.Row(elem_id="examples"):
                        buttons = [gr.Button(visible=False, elem_classes="example") for _ in range(SHOWN)]
                shown = gr.HTML(
                    conversation([], words),
                    elem_id="conversation",
                    apply_default_css=False,
                    js_on_load=_ON_CONVERSATION,
                )
            composer = _composer(assistant.sources(), words)
        with gr.Column(elem_id="evidence"):
            side = gr.HTML(panel([], words), elem_id="panel", apply_default_css=False)
    return Page(
        language=language,
        turns=turns,
        said=said,
        memory=memory,
        file=file,
        brand=name,
        switch=switch,
        theme=theme,
        documents=documents,
        changed=changed,
        restart=restart,
        conversation=shown,
        start=start,
        welcome=first_page,
        examples=buttons,
        panel=side,
        **composer,
    )


def _composer(sources: Sequence[str], words: Texts) -> dict[str, Any]:
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
        narrowed = gr.HTML("", elem_id="narrowed", apply_default_css=False, js_on_load=_ON_NARROWED)
        with gr.Accordion(words.filters, open=False, elem_id="filters") as filters, gr.Row():
            date_from = gr.Textbox("", label=words.date_from, placeholder=words.day_hint, max_length=10, min_width=120)
            date_to = gr.Textbox("", label=words.date_to, placeholder=words.day_hint, max_length=10, min_width=120)
            source = gr.Dropdown(
                choices(sources, words), value="", label=words.source, min_width=140, allow_custom_value=True
            )
    return {
        "question": question,
        "send": send,
        "narrowed": narrowed,
        "filters": filters,
        "date_from": date_from,
        "date_to": date_to,
        "source": source,
    }


def _connect(app: gr.Blocks, page: Page, handlers: Handlers) -> None:
    """Tie the components to what happens."""
    limits = page.limits
    outputs = [page.question, page.conversation, page.panel, page.turns, page.start, page.memory]
    private: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    # Questions alone wait in the queue. Gradio's page hears of everything in the queue over one stream, which it may
    # close when one event is done and another has just begun: a question asked beside another event was never answered.
    quick: dict[str, Any] = {"queue": False, **private}
    asking: dict[str, Any] = {
        "concurrency_limit": _AT_ONCE,
        "concurrency_id": "ask",
        "outputs": outputs,
        "trigger_mode": "once",
        **private,
    }
    inputs = [page.turns, page.said, page.language, *limits]
    typed = [page.question.submit, page.send.click]
    events = [
        gr.on(typed, handlers.respond, [page.question, *inputs], **asking),
        page.conversation.select(handlers.respond_as_typed, inputs, **asking),
        *(button.click(handlers.respond, [button, *inputs], **asking) for button in page.examples),
    ]
    for event in events:
        event.failure(handlers.give_up, [page.turns, page.said, page.language], page.conversation, **quick)
    judging = [page.turns, page.said, page.language]
    # Not "once": a second word, said before the first is kept, counts too.
    page.conversation.like(
        handlers.judge, judging, [page.said, page.conversation, page.memory], trigger_mode="multiple", **quick
    )
    shown = [page.conversation, page.panel, page.turns, page.source]
    page.changed.click(handlers.recheck, judging, shown, **quick)
    changed = [box.blur for box in limits[:2]] + [box.submit for box in limits[:2]] + [page.source.change]
    gr.on(changed, handlers.narrow, [*limits, page.language], page.narrowed, trigger_mode="always_last", **quick)
    page.narrowed.delete(None, None, [*limits, page.narrowed], js=_WIDEN, **quick)
    saving = page.conversation.download(handlers.export, [page.turns, page.language], page.file, **quick)
    saving.success(None, page.file, None, js=_SAVE, **quick)
    for event in (app.load, page.changed.click):
        event(handlers.suggest, None, page.examples, **quick)
    _connect_memory(app, page, handlers, quick)


def _connect_memory(app: gr.Blocks, page: Page, handlers: Handlers, quick: dict[str, Any]) -> None:
    """Tie what is done with whole conversations to what the browser keeps of them."""
    shown = [page.conversation, page.panel, page.turns, page.start, page.welcome, page.said, page.memory]

    def reading(*others: Component) -> dict[str, Any]:
        return {"inputs": [page.memory, *others], "js": _READ.format(others=len(others)), **quick}

    page.restart.click(handlers.restart, outputs=shown, **reading(page.language))
    page.welcome.select(handlers.reopen, outputs=shown, **reading(page.language))
    page.conversation.delete(handlers.delete, outputs=shown, **reading(page.turns, page.language))
    page.memory.change(None, page.memory, None, js=_WRITE, **quick)
    switching = reading(page.language, page.turns, page.said, *page.limits)
    page.switch.click(handlers.switch, outputs=[*page.worded, page.narrowed], **switching)
    app.load(handlers.greet, outputs=[*page.worded, page.turns, page.start, page.said], **reading())
