"""Who is meant by what a person writes, wherever a payee is named; `Kiseki.payee`.

A wallet's address; somebody who has none yet, as ``0xISSUER:0xPERSON``; the ID of a batch, model or
collection, or the key of a split that is on the chain; the file of a split or of a title.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from kiseki.client.kinds import registry_of
from kiseki.client.payable import payable, payable_identity
from kiseki.client.revenue.splits import Splits
from kiseki.client.wallet import Wallet
from kiseki.core.payee import Payee
from kiseki.core.values import from_hex
from kiseki.errors import InvalidInput, NotInIndex

__all__ = ["named", "places"]


def named(wallet: Wallet, given: str) -> Payee:
    """The payee that is meant.

    Raises:
        InvalidInput: nobody is.
        FilesError: a file that is named cannot be read.
        NotInIndex: a cut of a title's file is no batch of this chain.
    """
    path = Path(given)
    if path.suffix == ".json":
        return payable(Splits(wallet).read(path))
    issuer, colon, person = given.partition(":")
    if colon:
        known = from_hex(person, 32, "the person")
        return payable_identity(wallet.session["Identities"].address, issuer, known)
    if not _is_id(given):
        return payable(given)
    wanted, index = _id(given), wallet.session.index
    asks: list[Callable[[], bytes]] = [
        lambda: index.batch(wanted).split,
        lambda: index.model(wanted).split,
        lambda: wanted,
    ]
    for ask in asks:
        with contextlib.suppress(NotInIndex):
            return payable(index.split(ask()).split)
    with contextlib.suppress(NotInIndex):
        return Payee.subject(wallet.session["DataRegistry"].address, index.collection(wanted).id)
    raise InvalidInput(
        f"nothing here is {given}; give a wallet, a batch, a model, a collection or a split's file"
    )


def places(wallet: Wallet, given: str) -> tuple[Payee, ...]:
    """The payees at whose payment addresses money may lie for who is meant: the one that is meant;
    of a batch or model also the one that is paid the royalties of its resales (ERC-2981).

    Raises:
        InvalidInput, FilesError, NotInIndex: as `named`.
    """
    first, index = named(wallet, given), wallet.session.index
    finds: dict[str, Callable[[bytes], object]] = {"batch": index.batch, "model": index.model}
    for kind, find in finds.items() if _is_id(given) else ():
        with contextlib.suppress(NotInIndex):
            find(_id(given))
            return (first, Payee.subject(registry_of(wallet.session, kind).address, _id(given)))
    return (first,)


def _is_id(given: str) -> bool:
    return len(given) >= 60 and ":" not in given and Path(given).suffix != ".json"


def _id(given: str) -> bytes:
    try:
        return from_hex(given if given.startswith("0x") else f"0x{given}", 32, "the payee")
    except InvalidInput:
        raise InvalidInput(f"the payee is 0x and 64 hex digits, not {given!r:.80}") from None
