"""Public statements: who says what about a collection, model, batch or wallet.

The chain keeps the hash of a document, who states it and of which sort it is. No contract uses it:
readers decide whom they believe. A wallet without ether signs a statement into a file, which is a
letter (`kiseki.client.letters`), and anybody sends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiseki.chain.sending.outcome import Receipt
from kiseki.client.kinds import KINDS, registry_of
from kiseki.client.letters import Letter, must_be_for
from kiseki.client.wallet import Signed, Wallet, document_hash
from kiseki.core import ids, typed
from kiseki.core.checksum import checksummed
from kiseki.core.days import WAITING_DAYS, utc
from kiseki.core.keccak import keccak256
from kiseki.core.values import from_hex, to_hex
from kiseki.errors import InvalidInput, NotInIndex
from kiseki.index import Statement
from kiseki.index.answers.pages import ALL
from kiseki.language import mark, say

__all__ = ["LETTER", "SORTS", "Statements", "sort_for_people", "sort_in_words"]

_CALLED = {
    "audit": mark("audit"),
    "derived": mark("what its items were made from"),
    "dispute": mark("dispute"),
    "heads": mark("heads of a vault's logs"),
    "identity": mark("name"),
    "list": mark("list of what is in it"),
    "manifest": mark("manifest"),
    "origin": mark("document of origin"),
    "receipt": mark("receipt"),
    "reproduction": mark("training that was made again"),
    "review": mark("review"),
    "series": mark("place in a series"),
    "withdrawal": mark("answer to a withdrawal"),
}
SORTS = tuple(_CALLED)
"""Sorts of statements that everybody reads alike; any other word can be used too."""
_HASHED = {keccak256(each.encode()): each for each in SORTS}
_LONGEST = 64


def sort_in_words(sort: bytes) -> str:
    """The word of a sort, where it is one of `SORTS`; else its hash."""
    return _HASHED.get(sort) or to_hex(sort)


def sort_for_people(sort: bytes, language: str = "en") -> str | None:
    """What people call a sort; `None` where it is none of `SORTS`."""
    word = _HASHED.get(sort)
    return say(_CALLED[word], language) if word else None


@dataclass(frozen=True, slots=True)
class Statements:
    """Stating something, and reading what others stated; `Kiseki.statements`."""

    wallet: Wallet

    def state(self, kind: str, about: str, sort: str, document: str | Path | bytes) -> Receipt:
        """States as this wallet, in public and for good, what a document says.

        Args:
            kind: ``collection``, ``model``, ``batch`` or ``wallet``.
            about: its ID, or the wallet's address.
            sort: one word, as one of `SORTS`.
            document: its file, or its keccak256. Only the hash is recorded.

        Raises:
            InvalidInput: there is no such kind, or the sort is no word.
            NotInIndex: nothing with this ID is registered.
        """
        what = self._subject(kind, about), _sort(sort), document_hash(document)
        return self.wallet.send(self.wallet.session["Statements"].call("state", *what))

    def about(self, kind: str, about: str, after: int = -1, most: int = ALL) -> list[Statement]:
        """Everything that anybody stated about something, earliest first.

        Args:
            after: the place of the last one of the page before.
            most: how many at most.

        Raises:
            InvalidInput, NotInIndex: as `state`.
        """
        subject = self._subject(kind, about)
        return self.wallet.session.index.stated(subject, after, most)

    def prepare(
        self, kind: str, about: str, sort: str, document: str | Path | bytes,
        days: int = WAITING_DAYS,
    ) -> Signed:  # fmt: skip
        """The same as a message that is not yet signed, so that it can be shown first.

        Args:
            days: for how long anybody can send it.
        """
        nonce, deadline = self.wallet.fresh(days)
        message = typed.statement(
            self.wallet.session.chain_id, self.wallet.session["Statements"].address,
            speaker=self.wallet.address, subject=self._subject(kind, about), kind=_sort(sort),
            document=document_hash(document), nonce=nonce, deadline=deadline,
        )  # fmt: skip
        return Signed(self.wallet.address, message, nonce, deadline, b"")

    def submit(self, signed: Signed) -> Receipt:
        """Sends what somebody else signed, with this wallet's ether.

        Raises:
            InvalidInput: it is for another chain or contract than the suite here.
        """
        contract = self.wallet.session[must_be_for(self.wallet.session, signed)]
        said = signed.message["message"]
        what = [from_hex(said[name], 32, name) for name in ("subject", "kind", "document")]
        return self.wallet.send(contract.call("stateFor", signed.signer, *what, signed.approval))

    def _subject(self, kind: str, about: str) -> bytes:
        """What the statement is about, as 32 bytes; only of what is registered."""
        if kind == "wallet":
            return ids.wallet(about)
        if kind not in KINDS:
            raise InvalidInput(f"kind is one of {', '.join(KINDS)} or wallet, not {kind!r:.40}")
        contract = registry_of(self.wallet.session, kind)
        group = from_hex(about if about.startswith("0x") else f"0x{about}", 32, f"the {kind}")
        if not int(contract.read("registrantOf", group), 16):
            raise NotInIndex(f"no {kind} {to_hex(group)} is registered on this chain")
        return ids.subject(contract.address, group)


def _sort(word: str) -> bytes:
    if not (word.isascii() and word.isidentifier() and word.islower() and len(word) <= _LONGEST):
        raise InvalidInput(
            f"the sort of a statement is one lower-case word, as {', '.join(SORTS)}, not "
            f"{word!r:.80}"
        )
    return keccak256(word.encode())


def _words(signed: Signed, language: str = "en") -> str:
    said = signed.message["message"]
    sort = from_hex(said["kind"], 32, "the sort")
    return say(
        "The wallet {wallet} states for good, for everybody to see, about the subject {subject}, "
        "as {sort}: the document with the hash {document}, in the contract {contract}. Anybody may "
        "send it until {time}.",
        language,
        wallet=signed.signer,
        subject=said["subject"],
        sort=sort_for_people(sort, language) or to_hex(sort),
        document=said["document"],
        contract=checksummed(signed.message["domain"]["verifyingContract"]),
        time=utc(signed.deadline, language),
    )


def _remade(
    chain: int, contract: str, message: Mapping[str, Any], nonce: int, deadline: int
) -> dict[str, Any]:
    return typed.statement(
        chain, contract, speaker=message["speaker"],
        subject=from_hex(message["subject"], 32, "the subject"),
        kind=from_hex(message["kind"], 32, "the sort"),
        document=from_hex(message["document"], 32, "the document"),
        nonce=nonce, deadline=deadline,
    )  # fmt: skip


LETTER = Letter(
    "kiseki-statement-v1",
    "speaker",
    _remade,
    _words,
    "is no signed statement; sign one with `kiseki statements make --sign`",
)
