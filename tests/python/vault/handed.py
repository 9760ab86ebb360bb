"""Receipts and items that are made up."""

import random
from hashlib import sha256

from kiseki.core import ids
from kiseki.core.terms import Use
from kiseki.vault.handing.receipts import Basis, Block, Receipt

__all__ = ["ARTIST", "BLOCK", "CALLER", "DOMAIN", "OTHER_ARTIST", "SEED", "receipt"]

ARTIST, OTHER_ARTIST, CALLER = ("0x" + each * 20 for each in ("1a", "2b", "3c"))
BLOCK = Block(17, b"\x11" * 32, 1_000)
DOMAIN, SEED = "vault.example.com", bytes(range(32))


def receipt(number: int = 0, provider: str = ARTIST, **other: object) -> Receipt:
    commitment = sha256(b"commitment %d" % number).digest()
    values: dict[str, object] = {
        "chain": 1, "caller": CALLER, "provider": provider,
        "item": ids.item_id(provider, commitment), "collection": b"\x22" * 32,
        "commitment": commitment, "use": Use.AI_TRAINING, "basis": Basis.LICENCE,
        "subject": b"\x22" * 32, "until": 2**36 - 1, "block": BLOCK, "size": number, "at": 1_000,
    }  # fmt: skip
    return Receipt(**{**values, **other})  # type: ignore[arg-type]


def spoilt(text: bytes, chance: random.Random) -> bytes:
    """`text` with one small thing changed."""
    at = chance.randrange(len(text))
    how = chance.randrange(4)
    if how == 0:
        return text[:at] + text[at + 1 :]
    if how == 1:
        return text[:at] + bytes([text[at] ^ 1 << chance.randrange(8)]) + text[at + 1 :]
    if how == 2:
        return text[:at] + bytes([chance.randrange(256)]) + text[at:]
    return text[:at] + text[chance.randrange(len(text)) :]
