"""Campaigns whose clients are processes: killed, interrupted, terminated, and several at once."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from typing import Any

from eth_account import Account
from tests.faults.once import ROOT, Found, Lost, Run, exactly_once
from tests.faults.proxy import Testnet, testnet

from kiseki.chain.release import deploying as deployment
from kiseki.chain.sending.sender import Sender
from kiseki.client.session import Session

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
    rows = (f"{n + 1:064x},0x{n // 2 + 1:040x}\n" for n in range(2 * run.count))
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
                if process.returncode:
                    raise Lost(f"the program failed by itself, seed {run.seed}")
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
