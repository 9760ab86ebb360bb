"""Models: registering what was trained, with everything it declares."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from kiseki.chain.contract.contracts import Contract
from kiseki.chain.sending.outcome import Receipt
from kiseki.client import sources as as_contract
from kiseki.client.compared import compare, document, paid
from kiseki.client.data.data import Data, Registered
from kiseki.client.data.gates import Gate
from kiseki.client.letters import must_be_for
from kiseki.client.models import lasting, manifests
from kiseki.client.models.lora import Loras
from kiseki.client.models.making import Made, make
from kiseki.client.models.prepared import PreparedModel, model_of, more_of
from kiseki.client.models.stamping import Stamped, stamp_file
from kiseki.client.models.updating import Updates
from kiseki.client.models.weights import Known, Weights, find_model, read_weights
from kiseki.client.payable import payable
from kiseki.client.revenue.splits import publication, unpublished
from kiseki.client.salts import must_open_models
from kiseki.client.sources import Named
from kiseki.client.wallet import Signed, Wallet, document_hash
from kiseki.core import ids, typed
from kiseki.core.days import SIGNED_DAYS
from kiseki.core.evidence import Evidence
from kiseki.core.keccak import keccak256
from kiseki.core.manifest import Manifest
from kiseki.core.payee import Payee, usual
from kiseki.core.split import Split
from kiseki.core.terms import Terms
from kiseki.core.values import ZERO32, to_hex
from kiseki.core.weighing import Number
from kiseki.disk import texts
from kiseki.disk.tables import PLAIN, Format
from kiseki.errors import ContractReverted, InvalidInput
from kiseki.index import MANIFEST

__all__ = ["Models", "run_document"]

_CONTRACT = "ModelRegistry"
_NO_PART = 2**256 - 1


class Models:
    """What a developer does: registers, finds and checks models; `Kiseki.models`.

    Attributes:
        gate: the allow list for models.
        loras: finished LoRAs, from what their trainers wrote into the files.
        updates: what a model would rest on if it were trained anew.
    """

    def __init__(self, wallet: Wallet, data: Data) -> None:
        """Use `Kiseki.models`."""
        self.wallet = wallet
        self.gate = Gate(wallet, _CONTRACT)
        self.loras = Loras(wallet, data.openings)
        self.updates = Updates(wallet, data.openings)
        self._data = data

    def weights(
        self,
        file: str | Path,
        *,
        private: bool = False,
        progress: Callable[[int, int], None] = lambda *_: None,
    ) -> Weights:
        """Hashes a file of weights: the tensors of a safetensors file, all bytes of another file.

        `Weights.form` says which of both; `Weights.reason` says why it is the whole file. Put
        `Weights.document` into the run's document, as the member ``weights``. Then a model with the
        same tensors and other metadata can be distinguished.

        Args:
            file: of weights; of a safetensors model in several files, its
                ``….safetensors.index.json``.
            private: whether a salt of this wallet hides the hash. Otherwise everybody who has the
                file can look it up.
            progress: called with the number of bytes read and in all.

        Raises:
            FilesError: a file is missing, cannot be read or changes meanwhile.
            SaltsMissing: a private model needs a new salt, and the key store cannot open earlier
                models of this wallet.
        """
        found = read_weights(file, progress)
        if not private:
            return found
        must_open_models(self.wallet, found.digest)
        salt = self.wallet.salts.salts(self.wallet.address, [found.digest])[0]
        return replace(found, commitment=ids.commitment(found.digest, salt))

    def find(
        self,
        file: str | Path,
        *,
        run: str | Path | None = None,
        progress: Callable[[int, int], None] = lambda *_: None,
    ) -> Known:
        """Finds the registered models that have these weights.

        Tries the tensors and the whole file, without a salt and with each salt in the key store.

        Args:
            file: as `weights` takes it.
            run: the document of a run; the metadata is compared with it.

        Raises:
            FilesError: as `weights`, or the document cannot be read.
            InvalidInput: the document is not JSON.
        """
        return find_model(self.wallet, file, run, progress)

    def stamp(
        self,
        file: str | Path,
        model: bytes,
        *,
        replace: bool = False,
        progress: Callable[[int, int], None] = lambda *_: None,
    ) -> Stamped:
        """Writes into a file of weights which registered model it is; see `stamp_file`.

        Raises:
            InvalidInput, FilesError, NotInIndex: as `stamp_file`.
        """
        return stamp_file(self.wallet, file, model, replace=replace, progress=progress)

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
        publish: str | Path | None = None,
    ) -> Registered:
        """Registers a model of this wallet with all the sources that it declares.

        More than 1,024 collections are sent in parts. After an interruption, call it again within
        24 hours to go on where it stopped. A later call sends only what is missing.

        Args:
            weights: the result of `weights`, or the commitment alone.
            terms: the terms for models and batches that use this model; without a floor.
            manifest: all items that training consumed, each with its weight.
            parents: IDs of the registered base models.
            externals: base models that are not registered. Each is recorded permanently, for
                everything made with this model: as a fact if it has weights and a document,
                otherwise as a problem.
            run: code, environment and hyperparameters as a document, or its keccak256.
            payee: who gets what the terms ask, and the rest. Default: the holder of the model's
                rights token, and this wallet until the token is minted. ``wallet``: always this
                wallet. A split that is not logged yet is logged too, so that its payees find their
                money.
            publish: a folder for the manifest, whose hash is recorded too (`publish_manifest`).

        Raises:
            InvalidInput: a source is unknown on this chain, an item is not in its collection, or
                consent to an item has ended. This is checked twice: before anything is sent, and
                directly before the transaction that registers the model.
            DifferentValues: the model is registered with another run or payee.
            ContractReverted: a rule is broken, and the error names it: consent is revoked, a use is
                not allowed, a gate is closed, the levies exceed the gross.
        """
        prepared = self.prepare(
            weights, terms, manifest=manifest, parents=parents, externals=externals, run=run,
            payee=payee,
        )  # fmt: skip
        sent = self._register(prepared, manifest, None)
        if manifest is not None and publish is not None:
            sent += self._publish(prepared.id, manifest, publish)
        return Registered(prepared.id, tuple(sent))

    def prepare(
        self,
        weights: Weights | bytes,
        terms: Terms,
        *,
        manifest: Manifest | None = None,
        parents: Sequence[bytes] = (),
        externals: Sequence[ids.External] = (),
        run: str | Path | bytes | None = None,
        payee: Payee | Split | str | None = None,
    ) -> PreparedModel:
        """Everything about a model before it is registered; see `register`. Sends nothing."""
        self._look(manifest)
        named = Named(
            tuple(manifest.collections if manifest else ()),
            tuple(sorted(parents)),
            tuple(sorted(externals, key=lambda each: each.weights)),
        )
        commitment = weights.commitment if isinstance(weights, Weights) else weights
        me = self.wallet.address
        model = ids.model_id(me, commitment, named.hash, terms.id)
        token = Payee.subject(
            self.wallet.session["RightsToken"].address,
            ids.subject(self._contract.address, model),
        )
        who = payable(usual(payee, me, token))
        # Its salt, if it has one, was at hand now: only another key store can lack it.
        self.wallet.salts.give_up([model])
        return PreparedModel(me, commitment, terms, named, document_hash(run), who)

    def approve(self, prepared: PreparedModel, days: int = SIGNED_DAYS) -> Signed:
        """Signs a prepared model of this wallet, for another wallet to bring (`register_for`).

        Args:
            days: for how long anybody can bring it; a week at most, so that what was looked at now
                still holds.

        Raises:
            InvalidInput: this wallet is not the developer, or the days are none or too many.
        """
        return self.wallet.signed(self.prepare_approval(prepared, days))

    def prepare_approval(self, prepared: PreparedModel, days: int = SIGNED_DAYS) -> Signed:
        """The same before it is signed, to be shown first; see `approve`."""
        if prepared.developer != self.wallet.address:
            raise InvalidInput(f"the developer is {prepared.developer}; sign with that wallet")
        if not 1 <= days <= SIGNED_DAYS:
            raise InvalidInput(
                f"a signed model can be brought for 1 to {SIGNED_DAYS} days: an item that is "
                "revoked meanwhile would make its manifest false later"
            )
        nonce, deadline = self.wallet.fresh(days)
        message = typed.model(
            self.wallet.session.chain_id,
            self._contract.address,
            developer=prepared.developer,
            weights=prepared.weights,
            sources_hash=prepared.named.hash,
            terms=prepared.terms,
            run=prepared.run,
            payee=prepared.payee.key,
            nonce=nonce,
            deadline=deadline,
        )
        return Signed(prepared.developer, message, nonce, deadline, b"", more_of(prepared))

    def register_for(self, signed: Signed) -> Registered:
        """Registers a model in the name of its developer, who signed it (`approve`).

        Call it again to send only what is missing.

        Raises:
            InvalidInput: it is for another chain or suite. Nothing was sent.
            ContractReverted: as `register`; `Signed_…`, it ran out or was cancelled.
        """
        must_be_for(self.wallet.session, signed)
        prepared = model_of(signed)
        return Registered(prepared.id, tuple(self._register(prepared, None, signed)))

    def manifest(
        self,
        files: str | Path | Iterable[str | Path] = (),
        *,
        table: str | Path | None = None,
        form: Format = PLAIN,
        whole: Sequence[bytes] = (),
        among: Sequence[bytes] = (),
        weights: Mapping[bytes, Number] | None = None,
        progress: Callable[[int, int], None] = lambda *_: None,
    ) -> Made:
        """Makes a manifest of the files that training consumed. Sends nothing.

        The key store must be able to place each file: it prepared the collection, or a receipt was
        taken in (`data.openings.receive`).

        Args:
            files: files or folders, each with weight 1; several with one content add up.
            table: with the columns ``weight`` and ``file`` or ``sha256``: some consumed more often.
            form: how the table is to be read, where it does not say so itself.
            whole: IDs of collections of which training consumed every item once.
            among: IDs of collections to choose, where a file is in several.
            weights: in place of counts, by IDs of items or collections; see `core.weighing`.
            progress: called with the number of files hashed and in all.

        Raises:
            InvalidInput: a file is unknown, not registered, or in several collections; as `weigh`.
            FilesError: a file cannot be read.
        """
        return make(
            self._data.openings, files, table=table, form=form, whole=whole, among=among,
            weights=weights, progress=progress,
        )  # fmt: skip

    def may_be_gone(self, collections: Manifest | Iterable[bytes]) -> list[str]:
        """Says what of these collections is revoked, or may end before you register a model.

        Of a manifest only its own items count.

        Look before you train, and while you train. A provider whose notice is shorter than 30 days
        can end consent during the training; then a model trained on that collection cannot be
        registered. A model that is registered in time stays registered.

        Raises:
            NotInIndex: a collection is not registered.
        """
        index = self.wallet.session.index
        return lasting.may_be_gone(index, collections, index.time)

    def publish_manifest(
        self, model: bytes, manifest: Manifest, folder: str | Path
    ) -> tuple[Receipt, ...]:
        """Writes the manifest as ``<model>.json`` and records its hash, so anybody can check it.

        Sends nothing if this wallet recorded the same hash before; a rehearsal writes no file.

        Raises:
            InvalidInput: the manifest belongs to another model.
            FilesError: it cannot be written; nothing was sent.
        """
        self._must_be_of(model, manifest)
        return tuple(self._publish(model, manifest, folder))

    def write_manifest(self, model: bytes, manifest: Manifest, folder: str | Path) -> bytes:
        """Writes the manifest as ``<model>.json``; its keccak256, which its developer states.

        Raises:
            InvalidInput, FilesError: as `publish_manifest`.
        """
        self._must_be_of(model, manifest)
        return self._write(model, manifest, folder)

    # Anybody's side: what a manifest is worth

    def check_manifest(
        self,
        model: bytes,
        manifest: Manifest,
        progress: Callable[[int, int], None] = lambda *_: None,
    ) -> tuple[Receipt, ...]:
        """Checks the whole manifest of any model on the chain; the result is permanent.

        Proves for each item that it is in its collection, that it is there once, and that consent
        held when the model was registered. Sends as many transactions as that needs, and begins
        where the last check stopped. Call it again to go on after an interruption.

        Args:
            manifest: what the developer published (`Manifest.from_json`).
            progress: called with the number of items walked and in all.

        Raises:
            InvalidInput: the manifest belongs to another model, an item is not in its collection,
                or a collection is not published.
            ContractReverted: `Challenges_ProvenFalse`, or the rule that an item breaks.
        """
        return manifests.walk(self.wallet, model, manifest, progress)

    def evidence(self, model: bytes, published: str | bytes) -> list[Evidence]:
        """Finds all evidence that a model's published manifest is false. Sends nothing.

        Args:
            published: the exact text of the published file.

        Raises:
            InvalidInput: the text is no manifest, or not the manifest that the model's registration
                commits to.
        """
        return manifests.evidence_against(self.wallet.session.index, model, published)

    def challenge(self, model: bytes, published: str | bytes) -> tuple[Receipt, ...]:
        """Records permanently that a model's published manifest is false, if there is evidence.

        Sends one piece of evidence of each kind that is not on record yet.

        Args:
            published: the exact text of the published file.

        Raises:
            InvalidInput: there is no evidence, or the manifest belongs to another model.
        """
        return manifests.challenge(self.wallet, model, published)

    # Inside

    def _register(
        self, made: PreparedModel, manifest: Manifest | None, signed: Signed | None
    ) -> list[Receipt]:
        """Sends what is missing of a model.

        Args:
            manifest: what is looked at again directly before it is registered.
            signed: by its developer, if another wallet brings it.
        """
        cut = ids.parts(made.named.collections)
        known = int(self._contract.read("registrantOf", made.id), 16) != 0
        draft = made.id if len(cut) > 1 else ZERO32
        who = made.payee
        spec = (made.weights, made.run, made.terms.id, who.key, who.opening, draft)
        index = self.wallet.session.index
        last = cut[-1] if cut else ()
        arguments = (
            spec, as_contract.sources(index, last, made.named.models, made.named.externals)
        )  # fmt: skip
        # Nothing is sent before all of that was found.
        sent = list(self._data.put_terms(made.terms))
        if len(cut) > 1 and not known:
            sent += self._add_parts(made, cut, manifest)
        if known:
            there = index.model(made.id)
            compare(
                "model",
                made.id,
                [document("the run", made.run, there.run), paid(who, there.payee)],
                "neither can be changed; other weights, sources or terms make another model",
            )
            self._contract.read("register", *arguments, sender=made.developer)
        else:
            if len(cut) <= 1:  # else it is judged as of its first part
                self._look(manifest)
            call = (
                self._contract.call("register", *arguments)
                if signed is None
                else self._contract.call("registerFor", made.developer, *arguments, signed.approval)
            )
            sent.append(self.wallet.send(call))
        missing = unpublished(self.wallet, [who])
        return sent + [self.wallet.send(publication(self.wallet, each)) for each in missing]

    def _publish(self, model: bytes, manifest: Manifest, folder: str | Path) -> list[Receipt]:
        session, me = self.wallet.session, self.wallet.address.lower()
        document = self._write(model, manifest, folder)
        stated = session.index.statements(_CONTRACT, model)
        if any((e.speaker, e.kind, e.document) == (me, MANIFEST, document) for e in stated):
            return []
        subject = ids.subject(self._contract.address, model)
        return [self.wallet.send(session["Statements"].call("state", subject, MANIFEST, document))]

    def _write(self, model: bytes, manifest: Manifest, folder: str | Path) -> bytes:
        """A rehearsal writes no file."""
        text = manifest.to_json()
        if self.wallet.sender.sends:
            texts.write(Path(folder, f"{to_hex(model)}.json"), text, folder=True)
        return keccak256(text.encode())

    def _must_be_of(self, model: bytes, manifest: Manifest) -> None:
        # The root does not bind which collections they are: the sources do.
        if self.wallet.session.index.sources(model).collections != manifest.collections:
            raise InvalidInput(f"this is not the manifest of {to_hex(model)}")

    def _look(self, manifest: Manifest | None) -> None:
        """Whether the manifest is true and consent holds, as the chain is now."""
        session = self.wallet.session
        if manifest is not None:
            lasting.must_hold(session.index, manifest, session.now())

    @property
    def _contract(self) -> Contract:
        return self.wallet.session[_CONTRACT]

    def _add_parts(
        self,
        made: PreparedModel,
        cut: Sequence[Sequence[ids.Collection]],
        manifest: Manifest | None,
    ) -> list[Receipt]:
        """All parts but the last, of which those already there are not sent again."""
        weight = sum(each.weight for part in cut for each in part)
        calls = []
        for number, part in enumerate(cut[:-1]):
            given = (made.id, made.developer, weight, number, as_contract.collections(part))
            calls.append(self._contract.call("addPart", *given))
        there = self._parts_there(made, weight, as_contract.collections(cut[0]))
        if there == 0:
            self._look(manifest)
        return [self.wallet.send(call) for call in calls[there:]]

    def _parts_there(self, made: PreparedModel, weight: int, first: Sequence[Any]) -> int:
        """How many parts an interrupted run has left: what the contract expects next, asked with a
        number that no part has."""
        given: Any = (made.id, made.developer, weight, _NO_PART, first)
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
