"""Keystore files as other wallets write them (Web3 Secret Storage), and what Kiseki opens of it.

eth-keyfile believes what is in a file: it takes another cipher for its own, and so gives another
key, or says that a password is wrong. So what it cannot undo is refused before.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kiseki.core.values import one_line
from kiseki.errors import SigningError

__all__ = ["damaged", "understood"]

_WHOLE = {"cipher", "ciphertext", "kdf", "kdfparams", "mac"}
_CIPHERS, _KDFS, _PRFS = ("aes-128-ctr",), ("scrypt", "pbkdf2"), ("hmac-sha256",)
_MOST_MEMORY = 2
"""Gigabytes for opening a file; go-ethereum's take a quarter of one."""


def understood(document: dict[str, Any], path: Path) -> dict[str, Any]:
    """A keystore as eth-keyfile reads it: older wallets write ``Crypto``, others ``"3"``.

    Raises:
        SigningError: it is none, or Kiseki cannot open this kind.
    """
    keystore = {name.lower(): value for name, value in document.items()}
    if not isinstance(keystore.get("crypto"), dict):
        raise damaged(path)
    version = str(keystore.get("version", 3)).strip()
    if version not in ("3", "3.0"):
        raise SigningError(
            f"{path} is a keystore of version {version:.20}; Kiseki opens version 3, as wallets of "
            "Ethereum accounts write it. Export the account again with a newer wallet"
        )
    why = _closed(keystore["crypto"])
    if why:
        raise SigningError(
            f"{path} is encrypted with {why}; Kiseki opens aes-128-ctr with scrypt or pbkdf2, as "
            "wallets of Ethereum accounts write it. Export the account again with another wallet"
        )
    return keystore | {"version": 3}


def damaged(path: Path) -> SigningError:
    """It cannot be read."""
    return SigningError(f"{path} is no keystore file, or is damaged; restore a backup of it")


def _closed(crypto: Mapping[str, Any]) -> str:
    """What a whole keystore is encrypted with that cannot be undone here; empty where it can."""
    numbers = crypto.get("kdfparams")
    if not crypto.keys() >= _WHOLE or not isinstance(numbers, dict):
        return ""
    cipher, kdf, prf = crypto["cipher"], crypto["kdf"], numbers.get("prf", _PRFS[0])
    for kind, said, known in (
        ("cipher", cipher, _CIPHERS),
        ("kdf", kdf, _KDFS),
        ("prf", prf, _PRFS),
    ):
        if isinstance(said, str) and said not in known:
            return f"{kind} {one_line(said, 40)}"
    n, r = numbers.get("n"), numbers.get("r")
    if kdf == "scrypt" and isinstance(n, int) and isinstance(r, int):
        memory = 128 * n * r / 2**30
        return f"a scrypt of {memory:,.0f} GB of memory" if memory > _MOST_MEMORY else ""
    return ""
