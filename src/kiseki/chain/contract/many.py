"""One question to one contract about many things, at one block, in few calls.

The node is asked to make a contract that is never made: its code asks the question once for each
thing, and answers with all answers. So 10,000 questions are one request. The block is named by its
hash (EIP-1898), so that a node that has another block of this number refuses.
"""

from __future__ import annotations

from collections.abc import Sequence

from kiseki.chain.batches import Asked
from kiseki.chain.contract.contracts import Contract, node_errors, refused
from kiseki.chain.contract.reverts import decode_revert
from kiseki.chain.refusals import Refusal
from kiseki.core.values import address, from_hex, to_hex
from kiseki.errors import ChainError, ContractReverted

__all__ = ["ask_many"]

_MOST_ANSWERED = 24_576
"""Bytes that such code may answer: that is the size of the contract that it would be (EIP-170)."""
_MOST_ASKED = 48_000
"""Bytes of questions; with its code below 49,152 (EIP-3860)."""
_MOST_TOGETHER = 400
"""Questions of one call. Each takes some 20,000 gas at most, and nodes give at least 10 million."""
_ANSWERS = 0x200
"""Where answers begin in memory; before it lies the question."""


def ask_many(
    contract: Contract, function: str, asked: Sequence[bytes], words: int, block: bytes
) -> list[bytes | ContractReverted]:
    """What a view answers, or with which error it refuses, for each of many arguments.

    Args:
        function: its signature, as ``itemRevokedAt(bytes32)``.
        asked: the arguments of each question, encoded; all of one length, at most 480 bytes.
        words: of 32 bytes each, that it always answers with, at most 30.
        block: the hash of the block at which it is asked.

    Returns:
        In the order asked.

    Raises:
        NodeUnreachable, ChainError: the node does not answer, does not have this block, or lies;
            there is no such contract; or it refuses without saying why, as where gas runs out.
    """
    if not asked:
        return []
    size = 4 + len(asked[0])
    if any(4 + len(each) != size for each in asked) or size > 484 or not 0 < words <= 30:
        raise ValueError("questions of several sizes, or too long ones")
    begin = contract.selector(function)
    entry = 32 * (1 + words)
    most = min(_MOST_TOGETHER, _MOST_ANSWERED // entry, _MOST_ASKED // size)
    parts = [asked[start : start + most] for start in range(0, len(asked), most)]
    at = {"blockHash": to_hex(block), "requireCanonical": True}
    questions: list[Asked] = [
        ("eth_call", [{"data": to_hex(_code(contract.address, begin, part, words))}, at])
        for part in parts
    ]
    found = list[bytes | ContractReverted]()
    with node_errors():
        answers = contract.node.ask(questions)
        for part, answer in zip(parts, answers, strict=True):
            if isinstance(answer, Refusal):
                raise refused(answer)
            data = from_hex(answer, entry * len(part), "the answers of a contract")
            found += [
                _answer(contract, data[start : start + entry], words)
                for start in range(0, len(data), entry)
            ]
    return found


def _answer(contract: Contract, entry: bytes, words: int) -> bytes | ContractReverted:
    size, went_well = divmod(int.from_bytes(entry[:32]), 2)
    if went_well and size == 32 * words:
        return entry[32:]
    if went_well:
        raise ChainError(
            f"there is no {contract.name} at {contract.address} on this chain at this block"
        )
    if not 4 <= size <= 32 * words:
        raise ChainError(f"{contract.name} at {contract.address} refused without a reason")
    return decode_revert(entry[32 : 32 + size])


def _code(to: str, begin: bytes, asked: Sequence[bytes], words: int) -> bytes:
    """Code that calls `to` once for each question behind it.

    Of each call it answers with a word, twice the size of what was returned plus one where the call
    went well, and the first words of that. On the stack are where the next answer goes in memory
    and where the next question lies in the code.
    """
    size, entry = 4 + len(asked[0]), 32 * (1 + words)
    head = 100  # bytes of this code, filled up
    end = head + size * len(asked)
    loop, done = 8, 84
    code = b"".join((
        _push(head, 4), _push(_ANSWERS, 2),                      # next question, next answer
        b"\x5b\x81", _push(end, 4), b"\x14", _push(done, 2), b"\x57",  # until the last: go on
        _push(size, 2), b"\x82\x60\x00\x39",                    # CODECOPY of the question
        _push(32 * words, 2), b"\x81\x60\x20\x01", _push(size, 2), b"\x60\x00",
        b"\x73", address(to, "a contract"), b"\x5a\xfa",        # STATICCALL
        b"\x3d\x60\x01\x1b\x17\x81\x52",                        # size and success before it
        _push(entry, 2), b"\x01\x90", _push(size, 2), b"\x01\x90", _push(loop, 2), b"\x56",
    ))  # fmt: skip
    code = code.ljust(done, b"\x00")
    code += b"\x5b" + _push(entry * len(asked), 4) + _push(_ANSWERS, 2) + b"\xf3"
    return code.ljust(head, b"\x00") + b"".join(begin + each for each in asked)


def _push(number: int, size: int) -> bytes:
    return bytes([0x5F + size]) + number.to_bytes(size)
