"""Wallets in keystore files, and the key store with the salts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.chain.signing.accounts import LOCAL_CHAINS, address_of
from kiseki.cli import context, home, names, show, typed

if TYPE_CHECKING:
    from kiseki.vault.people import Person

__all__ = ["accounts", "keys"]

accounts = typer.Typer(help="Make and keep wallets, as encrypted keystore files.")
keys = typer.Typer(help="Back up, restore and list the key store with the salts.")

_UNKNOWN = "unknown until it is opened"

Name = Annotated[str, typer.Argument(help="The name of the wallet.")]


@accounts.command("list")
def list_accounts() -> None:
    """List the wallets on this machine.

    Asks no node and sends nothing.

    \b
    Examples:
      kiseki accounts list
    """
    found = context.keystores().list()
    if context.current.json:
        show.json_line(found)
        return
    show.table(
        ["name", "address", "problem"],
        [(e.name, e.address or ("" if e.problem else _UNKNOWN), e.problem) for e in found],
    )
    if not found:
        show.say("There are no wallets yet. `kiseki accounts new NAME` makes one.")


@accounts.command("new")
def new_account(name: Name, weak: typed.Weak = False) -> None:
    """Make a new wallet, encrypted with a password.

    Asks for the password, writes a keystore file and sends nothing. A strong password has at least
    8 characters, 4 of them different.

    \b
    Examples:
      kiseki accounts new studio
      KISEKI_PASSWORD_FILE=password kiseki accounts new studio --json
    """
    made = context.keystores().new(name, typed.new_password(weak))
    _tell(made.name, made.address, made.path)


@accounts.command("import")
def import_account(
    name: Name,
    file: Annotated[
        Path | None,
        typer.Option(help="A keystore file. Default: ask for the private key."),
    ] = None,
    weak: typed.Weak = False,
) -> None:
    """Import an existing wallet, from a keystore file or from its private key.

    Sends nothing. The private key comes from KISEKI_PRIVATE_KEY, or you type it. The key is never
    an argument, because other users of a machine can read the arguments of commands.

    \b
    Examples:
      kiseki accounts import studio --file UTC--2026-11-26
      kiseki accounts import studio
    """
    stores = context.keystores()
    if file is not None:
        made = stores.take_in(name, file, typed.password("Password of the file"))
    else:
        made = stores.add(name, typed.private_key(), typed.new_password(weak))
    _tell(made.name, made.address, made.path)


@accounts.command("export")
def export_account(name: Name) -> None:
    """Print the private key of a wallet.

    Everybody who sees the key can spend the wallet's money. Asks no node and sends nothing.

    \b
    Examples:
      kiseki accounts export studio
    """
    key = context.keystores().key(name, typed.password(f"Password of {name}"))
    if context.current.json:
        show.json_line({"name": name, "key": key})
    else:
        show.line(key)


@accounts.command("address")
def account_address(
    spec: Annotated[
        str, typer.Argument(help="A name, or what --account takes. Default: --account.")
    ] = "",
) -> None:
    """Print the address of a wallet.

    Without an argument it is the wallet that other commands would use. Sends nothing.

    \b
    Examples:
      kiseki accounts address studio
      kiseki accounts address env
    """
    wanted = spec or context.chosen("account")
    found = (
        address_of(wanted, url=context.where().url, chain_id=LOCAL_CHAINS[0], ask=typed.password,
                   keystores=context.keystores(), environment=context.given())
        if wanted
        else context.acting()
    )  # fmt: skip
    if context.current.json:
        show.json_line({"address": found})
    else:
        show.line(found)


@accounts.command("password")
def change_password(name: Name, weak: typed.Weak = False) -> None:
    """Change the password of a wallet.

    Asks for the old and the new password. Sends nothing.

    \b
    Examples:
      kiseki accounts password studio
    """
    old = typed.password(f"Password of {name}")
    context.keystores().change_password(name, old, typed.new_password(weak))
    if context.current.json:
        show.json_line({"name": name, "changed": True})
    else:
        show.say("The password is changed.")


@accounts.command("cancel")
def cancel() -> None:
    """Cancel all pending transactions of a wallet.

    Sends one empty transaction for each, at a higher fee and with 21,000 gas; --dry-run is refused.
    A transaction that is in a block already is not cancelled.

    \b
    Examples:
      kiseki accounts cancel --account studio --network sepolia
    """
    context.refuse_dry_run("accounts cancel")
    k = context.kiseki()
    context.agree(
        k.session.network,
        f"Cancel all pending transactions of {k.address}, with one empty transaction for each.",
    )
    outcomes = k.sender.cancel()
    if context.current.json:
        show.json_line([{"what": e.call.what, "said": e.error or "carried out"} for e in outcomes])
        return
    for each in outcomes:
        show.say(str(each.error) if each.error else f"{each.call.what} was in a block already")
    show.say(f"{show.count(len(outcomes), 'pending transaction')}.")


def _tell(name: str, address: str, path: Path) -> None:
    if context.current.json:
        show.json_line({"name": name, "address": address, "path": path})
        return
    show.fields([("name", name), ("address", address), ("file", path)])
    show.say("Back up this file and remember the password. Without both, the wallet is lost.")


# The key store


@keys.command("backup")
def backup(
    path: Annotated[
        Path, typer.Argument(help="The file to write; an existing file is never overwritten.")
    ],
    recipient: Annotated[
        str | None, typer.Option(help="Encrypt the backup to this age key (age1…).")
    ] = None,
    clear: Annotated[
        bool, typer.Option(help="Do not encrypt: every reader gets the salts.")
    ] = False,
    weak: typed.Weak = False,
) -> None:
    """Back up the key store and the address book into an encrypted file.

    The key store holds the salts, what is in each collection, documents of origin, receipts that
    were taken in and the splits of joint works. The command names what the backup leaves out, such
    as the wallets. Asks for a passphrase, or encrypts to an age key. Asks no node and sends
    nothing.

    \b
    Examples:
      kiseki keys backup salts.age
      kiseki keys backup salts.age --recipient age1qqqq
    """
    with context.store(new=True) as store:
        people = names.people().all()
        passphrase = None if recipient or clear else typed.new_password(weak, "Passphrase")
        store.backup(path, recipient=recipient, passphrase=passphrase, clear=clear, people=people)
        count = store.count()
    without = home.left_out()
    if context.current.json:
        show.json_line({"path": path, "salts": count, "people": len(people),
                        "left_out": [place for place, _ in without]})  # fmt: skip
        return
    known = f" and {show.count(len(people), 'person', 'people')}" if people else ""
    show.say(f"The backup {path} holds {show.count(count, 'salt')}{known}.")
    for place, why in without:
        show.say(f"Not in it: {place} ({why}).")


@keys.command("restore")
def restore(
    path: Annotated[Path, typer.Argument(help="A backup, or an old key file.")],
    identity: Annotated[
        Path | None, typer.Option(help="The age identity file that decrypts the backup.")
    ] = None,
    clear: Annotated[bool, typer.Option(help="The backup is not encrypted.")] = False,
) -> None:
    """Merge a backup into the key store and the address book.

    Nothing in the key store is lost. People who are in the address book with other values stay as
    they are here, and the command names them. Asks no node and sends nothing.

    \b
    Examples:
      kiseki keys restore salts.age
      kiseki keys restore salts.age --identity key.txt
    """
    from kiseki.vault.people import Merged, Person

    passphrase = None if identity or clear else typed.password("Passphrase")

    book, told = names.people(), list[Person]()
    book.all()  # a book that cannot be used is said before anything is merged
    with context.store(new=True) as store:
        new = store.restore(path, identity=identity, passphrase=passphrase, person=told.append)
        count = store.count()
        paid = {each.payee.key: each.payee.split for each in store.collections()}
    merged = book.merge(told) if told else Merged(0, ())
    splits = [home.write_split(each) for each in paid.values() if each is not None]
    if context.current.json:
        differ = [{"here": here, "backup": there} for here, there in merged.differ]
        show.json_line({"new": new, "salts": count, "people": merged.new, "differ": differ,
                        "splits": splits})  # fmt: skip
        return
    show.say(f"{show.count(new, 'new salt')}. The key store has {show.count(count, 'salt')} now.")
    if told:
        show.say(f"{show.count(merged.new, 'person', 'people')} new in the address book.")
    for here, there in merged.differ:
        show.say(
            f"{_whole(here)} stays as it is here; the backup says {_whole(there)}. `kiseki people "
            "add --replace` changes it."
        )
    if splits:
        show.say(f"The files of {show.count(len(splits), 'split')} are in {splits[0].parent}.")


def _whole(person: Person) -> str:
    """Everything that the address book says of somebody."""
    more = [f"{name} {text}" for name, text in (("credit", person.credit), ("role", person.role))
            if text]  # fmt: skip
    return ", ".join([person.words, *more])


@keys.command("identity")
def identity(
    path: Annotated[
        Path, typer.Argument(help="The file to write; an existing file is never overwritten.")
    ],
) -> None:
    """Make an age identity, to which others encrypt receipts and backups for you.

    Writes the secret identity into a file of mode 0600 and prints the public key (age1…), which you
    send to others. Asks no node and sends nothing.

    \b
    Examples:
      kiseki keys identity key.txt
    """
    from kiseki.vault import sealed

    public = sealed.new_identity(path)
    if context.current.json:
        show.json_line({"file": path, "key": public})
        return
    show.line(public)
    show.say(f"The identity is in {path}. Keep it secret and back it up. Send only the line above.")


@keys.command("list")
def list_collections() -> None:
    """List the collections whose items are in the key store, prepared here or told by receipts.

    Asks no node and sends nothing.

    \b
    Examples:
      kiseki keys list
    """
    with context.store() as store:
        place = store.place
        kept = [(each, each.count, "prepared here") for each in store.collections()]
        kept += [(each, count, "a receipt") for each, count in store.received()]
        count = store.count()
    if context.current.json:
        show.json_line([{"collection": e.id, "provider": e.provider, "count": e.count, "here": here,
                         "from": source} for e, here, source in kept])  # fmt: skip
        return
    show.table(
        ["collection", "provider", "items", "of them here", "from"],
        [(e.id, e.provider, f"{e.count:,}", f"{here:,}", source) for e, here, source in kept],
        numbers=["items", "of them here"],
    )
    show.say(f"The key store {place} has {show.count(count, 'salt')}.")
