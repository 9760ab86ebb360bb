"""Notes: a text with the signatures of one or more keys (C2SP signed-note).

A note is the text, which ends with a newline, an empty line, and a line for each signature::

    — <name of the key> <base64 of its ID and the signature>

A key is known by its name and its ID, 4 bytes, together. A verifier knows some keys, reads their
signatures and passes over all others; if one of its keys signed wrongly, the note is refused. A
text is nobody's word before that (`verified`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import ClassVar, Protocol, Self

from kiseki.core.counts import counted
from kiseki.core.values import bytes32
from kiseki.errors import InvalidInput, ProofError
from kiseki.vault.log import ed25519
from kiseki.vault.log.lines import decoded, encoded, plain

__all__ = ["Key", "Note", "Signature", "Signer", "VerifierKey", "key_name", "sign", "verified"]

MOST_SIGNATURES = 100
_DASH = "\u2014 "


def key_name(name: str) -> str:
    """``name`` if a key can have it.

    Raises:
        InvalidInput: it is empty, or has a space, a plus or a control character.
    """
    if not isinstance(name, str):
        raise InvalidInput(f"the name of a key must be text, not {type(name).__name__}")
    try:
        plain(name.encode(), "the name of a key")
    except UnicodeEncodeError:
        raise InvalidInput("the name of a key has half of a character") from None
    if not name or "+" in name or any(each.isspace() for each in name):
        raise InvalidInput(f"the name of a key must have no space and no plus: {name!r:.80}")
    return name


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature as a note carries it.

    Attributes:
        name: of the key.
        id: of the key, 4 bytes.
        value: what the key made of the text; its form is that of the key's kind.

    Raises:
        InvalidInput: no name that a key can have, an ID of another length, or no value.
    """

    name: str
    id: bytes
    value: bytes

    def __post_init__(self) -> None:
        key_name(self.name)
        if len(self.id) != 4 or not self.value:
            raise InvalidInput("a signature must have the key's ID, 4 bytes, and a value")

    @property
    def line(self) -> str:
        """The line of a note, with its newline."""
        return f"{_DASH}{self.name} {encoded(self.id + self.value)}\n"

    @classmethod
    def from_line(cls, line: str) -> Self:
        """What `line` gives, without its newline.

        Raises:
            InvalidInput: it is no such line.
        """
        name, _, value = line.removeprefix(_DASH).partition(" ")
        if not line.startswith(_DASH):
            raise InvalidInput(f"a line of a signature must begin with a dash, not {line!r:.80}")
        both = decoded(value, "a signature")
        return cls(name, both[:4], both[4:])


@dataclass(frozen=True, slots=True)
class Note:
    """A text with signatures, of which none was verified.

    Attributes:
        text: it ends with a newline and has no other control character.
        signatures: one or more, in the note's order.

    Raises:
        InvalidInput: a text that no note can have, no signature, or more than 100.
    """

    text: str
    signatures: tuple[Signature, ...]

    def __post_init__(self) -> None:
        _text(self.text)
        if not 0 < len(self.signatures) <= MOST_SIGNATURES:
            raise InvalidInput(
                f"a note must have from 1 to {MOST_SIGNATURES} signatures, not "
                f"{len(self.signatures)}"
            )

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Reads a note.

        Raises:
            InvalidInput: it breaks the format.
        """
        text, found, below = plain(data, "a note").rpartition("\n\n")
        if not found or not below.endswith("\n"):
            raise InvalidInput("a note must be a text, an empty line and lines of signatures")
        lines = below[:-1].split("\n")
        if len(lines) > MOST_SIGNATURES:
            raise InvalidInput(
                f"a note has {counted(len(lines), 'signature')}; at most 100 are read"
            )
        return cls(text + "\n", tuple(Signature.from_line(each) for each in lines))

    def to_bytes(self) -> bytes:
        """The note as it is published."""
        return f"{self.text}\n{''.join(each.line for each in self.signatures)}".encode()

    def adding(self, signatures: Iterable[Signature]) -> "Note":
        """The same text with more signatures; those that it has already are not repeated."""
        return Note(self.text, tuple(dict.fromkeys((*self.signatures, *signatures))))


class Key(Protocol):
    """A key that somebody trusts, of any kind."""

    @property
    def name(self) -> str: ...

    @property
    def id(self) -> bytes: ...

    def holds(self, text: str, value: bytes) -> bool:
        """Whether ``value`` is what this key makes of ``text``."""
        ...


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public key of somebody who signs notes with Ed25519.

    Attributes:
        name: of the key; for a log its origin.
        public: the key, 32 bytes (RFC 8032).
        id: 4 bytes of SHA-256(name ‖ newline ‖ kind ‖ public).

    Raises:
        InvalidInput: no name that a key can have, or another length.
    """

    KIND: ClassVar[int] = 1
    """The byte by which C2SP signed-note tells kinds of signatures apart."""

    name: str
    public: bytes
    id: bytes = field(init=False)

    def __post_init__(self) -> None:
        key_name(self.name)
        bytes32(self.public, "a public key")
        head = f"{self.name}\n".encode() + bytes([self.KIND]) + self.public
        object.__setattr__(self, "id", sha256(head).digest()[:4])

    @property
    def text(self) -> str:
        """How the key is handed on: name, ID in hex, kind and key in base64."""
        return f"{self.name}+{self.id.hex()}+{encoded(bytes([self.KIND]) + self.public)}"

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Reads `text`.

        Raises:
            InvalidInput: it breaks the format, is of another kind, or its ID is not its own.
        """
        parts = text.split("+", 2)
        if len(parts) != 3:
            raise InvalidInput(f"a key must be its name, ID and value, not {text!r:.80}")
        name, written, value = parts
        both = decoded(value, "a key")
        if both[:1] != bytes([cls.KIND]):
            raise InvalidInput(f"a key of kind {both[:1].hex() or 'none'} cannot be used here")
        found = cls(name, both[1:])
        if written != found.id.hex():
            raise InvalidInput(f"the ID of this key is {found.id.hex()}, not {written!r:.80}")
        return found

    def holds(self, text: str, value: bytes) -> bool:
        """Whether ``value`` is this key's signature of ``text``.

        Raises:
            KisekiError: `cryptography` is not installed.
        """
        return ed25519.is_signed(self.public, value, text.encode())


class Signer:
    """Somebody who signs notes with Ed25519.

    Args:
        name: of the key; for a log its origin.
        seed: the private key, 32 random bytes. It is never shown.

    Raises:
        InvalidInput: no name that a key can have, or another length.
        KisekiError: `cryptography` is not installed.
    """

    __slots__ = ("_seed", "key")

    def __init__(self, name: str, seed: bytes) -> None:
        self._seed = seed
        self.key = VerifierKey(name, ed25519.public_key(seed))
        """The public key."""

    def __repr__(self) -> str:
        return f"Signer({self.key.text!r})"

    def sign(self, text: str) -> Signature:
        """Signs a text that a note can have."""
        value = ed25519.signed(self._seed, _text(text).encode())
        return Signature(self.key.name, self.key.id, value)


def sign(text: str, *signers: Signer) -> Note:
    """A note of ``text``, signed by each of ``signers``.

    Raises:
        InvalidInput: a text that no note can have, or no signer.
    """
    return Note(text, tuple(each.sign(text) for each in signers))


def verified(note: Note, keys: Sequence[Key]) -> tuple[Signature, ...]:
    """The signatures of known keys, all of them right, in the note's order.

    Args:
        keys: those that are known. Signatures of all others are passed over.

    Raises:
        InvalidInput: two of ``keys`` differ and have one name and ID.
        ProofError: no known key signed, or one of them signed something else.
    """
    known: dict[tuple[str, bytes], Key] = {}
    for key in keys:
        if known.setdefault((key.name, key.id), key) != key:
            raise InvalidInput(f"two keys have the name {key.name} and the ID {key.id.hex()}")
    found = []
    for each in note.signatures:
        signer = known.get((each.name, each.id))
        if signer is None:
            continue
        if not signer.holds(note.text, each.value):
            raise ProofError(f"the signature of {each.name!r:.80} is not of this text")
        found.append(each)
    if not found:
        raise ProofError("no key that is known here signed this text")
    return tuple(found)


def _text(text: str) -> str:
    """``text`` if a note can have it."""
    if not isinstance(text, str) or not text.endswith("\n"):
        raise InvalidInput("the text of a note must end with a newline")
    try:
        plain(text.encode(), "the text of a note")
    except UnicodeEncodeError:
        raise InvalidInput("the text of a note has half of a character") from None
    return text
