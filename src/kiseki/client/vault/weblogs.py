"""The logs of a vault over HTTP, for witnesses and for who holds receipts
(`kiseki.client.vault.witnessing.Logs`). Everybody may read them; nobody signs in.
"""

from __future__ import annotations

from collections.abc import Sequence

from kiseki.client.vault.http import LONGEST, Asking, Refused
from kiseki.core import documents
from kiseki.core.values import address, address_text, to_hex
from kiseki.errors import InvalidInput, VaultError
from kiseki.vault.log.lines import hashes
from kiseki.vault.log.notes import Note, Signature, VerifierKey
from kiseki.vault.log.proofs import LogProof

__all__ = ["WebLogs", "is_answer"]

_OK, _BUSY, _BROKEN = 200, 429, 500


def is_answer(error: VaultError) -> bool:
    """Whether a vault answered, and did not give what was asked for: it has none, or gave something
    else. Where it is not reached, or says that it cannot now, that tells nothing."""
    return isinstance(error, Refused) and error.status < _BROKEN and error.status != _BUSY


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
            return VerifierKey.from_text(self._text(f"log/{provider}/key").strip())
        except InvalidInput as error:
            raise self._strange() from error

    def checkpoint(self, provider: str) -> Note | None:
        """What the log of a provider shows; none where the vault says that it has no entry."""
        return self._note(f"log/{provider}/checkpoint")

    def consistency(self, provider: str, old: int, new: int) -> Sequence[bytes]:
        """The proof that its first `new` entries begin with the first `old`."""
        text = self._text(f"log/{provider}/consistency?old={old}&new={new}")
        try:
            return hashes(text.splitlines(), "a proof")
        except InvalidInput as error:
            raise self._strange() from error

    def keeper(self, provider: str) -> str | None:
        """The wallet that states the heads of the logs, as the vault tells it; none where it says
        that none were stated."""
        try:
            wallet = documents.foreign(self._bytes(f"log/{provider}/anchors"))["wallet"]
            return None if wallet is None else address_text(address(wallet, "the wallet"))
        except (LookupError, TypeError, ValueError, InvalidInput):
            raise self._strange() from None

    def anchored(self, provider: str, document: bytes) -> LogProof | None:
        """The proof that the head of a log is in an anchor (`kiseki.vault.log.heads`); none where
        the vault says that it is not, or that there is no such anchor."""
        text = self._there(f"log/{provider}/anchors/{to_hex(document)}")
        try:
            return None if text is None else LogProof.from_bytes(text.encode())
        except InvalidInput as error:
            raise self._strange() from error

    def anchor(self, document: bytes) -> Note | None:
        """An anchor, without its heads; none where the vault says that there is no such one."""
        return self._note(f"anchors/{to_hex(document)}")

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

    def _note(self, path: str) -> Note | None:
        text = self._there(path)
        try:
            return None if text is None else Note.from_bytes(text.encode())
        except InvalidInput as error:
            raise self._strange() from error

    def _there(self, path: str) -> str | None:
        try:
            return self._text(path)
        except Refused as error:
            if error.status == 404:
                return None
            raise

    def _text(self, path: str) -> str:
        try:
            return self._bytes(path).decode()
        except ValueError:
            raise self._strange() from None

    def _bytes(self, path: str) -> bytes:
        return self._body(self._anybody, "GET", f"/vault/{path}", None, 2 * LONGEST)

    def _strange(self) -> VaultError:
        return Refused(str(super()._strange()), _OK)
