"""The receipts that a vault shows a provider of the provider's own items, held against the log.

The log has a salted hash of each receipt, and a signed root over all of them. So the receipts that
a vault shows are checked together: they must give that root. One that is altered, left out or put
between others gives another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kiseki.client.vault.site import VaultSite
from kiseki.client.vault.weblogs import WebLogs
from kiseki.core.counts import counted
from kiseki.core.values import from_hex
from kiseki.errors import InvalidInput, ProofError, VaultError
from kiseki.vault.handing.receipts import Receipt, Salted
from kiseki.vault.log.checkpoints import opened
from kiseki.vault.log.notes import VerifierKey
from kiseki.vault.log.tree import Frontier, leaf_hash

__all__ = ["given"]


def given(
    site: VaultSite, logs: WebLogs, provider: str, key: VerifierKey,
    see: Callable[[Salted], None] = lambda _: None,
) -> Iterator[Receipt]:  # fmt: skip
    """All receipts in the log of a provider, in its order. Only the end says that they are all.

    Args:
        site: the vault, with the provider's wallet.
        logs: of the same vault.
        provider: address in lower case.
        key: of the provider's log there.
        see: is shown each, with its salt.

    Raises:
        ProofError: the receipts are not what the log has; none of them can be relied on.
        VaultError: the vault does not answer, refuses, or answers something else.
    """
    note = logs.checkpoint(provider)
    if note is None:
        return
    shown = opened(note, key.name, [key])
    seen = Frontier()
    while seen.size < shown.size:
        part = site.receipts(seen.size)
        if not part:
            raise ProofError(
                f"the log {key.name} has {counted(shown.size, 'receipt')}, and the vault shows "
                f"{seen.size:,} of them"
            )
        for each in part[: shown.size - seen.size]:
            number, salted = _read(each)
            if number != seen.size or salted.receipt.provider != provider:
                raise ProofError(
                    f"entry {seen.size:,} of the log {key.name} is not what the vault shows for it"
                )
            seen, _ = seen.add([leaf_hash(salted.entry)])
            see(salted)
            yield salted.receipt
    if seen.root != shown.root:
        raise ProofError(
            f"what the vault shows as {counted(shown.size, 'receipt')} is not what the log "
            f"{key.name} has"
        )


def _read(told: Mapping[str, Any]) -> tuple[object, Salted]:
    try:
        receipt = Receipt.from_json(str(told.get("receipt")))
        return told.get("number"), Salted(receipt, from_hex(told.get("salt"), 32, "the salt"))
    except InvalidInput as error:
        raise VaultError(f"the vault shows what is no receipt: {error}") from error
