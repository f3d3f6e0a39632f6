"""The page that proves an answer: every quotation checked now, marked in its whole article, with how it was found.

A `Reference` names a quotation by document, range and hash, short enough for an address. `proof_page` takes the
question and its references, reads each quotation again from the index, and gives one HTML page; `saved` makes of it
a file that opens from disk with nothing beside it.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote, urlencode

from embeddings.documents import Document
from embeddings.errors import DalilError
from qa.answers import Answer, Citation
from ui.markup import Quotation, bdi, passage, plain
from ui.pages import facts, page
from ui.strings import Texts, share

if TYPE_CHECKING:
    from qa.assistant import Assistant
    from qa.retriever import Hit

_HASH: Final = 16  # hexadecimal digits of a document's hash that an address carries
_STYLE: Final = Path(__file__).parent / "assets" / "dalil.css"


class Reference(NamedTuple):
    """A quotation by its place: document, half-open range of code points, and the start of the document's hash."""

    document_id: str
    start: int
    end: int
    sha256: str

    @classmethod
    def of(cls, citation: Citation) -> "Reference":
        """Return the reference of a citation."""
        return cls(citation.document.id, citation.start, citation.end, citation.document.sha256[:_HASH])

    @classmethod
    def read(cls, text: str) -> "Reference":
        """Read what `str()` wrote; ValueError for anything else."""
        document_id, start, end, sha256 = text.split(".")
        return cls(document_id, int(start), int(end), sha256)

    def __str__(self) -> str:
        return f"{self.document_id}.{self.start}.{self.end}.{self.sha256}"


class Checked(NamedTuple):
    """A reference, and what its document says now: `state` is "stands", "changed" or "removed"."""

    reference: Reference
    state: str
    document: Document | None


def proof_address(answer: Answer, words: Texts, *, save: bool = False) -> str:
    """Return the address of the proof of `answer`, relative to the chat; not yet escaped for an attribute."""
    fields = [("question", answer.question), ("language", words.language)]
    fields += [("quotation", str(Reference.of(citation))) for citation in answer.citations]
    return "proof?" + urlencode([*fields, *([("save", "1")] if save else [])], quote_via=quote)


def check(reference: Reference, assistant: "Assistant") -> Checked:
    """Read a quotation's place again."""
    try:
        document = assistant.document(reference.document_id)
    except KeyError:
        return Checked(reference, "removed", None)
    same = document.sha256[:_HASH] == reference.sha256
    inside = 0 <= reference.start < reference.end <= len(document.text)
    return Checked(reference, "stands" if same and inside else "changed", document)


def proof_page(question: str, references: Sequence[Reference], assistant: "Assistant", words: Texts) -> str:
    """Return the page that shows, checked now, the quotations that answered `question`."""
    checked = [check(reference, assistant) for reference in references]
    answer, hits = _asked_again(question, assistant)
    same = answer is not None and [Reference.of(c) for c in answer.citations] == list(references)
    shown = "".join(_quotation(item, n, hits, words) for n, item in enumerate(checked, 1))
    confidence = f"<p>{words.confidence_help}: <bdi>{share(answer.confidence)}</bdi></p>" if same and answer else ""
    body = (
        f'<p class="kicker">{words.proof}</p><h1 dir="auto">{plain(question)}</h1>'
        f"{_verdict(checked, words)}{confidence}"
        f"{shown}{_made_with(answer, words)}{_values(question, answer if same else None, checked)}"
    )
    return page(question, body, words, root="./")


def saved(html: str) -> str:
    """Return a page that needs nothing beside it: style inside, no script, no address of the server."""
    style = re.sub(r"@font-face \{[^}]*\}\n?", "", _STYLE.read_text(encoding="utf-8")).replace("url(mark.svg)", "none")
    html = re.sub(r'<link rel="stylesheet"[^>]*>', lambda _: f"<style>{style}</style>", html)
    html = re.sub(r'<link rel="icon"[^>]*>|<script src=[^>]*></script>', "", html)
    return re.sub(r'<header class="bar">.*?</header>', "", html, flags=re.DOTALL)


def _asked_again(question: str, assistant: "Assistant") -> tuple[Answer | None, "Sequence[Hit]"]:
    """Return the answer and the ranking that the index gives now; nothing where the question cannot be asked."""
    try:
        return assistant.ask(question), assistant.search(question)
    except DalilError:
        return None, ()


def _verdict(checked: Sequence[Checked], words: Texts) -> str:
    standing = sum(item.state == "stands" for item in checked)
    good = standing == len(checked)
    text = words.all_stand if good else words.some_stand
    shown = text.format(standing=standing, count=len(checked))
    return f'<p class="check {"stands" if good else "changed"}" role="status">{shown}</p>'


def _quotation(checked: Checked, n: int, hits: "Sequence[Hit]", words: Texts) -> str:
    """Return one quotation with its facts, or what has become of its document."""
    reference, state, document = checked
    if document is None or state != "stands":
        told = words.quotation_removed if document is None else words.quotation_changed
        title = bdi(document.title) if document else ""
        return f'<section class="card problem"><h2>[{n}] {title}</h2><p>{told}</p></section>'
    quoted = plain(document.text[reference.start : reference.end])
    marks = [Quotation(reference.start, reference.end, n)]
    article = passage(document.text, 0, len(document.text), quotations=marks)
    return (
        f'<section class="card"><h2><bdi>[{n}]</bdi> {bdi(document.title)}</h2>'
        f'<blockquote class="quote long" dir="auto">{quoted}</blockquote>'
        f"{facts(document, reference.start, reference.end, words)}{_found(reference, hits, words)}"
        f'<details open><summary>{words.whole_article}</summary><div class="text article" dir="auto">{article}</div>'
        "</details></section>"
    )


def _found(reference: Reference, hits: "Sequence[Hit]", words: Texts) -> str:
    """Return how the ranking finds the passage of a quotation: rank, both scores, the words that matched."""
    for rank, hit in enumerate(hits, 1):
        here = hit.passage.start <= reference.start and reference.end <= hit.passage.end
        if hit.document.id == reference.document_id and here:
            matched = "، ".join(bdi(word) for word in dict.fromkeys(hit.matched))
            figures = words.found.format(rank=rank, score=hit.score, cosine=hit.cosine, bm25=hit.bm25)
            return f'<p class="found"><b>{words.how_found}:</b> {figures} <span>{words.matched}: {matched}</span></p>'
    return ""


def _made_with(answer: Answer | None, words: Texts) -> str:
    """Return the identity of index and models."""
    if answer is None:
        return ""
    values = {**answer.index, **answer.models}
    rows = "".join(f"<div><dt>{plain(str(k))}</dt><dd>{bdi(str(v))}</dd></div>" for k, v in values.items())
    return f'<section class="card"><h2>{words.made_with}</h2><dl class="facts" dir="ltr">{rows}</dl></section>'


def _values(question: str, answer: Answer | None, checked: Sequence[Checked]) -> str:
    """Return the answer as JSON inside the page, for programs; no "<" in it can end the element."""
    standing: list[dict[str, Any]] = [
        Citation(c.document, c.reference.start, c.reference.end, c.reference.start, c.reference.end, 0.0).to_dict(n)
        for n, c in enumerate(checked, 1)
        if c.state == "stands" and c.document
    ]
    values = answer.to_dict() if answer else {"question": question, "citations": standing}
    written = json.dumps(values, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="application/json" id="answer">{written}</script>'
