"""A vault that is reached over HTTP: signing in, hand-outs, and their content at any range.

Nothing that it answers is believed here; `kiseki.client.vault.getting` checks all of it.
"""

from __future__ import annotations

import contextlib
import re
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode

from kiseki.chain.signing.signer import Signer
from kiseki.client.vault.http import LONGEST, PATIENCE, Asking
from kiseki.core import documents
from kiseki.core.terms import Use
from kiseki.core.values import from_hex, to_hex, uint
from kiseki.errors import InvalidInput, VaultError
from kiseki.vault.handing.receipts import use_word
from kiseki.vault.log.notes import VerifierKey

if TYPE_CHECKING:
    import requests

__all__ = ["Captions", "HandedOut", "Offered", "Site", "VaultSite", "must_be_signable"]

_PIECE = 1 << 16
"""Bytes that are lost at most of what arrived, where the connection breaks."""
_ITEM = 8 * 1024
"""Bytes of an item in an answer that lists items."""
_MOST = 10_000
"""Items of one hand-out."""
_PAGE = 1_000
"""Receipts of one answer."""
_CAPTIONS = 64 << 20
"""Bytes of an answer that has captions: it ends after a million characters, each of which JSON may
write with several, and one caption more."""


@dataclass(frozen=True, slots=True)
class Offered:
    """An item of a hand-out, as the vault says.

    Attributes:
        item: its data ID.
        size: bytes of what is fetched.
        receipt: its text, as the log has it.
        proof: a tlog-proof with the receipt's salt, as bytes.
    """

    item: bytes
    size: int
    receipt: str
    proof: bytes


@dataclass(frozen=True, slots=True)
class HandedOut:
    """A hand-out, as the vault says.

    Attributes:
        id: names it.
        ends: the first second at which it is over, since 1970.
        items: what is in it.
    """

    id: bytes
    ends: int
    items: tuple[Offered, ...]


@dataclass(frozen=True, slots=True)
class Captions:
    """A part of the captions of a hand-out, as the vault says.

    Attributes:
        of: data ID -> the caption, as the bytes of a file; none where the vault cannot read it.
        next: the data ID behind which there are more; none at the end.
    """

    of: Mapping[bytes, bytes | None] = field(repr=False)
    next: bytes | None


class Site(Protocol):
    """A vault from which a wallet gets content, wherever it is; see `VaultSite`."""

    @property
    def url(self) -> str:
        """What it is called beside its receipts."""
        ...

    def begin(
        self, use: Use, *, items: Sequence[bytes] = (), collection: bytes | None = None,
        recipient: str | None = None, most: int = _MOST,
    ) -> HandedOut:  # fmt: skip
        """Asks for items, or for a collection. **The vault keeps a receipt of each.**"""
        ...

    def log_key(self, provider: str) -> str:
        """The key of a provider's log, as vkey (C2SP signed-note)."""
        ...

    def opening(self, handout: bytes, collection: bytes, most: int = _MOST) -> bytes:
        """The registration receipt of those items of a hand-out that are in a collection."""
        ...

    def captions(
        self, handout: bytes, after: bytes | None = None, recipient: str | None = None
    ) -> Captions:
        """What the vault says that describes items of a hand-out, by data ID."""
        ...

    def read(self, handout: bytes, item: bytes, start: int) -> Iterator[bytes]:
        """The bytes of an item from a place on."""
        ...

    def close(self) -> None:
        """Ends the session, also at the vault."""
        ...


class VaultSite(Asking):
    """A vault at a URL, and the wallet that acts there."""

    def __init__(self, url: str, signer: Signer, chain_id: int) -> None:
        """
        Args:
            url: https, or http on this machine.
            chain_id: the chain that the vault asks about licences.

        Raises:
            InvalidInput: it is no such URL.
        """
        super().__init__(url)
        self._signer, self._chain_id = signer, chain_id

    def close(self) -> None:
        """Ends the session, also at the vault."""
        session = self.__dict__.pop("_session", None)
        if session is not None:
            with session, contextlib.suppress(OSError):  # of requests, too
                session.delete(f"{self.url}/vault/session", timeout=PATIENCE)

    def sign_in(self) -> None:
        """Signs in as the wallet, if that was not done yet; else it happens at the first question.

        Raises:
            VaultError: the vault does not answer, refuses, or wants something else to be signed.
            SigningError: the wallet did not sign.
        """
        self._session.headers.get("Authorization")

    @cached_property
    def _session(self) -> requests.Session:
        session = self._anybody
        told = self._asked(session, "POST", "/vault/sign-in", {"wallet": self._signer.address})
        text, nonce = _text(told, "text"), _text(told, "nonce")
        must_be_signable(text, self._parts.netloc, self._signer.address, self._chain_id)
        signature = self._signer.sign_text(text)
        answer = {"nonce": nonce, "signature": to_hex(signature)}
        told = self._asked(session, "POST", "/vault/session", answer)
        session.headers["Authorization"] = f"Bearer {_text(told, 'token')}"
        session.cookies.clear()
        return session

    def begin(
        self, use: Use, *, items: Sequence[bytes] = (), collection: bytes | None = None,
        recipient: str | None = None, most: int = _MOST,
    ) -> HandedOut:  # fmt: skip
        """Asks for items, or for a collection. **The vault keeps a receipt of each.**

        Args:
            items: data IDs; none: all of the collection.
            collection: what is asked for, or where the items are asked for in; none: in any that
                they are in.
            recipient: whom they are encrypted to (``age1…``); none: they are given as they are.
            most: how many items there can be.

        Raises:
            VaultError: the vault does not give them, does not answer, or answers something else.
        """
        question: dict[str, Any] = {"use": use_word(use)}
        if collection is not None:
            question["collection"] = to_hex(collection)
        if items:
            question["items"] = [to_hex(each) for each in items]
        if recipient is not None:
            question["recipient"] = recipient
        told = self._told("POST", "/vault/handouts", question, LONGEST + _ITEM * most)
        try:
            return _handed_out(told)
        except InvalidInput as error:
            raise self._strange() from error

    def register(self, key: str) -> None:
        """Registers a key that cosigns this wallet's own log.

        Args:
            key: as vkey (C2SP tlog-cosignature).

        Raises:
            VaultError: the vault does not take it, or does not answer.
        """
        mine = self._signer.address.lower()
        self._told("POST", f"/vault/log/{mine}/cosigners", {"key": key}, LONGEST)

    def receipts(self, since: int) -> Sequence[Mapping[str, Any]]:
        """Receipts of this wallet's own items from a number of its log on, as the vault shows them:
        number, receipt and salt. Not all that there are; none where there are no more.

        Raises:
            VaultError: the vault does not tell, or does not answer.
        """
        most = LONGEST + _ITEM * _PAGE
        told = self._told("GET", f"/vault/receipts?since={since}", None, most).get("receipts")
        if not isinstance(told, list) or not all(isinstance(each, dict) for each in told):
            raise self._strange()
        return told

    def log_key(self, provider: str) -> str:
        """The key of a provider's log, as vkey (C2SP signed-note).

        Raises:
            VaultError: the vault does not tell it, or does not answer.
        """
        try:
            told = self._body(self._session, "GET", f"/vault/log/{provider}/key", None, LONGEST)
            return VerifierKey.from_text(told.decode("ascii", "replace").strip()).text
        except InvalidInput as error:
            raise self._strange() from error

    def opening(self, handout: bytes, collection: bytes, most: int = _MOST) -> bytes:
        """The registration receipt of those items of a hand-out that are in a collection.

        Raises:
            VaultError: the vault does not give it, or does not answer.
        """
        path = f"/vault/handouts/{handout.hex()}/openings/{to_hex(collection)}"
        return self._body(self._session, "GET", path, None, LONGEST + _ITEM * most)

    def captions(
        self, handout: bytes, after: bytes | None = None, recipient: str | None = None
    ) -> Captions:
        """What the vault says that describes items of a hand-out, by data ID; it tells in parts.

        Args:
            after: the data ID behind which they are wanted.
            recipient: whom they are encrypted to, each as an age file (``age1…``).

        Raises:
            VaultError: the vault does not give them, does not answer, or answers something else.
        """
        asked = {"after": after and to_hex(after), "to": recipient}
        query = urlencode({name: each for name, each in asked.items() if each})
        path = f"/vault/handouts/{handout.hex()}/captions" + (f"?{query}" if query else "")
        told = self._told("GET", path, None, _CAPTIONS)
        try:
            return _captions(told, is_sealed=recipient is not None)
        except ValueError as error:  # of Base64, and InvalidInput
            raise self._strange() from error

    def read(self, handout: bytes, item: bytes, start: int) -> Iterator[bytes]:
        """The bytes of an item from a place on. They end early where the connection breaks.

        Raises:
            VaultError: the vault does not give them, or does not answer; also between two pieces.
        """
        import requests

        path = f"/vault/handouts/{handout.hex()}/{to_hex(item)}"
        headers = {"Range": f"bytes={start}-"} if start else {}
        try:
            with self._session.get(
                self.url + path, headers=headers, stream=True, timeout=PATIENCE,
                allow_redirects=False,
            ) as answer:  # fmt: skip
                if answer.status_code != (206 if start else 200):
                    raise self._refusal(answer)
                yield from answer.iter_content(_PIECE)
        except requests.RequestException as error:
            raise self._away(error) from None

    # Inside

    def _told(self, method: str, path: str, question: Any, most: int) -> Mapping[str, Any]:
        return self._asked(self._session, method, path, question, most)

    def _asked(
        self, session: requests.Session, method: str, path: str, question: Any,
        most: int = LONGEST,
    ) -> Mapping[str, Any]:  # fmt: skip
        try:
            told = documents.foreign(self._body(session, method, path, question, most))
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise self._strange()
        return told


def must_be_signable(text: str, host: str, wallet: str, chain_id: int) -> None:
    """Refuses to sign anything but signing in at this very place (EIP-4361): a vault could hand on
    what another site wants signed.

    Raises:
        VaultError: it is something else.
    """
    wanted = (
        rf"{re.escape(host)} wants you to sign in with your Ethereum account:\n{wallet}\n\n"
        rf"[ -~]{{1,200}}\n\nURI: https?://{re.escape(host)}(/[!-~]{{0,200}})?\nVersion: 1\n"
        rf"Chain ID: {chain_id}\nNonce: [0-9a-f]{{32}}\n"
        r"Issued At: [0-9TZ:-]{20}\nExpiration Time: [0-9TZ:-]{20}"
    )
    if not re.fullmatch(wanted, text, re.ASCII):
        raise VaultError(
            f"what the vault wants signed is not signing in at {host} as {wallet} on chain "
            f"{chain_id}; nothing was signed; check the URL, the wallet and the network"
        )


def _handed_out(told: Mapping[str, Any]) -> HandedOut:
    listed = told.get("items")
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise InvalidInput("a hand-out must have items")
    items = tuple(
        Offered(
            from_hex(each.get("item"), 32, "an item"),
            uint(each.get("size"), 63, "the size"),
            _text(each, "receipt"),
            _text(each, "proof").encode(),
        )
        for each in listed
    )
    handout = from_hex("0x" + _text(told, "handout").removeprefix("0x"), 16, "a hand-out")
    return HandedOut(handout, uint(told.get("ends"), 63, "the end"), items)


def _captions(told: Mapping[str, Any], *, is_sealed: bool) -> Captions:
    listed, more = told.get("captions"), told.get("next")
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise InvalidInput("captions must be a JSON array")
    found = dict[bytes, bytes | None]()
    for each in listed:
        item = from_hex(each.get("item"), 32, "an item")
        if item in found:
            raise InvalidInput("one item must have one caption")
        text = None if each.get("caption", "") is None else _text(each, "caption").encode()
        found[item] = b64decode(text, validate=True) if text and is_sealed else text
    return Captions(found, None if more is None else from_hex(more, 32, "an item"))


def _text(told: Mapping[str, Any], name: str) -> str:
    found = told.get(name)
    if not isinstance(found, str):
        raise InvalidInput(f"the vault's answer has no {name}")
    return found
