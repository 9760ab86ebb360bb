"""Models: registering what was trained, with everything it declares."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kiseki.chain.contract.contracts import Contract
from kiseki.chain.sending.outcome import Receipt
from kiseki.client import sources as as_contract
from kiseki.client.compared import compare, document, paid
from kiseki.client.data.data import Data, Registered
from kiseki.client.data.gates import Gate
from kiseki.client.models import lasting, manifests
from kiseki.client.models.weights import Known, Weights, find_model, read_weights
from kiseki.client.payable import payable
from kiseki.client.revenue.splits import publication, unpublished
from kiseki.client.wallet import Wallet, document_hash
from kiseki.core import ids
from kiseki.core.evidence import Evidence
from kiseki.core.keccak import keccak256
from kiseki.core.manifest import Manifest
from kiseki.core.payee import Payee, usual
from kiseki.core.split import Split
from kiseki.core.terms import Terms
from kiseki.core.values import ZERO32, to_hex
from kiseki.errors import ContractReverted, InvalidInput
from kiseki.index import MANIFEST

__all__ = ["Models", "run_document"]

_CONTRACT = "ModelRegistry"
_NO_PART = 2**256 - 1


@dataclass(frozen=True, slots=True)
class Models:
    """Developers' side; `Kiseki.models`."""

    wallet: Wallet

    @property
    def gate(self) -> Gate:
        """The allow list for models."""
        return Gate(self.wallet, _CONTRACT)

    def weights(
        self,
        file: str | Path,
        *,
        private: bool = False,
        progress: Callable[[int, int], None] = lambda *_: None,
    ) -> Weights:
        """What is registered of a file of weights: of safetensors its tensors, else the whole file.

        What it is says `Weights.form`, and if it is the whole file `Weights.reason` says why. Put
        `Weights.document` into the run's document (member ``weights``), so that a model with the
        same tensors and other metadata can be told.

        Args:
            file: of weights; of a safetensors model in several files, its
                ``….safetensors.index.json``.
            private: hidden by a salt of this wallet's; else who has the file can look it up.
            progress: called with the bytes that are read, and all there are.

        Raises:
            FilesError: it cannot be read or changed meanwhile, or one of several files is missing.
        """
        found = read_weights(file, progress)
        if not private:
            return found
        salt = self.wallet.salts.salts(self.wallet.address, [found.digest])[0]
        return replace(found, commitment=ids.commitment(found.digest, salt))

    def find(
        self,
        file: str | Path,
        *,
        run: str | Path | None = None,
        progress: Callable[[int, int], None] = lambda *_: None,
    ) -> Known:
        """The registered models that have these weights, by whatever form of their commitment.

        It tries the tensors and the whole file, with the zero salt and with each that the key store
        holds for them.

        Args:
            file: as `weights` takes it.
            run: a run's document, to tell whether the metadata is the one registered.

        Raises:
            FilesError: as `weights`, or the document cannot be read.
            InvalidInput: the document is not JSON.
        """
        return find_model(self.wallet, file, run, progress)

    def register(
        self,
        weights: Weights | bytes,
        terms: Terms,
        *,
        manifest: Manifest | None = None,
        parents: Sequence[bytes] = (),
        externals: Sequence[ids.External] = (),
        run: str | Path | bytes | None = None,
        payee: Payee | Split | str | None = None,
    ) -> Registered:
        """Registers a model of this wallet's with every source it declares.

        More than 1,024 collections are sent in parts; run again within 24 hours, it goes on where
        it stopped. Run again later or when everything is there, it sends only what is missing.

        Args:
            weights: what `weights` gave, or the commitment alone.
            terms: what it asks of those who build on it; no floor.
            manifest: what training really consumed, with weights.
            parents: IDs of the models it was made from.
            externals: base models that are not registered: a fact where there are weights and a
                document, else a problem; for good, of everything that rests on this model.
            run: code, environment and hyperparameters as a document, or its keccak256.
            payee: who gets what the terms ask, and the rest. If none is named: whoever holds the
                model's rights token, and before it is minted this wallet; ``wallet`` for this
                wallet, minted or not. A split is logged too, unless it is, so that its payees find
                themselves.

        Raises:
            InvalidInput: a source is unknown here, an item is not in its collection, or an item's
                consent has ended, so that the manifest would be false. It is looked at twice:
                before anything is sent, and right before the transaction that it is judged in.
            DifferentValues: it is registered with another run or payee.
            ContractReverted: a rule is broken, named: consent revoked, use not allowed, gate
                closed, levies above everything...
        """
        index = self.wallet.session.index
        collections = manifest.collections if manifest else ()
        self._look(manifest)
        parents = sorted(parents)
        externals = sorted(externals, key=lambda each: each.weights)
        cut = ids.parts(collections)
        sources_hash = ids.sources_hash([ids.part_hash(each) for each in cut], parents, externals)
        commitment = weights.commitment if isinstance(weights, Weights) else weights
        model = ids.model_id(self.wallet.address, commitment, sources_hash, terms.id)
        token = Payee.subject(
            self.wallet.session["RightsToken"].address,
            ids.subject(self._contract.address, model),
        )
        who = payable(usual(payee, self.wallet.address, token))
        known = int(self._contract.read("registrantOf", model), 16) != 0
        draft = model if len(cut) > 1 else ZERO32
        spec = (commitment, document_hash(run), terms.id, who.key, who.opening, draft)
        last = cut[-1] if cut else ()
        arguments = (spec, as_contract.sources(index, last, parents, externals))
        # Nothing is sent before all of that was found.
        sent = list(Data(self.wallet).put_terms(terms))
        if len(cut) > 1 and not known:
            sent += self._add_parts(model, cut, manifest)
        if known:
            there = index.model(model)
            compare(
                "model",
                model,
                [document("the run", spec[1], there.run), paid(who, there.payee)],
                "neither can be changed; other weights, sources or terms make another model",
            )
            self._contract.read("register", *arguments, sender=self.wallet.address)
        else:
            if len(cut) <= 1:  # else it is judged as of its first part
                self._look(manifest)
            sent.append(self.wallet.send(self._contract.call("register", *arguments)))
        missing = unpublished(self.wallet, [who])
        sent += [self.wallet.send(publication(self.wallet, each)) for each in missing]
        return Registered(model, tuple(sent))

    def may_be_gone(self, collections: Manifest | Iterable[bytes]) -> list[str]:
        """What of these collections is revoked or may be gone before you register, in words; look
        before you train on them, and while you do. Of a manifest only its own items count.

        A provider with a shorter notice than 30 days can end consent while you train: then nothing
        that was trained on it can be registered. What you register in time stays.

        Raises:
            NotInIndex: one is not registered.
        """
        session = self.wallet.session
        return lasting.may_be_gone(session.index, collections, session.now())

    def publish_manifest(self, model: bytes, manifest: Manifest, folder: str | Path) -> Receipt:
        """Writes the manifest as ``<model>.json`` and states its hash, so that all can check it.

        Raises:
            InvalidInput: it is another model's manifest.
        """
        # The root does not bind which collections they are: the sources do.
        if self.wallet.session.index.sources(model).collections != manifest.collections:
            raise InvalidInput(f"this is not the manifest of {to_hex(model)}")
        text = manifest.to_json()
        Path(folder).mkdir(parents=True, exist_ok=True)
        Path(folder, f"{to_hex(model)}.json").write_text(text, "utf-8")
        subject = ids.subject(self._contract.address, model)
        state = self.wallet.session["Statements"]
        return self.wallet.send(state.call("state", subject, MANIFEST, keccak256(text.encode())))

    # Anybody's side: what a manifest is worth

    def check_manifest(
        self,
        model: bytes,
        manifest: Manifest,
        progress: Callable[[int, int], None] = lambda *_: None,
    ) -> tuple[Receipt, ...]:
        """Walks a model's manifest, anybody's, until it stands as checked for good.

        Each item is shown to be in its collection, once, and not revoked with effect when the
        sources were judged. It goes on where the last walker stopped, this one or another, in as
        many transactions as it takes; run again it does the rest, or nothing.

        Args:
            manifest: what the developer published (`Manifest.from_json`).
            progress: called with the number of items walked and in all.

        Raises:
            InvalidInput: it is another model's manifest, an item is not in its collection, or a
                collection is not published.
            ContractReverted: `Challenges_ProvenFalse`, or the rule that an item breaks.
        """
        return manifests.walk(self.wallet, model, manifest, progress)

    def evidence(self, model: bytes, published: str | bytes) -> list[Evidence]:
        """All that shows that a model's published manifest is false; nothing is sent.

        Args:
            published: the text of the file, as it is.

        Raises:
            InvalidInput: it is no manifest, or not what the model's registration commits to.
        """
        return manifests.evidence_against(self.wallet.session.index, model, published)

    def challenge(self, model: bytes, published: str | bytes) -> tuple[Receipt, ...]:
        """Puts on record for good that a model's published manifest is false, if it is.

        One piece of evidence of each kind is enough; what is on record is not sent again.

        Args:
            published: the text of the file, as it is.

        Raises:
            InvalidInput: nothing shows that it is false, or it is another model's.
        """
        return manifests.challenge(self.wallet, model, published)

    # Inside

    def _look(self, manifest: Manifest | None) -> None:
        """Whether the manifest is true and consent holds, as the chain is now."""
        session = self.wallet.session
        if manifest is not None:
            lasting.must_hold(session.index, manifest, session.now())

    @property
    def _contract(self) -> Contract:
        return self.wallet.session[_CONTRACT]

    def _add_parts(
        self, model: bytes, cut: Sequence[Sequence[ids.Collection]], manifest: Manifest | None
    ) -> list[Receipt]:
        """All parts but the last, of which those already there are not sent again."""
        weight = sum(each.weight for part in cut for each in part)
        calls = []
        for number, part in enumerate(cut[:-1]):
            call = self._contract.call(
                "addPart",
                model,
                self.wallet.address,
                weight,
                number,
                as_contract.collections(part),
            )
            calls.append(call)
        there = self._parts_there(model, weight, as_contract.collections(cut[0]))
        if there == 0:
            self._look(manifest)
        return [self.wallet.send(call) for call in calls[there:]]

    def _parts_there(self, model: bytes, weight: int, first: Sequence[Any]) -> int:
        """How many parts an interrupted run has left: what the contract expects next, asked with a
        number that no part has."""
        given: Any = (model, self.wallet.address, weight, _NO_PART, first)
        try:
            self._contract.read("addPart", *given, sender=self.wallet.address)
        except ContractReverted as refusal:
            if refusal.name == "ModelRegistry_WrongPart":
                return int(refusal.values["expected"])
            if refusal.name != "ModelRegistry_DraftExpired":
                raise
        return 0


def run_document(**values: Any) -> bytes:
    """keccak256 of a run's description (code, environment, settings) as sorted JSON."""
    return keccak256(json.dumps(values, sort_keys=True, separators=(",", ":")).encode())
