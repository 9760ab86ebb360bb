"""`kiseki guardians`: people who together give an account a new key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kiseki.cli import context, letters, names, show
from kiseki.core.amounts import in_units
from kiseki.core.days import utc
from kiseki.core.values import from_hex
from kiseki.errors import InvalidInput

__all__ = ["guardians"]

guardians = typer.Typer(help="Give an account whose key is lost a new one, with its guardians.")

At = Annotated[str, typer.Argument(help="The address of the account, or a name.")]


@guardians.command("show")
def show_account(account: At) -> None:
    """Show the keys and guardians of an account, and whether it is to get a new key.

    Asks the node. Sends nothing.

    \b
    Examples:
      kiseki guardians show 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
    """
    from kiseki.client.accounts.operations import key_words

    k = context.watching(allow_old=False)
    found = k.accounts.state(names.wallet(account, "the account"))
    open_ = found.recovery
    if context.current.json:
        show.json_line({
            "account": found.address, "keys": list(found.keys), "guardians": list(found.guardians),
            "threshold": found.threshold, "wait": found.wait, "round": found.round,
            "ether": str(found.ether),
            "recovery": open_ and {"key": open_.key, "since": open_.since},
        })  # fmt: skip
        return
    show.fields([
        ("account", found.address),
        *(("key", key_words(each)) for each in found.keys),
        *(("guardian", each) for each in found.guardians),
        ("ether", in_units(found.ether)),
    ])  # fmt: skip
    if found.guardians:
        show.say(
            f"{found.threshold} of the guardians together can give it a new key. That takes "
            f"{show.count(found.wait // 86_400, 'day')}, in which each of its keys can stop it."
        )
    else:
        show.say("It has no guardians: if its keys are lost, nobody can give it another.")
    if open_ is not None:
        show.say(
            f"Its guardians have begun: {key_words(open_.key)} is to be its only key. From "
            f"{utc(open_.since)} on anybody can complete that; until somebody does, each of its "
            "keys can stop it."
        )


@guardians.command("approve")
def approve(
    account: At,
    key: Annotated[
        str,
        typer.Argument(
            help="The new key: the address of a wallet, or 0x and 128 digits of a passkey, as the "
            "owner's page shows them."
        ),
    ],
    file: Annotated[Path, typer.Argument(help="The file for the signature.")],
    same_as: Annotated[
        Path | None, typer.Option(help="The file of another guardian, to sign the very same.")
    ] = None,
    days: Annotated[int, typer.Option(help="For how many days it can be used.", min=1)] = 6,
) -> None:
    """Sign, as a guardian, that an account gets a new key.

    Sends nothing. Make sure first, by voice or face to face, that the key is the owner's: whoever
    has it will have the account. The signature counts for one recovery of this account, and ends
    when one is started or stopped. All guardians must sign the same: on one day (UTC) they do;
    later, --same-as takes the last day from another's file.

    \b
    Examples:
      kiseki guardians approve 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 \\
        0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC approval.json
    """
    from kiseki.client.accounts import recoveries

    k = context.kiseki()
    at = names.wallet(account, "the account")
    until = None if same_as is None else recoveries.LETTER.read(same_as).deadline
    made = k.accounts.recovery(at, _key(key), days=days, deadline=until)
    if k.address not in k.accounts.state(at).guardians:
        raise InvalidInput(
            f"{k.address} is no guardian of {at}; sign with the wallet of one (`kiseki guardians "
            "show` names them)"
        )
    letters.write(
        file, recoveries.LETTER, made, k.signed,
        "Once enough guardians have signed, anybody starts it: kiseki guardians start FILES.",
    )  # fmt: skip


@guardians.command("start")
def start(
    files: Annotated[list[Path], typer.Argument(help="Signatures of enough guardians.")],
) -> None:
    """Start to give an account a new key, with the signatures of enough guardians.

    Sends one transaction, and this wallet pays the gas. From then on the account's waiting time
    runs, in which each of its keys can stop it.

    \b
    Examples:
      kiseki guardians start approval.json second.json
    """
    from kiseki.client.accounts import recoveries

    approvals = [recoveries.LETTER.read(each) for each in files]
    says = [words for each in approvals for words in letters.in_words(recoveries.LETTER, each)]
    told = approvals[0].message["message"]
    receipt = context.spend(
        context.kiseki(), f"start the recovery of {told['account']}, round {told['round']}", says,
        lambda k: k.accounts.recover(approvals),
    )  # fmt: skip
    context.receipts_told([receipt])


@guardians.command("complete")
def complete(account: At) -> None:
    """Make the new key the only key of its account, once the waiting time is over.

    Sends one transaction, and this wallet pays the gas. What the account consented to before
    stays, and so does where money was sent; from now on the new key decides.

    \b
    Examples:
      kiseki guardians complete 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
    """
    from kiseki.client.accounts.operations import key_words

    k = context.kiseki()
    at = names.wallet(account, "the account")
    found = k.accounts.state(at)
    if found.recovery is None:
        raise InvalidInput(
            f"nobody has begun to give {found.address} a new key; `kiseki guardians start` does"
        )
    says = (
        f"Make {key_words(found.recovery.key)} the only key of the account {found.address}. Nobody "
        "can take that back."
    )
    name = f"complete the recovery of {found.address}, round {found.round}"
    context.receipts_told([context.spend(k, name, says, lambda k: k.accounts.complete(at))])


def _key(text: str) -> bytes | str:
    """A key as somebody writes it: a name, an address, or a passkey."""
    if text.startswith("0x") and len(text) == 130:
        return from_hex(text, 64, "the key")
    return names.wallet(text, "the key")
