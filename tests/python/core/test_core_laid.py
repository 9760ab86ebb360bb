"""What was laid is read as it was written; a hostile list names nothing outside its folder."""

import json

import pytest

from kiseki.core.beside import Kind, made_from
from kiseki.core.laid import Laid, Picture, Subset, must_be_a_folder, stems
from kiseki.errors import InvalidInput

ID = bytes.fromhex("0123456789ab") + bytes(26)
STEM = "0123456789ab"
PICTURE = Picture(f"{STEM}.png", ID, b"d" * 32, ("狐.png", "../fox.png"), b"c" * 32)
LAID = Laid(
    31337, "0x" + "11" * 20, "kohya", True,
    (Subset("10_foxes", b"k" * 32, 10, (PICTURE,)),), {"dataset.toml": b"t" * 32},
)  # fmt: skip


def test_a_list_is_read_as_it_was_written() -> None:
    assert Laid.from_json(LAID.to_json()) == LAID


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("subsets", 0, "folder"), ".."), (("subsets", 0, "folder"), "a/b"),
        (("subsets", 0, "folder"), ""), (("subsets", 0, "folder"), "con"),
        (("subsets", 0, "repeats"), 0), (("subsets", 0, "repeats"), "10"),
        (("subsets", 0, "pictures", 0, "file"), f"../{STEM}.png"),
        (("subsets", 0, "pictures", 0, "file"), "fox.png"),
        (("subsets", 0, "pictures", 0, "file"), f"{STEM}.png\n"),
        (("subsets", 0, "pictures", 0, "id"), "0x00"),
        (("subsets", 0, "pictures", 0, "names"), [1]),
        (("settings",), {"../dataset.toml": "0x" + "00" * 32}),
        (("tool",), "unknown"), (("whole",), 1), (("chain",), "1"), (("format",), "kiseki-laid-v2"),
    ],
)  # fmt: skip
def test_a_list_that_leads_elsewhere_is_refused(
    place: tuple[str | int, ...], value: object
) -> None:
    document = json.loads(LAID.to_json())
    inside = document
    for each in place[:-1]:
        inside = inside[each]
    inside[place[-1]] = value
    with pytest.raises(InvalidInput):
        Laid.from_json(json.dumps(document))


def test_two_of_one_name_are_refused() -> None:
    document = json.loads(LAID.to_json())
    twice = {**document["subsets"][0], "folder": "10_FOXES"}
    document["subsets"].append(twice)
    with pytest.raises(InvalidInput, match="one name"):
        Laid.from_json(json.dumps(document))
    document["subsets"].pop()
    document["subsets"][0]["pictures"] *= 2
    with pytest.raises(InvalidInput, match="one name"):
        Laid.from_json(json.dumps(document))


def test_no_name_begins_like_another() -> None:
    """Trainers find caches and captions by how a name begins."""
    near = [bytes(6) + bytes([n]) + bytes(25) for n in range(3)]
    far = [bytes([n]) * 32 for n in range(1, 9)]
    named = stems([*near, *far])
    assert named[-1] == "08" * 6, "short where nothing is near"
    for one in named:
        assert not any(other.startswith(one) for other in named if other is not one)


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".hidden", "a/b", "a\\b", "a:b", "nul", "COM1.x", "a ", " a", "a.",
             "-rf", "x" * 101, "狐" * 40, "a\nb", "a\0b", "a*b", "[a]", "\ud800"],
)  # fmt: skip
def test_a_name_that_some_system_refuses_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be the name of a folder"):
        must_be_a_folder(name)


@pytest.mark.parametrize("name", ["foxes", "10_sks foxes", "キツネ と 狼", "0x12", "a.b"])
def test_other_names_stay_as_they_are(name: str) -> None:
    assert must_be_a_folder(name) == name


@pytest.mark.parametrize(
    ("file", "folder", "kind"),
    [
        ("{}.png", "", Kind.PICTURE), ("{}.txt", "", Kind.CAPTION),
        ("{}.caption", "", Kind.CAPTION),
        ("{}.npz", "", Kind.CACHE), ("{}_flip.npz", "", Kind.CACHE),
        ("{}_512x512_sd.npz", "", Kind.CACHE), ("{}_0512x0768_sdxl.npz", "", Kind.CACHE),
        ("{}_0512x0768_flux.npz", "", Kind.CACHE), ("{}_0512x0768_hi.npz", "", Kind.CACHE),
        ("{}_te_outputs.npz", "", Kind.CACHE), ("{}_anima_te.npz", "", Kind.CACHE),
        ("{}-masklabel.png", "", Kind.MADE), ("{}+512x512.jpg", "", Kind.MADE),
        ("{}_01_0100_0120_0080_0080.png", "", Kind.MADE),
        ("{}_1B2M2Y8AsgTpgAmY7PhCfg.safetensors", "_latent_cache", Kind.CACHE),
        ("{}_1B2M2Y8A-gT_gAmY7PhCfg.safetensors", "_t_e_cache", Kind.CACHE),
        ("{}.depth.jpg", "_controls", Kind.MADE),
        ("{}+512x512.txt", "", Kind.CAPTION), ("{}+512x512_0512x0512_sd.npz", "", Kind.CACHE),
        ("{}_0100_0120_0080_0080_0512x0512_sdxl.npz", "", Kind.CACHE),
        ("{}+512x512_1B2M2Y8AsgTpgAmY7PhCfg.safetensors", "_latent_cache", Kind.CACHE),
    ],
)  # fmt: skip
def test_what_a_trainer_writes_is_mapped_by_its_own_rule(
    file: str, folder: str, kind: Kind
) -> None:
    for stem in (STEM, ID.hex()):
        assert made_from(file.format(stem), folder) == (stem, kind)


@pytest.mark.parametrize(
    ("file", "folder"),
    [
        ("fox.png", ""), ("0123456789.png", ""), (f"{STEM}c.png", ""), (f"{STEM}_better.png", ""),
        (f"{STEM}_0512x0512_new.npz", ""),
        (f"{STEM}+512.npz", ""), (f"{STEM}+a.txt", ""),
        (f"{STEM}_copy.npz", ""), (f"x{STEM}.png", ""),
        (f"{STEM}_1B2M2Y8AsgTpgAmY7PhCfg.safetensors", ""), (f"{STEM}.png", "_latent_cache"),
        (f"{STEM}_lora.safetensors", "_latent_cache"), (STEM, ""), (f"{STEM}.npz ", ""),
        (f"{STEM}.png\n", ""),
    ],
)  # fmt: skip
def test_what_follows_no_rule_is_unknown(file: str, folder: str) -> None:
    assert made_from(file, folder) is None
