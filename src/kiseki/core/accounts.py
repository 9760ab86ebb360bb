"""Accounts: contracts that keys sign for, as the wallet of people who have none.

A key is bytes: a wallet's address (20), or the public key of a passkey (qx ‖ qy on P-256, 64). What
a key signs for its account names the account (ERC-7739), so a signature counts for no other account
of the same key. An account has an address before it is there; a signature of one that is not there
yet says how it is made (ERC-6492), and whoever brings the signature makes it. The manual is in
`contracts/interfaces/IAccount.sol` and `IAccounts.sol`. ::

    at = accounts.address_of(factory, code, key, 0)
    asked = accounts.nested(message, at)              # what a wallet or passkey is asked to sign
    signed = accounts.signature(key, answer)          # how the account takes the answer
    approval = accounts.wrapped(factory, key, 0, accounts.nesting(signed, message))
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kiseki.core import abi, typed
from kiseki.core.keccak import keccak256
from kiseki.core.values import ZERO32, address, address_text, to_hex, uint
from kiseki.errors import InvalidInput

__all__ = [
    "ACCOUNT",
    "Undeployed",
    "address_of",
    "creation",
    "key_in",
    "key_of",
    "nested",
    "nested_digest",
    "nesting",
    "signature",
    "split",
    "undeployed",
    "wrapped",
]

ACCOUNT = ("Kiseki Account", "1")
"""The EIP-712 name and version of every account."""

_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
_MAGIC = bytes.fromhex("6492" * 16)
_CREATE = keccak256(b"create(bytes,uint256)")[:4]
_OUTER = "TypedDataSign"
_SIGNER = "string name,string version,uint256 chainId,address verifyingContract,bytes32 salt"


# Keys and addresses


def key_of(given: object) -> bytes:
    """A key: a wallet's address as text, or the bytes of an address or of a passkey's public key.

    Raises:
        InvalidInput: it is none, is address zero, or is no point of the curve.
    """
    raw = address(given, "the key") if isinstance(given, str) else given
    if isinstance(raw, bytes) and len(raw) == 20 and any(raw):
        return raw
    if isinstance(raw, bytes) and len(raw) == 64:
        x, y = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
        if max(x, y) < _P and (y * y - x * x * x + 3 * x - _B) % _P == 0:
            return raw
    raise InvalidInput(
        "a key is the address of a wallet (20 bytes, not zero) or the public key of a passkey (64 "
        "bytes, a point on P-256)"
    )


def address_of(factory: str, code: str, key: bytes, number: int = 0) -> str:
    """Where the account of a first key and a number is or will be, in lower case.

    Source: `Accounts.addressOf`; ERC-1167 code with the key behind it, made by CREATE2.

    Args:
        factory: the address of `Accounts`.
        code: the address of `Account`, which accounts share.

    Raises:
        InvalidInput: it is no key, or an address is none.
    """
    raw = key_of(key)
    creation_code = (
        b"\x61" + (45 + len(raw)).to_bytes(2) + bytes.fromhex("3d81600a3d39f3363d3d373d3d3d363d73")
        + address(code, "the code of accounts") + bytes.fromhex("5af43d82803e903d91602b57fd5bf3")
        + raw
    )  # fmt: skip
    salt = uint(number, 256, "the account's number").to_bytes(32)
    made = b"\xff" + address(factory, "the factory") + salt + keccak256(creation_code)
    return address_text(keccak256(made)[12:])


# What the account takes as a signature


def signature(key: bytes, signed: bytes) -> bytes:
    """A key's signature as the account takes it: ``abi.encode(bytes key, bytes signature)``."""
    return abi.encode(abi.text(key), abi.text(signed))


def split(given: bytes) -> tuple[bytes, bytes]:
    """The key and its own signature, of what `signature` gave.

    Raises:
        InvalidInput: it is no such signature.
    """
    try:
        reader = abi.Reader(given)
        key, signed = reader.tail(0).text(), reader.tail(1).text()
    except (ValueError, InvalidInput) as error:
        raise InvalidInput("this is no signature of an account") from error
    if signature(key, signed) != given:
        raise InvalidInput("this is no signature of an account")
    return key_of(key), signed


# ERC-7739: the account inside of what is signed


def nested(message: dict[str, Any], account: str) -> dict[str, Any]:
    """What a key signs so that its account has signed a message of another contract, as data.

    It is for the same contract as the message, holds the message under ``contents``, and names the
    account beside it. Wallets show all of it. Source: ERC-7739, ``TypedDataSign``.
    """
    contents = message["primaryType"]
    named = [each.split(" ") for each in _SIGNER.split(",")]
    outer = [{"name": "contents", "type": contents}]
    outer += [{"name": name, "type": kind} for kind, name in named]
    values = (*ACCOUNT, message["domain"]["chainId"], _account(account), to_hex(ZERO32))
    told = {name: value for (_, name), value in zip(named, values, strict=True)}
    return {
        "types": {**message["types"], _OUTER: outer},
        "primaryType": _OUTER,
        "domain": message["domain"],
        "message": {"contents": message["message"], **told},
    }


def nested_digest(message: dict[str, Any], account: str) -> bytes:
    """The hash that a key signs so that its account has signed `message`; see `nested`."""
    name, version = ACCOUNT
    kind = f"{_OUTER}({message['primaryType']} contents,{_SIGNER}){_types(message)}"
    said = keccak256(
        keccak256(kind.encode())
        + typed.struct_hash(message)
        + keccak256(name.encode())
        + keccak256(version.encode())
        + message["domain"]["chainId"].to_bytes(32)
        + abi.who(account, "the account")
        + ZERO32
    )
    return keccak256(b"\x19\x01" + typed.separator(message) + said)


def nesting(signed: bytes, message: dict[str, Any]) -> bytes:
    """A signature of the account (`signature`) over `nested_digest`, as ERC-1271 takes it: what was
    signed stands behind it, for the contract that asks knows only a hash."""
    name, types = message["primaryType"], _types(message)
    described = (types if types.startswith(f"{name}(") else types + name).encode()
    behind = typed.separator(message) + typed.struct_hash(message) + described
    return signed + behind + len(described).to_bytes(2)


def key_in(given: bytes, message: dict[str, Any]) -> bytes | None:
    """The key that a signature of an account names, if it is one of this very message; else none.

    Whether this key signed it, and signs for the account, only the account can say.

    Args:
        given: as `nesting` gave it, or wrapped (`wrapped`).
    """
    behind = nesting(b"", message)
    try:
        made = undeployed(given)
        bare = given if made is None else made.signature
        return split(bare.removesuffix(behind))[0] if bare.endswith(behind) else None
    except InvalidInput:
        return None


def _types(message: dict[str, Any]) -> str:
    """The message's type and those in it, in the order of their names."""
    found = ""
    for name in sorted(message["types"].keys() - {"EIP712Domain"}):
        members = (f"{each['type']} {each['name']}" for each in message["types"][name])
        found += f"{name}({','.join(members)})"
    return found


def _account(given: str) -> str:
    return address_text(address(given, "the account"))


# ERC-6492: an account that is not there yet


@dataclass(frozen=True, slots=True)
class Undeployed:
    """A signature of a contract that may not be there yet.

    Attributes:
        factory: who makes the contract, in lower case.
        call: what the factory is called with.
        signature: what the contract takes once it is there.
        key, number: of the account, if it is one of `Accounts`; else none and 0.
    """

    factory: str
    call: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    key: bytes | None = None
    number: int = 0


def creation(key: bytes, number: int = 0) -> bytes:
    """What `Accounts` is called with to make an account: ``create(bytes,uint256)``."""
    found = uint(number, 256, "the account's number").to_bytes(32)
    return _CREATE + abi.encode(abi.text(key_of(key)), found)


def wrapped(factory: str, key: bytes, number: int, signed: bytes) -> bytes:
    """A signature of an account that may not be there yet. Source: ERC-6492."""
    who = abi.who(factory, "the factory")
    return abi.encode(who, abi.text(creation(key, number)), abi.text(signed)) + _MAGIC


def undeployed(given: bytes) -> Undeployed | None:
    """What such a signature says; none where it is another kind of signature.

    Raises:
        InvalidInput: it ends as one of these and cannot be read.
    """
    if not given.endswith(_MAGIC):
        return None
    try:
        reader = abi.Reader(given.removesuffix(_MAGIC))
        factory, call, signed = reader.who(0), reader.tail(1).text(), reader.tail(2).text()
    except (ValueError, InvalidInput) as error:
        raise InvalidInput(
            "the signature is one of an account that is not there yet (ERC-6492), and is damaged"
        ) from error
    key, number = _created(call)
    return Undeployed(factory, call, signed, key, number)


def _created(call: bytes) -> tuple[bytes | None, int]:
    """The key and number of a call of `create`; none where it is another call."""
    try:
        reader = abi.Reader(call.removeprefix(_CREATE))
        key, number = key_of(reader.tail(0).text()), reader.number(1)
    except (ValueError, InvalidInput):
        return None, 0
    return (key, number) if creation(key, number) == call else (None, 0)
