"""The text of a Word document (DOCX), opened by python-docx; runs in the process that `sandbox` starts.

python-docx opens the package. Its own lists of paragraphs leave out what stands in text boxes, content controls,
tracked insertions and notes, so the text is gathered here from the elements themselves (ISO/IEC 29500-1, 17). A row
of a table is one line with tabs; deleted text, headers and footers are left out.
"""

import io
from collections.abc import Iterator
from typing import Final

import docx
from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement

_SIGNS: Final = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "\u2011"}
_TEXT: Final = (qn("w:t"), qn("m:t"))
_BOX: Final = qn("w:txbxContent")
_COMPATIBILITY: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
# What is no text, stands there twice (Fallback repeats its Choice), or was taken out of the text.
_LEFT_OUT: Final = {
    *map(qn, ("w:pPr", "w:rPr", "w:instrText", "w:del", "w:moveFrom", "w:sectPr", "w:tblPr", "w:trPr", "w:tcPr")),
    f"{_COMPATIBILITY}Fallback",
}
_NOTES: Final = (RELATIONSHIP_TYPE.FOOTNOTES, RELATIONSHIP_TYPE.ENDNOTES)
_TITLES: Final = ("Title", "Heading 1")


def text_of(data: bytes) -> tuple[str, str]:
    """Return the title and the text of a document, a paragraph a line, notes at the end.

    Raises:
        ValueError: it declares entities of its own, as no word processor does.
    """
    document = docx.Document(io.BytesIO(data))
    parts = [document.element, *_notes(document)]
    if any(part.getroottree().docinfo.doctype for part in parts):
        raise ValueError("it declares entities of its own")
    lines = [line for part in parts for line in _lines(part)]
    return _title(document), "\n".join(line for line in lines if line.strip())


def _notes(document: Document) -> Iterator[BaseOxmlElement]:
    """Yield the roots of the parts that hold footnotes and endnotes."""
    for relationship in document.part.rels.values():
        if relationship.reltype in _NOTES and not relationship.is_external:
            yield parse_xml(relationship.target_part.blob)


def _lines(element: BaseOxmlElement) -> Iterator[str]:
    """Yield the paragraphs and table rows within `element`, in order."""
    for child in element:
        if child.tag == qn("w:p"):
            yield "".join(_inline(child))
            for box in child.iter(_BOX):
                yield from () if _is_left_out(box, child) else _lines(box)
        elif child.tag == qn("w:tr"):
            yield "\t".join(" ".join(filter(None, _lines(cell))) for cell in _cells(child))
        elif child.tag not in _LEFT_OUT:
            yield from _lines(child)


def _cells(row: BaseOxmlElement) -> Iterator[BaseOxmlElement]:
    """Yield the cells of a row, not those of a table inside one of them."""
    for child in row:
        if child.tag == qn("w:tc"):
            yield child
        elif child.tag not in _LEFT_OUT:
            yield from _cells(child)


def _inline(element: BaseOxmlElement) -> Iterator[str]:
    """Yield the text of a paragraph, without the text boxes that hang on it."""
    for child in element:
        if child.tag in _TEXT:
            yield child.text or ""
        elif child.tag in _SIGNS:
            yield _SIGNS[child.tag]
        elif child.tag != _BOX and child.tag not in _LEFT_OUT:
            yield from _inline(child)


def _is_left_out(element: BaseOxmlElement, within: BaseOxmlElement) -> bool:
    """Return whether something between `element` and `within` keeps it out: an old form of it, or another box."""
    for parent in element.iterancestors():
        if parent is within:
            return False
        if parent.tag in _LEFT_OUT or parent.tag == _BOX:
            return True
    return False


def _title(document: Document) -> str:
    """Return the first paragraph set as title or heading, else the title among the properties."""
    for name in _TITLES:
        for paragraph in document.paragraphs:
            if paragraph.style is not None and paragraph.style.name == name and paragraph.text.strip():
                return str(paragraph.text)
    return str(document.core_properties.title or "")
