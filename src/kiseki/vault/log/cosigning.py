"""A witness's signature of a checkpoint, with its time (C2SP tlog-cosignature, `cosignature/v1`).

It says: at this time, this was the largest tree of that log that I had seen, and it began with all
that I had seen before. Its value is the time in seconds since 1970, 8 bytes, and an Ed25519
signature of two lines (``cosignature/v1`` and ``time …``) before the checkpoint's text. The
signature does not cover the witness's name, so no two witnesses may have one key.
"""

from dataclasses import dataclass
from typing import ClassVar

from kiseki.core.values import uint
from kiseki.errors import InvalidInput
from kiseki.vault.log import ed25519
from kiseki.vault.log.checkpoints import Checkpoint
from kiseki.vault.log.lines import LARGEST
from kiseki.vault.log.notes import Key, Signature, VerifierKey

__all__ = ["Cosigner", "CosignerKey", "key_of", "time_of"]


@dataclass(frozen=True, slots=True)
class CosignerKey(VerifierKey):
    """The public key of a witness. Attributes and errors as those of `VerifierKey`."""

    KIND: ClassVar[int] = 4

    def holds(self, text: str, value: bytes) -> bool:
        """Whether ``value`` is this witness's cosignature of ``text``, at the time that it says.

        Raises:
            KisekiError: `cryptography` is not installed.
        """
        time = int.from_bytes(value[:8], "big")
        if len(value) != 72 or time > LARGEST:
            return False
        return ed25519.is_signed(self.public, value[8:], _message(text, time))


class Cosigner:
    """A witness that cosigns. Arguments and errors as those of `notes.Signer`."""

    __slots__ = ("_seed", "key")

    def __init__(self, name: str, seed: bytes) -> None:
        self._seed = seed
        self.key = CosignerKey(name, ed25519.public_key(seed))
        """The public key."""

    def __repr__(self) -> str:
        return f"Cosigner({self.key.text!r})"

    def cosign(self, text: str, time: int) -> Signature:
        """The cosignature of a checkpoint's text.

        Args:
            time: when, in seconds since 1970, from 1 to 2**63 - 1.

        Raises:
            InvalidInput: ``text`` is no checkpoint, or ``time`` is out of range.
        """
        Checkpoint.from_text(text)
        uint(time, 63, "the time of a cosignature", 1)
        value = time.to_bytes(8, "big") + ed25519.signed(self._seed, _message(text, time))
        return Signature(self.key.name, self.key.id, value)


def time_of(cosignature: Signature) -> int:
    """When a cosignature says that it was made, in seconds since 1970.

    Raises:
        InvalidInput: it has not the length of one.
    """
    if len(cosignature.value) != 72:
        raise InvalidInput(f"a cosignature has 72 bytes, not {len(cosignature.value)}")
    return int.from_bytes(cosignature.value[:8], "big")


def key_of(text: str) -> Key:
    """A verifier key of either kind: of a log or of a witness.

    Raises:
        InvalidInput: it breaks the format, or is of a kind that is not known here.
    """
    try:
        return CosignerKey.from_text(text)
    except InvalidInput:
        return VerifierKey.from_text(text)


def _message(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()
