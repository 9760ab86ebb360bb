"""`kiseki vault`: handing content out, and getting it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, names, show
from kiseki.cli.serve import pages
from kiseki.cli.vault import anchor_files, finality, opened, vault
from kiseki.core.values import to_hex
from kiseki.disk import atomic, texts
from kiseki.errors import FilesError, InvalidInput
from kiseki.language.forms import size

if TYPE_CHECKING:
    from kiseki.chain.node import Node
    from kiseki.client.kiseki import Kiseki
    from kiseki.client.vault.asking import OnChain
    from kiseki.client.vault.captions import Beside
    from kiseki.core.terms import Use
    from kiseki.vault.age.keys import Identity

__all__ = ["asking"]

_ID = re.compile(r"0x[0-9a-fA-F]{64}")
Collection = Annotated[str, typer.Argument(help="The ID of the collection (0x…).")]
_OLDEST = 2 * 3_600
"""Seconds that a safe block may be old."""


@vault.command("serve")
def serve(
    host: Annotated[
        str, typer.Option(help="Where it listens; 0.0.0.0 for all of this machine's addresses.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(help="The port; 0 for any that is free. Default: that of the vault's domain."),
    ] = None,
    operator: Annotated[
        list[str] | None,
        typer.Option(help="A wallet that runs the vault, and sees how it does. Repeat for each."),
    ] = None,
    proxy: Annotated[
        list[str] | None,
        typer.Option(
            help="The address of a proxy in front, as 127.0.0.1: who asks is then taken from its "
            "X-Forwarded-For. Repeat for each."
        ),
    ] = None,
    witness: Annotated[
        str | None,
        typer.Option(
            "--second-node",
            help="The URL of a second node, of somebody else: both must say that somebody may have "
            "something.",
        ),
    ] = None,
) -> None:
    """Hand out content by licence, until Ctrl-C.

    People sign in with their wallet and ask for items or collections for a stated use. They get
    them if the chain says at that moment that they are the provider or licensed: at a block that is
    safe, or --confirmations deep. Each item that is handed out has a receipt in its provider's log
    before the first byte leaves. A licence that ends stops what runs.

    The vault is reached under its domain (`kiseki vault init --domain`), with TLS in front unless
    that is this machine. Sends nothing to the chain.

    \b
    Examples:
      kiseki vault serve
      kiseki vault serve --network sepolia --host 0.0.0.0 --port 8443 --proxy 10.0.0.2
    """
    with pages():
        from kiseki.web.listening import listen
        from kiseki.web.vault.serve import desk_of, origin_of
        from kiseki.web.vault.serve import serve as run
    from kiseki.chain.node import connect
    from kiseki.client.vault.signing import signed_by

    with opened() as found, closing(context.watching(allow_old=False)) as k:
        domain = found.setup.domain
        usual = int(domain.rpartition(":")[2]) if ":" in domain else 8000
        listening = listen(host, usual if port is None else port)
        context.opened.callback(listening.close)
        second = None if witness is None else connect(witness, k.session.chain_id)
        chain = asking(k, second)
        desk = desk_of(
            found, chain, signed_by(k.session.node), k.session.chain_id,
            [names.account(each).lower() for each in operator or ()], anchor_files(),
        )  # fmt: skip

        def ready(address: str) -> None:
            show.say(f"The vault {origin_of(domain)} listens at {address}. Press Ctrl-C to end it.")

        run(desk, listening, proxy or (), ready)


def asking(k: Kiseki, second: Node | None = None) -> OnChain:
    """Who may have what of a vault, asked of the chain at a block that stays.

    Args:
        second: another node, which must say the same.
    """
    from kiseki.client.vault.asking import OnChain

    is_public = k.session.network.is_public
    return OnChain(k.session, finality(is_public), second, _OLDEST if is_public else None)


@vault.command("get")
def get(
    url: Annotated[str, typer.Argument(help="Where the vault is: https://…")],
    collection: Annotated[
        str,
        typer.Argument(
            help="The ID of the collection (0x…). Leave it out to get items of --item in whichever "
            "collection they are."
        ),
    ],
    folder: Annotated[
        Path | None, typer.Argument(help="The folder for the files.", show_default=False)
    ] = None,
    *,
    use: Annotated[
        str,
        typer.Option(
            help="What the files are for: data_mining, ai_inference, ai_training, "
            "ai_generative_training, commercial_output or redistribution."
        ),
    ],
    item: Annotated[
        list[str] | None,
        typer.Option(
            help="Only this item: a data ID (0x…), or a text file with one in each line. Repeat "
            "for each."
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            help="The key of the provider's log in that vault, as somebody else told it. Default: "
            "what the vault tells at the first time; it must stay the same."
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            help="An age key (age1…): the vault encrypts all of it to that, and the files end with "
            ".age. Without --identity nobody here sees what is in them."
        ),
    ] = None,
    identity: Annotated[
        Path | None,
        typer.Option(help="The identity file of --to, to see that each file is the item."),
    ] = None,
    webdataset: Annotated[
        bool,
        typer.Option("--webdataset", help="Make shards of webdataset (shard-000000.tar, …)."),
    ] = False,
    shard_size: Annotated[
        int, typer.Option(min=1, help="Megabytes of a shard, about; for --webdataset.")
    ] = 1_000,
) -> None:
    """Get the files of a collection, or single items, from somebody's vault.

    This wallet signs in and states what the files are for; it must be licensed for that. The vault
    keeps a receipt of each item for good, which names this wallet. Each file is checked against the
    chain before it gets its name. Captions lie beside the files as NAME.txt, as trainers read them;
    they are what the vault says. Receipts and proofs lie in the folder kiseki-receipts. If it is
    interrupted, run it again: it goes on. Sends nothing to the chain.

    An item can be in several collections. Without the collection, the vault chooses one, and its
    receipt says which; name the collection where the licence is of one of them.

    `kiseki training lay --from FOLDER` and `kiseki model reproduce --inputs FOLDER` find the files
    by their content.

    \b
    Examples:
      kiseki vault get https://vault.example.org 0x1111… drawings --use ai_generative_training
      kiseki vault get https://vault.example.org few --item 0x2222… --use ai_inference
      kiseki vault get https://vault.example.org 0x1111… few --item ids.txt --use ai_inference
      kiseki vault get https://vault.example.org 0x1111… shards --webdataset --use ai_training
      kiseki vault get https://vault.example.org 0x1111… safe --to age1… --use ai_training
    """
    from kiseki.client.vault.getting import get as fetch
    from kiseki.client.vault.site import VaultSite

    purpose, items = _use(use), _items(item or [])
    wanted, into = _collection(collection, folder, items)
    if identity is not None and to is None:
        raise InvalidInput("--identity opens what is encrypted; name its recipient with --to")
    opens = None if identity is None else _identity(identity)
    k = context.kiseki()
    site = VaultSite(url, k.signer, k.session.chain_id)
    there = None if wanted is None else k.index.collection(wanted).count
    count = len(items) or there or 0
    within = "" if wanted is None else f" of the collection {to_hex(wanted)}"
    show.say(
        f"Ask the vault at {site.url} for {show.count(count, 'item')}{within}, for {use}, as "
        f"{k.address}. The vault keeps a receipt of each for good."
    )
    if context.current.dry_run:
        show.say("Nothing was asked for.")
        return
    if not context.current.yes:
        context.confirm("Ask for them?")
    with closing(site), show.progress("getting", "bytes") as told:
        got = fetch(
            k, site, into, wanted, purpose, items=items, key=key, recipient=to, identity=opens,
            shard=shard_size * 1_000_000 if webdataset else None, progress=told,
        )  # fmt: skip
    if context.current.json:
        show.json_line({
            "folder": into, "items": len(got.files), "new": got.new, "size": got.size,
            "handout": got.said.handout.id, "logs": list(got.said.keys),
            "files": {to_hex(item): path for item, path in got.files.items()},
            "collections": {to_hex(item): of for item, of in got.collections.items()},
            "proved": got.proved,
            "captions": {to_hex(item): path for item, path in got.captions.there.items()},
            "captions_unread": list(got.captions.unread),
            "captions_unwritten": list(got.captions.unwritten),
        })  # fmt: skip
        return
    what = "item" if webdataset else "file"
    show.say(
        f"{show.count(len(got.files), what)} in {into}, {got.new:,} of them new "
        f"({size(got.size)}). {_shows(got.proved, to is not None)}"
    )
    if webdataset:
        show.say(f"They are in {show.count(len(set(got.files.values())), 'shard')}.")
    if wanted is None:
        for of, many in Counter(got.collections.values()).items():
            show.say(f"{show.count(many, 'item')} of the collection {to_hex(of)}.")
    _say_captions(
        got.captions, "with them, as ID.txt" if webdataset else "beside them, as NAME.txt"
    )
    for log in got.said.keys:
        show.say(f"The provider's log in this vault is {log}.")
    if not items and (left := count - len(got.files)):
        show.say(f"The vault does not give {show.count(left, 'item')} of this collection.")


def _shows(proved: bool, is_sealed: bool) -> str:
    """What is known of the files."""
    if not is_sealed:
        return "Each is the item that the chain has."
    if proved:
        return "The identity opens each, and in it is the item that the chain has."
    return (
        "Each looks like an age file for content of that size. That it is for this key, and the "
        "item, the vault says, and nothing shows: run this again with --identity, which sees it."
    )


def _identity(path: Path) -> Identity:
    """The identity in a file, as `age-keygen` writes it."""
    from kiseki.vault.age.keys import Identity

    lines = texts.read(path).splitlines()
    return Identity.of(next((each for each in lines if each.startswith("AGE-SECRET-KEY-")), ""))


def _say_captions(of: Beside, where: str) -> None:
    if of.there:
        show.say(
            f"{show.count(len(of.there), 'caption')} {where}. These are what the vault says; "
            "nothing on the chain shows them."
        )
    if of.unread:
        show.say(
            f"The vault cannot read what {show.count(len(of.unread), 'item')} of these is called, "
            "and so gives no caption of it; its keeper knows more."
        )
    for path in of.unwritten:
        show.say(f"{path} is another file than the caption that goes there; it was left alone.")


def _use(word: str) -> Use:
    from kiseki.vault.handing.receipts import HAND_OUT_USES, use_word

    for each in HAND_OUT_USES:
        if use_word(each) == word:
            return each
    raise InvalidInput(f"--use is one of {', '.join(map(use_word, HAND_OUT_USES))}")


def _items(named: Sequence[str]) -> list[bytes]:
    """Data IDs, as they are or in files, each once."""
    found = list[bytes]()
    for each in named:
        if _ID.fullmatch(each):
            found.append(context.hex32(each, "the item"))
            continue
        lines = texts.read(Path(each)).split()
        if not lines:
            raise InvalidInput(f"{each} has no data IDs; write one in each line")
        found += [context.hex32(line, f"each line of {each}") for line in lines]
    return list(dict.fromkeys(found))


def _collection(
    named: str, folder: Path | None, items: Sequence[bytes]
) -> tuple[bytes | None, Path]:
    """The collection, if one is named, and the folder: the last one of the two is it."""
    if folder is not None:
        return context.hex32(named, "the collection"), folder
    if not items or _ID.fullmatch(named):
        raise InvalidInput("name the collection and the folder; or --item and the folder")
    return None, Path(named)


@vault.command("read")
def read(
    item: Annotated[str, typer.Argument(help="The data ID of the item (0x…).")],
    file: Annotated[Path, typer.Argument(help="The file to write; it must be new.")],
) -> None:
    """Decrypt an item of this vault into a file, for its keeper.

    There is no receipt of it: whoever has the vault's key can read everything, and nobody sees it.
    Asks no node and sends nothing.

    \b
    Examples:
      kiseki vault read 0x1111… drawing.png
    """
    wanted = context.hex32(item, "the item")
    with opened() as found:
        (there,) = found.shelf.items([wanted])
        if there is None:
            raise InvalidInput(
                f"{to_hex(wanted)} is not in this vault: it was erased, or never added, or its "
                "collection was prepared with another key store"
            )
        content = found.shelf.content(there)
        try:
            with atomic.whole(file, mode=0o600, new=True) as to:
                for piece in content.read(0, content.size):
                    to.write(piece)
        except OSError as error:
            raise FilesError(f"{file} cannot be written ({error.strerror})") from error
    if context.current.json:
        show.json_line({"item": wanted, "file": file, "size": content.size})
        return
    show.say(f"{file} ({size(content.size)}) is {to_hex(wanted)}.")


@vault.command("open")
def open_collection(collection: Collection) -> None:
    """Hand out a collection by its terms: to everybody whom they let use it.

    Without this, only its provider and who holds a licence get its content. Terms say what may be
    done with a copy, and not who is given one; so this is said for each collection. Asks no node
    and sends nothing.

    \b
    Examples:
      kiseki vault open 0x1111…
    """
    wanted = context.hex32(collection, "the collection")
    with opened() as found:
        if not context.current.yes:
            context.confirm("Hand it out to everybody whom its terms let use it?")
        found.openings.open(wanted)
    show.say(f"{to_hex(wanted)} is handed out by its terms.")


@vault.command("close")
def close_collection(collection: Collection) -> None:
    """Hand out a collection by licence only, as before `kiseki vault open`.

    Hand-outs that rest on its terms stop. Asks no node and sends nothing.

    \b
    Examples:
      kiseki vault close 0x1111…
    """
    wanted = context.hex32(collection, "the collection")
    with opened() as found:
        found.openings.close(wanted)
    show.say(f"{to_hex(wanted)} is handed out by licence only.")
