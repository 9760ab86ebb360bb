"""The tree of RFC 6962 word for word, and a log to try things on."""

from collections.abc import Sequence
from hashlib import sha256

from kiseki.vault.log.log import Log, Memory
from kiseki.vault.log.notes import Signer

__all__ = ["ORIGIN", "SIGNER", "Memory", "Signer", "entries", "log_of", "mth", "path", "proof"]

ORIGIN = "vault.example.com/0x70997970c51812dc3a010c7d01b50e0d17dc79c8"
SIGNER = Signer(ORIGIN, bytes(range(32)))


def entries(count: int, word: str = "entry") -> list[bytes]:
    return [f"{word} {i}".encode() for i in range(count)]


def log_of(count: int, word: str = "entry") -> Log:
    made = Log(SIGNER, Memory())
    made.append(entries(count, word))
    return made


# RFC 6962, section 2.1, with its own names and recursions, over entries.


def mth(d: Sequence[bytes]) -> bytes:
    n = len(d)
    if n == 0:
        return sha256(b"").digest()
    if n == 1:
        return sha256(b"\x00" + d[0]).digest()
    k = largest_power_below(n)
    return sha256(b"\x01" + mth(d[:k]) + mth(d[k:])).digest()


def path(m: int, d: Sequence[bytes]) -> list[bytes]:
    n = len(d)
    if n == 1:
        return []
    k = largest_power_below(n)
    if m < k:
        return [*path(m, d[:k]), mth(d[k:])]
    return [*path(m - k, d[k:]), mth(d[:k])]


def proof(m: int, d: Sequence[bytes]) -> list[bytes]:
    return subproof(m, d, True)


def subproof(m: int, d: Sequence[bytes], b: bool) -> list[bytes]:
    n = len(d)
    if m == n:
        return [] if b else [mth(d)]
    k = largest_power_below(n)
    if m <= k:
        return [*subproof(m, d[:k], b), mth(d[k:])]
    return [*subproof(m - k, d[k:], False), mth(d[:k])]


def largest_power_below(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k
