"""`kiseki vault`: content that lies encrypted. The group, making a vault, and how it stands."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kiseki.cli import context, show
from kiseki.client import settings
from kiseki.core.days import utc
from kiseki.errors import InvalidInput
from kiseki.language.forms import size

if TYPE_CHECKING:
    from kiseki.chain.sending.fees import Finality
    from kiseki.vault.anchored import Standing
    from kiseki.vault.handing.anchors import AnchorFiles
    from kiseki.vault.keys.epochs import Epoch, Holder
    from kiseki.vault.keys.services import Opens
    from kiseki.vault.keystore import KeyStore
    from kiseki.vault.setup import Setup
    from kiseki.vault.vault import Vault

__all__ = [
    "ROLES",
    "Recovery",
    "Second",
    "anchor_files",
    "finality",
    "holders_of",
    "opened",
    "say_holders",
    "vault",
    "vault_of",
]

vault = typer.Typer(help="Keep content encrypted, and hand it out by licence.")

Second = Annotated[
    list[str] | None,
    typer.Option(
        help="The age recipient (age1…) of a second person who can open the vault. Repeat for each."
    ),
]
Recovery = Annotated[
    list[str] | None,
    typer.Option(
        help="The age recipient (age1…) of a key that lies offline, for the day on which the "
        "vault's own key is lost. Repeat for each."
    ),
]
ROLES = {"vault": "the vault's own key", "second": "a second person", "recovery": "offline"}
"""Who has a key of each role, in words."""


@contextmanager
def opened() -> Iterator[Vault]:
    """The vault that the options name, open in the block.

    Raises:
        InvalidInput: no key is named, there is no key store, or it is no vault.
        SecretsError: the key does not open it.
    """
    with context.store(makes="`kiseki vault init` makes one that is a vault") as store:
        yield vault_of(store)


def vault_of(store: KeyStore) -> Vault:
    """The vault that a key store is.

    Raises:
        InvalidInput, SecretsError: as `opened`.
    """
    from kiseki.vault.vault import Vault

    key = context.vault_key()
    if store.is_vault and key is not None:
        return Vault(store, key)
    raise InvalidInput(
        f"{store.place} is a key store and no vault; `kiseki vault init` makes a vault of it"
    )


def finality(is_public: bool) -> Finality:
    """Which block of the chain counts: what the options say; else `safe`, and on a chain of one's
    own the latest, because such a chain has no safe block for a long time."""
    said: Finality | None = settings.value("KISEKI_CONFIRMATIONS", context.given())
    return said or ("safe" if is_public else 1)


def anchor_files() -> AnchorFiles:
    """Where the documents of the vault's anchors lie."""
    from kiseki.vault.handing.anchors import AnchorFiles

    return AnchorFiles(context.beside_secrets() / "anchors")


def holders_of(
    key: Opens, second: list[str] | None, recovery: list[str] | None
) -> list[Holder]:  # fmt: skip
    """Who can open a vault, from what was typed.

    Raises:
        InvalidInput: one of them is no age recipient.
    """
    from kiseki.vault.age.keys import Recipient
    from kiseki.vault.keys.epochs import RECOVERY, SECOND, VAULT, Holder

    others = [(SECOND, second), (RECOVERY, recovery)]
    return [
        Holder(key.recipient, VAULT),
        *(Holder(str(Recipient.of(each)), role) for role, named in others for each in named or ()),
    ]


def say_holders(holders: list[Holder]) -> None:
    """Tells who can open what is kept, and asks where nobody but the vault can."""
    for each in holders:
        show.say(f"It is opened by {each.recipient} ({ROLES[each.role]}).")
    if len(holders) == 1:
        show.say(
            "Nobody else can open it. If that key is lost, all content is lost with it: --second "
            "and --recovery name more keys."
        )


@vault.command("init")
def init(
    objects: Annotated[
        str | None,
        typer.Option(
            help="Where encrypted objects lie: a folder, or a URL that fsspec knows, as "
            "s3://bucket/folder. Default: the folder objects beside the key store."
        ),
    ] = None,
    domain: Annotated[
        str,
        typer.Option(
            help="The host name under which the vault is reached, with its port if it has one. It "
            "is part of the names of its logs, so it stays."
        ),
    ] = "localhost:8000",
    second: Second = None,
    recovery: Recovery = None,
) -> None:
    """Make a vault of the key store: from then on, what it keeps is sealed.

    The key that --vault-identity names is the vault's own. If it is a file that is not there, the
    command makes the key; without the option, in the file vault.identity beside the key store. The
    vault's objects are encrypted to this key, to the second person and to the offline key, so each
    of them opens everything alone.

    Nothing that the key store holds is lost. Older backups of it stay as they are: they still hold
    salts and names without these keys. Asks no node and sends nothing.

    \b
    Examples:
      kiseki vault init --recovery age1qqqq --domain vault.example.org
      kiseki vault init --objects s3://studio-vault --second age1qqqq --recovery age1rrrr
    """
    from kiseki.vault.setup import Setup
    from kiseki.vault.vault import absolute, begin

    kept = Setup(absolute(objects or str(context.beside_secrets() / "objects")), domain)
    where = context.secrets()
    key = _new_key()
    with context.store(new=True) as store:
        holders = holders_of(key, second, recovery)
        _say_before(store, kept)
        say_holders(holders)
        if not context.current.yes:
            context.confirm("Make a vault of it?")
        with show.progress("sealing", "rows") as told:
            begin(store, key, holders, kept, int(time.time()), told)
        place = store.place
    if context.current.json:
        show.json_line({"vault": place, "objects": kept.objects, "domain": domain,
                        "opened_by": holders})  # fmt: skip
        return
    show.say(f"{where} is a vault now.")
    show.say("Back up its key, and keep the backup away from backups of the vault.")


def _new_key() -> Opens:
    """The key that is named, made where its file is not there."""
    from kiseki.vault import sealed
    from kiseki.vault.keys.named import key_of
    from kiseki.vault.keys.services import InFile

    key = context.vault_key() or key_of(str(context.beside_secrets() / "vault.identity"))
    if isinstance(key, InFile) and not key.path.exists():
        key.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        sealed.new_identity(key.path)
        show.say(f"The vault's key is in the new file {key.path}.")
    if isinstance(key, InFile) and context.vault_key() is None:
        show.say(f"Commands find it when KISEKI_VAULT_IDENTITY is {key.path}.")
    return key


def _say_before(store: KeyStore, new: Setup) -> None:
    if store.is_vault:
        raise InvalidInput(f"{store.place} is a vault already; `kiseki vault status` shows it")
    kept = sum(1 for _ in store.collections())
    show.say(
        f"The key store {store.place} with {show.count(store.count(), 'salt')} and "
        f"{show.count(kept, 'collection')} becomes a vault."
    )
    show.say(f"Encrypted objects lie in {new.objects}. Its domain is {new.domain}.")


@vault.command("status")
def status() -> None:
    """Show the vault: where it lies, who can open it, what it holds, its logs and last anchor.

    Asks no node and sends nothing. In which block the last anchor is, the node said when it was
    stated.

    \b
    Examples:
      kiseki vault status
      kiseki vault status --json
    """
    from kiseki.vault.anchored import standing

    with opened() as found:
        told = _told(found)
        epochs, beside = found.epochs, standing(anchor_files(), found.ledger, int(time.time()))
    told["anchor"] = beside
    if context.current.json:
        show.json_line(told)
        return
    show.fields([
        ("vault", told["vault"]), ("objects", told["objects"]), ("domain", told["domain"]),
        ("salts", f"{told['salts']:,}"), ("collections", f"{told['collections']:,}"),
        ("to rewrap", f"{told['waiting']:,}"), ("last anchor", _anchor(beside)),
    ])  # fmt: skip
    show.table(
        ["provider", "objects", "content", "on the disk"],
        [(each["provider"], f"{each['objects']:,}", size(each["size"]), size(each["sealed"]))
         for each in told["held"]],
        numbers=["objects", "content", "on the disk"],
    )  # fmt: skip
    show.table(
        ["epoch", "since", "opened by", "who", "key destroyed"],
        [(str(epoch.number), show.date(epoch.began), each.recipient, ROLES[each.role],
          _destroyed(each, epoch, epochs)) for epoch in epochs for each in epoch.holders],
        numbers=["epoch"],
    )  # fmt: skip
    if beside.grown:
        show.table(
            ["logs that grew since the anchor", "receipts", "in it"],
            [(each.provider, f"{each.size:,}", f"{each.anchored:,}") for each in beside.grown],
            numbers=["receipts", "in it"],
        )  # fmt: skip
    if beside.is_overdue:
        show.say(
            "Receipts have waited for an anchor for more than a day: run `kiseki vault anchor`, "
            "every day."
        )


def _anchor(beside: Standing) -> str:
    if beside.taken is None:
        return "none yet"
    where = "not on the chain yet"
    if beside.placed is not None:
        where = f"in block {beside.placed.block:,} of {utc(beside.placed.time)}"
    return f"{utc(beside.taken)}, {show.count(beside.heads, 'head')}, {where}"


def _told(found: Vault) -> dict[str, Any]:
    return {
        "vault": found.keys.place,
        "objects": found.setup.objects,
        "domain": found.setup.domain,
        "salts": found.keys.count(),
        "collections": sum(1 for _ in found.keys.collections()),
        "waiting": found.waiting,
        "held": [
            {"provider": each.provider, "objects": each.objects, "size": each.size,
             "sealed": each.sealed} for each in found.objects.held()
        ],
        "epochs": [
            {"number": each.number, "began": each.began, "opened_by": each.holders,
             "gone": each.gone} for each in found.epochs
        ],
    }  # fmt: skip


def _destroyed(holder: Holder, epoch: Epoch, epochs: list[Epoch]) -> str:
    if holder.destroyed is not None:
        return f"{show.date(holder.destroyed)}, as somebody said"
    return "" if epoch is epochs[-1] else "nobody said so"
