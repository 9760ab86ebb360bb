"""What receivers keep is held against what a vault stated: real chain, real server. Promise 6,
invariant 11."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from eth_utils.crypto import keccak
from tests.python.conftest import ask
from tests.python.vault.handed import ARTIST, DOMAIN, OTHER_ARTIST, SEED, World, receipt
from tests.python.vault.served import Client, desk_of, serving
from tlog_scales import signing
from tlog_scales import tlog as scales

from kiseki import Kiseki, LocalKiseki
from kiseki.client.vault.anchoring import Anchors
from kiseki.client.vault.comparing import Comparison, Says
from kiseki.client.vault.confirmed import Confirmed, Verdict
from kiseki.client.vault.confirming import Confirming
from kiseki.client.vault.kept import FOLDER, Said, write
from kiseki.client.vault.site import HandedOut, Offered
from kiseki.client.vault.stated import safe_block, stated
from kiseki.client.vault.weblogs import WebLogs
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput, ProofError, VaultError
from kiseki.vault.handing.anchors import AnchorFiles
from kiseki.vault.log.heads import Anchor
from kiseki.vault.log.notes import Note, Signer
from kiseki.vault.store.database import Database

HOUR, DAY = 3_600, 86_400
LOG = Signer(f"{DOMAIN}/{ARTIST}", SEED).key


class Asked(WebLogs):
    """The logs of a vault, which remembers what it was asked."""

    paths: ClassVar[list[str]] = []

    def _bytes(self, path: str) -> bytes:
        self.paths.append(path)
        return super()._bytes(path)


class Vault:
    """A vault with logs, anchors and a server; and what somebody keeps who was given something."""

    def __init__(self, k: Kiseki, folder: Path, name: str) -> None:
        self.k, self.folder, self.name = k, folder, name
        self.world = World(Database(folder / name), b"a drawing")
        self.ledger, self.files = self.world.ledger, AnchorFiles(folder / f"{name}-anchors")
        self.given, self.url = 0, ""

    @contextmanager
    def serving(self, port: int = 0) -> Iterator[Vault]:
        desk = desk_of(self.world.ledger.database, self.world, anchors=self.files)
        with serving(desk, port) as self.port:
            self.url = f"http://localhost:{self.port}"
            yield self

    def give(self, count: int, at: int, to: Path | None = None, provider: str = ARTIST) -> None:
        """Hands out, to somebody who keeps what comes with it, or to nobody in particular."""
        first, self.given = self.given, self.given + count
        some = [receipt(first + n, provider, chain=self.k.session.chain_id) for n in range(count)]
        issued = self.ledger.issue(some, at)
        if to is None:
            return
        offered = tuple(
            Offered(each.salted.receipt.item, 1, each.salted.receipt.to_json(), proof.to_bytes())
            for each, proof in zip(issued, self.ledger.proofs(issued), strict=True)
        )
        handout = HandedOut(first.to_bytes(16), at + HOUR, offered)
        to.mkdir(exist_ok=True)
        said = Said(self.url, (LOG.text,), "ai_training", bytes(32), False, None, handout)
        write(to, said)

    def anchor(self, at: int, stated: int | None = None, by: Kiseki | None = None) -> Anchor:
        """States the heads of now, in a block of that time."""
        k = by or self.k
        ask(k, "evm_setNextBlockTimestamp", at + 60 if stated is None else stated)
        made = Anchors(self.ledger, DOMAIN, k.statements, self.files, SEED).daily(at)
        assert made is not None
        return made

    def close(self) -> None:
        self.ledger.database.close()


@pytest.fixture
def start(k: LocalKiseki) -> int:
    """The noon after the chain's now."""
    return (k.session.now() // DAY + 1) * DAY + 12 * HOUR


Make = Callable[[str], Vault]


@pytest.fixture
def make(k: LocalKiseki, tmp_path: Path) -> Iterator[Make]:
    made: list[Vault] = []

    def vault(name: str) -> Vault:
        made.append(Vault(k, tmp_path, name))
        return made[-1]

    yield vault
    for each in made:
        each.close()


def confirm(k: Kiseki, folder: Path, **more: Any) -> list[Confirmed]:
    block = safe_block(k.session.node, 1)
    values: dict[str, Any] = {
        "reach": WebLogs, "stated": lambda who: stated(k.session.index, who), "block": block,
        "chain": k.session.chain_id, "now": 1 << 40,
    }  # fmt: skip
    return list(Confirming(**values | more).confirm(folder))


def verdicts(k: Kiseki, folder: Path, **more: Any) -> list[Verdict]:
    return [each.verdict for each in confirm(k, folder, **more)]


def mine(k: LocalKiseki, at: int) -> None:
    """A block of that time."""
    ask(k, "evm_setNextBlockTimestamp", at)
    ask(k, "evm_mine")


def test_each_receipt_is_found_in_the_next_anchor_and_not_asked_for_again(
    k: LocalKiseki, make: Make, start: int, tmp_path: Path
) -> None:
    got, vault = tmp_path / "got", make("vault")
    with vault.serving():
        vault.give(3, start - DAY, provider=OTHER_ARTIST)
        vault.anchor(start - DAY)  # without this log
        vault.give(3, start, got)
        vault.give(2, start + 1, got)
        assert verdicts(k, got) == [Verdict.WAITING, Verdict.WAITING]
        vault.give(4, start + 2)
        first = vault.anchor(start + HOUR)
        vault.give(1, start + 2 * HOUR, got)
        done = confirm(k, got)
        assert [each.verdict for each in done] == [Verdict.ANCHORED] * 2 + [Verdict.WAITING]
        assert done[0].stated is not None
        assert done[0].stated.document == first.hash
        assert to_hex(done[0].stated.transaction) in done[0].why
        vault.anchor(start + DAY)
        Asked.paths = []
        assert verdicts(k, got, reach=Asked) == [Verdict.ANCHORED] * 3
        # Of the one that was left, the anchor of its day and the next one are asked for.
        assert len(Asked.paths) <= 5
        Asked.paths = []
        again = confirm(k, got, reach=Asked)
        assert [each.verdict for each in again] == [Verdict.ANCHORED] * 3
        assert Asked.paths == []
    assert again[0].file is not None
    others_check(k, again[0].file)
    # A file of another receipt, or one that was changed, is not taken for an answer.
    files = sorted((got / FOLDER / "anchored").iterdir())
    text = files[0].read_text()
    files[0].write_text(files[1].read_text())
    with pytest.raises(InvalidInput, match="is of another receipt"):
        confirm(k, got)
    known = Comparison.from_json(text)
    assert known.says()[0] is Says.CONTAINED
    signed = known.anchor.signatures
    forger = Signer(f"{DOMAIN}/heads", bytes(32))
    for wrong in (
        replace(known, wallet=ARTIST),
        replace(known, chain=1),
        replace(known, anchor=Note(known.anchor.text.replace("taken 1", "taken 2"), signed)),
        replace(known, anchor=Note(known.anchor.text, (forger.sign(known.anchor.text),))),
        replace(known, stated=replace(known.stated, document=bytes(32))),
        replace(known, log=Signer(LOG.name, bytes(32)).key),
    ):
        with pytest.raises(ProofError):
            wrong.says()
    assert replace(known, path=()).says()[0] is Says.UNPROVED


def others_check(k: LocalKiseki, path: Path) -> None:
    """The file, with programs that are not ours: tlog-scales for the logs, web3 and eth-utils for
    the chain."""
    told = json.loads(path.read_text())
    # The receipt is in the checkpoint that was seen.
    proof, seen_text = told["proof"].split("\n\n", 1)
    lines = proof.split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    salt = base64.b64decode(lines[1].removeprefix("extra "))
    index = int(lines[2].removeprefix("index "))
    entry = hashlib.sha256(salt + told["receipt"].encode()).digest()
    seen = scales.Checkpoint.from_text(seen_text)
    seen.verify(signing.Vkey.from_string(told["log"]))
    nodes = [base64.b64decode(each) for each in lines[3:]]
    leaf = hashlib.sha256(b"\0" + entry).digest()
    scales.InclusionProof(index, seen.size, nodes).check(leaf, seen.root_hash)
    # The head is in the anchor, and begins with that checkpoint.
    proof, anchor_text = told["head"].split("\n\n", 1)
    lines = proof.split("\n")
    head_text = base64.b64decode(lines[1].removeprefix("extra ")).decode()
    index = int(lines[2].removeprefix("index "))
    nodes = [base64.b64decode(each) for each in lines[3:]]
    # tlog-scales reads no checkpoint with further lines, so the anchor's is read by hand.
    said, _, signature = anchor_text.partition("\n\n")
    name, size, root, taken, by = said.split("\n")
    assert name == f"{DOMAIN}/heads"
    key = ed25519.Ed25519PublicKey.from_public_bytes(
        base64.b64decode(told["log"].split("+", 2)[2])[1:]
    )
    key.verify(base64.b64decode(signature.split(" ")[2])[4:], f"{said}\n".encode())
    body = head_text.split("\n\n")[0] + "\n"
    leaf = hashlib.sha256(b"\0" + body.encode()).digest()
    scales.InclusionProof(index, int(size), nodes).check(leaf, base64.b64decode(root))
    head = scales.Checkpoint.from_text(head_text)
    head.verify(signing.Vkey.from_string(told["log"]))
    path_ = [base64.b64decode(each) for each in told["path"]]
    scales.ConsistencyProof(seen.size, head.size, path_).check(seen.root_hash, head.root_hash)
    # The anchor is on the chain, by the wallet that it names.
    assert told["anchor"] == anchor_text
    document = keccak(text=f"{said}\n")
    sent = k.session.w3.eth.get_transaction_receipt(told["transaction"])
    assert sent["blockNumber"] == int(told["block"])
    (event,) = sent["logs"]
    assert bytes(event["data"]) == document
    assert bytes(event["topics"][0]) == keccak(text="Stated(address,bytes32,bytes32,bytes32)")
    assert "0x" + bytes(event["topics"][1])[-20:].hex() == told["wallet"]
    assert bytes(event["topics"][3]) == keccak(text="heads")
    assert by == f"stated by eip155:{told['chain']}:{told['wallet']}"
    block = k.session.w3.eth.get_block(sent["blockNumber"])
    assert 0 <= block["timestamp"] - int(taken.removeprefix("taken ")) <= HOUR


def test_an_anchor_that_does_not_come_within_two_days_is_owed(
    k: LocalKiseki, make: Make, start: int, tmp_path: Path
) -> None:
    got, vault = tmp_path / "got", make("vault")
    with vault.serving():
        vault.give(2, start, got)
        mine(k, start + 2 * DAY)
        assert verdicts(k, got) == [Verdict.WAITING]
        mine(k, start + 2 * DAY + 1)
        (owed,) = confirm(k, got)
        assert (owed.verdict, owed.verdict.is_finding) == (Verdict.OWED, True)
        assert "48 hours ago" in owed.why or "2 days ago" in owed.why
        vault.anchor(start + 3 * DAY)
        assert verdicts(k, got) == [Verdict.ANCHORED]


def test_a_vault_that_does_not_answer_is_unknown_and_never_a_finding(
    k: LocalKiseki, make: Make, start: int, tmp_path: Path
) -> None:
    got, vault = tmp_path / "got", make("vault")
    with vault.serving() as there:
        port = there.port
        vault.give(2, start, got)
        vault.give(2, start, got)
    vault.anchor(start + HOUR)
    mine(k, start + 9 * DAY)
    for each in confirm(k, got):
        assert (each.verdict, each.verdict.is_finding) == (Verdict.UNKNOWN, False)
        assert "does not answer" in each.why

    class Broken(WebLogs):
        def _bytes(self, path: str) -> bytes:
            if "consistency" in path or "anchors/" in path:
                raise self._refused(503)
            return super()._bytes(path)

        def _refused(self, status: int) -> VaultError:
            from kiseki.client.vault.http import Refused

            return Refused("it cannot now", status)

    with vault.serving(port):
        assert verdicts(k, got, reach=Broken) == [Verdict.UNKNOWN] * 2
        assert verdicts(k, got) == [Verdict.ANCHORED] * 2
        # Receipts of another chain are not held against this one.
        other = tmp_path / "other"
        vault.give(1, start + 9 * DAY, other)
        (told,) = confirm(k, other, chain=1)
        assert told.verdict is Verdict.UNKNOWN
        assert "name the other" in told.why
        # What was changed on this disk says nothing of the vault either.
        (path,) = (other / FOLDER).glob("*.json")
        path.write_text(
            path.read_text().replace('\\"use\\":\\"ai_training', '\\"use\\":\\"data_mining')
        )
        (told,) = confirm(k, other)
        assert told.verdict is Verdict.UNKNOWN
        assert "does not hold" in told.why or "cannot be read" in told.why


@pytest.mark.parametrize("how", ["drops", "alters", "forks", "backdates", "leaves out", "unproved"])
def test_what_contradicts_is_found_and_kept_for_others(
    k: LocalKiseki, make: Make, start: int, tmp_path: Path, how: str
) -> None:
    """What the receiver has seen is not in the anchor: it keeps a file that others can check."""
    got, real, false = tmp_path / "got", make("real"), make("false")
    with false.serving() as there:
        real.url = there.url
        if how == "backdates":
            for each in (real, false):
                each.give(2, start)
            false.anchor(start + 2 * HOUR)
            real.give(1, start, got)  # made after the anchor, and says a time before it
            false.give(1, start)
        elif how == "forks":
            real.give(3, start, got)
            false.give(3, start)  # other salts: another history of as many entries
            false.anchor(start + 2 * HOUR)
        elif how in ("alters", "unproved"):
            real.give(3, start, got)
            false.give(4, start)
            false.anchor(start + 2 * HOUR)
        elif how == "drops":
            real.give(3, start, got)
            false.give(2, start)
            false.anchor(start + 2 * HOUR)
        else:
            real.give(3, start, got)
            false.give(2, start, provider=OTHER_ARTIST)
            false.anchor(start + 2 * HOUR)

        class Unproved(WebLogs):
            def consistency(self, provider: str, old: int, new: int) -> tuple[bytes, ...]:
                raise self._strange()

        reach = Unproved if how == "unproved" else WebLogs
        (found,) = confirm(k, got, reach=reach)
        assert (found.verdict, found.verdict.is_finding) == (Verdict.CONTRADICTED, True), found.why
    assert found.file is not None
    assert found.file.stat().st_mode & 0o777 == 0o600
    assert found.stated is not None
    kept = Comparison.from_json(found.file.read_bytes())
    says, _ = kept.says()
    signed = how not in ("alters", "unproved")
    assert says is (Says.CONTRADICTED if signed else Says.UNPROVED)
    # What the vault signed convicts it, whether it answers or not. A proof may still come.
    later = Verdict.CONTRADICTED if signed else Verdict.UNKNOWN
    assert verdicts(k, got) == [later]


def test_a_vault_that_hides_a_document_or_names_another_wallet_owes_it(
    k: LocalKiseki, make: Make, start: int, tmp_path: Path, developer: Kiseki
) -> None:
    got, vault = tmp_path / "got", make("vault")
    with vault.serving():
        vault.give(2, start)
        vault.anchor(start + HOUR)
        vault.give(2, start + 2 * HOUR, got)
        hidden = vault.anchor(start + DAY)
        vault.anchor(start + 2 * DAY)
        path = vault.files.folder / f"{hidden.stamp.day}.json"
        text = path.read_text()
        path.unlink()
        (found,) = confirm(k, got)
        assert found.verdict is Verdict.OWED
        assert "shows no document" in found.why
        assert to_hex(found.stated.transaction) in found.why if found.stated else False
        path.write_text(text)
        assert verdicts(k, got) == [Verdict.ANCHORED]
        # Another wallet from now on: as good as another history, until its keeper says so.
        vault.give(1, start + 2 * DAY + 1, got)
        vault.anchor(start + 3 * DAY, by=developer)
        first, second = confirm(k, got)
        assert (first.verdict, second.verdict) == (Verdict.ANCHORED, Verdict.OWED)
        assert developer.address.lower() in second.why
        named = confirm(k, got, wallet=developer.address)
        assert [each.verdict for each in named] == [Verdict.ANCHORED] * 2


def test_a_receipt_of_a_time_to_come_is_a_finding(
    k: LocalKiseki, make: Make, start: int, tmp_path: Path
) -> None:
    got, vault = tmp_path / "got", make("vault")
    with vault.serving():
        vault.give(1, start, got)
        assert verdicts(k, got, now=start - HOUR) == [Verdict.WAITING]
        assert verdicts(k, got, now=start - HOUR - 1) == [Verdict.CONTRADICTED]


def test_what_is_shown_of_an_anchor_names_no_other_provider(
    k: LocalKiseki, make: Make, start: int
) -> None:
    vault = make("vault")
    with vault.serving() as there:
        client, log = Client(there.port), f"/log/{ARTIST}"
        assert client.ask("GET", f"{log}/anchors").json == {"wallet": None, "anchors": []}
        vault.give(2, start, provider=OTHER_ARTIST)
        old = vault.anchor(start)
        for number in range(5):
            vault.give(1, start + (number + 1) * DAY)
            vault.anchor(start + (number + 1) * DAY)
        listed = client.ask("GET", f"{log}/anchors")
        told = listed.json["anchors"]
        assert [each["taken"] for each in told] == [start + n * DAY for n in range(5, 0, -1)]
        assert listed.json["wallet"] == k.address.lower()
        asked = client.ask("GET", f"{log}/anchors?before={told[1]['taken']}").json["anchors"]
        assert asked == told[2:]
        document = told[0]["document"]
        proof, note = (client.ask("GET", each) for each in (
            f"{log}/anchors/{document}", f"/anchors/{document}"))  # fmt: skip
        assert "immutable" in proof.headers["Cache-Control"]
        for each in (listed, proof, note):
            assert each.status == 200
            assert OTHER_ARTIST[2:].encode() not in each.body
        for nothing in (
            f"{log}/anchors/{to_hex(old.hash)}", f"{log}/anchors/0x{'11' * 32}", f"{log}/anchors/x",
            f"/anchors/0x{'11' * 32}", "/anchors/x", "/anchors/", f"/log/0x{'77' * 20}/anchors/x",
        ):  # fmt: skip
            assert client.ask("GET", nothing).status == 404, nothing
        assert client.ask("GET", f"{log}/anchors?before=x").status == 400
        # A document that was changed is the keeper's trouble, not the visitor's.
        path = vault.files.folder / f"{old.stamp.day}.json"
        path.write_text(path.read_text()[:-9])
        fresh = make("fresh")
        fresh.files = AnchorFiles(vault.files.folder)
        with fresh.serving() as other:
            answer = Client(other.port).ask("GET", f"{log}/anchors")
            assert answer.status == 503
            assert str(path).encode() not in answer.body
