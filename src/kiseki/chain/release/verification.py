"""Whether what is on a chain is what is in this repository, for us and for others to see.

Code is compared byte for byte: the creation code is run at its own address by a call that changes
nothing, so constructor arguments and immutables are compared too. Explorers are given the whole
compiler input, from which they make the same code themselves.

Sources: docs.etherscan.io/contract-verification/verify-with-api, Sourcify's APIv2
(docs.sourcify.dev), docs.soliditylang.org/en/latest/metadata.html; UnixFS and dag-pb of IPFS.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiseki.chain.contract.artifacts import Artifact, artifact
from kiseki.chain.contract.contracts import results
from kiseki.chain.node import Node
from kiseki.chain.release.releases import newest, places
from kiseki.core.keccak import keccak256
from kiseki.core.values import from_hex, one_line, to_hex
from kiseki.disk import texts
from kiseki.errors import ChainError, FilesError, InvalidInput

if TYPE_CHECKING:
    import requests

__all__ = [
    "ETHERSCAN",
    "SOURCIFY",
    "Checked",
    "check",
    "checkout",
    "compiler_input",
    "constructor_arguments",
    "metadata_hash",
    "submit_to_etherscan",
    "submit_to_sourcify",
    "write_inputs",
]

ETHERSCAN = "https://api.etherscan.io/v2/api"
SOURCIFY = "https://sourcify.dev/server"

_SECONDS = 30.0
"""For one request."""

_TRIES = 60
"""How often an explorer is asked whether it has finished."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A contract on a chain beside this release's.

    Attributes:
        name: the contract.
        address: where it must be.
        is_there: whether any code is.
        same_code: whether it is this release's, immutables included.
        same_metadata: whether the hash in it is that of this release's metadata, and so of every
            source file and setting.
        is_newest: whether no later release replaces it.
    """

    name: str
    address: str
    is_there: bool
    same_code: bool
    same_metadata: bool
    is_newest: bool

    @property
    def is_right(self) -> bool:
        """Whether nothing is wrong."""
        return self.same_code and self.same_metadata

    @property
    def said(self) -> str:
        """In words."""
        if not self.is_there:
            return "not there"
        if self.is_right:
            return "the same, to the byte"
        return "other code" if not self.same_code else "other metadata"


def check(node: Node) -> list[Checked]:
    """Compares every contract of every release with what is on the chain.

    One that a later release replaced is left out where the chain never had it.

    Raises:
        ChainError: the node answers nonsense, or cannot run code at an address (state overrides).
    """
    questions: list[tuple[str, list[Any]]] = []
    for place in places():
        at, code = place.address, to_hex(place.creation_code)
        questions.append(("eth_getCode", [at, "latest"]))
        questions.append(("eth_call", [{"to": at}, "latest", {at: {"code": code}}]))
    codes = [from_hex(each, None, "the code") for each in results(node, questions)]
    return [
        Checked(
            place.name,
            place.address,
            bool(there),
            bool(there) and there == wanted,
            _hash_in(there) == metadata_hash(place.artifact),
            place is newest()[place.name],
        )
        for place, there, wanted in zip(places(), codes[::2], codes[1::2], strict=True)
        if there or place is newest()[place.name]
    ]


def metadata_hash(of: Artifact) -> bytes:
    """The IPFS multihash of a contract's metadata, 34 bytes, as it stands at the end of the code.

    Of one block, which holds 256 KiB: UnixFS inside dag-pb, hashed with SHA-256.
    """
    content = of.metadata.encode()
    if len(content) > 262_144:
        raise InvalidInput(f"the metadata of {of.name} is larger than one block of IPFS")
    size = _varint(len(content))
    file = b"\x08\x02\x12" + size + content + b"\x18" + size
    return b"\x12\x20" + hashlib.sha256(b"\x0a" + _varint(len(file)) + file).digest()


def constructor_arguments(name: str) -> bytes:
    """What stands behind the creation code."""
    needed = [at for _, at in newest()[name].arguments]
    from eth_abi.abi import encode

    return encode(["address"] * len(needed), needed)


def checkout() -> Path:
    """The checkout that this package is part of.

    Raises:
        FilesError: it is an installed package, without sources.
    """
    for folder in Path(__file__).resolve().parents:
        if (folder / "foundry.toml").is_file() and (folder / "contracts").is_dir():
            return folder
    raise FilesError(
        "the sources of the contracts are not here: an installed package has none; run this in a "
        "checkout of Kiseki of the same release"
    )


def compiler_input(name: str, root: Path | None = None) -> dict[str, Any]:
    """The standard-JSON input that makes a contract's code, with all sources in it.

    Every source is compared with the hash in the contract's metadata.

    Args:
        root: the checkout; the one that this package is part of if none is given.

    Raises:
        FilesError: a source is missing, or is not the one that was compiled.
    """
    root = root or checkout()
    metadata = json.loads(artifact(name).metadata)
    sources = {}
    for path, known in metadata["sources"].items():
        try:
            content = (root / path).read_bytes()
        except OSError as error:
            raise FilesError(
                f"the source {path} cannot be read ({error.strerror}); run `make compile`, which "
                "brings what is missing"
            ) from error
        if to_hex(keccak256(content)) != known["keccak256"]:
            raise FilesError(
                f"{path} is not the source that {name} was compiled from; check out the release "
                "that was deployed, or run `make compile` if you changed it"
            )
        sources[path] = {"content": content.decode()}
    settings = {k: v for k, v in metadata["settings"].items() if k != "compilationTarget"}
    asked = ["abi", "metadata", "evm.bytecode.object", "evm.deployedBytecode.object"]
    settings["outputSelection"] = {"*": {"*": asked}}
    return {"language": metadata["language"], "sources": sources, "settings": settings}


def write_inputs(folder: Path, root: Path | None = None) -> list[Path]:
    """Writes for every contract what a person needs to verify it by hand.

    ``<Name>.json`` is the compiler's input; ``arguments.json`` has the address, constructor
    arguments, compiler and name of each.

    Raises:
        FilesError: one cannot be written, or a source cannot be read.
    """
    written, about = [], {}
    for name in newest():
        path = folder / f"{name}.json"
        texts.write(path, json.dumps(compiler_input(name, root), indent=1) + "\n", folder=True)
        written.append(path)
        about[name] = {
            "address": newest()[name].address,
            "compiler": _compiler(name),
            "constructorArguments": constructor_arguments(name).hex(),
            "contract": _identifier(name),
            "input": path.name,
        }
    listed = folder / "arguments.json"
    texts.write(listed, json.dumps(about, indent=1) + "\n")
    return [*written, listed]


# Explorers


def submit_to_etherscan(
    name: str,
    chain_id: int,
    key: str,
    url: str = ETHERSCAN,
    root: Path | None = None,
    pause: float = 3.0,
) -> str:
    """Has Etherscan, or an explorer with its API, verify a contract; what it says in the end.

    Args:
        key: of the API; it is in the requests and nowhere else.
        pause: seconds between two questions whether it has finished.

    Raises:
        ChainError: it does not answer, or finds something wrong.
    """
    import requests

    arguments = constructor_arguments(name).hex()
    asked = {"chainid": str(chain_id), "module": "contract"}
    form = {
        "apikey": key,
        "action": "verifysourcecode",
        "codeformat": "solidity-standard-json-input",
        "sourceCode": json.dumps(compiler_input(name, root)),
        "contractaddress": newest()[name].address,
        "contractname": _identifier(name),
        "compilerversion": _compiler(name),
        "constructorArguments": arguments,
        "constructorArguements": arguments,  # so older explorers spell it
    }
    good, said = _etherscan(
        lambda: requests.post(url, params=asked, data=asked | form, timeout=_SECONDS)
    )
    if _is_verified(said):
        return said
    if not good:
        raise ChainError(f"the explorer refuses: {said}")
    status = asked | {"apikey": key, "action": "checkverifystatus", "guid": said}
    for _ in range(_TRIES):
        _, told = _etherscan(lambda: requests.get(url, params=status, timeout=_SECONDS))
        if _is_verified(told):
            return told
        if "pending" not in told.lower() and "in progress" not in told.lower():
            raise ChainError(f"the explorer does not verify {name}: {told}")
        time.sleep(pause)
    raise ChainError(f"the explorer has not finished with {name}; run this again later")


def submit_to_sourcify(
    name: str,
    chain_id: int,
    transaction: bytes | None = None,
    url: str = SOURCIFY,
    root: Path | None = None,
    pause: float = 2.0,
) -> str:
    """Has Sourcify verify a contract; what it says in the end.

    Args:
        transaction: that put the contract there, if known.

    Raises:
        ChainError: it does not answer, or finds something wrong.
    """
    import requests

    body: dict[str, Any] = {
        "stdJsonInput": compiler_input(name, root),
        "compilerVersion": _compiler(name).removeprefix("v"),
        "contractIdentifier": _identifier(name),
    }
    if transaction is not None:
        body["creationTransactionHash"] = to_hex(transaction)
    where = f"{url}/v2/verify/{chain_id}/{newest()[name].address}"
    status, answer = _asked(lambda: requests.post(where, json=body, timeout=_SECONDS))
    if status == 409:  # verified before
        return "already verified"
    if status != 202 or "verificationId" not in answer:
        raise ChainError(f"Sourcify does not verify {name}: {_words(answer)}")
    job = f"{url}/v2/verify/{answer['verificationId']}"
    for _ in range(_TRIES):
        _, told = _asked(lambda: requests.get(job, timeout=_SECONDS))
        if told.get("isJobCompleted"):
            found = told.get("contract") or {}
            if told.get("error") or not found.get("match"):
                raise ChainError(f"Sourcify does not verify {name}: {_words(told.get('error'))}")
            return one_line(str(found["match"]))
        time.sleep(pause)
    raise ChainError(f"Sourcify has not finished with {name}; run this again later")


def _etherscan(ask_it: Callable[[], requests.Response]) -> tuple[bool, str]:
    """Whether it agrees, and what it says."""
    _, answer = _asked(ask_it)
    said = one_line(str(answer.get("result") or answer.get("message") or "nothing"))
    return answer.get("status") == "1", said


def _is_verified(said: str) -> bool:
    return "already verified" in said.lower() or said.lower().startswith("pass")


def _asked(ask_it: Callable[[], requests.Response]) -> tuple[int, Mapping[str, Any]]:
    """Asks up to three times: explorers are busy."""
    import requests

    for last in (False, False, True):
        try:
            answer = ask_it()
            if answer.status_code in (429, 500, 502, 503, 504) and not last:
                time.sleep(1)
                continue
            document = answer.json()
        except (requests.RequestException, ValueError) as error:
            if last:
                # Without the cause: it would hold the request, and with it the key.
                raise ChainError(
                    f"the explorer does not answer ({type(error).__name__}); run this again later"
                ) from None
            time.sleep(1)
            continue
        if isinstance(document, dict):
            return answer.status_code, document
        break
    raise ChainError("the explorer's answer makes no sense; check its URL")


def _words(answer: Any) -> str:
    if isinstance(answer, Mapping):
        answer = answer.get("message") or answer.get("customCode") or "without a word"
    return one_line(str(answer or "it matches nothing"))


def _compiler(name: str) -> str:
    return f"v{artifact(name).compiler['version']}"


def _identifier(name: str) -> str:
    ((path, contract),) = json.loads(artifact(name).metadata)["settings"][
        "compilationTarget"
    ].items()
    return f"{path}:{contract}"


def _hash_in(code: bytes) -> bytes:
    """The IPFS multihash at the end of a contract's code, where the compiler puts it (CBOR)."""
    tail = code[-2 - int.from_bytes(code[-2:]) : -2] if len(code) > 2 else b""
    marker = b"\x64ipfs\x58\x22"
    place = tail.find(marker)
    return tail[place + len(marker) :][:34] if place >= 0 else b""


def _varint(number: int) -> bytes:
    """As Protocol Buffers write numbers."""
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])
