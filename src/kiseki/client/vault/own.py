"""One's own vault: the same hand-outs with the same receipts, in this process and without HTTP.

Whoever has the vault's key can read everything in it without a receipt (`kiseki vault read`). What
is used shall have one all the same: without receipts nobody could tell what a model had, and an
audit would call all of it declared and never had. So the wallet signs in here as it would anywhere
else, and the same rules decide what it may have.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence

from kiseki.chain.signing.signer import Signer
from kiseki.client.vault.http import Refused
from kiseki.client.vault.site import Captions, HandedOut, Offered, must_be_signable
from kiseki.core.terms import Use
from kiseki.errors import InvalidInput
from kiseki.vault.handing.rules import Chain, NotGiven
from kiseki.vault.handing.signin import Session, SignedBy
from kiseki.vault.setup import origin_of
from kiseki.vault.titles import captions
from kiseki.vault.vault import Vault

__all__ = ["OwnVault"]


class OwnVault:
    """A vault that this process opened, and the wallet that acts there.

    It has what `kiseki.client.vault.site.VaultSite` has for whoever gets content.
    """

    def __init__(
        self,
        vault: Vault,
        signer: Signer,
        chain_id: int,
        chain: Chain,
        signed_by: SignedBy,
        clock: Callable[[], int] = lambda: int(time.time()),
    ) -> None:
        """
        Args:
            vault: stays open as long as this is used.
            chain_id: of the chain that is asked about licences.
            chain: who may have what.
            signed_by: tells whether a wallet signed a text.
            clock: the time, in seconds since 1970.
        """
        self._vault, self._signer, self._chain_id = vault, signer, chain_id
        self._signed_by, self._clock = signed_by, clock
        self._handouts = vault.handouts(chain, clock)
        self._door = vault.door(f"{self.url}/vault", chain_id, signed_by)
        self._session: Session | None = None

    @property
    def url(self) -> str:
        """Where others reach it, and where its receipts are confirmed."""
        return origin_of(self._vault.setup.domain)

    def close(self) -> None:
        """Ends the session. The vault stays open."""
        session, self._session = self._session, None
        if session is not None:
            self._door.leave(session.token)

    def begin(
        self, use: Use, *, items: Sequence[bytes] = (), collection: bytes | None = None,
        recipient: str | None = None, most: int = 0,
    ) -> HandedOut:  # fmt: skip
        """Asks for items, or for a collection. **The vault keeps a receipt of each.**

        Args:
            items: data IDs, all or none; none: what the wallet may have of the collection.
            collection: what is asked for, or where the items are asked for in.
            recipient: must be none: nothing leaves this machine here.

        Raises:
            InvalidInput: somebody is named whom they are to be encrypted to.
            Refused: it is not here, or the wallet may not have it.
            VaultError: content is damaged, the clock was set back, or too much was asked for.
            KisekiError: the chain cannot be asked.
            SigningError: the wallet did not sign.
        """
        _in_clear(recipient)
        wanted = list(items)
        if collection is not None and not items:
            wanted = self._vault.shelf.all_of(collection) or [collection]
        with _refusing():
            made = self._handouts.begin(
                self._who(), wanted, use, None, collection, partly=not items
            )
        proofs = self._vault.ledger.proofs([each.issued for each in made.items])
        offered = tuple(
            Offered(receipt.item, each.size, receipt.to_json(), proof.to_bytes())
            for each, proof in zip(made.items, proofs, strict=True)
            for receipt in (each.issued.salted.receipt,)
        )
        return HandedOut(made.id, made.ends, offered)

    def log_key(self, provider: str) -> str:
        """The key of a provider's log, as vkey (C2SP signed-note)."""
        return self._vault.ledger.key(provider.lower()).text

    def opening(self, handout: bytes, collection: bytes, most: int = 0) -> bytes:
        """The registration receipt of those items of a hand-out that are in a collection.

        Raises:
            Refused: there is no such hand-out to this wallet now.
            KisekiError: the chain cannot be asked.
        """
        with _refusing():
            items = self._handouts.items(handout, self._who())
            return self._vault.opening(items, collection).encode()

    def captions(
        self, handout: bytes, after: bytes | None = None, recipient: str | None = None
    ) -> Captions:
        """What describes items of a hand-out, by data ID.

        Args:
            after: the data ID behind which they are wanted.
            recipient: must be none: nothing leaves this machine here.

        Raises:
            Refused: there is no such hand-out to this wallet now.
            InvalidInput: somebody is named whom they are to be encrypted to.
            KisekiError: the chain cannot be asked.
        """
        _in_clear(recipient)
        with _refusing():
            items = self._handouts.items(handout, self._who(), after or b"")
        return Captions(
            {
                item: None if text is None else text.encode(errors="replace")
                for item, text in captions(self._vault.shelf, items)
                if text != ""
            },
            None,
        )

    def read(self, handout: bytes, item: bytes, start: int) -> Iterator[bytes]:
        """The bytes of an item from a place on.

        Raises:
            Refused: there is no such item in a hand-out to this wallet now; also between two
                pieces.
            VaultError: the content is damaged.
        """
        with _refusing():
            yield from self._handouts.open(handout, self._who(), item).read(start)

    def _who(self) -> str:
        """The wallet, signed in: no receipt names one that did not ask.

        Raises:
            SigningError: the wallet did not sign.
            VaultError: the vault does not take what it signed.
        """
        now = self._clock()
        if self._session is None or self._session.ends <= now:
            asked = self._door.invite(self._signer.address, "this machine", now)
            must_be_signable(
                asked.text, self._vault.setup.domain, self._signer.address, self._chain_id
            )
            signature = self._signer.sign_text(asked.text)
            self._session = self._door.enter(asked.nonce, asked.cookie, signature, self._clock())
        return self._door.still(self._session.token, self._clock())


def _in_clear(recipient: str | None) -> None:
    if recipient is not None:
        raise InvalidInput("one's own vault encrypts nothing to an age key; leave it out")


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    """What a vault says over HTTP where it gives nothing."""
    try:
        yield
    except NotGiven as error:
        raise Refused(str(error), 404) from None
