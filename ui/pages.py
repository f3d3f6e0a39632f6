"""Whole pages that stand outside the chat: a document with its quotation marked, and the page for one that is gone.

Takes a `Document` and a range, gives a complete HTML page that needs no script to be read; the style sheet is the
chat's. The chat loads the same page when a reader unfolds the whole article.
"""

from embeddings.documents import Document
from ui.markup import Quotation, bdi, passage, plain
from ui.strings import Texts, day


def source_page(document: Document, start: int, end: int, words: Texts) -> str:
    """Return the page of `document` with `text[start:end]` marked; an empty or impossible range marks nothing."""
    possible = 0 <= start < end <= len(document.text)
    quotations = [Quotation(start, end, 1)] if possible else []
    text = passage(document.text, 0, len(document.text), quotations=quotations)
    text = text.replace("<mark ", '<mark id="quotation" tabindex="-1" ', 1)
    return page(
        document.title,
        f'<article class="document"><h1>{bdi(document.title)}</h1>'
        f'<div class="text article" dir="auto">{text}</div>{facts(document, start, end, words)}</article>',
        words,
    )


def facts(document: Document, start: int, end: int, words: Texts) -> str:
    """Return what is known of a document, and the range when it lies in it, as a list."""
    possible = 0 <= start < end <= len(document.text)
    page_number = document.page(start) if possible else None
    on_page = f"{bdi(words.page.format(n=page_number))} " if page_number else ""
    known = [
        (words.date, bdi(day(document.date, words))),
        (words.published_by, bdi(document.source) if document.source else ""),
        (words.file, f'<bdi class="path">{plain(document.path)}</bdi>'),
        (words.place, f'{on_page}<bdi dir="ltr">[{start}, {end})</bdi>' if possible else ""),
        (words.fingerprint, f'<bdi class="hash" dir="ltr">sha256 {document.sha256}</bdi>'),
    ]
    rows = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in known if value)
    return f'<dl class="facts">{rows}</dl>'


def missing_page(words: Texts) -> str:
    """Return the page shown for a document that is not in the index."""
    return page(words.removed, f"<h1>{words.removed}</h1><p>{words.removed_more}</p>", words)


def page(title: str, body: str, words: Texts, *, root: str = "../") -> str:
    """Return a whole page around `body`; `title` is text, `body` is HTML, `root` leads to the chat."""
    return (
        f'<!doctype html><html lang="{words.language}" dir="{words.direction}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_title(title)} · {words.name}</title>"
        f'<link rel="stylesheet" href="{root}dalil/dalil.css"><link rel="icon" href="{root}dalil/mark.svg">'
        f'<script src="{root}dalil/theme.js"></script></head><body class="page">'
        f'<header class="bar"><a class="brand" href="{root}"><span class="seal" aria-hidden="true"></span>'
        f"{words.name}</a>"
        f'<a class="quiet" href="{root}">{words.back}</a></header><main>{body}</main></body></html>'
    )


def _title(text: str) -> str:
    """Return `text` for the title of a window, which cannot hold marks: forced directions are dropped."""
    return plain("".join(character for character in text if not "\u202a" <= character <= "\u202e"))
