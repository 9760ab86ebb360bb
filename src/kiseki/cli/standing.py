"""`kiseki data standing`: an artist consents once to all that one studio collects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kiseki.cli import context, letters, names, show
from kiseki.cli.data import data
from kiseki.cli.spoken import Language, confirm, languages
from kiseki.cli.terms import Floor, Gate, Licence, Notice, Royalty, Until, Uses, terms_of
from kiseki.cli.withdrawal import models_told
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput
from kiseki.language import mark

if TYPE_CHECKING:
    from kiseki.client.kiseki import Kiseki

__all__ = ["standing"]

standing = typer.Typer(
    help="Standing consents: an artist signs once, a studio registers every week."
)
data.add_typer(standing, name="standing")

File = Annotated[Path, typer.Argument(help="The file of the standing consent.")]


@standing.command("prepare")
def prepare(
    provider: Annotated[str, typer.Argument(help="The wallet of the artist who will sign.")],
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    per_month: Annotated[int, typer.Option(help="The highest number of collections in 30 days.")],
    months: Annotated[int, typer.Option(help="How many months of 30 days it is valid.")] = 12,
    uses: Uses = None, royalty: Royalty = None, floor: Floor = "0%", licence: Licence = None,
    until: Until = None, notice: Notice = "30d", gate: Gate = None,
    payee: Annotated[
        str | None, typer.Option(help="Who is paid. Default: the provider.")
    ] = None,
    language: Language = "",
) -> None:  # fmt: skip
    """Write a standing consent for an artist to sign.

    Sends nothing. The signed file lets this wallet register the artist's works, within the limits
    in the file.

    \b
    Examples:
      kiseki data standing prepare 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 alice.json \\
        --per-month 5 --uses train --royalty 20%
    """
    from kiseki.client import consentfiles
    from kiseki.client.data import standing as standing_consents

    k = context.kiseki()
    terms = terms_of(k, uses, royalty, floor, licence, until, notice, gate)
    path = k.data.standing.prepare(
        names.wallet(provider, "the provider"), terms, file, per_month=per_month, months=months,
        payee=names.payee(k, payee) if payee else None,
    )  # fmt: skip
    found = standing_consents.StandingConsent.read(path)
    if context.current.json:
        show.json_line({"file": path, "consent": found.id, **consentfiles.told(found.words)})
        return
    for one in languages(language):
        for each in found.words(one):
            show.say(each)
    show.say(f"The standing consent is in {path}. Send it to {found.provider} to sign.")


@standing.command("sign")
def sign(file: File, language: Language = "") -> None:
    """Check a standing consent and sign it.

    Computes everything in the file again, shows it in words and asks. Sends nothing and asks no
    node; the signature goes into the file.

    \b
    Examples:
      kiseki data standing sign alice.json --account alice
    """
    from kiseki.client.data import standing as standing_consents

    found = standing_consents.StandingConsent.read(file)
    for one in languages(language):
        for each in found.words(one):
            show.say(each)
    if not context.current.yes:
        confirm(
            mark("Do you consent to all of this? You will not be asked again for each collection."),
            language,
        )
    signed = standing_consents.sign(file, context.offline_signer(found.chain_id))
    if context.current.json:
        show.json_line({"file": file, "signer": signed.signer})
    else:
        show.say(f"Signed. Send {file} back to the studio.")


@standing.command("show")
def show_standing(file: File, language: Language = "") -> None:
    """Show a standing consent: its text, its signature and what is left of it.

    Reads the chain and sends nothing.

    \b
    Examples:
      kiseki data standing show alice.json
    """
    from kiseki.client import consentfiles
    from kiseki.client.data import standing as standing_consents

    found = standing_consents.StandingConsent.read(file)
    k = context.watching(found.collector)
    left = k.data.standing.left(found)
    why = k.data.standing.problem(found)
    if context.current.json:
        show.json_line({"consent": found.id, **consentfiles.told(found.words), "problem": why,
                        "left": left.count, "month_ends": left.month_ends, "until": left.until,
                        "ended": left.ended})  # fmt: skip
        return
    for one in languages(language):
        for each in found.words(one):
            show.line(each)
    show.fields([("consent", found.id), ("problem", why or "none"), ("left", left.sentence)])


@standing.command("list")
def list_standing(
    provider: Annotated[
        str, typer.Argument(help="The provider's wallet. Default: this wallet.")
    ] = "",
) -> None:
    """List a provider's standing consents that were used at least once.

    Reads the chain and sends nothing.

    \b
    Examples:
      kiseki data standing list
    """
    k = context.watching(names.wallet(provider, "the provider") if provider else context.acting())
    found = k.index.standing(k.address)
    if context.current.json:
        show.json_line(found)
        return
    show.table(
        ["consent", "collector", "number", "collections", "ended"],
        [(e.id, e.collector, e.nonce, f"{len(e.collections):,}", show.date(e.ended_at))
         for e in found],
        numbers=["collections"],
    )  # fmt: skip
    if not found:
        show.say("There are no standing consents.")


@standing.command("end")
def end(
    file: Annotated[Path | None, typer.Argument(help="The file of the standing consent.")] = None,
    number: Annotated[
        int | None, typer.Option(help="Its number in `list`, instead of its file.")
    ] = None,
    sign_to: letters.SignTo = None,
    days: letters.Days = letters.WAITING,
) -> None:
    """End a standing consent of this wallet at once.

    Sends one transaction. Collections that were registered before stay registered. A wallet without
    ether signs into a file with --sign, and anybody sends that file with `kiseki letters
    cancel-for`.

    \b
    Examples:
      kiseki data standing end alice.json
      kiseki data standing end alice.json --sign ending.json
      kiseki data standing end --number 1234567890
    """
    k = context.kiseki()
    nonce = number if number is not None else _own(k, _named(file))
    if sign_to is not None:
        _stay(k, nonce)
        letters.write_cancellation(k, sign_to, nonce, "DataRegistry", days)
        return
    models = _stay(k, nonce)
    says = f"End the standing consent {nonce} of this wallet at once."
    done = context.spend(k, f"end {nonce}", says, lambda k: k.data.standing.end(nonce))
    context.receipts_told([done], **({"models": models} if context.current.json else {}))


def _stay(k: Kiseki, nonce: int) -> list[dict[str, Any]]:
    """Says which collections stay once a standing consent has ended, and which models rest on them;
    the models, for programs."""
    found: list[dict[str, Any]] = []
    used = [each for each in k.index.standing(k.address) if each.nonce == nonce]
    for each in (collection for consent in used for collection in consent.collections):
        show.say(f"The collection {to_hex(each)} stays; `kiseki data revoke` revokes it.")
        found += [model | {"collection": each} for model in models_told(k, each)]
    return found


def _named(file: Path | None) -> Path:
    if file is None:
        raise InvalidInput(
            "name the file of the standing consent, or give its number with --number"
        )
    return file


def _own(k: Kiseki, file: Path) -> int:
    from kiseki.client.data import standing as standing_consents

    found = standing_consents.StandingConsent.read(file)
    if found.provider != k.address.lower():
        raise InvalidInput(
            f"the wallet is {k.address}, but {found.provider} gives this standing consent; use "
            "that wallet to end it"
        )
    return found.nonce
