"""Consents and receipts by commands, and lists that are shown to be whole."""

import json
from pathlib import Path

from tests.python.passkey import Passkey

from kiseki import LocalKiseki
from kiseki.chain.release.releases import addresses
from kiseki.client.data.consents import Consent
from kiseki.core import accounts, ids, labels
from kiseki.core.keccak import keccak256
from kiseki.core.values import to_hex
from kiseki.language import LANGUAGES

from .conftest import ARTIST, BUYER, FREE, Shell


def test_consents_and_receipts(shell: Shell, k: LocalKiseki) -> None:
    shell.files("artwork")
    (shell.folder / "list.csv").write_text(
        f"file,name,artist\nartwork/0.svg,Cut 1,{ARTIST}\nartwork/1.svg,Cut 2,{BUYER}\n"
    )
    words = ("data", "consent")
    paths = shell.json(
        *words, "prepare", "list.csv", "consents", "--uses", "train", "--royalty", "20%"
    )
    assert len(paths) == 2
    mine = next(each for each in paths if ARTIST.lower() in each)
    assert "add --yes" in shell.run(*words, "sign", mine, "--account", "test:1", "--no-yes", code=2)
    assert shell.json(*words, "show", mine)["signer"] is None
    shown = shell.run(*words, "sign", mine, "--account", "test:1", "--yes")
    assert "20% of gross" in shown and "ロイヤルティ" not in shown
    shown = shell.run(*words, "show", mine)
    assert "20% of gross" in shown and "signed" in shown and "yes" in shown
    message = json.loads((shell.folder / mine).read_text("utf-8"))
    for language in LANGUAGES:
        shown = shell.run(*words, "show", mine, "--wallet", "--language", language)
        again = shell.run("letters", "show", mine, "--wallet", "--language", language)
        expected = labels.shown(message, language)
        lines = [" ".join(each.split()) for each in shown.splitlines()]
        assert expected.intent in lines, "as a wallet shows it that knows the descriptor"
        for label, value in expected.rows:
            assert f"{label} {value}" in lines
            assert f"{label} {value}" in [" ".join(each.split()) for each in again.splitlines()]
        assert expected.intent not in shell.run(*words, "show", mine, "--language", language)
    told = shell.json(*words, "show", mine)
    assert (told["asked"], told["signer"]) == (ARTIST.lower(), ARTIST.lower())
    assert "素材1点をコレクション" in told["words_ja"][0] and "1 item" in told["words"][0]
    told = shell.json(*words, "submit", "consents", code=3)
    problems = {Path(each["file"]).name: each["problem"] for each in told}
    assert problems.pop(Path(mine).name) == ""
    assert all(bool(each["transactions"]) != bool(each["problem"]) for each in told)
    assert all(problems.values())
    collection = next(each["collection"] for each in told if not each["problem"])
    made = shell.json("data", "receipt", collection, "--out", "alice.json", "--clear")
    assert made["items"] == 1
    found = shell.json("data", "check-receipt", "alice.json", "artwork", "--clear", "--chain")
    assert (found["whole"], [each["names"] for each in found["files"]]) == (True, [["Cut 1"]])
    assert found["chain"]["registered_at"]


def test_what_is_signed_is_told_in_the_language_of_who_signs(shell: Shell, k: LocalKiseki) -> None:
    """An option goes before the variable, and that before the language of the machine."""
    shell.files("artwork")
    (shell.folder / "list.csv").write_text(f"file,artist\nartwork/0.svg,{ARTIST}\n")
    words = ("data", "consent")
    (mine,) = shell.json(*words, "prepare", "list.csv", "files", "--uses", "train",
                         "--royalty", "20%")  # fmt: skip
    english, japanese = "20% of gross", "ロイヤルティは総収入の20%です。"

    def told(*more: str) -> tuple[bool, bool]:
        shown = shell.run(*words, "show", mine, *more)
        return english in shown, japanese in shown

    assert told() == (True, False)
    assert told("--language", "ja") == (False, True)
    assert told("--language", "both") == (True, True)
    shell.environment["LANG"] = "ja_JP.UTF-8"
    assert told() == (False, True)
    shell.environment["LC_ALL"] = "C.UTF-8"
    assert told() == (True, False)
    shell.environment["KISEKI_LANGUAGE"] = "ja"
    assert (told(), told("--language", "en")) == ((False, True), (True, False))
    asked = shell.run(*words, "sign", mine, "--account", "test:1", "--no-yes", code=2)
    assert japanese in asked and "同意しますか。" in asked
    shell.run(*words, "sign", mine, "--account", "test:1", "--yes")
    says = shell.run(*words, "submit", "files", "--yes")
    assert japanese in says and english not in says
    shell.environment["KISEKI_LANGUAGE"] = "fr"
    assert "KISEKI_LANGUAGE must be one of en, ja or both" in shell.run(
        *words, "show", mine, code=2
    )


def test_a_licence_that_ships_is_the_document_of_the_terms(shell: Shell, k: LocalKiseki) -> None:
    """What is printed is what was signed: it hashes to the document that the terms name."""
    shell.files("artwork")
    (shell.folder / "list.csv").write_text(f"file,artist\nartwork/0.svg,{ARTIST}\n")
    prepare = ("data", "consent", "prepare", "list.csv", "files", "--licence", "royalty:ja")
    assert "--royalty is missing" in shell.run(*prepare, code=2), "nobody says it for somebody"
    assert "do not fit the licence" in shell.run(*prepare, "--royalty", "0%", code=2)
    (mine,) = shell.json(*prepare, "--royalty", "20%")
    shown = shell.run("data", "consent", "show", mine, "--language", "both")
    assert "under Kiseki's licence “Train for a royalty”, version 1, Japanese text" in shown
    assert (
        "Kisekiのライセンス「AI学習等の許諾（ロイヤルティ付き）」第1版（日本語版）によります。"
        in shown
    )
    text = shell.done("licence", "show", mine).out
    terms = json.loads((shell.folder / mine).read_text("utf-8"))["message"]["terms"]
    assert to_hex(keccak256(text.encode())) == terms["document"]
    assert "総収入の20%" in text and "法的助言ではありません" in text
    english = shell.json("licence", "show", mine, "--language", "en")
    assert "The Japanese text governs." in english["text"]
    assert (english["document"], english["governs"]) == (terms["document"], "ja")

    (made,) = shell.json("data", "register", "artwork", "--licence", "no-ai", "--yes")[
        "collections"
    ]
    text = shell.done("licence", "show", made["collection"]).out
    assert text.startswith("Kiseki licence “No AI”, version 1")
    words = shell.json("data", "show", made["collection"])["words"]
    assert "“No AI”, version 1, English text" in words
    assert to_hex(keccak256(text.encode())) in words
    shell.run("data", "terms", "--licence", "licensed", "--royalty", "0%", "--yes")

    names = [each["name"] for each in shell.json("licence", "list")]
    assert names == ["royalty", "licensed", "no-ai"]
    assert "AI学習等の許諾（個別ライセンスのみ）" in shell.run("licence", "list")
    assert "____" in shell.run("licence", "show", "royalty", "--language", "ja")
    shell.files("others")
    (other,) = shell.json("data", "register", "others", "--uses", "train", "--royalty", "1%",
                          "--yes")["collections"]  # fmt: skip
    for wrong, said in (
        ((other["collection"],), "name no document"),
        (("licence.pdf",), "is no licence; name royalty, licensed and no-ai"),
        (("royalty", "--language", "fr"), "one of en, ja"),
    ):
        assert said in shell.run("licence", "show", *wrong, code=2)


def test_a_standing_consent_from_its_file_to_its_end(shell: Shell, k: LocalKiseki) -> None:
    words = ("data", "standing")
    shown = shell.run(
        *words,
        "prepare",
        ARTIST,
        "alice.json",
        "--per-month",
        "1",
        "--uses",
        "train",
        "--royalty",
        "20%",
    )
    assert "registering up to 1 collection a month" in shown
    shell.files("week-1")
    under = ("data", "register", "week-1", "--under", "alice.json")
    assert "not signed yet" in shell.run(*under, code=2)
    assert "add --yes" in shell.run(
        *words, "sign", "alice.json", "--account", "test:1", "--no-yes", code=2
    )
    shell.run(*words, "sign", "alice.json", "--account", "test:1", "--yes")
    assert "leave out these options" in shell.run(*under, "--royalty", "20%", code=2)
    assert "for the collector" in shell.run(*under, "--account", "test:2", code=2)
    assert "0 more collections can be registered until" in shell.run(*under)
    assert "was registered already" in shell.run(*under)
    shell.files("week-2")
    refused = shell.run("data", "register", "week-2", "--under", "alice.json", code=2)
    assert "Nothing was sent" in refused
    assert "1か月にコレクション1件を上限として" in shell.run(
        *words, "show", "alice.json", "--language", "ja"
    )
    told = shell.json(*words, "show", "alice.json")
    assert "コレクション1件" in told["words_ja"][0]
    assert (told["left"], told["problem"], told["ended"]) == (0, "", False)
    (known,) = shell.json(*words, "list", ARTIST)
    assert known["id"] == told["consent"]
    (made,) = shell.json("data", "list", ARTIST)
    assert told["consent"] in shell.run("data", "show", made["collection"])
    assert "use that wallet to end it" in shell.run(*words, "end", "alice.json", code=2)
    sign = (*words, "end", "alice.json", "--sign", "ending.json", "--account", "test:1")
    assert "add --yes" in shell.run(*sign, "--no-yes", code=2)
    shell.run(*sign, "--yes")
    shell.run("letters", "cancel-for", "ending.json")
    assert shell.json(*words, "show", "alice.json")["ended"]
    assert "ended it" in shell.run("data", "register", "week-2", "--under", "alice.json", code=2)


def test_lists_are_shown_to_be_whole_and_checked_by_others(shell: Shell, k: LocalKiseki) -> None:
    shell.files("artwork")
    shell.run("data", "register", *FREE, "artwork")
    assert "whole: proved against block" in shell.run("lists")
    told = {each["list"]: each for each in shell.json("lists", "--out", "lists")}
    assert (told["collections"]["count"], told["collections"]["proved"]) == (1, True)
    assert (told["models"]["count"], told["models"]["proved"]) == (0, True)
    said = shell.run("check-list", "lists/collections.json", "--rpc", "http://127.0.0.1:1")
    assert "This list is whole. It has 1 ID" in said and told["collections"]["hash"] in said
    file = shell.folder / "lists/collections.json"
    file.write_text(file.read_text().replace('"ids":["0x', '"ids":["0x' + "11" * 32 + '","0x'))
    assert "is not what the registry held" in shell.run("check-list", file.as_posix(), code=1)
    assert shell.json("status")["lists"] == {"collections": 1, "models": 0, "batches": 0}


def test_a_consent_is_prepared_with_the_origin_that_registering_takes(
    shell: Shell, k: LocalKiseki
) -> None:
    """A document is one provider's, so another's is refused before anybody signs."""
    shell.files("artwork", 2)
    rows = [f"artwork/0.svg,{ARTIST}\n", "artwork/1.svg,\n"]
    for name, some in (("both.csv", rows), ("theirs.csv", rows[:1]), ("ours.csv", rows[1:])):
        (shell.folder / name).write_text("file,artist\n" + "".join(some))
    made = ("data", "origin", "new", "origin.json", "--basis", "own", "--collector", "Studio")
    more = ("--collected", "2026-04-01", "--how", "drawn by hand", "--territory", "JP")
    shell.run(*made, *more, "--provider", ARTIST)
    prepare, origin = ("data", "consent", "prepare"), (*FREE, "--origin", "origin.json")
    refused = shell.run(*prepare, "both.csv", "consents", *origin, code=2)
    assert "make a document for each provider" in " ".join(refused.split())
    assert not (shell.folder / "consents").exists()
    assert "drawn by hand" in shell.run(*prepare, "theirs.csv", "consents", *origin)
    (shell.folder / "free.txt").write_text("drawn in 2026")
    free = (*FREE, "--origin", "free.txt", "--payee", BUYER)
    assert "cannot read: only its hash" in shell.run(*prepare, "ours.csv", "consents", *free)

    files = sorted(
        (shell.folder / "consents").glob("*.json"), key=lambda e: ARTIST.lower() in e.name
    )
    ours, theirs = map(str, files)
    shell.run("data", "consent", "sign", ours)
    collection = json.loads(files[1].read_text())["kiseki"]["collection"]
    shell.run("data", "receipt", collection, "--out", "receipt.json", "--clear", "--origin")
    sign = ("data", "consent", "sign", theirs, "--account", "test:1", "--receipt", "receipt.json")
    assert "KISEKI_PASSWORD_FILE" in shell.run(*sign, code=2), "a receipt that is encrypted"
    assert "drawn by hand" in shell.run(*sign, "--clear")
    done = shell.json("data", "consent", "submit", "consents")
    paid = {k.index.collection(bytes.fromhex(each["collection"][2:])).payee for each in done}
    assert paid == {ids.wallet(ARTIST), ids.wallet(BUYER)}
    hashed = shell.json("data", "origin", "show", "origin.json")["origin"]
    assert shell.json("data", "show", collection)["origin"] == hashed


def test_an_amount_names_its_token_wherever_one_is_paid(shell: Shell, k: LocalKiseki) -> None:
    """`1200@TOKEN` or --token, to a payee as to a waterfall; and never two."""
    yen, other = k.test_token(), k.test_token()
    k.mint(yen, k.address, 10**9)
    fall = shell.json("revenue", "waterfall", "create", ARTIST)["waterfall"]
    for words in (("revenue", "pay", BUYER), ("revenue", "waterfall", "pay", fall)):
        shell.run(*words, f"2.5@{yen}")
        shell.run(*words, "2.5", "--token", yen)
        refused = shell.run(*words, f"2.5@{yen}", "--token", other, code=2)
        assert "names one token and --token another" in refused
    assert k.balance(yen, BUYER) == k.revenue.waterfall.passed(fall, yen) == 5_000_000


def test_a_consent_of_an_account_that_is_not_there_yet(shell: Shell, k: LocalKiseki) -> None:
    """Account and consent in one transaction, and `letters show` says what such a signature is."""
    phone = Passkey()
    at = k.accounts.address(phone.key)
    shell.files("artwork")
    (shell.folder / "list.csv").write_text(f"file,name,artist\nartwork/0.svg,Cut 1,{at}\n")
    words = ("data", "consent")
    terms = ("--uses", "train", "--royalty", "20%")
    (path,) = shell.json(*words, "prepare", "list.csv", "consents", *terms)
    consent = Consent.read(shell.folder / path)
    signed = phone.sign_for(at.lower(), consent.message)
    wrapped = accounts.wrapped(addresses()["Accounts"], phone.key, 0, signed)
    (shell.folder / path).with_suffix(".sig").write_text(to_hex(wrapped))
    for show in (("letters", "show", path), (*words, "show", path)):
        said = " ".join(shell.run(*show).split())
        assert "whoever submits it makes the account, in the same transaction" in said
        assert "同じ取引の中でアカウントを作ります" in shell.run(*show, "--language", "ja")
    (done,) = shell.json(*words, "submit", "consents", "--yes")
    # One puts the terms on record, and one makes the account and submits its consent.
    assert (done["problem"], len(done["transactions"])) == ("", 2)
    assert k.accounts.state(at).keys == (phone.key,)
    assert k.session["DataRegistry"].read("registrantOf", consent.kept.id) == at
