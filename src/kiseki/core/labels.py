"""What each value of a signed message is called, and how it is shown.

One table, for pages, for the command line and for wallets: `tools/descriptors.py` makes ERC-7730
descriptors of it, and a test holds all three to the same words. A sentence that says the same
(`Terms.words`) calls a use by the same name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal

from kiseki.core.checksum import checksummed
from kiseki.core.terms import USE_NAMES, Use
from kiseki.core.values import ZERO32, ZERO_ADDRESS, to_hex
from kiseki.language import mark, moment, percent, say, span

__all__ = ["INTENTS", "Field", "Shown", "fields", "shown"]

Form = Literal["address", "percent", "raw", "span", "time"]

INTENTS = {
    "ApproveTransfer": mark("Approve a scheduled transfer"),
    "Batch": mark("Register generated files"),
    "Binding": mark("Bind wallets to artists"),
    "Cancel": mark("Agree to cancel a scheduled transfer"),
    "Cancellation": mark("Cancel an earlier signature"),
    "Consent": mark("Consent to the registration of works"),
    "Endorsement": mark("Endorse a batch"),
    "ItemRevocation": mark("Revoke consent for one work"),
    "Mint": mark("Mint a rights token"),
    "Model": mark("Register a model"),
    "PayeeChange": mark("Change who is paid"),
    "PayeeWaiver": mark("Let another be paid in your place"),
    "Redirect": mark("Have your payouts sent elsewhere"),
    "Revocation": mark("Revoke consent for a collection"),
    "StandingConsent": mark("Consent to all that one collector registers"),
    "Statement": mark("State something in public"),
    "approve": mark("Approve a scheduled transfer"),
    "bind": mark("Bind wallets to artists"),
    "cancelNonce": mark("Cancel an earlier signature"),
    "claim": mark("Claim what a split is owed"),
    "commit": mark("Register works"),
    "mint": mark("Mint a rights token"),
    "multicall": mark("Do several things at once"),
    "register": mark("Register works"),
    "resolve": mark("Pass on what waits for somebody"),
    "revoke": mark("Revoke consent for a collection"),
    "revokeItem": mark("Revoke consent for one work"),
    "setPayee": mark("Change who is paid"),
    "state": mark("State something in public"),
    "sweep": mark("Move what lies at a payment address"),
}
"""Signed messages, and functions that people call -> what they do."""

_LABELS = {
    "account": mark("contract"),
    "allowFailure": mark("go on where one fails"),
    "batch": mark("batch"),
    "calls": mark("call"),
    "cancelled": mark("number that is cancelled"),
    "collection": mark("collection"),
    "collector": mark("collector"),
    "commitment": mark("commitment"),
    "commitments": mark("commitment"),
    "count": mark("items"),
    "creator": mark("creator"),
    "deadline": mark("until"),
    "developer": mark("developer"),
    "document": mark("document"),
    "endorsed": mark("endorsed"),
    "id": mark("ID"),
    "issuer": mark("issuer"),
    "kind": mark("sort"),
    "model": mark("model"),
    "nonce": mark("number"),
    "opening": mark("opening"),
    "origin": mark("document of origin"),
    "party": mark("party"),
    "path": mark("proof"),
    "payee": mark("payee"),
    "perMonth": mark("collections a month"),
    "persons": mark("person"),
    "provider": mark("provider"),
    "record": mark("document about the files"),
    "registrant": mark("registrant"),
    "registry": mark("registry"),
    "root": mark("root of the data IDs"),
    "royaltyBps": mark("royalty"),
    "run": mark("document about the training"),
    "scheduleId": mark("schedule"),
    "shares": mark("shares of the income"),
    "side": mark("proof"),
    "signature": mark("signature"),
    "signer": mark("signer"),
    "sourcesHash": mark("hash of the sources"),
    "speaker": mark("speaker"),
    "split": mark("split"),
    "subject": mark("subject"),
    "termsId": mark("terms"),
    "to": mark("new payee"),
    "token": mark("currency"),
    "total": mark("shares in all"),
    "until": mark("until"),
    "wallets": mark("wallet"),
    "weights": mark("commitment of the weights"),
}
_TERMS = {
    "dataMining": USE_NAMES[Use.DATA_MINING],
    "aiInference": USE_NAMES[Use.AI_INFERENCE],
    "aiTraining": USE_NAMES[Use.AI_TRAINING],
    "aiGenerativeTraining": USE_NAMES[Use.AI_GENERATIVE_TRAINING],
    "commercialOutput": USE_NAMES[Use.COMMERCIAL_OUTPUT],
    "redistribution": USE_NAMES[Use.REDISTRIBUTION],
    "royaltyBps": mark("royalty"),
    "floorBps": mark("floor"),
    "validUntil": mark("end of the terms"),
    "noticeSeconds": mark("notice"),
    "gate": mark("gate"),
    "document": mark("document of the licence"),
}
_OTHERWISE = {
    ("Batch", "count"): mark("files"),
    ("Batch", "root"): mark("root of the files"),
    ("Mint", "royaltyBps"): mark("royalty of a resale"),
    ("PayeeWaiver", "payee"): mark("payee now"),
    ("Redirect", "to"): mark("goes to"),
    ("mint", "royaltyBps"): mark("royalty of a resale"),
    ("cancelNonce", "nonce"): mark("number that is cancelled"),
}
_FORMS: Mapping[str, Form] = {
    "deadline": "time", "until": "time", "validUntil": "time", "noticeSeconds": "span",
    "royaltyBps": "percent", "floorBps": "percent",
}  # fmt: skip
_NONE: Mapping[str, str | int] = {
    "document": to_hex(ZERO32), "floorBps": 0, "gate": ZERO_ADDRESS, "origin": to_hex(ZERO32),
    "record": to_hex(ZERO32), "run": to_hex(ZERO32), "validUntil": 0,
}  # fmt: skip
"""Members that may be left out -> the value that says so. It is not shown."""
_PROOFS = frozenset(
    ("commitments", "opening", "path", "proof", "side", "signature", "split", "waiver")
)
"""What only the contract reads: proofs, and what hashes to a value that is shown."""


@dataclass(frozen=True, slots=True)
class Field:
    """A value of a message or call.

    Attributes:
        path: the names that lead to it; a list is the last one.
        label: what it is called.
        form: how it is shown.
        none: the value that says that there is none, which is not shown.
        listed: whether it is a list of such values.
        hidden: whether only the contract reads it.
    """

    path: tuple[str, ...]
    label: str
    form: Form
    none: str | int | None = None
    listed: bool = False
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as it is shown beside its sentences, and by a wallet that knows its descriptor.

    Attributes:
        intent: what signing it does.
        rows: labels and values.
    """

    intent: str
    rows: tuple[tuple[str, str], ...]


def fields(
    name: str, members: Sequence[Mapping[str, Any]], types: Mapping[str, Any], language: str = "en"
) -> Iterator[Field]:
    """The values of a message or call, in its order.

    Args:
        name: of the message or function.
        members: of the type, each with `name` and `type`, as typed data and ABIs have them; of a
            struct of an ABI also its `components`.
        types: the structs that typed data names.
    """
    for each in members:
        member, kind = each["name"], each["type"]
        inner = each.get("components") or types.get(kind)
        proof = member in _PROOFS or (name, member) == ("mint", "share")
        if inner is not None:
            for field in fields("Terms" if kind == "Terms" else name, inner, types, language):
                path, hidden = (member, *field.path), proof or field.hidden
                yield replace(field, path=path, hidden=hidden)
            continue
        yield Field(
            (member,),
            say(_label(name, member), language),
            _FORMS.get(member, "address" if kind.startswith("address") else "raw"),
            _NONE.get(member) if name != "Statement" else None,
            kind.endswith("[]"),
            proof,
        )


def shown(message: Mapping[str, Any], language: str = "en") -> Shown:
    """A message in labels and values.

    Args:
        message: typed data that a builder of `kiseki.core.typed` gave.
    """
    name = message["primaryType"]
    rows = []
    for each in fields(name, message["types"][name], message["types"], language):
        value: Any = message["message"]
        for step in each.path:
            value = value[step]
        values = value if each.listed else [value]
        rows += [(each.label, _said(each.form, one, language)) for one in values
                 if each.none is None or one not in (each.none, str(each.none))]  # fmt: skip
    return Shown(say(INTENTS[name], language), tuple(rows))


def _label(name: str, member: str) -> str:
    if name == "Terms":
        return _TERMS[member]
    return _OTHERWISE.get((name, member)) or _LABELS[member]


def _said(form: Form, value: Any, language: str) -> str:
    if form == "address":
        return checksummed(value)
    if form == "percent":
        return percent(int(value), language)
    if form == "span":
        return span(timedelta(seconds=int(value)), language)
    if form == "time":
        return moment(int(value), language, exact=True)
    return str(value).lower()  # a truth value as JSON has it; hex is in lower case
