"""Letters: shown in words, asked for, signed and written, and brought, whatever they say.

A command that sends takes `--sign FILE` (and `--days`): it sends nothing and writes a letter. Its
twin, named `…-for FILE`, brings the letter, by anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, show
from kiseki.cli.spoken import confirm, languages
from kiseki.core.days import WAITING_DAYS
from kiseki.errors import FilesError, InvalidInput
from kiseki.language import mark

if TYPE_CHECKING:
    from kiseki.chain.sending.outcome import Receipt
    from kiseki.client.kiseki import Kiseki
    from kiseki.client.letters import Letter
    from kiseki.client.wallet import Signed

__all__ = [
    "WAITING", "Days", "SignTo", "SignedLetter", "bring", "in_words", "write", "write_cancellation",
    "write_prepared", "write_statement",
]  # fmt: skip

WAITING = WAITING_DAYS
SignTo = Annotated[
    Path | None,
    typer.Option("--sign", help="Send nothing; sign into this file, and anybody sends it."),
]
Days = Annotated[
    int, typer.Option("--days", min=1, help="With --sign: for how many days it can be sent.")
]
SignedLetter = Annotated[Path, typer.Argument(help="The file that was signed.")]


def in_words(letter: Letter, signed: Signed) -> list[str]:
    """What a letter says, in each language of whoever reads it."""
    return [letter.words(signed, each) for each in languages()]


def write(
    path: Path, letter: Letter, prepared: Signed, sign: Callable[[Signed], Signed], then: str
) -> None:
    """Shows what a letter says, asks, signs it and writes it to a new file.

    Args:
        sign: signs the prepared message.
        then: a sentence that says what to do with the file.
    """
    if context.current.dry_run:
        raise InvalidInput("signing sends nothing, so it cannot be tried; leave out --dry-run")
    if path.exists():
        raise FilesError(f"the file {path} exists already; name another file. Nothing was signed")
    for each in in_words(letter, prepared):
        show.say(each)
    if not context.current.yes:
        confirm(mark("Sign this message?"))
    signed = sign(prepared)
    letter.write(path, signed)
    if context.current.json:
        told = {"file": path, "signer": signed.signer, "until": signed.deadline}
        show.json_line(told | {"nonce": str(signed.nonce)})
    else:
        show.say(f"The signed message is in {path}. {then}")


def bring(
    letter: Letter, signed: Signed, work: Callable[[Kiseki, Signed], Receipt | Sequence[Receipt]]
) -> None:
    """Shows what a letter says, and sends it with the ether of this wallet.

    Args:
        work: sends it.
    """

    def sent(k: Kiseki) -> Sequence[Receipt]:
        done = work(k, signed)
        return list(done) if isinstance(done, Sequence) else [done]

    name = f"{letter.form} {signed.signer} {signed.nonce}"
    context.receipts_told(context.spend(context.kiseki(), name, in_words(letter, signed), sent))


def write_cancellation(
    k: Kiseki, path: Path, cancelled: int, contract: str, days: int = WAITING
) -> None:
    """Signs a cancellation of an earlier signature of this wallet, and writes it to a file."""
    from kiseki.client import cancellations

    prepared = k.cancellations.prepare(cancelled, contract, days)
    then = f"Anybody can send it, with `kiseki letters cancel-for {path}`."
    write(path, cancellations.LETTER, prepared, k.signed, then)


def write_statement(
    k: Kiseki, path: Path, kind: str, about: str, sort: str, document: Path | bytes, days: int
) -> None:
    """Signs a public statement of this wallet, and writes it to a file."""
    write_prepared(k, path, k.statements.prepare(kind, about, sort, document, days))


def write_prepared(k: Kiseki, path: Path, prepared: Signed) -> None:
    """The same of a statement that is prepared."""
    from kiseki.client import statements

    then = f"Anybody can send it, with `kiseki statements send {path}`."
    write(path, statements.LETTER, prepared, k.signed, then)
