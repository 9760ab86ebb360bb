"""`kiseki vault audit`: receipts held against manifests and licences."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kiseki.cli import context, published, show
from kiseki.cli.vault import anchor_files, finality, vault, vault_of
from kiseki.core.checksum import checksummed
from kiseki.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from kiseki.client.kiseki import Kiseki
    from kiseki.client.vault.audit import Audit, Finding
    from kiseki.client.vault.dating import Wrong
    from kiseki.vault.handing.receipts import Salted
    from kiseki.vault.vault import Vault

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

    All receipts are held against the anchors, too: each in its order, at its time, and in the
    history that was stated.

    Reads the chain and sends nothing. Ends with 4 if something was had without a licence, or a
    receipt contradicts an anchor.

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
    see, end = _dates(k, found)
    done = look(
        found.ledger, found.shelf, [each.id for each in found.keys.collections()], k.index,
        k.session["DataRegistry"].address, k.session.chain_id, Documents(Published(documents)),
        start, see,
    )  # fmt: skip
    wrong = end()
    if context.current.json:
        dates = [
            {"provider": who, "kind": each.kind.value, "why": each.why, "receipt": each.number}
            for who, each in wrong
        ]
        show.json_line({**_told(done), "dates": dates})
    else:
        _say(done)
        for who, each in wrong:
            show.line(f"{who}: {each.why}" if who else each.why)
    if not done.is_clean or any(_contradicts(each) for _, each in wrong):
        raise typer.Exit(4)


def _contradicts(wrong: Wrong) -> bool:
    from kiseki.client.vault.dating import Kind

    return wrong.kind.is_finding and wrong.kind is not Kind.OVERDUE


def _dates(
    k: Kiseki, found: Vault
) -> tuple[Callable[[Salted], None], Callable[[], list[tuple[str, Wrong]]]]:
    """What is shown each receipt, and tells at the end what of the anchors is wrong, and whose."""
    from kiseki.client.vault.dating import Dating, heads_here, hidden
    from kiseki.client.vault.stated import safe_block, stated

    block, files = safe_block(k.session.node, finality(k.session.network.is_public)), anchor_files()
    listed = files.listed()
    known = [
        each for wallet in {each.wallet for each in listed}
        for each in stated(k.index, wallet) if each.block <= block.number
    ]  # fmt: skip
    heads = heads_here(files, sorted(known, key=lambda each: (each.block, each.time)))
    logs = {of: Dating(theirs) for of, theirs in heads.items()}

    def see(salted: Salted) -> None:
        of = found.ledger.origin(salted.receipt.provider)
        logs.setdefault(of, Dating([])).take(salted)

    def end() -> list[tuple[str, Wrong]]:
        here = {each.hash for each in listed}
        wrong = [("", hidden(each)) for each in known if each.document not in here]
        for of, each in logs.items():
            wrong += [(of.rpartition("/")[2], one) for one in each.end(block.time)]
        return wrong

    return see, end


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
