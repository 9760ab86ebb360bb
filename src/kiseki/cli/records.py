"""What is on record about data: `kiseki data show`, `list` and `find`."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kiseki.cli import context, names, pages, past, published, show
from kiseki.cli.data import data
from kiseki.cli.origins import of_record, told_of_record
from kiseki.cli.spoken import Language
from kiseki.cli.terms import Collection, in_words, names_of
from kiseki.cli.withdrawal import (
    answers_counted,
    answers_words,
    first_withdrawals,
    withdrawals_shown,
)
from kiseki.core.payee import Payee
from kiseki.core.values import ZERO_ADDRESS, to_hex
from kiseki.errors import InvalidInput, KisekiError

if TYPE_CHECKING:
    from kiseki.client.data.openings import FileFound, Place
    from kiseki.client.kiseki import Kiseki
    from kiseki.core.terms import Terms
    from kiseki.index.answers.trace import Usage

__all__ = ["find_files", "list_collections", "show_collection"]


@data.command("show")
def show_collection(
    collection: Collection,
    items: Annotated[
        bool, typer.Option("--items", help="List the items too; --json always does.")
    ] = False,
    documents: published.Folder = None,
    language: Language = "",
    at: past.At = None,
) -> None:
    """Show a collection: its provider, its terms and the models and batches that declare it.

    Where the key store has the document of origin, from registering or from a receipt, it is shown
    in words, with what it proves and what not. With --items the data ID, commitment and names of
    each item are listed that is logged on the chain or kept in the key store. Where consent was
    revoked, the models that rest on it are listed with what their developers answered, which
    --documents tells. Reads the chain and sends nothing.

    \b
    Examples:
      kiseki data show 0x1111…
      kiseki data show 0x1111… --items
      kiseki data show 0x1111… --at 2027-12-31
    """
    from kiseki.client.documents import Documents
    from kiseki.client.models import lasting
    from kiseki.client.revoked import revoked_in
    from kiseki.vault.published import Published

    if items and at is not None:
        raise InvalidInput("--items lists the items of today; leave --at out")
    k, wanted = context.watching(), context.hex32(collection, "the collection")
    with past.asked(k, at) as index:
        record = index.collection(wanted)
        terms = index.terms(record.terms_id)
        risk = lasting.risk(terms, record.ends_at, index.time)
        revoked = revoked_in(index, record.id)
        used = index.uses(record.id, deep=True)
        touched = first_withdrawals(index, "collection", wanted, Documents(Published(documents)))
    lasts = "consent holds for at least the next 30 days"
    if revoked.none_left:
        lasts = "no item is left that is known not to be revoked"
    elif revoked.times:
        lasts = "leave out the items that are revoked; consent to the others holds for 30 days"
    if context.current.json:
        told = show.plain(record) | {
            "published": len(record.published),
            "words": terms.words(),
            "uses": names_of(terms.uses),
            "risk": risk,
            "items_revoked_words": revoked.words,
            "items": k.data.openings.items(record.id) if at is None else None,
            "origin_words": told_of_record(k, record),
        }
        told["usage"] = [{"kind": e.kind, "id": to_hex(e.group), "registrant": e.registrant,
                          "time": e.time, "share": str(e.share)} for e in used]  # fmt: skip
        told["withdrawals"] = withdrawals_shown(k, touched, "collection", wanted)
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
        ("paid to", Payee(record.payee).words()),
        *(("origin" if not place else "", each)
          for place, each in enumerate(of_record(k, record, language))),
    ])  # fmt: skip
    if used:
        show.line("")
    show.table(["declared by", "ID", "registered by", "registered", "of gross"], [
        (e.kind, e.group, e.registrant, show.date(e.time), show.percent(e.share)) for e in used
    ], numbers=["of gross"])  # fmt: skip
    withdrawals_shown(k, touched, "collection", wanted)
    if items:
        show.line("")
        show.table(["data ID", "commitment", "names", "revoked"], [
            (e.id, e.commitment, ", ".join(e.names), show.date(e.revoked_at))
            for e in k.data.openings.items(record.id)
        ])  # fmt: skip


@data.command("list")
def list_collections(
    provider: Annotated[
        str, typer.Argument(help="The provider's wallet. Default: this wallet.")
    ] = "",
    documents: published.Folder = None,
    most: pages.Most = None,
    after: pages.After = None,
) -> None:
    """List the collections of a provider, what each allows, and how many models and batches use it.

    Where consent to a collection or to an item in it was revoked, also how many developers of
    models that rest on it answered, and how; --documents tells what its documents say. Reads the
    chain and sends nothing.

    \b
    Examples:
      kiseki data list
      kiseki data list 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
      kiseki data list --most 100
    """
    from kiseki.client.documents import Documents
    from kiseki.vault.published import Published

    k = context.watching(names.wallet(provider, "the provider") if provider else context.acting())
    index = k.index
    records = index.collections(k.address, pages.after_id(after), pages.asked(most))
    terms = [index.terms(each.terms_id) for each in records]
    used = [each for record in records for each in index.uses(record.id, deep=True)]
    told = Documents(Published(documents))
    answers = {
        each.id: first_withdrawals(index, "collection", each.id, told)
        for each in records if _users(used, each.id)["models"]
    }  # fmt: skip
    if context.current.json:
        show.json_line([
            {"collection": e.id, "items": e.count, "registered": e.registered_at,
             "revoked": e.revoked_at, "uses": names_of(allowed.uses), "words": allowed.words(),
             **_users(used, e.id), "answers": answers_counted(answers.get(e.id, []))}
            for e, allowed in zip(records, terms, strict=True)
        ])  # fmt: skip
        return
    show.table(
        ["collection", "items", "allows", "declared by", "registered", "revoked", "answers"],
        [(e.id, f"{e.count:,}", _allows(allowed), _users_words(used, e.id),
          show.date(e.registered_at), show.date(e.revoked_at), answers_words(answers.get(e.id, [])))
         for e, allowed in zip(records, terms, strict=True)],
        numbers=["items"],
    )  # fmt: skip
    nothing = f"{k.address} has no collections on this chain."
    pages.told(records, most, after, lambda each: each.id, nothing)
    if any(answers.values()):
        show.say(f"What developers answered: kiseki withdrawal list --provider {k.address}")


@data.command("find")
def find_files(
    files: Annotated[list[Path], typer.Argument(help="Files, or folders of them.")],
) -> None:
    """Find what files are registered as: their data IDs, terms and users.

    Compares the content with all items that the key store prepared, and with those that receipts
    told of (`kiseki data receive`). A file that is unknown here may be registered all the same.
    Reads the chain and sends nothing. Ends with 4 if a file is unknown or not registered. Look up
    generated files with `kiseki verify`.

    \b
    Examples:
      kiseki data find artwork/1.svg
      kiseki data find artwork --json
    """
    wallet = ZERO_ADDRESS
    with suppress(KisekiError):  # the question needs no wallet; with one, the answer says more
        wallet = context.acting()
    k = context.watching(wallet)
    with show.progress("hashing", "files") as told:
        found = k.data.openings.find(files, told)
    used = _Used(k)
    if context.current.json:
        show.json_line([
            {"path": each.path, "known": bool(each.places), "registered": bool(each.registered),
             "places": [_place(k, used, place) for place in each.places]}
            for each in found
        ])  # fmt: skip
    else:
        show.table(
            ["file", "data ID", "in collection", "provider", "state", "allows", "declared by"],
            [row for each in found for row in _rows(k, used, each)],
        )
        _say_unknown(k, [each for each in found if not each.places])
    if not all(each.registered for each in found):
        raise typer.Exit(4)


class _Used:
    """Who declares which collection, asked once for each."""

    def __init__(self, k: Kiseki) -> None:
        self._index = k.index
        self._known: dict[bytes, list[Usage]] = {}

    def of(self, collection: bytes) -> list[Usage]:
        if collection not in self._known:
            self._known[collection] = self._index.uses(collection, deep=True)
        return self._known[collection]


def _place(k: Kiseki, used: _Used, place: Place) -> dict[str, Any]:
    kept, record = place.opening.kept, place.collection
    return {
        "id": place.id, "commitment": place.opening.commitment, "names": place.opening.names,
        "collection": kept.id, "provider": kept.provider,
        "mine": kept.provider == k.address.lower(), "received": place.opening.received,
        "registered": record and record.registered_at, "revoked": record and record.revoked_at,
        "item_revoked": place.revoked_at, "uses": names_of(kept.terms.uses),
        "words": kept.terms.words(), **_users(used.of(kept.id), kept.id),
    }  # fmt: skip


def _rows(k: Kiseki, used: _Used, each: FileFound) -> list[tuple[Any, ...]]:
    return [
        (each.path, place.id, place.opening.kept.id,
         "this wallet" if place.opening.kept.provider == k.address.lower()
         else place.opening.kept.provider,
         _state(place), _allows(place.opening.kept.terms),
         _users_words(used.of(place.opening.kept.id), place.opening.kept.id))
        for place in each.places
    ] or [(each.path, "unknown", "", "", "", "", "")]  # fmt: skip


def _state(place: Place) -> str:
    record = place.collection
    if record is None:
        return "prepared here, and not registered on this chain"
    said = [f"registered {show.date(record.registered_at)}"]
    if record.revoked_at:
        said.append(f"consent revoked {show.date(record.revoked_at)}")
    if place.revoked_at:
        said.append(f"item revoked {show.date(place.revoked_at)}")
    return ", ".join(said)


def _say_unknown(k: Kiseki, unknown: list[FileFound]) -> None:
    if not unknown:
        return
    many = f"{show.count(len(unknown), 'file')} {'is' if len(unknown) == 1 else 'are'}"
    show.say(
        f"{many} unknown: the key store {k.salts.place} neither prepared nor received the content. "
        "That is not the same as not registered: with a salt that is elsewhere it can be. If "
        "somebody registered it for you, ask for a receipt and take it in (kiseki data receive)."
    )
    if k.address != ZERO_ADDRESS and (lacking := k.data.openings.lacking()):
        show.say(
            f"{len(lacking):,} of the collections of {k.address} cannot be opened with this key "
            "store, so the files may be in those; restore a backup (kiseki keys restore)."
        )


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
