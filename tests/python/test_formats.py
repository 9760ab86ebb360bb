"""The page on formats is true: its examples are read, and its tables name every member."""

import json
import re
from pathlib import Path

from kiseki import Manifest
from kiseki.client.vault import comparing
from kiseki.client.vault.comparing import genuine
from kiseki.core import ids
from kiseki.core import origin as origins
from kiseki.core.derived import Derived
from kiseki.core.keccak import keccak256
from kiseki.core.laid import FILE, TOOLS, Laid
from kiseki.core.reproduction import _READERS, Reproduction
from kiseki.core.run import _NAMES, Run
from kiseki.core.series import Instalment
from kiseki.core.withdrawal import Answer
from kiseki.vault import receipts
from kiseki.vault.handing.receipts import _BLOCK, _MEMBERS, Receipt, Salted
from kiseki.vault.log.cosigning import CosignerKey
from kiseki.vault.log.heads import PLACES
from kiseki.vault.log.notes import Note, VerifierKey
from kiseki.vault.log.proofs import LogProof

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "formats.md").read_text("utf-8")


def example(part: str) -> str:
    """The example below a heading."""
    (found,) = re.findall(rf"## {part}.*?```json\n(.*?)```", PAGE, re.S)[:1]
    return str(found)


RECEIPT, ORIGIN, MANIFEST = map(example, ("Receipt:", "Origin", "Manifest"))
WITHDRAWAL, RUN = map(example, ("Answer to a withdrawal", "Run"))
DERIVED, SERIES = map(example, ("Derived", "Series"))
LAID = example("Laid folder")
HANDED_OUT = example("Receipt of a hand-out")


def members(part: str) -> set[str]:
    """The members that the tables below a heading name."""
    (section,) = re.findall(rf"## {part}.*?(?=\n## )", PAGE, re.S)
    rows = re.findall(r"^\| (`[^|]*) \|", section, re.M)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def test_the_receipt_on_the_page_shows_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "receipt.json").write_text(RECEIPT)
    receipt = receipts.read(tmp_path / "receipt.json")
    shown = receipts.check(receipt)
    assert (shown.items, shown.whole) == (1, False)
    said = json.loads(RECEIPT)
    assert set(said) | set(said["items"][0]) < members("Receipt:")
    known = {"format", "items", *receipts._HEAD, receipts._DOCUMENT, *receipts._ITEM}
    assert members("Receipt:") == known
    (tmp_path / "1.svg").write_text("a drawing\n")
    (found,) = receipts.find(receipt, tmp_path / "1.svg")
    assert found.id == ids.item_id(receipt.kept.provider, receipt.items[0].commitment)
    assert found.id.hex() in MANIFEST


def test_the_origin_on_the_page_has_the_hash_that_it_names(tmp_path: Path) -> None:
    file = origins.read(ORIGIN.encode())
    assert file is not None
    assert members("Origin") == set(json.loads(ORIGIN)["origin"])
    assert f"`0x{file.origin.hash.hex()}`" in PAGE
    assert set(origins.BASES) <= set(re.findall(r"`([\w-]+)`", PAGE))


def test_the_documents_of_living_collections_on_the_page_are_such() -> None:
    derived, instalment = Derived.from_json(DERIVED), Instalment.from_json(SERIES)
    assert members("Derived items") == set(json.loads(DERIVED))
    assert members("Series") == set(json.loads(SERIES))
    assert derived.rows[0].item.hex() in MANIFEST and instalment.number == 2


def test_the_manifest_on_the_page_is_one() -> None:
    manifest = Manifest.from_json(MANIFEST)
    assert members("Manifest") == set(json.loads(MANIFEST))
    # What is published has no spaces; the page says so.
    assert manifest.to_json() == json.dumps(json.loads(MANIFEST), separators=(",", ":"))


def test_the_answer_to_a_withdrawal_on_the_page_is_one() -> None:
    answer = Answer.from_json(WITHDRAWAL)
    assert members("Answer to a withdrawal") == set(json.loads(WITHDRAWAL))
    assert answer.to_json() == json.dumps(json.loads(WITHDRAWAL), separators=(",", ":"))
    assert answer.ends == 1_806_537_600


def test_the_run_on_the_page_is_one_and_its_table_names_every_member() -> None:
    run = Run.from_json(RUN)
    assert Run.from_json(run.to_json()) == run and not run.more
    said = json.loads(RUN)
    inner = {name for each in said.values() if isinstance(each, dict) for name in each}
    assert set(said) | (inner & members("Run")) <= members("Run")
    assert members("Run") >= {"format", *_NAMES}


def test_the_laid_folder_on_the_page_is_one() -> None:
    laid, said = Laid.from_json(LAID), json.loads(LAID)
    (subset,) = said["subsets"]
    assert members("Laid folder") == {*said, *subset, *subset["pictures"][0]}
    assert json.loads(laid.to_json()) == said and f"`{FILE}`" in PAGE
    assert set(TOOLS) <= set(re.findall(r"`([\w-]+)`", PAGE))
    (picture,) = laid.subsets[0].pictures
    assert picture.id.hex() in MANIFEST and picture.id.hex().startswith(picture.stem)


def test_the_reproduction_on_the_page_is_one() -> None:
    assert Reproduction.from_json(example("Reproduction")).is_reproduced
    assert members("Reproduction") == set(_READERS) | {"format"}


def test_the_anchor_on_the_page_has_the_hash_that_it_names() -> None:
    (section,) = re.findall(r"## Anchor of a vault.*?(?=\n## )", PAGE, re.S)
    (text,) = re.findall(r"```text\n(.*?)```", section, re.S)
    (key,) = re.findall(r"^(vault\S*\+\S+\+\S+)$", PAGE, re.M)
    note, log = Note.from_bytes(text.encode()), VerifierKey.from_text(key)
    hashed = keccak256(note.text.encode())
    assert f"`0x{hashed.hex()}`" in section
    stamp = genuine(note, log, hashed, 31337, "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266")
    assert (stamp.day, stamp.checkpoint.size) == ("2026-12-01", PLACES)
    assert members("Receipt beside an anchor") == set(comparing._MEMBERS)


def test_the_proof_on_the_page_is_one_that_its_keys_verify() -> None:
    (section,) = re.findall(r"## Proof of an entry.*?(?=\n## )", PAGE, re.S)
    proof, keys = re.findall(r"```text\n(.*?)```", section, re.S)
    log, witness = keys.split()
    key, seen = VerifierKey.from_text(log), CosignerKey.from_text(witness)
    found = LogProof.from_bytes(proof.encode())
    assert found.to_bytes() == proof.encode()
    shown = found.check(b"entry 2", key.name, [key], [seen], quorum=1)
    assert (shown.checkpoint.size, shown.witnesses) == (5, {seen.name: 1_796_083_200})


def test_the_receipt_of_a_hand_out_on_the_page_has_the_entry_that_it_names() -> None:
    receipt = Receipt.from_json(json.dumps(json.loads(HANDED_OUT), separators=(",", ":")))
    assert members("Receipt of a hand-out") == set(_MEMBERS)
    section = PAGE.split("## Receipt of a hand-out")[1]
    assert all(f"`{name}`" in section for name in _BLOCK)
    salt, entry = re.findall(r"`0x([0-9a-f]{64})`", section)[:2]
    assert Salted(receipt, bytes.fromhex(salt)).entry.hex() == entry
