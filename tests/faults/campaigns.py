"""What is done to sending, and what is looked at afterwards: on the chain itself.

Every call of a campaign is one of a kind, so that what was sent twice can be told from what was
meant twice. Afterwards each must be in exactly one block, and the wallet must have sent nothing
else; the journal holds nothing that waits; and the same calls, sent again, are new ones.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from tests.faults.proxy import KINDS, Testnet, testnet

from kiseki.chain.contract.contracts import Call
from kiseki.chain.node import connect
from kiseki.chain.release import deploying as deployment
from kiseki.chain.sending.fees import GWEI, Policy
from kiseki.chain.sending.journal import Journal
from kiseki.chain.sending.sender import Sender
from kiseki.client.session import Session
from kiseki.errors import ChainError, FeeTooHigh, KisekiError, NodeUnreachable

__all__ = ["CAMPAIGNS", "Found", "Lost", "Run"]

ROOT = Path(__file__).resolve().parents[2]
TO = "0x" + "0b" * 20
NOISE = dict.fromkeys(KINDS, 0.05)
QUICK = Policy(stuck=0.6, patience=60, in_flight=16)


class Lost(AssertionError):  # noqa: N818 - what happened
    """A transaction was lost, or sent twice, or something else was sent."""


@dataclass(slots=True)
class Found:
    """What a campaign came to."""

    intended: int = 0
    runs: int = 0
    faults: dict[str, int] = field(default_factory=dict)

    def add(self, kind: str, count: int = 1) -> None:
        if count:
            self.faults[kind] = self.faults.get(kind, 0) + count


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a campaign.

    Attributes:
        seed: by which it can be repeated.
        folder: for the journal.
        count: how many transactions.
    """

    seed: int
    folder: Path
    count: int

    @property
    def wallet(self) -> LocalAccount:
        """A wallet of this run's own. Worth nothing."""
        account: LocalAccount = Account.from_key(self.seed.to_bytes(16) + b"\x01" * 16)
        return account

    @property
    def journal(self) -> Path:
        return self.folder / "journal"

    def calls(self, start: int = 0, count: int | None = None) -> list[Call]:
        """Calls that cannot be taken for each other."""
        end = start + (self.count if count is None else count)
        return [Call(TO, n.to_bytes(32), n + 1, f"gift {n}", 40_000) for n in range(start, end)]

    def sender(self, net: Testnet, policy: Policy = QUICK, url: str = "") -> Sender:
        return Sender(connect(url or net.url), self.wallet, Journal(self.journal), policy)


def exactly_once(net: Testnet, run: Run, calls: list[Call], extra: int = 0) -> None:
    """Every call is in exactly one block, and nothing else is."""
    sent = [(each["input"], int(each["value"], 16)) for each in net.sent_by(run.wallet.address)]
    wanted = [("0x" + each.data.hex(), each.value) for each in calls]
    lost = len(set(wanted) - set(sent))
    twice = len(sent) - len(set(sent))
    other = len(set(sent) - set(wanted))
    if lost or twice or other != extra:
        raise Lost(f"{lost} lost, {twice} sent twice, {other} of another kind, seed {run.seed}")
    with contextlib.closing(Journal(run.journal)) as journal:
        left = Sender(net.direct, run.wallet, journal, QUICK).pending()
    if left:
        raise Lost(f"{len(left)} are still pending in the journal, seed {run.seed}")


def send_all(
    run: Run, net: Testnet, calls: list[Call], policy: Policy = QUICK, url: str = ""
) -> int:
    """As a command that its user runs again and again until it ends well; how often that took."""
    for attempt in range(1, 60):
        try:
            with contextlib.closing(Journal(run.journal)) as journal, journal.command("a campaign"):
                sender = Sender(connect(url or net.url), run.wallet, journal, policy)
                for each in sender.send_all(calls):
                    _ = each.result
            return attempt
        except (ChainError, KisekiError):
            time.sleep(0.05)
    raise Lost(f"it did not end well in 60 runs, seed {run.seed}")


# One node that misbehaves


def noise(run: Run) -> Found:
    """Dropped, lost, late, refused, cut off, doubled, lagging and shuffled answers, all at once."""
    with testnet(run.seed, NOISE) as net:
        net.fund(run.wallet.address)
        runs = send_all(run, net, run.calls())
        exactly_once(net, run, run.calls())
        return Found(run.count, runs, dict(net.proxy.counts))


def lost_answers(run: Run) -> Found:
    """Every third answer is lost after the node has done what it was asked."""
    with testnet(run.seed, {"lose": 0.3}) as net:
        net.fund(run.wallet.address)
        runs = send_all(run, net, run.calls())
        exactly_once(net, run, run.calls())
        return Found(run.count, runs, dict(net.proxy.counts))


def dies(run: Run) -> Found:
    """The node dies half-way: there is another, or it comes back later."""
    found = Found(2 * run.count)
    with testnet(run.seed) as net:
        net.fund(run.wallet.address)
        for place, url in enumerate((f"{net.url},{net.node}", net.url)):
            calls = run.calls(place * run.count)
            death = threading.Timer(0.3, net.proxy.stop)
            death.start()
            back = threading.Timer(1.0, net.replace_proxy) if place else None
            if back:
                back.start()
            found.runs += send_all(run, net, calls, QUICK, url)
            death.join()
            found.add("node died")
            if back:
                back.join()
            else:
                net.replace_proxy()
        exactly_once(net, run, run.calls(count=2 * run.count))
    return found


# Killed


WORKER = """
import sys
from pathlib import Path
from eth_account import Account
from kiseki.chain.contract.contracts import Call
from kiseki.chain.sending.fees import Policy
from kiseki.chain.sending.journal import Journal
from kiseki.chain.node import connect
from kiseki.chain.sending.sender import Sender
print("begun", flush=True)
url, key, journal, start, count = sys.argv[1:]
start, count = int(start), int(count)
sender = Sender(connect(url), Account.from_key(key), Journal(Path(journal)),
                Policy(stuck=0.6, patience=60, in_flight=8))
with sender.journal.command(f"a campaign {start}"):
    calls = (Call("0x" + "0b" * 20, n.to_bytes(32), n + 1, f"gift {n}", 40_000)
             for n in range(start, start + count))
    for each in sender.send_all(calls):
        each.result
    # Inside: from here on its user knows that it is done, and does not say it again.
    Path(journal + f".done{start}").touch()
"""


def worker(
    run: Run, net: Testnet, start: int = 0, count: int | None = None
) -> subprocess.Popen[Any]:
    given = [net.url, "0x" + bytes(run.wallet.key).hex(), str(run.journal), str(start),
             str(run.count if count is None else count)]  # fmt: skip
    return program(WORKER, given)


def program(text: str, given: list[str]) -> subprocess.Popen[Any]:
    """Starts one, and returns when it has imported what it needs: how long that takes says nothing
    of what is tried here, and a busy machine would never get beyond it."""
    process = subprocess.Popen(
        [sys.executable, "-c", text, *given], cwd=ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    return process


REGISTRATION = """
import sys
from pathlib import Path
from kiseki import Kiseki, Terms
from kiseki.chain.sending.fees import Policy
print("begun", flush=True)
url, key, folder = sys.argv[1:]
place = Path(folder)
k = Kiseki.connect(url, key, secrets=place / "secrets", journal=place / "journal",
                   policy=Policy(stuck=0.6, patience=60, in_flight=8))
kept = k.data.prepare_all(place / "list.csv", Terms.of("train", "20%"))
with k.command("register all"):
    for each in k.data.register_all(kept):
        if each.error:
            raise each.error
    (place / "journal.done0").touch()
"""


def registration(run: Run) -> Found:
    """A registration of one collection for each of 200 artists, killed at random moments; answers
    are late, lost, and doubled meanwhile."""
    found, dice = Found(run.count + 1), random.Random(run.seed)
    rows = (f"{n:064x},0x{n // 2 + 1:040x}\n" for n in range(2 * run.count))
    (run.folder / "list.csv").write_text("sha256,artist\n" + "".join(rows))
    with testnet(run.seed, {"delay": 0.3, "lose": 0.02, "twice": 0.02}) as net:
        net.fund(run.wallet.address)
        owner = Account.from_key("0x" + "01" * 32)
        net.fund(owner.address)
        deployment.deploy(Sender(net.direct, owner), run.folder / "deployments")
        given = [net.url, "0x" + bytes(run.wallet.key).hex(), str(run.folder)]
        while not is_done(run):
            asked = net.proxy.asked
            process = program(REGISTRATION, given)
            found.runs += 1
            if ends_within(process, net, asked + dice.randint(1, 2 * _UNTIL), dice):
                continue
            process.kill()
            process.wait()
            found.add("kill -9")
            if found.runs > 100:
                raise Lost(f"it never ends, seed {run.seed}")
        sent = [each["input"] for each in net.sent_by(run.wallet.address)]
        collections = Session(net.direct).index.collections(run.wallet.address)
        whole = [each for each in collections if each.complete and each.count == 2]
        lost, twice = run.count - len(whole), len(sent) - len(set(sent))
        if lost or twice or len(sent) != found.intended:
            raise Lost(f"{lost} lost, {twice} sent twice of {len(sent)}, seed {run.seed}")
        for kind, count in net.proxy.counts.items():
            found.add(kind, count)
    return found


_UNTIL = 30
"""Requests before a program is killed, at most; undisturbed, a campaign takes some hundred."""


def ends_within(
    process: subprocess.Popen[Any], net: Testnet, asked: int, dice: random.Random
) -> bool:
    """Whether a program ends before so many requests came; else it returns soon after the last one.

    Requests, not seconds: on a busy machine a program gets as far as on an idle one.
    """
    while process.poll() is None:
        if net.proxy.asked >= asked:
            time.sleep(dice.uniform(0, 0.2))
            return process.poll() is not None
        time.sleep(0.005)
    return True


def is_done(run: Run, start: int = 0) -> bool:
    """Whether a worker came to its end."""
    return run.journal.with_name(f"journal.done{start}").exists()


def killed(run: Run, how: int = signal.SIGKILL, name: str = "kill -9") -> Found:
    """Killed at random moments, and started again with the same words until it is done."""
    found, dice = Found(run.count), random.Random(run.seed)
    with testnet(run.seed, {"delay": 0.6}) as net:
        net.fund(run.wallet.address)
        while True:
            asked = net.proxy.asked
            process = worker(run, net)
            found.runs += 1
            if not ends_within(process, net, asked + dice.randint(1, _UNTIL), dice):
                process.send_signal(how)
                process.wait(timeout=30)
                found.add(name)
            if is_done(run):
                break
            if found.runs > 200:
                raise Lost(f"it never ends, seed {run.seed}")
        exactly_once(net, run, run.calls())
        found.add("delay", net.proxy.counts["delay"])
    return found


def interrupted(run: Run) -> Found:
    """Ctrl-C."""
    return killed(run, signal.SIGINT, "Ctrl-C")


def terminated(run: Run) -> Found:
    """SIGTERM."""
    return killed(run, signal.SIGTERM, "SIGTERM")


def together(run: Run) -> Found:
    """Three processes of one user send from one wallet, and one of them is killed now and then."""
    found, dice = Found(3 * run.count), random.Random(run.seed)
    with testnet(run.seed, {"delay": 0.3}) as net:
        net.fund(run.wallet.address)
        running = {place: worker(run, net, place * run.count) for place in range(3)}
        found.runs = 3
        while running:
            time.sleep(0.2)
            for place, process in list(running.items()):
                code = process.poll()
                if code is not None and is_done(run, place * run.count):
                    del running[place]
                elif code is not None:
                    running[place] = worker(run, net, place * run.count)
                    found.runs += 1
                elif found.runs < 9 and dice.random() < 0.08:
                    process.kill()
                    process.wait()
                    found.add("kill -9")
        exactly_once(net, run, run.calls(count=3 * run.count))
    return found


def threads(run: Run) -> Found:
    """Six threads of one process, one sender, a node that misbehaves."""
    found = Found(6 * run.count)
    with testnet(run.seed, dict.fromkeys(("lose", "delay", "lag", "shuffle"), 0.05)) as net:
        net.fund(run.wallet.address)
        sender, problems = run.sender(net), list[BaseException]()

        def work(place: int) -> None:
            try:
                for each in sender.send_all(run.calls(place * run.count)):
                    _ = each.result
            except KisekiError as error:
                problems.append(error)

        all_of_them = [threading.Thread(target=work, args=(place,)) for place in range(6)]
        for each in all_of_them:
            each.start()
        for each in all_of_them:
            each.join()
        sender.journal.close()
        if problems:
            raise Lost(f"{problems[0]}, seed {run.seed}")
        exactly_once(net, run, run.calls(count=6 * run.count))
        found.runs, found.faults = 1, dict(net.proxy.counts)
    return found


# A chain that changes its mind


@contextlib.contextmanager
def mining(net: Testnet, pause: float = 0.03) -> Iterator[None]:
    """Blocks come, whoever sends."""
    stopped = threading.Event()

    def mine() -> None:
        while not stopped.wait(pause):
            with contextlib.suppress(ValueError):
                net.ask("evm_mine")

    thread = threading.Thread(target=mine)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def reorganised(run: Run) -> Found:
    """Blocks are taken back, 1 to 10 of them, while transactions wait to be twelve deep; what was
    in them comes back by itself, or does not."""
    found, dice = Found(run.count), random.Random(run.seed)
    policy = Policy(stuck=0.6, patience=60, in_flight=8, finality=12)
    with testnet(run.seed) as net:
        net.fund(run.wallet.address)
        net.ask("anvil_mine", hex(12))
        done: list[int] = []
        thread = threading.Thread(
            target=lambda: done.append(send_all(run, net, run.calls(), policy))
        )
        thread.start()
        for place in range(10):
            time.sleep(dice.uniform(0.1, 0.4))
            if not thread.is_alive():
                break
            depth = place + 1
            net.ask("anvil_reorg", depth, [])
            found.add(f"reorganised {depth} deep")
            if dice.random() < 0.5:
                net.ask("anvil_dropAllTransactions")
                found.add("dropped from the pool")
        with mining(net):
            thread.join()
        found.runs = done[0] if done else 0
        exactly_once(net, run, run.calls())
    return found


# Fees, and a pool that forgets


def passed_over(run: Run) -> Found:
    """The chain makes no blocks for a while: what waits is dropped, and replaced at higher fees."""
    found, dice = Found(run.count), random.Random(run.seed)
    with testnet(run.seed) as net:
        net.fund(run.wallet.address)
        done: list[int] = []
        thread = threading.Thread(target=lambda: done.append(send_all(run, net, run.calls())))
        thread.start()
        while thread.is_alive():
            net.ask("evm_setAutomine", False)
            time.sleep(dice.uniform(0.3, 1.5))
            if dice.random() < 0.5:
                net.ask("anvil_dropAllTransactions")
                found.add("dropped from the pool")
            net.ask("evm_setAutomine", True)
            net.ask("evm_mine")
            found.add("no blocks for a while")
            time.sleep(dice.uniform(0.05, 0.2))
        found.runs = done[0]
        exactly_once(net, run, run.calls())
    return found


def dear(run: Run) -> Found:
    """Gas costs more than the cap for a while."""
    found = Found(run.count)
    policy = Policy(stuck=0.6, patience=0.8, in_flight=8, max_fee=10 * GWEI)
    with testnet(run.seed) as net:
        net.fund(run.wallet.address)
        stopped = threading.Event()

        def storm() -> None:
            while not stopped.wait(0.4):
                with contextlib.suppress(ValueError):
                    net.ask("anvil_setNextBlockBaseFeePerGas", hex(50 * GWEI))
                    net.ask("evm_mine")
                    found.add("base fee above the cap")
                    time.sleep(0.3)
                    net.ask("anvil_setNextBlockBaseFeePerGas", hex(GWEI))
                    net.ask("evm_mine")

        thread = threading.Thread(target=storm)
        thread.start()
        try:
            for _ in range(300):
                found.runs += 1
                try:
                    with (
                        contextlib.closing(Journal(run.journal)) as journal,
                        journal.command("a campaign"),
                    ):
                        sender = Sender(connect(net.url), run.wallet, journal, policy)
                        for each in sender.send_all(run.calls()):
                            _ = each.result
                    break
                except FeeTooHigh:
                    time.sleep(0.1)
                except (NodeUnreachable, ChainError):
                    time.sleep(0.1)
        finally:
            stopped.set()
            thread.join()
        most = max(int(each.get("maxFeePerGas", each["gasPrice"]), 16)
                   for each in net.sent_by(run.wallet.address))  # fmt: skip
        if most > 10 * GWEI:
            raise Lost(f"something offered {most} wei, more than the cap, seed {run.seed}")
        exactly_once(net, run, run.calls())
    return found


def elsewhere(run: Run) -> Found:
    """The same wallet sends from a browser in between, and takes nonces."""
    found = Found(run.count)
    with testnet(run.seed, {"delay": 0.3}) as net:
        net.fund(run.wallet.address)
        stopped, taken = threading.Event(), 0

        def browse() -> None:
            nonlocal taken
            while not stopped.wait(0.15):
                nonce = int(net.ask("eth_getTransactionCount", run.wallet.address, "pending"), 16)
                fees: dict[str, Any] = {
                    "maxFeePerGas": 100 * GWEI,
                    "maxPriorityFeePerGas": 10 * GWEI,
                }
                other: dict[str, Any] = {"to": "0x" + "11" * 20, "value": 10**6 + taken,
                                         "gas": 21_000, "chainId": 11_155_111, "nonce": nonce,
                                         **fees}  # fmt: skip
                raw = bytes(run.wallet.sign_transaction(other).raw_transaction)
                with contextlib.suppress(ValueError):
                    net.ask("eth_sendRawTransaction", "0x" + raw.hex())
                    taken += 1

        thread = threading.Thread(target=browse)
        thread.start()
        try:
            found.runs = send_all(run, net, run.calls())
        finally:
            stopped.set()
            thread.join()
        found.add("sent from elsewhere", taken)
        there = {int(each["value"], 16) for each in net.sent_by(run.wallet.address)}
        extra = len({value for value in there if value >= 10**6})
        exactly_once(net, run, run.calls(), extra)
    return found


CAMPAIGNS: dict[str, tuple[Callable[[Run], Found], int, int]] = {
    "a registration, kill -9": (registration, 200, 4),
    "SIGTERM": (terminated, 200, 2),
    "kill -9": (killed, 200, 6),
    "Ctrl-C": (interrupted, 200, 2),
    "three processes": (together, 60, 3),
    "reorganisations": (reorganised, 200, 6),
    "noise": (noise, 100, 6),
    "lost answers": (lost_answers, 100, 3),
    "the node dies": (dies, 60, 3),
    "six threads": (threads, 30, 3),
    "passed over": (passed_over, 100, 4),
    "above the cap": (dear, 100, 3),
    "the same wallet elsewhere": (elsewhere, 100, 3),
}
"""Each campaign: what it does, how many transactions, and how often in the full form.
The longest come first, so that none is left alone at the end."""

os.environ.setdefault("PYTHONHASHSEED", "0")
