"""Money by commands: who is paid, what waits, and where it is brought (promise 4)."""

from kiseki import LocalKiseki, Split
from kiseki.chain.contract.contracts import Call
from kiseki.chain.signing.accounts import local_account as account_of
from kiseki.core import ids
from kiseki.core.keccak import keccak256
from kiseki.core.manifest import Manifest
from kiseki.core.values import to_hex

from ..conftest import ask, freeze
from .conftest import ARTIST, BUYER, Shell

NOBODY = "0x" + "00" * 20


def test_a_committee_is_paid(shell: Shell, k: LocalKiseki) -> None:
    """Promise 4: a waterfall, and a statement held against the chain."""
    other = account_of(5).address
    profit = Split([(ids.wallet(BUYER), 60), (ids.wallet(other), 40)])
    made = shell.json("revenue", "split", "profit.json", f"{BUYER}=60", f"{other}=40")
    assert made["split"] == to_hex(profit.key)
    assert (shell.folder / "profit.json").read_text() == profit.to_json()
    assert made == shell.json("revenue", "split", "profit.json", f"{BUYER}=60", f"{other}=40")
    told = shell.run("revenue", "split", "profit.json", f"{BUYER}=1", code=2)
    assert "exists and has other content" in told
    assert "PAYEE=SHARES" in shell.run("revenue", "split", "other.json", BUYER, code=2)
    shell.run("revenue", "publish", "profit.json")
    fall = shell.json("revenue", "waterfall", "create", f"1={ARTIST}", "profit.json")["waterfall"]
    shell.run("revenue", "waterfall", "pay", fall, "1.5")
    shown = shell.json("revenue", "waterfall", "show", fall)
    assert [each["had"] for each in shown["tiers"]] == [str(10**18), str(5 * 10**17)]
    assert "the rest" in shell.run("revenue", "waterfall", "show", fall)
    (owed,) = shell.json("revenue", "owed", ARTIST)["owed"]
    assert owed["amount"] == str(10**18)

    (shell.folder / "october.csv").write_text(
        f"channel,territory,payee,amount\nstreaming,JP,{fall},0.5\ncinema,JP,profit.json,0.25\n"
    )
    period = ("--period", "2026-10")
    assert "not paid" in shell.run("revenue", "statement", "check", "october.csv", *period, code=4)
    paid = shell.json("revenue", "statement", "pay", "october.csv", *period)
    assert len(paid["transactions"]) == 1
    assert paid["total"] == str(75 * 10**16)
    assert "right" in shell.run("revenue", "statement", "check", "october.json")
    assert not shell.json("revenue", "statement", "pay", "october.json")["transactions"]
    told = shell.run("revenue", "owed", BUYER)
    assert f"0.5 ether in all are on the way through the waterfall {fall}." in told
    claimed = shell.json("revenue", "claim", BUYER, "--through")
    # 60% of the 0.5 above the first tier, of what the statement paid, and of the 0.25.
    assert claimed["amounts"] == {BUYER: {NOBODY: str(75 * 10**16)}}
    assert claimed["ahead"] == []
    assert k.revenue.waterfall.passed(fall) == 2 * 10**18
    k.sender.send(Call(fall, b"", 5, "somebody pays it as any wallet"))
    shell.run("revenue", "waterfall", "pass", fall)
    assert k.balance(of=fall) == 0


def test_an_amount_is_in_no_token_that_is_not_there(shell: Shell, k: LocalKiseki) -> None:
    """Promise 4: it was taken in base units, so a price in a token of another network was published
    at a millionth."""
    token = "0x" + "70" * 20
    said = "so it is no token there; check the address and the network"
    assert said in shell.run("revenue", "pay", ARTIST, "12", "--token", token, code=2)
    offered = ("collection", "0x" + "11" * 32, f"12@{token}", "--uses", "train")
    assert said in shell.run("market", "offer", *offered, code=2)
    (shell.folder / "one.csv").write_text(f"channel,territory,payee,amount\na,JP,{ARTIST},12\n")
    paid = ("one.csv", "--period", "2026", "--token", token)
    assert said in shell.run("revenue", "statement", "pay", *paid, code=2)


def test_a_row_that_was_copied_is_not_paid_twice(shell: Shell) -> None:
    row = f"streaming,JP,{ARTIST},0.5\n"
    (shell.folder / "twice.csv").write_text(
        f"channel,territory,payee,amount\n{row}a,JP,{ARTIST},1\n{row}"
    )
    told = shell.run("revenue", "statement", "pay", "twice.csv", "--period", "2026", code=2)
    assert "row 4: it says the same as row 2 and would be paid too" in told


def test_what_waits_for_a_tier_is_named_and_retried(shell: Shell, k: LocalKiseki) -> None:
    """Promise 4: it is in no sum that a claim brings, wherever it is told."""
    yen = k.test_token()
    fall = shell.json(
        "revenue", "waterfall", "create", f"100@{yen}={ARTIST}", BUYER
    )["waterfall"]  # fmt: skip
    k.mint(yen, fall, 120 * 10 ** k.decimals(yen))
    code = ask(k, "eth_getCode", yen, "latest")
    freeze(k, yen)
    shell.run("revenue", "waterfall", "pass", fall, "--token", yen)
    units = str(100 * 10 ** k.decimals(yen))
    found = shell.json("revenue", "owed", ARTIST)
    assert found["owed"] == []
    waits = {"tier": 1, "amount": units}
    named = {"waterfall": fall.lower(), "token": yen.lower(), "lies": "0", "owed": "0"}
    assert found["ahead"] == [named | {"waiting": [waits]}]
    again = f"`kiseki revenue waterfall retry {fall} 1 --token {yen}`"
    for words in (
        ("revenue", "owed", ARTIST),
        ("revenue", "claim", ARTIST, "--through"),
        ("revenue", "waterfall", "show", fall, "--token", yen),
    ):
        told = " ".join(shell.run(*words).split())
        assert f"wait for tier 1 of the waterfall {fall}" in told
        assert again in told
        assert "on the way" not in told
        assert "still in the waterfall" not in told
    ask(k, "anvil_setCode", yen, code)
    shell.run("revenue", "waterfall", "retry", fall, "1", "--token", yen)
    assert shell.json("revenue", "owed", ARTIST)["ahead"] == []


def test_what_lies_at_any_address_of_a_batch_is_swept(shell: Shell, k: LocalKiseki) -> None:
    """A marketplace pays its royalty elsewhere than who pays the batch itself (promise 4)."""
    terms = k.data.define_terms("train", "0%")
    art = k.data.prepare(shell.files("art", 1), terms)
    k.data.register(art)
    manifest = Manifest({art.id: [(each.id, 1) for each in art.items]})
    model = k.models.register(keccak256(b"weights"), terms, manifest=manifest).id
    pictures = k.outputs.prepare(shell.files("pictures", 1), [model])
    k.outputs.register(pictures)
    batch = to_hex(pictures.id)
    lies = shell.json("revenue", "address", batch)
    assert shell.run("revenue", "address", batch, "--royalties").strip() == lies["royalties"]
    assert "there is no such money at" in shell.run("revenue", "sweep", batch, code=2)
    for number, place in enumerate((lies["address"], lies["royalties"]), 1):
        k.sender.send(Call(place, b"", number * 100, "a marketplace pays"))
    assert len(shell.json("revenue", "sweep", batch)["transactions"]) == 2
    k.sender.send(Call(lies["royalties"], b"", 50, "a marketplace pays"))
    told = ("--once", "--sweep", batch, "--worth", "50 wei", "--metrics", "kiseki.prom")
    shell.run("keeper", *told)
    kept = (shell.folder / "kiseki.prom").read_text()
    assert 'kiseki_keeper_done_total{what="sweep"} 1' in kept
    assert k.balance(of=lies["royalties"]) == 0
    splitter = k.session["RevenueSplitter"].address
    assert k.balance(of=splitter) == 350


def test_money_is_brought_where_its_payee_signed(shell: Shell, k: LocalKiseki) -> None:
    to = "0x" + "73" * 20
    split = Split([(ids.wallet(ARTIST), 1), (ids.wallet(k.address), 1)])
    (shell.folder / split.filename).write_text(split.to_json())
    shell.run("revenue", "pay", split.filename, "100 wei")
    assert shell.json("revenue", "owed", ARTIST)["owed"] == []
    shell.run("revenue", "redirect", to, "--out", "alice.json", "--yes", "--account", "test:1")
    claimed = shell.json("revenue", "claim", "--redirect", "alice.json", "--list", ".")
    assert claimed["redirected"][0]["to"].lower() == to
    assert k.balance(of=to) == 50


def test_a_redirect_is_shown_while_it_can_be_used_and_cancelled(
    shell: Shell, k: LocalKiseki
) -> None:
    to, mine = "0x" + "73" * 20, ("--account", "test:1")
    assert shell.json("revenue", "redirects", *mine) == []
    shell.run("revenue", "redirect", to, "--out", "alice.json", "--yes", *mine)
    shell.run("revenue", "redirect", to, "--out", "bob.json", "--days", "1", "--yes", *mine)
    kept = shell.folder / "home/.kiseki/redirects"
    assert kept.stat().st_mode & 0o777 == 0o600
    first, second = shell.json("revenue", "redirects", *mine)
    assert (first["to"].lower(), second["to"].lower()) == (to, to)
    assert shell.json("revenue", "redirects", "--account", "test:2") == [], "others' are not shown"
    told = shell.run("revenue", "redirects", *mine)
    assert f"kiseki revenue cancel-redirect {first['nonce']}" in told
    shell.run("revenue", "cancel-redirect", first["nonce"], *mine)
    assert shell.json("revenue", "redirects", *mine) == [second]
    k.wait(2 * 86_400)
    assert shell.json("revenue", "redirects", *mine) == [], "it ran out"
    longer = ("revenue", "redirect", to, "--out", "c.json", "--days", "30")
    refused = shell.run(*longer, *mine, code=2)
    assert "1 to 29 days" in refused


def test_artists_without_a_wallet(shell: Shell, k: LocalKiseki) -> None:
    told = shell.json("identity", "person", "staff number 12")
    assert told == shell.json("identity", "person", "staff number 12")
    assert "none yet" in shell.run("identity", "status", told["person"])
    shell.run("identity", "bind", told["person"], ARTIST)
    assert shell.json("identity", "status", told["person"])["wallet"] == ARTIST
    shell.run("identity", "withdraw", told["person"])
    assert shell.json("identity", "status", told["person"])["wallet"] is None


def test_a_joint_work_pays_all_of_its_artists(shell: Shell, k: LocalKiseki) -> None:
    """Promises 1, 2 and 4: it is told what became of each collection, and whom it pays."""
    one, two = account_of(1).address, account_of(2).address
    files = shell.files("art", 3)
    rows = [f"{file},{who}" for file in ("0", "1") for who in (one, two)]
    (shell.folder / "list.csv").write_text(
        "\n".join(["file,artist", *(f"art/{row.replace(',', '.svg,')}" for row in rows)])
    )
    told = shell.run(
        "data", "register", "--uses", "train", "list.csv", "--royalty", "20%", "--dry-run"
    )
    split = next((shell.folder / "home/.kiseki/splits").glob("0x*.json"))
    assert "RevenueSplitter.publish" in told, "what it costs to log the split is in the estimate"
    assert " ".join(told.split()).count(f"{one} 1/2") == 2, (
        "when the split is told, and in what is asked"
    )
    (made,) = shell.json("data", "register", "--uses", "train", "list.csv", "--royalty", "20%")[
        "collections"
    ]
    assert (made["items"], made["became"], made["split"]) == (2, "registered", str(split))
    assert {each["who"]: each["part"] for each in made["artists"]} == {one: "1/2", two: "1/2"}
    assert "was registered already" in shell.run(
        "data", "register", "--uses", "train", "list.csv", "--royalty", "20%"
    )

    # By the split's file: the same collection, and as a payee wherever one is named.
    same = ("data", "register", "--uses", "train", "art", "--royalty", "20%", "--payee")
    (files / "2.svg").unlink()
    assert "was registered already" in shell.run(*same, str(split))
    other = shell.json(*same, one, code=1)["collections"][0]
    assert other["became"].startswith("DataRegistry_DifferentValues")
    assert [each["what"] for each in other["differences"]] == ["who is paid"]
    assert one in other["differences"][0]["asked"]
    assert one in other["differences"][0]["stands"]
    assert two in other["differences"][0]["stands"]

    # Some of it in another collection, for somebody else.
    (files / "1.svg").unlink()
    looked = " ".join(shell.run(*same, two).split())
    assert "1 item of 1 in the collection" in looked
    assert f"under the same terms, which pays those in the split {split.stem}" in looked
    (known,) = shell.json(*same, two)["collections"]
    assert known["overlaps"] == [
        {"collection": made["collection"], "items": 1, "payee": split.stem, "same_terms": True}
    ]
    shell.run("revenue", "pay", str(split), "7 wei", "--account", "test:4")
    owed = [shell.json("revenue", "owed", who)["owed"] for who in (one, two)]
    assert [each["amount"] for (each,) in owed] == ["3", "3"]


def test_what_nobody_claimed_is_told_with_its_age(shell: Shell, k: LocalKiseki) -> None:
    """Promise 4: for a wallet, and for anybody at a split; page by page."""
    other = account_of(5).address
    shell.run("revenue", "split", "team.json", f"{ARTIST}=3", f"{other}=1")
    shell.run("revenue", "publish", "team.json")
    shell.run("revenue", "pay", "team.json", "4 gwei")
    came = k.session.now()
    shell.run("revenue", "claim", other)
    shell.run("revenue", "pay", "team.json", "4 gwei")
    told = shell.json("revenue", "unclaimed", ARTIST)
    (row,) = told["unclaimed"]
    assert (row["amount"], row["here"], row["since"]) == (str(6 * 10**9), str(6 * 10**9), came)
    assert told["after"] is None
    first = shell.json("revenue", "unclaimed", "team.json", "--most", "1")
    rest = shell.json("revenue", "unclaimed", "team.json", "--after", first["after"])
    rows = first["unclaimed"] + rest["unclaimed"]
    assert [each["amount"] for each in rows] == [str(6 * 10**9), str(10**9)]
    assert rows[0]["since"] == came <= rows[1]["since"]
    shown = shell.run("revenue", "unclaimed", "team.json", "--most", "1")
    assert "a published split" in shown
    assert f"--after {first['after']}" in shown
    last = shell.run(
        "revenue", "unclaimed", "team.json", "--after", rest["after"] or "0x" + "ff" * 37
    )
    assert "There are no more rows." in last
    assert "Nothing waits" in shell.run("revenue", "unclaimed", BUYER)
    assert "--after" in shell.run("revenue", "unclaimed", ARTIST, "--after", "0x12", code=2)
