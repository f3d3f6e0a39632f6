"""Answer → evidence: its sources, numbered once, and the panel beside the conversation that shows them.

Takes `Answer` values and the texts of a language, gives right-to-left HTML in which nothing from a document is markup.
Citations come first, then what differs from them, then the other passages that were read; card, chips and panel share
the numbers, and a chip finds its source by "turn-number".
"""

from typing import NamedTuple

from qa.answers import Answer, Citation
from ui.markup import Quotation, bdi, passage, plain
from ui.strings import Texts, day

NEAREST = 3  # passages shown at once when nothing was answered
_AROUND = 320  # characters on each side of a sentence, where no passage that was read holds it


class Source(NamedTuple):
    """One numbered place in a document: the quotation, its sentence and the passage they stand in."""

    n: int
    citation: Citation
    start: int
    end: int
    cited: bool

    @property
    def marked(self) -> bool:
        """Whether there is something smaller than the passage to mark."""
        return self.cited or (self.citation.start, self.citation.end) != (self.start, self.end)


def sources(answer: Answer) -> list[Source]:
    """Return what `answer` quotes, then the passages that were read and hold none of it, numbered from 1."""
    cited = [Source(n, c, *_passage_of(c, answer.evidence), True) for n, c in enumerate(answer.quoted, 1)]
    others = [e for e in answer.evidence if not any(_holds(e, c) for c in answer.quoted)]
    return cited + [
        Source(n, e, min(e.start, e.context_start), max(e.end, e.context_end), False)
        for n, e in enumerate(others, len(cited) + 1)
    ]


def _holds(outer: Citation, inner: Citation) -> bool:
    """Whether the passage of `outer` has the quotation of `inner` in it."""
    return (
        outer.document.id == inner.document.id and outer.context_start <= inner.start and inner.end <= outer.context_end
    )


def _passage_of(citation: Citation, evidence: tuple[Citation, ...]) -> tuple[int, int]:
    """Return the range to show around a citation: the passage that was read, or some text on both sides."""
    for passage_read in evidence:
        if _holds(passage_read, citation):
            return min(passage_read.context_start, citation.context_start), max(
                passage_read.context_end, citation.context_end
            )
    text = citation.document.text
    start, end = max(0, citation.context_start - _AROUND), min(len(text), citation.context_end + _AROUND)
    while 0 < start < citation.context_start and not text[start - 1].isspace():
        start += 1
    while len(text) > end > citation.context_end and not text[end].isspace():
        end -= 1
    return start, end


def facts(citation: Citation, words: Texts) -> str:
    """Return date and source of a document and the page of the quotation, each isolated."""
    parts = [bdi(day(citation.document.date, words))]
    if citation.document.source:
        parts.append(bdi(citation.document.source))
    if citation.page:
        parts.append(bdi(words.page.format(n=citation.page)))
    return '<span class="dot" aria-hidden="true"> · </span>'.join(parts)


# The panel


def panel(answer: Answer, number: int, words: Texts) -> str:
    """Return the evidence of one answer: its citations open, the other passages that were read folded away."""
    everything = sources(answer)
    first = [source for source in everything if source.cited] or everything[:NEAREST]
    rest = everything[len(first) :]
    shown = "".join(_source(source, number, words) for source in first)
    if rest:
        folded = "".join(_source(source, number, words) for source in rest)
        summary = words.other_passages(len(rest))
        shown += f'<details class="others"><summary>{summary}</summary>{folded}</details>'
    return f'<div class="sources" id="sources-{number}" data-turn="{number}">{shown}</div>'


def _source(source: Source, number: int, words: Texts) -> str:
    citation = source.citation
    document = citation.document
    quotations = [Quotation(citation.start, citation.end, source.n)] if source.marked else []
    sentence = (citation.context_start, citation.context_end) if source.cited else None
    shown = passage(document.text, source.start, source.end, sentence=sentence, quotations=quotations)
    before, after = "… " if source.start else "", " …" if source.end < len(document.text) else ""
    return (
        f'<article class="source" id="source-{number}-{source.n}" tabindex="-1" '
        f'aria-labelledby="title-{number}-{source.n}">'
        f'<header><span class="n">{source.n}</span><div><h3 id="title-{number}-{source.n}">{bdi(document.title)}</h3>'
        f'<p class="meta">{facts(citation, words)}</p></div></header>'
        f'<div class="text passage" dir="auto" data-before="{before}" data-after="{after}">{shown}</div>'
        f"{_whole(source, words)}</article>"
    )


def _whole(source: Source, words: Texts) -> str:
    """Return the fold that loads the whole article at the place of the quotation, and the link to its page."""
    address = source_address(source.citation, words)
    return (
        f'<details class="whole" data-load="{address}" data-loading="{words.loading}" '
        f'data-failed="{words.not_loaded}"><summary>{words.whole_document}</summary></details>'
        f'<p class="more"><bdi class="path">{plain(source.citation.document.path)}</bdi>'
        f'<a href="{address}#quotation" target="_blank" rel="noopener">{words.open_page}</a></p>'
    )


def source_address(citation: Citation, words: Texts) -> str:
    """Return the address of the page that shows a citation in its whole document, ready for an attribute."""
    return f"source/{citation.document.id}?start={citation.start}&amp;end={citation.end}&amp;language={words.language}"
