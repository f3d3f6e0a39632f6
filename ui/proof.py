"""The page that proves an answer: every quotation checked now, marked in its whole article, with how it was found.

A `Reference` names a quotation by document, range and hashes, short enough for an address. `proof_page` takes the
question and its references, reads each quotation again from the index, and gives one HTML page; `saved` makes of it
a file that opens from disk with nothing beside it.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote, urlencode

from embeddings.errors import DalilError
from qa.answers import Answer, Citation
from qa.verify import Library, Place, Standing, State, check
from ui.markup import Quotation, bdi, passage, plain
from ui.pages import facts, page
from ui.strings import Texts, share

if TYPE_CHECKING:
    from qa.asking import Answering
    from qa.retriever import Hit

_HASH: Final = 16  # hexadecimal digits of each hash that an address carries
_HASHED: Final = re.compile(f"[0-9a-f]{{{_HASH}}}")
_STYLE: Final = Path(__file__).parent / "assets" / "dalil.css"


class Reference(NamedTuple):
    """A quotation by its place: document, half-open range of code points, and the starts of two hashes."""

    document_id: str
    start: int
    end: int
    sha256: str  # of the document's text
    quoted: str  # of the quotation

    @classmethod
    def of(cls, citation: Citation) -> "Reference":
        """Return the reference of a citation."""
        document = citation.document
        return cls(document.id, citation.start, citation.end, document.sha256[:_HASH], _hash(citation.text))

    @classmethod
    def read(cls, text: str) -> "Reference":
        """Read what `str()` wrote; ValueError for anything else."""
        document_id, start, end, sha256, quoted = text.split(".")
        if not all(_HASHED.fullmatch(digits) for digits in (sha256, quoted)):
            raise ValueError(f"expected two hashes of {_HASH} digits, got {sha256!r} and {quoted!r}")
        return cls(document_id, int(start), int(end), sha256, quoted)

    def __str__(self) -> str:
        return ".".join(map(str, self))


class Checked(NamedTuple):
    """A reference, and what became of its place."""

    reference: Reference
    standing: Standing

    @property
    def state(self) -> State:
        """See `qa.verify.State`."""
        return self.standing.state


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_HASH]


def proof_address(answer: Answer, words: Texts, *, save: bool = False) -> str:
    """Return the address of the proof of `answer`, relative to the chat; not yet escaped for an attribute."""
    fields = [("question", answer.understood or answer.question), ("language", words.language)]
    fields += [("quotation", str(Reference.of(citation))) for citation in answer.quoted]
    return "proof?" + urlencode([*fields, *([("save", "1")] if save else [])], quote_via=quote)


def checked(reference: Reference, library: Library) -> Checked:
    """Read a quotation's place again."""
    place = Place(reference.document_id, reference.start, reference.end, reference.sha256)
    return Checked(reference, check(place, lambda found: _hash(found) == reference.quoted, library))


def proof_page(question: str, references: Sequence[Reference], assistant: "Answering", words: Texts) -> str:
    """Return the page that shows, checked now, the quotations that answered `question`."""
    quotations = [checked(reference, assistant) for reference in references]
    answer, hits = _asked_again(question, assistant)
    same = answer is not None and [Reference.of(c) for c in answer.quoted] == list(references)
    shown = "".join(_quotation(item, n, hits, words) for n, item in enumerate(quotations, 1))
    differ = f'<p class="check changed">{words.sources_differ}</p>' if same and answer and answer.differing else ""
    confidence = f"<p>{words.confidence_help}: <bdi>{share(answer.confidence)}</bdi></p>" if same and answer else ""
    body = (
        f'<p class="kicker">{words.proof}</p><h1 dir="auto">{plain(question)}</h1>'
        f"{_verdict(quotations, words)}{differ}{confidence}"
        f"{shown}{_made_with(answer, words)}{_values(question, answer if same else None, quotations)}"
    )
    return page(question, body, words, root="./")


def saved(html: str) -> str:
    """Return a page that needs nothing beside it: style inside, no script, no address of the server."""
    style = re.sub(r"@font-face \{[^}]*\}\n?", "", _STYLE.read_text(encoding="utf-8")).replace("url(mark.svg)", "none")
    html = re.sub(r'<link rel="stylesheet"[^>]*>', lambda _: f"<style>{style}</style>", html)
    html = re.sub(r'<link rel="icon"[^>]*>|<script src=[^>]*></script>', "", html)
    return re.sub(r'<header class="bar">.*?</header>', "", html, flags=re.DOTALL)


def _asked_again(question: str, assistant: "Answering") -> tuple[Answer | None, "Sequence[Hit]"]:
    """Return the answer and the ranking that the index gives now; nothing where the question cannot be asked."""
    try:
        return assistant.ask(question), assistant.search(question)
    except DalilError:
        return None, ()


def _verdict(checked: Sequence[Checked], words: Texts) -> str:
    standing = sum(item.state is State.STANDS for item in checked)
    good = standing == len(checked)
    count = len(checked)
    shown = words.all_stand(count) if good else words.some_stand.format(standing=standing, count=count)
    return f'<p class="check {"stands" if good else "changed"}" role="status">{shown}</p>'


def _quotation(checked: Checked, n: int, hits: "Sequence[Hit]", words: Texts) -> str:
    """Return one quotation with its facts, or what has become of its document."""
    reference, document = checked.reference, checked.standing.document
    if document is None or checked.state is not State.STANDS:
        title = bdi(document.title) if document else ""
        return f'<section class="card problem"><h2>[{n}] {title}</h2><p>{_told(checked.standing, words)}</p></section>'
    quoted = plain(document.text[reference.start : reference.end])
    marks = [Quotation(reference.start, reference.end, n)]
    article = passage(document.text, 0, len(document.text), quotations=marks)
    return (
        f'<section class="card"><h2><bdi>[{n}]</bdi> {bdi(document.title)}</h2>'
        f'<blockquote class="quote long" dir="auto">{quoted}</blockquote>'
        f"{facts(document, reference.start, reference.end, words)}{_found(reference, hits, words)}"
        f'<details open><summary>{words.whole_document}</summary><div class="text article" dir="auto">{article}</div>'
        "</details></section>"
    )


def _told(standing: Standing, words: Texts) -> str:
    """Return what became of a quotation that does not stand any more."""
    if standing.state is State.MOVED:
        return words.quotation_moved.format(path=bdi(standing.path or ""))
    told = {State.ALTERED: words.quotation_altered, State.CHANGED: words.quotation_changed}
    return told.get(standing.state, words.quotation_removed)


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
        Citation(c.standing.document, *c.reference[1:3], *c.reference[1:3], 0.0).to_dict(n)
        for n, c in enumerate(checked, 1)
        if c.state is State.STANDS and c.standing.document
    ]
    values = answer.to_dict() if answer else {"question": question, "citations": standing}
    written = json.dumps(values, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="application/json" id="answer">{written}</script>'
