"""The pages: each asks the index once and shows it. Each has a twin that ends in `.json`."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import RedirectResponse

from kiseki.core.values import from_hex
from kiseki.errors import ChainError, NotInIndex
from kiseki.index import Index
from kiseki.index.answers.withdrawals import Of
from kiseki.web.asked import Asked, cursor, hex32, number
from kiseki.web.shown import (
    batches,
    collections,
    commitments,
    home,
    identities,
    items,
    models,
    offers,
    parts,
    schedules,
    search,
    splits,
    statements,
    terms,
    tokens,
    transactions,
    wallets,
    withdrawals,
)

__all__ = ["pages"]

pages = APIRouter(include_in_schema=False)

Visit = Annotated[Asked, Depends(Asked.of)]
After = Annotated[str | None, Query(max_length=200)]


@pages.get("/")
def front(visit: Visit) -> Response:
    """Where everybody begins; in a sandbox also whom to act as, and what its pictures rest on."""

    def ask(index: Index) -> dict[str, object]:
        drawn = None
        if visit.sandbox:
            with suppress(NotInIndex):  # it is not read yet
                drawn = parts.of(index, from_hex(visit.sandbox.batch, 32, "the batch"))
        return {"shown": home.home(index), "drawn": drawn}

    return visit.page("home.html", ask)


@pages.get("/search")
def results(visit: Visit, q: Annotated[str, Query(max_length=200)] = "") -> Response:
    """What a text may mean; straight to the page where it can only be one thing."""
    if not q.strip():
        return RedirectResponse(f"{visit.request.scope.get('root_path', '')}/", 303)
    return visit.page("search.html", lambda index: {"shown": search.search(index, q)}, keep=False)


@pages.get("/data/{which}")
@pages.get("/output/{which}")
def item(visit: Visit, which: str, after: After = None) -> Response:
    """A data ID, or the ID of an output."""
    key = hex32(which, "the data ID")
    return visit.page(
        "item.html",
        lambda index: {"shown": items.item(index, key, visit.documents, cursor(after))},
    )


@pages.get("/file")
def file(visit: Visit) -> Response:
    """Where anybody asks about a file, which stays with them."""
    return visit.page(
        "file.html", lambda index: {"registry": dict(index.contracts)["ModelRegistry"].lower()}
    )


@pages.get("/commitment/{which}")
def commitment(visit: Visit, which: str, after: After = None) -> Response:
    """What is registered of one content."""
    key, language = hex32(which, "the commitment"), visit.words.language
    return visit.page(
        "commitment.html",
        lambda index: {
            "shown": commitments.commitment(index, key, language, visit.documents, cursor(after))
        },
    )


@pages.get("/collection/{which}")
def collection(visit: Visit, which: str) -> Response:
    """A collection."""
    key, language = hex32(which, "the ID of a collection"), visit.words.language
    return visit.page(
        "collection.html",
        lambda index: {"shown": collections.collection(index, key, language, visit.documents)},
    )


@pages.get("/collection/{which}/uses")
def collection_uses(visit: Visit, which: str, after: After = None) -> Response:
    """Who declares a collection, page by page."""
    key = hex32(which, "the ID of a collection")

    def ask(index: Index) -> dict[str, object]:
        index.status(key)
        rows = collections.uses(index, key, cursor(after))
        return {"kind": "collection", "id": which, "list": "uses", "shown": rows}

    return visit.page("list.html", ask)


@pages.get("/collection/{which}/items")
def collection_items(visit: Visit, which: str, after: After = None) -> Response:
    """The items of a collection, page by page."""
    key = hex32(which, "the ID of a collection")

    def ask(index: Index) -> dict[str, object]:
        provider = index.status(key).provider
        rows = collections.items(index, key, provider, cursor(after))
        return {"kind": "collection", "id": which, "list": "items", "shown": rows}

    return visit.page("list.html", ask)


@pages.get("/model/{which}")
def model(visit: Visit, which: str) -> Response:
    """A model."""
    key, language = hex32(which, "the ID of a model"), visit.words.language
    return visit.page(
        "model.html",
        lambda index: {"shown": models.model(index, key, language, visit.documents, parts.part)},
    )


@pages.get("/model/{which}/users")
def model_users(visit: Visit, which: str, after: After = None) -> Response:
    """What rests on a model, page by page."""
    key = hex32(which, "the ID of a model")

    def ask(index: Index) -> dict[str, object]:
        index.model(key)
        rows = models.dependents(index, key, number(after))
        return {"kind": "model", "id": which, "list": "users", "shown": rows}

    return visit.page("list.html", ask)


@pages.get("/batch/{which}")
def batch(visit: Visit, which: str) -> Response:
    """A batch."""
    key, language = hex32(which, "the ID of a batch"), visit.words.language
    return visit.page(
        "batch.html",
        lambda index: {"shown": batches.batch(index, key, language, visit.documents, parts.part)},
    )


@pages.get("/batch/{which}/outputs")
def batch_outputs(visit: Visit, which: str, after: After = None) -> Response:
    """The outputs of a batch, page by page."""
    key = hex32(which, "the ID of a batch")

    def ask(index: Index) -> dict[str, object]:
        creator = index.batch_head(key).creator
        rows = collections.items(index, key, creator, cursor(after))
        return {"kind": "batch", "id": which, "list": "outputs", "shown": rows}

    return visit.page("list.html", ask)


@pages.get("/lineage/{which}")
def lineage(visit: Visit, which: str, after: After = None) -> Response:
    """All that a model or batch rests on: its picture, and its table part by part."""
    key, last = hex32(which, "the ID of a model or batch"), number(after, 0)
    return visit.page(
        "lineage.html", lambda index: {"shown": parts.of(index, key, last), "after": last}
    )


@pages.get("/wallet/{who}")
def wallet(visit: Visit, who: str) -> Response:
    """A wallet."""
    return visit.page("wallet.html", lambda index: {"shown": wallets.wallet(index, who)})


@pages.get("/wallet/{who}/history")
def wallet_history(visit: Visit, who: str, after: After = None) -> Response:
    """Money that moved from or to a wallet, page by page."""

    def ask(index: Index) -> dict[str, object]:
        rows = wallets.history(index, who, number(after))
        return {"kind": "wallet", "id": who, "list": "history", "shown": rows}

    return visit.page("list.html", ask)


@pages.get("/wallet/{who}/earned")
def wallet_earned(visit: Visit, who: str, after: After = None) -> Response:
    """What reached a wallet by month, page by page."""

    def ask(index: Index) -> dict[str, object]:
        rows = wallets.earned(index, who, number(after))
        return {"kind": "wallet", "id": who, "list": "earned", "shown": rows}

    return visit.page("list.html", ask)


@pages.get("/wallet/{who}/held")
def wallet_held(visit: Visit, who: str, after: After = None) -> Response:
    """The rights tokens that a wallet holds, page by page."""

    def ask(index: Index) -> dict[str, object]:
        rows = wallets.held(index, who, number(after))
        return {"kind": "wallet", "id": who, "list": "held", "shown": rows}

    return visit.page("list.html", ask)


@pages.get("/wallet/{who}/collections")
@pages.get("/wallet/{who}/models")
@pages.get("/wallet/{who}/batches")
def wallet_made(visit: Visit, who: str, after: After = None) -> Response:
    """What a wallet registered, page by page."""
    name = visit.request.url.path.rpartition("/")[2]

    def ask(index: Index) -> dict[str, object]:
        rows = wallets.made(index, name, who, cursor(after))
        return {"kind": "wallet", "id": who, "list": name, "shown": rows}

    return visit.page("list.html", ask)


@pages.get("/collection/{which}/statements")
@pages.get("/model/{which}/statements")
@pages.get("/batch/{which}/statements")
def said(visit: Visit, which: str, after: After = None) -> Response:
    """What was said about something, page by page."""
    kind = visit.request.url.path.split("/")[-3]
    key = hex32(which, f"the ID of a {kind}")

    def ask(index: Index) -> dict[str, object]:
        rows = statements.statements(index, kind, key, number(after))
        return {"kind": kind, "id": which, "list": "statements", "shown": rows}

    return visit.page("list.html", ask)


@pages.get("/collection/{which}/withdrawals")
@pages.get("/model/{which}/withdrawals")
def withdrawn(visit: Visit, which: str, after: After = None) -> Response:
    """Revocations of a collection, or that touch a model, page by page."""
    kind: Of = "model" if "/model/" in visit.request.url.path else "collection"
    key, language = hex32(which, f"the ID of a {kind}"), visit.words.language

    def ask(index: Index) -> dict[str, object]:
        index.model(key) if kind == "model" else index.status(key)
        rows = withdrawals.withdrawals(index, kind, key, language, visit.documents, cursor(after))
        return {"kind": kind, "id": which, "list": "withdrawals", "shown": rows}

    return visit.page("list.html", ask)


@pages.get("/wallet/{who}/withdrawals")
@pages.get("/wallet/{who}/revocations")
def withdrawn_of_wallet(visit: Visit, who: str, after: After = None) -> Response:
    """Revocations that touch the models of a wallet, or that it made, page by page."""
    name = visit.request.url.path.rpartition("/")[2]
    of: Of = "developer" if name == "withdrawals" else "provider"
    language = visit.words.language

    def ask(index: Index) -> dict[str, object]:
        rows = withdrawals.withdrawals(index, of, who, language, visit.documents, cursor(after))
        return {"kind": "wallet", "id": who, "list": name, "shown": rows}

    return visit.page("list.html", ask)


@pages.get("/wallet/{who}/statements")
def said_of_wallet(visit: Visit, who: str, after: After = None) -> Response:
    """What was said about a wallet, page by page."""

    def ask(index: Index) -> dict[str, object]:
        rows = statements.of_wallet(index, who, number(after))
        return {"kind": "wallet", "id": who, "list": "statements", "shown": rows}

    return visit.page("list.html", ask)


@pages.get("/token/{which}")
def token(visit: Visit, which: str) -> Response:
    """A rights token."""
    key = hex32(which, "the number of a rights token")
    return visit.page("token.html", lambda index: {"shown": tokens.token(index, key)})


@pages.get("/split/{which}")
def split(visit: Visit, which: str, after: After = None) -> Response:
    """A split."""
    key = hex32(which, "the key of a split")
    return visit.page(
        "split.html", lambda index: {"shown": splits.split(index, key, number(after, 0))}
    )


@pages.get("/terms/{which}")
def terms_page(visit: Visit, which: str, after: After = None) -> Response:
    """Terms."""
    key, language = hex32(which, "the ID of terms"), visit.words.language
    return visit.page(
        "terms.html", lambda index: {"shown": terms.terms(index, key, language, number(after))}
    )


@pages.get("/offer/{which}")
def offer(visit: Visit, which: str) -> Response:
    """An offer of licences."""
    key = hex32(which, "the ID of an offer")
    return visit.page("offer.html", lambda index: {"shown": offers.offer(index, key)})


@pages.get("/schedule/{which}")
def schedule(visit: Visit, which: str) -> Response:
    """A rights token that moves on conditions."""
    key = hex32(which, "the ID of a schedule")
    return visit.page("schedule.html", lambda index: {"shown": schedules.schedule(index, key)})


@pages.get("/identity/{which}")
def identity(visit: Visit, which: str) -> Response:
    """Somebody who is paid before they have a wallet."""
    key = hex32(which, "the ID of an identity")
    return visit.page("identity.html", lambda index: {"shown": identities.identity(index, key)})


@pages.get("/tx/{which}")
def transaction(visit: Visit, which: str) -> Response:
    """A transaction, as the node tells it."""
    key = hex32(which, "the hash of a transaction")
    try:
        told = visit.site.transaction(key)
    except ChainError:
        return visit.plain("nothing.html", 503, hash=which, away=True)
    if told is None:
        return visit.plain("nothing.html", 404, hash=which, away=False)
    return visit.page(  # what the node says of it can change within a block
        "transaction.html", lambda index: {"shown": transactions.shown(index, told)}, keep=False
    )
