"""Which contracts there are, of which release, and where.

Registries, splitter, rights token and identities are on a chain once, because consents, IDs and
payees name their addresses. A release adds contracts beside them, or replaces some of its
predecessor's for whatever is new; those that it replaces stay where they are and go on working.

Addresses follow from the code (CREATE2 through the deterministic deployment proxy that most chains
have), so they are the same on every chain and known before anything is sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from kiseki.chain.contract.artifacts import RELEASE_FILE, Artifact, load, release_folders
from kiseki.chain.release.proxy import PROXY
from kiseki.core.checksum import checksummed
from kiseki.core.keccak import keccak256
from kiseki.core.values import ZERO32

__all__ = ["ONCE", "Place", "Release", "addresses", "names", "newest", "places", "releases"]

ONCE = frozenset(
    ("RevenueSplitter", "RightsMetadata", "RightsToken", "DataRegistry", "ModelRegistry",
     "OutputRegistry", "Identities")
)  # fmt: skip
"""What a chain has once, from the first release."""

_FORMAT = "kiseki-release-v1"


@dataclass(frozen=True, slots=True)
class Place:
    """One contract of a release and where it is, on every chain.

    Attributes:
        release: of which.
        name: as in Solidity.
        address: checksummed.
        artifact: its code, ABI and storage layout.
        arguments: what its constructor takes: contract and address of each.
    """

    release: str
    name: str
    address: str
    artifact: Artifact
    arguments: tuple[tuple[str, str], ...]

    @property
    def key(self) -> str:
        """Release and name, which is one of a kind."""
        return f"{self.release}/{self.name}"

    @property
    def creation_code(self) -> bytes:
        """What puts it on a chain: its code, and the constructor's arguments after it."""
        return _creation_code(self.artifact, [at for _, at in self.arguments])


@dataclass(frozen=True, slots=True)
class Release:
    """Contracts that are put on a chain together.

    Attributes:
        name: its version.
        contracts: every contract that it adds or replaces, each after those that it needs.
    """

    name: str
    contracts: tuple[Place, ...]


@cache
def releases() -> tuple[Release, ...]:
    """Every release that this version of Kiseki knows, oldest first.

    Raises:
        ValueError: a later one has a contract that a chain has once.
    """
    found: list[Release] = []
    known: dict[str, str] = {}
    for folder in release_folders():
        about = json.loads((folder / RELEASE_FILE).read_text("utf-8"))
        if about["format"] != _FORMAT:
            raise ValueError(f"the release {folder.name} is of another format: {about['format']}")
        contracts = []
        for name, needed in about["contracts"].items():
            if found and name in ONCE:
                raise ValueError(f"the release {folder.name} has {name}, which a chain has once")
            built = load(folder, name)
            arguments = tuple((each, known[each]) for each in needed)
            known[name] = _address(_creation_code(built, [at for _, at in arguments]))
            contracts.append(Place(folder.name, name, known[name], built, arguments))
        found.append(Release(folder.name, tuple(contracts)))
    return tuple(found)


@cache
def places() -> tuple[Place, ...]:
    """Every contract of every release, oldest first."""
    return tuple(place for release in releases() for place in release.contracts)


@cache
def newest() -> Mapping[str, Place]:
    """By name the contract that new things go to; each after those that it needs."""
    found: dict[str, Place] = {}
    for place in places():
        found.pop(place.name, None)  # so that what replaces it stands after what that needs
        found[place.name] = place
    return found


@cache
def addresses() -> Mapping[str, str]:
    """By name the address of the contract that new things go to."""
    return {name: place.address for name, place in newest().items()}


@cache
def names() -> Mapping[str, str]:
    """Address, in lower case -> name, of every contract of every release."""
    return {place.address.lower(): place.name for place in places()}


def _creation_code(built: Artifact, arguments: list[str]) -> bytes:
    words = [bytes(12) + bytes.fromhex(at[2:]) for at in arguments]
    return built.creation_code + b"".join(words)


def _address(creation_code: bytes) -> str:
    """Where the proxy puts it (EIP-1014)."""
    made = b"\xff" + bytes.fromhex(PROXY[2:]) + ZERO32 + keccak256(creation_code)
    return checksummed(keccak256(made)[12:])
