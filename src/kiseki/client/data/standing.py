"""Standing consents: signed once by an artist, for a studio that collects every week.

A file of one **is** the EIP-712 typed data that is signed, as consent files are
(`kiseki.client.data.consents`), so any wallet signs it. The collector's own transactions use it::

    path = k.data.standing.prepare(artist, terms, "alice.json", per_month=5)  # the studio
    standing.sign(path, signer)                                   # the artist, with no node
    consent = StandingConsent.read(path)                               # the studio, every week
    kept = k.data.standing.collect(consent, "week-12")
    print(Totals.of(k.data.standing.register(consent, kept)))

The artist ends it at once with `StandingConsents.end`, or signs a cancellation
(`kiseki.client.cancellations`) for anybody to send.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from kiseki.chain.sending.outcome import Receipt
from kiseki.chain.signing.signer import Signer
from kiseki.client import consentfiles as files
from kiseki.client.cancellations import Cancellations
from kiseki.client.data.group import Group, kept_parts
from kiseki.client.data.origins import Given, Origins
from kiseki.client.data.registering import Registered, registered, with_code
from kiseki.client.data.registering import register as register_groups
from kiseki.client.payable import payable, receiver
from kiseki.client.salts import NewSalts
from kiseki.client.wallet import Signed, Wallet
from kiseki.core import documents, typed
from kiseki.core.checksum import checksummed
from kiseki.core.collection import Kept
from kiseki.core.counts import counted
from kiseki.core.days import utc
from kiseki.core.payee import Payee
from kiseki.core.split import Split
from kiseki.core.terms import Terms
from kiseki.core.values import address, address_text, from_hex, to_hex, uint
from kiseki.errors import InvalidInput
from kiseki.language import plural, say
from kiseki.vault import lists
from kiseki.vault.collecting import Works
from kiseki.vault.collecting import collect as collect_entries
from kiseki.vault.doubts import Decide, refuse
from kiseki.vault.lists import Entry

__all__ = [
    "MONTH",
    "Left",
    "StandingConsent",
    "StandingConsents",
    "sign",
]

MONTH = 30 * 24 * 3600
"""Seconds of a month, as the registry counts it."""


@dataclass(frozen=True, slots=True)
class StandingConsent(files.Asked):
    """What a provider consents to once, or is asked to.

    Attributes:
        provider, collector: addresses, in lower case.
        terms: of every collection.
        payee: who is paid for every collection.
        per_month: how many collections, in each 30 days counted back from the end.
        until: the last second at which it counts.
        nonce: what the provider cancels to end it.
        chain_id, contract: where it counts.
    """

    FORM = "kiseki-standing-consent-v1"
    NOUN = "standing consent"

    provider: str
    collector: str
    terms: Terms
    payee: Payee
    per_month: int
    until: int
    nonce: int
    chain_id: int
    contract: str

    @property
    def message(self) -> dict[str, Any]:
        """The typed data that is signed."""
        return typed.standing_consent(
            self.chain_id,
            self.contract,
            provider=self.provider,
            collector=self.collector,
            terms=self.terms,
            payee=self.payee.key,
            per_month=self.per_month,
            until=self.until,
            nonce=self.nonce,
        )

    @property
    def id(self) -> bytes:
        """By which the registry knows it: its struct hash."""
        return typed.struct_hash(self.message)

    @property
    def signed(self) -> Signed:
        """As calls take it."""
        return Signed(
            checksummed(self.provider), self.message, self.nonce, self.until,
            self.signature or b"",
        )  # fmt: skip

    def words(self, language: str = "en") -> list[str]:
        """What it says, in plain sentences."""
        many = plural("{number} collection", "{number} collections", self.per_month, language)
        return [
            say(
                "{provider} consents to {collector} registering up to {collections} a month as "
                "this provider's, until {time}, on chain {chain}, in the contract {contract}.",
                language,
                provider=checksummed(self.provider),
                collector=checksummed(self.collector),
                collections=many,
                time=utc(self.until, language),
                chain=self.chain_id,
                contract=checksummed(self.contract),
            ),
            self.terms.words(language),
            files.paid(self.payee, self.provider, language),
            say(
                "Nobody asks the provider again. The collector says which works are in each "
                "collection, and how they were collected.",
                language,
            ),
            say(
                "Months are 30 days each, counted back from the end. Where one ends and the next "
                "begins, the collections of both can come at once.",
                language,
            ),
            say(
                "The provider can end this at any time, at once, by cancelling the number "
                "{number}; what is registered by then stays, and can be revoked as any other.",
                language,
                number=self.nonce,
            ),
        ]

    @property
    def more(self) -> dict[str, str]:
        """What opens its payee."""
        return {"opening": to_hex(self.payee.opening)}

    @property
    def asked(self) -> str:
        """The provider."""
        return self.provider

    @property
    def ends(self) -> int:
        """Its own end."""
        return self.until

    @classmethod
    def understood(cls, given: dict[str, Any], more: Mapping[str, Any]) -> Self:
        """See `Asked`."""
        chain_id, contract = files.place(given)
        provider, collector, terms, payee, per_month, until, nonce = documents.members(
            given["message"],
            ["provider", "collector", "terms", "payee", "perMonth", "until", "nonce"],
            "the message",
        )
        opening = from_hex(more.get("opening"), None, "the opening")
        return cls(
            address_text(address(provider, "the provider")),
            address_text(address(collector, "the collector")),
            files.terms(terms),
            payable(Payee(from_hex(payee, 32, "the payee"), opening)),
            uint(per_month, 32, "the number of collections a month"),
            documents.decimal(until, "the end"),
            documents.decimal(nonce, "the nonce"),
            chain_id,
            contract,
        )


@dataclass(frozen=True, slots=True)
class Left:
    """How much of a standing consent is left.

    Attributes:
        count: collections in this month of it; none when it is over.
        month_ends: the last second of this month.
        until: its own last second.
        ended: the provider ended it.
    """

    count: int
    month_ends: int
    until: int
    ended: bool

    @property
    def sentence(self) -> str:
        """In words."""
        if self.ended:
            return "The provider ended it."
        if not self.month_ends:
            return f"It expired on {utc(self.until)}."
        return (
            f"{counted(self.count, 'more collection')} can be registered until "
            f"{utc(self.month_ends)}; the standing consent ends on {utc(self.until)}."
        )


@dataclass(frozen=True, slots=True)
class StandingConsents:
    """A collector's side, and ending one as its provider; `Kiseki.data.standing`."""

    wallet: Wallet

    def prepare(
        self,
        provider: str,
        terms: Terms,
        path: str | Path,
        *,
        per_month: int,
        months: int = 12,
        payee: Payee | Split | str | None = None,
    ) -> Path:
        """Writes a standing consent to this wallet as the collector, for `provider` to sign.

        One that is there already and says the same is left, so that a signature on its way counts.

        Args:
            per_month: collections in each 30 days.
            months: of 30 days each, from now.
            payee: who is paid; the provider if none is named.

        Raises:
            InvalidInput: it can never be used, or another file is there.
            FilesError: it cannot be written.
        """
        session, place = self.wallet.session, Path(path)
        now = session.now()
        who = receiver(provider, "the provider")
        if who == self.wallet.address.lower():
            raise InvalidInput("the provider is this wallet, which needs nobody's consent")
        uint(per_month, 32, "the number of collections a month", minimum=1)
        until = now + uint(months, 16, "the number of months", minimum=1) * MONTH
        if terms.valid_until and terms.valid_until < until:
            raise InvalidInput(
                f"these terms end on {utc(terms.valid_until)}, before the consent does; "
                "name fewer months, or terms that hold as long"
            )
        nonce, _ = self.wallet.fresh()
        made = StandingConsent(
            who, self.wallet.address.lower(), terms, payable(payee or who), per_month, until, nonce,
            session.chain_id, session["DataRegistry"].address.lower(),
        )  # fmt: skip
        if place.exists():
            there = StandingConsent.read(place)
            same = replace(there, until=until, nonce=nonce, signature=None) == made
            if same and there.until > now:
                return place
            raise InvalidInput(f"there is another standing consent in {path}; name another file")
        files.write(place, made.to_json())
        return place

    def left(self, consent: StandingConsent) -> Left:
        """How much of it is left now.

        Raises:
            NodeUnreachable: the node does not answer.
        """
        session = self.wallet.session
        contract, now = session["DataRegistry"], session.now()
        if contract.read("isNonceUsed", consent.provider, consent.nonce):
            return Left(0, 0, consent.until, True)
        if now > consent.until:
            return Left(0, 0, consent.until, False)
        used = int(contract.read("usedUnder", consent.id, consent.until))
        months = (
            max(0, consent.until - now - 1) // MONTH
        )  # after this one; the end belongs to the last
        month_ends = consent.until - months * MONTH - (1 if months else 0)
        return Left(max(0, consent.per_month - used), month_ends, consent.until, False)

    def problem(self, consent: StandingConsent) -> str:
        """Why this wallet cannot use it, in words; empty when it can."""
        session, who = self.wallet.session, consent.provider
        contract = session["DataRegistry"].address.lower()
        if (consent.chain_id, consent.contract) != (session.chain_id, contract):
            return (
                f"it is for chain {consent.chain_id} and the contract {consent.contract}, and this "
                f"is chain {session.chain_id} with {contract}"
            )
        if consent.collector != self.wallet.address.lower():
            return (
                f"it is for the collector {consent.collector}, and this wallet is "
                f"{self.wallet.address}; act with the wallet that is named"
            )
        if consent.signature is None:
            return f"it is not signed yet; send it to {who}"
        if consent.signer != who and not with_code(self.wallet, [who]):
            return (
                f"it is signed by {consent.signer or 'nobody'} and not by {who}; let them sign it"
            )
        over = self.left(consent)
        if over.ended:
            return f"{who} ended it; ask for a new one"
        if not over.month_ends:
            return f"it expired on {utc(consent.until)}; ask for a new one"
        return ""

    def collect(
        self,
        consent: StandingConsent,
        source: str | Path | Iterable[Entry],
        *,
        origin: Given = None,
        progress: Callable[[int, int], None] = lambda *_: None,
        doubtful: Decide = refuse,
        tell: Callable[[str], None] = lambda _: None,
    ) -> list[Kept]:
        """Hashes a folder or list into a collection of the provider's, and keeps it. Sends nothing.

        Args:
            origin, doubtful, tell: see `data.prepare`.

        Raises:
            InvalidInput: the list names another artist than the provider.
            FilesError, SecretsError: as `data.prepare_all`.
        """
        origins = Origins(self.wallet)
        document = origins.take(origin)

        def entries() -> Iterator[Entry]:
            for each in lists.read(source) if isinstance(source, str | Path) else source:
                if each.artist not in ("", consent.provider):
                    raise InvalidInput(
                        f"row {each.row}: the list names {each.artist}, and the standing consent "
                        f"is {consent.provider}'s; give each provider a list of its own"
                    )
                yield each._replace(artist="")

        def kept_of(works: Works, root: bytes, count: int) -> Kept:
            said = origins.of_works(works, consent.provider, {}, document)
            return Kept(consent.provider, consent.terms, root, count, consent.payee, said)

        return list(
            collect_entries(
                entries(),
                NewSalts(self.wallet),
                lambda _: consent.provider,
                kept_of,
                progress,
                doubtful,
                tell,
            )
        )

    def register(
        self,
        consent: StandingConsent,
        collections: Sequence[Kept],
        *,
        publish: bool = True,
        progress: Callable[[int, int], None] = lambda *_: None,
    ) -> Iterator[Registered]:
        """Registers collections of the provider's under a standing consent, with transactions of
        this wallet. What is there already is skipped and not counted, so run again it goes on.

        Raises:
            InvalidInput: the consent is not for this, or fewer are left than are new. Nothing was
                sent.
            ChainError, SigningError: what stops all of them; run it again to go on.
        """
        there = registered(self.wallet, [each.id for each in collections])
        new = len(
            {each.id for each, is_there in zip(collections, there, strict=True) if not is_there}
        )
        why = _misfit(consent, collections) or (self.problem(consent) if new else "")
        if why:
            raise InvalidInput(f"this standing consent cannot be used: {why}")
        if new:
            rest = self.left(consent)
            if new > rest.count:
                raise InvalidInput(
                    f"there is {counted(new, 'new collection')}, and this standing consent is for "
                    f"{consent.per_month:,} a month. {rest.sentence} Nothing was sent"
                )
        groups = [
            Group(each, kept_parts(self.wallet.salts, each), consent.signed, consent.per_month)
            for each in collections
        ]
        return register_groups(self.wallet, groups, publish=publish, progress=progress)

    def end(self, nonce: int) -> Receipt:
        """Ends a standing consent of this wallet's at once; what is registered by then stays."""
        return Cancellations(self.wallet).cancel(nonce)


def sign(path: str | Path, signer: Signer) -> StandingConsent:
    """Signs a standing consent, once everything it says was computed again; needs no node.

    Raises:
        InvalidInput: words and data disagree, or it is somebody else's or over. Nothing was signed.
        SigningError: the wallet did not sign.
    """
    return StandingConsent.read(path).sign(path, signer)


def _misfit(consent: StandingConsent, collections: Iterable[Kept]) -> str:
    for each in collections:
        if each.provider.lower() != consent.provider:
            return f"{to_hex(each.id)} is {each.provider}'s and it is {consent.provider}'s"
        if each.terms != consent.terms or each.payee != consent.payee:
            return f"{to_hex(each.id)} has other terms or another payee than were signed"
    return ""
