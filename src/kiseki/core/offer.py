"""Offers of licences, and what a licence says to machines.

An offer is known by the hash of everything in it, so whoever buys names the very price, uses and
document that they agree to.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from kiseki.core import abi, documents, merkle
from kiseki.core.keccak import keccak256
from kiseki.core.terms import Use
from kiseki.core.values import ZERO32, ZERO_ADDRESS, address, address_text, bytes32, uint
from kiseki.errors import InvalidInput

__all__ = ["FOREVER", "USES", "Licence", "Offer", "buyer_proof", "buyers_root", "licence_ends"]

USES = Use(127)
"""All uses that a licence can be for."""

FOREVER = 2**36 - 1
"""The second until which a licence without end is valid, as the market writes it."""

_BITS = 36

_FORMAT = "kiseki-licence-v1"
_COUNTRY = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*", re.ASCII)
_WORD = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)
_TERM = re.compile(r"P(\d{1,4}Y)?(\d{1,4}M)?(\d{1,5}D)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Offer:
    """A licence that can be bought.

    Attributes:
        registry: that holds what is licensed, lower case.
        id: of the collection, model or batch there, 32 bytes.
        price: base units; nothing for nothing.
        uses: what it allows.
        token: an ERC-20's address, in which it is paid; ether if none is named.
        duration: seconds that it lasts, from being bought; 0 without end.
        until: last second at which it can be bought, in Unix seconds; 0 without end.
        supply: how many can be bought.
        buyers: the root of those who may buy it (`buyers_root`); zero for everybody.
        document: the hash of the licence document.
        salt: keeps equal offers apart.
    """

    registry: str
    id: bytes
    price: int
    uses: Use
    token: str = ZERO_ADDRESS
    duration: int = 0
    until: int = 0
    supply: int = 2**32 - 1
    buyers: bytes = ZERO32
    document: bytes = ZERO32
    salt: bytes = ZERO32

    def __post_init__(self) -> None:
        for name in ("registry", "token"):
            given = address_text(address(getattr(self, name), f"the {name}"))
            object.__setattr__(self, name, given)
        for name in ("id", "buyers", "document", "salt"):
            bytes32(getattr(self, name), name)
        uint(self.price, 128, "the price")
        uint(self.duration, 64, "the duration")
        uint(self.until, 64, "until")
        uint(self.supply, 32, "the supply", 1)
        if not isinstance(self.uses, Use) or not self.uses or self.uses not in USES:
            raise InvalidInput("an offer is for at least one use; name some")

    @property
    def values(self) -> tuple[object, ...]:
        """As calls take it."""
        return (
            self.registry, self.id, self.token, self.price, int(self.uses), self.duration,
            self.until, self.supply, self.buyers, self.document, self.salt,
        )  # fmt: skip

    def key(self, chain_id: int, market: str) -> bytes:
        """keccak256(abi.encode(chain ID, address of the LicenseMarket, offer))."""
        return keccak256(
            abi.encode(
                abi.word(chain_id),
                abi.who(market, "the market"),
                abi.who(self.registry, "the registry"),
                self.id,
                abi.who(self.token, "the token"),
                abi.word(self.price),
                abi.word(int(self.uses)),
                abi.word(self.duration),
                abi.word(self.until),
                abi.word(self.supply),
                self.buyers,
                self.document,
                self.salt,
            )
        )


def licence_ends(word: int) -> dict[Use, int]:
    """Use -> last second at which it is licensed, of a licence as the market logs it."""
    ends = ((use, word >> _BITS * place & FOREVER) for place, use in enumerate(USES))
    return {use: end for use, end in ends if end}


def buyers_root(buyers: Iterable[str]) -> bytes:
    """The root of those who may buy: OpenZeppelin's StandardMerkleTree of their addresses."""
    return merkle.root_of(_leaves(buyers))


def buyer_proof(buyers: Iterable[str], buyer: str) -> list[bytes]:
    """That somebody is among those who may buy.

    Raises:
        InvalidInput: they are not.
    """
    leaves, wanted = _leaves(buyers), _leaf(buyer)
    if wanted not in leaves:
        raise InvalidInput(f"{buyer} is not among those who may buy it")
    return list(merkle.proof_in(leaves, leaves.index(wanted)))


def _leaves(buyers: Iterable[str]) -> list[bytes]:
    found = sorted({_leaf(each) for each in buyers})
    if not found:
        raise InvalidInput("name at least one buyer, or leave it open to everybody")
    return found


def _leaf(buyer: str) -> bytes:
    """Hashed twice, as OpenZeppelin does, so that no node of the tree can pass for a leaf."""
    return keccak256(keccak256(abi.who(buyer, "a buyer")))


@dataclass(frozen=True, slots=True)
class Licence:
    """What a licence says to machines, beside its text; its hash is in the offer.

    Attributes:
        text: the hash of the licence's text, 32 bytes; zero where there is none.
        territory: ISO 3166-1 or -2 codes (``JP``, ``US-CA``), or ``WORLD``.
        media: for what media, as ``streaming``, ``theatrical``, ``game``; empty for all.
        languages: BCP 47 tags; empty for all.
        exclusive: whether the licensor promises to license nobody else for the same meanwhile.
        term: how long, as ISO 8601 writes it (``P2Y``); empty without end.
    """

    text: bytes = ZERO32
    territory: Sequence[str] = ("WORLD",)
    media: Sequence[str] = ()
    languages: Sequence[str] = ()
    exclusive: bool = False
    term: str = ""
    _hash: bytes = field(init=False, repr=False, compare=False, default=ZERO32)

    def __post_init__(self) -> None:
        bytes32(self.text, "the hash of the text")
        for name in ("territory", "media", "languages"):
            given = getattr(self, name)
            if isinstance(given, str) or len(set(given)) != len(given):
                raise InvalidInput(f"{name} is a list, each of it once")
            object.__setattr__(self, name, tuple(sorted(given)))
        if self.territory != ("WORLD",) and not _all(_COUNTRY, self.territory):
            raise InvalidInput("a territory is ISO 3166 codes as JP or US-CA, or WORLD alone")
        if not self.territory:
            raise InvalidInput("a licence is for some territory; write WORLD for all")
        if not _all(_WORD, self.media):
            raise InvalidInput("media are named by short words in lower case, as streaming")
        if not _all(_LANGUAGE, self.languages):
            raise InvalidInput("languages are BCP 47 tags, as ja or zh-Hant")
        if self.term and (self.term == "P" or not _TERM.fullmatch(self.term)):
            raise InvalidInput("a term is written as ISO 8601 does: P2Y, P18M, P90D")
        if not isinstance(self.exclusive, bool):
            raise InvalidInput("exclusive is True or False")
        object.__setattr__(self, "_hash", keccak256(self.to_json().encode()))

    @property
    def hash(self) -> bytes:
        """keccak256 of its one text, which the offer holds."""
        return self._hash

    def to_json(self) -> str:
        """The one text of it."""
        return documents.write(
            {
                "format": _FORMAT,
                "text": "0x" + self.text.hex(),
                "territory": list(self.territory),
                "media": list(self.media),
                "languages": list(self.languages),
                "exclusive": self.exclusive,
                "term": self.term,
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes, expected: bytes | None = None) -> "Licence":
        """From what `to_json` gave.

        Args:
            expected: the hash that it must have, when known.

        Raises:
            InvalidInput: another format, or another hash.
        """
        names = ["format", "text", "territory", "media", "languages", "exclusive", "term"]
        given = documents.members(documents.read(text, _FORMAT), names, "a licence")
        _, hashed, territory, media, languages, exclusive, term = given
        for each in (territory, media, languages):
            if not isinstance(each, list) or not all(isinstance(one, str) for one in each):
                raise InvalidInput("territory, media and languages are lists of strings")
        if not isinstance(term, str):
            raise InvalidInput("the term is a string")
        from_text = bytes.fromhex(_hex(hashed))
        found = cls(from_text, territory, media, languages, exclusive, term)
        if expected is not None and found.hash != expected:
            raise InvalidInput("this is not the document that the offer names; ask the licensor")
        return found


def _all(pattern: re.Pattern[str], given: Sequence[str]) -> bool:
    return all(pattern.fullmatch(each) for each in given)


def _hex(given: object) -> str:
    if not isinstance(given, str) or not re.fullmatch(r"0x[0-9a-f]{64}", given, re.ASCII):
        raise InvalidInput("the hash of the text is 0x and 64 hex digits")
    return given[2:]
