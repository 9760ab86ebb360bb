"""Batches before they are registered, and batches that their creator signed for another to bring.

A signed batch is a letter (`kiseki.client.letters`): whoever has it can only register that batch,
in the name of its creator. It needs no files; whoever has them can also log what they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kiseki.client import letterparts
from kiseki.client.data.prepared import Item
from kiseki.client.letters import Letter
from kiseki.client.outputs.endorsements import Endorsement, for_contract
from kiseki.client.sources import Named
from kiseki.client.wallet import Signed
from kiseki.core import documents, ids, typed
from kiseki.core.days import utc
from kiseki.core.merkle import IdTree
from kiseki.core.payee import Payee
from kiseki.core.values import address, address_text, from_hex, to_hex
from kiseki.language import joined, plural, say, sentences

__all__ = ["LETTER", "Batch", "PreparedBatch", "batch_of", "endorsements_of", "more_of"]

_SHOWN = 5
"""Models that are named in words."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What is registered of a batch.

    Attributes:
        creator: the wallet that registers it, or signs it.
        root: of the tree over the IDs of its files.
        count: how many they are.
        named: what it came from.
        record: the hash of a document with prompt, seed, settings and order.
        payee: who gets the rest.
    """

    creator: str
    root: bytes
    count: int
    named: Named
    record: bytes
    payee: Payee

    @property
    def id(self) -> bytes:
        """Its ID."""
        return ids.batch_id(self.creator, self.named.hash, self.root)


@dataclass(frozen=True, slots=True)
class PreparedBatch:
    """A batch that is prepared and not registered yet. Nothing was sent.

    Attributes:
        creator: the wallet that registers the batch.
        items: one for each distinct content, IDs ascending.
        tree: over the IDs.
        collections: what generation read.
        models: IDs of the models it came from, ascending.
        externals: models that are not registered, ascending by weights.
        record: the hash of a document with prompt, seed, settings and order.
        payee: who gets the rest.
        odd: files that break the rules of their format, each with the reason. All their bytes
            are hashed, credentials too.
    """

    creator: str
    items: tuple[Item, ...] = field(repr=False)
    tree: IdTree = field(repr=False)
    collections: tuple[ids.Collection, ...]
    models: tuple[bytes, ...]
    externals: tuple[ids.External, ...]
    record: bytes
    payee: Payee
    odd: tuple[tuple[Path, str], ...] = ()

    @property
    def batch(self) -> Batch:
        """What is registered of it."""
        named = Named(self.collections, self.models, self.externals)
        root, count = self.tree.root, len(self.items)
        return Batch(self.creator, root, count, named, self.record, self.payee)

    @property
    def sources_hash(self) -> bytes:
        """The hash of all sources of the batch."""
        return self.batch.named.hash

    @property
    def id(self) -> bytes:
        """The batch's ID."""
        return self.batch.id


# Signed by its creator


def more_of(batch: Batch, endorsements: Sequence[Endorsement]) -> dict[str, Any]:
    """What the letter holds beside the message."""
    endorsed = {"endorsements": [each.to_text() for each in endorsements]}
    return letterparts.payee(batch.payee) | letterparts.sources(batch.named) | endorsed


def batch_of(signed: Signed) -> Batch:
    """The batch that a creator signed.

    Raises:
        InvalidInput: what is beside the message is not what was signed.
    """
    said = signed.message["message"]
    return Batch(
        signed.signer,
        from_hex(said["root"], 32, "the root"),
        documents.decimal(said["count"], "the count"),
        letterparts.sources_of(signed.more, said["sourcesHash"]),
        from_hex(said["record"], 32, "the record"),
        letterparts.payee_of(said["payee"], signed.more),
    )


def endorsements_of(signed: Signed) -> list[Endorsement]:
    """The endorsements that the creator had when signing."""
    return [Endorsement.from_text(each) for each in signed.more["endorsements"]]


def _fits(signed: Signed) -> None:
    for_contract(batch_of(signed).named.models, endorsements_of(signed))


def _words(signed: Signed, language: str = "en") -> str:
    made = batch_of(signed)
    models = [to_hex(each) for each in made.named.models]
    named = joined(models[:_SHOWN], language)
    if len(models) > _SHOWN:
        named = plural("{names} and {number} more", "{names} and {number} more",
                       len(models) - _SHOWN, language, names=named)  # fmt: skip
    said = [
        say(
            "The wallet {wallet} registers {files} as the batch {batch}, made with {models}.",
            language,
            wallet=signed.signer,
            files=plural("{number} file", "{number} files", made.count, language),
            batch=to_hex(made.id),
            models=named,
        )
    ]
    if read := len(made.named.collections):
        said.append(
            plural("Generation read {number} registered collection.",
                   "Generation read {number} registered collections.", read, language)
        )  # fmt: skip
    if others := len(made.named.externals):
        said.append(
            plural("It names {number} unregistered base model.",
                   "It names {number} unregistered base models.", others, language)
        )  # fmt: skip
    rest = made.payee.words(language)
    said.append(say("The rest of its money goes to {payee}, for good.", language, payee=rest))
    if any(made.record):
        about = to_hex(made.record)
        said.append(say("The document about it has the hash {hash}.", language, hash=about))
    if signed.more["endorsements"]:
        said.append(
            plural("It counts with {number} endorsement.", "It counts with {number} endorsements.",
                   len(endorsements_of(signed)), language)
        )  # fmt: skip
    until = utc(signed.deadline, language)
    said.append(say("Anybody can send this, once, until {time}.", language, time=until))
    return sentences(said, language)


def _remade(
    chain: int, contract: str, message: Mapping[str, Any], nonce: int, deadline: int
) -> dict[str, Any]:
    return typed.batch(
        chain, contract,
        creator=address_text(address(message["creator"], "the creator")),
        sources_hash=from_hex(message["sourcesHash"], 32, "the sources"),
        root=from_hex(message["root"], 32, "the root"),
        count=documents.decimal(message["count"], "the count"),
        record=from_hex(message["record"], 32, "the record"),
        payee=from_hex(message["payee"], 32, "the payee"),
        endorsed=message["endorsed"] is True,
        nonce=nonce, deadline=deadline,
    )  # fmt: skip


LETTER = Letter(
    "kiseki-batch-v1",
    "creator",
    _remade,
    _words,
    "is no signed batch; sign one with `kiseki output register --sign`",
    (*letterparts.PAYEE, *letterparts.SOURCES, "endorsements"),
    _fits,
)
