"""Single items out of a vault, with the same checks as a collection (promise 6)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from kiseki import Kiseki, LocalKiseki, Use
from kiseki.client.vault.getting import get
from kiseki.core.values import from_hex
from kiseki.errors import InvalidInput, ProofError, VaultError

from .conftest import Shell
from .test_cli_vault_handing import Studio
from .test_cli_vault_lying import Lying, files

USE = ("--use", "ai_generative_training")
WHO = ("--account", "test:2", "--secrets", "their-2")
TRAIN = Use.AI_GENERATIVE_TRAINING


@pytest.fixture
def studio(shell: Shell, k: LocalKiseki) -> Studio:
    return Studio(shell, k)


@pytest.fixture
def named(studio: Studio) -> dict[str, str]:
    """Name -> data ID of what is in the collection."""
    told = studio.shell.json("data", "show", studio.collection, "--items", more=studio.key)
    return {each["names"][0]: each["id"] for each in told["items"]}


@pytest.fixture
def site(studio: Studio, developer: Kiseki) -> Iterator[Lying]:
    studio.license()
    with studio.serving(), closing(Lying(studio, developer)) as made:
        yield made


def test_single_items_are_got_and_the_receipt_says_of_which_collection(
    studio: Studio, named: dict[str, str]
) -> None:
    shell = studio.shell
    studio.license()
    with studio.serving():
        got = shell.json(
            "vault", "get", studio.url, "few", "--item", named["1.svg"], "--item", named["1.svg"],
            *USE, *WHO,
        )  # fmt: skip
        assert got["collections"] == {named["1.svg"]: studio.collection}
        assert (got["items"], got["new"]) == (1, 1)
        assert files(shell.folder / "few") == {"1.svg"}

        # A file of IDs; and others than before are another hand-out.
        listed = shell.folder / "ids.txt"
        listed.write_text(f"{named['1.svg']}\n\n{named['film.bin']}\n")
        said = shell.run("vault", "get", studio.url, "few", "--item", "ids.txt", *USE, *WHO)
        said = " ".join(said.split())
        assert "2 files in few, 1 of them new" in said
        assert f"2 items of the collection {studio.collection}" in said
        assert len(list((shell.folder / "few" / "kiseki-receipts").glob("*.json"))) == 2

        # The same again goes on with its hand-out; so does the first one.
        for given in (("--item", "ids.txt"), ("--item", named["1.svg"])):
            again = shell.json("vault", "get", studio.url, "few", *given, *USE, *WHO)
            assert again["new"] == 0
        assert len(list((shell.folder / "few" / "kiseki-receipts").glob("*.json"))) == 2

        # A part of a collection is not taken for all of it.
        within = ("vault", "get", studio.url, studio.collection, "few")
        assert shell.json(*within, "--item", named["2.svg"], *USE, *WHO)["items"] == 1
        assert shell.json(*within, *USE, *WHO)["items"] == 5

        stranger = ("--account", "test:5", "--secrets", "their-5")
        said = shell.run(
            "vault", "get", studio.url, "no", "--item", named["1.svg"], *USE, *stranger, code=1
        )
        assert "this vault has nothing for you" in said
        assert not (shell.folder / "no").exists()
        # All or none: with one that nobody has, nothing is given.
        said = shell.run(
            "vault", "get", studio.url, "no", "--item", named["1.svg"], "--item", "0x" + "11" * 32,
            *USE, *WHO, code=1,
        )  # fmt: skip
        assert "this vault has nothing for you" in said
    found = shell.json("data", "find", "few/1.svg", *WHO)
    assert found[0]["places"][0]["collection"] == studio.collection


def test_an_item_of_two_collections_is_got_in_the_one_that_is_licensed(
    studio: Studio, named: dict[str, str]
) -> None:
    shell, first = studio.shell, studio.collection
    done = shell.json(
        "data", "register", "art", "--uses", "train", "--royalty", "1%", "--gate", "market",
        "--vault", "--account", "test:1", more=studio.key,
    )  # fmt: skip
    both = sorted((first, done["collections"][0]["collection"]))
    studio.collection = both[1]  # without a name the vault takes the lowest
    studio.license()
    one = ("--item", named["1.svg"], *USE, *WHO)
    with studio.serving():
        said = shell.run("vault", "get", studio.url, "few", *one, code=1)
        assert "this vault has nothing for you" in said
        got = shell.json("vault", "get", studio.url, both[1], "few", *one)
        assert got["collections"] == {named["1.svg"]: both[1]}
        assert "nothing for you" in shell.run("vault", "get", studio.url, both[0], "few", *one,
                                              code=1)  # fmt: skip
    (kept,) = (shell.folder / "few" / "kiseki-receipts").glob("*.json")
    receipt = json.loads(json.loads(kept.read_text())["items"][0]["receipt"])
    assert receipt["collection"] == both[1]


def test_other_items_than_were_asked_for_are_refused(
    studio: Studio, named: dict[str, str], site: Lying, developer: Kiseki
) -> None:
    ids = {each: from_hex(named[each], 32, "it") for each in ("1.svg", "2.svg")}
    other = site.begin(TRAIN, items=[ids["2.svg"]])
    site.begins = lambda _: other
    folder = studio.shell.folder / "got"
    with pytest.raises(VaultError, match="other items than were asked for"):
        get(developer, site, folder, None, TRAIN, items=[ids["1.svg"]])
    # In another collection than the one that was named.
    mine, theirs = studio.collection[2:], "33" * 32
    site.begins = lambda out: replace(
        out, items=tuple(
            replace(each, receipt=each.receipt.replace(mine, theirs)) for each in out.items
        )
    )  # fmt: skip
    wanted = from_hex(studio.collection, 32, "it")
    for collection in (None, wanted):
        with pytest.raises(ProofError):
            get(developer, site, folder, collection, TRAIN, items=[ids["1.svg"]])
    site.begins = lambda out: replace(
        out, items=tuple(replace(each, size=each.size + 1) for each in out.items)
    )
    with pytest.raises(ProofError, match="of content of another size"):
        get(developer, site, folder, None, TRAIN, items=[ids["1.svg"]])
    assert not folder.exists()
    for given in ([], [ids["1.svg"]] * 2):
        with pytest.raises(InvalidInput, match="each of them once"):
            get(developer, site, folder, None, TRAIN, items=given)


ID = "0x" + "11" * 32
NEITHER = "name the collection and the folder; or --item and the folder"


@pytest.mark.parametrize(("given", "why"), [
    ((ID,), NEITHER), ((ID, "--item", ID), NEITHER), (("drawings",), NEITHER),
    (("drawings", "--item", "0x22"), "0x22 cannot be read"),
    (("drawings", "--item", "empty.txt"), "has no data IDs; write one in each line"),
    (("drawings", "--item", "words.txt"), "each line of words.txt must be 0x and 64 hex digits"),
    (("drawings", "got", "--item", ID), "the collection must be 0x and 64 hex digits"),
])  # fmt: skip
def test_what_is_no_item_collection_or_folder_is_said(
    shell: Shell, given: tuple[str, ...], why: str
) -> None:
    (shell.folder / "empty.txt").write_text("\n")
    (shell.folder / "words.txt").write_text(f"{ID}\nmine\n")
    code = 1 if "0x22" in given else 2
    said = shell.run("vault", "get", "http://localhost:1", *given, *USE, *WHO, code=code)
    assert why in " ".join(said.split())
