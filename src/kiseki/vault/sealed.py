"""Files for one pair of eyes: encrypted with age, or in clear when that is said; mode 0600 always.

The format is age's (age-encryption.org/v1), so `age -d` opens them without us. A recipient is a
public key (``age1…``), an identity the secret one (``AGE-SECRET-KEY-1…``), as of `age-keygen`.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pyrage
from pyrage import passphrase as by_passphrase
from pyrage import x25519

from kiseki.disk import atomic, passwords
from kiseki.errors import InvalidInput, SecretsError

__all__ = ["copy", "new_identity", "write"]

_BEGIN = b"age-encryption.org/v1\n"
_SCRYPT = _BEGIN + b"-> scrypt "
_CHUNK = 1 << 16


def write(
    path: Path,
    content: Iterator[bytes],
    *,
    recipient: str | None = None,
    passphrase: str | None = None,
    clear: bool = False,
) -> None:
    """A new file with this content. It is there whole or not at all.

    To a recipient and in clear it takes constant memory; with a passphrase all at once.

    Raises:
        InvalidInput: not exactly one of recipient, passphrase and clear; or no recipient.
        SecretsError: there is a file already, or it cannot be written.
    """
    if sum((recipient is not None, passphrase is not None, clear)) != 1:
        raise InvalidInput("say one of: a recipient (age1…), a passphrase, or clear")
    public = None if recipient is None else _recipient(recipient)
    if passphrase is not None and not passphrase:
        raise InvalidInput("an empty passphrase hides nothing; give a longer one")
    try:
        if os.path.lexists(path):
            raise FileExistsError
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic.whole(path, mode=0o600, new=True) as file:
            if public is not None:
                pyrage.encrypt_io(_Reader(content), file, [public])
            elif passphrase is not None:
                file.write(by_passphrase.encrypt(b"".join(content), passwords.written(passphrase)))
            else:
                file.writelines(content)
    except FileExistsError:
        raise SecretsError(
            f"the file {path} exists already; name another, or move that one away"
        ) from None
    except OSError as error:
        raise SecretsError(f"{path} cannot be written ({error.strerror or error})") from error


def new_identity(path: Path) -> str:
    """Makes an age identity in a new file of mode 0600; its recipient (``age1…``).

    Raises:
        SecretsError: there is a file already, or it cannot be written.
    """
    made = x25519.Identity.generate()
    public = str(made.to_public())
    write(path, iter([f"# public key: {public}\n{made}\n".encode()]), clear=True)
    return public


def copy(
    path: Path, to: Any, *, identity: str | Path | None = None, passphrase: str | None = None
) -> None:
    """Writes what is in a file to `to.write`, decrypted if need be, in constant memory.

    Each 64 KiB that arrive are as they were written. That none is missing at the end is known only
    when this returns, so until then nothing of it should be used.

    Args:
        identity: the identity, or the file of one.

    Raises:
        SecretsError: wrong identity or passphrase; or it cannot be read, or is cut off or damaged.
    """
    try:
        with path.open("rb") as file:
            begin = file.read(len(_SCRYPT))
            file.seek(0)
            if not begin.startswith(_BEGIN):
                _plain(file, to)
            elif begin == _SCRYPT:
                if passphrase is None:
                    raise SecretsError(f"{path} was encrypted with a passphrase; say it")
                with _refusals(path, "passphrase"):
                    to.write(_opened(file.read(), passphrase))
            else:
                if identity is None:
                    raise SecretsError(
                        f"{path} was encrypted to a recipient; give the identity of it"
                    )
                secret = _identity(identity)
                with _refusals(path, "identity"):
                    pyrage.decrypt_io(file, to, [secret])
    except OSError as error:
        raise SecretsError(f"{path} cannot be read ({error.strerror or error})") from error


def _opened(sealed: bytes, passphrase: str) -> bytes:
    *others, last = passwords.forms(passphrase)
    for form in others:
        with contextlib.suppress(pyrage.DecryptError):
            return bytes(by_passphrase.decrypt(sealed, form))
    return bytes(by_passphrase.decrypt(sealed, last))


class _Reader(io.RawIOBase):
    """Pieces of content as a file to be read."""

    def __init__(self, content: Iterator[bytes]) -> None:
        self._content = content
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while not self._rest:
            found = next(self._content, None)
            if found is None:
                return b""
            self._rest = memoryview(found)
        size = _CHUNK if size < 0 else size
        given, self._rest = self._rest[:size], self._rest[size:]
        return bytes(given)


def _plain(file: IO[bytes], to: Any) -> None:
    while chunk := file.read(_CHUNK):
        to.write(chunk)


@contextlib.contextmanager
def _refusals(path: Path, what: str) -> Iterator[None]:
    try:
        yield
    except pyrage.DecryptError as error:
        raise SecretsError(
            f"{path} does not open ({error}); it needs another {what}, or it is damaged"
        ) from None
    except OSError as error:
        if error.errno is None:  # age's own word for a file that was cut off or changed
            raise SecretsError(
                f"{path} is cut off or damaged ({error}); use another copy of it"
            ) from None
        raise


def _recipient(text: str) -> Any:
    try:
        return x25519.Recipient.from_str(text.strip())
    except pyrage.RecipientError:
        raise InvalidInput(
            f"{text!r:.80} is no age recipient, which begins with age1; make one with "
            "`kiseki keys identity` or age-keygen"
        ) from None


def _identity(given: str | Path) -> Any:
    if isinstance(given, Path):
        lines = given.read_text("utf-8", "replace").splitlines()
        given = next((line for line in lines if line.startswith("AGE-SECRET-KEY-")), "")
    try:
        return x25519.Identity.from_str(given.strip())
    except pyrage.IdentityError:  # without what was given, which may be nearly one
        raise InvalidInput(
            "that is no age identity, which begins with AGE-SECRET-KEY-1; give the one that "
            "belongs to the recipient"
        ) from None
