"""What is on record about collections: `kiseki data show` and `list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from kiseki.cli import context, show
from kiseki.cli.data import data
from kiseki.cli.terms import Collection, in_words, names_of
from kiseki.core.values import to_hex

if TYPE_CHECKING:
    from kiseki.core.terms import Terms
    from kiseki.index.answers.trace import Usage

__all__ = ["list_collections", "show_collection"]


@data.command("show")
def show_collection(
    collection: Collection,
    items: Annotated[
        bool, typer.Option("--items", help="List the items too; --json always does.")
    ] = False,
) -> None:
    """Show a collection: its provider, its terms and the models and batches that declare it.

    With --items it lists the data ID and the commitment of each item that is logged on the chain or
    kept in the key store, and the names that the key store has. Reads the chain and sends nothing.

    \b
    Examples:
      kiseki data show 0x1111…
      kiseki data show 0x1111… --items
    """
    from kiseki.client.models import lasting
    from kiseki.client.revoked import revoked_in

    k = context.watching()
    index = k.index
    record = index.collection(context.hex32(collection, "the collection"))
    terms = index.terms(record.terms_id)
    risk = lasting.risk(terms, record.ends_at, k.session.now())
    revoked = revoked_in(index, record.id)
    lasts = "consent holds for at least the next 30 days"
    if revoked.none_left:
        lasts = "no item is left that is known not to be revoked"
    elif revoked.times:
        lasts = "leave out the items that are revoked; consent to the others holds for 30 days"
    used = [e for e in index.usage(record.provider, deep=True) if e.collection == record.id]
    if context.current.json:
        told = show.plain(record) | {
            "published": len(record.published),
            "words": terms.words(),
            "uses": names_of(terms.uses),
            "risk": risk,
            "items_revoked_words": revoked.words,
            "items": k.data.items(record.id),
        }
        told["usage"] = [{"kind": e.kind, "id": to_hex(e.group), "registrant": e.registrant,
                          "time": e.time, "share": str(e.share)} for e in used]  # fmt: skip
        show.json_line(told)
        return
    whole = "all of them" if record.complete else "not all, so only the root counts"
    show.fields([
        ("collection", record.id), ("provider", record.provider), ("terms", terms.words()),
        ("registered", show.date(record.registered_at)), ("revoked", show.date(record.revoked_at)),
        ("to train on it", risk or lasts),
        *([("items revoked", revoked.words)] if revoked.words else []),
        *([("standing consent", record.standing)] if record.standing else []),
        ("items", f"{record.count:,}"), ("logged", f"{len(record.published):,}: {whole}"),
        ("paid to", record.payee),
    ])  # fmt: skip
    show.table(["declared by", "id", "of", "when", "of gross"], [
        (e.kind, e.group, e.registrant, show.date(e.time), f"{float(e.share):.4%}") for e in used
    ], numbers=["of gross"])  # fmt: skip
    if items:
        show.table(["item", "commitment", "names", "revoked"], [
            (e.id, e.commitment, ", ".join(e.names), show.date(e.revoked_at))
            for e in k.data.items(record.id)
        ])  # fmt: skip


@data.command("list")
def list_collections(
    provider: Annotated[
        str, typer.Argument(help="The provider's wallet. Default: this wallet.")
    ] = "",
) -> None:
    """List the collections of a provider, what each allows, and how many models and batches use it.

    Reads the chain and sends nothing.

    \b
    Examples:
      kiseki data list
      kiseki data list 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
    """
    k = context.watching(provider or context.acting())
    index = k.index
    records = index.collections(k.address)
    terms = [index.terms(each.terms_id) for each in records]
    used = index.usage(k.address, deep=True)
    if context.current.json:
        show.json_line([
            {"collection": e.id, "items": e.count, "registered": e.registered_at,
             "revoked": e.revoked_at, "uses": names_of(allowed.uses), "words": allowed.words(),
             **_users(used, e.id)}
            for e, allowed in zip(records, terms, strict=True)
        ])  # fmt: skip
        return
    show.table(
        ["collection", "items", "allows", "declared by", "registered", "revoked"],
        [(e.id, f"{e.count:,}", _allows(allowed), _users_words(used, e.id),
          show.date(e.registered_at), show.date(e.revoked_at))
         for e, allowed in zip(records, terms, strict=True)],
        numbers=["items"],
    )  # fmt: skip
    if not records:
        show.say(f"{k.address} has no collections on this chain.")


def _allows(terms: Terms) -> str:
    return in_words(terms.uses) or "nothing"


def _users(used: list[Usage], collection: bytes) -> dict[str, Any]:
    """The models and batches that declare a collection, each once."""
    mine = [each for each in used if each.collection == collection]
    return {
        plural: list(dict.fromkeys(to_hex(e.group) for e in mine if e.kind == kind))
        for kind, plural in (("model", "models"), ("batch", "batches"))
    }


def _users_words(used: list[Usage], collection: bytes) -> str:
    counted = {name: len(each) for name, each in _users(used, collection).items()}
    return ", ".join(f"{name}: {count:,}" for name, count in counted.items() if count) or "nobody"
