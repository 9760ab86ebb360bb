"""`kiseki lists` and `kiseki check-list`: lists that are proved to be complete."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kiseki.cli import context, show
from kiseki.core.values import to_hex

__all__ = ["check_list", "lists"]


def lists(
    out: Annotated[
        Path | None, typer.Option(help="A folder; each list is written there with its proof.")
    ] = None,
) -> None:
    """Prove that the lists of collections, models and batches are complete.

    Each list is proved against a block. Some nodes give no proof; then the list is compared with
    the count and hash that the node reports, and the output says so. Sends nothing. Ends with 1 if
    an entry is missing.

    \b
    Examples:
      kiseki lists
      kiseki lists --network sepolia --out lists
    """
    from kiseki.client import whole
    from kiseki.client.consentfiles import write

    k = context.watching()
    found = whole.lists(k.session)
    files = {}
    for each in found:
        if out is not None and each.proved is not None:
            files[each.kind] = out / f"{each.kind}.json"
            write(files[each.kind], each.proved.to_json() + "\n")
    if context.current.json:
        show.json_line([
            {"list": each.kind, "count": each.count, "block": each.block,
             "proved": each.proved is not None, "why": each.why, "file": files.get(each.kind),
             "hash": None if each.proved is None else each.proved.proof.header.hash}
            for each in found
        ])  # fmt: skip
        return
    show.table(["list", "IDs", "checked"], [(e.kind, f"{e.count:,}", e.sentence) for e in found],
               numbers=["IDs"])  # fmt: skip
    if out is not None:
        show.say(
            f"Wrote {show.count(len(files), 'list')} with proofs into {out}. Check each with "
            "`kiseki check-list`."
        )


def check_list(file: Annotated[Path, typer.Argument(help="The file of the list.")]) -> None:
    """Check a list file that `kiseki lists` wrote.

    The check covers every ID in the file. It asks no node and sends nothing. Afterwards, compare
    the printed block hash with a node or explorer that you trust: the file itself cannot prove
    which chain the block is from.

    \b
    Examples:
      kiseki check-list lists/collections.json
    """
    from kiseki.client import whole

    read = whole.read(file)
    header = read.check()
    if context.current.json:
        show.json_line({"registry": read.registry, "chain": read.chain_id,
                        "count": len(read.ids), "block": header.number,
                        "hash": header.hash, "time": header.time})  # fmt: skip
        return
    show.line(
        f"This list is whole. It has {show.count(len(read.ids), 'ID')}: everything that the "
        f"registry {read.registry} had registered at block {header.number:,} of "
        f"{show.date(header.time)}. The block's hash is {to_hex(header.hash)}. Compare that hash "
        f"with a node or explorer of chain {read.chain_id} that you trust."
    )
