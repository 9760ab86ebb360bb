"""Deploying to a test network: looked at first, resumed, at the same addresses everywhere."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from kiseki.chain.anvil import anvil
from kiseki.chain.contract.contracts import Call
from kiseki.chain.node import Node, connect
from kiseki.chain.release import deploying as deployment
from kiseki.chain.release import proxy, releases
from kiseki.chain.release.networks import NETWORKS, Network, network
from kiseki.chain.sending.fees import GWEI, Policy
from kiseki.chain.sending.journal import Journal
from kiseki.chain.sending.sender import Sender
from kiseki.chain.signing.accounts import local_account as account_of
from kiseki.core.keccak import keccak256
from kiseki.errors import ChainError, InvalidInput

PUBLIC = [each for each in NETWORKS.values() if each.is_public]
LIKE_A_TESTNET = ("--enable-tx-gas-limit", "--hardfork", "osaka")


@pytest.fixture(params=PUBLIC, ids=lambda each: each.name)
def testnet(request: pytest.FixtureRequest) -> Iterator[tuple[Network, Node]]:
    """Anvil in a test network's place: its chain ID, blocks that come by themselves, its limits."""
    found: Network = request.param
    options = (*LIKE_A_TESTNET, "--block-time", "0.2")
    with anvil(found.chain_id, options=options) as url:
        yield found, connect(url, found.chain_id)


@pytest.fixture
def bare() -> Iterator[Node]:
    """A chain without the deterministic deployment proxy."""
    with anvil(7_777, options=("--disable-default-create2-deployer",)) as url:
        yield connect(url)


def test_the_suite_is_at_the_same_addresses_on_every_network(
    testnet: tuple[Network, Node], tmp_path: Path
) -> None:
    where, node = testnet
    sender = Sender(node, account_of(0), Journal(tmp_path / "journal"))
    found = deployment.preflight(sender)
    assert (found.chain_id, found.missing, found.problem) == (
        where.chain_id, tuple(releases.newest()), "",
    )  # fmt: skip
    done = deployment.deploy(sender, tmp_path)
    assert done.addresses == releases.addresses()
    after = deployment.preflight(sender)
    assert (after.missing, after.gas, after.most) == ((), 0, 0)
    spent = found.balance - after.balance
    assert spent <= found.most


def test_networks_are_found_by_name_and_by_number() -> None:
    assert network("sepolia") is network(11_155_111)
    assert not network("local").is_public
    assert network(31_337) is network("local")
    assert network(999).is_public
    assert network("sepolia").transaction(b"\x01" * 32).endswith("/tx/0x" + "01" * 32)
    with pytest.raises(InvalidInput, match="there is no network 'mainet' here; there is sepolia"):
        network("mainet")
    assert len({each.chain_id for each in NETWORKS.values()}) == len(NETWORKS)


# Before anything is sent


def test_too_little_ether_for_all_of_it_is_said_before_any_is_spent(tmp_path: Path) -> None:
    poor = Account.from_key("0x" + "77" * 32)
    with anvil(7_776) as url:
        node = connect(url)
        sender = Sender(node, poor)
        node.one("anvil_setBalance", poor.address, hex(10**15))
        found = deployment.preflight(sender)
        assert "insufficient funds; send it some" in found.problem
        assert found.now <= found.most
        with pytest.raises(ChainError, match=r"insufficient funds; .* nothing was sent"):
            deployment.deploy(sender, tmp_path)
        assert node.w3.eth.block_number == 0
        # With what it says, it is enough.
        node.one("anvil_setBalance", poor.address, hex(found.most))
        deployment.deploy(sender, tmp_path)


def test_other_code_at_an_address_is_told_and_nothing_is_sent(bare: Node, tmp_path: Path) -> None:
    at = releases.addresses()["DataRegistry"]
    bare.one("anvil_setCode", at, "0x00")
    sender = Sender(bare, account_of(0))
    assert deployment.preflight(sender).wrong == ("DataRegistry",)
    with pytest.raises(
        ChainError, match="other code than this release's is at the address of Data"
    ):
        deployment.deploy(sender, tmp_path)
    assert bare.w3.eth.block_number == 0


# Interrupted


@pytest.mark.parametrize("after", list(releases.newest())[:-1:3])
def test_what_was_sent_and_not_written_down_is_found_in_the_journal(
    bare: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: str
) -> None:
    """Invariant 8: the power went between the block and the record."""
    real = deployment._save

    def cut(folder: Path, chain_id: int, contracts: Any) -> None:
        if f"0.1.0/{after}" in contracts:
            raise KeyboardInterrupt
        real(folder, chain_id, contracts)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(deployment, "_save", cut)
        deployment.deploy(Sender(bare, account_of(0), Journal(tmp_path / "journal")), tmp_path)
    sent = bare.one("eth_getTransactionCount", account_of(0).address, "latest")
    gas: dict[str, int] = {}
    again = Sender(bare, account_of(0), Journal(tmp_path / "journal"))
    deployment.deploy(again, tmp_path, gas.__setitem__)
    assert gas[after] == 0
    record = deployment._load(tmp_path, 7_777)
    assert all(each["transaction"] for each in record["contracts"].values())
    total = int(bare.one("eth_getTransactionCount", account_of(0).address, "latest"), 16)
    assert total - int(sent, 16) == sum(1 for each in gas.values() if each)


# The proxy


def test_its_transaction_is_the_one_that_everybody_knows() -> None:
    assert Account.recover_transaction(proxy._RAW) == proxy._DEPLOYER
    made = keccak256(b"\xd6\x94" + bytes.fromhex(proxy._DEPLOYER[2:]) + b"\x80")[12:]
    assert "0x" + made.hex() == proxy.PROXY.lower()
    known = "eddf9e61fb9d8f5111840daef55e5fde0041f5702856532cdbb5a02998033d26"  # on every chain
    assert keccak256(proxy._RAW).hex() == known


def test_it_is_put_on_a_chain_that_has_none(bare: Node, tmp_path: Path) -> None:
    sender = Sender(bare, account_of(0))
    found = deployment.preflight(sender)
    assert not found.has_proxy
    assert found.most > proxy.cost(bare) == 10**16
    deployment.deploy(sender, tmp_path)
    assert proxy.is_there(bare)
    with anvil(7_778) as url:  # where Anvil has put it itself
        theirs = connect(url).w3.eth.get_code(proxy.PROXY)  # type: ignore[arg-type]
    assert bytes(theirs) == proxy._CODE
    assert bare.one("eth_getTransactionCount", proxy._DEPLOYER, "latest") == "0x1"


def test_what_somebody_paid_for_it_is_not_paid_twice(bare: Node) -> None:
    sender = Sender(bare, account_of(0))
    sender.send(Call(proxy._DEPLOYER, b"", 4 * 10**15, "a part"))
    assert proxy.cost(bare) == 6 * 10**15
    proxy.put(sender)
    assert proxy.is_there(bare)


def test_gas_that_costs_more_than_it_offers_is_told(bare: Node) -> None:
    bare.one("anvil_setNextBlockBaseFeePerGas", hex(101 * GWEI))
    bare.one("evm_mine")
    with pytest.raises(ChainError, match="gas costs more now than the 100 gwei"):
        proxy.put(Sender(bare, account_of(0), policy=Policy()))


def test_something_else_in_its_place_is_told(bare: Node, tmp_path: Path) -> None:
    bare.one("anvil_setCode", proxy.PROXY, "0x6000")
    with pytest.raises(ChainError, match="something else than the deterministic deployment proxy"):
        deployment.deploy(Sender(bare, account_of(0)), tmp_path)


# A table of one's own


OWN = """
[animechain]
chain = 999001
nodes = ["https://node.example/v1/secret-key", "https://other.example"]
currency = "ANIME"
explorer = "https://explorer.example/"
finality = "finalized"
least_tip = 0.5
fee_below = "gas"

[sepolia]
chain = 11155111
nodes = ["http://127.0.0.1:18545"]
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "networks.toml"
    path.write_text(OWN, "utf-8")
    return path


def test_a_table_of_ones_own_adds_networks_and_goes_first(own: Path) -> None:
    anime = network("animechain", own)
    assert anime is network(999_001, own)
    assert (anime.currency, anime.finality, anime.least_tip) == ("ANIME", "finalized", GWEI // 2)
    assert anime.transaction(b"\x01" * 32) == "https://explorer.example/tx/0x" + "01" * 32
    assert anime.policy(Policy()).least_tip == GWEI // 2
    assert network("sepolia", own).nodes == ("http://127.0.0.1:18545",)
    assert network("hoodi", own) == network("hoodi")
    assert network("hoodi", own.with_name("none.toml")) == network("hoodi")
    with pytest.raises(InvalidInput, match=r"there is animechain, sepolia, .*networks\.toml"):
        network("anime", own)


def test_a_table_that_an_editor_saved_on_windows_is_read(tmp_path: Path) -> None:
    own = tmp_path / "networks.toml"
    own.write_text("\ufeff[mine]\r\nchain = 5\r\n", "utf-8")
    assert network("mine", own).chain_id == 5


def test_no_chain_is_called_animechain_by_guess() -> None:
    assert not [name for name in NETWORKS if "anime" in name]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[x", "is no TOML"),
        ("x = 1", "must be a table, as .x. with chain"),
        ("[X y]", "is no TOML"),
        ("[Sepolia]\nchain = 1", "a name has small letters"),
        ("[x]", "chain must be the chain's ID"),
        ("[x]\nchain = 0", "chain must be the chain's ID"),
        ("[x]\nchain = true", "chain must be the chain's ID"),
        ("[x]\nchain = '1'", "chain must be the chain's ID"),
        (
            "[x]\nchain = 1\nnode = ['https://a']",
            "'node', which means nothing; there is chain,",
        ),
        ("[x]\nchain = 1\nnodes = 'https://a'", "nodes must be URLs"),
        ("[x]\nchain = 1\nnodes = [1]", "nodes must be URLs"),
        ("[x]\nchain = 1\ncurrency = ' '", "currency must be a name"),
        ("[x]\nchain = 1\nnodes = ['wss://a']", "begins with http"),
        ("[x]\nchain = 1\nexplorer = 'a'", "begins with http"),
        ("[x]\nchain = 1\nfinality = 'soon'", "finality is a number of blocks from 1"),
        ("[x]\nchain = 1\nfinality = 0", "finality is a number of blocks from 1"),
        ("[x]\nchain = 1\nleast_tip = 'a'", "least_tip must be a number of gwei"),
        ("[x]\nchain = 1\nleast_tip = -1", "least_tip"),
        ("[x]\nchain = 1\nleast_tip = inf", "network 'x'"),
        ("[x]\nchain = 1\nfee_below = 'L1'", "fee_below must be"),
        ("[x]\nchain = 1\npublic = 'no'", "public must be true or false"),
    ],
)
def test_an_entry_that_is_not_as_it_must_be_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "networks.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(InvalidInput, match=said) as told:
        network("sepolia", path)
    assert "secret" not in str(told.value)


def test_the_table_ships_in_the_package() -> None:
    import kiseki.chain.release.networks as module

    assert Path(module.__file__).with_suffix(".toml").is_file()
    assert set(NETWORKS) >= {"sepolia", "arbitrum-sepolia", "polygon-amoy", "local"}
