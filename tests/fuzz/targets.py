"""What is promised of every decoder of what others wrote.

Whatever the bytes, each either decodes to a value that its own text decodes to again, or raises a
`KisekiError` with one readable line that holds no secret. Nothing else is ever raised, and nothing
recurses or runs without end. Each target takes bytes: atheris finds them (run.py), and so does
hypothesis, beside texts that are almost right (tests/python).
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from sqlalchemy import select

from kiseki.chain.contract.abi import decode_named, topic
from kiseki.chain.contract.artifacts import artifact, names
from kiseki.chain.contract.events import Decoder
from kiseki.chain.contract.reverts import decode_revert
from kiseki.chain.node import place
from kiseki.chain.release import deploying as deployment
from kiseki.chain.release import releases
from kiseki.chain.signing.accounts import account_of
from kiseki.client.data.consents import Consent
from kiseki.client.data.standing import StandingConsent
from kiseki.client.settings import settings
from kiseki.client.withdrawals.words import answer_words
from kiseki.core import credentials, origin, typed, weights
from kiseki.core.derived import Derived
from kiseki.core.documents import shallow
from kiseki.core.manifest import Manifest
from kiseki.core.merkle import IdTree
from kiseki.core.registrations import ProvedList
from kiseki.core.run import Run
from kiseki.core.series import Instalment
from kiseki.core.split import Split
from kiseki.core.sumtree import SumProof, SumTree, verify
from kiseki.core.terms import Terms
from kiseki.core.values import to_hex
from kiseki.core.withdrawal import Answer
from kiseki.errors import KisekiError, ProofError
from kiseki.index import Index
from kiseki.vault import lists, receipts
from kiseki.vault.keystore import KeyStore
from kiseki.vault.store.tables import salt

from . import logs as transparency
from .promise import UNREADABLE, readable, refused

__all__ = ["ADDRESSES", "EVENTS", "TARGETS", "decoder", "log", "readable"]

ADDRESSES = releases.addresses()
EVENTS = [
    (name, entry) for name in ADDRESSES for entry in artifact(name).abi if entry["type"] == "event"
]
_ANSWERS = [
    entry["outputs"]
    for name in names()
    for entry in artifact(name).abi
    if entry["type"] == "function" and entry["outputs"]
]


# Published documents


def split(data: bytes) -> None:
    with refused():
        found = Split.from_json(data)
        again = Split.from_json(found.to_json(), found.key)
        assert (again, again.to_json()) == (found, found.to_json())


def manifest(data: bytes) -> None:
    with refused():
        found = Manifest.from_json(data)
        again = Manifest.from_json(found.to_json())
        assert (again.items, again.root, again.weight) == (found.items, found.root, found.weight)


def derived(data: bytes) -> None:
    with refused():
        found = Derived.from_json(data)
        assert Derived.from_json(found.to_json()) == found
        for each in found.rows:
            readable(each.step)


def series(data: bytes) -> None:
    with refused():
        found = Instalment.from_json(data)
        assert Instalment.from_json(found.to_json()) == found
        assert not UNREADABLE.search(found.name)


def run(data: bytes) -> None:
    with refused():
        found = Run.from_json(data)
        assert Run.from_json(found.to_json()) == found


def withdrawal(data: bytes) -> None:
    with refused():
        found = Answer.from_json(data)
        assert Answer.from_json(found.to_json()) == found
        readable(answer_words(found))


def terms(data: bytes) -> None:
    with refused():
        found = Terms.from_json(data)
        assert Terms.from_json(found.to_json()) == found
        readable(found.words())


def origins(data: bytes) -> None:
    with refused():
        found = origin.read(data)
        if found is not None:
            assert origin.read(found.to_json().encode()) == found
            assert origin.Origin.from_json(found.origin.to_json()).hash == found.origin.hash


def dump(data: bytes) -> None:
    try:
        slices = json.loads(shallow(data.decode()))
    except ValueError:
        return
    if not isinstance(slices, list):
        slices = [slices]
    with refused():
        found = IdTree.load(slices)
        dumps = [found.dump_slice(k) for k in range(len(found.slices))]
        assert IdTree.load(dumps, found.dump_top()).root == found.root


def sum_proof(data: bytes) -> None:
    """A true proof with some of its bytes replaced is refused, unless it is the same again."""
    if len(data) < 4:
        return
    count, leaf, side, at, patch = *data[:4], data[4:]
    leaves = [(bytes([i]) * 32, i + 1) for i in range(count % 20 + 1)]
    tree = SumTree(leaves)
    key, shares = leaves[leaf % len(leaves)]
    true = tree.proof(leaf % len(leaves))
    start = at % (len(true.path) + 1)
    path = true.path[:start] + patch + true.path[start + len(patch) :]
    given = SumProof(true.lo, true.side ^ side, path)
    try:
        verify(tree.root, tree.total, key, shares, given)
    except ProofError as error:
        readable(str(error))
    else:
        assert given == true


# Files that are hashed in parts


def tensors(data: bytes) -> None:
    """Weights have the digest of their tensors, which another order and comment do not change."""
    with refused():
        found = weights.tensors({"file": io.BytesIO(data)})
        length = int.from_bytes(data[:8], "little")
        header = {k: v for k, v in json.loads(data[8 : 8 + length]).items() if k[:2] != "__"}
        text = json.dumps(dict(reversed(header.items())) | {"__metadata__": {"x": "y"}}).encode()
        again = len(text).to_bytes(8, "little") + text + data[8 + length :]
        other = weights.tensors({"file": io.BytesIO(again)})
        assert (other.digest, other.count) == (found.digest, len(header))


def shards(data: bytes) -> None:
    """An index of files names none outside of its folder."""
    with refused():
        for file in weights.shards(data):
            assert Path(file).name == file


def stripped(data: bytes) -> None:
    """Any file at all: what is taken out of it is taken out once, and credentials only."""
    known = credentials.layout(io.BytesIO(data))
    assert not known.odd or known.odd.isprintable()
    left = credentials.strip(data)
    assert credentials.strip(left) == left
    if not known.cuts:
        assert left == data
    for start, stop, instead in known.cuts:
        if not instead:
            assert any(sign in data[start:stop] for sign in (b"caBX", b"C2PA", b"c2pa", _UUID))


_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")


# What a chain says


def revert(data: bytes) -> None:
    error = decode_revert(data)
    readable(str(error))
    assert error.name


def answer(data: bytes) -> None:
    if not data:
        return
    outputs = _ANSWERS[data[0] % len(_ANSWERS)]
    with refused():
        decode_named([{**each, "name": str(i)} for i, each in enumerate(outputs)], data[1:])


def decoder() -> Decoder:
    """Of the suite's logs."""
    return Decoder((at, artifact(name)) for name, at in ADDRESSES.items())


def log(which: int, topics: list[bytes], data: bytes, block: int, position: int) -> dict[str, Any]:
    """One log, as a node gives it."""
    contract, entry = EVENTS[which % len(EVENTS)]
    return {
        "address": ADDRESSES[contract].lower(),
        "topics": [to_hex(each) for each in (topic(entry), *topics)],
        "data": to_hex(data),
        "blockNumber": hex(block),
        "transactionHash": to_hex(bytes([block % 256]) * 32),
        "logIndex": hex(position),
    }


def logs(data: bytes) -> None:
    """Any number of logs, each: event, topics, a length in words, data."""
    found: list[Mapping[str, Any]] = []
    while len(data) >= 3:
        which, count, words, data = data[0], data[1] % 5, data[2], data[3:]
        topics = [data[i * 32 : i * 32 + 32] for i in range(count)]
        data = data[count * 32 :]
        found.append(log(which, topics, data[: words * 32], 1, len(found)))
        data = data[words * 32 :]
    apply(found)


def apply(found: list[Mapping[str, Any]]) -> None:
    """The index takes all of the logs or none, and answers or refuses."""
    index = Index(ADDRESSES.items())
    with refused():
        before = len(index.splits())
        try:
            times = {int(each["blockNumber"], 16): 1_800_000_000 for each in found}
            index.apply(decoder().decode(found, times))
        except KisekiError:
            assert (index.block, len(index.splits())) == (None, before), "some of it was kept"
            raise
        for token in index.tokens():
            index.balance(token)
        index.owed(ADDRESSES["RevenueSplitter"])
    index.close()


# Files of one's own that may be damaged


def record(data: bytes) -> None:
    """A deployment record: what is read of it has the types that are used."""
    with tempfile.TemporaryDirectory() as folder, refused():
        (Path(folder) / "1.json").write_bytes(data)
        found = deployment._load(Path(folder), 1)
        block = found.get("block", 0)
        assert type(block) is int and 0 <= block < 2**63
        for each in found.get("contracts", {}).values():
            assert each["block"] is None or (type(each["block"]) is int and each["block"] >= 0)
            assert each["transaction"] is None or re.fullmatch(
                "0x[0-9a-fA-F]{64}", each["transaction"]
            )


def key_file(data: bytes) -> None:
    """Of a key file of earlier versions at most an unfinished last line is not taken over, and no
    salt is ever told. What is refused is left as it is."""
    hidden = [each.decode() for each in re.findall(rb"[0-9a-fA-F]{32,}", data)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "salts"
        path.touch(0o600)
        path.write_bytes(data)
        found: list[Any] | None = None
        with refused(*hidden), KeyStore(path) as kept:
            found = kept._rows(select(salt))
            assert not any(each in repr(kept) for each in hidden)
        if found is None:
            assert path.read_bytes() == data, "refused, and changed"
            return
        with KeyStore(path) as again:
            assert again._rows(select(salt)) == found
        if not data:
            return
        assert path.with_name("salts.before").read_bytes() == data, "what it was is not kept"
        whole, lost = data[: data.rfind(b"\n") + 1], data[data.rfind(b"\n") + 1 :].rstrip(b"\x00")
        lines = {line for line in whole.split(b"\n") if line.strip()}
        if len(found) < len({_known(line) for line in (*lines, lost) if line.strip()}):
            begin = b'{"provider": "0x'
            assert lost[: len(begin)] == begin[: len(lost)], "a line of something else was lost"
            assert not lost.endswith(b"}"), "a whole line was lost"


def _known(line: bytes) -> tuple[str, str] | bytes:
    """Whose and of what a salt is; the line itself where it is none."""
    with contextlib.suppress(ValueError, KeyError, TypeError):
        entry = json.loads(line)
        return (entry["provider"].lower(), entry["sha256"].lower())
    return line


def backup(data: bytes) -> None:
    """A backup is restored whole or not at all, and what is in it is never told."""
    hidden = [each.decode() for each in re.findall(rb"[0-9a-fA-F]{32,}", data)]
    with tempfile.TemporaryDirectory() as folder, KeyStore() as store:
        path = Path(folder) / "backup"
        path.write_bytes(data)
        done = False
        with refused(*hidden):
            store.restore(path)
            done = True
        if not done:
            assert store.count() == 0
            assert not list(store.collections())
            return
        store.backup(Path(folder) / "again", clear=True)
        with KeyStore() as other:
            assert other.restore(Path(folder) / "again") == store.count()
            assert list(other.collections()) == list(store.collections())


def consent(data: bytes) -> None:
    """A consent file: whatever is understood says in words what its data says."""
    with refused():
        found = Consent.from_json(data)
        assert Consent.from_json(found.to_json()) == found
        assert typed.digest(found.message)
        assert found.signer is None or len(found.signer) == 42
        for each in found.words() + found.words("ja"):
            readable(each)


def standing(data: bytes) -> None:
    """A standing consent, likewise."""
    with refused():
        found = StandingConsent.from_json(data)
        assert StandingConsent.from_json(found.to_json()) == found
        assert len(found.id) == 32
        assert found.signer is None or len(found.signer) == 42
        for each in found.words() + found.words("ja"):
            readable(each)


def whole(data: bytes) -> None:
    """A list with its proof: what is understood is shown to be whole, or is not."""
    with refused():
        found = ProvedList.from_json(data)
        assert ProvedList.from_json(found.to_json()) == found
        with contextlib.suppress(ProofError):
            found.check()


def receipt(data: bytes) -> None:
    """A receipt that somebody sent: read and checked, and no salt in it is told."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "receipt"
        path.write_bytes(data)
        with refused():
            found = receipts.read(path)
            assert not any(each.salt and each.salt.hex() in repr(found) for each in found.items)
            assert receipts.check(found).items <= found.kept.count


def items(data: bytes) -> None:
    """A list of items: each is understood, or its line is named."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.csv"
        path.write_bytes(data)
        with refused():
            for each in lists.read(path):
                assert bool(each.file) + bool(each.sha256) + bool(each.commitment) == 1
                assert {len(each.sha256), len(each.commitment)} <= {0, 32}


def environment(data: bytes) -> None:
    """A `.env`, up to the point where the node would be asked."""
    with contextlib.suppress(UnicodeDecodeError):
        read = dotenv_values(stream=io.StringIO(data.decode()))
        settled({key: value for key, value in read.items() if value})


def settled(given: Mapping[str, str]) -> None:
    """Settings are used or refused, and neither the key nor what a URL hides is ever told."""
    key = given.get("KISEKI_PRIVATE_KEY", "")
    # The URL is the example that messages give, and no key.
    hidden = [key] if len(key) > 12 and key != "http://127.0.0.1:8545" else []
    with refused(*hidden):
        # Where a chain is named, no node is asked for it.
        found = settings({"KISEKI_CHAIN_ID": "1"} | dict(given))
        readable(place(found["url"]))
        account_of(found["key"])


TARGETS: dict[str, Callable[[bytes], None]] = {
    each.__name__: each
    for each in (
        split,
        derived,
        series,
        manifest,
        run,
        withdrawal,
        terms,
        origins,
        dump,
        sum_proof,
        tensors,
        shards,
        stripped,
        revert,
        answer,
        logs,
        record,
        key_file,
        backup,
        consent,
        receipt,
        standing,
        whole,
        items,
        environment,
        *transparency.TARGETS,
    )
}
"""Every decoder of untrusted input, by name."""
