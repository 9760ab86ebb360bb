"""Registering collections, one or many: what is there is found out in bulk, and only the rest sent.
"There" is what stands with every value that is asked for; of anything else it is said what differs.

A collection of up to a slice takes one transaction; a larger one a `commit`, then a `publish` for
each slice. Their gas is known beforehand, so that they need not wait for each other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from kiseki.chain.contract.abi import decode_named
from kiseki.chain.contract.contracts import Call, answered, node_errors, results
from kiseki.chain.sending.outcome import Receipt
from kiseki.client.accounts.undeployed import making
from kiseki.client.compared import compare, document
from kiseki.client.data.cutting import Part, missing
from kiseki.client.data.gas import _EACH, _PUBLISH, _STEP, gas_of_storing, with_gas
from kiseki.client.data.group import Group, State
from kiseki.client.data.logged import REGISTERED, data_of, logs_of, mark, slices_logged
from kiseki.client.data.origins import fitting
from kiseki.client.revenue.splits import publication, unpublished
from kiseki.client.wallet import Wallet
from kiseki.core import ids
from kiseki.core.collection import Kept
from kiseki.core.days import utc
from kiseki.core.merkle import SLICE
from kiseki.core.payee import Payee
from kiseki.core.terms import Terms
from kiseki.core.values import ZERO_ADDRESS, from_hex, to_hex
from kiseki.errors import ChainError, ContractReverted, InvalidInput, KisekiError
from kiseki.vault.protocol import Salts

__all__ = [
    "Registered",
    "Totals",
    "look",
    "publications",
    "put_terms",
    "register",
    "registered",
    "terms_tuple",
    "with_code",
]

_CONTRACT = "DataRegistry"


@dataclass(frozen=True, slots=True)
class Registered:
    """The result of a registration.

    Attributes:
        id: the ID of the collection, model or batch.
        receipts: the transactions that were sent; none if everything was registered already.
        error: why it is not registered or not completely published; only where many were
            registered together. `DifferentValues` if it is registered with other values.
    """

    id: bytes
    receipts: tuple[Receipt, ...]
    error: KisekiError | None = None

    @property
    def gas(self) -> int:
        """Gas used in all."""
        return sum(receipt.gas for receipt in self.receipts)


@dataclass(frozen=True, slots=True)
class Totals:
    """The totals of many registrations.

    Attributes:
        sent: the number of collections for which something was sent, and all of it succeeded.
        there: the number of collections that were registered already, with the same values.
        failed: the collections that failed, with the reason.
        transactions: the number of transactions that were sent.
        gas: used in all.
    """

    sent: int
    there: int
    failed: tuple[Registered, ...]
    transactions: int
    gas: int

    @classmethod
    def of(cls, results: Iterable[Registered]) -> Totals:
        """Counts results."""
        sent = there = transactions = gas = 0
        failed = []
        for each in results:
            transactions += len(each.receipts)
            gas += each.gas
            if each.error is not None:
                failed.append(each)
            elif each.receipts:
                sent += 1
            else:
                there += 1
        return cls(sent, there, tuple(failed), transactions, gas)


def register(
    wallet: Wallet,
    groups: Sequence[Group],
    *,
    publish: bool = True,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Iterator[Registered]:
    """Registers collections, in order; each result comes when it is final. One that fails stops no
    other. What is on the chain is not sent again.

    Args:
        publish: whether commitments are logged, and who is paid by the split of a joint work.
        progress: called with the number of IDs that are done with, and in all.

    Raises:
        ChainError, SigningError: what stops all of them; see `Sender.send_all`.
    """
    terms = put_terms(wallet, {each.kept.terms.id: each.kept.terms for each in groups}.values())
    states = look(wallet, groups)
    good = [each.kept.payee for each, state in zip(groups, states, strict=True) if not state.error]
    splits = {each.key: each for each in unpublished(wallet, good)} if publish else {}
    known = [each.kept.id for each, state in zip(groups, states, strict=True) if state.there]
    logged = slices_logged(wallet, known) if publish else set()
    works: deque[_Work] = deque()
    begun: dict[bytes, _Work] = {}

    def calls() -> Iterator[Call]:
        for group, state in zip(groups, states, strict=True):
            work = _Work(group.kept, terms.pop(group.kept.terms.id, []))
            works.append(work)
            if state.error is not None:
                work.error = state.error
            elif begun.setdefault(group.kept.id, work) is not work:
                work.twin = begun[group.kept.id]
            else:
                split = splits.pop(group.kept.payee.key, None)
                first = [] if split is None else [publication(wallet, split)]
                try:
                    for call in chain(first, _calls(wallet, group, state, publish, logged)):
                        work.expected += 1
                        yield call
                        if work.error is not None:
                            break  # what follows would fail as well
                except KisekiError as error:
                    work.error = work.error or error
            work.complete = True

    done, total = 0, sum(each.kept.count for each in groups)

    def ready() -> Iterator[Registered]:
        nonlocal done
        while works and works[0].is_done:
            work = works.popleft()
            done += work.kept.count
            progress(done, total)
            yield Registered(work.kept.id, tuple(work.receipts), work.error or work.twin.error)

    for outcome in wallet.send_all(calls()):
        yield from ready()  # those before it of which nothing had to be sent
        work = works[0]
        work.taken += 1
        if outcome.receipt is not None:
            work.receipts.append(outcome.receipt)
            progress(done + work.kept.count * work.taken // max(work.expected, work.parts), total)
        elif work.error is None:
            work.error = outcome.error or ChainError("nothing is known of it")
        yield from ready()
    yield from ready()


class _Work:
    """One collection on its way.

    Attributes:
        expected: calls that were made for it so far.
        complete: whether these are all.
        taken: outcomes that came.
        twin: the first work on the same collection, itself for most; what became of that one
            became of this.
    """

    def __init__(self, kept: Kept, receipts: list[Receipt]) -> None:
        self.kept = kept
        self.receipts = list(receipts)
        self.error: KisekiError | None = None
        self.expected = self.taken = 0
        self.complete = False
        self.twin = self
        self.parts = -(-kept.count // SLICE)

    @property
    def is_done(self) -> bool:
        return self.complete and self.taken == self.expected


def put_terms(wallet: Wallet, wanted: Iterable[Terms]) -> dict[bytes, list[Receipt]]:
    """Puts terms on record that are not; the receipts, by the terms' IDs."""
    contract, given = wallet.session[_CONTRACT], list(wanted)
    answers = _read(wallet, [contract.call("termsOf", each.id) for each in given])
    missing = []
    for terms, answer in zip(given, answers, strict=True):
        if isinstance(answer, ContractReverted) and answer.name == "DataRegistry_UnknownTerms":
            missing.append(terms)
        elif isinstance(answer, KisekiError):
            raise answer
    outcomes = wallet.send_all(contract.call("defineTerms", terms_tuple(each)) for each in missing)
    return {each.id: [done.result] for each, done in zip(missing, outcomes, strict=True)}


def terms_tuple(terms: Terms) -> tuple[Any, ...]:
    """Terms as the contract takes them."""
    return tuple(getattr(terms, name) for name in Terms.__dataclass_fields__)


# What is there


def look(wallet: Wallet, groups: Sequence[Group]) -> list[State]:
    """What stands of each, before anything is sent."""
    contract = wallet.session[_CONTRACT]
    asked = [contract.call("log")]
    for each in groups:
        asked += [
            contract.call("status", each.kept.id),
            contract.call("payeeOf", each.kept.id, ZERO_ADDRESS),
            _commit(wallet, each, State()),
        ]
    log, *answers = _read(wallet, asked)
    if isinstance(log, KisekiError):
        raise log
    first = not any(log)
    coded = with_code(wallet, [each.consent.signer for each in groups if each.consent is not None])
    earlier: dict[bytes, Kept] = {}
    must_fit = fitting(wallet)
    found = []
    for place, each in enumerate(groups):
        status, now, verdict = answers[3 * place : 3 * place + 3]
        signer = None if each.consent is None else each.consent.signer.lower()
        plain = each.made is None and signer not in coded
        state = State(plain=plain, first=first)
        try:
            _must_be_its_own(wallet, each)
            state = replace(state, there=_is_there(wallet, each.kept, status, now, verdict))
            if not state.there:
                must_fit(each.kept)
            _must_be_one(earlier.setdefault(each.kept.id, each.kept), each.kept)
        except KisekiError as error:
            state = replace(state, error=error)
        found.append(state)
    return found


def _must_be_its_own(wallet: Wallet, group: Group) -> None:
    if group.consent is None and group.kept.provider.lower() != wallet.address.lower():
        raise not_the_provider(wallet, group.kept.provider)


def _must_be_one(first: Kept, other: Kept) -> None:
    """Of a collection that is named twice one would be there already, and not as asked."""
    if (first.count, first.payee, first.origin) != (other.count, other.payee, other.origin):
        raise InvalidInput(
            f"the collection {to_hex(other.id)} is named twice in this run and not with the same "
            f"values, once paying {first.payee.words()} and once {other.payee.words()}; the first "
            "one counts"
        )


_NEW = ("DataRegistry_UnknownCollection", "DataRegistry_UnknownTerms")
_ADVICE = (
    "to change the payee use set_payee (`kiseki data set-payee`), where the wallet that is paid "
    "lets it; other terms make another collection of the same items"
)


def _is_there(wallet: Wallet, kept: Kept, status: Any, now: Any, verdict: Any) -> bool:
    """Whether it is registered with these very values.

    Args:
        status, now, verdict: what the contract answers about it: consent, who is paid now, and
            what registering it would come to.

    Raises:
        DifferentValues: it is registered, and not as asked.
        KisekiError: it cannot be registered, or nobody knows.
    """
    if isinstance(status, KisekiError):
        if not (isinstance(status, ContractReverted) and status.name in _NEW):
            raise status
        # Terms that are not on record are refused in a rehearsal, which puts none there.
        if isinstance(verdict, KisekiError) and getattr(verdict, "name", "") not in _NEW:
            raise verdict
        return False
    if isinstance(now, KisekiError):
        raise now
    contract = wallet.session[_CONTRACT]
    paid = contract.answer("payeeOf", now)
    values = []
    if isinstance(verdict, ContractReverted) and verdict.name == "DataRegistry_DifferentValues":
        stood = _registered_with(wallet, kept.id)
        values = [
            ("the number of items", f"{kept.count:,}", f"{stood['count']:,}"),
            document("the document of origin", kept.origin, stood["origin"]),
        ]
        _put_back(wallet.salts, kept.id, stood, [paid, stood["payee"]])
    elif isinstance(verdict, KisekiError):
        raise verdict
    if paid != kept.payee.key:  # whoever was paid at first
        asked, stands = (_words(wallet.salts, each) for each in (kept.payee, Payee(paid)))
        values.append(("who is paid", asked, stands))
    revoked = contract.answer("status", status)["revokedAt"]
    if revoked:
        since = f"consent revoked on {utc(revoked)}"
        values.append(("whether it can be used", "consent", since))
    compare("collection", kept.id, values, _ADVICE)
    return True


def _registered_with(wallet: Wallet, collection: bytes) -> dict[str, Any]:
    """The values that a collection was registered with, by name."""
    for log in logs_of(wallet, REGISTERED, [collection]):
        plain = [each for each in REGISTERED["inputs"] if not each["indexed"]]
        with node_errors():
            return dict(decode_named(plain, data_of(log)))
    raise ChainError(
        f"the node knows the collection {to_hex(collection)} and not the event of its "
        "registration; ask another node"
    )


def _put_back(
    salts: Salts, collection: bytes, stood: Mapping[str, Any], payees: Sequence[bytes]
) -> None:
    """What was prepared since with other values does not stand: what is registered counts again,
    where it is kept here."""
    versions = salts.versions(collection)
    for payee in payees:
        for each in versions:
            if (each.count, each.origin, each.payee.key) == (
                stood["count"],
                stood["origin"],
                payee,
            ):
                salts.keep(each, ())
                return


def _words(salts: Salts, payee: Payee) -> str:
    """Who is paid, with the payees of a split that is known here."""
    if payee.split is None and ids.wallet_address(payee.key) is None:
        kept = (each.payee for each in salts.collections() if each.payee.key == payee.key)
        payee = next(kept, payee)
    if payee.split is None:
        return payee.words()
    parts = ", ".join(f"{each.words()} {part}" for each, part in payee.parts)
    return f"{payee.words()} ({parts})"


def with_code(wallet: Wallet, addresses: Iterable[str]) -> set[str]:
    """Those that are contracts, in lower case: what their signatures cost only they know."""
    asked = sorted({each.lower() for each in addresses})
    codes = results(wallet.session.node, [("eth_getCode", [each, "latest"]) for each in asked])
    return {
        who
        for who, code in zip(asked, codes, strict=True)
        if from_hex(code, None, "the code of a contract")
    }


def registered(wallet: Wallet, collections: Sequence[bytes]) -> list[bool]:
    """Of each whether it is registered, with whatever values."""
    contract = wallet.session[_CONTRACT]
    answers = _read(wallet, [contract.call("registrantOf", each) for each in collections])
    for each in answers:
        if isinstance(each, KisekiError):
            raise each
    return [any(each) for each in answers if isinstance(each, bytes)]


def not_the_provider(wallet: Wallet, provider: str) -> InvalidInput:
    """This wallet cannot act for `provider`."""
    return InvalidInput(
        f"this wallet is {wallet.address} and the provider {provider}; "
        "act with the provider's wallet, or submit with its signed consent"
    )


def _read(wallet: Wallet, calls: Sequence[Call]) -> list[bytes | ChainError]:
    """What each call would return to this wallet, or why it would be refused."""
    return answered(wallet.session.node, calls, sender=wallet.address)


# What is sent


def _calls(
    wallet: Wallet, group: Group, state: State, publish: bool, logged: set[bytes]
) -> Iterator[Call]:
    """What is missing of a collection."""
    if not state.there and publish and group.kept.count <= SLICE:
        ((commitments, _),) = group.parts()
        call = _whole(wallet, group, commitments, state)
        if wallet.sender.fits(call):
            yield call
            return
    if not state.there:
        yield _commit(wallet, group, state)
    if publish:
        yield from publications(wallet, group, logged if state.there else set())


def publications(wallet: Wallet, group: Group, logged: set[bytes] | None = None) -> Iterator[Call]:
    """The slices that are not logged, as calls."""
    kept, contract = group.kept, wallet.session[_CONTRACT]
    known = slices_logged(wallet, [kept.id]) if logged is None else logged

    def is_logged(commitments: Sequence[bytes]) -> bool:
        return mark(kept.id, b"".join(commitments)) in known

    def publish(part: Part) -> Call:
        commitments, proof = part
        call = contract.call("publish", kept.id, kept.root, commitments, list(proof))
        return with_gas(call, _PUBLISH + _EACH * len(commitments) + _STEP * len(proof))

    for each in group.parts():
        if is_logged(each[0]):
            continue
        if not known and wallet.sender.fits(publish(each)):
            yield publish(each)
            continue
        for part in missing(
            kept.provider, each, is_logged, lambda some: wallet.sender.fits(publish(some))
        ):
            yield publish(part)


def _commit(wallet: Wallet, group: Group, state: State) -> Call:
    kept = group.kept
    call = _call(wallet, group, "commit", kept.root, kept.count, kept.spec)
    return with_gas(call, gas_of_storing(group, state)) if state.plain else call


def _whole(wallet: Wallet, group: Group, commitments: list[bytes], state: State) -> Call:
    call = _call(wallet, group, "register", commitments, group.kept.spec)
    if not state.plain:
        return call
    return with_gas(call, gas_of_storing(group, state) + _PUBLISH + _EACH * len(commitments))


def _call(wallet: Wallet, group: Group, name: str, *what: Any) -> Call:
    contract = wallet.session[_CONTRACT]
    if group.consent is None:
        return contract.call(name, *what)
    who, approval = group.kept.provider, group.consent.approval
    if group.per_month is not None:
        call = contract.call(f"{name}Under", who, *what, group.per_month, approval)
    else:
        call = contract.call(f"{name}For", who, *what, approval)
    return call if group.made is None else making(wallet.session, group.made, call)


# Gas beside that of the calldata, measured with the contracts' compiler settings and rounded up;
# a test compares. Too little would fail; what is too much is given back.
