"""Files of the kinds that are read, made by hand, for tests."""

import io
import zipfile
from collections.abc import Mapping

import docx
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

NEWS = "سيطرت القوات على المدينة. وقال المتحدث إن العملية انتهت، ولم تقع خسائر."


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def docx_bytes(*blocks: str, title: str = "") -> bytes:
    """A Word file with a heading, and under it what is written in WordprocessingML."""
    document = docx.Document()
    document.core_properties.title = title
    document.add_heading("عنوان التقرير", 0)
    for block in blocks:
        document.element.body.append(parse_xml(block.replace("<w:p>", f"<w:p {NAMESPACES}>", 1)))
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


NAMESPACES = (
    nsdecls("w") + ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
    ' xmlns:v="urn:schemas-microsoft-com:vml"'
)


def epub(package: str = "", **chapters: str) -> bytes:
    items = "".join(
        f'<item id="{name}" href="text/{name}.xhtml" media-type="application/xhtml+xml"/>' for name in chapters
    )
    spine = "".join(f'<itemref idref="{name}"/>' for name in reversed(chapters))  # not in the order of the archive
    opf = (
        '<?xml version="1.0"?><package><metadata xmlns:dc="x"><dc:title>كتاب &amp; سيرة</dc:title>'
        "<dc:date>2019-04-05</dc:date><dc:publisher>دار النشر</dc:publisher></metadata>"
        f'<manifest>{items}<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>'
        f'<item id="pic" href="a.jpg" media-type="image/jpeg"/></manifest><spine><itemref idref="nav"/>'
        f'{spine}<itemref idref="pic"/></spine></package>'
    )
    files = {f"كتاب/text/{name}.xhtml": page for name, page in chapters.items()}
    container = '<container><rootfiles><rootfile full-path="كتاب/a.opf"/></rootfiles></container>'
    return zipped(
        {"META-INF/container.xml": container, "كتاب/a.opf": package or opf, "كتاب/nav.xhtml": "<p>فهرس", **files}
    )
