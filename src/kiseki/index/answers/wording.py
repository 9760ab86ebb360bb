"""What findings say, in the language of whoever reads them: one function for each kind."""

from __future__ import annotations

from kiseki.core.days import utc
from kiseki.core.ids import External
from kiseki.core.values import to_hex
from kiseki.language import plural, say

__all__ = [
    "base_registered",
    "checked",
    "collection_ended",
    "declared_twice",
    "items_revoked",
    "model_ended",
    "not_all_published",
    "not_published",
    "outputs_twice",
    "registered_before",
    "registered_too",
    "revoked",
    "revoked_item_declared",
    "unregistered_base",
]


def unregistered_base(language: str, *, kind: str, user: bytes, named: External) -> str:
    """A model or batch names a base model that nobody registered."""
    values = {"user": _user(kind, user, language), "weights": short(named.weights)}
    values["document"] = to_hex(named.document)
    if any(named.document) and any(named.weights):
        return say(
            "The {user} names a base model that is not registered (weights {weights}); the document"
            " about it has the hash {document}, and nobody has checked what that says.",
            language,
            **values,
        )
    if any(named.document):
        return say(
            "The {user} names a base model that is not registered (without its weights); the"
            " document about it has the hash {document}, and nobody has checked what that says.",
            language,
            **values,
        )
    if any(named.weights):
        return say(
            "The {user} names a base model that is not registered (weights {weights}) and no"
            " document about where it comes from.",
            language,
            **values,
        )
    return say(
        "The {user} names a base model that is not registered (without its weights) and no"
        " document about where it comes from.",
        language,
        **values,
    )


def base_registered(
    language: str, *, kind: str, user: bytes, weights: bytes, model: bytes, by: str, time: int
) -> str:
    """A base model is named as not registered, and is."""
    return say(
        "The base model that the {user} names as not registered (weights {weights}) is registered"
        " as the model {model} by {developer} on {time}; what that asks is not paid.",
        language,
        user=_user(kind, user, language),
        weights=short(weights),
        model=short(model),
        developer=by,
        time=utc(time, language),
    )


def revoked(language: str, *, provider: str, collection: bytes, time: int) -> str:
    """A collection was revoked after it was declared."""
    return say(
        "The provider {provider} revoked the collection {collection} on {time}, after it was"
        " declared here; what rests on it stays authorised.",
        language,
        provider=provider,
        collection=short(collection),
        time=utc(time, language),
    )


def collection_ended(language: str, *, collection: bytes, time: int) -> str:
    """The terms of a collection ended after it was declared."""
    return say(
        "The terms of the collection {collection} ended on {time}, after it was declared here;"
        " what rests on it stays authorised.",
        language,
        collection=short(collection),
        time=utc(time, language),
    )


def model_ended(language: str, *, model: bytes, time: int) -> str:
    """The terms of a model ended."""
    return say(
        "The terms of the model {model} ended on {time}; what rested on it before stays"
        " authorised.",
        language,
        model=short(model),
        time=utc(time, language),
    )


def not_published(language: str, *, developer: str, model: bytes) -> str:
    """A manifest is not published."""
    return say(
        "The developer {developer} has not published the manifest of the model {model}, so nobody"
        " can see which items of its collections it declares.",
        language,
        developer=developer,
        model=short(model),
    )


def declared_twice(
    language: str, *, model: bytes, collection: bytes, challenger: str, time: int, sent: bytes
) -> str:
    """A manifest is false, because items are out of order in it."""
    return say(
        "The manifest of the model {model} is proven false: items of the collection {collection}"
        " stand in it twice or out of order. {challenger} showed it on {time} in the transaction"
        " {transaction}.",
        language,
        model=short(model),
        collection=short(collection),
        challenger=challenger,
        time=utc(time, language),
        transaction=to_hex(sent),
    )


def revoked_item_declared(
    language: str, *, model: bytes, collection: bytes, challenger: str, time: int, sent: bytes
) -> str:
    """A manifest is false, because it declares an item that was revoked."""
    return say(
        "The manifest of the model {model} is proven false: it declares an item of the collection"
        " {collection} whose revocation had taken effect before the registration. {challenger}"
        " showed it on {time} in the transaction {transaction}.",
        language,
        model=short(model),
        collection=short(collection),
        challenger=challenger,
        time=utc(time, language),
        transaction=to_hex(sent),
    )


def checked(language: str, *, model: bytes, time: int) -> str:
    """A manifest was read whole on the chain."""
    return say(
        "The manifest of the model {model} was checked item by item on {time}: each is in its"
        " collection, once, and its consent had not ended. That shows what is declared, not what"
        " training used.",
        language,
        model=short(model),
        time=utc(time, language),
    )


def registered_too(language: str, *, model: bytes, other: bytes, by: str, time: int) -> str:
    """The weights of a model are registered again."""
    return say(
        "The weights of the model {model} are also registered as the model {other} by {developer}"
        " on {time}.",
        language,
        model=short(model),
        other=short(other),
        developer=by,
        time=utc(time, language),
    )


def registered_before(language: str, *, model: bytes, other: bytes, by: str, time: int) -> str:
    """The weights of a model were registered before, by somebody else."""
    return say(
        "The weights of the model {model} were registered before, as the model {other} by"
        " {developer} on {time}, with sources of its own; whoever was first need not be right.",
        language,
        model=short(model),
        other=short(other),
        developer=by,
        time=utc(time, language),
    )


def outputs_twice(
    language: str, *, other: bytes, creator: str, time: int, count: int, earlier: bool
) -> str:
    """Outputs of a batch are in another one too."""
    values = {"other": short(other), "creator": creator, "time": utc(time, language)}
    if earlier:
        return plural(
            "The batch {other} of {creator}, registered on {time}, has {number} output of this"
            " batch too, and was registered before; whoever was first need not have made them.",
            "The batch {other} of {creator}, registered on {time}, has {number} outputs of this"
            " batch too, and was registered before; whoever was first need not have made them.",
            count,
            language,
            **values,
        )
    return plural(
        "The batch {other} of {creator}, registered on {time}, has {number} output of this batch"
        " too, and was registered later; whoever was first need not have made them.",
        "The batch {other} of {creator}, registered on {time}, has {number} outputs of this batch"
        " too, and was registered later; whoever was first need not have made them.",
        count,
        language,
        **values,
    )


def not_all_published(language: str, *, count: int, published: int) -> str:
    """Not all outputs of a batch are published."""
    return plural(
        "It has {number} output, of which {published} are published; the others cannot be looked"
        " up.",
        "It has {number} outputs, of which {published} are published; the others cannot be looked"
        " up.",
        count,
        language,
        published=f"{published:,}",
    )


def items_revoked(language: str, *, count: int, collection: bytes, time: int) -> str:
    """Single items were revoked, too late to count."""
    return plural(
        "{number} item of the collection {collection} was revoked, first on {time}. When this was"
        " registered, the notice was not over yet, so it stays authorised. The manifest shows"
        " whether it declares such an item.",
        "{number} items of the collection {collection} were revoked, first on {time}. When this"
        " was registered, the notice was not over yet, so it stays authorised. The manifest shows"
        " whether it declares such an item.",
        count,
        language,
        collection=short(collection),
        time=utc(time, language),
    )


def short(value: bytes) -> str:
    """How an ID begins, which is enough to know it by."""
    return f"{to_hex(value)[:10]}…"


def _user(kind: str, user: bytes, language: str) -> str:
    if kind == "batch":
        return say("batch {id}", language, id=short(user))
    return say("model {id}", language, id=short(user))
