"""Signed messages in files: typed data as wallets take it, with one member more, ``kiseki``.

A file is written whole, for its owner alone, and everything in it is computed again when it is
read. There are two kinds. What somebody is *asked* to sign (:class:`Asked`) is written first and
signed later, by any wallet, in the file or beside it. A *letter* (`kiseki.client.letters`) is
signed by whoever writes it, and anybody brings it.
"""

from __future__ import annotations

import contextlib
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self

from kiseki.chain.signing.signer import Signer
from kiseki.core import documents, ids, typed
from kiseki.core.checksum import checksummed
from kiseki.core.days import utc
from kiseki.core.payee import Payee
from kiseki.core.terms import TERMS_TYPE, Terms
from kiseki.core.values import address, address_text, from_hex, to_hex, uint
from kiseki.disk import texts
from kiseki.errors import FilesError, InvalidInput, SigningError
from kiseki.language import LANGUAGES, say

__all__ = [
    "Asked",
    "beside",
    "document",
    "paid",
    "place",
    "read",
    "signature",
    "signature_beside",
    "signer_of",
    "terms",
    "text",
    "told",
    "write",
]

_TYPED = ("types", "primaryType", "domain", "message")
_LONGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Asked(ABC):
    """What somebody is asked to sign.

    Attributes:
        signature: none before it is signed.
    """

    FORM: ClassVar[str]
    """The format, with its version."""
    NOUN: ClassVar[str]
    """What it is, in errors."""

    signature: bytes | None = field(default=None, repr=False, kw_only=True)

    @property
    @abstractmethod
    def message(self) -> dict[str, Any]:
        """The typed data that is signed."""

    @abstractmethod
    def words(self, language: str = "en") -> list[str]:
        """What it says, in plain sentences."""

    @property
    @abstractmethod
    def more(self) -> dict[str, str]:
        """What else the file holds for whoever uses it."""

    @property
    @abstractmethod
    def asked(self) -> str:
        """Whose signature is asked for, in lower case."""

    @property
    @abstractmethod
    def ends(self) -> int:
        """The last second at which it counts."""

    @classmethod
    @abstractmethod
    def understood(cls, given: dict[str, Any], more: Mapping[str, Any]) -> Self:
        """What typed data speaks of. What it leaves out is not checked here."""

    @property
    def signer(self) -> str | None:
        """Whose signature it is, in lower case, if it is a wallet's; none before it is signed."""
        return signer_of(self.message, self.signature)

    def to_json(self) -> str:
        """The text of the file."""
        given = None if self.signature is None else to_hex(self.signature)
        ours = {"format": self.FORM, **told(self.words), **self.more, "signature": given}
        return text(ours, self.message)

    @classmethod
    def from_json(cls, given: str | bytes) -> Self:
        """What :meth:`to_json` gave; everything in it is computed again.

        Raises:
            InvalidInput: it is none; or words, typed data and what else it holds say different
                things.
        """
        ours, typed_data = document(given)
        form, signed = _of(ours, "format"), _of(ours, "signature")
        if form != cls.FORM:
            raise InvalidInput(f"format must be {cls.FORM!r}, not {form!r:.80}")
        found = cls.understood(typed_data, ours)
        said = told(found.words)
        names = ("format", *said, *found.more, "signature")
        documents.members(ours, names, f"kiseki, in a {cls.NOUN}")
        if found.message != typed_data:
            raise InvalidInput(f"the typed data is not that of a {cls.NOUN}; do not sign it")
        if any(ours[name] != value for name, value in (said | found.more).items()):
            raise InvalidInput(
                f"the words of this {cls.NOUN} do not say what its data says; do not sign it, and "
                "ask whoever prepared it why"
            )
        if signed is None:
            return found
        return replace(found, signature=signature(from_hex(signed, None, "the signature")))

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """One from its file, with the signature that is in it or beside it.

        Raises:
            FilesError: it cannot be read.
            InvalidInput: as `from_json`.
        """
        place = Path(path)
        try:
            found = cls.from_json(read(place))
        except InvalidInput as error:
            raise InvalidInput(f"{path}, as a {cls.NOUN}: {error}") from error
        there = None if found.signature is not None else signature_beside(place)
        return found if there is None else replace(found, signature=there)

    def must_be_for(self, signer: Signer) -> None:
        """Whether a wallet may sign it now.

        Raises:
            InvalidInput: it is somebody else's, or over.
        """
        if signer.address.lower() != self.asked:
            raise InvalidInput(
                f"this {self.NOUN} is {self.asked}'s and the wallet {signer.address}; "
                "sign with the wallet that is named"
            )
        if self.ends < time.time():
            raise InvalidInput(f"this {self.NOUN} expired on {utc(self.ends)}; ask for a new one")

    def sign(self, path: str | Path, signer: Signer) -> Self:
        """Signs it and writes it to its file.

        Raises:
            InvalidInput: as `must_be_for`. Nothing was signed.
            SigningError: the wallet did not sign.
        """
        self.must_be_for(signer)
        signed = replace(self, signature=signature(signer.sign_typed(self.message)))
        if signed.signer not in (None, self.asked):
            raise SigningError(f"the wallet signed as {signed.signer}; nothing was written")
        write(Path(path), signed.to_json())
        return signed


def _of(ours: object, name: str) -> Any:
    if not isinstance(ours, dict) or name not in ours:
        raise InvalidInput(f"this is no file to sign: there is no {name} in its member kiseki")
    return ours[name]


# Files


def read(path: Path) -> bytes:
    """A file's bytes, of no more than any of these has.

    Raises:
        FilesError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(_LONGEST + 1)
    except OSError as error:
        raise FilesError(f"{path} cannot be read ({error.strerror})") from error


def write(path: Path, text: str) -> None:
    """It is there whole or as it was before, for its owner alone.

    Raises:
        FilesError: it cannot be written.
    """
    texts.write(path, text, mode=0o600, folder=True)


def beside(path: Path) -> Path:
    """Where a signature lies that was made by another program."""
    return path.with_suffix(".sig")


def signature_beside(path: Path) -> bytes | None:
    """The signature in the file beside `path`, as hex; none where there is no such file.

    Raises:
        FilesError: it cannot be read.
        InvalidInput: it is no signature.
    """
    there = beside(path)
    if not there.exists():
        return None
    given = read(there).decode("ascii", "replace").strip()
    return signature(from_hex(given[:_LONGEST], None, "the signature"))


def text(ours: dict[str, Any], message: dict[str, Any]) -> str:
    """The text of a file: `ours`, and the typed data as wallets take it."""
    return json.dumps({"kiseki": ours, **message}, indent=1) + "\n"


def document(text: str | bytes) -> tuple[Any, dict[str, Any]]:
    """The member ``kiseki`` of a file, and its typed data.

    Raises:
        InvalidInput: it is no such file.
    """
    if len(text) > _LONGEST:
        raise InvalidInput("this is too long for a file to sign")
    found = documents.parse(text)
    documents.members(found, ["kiseki", *_TYPED], "a file to sign")
    return found["kiseki"], {name: found[name] for name in _TYPED}


# Typed data


def place(given: dict[str, Any]) -> tuple[int, str]:
    """The chain and contract that typed data is for.

    Raises:
        InvalidInput: it names none.
    """
    domain = documents.members(
        given["domain"], ["name", "version", "chainId", "verifyingContract"], "the domain"
    )
    return (
        uint(domain[2], 64, "the chain ID", 1),
        address_text(address(domain[3], "the contract")),
    )


def terms(given: object) -> Terms:
    """Terms in typed data.

    Raises:
        InvalidInput: they are none.
    """
    listed = TERMS_TYPE.removeprefix("Terms(").removesuffix(")")
    members = [each.split(" ") for each in listed.split(",")]
    values = documents.members(given, [name for _, name in members], "the terms")
    plain: list[Any] = [
        documents.decimal(value, name)
        if kind == "uint64"
        else from_hex(value, 32, name)
        if kind == "bytes32"
        else value
        for (kind, name), value in zip(members, values, strict=True)
    ]
    return Terms(*plain)


def signature(given: bytes) -> bytes:
    """With the last byte as contracts take it: some wallets count from 0.

    Raises:
        InvalidInput: it is no signature.
    """
    if not given or len(given) > 10_000:
        raise InvalidInput("that is no signature; paste what the wallet answered")
    if len(given) == 65 and given[64] < 27:
        return given[:64] + bytes([given[64] + 27])
    return given


def signer_of(message: dict[str, Any], given: bytes | None) -> str | None:
    """Whose signature it is, in lower case, if it is a wallet's; none where there is none."""
    from eth_keys.datatypes import Signature
    from eth_keys.exceptions import BadSignature
    from eth_utils.exceptions import ValidationError

    if given is None or len(given) != 65:
        return None
    with contextlib.suppress(BadSignature, ValidationError):
        found = Signature(given[:64] + bytes([(given[64] - 27) % 256]))
        return str(found.recover_public_key_from_msg_hash(typed.digest(message)).to_address())
    return None


# Words


def told(words: Callable[[str], Any]) -> dict[str, Any]:
    """The members of a file that say what is signed, in every language: whoever reads one of them
    reads what the others say too."""
    first, *others = LANGUAGES
    return {"words": words(first)} | {f"words_{each}": words(each) for each in others}


def paid(payee: Payee, provider: str, language: str = "en") -> str:
    """Who is paid, in a sentence."""
    wallet = ids.wallet_address(payee.key)
    if wallet == provider:
        return say("{wallet} is paid.", language, wallet=checksummed(wallet))
    who = payee.words(language)
    if wallet is not None:
        return say("Another is paid: {payee}.", language, payee=who)
    if payee.many:
        return say("Paid are {payee}.", language, payee=who)
    return say("Paid is {payee}.", language, payee=who)
