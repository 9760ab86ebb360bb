"""Who is meant by what a person writes, wherever a payee is named; `Kiseki.payee`.

A wallet's address; somebody who has none yet, as ``0xISSUER:0xPERSON``; the ID of a batch, model or
collection, or the key of a split that is on the chain; the file of a split or of a title.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from kiseki.client.payable import payable, payable_identity
from kiseki.client.revenue.titles import Titles
from kiseki.client.wallet import Wallet
from kiseki.core.payee import Payee
from kiseki.core.split import Split
from kiseki.core.title import TITLE_FORMAT, Title
from kiseki.core.values import from_hex
from kiseki.errors import FilesError, InvalidInput

__all__ = ["named", "split_in"]


def named(wallet: Wallet, given: str) -> Payee:
    """The payee that is meant.

    Raises:
        InvalidInput: nobody is.
        FilesError: a file that is named cannot be read.
        NotInIndex: a cut of a title's file is no batch of this chain.
    """
    path = Path(given)
    if path.suffix == ".json":
        return payable(split_in(wallet, path))
    issuer, colon, person = given.partition(":")
    if colon:
        known = from_hex(person, 32, "the person")
        return payable_identity(wallet.session["Identities"].address, issuer, known)
    if len(given) < 60:
        return payable(given)
    wanted, index = _id(given), wallet.session.index
    asks: list[Callable[[], bytes]] = [
        lambda: index.batch(wanted).split,
        lambda: index.model(wanted).split,
        lambda: wanted,
    ]
    for ask in asks:
        with contextlib.suppress(LookupError):
            return payable(index.split(ask()).split)
    with contextlib.suppress(LookupError):
        return Payee.subject(wallet.session["DataRegistry"].address, index.collection(wanted).id)
    raise InvalidInput(
        f"nothing here is {given}; give a wallet, a batch, a model, a collection or a split's file"
    )


def split_in(wallet: Wallet, path: Path) -> Split:
    """The split of a split's file, or of a title's as it is now."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeError) as error:
        raise FilesError(f"{path} cannot be read ({type(error).__name__})") from error
    try:
        if TITLE_FORMAT in text:
            return Titles(wallet).split(Title.from_json(text))
        return Split.from_json(text)
    except InvalidInput as error:
        raise InvalidInput(
            f"{path} is the file of no split or title; `kiseki revenue split` makes one ({error})"
        ) from error


def _id(given: str) -> bytes:
    try:
        return from_hex(given if given.startswith("0x") else f"0x{given}", 32, "the payee")
    except InvalidInput:
        raise InvalidInput(f"the payee is 0x and 64 hex digits, not {given!r:.80}") from None
