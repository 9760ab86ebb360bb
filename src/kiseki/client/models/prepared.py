"""Models before they are registered, and models that their developer signed for another to bring.

A signed model is a letter (`kiseki.client.letters`): whoever has it can only register that model,
in the name of its developer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kiseki.client import consentfiles, letterparts
from kiseki.client.letters import Letter
from kiseki.client.sources import Named
from kiseki.client.wallet import Signed
from kiseki.core import ids, typed
from kiseki.core.days import utc
from kiseki.core.payee import Payee
from kiseki.core.terms import Terms
from kiseki.core.values import address, address_text, from_hex, to_hex
from kiseki.language import joined, plural, say, sentences

__all__ = ["LETTER", "PreparedModel", "model_of", "more_of"]


@dataclass(frozen=True, slots=True)
class PreparedModel:
    """A model that is prepared and not registered yet. Nothing was sent.

    Attributes:
        developer: the wallet that registers it, or signs it.
        weights: the commitment of its weights.
        terms: for models and batches that use it.
        named: what it came from.
        run: the hash of a document about its training.
        payee: who gets what its terms ask, and the rest.
    """

    developer: str
    weights: bytes
    terms: Terms
    named: Named
    run: bytes
    payee: Payee

    @property
    def id(self) -> bytes:
        """The model's ID."""
        return ids.model_id(self.developer, self.weights, self.named.hash, self.terms.id)


# Signed by its developer


def more_of(prepared: PreparedModel) -> dict[str, Any]:
    """What the letter holds beside the message."""
    return letterparts.payee(prepared.payee) | letterparts.sources(prepared.named)


def model_of(signed: Signed) -> PreparedModel:
    """The model that a developer signed.

    Raises:
        InvalidInput: what is beside the message is not what was signed.
    """
    said = signed.message["message"]
    return PreparedModel(
        signed.signer,
        from_hex(said["weights"], 32, "the weights"),
        consentfiles.terms(said["terms"]),
        letterparts.sources_of(signed.more, said["sourcesHash"]),
        from_hex(said["run"], 32, "the run"),
        letterparts.payee_of(said["payee"], signed.more),
    )


def _fits(signed: Signed) -> None:
    model_of(signed)


def _words(signed: Signed, language: str = "en") -> str:
    made = model_of(signed)
    collections, models, others = map(
        len, (made.named.collections, made.named.models, made.named.externals)
    )
    rests = [
        plural("{number} collection", "{number} collections", collections, language)
        if collections else "",
        plural("{number} registered base model", "{number} registered base models", models,
               language) if models else "",
        plural("{number} unregistered base model", "{number} unregistered base models", others,
               language) if others else "",
    ]  # fmt: skip
    said = [
        say(
            "The wallet {wallet} registers the model {model}, with the commitment {weights} of its "
            "weights.",
            language,
            wallet=signed.signer,
            model=to_hex(made.id),
            weights=to_hex(made.weights),
        ),
        say("It declares {sources}.", language,
            sources=joined([each for each in rests if each], language)),
        say("Its terms: {terms}", language, terms=made.terms.words(language, revocable=False)),
        say("Its money goes to {payee}, for good.", language, payee=made.payee.words(language)),
    ]  # fmt: skip
    if any(made.run):
        run = to_hex(made.run)
        said.append(say("The document about its training has the hash {hash}.", language, hash=run))
    until = utc(signed.deadline, language)
    said.append(say("Anybody can send this, once, until {time}.", language, time=until))
    return sentences(said, language)


def _remade(
    chain: int, contract: str, message: Mapping[str, Any], nonce: int, deadline: int
) -> dict[str, Any]:
    return typed.model(
        chain, contract,
        developer=address_text(address(message["developer"], "the developer")),
        weights=from_hex(message["weights"], 32, "the weights"),
        sources_hash=from_hex(message["sourcesHash"], 32, "the sources"),
        terms=consentfiles.terms(message["terms"]),
        run=from_hex(message["run"], 32, "the run"),
        payee=from_hex(message["payee"], 32, "the payee"),
        nonce=nonce, deadline=deadline,
    )  # fmt: skip


LETTER = Letter(
    "kiseki-model-v1",
    "developer",
    _remade,
    _words,
    "is no signed model; sign one with `kiseki model register --sign`",
    (*letterparts.PAYEE, *letterparts.SOURCES),
    _fits,
)
