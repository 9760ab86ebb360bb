"""2,000,000 IDs of 300 artists from a list, registered by one wallet as the command line does it:
read, hidden with salts in a key store on disk, sorted and kept, then sent with a journal on disk
and 16 transactions in flight, first the 300 roots alone and then every commitment. Rates are of
all of that from the list on; the list has digests, because hashing files is measured elsewhere.

Beside it, in the same run and on the same Anvil, the obvious script: web3.py, one transaction at
a time, each waited for, looked up every 10 ms and not every 100 as web3.py does by itself. It
sends one ID a transaction, as users of registries that know one file at a time do, measured over
300; and, cleverer, whole slices of 4,000 that it need not even prepare, measured over 30. Memory
is the most that the process had, less what it had before; Anvil is another process, which is told
to forget old blocks (`--prune-history`)."""

import csv
import itertools
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from eth_account.signers.local import LocalAccount
from web3 import Web3

from benchmarks.process import megabytes
from benchmarks.rows import ROOT, Row
from kiseki import Kiseki, Terms
from kiseki.chain.anvil import anvil
from kiseki.chain.contract.artifacts import artifact
from kiseki.chain.signing.accounts import local_account
from kiseki.client.data.registering import Totals
from kiseki.client.kiseki import deploy
from kiseki.core import ids
from kiseki.core.keccak import keccak256
from kiseki.core.merkle import SLICE
from kiseki.core.values import ZERO32

__all__ = ["ROWS", "measure"]

TITLE = "2,000,000 IDs in bulk"

_COUNT, _ARTISTS = 2_000_000, 300
_ONE_BY_ONE, _SLICES = 300, 30

ROWS = (
    Row("2,000,000 IDs of 300 artists, committed", "IDs/s"),
    Row("2,000,000 IDs of 300 artists, committed and published", "IDs/s"),
    Row("2,000,000 IDs, of that reading, hiding, sorting, keeping", "IDs/s"),
    Row(
        "2,000,000 IDs, committed: time against one ID a transaction", "times", 0.05,
        "the obvious script in the same run",
    ),
    Row(
        "2,000,000 IDs, published: time against one ID a transaction", "times", 0.05,
        "the obvious script in the same run",
    ),
    Row(
        "2,000,000 IDs, published: time against a slice a transaction", "times",
        compare="the script that has its slices ready and waits for each",
    ),
    Row("2,000,000 IDs, memory", "MB", 150),
    Row("2,000,000 IDs, committed: each", "gas"),
    Row("2,000,000 IDs, committed and published: each", "gas"),
    Row("2,000,000 IDs, one ID a transaction: each", "gas"),
)  # fmt: skip


def measure(count: int = _COUNT) -> dict[str, float]:
    with tempfile.TemporaryDirectory(dir=ROOT / ".build") as folder, chain() as url:
        place = Path(folder)
        records = place / "deployments"
        journal = place / "keys" / "journal"
        given = {"chain_id": None, "deployments": records, "journal": journal}
        deploy({"url": url, "key": local_account(0), **given})
        listed = write_list(place / "MANIFEST.csv", count)
        before = megabytes()
        k = Kiseki.connect(
            url,
            local_account(1),
            secrets=place / "keys" / "secrets",
            journal=journal,
            deployments=records,
        )
        terms = k.data.define_terms("train", royalty="20%")
        prepare, kept = seconds(lambda: k.data.prepare_all(listed, terms))
        commit, committed = seconds(lambda: Totals.of(k.data.register_all(kept, publish=False)))
        publish, published = seconds(lambda: Totals.of(k.data.register_all(kept)))
        memory = megabytes() - before
        if sum(each.count for each in kept) != count or committed.failed or published.failed:
            raise RuntimeError("not all of it is registered")
        script = Script(url, local_account(2), k.session["DataRegistry"].address, terms)
        one, gas = script.one_by_one(_ONE_BY_ONE)
        slice_ = script.by_slices(_SLICES)
    ours = (prepare + commit) / count, (prepare + commit + publish) / count
    values = (
        1 / ours[0], 1 / ours[1], count / prepare, ours[0] / one, ours[1] / one,
        ours[1] / (slice_ / SLICE), memory, committed.gas / count,
        (committed.gas + published.gas) / count, gas,
    )  # fmt: skip
    return {row.name: _rounded(value) for row, value in zip(ROWS, values, strict=True)}


def chain() -> Any:
    """An Anvil whose memory does not grow with what was sent."""
    return anvil(options=("--prune-history", "--transaction-block-keeper", "64"))


def write_list(path: Path, count: int) -> Path:
    """A list of made-up contents, the artists' turn about."""
    artists = [f"0x{keccak256(b'artist %d' % n)[12:].hex()}" for n in range(_ARTISTS)]
    with path.open("w", newline="", encoding="ascii") as file:
        lines = csv.writer(file)
        lines.writerow(["sha256", "name", "artist"])
        for n, artist in zip(range(count), itertools.cycle(artists), strict=False):
            lines.writerow([keccak256(b"content %d" % n).hex(), f"cut {n:07}.png", artist])
    return path


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """How long it took, and what it gave."""
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


class Script:
    """What one writes first, with nothing but web3.py."""

    def __init__(self, url: str, account: LocalAccount, registry: str, terms: Terms) -> None:
        self._w3 = Web3(Web3.HTTPProvider(url))
        self._account = account
        self._registry: Any = self._w3.eth.contract(
            address=self._w3.to_checksum_address(registry), abi=artifact("DataRegistry").abi
        )
        self._spec = (terms.id, ids.wallet(account.address), b"", ZERO32)

    def one_by_one(self, count: int) -> tuple[float, float]:
        """Seconds and gas of an ID."""
        receipts = []
        began = time.perf_counter()
        for n in range(count):
            commitment = ids.commitment(keccak256(b"content %d" % n), keccak256(b"salt %d" % n))
            receipts.append(self._send("register", [commitment], self._spec))
        spent = time.perf_counter() - began
        return spent / count, sum(each["gasUsed"] for each in receipts) / count

    def by_slices(self, count: int) -> float:
        """Seconds of a slice."""
        made = list(self._slices(count))
        began = time.perf_counter()
        for commitments in made:
            self._send("register", commitments, self._spec)
        return (time.perf_counter() - began) / count

    def _slices(self, count: int) -> Iterator[list[bytes]]:
        who = self._account.address
        for k in range(count):
            made = [keccak256(b"commitment %d" % (k * SLICE + n)) for n in range(SLICE)]
            yield [each for _, each in sorted(zip(ids.item_ids(who, made), made, strict=True))]

    def _send(self, name: str, *what: Any) -> Any:
        w3, me = self._w3, self._account.address
        transaction = self._registry.functions[name](*what).build_transaction(
            {"from": me, "nonce": w3.eth.get_transaction_count(me)}
        )
        signed = self._account.sign_transaction(transaction)
        receipt = w3.eth.wait_for_transaction_receipt(
            w3.eth.send_raw_transaction(signed.raw_transaction), poll_latency=0.01
        )
        if receipt["status"] != 1:
            raise RuntimeError("the obvious script failed")
        return receipt


def _rounded(value: float) -> float:
    return round(value, 4) if value < 1 else round(value, 1)
