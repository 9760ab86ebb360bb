"""What is on a chain is what is here: for us, and for explorers, which compile it themselves.

The explorers are stand-ins with the documented APIs, because the real ones cannot be reached; they
run the real compiler on what they are sent, and compare it with the code on the chain.
"""

import json
import subprocess
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from kiseki import LocalKiseki
from kiseki.chain.contract.artifacts import artifact
from kiseki.chain.node import Node
from kiseki.chain.release import releases, verification
from kiseki.errors import ChainError, FilesError

from ..front import serving

ROOT = Path(__file__).resolve().parents[3]
KEY = "ABCDEF0123456789"


class Compiler:
    """The compiler of the project, loaded once: that takes longer than most contracts. What it made
    of an input is kept, because it always makes the same."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._made: dict[str, Any] = {}

    def __call__(self, given: dict[str, Any], name: str) -> tuple[str, str]:
        """Creation and runtime code of `path:Name`, from nothing but this input."""
        path, contract = name.split(":")
        question = json.dumps(given)
        if question not in self._made:
            assert self._process.stdin and self._process.stdout
            self._process.stdin.write(question + "\n")
            self._process.stdin.flush()
            self._made[question] = json.loads(self._process.stdout.readline())
        made = self._made[question]["contracts"][path][contract]["evm"]
        return made["bytecode"]["object"], made["deployedBytecode"]["object"]


@pytest.fixture(scope="module")
def compiler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compiler]:
    command = [str(ROOT / ".tools" / "bin" / "solc"), "--standard-json-lines"]
    nowhere = tmp_path_factory.mktemp("nowhere")
    with subprocess.Popen(
        command, cwd=nowhere, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Compiler(process)


# Here


def test_everything_is_the_same_to_the_byte(k: LocalKiseki) -> None:
    found = verification.check(k.session.node)
    assert [each.name for each in found] == list(releases.newest())
    assert {each.said for each in found} == {"the same, to the byte"}


@pytest.mark.parametrize("name", ["DataRegistry", "Statements"])
def test_any_byte_that_differs_is_found(k: LocalKiseki, name: str) -> None:
    """Immutables too: what a constructor argument or the contract's own address put there."""
    node, at = k.session.node, releases.addresses()[name]
    code = bytearray(node.w3.eth.get_code(at))  # type: ignore[arg-type]
    places = [0, len(code) // 2, *(start + 31 for start, _ in artifact(name).immutables)]
    for place in places:
        broken = bytearray(code)
        broken[place] ^= 1
        node.one("anvil_setCode", at, "0x" + broken.hex())
        wrong = [each for each in verification.check(node) if not each.is_right]
        assert [(each.name, each.same_code) for each in wrong] == [(name, False)]
    node.one("anvil_setCode", at, "0x")
    (gone,) = [each for each in verification.check(node) if not each.is_right]
    assert gone.said == "not there"


def test_the_hash_of_the_metadata_is_the_one_in_the_code() -> None:
    """As IPFS names it: 0x1220 and the SHA-256 of one block of a UnixFS file."""
    for name in releases.newest():
        known = verification.metadata_hash(artifact(name))
        assert known[:2] == b"\x12\x20"
        assert verification._hash_in(artifact(name).runtime_code) == known
        assert known in artifact(name).creation_code


def test_the_input_alone_makes_the_code(compiler: Compiler) -> None:
    given = verification.compiler_input("RevenueSplitter")
    creation, _ = compiler(given, "contracts/RevenueSplitter.sol:RevenueSplitter")
    assert bytes.fromhex(creation) == artifact("RevenueSplitter").creation_code


def test_a_source_that_was_changed_or_is_missing_is_named(tmp_path: Path) -> None:
    paths = json.loads(artifact("Statements").metadata)["sources"]
    for path in paths:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes((ROOT / path).read_bytes())
    assert verification.compiler_input("Statements", tmp_path)["sources"].keys() == paths.keys()
    changed = tmp_path / "contracts" / "Statements.sol"
    changed.write_text(changed.read_text() + "\n")
    with pytest.raises(FilesError, match=r"contracts/Statements.sol is not the source that State"):
        verification.compiler_input("Statements", tmp_path)
    changed.unlink()
    with pytest.raises(FilesError, match=r"cannot be read \(No such file"):
        verification.compiler_input("Statements", tmp_path)


def test_what_a_person_needs_is_written(tmp_path: Path) -> None:
    written = verification.write_inputs(tmp_path / "inputs")
    about = json.loads(written[-1].read_text())
    assert set(about) == set(releases.newest())
    for name, each in about.items():
        assert each["compiler"] == "v0.8.37+commit.f401782d"
        assert each["contract"].endswith(f":{name}")
        creation = artifact(name).creation_code + bytes.fromhex(each["constructorArguments"])
        assert creation == releases.newest()[name].creation_code
        assert json.loads((tmp_path / "inputs" / each["input"]).read_text())["sources"]


# Explorers


class Explorer(ThreadingHTTPServer):
    """Etherscan's API v2 and Sourcify's, over the code of a real chain."""

    def __init__(self, node: Node, compiler: Compiler) -> None:
        self.node, self.compiler = node, compiler
        self.asked: list[str] = []
        self.jobs: dict[str, bool] = {}
        self.verified: set[str] = set()
        self.busy = 0  # how many requests are answered with 503 first
        self.pending = 1
        self.chain = str(node.w3.eth.chain_id)
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def judge(self, given: dict[str, Any], name: str, at: str, arguments: str | None) -> bool:
        """Whether what the compiler makes of it is on the chain; immutables as the chain has."""
        creation, runtime = self.compiler(given, name)
        code = bytearray(self.node.code(at))
        contract = artifact(name.split(":")[1])
        for start, length in contract.immutables:
            code[start : start + length] = bytes(length)
        made = bytes.fromhex(creation + (arguments or ""))
        wanted = releases.newest()[contract.name].creation_code
        return code.hex() == runtime and (arguments is None or made == wanted)


class Handler(BaseHTTPRequestHandler):
    server: Explorer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        where = urlsplit(self.path)
        self.server.asked.append(where.path)
        if self.server.busy:
            self.server.busy -= 1
            self.reply(503, {"message": "busy"})
        elif where.path == "/v2/api":
            self.etherscan({k: v[0] for k, v in parse_qs(body).items()}, parse_qs(where.query))
        else:
            self.sourcify(where.path, json.loads(body))

    def etherscan(self, form: dict[str, str], query: dict[str, list[str]]) -> None:
        if form["apikey"] != KEY:
            return self.reply(200, {"status": "0", "message": "NOTOK", "result": "Invalid API Key"})
        assert query["chainid"] == [self.server.chain]
        assert form["codeformat"] == "solidity-standard-json-input"
        at = form["contractaddress"]
        if at in self.server.verified:
            said = {
                "status": "0",
                "message": "NOTOK",
                "result": "Contract source code already verified",
            }
            return self.reply(200, said)
        good = form["compilerversion"] == "v0.8.37+commit.f401782d" and self.server.judge(
            json.loads(form["sourceCode"]),
            form["contractname"],
            at,
            form.get("constructorArguments", ""),
        )
        if good:
            self.server.verified.add(at)
        self.server.jobs["guid"] = good
        return self.reply(200, {"status": "1", "message": "OK", "result": "guid"})

    def sourcify(self, path: str, body: dict[str, Any]) -> None:
        _, _, verify, chain, at = path.split("/")
        assert (verify, chain) == ("verify", self.server.chain)
        if at in self.server.verified:
            return self.reply(409, {"customCode": "already_verified", "message": "already"})
        assert body["compilerVersion"] == "0.8.37+commit.f401782d"
        good = self.server.judge(body["stdJsonInput"], body["contractIdentifier"], at, None)
        if good:
            self.server.verified.add(at)
        self.server.jobs["job"] = good
        return self.reply(202, {"verificationId": "job"})

    def do_GET(self) -> None:
        where = urlsplit(self.path)
        self.server.asked.append(where.path)
        pending, self.server.pending = self.server.pending, max(0, self.server.pending - 1)
        if where.path == "/v2/api":
            query = parse_qs(where.query)
            assert query["apikey"] == [KEY]
            assert query["action"] == ["checkverifystatus"]
            good = self.server.jobs[query["guid"][0]]
            said = (
                "Pending in queue"
                if pending
                else "Pass - Verified"
                if good
                else "Fail - Unable to verify"
            )
            self.reply(
                200, {"status": "1" if said[:4] == "Pass" else "0", "message": "", "result": said}
            )
        else:
            good = self.server.jobs[where.path.split("/")[-1]]
            told: dict[str, Any] = {"isJobCompleted": not pending}
            if not pending and good:
                told["contract"] = {"match": "exact_match"}
            elif not pending:
                told |= {
                    "contract": {"match": None},
                    "error": {"customCode": "no_match", "message": "no match"},
                }
            self.reply(200, told)

    def reply(self, status: int, document: dict[str, Any]) -> None:
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def explorer(k: LocalKiseki, compiler: Compiler) -> Iterator[Explorer]:
    with serving(Explorer(k.session.node, compiler)) as server:
        yield server


Submit = Callable[..., str]


def etherscan(explorer: Explorer, name: str, key: str = KEY) -> str:
    where = f"{explorer.url}/v2/api"
    return verification.submit_to_etherscan(name, 31337, key, where, pause=0.01)


def sourcify(explorer: Explorer, name: str) -> str:
    return verification.submit_to_sourcify(name, 31337, bytes(32), explorer.url, pause=0.01)


@pytest.mark.parametrize(
    ("submit", "said"), [(etherscan, "Pass - Verified"), (sourcify, "exact_match")]
)
def test_an_explorer_makes_the_same_code_of_it(
    explorer: Explorer, submit: Submit, said: str
) -> None:
    assert submit(explorer, "RightsToken") == said
    assert "already verified" in submit(explorer, "RightsToken").lower()


@pytest.mark.parametrize("submit", [etherscan, sourcify])
def test_what_does_not_match_is_told(
    explorer: Explorer, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = verification.compiler_input

    def other(name: str, root: Path | None = None) -> dict[str, Any]:
        given = real(name, root)
        given["settings"]["optimizer"]["runs"] = 7
        return given

    monkeypatch.setattr(verification, "compiler_input", other)
    with pytest.raises(ChainError, match=r"does not verify Statements: (Fail|no match)"):
        submit(explorer, "Statements")


def test_a_wrong_constructor_argument_is_found(
    explorer: Explorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "constructor_arguments", lambda name: bytes(32))
    with pytest.raises(ChainError, match="does not verify RightsToken: Fail"):
        etherscan(explorer, "RightsToken")


def test_an_explorer_that_is_busy_is_asked_again(explorer: Explorer) -> None:
    explorer.busy = 1
    assert etherscan(explorer, "Statements") == "Pass - Verified"


def test_a_wrong_key_is_told_and_no_key_is_shown(explorer: Explorer) -> None:
    """Invariant 7."""
    with pytest.raises(ChainError, match="the explorer refuses: Invalid API Key") as told:
        etherscan(explorer, "Statements", "SECRET-KEY")
    assert "SECRET-KEY" not in f"{told.value} {told.value.__cause__}"
    with pytest.raises(ChainError, match="does not answer") as told:
        verification.submit_to_etherscan("Statements", 1, "SECRET-KEY", "http://127.0.0.1:9")
    assert "SECRET-KEY" not in f"{told.value} {told.value.__cause__} {told.value.__context__}"
