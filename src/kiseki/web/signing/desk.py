"""The studio's invitations in a process that serves pages."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kiseki.client.data.consents import Consent
from kiseki.client.data.invitations import Invitations
from kiseki.client.kiseki import Kiseki
from kiseki.vault.approvals import ApprovalStore
from kiseki.vault.drafts import DraftStore
from kiseki.vault.invitations import Invitation, InvitationStore
from kiseki.web.signing.registering import Registering
from kiseki.web.studio.seasons import Seasons

__all__ = ["Desk"]


class Desk:
    """Invitations, and one connection with the studio's wallet, which one visitor uses at a time:
    preparing a consent takes salts from its key store.

    Args:
        connect: makes a connection with the studio's wallet.
        folder: of the invitations.
        names: the wallet of somebody whom the studio knows; none for whom it does not.
    """

    def __init__(
        self,
        connect: Callable[[], Kiseki],
        folder: Path,
        names: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        self.names = names
        self._k = connect()
        self.registering = Registering(connect, self.signed)
        self.seasons = Seasons(connect, folder)
        self.approvals = ApprovalStore(folder)
        self.drafts = DraftStore(folder)
        self._lock = threading.Lock()
        self._invitations = Invitations(self._k.data, folder)

    @property
    def store(self) -> InvitationStore:
        """What is kept, which any number of visitors may ask."""
        return self._invitations.store

    def close(self) -> None:
        """Closes the connection, once nobody uses it any more."""
        self.registering.close()
        self.seasons.close()
        self.approvals.close()
        self.drafts.close()
        with self._lock:
            self._invitations.close()
            self._k.close()

    def of(self, secret: str) -> Invitation | None:
        """The invitation behind a link; none where there is none."""
        return self.store.of(secret)

    def consent(self, invitation: Invitation) -> Consent:
        """What an artist is asked to sign; see `Invitations.consent`."""
        return self._invitations.consent(invitation)

    def challenge(self, invitation: Invitation) -> bytes:
        """What a passkey signs, 32 bytes."""
        return self._invitations.challenge(invitation)

    @contextmanager
    def using(self) -> Iterator[Invitations]:
        """The invitations with their connection, for one visitor until the block ends."""
        with self._lock:
            yield self._invitations

    @contextmanager
    def connected(self) -> Iterator[Kiseki]:
        """The connection itself, for one visitor until the block ends."""
        with self._lock:
            yield self._k

    def signed(self) -> list[Path]:
        """The consent files that are signed."""
        folder = self._invitations.folder
        return [
            folder / each.consent
            for each in self.store.all()
            if each.signed_at is not None and each.consent is not None
        ]

    def key(self, purpose: str) -> bytes:
        """A key of this site that nobody else knows, one for each purpose, 32 bytes."""
        return hmac.digest(self.store.key, purpose.encode(), hashlib.sha256)

    def now(self) -> int:
        """The time of the chain, in Unix seconds."""
        return self._k.session.now()

    def is_over(self, invitation: Invitation) -> bool:
        """Whether it can no longer be signed."""
        return invitation.until < self.now()

    @property
    def wallet(self) -> str:
        """The address of the studio's wallet."""
        return self._k.address

    @property
    def release(self) -> dict[str, str]:
        """Where what is signed is registered: the chain, and the contract's address."""
        session = self._k.session
        return {"chain": str(session.chain_id), "contract": session["DataRegistry"].address}
