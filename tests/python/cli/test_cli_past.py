"""`--at`: how things stood at a block or a time (promises 2 and 4)."""

from datetime import UTC, datetime

from kiseki import LocalKiseki

from .conftest import ARTIST, FREE, Shell


def test_what_was_consented_and_owed_is_told_as_it_stood(shell: Shell, k: LocalKiseki) -> None:
    (shell.folder / "works").mkdir()
    (shell.folder / "works" / "sun.png").write_bytes(b"the sun")
    made = shell.json("data", "register", "works", *FREE, "--account", "test:1")
    (collection,) = (each["collection"] for each in made["collections"])
    shell.run("revenue", "split", "team.json", f"{ARTIST}=1", f"{k.address}=1")
    shell.run("revenue", "publish", "team.json")
    registered = k.session.latest()
    shell.run("revenue", "pay", "team.json", "4 gwei")
    paid = k.session.latest()
    k.test_money.wait(86_400 * 3)
    shell.run("data", "revoke", collection, "--account", "test:1")
    shell.run("revenue", "claim", ARTIST)

    now = shell.json("data", "show", collection)
    then = shell.json("data", "show", collection, "--at", str(paid.number))
    assert now["revoked_at"] and then["revoked_at"] is None
    assert shell.json("data", "show", collection, "--at", "2d")["revoked_at"] is None
    assert f"As of block {registered.number}" in shell.run(
        "data", "show", collection, "--at", str(registered.number)
    )
    assert "Nothing is owed" in shell.run("revenue", "owed", ARTIST)
    at_second = f"{datetime.fromtimestamp(paid.time, UTC):%Y-%m-%dT%H:%M:%S}"
    for at in (str(paid.number), "2d", at_second):
        (row,) = shell.json("revenue", "owed", ARTIST, "--at", at)["owed"]
        assert row["amount"] == str(2 * 10**9)
        (row,) = shell.json("revenue", "unclaimed", ARTIST, "--at", at)["unclaimed"]
        assert (row["amount"], row["since"]) == (str(2 * 10**9), paid.time)
    (sum_,) = shell.json("revenue", "earned", ARTIST)
    assert (sum_["amount"], sum_["payments"]) == (str(2 * 10**9), 1)
    (month,) = shell.json("revenue", "earned", ARTIST, "--by", "month")
    assert month["month"] == f"{datetime.fromtimestamp(k.session.now(), UTC):%Y-%m}"
    (payer,) = shell.json("revenue", "earned", ARTIST, "--by", "subject")
    assert payer["about"] is None and payer["from"].startswith("0x")
    assert "0.000000002 ether" in shell.run("revenue", "earned", ARTIST, "--by", "subject")
    assert shell.json("revenue", "earned", ARTIST, "--at", "2d") == []
    assert "Nothing reached" in shell.run("revenue", "earned", ARTIST, "--at", str(paid.number))
    before = ("--at", str(registered.number))
    assert shell.json("revenue", "owed", ARTIST, *before)["owed"] == []
    assert "Nothing waits" in shell.run("revenue", "unclaimed", ARTIST, *before)


def test_money_of_long_ago_is_worked_out_and_that_is_said(shell: Shell, k: LocalKiseki) -> None:
    """The blocks before the newest 64 are not kept one by one."""
    shell.run("revenue", "split", "team.json", f"{ARTIST}=3", f"{k.address}=1")
    shell.run("revenue", "publish", "team.json")
    shell.run("revenue", "pay", "team.json", "4 gwei")
    paid = k.session.latest().number
    k.session.node.one("anvil_mine", hex(80))
    shell.run("revenue", "claim", ARTIST)
    said = shell.run("revenue", "owed", ARTIST, "--at", str(paid))
    assert "worked out from all payments before" in said
    assert "0.000000003 ether" in said
    assert "worked out" not in shell.run("revenue", "owed", ARTIST, "--at", "0d")


def test_what_is_no_time_of_the_chain_is_refused(shell: Shell, k: LocalKiseki) -> None:
    asked = ("revenue", "owed", ARTIST, "--at")
    assert "in the future" in shell.run(*asked, "999999999", code=2)
    assert "in the future" in shell.run(*asked, "2999-01-01", code=2)
    assert "the number of a block, so it must be a day" in shell.run(*asked, "yesterday", code=2)
    shell.run(*asked, f"{datetime.fromtimestamp(k.session.now(), UTC):%Y-%m-%d}")
    shown = ("data", "show", "0x" + "11" * 32, "--at", "0")
    assert "no collection" in shell.run(*shown, code=1)
    assert "--items" in shell.run(*shown, "--items", code=2)
