"""The conversation: questions asked, what came of each, and the HTML of both columns of the chat.

Takes an assistant, turns and the texts of a language, gives HTML. No state is kept here: the turns of a visitor come
in and go out, so people who ask at the same time cannot see each other's.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import uuid4

from embeddings.arabic import words as words_of
from embeddings.errors import DalilError, FilterError, QuestionError
from qa.answers import Answer
from ui import card, evidence
from ui.markup import bdi
from ui.strings import Texts, day

if TYPE_CHECKING:
    from qa.asking import Answering

# The texts that stand in place of an answer, by the name a turn carries.
_PROBLEMS: Final[dict[str, Callable[[Texts], str]]] = {
    "empty_question": lambda words: words.empty_question,
    "long_question": lambda words: words.long_question,
    "bad_filter": lambda words: words.bad_filter,
    "failed": lambda words: words.failed,
    "changed": lambda words: words.changed,
}

logger = logging.getLogger(__name__)


class Turn(NamedTuple):
    """A question and what came of it: an answer, or the name of the text that says why there is none.

    Each has an `id` of its own: the browser keeps it, and somebody may say what they think of it. A conversation has
    the name of the turn that began it.
    """

    question: str
    answer: Answer | None
    problem: str = ""
    id: str = ""
    conversation: str = ""

    @property
    def understood(self) -> str | None:
        """How a question that leans on the turn before was understood; None where it was asked as typed."""
        return self.answer.understood if self.answer else None


@dataclass(frozen=True)
class Limits:
    """What the search is narrowed to; None and empty strings are no limit."""

    date_from: str | None = ""
    date_to: str | None = ""
    source: str | None = ""

    def arguments(self) -> dict[str, str | None]:
        """Return the limits as arguments of `Assistant.ask`."""
        return {
            "date_from": (self.date_from or "").strip() or None,
            "date_to": (self.date_to or "").strip() or None,
            "source": (self.source or "").strip() or None,
        }


def answered(
    assistant: "Answering", question: str, limits: Limits, previous: Answer | None = None, name: str = ""
) -> Turn:
    """Ask, and return the turn; what goes wrong becomes a text for the reader, never a traceback.

    Args:
        assistant: who is asked.
        question: as it was typed.
        limits: what the search is narrowed to.
        previous: the answer that the question may lean on.
        name: of the conversation that the turn belongs to; empty where it begins one.
    """
    turn_id = uuid4().hex
    names = turn_id, name or turn_id
    try:
        answer = assistant.ask(question, previous=previous, **limits.arguments())
    except QuestionError:
        long = any(True for _ in words_of(question))
        return Turn(question, None, "long_question" if long else "empty_question", *names)
    except FilterError:
        return Turn(question, None, "bad_filter", *names)
    except DalilError:
        logger.exception("a question was not answered")
        return Turn(question, None, "failed", *names)
    return Turn(question, answer, "", *names)


# What is shown


def conversation(
    turns: Sequence[Turn],
    words: Texts,
    *,
    asking: str | None = None,
    failed: bool = False,
    said: Mapping[str, str] | None = None,
    unkept: int = 0,
) -> str:
    """Return the conversation so far.

    Args:
        turns: what was asked and answered.
        words: the language.
        asking: a question still being answered.
        failed: whether one broke.
        said: what the visitor said of answers, by their id; None where nobody is asked for it.
        unkept: the number of the turn of which something was said that could not be kept.
    """
    shown = [
        card.turn(turn.question, _body(turn, n, words, said, unkept), n, words, understood=turn.understood)
        for n, turn in enumerate(turns, 1)
    ]
    if asking is not None:
        shown.append(card.turn(asking, card.pending(words), len(turns) + 1, words))
    if failed:
        shown.append(card.problem(words.failed))
    if turns and asking is None:
        shown.append(card.keeping(words))
    return f'<div class="turns" role="log" aria-live="polite" aria-label="{words.conversation}">{"".join(shown)}</div>'


def _body(turn: Turn, number: int, words: Texts, said: Mapping[str, str] | None, unkept: int) -> str:
    if turn.answer is None:
        return card.problem(told(turn.problem, words))
    shown = card.card(turn.answer, number, words)
    if said is None or not turn.id:
        return shown
    opinion, broken = said.get(turn.id, ""), number == unkept
    return shown + card.judging(turn.answer, number, words, name=turn.id, said=opinion, unkept=broken)


def told(problem: str, words: Texts) -> str:
    """Return the text that stands in place of an answer, by the name that its turn carries."""
    return _PROBLEMS.get(problem, _PROBLEMS["failed"])(words)


def panel(turns: Sequence[Turn], words: Texts) -> str:
    """Return the evidence of all turns, the last one shown and the others ready behind their chips."""
    shown = [evidence.panel(turn.answer, n, words) for n, turn in enumerate(turns, 1) if turn.answer is not None]
    empty = (
        f'<div class="empty"><span class="seal" aria-hidden="true"></span><p>{words.evidence_empty}</p>'
        f"<p>{words.evidence_empty_more}</p></div>"
    )
    return (
        f'<aside class="panel" aria-label="{words.evidence}"><div class="panel-head"><h2>{words.evidence}</h2>'
        f'<button type="button" class="close quiet" data-close aria-label="{words.close}">✕</button></div>'
        f"{''.join(shown) or empty}</aside>"
    )


def narrowed(limits: Limits, words: Texts) -> str:
    """Return what the search is narrowed to, with a button that takes it back; nothing where it is not narrowed."""
    given = limits.arguments()
    told = {
        words.date_from: day(given["date_from"], words) if given["date_from"] else None,
        words.date_to: day(given["date_to"], words) if given["date_to"] else None,
        words.source: given["source"],
    }
    named = " · ".join(f"{name} {bdi(value)}" for name, value in told.items() if value)
    if not named:
        return ""
    return (
        f'<p class="narrowed"><b>{words.narrowed}</b> <span>{named}</span>'
        f'<button type="button" class="quiet" data-widen>{words.widen}</button></p>'
    )


def brand(words: Texts, *, settled: bool = True) -> str:
    """Return the name and the line under it; once settled, it tells the script the language of the page."""
    language = f'data-language="{words.language}" data-direction="{words.direction}" ' if settled else ""
    return (
        f'<div class="brand" {language}'
        f'data-theme="{words.theme}" data-question="{words.question}">'
        f'<span class="seal" aria-hidden="true"></span><h1>{words.name}</h1><p>{words.tagline}</p></div>'
    )


def welcome(count: int, words: Texts, earlier: Sequence[tuple[str, str]] = ()) -> str:
    """Return what a newcomer sees.

    Args:
        count: of the documents, which open from there.
        words: the language.
        earlier: name and first question of each conversation that the browser keeps, the latest first.
    """
    return (
        f'<div class="welcome"><h2>{words.welcome}</h2><p>{words.welcome_more}</p>'
        f'<p><button type="button" class="quiet" data-documents>{words.documents(count)}</button></p>'
        f'{_earlier(earlier, words) if earlier else ""}<p class="kicker">{words.examples}</p></div>'
    )


def _earlier(kept: Sequence[tuple[str, str]], words: Texts) -> str:
    rows = "".join(
        f'<li><button type="button" class="quiet" data-earlier="{name}">{bdi(question)}</button></li>'
        for name, question in kept
    )
    return (
        f'<nav class="earlier" aria-label="{words.earlier}"><p class="kicker">{words.earlier}</p><ul>{rows}</ul></nav>'
    )
