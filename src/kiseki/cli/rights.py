"""`kiseki rights`: the tokens that stand for rights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kiseki.cli import context, show
from kiseki.core.values import address, to_hex
from kiseki.errors import InvalidInput

__all__ = ["rights"]

rights = typer.Typer(help="Rights: the token that stands for a batch, model or collection.")

Kind = Annotated[str, typer.Argument(help="batch, model or collection.")]
Group = Annotated[str, typer.Argument(help="Its ID, 0x…")]


@rights.command("mint")
def mint(
    kind: Kind, group: Group,
    document: Annotated[Path | None, typer.Option(help="The rights document.")] = None,
    royalty: Annotated[str, typer.Option(help="What a resale is asked for (ERC-2981).")] = "0%",
) -> None:  # fmt: skip
    """Mint the token to this wallet, which must have registered the group; once.

    \b
    Examples:
      kiseki rights mint batch 0x4444…
    """
    wanted = context.hex32(group, "the ID")
    k = context.kiseki()
    done = context.spend(k, f"mint {kind} {group}",
                         lambda k: k.rights.mint(kind, wanted, document, royalty))  # fmt: skip
    context.receipts_told([done], token=str(k.rights.token(kind, wanted)))


@rights.command("know")
def know(kind: Kind, group: Group) -> None:
    """Make an unminted token pay the registrant of its group; by anybody.

    \b
    Examples:
      kiseki rights know batch 0x4444…
    """
    wanted = context.hex32(group, "the ID")
    k = context.kiseki()
    done = context.spend(k, f"know {kind} {group}", lambda k: k.rights.know(kind, wanted))
    context.receipts_told([done])


@rights.command("show-income")
def show_income(kind: Kind, group: Group) -> None:
    """Put on record which part of what is paid to a group reaches its token; by anybody.

    \b
    Examples:
      kiseki rights show-income batch 0x4444…
    """
    wanted = context.hex32(group, "the ID")
    k = context.kiseki()
    done = context.spend(k, f"income {kind} {group}", lambda k: k.rights.show_income(kind, wanted))
    context.receipts_told([done])


@rights.command("transfer")
def transfer(
    kind: Kind, group: Group, to: Annotated[str, typer.Argument(help="The new holder's address.")]
) -> None:
    """Give a token of this wallet's away, and with it what it earns from now on.

    \b
    Examples:
      kiseki rights transfer batch 0x4444… \\
        0x70997970C51812dc3A010C7d01b50e0d17dc79C8
    """
    wanted, new = context.hex32(group, "the ID"), to_hex(address(to, "the new holder"))
    k = context.kiseki()
    token = k.rights.token(kind, wanted)
    done = context.spend(k, f"transfer {kind} {group} {new}",
                         lambda k: k.rights.transfer(token, new))  # fmt: skip
    context.receipts_told([done])


@rights.command("show")
def show_token(
    kind: Kind, group: Group,
    seal: Annotated[Path | None, typer.Option(help="Write its seal into this SVG file.")] = None,
) -> None:  # fmt: skip
    """What a token says of itself: what it stands for, who holds it, whether income reaches it.

    \b
    Examples:
      kiseki rights show batch 0x4444… \\
        --seal seal.svg
    """
    k = context.watching()
    token = k.rights.token(kind, context.hex32(group, "the ID"))
    holder = k.rights.holder(token)
    if holder is None:
        raise InvalidInput("it is not minted; its registrant mints it with `kiseki rights mint`")
    found = k.rights.metadata(token)
    if seal is not None:
        seal.write_text(found.image, "utf-8")
    if context.current.json:
        show.json_line(show.plain(found) | {"token": str(token), "holder": holder})
        return
    income = "nobody has shown it" if found.income is None else f"{found.income}%"
    show.fields([
        ("token", f"{token:#066x}"), ("stands for", f"the {found.kind} 0x{found.id.hex()}"),
        ("holder", holder), ("registrant", found.registrant), ("of what is paid", income),
        ("resale", f"{found.royalty}%"), ("locked", found.locked), ("document", found.document),
    ])  # fmt: skip
