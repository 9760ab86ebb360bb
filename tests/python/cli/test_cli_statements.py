"""What anybody says in public about something, and test money and time on a local chain."""

import pytest

from kiseki import Kiseki, LocalKiseki
from kiseki.chain.signing.accounts import local_account as account_of
from kiseki.client.settings import settings
from kiseki.core.keccak import keccak256
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput

from .conftest import FREE, Shell

AUDITOR, OTHER = ("--account", "test:6"), ("--account", "test:7")


def test_anybody_states_something_and_everybody_reads_who(shell: Shell) -> None:
    """Promise 2: the speaker is named, and the document is known by its hash."""
    shell.files("artwork", 1)
    register = ("data", "register", *FREE, "artwork", "--account", "test:1")
    collection = shell.json(*register)["collections"][0]["collection"]
    (shell.folder / "report.md").write_text("All is well.")
    said = to_hex(keccak256(b"All is well."))
    make = ("statements", "make", "collection", collection)
    tried = shell.json(*make, "audit", "report.md", *AUDITOR, "--dry-run")
    assert tried["calls"] == {"Statements.state": {"times": 1, "gas": tried["gas"]}}
    look = ("statements", "show", "collection", collection)
    assert "Nobody stated anything" in shell.run(*look)
    assert shell.json(*make, "audit", "report.md", *AUDITOR)["document"] == said
    (stated,) = shell.json(*look)
    assert stated["speaker"] == account_of(6).address.lower()
    assert (stated["sort"], stated["document"]) == ("audit", said)
    assert "audit" in shell.run(*look)
    # By who has no ether: signed in one place and sent from another.
    signed = (*make, "dispute", "report.md", "--sign", "dispute.json", *OTHER)
    assert "add --yes" in shell.run(*signed, "--no-yes", code=2)
    told = " ".join(shell.run(*signed, "--yes").split())
    assert f"The wallet {account_of(7).address} states for good" in told
    assert "as dispute: the document" in told
    sent = shell.run("statements", "send", "dispute.json", "--account", "test:0")
    assert account_of(7).address in sent
    assert [each["sort"] for each in shell.json(*look)] == ["audit", "dispute"]
    assert shell.json(*look)[1]["speaker"] == account_of(7).address.lower()


def test_nothing_is_stated_about_what_is_not_there(shell: Shell) -> None:
    (shell.folder / "report.md").write_text("All is well.")
    nothing, make = "0x" + "77" * 32, ("statements", "make")
    told = shell.run(*make, "model", nothing, "audit", "report.md", code=1)
    assert "no model" in told and "is registered on this chain" in told
    assert "kind is" in shell.run(*make, "film", nothing, "audit", "report.md", code=2)
    wallet = account_of(1).address
    for sort in ("Audit", "two words", "", "a" * 65):
        assert "one lower-case word" in shell.run(
            *make, "wallet", wallet, sort, "report.md", code=2
        )
    assert "cannot be read" in shell.run(*make, "wallet", wallet, "audit", "gone.md", code=1)
    assert "is no signed statement" in shell.run("statements", "send", "report.md", code=2)


def test_who_vouched_for_an_issuer_is_seen(shell: Shell) -> None:
    (shell.folder / "report.md").write_text("I know them.")
    issuer = account_of(1).address
    shell.run("identity", "vouch", issuer, "report.md", *AUDITOR)
    (stated,) = shell.json("statements", "show", "wallet", issuer)
    assert (stated["sort"], stated["speaker"]) == ("identity", account_of(6).address.lower())


def test_test_money_and_time_are_made_by_commands(shell: Shell, k: LocalKiseki) -> None:
    poor = "0x" + "42" * 20
    assert "holds 2.5 test ether" in shell.run("local", "ether", poor, "2.5")
    assert shell.json("local", "ether", poor, "1")["balance"] == str(35 * 10**17)
    token = shell.json("local", "token")["token"]
    assert "holds 1,200.5" in shell.run("local", "mint", token, poor, "1200.5")
    assert k.balance(token, poor) == 1_200_500_000
    before = k.session.now()
    assert shell.json("local", "wait", "30d")["time"] >= before + 30 * 86_400
    assert "as 30d" in shell.run("local", "wait", "soon", code=2)
    assert "as 30d" in shell.run("local", "wait", "0d", code=2)
    assert "cannot be tried" in shell.run("local", "token", "--dry-run", code=2)


def test_no_public_network_gives_test_money(shell: Shell, k: LocalKiseki) -> None:
    """A node that could give it, on a chain that others use: nothing is asked of it."""
    with Kiseki.local(accounts=2, chain_id=11_155_111) as public:
        there = Shell(shell.folder, public.url, shell.programs)
        poor, account = "0x" + "42" * 20, ("--account", "env")
        key = {"KISEKI_PRIVATE_KEY": "0x" + bytes(account_of(0).key).hex()}
        for words in (
            ("ether", poor, "1"), ("token",), ("mint", poor, poor, "1"), ("wait", "1d"),
        ):  # fmt: skip
            told = " ".join(there.run("local", *words, *account, more=key, code=2).split())
            assert "public network" in told and "kiseki node" in told
        assert public.balance(of=poor) == 0


def test_a_local_chain_of_ones_own_is_named_in_the_table_of_networks(shell: Shell) -> None:
    """Commands and the library read the same table; without it the chain is public."""
    table = shell.folder / "home" / ".kiseki" / "networks.toml"
    poor = "0x" + "42" * 20
    with Kiseki.local(accounts=1, chain_id=424_242) as own:
        there = Shell(shell.folder, own.url, shell.programs)
        assert "public network" in there.run("local", "ether", poor, "1", code=2)
        with pytest.raises(InvalidInput, match="chain 424242 is a public network"):
            connected(own, {}).test_money.ether(poor, 1)
        table.parent.mkdir(parents=True, exist_ok=True)
        table.write_text("[studio]\nchain = 424242\npublic = false\n")
        assert "holds 1 test ether" in there.run("local", "ether", poor, "1")
        kiseki = connected(own, {"KISEKI_NETWORKS": str(table)})
        assert kiseki.test_money.ether(poor, 10**18) == 2 * 10**18


def connected(k: LocalKiseki, more: dict[str, str]) -> Kiseki:
    """As a script connects."""
    key = "0x" + bytes(account_of(0).key).hex()
    return Kiseki.connect(**settings({"KISEKI_RPC_URL": k.url, "KISEKI_PRIVATE_KEY": key} | more))
