"""What is done to sending: nodes, chains, pools and wallets that misbehave; and all campaigns, also
those of training and of the vault."""

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from tests.faults.killed import interrupted, killed, registration, terminated, together
from tests.faults.once import QUICK, Found, Lost, Run, exactly_once, send_all
from tests.faults.proxy import KINDS, Testnet, testnet
from tests.faults.trained import training
from tests.faults.vaulted import vault, vault_in_postgres

from kiseki.chain.node import connect
from kiseki.chain.sending.fees import GWEI, Policy
from kiseki.chain.sending.journal import Journal
from kiseki.chain.sending.sender import Sender
from kiseki.errors import ChainError, FeeTooHigh, KisekiError, NodeUnreachable

NOISE = dict.fromkeys(KINDS, 0.05)


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
    "a vault, kill -9": (vault, 200, 1),
    "a vault in PostgreSQL, kill -9": (vault_in_postgres, 50, 1),
    "training, kill -9": (training, 16, 8),
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
"""Each campaign: what it does, how many transactions (or kills), and how often in the full form.
The longest come first, so that none is left alone at the end."""
SHORT = 20
"""Transactions or kills of a campaign that has one round, in the short form."""

os.environ.setdefault("PYTHONHASHSEED", "0")
