"""The same values for programs: `/api/v1`, and the twin of each page that ends in `.json`.

Lists come in parts: `after` of an answer asks for the next. An answer has the block that it is as
of in the headers `Kiseki-Block` and `Kiseki-Time`, and an `ETag` that changes with it: a question
with `If-None-Match` costs nothing while nothing changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from kiseki.errors import ChainError, NotInIndex
from kiseki.index import Index
from kiseki.index.answers.withdrawals import Of
from kiseki.web.asked import Asked, cursor, hex32, number
from kiseki.web.described import (
    WRONG,
    AfterBytes,
    AfterId,
    AfterNumber,
    Hex32,
    Most,
    Text,
    Wallet,
)
from kiseki.web.shown import (
    batches,
    collections,
    commitments,
    home,
    identities,
    items,
    lineages,
    models,
    offers,
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
from kiseki.web.shown.values import ROWS, Rows, UseRow

__all__ = ["Same", "api", "same", "twins"]

api = APIRouter(prefix="/api/v1", tags=["v1"], responses=WRONG)
twins = APIRouter(include_in_schema=False)

T = TypeVar("T")
Visit = Annotated[Asked, Depends(Asked.of)]


class Same(Exception):  # noqa: N818 - nothing is wrong
    """Whoever asks has the answer already.

    Attributes:
        headers: of the answer.
    """

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__("the answer is that of before")
        self.headers = headers


def same(_: Request, error: Exception) -> Response:
    """Nothing is sent to who has it already."""
    assert isinstance(error, Same)  # noqa: S101 - it is the handler of that one
    return Response(status_code=304, headers=error.headers)


def _told(visit: Asked, response: Response, ask: Callable[[Index], T]) -> T:
    """The answer, as of one block, which its headers name; not asked for where nothing changed.

    Raises:
        Same: the question names this block's tag.
    """
    with visit.site.reading() as index:
        state = visit.site.state(index)
        tag = visit.tag(state)
        headers = {
            "ETag": tag,
            "Cache-Control": "no-cache",
            "Vary": "Accept-Language, Cookie",
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Expose-Headers": "ETag, Kiseki-Block, Kiseki-Time",
            "Kiseki-Block": str(state.block),
            "Kiseki-Time": str(state.time),
        }
        if tag in visit.request.headers.get("if-none-match", ""):
            raise Same(headers)
        found = ask(index)
    response.headers.update(headers)
    return found


@api.get("/")
@twins.get("/index.json")
def whole(visit: Visit, response: Response) -> home.HomeShown:
    """How much is registered, and what came last."""
    return _told(visit, response, home.home)


@api.get("/search")
@twins.get("/search.json")
def results(visit: Visit, response: Response, q: Text) -> search.SearchShown:
    """What begins with some digits, or what a statement is about that says just this text."""
    return _told(visit, response, lambda index: search.search(index, q))


@api.get("/data/{which}")
@api.get("/outputs/{which}")
@twins.get("/data/{which}.json")
@twins.get("/output/{which}.json")
def item(
    visit: Visit, response: Response, which: Hex32, after: AfterId = None, most: Most = ROWS
) -> items.ItemShown:
    """A data ID, or the ID of an output: whose it is and where it stands."""
    key = hex32(which, "the data ID")
    return _told(
        visit, response, lambda index: items.item(index, key, visit.documents, cursor(after), most)
    )


@api.get("/commitments/{which}")
@twins.get("/commitment/{which}.json")
def commitment(
    visit: Visit, response: Response, which: Hex32, after: AfterId = None, most: Most = ROWS
) -> commitments.CommitmentShown:
    """What is registered of one content: as which output, and in which collections and batches.

    It is asked by keccak256(SHA-256 of the content, salt), 32 bytes each; of outputs the content
    is without credentials, and the salt zero. An answer without places says that nobody here knows
    it, and not that it is not registered.
    """
    key, language = hex32(which, "the commitment"), visit.words.language
    return _told(
        visit,
        response,
        lambda index: commitments.commitment(
            index, key, language, visit.documents, cursor(after), most
        ),
    )


@api.get("/revocations/{which}")
def revocation(visit: Visit, response: Response, which: Hex32) -> items.RevocationShown:
    """Whether a provider revoked one item by itself, logged or not."""
    key = hex32(which, "the data ID")
    return _told(visit, response, lambda index: items.revocation(index, key))


@api.get("/collections/{which}")
@twins.get("/collection/{which}.json")
def collection(
    visit: Visit, response: Response, which: Hex32, most: Most = ROWS
) -> collections.CollectionShown:
    """A collection: its terms, whether consent holds, and who declares it."""
    key, language = hex32(which, "the ID of a collection"), visit.words.language
    return _told(
        visit,
        response,
        lambda index: collections.collection(index, key, language, visit.documents, most),
    )


@api.get("/collections/{which}/uses")
def collection_uses(
    visit: Visit, response: Response, which: Hex32, after: AfterBytes = None, most: Most = ROWS
) -> Rows[UseRow]:
    """Which models and batches declare a collection."""
    key = hex32(which, "the ID of a collection")

    def ask(index: Index) -> Rows[UseRow]:
        index.status(key)
        return collections.uses(index, key, cursor(after), most)

    return _told(visit, response, ask)


@api.get("/collections/{which}/items")
def collection_items(
    visit: Visit, response: Response, which: Hex32, after: AfterId = None, most: Most = ROWS
) -> Rows[collections.ItemRow]:
    """The items of a collection that are logged."""
    key = hex32(which, "the ID of a collection")
    return _told(
        visit,
        response,
        lambda index: collections.items(
            index, key, index.status(key).provider, cursor(after), most
        ),
    )


@api.get("/models/{which}")
@twins.get("/model/{which}.json")
def model(
    visit: Visit, response: Response, which: Hex32, most: Most = ROWS
) -> models.ModelShown[lineages.LineageShown]:
    """A model: its terms, what it rests on, and what rests on it."""
    key, language = hex32(which, "the ID of a model"), visit.words.language
    return _told(
        visit,
        response,
        lambda index: models.model(index, key, language, visit.documents, lineages.lineage, most),
    )


@api.get("/models/{which}/users")
def model_users(
    visit: Visit, response: Response, which: Hex32, after: AfterNumber = None, most: Most = ROWS
) -> Rows[models.DependentRow]:
    """Models and batches that rest on a model."""
    key = hex32(which, "the ID of a model")

    def ask(index: Index) -> Rows[models.DependentRow]:
        index.model(key)
        return models.dependents(index, key, number(after), most)

    return _told(visit, response, ask)


@api.get("/models/{which}/sources/{collection}")
def model_source(
    visit: Visit, response: Response, which: Hex32, collection: Hex32
) -> models.SourceShown:
    """What a model itself declares of a collection: the root over the items that it used."""
    key, of = hex32(which, "the ID of a model"), hex32(collection, "the ID of a collection")
    return _told(visit, response, lambda index: models.source(index, key, of))


@api.get("/batches/{which}")
@twins.get("/batch/{which}.json")
def batch(
    visit: Visit, response: Response, which: Hex32, most: Most = ROWS
) -> batches.BatchShown[lineages.LineageShown]:
    """A batch of outputs: what it rests on, and how that stands today."""
    key, language = hex32(which, "the ID of a batch"), visit.words.language
    return _told(
        visit,
        response,
        lambda index: batches.batch(index, key, language, visit.documents, lineages.lineage, most),
    )


@api.get("/batches/{which}/outputs")
def batch_outputs(
    visit: Visit, response: Response, which: Hex32, after: AfterId = None, most: Most = ROWS
) -> Rows[collections.ItemRow]:
    """The outputs of a batch that are logged."""
    key = hex32(which, "the ID of a batch")
    return _told(
        visit,
        response,
        lambda index: collections.items(
            index, key, index.batch_head(key).creator, cursor(after), most
        ),
    )


@api.get("/lineages/{which}")
@twins.get("/lineage/{which}.json")
def lineage(visit: Visit, response: Response, which: Hex32) -> lineages.LineageShown:
    """Everything that a model or batch rests on, down to the data."""
    key = hex32(which, "the ID of a model or batch")
    return _told(visit, response, lambda index: lineages.of(index, key))


@api.get("/wallets/{who}")
@twins.get("/wallet/{who}.json")
def wallet(visit: Visit, response: Response, who: Wallet, most: Most = ROWS) -> wallets.WalletShown:
    """A wallet: what it registered, holds, earned and is owed."""
    return _told(visit, response, lambda index: wallets.wallet(index, who, most))


@api.get("/wallets/{who}/history")
def wallet_history(
    visit: Visit, response: Response, who: Wallet, after: AfterNumber = None, most: Most = ROWS
) -> Rows[wallets.EntryRow]:
    """Money that moved from or to a wallet, earliest first."""
    return _told(visit, response, lambda index: wallets.history(index, who, number(after), most))


@api.get("/wallets/{who}/earned")
def wallet_earned(
    visit: Visit, response: Response, who: Wallet, after: AfterNumber = None, most: Most = ROWS
) -> Rows[wallets.EarningRow]:
    """What reached a wallet by month and currency, earliest first."""
    return _told(visit, response, lambda index: wallets.earned(index, who, number(after), most))


@api.get("/wallets/{who}/held")
def wallet_held(
    visit: Visit, response: Response, who: Wallet, after: AfterNumber = None, most: Most = ROWS
) -> Rows[wallets.HeldRow]:
    """The rights tokens that a wallet holds, those it got last at the end."""
    return _told(visit, response, lambda index: wallets.held(index, who, number(after), most))


@api.get("/wallets/{who}/collections")
@api.get("/wallets/{who}/models")
@api.get("/wallets/{who}/batches")
def wallet_made(
    visit: Visit, response: Response, who: Wallet, after: AfterId = None, most: Most = ROWS
) -> Rows[wallets.MadeRow]:
    """What a wallet registered, earliest first."""
    kind = visit.request.url.path.rpartition("/")[2]
    return _told(visit, response, lambda index: wallets.made(index, kind, who, cursor(after), most))


@api.get("/wallets/{who}/statements")
def said_of_wallet(
    visit: Visit, response: Response, who: Wallet, after: AfterNumber = None, most: Most = ROWS
) -> Rows[statements.StatementRow]:
    """What anybody said in public about a wallet, earliest first."""
    return _told(
        visit, response, lambda index: statements.of_wallet(index, who, number(after), most)
    )


@api.get("/collections/{which}/statements")
@api.get("/models/{which}/statements")
@api.get("/batches/{which}/statements")
def said(
    visit: Visit, response: Response, which: Hex32, after: AfterNumber = None, most: Most = ROWS
) -> Rows[statements.StatementRow]:
    """What anybody said in public about something, earliest first."""
    of = visit.request.url.path.split("/")[-3]
    kind = {"collections": "collection", "models": "model", "batches": "batch"}[of]
    key = hex32(which, f"the ID of a {kind}")
    return _told(
        visit,
        response,
        lambda index: statements.statements(index, kind, key, number(after), most),
    )


@api.get("/collections/{which}/withdrawals")
@api.get("/models/{which}/withdrawals")
def withdrawn(
    visit: Visit, response: Response, which: Hex32, after: AfterId = None, most: Most = ROWS
) -> Rows[withdrawals.WithdrawalRow]:
    """Revocations of a collection and its items, or that touch a model, each with a model that
    rests on what was revoked, and what its developer answered."""
    kind: Of = "model" if "/models/" in visit.request.url.path else "collection"
    key, language = hex32(which, f"the ID of a {kind}"), visit.words.language

    def ask(index: Index) -> Rows[withdrawals.WithdrawalRow]:
        index.model(key) if kind == "model" else index.status(key)
        return withdrawals.withdrawals(
            index, kind, key, language, visit.documents, cursor(after), most
        )

    return _told(visit, response, ask)


@api.get("/wallets/{who}/withdrawals")
@api.get("/wallets/{who}/revocations")
def withdrawn_of_wallet(
    visit: Visit, response: Response, who: Wallet, after: AfterId = None, most: Most = ROWS
) -> Rows[withdrawals.WithdrawalRow]:
    """Revocations that touch the models of a wallet (`withdrawals`), or that a wallet made
    (`revocations`), likewise."""
    name = visit.request.url.path.rpartition("/")[2]
    of: Of = "developer" if name == "withdrawals" else "provider"
    language = visit.words.language
    return _told(
        visit,
        response,
        lambda index: withdrawals.withdrawals(
            index, of, who, language, visit.documents, cursor(after), most
        ),
    )


@api.get("/tokens/{which}")
@twins.get("/token/{which}.json")
def token(visit: Visit, response: Response, which: Hex32) -> tokens.TokenShown:
    """A rights token: what it stands for, and who holds it."""
    key = hex32(which, "the number of a rights token")
    return _told(visit, response, lambda index: tokens.token(index, key))


@api.get("/splits/{which}")
@twins.get("/split/{which}.json")
def split(
    visit: Visit, response: Response, which: Hex32, after: AfterNumber = None, most: Most = ROWS
) -> splits.SplitShown:
    """A split: its payees, and what each of them has of it."""
    key = hex32(which, "the key of a split")
    return _told(visit, response, lambda index: splits.split(index, key, number(after, 0), most))


@api.get("/terms/{which}")
@twins.get("/terms/{which}.json")
def terms_told(
    visit: Visit, response: Response, which: Hex32, after: AfterNumber = None, most: Most = ROWS
) -> terms.TermsPage:
    """Terms: what they say, and what rests on data under them."""
    key, language = hex32(which, "the ID of terms"), visit.words.language
    return _told(
        visit, response, lambda index: terms.terms(index, key, language, number(after), most)
    )


@api.get("/offers/{which}")
@twins.get("/offer/{which}.json")
def offer(visit: Visit, response: Response, which: Hex32) -> offers.OfferShown:
    """An offer: what a licence allows, what it costs, and how many were sold."""
    key = hex32(which, "the ID of an offer")
    return _told(visit, response, lambda index: offers.offer(index, key))


@api.get("/schedules/{which}")
@twins.get("/schedule/{which}.json")
def schedule(visit: Visit, response: Response, which: Hex32) -> schedules.ScheduleShown:
    """A schedule: which rights token moves to whom, and on which conditions."""
    key = hex32(which, "the ID of a schedule")
    return _told(visit, response, lambda index: schedules.schedule(index, key))


@api.get("/identities/{which}")
@twins.get("/identity/{which}.json")
def identity(visit: Visit, response: Response, which: Hex32) -> identities.IdentityShown:
    """An identity: the wallet that is bound to it, and what waits for it."""
    key = hex32(which, "the ID of an identity")
    return _told(visit, response, lambda index: identities.identity(index, key))


@api.get("/transactions/{which}")
@twins.get("/tx/{which}.json")
def transaction(visit: Visit, response: Response, which: Hex32) -> transactions.TransactionShown:
    """A transaction, as the node of this site tells it: 404 where that node knows no such one, 503
    where it does not answer."""
    key = hex32(which, "the hash of a transaction")
    try:
        told = visit.site.transaction(key)
    except ChainError:
        raise HTTPException(503, "the node of this site does not answer now") from None
    if told is None:
        raise NotInIndex(f"the node knows no transaction {which}; another node may know it")
    return _told(visit, response, lambda index: transactions.shown(index, told))
