"""The EIP-712 messages that people sign, as data.

Each builder gives the full typed data that ``eth_account`` signs (``full_message=``) and that a
browser wallet takes for ``eth_signTypedData_v4`` as it is: bytes are 0x text, and numbers wider
than 48 bits decimal strings, because JavaScript would round them. A signature binds chain,
contract, signer, every value and a deadline (DESIGN, "The contracts").
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from kiseki.core.keccak import keccak256
from kiseki.core.terms import TERMS_TYPE, Terms
from kiseki.core.values import address, address_text, bytes32, to_hex, uint
from kiseki.errors import InvalidInput

__all__ = [
    "MESSAGES",
    "batch",
    "binding",
    "cancel",
    "cancellation",
    "consent",
    "digest",
    "encode_type",
    "endorsement",
    "execute",
    "item_revocation",
    "mint",
    "model",
    "payee_change",
    "payee_waiver",
    "permit",
    "recovery",
    "redirect",
    "revocation",
    "separator",
    "standing_consent",
    "statement",
    "struct_hash",
    "transfer_approval",
]

_UNORDERED = "uint256 nonce,uint256 deadline"

MESSAGES = {
    "Consent": (
        "Kiseki DataRegistry",
        "address provider,bytes32 root,uint64 count,Terms terms,bytes32 payee,bytes32 origin,"
        + _UNORDERED,
    ),
    "StandingConsent": (
        "Kiseki DataRegistry",
        "address provider,address collector,Terms terms,bytes32 payee,uint32 perMonth,"
        "uint64 until,uint256 nonce",
    ),
    "Revocation": ("Kiseki DataRegistry", "address provider,bytes32 collection," + _UNORDERED),
    "ItemRevocation": ("Kiseki DataRegistry", "address provider,bytes32 commitment," + _UNORDERED),
    "PayeeChange": (
        "Kiseki DataRegistry",
        "address provider,bytes32 collection,bytes32 payee," + _UNORDERED,
    ),
    "PayeeWaiver": (
        "Kiseki DataRegistry",
        "address payee,bytes32 collection,bytes32 to," + _UNORDERED,
    ),
    "Model": (
        "Kiseki ModelRegistry",
        "address developer,bytes32 weights,bytes32 sourcesHash,Terms terms,bytes32 run,"
        "bytes32 payee," + _UNORDERED,
    ),
    "Batch": (
        "Kiseki OutputRegistry",
        "address creator,bytes32 sourcesHash,bytes32 root,uint64 count,bytes32 record,"
        "bytes32 payee,bool endorsed," + _UNORDERED,
    ),
    "Endorsement": (
        "Kiseki OutputRegistry",
        "address developer,bytes32 model,bytes32 batch,uint256 deadline",
    ),
    "Statement": (
        "Kiseki Statements",
        "address speaker,bytes32 subject,bytes32 kind,bytes32 document," + _UNORDERED,
    ),
    "Binding": (
        "Kiseki Identities",
        "address issuer,bytes32[] persons,address[] wallets," + _UNORDERED,
    ),
    "Mint": (
        "Kiseki RightsToken",
        "address registrant,address registry,bytes32 id,bytes32 document,uint16 royaltyBps,"
        "uint96 shares,uint96 total," + _UNORDERED,
    ),
    "Cancellation": ("Kiseki DataRegistry", "address signer,uint256 cancelled," + _UNORDERED),
    "Cancel": ("Kiseki RightsToken", "bytes32 scheduleId,address party," + _UNORDERED),
    "ApproveTransfer": ("Kiseki Approvals", "address party,bytes32 scheduleId," + _UNORDERED),
    "Redirect": ("Kiseki RevenueSplitter", "address payee,address to," + _UNORDERED),
    "Execute": ("Kiseki Account", "Call[] calls," + _UNORDERED),
    "Recovery": ("Kiseki Account", "address account,bytes key,uint256 round,uint256 deadline"),
}
"""Name of each message -> the EIP-712 name of the contract it is for, and its members. A
cancellation is for whichever contract the cancelled signature was for."""

_PERMIT = "address owner,address spender,uint256 value,uint256 nonce,uint256 deadline"
_DOMAIN = "string name,string version,uint256 chainId,address verifyingContract"
_NESTED = {
    "Terms": TERMS_TYPE.removeprefix("Terms(").removesuffix(")"),
    "Call": "address to,uint256 value,bytes data",
}
"""The structs that messages hold, and their members."""


def consent(
    chain_id: int,
    contract: str,
    *,
    provider: str,
    root: bytes,
    count: int,
    terms: Terms,
    payee: bytes,
    origin: bytes,
    nonce: int,
    deadline: int,
) -> dict[str, Any]:
    """A provider registers ``count`` IDs under ``root`` with these terms; to a DataRegistry."""
    return _full(
        "Consent", chain_id, contract, provider, root, count, terms, payee, origin, nonce, deadline
    )


def standing_consent(
    chain_id: int,
    contract: str,
    *,
    provider: str,
    collector: str,
    terms: Terms,
    payee: bytes,
    per_month: int,
    until: int,
    nonce: int,
) -> dict[str, Any]:
    """A provider lets a collector register so many collections a month; to a DataRegistry.

    ``until`` is the last second; the registry counts months of 30 days back from it.
    """
    values = (provider, collector, terms, payee, per_month, until, nonce)
    return _full("StandingConsent", chain_id, contract, *values)


def cancellation(
    chain_id: int,
    contract: str,
    *,
    of: str = "DataRegistry",
    signer: str,
    cancelled: int,
    nonce: int,
    deadline: int,
) -> dict[str, Any]:
    """A signer makes an earlier signature of theirs worthless; to the contract that it was for.

    ``of`` is that contract's name in the suite, ``cancelled`` the nonce of the earlier signature.
    """
    _, listed = MESSAGES["Cancellation"]
    values = (signer, cancelled, nonce, deadline)
    return _typed("Cancellation", listed, f"Kiseki {of}", "1", chain_id, contract, *values)


def revocation(
    chain_id: int, contract: str, *, provider: str, collection: bytes, nonce: int, deadline: int
) -> dict[str, Any]:
    """A provider ends consent for a collection; to a DataRegistry."""
    return _full("Revocation", chain_id, contract, provider, collection, nonce, deadline)


def item_revocation(
    chain_id: int, contract: str, *, provider: str, commitment: bytes, nonce: int, deadline: int
) -> dict[str, Any]:
    """A provider ends consent for one item; to a DataRegistry."""
    return _full("ItemRevocation", chain_id, contract, provider, commitment, nonce, deadline)


def payee_change(
    chain_id: int,
    contract: str,
    *,
    provider: str,
    collection: bytes,
    payee: bytes,
    nonce: int,
    deadline: int,
) -> dict[str, Any]:
    """A provider names who a collection pays; to a DataRegistry."""
    return _full("PayeeChange", chain_id, contract, provider, collection, payee, nonce, deadline)


def payee_waiver(
    chain_id: int,
    contract: str,
    *,
    payee: str,
    collection: bytes,
    to: bytes,
    nonce: int,
    deadline: int,
) -> dict[str, Any]:
    """A wallet that a collection pays lets ``to`` take its place; to a DataRegistry."""
    return _full("PayeeWaiver", chain_id, contract, payee, collection, to, nonce, deadline)


def mint(
    chain_id: int,
    contract: str,
    *,
    registrant: str,
    registry: str,
    group: bytes,
    document: bytes,
    royalty_bps: int,
    shares: int,
    total: int,
    nonce: int,
    deadline: int,
) -> dict[str, Any]:
    """A registrant has its rights token minted, with the income it expects; to a RightsToken."""
    what = (registrant, registry, group, document, royalty_bps, shares, total)
    return _full("Mint", chain_id, contract, *what, nonce, deadline)


def model(
    chain_id: int,
    contract: str,
    *,
    developer: str,
    weights: bytes,
    sources_hash: bytes,
    terms: Terms,
    run: bytes,
    payee: bytes,
    nonce: int,
    deadline: int,
) -> dict[str, Any]:
    """A developer registers a model; to a ModelRegistry."""
    values = (developer, weights, sources_hash, terms, run, payee, nonce, deadline)
    return _full("Model", chain_id, contract, *values)


def batch(
    chain_id: int,
    contract: str,
    *,
    creator: str,
    sources_hash: bytes,
    root: bytes,
    count: int,
    record: bytes,
    payee: bytes,
    endorsed: bool,
    nonce: int,
    deadline: int,
) -> dict[str, Any]:
    """A creator registers ``count`` outputs under ``root``; to an OutputRegistry.

    ``endorsed``: every model is the creator's own or endorsed by its developer.
    """
    values = (creator, sources_hash, root, count, record, payee, endorsed, nonce, deadline)
    return _full("Batch", chain_id, contract, *values)


def endorsement(
    chain_id: int, contract: str, *, developer: str, model: bytes, batch: bytes, deadline: int
) -> dict[str, Any]:
    """A developer allows a batch to be registered for a model; to an OutputRegistry."""
    return _full("Endorsement", chain_id, contract, developer, model, batch, deadline)


def statement(
    chain_id: int,
    contract: str,
    *,
    speaker: str,
    subject: bytes,
    kind: bytes,
    document: bytes,
    nonce: int,
    deadline: int,
) -> dict[str, Any]:
    """Somebody says something about a subject; to Statements."""
    values = (speaker, subject, kind, document, nonce, deadline)
    return _full("Statement", chain_id, contract, *values)


def binding(
    chain_id: int,
    contract: str,
    *,
    issuer: str,
    persons: Sequence[bytes],
    wallets: Sequence[str],
    nonce: int,
    deadline: int,
) -> dict[str, Any]:
    """An issuer says whose wallets they are; to Identities."""
    values = (issuer, list(persons), list(wallets), nonce, deadline)
    return _full("Binding", chain_id, contract, *values)


def redirect(
    chain_id: int, contract: str, *, payee: str, to: str, nonce: int, deadline: int
) -> dict[str, Any]:
    """A payee says where its payouts go, until the deadline; to a RevenueSplitter."""
    return _full("Redirect", chain_id, contract, payee, to, nonce, deadline)


def cancel(
    chain_id: int, contract: str, *, schedule: bytes, party: str, nonce: int, deadline: int
) -> dict[str, Any]:
    """A party to a conditional transfer agrees to cancel it; to a RightsToken."""
    return _full("Cancel", chain_id, contract, schedule, party, nonce, deadline)


def transfer_approval(
    chain_id: int, contract: str, *, party: str, schedule: bytes, nonce: int, deadline: int
) -> dict[str, Any]:
    """A named party approves a conditional transfer; to an Approvals."""
    return _full("ApproveTransfer", chain_id, contract, party, schedule, nonce, deadline)


def execute(
    chain_id: int,
    contract: str,
    *,
    calls: Sequence[tuple[str, int, bytes]],
    nonce: int,
    deadline: int,
) -> dict[str, Any]:
    """A key of an account has it make calls, all or none; to the account.

    Each call is an address, an amount of ether in wei, and data.
    """
    return _full("Execute", chain_id, contract, list(calls), nonce, deadline)


def recovery(
    chain_id: int, contract: str, *, account: str, key: bytes, of_round: int, deadline: int
) -> dict[str, Any]:
    """A guardian gives an account a new key in place of all others; to the account.

    ``of_round`` is the one that the account names now.
    """
    return _full("Recovery", chain_id, contract, account, key, of_round, deadline)


def permit(
    name: str,
    version: str,
    chain_id: int,
    token: str,
    *,
    owner: str,
    spender: str,
    value: int,
    nonce: int,
    deadline: int,
) -> dict[str, Any]:
    """An approval by signature (ERC-2612); to a token, which says its own name and version."""
    values = (owner, spender, value, nonce, deadline)
    return _typed("Permit", _PERMIT, name, version, chain_id, token, *values)


def separator(typed: dict[str, Any]) -> bytes:
    """Which contract, of which chain, full typed data is for: EIP-712's domain separator."""
    return _hash("EIP712Domain", f"EIP712Domain({_DOMAIN})", typed["domain"], typed["types"])


def encode_type(name: str) -> str:
    """The EIP-712 type of a message, as Solidity hashes it; nested types follow in order."""
    _, listed = MESSAGES[name]
    return f"{name}({listed})" + "".join(f"{one}({_NESTED[one]})" for one in _nested(listed))


def _nested(listed: str) -> list[str]:
    """The structs among members, in the order of their names."""
    kinds = {each.split(" ")[0].removesuffix("[]") for each in listed.split(",")}
    return sorted(kinds & _NESTED.keys())


def digest(typed: dict[str, Any]) -> bytes:
    """What is signed: the EIP-712 hash of full typed data that a builder of this module gave.

    Source: EIP-712, ``keccak256(0x1901 ‖ hashStruct(domain) ‖ hashStruct(message))``.
    """
    return keccak256(b"\x19\x01" + separator(typed) + struct_hash(typed))


def struct_hash(typed: dict[str, Any]) -> bytes:
    """What is said, whichever contract and chain it is for: ``hashStruct(message)`` of EIP-712."""
    name = typed["primaryType"]
    return _hash(name, encode_type(name), typed["message"], typed["types"])


def _hash(name: str, kind: str, values: dict[str, Any], types: dict[str, Any]) -> bytes:
    words = [_word(m["type"], values[m["name"]], types) for m in types[name]]
    return keccak256(keccak256(kind.encode()) + b"".join(words))


def _word(kind: str, value: Any, types: dict[str, Any]) -> bytes:
    if kind in _NESTED:
        return _hash(kind, f"{kind}({_NESTED[kind]})", value, types)
    if kind == "string":
        return keccak256(value.encode())
    if kind == "bytes":
        return keccak256(bytes.fromhex(value[2:]))
    if kind.endswith("[]"):
        inner = kind.removesuffix("[]")
        return keccak256(b"".join(_word(inner, each, types) for each in value))
    if kind in ("bytes32", "address"):
        return bytes.fromhex(value[2:]).rjust(32, b"\x00")
    return int(value).to_bytes(32, "big")


def _full(name: str, chain_id: int, contract: str, *values: object) -> dict[str, Any]:
    title, listed = MESSAGES[name]
    return _typed(name, listed, title, "1", chain_id, contract, *values)


def _typed(
    name: str, listed: str, title: str, version: str, chain_id: int, contract: str, *values: object
) -> dict[str, Any]:
    types = {"EIP712Domain": _members(_DOMAIN), name: _members(listed)}
    types |= {one: _members(_NESTED[one]) for one in _nested(listed)}
    return {
        "types": types,
        "primaryType": name,
        "domain": {
            "name": title,
            "version": version,
            "chainId": uint(chain_id, 64, "the chain ID", minimum=1),
            "verifyingContract": address_text(address(contract, "the contract")),
        },
        "message": _values(types[name], values),
    }


def _members(listed: str) -> list[dict[str, str]]:
    pairs = [each.split(" ") for each in listed.split(",")]
    return [{"name": name, "type": kind} for kind, name in pairs]


def _values(members: list[dict[str, str]], values: tuple[object, ...]) -> dict[str, Any]:
    return {
        member["name"]: _plain(member["type"], value, member["name"])
        for member, value in zip(members, values, strict=True)
    }


def _plain(kind: str, value: object, what: str) -> Any:
    if kind == "address":
        return address_text(address(value, what))
    if kind == "bytes32":
        return to_hex(bytes32(value, what))
    if kind == "bytes" and isinstance(value, bytes):
        return to_hex(value)
    if kind == "bool":
        return bool(value)
    if kind.endswith("[]") and isinstance(value, list):
        return [_plain(kind.removesuffix("[]"), each, what) for each in value]
    if kind == "Terms":
        if not isinstance(value, Terms):
            raise InvalidInput(f"{what} must be Terms; make them with Terms.of")
        values = tuple(getattr(value, field.name) for field in fields(value))
        return _values(_members(_NESTED[kind]), values)
    if kind == "Call" and isinstance(value, tuple):
        return _values(_members(_NESTED[kind]), value)
    bits = int(kind.removeprefix("uint"))
    number = uint(value, bits, what)
    return str(number) if bits > 48 else number
