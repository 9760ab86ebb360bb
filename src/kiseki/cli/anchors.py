"""`kiseki vault`: what vaults state on the chain, and whether what they said before is in it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kiseki.cli import context, names, show
from kiseki.cli.vault import anchor_files, finality, opened, vault
from kiseki.core.days import utc
from kiseki.core.values import address, address_text
from kiseki.errors import FilesError

if TYPE_CHECKING:
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
    folder: Annotated[list[Path], typer.Argument(help="Folders that `kiseki vault get` filled.")],
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

    Reads the chain, asks the vaults without signing in, and sends nothing. Ends with 4 if something
    is overdue or contradicted, and with 3 if a vault does not answer, which says nothing of it.

    \b
    Examples:
      kiseki vault confirm drawings
      kiseki vault confirm drawings films --by studio --json
    """
    from kiseki.client.vault.confirming import Confirming
    from kiseki.client.vault.stated import safe_block, stated
    from kiseki.client.vault.weblogs import WebLogs

    for each in folder:
        if not each.is_dir():
            raise FilesError(f"{each} is no folder; name one that `kiseki vault get` filled")
    k = context.watching(allow_old=False)
    session = k.session
    block = safe_block(session.node, finality(session.network.is_public))

    def read(wallet: str) -> list[Stated]:
        return [each for each in stated(session.index, wallet) if each.block <= block.number]

    wallet = None if keeper is None else address_text(address(names.account(keeper), "the wallet"))
    work = Confirming(WebLogs, read, block, session.chain_id, int(time.time()), wallet)
    done = [(each, found) for each in folder for found in work.confirm(each)]
    _say(done, block.time)
    verdicts = {found.verdict for _, found in done}
    if any(each.is_finding for each in verdicts):
        raise typer.Exit(_FINDING)
    if any(each.is_unknown for each in verdicts):
        raise typer.Exit(_UNKNOWN)


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
