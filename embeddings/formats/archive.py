"""Zip archives, read in memory within limits: nothing is written anywhere, and no name in them is taken for a path.

`Archive` opens one and reads its members; `read_archive` gives the texts of all members of a kind that is read, those
of archives inside it too.
"""

import io
import stat
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import BinaryIO, Final

import regex

from embeddings.errors import DocumentError
from embeddings.formats.extract import Extract, Problem

MEMBERS: Final = 10_000
"""The most files in an archive, those of archives inside it counted too."""

BYTES: Final = 1024 * 1024 * 1024
"""The most that an archive may hold unpacked, all in all."""

DEPTH: Final = 2
"""Archives in archives: how many deep."""

_RATIO: Final = 200  # unpacked to packed; prose has 2 to 10, a bomb thousands
_HARMLESS: Final = 1024 * 1024  # bytes unpacked; what is so small may be packed as tightly as it likes
_UTF_8: Final = 0x800  # flag of a name that is said to be UTF-8
_ARABIC: Final = regex.compile(r"\p{Arabic}")

ReadMember = Callable[[BinaryIO, str], Iterator[Extract | Problem]]
"""Reads a member by its suffix."""


@dataclass
class Budget:
    """What an archive, with all that is inside it, may still unpack."""

    members: int = MEMBERS
    bytes: int = BYTES
    depth: int = DEPTH


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive: its name there, and what zipfile knows of it."""

    name: str
    info: zipfile.ZipInfo

    @property
    def suffix(self) -> str:
        """The kind of file, with its dot, in small letters."""
        return PurePosixPath(self.name).suffix.lower()


class Archive:
    """A zip file, open for reading; counts what it unpacks against a budget."""

    def __init__(self, file: BinaryIO, budget: Budget) -> None:
        """Open `file`.

        Raises:
            DocumentError: it is no zip file, or holds more than the budget allows.
        """
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise DocumentError(f"it is no zip archive, or a damaged one ({error})") from error
        self._budget = budget
        infos = [info for info in self._zip.infolist() if info.filename and not info.is_dir()]
        budget.members -= len(infos)
        if budget.members < 0:
            raise DocumentError(f"it holds more than {MEMBERS:,} files; expected a smaller archive")
        if sum(info.file_size for info in infos) > budget.bytes:
            raise DocumentError(f"it unpacks to more than {BYTES:,} bytes; expected a smaller archive")
        self.members = [Member(_name(info), info) for info in infos]

    def read(self, member: Member) -> bytes:
        """Return the content of a member.

        Raises:
            DocumentError: it is damaged, locked, or swells as no document does.
        """
        info = member.info
        if _leads_out(member.name):
            raise DocumentError("its name leads out of the archive")
        if info.flag_bits & 0x1:
            raise DocumentError("it is locked with a password; unpack the archive and index the folder")
        if info.file_size > max(_HARMLESS, _RATIO * info.compress_size):
            raise DocumentError(f"it is packed {_RATIO} times smaller than it is, as no document is")
        try:
            with self._zip.open(info) as stream:
                data = stream.read(self._budget.bytes + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError) as error:
            raise DocumentError(f"it cannot be unpacked ({error}); the archive is damaged") from error
        self._budget.bytes -= len(data)
        if self._budget.bytes < 0:
            raise DocumentError(f"the archive unpacks to more than {BYTES:,} bytes; expected a smaller one")
        return data


def read_archive(
    file: BinaryIO, budget: Budget, read: ReadMember, suffixes: Collection[str]
) -> Iterator[Extract | Problem]:
    """Yield what `read` finds in each member of a kind that is read, hidden files and links left out.

    Raises:
        DocumentError: it is no zip file, holds more than the budget allows, or nothing that is read.
    """
    if not budget.depth:
        raise DocumentError(f"archives more than {DEPTH} deep in one another are not read")
    budget.depth -= 1
    try:
        archive = Archive(file, budget)
        members = [m for m in archive.members if m.suffix in suffixes and not _is_passed_over(m)]
        if not members:
            raise DocumentError(f"it holds no {' '.join(suffixes)} file")
        for member in sorted(members, key=lambda member: member.name):
            yield from _read_member(archive, member, read)
    finally:
        budget.depth += 1


def _read_member(archive: Archive, member: Member, read: ReadMember) -> Iterator[Extract | Problem]:
    """Yield what is read of a member, with its name."""
    inside = f"/{member.name}"
    try:
        for item in read(io.BytesIO(archive.read(member)), member.suffix):
            if isinstance(item, Extract):
                yield replace(item, inside=inside + item.inside)
            else:
                yield replace(item, place=inside + item.place)
    except DocumentError as error:
        yield Problem(inside, str(error))


def _is_passed_over(member: Member) -> bool:
    hidden = any(part.startswith(".") and part != ".." for part in member.name.split("/"))
    return hidden or member.name.startswith("__MACOSX/") or stat.S_ISLNK(member.info.external_attr >> 16)


def _leads_out(name: str) -> bool:
    return name.startswith("/") or ".." in name.split("/") or name[1:2] == ":"


def _name(info: zipfile.ZipInfo) -> str:
    r"""Return the name of a member, with "/" between its parts.

    Names not marked as UTF-8 are so all the same where macOS packed them, and in the code page of the console where
    an Arabic Windows did; zipfile takes both for code page 437.
    """
    name = info.filename
    if not info.flag_bits & _UTF_8 and not name.isascii():
        raw = name.encode("cp437", "replace")
        for encoding in ("utf-8", "cp720"):
            try:
                decoded = raw.decode(encoding)
            except UnicodeDecodeError:
                continue
            if encoding == "utf-8" or _ARABIC.search(decoded):
                name = decoded
                break
    return name.replace("\\", "/")
