"""Conversations kept in the visitor's own browser, and nowhere else: places and hashes, no text of any document.

`packed(turns)` gives JSON values small enough for the browser's storage; `unpacked(values, find)` reads each
quotation again from the indexed document. Where a document has changed or gone since, the turn says so instead of
showing characters that were never quoted. What the browser sends of its storage, and what it shall do with it, is JSON
that `assets/memory.js` speaks: there each turn has an entry of its own, so that two tabs lose nothing of each other's.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from embeddings.documents import Document
from qa.answers import Answer, Citation, Reason
from qa.assistant import MAX_QUESTION
from ui.conversation import Turn

KEPT: Final = 30  # turns
_EVIDENCE: Final = 8  # passages a turn
_QUOTED: Final = 100  # quotations that agree, or differ: as many as an answer has at the most
_OPINIONS: Final = 300
_ID: Final = re.compile("[0-9a-f]{32}")

_Find = Callable[[str], Document]


def packed(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    """Return the last turns as JSON values: questions, and for each quotation its place and its document's hash."""
    return [_packed_turn(turn) for turn in turns[-KEPT:]]


def unpacked(values: object, find: _Find) -> list[Turn]:
    """Return the turns that `packed` was given.

    Args:
        values: what the browser stored; anything that is not ours, or more than we keep, is left out.
        find: gives a document by its id, KeyError when it is gone.
    """
    turns = []
    for value in values[-KEPT:] if isinstance(values, list) else []:
        try:
            turns.append(_turn(value, find))
        except (KeyError, TypeError, ValueError, OverflowError, IndexError, AttributeError):
            continue
    return turns


def conversations(memory: object) -> dict[str, list[Any]]:
    """Return the packed turns of each conversation that a browser keeps, by its name, the latest last."""
    turns = memory.get("turns") if isinstance(memory, dict) else None
    kept: dict[str, list[Any]] = {}
    for turn in reversed(turns) if isinstance(turns, list) else ():
        if isinstance(turn, dict) and (name := _id(turn.get("conversation"))):
            kept.setdefault(name, []).append(turn)
    return {name: some[::-1] for name, some in reversed(kept.items())}


def opened(memory: object) -> list[Any]:
    """Return the packed turns of the conversation that a tab has open; none where a new one is begun."""
    return conversations(memory).get(str(memory.get("open")), []) if isinstance(memory, dict) else []


def titles(memory: object) -> list[tuple[str, str]]:
    """Return name and first question of each conversation, the latest first."""
    kept = reversed(conversations(memory).items())
    return [(name, str(turns[0].get("question", ""))) for name, turns in kept]


def kept(turn: Turn) -> dict[str, Any]:
    """Return what the browser shall do after a turn: keep it, and have its conversation open in this tab."""
    return {"open": turn.conversation, "keep": packed([turn])}


def _packed_turn(turn: Turn) -> dict[str, Any]:
    told = {"id": turn.id, "conversation": turn.conversation, "question": turn.question[:MAX_QUESTION]}
    if turn.answer is None:
        return {**told, "problem": turn.problem}
    answer = turn.answer
    return {
        **told,
        "understood": answer.understood,
        "confidence": answer.confidence,
        "citations": [_place(citation) for citation in answer.citations[:_QUOTED]],
        "differing": [_place(rival) for rival in answer.differing[:_QUOTED]],
        "reason": answer.reason,
        "evidence": [_place(passage) for passage in answer.evidence[:_EVIDENCE]],
        "index": dict(answer.index),
        "models": dict(answer.models),
    }


def _place(citation: Citation) -> list[Any]:
    document = citation.document
    ranges = (citation.start, citation.end, citation.context_start, citation.context_end)
    return [document.id, document.sha256[:16], *ranges, round(citation.score, 4)]


def _turn(value: dict[str, Any], find: _Find) -> Turn:
    question, names = str(value["question"]), (_id(value.get("id")), _id(value.get("conversation")))
    if value.get("problem"):
        return Turn(question, None, str(value["problem"]), *names)
    try:
        citations, differing = (
            tuple(_citation(place, find) for place in value.get(kind, ())[:_QUOTED])
            for kind in ("citations", "differing")
        )
    except (_ChangedError, KeyError):
        return Turn(question, None, "changed", *names)
    evidence = tuple(passage for place in value["evidence"][:_EVIDENCE] if (passage := _still(place, find)))
    confidence = min(1.0, max(0.0, float(value["confidence"])))
    answer = Answer(
        question,
        confidence,
        citations,
        evidence,
        value["index"],
        value["models"],
        differing=differing,
        reason=Reason(value["reason"]) if value.get("reason") else None,
        understood=str(value["understood"]) if value.get("understood") else None,
    )
    return Turn(question, answer, "", *names)


def _id(value: object) -> str:
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""


class _ChangedError(Exception):
    """A document is not the one that was quoted."""


def _citation(place: Sequence[Any], find: _Find) -> Citation:
    document = find(str(place[0]))
    if document.sha256[:16] != place[1]:
        raise _ChangedError(document.path)
    start, end, context_start, context_end = (int(number) for number in place[2:6])
    return Citation(document, start, end, context_start, context_end, float(place[6]))


def _still(place: Sequence[Any], find: _Find) -> Citation | None:
    try:
        return _citation(place, find)
    except (_ChangedError, KeyError):
        return None


def opinions(memory: object) -> dict[str, str]:
    """Return what the visitor said of answers, by their id, as far as the browser still has it."""
    values = memory.get("said") if isinstance(memory, dict) else None
    items = values.items() if isinstance(values, dict) else ()
    return {_id(key): str(value) for key, value in list(items)[:_OPINIONS] if _id(key)}


def with_opinion(known: dict[str, str], turn_id: str, opinion: str | None) -> dict[str, str]:
    """Return the opinions with one more, the last one said last; None takes one back."""
    others = {key: value for key, value in known.items() if key != turn_id}
    said = {turn_id: str(opinion)} if opinion else {}
    return dict([*others.items(), *said.items()][-_OPINIONS:])
