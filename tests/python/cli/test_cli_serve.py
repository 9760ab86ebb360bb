"""`kiseki serve`: pages over the index, for as long as it runs (promise 7)."""

import json
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from kiseki import LocalKiseki
from kiseki.cli.serve import _named
from kiseki.core.keccak import keccak256

from .conftest import FREE, Shell


def got(at: str) -> tuple[int, str]:
    with urllib.request.urlopen(at, timeout=600) as answer:
        return answer.status, answer.read().decode()


def test_pages_are_served_and_follow_the_chain_until_they_are_ended(shell: Shell) -> None:
    shell.files("art", 2)
    made = shell.json("data", "register", "art", *FREE, "--account", "test:1")["collections"]
    server = shell.start("serve", "--port", "0", "--every", "0.2")
    assert server.stderr
    said = server.stderr.readline()
    while "The pages are at" not in said:  # reading the chain may be told before
        assert said and server.poll() is None
        said = server.stderr.readline()
    at = said.split("The pages are at ")[1].split(". Press")[0]
    assert at.startswith("http://127.0.0.1:")
    until = time.monotonic() + 600
    page = f"{at}collection/{made[0]['collection']}"
    while json.loads(got(f"{at}health")[1])["block"] < 0 and time.monotonic() < until:
        time.sleep(0.1)
    assert "Consent is in force." in got(page)[1]
    port = at.rstrip("/").rpartition(":")[2]
    taken = shell.run("serve", "--port", port, code=2)
    assert f"port {port} (Address already in use); name another port" in " ".join(taken.split())
    shell.run("data", "revoke", made[0]["collection"], "--account", "test:1")
    while "Consent is in force." in got(page)[1] and time.monotonic() < until:
        time.sleep(0.1)
    assert "Its provider revoked consent on" in got(page)[1]
    server.send_signal(signal.SIGINT)
    assert server.wait(timeout=600) in (0, 130)


PRESSED = """
import os, signal, sys
import uvicorn
signal.signal(signal.SIGINT, signal.default_int_handler)
begins = uvicorn.Server.serve
async def pressed(server, sockets=None):
    os.kill(os.getpid(), signal.SIGINT)
    await begins(server, sockets)
uvicorn.Server.serve = pressed
sys.argv = ["kiseki", "serve", "--port", "0"]
from kiseki.cli import main
main()
"""


def test_ctrl_c_the_moment_its_address_is_told_ends_it_in_order(shell: Shell) -> None:
    """A real signal, after the address was told and before the server has begun."""
    done = subprocess.run(
        [sys.executable, "-c", PRESSED],
        cwd=shell.folder, env=shell.environment, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert "The pages are at" in done.stderr
    assert (done.returncode, "Traceback" in done.stderr) == (130, False), done.stderr


def test_a_port_or_a_time_that_is_none_is_said(shell: Shell) -> None:
    assert "--port must be from 0 to 65535" in shell.run("serve", "--port", "99999", code=2)
    assert "--every must be a number" in shell.run("serve", "--every", "0", code=2)
    unknown = " ".join(shell.run("serve", "--host", "no.such.host.invalid", code=2).split())
    assert "nothing can listen at no.such.host.invalid" in unknown and "rror -" not in unknown


def test_a_relay_says_what_it_pays_and_asks_before_it_does(shell: Shell, k: LocalKiseki) -> None:
    """Promise 4: who has no ether revokes consent, and the operator knows the price beforehand."""
    shell.files("art", 1)
    made = shell.json("data", "register", "art", *FREE, "--account", "test:1")["collections"]
    shell.run("data", "revoke", made[0]["collection"], "--sign", "no.json", "--account", "test:1")
    asked = " ".join(
        shell.run("serve", "--relay", "--account", "test:2", "--no-yes", code=2).split()
    )
    wallet = k.account(2).address
    sentence = f"The wallet {wallet} pays the gas of others on chain 31337: at most 0.05 ETH a day"
    assert sentence in asked and "add --yes" in asked
    price = shell.run("serve", "--relay", "--relay-token", "0.1", code=2)
    assert "0.0003@TOKEN" in price
    nobody = shell.run("serve", "--relay", more={"KISEKI_CHAIN_ID": "5"}, code=2)
    assert "no wallet is named" in nobody
    server = shell.start(
        "serve", "--relay", "--relay-day", "0.01", "--relay-token", f"0.5@{k.test_token()}",
        "--port", "0", "--account", "test:2",
    )  # fmt: skip
    assert server.stderr
    told = ""
    while "The pages are at" not in told:
        told += (line := server.stderr.readline())
        assert line and server.poll() is None, told
    assert "at most 0.01 ETH a day" in " ".join(told.split())
    at = told.split("The pages are at ")[1].split("/. Press")[0]
    post = urllib.request.Request(
        f"{at}/relay/revocation", (shell.folder / "no.json").read_bytes(),
        {"Origin": at, "Content-Type": "application/json"},
    )  # fmt: skip
    with urllib.request.urlopen(post, timeout=600) as answer:
        page = json.loads(answer.read())["next"]
    until = time.monotonic() + 600
    while (now := json.loads(got(f"{at}{page}.json")[1]))["state"] != "done":
        assert time.monotonic() < until and now["state"] in ("waiting", "sent"), now
        time.sleep(0.1)
    mine = (shell.folder / "home" / ".kiseki" / "operator.url").read_text().strip()
    keep = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with keep.open(mine, timeout=600) as answer:
        assert "carried out" in answer.read().decode()
    second = shell.run("serve", "--relay", "--port", "0", code=1)
    assert "another process relays" in " ".join(second.split())
    server.send_signal(signal.SIGINT)
    assert server.wait(timeout=600) in (0, 130)


def test_names_come_from_a_file_line_by_line(shell: Shell, tmp_path: Path) -> None:
    """A name that was stated as a file is known, whether its line ends or not."""
    texts = tmp_path / "names.txt"
    texts.write_text("  Alice of the scene \n\n山田 花子\n", "utf-8")
    names = _named(texts)
    assert names is not None and _named(None) is None
    for said in ("Alice of the scene", "Alice of the scene\n", "山田 花子"):
        assert names.text(keccak256(said.encode())) == said.strip()
    assert names.text(keccak256(b"Alice")) == ""
    assert "cannot be read" in shell.run("serve", "--called", "no.txt", code=1)
