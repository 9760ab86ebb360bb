"""What a vault keeps of a person is told whole, and so is what cannot be erased."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from kiseki.core import ids
from kiseki.core.terms import Use
from kiseki.core.values import to_hex
from kiseki.errors import FilesError
from kiseki.vault.erasing import Erasing, Request
from kiseki.vault.handing.receipts import Basis, Block, Receipt
from kiseki.vault.handing.signin import By
from kiseki.vault.personal.access import Access
from kiseki.vault.personal.export import export
from kiseki.vault.personal.laws import STAYS
from kiseki.vault.personal.records import processing, provisions
from kiseki.vault.vault import Vault

from .conftest import OTHER, WHO
from .keeping import NOW, Key, content, fill, vault_of

CONTENTS = [content(each) for each in range(4)]
RECEIVER = "0x" + "3c" * 20


def receipt(vault: Vault, provider: str, number: int, caller: str = RECEIVER) -> Receipt:
    known = {digest: of for digest, _, of in vault.keys.commitments_of(provider)}
    of = known[CONTENTS[number].digest]
    own = caller == provider
    return Receipt(
        1, caller, provider, ids.item_id(provider, of), b"\x22" * 32, of, Use.AI_TRAINING,
        Basis.PROVIDER if own else Basis.LICENCE, None if own else b"\x23" * 32,
        None if own else NOW + 99, Block(17, b"\x11" * 32, NOW), 3_004, NOW,
    )  # fmt: skip


@pytest.fixture
def vault(store_url: Path | str, tmp_path: Path) -> Iterator[Vault]:
    made = vault_of(store_url, tmp_path / "objects", Key(), Key("second"))
    fill(made, WHO, CONTENTS[:3])
    fill(made, OTHER, CONTENTS[3:])
    given = [receipt(made, WHO, 0), receipt(made, WHO, 1), receipt(made, WHO, 1, WHO)]
    made.ledger.issue([*given, receipt(made, OTHER, 3)], NOW)
    door = made.door("https://vault.example.org/sign-in", 1, lambda *_: By.KEY)
    for who in (WHO, OTHER):
        text = door.invite(who, "somebody", NOW)
        door.enter(text.nonce, text.cookie, b"", NOW)
    Erasing(made, clock=lambda: NOW + 5).content(
        WHO, CONTENTS[2].digest, Request("Hanako", "a wish", NOW + 4)
    )
    yield made
    made.keys.close()


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(each) for each in path.read_text("utf-8").splitlines()]


class Text(HTMLParser):
    """The text of a page, and what it would load."""

    def __init__(self) -> None:
        super().__init__()
        self.said, self.tags = "", list[tuple[str, Any]]()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.said += data + "\n"


def text_of(path: Path) -> Text:
    found = Text()
    found.feed(path.read_text("utf-8"))
    return found


def test_a_provider_gets_all_that_is_kept_and_nothing_of_others(
    vault: Vault, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    export(vault, WHO, folder, NOW + 9, content=True)
    about = json.loads((folder / "about.json").read_text("utf-8"))
    assert (about["wallet"], about["made"]) == (WHO, NOW + 9)
    works = lines(folder / "works.jsonl")
    assert {each["sha256"] for each in works} == {each.digest.hex() for each in CONTENTS[:2]}
    for each in works:
        (whose,) = [one for one in CONTENTS if one.digest.hex() == each["sha256"]]
        assert each["names"] == [{"name": whose.name, "caption": whose.caption}]
        assert (folder / each["file"]).read_bytes() == whose.body
        ((of),) = each["ids"]
        commitment = ids.commitment(whose.digest, bytes.fromhex(of["salt"]))
        assert of["id"] == to_hex(ids.item_id(WHO, commitment))
    assert [each["names"] for each in lines(folder / "registered.jsonl")] in (
        [[CONTENTS[0].name], [CONTENTS[1].name]], [[CONTENTS[1].name], [CONTENTS[0].name]]
    )  # fmt: skip
    given = [json.loads(each["receipt"]) for each in lines(folder / "given.jsonl")]
    assert [each["caller"] for each in given] == [RECEIVER, RECEIVER, WHO]
    assert len(lines(folder / "received.jsonl")) == 1  # what the provider took out
    assert len(lines(folder / "provisions.jsonl")) == 2  # which is no provision to others
    assert [each["what"] for each in about["runs"]] == ["session"]
    (erasure,) = about["erasures"]
    assert (erasure["asked_by"], erasure["gone_here"]) == ("Hanako", NOW + 5)
    assert erasure["gone_from_backups"] is None
    everything = b"".join(each.read_bytes() for each in folder.rglob("*") if each.is_file())
    for hidden in (OTHER.encode(), CONTENTS[3].name.encode(), CONTENTS[3].digest.hex().encode()):
        assert hidden not in everything
    # Of what was erased, only what the record of it says.
    assert CONTENTS[2].name.encode() not in everything
    assert CONTENTS[2].digest.hex().encode() not in everything


def test_a_receiver_gets_what_was_given_to_them(vault: Vault, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    export(vault, RECEIVER, folder, NOW)
    given = [json.loads(each["receipt"]) for each in lines(folder / "received.jsonl")]
    assert sorted(each["provider"] for each in given) == [WHO, WHO, OTHER]
    for name in ("works", "registered", "given", "provisions", "origins"):
        assert lines(folder / f"{name}.jsonl") == []
    assert not (folder / "content").exists()


def test_it_is_for_its_owner_only_and_whole_or_not_at_all(vault: Vault, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    export(vault, WHO, folder, NOW, content=True)
    for each in [folder, *folder.rglob("*")]:
        assert stat.S_IMODE(each.stat().st_mode) == (0o700 if each.is_dir() else 0o600)
    with pytest.raises(FilesError, match="already"):
        export(vault, WHO, folder, NOW)

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(vault, WHO, tmp_path / "other", NOW, content=True, told=stop)
    assert {each.name for each in tmp_path.iterdir()} <= {"out", "objects", *(
        f"store{end}" for end in ("", "-wal", "-shm"))}  # fmt: skip


@pytest.mark.parametrize("language", ["en", "ja"])
def test_people_can_read_it_and_it_loads_nothing(
    vault: Vault, tmp_path: Path, language: str
) -> None:
    export(vault, WHO, tmp_path / "out", NOW, languages=[language])
    page = text_of(tmp_path / "out" / "index.html")
    for each in (CONTENTS[0].name, CONTENTS[0].caption, RECEIVER, "Hanako", "GDPR Art. 17(3)(e)"):
        assert each in page.said
    assert ("保管庫" in page.said) == (language == "ja")
    if language == "ja":
        assert "受領記録" in page.said
        for text in re.findall(r"[A-Za-z]+(?: [a-z]+){4,}", page.said):
            raise AssertionError(f"not Japanese: {text}")
        for word in ("session", "licence", "provider", "ai training", "ai_training"):
            assert word not in page.said
    for tag, given in page.tags:
        assert tag not in ("script", "img", "link", "iframe")
        assert not {"src", "href"} & {*given}


def test_what_somebody_called_their_work_is_text_on_the_page(
    store_url: Path | str, tmp_path: Path
) -> None:
    nasty = replace(CONTENTS[0], name="<script>alert(1)</script>", caption="&amp;<b>\udcff")
    vault = vault_of(store_url, tmp_path / "objects", Key())
    fill(vault, WHO, [nasty])
    export(vault, WHO, tmp_path / "out", NOW)
    page = text_of(tmp_path / "out" / "index.html")
    assert nasty.name in page.said
    assert not [tag for tag, _ in page.tags if tag in ("script", "b")]
    vault.keys.close()


def test_provisions_are_the_receipts_to_others(vault: Vault) -> None:
    found = list(provisions(vault, WHO))
    assert [(each.at, each.receiver, each.basis) for each in found] == [
        (NOW, RECEIVER, Basis.LICENCE)
    ] * 2
    assert len(list(provisions(vault))) == 3
    assert len(list(provisions(vault, begin=NOW, end=NOW + 1))) == 3
    assert not list(provisions(vault, begin=NOW + 1))
    assert not list(provisions(vault, end=NOW))


def test_the_record_of_processing_says_what_a_person_must_say(vault: Vault) -> None:
    said = {each.law[-2]: each for each in processing(vault)}
    assert "".join(said) == "abcdefg"
    assert all(each.person for each in said.values())
    assert (said["a"].vault, said["e"].vault) == (None, None)
    assert f"{RECEIVER} (3)" in (said["d"].vault or "")
    assert "2 providers; 3 works" in (said["c"].vault or "")
    assert "1 erasure" in (said["f"].vault or "")
    assert "2 keys: 1 of other people, 0 offline" in (said["g"].vault or "")


def test_all_that_erasing_leaves_has_a_reason_and_an_article() -> None:
    assert len(STAYS) == 7
    for each in STAYS:
        assert each.what and each.why and re.search(r"Art\. \d", each.law)


def test_rows_of_a_wallet_that_is_unknown_are_empty(vault: Vault) -> None:
    nobody = Access(vault, "0x" + "77" * 20)
    assert not [*nobody.held(), *nobody.registered(), *nobody.given(), *nobody.received()]
    assert nobody.rows() == {"collections": [], "runs": [], "erasures": []}
