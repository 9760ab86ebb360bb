"""`kiseki vault audit`: receipts held against manifests and licences."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kiseki.cli import context, published, show
from kiseki.cli.vault import vault, vault_of
from kiseki.core.checksum import checksummed
from kiseki.errors import InvalidInput

if TYPE_CHECKING:
    from kiseki.client.vault.audit import Audit, Finding

__all__ = ["audit"]

_SHOWN = 100


@vault.command("audit")
def audit(
    since: Annotated[
        str | None,
        typer.Option(
            help="Pass over what was had, and registered, before this day (UTC), as 2026-11-30."
        ),
    ] = None,
    documents: published.Folder = None,
) -> None:
    """Hold the receipts of all hand-outs against what models declare and what was licensed.

    It tells what somebody had for training and declares in no model of that wallet, what a model
    declares of this vault and its developer's wallet never had from it, and what was had without a
    licence, which must never be. "Declared" is not "used", and a receipt is the vault's own word:
    each row says what it rests on. Items are told where a manifest is in the folder --documents;
    else a model names collections only.

    Reads the chain and sends nothing. Ends with 4 if something was had without a licence.

    \b
    Examples:
      kiseki vault audit --documents published
      kiseki vault audit --since 2026-11-01 --json
    """
    from kiseki.client.documents import Documents
    from kiseki.client.vault.audit import audit as look
    from kiseki.vault.published import Published

    start, k = _day(since), context.watching()
    found = vault_of(context.key_store(k))
    done = look(
        found.ledger, found.shelf, [each.id for each in found.keys.collections()], k.index,
        k.session["DataRegistry"].address, k.session.chain_id, Documents(Published(documents)),
        start,
    )  # fmt: skip
    if context.current.json:
        show.json_line(_told(done))
    else:
        _say(done)
    if not done.is_clean:
        raise typer.Exit(4)


def _day(text: str | None) -> int:
    if text is None:
        return 0
    try:
        day = datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        raise InvalidInput(f"--since must be a day, as 2026-11-30, not {text!r:.40}") from None
    return int(day.timestamp())


def _told(done: Audit) -> dict[str, Any]:
    return {
        "block": done.block, "receipts": done.receipts, "elsewhere": done.elsewhere,
        "models": done.models, "unknown": done.unknown,
        "findings": [
            {"kind": each.kind.value, "wallet": checksummed(each.wallet),
             "collection": each.collection, "level": each.level, "items": each.items,
             "models": each.models, "receipts": each.receipts, "had": each.had.value,
             "chain": each.chain.value}
            for each in done.findings
        ],
    }  # fmt: skip


def _say(done: Audit) -> None:
    show.table(
        ["what", "wallet", "collection", "items", "had", "chain"],
        [(each.kind.value, checksummed(each.wallet), f"0x{each.collection.hex()}", _items(each),
          each.had.value, each.chain.value) for each in done.findings[:_SHOWN]],
    )  # fmt: skip
    if (left := len(done.findings) - _SHOWN) > 0:
        show.say(f"{show.count(left, 'row')} more: --json tells all.")
    show.say(
        f"Looked at {show.count(done.receipts, 'receipt')} and {show.count(done.models, 'model')}, "
        f"up to block {done.block:,}."
    )
    if done.elsewhere:
        show.say(f"Passed over: {show.count(done.elsewhere, 'receipt')} of other chains.")
    if done.unknown:
        show.say(
            f"Of {show.count(done.unknown, 'model')} the manifest is not at hand, so only "
            "collections can be told of; --documents names a folder of manifests."
        )
    if not done.is_clean:
        show.say("Something was had without a licence: look into this vault, and who runs it.")


def _items(each: Finding) -> str:
    return f"{len(each.items):,}" if each.items else "the collection"
