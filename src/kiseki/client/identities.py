"""Identities: artists without a wallet, whose share waits until somebody who knows them binds one.

    person = k.identities.person("name, birthday, whatever tells them apart")
    k.data.register("artwork", terms, payee=k.identities.payee(person))
    ...
    k.identities.bind({person: "0x…"})     # once they have one; final after seven days

The text is hashed with a salt of the key store's, so the chain says nothing of who they are.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiseki.chain.contract.contracts import Call, Contract
from kiseki.chain.sending.outcome import Receipt
from kiseki.client.letters import Letter, must_be_for
from kiseki.client.payable import payable_identity, receiver
from kiseki.client.salts import NewSalts
from kiseki.client.wallet import Signed, Wallet
from kiseki.core import ids, typed
from kiseki.core.checksum import checksummed
from kiseki.core.days import WAITING_DAYS, utc
from kiseki.core.keccak import keccak256
from kiseki.core.payee import Payee
from kiseki.core.values import ZERO_ADDRESS, from_hex
from kiseki.disk.tables import PLAIN, Format, Table
from kiseki.errors import InvalidInput
from kiseki.language import joined, plural, say

__all__ = ["IDENTITY", "LETTER", "Identities", "Status", "read_bindings"]

IDENTITY = keccak256(b"identity")
"""The kind of a statement about who somebody is, or whom to believe about that."""

_CONTRACT = "Identities"
_AT_ONCE = 250
"""Bindings in one transaction: about 7 million gas when all are new."""
_SHOWN = 20
"""Bindings of a letter that its words name."""


@dataclass(frozen=True, slots=True)
class Status:
    """What an issuer has bound a person to.

    Attributes:
        wallet: the address; none when nothing is bound.
        since: from which second on it stands, and cannot be changed; none when nothing is bound.
        final: whether that has come.
    """

    wallet: str | None
    since: int | None
    final: bool


@dataclass(frozen=True, slots=True)
class Identities:
    """What an issuer does, who knows artists without wallets; `Kiseki.identities`."""

    wallet: Wallet

    def person(self, text: str) -> bytes:
        """The salted hash that stands for an artist. The same text always gives the same hash.

        Args:
            text: a text that identifies the artist. It is not saved. It is hashed in Unicode's
                composed form, without blanks around it.

        Raises:
            InvalidInput: there is no such text.
            SaltsMissing: a new salt is needed, which makes another identity of somebody who has one
                already, and the key store cannot open what this wallet registered before.
        """
        known = unicodedata.normalize("NFC", text).strip().encode()
        if not known:
            raise InvalidInput("say something that tells them apart from everybody else")
        digest = hashlib.sha256(known).digest()
        (salt,) = NewSalts(self.wallet).salts(self.wallet.address, [digest])
        return ids.commitment(digest, salt)

    def payee(self, person: bytes, issuer: str | None = None) -> Payee:
        """The payee that stands for an artist: the wallet that the issuer binds later.

        Args:
            issuer: the issuer who knows the artist. Default: this wallet.
        """
        return payable_identity(self._contract.address, issuer or self.wallet.address, person)

    def bind(self, wallets: Mapping[bytes, str]) -> tuple[Receipt, ...]:
        """Binds wallets to artists; skips a wallet that is bound already.

        A binding is final after seven days. Before that, another wallet can be bound, or the
        binding can be taken back (`withdraw`).

        Args:
            wallets: person -> address.

        Raises:
            InvalidInput: a wallet could never be paid.
            ContractReverted: `Identities_Final`, a binding is final.
        """
        return self._bind(_payable(wallets))

    def withdraw(self, persons: Iterable[bytes]) -> tuple[Receipt, ...]:
        """Takes back bindings that are not final yet."""
        return self._bind(dict.fromkeys(persons, ZERO_ADDRESS))

    def sign(self, wallets: Mapping[bytes, str], days: int = WAITING_DAYS) -> list[Signed]:
        """Signs bindings, for another wallet to submit (`bind_for`).

        Raises:
            InvalidInput: a wallet could never be paid.
        """
        parts = (dict(zip(*each, strict=True)) for each in _cut(_payable(wallets)))
        return [self.wallet.signed(self.prepare(each, days)) for each in parts]

    def prepare(self, wallets: Mapping[bytes, str], days: int = WAITING_DAYS) -> Signed:
        """Bindings before they are signed, to be shown first; see `sign`.

        Args:
            wallets: person -> address, at most 250; the zero address takes a binding back.
            days: for how long anybody can bring them.

        Raises:
            InvalidInput: a wallet could never be paid, or there are none or too many.
        """
        given = [who for who in wallets if wallets[who] != ZERO_ADDRESS]
        _payable({who: wallets[who] for who in given})
        if not 0 < len(wallets) <= _AT_ONCE:
            raise InvalidInput(f"name 1 to {_AT_ONCE} artists at a time")
        ((persons, bound),) = _cut(wallets)
        nonce, deadline = self.wallet.fresh(days)
        message = typed.binding(
            self.wallet.session.chain_id,
            self._contract.address,
            issuer=self.wallet.address,
            persons=persons,
            wallets=bound,
            nonce=nonce,
            deadline=deadline,
        )
        return Signed(self.wallet.address, message, nonce, deadline, b"")

    def bind_for(self, signed: Iterable[Signed]) -> tuple[Receipt, ...]:
        """Submits bindings that an issuer signed, and sends no binding twice.

        Raises:
            InvalidInput: one is for another chain or suite. Nothing was sent.
        """
        given = list(signed)
        for each in given:
            must_be_for(self.wallet.session, each)

        def calls() -> Iterator[Call]:
            for each in given:
                told = each.message["message"]
                persons = [from_hex(person, 32, "a person") for person in told["persons"]]
                yield self._contract.call(
                    "bindFor", each.signer, persons, told["wallets"], each.approval
                )

        return self._send(calls())

    def status(self, person: bytes, issuer: str | None = None) -> Status:
        """Which wallet is bound to an artist now, as the contract says."""
        found = self._contract.read("bindingOf", issuer or self.wallet.address, person)
        if found["wallet"] == ZERO_ADDRESS:
            return Status(None, None, False)
        since = int(found["from"])
        return Status(found["wallet"], since, since <= self.wallet.session.now())

    def vouch(self, issuer: str, document: bytes) -> Receipt:
        """Records that this wallet knows an issuer, with the keccak256 of a document about it.

        No contract uses the record. Readers decide whom they believe.
        """
        state = self.wallet.session["Statements"]
        return self.wallet.send(state.call("state", ids.wallet(issuer), IDENTITY, document))

    @property
    def _contract(self) -> Contract:
        return self.wallet.session[_CONTRACT]

    def _bind(self, wallets: Mapping[bytes, str]) -> tuple[Receipt, ...]:
        return self._send(self._contract.call("bind", *given) for given in _cut(wallets))

    def _send(self, calls: Iterable[Call]) -> tuple[Receipt, ...]:
        return tuple(each.result for each in self.wallet.send_all(calls))


def read_bindings(
    path: Path, form: Format = PLAIN, wallet: Callable[[str], str] = str
) -> dict[bytes, str]:
    """Bindings from a table with the columns ``person`` and ``wallet``: person -> address.

    Args:
        wallet: the address that a cell means; by default the cell itself.

    Raises:
        FilesError, InvalidInput: it cannot be read, a row cannot be right or a person is there
            twice; with its row.
    """
    found: dict[bytes, str] = {}
    with Table(path, ("person", "wallet"), form) as table:
        table.need(("person", "wallet"))
        for person, to in table:
            column = "person"
            try:
                known = from_hex(person.strip(), 32, "the person")
                if known in found:
                    raise InvalidInput("this person is in the table twice")
                column = "wallet"
                found[known] = receiver(wallet(to.strip()), "the wallet")
            except InvalidInput as error:
                raise table.refusal(column, error) from None
    return found


def _payable(wallets: Mapping[bytes, str]) -> dict[bytes, str]:
    """The zero address would take a binding back, which `withdraw` says in words."""
    return {person: receiver(bound, "the wallet") for person, bound in wallets.items()}


def _cut(wallets: Mapping[bytes, str]) -> Iterator[tuple[list[bytes], list[str]]]:
    listed = sorted(wallets.items())
    for start in range(0, len(listed), _AT_ONCE):
        some = listed[start : start + _AT_ONCE]
        yield [person for person, _ in some], [bound for _, bound in some]


def _words(signed: Signed, language: str = "en") -> str:
    told = signed.message["message"]
    pairs = list(zip(told["persons"], told["wallets"], strict=True))
    said = [
        say("{person} is bound to nobody any more", language, person=person)
        if wallet == ZERO_ADDRESS
        else say("{person} is paid at {wallet}", language, person=person,
                 wallet=checksummed(wallet))
        for person, wallet in pairs[:_SHOWN]
    ]  # fmt: skip
    if len(pairs) > _SHOWN:
        said.append(
            plural("{number} more is in the file", "{number} more are in the file",
                   len(pairs) - _SHOWN, language)
        )  # fmt: skip
    return say(
        "The issuer {wallet} says of artists without a wallet: {bindings}. A binding is final "
        "seven days after it was sent. Anybody can send this, once, until {time}.",
        language,
        wallet=signed.signer,
        bindings=joined(said, language, "; "),
        time=utc(signed.deadline, language),
    )


def _remade(
    chain: int, contract: str, message: Mapping[str, Any], nonce: int, deadline: int
) -> dict[str, Any]:
    persons = [from_hex(person, 32, "a person") for person in message["persons"]]
    return typed.binding(
        chain, contract, issuer=message["issuer"], persons=persons, wallets=message["wallets"],
        nonce=nonce, deadline=deadline,
    )  # fmt: skip


LETTER = Letter(
    "kiseki-binding-v1",
    "issuer",
    _remade,
    _words,
    "is no signed binding; sign one with `kiseki identity bind --sign`",
)
