"""Lists that are shown to be whole, and checked by who was given them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kiseki.cli import context, show
from kiseki.client import whole
from kiseki.client.consentfiles import date, write
from kiseki.core.values import to_hex

__all__ = ["check_list", "lists"]


def lists(
    out: Annotated[
        Path | None, typer.Option(help="A folder for the lists with their proofs, a file each.")
    ] = None,
) -> None:
    """Show that nobody left out a collection, model or batch: prove each list against a block.

    Where the node has no proof, the lists are compared with what it says of the registries, and
    that is said. Ends with 1 when something was left out.

    \b
    Examples:
      kiseki lists
      kiseki lists --network sepolia --out lists
    """
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
    show.table(["list", "IDs", ""], [(e.kind, f"{e.count:,}", e.sentence) for e in found],
               numbers=["IDs"])  # fmt: skip
    if out is not None:
        show.say(f"{len(files)} lists with proofs are in {out}; `kiseki check-list` checks them.")


def check_list(file: Annotated[Path, typer.Argument(help="The list with its proof.")]) -> None:
    """Check a list that somebody gave you, to the last ID; needs no node.

    Compare the block's hash with one that you trust: whoever made the list says which chain it is.

    \b
    Examples:
      kiseki check-list lists/collections.json
    """
    read = whole.read(file)
    header = read.check()
    if context.current.json:
        show.json_line({"registry": read.registry, "chain": read.chain_id,
                        "count": len(read.ids), "block": header.number,
                        "hash": header.hash, "time": header.time})  # fmt: skip
        return
    show.line(
        f"This list of {len(read.ids):,} IDs is whole: it is all that the registry "
        f"{read.registry} had registered at block {header.number:,} of {date(header.time)}, whose "
        f"hash is {to_hex(header.hash)}. Compare that hash with what a node or explorer of chain "
        f"{read.chain_id} says, which you trust."
    )
