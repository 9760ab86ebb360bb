"""Putting the suite on a chain: the same everywhere, once, and resumed (invariant 8)."""

import errno
import json
import re
import traceback
from pathlib import Path
from typing import Any

import pytest

from kiseki import Kiseki
from kiseki.chain.anvil import anvil
from kiseki.chain.contract.artifacts import artifact
from kiseki.chain.node import Node, connect
from kiseki.chain.release import deploying as deployment
from kiseki.chain.release import releases
from kiseki.chain.sending.sender import Sender
from kiseki.chain.signing.accounts import local_account as account_of
from kiseki.client.session import Session
from kiseki.core.keccak import keccak256
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput, NotDeployed

ROOT = Path(__file__).resolve().parents[3]
OTHER_CHAIN = 424_242


@pytest.fixture(scope="module")
def url() -> Any:
    with anvil(OTHER_CHAIN) as url:
        yield url


@pytest.fixture
def node(url: str) -> Any:
    """A chain with another ID on which nothing is deployed."""
    node = connect(url, OTHER_CHAIN)
    snapshot = node.one("evm_snapshot")
    yield node
    node.one("evm_revert", snapshot)


def deploy(node: Node, folder: Path) -> tuple[deployment.Deployment, dict[str, int]]:
    gas: dict[str, int] = {}
    return deployment.deploy(Sender(node, account_of(3)), folder, gas.__setitem__), gas


def read(folder: Path) -> Any:
    return json.loads((folder / f"{OTHER_CHAIN}.json").read_text("utf-8"))


def test_addresses_are_the_same_on_every_chain_and_whoever_deploys(
    node: Node, tmp_path: Path, k: Kiseki
) -> None:
    done, gas = deploy(node, tmp_path)
    assert done.chain_id == OTHER_CHAIN != k.session.chain_id
    assert done.addresses == k.session.deployment.addresses
    assert all(gas[name] > 0 for name in releases.newest())


def test_again_it_sends_nothing(node: Node, tmp_path: Path) -> None:
    deploy(node, tmp_path)
    before, block = (tmp_path / f"{OTHER_CHAIN}.json").read_bytes(), node.w3.eth.block_number
    done, gas = deploy(node, tmp_path)
    assert set(gas.values()) == {0}
    assert node.w3.eth.block_number == block
    assert (tmp_path / f"{OTHER_CHAIN}.json").read_bytes() == before
    assert done.block > 0


@pytest.mark.parametrize("after", list(releases.newest())[:-1])
def test_interrupted_it_goes_on(node: Node, tmp_path: Path, after: str) -> None:
    def stop(name: str, _: int) -> None:
        if name == after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deployment.deploy(Sender(node, account_of(3)), tmp_path, stop)
    there = {key.partition("/")[2] for key in read(tmp_path)["contracts"]}
    if there >= releases.ONCE:
        assert set(deployment.find(node, tmp_path).addresses) == there
        assert deployment.find(node, tmp_path).releases == ()
    else:
        with pytest.raises(NotDeployed, match=r"has no .* run `kiseki deploy`"):
            deployment.find(node, tmp_path)
    _, gas = deploy(node, tmp_path)
    assert {name for name, used in gas.items() if used == 0} == there
    record = read(tmp_path)
    assert all(each["transaction"] for each in record["contracts"].values())
    assert list(tmp_path.iterdir()) == [tmp_path / f"{OTHER_CHAIN}.json"]


def test_a_record_says_what_is_there(node: Node, tmp_path: Path) -> None:
    deploy(node, tmp_path)
    record = read(tmp_path)
    check(json.loads((ROOT / "deployments" / "schema.json").read_text("utf-8")), record)
    for key, each in record["contracts"].items():
        name = key.removeprefix("0.1.0/")
        code = bytes(node.w3.eth.get_code(each["address"]))
        assert each["runtimeCodeHash"] == to_hex(keccak256(code))
        assert artifact(name).is_at(code)
        receipt = node.w3.eth.get_transaction_receipt(each["transaction"])
        assert receipt["blockNumber"] == each["block"] >= record["block"]
        assert [a["name"] for a in each["constructorArguments"]] == [
            a["name"] for a in artifact(name).constructor
        ]


def test_a_lost_record_is_made_again_and_says_what_it_does_not_know(
    node: Node, tmp_path: Path
) -> None:
    deploy(node, tmp_path)
    (tmp_path / f"{OTHER_CHAIN}.json").unlink()
    done, gas = deploy(node, tmp_path)
    record = read(tmp_path)
    check(json.loads((ROOT / "deployments" / "schema.json").read_text("utf-8")), record)
    assert set(gas.values()) == {0}
    assert {each["transaction"] for each in record["contracts"].values()} == {None}
    assert (record["block"], done.block) == (0, 0)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"format": "kiseki-deployment-v0"}, "format"),
        ({"chainId": "1"}, "chainId"),
        ({"proxy": "0x1"}, "proxy"),
        ({"note": "hello"}, "note"),
    ],
)
def test_the_schema_refuses_what_is_wrong(
    node: Node, tmp_path: Path, change: dict[str, object], where: str
) -> None:
    deploy(node, tmp_path)
    schema = json.loads((ROOT / "deployments" / "schema.json").read_text("utf-8"))
    with pytest.raises(AssertionError, match=where):
        check(schema, read(tmp_path) | change)


def test_a_record_of_another_chain_is_refused(node: Node, tmp_path: Path) -> None:
    deploy(node, tmp_path)
    path = tmp_path / f"{OTHER_CHAIN}.json"
    path.write_text(path.read_text().replace(f'"chainId": {OTHER_CHAIN}', '"chainId": 1'))
    with pytest.raises(InvalidInput, match="of another chain or format; move it away"):
        deploy(node, tmp_path)


HEAD = f'{{"format": "kiseki-deployment-v1", "chainId": {OTHER_CHAIN}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[1",
        "\xff",
        '{"format": "kiseki-deployment-v1"}',
        HEAD + "}",
        HEAD + ', "contracts": []}',
        HEAD + ', "contracts": null}',
        HEAD + ', "contracts": {"Statements": "0x"}}',
        HEAD + ', "contracts": {"Statements": {"address": "0x"}}}',
        HEAD + ', "contracts": {"Statements": {"address": 1, "transaction": "", "block": 1}}}',
    ],
)
def test_a_damaged_record_is_refused(node: Node, tmp_path: Path, text: str) -> None:
    path = tmp_path / f"{OTHER_CHAIN}.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InvalidInput, match="damaged; move it away"):
        deploy(node, tmp_path)
    assert path.read_bytes() == text.encode("latin-1")


@pytest.mark.parametrize("under", ["", "below", "below/it"])
def test_where_no_record_can_be_kept_nothing_is_sent(
    node: Node, tmp_path: Path, under: str
) -> None:
    (tmp_path / "taken").write_text("a file")
    before = node.w3.eth.get_transaction_count(account_of(3).address)
    with pytest.raises(InvalidInput, match=r"no deployment record .*taken") as refused:
        deploy(node, tmp_path / "taken" / under)
    assert isinstance(refused.value.__cause__, OSError)
    assert node.w3.eth.get_transaction_count(account_of(3).address) == before
    assert (tmp_path / "taken").read_text() == "a file"


def test_a_record_that_cannot_be_read_is_refused(node: Node, tmp_path: Path) -> None:
    (tmp_path / f"{OTHER_CHAIN}.json").mkdir()
    before = node.w3.eth.get_transaction_count(account_of(3).address)
    with pytest.raises(InvalidInput, match="cannot be read"):
        deploy(node, tmp_path)
    assert node.w3.eth.get_transaction_count(account_of(3).address) == before


def test_a_record_that_cannot_be_written_stops_it_and_it_goes_on(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = node.w3.eth.get_transaction_count(account_of(3).address)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises(InvalidInput, match=r"No space left .*run this again") as stop:
            deploy(node, tmp_path)
    assert isinstance(stop.value.__cause__, OSError)
    assert node.w3.eth.get_transaction_count(account_of(3).address) == before + 1
    assert list(tmp_path.iterdir()) == []
    _, gas = deploy(node, tmp_path)
    assert [used == 0 for used in gas.values()] == [True] + [False] * (len(gas) - 1)


@pytest.mark.parametrize(
    ("url", "match"),
    [
        ("http://", "names no host"),
        ("http:///hunter2", "names no host"),
        ("http://:8545", "names no host"),
        ("http://127.0.0.1:85x", "host or the port"),
        ("http://127.0.0.1:hunter2", "host or the port"),
        ("http://127.0.0.1:65536/hunter2", "host or the port"),
        ("http://user:hunter2@[::1", "host or the port"),
        ("ws://127.0.0.1:8545/hunter2", "begins with http"),
    ],
)
def test_a_url_that_is_none_is_refused_and_not_shown(url: str, match: str) -> None:
    with pytest.raises(InvalidInput, match=match) as refused:
        connect(url)
    shown = "".join(traceback.format_exception(refused.value))
    assert "hunter2" not in shown
    assert "85x" not in shown


def test_a_record_of_a_chain_started_anew_is_not_believed(node: Node, tmp_path: Path) -> None:
    snapshot = node.one("evm_snapshot")
    node.one("anvil_mine", "0x40")
    assert deploy(node, tmp_path)[0].block > 64
    node.one("evm_revert", snapshot)
    deploy(node, tmp_path / "elsewhere")
    assert deployment.find(node, tmp_path).block <= 1
    assert deployment.find(node).block == 0


def test_other_code_at_the_address_is_not_the_suite(node: Node, tmp_path: Path) -> None:
    deploy(node, tmp_path)
    at = releases.addresses()["Statements"]
    node.one("anvil_setCode", at, "0x6001")
    found = deployment.find(node, tmp_path)
    assert set(releases.newest()) - set(found.addresses) == {"Statements"}
    session = Session(node, tmp_path)
    with pytest.raises(NotDeployed, match=r"has no Statements.* run `kiseki deploy`"):
        session["Statements"]
    node.one("anvil_setCode", releases.addresses()["DataRegistry"], "0x6001")
    with pytest.raises(NotDeployed, match="has no DataRegistry"):
        deployment.find(node, tmp_path)


def check(schema: dict[str, Any], value: Any, where: str = "record") -> None:
    """As much of JSON Schema as deployments/schema.json uses."""
    known = {"$schema", "$id", "$defs", "$ref", "title", "description", "type", "properties"}
    known |= {"required", "additionalProperties", "items", "pattern", "const", "minimum"}
    assert set(schema) <= known, set(schema) - known
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        defined = json.loads((ROOT / "deployments" / "schema.json").read_text())["$defs"]
        return check(defined[name], value, where)
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "null": type(None),
             "boolean": bool}  # fmt: skip
    if "type" in schema:
        allowed = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        assert any(isinstance(value, kinds[each]) for each in allowed), where
    assert value == schema.get("const", value), where
    if isinstance(value, str) and "pattern" in schema:
        assert re.search(schema["pattern"], value), where
    if isinstance(value, int) and "minimum" in schema:
        assert value >= schema["minimum"], where
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        assert set(schema.get("required", [])) <= set(value), where
        for name, each in value.items():
            other = schema.get("additionalProperties", True)
            assert name in properties or other is not False, name
            if name in properties:
                check(properties[name], each, name)
            elif isinstance(other, dict):
                check(other, each, name)
    if isinstance(value, list) and "items" in schema:
        for each in value:
            check(schema["items"], each, where)
    return None
