r"""Decode the bytes of a file into text: UTF-8, UTF-16, windows-1256 and the few other encodings Arabic comes in.

Takes bytes, gives the text with "\n" newlines. What cannot be text of any of these is refused with the reason,
because a wrong guess would put nonsense under every later quotation.
"""

import codecs
from typing import Final

import regex
from charset_normalizer import from_bytes

from embeddings.errors import DocumentError

_BOMS: Final = (  # UTF-32 first: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ARABIC: Final = ["cp1256", "iso8859_6"]  # the order breaks ties; short Arabic also looks like every Latin page
_SAMPLE: Final = 1 << 20  # bytes shown to the detector
_CONTROL: Final = regex.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_EXPECTED: Final = regex.compile(
    r"[\p{Arabic}\p{Latin}\p{Mn}\p{N}\p{Z}\s\p{Cf}.,:;!?'\"()\[\]{}«»“”‘’…\-–—/%&@#*+=|<>_،؛؟]"
)
_MIXED_WORD: Final = regex.compile(r"\p{Arabic}\p{Latin}|\p{Latin}\p{Arabic}")


def decode(data: bytes, *, declared: str | None = None) -> str:
    r"""Return `data` as text with "\n" newlines and no byte order mark; nothing else is changed.

    In this order: a byte order mark, UTF-16 by the share of its high bytes, strict UTF-8, the encoding the file
    declares of itself, then windows-1256, ISO 8859-6 and windows-1252 by charset-normalizer.

    Raises:
        DocumentError: the bytes are binary, damaged, or in no encoding that is read here.
    """
    for reader in (_by_mark, _by_high_bytes, _by_strict_utf_8):
        text = reader(data)
        if text is not None:
            return newlines(text)
    return newlines(_by_detector(data, declared))


def newlines(text: str) -> str:
    r"""Return `text` with every CRLF and CR as "\n"."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _by_mark(data: bytes) -> str | None:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError as error:
                raise DocumentError(
                    f"it begins with the {encoding} byte order mark, but byte {error.start} does not fit: "
                    "the file is damaged; save it again as UTF-8"
                ) from error
    return None


def _by_high_bytes(data: bytes) -> str | None:
    """Return UTF-16 text without a mark: nearly every second byte is then 00 (Latin, spaces) or 06 (Arabic)."""
    if len(data) < 2 or len(data) % 2:
        return None
    for encoding, offset in (("utf-16-le", 1), ("utf-16-be", 0)):
        high, low = data[offset:_SAMPLE:2], data[1 - offset : _SAMPLE : 2]
        if high.count(0) + high.count(6) >= 0.7 * len(high) and low.count(0) <= 0.02 * len(low):
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError:
                continue
            if _is_plausible(text):
                return text
    return None


def _by_strict_utf_8(data: bytes) -> str | None:
    if b"\0" in data[:_SAMPLE]:
        raise DocumentError("it is binary (it holds zero bytes); expected a text file")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        broken = data[:_SAMPLE].decode("utf-8", "replace")
        foreign = sum(char > "\x7f" for char in broken)
        if broken.count("\ufffd") <= 0.1 * foreign:
            raise DocumentError(
                f"it looks like UTF-8, but byte {error.start} ({data[error.start]:#04x}) does not fit: "
                "the file is damaged; save it again as UTF-8"
            ) from error
        return None
    if _has_controls(text):
        raise DocumentError("it is binary (it holds control characters); expected a text file")
    return text


def _by_detector(data: bytes, declared: str | None) -> str:
    best = from_bytes(data[:_SAMPLE], cp_isolation=_ARABIC).best()
    for encoding in (declared, best.encoding if best else None, "cp1256", "cp1252"):
        try:
            text = data.decode(encoding) if encoding else ""
        except (UnicodeDecodeError, LookupError):
            continue
        if text and _is_plausible(text):
            return text
    raise DocumentError(
        "it is no text in UTF-8, UTF-16, windows-1256, ISO 8859-6 or windows-1252 (is it binary?); save it as UTF-8"
    )


def _has_controls(text: str) -> bool:
    sample = text[:_SAMPLE]
    return "\0" in sample or len(_CONTROL.findall(sample)) > 0.02 * len(sample)


def _is_plausible(text: str) -> bool:
    """Return whether `text` is mostly Arabic or Latin letters, digits and common signs, no word in both scripts."""
    sample = text[:100_000]
    expected = len(_EXPECTED.findall(sample))
    mixed = len(_MIXED_WORD.findall(sample))
    return not _has_controls(text) and expected >= 0.9 * len(sample) and mixed <= max(1, 0.01 * len(sample))
