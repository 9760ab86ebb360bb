"""`kiseki vault`: who can open it from now on, and what becomes of the keys of before."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from kiseki.cli import context, show
from kiseki.cli.vault import Recovery, Second, holders_of, opened, say_holders, vault
from kiseki.errors import SecretsError

__all__: list[str] = []


@vault.command("rotate")
def rotate(
    new: Annotated[
        str,
        typer.Argument(
            help="The vault's key from now on: an age identity file, or aws-kms: and an encrypted "
            "one. The key of now can stay."
        ),
    ],
    second: Second = None,
    recovery: Recovery = None,
) -> None:
    """Begin an epoch: from now on, what is kept is sealed for these keys alone.

    Name everybody who shall be able to open the vault: who is not named can open nothing of it any
    longer, apart from older backups. What the database holds is sealed anew, and the identities of
    all objects are wrapped anew; no content is touched. Interrupted, it goes on with `kiseki vault
    rewrap`. Asks no node and sends nothing.

    A server that runs meanwhile needs both keys: write the line of the new key above that of the
    old one in its identity file before.

    \b
    Examples:
      kiseki vault rotate new.identity --recovery age1qqqq
    """
    from kiseki.vault.keys.named import key_of

    key = key_of(new)
    with opened() as found:
        holders = holders_of(key, second, recovery)
        show.say(f"Epoch {found.epochs[-1].number + 1} of {found.keys.place} begins.")
        say_holders(holders)
        if not context.current.yes:
            context.confirm("Begin it?")
        with show.progress("sealing", "rows") as told:
            made = found.begin_epoch(holders, key, int(time.time()), told)
        with show.progress("wrapping", "objects") as told:
            found.rewrap(told)
    if context.current.json:
        show.json_line({"epoch": made.number, "began": made.began, "opened_by": made.holders})
        return
    show.say(
        f"Epoch {made.number} has begun, and nothing is wrapped for an earlier one. Set "
        "KISEKI_VAULT_IDENTITY to the new key. Keep the old key as long as you want to open older "
        "backups."
    )


@vault.command("rewrap")
def rewrap(
    old: Annotated[
        list[str] | None,
        typer.Argument(help="The vault's keys of earlier epochs, named as the key of now is."),
    ] = None,
) -> None:
    """Go on wrapping the identities of objects for the keys of now, where that was interrupted.

    `kiseki vault status` says how many objects wait for it. No content is touched. Asks no node and
    sends nothing.

    \b
    Examples:
      kiseki vault rewrap old.identity
    """
    from kiseki.vault.keys.named import key_of

    before = [key_of(each) for each in old or []]
    with opened() as found, show.progress("wrapping", "objects") as told:
        done = found.rewrap(told, before)
    if context.current.json:
        show.json_line({"wrapped": done})
        return
    show.say(
        f"{show.count(done, 'object')} wrapped anew. No object is wrapped for an earlier epoch."
    )


@vault.command("scrub")
def scrub() -> None:
    """Take what was deleted or sealed anew off the disk.

    Other commands do it themselves. It is needed where one said that another program was reading
    the vault meanwhile. Asks no node and sends nothing.

    \b
    Examples:
      kiseki vault scrub
    """
    with opened() as found:
        if not found.keys.database.scrub():
            raise SecretsError(
                "it is still on the disk while another program reads the vault; end that program, "
                "then run this again"
            )
    if context.current.json:
        show.json_line({"scrubbed": True})
        return
    show.say("What was deleted is gone from this disk. Older backups still hold it.")


@vault.command("destroyed")
def destroyed(
    recipient: Annotated[str, typer.Argument(help="The recipient (age1…) of the key.")],
) -> None:
    """Note that the secret key of an earlier epoch was destroyed, with all its copies.

    When all keys of an epoch are destroyed, nobody can open what old backups hold of it: then
    erased content is gone from backups, too. Kiseki cannot prove that a key is destroyed; it keeps
    when somebody said so. Asks no node and sends nothing.

    \b
    Examples:
      kiseki vault destroyed age1qqqq
    """
    from kiseki.vault.keys.epochs import destroyed as note

    with opened() as found:
        if not context.current.yes:
            context.confirm(f"Are all copies of the secret key of {recipient} destroyed?")
        numbers = note(found.keys.database, recipient, int(time.time()))
        gone = [each.number for each in found.epochs if each.gone is not None]
    if context.current.json:
        show.json_line({"recipient": recipient, "epochs": numbers, "gone": gone})
        return
    named = ", ".join(map(str, numbers))
    show.say(f"Noted for {show.count(len(numbers), 'epoch')}: {named}.")
    if gone:
        show.say(f"Nobody can open what was sealed in epoch {', '.join(map(str, gone))}.")
