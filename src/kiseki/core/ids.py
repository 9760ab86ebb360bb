"""IDs, payee keys and the hashes of sources.

Every preimage is packed and big-endian, and every prefix byte is used once in the whole suite
(DESIGN, "IDs"). IDs bind neither chain nor contract.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kiseki.core.base import Base
from kiseki.core.keccak import keccak256
from kiseki.core.values import ZERO32, address, address_text, ascending, bytes32, uint
from kiseki.errors import InvalidInput

__all__ = [
    "PART",
    "Collection",
    "External",
    "batch_id",
    "collection_id",
    "commitment",
    "identity_id",
    "item_id",
    "item_ids",
    "model_id",
    "part_hash",
    "parts",
    "sources_hash",
    "split_key",
    "split_opening",
    "subject",
    "subject_opening",
    "wallet",
    "wallet_address",
]

PART = 1024
"""How many collections one part of a source list holds; only the last may hold fewer."""


# Items


def commitment(sha256_digest: bytes, salt: bytes) -> bytes:
    """What hides a file: keccak256(sha256(content) ‖ salt), both 32 bytes.

    Published outputs use the zero salt; private content 32 random bytes.
    """
    return keccak256(bytes32(sha256_digest, "the SHA-256 digest") + bytes32(salt, "the salt"))


def item_id(registrant: str, commitment: bytes) -> bytes:
    """The ID of a file: keccak256(0x01 ‖ address registrant ‖ commitment)."""
    who = address(registrant, "the registrant")
    return keccak256(b"\x01" + who + bytes32(commitment, "the commitment"))


def item_ids(registrant: str, commitments: Iterable[bytes]) -> list[bytes]:
    """:func:`item_id` of many commitments of one registrant, in the order given."""
    prefix = b"\x01" + address(registrant, "the registrant")
    return [keccak256(prefix + bytes32(each, "a commitment")) for each in commitments]


# Groups


def collection_id(provider: str, root: bytes, terms_id: bytes) -> bytes:
    """keccak256(0x05 ‖ address provider ‖ root ‖ termsId)."""
    return keccak256(
        b"\x05"
        + address(provider, "the provider")
        + bytes32(root, "the root")
        + bytes32(terms_id, "the terms ID")
    )


def model_id(developer: str, weights: bytes, sources_hash: bytes, terms_id: bytes) -> bytes:
    """keccak256(0x06 ‖ address developer ‖ weights ‖ sourcesHash ‖ termsId)."""
    return keccak256(
        b"\x06"
        + address(developer, "the developer")
        + bytes32(weights, "the weights commitment")
        + bytes32(sources_hash, "the sources hash")
        + bytes32(terms_id, "the terms ID")
    )


def batch_id(creator: str, sources_hash: bytes, root: bytes) -> bytes:
    """keccak256(0x07 ‖ address creator ‖ sourcesHash ‖ root)."""
    return keccak256(
        b"\x07"
        + address(creator, "the creator")
        + bytes32(sources_hash, "the sources hash")
        + bytes32(root, "the root")
    )


# Payees


def wallet(holder: str) -> bytes:
    """The payee key of a wallet: its address in the lower 20 of 32 bytes; zero is refused."""
    key = bytes(12) + address(holder, "the wallet")
    if not any(key):
        raise InvalidInput("the zero address cannot be paid; name a wallet")
    return key


def wallet_address(key: bytes) -> str | None:
    """The address behind a payee key, in lower case; ``None`` for a split or subject."""
    key = bytes32(key, "the payee")
    return address_text(key[12:]) if any(key) and not any(key[:12]) else None


def split_key(root: bytes, total: int, salt: bytes) -> bytes:
    """keccak256(0x03 ‖ root hash ‖ uint96 total ‖ bytes32 salt)."""
    return keccak256(b"\x03" + split_opening(root, total, salt))


def split_opening(root: bytes, total: int, salt: bytes) -> bytes:
    """The 76 bytes that show what a split's key stands for: root hash ‖ uint96 total ‖ salt."""
    shares = uint(total, 96, "the total of a split", minimum=1).to_bytes(12, "big")
    return bytes32(root, "the root of a split") + shares + bytes32(salt, "the salt of a split")


def subject(contract: str, subject_id: bytes) -> bytes:
    """keccak256(0x04 ‖ address contract ‖ bytes32 id)."""
    return keccak256(b"\x04" + subject_opening(contract, subject_id))


def subject_opening(contract: str, subject_id: bytes) -> bytes:
    """The 52 bytes that show what a subject's key stands for: address contract ‖ bytes32 id.

    Raises:
        InvalidInput: the contract is the zero address, which can never say whom it stands for.
    """
    where = address(contract, "the subject's contract")
    if not any(where):
        raise InvalidInput("the zero address is no contract; nobody could ever be paid by it")
    return where + bytes32(subject_id, "the subject's ID")


# Sources


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection as a source.

    Attributes:
        id: the collection's ID, 32 bytes.
        items: the root hash of the sum tree over the items used; zero in a batch.
        weight: the sum of their weights, uint96, above zero; 1 in a batch.
    """

    id: bytes
    items: bytes
    weight: int

    def __post_init__(self) -> None:
        bytes32(self.id, "a collection's ID")
        bytes32(self.items, "a collection's items root")
        uint(self.weight, 96, "a collection's weight", minimum=1)


@dataclass(frozen=True, slots=True)
class External:
    """A base model that nobody registered.

    Attributes:
        weights: the commitment of its weights, 32 bytes; zero where nobody has the file.
        document: keccak256 of a document that says what it is, where it came from and what its
            licence allows, 32 bytes; zero without one.
    """

    weights: bytes
    document: bytes

    def __post_init__(self) -> None:
        bytes32(self.weights, "an external model's weights")
        bytes32(self.document, "an external model's document")

    @property
    def base(self) -> Base:
        """What it makes of everything that rests on it."""
        named = self.weights != ZERO32 and self.document != ZERO32
        return Base.STATED if named else Base.UNDISCLOSED


def part_hash(collections: Sequence[Collection]) -> bytes:
    """keccak256(abi.encode(Collection[])) of one part: 1 to 1,024 collections, IDs ascending."""
    if not 0 < len(collections) <= PART:
        raise InvalidInput(f"a part has 1 to {PART:,} collections, this one {len(collections):,}")
    ascending([each.id for each in collections], "collections")
    rows = [each.id + each.items + _word(each.weight) for each in collections]
    return keccak256(_word(32) + _word(len(rows)) + b"".join(rows))


def identity_id(issuer: str, person: bytes) -> bytes:
    """Somebody whom an issuer knows: keccak256(0x08 ‖ address issuer ‖ person).

    Args:
        person: a salted hash of who they are, made like a :func:`commitment`.

    Raises:
        InvalidInput: the issuer is the zero address: what is paid there could never be had.
    """
    known = address(issuer, "the issuer")
    if not any(known):
        raise InvalidInput("the zero address can bind nobody; name who knows the person")
    return keccak256(b"\x08" + known + bytes32(person, "the person"))


def parts(collections: Sequence[Collection]) -> list[Sequence[Collection]]:
    """A source list cut every 1,024 collections; no part at all without collections."""
    ascending([each.id for each in collections], "collections")
    return [collections[start : start + PART] for start in range(0, len(collections), PART)]


def sources_hash(
    parts: Sequence[bytes], models: Sequence[bytes], externals: Sequence[External]
) -> bytes:
    """keccak256(abi.encode(bytes32[] parts, bytes32[] models, External[] externals)).

    Args:
        parts: the :func:`part_hash` of each part, in order.
        models: model IDs, strictly ascending.
        externals: strictly ascending by weights, so that only the first can have none.

    Raises:
        InvalidInput: models or externals out of order, or a hash that is not 32 bytes.
    """
    hashes = [bytes32(each, "a part's hash") for each in parts]
    bases = [bytes32(each, "a model's ID") for each in models]
    ascending(bases, "models")
    ascending([each.weights for each in externals], "external models")
    tails = [
        _word(len(items)) + b"".join(items)
        for items in (hashes, bases, [each.weights + each.document for each in externals])
    ]
    first, second = 96, 96 + len(tails[0])
    heads = [first, second, second + len(tails[1])]
    return keccak256(b"".join(map(_word, heads)) + b"".join(tails))


def _word(number: int) -> bytes:
    return number.to_bytes(32, "big")
