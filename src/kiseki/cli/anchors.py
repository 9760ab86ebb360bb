"""`kiseki vault`: what vaults state on the chain, and whether what they said before is in it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kiseki.cli import context, names, show
from kiseki.cli.vault import anchor_files, finality, opened, vault
from kiseki.core.days import utc
from kiseki.core.values import address, address_text
from kiseki.disk import texts
from kiseki.errors import FilesError, InvalidInput, ProofError, VaultError

if TYPE_CHECKING:
    from kiseki.chain.logs import Head
    from kiseki.client.kiseki import Kiseki
    from kiseki.client.vault.confirmed import Confirmed
    from kiseki.client.vault.stated import Stated

__all__: list[str] = []

_FINDING, _UNKNOWN = 4, 3
"""How a command ends."""


@vault.command("anchor")
def anchor() -> None:
    """State the heads of all logs of this vault on the chain, once a day.

    From then on nobody can be shown another history of that time. The document with all heads lies
    in the folder anchors beside the key store, from where `kiseki vault serve` shows each receiver
    its part; keep it as long as the vault. Run it every day, as from cron: it states each day once,
    and what an earlier day left unstated. State them with one wallet, which states those of no
    other vault. Sends one transaction for each day.

    \b
    Examples:
      kiseki vault anchor
      kiseki vault anchor --account studio --yes
    """
    from kiseki.client.vault.anchoring import Anchors

    k = context.kiseki()
    files = anchor_files()
    with opened() as found:
        now = int(time.time())

        def work(k: Any) -> Any:
            return Anchors(
                found.ledger, found.setup.domain, k.statements, files, found.setup.seed
            ).daily(now)

        done = context.spend(
            k, f"anchor {found.setup.domain} {now // 86_400}",
            f"State the heads of all logs of {found.setup.domain} for today, for good.", work,
        )  # fmt: skip
    if context.current.json:
        show.json_line({"anchor": None if done is None else done.hash, "folder": files.folder})
        return
    if done is None:
        show.say("Nothing was handed out yet, so there is nothing to state.")
    else:
        show.say(f"The document of this day is in {files.folder}; its hash is on the chain.")


@vault.command("confirm")
def confirm(
    what: Annotated[
        list[str],
        typer.Argument(
            help="Folders that `kiseki vault get` filled; or the URL of a vault (https://…), for "
            "all receipts of this wallet's own items there."
        ),
    ],
    keeper: Annotated[
        str | None,
        typer.Option(
            "--by",
            help="The wallet that states the vault's anchors, as somebody else told it. Default: "
            "what the vault tells at the first time; it must stay the same.",
        ),
    ] = None,
) -> None:
    """Check that the receipts which vaults gave are in what they stated on the chain.

    A vault states once a day how far all its logs are. A receipt that is in it can no longer be
    altered, dropped or dated back by anybody. Run it two days after `kiseki vault get`, and again
    until all are contained: what was found is kept in the folder kiseki-receipts and not asked
    again. What contradicts is kept there, too, as a file that others can check without the vault.

    With a URL the wallet signs in as a provider, and all receipts of its items are held against
    all anchors: each in its order, at its time, and in the history that was stated.

    Reads the chain and sends nothing to it. Ends with 4 if something is overdue or contradicted,
    and with 3 if a vault does not answer, which says nothing of it.

    \b
    Examples:
      kiseki vault confirm drawings
      kiseki vault confirm drawings films --by studio --json
      kiseki vault confirm https://vault.example.org
    """
    urls = [each for each in what if each.startswith(("https://", "http://"))]
    if urls and len(what) > 1:
        raise InvalidInput("name folders, or one vault; run the command once for each vault")
    k = context.kiseki() if urls else context.watching(allow_old=False)
    wallet = None if keeper is None else address_text(address(names.account(keeper), "the wallet"))
    (_own if urls else _folders)(k, what, wallet)


def _chain(k: Kiseki) -> tuple[Head, Callable[[str], list[Stated]]]:
    """The last block that counts, and what a wallet stated up to it."""
    from kiseki.client.vault.stated import safe_block, stated

    block = safe_block(k.session.node, finality(k.session.network.is_public))

    def read(wallet: str) -> list[Stated]:
        return [each for each in stated(k.session.index, wallet) if each.block <= block.number]

    return block, read


def _folders(k: Kiseki, what: list[str], wallet: str | None) -> None:
    from kiseki.client.vault.confirming import Confirming
    from kiseki.client.vault.weblogs import WebLogs

    folders = [Path(each) for each in what]
    for each in folders:
        if not each.is_dir():
            raise FilesError(f"{each} is no folder; name one that `kiseki vault get` filled")
    block, read = _chain(k)
    work = Confirming(WebLogs, read, block, k.session.chain_id, int(time.time()), wallet)
    done = [(each, found) for each in folders for found in work.confirm(each)]
    _say(done, block.time)
    verdicts = {found.verdict for _, found in done}
    if any(each.is_finding for each in verdicts):
        raise typer.Exit(_FINDING)
    if any(each.is_unknown for each in verdicts):
        raise typer.Exit(_UNKNOWN)


def _own(k: Kiseki, what: list[str], wallet: str | None) -> None:
    from kiseki.cli.witnessing import known_key
    from kiseki.client.vault.dating import Dating, Kind, Wrong, heads_shown
    from kiseki.client.vault.given import given
    from kiseki.client.vault.shown import answer
    from kiseki.client.vault.site import VaultSite
    from kiseki.client.vault.weblogs import WebLogs

    logs, provider = WebLogs(what[0]), k.address.lower()
    key = known_key(context.beside_secrets() / "witness", logs, provider)
    by = wallet or _known_keeper(f"{logs.url} {provider}", answer(logs.keeper, provider))
    block, read = _chain(k)
    shown = [] if by is None else list(heads_shown(logs, key, read(by), k.session.chain_id, by))
    wrong = [each for each in shown if isinstance(each, Wrong)]
    heads = [each for each in shown if not isinstance(each, Wrong)]
    dating, count = Dating(heads), 0
    with closing(VaultSite(what[0], k.signer, k.session.chain_id)) as site:
        try:
            for _ in given(site, logs, provider, key, dating.take):
                count += 1
        except ProofError as error:
            wrong.append(Wrong(Kind.OTHER, str(error)))
    wrong += dating.end(block.time)
    if context.current.json:
        show.json_line({
            "log": key.text, "receipts": count, "anchors": len(heads), "wallet": by,
            "findings": [
                {"kind": each.kind.value, "why": each.why, "receipt": each.number,
                 "transaction": None if each.stated is None else each.stated.transaction}
                for each in wrong
            ],
        })  # fmt: skip
    else:
        for each in wrong:
            show.line(f"{each.kind.value}: {each.why}")
        show.say(
            f"Held {show.count(count, 'receipt')} against {show.count(len(heads), 'anchor')}, up "
            f"to {utc(block.time)}."
        )
    if any(each.kind.is_finding for each in wrong):
        raise typer.Exit(_FINDING)


def _known_keeper(of: str, told: str | None) -> str | None:
    """The wallet that a vault named first."""
    path = context.beside_secrets() / "witness" / "keepers.json"
    known = json.loads(texts.read(path)) if path.exists() else {}
    if of not in known and told is not None:
        known[of] = told
        texts.write(path, json.dumps(known, indent=2), mode=0o600, folder=True)
    before: str | None = known.get(of)
    if told not in (None, before):
        raise VaultError(
            f"the vault names {told} as the wallet that states its heads; before it was {before}. "
            "If its keeper says so elsewhere, too, name it with --by"
        )
    return before


def _say(done: list[tuple[Path, Confirmed]], known: int) -> None:
    if context.current.json:
        show.json_line([
            {"folder": folder, "vault": each.vault, "log": each.log, "handout": each.handout,
             "entries": each.size, "verdict": each.verdict.value, "why": each.why,
             "transaction": None if each.stated is None else each.stated.transaction,
             "block": None if each.stated is None else each.stated.block, "file": each.file}
            for folder, each in done
        ])  # fmt: skip
        return
    if not done:
        show.say("No receipts are kept there.")
        return
    for folder, each in done:
        show.line(f"{folder}, hand-out {each.handout.hex()}: {each.verdict.value}")
        show.line(f"  {each.why}")
        if each.verdict.is_finding and each.file is not None:
            show.line(f"  others can check it: {each.file}")
    show.say(f"The chain was read up to {utc(known)}.")
