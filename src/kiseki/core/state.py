"""What stands in a contract's storage at a block, for who trusts nothing but that block's hash.

A node answers `eth_getProof` with the nodes of two Merkle Patricia tries: the accounts', whose root
is in the block's header, and the storage of one account. Each node is the hash that the one above
names, so nothing in between needs to be believed (Yellow Paper, section 4.1 and appendix D).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from kiseki.core import rlp
from kiseki.core.keccak import keccak256
from kiseki.core.values import ZERO32, address, bytes32
from kiseki.errors import InvalidInput, ProofError

__all__ = ["Header", "StorageProof"]

_STATE_ROOT, _NUMBER, _TIME = 3, 8, 11
_NOTHING = rlp.encode(b"")
"""A trie of nothing: its one node, which some nodes leave out."""


@dataclass(frozen=True, slots=True)
class Header:
    """A block's header, as it is hashed.

    Attributes:
        encoded: its RLP.
        hash: keccak256 of that, by which the block is known.
        state_root: of the accounts' trie.
        number: of the block.
        time: Unix seconds.

    Raises:
        InvalidInput: it is no header.
    """

    encoded: bytes = field(repr=False)
    hash: bytes = field(init=False)
    state_root: bytes = field(init=False)
    number: int = field(init=False)
    time: int = field(init=False)

    def __post_init__(self) -> None:
        fields = rlp.decode(self.encoded)
        if isinstance(fields, bytes) or len(fields) < 15:
            raise InvalidInput("this is not the header of a block")
        root, number, time = fields[_STATE_ROOT], fields[_NUMBER], fields[_TIME]
        if not (isinstance(root, bytes) and isinstance(number, bytes) and isinstance(time, bytes)):
            raise InvalidInput("this is not the header of a block")
        object.__setattr__(self, "hash", keccak256(self.encoded))
        object.__setattr__(self, "state_root", bytes32(root, "the state root"))
        object.__setattr__(self, "number", int.from_bytes(number, "big"))
        object.__setattr__(self, "time", int.from_bytes(time, "big"))


@dataclass(frozen=True, slots=True)
class StorageProof:
    """What shows one slot of one contract at one block.

    Attributes:
        header: of the block.
        account, storage: nodes of the two tries, from the root on.
    """

    header: Header
    account: tuple[bytes, ...] = field(repr=False)
    storage: tuple[bytes, ...] = field(repr=False)

    def value(self, contract: str, slot: int) -> bytes:
        """The 32 bytes in a slot of `contract`; zero where nothing was written.

        Raises:
            ProofError: the nodes do not lead from the header's state root there.
        """
        try:
            return self._value(address(contract, "the contract"), slot)
        except InvalidInput as error:
            raise ProofError(f"this proof of storage is damaged: {error}") from error

    def _value(self, contract: bytes, slot: int) -> bytes:
        account = _look_up(self.header.state_root, keccak256(contract), self.account)
        if account is None:
            raise ProofError("this proof of storage shows that there is no such contract")
        fields = rlp.decode(account)
        if isinstance(fields, bytes) or len(fields) != 4 or not isinstance(fields[2], bytes):
            raise ProofError("this proof of storage leads to what is no account")
        found = _look_up(fields[2], keccak256(slot.to_bytes(32, "big")), self.storage)
        if found is None:
            return ZERO32
        word = rlp.decode(found)
        if not isinstance(word, bytes) or len(word) > 32:
            raise ProofError("this proof of storage leads to what is no word of storage")
        return word.rjust(32, b"\x00")


def _look_up(root: bytes, key: bytes, nodes: Sequence[bytes]) -> bytes | None:
    """What stands under `key` in a trie; ``None`` where it shows that nothing does.

    Raises:
        ProofError: a node is not the one that its parent names, is missing, or is too much.
        InvalidInput: a node is no node.
    """
    if root == keccak256(_NOTHING) and list(nodes) in ([], [_NOTHING]):
        return None
    path = [nibble for byte in key for nibble in (byte >> 4, byte & 15)]
    rest = list(nodes)
    expected: rlp.Item = root
    while True:
        node = _node(expected, rest)
        if len(node) == 17:
            if not path:
                raise ProofError("this proof of storage goes on beyond its key")
            expected, path = node[path[0]], path[1:]
        else:
            here, is_leaf = _partial(node[0])
            if path[: len(here)] != here or (is_leaf and len(path) != len(here)):
                return _end(rest, None)
            expected, path = node[1], path[len(here) :]
            if is_leaf:
                if not isinstance(expected, bytes) or not expected:
                    raise ProofError("this proof of storage ends in what is no value")
                return _end(rest, expected)
        if expected == b"":
            return _end(rest, None)


def _node(expected: rlp.Item, rest: list[bytes]) -> list[rlp.Item]:
    """The node that `expected` names: by its hash, or itself where it is short."""
    if isinstance(expected, bytes):
        if not rest or keccak256(rest[0]) != expected:
            raise ProofError("this proof of storage does not belong to this block")
        node = rlp.decode(rest.pop(0))
    else:
        node = expected
        # Some nodes list what stands inside its parent a second time.
        if rest and rest[0] == rlp.encode(node):
            rest.pop(0)
    if isinstance(node, bytes) or len(node) not in (2, 17):
        raise ProofError("this proof of storage holds what is no node of a trie")
    return node


def _partial(encoded: rlp.Item) -> tuple[list[int], bool]:
    """The part of the path that a node stands for, and whether it is a leaf."""
    if not isinstance(encoded, bytes) or not encoded or encoded[0] >> 6:
        raise ProofError("this proof of storage holds a path that is none")
    nibbles = [nibble for byte in encoded for nibble in (byte >> 4, byte & 15)]
    odd, is_leaf = nibbles[0] & 1, bool(nibbles[0] & 2)
    if not odd and nibbles[1]:
        raise ProofError("this proof of storage holds a path that is none")
    return nibbles[1 if odd else 2 :], is_leaf


def _end(rest: list[bytes], value: bytes | None) -> bytes | None:
    if rest:
        raise ProofError("this proof of storage holds more than it needs")
    return value
