"""Letters: one signed EIP-712 message as a file, for somebody else to bring.

The file is the typed data that is signed, with one member more, as consent files are; so any wallet
can sign it. Whoever has it can only do what it says. The words in it are never read: what the file
says is made again from the message, and a file that says otherwise is refused.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kiseki.chain.signing.remote import checked_signature
from kiseki.client.wallet import Signed
from kiseki.core import documents
from kiseki.core.checksum import checksummed
from kiseki.core.values import address, from_hex, to_hex, uint
from kiseki.errors import FilesError, InvalidInput

__all__ = ["Remake", "read", "write"]

_LONGEST = 100_000

Remake = Callable[[int, str, Mapping[str, Any], int, int], dict[str, Any]]
"""(chain, contract, message, nonce, deadline) -> the typed data that these give."""


def write(path: str | Path, signed: Signed, form: str, words: str) -> None:
    """Writes it, mode 0600.

    Args:
        form: what kind of letter it is, with its version.
        words: what it says, for people.

    Raises:
        FilesError: it cannot be written, or there is a file already.
    """
    ours = {"format": form, "words": words, "signature": to_hex(signed.signature)}
    text = json.dumps({**signed.message, "kiseki": ours}, indent=2) + "\n"
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise FilesError(f"{path} cannot be written ({error.strerror})") from error


def read(path: str | Path, form: str, signer: str, remake: Remake, otherwise: str) -> Signed:
    """A letter, once its signature was found to be its signer's.

    Args:
        form: what kind it must be.
        signer: which member of the message names who signs.
        remake: makes the typed data again, so that nothing else is in it.
        otherwise: what to say of a file that is no such letter.

    Raises:
        FilesError: it cannot be read.
        InvalidInput: it is none, or says other things than are signed.
        SigningError: the signature is another's.
    """
    try:
        with Path(path).open("rb") as file:
            text = file.read(_LONGEST)
    except OSError as error:
        raise FilesError(f"{path} cannot be read ({error.strerror})") from error
    try:
        given: Any = json.loads(documents.shallow(text.decode()))
        ours, message, domain = given.pop("kiseki"), given["message"], given["domain"]
        nonce = uint(int(message["nonce"]), 256, "the nonce")
        deadline = uint(int(message["deadline"]), 256, "the deadline")
        chain = uint(domain["chainId"], 64, "the chain")
        known = remake(chain, domain["verifyingContract"], message, nonce, deadline)
        signature = from_hex(ours["signature"], None, "the signature")
        who = checksummed(address(message[signer], "who signed"))
        same = known == given and ours["format"] == form
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        same = False
    if not same:
        raise InvalidInput(f"{path} {otherwise}")
    return Signed(who, known, nonce, deadline, checked_signature(signature, known, who))
