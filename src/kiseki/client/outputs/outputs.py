"""Outputs: registering batches of generated files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kiseki.chain.contract.contracts import Call, Contract
from kiseki.chain.sending.outcome import Receipt
from kiseki.client import sources as as_contract
from kiseki.client.compared import compare, document, paid
from kiseki.client.data.data import Registered
from kiseki.client.data.prepared import items_of
from kiseki.client.documents import Documents
from kiseki.client.letters import must_be_for
from kiseki.client.outputs.endorsements import Endorsement, for_contract
from kiseki.client.outputs.prepared import (
    Batch,
    PreparedBatch,
    batch_of,
    endorsements_of,
    more_of,
)
from kiseki.client.outputs.verify import Verification, verify_output
from kiseki.client.payable import payable
from kiseki.client.revenue.splits import publication, unpublished
from kiseki.client.wallet import Signed, Wallet, document_hash
from kiseki.core import ids, typed
from kiseki.core.counts import counted
from kiseki.core.days import SIGNED_DAYS
from kiseki.core.merkle import SLICE, IdTree
from kiseki.core.payee import Payee, usual
from kiseki.core.split import Split
from kiseki.core.values import ZERO32, to_hex
from kiseki.errors import InvalidInput
from kiseki.vault.doubts import Decide, refuse
from kiseki.vault.files import HashedFile, HashedOutput, hash_outputs
from kiseki.vault.published import Published
from kiseki.vault.taking import taken

__all__ = ["Outputs", "PreparedBatch"]

_CONTRACT = "OutputRegistry"


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
        hashed = taken(files, hash_outputs, progress, doubtful, tell)
        return self.of_hashed(
            hashed, models, collections=collections, externals=externals, record=record, payee=payee
        )

    def of_hashed(
        self,
        hashed: Sequence[HashedOutput],
        models: Sequence[bytes],
        *,
        collections: Sequence[bytes] = (),
        externals: Sequence[ids.External] = (),
        record: str | Path | bytes | None = None,
        payee: Payee | Split | str | None = None,
    ) -> PreparedBatch:
        """The same of files that are hashed already (`kiseki.vault.files.hash_outputs`)."""
        creator = self.wallet.address
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

    def approve(
        self,
        prepared: PreparedBatch,
        endorsements: Iterable[Endorsement] = (),
        days: int = SIGNED_DAYS,
    ) -> Signed:
        """Signs a prepared batch of this wallet, for another wallet to bring (`register_for`).

        Args:
            endorsements: of developers, which must be brought along.
            days: for how long anybody can bring it.

        Raises:
            InvalidInput: this wallet is not the creator, or as `register`.
        """
        return self.wallet.signed(self.prepare_approval(prepared, endorsements, days))

    def prepare_approval(
        self,
        prepared: PreparedBatch,
        endorsements: Iterable[Endorsement] = (),
        days: int = SIGNED_DAYS,
    ) -> Signed:
        """The same before it is signed, to be shown first; see `approve`."""
        self._must_be(prepared.creator)
        index, given, batch = self.wallet.session.index, list(endorsements), prepared.batch
        for_contract(batch.named.models, given)
        endorsed, mine = {each.model for each in given}, prepared.creator.lower()
        nonce, deadline = self.wallet.fresh(days)
        message = typed.batch(
            self.wallet.session.chain_id,
            self._contract.address,
            creator=batch.creator,
            sources_hash=batch.named.hash,
            root=batch.root,
            count=batch.count,
            record=batch.record,
            payee=batch.payee.key,
            endorsed=all(
                model in endorsed or index.model(model).developer == mine
                for model in batch.named.models
            ),
            nonce=nonce,
            deadline=deadline,
        )
        return Signed(batch.creator, message, nonce, deadline, b"", more_of(batch, given))

    def register(
        self,
        prepared: PreparedBatch,
        *,
        endorsements: Iterable[Endorsement] = (),
        publish: bool = True,
    ) -> Registered:
        """Registers a prepared batch and logs its commitments, in slices of 4,000.

        Call it again to send only what is missing.

        Args:
            endorsements: the endorsements of developers (`endorse`), at most one for each model.

        Raises:
            InvalidInput: an endorsement is for no model of the batch, or two are for one.
            ContractReverted: a rule is broken, named; `OutputRegistry_EndorsementExpired` names
                the model.
        """
        self._must_be(prepared.creator)
        return self._register(prepared.batch, prepared if publish else None, endorsements, None)

    def register_for(
        self,
        signed: Signed,
        files: str | Path | Iterable[str | Path] | None = None,
        *,
        endorsements: Iterable[Endorsement] = (),
        progress: Callable[[int, int], None] = lambda *_: None,
        doubtful: Decide = refuse,
        tell: Callable[[str], None] = lambda _: None,
    ) -> Registered:
        """Registers a batch in the name of its creator, who signed it (`approve`).

        Call it again to send only what is missing.

        Args:
            files: of the batch, whose commitments are logged too. Without them only their root is
                registered, which nobody can look a file up in.
            endorsements: of developers, beside those that the creator had.
            progress, doubtful, tell: see `prepare`.

        Raises:
            InvalidInput: it is for another chain or suite, or the files are not those that were
                signed. Nothing was sent.
            ContractReverted: as `register`; `Signed_…`, it ran out or was cancelled.
        """
        must_be_for(self.wallet.session, signed)
        batch, prepared = batch_of(signed), None
        if files is not None:
            hashed = taken(files, hash_outputs, progress, doubtful, tell)
            prepared = _prepared(batch, hashed)
            if prepared.tree.root != batch.root:
                raise InvalidInput(
                    f"these are {counted(len(prepared.items), 'file')}, and not the "
                    f"{batch.count:,} that {signed.signer} signed; name those, or none to "
                    "register their root alone"
                )
        given = {each.model: each for each in (*endorsements_of(signed), *endorsements)}
        return self._register(batch, prepared, given.values(), signed)

    def verify(
        self,
        file: str | Path,
        *,
        traced_only: bool = False,
        documents: str | Path | None = None,
    ) -> Verification:
        """Says what is on record about a file, as one sentence and as findings.

        Looks up the file without its credentials first, then with all its bytes.

        Args:
            traced_only: whether every base model that is not registered is a problem.
            documents: a folder of published documents. Runs and manifests among them are held
                against what its models declare.

        Raises:
            FilesError: the file cannot be read, or the folder is none.
        """
        (found,) = hash_outputs([Path(file)])
        told = Documents(Published(documents))
        return verify_output(self.wallet.session, found, traced_only=traced_only, documents=told)

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

    def _must_be(self, creator: str) -> None:
        if creator != self.wallet.address:
            raise InvalidInput(
                f"this wallet is {self.wallet.address} and the creator {creator}; act with the "
                "creator's wallet, or let the creator sign the batch (`kiseki output register "
                "--sign`)"
            )

    def _register(
        self,
        batch: Batch,
        published: PreparedBatch | None,
        endorsements: Iterable[Endorsement],
        signed: Signed | None,
    ) -> Registered:
        named = batch.named
        spec = (
            batch.record,
            batch.payee.key,
            batch.payee.opening,
            for_contract(named.models, endorsements),
        )
        sources = as_contract.sources(
            self.wallet.session.index, named.collections, named.models, named.externals
        )
        whole = (batch.root, batch.count)
        commitments = [item.commitment for item in published.items] if published else []
        sent: list[Receipt] = []
        in_one = False
        if int(self._contract.read("registrantOf", batch.id), 16) == 0:

            def registration(name: str, *what: Any) -> Call:
                given = (*what, spec, sources)
                if signed is not None:
                    name, given = f"{name}For", (batch.creator, *given, signed.approval)
                call: Call = self._contract.call(name, *given)
                return call

            in_one = 0 < len(commitments) <= SLICE
            call = registration("register", commitments) if in_one else None
            # A full slice and many ancestors are too much for one transaction.
            if call is None or not self.wallet.sender.fits(call):
                call, in_one = registration("commit", *whole), False
            sent.append(self.wallet.send(call))
        else:
            there = self.wallet.session.index.batch(batch.id)
            compare(
                "batch",
                batch.id,
                [
                    ("the number of outputs", f"{batch.count:,}", f"{there.count:,}"),
                    document("the record", batch.record, there.record),
                    paid(batch.payee, there.payee),
                ],
                "none of it can be changed; other files or models make another batch",
            )
            self._contract.read("commit", *whole, spec, sources, sender=batch.creator)
        if published is not None and not in_one:
            sent += self._publish(published, commitments)
        if published is not None:
            missing = unpublished(self.wallet, [batch.payee])
            sent += [self.wallet.send(publication(self.wallet, each)) for each in missing]
        return Registered(batch.id, tuple(sent))

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


def _prepared(batch: Batch, hashed: Sequence[HashedFile]) -> PreparedBatch:
    """A batch with files, which need not be its own."""
    items = items_of(batch.creator, hashed, [ZERO32] * len(hashed))
    tree, named = IdTree([item.id for item in items]), batch.named
    return PreparedBatch(
        batch.creator, tuple(items), tree, named.collections, named.models, named.externals,
        batch.record, batch.payee,
    )  # fmt: skip
