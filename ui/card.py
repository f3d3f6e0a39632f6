"""One turn of the conversation as HTML: the question, and under it the answer card or why there is none.

Takes `Answer` values and the texts of a language; nothing from a document or a question is markup. A card shows the
quotation with its chip, what differs from it beside it, confidence, sources, and what can be done with the answer.
"""

from uuid import uuid4

from qa.answers import Answer
from ui.evidence import NEAREST, Source, facts, sources
from ui.markup import Quotation, attribute, bdi, passage, plain
from ui.proof import proof_address
from ui.strings import Texts, level, share, why_declined

_LONG = 140  # characters; a longer quotation is set smaller


def turn(question: str, body: str, number: int, words: Texts, *, understood: str | None = None) -> str:
    """Return one turn of the conversation: the question as it was asked, how it was understood, `body` under them."""
    return (
        f'<section class="turn" id="turn-{number}" data-turn="{number}">'
        f'<p class="unseen">{words.you_asked}</p><h2 class="asked" dir="auto">{plain(question)}</h2>'
        f"{_understood(understood, number, words) if understood else ''}{body}</section>"
    )


def _understood(question: str, number: int, words: Texts) -> str:
    """Return how a question that leans on the turn before was understood, and the way to ask it as it was typed."""
    return (
        f'<p class="understood"><span>{words.understood}</span> {bdi(question)} '
        f'<button type="button" class="quiet" data-typed="{number}">{words.as_typed}</button></p>'
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


def judging(answer: Answer, number: int, words: Texts, *, name: str, said: str, unkept: bool = False) -> str:
    """Return the buttons by which a visitor says what they think of an answer.

    Args:
        answer: the answer.
        number: of its turn.
        words: the language.
        name: of the turn, under which the browser keeps what is said.
        said: which button is pressed.
        unkept: whether the last word could not be kept.
    """
    if answer.answered:
        labels = {"right": words.right, "wrong_answer": words.wrong_answer, "wrong_evidence": words.wrong_evidence}
    else:
        labels = {"right": words.rightly_declined, "wrong_answer": words.wrongly_declined}
    buttons = "".join(
        f'<button type="button" class="quiet" data-judge="{opinion}" aria-pressed="{str(opinion == said).lower()}">'
        f"{label}</button>"
        for opinion, label in labels.items()
    )
    told = f">{words.judged if said else ''}"
    if unkept:
        told = f' data-try="{uuid4().hex}">{words.not_judged}'  # another page each time, or it is not drawn again
    return (
        f'<div class="judging" role="group" aria-label="{words.judge}" title="{words.judge_kept}" '
        f'data-turn="{number}" data-name="{name}" data-done="{words.judged}"><span>{words.judge}</span>{buttons}'
        f'<span class="kept" role="status"{told}</span></div>'
    )


def keeping(words: Texts) -> str:
    """Return what can be done with a whole conversation: saved as a page or as JSON, and deleted."""
    return (
        f'<div class="keeping" role="group" aria-label="{words.conversation}">'
        f'<button type="button" class="quiet" data-export="html">{words.save_page}</button>'
        f'<button type="button" class="quiet" data-export="json">{words.save_json}</button>'
        f'<button type="button" class="quiet" data-delete="{words.delete_sure}">{words.delete}</button></div>'
    )


def _answered(answer: Answer, number: int, words: Texts) -> str:
    quoted = [source for source in sources(answer) if source.cited]
    first, agreeing = quoted[0], quoted[: len(answer.citations)]
    differing = quoted[len(answer.citations) :]
    heading = words.sources_agree(len(agreeing)) if len(agreeing) > 1 else words.sources_of_answer
    listed = agreeing if len(agreeing) > 1 or not differing else []  # those that differ name their sources above
    shown = _rivals([first, *differing], number, words) if differing else _quote(first, number, words)
    return (
        f'<article class="card answered" aria-label="{words.answer}">'
        f'<p class="kicker">{words.sources_differ if differing else words.answer}</p>'
        f"{shown}{'' if differing else _sentence(first)}{_confidence(answer.confidence, words)}"
        f"{_list(heading, listed, number, words) if listed else ''}{_actions(answer, quoted, words)}</article>"
    )


def _rivals(differing: list[Source], number: int, words: Texts) -> str:
    """Return quotations that give different values, side by side, each with its article and date."""
    sides = (f'<li class="side">{_quote(source, number, words)}{_dated(source, words)}</li>' for source in differing)
    return f'<ul class="sides">{"".join(sides)}</ul>'


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
        f'<p class="meta of">{title}<span class="dot" aria-hidden="true"> · </span>{facts(source.citation, words)}</p>'
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


def _actions(answer: Answer, quoted: list[Source], words: Texts) -> str:
    """Return what can be done with an answer: copied (the script reads the attribute), proved, saved."""
    parts = [_copied(quoted[0], words)]
    if answer.differing:
        parts += [words.sources_differ, *(_copied(source, words) for source in quoted[len(answer.citations) :])]
    copied = attribute("\n\n".join(parts))
    proof, saved = (attribute(proof_address(answer, words, save=save)) for save in (False, True))
    return (
        f'<p class="actions"><button type="button" class="quiet" data-copy="{copied}" data-done="{words.copied}">'
        f'{words.copy}</button><a class="quiet" href="{proof}" target="_blank" rel="noopener">{words.proof_link}</a>'
        f'<a class="quiet" href="{saved}" download>{words.save}</a></p>'
    )


def _copied(source: Source, words: Texts) -> str:
    """Return a quotation with its reference as text."""
    document, number = source.citation.document, source.citation.page
    page = words.page.format(n=number) if number else None
    reference = " — ".join(part for part in (document.title, document.source, document.date, page) if part)
    return f"«{source.citation.text}»\n[{source.n}] {reference}"


def _unanswered(answer: Answer, number: int, words: Texts) -> str:
    nearest = sources(answer)[:NEAREST]
    reason = why_declined(answer.reason, answer.confidence, words, read=bool(nearest))
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
        f'<span class="meta">{facts(source.citation, words)}</span>{snippet}</span></button>'
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
        f'<span class="meta">{facts(citation, words)}</span>'
        f'<span class="tip-text" dir="auto">{plain(_short(citation.context.strip(), 240))}</span></span></span>'
    )


def _short(text: str, limit: int) -> str:
    """Return `text`, cut at a space before `limit` characters."""
    return text if len(text) <= limit else text[:limit].rsplit(maxsplit=1)[0] + "…"
