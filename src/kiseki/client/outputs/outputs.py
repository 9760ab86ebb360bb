"""Outputs: registering batches of generated files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kiseki.chain.contract.contracts import Call, Contract
from kiseki.chain.sending.outcome import Receipt
from kiseki.client import sources as as_contract
from kiseki.client.compared import compare, document, paid
from kiseki.client.data.data import Registered
from kiseki.client.data.prepared import Item, items_of
from kiseki.client.outputs.endorsements import Endorsement, for_contract
from kiseki.client.outputs.verify import Verification, verify_output
from kiseki.client.payable import payable
from kiseki.client.revenue.splits import publication, unpublished
from kiseki.client.wallet import Signed, Wallet, document_hash
from kiseki.core import ids, typed
from kiseki.core.merkle import SLICE, IdTree
from kiseki.core.payee import Payee, usual
from kiseki.core.split import Split
from kiseki.core.values import ZERO32, to_hex
from kiseki.errors import InvalidInput
from kiseki.vault.doubts import Decide, refuse
from kiseki.vault.files import hash_outputs
from kiseki.vault.taking import taken

__all__ = ["Outputs", "PreparedBatch"]

_CONTRACT = "OutputRegistry"


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
    def sources_hash(self) -> bytes:
        """The hash of all sources of the batch."""
        parts = [ids.part_hash(each) for each in ids.parts(self.collections)]
        return ids.sources_hash(parts, self.models, self.externals)

    @property
    def id(self) -> bytes:
        """The batch's ID."""
        return ids.batch_id(self.creator, self.sources_hash, self.tree.root)


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a creator does: registers and verifies outputs; `Kiseki.outputs`."""

    wallet: Wallet

    def prepare(
        self,
        files: str | Path | Iterable[str | Path],
        models: Sequence[bytes],
        *,
        collections: Sequence[bytes] = (),
        externals: Sequence[ids.External] = (),
        record: str | Path | bytes | None = None,
        payee: Payee | Split | str | None = None,
        progress: Callable[[int, int], None] = lambda *_: None,
        doubtful: Decide = refuse,
        tell: Callable[[str], None] = lambda _: None,
    ) -> PreparedBatch:
        """Hashes files into a batch. Sends nothing.

        There is no secret salt, so everybody who has a file can find it. A file is hashed without
        its credentials (C2PA), so its ID does not depend on them.

        Args:
            models: IDs of the models that generated the files; at least one.
            collections: IDs of collections that generation read.
            externals: models that are not registered. Each is recorded permanently: as a fact if it
                has weights and a document, otherwise as a problem.
            payee: who gets the rest. Default: the holder of the batch's rights token, and this
                wallet until the token is minted. ``wallet``: always this wallet.
            doubtful: what becomes of files that are probably no outputs (`kiseki.vault.doubts`).
            tell: called with what is passed over and what is the same, in words.
        """
        creator = self.wallet.address
        hashed = taken(files, hash_outputs, progress, doubtful, tell)
        items = items_of(creator, hashed, [ZERO32] * len(hashed))
        read = tuple(ids.Collection(each, ZERO32, 1) for each in sorted(collections))
        prepared = PreparedBatch(
            creator=creator,
            items=tuple(items),
            tree=IdTree([item.id for item in items]),
            collections=read,
            models=tuple(sorted(models)),
            externals=tuple(sorted(externals, key=lambda each: each.weights)),
            record=document_hash(record),
            payee=payable(creator),
            odd=tuple((each.path, each.odd) for each in hashed if each.odd),
        )
        token = Payee.subject(
            self.wallet.session["RightsToken"].address,
            ids.subject(self._contract.address, prepared.id),
        )
        return replace(prepared, payee=payable(usual(payee, creator, token)))

    def endorse(self, model: bytes, prepared: PreparedBatch, until: int) -> Endorsement:
        """Signs, as the developer of `model`, that a batch may use it, even if its gate says no.

        Args:
            prepared: the creator's batch with all its sources, because the ID depends on them.
            until: the last second at which the endorsement is valid, in Unix seconds.

        Raises:
            InvalidInput: the batch does not name the model.
        """
        if model not in prepared.models:
            raise InvalidInput(f"the batch does not rest on the model {to_hex(model)}")
        message = typed.endorsement(
            self.wallet.session.chain_id,
            self._contract.address,
            developer=self.wallet.address,
            model=model,
            batch=prepared.id,
            deadline=until,
        )
        return Endorsement(model, until, self.wallet.sign(message, 0, until).signature)

    def approve(self, prepared: PreparedBatch, endorsed: Iterable[bytes] = ()) -> Signed:
        """Signs a prepared batch of this wallet, for another wallet to submit.

        Args:
            endorsed: IDs of the models whose endorsements must be submitted with the batch.
        """
        index, given = self.wallet.session.index, set(endorsed)
        mine = prepared.creator.lower()
        nonce, deadline = self.wallet.fresh()
        message = typed.batch(
            self.wallet.session.chain_id,
            self._contract.address,
            creator=prepared.creator,
            sources_hash=prepared.sources_hash,
            root=prepared.tree.root,
            count=len(prepared.items),
            record=prepared.record,
            payee=prepared.payee.key,
            endorsed=all(
                model in given or index.model(model).developer == mine for model in prepared.models
            ),
            nonce=nonce,
            deadline=deadline,
        )
        return self.wallet.sign(message, nonce, deadline)

    def register(
        self,
        prepared: PreparedBatch,
        *,
        endorsements: Iterable[Endorsement] = (),
        approval: Signed | None = None,
        publish: bool = True,
    ) -> Registered:
        """Registers a prepared batch and logs its commitments, in slices of 4,000.

        Call it again to send only what is missing.

        Args:
            endorsements: the endorsements of developers (`endorse`), at most one for each model.
            approval: the signature of the creator, if another wallet submits.

        Raises:
            InvalidInput: an endorsement is for no model of the batch, or two are for one.
            ContractReverted: a rule is broken, named; `OutputRegistry_EndorsementExpired` names
                the model.
        """
        if approval is None and prepared.creator != self.wallet.address:
            raise InvalidInput(
                f"this wallet is {self.wallet.address} and the creator {prepared.creator}; "
                "act with the creator's wallet, or submit with its signed approval"
            )
        index = self.wallet.session.index
        spec = (
            prepared.record,
            prepared.payee.key,
            prepared.payee.opening,
            for_contract(prepared.models, endorsements),
        )
        sources = as_contract.sources(
            index, prepared.collections, prepared.models, prepared.externals
        )
        whole = (prepared.tree.root, len(prepared.items))
        commitments = [item.commitment for item in prepared.items]
        sent: list[Receipt] = []
        in_one = False
        if int(self._contract.read("registrantOf", prepared.id), 16) == 0:

            def registration(name: str, *what: Any) -> Call:
                given = (*what, spec, sources)
                if approval is not None:
                    name, given = f"{name}For", (prepared.creator, *given, approval.approval)
                call: Call = self._contract.call(name, *given)
                return call

            in_one = publish and len(commitments) <= SLICE
            call = registration("register", commitments) if in_one else None
            # A full slice and many ancestors are too much for one transaction.
            if call is None or not self.wallet.sender.fits(call):
                call, in_one = registration("commit", *whole), False
            sent.append(self.wallet.send(call))
        else:
            there = index.batch(prepared.id)
            compare(
                "batch",
                prepared.id,
                [
                    ("the number of outputs", f"{whole[1]:,}", f"{there.count:,}"),
                    document("the record", prepared.record, there.record),
                    paid(prepared.payee, there.payee),
                ],
                "none of it can be changed; other files or models make another batch",
            )
            self._contract.read("commit", *whole, spec, sources, sender=prepared.creator)
        if publish and not in_one:
            sent += self._publish(prepared, commitments)
        if publish:
            missing = unpublished(self.wallet, [prepared.payee])
            sent += [self.wallet.send(publication(self.wallet, each)) for each in missing]
        return Registered(prepared.id, tuple(sent))

    def verify(self, file: str | Path, *, traced_only: bool = False) -> Verification:
        """Says what is on record about a file, as one sentence and as findings.

        Looks up the file without its credentials first, then with all its bytes.

        Args:
            traced_only: whether every base model that is not registered is a problem.

        Raises:
            FilesError: the file cannot be read.
        """
        (found,) = hash_outputs([Path(file)])
        return verify_output(self.wallet.session, found, traced_only=traced_only)

    def payee(self, batch: bytes) -> Payee:
        """The payee of a batch, which is its split.

        Raises:
            NotInIndex: there is no such batch on this chain.
        """
        index = self.wallet.session.index
        return payable(index.split(index.batch(batch).split).split)

    @property
    def _contract(self) -> Contract:
        return self.wallet.session[_CONTRACT]

    def _publish(self, prepared: PreparedBatch, commitments: list[bytes]) -> list[Receipt]:
        logged = set(self.wallet.session.index.batch(prepared.id).published)
        opening = (prepared.tree.root, prepared.sources_hash)
        parts = [commitments[at : at + SLICE] for at in range(0, len(commitments), SLICE)]
        calls = (
            self._contract.call(
                "publish", prepared.id, opening, part, list(prepared.tree.slice_proof(k))
            )
            for k, part in enumerate(parts)
            if not logged.issuperset(part)
        )
        return [each.result for each in self.wallet.send_all(calls)]
