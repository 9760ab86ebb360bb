"""From what a trainer wrote beside a picture back to the item that it comes from."""

import json
from pathlib import Path

import pytest
from tests.python.typed import here

from kiseki.core.beside import Kind
from kiseki.core.laid import FILE, Laid, Picture, Subset
from kiseki.errors import FilesError, InvalidInput
from kiseki.training.laid import Originals, original, read

IDS = [bytes([n]) * 32 for n in (1, 2)]
PICTURES = tuple(Picture(f"{each.hex()[:12]}.png", each, each, (), None) for each in IDS)
FOXES, BIRDS = "10_foxes", "3_birds"
ONE = PICTURES[0].stem


@pytest.fixture
def laid(tmp_path: Path) -> Path:
    """Two subsets of one picture each; each has its cache of one name, as trainers write it."""
    subsets = tuple(
        Subset(folder, bytes([n]) * 32, 10, (picture,))
        for n, folder, picture in zip((7, 8), (FOXES, BIRDS), PICTURES, strict=True)
    )
    found = Laid(31337, "0x" + "11" * 20, "kohya", True, subsets, {})
    (tmp_path / FILE).write_text(found.to_json())
    return tmp_path


def test_pictures_captions_and_caches_lead_to_their_item(laid: Path) -> None:
    originals = Originals()
    for name, kind in (
        (f"{ONE}.png", Kind.PICTURE), (f"{ONE}.txt", Kind.CAPTION),
        (f"{ONE}_0064x0064_sd.npz", Kind.CACHE),
        (f"_latent_cache/{ONE}_1B2M2Y8AsgTpgAmY7PhCfg.safetensors", Kind.CACHE),
        (f"{ONE}.jpg", Kind.MADE),
    ):  # fmt: skip
        found = originals.of(laid / FOXES / name)
        assert found is not None, name
        assert (found.id, found.kind) == (IDS[0], kind)
        assert found.collection == b"\7" * 32 and found.picture == f"{FOXES}/{ONE}.png"


def test_what_was_not_laid_is_unknown(laid: Path) -> None:
    """Never guessed: the other folder's picture, a stranger's file, a folder that nobody laid."""
    for name in (f"{BIRDS}/{ONE}.png", f"{FOXES}/fox.png", f"{FOXES}/deep/{ONE}.png", f"{ONE}.png"):
        assert original(laid / name) is None, name
    with pytest.raises(FilesError, match="was not laid"):
        read(laid / FOXES)
    (laid / FILE).write_text("{}")
    with pytest.raises(InvalidInput, match="format must be"):
        original(laid / FOXES / f"{ONE}.png")


def test_a_crop_that_lies_elsewhere_leads_to_its_item(laid: Path, tmp_path: Path) -> None:
    """Whoever made it says from which laid folder; digits that two pictures have say nothing."""
    crop = tmp_path / "crops" / f"{ONE}+512x512.jpg"
    assert original(crop) is None
    found = original(crop, laid)
    assert found is not None and (found.id, found.kind) == (IDS[0], Kind.MADE)
    copied = original(tmp_path / "crops" / f"{ONE}.png", laid)
    assert copied is not None and copied.kind is Kind.MADE, "nobody looked at its content"
    assert original(tmp_path / "crops" / "fox+512x512.jpg", laid) is None
    document = json.loads((laid / FILE).read_text())
    document["subsets"][1]["pictures"] += document["subsets"][0]["pictures"]
    (laid / FILE).write_text(json.dumps(document))
    assert original(crop, laid) is None
    with pytest.raises(FilesError, match="was not laid"):
        original(crop, tmp_path / "crops")
    done = here.kiseki(["training", "original", "--laid", str(laid), str(crop)], tmp_path, {})
    assert done.code == 4 and "unknown" in done.out


def test_the_command_names_what_is_unknown_and_ends_with_4(laid: Path) -> None:
    known, unknown = f"{FOXES}/{ONE}_0064x0064_sd.npz", f"{FOXES}/fox.png"
    done = here.kiseki(["training", "original", known], laid, {})
    assert done.code == 0 and f"0x{IDS[0].hex()}" in done.out and "cache" in done.out
    done = here.kiseki(["training", "original", known, unknown, "--json"], laid, {})
    assert done.code == 4
    told = json.loads(done.out)
    assert [each["item"] for each in told] == [f"0x{IDS[0].hex()}", None]
    assert [each["kind"] for each in told] == ["cache", None]
