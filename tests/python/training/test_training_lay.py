"""What is laid for a trainer is what this wallet may use now, and nothing else (promise 3)."""

import hashlib
import json
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiseki import LocalKiseki, Terms
from kiseki.core.laid import FILE
from kiseki.core.terms import IRREVOCABLE, Use
from kiseki.errors import FilesError, InvalidInput
from kiseki.training.laying.prepare import Layout, plan
from kiseki.training.laying.write import carry_out, lay
from kiseki.vault import receipts
from kiseki.vault.laid import aside

from .scene import Scene, listed, there


def laid(scene: Scene, collection: bytes, **more: object) -> Layout:
    given = {"tool": "kohya", "sources": [scene.store], **more}
    return lay(scene.trainer, {"fruit": collection}, folder=scene.folder, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tool", "inside", "settings"),
    [("kohya", "10_fruit", "dataset.toml"), ("onetrainer", "fruit", "concepts.json"),
     ("ai-toolkit", "fruit", "datasets.yaml"), ("diffusers", "fruit", "metadata.jsonl")],
)  # fmt: skip
def test_every_picture_is_laid_once_with_its_caption_and_its_id(
    scene: Scene, terms: Terms, tool: str, inside: str, settings: str
) -> None:
    collection = scene.registered("fruit", terms)
    repeats = 1 if tool == "diffusers" else 10
    planned = laid(scene, collection, tool=tool, repeats=repeats)
    assert planned.left_out == () and not planned.lacks
    found = listed(scene.folder)
    assert found.whole and found.tool == tool
    assert found.chain == scene.trainer.session.chain_id
    assert found.registry == scene.trainer.session["DataRegistry"].address.lower()
    (subset,) = found.subsets
    assert (subset.folder, subset.collection, subset.repeats) == (inside, collection, repeats)
    openings = scene.trainer.data.openings
    assert {each.id for each in subset.pictures} == {e.id for e in openings.items(collection)}
    names = {FILE, settings}
    for each in subset.pictures:
        names |= {f"{inside}/{each.file}", f"{inside}/{each.caption_file}"}
        path = scene.folder / inside / each.file
        (source,) = (scene.store / "fruit" / name for name in each.names)
        assert path.read_bytes() == source.read_bytes()
        (file,) = openings.find(path)
        assert [place.id for place in file.places] == [each.id]
        said = (scene.folder / inside / each.caption_file).read_bytes()
        assert said == source.with_suffix(".txt").read_bytes()
    assert there(scene.folder) == names
    text = (scene.folder / settings).read_bytes()
    assert found.settings[settings] == hashlib.sha256(text).digest()


def test_what_a_trainer_writes_into_the_folder_changes_no_original(
    scene: Scene, terms: Terms
) -> None:
    """Copies, never links; only the owner may look."""
    laid(scene, scene.registered("fruit", terms))
    originals = {each: each.read_bytes() for each in scene.store.rglob("*.png")}
    for each in scene.folder.rglob("*.png"):
        assert each.stat().st_mode & 0o777 == 0o444 and each.stat().st_nlink == 1
        assert not each.is_symlink()
        each.chmod(0o644)
        each.write_bytes(b"bucketed")
    assert {each: each.read_bytes() for each in originals} == originals
    assert scene.folder.stat().st_mode & 0o777 == 0o700
    assert (scene.folder / FILE).stat().st_mode & 0o777 == 0o600


def test_what_may_not_be_used_is_left_out_with_the_reason(scene: Scene, k: LocalKiseki) -> None:
    """The registry says it, with time and gate; the rest is laid all the same."""
    data = scene.artist.data
    soon = datetime.fromtimestamp(k.session.now(), UTC) + timedelta(hours=1)
    kinds = {
        "good": data.define_terms("train", "20%"),
        "no use": data.define_terms(Use.AI_INFERENCE, "20%"),
        "gated": data.define_terms("train", "20%", gate=data.gate.address),
        "expired": data.define_terms("train", "20%", valid_until=soon, notice=timedelta(0)),
        "revoked": data.define_terms("train", "10%", notice=timedelta(0)),
    }
    ids = {name: scene.registered("fruit", each) for name, each in kinds.items()}
    k.wait(3 * 3600)
    data.revoke(ids["revoked"])
    order = {"nobody": b"\7" * 32, **{name: ids[name] for name in kinds if name != "good"}}
    with pytest.raises(InvalidInput, match="nothing can be laid") as refused:
        plan(scene.trainer, order, "kohya", scene.folder, sources=[scene.store])
    order |= {"good": ids["good"]}
    planned = lay(scene.trainer, order, "kohya", scene.folder, sources=[scene.store])
    why = {each.collection: each.why for each in planned.left_out}
    expected = {
        b"\7" * 32: "UnknownCollection", ids["no use"]: "do not allow this use",
        ids["gated"]: "ask whoever keeps the gate", ids["expired"]: "consent ran out",
        ids["revoked"]: "its provider ended consent",
    }  # fmt: skip
    assert set(why) == set(expected) and planned.lacks
    for collection, words in expected.items():
        assert words in why[collection] and words in str(refused.value)
    assert [each.folder for each in listed(scene.folder).subsets] == ["1_good"]
    data.gate.allow(ids["gated"], scene.trainer.address, Use.AI_GENERATIVE_TRAINING)
    again = plan(scene.trainer, [ids["gated"]], "kohya", scene.folder, sources=[scene.store])
    assert len(again.laid.subsets[0].pictures) == 4, "let in, it is laid"
    own = plan(scene.artist, [ids["gated"]], "kohya", scene.folder, sources=[scene.store])
    assert len(own.laid.subsets[0].pictures) == 4, "the provider needs no gate"


def test_a_node_that_fails_is_no_answer(
    scene: Scene, terms: Terms, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kiseki.errors import ChainError

    from ..conftest import Refuses

    collection = scene.registered("fruit", terms)
    assert scene.trainer.index
    Refuses(scene.trainer, monkeypatch, "eth_call")
    with pytest.raises(ChainError):
        laid(scene, collection)
    assert not scene.folder.exists()


def test_items_that_were_revoked_are_left_out_and_nothing_lacks(scene: Scene, terms: Terms) -> None:
    collection = scene.registered("fruit", terms)
    items = scene.artist.data.openings.items(collection)
    scene.artist.data.revoke_item(items[0].commitment)
    planned = laid(scene, collection)
    (left,) = planned.left_out
    assert left.what == items[0].names and "its provider revoked it on" in left.why
    assert not planned.lacks
    ids = {each.id for each in listed(scene.folder).subsets[0].pictures}
    assert ids == {each.id for each in items[1:]}
    always = scene.artist.data.define_terms("train", "20%", notice=IRREVOCABLE)
    for_good = scene.registered("fruit", always)
    planned = plan(scene.trainer, [for_good], "kohya", scene.folder, sources=[scene.store])
    assert planned.left_out == (), "under irrevocable terms a revocation has no effect"


def test_what_is_not_there_or_not_open_is_named(scene: Scene, terms: Terms) -> None:
    """Nothing is laid silently in part."""
    another = (scene.store / "fruit" / "001.png").read_bytes() + b"x"
    (scene.store / "fruit" / "drawing.png").write_bytes(another)
    sealed = scene.registered("foxes", terms, sent=False)
    collection = scene.registered("fruit", terms)
    (scene.store / "fruit" / "001.png").unlink()
    (scene.store / "fruit" / "drawing.png").rename(scene.store / "fruit" / "drawing.svg")
    (scene.store / "fruit" / "002.txt").write_text(" \n")
    (scene.store / "fruit" / "003.txt").write_bytes("狐".encode("cp932"))
    planned = lay(
        scene.trainer, {"foxes": sealed, "fruit": collection}, "kohya", scene.folder,
        sources=[scene.store],
    )  # fmt: skip
    left = {(each.collection, each.why): each.what for each in planned.left_out}
    seal = (sealed, "the key store cannot open it: take in the provider's receipt "
                    "(kiseki data receive)")  # fmt: skip
    assert len(left.pop(seal)) == 6
    assert left.pop((collection, "no file that you named has its content")) == ("001.png",)
    assert left.pop((collection, "sd-scripts does not read .svg")) == ("drawing.png",)
    said = {why: [Path(each).name for each in what] for (_, why), what in left.items()}
    assert said == {"this caption is empty": ["002.txt"],
                    "this caption is no text in UTF-8": ["003.txt"]}  # fmt: skip
    assert planned.lacks
    (subset,) = listed(scene.folder).subsets
    assert sorted(each.names[0] for each in subset.pictures) == ["002.png", "003.png", "004.png"]
    assert [each.names[0] for each in subset.pictures if each.caption] == ["004.png"]


def test_items_that_nobody_here_knows_are_counted(scene: Scene, terms: Terms) -> None:
    """Of a collection whose items were not logged, and a receipt of one of them."""
    pictures = sorted((scene.store / "fruit").glob("*.png"))
    collection = scene.artist.data.register(pictures, terms, publish=False).id
    path = scene.store.parent / "receipt"
    receipts.write(scene.artist.salts, collection, path, clear=True)  # type: ignore[arg-type]
    told = json.loads(path.read_text())
    told["items"] = told["items"][:1]
    path.write_text(json.dumps(told))
    scene.trainer.data.openings.receive(receipts.read(path))
    planned = laid(scene, collection)
    (left,) = planned.left_out
    assert left.what == ("3 items",) and "cannot open it" in left.why and planned.lacks
    assert len(listed(scene.folder).subsets[0].pictures) == 1


def test_one_content_is_laid_once_for_the_collection_named_first(
    scene: Scene, terms: Terms
) -> None:
    first = scene.registered("fruit", terms)
    second = scene.registered("fruit", scene.artist.data.define_terms("train", "30%"))
    planned = lay(
        scene.trainer, {"b": second, "a": first}, "kohya", scene.folder, sources=[scene.store]
    )
    (left,) = planned.left_out
    assert left.collection == first and len(left.what) == 4 and not left.lacks
    assert left.why == "the same content is in 1_b already"
    assert [each.folder for each in listed(scene.folder).subsets] == ["1_b"]


def test_each_collection_can_have_repeats_of_its_own(scene: Scene, terms: Terms) -> None:
    named = {name: scene.registered(name, terms) for name in ("fruit", "foxes")}
    lay(scene.trainer, named, "kohya", scene.folder, sources=[scene.store], repeats={"foxes": 10})
    assert {each.folder: each.repeats for each in listed(scene.folder).subsets} == {
        "1_fruit": 1, "10_foxes": 10,
    }  # fmt: skip
    settings = (scene.folder / "dataset.toml").read_text()
    assert settings.count("num_repeats = 10\n") == settings.count("num_repeats = 1\n") == 1


def test_pictures_are_found_by_content_whatever_they_are_called(scene: Scene, terms: Terms) -> None:
    """The one with a caption first; what is in the laid folder is no source."""
    collection = scene.registered("fruit", terms)
    deep = scene.store / "a" / "b"
    deep.mkdir(parents=True)
    shutil.move(scene.store / "fruit" / "001.png", deep / "renamed.PNG")
    shutil.copy(scene.store / "fruit" / "002.png", scene.store / "fruit" / "000.png")
    planned = laid(scene, collection, sources=[scene.store, scene.folder.parent])
    assert planned.left_out == ()
    (subset,) = listed(scene.folder).subsets
    assert {each.file[-4:] for each in subset.pictures} == {".png"}
    by_name = {each.names[0]: each for each in subset.pictures}
    assert by_name["001.png"].caption is None and by_name["002.png"].caption
    shutil.rmtree(scene.store)
    with pytest.raises(InvalidInput, match="nothing can be laid"):
        laid(scene, collection, sources=[scene.folder.parent])


def test_no_name_that_a_provider_gave_reaches_the_disk(scene: Scene, terms: Terms) -> None:
    names = ["../../evil.png", "/etc/passwd", "CON.png", "a" * 300 + ".png"]
    collection = scene.registered("fruit", terms, sent=False)
    path = scene.store.parent / "receipt"
    receipts.write(scene.artist.salts, collection, path, clear=True)  # type: ignore[arg-type]
    told = json.loads(path.read_text())
    for item, name in zip(told["items"], names, strict=True):
        item["names"] = [name]
    path.write_text(json.dumps(told))
    scene.trainer.data.openings.receive(receipts.read(path))
    before = {each for each in scene.folder.parent.rglob("*") if scene.store not in each.parents}
    laid(scene, collection)
    (subset,) = listed(scene.folder).subsets
    assert {each.names[0] for each in subset.pictures} == set(names)
    for each in subset.pictures:
        assert each.file == f"{each.id.hex()[:12]}.png"
    after = {each for each in scene.folder.parent.rglob("*") if scene.store not in each.parents}
    assert {e for e in after - before if scene.folder not in (e, *e.parents)} == set()


def test_laid_again_it_follows_what_may_be_used_then(scene: Scene, terms: Terms) -> None:
    """What was revoked goes with its caches; what is new comes; what somebody wrote stays."""
    collection = scene.registered("fruit", terms)
    new = scene.store / "fruit" / "004.png"
    kept = new.rename(scene.store.parent / "004.png")
    first = laid(scene, collection, repeats=10)
    assert first.lacks
    inside = scene.folder / "10_fruit"
    gone, stays, said = listed(scene.folder).subsets[0].pictures
    for each in (gone, stays):
        (inside / f"{each.stem}_0064x0064_sd.npz").write_bytes(b"latent")
    (inside / "mine.png").write_bytes(b"mine")
    (inside / said.caption_file).write_text("a better caption")
    (scene.folder / "dataset.toml").write_text("# mine")
    (scene.store / "fruit" / stays.names[0]).with_suffix(".txt").write_text("said anew")
    kept.rename(new)
    commitments = {e.id: e.commitment for e in scene.artist.data.openings.items(collection)}
    scene.artist.data.revoke_item(commitments[gone.id])
    again = laid(scene, collection, repeats=10)
    assert again.goes is not None and len(again.goes.files) == 3
    assert {each.name for each in again.changed} == {said.caption_file, "dataset.toml"}
    found = {each.name for each in inside.iterdir()}
    assert not {each for each in found if each.startswith(gone.stem)}
    assert {f"{stays.stem}_0064x0064_sd.npz", "mine.png"} <= found
    assert (inside / said.caption_file).read_text() == "a better caption"
    assert (inside / stays.caption_file).read_text() == "said anew"
    assert (scene.folder / "dataset.toml").read_text() == "# mine"
    (subset,) = listed(scene.folder).subsets
    assert len(subset.pictures) == 3 and gone.id not in {each.id for each in subset.pictures}
    other = laid(scene, collection, repeats=5)
    assert not list(inside.glob(f"{stays.stem}*")), "other repeats, another folder"
    assert {each.name for each in inside.iterdir()} == {"mine.png", said.caption_file}
    assert len(other.copies) == 6


def test_a_picture_that_was_changed_is_laid_over_by_nobody(scene: Scene, terms: Terms) -> None:
    collection = scene.registered("fruit", terms)
    laid(scene, collection)
    picture = next(scene.folder.rglob("*.png"))
    picture.chmod(0o644)
    picture.write_bytes(b"retouched")
    with pytest.raises(FilesError, match="is another file than the one that was laid"):
        laid(scene, collection)
    assert picture.read_bytes() == b"retouched"


def test_a_source_that_changes_meanwhile_is_not_laid(scene: Scene, terms: Terms) -> None:
    collection = scene.registered("fruit", terms)
    planned = plan(
        scene.trainer, {"fruit": collection}, "kohya", scene.folder, sources=[scene.store]
    )
    (scene.store / "fruit" / "002.png").write_bytes(b"another")
    with pytest.raises(FilesError, match="changed since it was looked at"):
        carry_out(planned)
    assert b"another" not in {
        each.read_bytes() for each in aside(scene.folder).rglob("*") if each.is_file()
    }
    assert not scene.folder.exists() and not listed(aside(scene.folder)).whole


def test_a_folder_that_is_somebody_elses_is_refused(scene: Scene, terms: Terms) -> None:
    collection = scene.registered("fruit", terms)
    scene.folder.mkdir()
    (scene.folder / "thesis.txt").write_text("mine")
    with pytest.raises(InvalidInput, match="holds files that Kiseki did not lay"):
        laid(scene, collection)
    (scene.folder / "thesis.txt").unlink()
    laid(scene, collection)
    with pytest.raises(InvalidInput, match="was laid for kohya"):
        laid(scene, collection, tool="onetrainer")
    outside = scene.folder.parent / "outside"
    shutil.move(scene.folder / "1_fruit", outside)
    (scene.folder / "1_fruit").symlink_to(outside)
    with pytest.raises(FilesError, match="is not the folder that was laid"):
        laid(scene, collection)
    (outside / "file").write_text("mine")
    for place, words in (
        (outside / "file", "is no folder"), (outside / "a\udcff", "is no text in UTF-8"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput, match=words):
            plan(scene.trainer, [collection], "kohya", place, sources=[scene.store])


@pytest.mark.parametrize(
    ("collections", "more", "words"),
    [
        ({}, {}, "name a collection"),
        ({"a": b"\1" * 32, "b": b"\1" * 32}, {}, "named twice"),
        ({"a": b"\1" * 32, "A": b"\2" * 32}, {}, "have one name"),
        ({"../a": b"\1" * 32}, {}, "cannot be the name of a folder"),
        ({"a": b"\1" * 32}, {"repeats": 0}, "at least once"),
        ({"a": b"\1" * 32}, {"repeats": {"a": 0}}, "at least once"),
        ({"a": b"\1" * 32}, {"repeats": {"b": 2}}, "no collection is called 'b'"),
        ({"a": b"\1" * 32}, {"tool": "comfy"}, "there is no form for 'comfy'"),
        ({"a": b"\1" * 32}, {"tool": "diffusers", "repeats": 2}, "knows no repeats"),
        ({"my-test": b"\1" * 32}, {"tool": "diffusers"}, "for a split of its own"),
    ],
)  # fmt: skip
def test_what_cannot_be_laid_is_refused_before_anything_is_asked(
    scene: Scene, collections: dict[str, bytes], more: dict[str, object], words: str
) -> None:
    given = {"tool": "kohya", "sources": [scene.store], **more}
    with pytest.raises(InvalidInput, match=words):
        plan(scene.trainer, collections, folder=scene.folder, **given)  # type: ignore[arg-type]


def test_a_copy_is_one_where_the_file_system_shares_nothing(
    scene: Scene, terms: Terms, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object) -> int:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "copy_file_range", refuses)
    laid(scene, scene.registered("fruit", terms))
    for each in listed(scene.folder).subsets[0].pictures:
        path = scene.folder / "1_fruit" / each.file
        assert hashlib.sha256(path.read_bytes()).digest() == each.digest
