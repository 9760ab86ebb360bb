"""Who has no ether signs, and anybody brings it: the same shape for everything that can be sent."""

import json

import pytest

from kiseki import Kiseki, LocalKiseki, Split
from kiseki.chain.signing.accounts import local_account as account_of
from kiseki.core import ids

from .conftest import ARTIST, BUYER, FREE, Shell

CREATOR = "0x" + "5c" * 32
"""The key of somebody who never had ether."""
MAKER = ("--account", "test:2")


@pytest.fixture
def poor(k: LocalKiseki) -> Kiseki:
    from eth_account import Account

    found = k.using(Account.from_key(CREATOR))
    assert found.balance() == 0
    return found


def words(told: str) -> str:
    return " ".join(told.split())


def signs(shell: Shell, *given: str, code: int = 0) -> str:
    """A command of who has no ether: asked for, and signed."""
    more = {"KISEKI_PRIVATE_KEY": CREATOR}
    if code == 0:
        refused = shell.run(*given, "--account", "env", "--no-yes", code=2, more=more)
        assert "Sign this message? To go on without a question, add --yes" in words(refused)
    return words(shell.run(*given, "--account", "env", code=code, more=more))


def model_of(shell: Shell, *more: str) -> str:
    shell.files("drawings", 2)
    shell.run("data", "register", "drawings", *FREE, "--account", "test:1")
    shell.run("model", "manifest", "manifest.json", "drawings")
    (shell.folder / "model.bin").write_text("weights")
    made = shell.json("model", "register", "model.bin", "--manifest", "manifest.json", *FREE,
                      *more, *MAKER)  # fmt: skip
    return str(made["model"])


def test_a_developer_records_outputs_in_the_name_of_a_creator_who_signed(
    shell: Shell, k: LocalKiseki, poor: Kiseki
) -> None:
    """Promise 3, invariant 8: behind a gate that is closed, with the developer's endorsement."""
    model = model_of(shell, "--gate", "list")
    shell.files("pictures", 3)
    shell.files("others", 3)
    (shell.folder / "team.csv").write_text(f"payee,share\n{ARTIST},1\n{poor.address},1\n")
    shell.run("revenue", "split", "team.json", "team.csv")
    endorse = ("output", "endorse", "pictures", "--model", model, "--creator", poor.address)
    assert "Sign this endorsement? To go on" in words(
        shell.run(*endorse, "--until", "30d", *MAKER, "--no-yes", code=2)
    )
    assert "must be a day" in shell.run(*endorse, "--until", "1800000000", *MAKER, code=2)
    word = shell.json(*endorse, "--until", "30d", *MAKER)["endorsement"]
    register = ("output", "register", "pictures", "--model", model, "--payee", "team.json")
    told = signs(shell, *register, "--endorsement", word, "--sign", "batch.json")
    assert f"The wallet {poor.address} registers 3 files as the batch" in told
    assert "It counts with 1 endorsement." in told

    bring = ("output", "register-for", "batch.json")
    wrong = shell.run(*bring, "others", *MAKER, code=2)
    assert f"these are 3 files, and not the 3 that {poor.address} signed" in words(wrong)
    dry = shell.json(*bring, "--dry-run", *MAKER)
    assert (dry["sent"], dry["transactions"]) == (False, 1)
    root_alone = shell.json(*bring, *MAKER)
    batch = k.index.batch(bytes.fromhex(root_alone["batch"][2:]))
    assert batch.creator == poor.address.lower() and batch.endorsed
    assert not batch.published
    assert "nknown" in shell.run("verify", "pictures/0.svg", code=4)
    logged = shell.json(*bring, "pictures", *MAKER)
    assert logged["batch"] == root_alone["batch"]
    assert len(logged["transactions"]) == 2, "the commitments, and the split that is paid"
    assert shell.json(*bring, "pictures", *MAKER)["transactions"] == []
    assert model in words(shell.run("output", "show", logged["batch"]))
    assert f"Registered by {poor.address}" in shell.run("verify", "pictures/0.svg", code=4)
    assert poor.balance() == 0
    assert shell.json("letters", "show", "batch.json")["state"] == "used or cancelled"
    (shell.folder / "picture.png").write_text("no letter")
    said = shell.run("letters", "show", "picture.png", code=2)
    assert "is no signed message; name a file that `--sign` wrote" in said


def test_a_signed_batch_or_model_that_was_changed_is_refused(shell: Shell, poor: Kiseki) -> None:
    """What the signature binds only by its hash is checked against it too."""
    model = model_of(shell)
    shell.files("pictures", 1)
    signs(shell, "output", "register", "pictures", "--model", model, "--sign", "batch.json")
    register = ("model", "register", "model.bin", "--manifest", "manifest.json", *FREE)
    signs(shell, *register, "--payee", "wallet", "--sign", "model.json")
    other = "0x" + "77" * 32
    for name, bring, changes in (
        ("batch.json", ("output", "register-for"), {"models": [other], "opening": "0x" + "00" * 52,
         "split": '{"total":1}', "collections": [[other, other, "1"]], "endorsements": ["x"]}),
        ("model.json", ("model", "register-for"), {"externals": [[other, other]], "models": [other],
         "opening": "0x00", "collections": []}),
    ):  # fmt: skip
        given = json.loads((shell.folder / name).read_text())
        for member, changed in changes.items():
            ours = given["kiseki"] | {member: changed}
            (shell.folder / "changed.json").write_text(json.dumps(given | {"kiseki": ours}))
            told = shell.run(*bring, "changed.json", *MAKER, code=2)
            assert "is no signed" in told, member
        shell.run(*bring, name, *MAKER)


def test_a_model_is_registered_and_published_for_a_developer_without_ether(
    shell: Shell, k: LocalKiseki, poor: Kiseki
) -> None:
    model_of(shell)
    (shell.folder / "lora.bin").write_text("other weights")
    register = ("model", "register", "lora.bin", "--manifest", "manifest.json", *FREE)
    signing = (*register, "--royalty", "5%", "--sign", "model.json")
    assert "for 1 to 6 days" in signs(shell, *signing, "--days", "30", code=2)
    assert "leave out --publish" in signs(shell, *signing, "--publish", "out", code=2)
    assert "leave out --dry-run" in signs(shell, *signing, "--dry-run", code=2)
    told = signs(shell, *signing)
    assert f"The wallet {poor.address} registers the model" in told
    assert "It declares 1 collection." in told
    assert "5% of gross" in told
    assert "exists already" in signs(shell, *signing, code=1)

    bring = ("model", "register-for", "model.json", "--account", "test:5")
    made = shell.json(*bring)
    assert len(made["transactions"]) == 2, "its terms are new"
    record = k.index.model(bytes.fromhex(made["model"][2:]))
    assert record.developer == poor.address.lower()
    assert shell.json(*bring)["transactions"] == []

    publish = ("model", "publish-manifest", made["model"], "manifest.json", "out")
    signs(shell, *publish, "--sign", "statement.json")
    assert (shell.folder / "out" / f"{made['model']}.json").exists()
    shell.run("statements", "send", "statement.json", "--account", "test:5")
    (stated,) = shell.json("statements", "show", "model", made["model"])
    assert (stated["speaker"], stated["sort"]) == (poor.address.lower(), "manifest")
    assert shell.json("model", "check-manifest", made["model"], "manifest.json")["transactions"]
    assert poor.balance() == 0


def test_an_issuer_without_ether_binds_an_artist_and_takes_it_back(
    shell: Shell, poor: Kiseki
) -> None:
    person = "0x" + "5e" * 32
    bind = ("identity", "bind", person, ARTIST, "--sign")
    told = signs(shell, *bind, "binding.json")
    assert f"The issuer {poor.address} says of artists without a wallet: {person} is paid" in told
    shell.run("identity", "bind-for", "binding.json")
    status = ("identity", "status", person, "--issuer", poor.address)
    assert shell.json(*status)["wallet"] == ARTIST
    told = signs(shell, "identity", "withdraw", person, "--sign", "end.json", "--days", "3")
    assert "is bound to nobody any more" in told
    shell.run("identity", "bind-for", "end.json", "--account", "test:5")
    assert shell.json(*status)["wallet"] is None
    (shell.folder / "about.txt").write_text("known since 2019")
    vouch = ("identity", "vouch", ARTIST, "about.txt", "--sign", "vouch.json")
    signs(shell, *vouch)
    shell.run("statements", "send", "vouch.json")
    (stated,) = shell.json("statements", "show", "wallet", ARTIST)
    assert (stated["speaker"], stated["sort"]) == (poor.address.lower(), "identity")
    assert "is no signed binding" in shell.run("identity", "bind-for", "vouch.json", code=2)


def test_an_issuer_binds_everybody_of_a_table_at_once(shell: Shell, poor: Kiseki) -> None:
    """In one transaction, or with one signature; a row that cannot be right is named."""
    shell.run("people", "add", "山田花子", ARTIST)
    persons = [f"0x{number:064x}" for number in (5, 6, 7)]
    rows = list(zip(persons, ("山田花子", BUYER, poor.address), strict=True))
    text = "person;wallet\n" + "".join(f"{who};{to}\n" for who, to in rows)
    (shell.folder / "artists.csv").write_text(text)
    bind = ("identity", "bind", "--table", "artists.csv")
    told = words(shell.run(*bind, "--dry-run"))
    assert f"Bind the wallet {ARTIST} to the artist {persons[0]}" in told
    assert len(shell.json(*bind)["transactions"]) == 1
    wallets = [shell.json("identity", "status", who)["wallet"] for who in persons]
    assert wallets == [ARTIST, BUYER, poor.address]
    signs(shell, *bind, "--sign", "binding.json")
    assert len(shell.json("identity", "bind-for", "binding.json")["transactions"]) == 1
    status = ("identity", "status", persons[1], "--issuer", poor.address)
    assert shell.json(*status)["wallet"] == BUYER
    for bad, said in (
        (f"{persons[0]};{ARTIST}\n", "row 5, column person: this person is in the table twice"),
        (f"0x12;{ARTIST}\n", "row 5, column person"),
        (f"0x{9:064x};0x{0:040x}\n", "row 5, column wallet: the wallet is the zero address"),
    ):
        (shell.folder / "bad.csv").write_text(text + bad)
        assert said in words(shell.run("identity", "bind", "--table", "bad.csv", code=2))
    assert "--table" in shell.run("identity", "bind", persons[0], code=2)
    both = shell.run("identity", "bind", persons[0], ARTIST, "--table", "artists.csv", code=2)
    assert "or a table of them" in both


def test_a_provider_without_ether_changes_who_is_paid(
    shell: Shell, k: LocalKiseki, poor: Kiseki
) -> None:
    """Promise 4: with the waiver of the wallet that was paid, and never without."""
    shell.files("art", 1)
    consent = ("data", "consent")
    (shell.folder / "list.csv").write_text(f"file,artist\nart/0.svg,{poor.address}\n")
    (file,) = shell.json(*consent, "prepare", "list.csv", "consents", *FREE)
    more = {"KISEKI_PRIVATE_KEY": CREATOR}
    shell.run(*consent, "sign", file, "--account", "env", more=more)
    (made,) = shell.json(*consent, "submit", "consents")
    collection = made["collection"]
    split = Split([(ids.wallet(ARTIST), 1), (ids.wallet(poor.address), 2)])
    (shell.folder / "team.json").write_text(split.to_json())

    change = ("data", "set-payee", collection, ARTIST, "--sign", "change.json")
    assert f"pays from now on: the wallet {ARTIST}" in signs(shell, *change)
    shell.run("data", "set-payee-for", "change.json", *MAKER)
    assert k.index.collection(bytes.fromhex(collection[2:])).payee == ids.wallet(ARTIST)
    signs(shell, "data", "set-payee", collection, "team.json", "--sign", "split.json")
    refused = shell.run("data", "set-payee-for", "split.json", *MAKER, code=1)
    assert "Signed_" in refused, "the wallet that is paid did not waive"
    waive = ("data", "waive-payee", collection, "team.json", "--account", "test:1")
    shell.run(*waive, "--out", "waiver.json")
    sent = shell.json("data", "set-payee-for", "split.json", "--waiver", "waiver.json", *MAKER)
    assert len(sent["transactions"]) == 2, "the split is logged too"
    assert k.index.collection(bytes.fromhex(collection[2:])).payee == split.key
    state = ("data", "origin", "state", collection, "list.csv", "--sign", "origin.json")
    signs(shell, *state)
    shell.run("statements", "send", "origin.json")
    (stated,) = shell.json("statements", "show", "collection", collection)
    assert (stated["speaker"], stated["sort"]) == (poor.address.lower(), "origin")


def test_who_has_a_part_in_a_schedule_agrees_without_ether(
    shell: Shell, k: LocalKiseki, poor: Kiseki
) -> None:
    """Promise 5: approves it, or agrees to cancel it."""
    shell.files("art", 1)
    made = shell.json("data", "register", "art", *FREE)["collections"][0]["collection"]
    shell.run("rights", "mint", "collection", made, "--set-payee")

    def schedule(number: str) -> str:
        done = ("rights", "schedule", "collection", made, poor.address, "--deadline", number)
        return str(shell.json(*done, "--approved", f"1={poor.address}")["schedule"])

    first = schedule("20d")
    signs(shell, "rights", "approve", first, "--sign", "approval.json")
    told = words(shell.run("rights", "approve-for", "approval.json", *MAKER))
    assert f"The wallet {poor.address} approves the schedule {first}" in told
    (pending,) = shell.json("rights", "pending")
    assert pending["due"]
    other = shell.run("rights", "cancel", first, "--sign", "x.json", "--account", "test:5", code=2)
    assert "sign with one of those" in words(other)
    shell.run("rights", "cancel", first)
    signs(shell, "rights", "cancel", first, "--sign", "cancel.json")
    shell.run("rights", "cancel-for", "cancel.json", *MAKER)
    assert shell.json("rights", "pending") == []
    assert k.rights.holder(k.rights.token("collection", bytes.fromhex(made[2:]))) == k.address


def test_what_was_signed_is_shown_and_cancelled_whatever_it_is(shell: Shell, poor: Kiseki) -> None:
    """Letters, consents and standing consents: by transaction, or by one more signature."""
    shell.files("art", 1)
    made = shell.json("data", "register", "art", *FREE)["collections"][0]["collection"]
    shell.run("data", "waive-payee", made, BUYER, "--out", "waiver.json", "--days", "2")
    shown = words(shell.run("letters", "show", "waiver.json"))
    assert f"The collection {made} pays" in shown
    assert "state counts" in shown
    assert "only the signer can cancel it" in words(
        shell.run("letters", "cancel", "waiver.json", *MAKER, code=2)
    )
    told = words(shell.run("letters", "cancel", "waiver.json"))
    assert "Cancel this signature, number" in told
    assert shell.json("letters", "show", "waiver.json")["state"] == "used or cancelled"

    shell.files("theirs", 1)
    (shell.folder / "list.csv").write_text(f"file,artist\ntheirs/0.svg,{poor.address}\n")
    (file,) = shell.json("data", "consent", "prepare", "list.csv", "consents", *FREE)
    assert shell.json("letters", "show", file)["state"] == "not signed yet"
    more = {"KISEKI_PRIVATE_KEY": CREATOR}
    shell.run("data", "consent", "sign", file, "--account", "env", more=more)
    standing = ("data", "standing")
    shell.run(*standing, "prepare", poor.address, "standing.json", "--per-month", "2", *FREE)
    shell.run(*standing, "sign", "standing.json", "--account", "env", more=more)
    signs(shell, "identity", "bind", "0x" + "5e" * 32, ARTIST, "--sign", "binding.json")
    redirect = ("revenue", "redirect", BUYER, "--out", "redirect.json", "--account", "env")
    shell.run(*redirect, more=more)
    for number, path in enumerate((file, "standing.json", "binding.json", "redirect.json")):
        assert shell.json("letters", "show", path)["state"] == "counts", path
        signs(shell, "letters", "cancel", path, "--sign", f"end-{number}.json")
        shell.run("letters", "cancel-for", f"end-{number}.json", *MAKER)
        assert shell.json("letters", "show", path)["state"] == "used or cancelled", path
    (told,) = shell.json("data", "consent", "submit", "consents", code=1)
    assert "Signed_NonceUsed" in told["problem"]
    assert "Signed_NonceUsed" in shell.run("identity", "bind-for", "binding.json", code=1)
    assert poor.balance() == 0
    (shell.folder / "no.json").write_text('{"format": "kiseki-origin-v1"}')
    assert "kiseki data origin take-back" in words(shell.run("letters", "show", "no.json", code=2))
    assert account_of(0).address in shown
