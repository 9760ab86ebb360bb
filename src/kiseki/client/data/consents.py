"""Consent files: a studio prepares them, artists sign them with any wallet, the studio submits.

A consent file **is** the EIP-712 typed data that is signed, with one member more, ``kiseki``: what
it says in plain words, and what submitting needs. So wallets take it as it is::

    cast wallet sign --data --from-file consents/0x….json > consents/0x….sig
    window.ethereum.request({method: "eth_signTypedData_v4", params: [account, text of the file]})

The signature comes back inside the file (``kiseki.signature``, where `sign` puts it), or as hex in
a file beside it whose name ends in ``.sig``. ::

    paths = k.data.consents.prepare(kept, "consents")        # the studio
    consents.sign(paths[0], signer)                          # an artist, with no node
    for each in k.data.consents.submit("consents"):          # the studio, as often as it likes
        print(each.path.name, each.problem or "registered")
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any, Self

from kiseki.chain.signing.signer import Signer
from kiseki.client import consentfiles
from kiseki.client.accounts.undeployed import must_be_made
from kiseki.client.consentfiles import Asked
from kiseki.client.data.group import Group, kept_parts
from kiseki.client.data.origins import fitting
from kiseki.client.data.registering import Registered, register, registered, with_code
from kiseki.client.payable import payable
from kiseki.client.wallet import Signed, Wallet
from kiseki.core import accounts, documents, typed
from kiseki.core.checksum import checksummed
from kiseki.core.collection import Kept
from kiseki.core.days import WAITING_DAYS, utc
from kiseki.core.payee import Payee
from kiseki.core.values import address, address_text, from_hex, to_hex, uint
from kiseki.errors import FilesError, InvalidInput, KisekiError
from kiseki.language import plural, say
from kiseki.vault import receipts

__all__ = ["Consent", "Consents", "Submitted", "sign"]


@dataclass(frozen=True, slots=True)
class Consent(Asked):
    """What a provider consents to, or is asked to.

    Attributes:
        kept: the collection.
        chain_id, contract: where it is to be registered.
        nonce, deadline: of the signature; the last in Unix seconds.
    """

    FORM = "kiseki-consent-v1"
    NOUN = "consent"

    kept: Kept
    chain_id: int
    contract: str
    nonce: int
    deadline: int

    @property
    def message(self) -> dict[str, Any]:
        """The typed data that is signed."""
        return typed.consent(
            self.chain_id,
            self.contract,
            provider=self.kept.provider,
            root=self.kept.root,
            count=self.kept.count,
            terms=self.kept.terms,
            payee=self.kept.payee.key,
            origin=self.kept.origin,
            nonce=self.nonce,
            deadline=self.deadline,
        )

    def words(self, language: str = "en") -> list[str]:
        """What it says, in plain sentences."""
        kept = self.kept
        found = [
            say(
                "{provider} consents to registering {items} as the collection {collection} on "
                "chain {chain}, in the contract {contract}.",
                language,
                provider=checksummed(kept.provider),
                items=plural("{number} item", "{number} items", kept.count, language),
                collection=to_hex(kept.id),
                chain=self.chain_id,
                contract=checksummed(self.contract),
            ),
            kept.terms.words(language),
            consentfiles.paid(kept.payee, kept.provider, language),
        ]
        if any(kept.origin):
            found.append(
                say(
                    "How, when and from whom it was collected is in the document whose hash is "
                    "{origin}.",
                    language,
                    origin=to_hex(kept.origin),
                )
            )
        until = utc(self.deadline, language)
        found.append(say("Anybody may submit this until {time}.", language, time=until))
        return found

    @property
    def more(self) -> dict[str, str]:
        """Which collection it is, and what opens its payee."""
        return {"collection": to_hex(self.kept.id), "opening": to_hex(self.kept.payee.opening)}

    @property
    def asked(self) -> str:
        """The provider."""
        return self.kept.provider

    @property
    def ends(self) -> int:
        """Its deadline."""
        return self.deadline

    @classmethod
    def understood(cls, given: dict[str, Any], more: Mapping[str, Any]) -> Self:
        """See `Asked`."""
        chain_id, contract = consentfiles.place(given)
        provider, root, count, terms, payee, origin, nonce, deadline = documents.members(
            given["message"],
            ["provider", "root", "count", "terms", "payee", "origin", "nonce", "deadline"],
            "the message",
        )
        opening = from_hex(more.get("opening"), None, "the opening")
        kept = Kept(
            address_text(address(provider, "the provider")),
            consentfiles.terms(terms),
            from_hex(root, 32, "the root"),
            documents.decimal(count, "the count"),
            payable(Payee(from_hex(payee, 32, "the payee"), opening)),
            from_hex(origin, 32, "the origin"),
        )
        return cls(
            kept,
            chain_id,
            contract,
            documents.decimal(nonce, "the nonce"),
            documents.decimal(deadline, "the deadline"),
        )


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of a consent file.

    Attributes:
        path: the file.
        collection: what it is about; none where that cannot be read.
        result: the registration; none where nothing could be sent.
        problem: what is missing or wrong, and what to do; empty when it is registered.
    """

    path: Path
    collection: bytes | None
    result: Registered | None
    problem: str


@dataclass(frozen=True, slots=True)
class Consents:
    """A studio's side: preparing consent files and submitting them; `Kiseki.data.consents`."""

    wallet: Wallet

    def prepare(
        self, collections: Iterable[Kept], folder: str | Path, *, days: int = WAITING_DAYS
    ) -> list[Path]:
        """Writes a consent file for each collection, to be signed by its provider; their paths.

        A file that is there already, with these very values and not expired, is left, so that a
        signature on its way counts. One with other values, which may be signed by now, is kept
        beside it, with ``.before`` at the end of its name.

        Args:
            collections: what `data.prepare_all(…, artists="providers")` gave.
            days: for how long they can be submitted.

        Raises:
            FilesError: the folder cannot be written.
            InvalidInput: a file there is no consent, or a document of origin is another provider's
                or does not agree with its collection. Nothing was written.
        """
        collections, must_fit = list(collections), fitting(self.wallet, signed=False)
        for each in collections:
            must_fit(each)
        place, session = Path(folder), self.wallet.session
        now, contract = session.now(), session["DataRegistry"].address
        uint(days, 16, "the number of days", 1)
        paths = []
        for kept in collections:
            path = place / f"{kept.provider}-{kept.id.hex()[:16]}.json"
            paths.append(path)
            if path.exists():
                there = Consent.read(path)
                same = (kept, session.chain_id, contract.lower())
                if there.deadline > now:
                    if (there.kept, there.chain_id, there.contract) == same:
                        continue
                    _move_aside(path)
            nonce, _ = self.wallet.fresh()
            consent = Consent(
                kept, session.chain_id, contract.lower(), nonce, now + days * 24 * 3600
            )
            consentfiles.write(path, consent.to_json())
            consentfiles.beside(path).unlink(missing_ok=True)  # it is of another nonce
        return paths

    def submit(
        self,
        files: str | Path | Iterable[str | Path],
        *,
        publish: bool = True,
        progress: Callable[[int, int], None] = lambda *_: None,
    ) -> Iterator[Submitted]:
        """Registers what is signed, many at a time; what became of each file, those with a problem
        first. Run again it sends only what is not registered yet.

        Args:
            files: a folder of consent files, or some of them.
            publish: whether the commitments of collections in the key store are logged too.
            progress: called with the number of IDs that are done with, and in all.

        Raises:
            FilesError: there are none.
            ChainError, SigningError: what stops all of them; run it again to go on.
        """
        ready: list[tuple[Path, Consent]] = []
        for path in _paths(files):
            try:
                ready.append((path, Consent.read(path)))
            except KisekiError as error:
                yield Submitted(path, None, None, str(error))
        there = registered(self.wallet, [consent.kept.id for _, consent in ready])
        good: list[tuple[Path, Consent]] = []
        taken: set[bytes] = set()
        now = self.wallet.session.now()
        coded = with_code(self.wallet, [consent.kept.provider for _, consent in ready])
        for (path, consent), is_there in zip(ready, there, strict=True):
            problem = "" if is_there else self._problem(consent, now, coded)
            if not problem and consent.kept.id in taken:
                problem = "another of these files is about the same collection; delete one"
            if problem:
                yield Submitted(path, consent.kept.id, None, problem)
            else:
                taken.add(consent.kept.id)
                good.append((path, consent))
        groups = [self._group(consent, coded) for _, consent in good]
        results = register(self.wallet, groups, publish=publish, progress=progress)
        for (path, consent), result in zip(good, results, strict=True):
            problem = "" if result.error is None else str(result.error)
            yield Submitted(path, consent.kept.id, result, problem)

    def register(self, consent: Consent, *, publish: bool = True) -> Registered:
        """Registers what one signed consent is about; see `submit`.

        Raises:
            InvalidInput: it is not signed, expired, or for another chain.
            ContractReverted: it was refused. `DifferentValues`: it is registered otherwise.
        """
        coded = with_code(self.wallet, [consent.kept.provider])
        if not registered(self.wallet, [consent.kept.id])[0]:
            problem = self._problem(consent, self.wallet.session.now(), coded)
            if problem:
                raise InvalidInput(problem)
        (done,) = register(self.wallet, [self._group(consent, coded)], publish=publish)
        if done.error is not None:
            raise done.error
        return done

    def _group(self, consent: Consent, coded: set[str]) -> Group:
        who, given = consent.kept.provider, consent.signature or b""
        made = accounts.undeployed(given)
        signed = Signed(
            checksummed(who), consent.message, consent.nonce, consent.deadline,
            given,
        )  # fmt: skip
        parts = kept_parts(self.wallet.salts, consent.kept)
        return Group(consent.kept, parts, signed, made=None if who in coded else made)

    def _problem(self, consent: Consent, now: int, coded: set[str]) -> str:
        session = self.wallet.session
        who = consent.kept.provider
        contract = session["DataRegistry"].address.lower()
        if (consent.chain_id, consent.contract) != (session.chain_id, contract):
            return (
                f"it is for chain {consent.chain_id} and the contract {consent.contract}, and this "
                f"is chain {session.chain_id} with {contract}; prepare it for this one"
            )
        if consent.signature is None:
            return f"it is not signed yet; send it to {who}"
        if consent.deadline < now:
            return f"it expired on {utc(consent.deadline)}; prepare and sign it anew"
        try:
            made = accounts.undeployed(consent.signature)
            if made is not None and who not in coded:
                must_be_made(session, made, who)
        except InvalidInput as error:
            return str(error)
        if made is not None and accounts.key_in(consent.signature, consent.message) is None:
            return f"the signature is of something else than this consent; let {who} sign it"
        if made is None and who not in coded and consent.signer != who:
            return (
                f"it is signed by {consent.signer or 'nobody'} and not by {who}; let them sign it"
            )
        return ""


def sign(path: str | Path, signer: Signer, *, receipt: receipts.Receipt | None = None) -> Consent:
    """Signs a consent file, once everything it says was computed again; needs no node.

    Args:
        receipt: of the same collection, which is checked to hold all of it first.

    Raises:
        InvalidInput: words and data disagree, it is somebody else's or expired, or the receipt is
            of something else. Nothing was signed.
        ProofError: the receipt does not show what it says. Nothing was signed.
        SigningError: the wallet did not sign.
    """
    consent = Consent.read(path)
    consent.must_be_for(signer)
    if receipt is not None:
        shown = receipts.check(receipt)
        if shown.collection != consent.kept.id or not shown.whole:
            raise InvalidInput(
                "the receipt does not hold all that this consent is about; ask for one that does"
            )
    return consent.sign(path, signer)


# Files


def _paths(files: str | Path | Iterable[str | Path]) -> list[Path]:
    if isinstance(files, str | Path):
        place = Path(files)
        found = sorted(place.glob("*.json")) if place.is_dir() else [place]
    else:
        found = [Path(each) for each in files]
    if not found:
        raise FilesError(f"there are no consent files in {files}; prepare some first")
    return found


def _move_aside(path: Path) -> None:
    """Keeps a consent with other values, and the signature beside it; and those of before that."""
    numbers = chain([""], map(str, count(2)))
    free = (f".before{each}" for each in numbers)
    both = (path, consentfiles.beside(path))
    try:
        end = next(e for e in free if not any(f.with_name(f.name + e).exists() for f in both))
        for each in both:
            if each.exists():
                each.replace(each.with_name(each.name + end))
    except OSError as error:
        raise FilesError(f"{path} cannot be moved aside ({error.strerror})") from error
