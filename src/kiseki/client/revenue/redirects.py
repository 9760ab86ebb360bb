"""Redirects: where a wallet wants its payouts to go, signed by it, for a relay to bring there.

A redirect's file is a letter (`kiseki.client.letters`). Whoever has it can only do what it says:
bring what that wallet is owed to that address, until the deadline.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kiseki.chain.sending.outcome import Receipt
from kiseki.client.cancellations import Cancellations
from kiseki.client.letters import Letter
from kiseki.client.payable import receiver
from kiseki.client.wallet import Signed, Wallet
from kiseki.core import typed
from kiseki.core.days import LONGEST_REDIRECT_DAYS, REDIRECT_DAYS, utc
from kiseki.disk import private
from kiseki.errors import FilesError, InvalidInput
from kiseki.language import say

__all__ = ["LETTER", "Open", "Redirects"]


_KEPT = "redirects"


@dataclass(frozen=True, slots=True)
class Open:
    """A redirect that was signed here and can still be used.

    Attributes:
        payee: whose money it moves.
        to: where.
        nonce: its number, by which it is cancelled.
        deadline: last second at which it counts.
    """

    payee: str
    to: str
    nonce: int
    deadline: int


@dataclass(frozen=True, slots=True)
class Redirects:
    """What this wallet is owed, for another address; `Kiseki.revenue.redirect`."""

    wallet: Wallet

    def prepare(self, to: str, days: int = REDIRECT_DAYS) -> Signed:
        """What says that all that this wallet is owed goes to `to`, whoever brings it, for so many
        days; not signed yet, so that it can be shown first.

        Raises:
            InvalidInput: `to` could never be paid, or days are none or too many.
        """
        receiver(to, "the address that money is to go to")
        if not 1 <= days <= LONGEST_REDIRECT_DAYS:
            raise InvalidInput(
                f"a redirect counts for 1 to {LONGEST_REDIRECT_DAYS} days; sign another when it "
                "has run out"
            )
        nonce, deadline = self.wallet.fresh(days)
        message = typed.redirect(
            self.wallet.session.chain_id,
            self.wallet.session["RevenueSplitter"].address,
            payee=self.wallet.address,
            to=to,
            nonce=nonce,
            deadline=deadline,
        )
        return Signed(self.wallet.address, message, nonce, deadline, b"")

    def sign(self, prepared: Signed) -> Signed:
        """The same, signed.

        It is written down first, without the signature, so that `open` can tell of it: in a file
        beside the journal that only its owner can read.

        Raises:
            FilesError: it cannot be written down.
            SigningError: the wallet did not sign.
        """
        _keep(self.wallet, prepared.message)
        return self.wallet.signed(prepared)

    def open(self) -> list[Open]:
        """What this wallet signed here and can still be used: not run out, not cancelled on the
        chain.

        Raises:
            FilesError: the list cannot be read, so nobody can tell.
            NodeUnreachable: the chain does not answer.
        """
        splitter, now = self.wallet.session["RevenueSplitter"], self.wallet.session.now()
        place = [self.wallet.session.chain_id, splitter.address.lower()]
        found = [
            Open(payee, to, int(nonce), int(deadline))
            for chain, contract, payee, to, nonce, deadline in _kept(self.wallet)
            if [chain, contract] == place and payee == self.wallet.address and int(deadline) >= now
        ]
        used = splitter.read_all("isNonceUsed", [(each.payee, each.nonce) for each in found])
        return [each for each, gone in zip(found, used, strict=True) if not gone]

    def cancel(self, nonce: int) -> Receipt:
        """Makes a redirect of this wallet's worthless, by its number."""
        return Cancellations(self.wallet).cancel(nonce, "RevenueSplitter")


def _keep(wallet: Wallet, message: Mapping[str, Any]) -> None:
    folder, said = wallet.session.journal.folder, message["message"]
    if folder is None:
        return
    domain = message["domain"]
    row = [domain["chainId"], domain["verifyingContract"].lower(), wallet.address,
           said["to"], str(said["nonce"]), str(said["deadline"])]  # fmt: skip
    try:
        private.create(folder / _KEPT)
        with (folder / _KEPT).open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise FilesError(f"{folder / _KEPT} cannot be written ({error.strerror})") from error


def _kept(wallet: Wallet) -> list[list[Any]]:
    folder = wallet.session.journal.folder
    path = None if folder is None else folder / _KEPT
    if path is None or not path.exists():
        return []
    try:
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    except OSError as error:
        raise FilesError(f"{path} cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise FilesError(f"{path} is damaged; what is open cannot be told from it") from error
    if not all(isinstance(row, list) and len(row) == 6 for row in rows):
        raise FilesError(f"{path} is damaged; what is open cannot be told from it")
    return rows


def _words(signed: Signed, language: str = "en") -> str:
    return say(
        "What the wallet {wallet} is owed goes to {to}, until {time}. Anybody can send this with a "
        "claim.",
        language,
        wallet=signed.signer,
        to=signed.message["message"]["to"],
        time=utc(signed.deadline, language),
    )


def _remade(
    chain: int, contract: str, message: Mapping[str, Any], nonce: int, deadline: int
) -> dict[str, Any]:
    payee, to = message["payee"], message["to"]
    return typed.redirect(chain, contract, payee=payee, to=to, nonce=nonce, deadline=deadline)


LETTER = Letter(
    "kiseki-redirect-v1",
    "payee",
    _remade,
    _words,
    "is no redirect; sign one with `kiseki revenue redirect`",
)
