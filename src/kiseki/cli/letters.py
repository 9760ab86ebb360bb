"""Letters: shown in words, asked for, signed and written, whatever they say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from kiseki.cli import context, show
from kiseki.errors import FilesError

if TYPE_CHECKING:
    from kiseki.client.kiseki import Kiseki
    from kiseki.client.letters import Letter
    from kiseki.client.wallet import Signed

__all__ = ["write", "write_cancellation"]


def write(
    path: Path, letter: Letter, prepared: Signed, sign: Callable[[Signed], Signed], then: str
) -> None:
    """Shows what a letter says, asks, signs it and writes it to a new file.

    Args:
        sign: signs the prepared message.
        then: a sentence that says what to do with the file.
    """
    if path.exists():
        raise FilesError(f"the file {path} exists already; name another file. Nothing was signed")
    show.say(letter.words(prepared))
    if not context.current.yes:
        context.confirm("Sign this message?")
    signed = sign(prepared)
    letter.write(path, signed)
    if context.current.json:
        told = {"file": path, "signer": signed.signer, "until": signed.deadline}
        show.json_line(told | {"nonce": str(signed.nonce)})
    else:
        show.say(f"The signed message is in {path}. {then}")


def write_cancellation(k: Kiseki, path: Path, cancelled: int, contract: str) -> None:
    """Signs a cancellation of an earlier signature of this wallet, and writes it to a file."""
    from kiseki.client import cancellations

    prepared = k.cancellations.prepare(cancelled, contract)
    then = f"Anybody can send it, with `kiseki data standing end {path} --signed`."
    write(path, cancellations.LETTER, prepared, k.signed, then)
