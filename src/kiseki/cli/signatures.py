"""`kiseki letters`: signed messages in files, whatever they say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kiseki.cli import context, show
from kiseki.cli import letters as shape
from kiseki.cli.spoken import Language, Wallet, as_in_wallet, languages
from kiseki.errors import InvalidInput

__all__ = ["letters"]

letters = typer.Typer(help="Show and cancel what was signed into a file for somebody else to send.")

File = Annotated[Path, typer.Argument(help="The file: a letter, a consent or a standing consent.")]


@letters.command("show")
def show_letter(file: File, wallet: Wallet = False, language: Language = "") -> None:
    """Show what a signed file says, whose it is and whether it still counts.

    Computes everything in the file again. Reads the chain and sends nothing.

    \b
    Examples:
      kiseki letters show mint.json
      kiseki letters show mint.json --wallet --language both
    """
    from kiseki.client import signedfiles
    from kiseki.core.days import utc

    told = {each: signedfiles.read(file, each) for each in languages(language)}
    found = next(iter(told.values()))
    state = context.watching().cancellations.state(found)
    if context.current.json:
        show.json_line(show.plain(found) | {"nonce": str(found.nonce), "state": state})
        return
    for one, said in told.items():
        for each in (*said.words, *said.notes):
            show.line(each)
        if wallet:
            as_in_wallet(said.message, one)
    show.fields([
        ("signer", found.signer), ("for", f"chain {found.chain_id}, {found.contract}"),
        ("number", found.nonce), ("until", utc(found.deadline)), ("state", state),
    ])  # fmt: skip


@letters.command("cancel")
def cancel(file: File, sign_to: shape.SignTo = None, days: shape.Days = shape.WAITING) -> None:
    """Cancel what this wallet signed into a file, so that nobody can send it any more.

    Sends one transaction. What was done with the signature before stays done. A wallet without
    ether signs the cancellation into another file with --sign, and anybody sends that file with
    `kiseki letters cancel-for`.

    \b
    Examples:
      kiseki letters cancel waiver.json
      kiseki letters cancel waiver.json --sign cancel.json
    """
    from kiseki.client import signedfiles

    found = signedfiles.read(file)
    k = context.kiseki()
    if found.signer != k.address:
        raise InvalidInput(
            f"{file} is signed by {found.signer}, and this wallet is {k.address}; only the signer "
            "can cancel it"
        )
    contract = k.cancellations.contract_of(found)
    if sign_to is not None:
        shape.write_cancellation(k, sign_to, found.nonce, contract, days)
        return
    says = [*found.words, f"Cancel this signature, number {found.nonce}, for good."]
    done = context.spend(k, f"cancel {contract} {found.nonce}", says,
                         lambda k: k.cancellations.cancel(found.nonce, contract))  # fmt: skip
    context.receipts_told([done])


@letters.command("cancel-for")
def cancel_for(file: shape.SignedLetter) -> None:
    """Send a cancellation that somebody signed.

    Shows it in words. Sends one transaction, and this wallet pays the gas.

    \b
    Examples:
      kiseki letters cancel-for cancel.json
    """
    from kiseki.client import cancellations

    signed = cancellations.LETTER.read(file)
    shape.bring(cancellations.LETTER, signed, lambda k, signed: k.cancellations.submit(signed))
