"""A registered model with its run, sources and file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kiseki.client.kiseki import Kiseki
from kiseki.client.models.weights import read_weights
from kiseki.core import ids
from kiseki.core.checksum import checksummed
from kiseki.core.keccak import keccak256
from kiseki.core.run import Run
from kiseki.core.values import ZERO32, to_hex
from kiseki.errors import InvalidInput
from kiseki.index import CollectionRecord, ModelRecord
from kiseki.vault.files import hash_files

__all__ = ["Origin", "moment", "origin_of"]


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known of a model.

    Attributes:
        model: its record on the chain.
        run, document: what its run's document says, and its hash.
        collections: each with its record and the weight that the model declares.
        parents: IDs of the registered base models.
        externals: base models that are not registered.
        file, digest: the name of the file, and SHA-256 of all its bytes, 32 bytes.
        registries: addresses of the registries of data and models, with checksums.
        chain_id: of the chain.
    """

    model: ModelRecord
    run: Run
    document: bytes
    collections: tuple[tuple[CollectionRecord, int], ...]
    parents: tuple[bytes, ...]
    externals: tuple[ids.External, ...]
    file: str
    digest: bytes
    registries: tuple[str, str]
    chain_id: int

    @property
    def developer(self) -> str:
        """The wallet, as an identifier that other tools know (did:pkh)."""
        return f"did:pkh:eip155:{self.chain_id}:{checksummed(self.model.developer)}"

    @property
    def namespace(self) -> str:
        """Of everything that this suite registers (CAIP-10)."""
        return f"eip155:{self.chain_id}:{self.registries[1]}"

    def name(self, kind: str, group: bytes) -> str:
        """A name of something registered, the same in every form."""
        registry = self.registries[0 if kind == "collection" else 1]
        return f"urn:kiseki:{kind}:eip155:{self.chain_id}:{registry}:{to_hex(group)}"


def origin_of(k: Kiseki, model: bytes, weights: str | Path, document: bytes) -> Origin:
    """What chain, run's document and file say of a model.

    Args:
        weights: the published file.
        document: the run's document.

    Raises:
        NotInIndex: no such model is registered on this chain.
        InvalidInput: the document or the weights are not the model's.
        FilesError: the file cannot be read.
    """
    index = k.index
    record, sources = index.model(model), index.sources(model)
    if keccak256(document) != record.run:
        raise InvalidInput(f"the document is not that of the model {to_hex(model)}")
    found = read_weights(weights)
    salts = [ZERO32, *(salt for _, salt in k.salts.held([found.digest]))]
    if record.weights not in {ids.commitment(found.digest, each) for each in salts}:
        raise InvalidInput(
            f"{weights} does not have the weights of the model {to_hex(model)}, or a salt hides "
            "them that this key store does not hold"
        )
    (hashed,) = hash_files([Path(weights)])
    return Origin(
        record, Run.from_json(document), record.run,
        tuple((index.collection(each.id), each.weight) for each in sources.collections),
        sources.models, sources.externals, Path(weights).name, hashed.digest,
        (checksummed(k.session["DataRegistry"].address),
         checksummed(k.session["ModelRegistry"].address)),
        k.session.chain_id,
    )  # fmt: skip


def moment(seconds: int) -> str:
    """A time as programs exchange it (RFC 3339): ``2027-12-31T14:05:00Z``."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
