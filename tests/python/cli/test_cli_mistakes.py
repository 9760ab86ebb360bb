"""What goes wrong is said in a sentence, and commands are at home in a terminal and a pipe."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from kiseki import LocalKiseki
from kiseki.core.manifest import Manifest

from ..front import serving
from .conftest import BUYER, FREE, Shell

NOTHING = "0x" + "00" * 32
TYPED = BUYER[:-1] + ("4" if BUYER[-1] != "4" else "5")
"""As a spreadsheet makes it that fills down."""


@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        (["data", "show", NOTHING], "no collection", 1),
        (["data", "show", "0x12"], "the collection must be 0x and 64 hex digits", 2),
        (
            ["data", "register", *FREE, "nowhere"],
            "there is no nowhere",
            1,
        ),
        (["data", "revoke", NOTHING], "is it on this chain?", 1),
        (["revenue", "pay", BUYER, "1.5 wei"], "more digits than there are base units", 2),
        (["revenue", "pay", BUYER, "much"], "is no amount; write one like 0.5", 2),
        (["revenue", "pay", BUYER, "0,5"], "write 0.5, or say --decimal ','", 2),
        (["revenue", "pay", BUYER, "1,250"], "can be read as 1250 (--decimal '.') and 1.250", 2),
        (
            ["revenue", "pay", BUYER, "1", "--decimal", ";"],
            "must be a point or a comma",
            2,
        ),
        (["revenue", "pay", TYPED, "1"], f"{TYPED}, whose checksum is wrong", 2),
        (["revenue", "pay", BUYER, "999999999"], "insufficient funds; send it some ETH", 1),
        (["revenue", "pay", BUYER, "1", "--account", "nobody"], "there is no wallet nobody", 2),
        (["status", "--network", "mainet"], "there is no network 'mainet'", 2),
        (["status", "--network", "sepolia"], "", 1),
        (["revenue", "pay", BUYER, "1", "--max-fee", "x"], "--max-fee must be a number of gwei", 2),
        (["revenue", "pay", BUYER, "1", "--max-fee", "0.000000001"], "raise the cap", 1),
        (["revenue", "pay", BUYER, "1", "--tip", "two"], "--tip must be a number of gwei", 2),
        (["rights", "show", "film", NOTHING], "kind is one of batch, model, collection", 2),
        (
            ["data", "terms", *FREE, "--until", "soon"],
            "--until must be a day, as 2027-12-31",
            2,
        ),
        (
            ["revenue", "owed", "--at", "2027-13-01"],
            "--at is not the number of a block, so it must be a day, as 2027-12-31, a time",
            2,
        ),
        (["revenue", "earned", "--by", "week"], "'--by': 'week' is not one of 'token'", 2),
        (["accounts", "export", "x"], "set KISEKI_PASSWORD_FILE", 2),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    shell: Shell, words: list[str], said: str, code: int
) -> None:
    given = ["--rpc", shell.url] if "sepolia" in words else []
    shown = shell.run(*words, *given, code=code)
    assert shown.splitlines()[-1].startswith("kiseki: "), "what would be done was said before"
    assert shown.count("kiseki: ") == 1
    assert said in shown


def test_a_decimal_comma_is_understood_where_somebody_says_so(shell: Shell, k: LocalKiseki) -> None:
    before = k.balance(of=BUYER)
    shell.run("revenue", "pay", BUYER, "1.250,5 wei", "--decimal", ",", code=2)
    shell.json("revenue", "pay", BUYER, "0,5", "--decimal", ",")
    assert k.balance(of=BUYER) - before == 10**18 // 2


@pytest.mark.parametrize(
    ("payee", "amount", "said"),
    [
        (BUYER, '"12,50"', "row 2, column amount: '12,50' has"),
        (TYPED, "1", f"row 2, .*{TYPED}, whose"),
    ],
)
def test_a_table_that_can_be_read_in_two_ways_pays_nothing(
    shell: Shell, k: LocalKiseki, payee: str, amount: str, said: str
) -> None:
    before = k.balance(of=BUYER)
    text = f"channel,territory,payee,amount\nstreaming,JP,{payee},{amount}\n"
    (shell.folder / "october.csv").write_text(text, "utf-8")
    told = shell.run("revenue", "statement", "pay", "october.csv", "--period", "2026-10", code=2)
    assert re.search(said, told)
    assert k.balance(of=BUYER) == before


def test_a_list_with_a_wrong_checksum_names_its_line(shell: Shell) -> None:
    text = f"sha256,artist\n{'11' * 32},{BUYER}\n{'22' * 32},{TYPED}\n"
    (shell.folder / "list.csv").write_text(text, "utf-8")
    told = shell.run("data", "register", "--uses", "train", "list.csv", "--royalty", "20%", code=2)
    assert re.search(rf"list.csv, row 3, column artist: .*{TYPED}, whose checksum is wrong", told)


def test_a_node_that_is_not_there(shell: Shell) -> None:
    secret = "http://127.0.0.1:9/v3/0123456789abcdef"
    shown = shell.run("status", "--rpc", secret, code=1)
    assert "no node answers at http://127.0.0.1:9" in shown
    assert "0123456789abcdef" not in shown
    told = shell.start("status", "--rpc", secret, "--debug").communicate(timeout=600)[1]
    assert "Traceback" in told
    assert "0123456789abcdef" not in told


@pytest.mark.parametrize(
    "words", [("status",), ("verify-contracts",), ("deploy", "--dry-run"), ("accounts", "list")]
)
def test_a_node_that_stops_answering_does_not_have_its_key_shown(
    elsewhere: Callable[[str], Shell], k: LocalKiseki, words: tuple[str, ...]
) -> None:
    """It says on which chain it is, and then that the key in the URL has run out."""
    asked = 0

    class Node(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            nonlocal asked
            asked += 1
            self.rfile.read(int(self.headers["content-length"]))
            answer = b'{"jsonrpc": "2.0", "id": 1, "result": "0x7a69"}' if asked == 1 else b"no"
            self.send_response(200 if asked == 1 else 403)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Node)) as node:
        shell = elsewhere(f"http://127.0.0.1:{node.server_port}/v3/SECRETKEY")
        code = 0 if words == ("accounts", "list") else 1
        assert "SECRETKEY" not in shell.run(*words, "--account", "test:1", code=code)


@pytest.mark.parametrize(
    "words", [("keeper", "--once"), ("accounts", "cancel"), ("model", "check-manifest")]
)
def test_what_cannot_be_tried_refuses_a_dry_run(shell: Shell, words: tuple[str, ...]) -> None:
    """Nothing is sent that was asked not to be."""
    if words[0] == "model":
        (shell.folder / "manifest.json").write_text(Manifest({}).to_json(), "utf-8")
        words = (*words, "0x" + "33" * 32, "manifest.json")
    told = shell.run(*words, "--dry-run", "--account", "test:1", code=2)
    assert "cannot be tried without sending" in told


def test_a_dry_run_says_what_would_be_refused(shell: Shell) -> None:
    """And ends as the command would, not with 0."""
    shell.files("artwork", 1)
    shell.run("data", "register", *FREE, "artwork", "--account", "test:1")
    told = (
        "data",
        "register",
        *FREE,
        "artwork",
        "--payee",
        BUYER,
        "--account",
        "test:1",
        "--dry-run",
    )
    assert "DataRegistry_DifferentValues" in shell.run(*told, code=1)
    assert shell.json(*told, code=1)["problems"]
    empty = ("revenue", "pay", BUYER, "1 wei", "--account", "test:19", "--dry-run")
    assert "insufficient funds" in shell.run(*empty, code=1)


def test_a_reader_that_has_enough(shell: Shell) -> None:
    command = f"{sys.executable} -m kiseki status --json | head -1"
    done = subprocess.run(
        command, shell=True, cwd=shell.folder, env=shell.environment, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("{\n", "")


def test_a_local_chain_for_others_to_use(shell: Shell) -> None:
    node = shell.start("node", "--port", "0", "--json")
    assert node.stdout
    told = json.loads(node.stdout.readline())
    assert len(told["wallets"]) == 10
    other = Shell(shell.folder, told["url"], shell.programs)
    assert set(other.json("status")["contracts"].values()) == {"the same, to the byte"}
    port = told["url"].rpartition(":")[2]
    second = shell.run("node", "--port", port, code=1)
    assert f"nothing can listen at port {port}" in second and "name another port" in second
    assert "ports are numbers up to 65535" in shell.run("node", "--port", "99999", code=1)
    odd = shell.run("node", "--port", "0", "--block-time", "-1", code=1)
    assert "anvil ended at once" in odd and "unexpected argument" in odd
    node.send_signal(signal.SIGINT)
    assert node.wait(timeout=600) == 0
    assert "no node answers" in other.run("status", code=1)


def test_an_interrupted_command_says_that_it_goes_on(shell: Shell, k: LocalKiseki) -> None:
    """Invariant 8, as people meet it."""
    k.session.node.one("evm_setAutomine", False)
    try:
        paying = shell.start("revenue", "pay", BUYER, "123 wei")
        journal = shell.folder / "home" / ".kiseki" / "journal"
        end = time.monotonic() + 600
        while time.monotonic() < end:
            pool = k.session.node.one("txpool_status")
            if journal.exists() and int(pool["pending"], 16):
                break
            time.sleep(0.05)
        paying.send_signal(signal.SIGINT)
        _, told = paying.communicate(timeout=600)
        assert paying.returncode == 130
        assert told.strip().endswith(
            "Interrupted. Run the same command again to go on; it sends nothing twice."
        )
        (pending,) = shell.json("status")["pending"]
        assert pending["what"] == "RevenueSplitter.deposit"
        assert "pending 1 transaction" in " ".join(shell.run("status").split())
    finally:
        k.session.node.one("evm_setAutomine", True)
        k.session.node.one("evm_mine")
    shown = " ".join(shell.run("status").split())
    assert "pending nothing" in shown, "it is in a block"
    assert "1 transaction of a command that was interrupted; run that command again" in shown
    before = k.balance(of=BUYER)
    (sent,) = shell.json("revenue", "pay", BUYER, "123 wei")["transactions"]
    assert sent["resumed"]
    assert k.balance(of=BUYER) == before
    (anew,) = shell.json("revenue", "pay", BUYER, "123 wei")["transactions"]
    assert not anew["resumed"]
    assert k.balance(of=BUYER) == before + 123


def test_progress_is_silent_in_a_pipe(shell: Shell) -> None:
    shell.files("artwork")
    done = shell.start("data", "register", *FREE, "artwork")
    out, err = done.communicate(timeout=600)
    assert "\x1b" not in out + err
    assert "reading" not in out + err
    assert os.linesep + os.linesep not in err


def test_what_others_wrote_gives_a_terminal_no_orders(shell: Shell) -> None:
    """A receipt's names, for one, come from somebody else."""
    (shell.folder / "list.csv").write_text(f"sha256,name\n{'11' * 32},[bold]\x1b[2Jmine\n")
    (shell.folder / "drawing").mkdir()
    made = shell.json("data", "register", *FREE, "list.csv")["collections"][0]["collection"]
    shell.run("data", "receipt", made, "--out", "receipt.json", "--clear")
    shown = shell.run("data", "check-receipt", "receipt.json", "--clear")
    assert "\x1b" not in shown
    name = shell.run("revenue", "pay", "\x1b[2J[bold]", "1", code=2)
    assert "\x1b" not in name
