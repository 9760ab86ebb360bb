"""Taking away what was laid takes that, its caches, and nothing of anybody's (invariant 8)."""

import shutil
from pathlib import Path

import pytest

from kiseki import Terms
from kiseki.core.laid import FILE
from kiseki.errors import FilesError
from kiseki.training.laying.clear import clearing
from kiseki.training.laying.write import lay

from .scene import Scene, listed, there


@pytest.fixture
def folder(scene: Scene, terms: Terms) -> Path:
    """Pictures of a collection, as a trainer left them: with caches of every kind."""
    collection = scene.registered("fruit", terms)
    lay(scene.trainer, {"fruit": collection}, "kohya", scene.folder, sources=[scene.store])
    inside = scene.folder / "1_fruit"
    for each in listed(scene.folder).subsets[0].pictures:
        for name in (
            f"{each.stem}.npz", f"{each.stem}_0064x0064_sd.npz", f"{each.stem}_te_outputs.npz",
            f"_latent_cache/{each.stem}_1B2M2Y8AsgTpgAmY7PhCfg.safetensors",
            f"_t_e_cache/{each.stem}_1B2M2Y8AsgTpgAmY7PhCfg.safetensors",
            "metadata_cache.json", ".aitk_size.json",
        ):  # fmt: skip
            (inside / name).parent.mkdir(exist_ok=True)
            (inside / name).write_bytes(b"cache")
    (scene.folder / "meta_lat.json").write_text("{}")
    return scene.folder


def test_nothing_is_left_where_nobody_put_anything(folder: Path) -> None:
    found = clearing(folder)
    assert found.kept == ()
    assert found.caches == 4 * 5 + 2 + 1 and len(found.files) == found.caches + 4 + 4 + 1
    assert found.size == sum(each.stat().st_size for each in found.files)
    found.clear()
    assert not folder.exists()


def test_what_somebody_put_there_or_changed_stays(folder: Path) -> None:
    inside = folder / "1_fruit"
    changed, said, bare, linked = listed(folder).subsets[0].pictures
    (inside / changed.file).chmod(0o644)
    (inside / changed.file).write_bytes(b"retouched")
    (inside / said.caption_file).write_text("a better caption")
    mine = {
        "1_fruit/mine.png", "1_fruit/mine.npz", f"1_fruit/{bare.stem}-masklabel.png",
        f"1_fruit/{bare.stem}_copy.npz", f"1_fruit/{'0' * 12}_0064x0064_sd.npz",
        "1_fruit/notes/thesis.txt", "1_fruit/_latent_cache/mine.safetensors", "lora.safetensors",
        "2_own/1.png",
    }  # fmt: skip
    for name in mine:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"mine")
    outside = folder.parent / "outside.png"
    shutil.copy(inside / linked.file, outside)
    (inside / linked.file).unlink()
    (inside / linked.file).symlink_to(outside)
    stays = {f"1_fruit/{each}" for each in (changed.file, said.caption_file, linked.file)}
    found = clearing(folder)
    why = {str(path.relative_to(folder)): reason for path, reason in found.kept}
    assert why[f"1_fruit/{changed.file}"] == why[f"1_fruit/{said.caption_file}"] == "it was changed"
    assert why["1_fruit/mine.png"] == "it was not laid"
    assert why["1_fruit/notes"] == "it is no ordinary file" and "lora.safetensors" in why
    assert there(folder) > mine | stays, "looking deletes nothing"
    found.clear()
    assert there(folder) == mine | stays
    assert outside.read_bytes()
    with pytest.raises(FilesError, match="was not laid by Kiseki"):
        clearing(folder)


def test_a_link_in_place_of_a_folder_is_not_followed(folder: Path) -> None:
    shutil.move(folder / "1_fruit", folder.parent / "elsewhere")
    (folder / "1_fruit").symlink_to(folder.parent / "elsewhere")
    before = there(folder.parent / "elsewhere")
    found = clearing(folder)
    assert [(path.name, why) for path, why in found.kept] == [("1_fruit", "it is a link")]
    found.clear()
    assert there(folder.parent / "elsewhere") == before


def test_one_that_was_interrupted_can_be_done_again(folder: Path) -> None:
    found = clearing(folder)
    for each in found.files[:10]:
        each.unlink()
    found.clear()
    assert not folder.exists()


def test_a_folder_that_was_begun_goes_too(folder: Path) -> None:
    shutil.rmtree(folder / "1_fruit")
    (folder / "1_fruit").mkdir()
    clearing(folder).clear()
    assert not folder.exists()


def test_what_was_not_laid_is_not_cleared(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"mine")
    with pytest.raises(FilesError, match=f"holds no {FILE}"):
        clearing(tmp_path)
