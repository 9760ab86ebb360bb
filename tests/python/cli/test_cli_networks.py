"""Networks of one's own, from the command line."""

from collections.abc import Callable

from kiseki import LocalKiseki, Split
from kiseki.chain.signing.accounts import local_account as account_of
from kiseki.core import ids

from .conftest import BUYER, FREE, Shell

OWN = """
[studio-chain]
chain = 31337
nodes = ["{url}"]
currency = "TEST"
fee_below = "beside"
least_tip = 3
"""
TO = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


def test_a_network_of_ones_own_is_named_like_any_other(shell: Shell) -> None:
    table = shell.folder / "home" / ".kiseki" / "networks.toml"
    table.parent.mkdir(parents=True, exist_ok=True)
    table.write_text(OWN.format(url=shell.url), "utf-8")
    told = shell.run("status", "--network", "studio", code=2)
    assert "there is studio-chain, sepolia" in told
    named = ("--network", "studio-chain", "--account", "test:0")
    assert shell.json("status", *named)["network"] == "studio-chain"
    shown = shell.run("revenue", "pay", TO, "1", *named, "--dry-run")
    assert "on studio-chain" in shown
    assert "TEST, and beside that the fee of the chain below" in shown
    cheap = shell.run("revenue", "pay", TO, "1", *named, "--max-fee", "2.5", "--dry-run", code=1)
    assert "gas costs at least" in cheap, "the least tip of the table is above this cap"


def test_amounts_are_told_in_the_currency_of_the_chain(shell: Shell, k: LocalKiseki) -> None:
    """Whether the network is named or only its node: never in wei, and never in ether."""
    table = shell.folder / "networks.toml"
    table.write_text(OWN.format(url=shell.url), "utf-8")
    more = {"KISEKI_NETWORKS": str(table)}
    for named in (("--network", "studio-chain", "--account", "test:0"), ("--account", "test:0")):
        shown = shell.run("revenue", "pay", TO, "1", *named, "--dry-run", more=more)
        assert f"Pay 1 TEST to {TO}" in shown
        poor = shell.run("revenue", "pay", TO, "999999999", *named, code=1, more=more)
        assert "needs 999,999,999 TEST and the fee" in poor
        assert "TEST: insufficient funds; send it some TEST" in poor
    yen, team = k.test_token(), Split([(ids.wallet(account_of(8).address), 1)])
    k.mint(yen, k.address, 5_000_000)
    k.revenue.publish(team)
    k.revenue.pay(team, 1_500_000, token=yen)
    told = shell.run("status", "--account", "test:8")
    assert "1.5" in told and "base units" not in told


def test_what_a_purchase_lacks_is_told_in_its_currency(shell: Shell, k: LocalKiseki) -> None:
    yen = k.test_token()
    made = shell.json("data", "register", str(shell.files("art")), "--gate", "market", *FREE)
    group = made["collections"][0]["collection"]
    offer = shell.json("market", "offer", "collection", group, f"2.5@{yen}", "--uses",
                       "ai_generative_training", "--lasts", "20d")["offer"]  # fmt: skip
    told = shell.run("market", "buy", offer, "--account", "test:4", code=2)
    assert f"they cost 2.5 of {yen}, and {BUYER} holds 0" in told


def test_a_table_that_is_not_there_is_told(shell: Shell) -> None:
    told = shell.run(
        "status", "--network", "sepolia", code=2, more={"KISEKI_NETWORKS": "nowhere.toml"}
    )
    assert "KISEKI_NETWORKS names it" in told


def test_settings_that_cannot_be_used_stop_a_command_and_no_help(
    elsewhere: Callable[[str], Shell],
) -> None:
    """One reader: the options of the command line go first and are named by what was typed."""
    shell = elsewhere("http://127.0.0.1:9")
    for name, text, told in (
        ("KISEKI_MAXFEE", "30", "did you mean KISEKI_MAX_FEE?"),
        ("KISEKI_CONFIRMATIONS", "final", "KISEKI_CONFIRMATIONS must be a number of blocks"),
        ("KISEKI_DECIMAL", "point", "KISEKI_DECIMAL must be a point or a comma"),
        ("KISEKI_CHAIN_ID", "x", "KISEKI_CHAIN_ID must be a number"),
    ):
        words = ("revenue", "pay", "0x" + "12" * 20, "1", "--yes")
        (shell.folder / ".env").write_text(f"{name}={text}\n")
        assert told in shell.run(*words, code=2)
        assert "Usage" in shell.run("revenue", "pay", "--help")
    (shell.folder / ".env").write_text("KISEKI_TIP=x\n")
    assert "--tip must be a number of gwei" in shell.run(*words, "--tip", "y", code=2)
