"""Answer → right-to-left HTML with its evidence: the answer card, and the panel of sources beside it.

Takes `Answer` values and the texts of a language, gives strings of HTML in which nothing from a document or a
question is markup. The sources of an answer are numbered once, citations first; card, chips and panel share the
numbers, and a chip finds its source by "turn-number".
"""

from typing import NamedTuple

from embeddings.arabic import words as words_of
from qa.answers import Answer, Citation
from ui.markup import Quotation, attribute, bdi, passage, plain
from ui.proof import proof_address
from ui.strings import Texts, day, level, share

_LONG = 140  # characters; a longer quotation is set smaller
_NEAREST = 3  # passages shown at once when nothing was answered
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
    """Return the citations of `answer`, then the passages that were read and hold none of them, numbered from 1."""
    cited = [Source(n, c, *_passage_of(c, answer.evidence), True) for n, c in enumerate(answer.citations, 1)]
    others = [e for e in answer.evidence if not any(_holds(e, c) for c in answer.citations)]
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


# The answer card


def turn(question: str, body: str, number: int, words: Texts) -> str:
    """Return one turn of the conversation: the question as it was asked, and `body` under it."""
    return (
        f'<section class="turn" id="turn-{number}" data-turn="{number}">'
        f'<p class="unseen">{words.you_asked}</p><h2 class="asked" dir="auto">{plain(question)}</h2>'
        f"{body}</section>"
    )


def pending(words: Texts) -> str:
    """Return what stands under a question while it is being answered."""
    dots = '<span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>'
    return f'<div class="card pending" role="status">{dots}{words.searching}</div>'


def problem(message: str) -> str:
    """Return a message to the reader in place of an answer."""
    return f'<div class="card problem" role="alert"><p>{plain(message)}</p></div>'


def card(answer: Answer, number: int, words: Texts) -> str:
    """Return the card of an answer: the quotation with its chips, confidence and sources; or that there is none."""
    return _answered(answer, number, words) if answer.answered else _unanswered(answer, number, words)


def _answered(answer: Answer, number: int, words: Texts) -> str:
    first, *others = [source for source in sources(answer) if source.cited]
    differing = [source for source in others if not _agree(first, source)]
    agreeing = [source for source in others if source not in differing]
    heading = words.sources_agree.format(count=len(agreeing) + 1) if agreeing else words.sources_of_answer
    listed = [first, *agreeing] if agreeing or not differing else []  # those that differ name their sources above
    rivals = "".join(f"{_quote(source, number, words)}{_dated(source, words)}" for source in differing)
    return (
        f'<article class="card answered" aria-label="{words.answer}">'
        f'<p class="kicker">{words.sources_differ if differing else words.answer}</p>'
        f"{_quote(first, number, words)}{_dated(first, words) if differing else _sentence(first)}{rivals}"
        f"{_confidence(answer.confidence, words)}"
        f"{_list(heading, listed, number, words) if listed else ''}{_actions(answer, first, words)}</article>"
    )


def _agree(one: Source, other: Source) -> bool:
    """Whether two quotations say the same: all folded words of the shorter are in the longer."""
    first, second = ({word.text for word in words_of(source.citation.text)} for source in (one, other))
    return first <= second or second <= first


def _quote(source: Source, number: int, words: Texts) -> str:
    """Return the quotation of a source as a block, with its chip."""
    long = " long" if len(source.citation.text) > _LONG else ""
    return (
        f'<blockquote class="quote{long}" dir="auto"><span class="exact">{plain(source.citation.text)}</span>'
        f"&#8288;{_chip(source, number, words)}</blockquote>"
    )


def _dated(source: Source, words: Texts) -> str:
    """Return title, date and source of one of several quotations that differ."""
    title = bdi(_short(source.citation.document.title, 90))
    return (
        f'<p class="meta of">{title}<span class="dot" aria-hidden="true"> · </span>{_facts(source.citation, words)}</p>'
    )


def _sentence(source: Source) -> str:
    """Return the sentence of a quotation, where it says more than the quotation."""
    citation = source.citation
    if citation.context.strip() == citation.text.strip():
        return ""
    marked = passage(
        citation.document.text,
        citation.context_start,
        citation.context_end,
        quotations=[Quotation(citation.start, citation.end, source.n)],
    )
    return f'<p class="around text" dir="auto">{marked}</p>'


def _confidence(confidence: float, words: Texts) -> str:
    rank = level(confidence)
    return (
        f'<p class="confidence level-{rank}" title="{words.confidence_help}">'
        f'<span class="gauge" aria-hidden="true"><i></i><i></i><i></i></span>'
        f'{words.confidence[rank]} <bdi class="figure">{share(confidence)}</bdi></p>'
    )


def _actions(answer: Answer, source: Source, words: Texts) -> str:
    """Return what can be done with an answer: copied (the script reads the attribute), proved, saved."""
    document, number = source.citation.document, source.citation.page
    page = words.page.format(n=number) if number else None
    reference = " — ".join(part for part in (document.title, document.source, document.date, page) if part)
    copied = attribute(f"«{source.citation.text}»\n[{source.n}] {reference}")
    proof, saved = (attribute(proof_address(answer, words, save=save)) for save in (False, True))
    return (
        f'<p class="actions"><button type="button" class="quiet" data-copy="{copied}" data-done="{words.copied}">'
        f'{words.copy}</button><a class="quiet" href="{proof}" target="_blank" rel="noopener">{words.proof_link}</a>'
        f'<a class="quiet" href="{saved}" download>{words.save}</a></p>'
    )


def _unanswered(answer: Answer, number: int, words: Texts) -> str:
    nearest = sources(answer)[:_NEAREST]
    reason = words.too_uncertain.format(share=share(answer.confidence)) if nearest else words.nothing_found
    listed = _list(words.nearest, nearest, number, words) if nearest else ""
    return (
        f'<article class="card unanswered"><p class="verdict">{words.no_answer}</p>'
        f'<p class="reason">{reason}</p>{listed}</article>'
    )


def _list(heading: str, shown: list[Source], number: int, words: Texts) -> str:
    rows = "".join(f"<li>{_row(source, number, words)}</li>" for source in shown)
    return f'<div class="listed"><h3>{heading}</h3><ol class="places">{rows}</ol></div>'


def _row(source: Source, number: int, words: Texts) -> str:
    """Return a source in one line, which opens it in the panel."""
    document = source.citation.document
    opening = _short(" ".join(document.text[source.start : source.end].split()), 150)
    snippet = "" if source.cited else f'<span class="snippet" dir="auto">{plain(opening)}</span>'
    return (
        f'<button type="button" class="place" data-open="{number}-{source.n}">'
        f'<span class="n">{source.n}</span><span class="what">{bdi(_short(document.title, 90))}'
        f'<span class="meta">{_facts(source.citation, words)}</span>{snippet}</span></button>'
    )


def _chip(source: Source, number: int, words: Texts) -> str:
    """Return the chip [n] of a citation, with the card that hovering or focusing it shows."""
    citation, key = source.citation, f"{number}-{source.n}"
    label = attribute(words.chip.format(n=source.n, title=citation.document.title))
    return (
        f'<span class="cite"><button type="button" class="chip" data-open="{key}" aria-label="{label}" '
        f'aria-describedby="tip-{key}">[{source.n}]</button>'
        f'<span class="tip" role="tooltip" id="tip-{key}" dir="{words.direction}">'
        f'<span class="tip-title">{bdi(citation.document.title)}</span>'
        f'<span class="meta">{_facts(citation, words)}</span>'
        f'<span class="tip-text" dir="auto">{plain(_short(citation.context.strip(), 240))}</span></span></span>'
    )


def _facts(citation: Citation, words: Texts) -> str:
    """Return date and source of a document and the page of the quotation, each isolated."""
    parts = [bdi(day(citation.document.date, words))]
    if citation.document.source:
        parts.append(bdi(citation.document.source))
    if citation.page:
        parts.append(bdi(words.page.format(n=citation.page)))
    return '<span class="dot" aria-hidden="true"> · </span>'.join(parts)


def _short(text: str, limit: int) -> str:
    """Return `text`, cut at a space before `limit` characters."""
    return text if len(text) <= limit else text[:limit].rsplit(maxsplit=1)[0] + "…"


# The panel


def panel(answer: Answer, number: int, words: Texts) -> str:
    """Return the evidence of one answer: its citations open, the other passages that were read folded away."""
    everything = sources(answer)
    first = [source for source in everything if source.cited] or everything[:_NEAREST]
    rest = everything[len(first) :]
    shown = "".join(_source(source, number, words) for source in first)
    if rest:
        folded = "".join(_source(source, number, words) for source in rest)
        summary = words.other_passages.format(count=len(rest))
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
        f'<p class="meta">{_facts(citation, words)}</p></div></header>'
        f'<div class="text passage" dir="auto" data-before="{before}" data-after="{after}">{shown}</div>'
        f"{_whole(source, words)}</article>"
    )


def _whole(source: Source, words: Texts) -> str:
    """Return the fold that loads the whole article at the place of the quotation, and the link to its page."""
    address = source_address(source.citation, words)
    return (
        f'<details class="whole" data-load="{address}" data-loading="{words.loading}" '
        f'data-failed="{words.not_loaded}"><summary>{words.whole_article}</summary></details>'
        f'<p class="more"><bdi class="path">{plain(source.citation.document.path)}</bdi>'
        f'<a href="{address}#quotation" target="_blank" rel="noopener">{words.open_page}</a></p>'
    )


def source_address(citation: Citation, words: Texts) -> str:
    """Return the address of the page that shows a citation in its whole document, ready for an attribute."""
    return f"source/{citation.document.id}?start={citation.start}&amp;end={citation.end}&amp;language={words.language}"
