"""Networks of one's own, from the command line."""

from .conftest import Shell

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


def test_a_table_that_is_not_there_is_told(shell: Shell) -> None:
    told = shell.run(
        "status", "--network", "sepolia", code=2, more={"KISEKI_NETWORKS": "nowhere.toml"}
    )
    assert "KISEKI_NETWORKS names it" in told
