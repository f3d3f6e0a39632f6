"""What an index folder needs of the file system: whole-file replacement, seals, and one writer at a time.

A seal is a small JSON file beside a derived part. It names the version of the truth that the part was made from, and
the size and SHA-256 of each of its files, so that a part that lags behind or was damaged is told from a sound one.
"""

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from embeddings.errors import IndexBusyError, IndexFolderError

_POLL_SECONDS = 0.02


class Version(NamedTuple):
    """A state of the truth: how many changes were made, and a digest of all of them."""

    generation: int
    state: str


class FileCheck(NamedTuple):
    """Size in bytes and SHA-256 (hexadecimal) of a file."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Seal:
    """The version a derived part was made from, and the files it had then by name."""

    version: Version
    files: dict[str, FileCheck]

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Return the seal stored at `path`, or None when there is none that can be read."""
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            files = {name: FileCheck(int(size), str(sha)) for name, (size, sha) in stored["files"].items()}
            return cls(Version(int(stored["generation"]), str(stored["state"])), files)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def write(self, path: Path) -> None:
        """Replace the file at `path` by this seal."""
        stored = {"generation": self.version.generation, "state": self.version.state, "files": self.files}
        text = json.dumps(stored, indent=1, sort_keys=True)
        replace_file(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))

    def damage(self, folder: Path, names: Iterable[str]) -> str | None:
        """Return what is wrong with those `names` that the seal knows, or None."""
        for name in names:
            expected = self.files.get(name)
            try:
                if expected is not None and check_file(folder / name) != expected:
                    return f"{name} is not the file that was written"
            except OSError as error:
                return f"{name} cannot be read ({error.strerror})"
        return None


def check_file(path: Path) -> FileCheck:
    """Return size and SHA-256 of the file at `path`.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return FileCheck(file.tell(), digest)


def replace_file(path: Path, write: Callable[[Path], object]) -> None:
    """Replace `path` by what `write` puts into a temporary file beside it: wholly or, after a crash, not at all.

    Raises:
        OSError: the disk is full or the folder may not be written; the old file stays as it was.
    """
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)  # what a crash left, or a link that would lead elsewhere
    try:
        write(temporary)
        flush(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    flush(path.parent)


def flush(path: Path) -> None:
    """Wait until a file's content, or a folder's entries, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class WriterLock:
    """Held by the one process that changes an index folder; the system frees it when that process ends, however.

    The file names the process that holds or last held it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self, seconds: float) -> None:
        """Take the lock, waiting up to `seconds`; nothing to do when it is held already.

        Raises:
            IndexBusyError: another process still holds it.
            IndexFolderError: the file of the lock cannot be made or written.
        """
        deadline = time.monotonic() + seconds
        while not self.try_acquire():
            if time.monotonic() >= deadline:
                raise IndexBusyError(
                    f"Another process{self._holder()} is writing to the index in {self._path.parent}; waited "
                    f"{seconds:g} s for it to finish. Wait for it, or stop it, and give the command again."
                )
            time.sleep(_POLL_SECONDS)

    def try_acquire(self) -> bool:
        """Take the lock if no other holds it, and return whether it is held now.

        Raises:
            IndexFolderError: the file of the lock cannot be made or written.
        """
        if self._descriptor is not None:
            return True
        try:
            self._descriptor = self._take()
        except OSError as error:
            raise IndexFolderError(
                f"{self._path} could not be written: {error.strerror}. Nothing was changed. Check the free space and "
                "the permissions of the folder, then give the command again."
            ) from error
        return self._descriptor is not None

    def _take(self) -> int | None:
        """Return the descriptor that holds the lock, or None when another process holds it."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError:
            os.close(descriptor)
            raise
        return descriptor

    def release(self) -> None:
        """Give the lock back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _holder(self) -> str:
        try:
            return f" ({int(self._path.read_text(encoding='ascii'))})"
        except (OSError, ValueError):
            return ""
