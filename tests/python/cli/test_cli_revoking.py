"""Consent ends by whatever a provider has at hand: a file, an ID, or a signature alone."""

from kiseki import LocalKiseki
from kiseki.chain.signing.accounts import local_account as account_of

from .conftest import FREE, Shell

ARTIST, OTHER = ("--account", "test:1"), ("--account", "test:5")


def registered(shell: Shell) -> tuple[str, list[dict[str, str]]]:
    shell.files("artwork")
    made = shell.json("data", "register", "artwork", *FREE, *ARTIST)
    collection = made["collections"][0]["collection"]
    items = shell.json("data", "show", collection)["items"]
    return collection, sorted(items, key=lambda each: each["names"][0])


def revoked(shell: Shell, collection: str) -> list[str]:
    items = shell.json("data", "show", collection)["items"]
    return sorted(each["names"][0] for each in items if each["revoked_at"])


def test_an_item_is_revoked_by_its_file_its_id_or_its_commitment(shell: Shell) -> None:
    """Promise 2: what a screen shows can be typed."""
    collection, items = registered(shell)
    for number, given in enumerate(("artwork/0.svg", items[1]["id"], items[2]["commitment"])):
        told = shell.run("data", "revoke-item", given, *ARTIST)
        assert items[number]["commitment"] in told
    assert revoked(shell, collection) == ["0.svg", "1.svg", "2.svg"]
    (shell.folder / "new.svg").write_text("new")
    assert "is no item of" in shell.run("data", "revoke-item", "new.svg", *ARTIST, code=2)
    assert "is no item of" in shell.run("data", "revoke-item", "artwork/0.svg", *OTHER, code=2)
    assert "the item" in shell.run("data", "revoke-item", "gone.svg", *ARTIST, code=2)


def test_a_file_with_two_salts_is_not_revoked_by_chance(shell: Shell) -> None:
    _, items = registered(shell)
    shell.run("keys", "backup", "first", "--clear")
    again = ("data", "register", "artwork", *FREE, *ARTIST, "--secrets", "second")
    shell.run(*again, "--as-new")
    shell.run("keys", "restore", "first", "--clear", "--secrets", "second")
    words = ("data", "revoke-item", "artwork/0.svg", *ARTIST, "--secrets", "second")
    told = shell.run(*words, code=2)
    assert "with 2 salts" in told and items[0]["commitment"] in told


def test_who_has_no_ether_signs_and_anybody_sends(shell: Shell, k: LocalKiseki) -> None:
    """Promise 2; what is sent was shown in words."""
    collection, items = registered(shell)
    item = ("data", "revoke-item", "artwork/1.svg", "--sign", "item.json", *ARTIST)
    assert "add --yes" in shell.run(*item, "--no-yes", code=2)
    told = " ".join(shell.run(*item, "--yes").split())
    assert f"The wallet {account_of(1).address} ends its consent" in told
    assert items[1]["commitment"] in told
    whole = ("data", "revoke", collection, "--sign", "whole.json", *ARTIST)
    assert f"uses of the collection {collection}" in " ".join(shell.run(*whole, "--yes").split())
    assert revoked(shell, collection) == []
    held = k.balance(of=account_of(1).address)
    for file in ("item.json", "whole.json"):
        sent = " ".join(shell.run("data", "revoke-for", file, *OTHER).split())
        assert "Nobody can take it back" in sent
    assert revoked(shell, collection) == ["1.svg"]
    assert shell.json("data", "show", collection)["revoked_at"]
    assert k.balance(of=account_of(1).address) == held, "the sender paid the gas"
    (shell.folder / "no.json").write_text("{}")
    assert "is no signed revocation" in shell.run("data", "revoke-for", "no.json", code=2)
    changed = (shell.folder / "whole.json").read_text().replace("ends its consent", "consents")
    (shell.folder / "changed.json").write_text(changed)
    assert "is no signed revocation" in shell.run("data", "revoke-for", "changed.json", code=2)
