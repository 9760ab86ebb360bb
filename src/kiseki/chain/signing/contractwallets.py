"""Whether a wallet that is a contract signed something, by its own word (ERC-1271); also one that
is not there yet, whose signature says how it is made (ERC-6492). Asks the node and sends nothing.

The node is asked to make a contract that is never made: its code makes the wallet where it is not
there, asks it, and answers with what it said. Such a question runs code of strangers, as every
question to a contract does; it changes nothing, and what it may cost the node's own limit says.
"""

from __future__ import annotations

from kiseki.chain.contract.contracts import node_errors
from kiseki.chain.node import Node
from kiseki.core import abi, accounts
from kiseki.core.values import address_text, from_hex, to_hex
from kiseki.errors import ContractReverted, InvalidInput

__all__ = ["LONGEST", "has_signed"]

LONGEST = 8_192
"""Bytes of a signature that are looked at. One of a passkey, nested and wrapped, has some 2,000."""

_VALID = bytes.fromhex("1626ba7e")
"""Selector of ``isValidSignature(bytes32,bytes)``, and its answer where it is one (ERC-1271)."""


def has_signed(node: Node, wallet: str, digest: bytes, signature: bytes) -> bool:
    """Whether a contract says that a signature of a hash is its own.

    Args:
        wallet: its address.
        digest: 32 bytes.
        signature: as the wallet gave it, at most `LONGEST` bytes.

    Raises:
        InvalidInput: the signature is too long, or a damaged one of a wallet that is not there yet.
        ChainError: the node does not answer.
    """
    if len(signature) > LONGEST:
        raise InvalidInput(f"a signature has at most {LONGEST:,} bytes")
    made = accounts.undeployed(signature)
    with node_errors():
        is_there = node.one("eth_getCode", wallet, "latest") != "0x"
    if made is None and not is_there:
        return False
    # Of a wallet that is there nobody says how it is made: calling what they name could change it.
    first = None if made is None or is_there else (made.factory, made.call)
    signed = signature if made is None else made.signature
    asked = _VALID + abi.encode(digest, abi.text(signed))
    try:
        with node_errors():
            said = node.one("eth_call", {"data": to_hex(_asking(first, wallet, asked))}, "latest")
    except ContractReverted:
        return False
    return from_hex(said, None, "the answer") == _VALID.ljust(32, b"\0")


def _asking(first: tuple[str, bytes] | None, wallet: str, asked: bytes) -> bytes:
    """Code that calls a factory, where there is one, then asks a wallet, and answers with the first
    word that it said; with zero where it said none, or failed.

    What is asked lies behind the first word of memory, which is zero, so no part of a question is
    ever taken for an answer.
    """
    calls = [] if first is None else [(*first, True)]
    calls.append((wallet, asked, False))
    head = sum(len(_call(to, 0, len(data), changes)) for to, data, changes in calls) + len(_END)
    code, tail = b"", b""
    for to, data, changes in calls:
        code += _call(to, head + len(tail), len(data), changes)
        tail += data
    return code + _END + tail


def _call(to: str, at: int, size: int, changes: bool) -> bytes:
    """Copies what stands at a place of the code behind the first word of memory, and calls.

    Args:
        changes: whether the call may change something; then its answer is dropped.
    """
    copied = _push4(size) + _push4(at) + b"\x60\x20\x39"  # CODECOPY
    called = (b"\x60\x00" if changes else b"\x60\x20") + b"\x60\x00" + _push4(size) + b"\x60\x20"
    if changes:
        called += b"\x60\x00"  # no ether
    target = b"\x73" + from_hex(address_text(bytes.fromhex(to[2:])), 20, "a contract") + b"\x5a"
    return copied + called + target + (b"\xf1\x50" if changes else b"\xfa")  # CALL POP, STATICCALL


_END = bytes.fromhex("601f3d11026000510260005260206000f3")
"""The first word of memory, times whether the call went well and brought a whole word; returned."""


def _push4(number: int) -> bytes:
    return b"\x63" + number.to_bytes(4)
