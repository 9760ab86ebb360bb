"""`kiseki gate`: the allow list, which says who may use a collection or model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, names, show
from kiseki.cli.terms import in_words, names_of, uses_of
from kiseki.core.terms import Use
from kiseki.errors import InvalidInput

if TYPE_CHECKING:
    from kiseki.client.data.gates import Gate
    from kiseki.client.kiseki import Kiseki

__all__ = ["gate"]

gate = typer.Typer(help="Keep allow lists, which say who may use a collection or model.")

Kind = Annotated[str, typer.Argument(help="What is used: collection or model.")]
Group = Annotated[str, typer.Argument(help="The ID of the collection or model, 0x…")]
User = Annotated[str, typer.Argument(help="The wallet of the developer or creator.")]


@gate.command("allow")
def allow(
    kind: Kind, group: Group, user: User,
    uses: Annotated[
        str,
        typer.Option(help="What the user may do, with commas: ai_generative_training to train, "
                          "ai_inference to read while generating, generation to register outputs."),
    ],
) -> None:  # fmt: skip
    """Put a user on the allow list of a collection or model of this wallet.

    The list counts where the terms name it (`--gate list` when it is registered). The uses replace
    what the user was allowed before. Sends one transaction.

    \b
    Examples:
      kiseki gate allow collection 0x1111… \\
        0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --uses ai_generative_training
    """
    _put(kind, group, user, uses_of(uses))


@gate.command("remove")
def remove(kind: Kind, group: Group, user: User) -> None:
    """Take a user off the allow list of a collection or model of this wallet.

    What the user registered before stays authorised. Sends one transaction.

    \b
    Examples:
      kiseki gate remove collection 0x1111… \\
        0x70997970C51812dc3A010C7d01b50e0d17dc79C8
    """
    _put(kind, group, user, Use(0))


@gate.command("show")
def show_list(kind: Kind, group: Group) -> None:
    """Show who is on the allow list of a collection or model.

    Reads the chain and sends nothing.

    \b
    Examples:
      kiseki gate show collection 0x1111…
    """
    k = context.watching()
    wanted, of = context.hex32(group, f"the {kind}"), _gate(k, kind)
    of.must_decide(wanted)
    listed = of.listed(wanted)
    if context.current.json:
        show.json_line([{"user": who, "uses": names_of(uses)} for who, uses in listed.items()])
        return
    show.table(["user", "may use it for"], [(who, in_words(e)) for who, e in listed.items()])
    if not listed:
        show.say("Nobody is on the list. Only its registrant may use it.")


def _put(kind: str, group: str, user: str, uses: Use) -> None:
    user = names.wallet(user, "the user")
    k = context.kiseki()
    wanted, of = context.hex32(group, f"the {kind}"), _gate(k, kind)
    of.must_decide(wanted, uses)
    what = f"may use the {kind} for {in_words(uses)} and nothing else" if uses else (
        f"may not use the {kind} any more; what was registered before stays authorised"
    )  # fmt: skip
    done = context.spend(k, f"allow {group} {user} {int(uses)}", f"{names.shown(user)} {what}.",
                         lambda k: _gate(k, kind).allow(wanted, user, uses))  # fmt: skip
    context.receipts_told([done])


def _gate(k: Kiseki, kind: str) -> Gate:
    gates = {"collection": k.data.gate, "model": k.models.gate}
    if kind not in gates:
        raise InvalidInput(f"kind is collection or model, not {kind!r:.40}")
    return gates[kind]
