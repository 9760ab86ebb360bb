"""`kiseki data`: terms, collections, consent, receipts, revoking."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, home, letters, names, origins, show, sources
from kiseki.cli.salts import AsNew
from kiseki.cli.sources import Doubtful, Source
from kiseki.cli.spoken import languages
from kiseki.cli.terms import (
    Collection,
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
from kiseki.core.checksum import checksummed
from kiseki.core.ids import wallet_address
from kiseki.core.payee import Payee
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput

if TYPE_CHECKING:
    from kiseki.client.data.prepared import Outlook
    from kiseki.client.data.registering import Registered
    from kiseki.client.data.standing import StandingConsent
    from kiseki.client.kiseki import Kiseki
    from kiseki.core.collection import Kept

__all__ = ["data"]

data = typer.Typer(help="Register data: terms, collections, consent and receipts.")


@data.command("terms")
def define_terms(
    uses: Uses = None, royalty: Royalty = None, floor: Floor = "0%", licence: Licence = None,
    until: Until = None, notice: Notice = "30d", gate: Gate = None,
) -> None:  # fmt: skip
    """Put terms on record and print them in words.

    Sends one transaction, or none if the terms are on record already.

    \b
    Examples:
      kiseki data terms --uses train --royalty 20% --licence licence.pdf
      kiseki data terms --uses ai_training,commercial_output --royalty 0% --until 2027-12-31
    """
    k = context.kiseki()
    terms = terms_of(k, uses, royalty, floor, licence, until, notice, gate)
    say_what_can_be_sold(k, terms)
    says = f"Put these terms on record: {terms.words()}"
    context.spend(k, f"terms {terms.id.hex()}", says, lambda k: k.data.put_terms(terms))
    if context.current.json:
        show.json_line({"terms": terms.id, "words": terms.words()})
    else:
        show.fields([("terms", terms.id), ("in words", terms.words())])


@data.command("register")
def register(
    source: Source,
    uses: Uses = None, royalty: Royalty = None, floor: Floor = "0%", licence: Licence = None,
    until: Until = None, notice: Notice = "30d", gate: Gate = None,
    origin: origins.OriginFile = None,
    payee: Annotated[
        str | None,
        typer.Option(help="Who is paid: a wallet or the file of a split. Default: this wallet."),
    ] = None,
    publish: Annotated[
        bool,
        typer.Option(
            help="Log all commitments and the splits of joint works. Without: only the root."
        ),
    ] = True,
    under: Annotated[
        Path | None,
        typer.Option(help="A standing consent: register for its provider, with its terms."),
    ] = None,
    vault: Annotated[
        bool, typer.Option("--vault", help="Keep the files in the vault, too, encrypted.")
    ] = False,
    as_new: AsNew = False,
    doubtful: Doubtful = "ask",
) -> None:  # fmt: skip
    """Register a folder of files, one file, or the files of a list with artists.

    Sends one transaction for new terms, one for each collection, and more for a collection with
    over 4,000 items or a new split. The files stay on this machine. Before it sends anything, the
    command saves the salts in the key store. If the key store cannot open what this wallet
    registered before, it asks first. It also warns if a collection is registered with other values,
    or if an item stands in another collection that pays somebody else or has other terms. Run the
    command again to send only what is missing.

    With --vault the key store is a vault (`kiseki vault init`), and the files are encrypted into it
    before anything is sent.

    If a list names several artists for a work, it is a joint work. The artists share its money
    equally, or by the list's column `share`. The file of their split lies beside the key store.

    \b
    Examples:
      kiseki data register artwork --licence royalty:ja --royalty 20%
      kiseki data register artwork --uses train --royalty 20% --licence licence.pdf
      kiseki data register artwork --uses train --royalty 20% --payee team.json
      kiseki data register MANIFEST.csv --uses train --royalty 20% --no-publish --yes
      kiseki data register week-12 --under alice.json
      kiseki data register artwork --uses train --royalty 20% --vault
    """
    origins.told(origin)
    if under is not None:
        said = (uses, royalty, floor, licence, until, notice, gate, payee)
        if said != (None, None, "0%", None, None, "30d", None, None):
            raise InvalidInput(
                "the standing consent sets the terms and the payee; leave out these options"
            )
        _register_under(under, source, origin, publish, vault, as_new, doubtful)
        return
    k = context.kiseki()
    terms = terms_of(k, uses, royalty, floor, licence, until, notice, gate)
    say_what_can_be_sold(k, terms)
    paid = names.payee(k, payee) if payee else None
    kept = sources.read(
        k, source, doubtful, as_new,
        lambda read, **how: k.data.prepare_all(read, terms, payee=paid, origin=origin, **how),
    )  # fmt: skip
    if vault:
        _into_vault(k, source, kept)
    _register(k, kept, publish)


def _into_vault(k: Kiseki, source: Path, kept: list[Kept]) -> None:
    """Keeps the content of what is about to be registered."""
    from kiseki.cli.contents import put, say_added
    from kiseki.cli.vault import vault_of

    found = vault_of(context.key_store(k))
    for provider in dict.fromkeys(each.provider for each in kept):
        added = put(found, source, provider, True, only_known=True)
        if not context.current.json:
            say_added(added, provider)


def _register_under(
    file: Path, source: Path, origin: Path | None, publish: bool, vault: bool, as_new: bool,
    doubtful: str,
) -> None:  # fmt: skip
    from kiseki.client.data import standing as standing_consents

    consent = standing_consents.StandingConsent.read(file)
    k = context.kiseki()
    why = k.data.standing.problem(consent)
    if why:
        raise InvalidInput(f"this standing consent cannot be used: {why}")
    kept = sources.read(
        k, source, doubtful, as_new,
        lambda read, **how: k.data.standing.collect(consent, read, origin=origin, **how),
    )  # fmt: skip
    if vault:
        _into_vault(k, source, kept)
    if not context.current.json:
        for one in languages():
            for each in consent.words(one)[:3]:
                show.say(each)
    _register(k, kept, publish, consent)
    if not context.current.json:
        show.say(k.data.standing.left(consent).sentence)


def _register(
    k: Kiseki,
    kept: list[Kept],
    publish: bool,
    under: StandingConsent | None = None,
) -> None:
    from kiseki.client.data.registering import Totals

    if under is None:
        outlook = k.data.look(kept)
    else:
        outlook = k.data.look(kept, dict.fromkeys((each.id for each in kept), under.signed),
                              per_month=under.per_month)  # fmt: skip
    origins.told_before(k, [each.kept for each in outlook if not each.there])
    files = _told_before(outlook, publish)
    name = f"register {publish} " + " ".join(each.id.hex() for each in kept[:100])
    if under is not None:
        name = f"under {under.id.hex()} {name}"

    def work(k: Kiseki) -> list[Registered]:
        with show.progress("registering", "IDs") as told:
            if under is not None:
                return list(k.data.standing.register(
                    under, kept, publish=publish, progress=told
                ))  # fmt: skip
            return list(k.data.register_all(kept, publish=publish, progress=told))

    results = context.spend(
        k, name, _says(kept), work, lambda done: [str(each.error) for each in done if each.error]
    )
    totals = Totals.of(results)
    if context.current.json:
        show.json_line({
            "collections": [
                {"collection": done.id, "items": each.kept.count, "payee": each.kept.payee.key,
                 "artists": [{"payee": who.key, "who": _who(who),
                              "part": str(part)} for who, part in each.kept.payee.parts],
                 "split": files.get(each.kept.payee.key), "became": _became(each, done),
                 "transactions": [receipt.transaction for receipt in done.receipts],
                 "error": done.error, "differences": [
                     {"what": e.what, "asked": e.asked, "stands": e.stands}
                     for e in getattr(done.error, "differences", ())
                 ],
                 "overlaps": [{"collection": e.other.id, "items": e.items, "payee": e.paid.key,
                               "same_terms": e.same_terms} for e in each.overlaps]}
                for each, done in zip(outlook, results, strict=True)
            ],
            "transactions": totals.transactions, "gas": str(totals.gas),
            "failed": len(totals.failed),
        })  # fmt: skip
    else:
        rows = [
            (done.id, f"{each.kept.count:,}", _paid(each.kept.payee), _became(each, done))
            for each, done in zip(outlook[:20], results, strict=False)
        ]
        show.table(["collection", "items", "paid", "state"], rows, numbers=["items"])
        more = f" `kiseki keys list` shows {len(kept) - 20:,} more." if len(kept) > 20 else ""
        sent = f"{show.count(totals.transactions, 'transaction')}, {totals.gas:,} gas."
        show.say((sent if totals.transactions else "Nothing was sent.") + more)
    if totals.failed:
        raise typer.Exit(3 if len(totals.failed) < len(results) else 1)


def _says(kept: Sequence[Kept]) -> list[str]:
    """What is registered, under which terms, and who is paid."""
    items = sum(each.count for each in kept)
    payees = list(dict.fromkeys(_paid(each.payee) for each in kept))
    more = f", and {len(payees) - 5:,} more" if len(payees) > 5 else ""
    terms = {each.terms.id: each.terms for each in kept}.values()
    return [
        f"Register {show.count(items, 'item')} in {show.count(len(kept), 'collection')}.",
        *(f"Terms: {each.words()}" for each in terms),
        f"Paid: {'; '.join(payees[:5])}{more}.",
    ]


def _told_before(outlook: Sequence[Outlook], publish: bool) -> dict[bytes, Path]:
    """Shows splits, overlaps and errors before anything is sent, and writes the splits' files.

    Returns:
        payee -> the file of its split.
    """
    files: dict[bytes, Path] = {}
    for each in outlook:
        payee, split = each.kept.payee, each.kept.payee.split
        if split is not None and payee.key not in files:
            files[payee.key] = home.write_split(split)
            how = (
                "The split is logged too, so its payees find their money."
                if publish
                else "The payees find their money only with that file (`kiseki revenue owed "
                "--list`), or after somebody publishes it (`kiseki revenue publish`)."
            )
            show.say(f"A joint work pays the split in {files[payee.key]}: {_paid(payee)}. {how}")
        for overlap in each.overlaps:
            show.say(f"Warning: {overlap.words}.")
        if each.error is not None:
            show.say(f"This collection is not sent: {each.error}.")
    return files


def _paid(payee: Payee) -> str:
    """Who is paid; of several payees also their parts."""
    parts = payee.parts
    if len(parts) == 1:
        return _who(payee)
    named = ((_who(each), part) for each, part in parts[:5])
    more = f" and {len(parts) - 5:,} more" if len(parts) > 5 else ""
    return ", ".join(f"{who} {part}" for who, part in named) + more


def _who(payee: Payee) -> str:
    wallet = wallet_address(payee.key)
    return to_hex(payee.key) if wallet is None else checksummed(wallet)


def _became(before: Outlook, done: Registered) -> str:
    """What happened to a collection."""
    if done.error is not None:
        return str(done.error)
    if not done.receipts:
        return "was registered already"
    if before.there:
        return "was registered already; missing commitments are logged now"
    return "registered"


@data.command("publish")
def publish(collection: Collection) -> None:
    """Log those commitments of a collection that are not logged yet.

    Sends one transaction for each 4,000 items.

    \b
    Examples:
      kiseki data publish 0x1111…
    """
    k = context.kiseki()
    wanted = context.hex32(collection, "the collection")
    kept = context.key_store(k).collection(wanted)
    says = f"Log the commitments of {show.count(kept.count, 'item')}, for everybody to read."
    done = context.spend(k, f"publish {collection}", says, lambda k: k.data.publish(kept))
    context.receipts_told(done)


NewPayee = Annotated[
    str, typer.Argument(help="A wallet, a collection's ID, or the file of a split or title.")
]


@data.command("set-payee")
def set_payee(
    collection: Collection, payee: NewPayee,
    waiver: Annotated[
        Path | None, typer.Option(help="The waiver of the wallet that is paid now.")
    ] = None,
    sign_to: letters.SignTo = None, days: letters.Days = letters.WAITING,
) -> None:  # fmt: skip
    """Change the payee of a collection of this wallet.

    Sends one transaction, and another to log a new split. The current payee must be this wallet, or
    a wallet that signed a waiver (`kiseki data waive-payee`). A split, an identity or a rights
    token can never be replaced as payee. A provider without ether signs into a file with --sign,
    and anybody sends that file with `kiseki data set-payee-for`.

    \b
    Examples:
      kiseki data set-payee 0x1111… \\
        0x70997970C51812dc3A010C7d01b50e0d17dc79C8
      kiseki data set-payee 0x1111… \\
        0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --waiver alice.json
    """
    from kiseki.client.data import payees, waivers

    wanted, word = context.hex32(collection, "the collection"), None
    k = context.kiseki()
    to = names.payee(k, payee)
    if sign_to is not None:
        if waiver is not None:
            raise InvalidInput("whoever sends the file brings the waiver; leave out --waiver")
        made = k.data.payees.prepare_change(wanted, to, days)
        then = f"Anybody can send it, with `kiseki data set-payee-for {sign_to}`."
        letters.write(sign_to, payees.CHANGE, made, k.signed, then)
        return
    if waiver is not None:
        word = waivers.LETTER.read(waiver)
        for each in letters.in_words(waivers.LETTER, word):
            show.say(each)
    holder = wallet_address(to.key)
    last = "Nobody can change that again."
    if holder is not None:
        own = holder.lower() == k.address.lower()
        last = f"Only {'this wallet' if own else holder} can allow another payee later."
    done = context.spend(
        k, f"set payee {collection} {to.key.hex()}",
        f"From now on, money for the collection goes to {names.shown(payee)}. {last}",
        lambda k: [k.data.set_payee(wanted, to, word), *k.revenue.publish_missing(to)],
    )  # fmt: skip
    context.receipts_told(done)


@data.command("set-payee-for")
def set_payee_for(
    file: letters.SignedLetter,
    waiver: Annotated[
        Path | None, typer.Option(help="The waiver of the wallet that is paid now.")
    ] = None,
) -> None:
    """Send a change of payee that a provider signed.

    Shows it in words. Anybody can do this. Sends one transaction, and another to log a new split;
    this wallet pays the gas.

    \b
    Examples:
      kiseki data set-payee-for change.json --waiver alice.json
    """
    from kiseki.client.data import payees, waivers

    signed, word = payees.CHANGE.read(file), None
    if waiver is not None:
        word = waivers.LETTER.read(waiver)
        for each in letters.in_words(waivers.LETTER, word):
            show.say(each)
    to = payees.payee_of(signed)
    letters.bring(payees.CHANGE, signed, lambda k, signed: [
        k.data.payees.change_for(signed, word), *k.revenue.publish_missing(to)
    ])  # fmt: skip


@data.command("waive-payee")
def waive_payee(
    collection: Collection, to: NewPayee,
    out: Annotated[Path, typer.Option(help="The file to write.")],
    days: Annotated[int, typer.Option(help="The waiver is valid for this many days.")] = 30,
) -> None:  # fmt: skip
    """Sign a waiver: another payee may take this wallet's place in a collection.

    Sends nothing; writes a file. The collection's provider uses the file with `kiseki data
    set-payee --waiver`.

    \b
    Examples:
      kiseki data waive-payee 0x1111… \\
        0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --out alice.json
    """
    from kiseki.client.data import waivers

    wanted = context.hex32(collection, "the collection")
    k = context.kiseki()
    made = k.data.payees.prepare_waiver(wanted, names.payee(k, to), days)
    letters.write(
        out, waivers.LETTER, made, k.signed,
        "Send it to the collection's provider, for `kiseki data set-payee --waiver`.",
    )  # fmt: skip
