"""Who may use the chat: names and hashed passwords in a file, one account a line, as `dalil password` writes them.

    name:$scrypt$ln=14,r=8,p=5$salt$hash

Passwords are hashed with scrypt (RFC 7914) at a cost of OWASP's Password Storage Cheat Sheet; salt and hash are base64.
"""

import base64
import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

from embeddings.errors import DalilError

_BYTES: Final = 32
_MEMORY: Final = 64 * 1024 * 1024
_LINE: Final = re.compile(
    r"(?P<name>[^:]+):\$scrypt\$ln=(?P<ln>\d{1,2}),r=(?P<r>\d{1,2}),p=(?P<p>\d{1,2})\$(?P<salt>[^$]+)\$(?P<hash>[^$]+)"
)
_NAME: Final = re.compile(r"[^\s:][^:\x00-\x1f\x7f]*(?<!\s)")
_SHORTEST: Final = 8


class AccountsError(DalilError):
    """The file of accounts cannot be read, or an account cannot be made."""


@dataclass(frozen=True, slots=True)
class _Hashed:
    """A password that cannot be read any more, only compared with; log2(N), r and p are what a guess costs."""

    salt: bytes
    hash: bytes = b""
    ln: int = 14
    r: int = 8
    p: int = 5

    @classmethod
    def read(cls, fields: Mapping[str, str]) -> Self:
        """Return what the fields of a line say; ValueError where they say nothing usable."""
        salt, hashed = (base64.b64decode(fields[name], validate=True) for name in ("salt", "hash"))
        read = cls(salt, hashed, int(fields["ln"]), int(fields["r"]), int(fields["p"]))
        if len(hashed) != _BYTES or not (read.ln and read.r and read.p) or 128 * read.r << read.ln > _MEMORY // 2:
            raise ValueError(f"a hash of {_BYTES} bytes at a cost that fits in memory was expected")
        return read

    def of(self, password: str) -> bytes:
        """Return the hash of `password` under this salt and cost."""
        text = unicodedata.normalize("NFC", password).encode()
        return hashlib.scrypt(text, salt=self.salt, n=1 << self.ln, r=self.r, p=self.p, maxmem=_MEMORY, dklen=_BYTES)


def _fields(line: str) -> dict[str, str]:
    match = _LINE.fullmatch(line.strip())
    if match is None:
        raise ValueError("expected name:$scrypt$ln=14,r=8,p=5$salt$hash")
    return match.groupdict()


def account(name: str, password: str) -> str:
    """Return the line of an account.

    Raises:
        AccountsError: the name is blank or holds a colon or control character, or the password is too short.
    """
    if not _NAME.fullmatch(name):
        raise AccountsError(f"expected a name without colons and control characters, got {name!r}")
    if len(password) < _SHORTEST:
        raise AccountsError(f"expected a password of {_SHORTEST} characters or more, got {len(password)}")
    made = _Hashed(secrets.token_bytes(16))
    salt, hashed = (base64.b64encode(data).decode() for data in (made.salt, made.of(password)))
    return f"{name}:$scrypt$ln={made.ln},r={made.r},p={made.p}${salt}${hashed}"


class Accounts:
    """Names and hashed passwords, at least one."""

    def __init__(self, hashed: Mapping[str, _Hashed]) -> None:
        self._hashed = dict(hashed)
        some = next(iter(self._hashed.values()))
        self._nobody = replace(some, hash=b"")  # an unknown name takes as long as a known one

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file of accounts; blank lines, and lines that begin with "#", are passed over.

        Raises:
            AccountsError: the file cannot be read, holds no account, or has a line that is none.
        """
        advice = f"Make an account with: dalil password NAME >> {path}"
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise AccountsError(f"cannot read the accounts in {path}: {error}. {advice}") from error
        found: dict[str, _Hashed] = {}
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.startswith("#"):
                continue
            try:
                fields = _fields(line)
                found[fields["name"]] = _Hashed.read(fields)
            except ValueError as error:
                raise AccountsError(f"line {number} of {path} is no account: {error}. {advice}") from error
        if not found:
            raise AccountsError(f"{path} holds no account. {advice}")
        return cls(found)

    def check(self, name: str, password: str) -> bool:
        """Whether this is the password of that name; takes as long whatever the answer."""
        known = self._hashed.get(name, self._nobody)
        return hmac.compare_digest(known.of(password), known.hash)
