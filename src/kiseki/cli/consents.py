"""Consent files: prepared by a studio, signed by artists, submitted in bulk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, names, show, sources, typed
from kiseki.cli.data import data
from kiseki.cli.origins import OriginFile, say_words, told, told_before
from kiseki.cli.salts import AsNew
from kiseki.cli.sources import Doubtful, Source
from kiseki.cli.spoken import Language, Wallet, as_in_wallet, confirm, languages
from kiseki.cli.terms import (
    Floor,
    Gate,
    Licence,
    Notice,
    Royalty,
    Until,
    Uses,
    say_what_can_be_sold,
    terms_of,
)
from kiseki.core.days import WAITING_DAYS, utc
from kiseki.errors import KisekiError
from kiseki.language import mark, sentences

if TYPE_CHECKING:
    from kiseki.client.kiseki import Kiseki

__all__ = ["consent"]

_SHOWN = 5
"""Consent files that are shown in words before they are submitted."""


consent = typer.Typer(help="Consent files: a studio prepares and submits them, artists sign them.")
data.add_typer(consent, name="consent")


@consent.command("prepare")
def prepare_consents(
    source: Source, folder: Annotated[Path, typer.Argument(help="The folder for the files.")],
    uses: Uses = None, royalty: Royalty = None, floor: Floor = "0%", licence: Licence = None,
    until: Until = None, notice: Notice = "30d", gate: Gate = None,
    days: Annotated[
        int, typer.Option(help="The files can be submitted for this many days.")
    ] = WAITING_DAYS,
    origin: OriginFile = None,
    payee: Annotated[
        str | None,
        typer.Option(help="Who is paid for works without an artist. Default: this wallet."),
    ] = None,
    as_new: AsNew = False,
    doubtful: Doubtful = "ask",
) -> None:  # fmt: skip
    """Write a consent file for each artist of a list.

    Sends nothing. Each artist is the provider of their own collection and signs their own file. The
    document of origin is said in words before; hand it on with the receipt, for the artist to read.

    \b
    Examples:
      kiseki data consent prepare MANIFEST.csv consents --uses train --royalty 20%
      kiseki data consent prepare MANIFEST.csv consents --licence royalty:ja --royalty 20%
      kiseki data consent prepare MANIFEST.csv consents --uses train --royalty 20% \\
        --origin origin.json
    """
    told(origin)
    k = context.kiseki()
    terms = terms_of(k, uses, royalty, floor, licence, until, notice, gate)
    say_what_can_be_sold(k, terms)
    paid = names.payee(k, payee) if payee else None
    kept = sources.read(
        k, source, doubtful, as_new,
        lambda read, **how: k.data.prepare_all(
            read, terms, artists="providers", payee=paid, origin=origin, **how
        ),
    )  # fmt: skip
    told_before(k, kept)
    paths = k.data.consents.prepare(kept, folder, days=days)
    if context.current.json:
        show.json_line(paths)
    else:
        show.say(
            f"Wrote {show.count(len(paths), 'consent file')} into {folder}. Send each to the "
            "wallet that it names."
        )
        for path in paths:
            if (other := path.with_name(path.name + ".before")).exists():
                show.say(
                    f"{other} is an earlier file with other values. It is not used any more, even "
                    "if it is signed."
                )


@consent.command("show")
def show_consent(
    file: Annotated[Path, typer.Argument(help="The consent file.")],
    wallet: Wallet = False,
    language: Language = "",
) -> None:
    """Show what a consent file says, and who has signed it.

    Computes everything in the file again. Asks no node and sends nothing.

    \b
    Examples:
      kiseki data consent show consents/0x1234.json
      kiseki data consent show consents/0x1234.json --language ja --wallet
    """
    from kiseki.client import consentfiles
    from kiseki.client.accounts.undeployed import notes
    from kiseki.client.data import consents

    found = consents.Consent.read(file)
    if context.current.json:
        show.json_line({
            "file": file, "collection": found.kept.id, **consentfiles.told(found.words),
            "asked": found.asked, "signer": found.signer, "until": found.deadline,
        })  # fmt: skip
        return
    for one in languages(language):
        for each in (*found.words(one), *notes(found.signature, found.asked, one)):
            show.line(each)
        if wallet:
            as_in_wallet(found.message, one)
    show.fields([
        ("collection", found.kept.id), ("signature of", found.asked),
        ("signed", "yes" if found.signature else "no"), ("until", utc(found.deadline)),
    ])  # fmt: skip


@consent.command("sign")
def sign_consent(
    file: Annotated[Path, typer.Argument(help="The consent file.")],
    receipt: Annotated[
        Path | None, typer.Option(help="Your receipt; it is checked before you sign.")
    ] = None,
    identity: Annotated[
        Path | None, typer.Option(help="The age identity file that decrypts the receipt.")
    ] = None,
    clear: Annotated[bool, typer.Option(help="The receipt is not encrypted.")] = False,
    language: Language = "",
) -> None:
    """Check a consent file and sign it.

    Computes everything in the file again, shows it in words and asks. Sends nothing and asks no
    node; the signature goes into the file.

    \b
    Examples:
      kiseki data consent sign consents/0x1234.json --account alice
    """
    from kiseki.client.data import consents
    from kiseki.vault import receipts

    found = consents.Consent.read(file)
    for one in languages(language):
        for each in found.words(one):
            show.say(each)
    read = None
    if receipt is not None:
        passphrase = None if identity or clear else typed.password("Passphrase of the receipt")
        read = receipts.read(receipt, identity=identity, passphrase=passphrase)
        if read.origin is not None:
            say_words(read.origin.origin, "both")
    if not context.current.yes:
        confirm(mark("Do you consent?"), language)
    signed = consents.sign(file, context.offline_signer(found.chain_id), receipt=read)
    if context.current.json:
        show.json_line({"file": file, "signer": signed.signer})
    else:
        show.say(f"Signed. Send {file} back to the studio.")


def _says(folder: Path) -> list[str]:
    """What the signed files in a folder say, the first of many."""
    from kiseki.client.data import consents

    files = sorted(folder.glob("*.json"))
    says = [f"Register the collections of the signed consent files in {folder}."]
    for path in files[:_SHOWN]:
        try:
            found = consents.Consent.read(path)
            says += (sentences(found.words(one), one) for one in languages())
        except KisekiError:
            continue  # told when it is submitted
    if len(files) > _SHOWN:
        says.append(f"And {show.count(len(files) - _SHOWN, 'more file')}.")
    return says


@consent.command("submit")
def submit_consents(
    folder: Annotated[Path, typer.Argument(help="The folder of consent files.")],
    publish: Annotated[bool, typer.Option(help="Log the commitments on the chain too.")] = True,
) -> None:
    """Register the collections of all signed consent files in a folder.

    Sends one transaction for each collection, and more for one with over 4,000 items. Run the
    command again to send only what is missing. Ends with 3 if some files have a problem.

    \b
    Examples:
      kiseki data consent submit consents --yes
    """
    from kiseki.client.data import consents

    k = context.kiseki()

    def work(k: Kiseki) -> list[consents.Submitted]:
        with show.progress("submitting", "IDs") as told:
            return list(k.data.consents.submit(folder, publish=publish, progress=told))

    results = context.spend(
        k, f"submit {folder.resolve()} {publish}", _says(folder), work,
        lambda done: [f"{each.path}: {each.problem}" for each in done if each.problem],
    )  # fmt: skip
    problems = [each for each in results if each.problem]
    if context.current.json:
        show.json_line([
            {"file": e.path, "collection": e.collection, "problem": e.problem,
             "transactions": [each.transaction for each in e.result.receipts] if e.result else []}
            for e in results
        ])  # fmt: skip
    else:
        show.table(["file", "problem"], [(e.path.name, e.problem) for e in problems])
        done = show.count(len(results) - len(problems), "file")
        show.say(f"Registered: {done}. Not registered: {show.count(len(problems), 'file')}.")
    if problems:
        raise typer.Exit(3 if len(problems) < len(results) else 1)
