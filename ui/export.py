"""A whole conversation as a file that opens anywhere: a page to read, or the JSON that `dalil verify` takes.

Takes turns and the texts of a language. The page has its style inside, no script, and no address of a server.
"""

import json
from collections.abc import Sequence
from typing import Any, Final, Literal

from qa.answers import Answer, Citation
from ui.conversation import Turn, told
from ui.evidence import NEAREST
from ui.markup import Quotation, bdi, passage, plain
from ui.pages import facts, page
from ui.proof import saved
from ui.strings import Texts, share, why_declined

Form = Literal["html", "json"]
_TYPES: Final = {"html": "text/html", "json": "application/json"}


def exported(turns: Sequence[Turn], words: Texts, form: Form) -> dict[str, str]:
    """Return name, media type and text of the file."""
    text = conversation_page(turns, words) if form == "html" else conversation_json(turns)
    return {"name": f"dalil.{form}", "type": _TYPES[form], "text": text}


def conversation_json(turns: Sequence[Turn]) -> str:
    """Return the answers as a JSON list, each as `dalil ask --json` prints it; a question that broke has none."""
    return json.dumps([_values(turn) for turn in turns], ensure_ascii=False, indent=1)


def _values(turn: Turn) -> dict[str, Any]:
    if turn.answer is not None:
        return turn.answer.to_dict()
    return {"question": turn.question, "answered": False, "answer": None, "citations": [], "problem": turn.problem}


def conversation_page(turns: Sequence[Turn], words: Texts) -> str:
    """Return the conversation as a page: every question, its quotations in their passages, and where they stand."""
    title = turns[0].question if turns else words.conversation
    shown = "".join(f'<section class="card">{_turn(turn, words)}</section>' for turn in turns)
    return saved(page(title, f"<h1>{words.conversation}</h1>{shown}", words, root="./"))


def _turn(turn: Turn, words: Texts) -> str:
    asked = f'<h2 dir="auto">{plain(turn.question)}</h2>'
    if turn.understood:
        asked += f'<p class="meta">{words.understood} {bdi(turn.understood)}</p>'
    if turn.answer is None:
        return f"{asked}<p>{told(turn.problem, words)}</p>"
    return asked + (_answered(turn.answer, words) if turn.answer.answered else _declined(turn.answer, words))


def _answered(answer: Answer, words: Texts) -> str:
    differ = f'<p class="check changed">{words.sources_differ}</p>' if answer.differing else ""
    sure = f"<p>{words.confidence_help}: <bdi>{share(answer.confidence)}</bdi></p>"
    return differ + "".join(_quoted(c, n, words) for n, c in enumerate(answer.quoted, 1)) + sure


def _quoted(citation: Citation, n: int, words: Texts) -> str:
    return (
        f'<blockquote class="quote long" dir="auto">{plain(citation.text)}</blockquote>'
        f"{_source(citation, n, [Quotation(citation.start, citation.end, n)], words)}"
    )


def _source(citation: Citation, n: int, marks: Sequence[Quotation], words: Texts) -> str:
    document = citation.document
    around = passage(document.text, citation.context_start, citation.context_end, quotations=marks)
    return (
        f'<h3><bdi>[{n}]</bdi> {bdi(document.title)}</h3><p class="text article" dir="auto">{around}</p>'
        f"{facts(document, citation.start, citation.end, words)}"
    )


def _declined(answer: Answer, words: Texts) -> str:
    nearest = answer.evidence[:NEAREST]
    reason = why_declined(answer.reason, answer.confidence, words, read=bool(nearest))
    listed = "".join(_source(read, n, [], words) for n, read in enumerate(nearest, 1))
    return f"<p><b>{words.no_answer}</b></p><p>{reason}</p>{f'<h3>{words.nearest}</h3>' if nearest else ''}{listed}"
