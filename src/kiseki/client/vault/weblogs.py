"""The logs of a vault over HTTP, for witnesses and for who holds receipts
(`kiseki.client.vault.witnessing.Logs`). Everybody may read them; nobody signs in.
"""

from __future__ import annotations

from collections.abc import Sequence

from kiseki.client.vault.http import LONGEST, Asking, Refused
from kiseki.errors import InvalidInput
from kiseki.vault.log.lines import hashes
from kiseki.vault.log.notes import Note, Signature, VerifierKey

__all__ = ["WebLogs"]


class WebLogs(Asking):
    """The logs of a vault at a URL. All of it raises `VaultError` where the vault does not answer,
    or answers something else.

    Attributes:
        refused: whether the vault did not take a cosignature, because it does not know its key.
    """

    refused = False

    def key(self, provider: str) -> VerifierKey:
        """The key that signs the log of a provider, as the vault tells it."""
        try:
            return VerifierKey.from_text(self._text(f"{provider}/key").strip())
        except InvalidInput as error:
            raise self._strange() from error

    def checkpoint(self, provider: str) -> Note | None:
        """What the log of a provider shows; none where the vault says that it has no entry."""
        try:
            text = self._text(f"{provider}/checkpoint")
        except Refused as error:
            if error.status == 404:
                return None
            raise
        try:
            return Note.from_bytes(text.encode())
        except InvalidInput as error:
            raise self._strange() from error

    def consistency(self, provider: str, old: int, new: int) -> Sequence[bytes]:
        """The proof that its first `new` entries begin with the first `old`."""
        text = self._text(f"{provider}/consistency?old={old}&new={new}")
        try:
            return hashes(text.splitlines(), "a proof")
        except InvalidInput as error:
            raise self._strange() from error

    def cosign(self, provider: str, note: Note, signatures: Sequence[Signature]) -> None:
        """Hands the vault cosignatures of a checkpoint."""
        signed = Note(note.text, tuple(signatures)).to_bytes()
        path = f"/vault/log/{provider}/cosignatures"
        try:
            self._body(self._anybody, "POST", path, None, LONGEST, signed)
        except Refused as error:
            if error.status != 403:
                raise
            self.refused = True

    def _text(self, path: str) -> str:
        body = self._body(self._anybody, "GET", f"/vault/log/{path}", None, 2 * LONGEST)
        try:
            return body.decode()
        except ValueError:
            raise self._strange() from None
