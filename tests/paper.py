"""PDF files made by hand, glyph by glyph, so that a test can draw text in any order and name it in any way.

`pdf([page, ...])` gives the bytes; a page is a list of `Draw`s. `typeset(text)` draws a paragraph as a program that
shapes Arabic does: in visual order, line after line.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 595, 842
EM = 0.5  # every glyph is half its size wide, marks are not


@dataclass(frozen=True)
class Draw:
    """Glyphs drawn from (x, y) rightwards; each is named by the text that the file says it stands for, "" for none.

    `stated` is the ActualText around all of them, `mode` the rendering mode, `matrix` turns or mirrors the line.
    """

    x: float
    y: float
    glyphs: Sequence[str]
    size: float = 12
    stated: str | None = None
    mode: int = 0
    matrix: tuple[float, float, float, float] = (1, 0, 0, 1)


PICTURE = Draw(0, 0, ("picture",))
"""Stands for a scanned picture on the page."""


def pdf(pages: Sequence[Iterable[Draw]], *, title: str = "") -> bytes:
    """Return the bytes of a file with these pages."""
    drawn = [list(page) for page in pages]
    names = sorted({glyph for page in drawn for draw in page if draw is not PICTURE for glyph in draw.glyphs})
    codes = {name: code for code, name in enumerate(names, 1)}
    widths = " ".join(f"{code} [{0 if _is_mark(name) else 1000 * EM:g}]" for name, code in codes.items())
    mapped = "\n".join(f"<{code:04x}> <{_utf_16(name)}>" for name, code in codes.items() if name)
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Made def\n"
        "1 begincodespacerange <0000> <ffff> endcodespacerange\n"
        f"{len(codes)} beginbfchar\n{mapped}\nendbfchar endcmap end end"
    )
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {len(drawn)}/Kids[{' '.join(f'{8 + 2 * n} 0 R' for n in range(len(drawn)))}]>>",
        "<</Type/Font/Subtype/Type0/BaseFont/Made/Encoding/Identity-H/DescendantFonts[4 0 R]/ToUnicode 5 0 R>>",
        "<</Type/Font/Subtype/CIDFontType2/BaseFont/Made/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)"
        f"/Supplement 0>>/DW 500/W[{widths}]/FontDescriptor<</Type/FontDescriptor/FontName/Made/Flags 4"
        "/FontBBox[0 -200 1000 800]/ItalicAngle 0/Ascent 800/Descent -200/CapHeight 700/StemV 80>>>>",
        _stream(cmap),
        "<</Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray/Length 1>>"
        "stream\n0\nendstream",
        f"<</Title <feff{_utf_16(title)}>>>",
    ]
    for number, page in enumerate(drawn):
        objects += [
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {WIDTH} {HEIGHT}]/Contents {9 + 2 * number} 0 R"
            "/Resources<</Font<</F 3 0 R>>/XObject<</P 6 0 R>>>>>>",
            _stream("\n".join(_operators(draw, codes) for draw in page)),
        ]
    return _file(objects)


def _operators(draw: Draw, codes: dict[str, int]) -> str:
    if draw is PICTURE:
        return f"q {WIDTH} 0 0 {HEIGHT} 0 0 cm /P Do Q"
    shown = "".join(f"{codes[glyph]:04x}" for glyph in draw.glyphs)
    matrix = " ".join(f"{value:g}" for value in (*draw.matrix, draw.x, draw.y))
    text = f"BT /F {draw.size:g} Tf {draw.mode} Tr {matrix} Tm <{shown}> Tj ET"
    return text if draw.stated is None else f"/Span <</ActualText <feff{_utf_16(draw.stated)}>>> BDC {text} EMC"


def _file(objects: Sequence[str]) -> bytes:
    made = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(made))
        made += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    end = f"trailer<</Size {len(objects) + 1}/Root 1 0 R/Info 7 0 R>>\nstartxref\n{len(made)}\n%%EOF"
    return bytes(made) + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{end}".encode("latin-1")


def _stream(content: str) -> str:
    return f"<</Length {len(content)}>>stream\n{content}\nendstream"


def _utf_16(text: str) -> str:
    return text.encode("utf-16-be").hex()


def _is_mark(glyph: str) -> bool:
    return bool(glyph) and all(unicodedata.combining(letter) for letter in glyph)


# Typesetting


def typeset(
    words: Sequence[str], *, right: float = 500, width: float = 400, top: float = 780, size: float = 12
) -> Iterator[Draw]:
    """Yield the rows of an Arabic paragraph: words from the right, letters of each as its script runs."""
    row: list[str] = []
    for word in [*words, None]:
        if row and (word is None or _length(" ".join([*row, word]), size) > width):
            glyphs = " ".join(visual(part) for part in reversed(row))
            yield Draw(right - _length(glyphs, size), top, glyphs, size)
            row, top = [], top - 1.5 * size
        row += [word] if word is not None else []


def visual(word: str) -> str:
    """Return a word as it looks from the left; marks come before their letter where it runs from the right."""
    return word[::-1] if any(unicodedata.bidirectional(letter) in ("AL", "R") for letter in word) else word


def _length(text: str, size: float) -> float:
    return EM * size * sum(not _is_mark(letter) for letter in text)
