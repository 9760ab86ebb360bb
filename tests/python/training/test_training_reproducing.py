"""A run made again: equal, within what was stated, beyond it, or a trap that is held.

Promise 3: how far a declaration is backed. DESIGN: a stranger's command runs only in isolation.
"""

import hashlib
import shutil
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from kiseki import Kiseki
from kiseki.core.reproduction import Reproduction
from kiseki.core.run import Run
from kiseki.errors import FilesError, InvalidInput, NotInIndex, NotIsolated
from kiseki.training.isolation.rooms import Bounds
from kiseki.training.reproducing import reproducing
from kiseki.training.reproducing.reproducing import DOCUMENT, LOG, Given, Plan

from .test_training_isolation import bubblewrap  # noqa: F401 - a fixture
from .test_training_runs import wheel
from .world import Trained, World

SHORT = Bounds(seconds=60, output=2**30, scratch=2**28)


@pytest.fixture
def world(tmp_path: Path, artist: Kiseki, developer: Kiseki) -> World:
    return World(tmp_path, artist, developer)


def planned(world: World, made: Trained, **more: Any) -> Plan:
    given = Given(**{**world.given(bounds=SHORT), **more})
    return reproducing.plan(world.knows, made.id, made.run, given)


def again(world: World, made: Trained, **more: Any) -> Reproduction:
    """Made again in a folder of its own, which holds the document afterwards."""
    folder = world.folder / "again"
    shutil.rmtree(folder, ignore_errors=True)
    found = reproducing.reproduce(planned(world, made, **more), folder)
    assert Reproduction.from_json((folder / DOCUMENT).read_text()) == found
    assert {each.name for each in folder.iterdir()} <= {
        DOCUMENT, LOG, "reproduced.safetensors"
    }, "what it worked with is gone"  # fmt: skip
    return found


def test_a_run_is_reproduced_bit_for_bit(world: World) -> None:
    made = world.trained()
    found = again(world, made)
    assert found.outcome == "bit for bit"
    assert found.is_reproduced
    assert found.published == found.reproduced
    assert (found.model, found.packages) == (made.id, "installed")
    assert "fitted to 5 files" in (world.folder / "again" / LOG).read_text()
    assert (world.folder / "again" / "reproduced.safetensors").read_bytes() == (
        made.weights.read_bytes()
    )


def test_a_rerun_finds_the_hook(world: World) -> None:
    """Also where Kiseki lies outside the interpreter's folders, as in the tests."""
    program = world.code / "train.py"
    program.write_text(program.read_text() + "\nfrom kiseki.training import Exposure\n")
    found = again(world, world.trained())
    assert found.outcome == "bit for bit", (world.folder / "again" / LOG).read_text()


def test_names_and_folders_are_free_because_content_counts(world: World) -> None:
    made = world.trained()
    other = world.folder / "elsewhere"
    other.mkdir()
    for number, each in enumerate(sorted(world.inputs.rglob("*.*"))):
        shutil.copy(each, other / f"{number}.bin")
    assert again(world, made, inputs=[other]).outcome == "bit for bit"


def test_noise_within_the_stated_tolerance_counts_and_beyond_does_not(world: World) -> None:
    """1% at most counts, and only what was stated before the model was registered."""
    near = world.trained("--noise", "0.001", tolerance=Fraction(1, 100))
    found = again(world, near, published=near.weights)
    assert found.outcome == "within"
    assert found.distance is not None and found.distance < Fraction(1, 100)
    assert found.against == "zero"
    far = world.trained("--noise", "0.2", tolerance=Fraction(1, 100))
    found = again(world, far, published=far.weights)
    assert (found.outcome, found.is_reproduced) == ("differs", False)
    assert found.distance is not None and found.distance > Fraction(1, 100)
    unstated = world.trained("--noise", "0.001", tolerance=None)
    assert again(world, unstated, published=unstated.weights).outcome == "differs"
    wide = world.trained("--noise", "0.001", tolerance=Fraction(1, 2))
    assert again(world, wide, published=wide.weights).outcome == "differs"
    unmeasured = again(world, near)
    assert (unmeasured.outcome, unmeasured.distance) == ("differs", None)
    assert "were not named" in unmeasured.reason


def test_a_finetune_is_measured_on_the_way_from_its_base(world: World) -> None:
    words = ("--base", str(world.base), "--noise", "0.02")
    made = world.trained(*words, base=world.base, tolerance=Fraction(1, 100))
    found = again(world, made, published=made.weights, base=world.base)
    assert found.against == "base"
    assert found.distance is not None
    mine = load_file(world.folder / "again" / "reproduced.safetensors")["fit"].astype("f8")
    theirs = load_file(made.weights)["fit"].astype("f8")
    first = load_file(world.base)["fit"].astype("f8")
    wanted = np.linalg.norm(mine - theirs) / np.linalg.norm(theirs - first)
    assert float(found.distance) == pytest.approx(wanted, rel=1e-9)
    assert found.outcome == "differs", "2% of the way is more than 1%"
    other = world.folder / "other.safetensors"
    save_file({"fit": np.zeros((8, 4), "f4")}, other)
    with pytest.raises(InvalidInput, match="another base model"):
        planned(world, made, base=other)
    with pytest.raises(InvalidInput, match="needs the file of the base model"):
        planned(world, made)


def test_nobody_makes_the_way_longer_by_naming_another_base_or_none(world: World) -> None:
    """The measure is the recorded way, or there is none."""
    recorded = world.trained("--noise", "0.001", base=world.base)
    found = again(world, recorded, published=recorded.weights)
    assert (found.outcome, found.distance) == ("differs", None)
    assert "the base model was not named" in found.reason
    plain = world.trained("--noise", "0.001")
    far = world.folder / "far.safetensors"
    save_file({"fit": np.full((8, 4), 1e6, "f4")}, far)
    with pytest.raises(InvalidInput, match="names no base model"):
        planned(world, plain, published=plain.weights, base=far)


# Nothing runs that is not as it was recorded


def test_inputs_that_are_missing_changed_or_too_many_are_named(world: World) -> None:
    made = world.trained()
    (world.inputs / "0.svg").unlink()
    (world.inputs / "config.toml").write_text("size = 9\n")
    (world.inputs / "extra.svg").write_text("one more")
    with pytest.raises(InvalidInput) as refused:
        planned(world, made)
    said = str(refused.value)
    assert "0.svg is missing: the item 0x" in said
    assert "config.toml is changed" in said
    assert "not among the recorded inputs: extra.svg; name folders (--inputs)" in said
    assert said.endswith("Nothing was run")


def test_code_that_is_missing_or_changed_is_named(world: World) -> None:
    made = world.trained()
    (world.code / "train.py").write_text("print('other')")
    with pytest.raises(InvalidInput, match=r"changed in the code: train\.py"):
        planned(world, made)
    (world.code / "train.py").unlink()
    with pytest.raises(InvalidInput, match=r"missing in the code: train\.py"):
        planned(world, made)
    (world.code / "train.py").symlink_to("/etc/passwd")
    with pytest.raises(InvalidInput, match=r"missing in the code: train\.py"):
        planned(world, made)
    with pytest.raises(InvalidInput, match="name the folder of the program"):
        planned(world, made, code=None)


def test_what_changes_after_it_was_checked_is_not_run(world: World) -> None:
    made = world.trained()
    plan = planned(world, made)
    (world.inputs / "0.svg").write_text("drawing 9")
    with pytest.raises(FilesError, match=r"0\.svg changed since it was checked; nothing was run"):
        reproducing.reproduce(plan, world.folder / "again")
    assert list((world.folder / "again").iterdir()) == []


def test_only_the_registered_document_counts(world: World, developer: Kiseki) -> None:
    made = world.trained()
    wide = replace(Run.from_json(made.run), tolerance=Fraction(9, 10))
    with pytest.raises(InvalidInput, match=r"is registered with 0x.*nothing was run"):
        planned(world, replace(made, run=wide.to_json()))
    with pytest.raises(NotInIndex):
        planned(world, replace(made, id=bytes(32)))
    other = replace(
        Run.from_json(made.run),
        weights=replace(Run.from_json(made.run).weights, digest=b"\x07" * 32),
    )
    lying = world.register(made.weights, other.to_json())
    with pytest.raises(InvalidInput, match="names other weights than those"):
        planned(world, lying)
    silent = world.register(made.weights, replace(Run.from_json(made.run), command=None).to_json())
    with pytest.raises(InvalidInput, match="says no command"):
        planned(world, silent)


def test_the_manifest_and_the_published_weights_are_compared(world: World) -> None:
    made = world.trained()
    assert planned(world, made, manifest=world.manifest).inputs.problems == ()
    (collection,) = world.manifest.items
    fewer = type(world.manifest)({collection: list(world.manifest.items[collection])[:1]})
    with pytest.raises(InvalidInput, match="another one than the model's"):
        planned(world, made, manifest=fewer)
    run = Run.from_json(made.run)
    short = replace(run, items={name: run.items[name] for name in list(run.items)[:2]})
    told = world.register(made.weights, short.to_json())
    (world.inputs / list(run.items)[2]).unlink()
    with pytest.raises(InvalidInput, match="1 of the manifest's items are not recorded"):
        planned(world, told, manifest=world.manifest)
    with pytest.raises(InvalidInput, match="other weights than those that are published"):
        planned(world, told, published=world.base)


@pytest.mark.parametrize("name", ["../out", "/etc/passwd", "a/../../b", "", "a\nb", "0.svg/x"])
def test_a_document_whose_paths_lead_out_is_refused(world: World, name: str) -> None:
    made = world.trained()
    run = Run.from_json(made.run)
    odd = world.register(
        made.weights, replace(run, files={**run.files, name: b"\x01" * 32}).to_json()
    )
    with pytest.raises(InvalidInput, match=r"which is no path|below a file"):
        planned(world, odd)


def test_packages_must_be_those_that_are_recorded(world: World) -> None:
    made = world.trained()
    run = Run.from_json(made.run)
    assert run.environment is not None
    for changed, said in (
        ({"version": "0.0.1"}, "has version"),
        ({"name": "a-package-of-nobodys"}, "is not there"),
        ({"wheel": b"\x01" * 32}, "may be of another file"),
    ):
        packages = (replace(run.environment.packages[0], **changed), *run.environment.packages[1:])
        other = replace(run, environment=replace(run.environment, packages=packages))
        told = world.register(made.weights, other.to_json())
        with pytest.raises(InvalidInput, match=f"{said}.*Nothing was run"):
            again(world, told)


def test_packages_are_installed_from_wheels_by_their_hashes(world: World) -> None:
    """No network: pip takes wheels from a folder, and one with another hash is not taken."""
    cache = world.folder / "wheels"
    right = wheel(cache, "tinypack", "1.0", "number = 41\n")
    weights = world.train()
    (world.code / "train.py").write_text(
        "import sys, tinypack\n"
        "assert tinypack.number == 41 and sys.prefix == '/environment'\n"
        "out = sys.argv[sys.argv.index('--out') + 1]\n"
        "open(out + '/model.safetensors', 'wb').write(open('weights', 'rb').read())\n"
    )
    shutil.copy(weights, world.code / "weights")
    run = world.document(weights, world.command())
    assert run.environment is not None
    tiny = replace(run.environment.packages[0], name="tinypack", version="1.0",
                   wheel=hashlib.sha256(right.read_bytes()).digest())  # fmt: skip
    small = replace(run, environment=replace(run.environment, packages=(tiny,)))
    made = world.register(weights, small.to_json())
    found = again(world, made, wheels=cache)
    assert (found.outcome, found.packages) == ("bit for bit", "wheels"), found.words
    wheel(cache, "tinypack", "1.0", "number = 42\n")
    with pytest.raises(InvalidInput, match=r"no wheel with the recorded hash of tinypack 1\.0"):
        again(world, made, wheels=cache)
    python = "3.0.0"
    old = replace(small, environment=replace(small.environment, python=python))  # type: ignore[type-var]
    with pytest.raises(InvalidInput, match=f"the run had Python {python}"):
        again(world, world.register(weights, old.to_json()), wheels=cache)


# A hostile command


def test_a_hostile_command_reaches_nothing_and_the_run_has_failed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = world.folder / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "id_ed25519").write_text("SECRET")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("HF_TOKEN", "SECRET")
    made = world.hostile(
        "import os, pathlib, socket, sys\n"
        f"for path in ({str(home)!r} + '/.ssh/id_ed25519', {str(world.inputs)!r},\n"
        "              os.path.expanduser('~/.ssh/id_ed25519')):\n"
        "    print(path, os.path.exists(path))\n"
        "print(sorted(os.environ.items()))\n"
        "for path in pathlib.Path('/inputs').rglob('*.svg'):\n"
        "    path.write_text('spoilt')\n"
    )
    found = again(world, made)
    assert (found.outcome, found.is_reproduced) == ("failed", False)
    assert "ended with 1" in found.reason
    log = (world.folder / "again" / LOG).read_text()
    assert "True" not in log and "SECRET" not in log
    assert "Read-only file system" in log or "Permission denied" in log
    assert (world.inputs / "0.svg").read_text() == "drawing 0"


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("pass", "wrote no file"),
        ("import os; os.symlink('/inputs/0.svg', '/output/model.safetensors')", "a link is in its"),
        ("import os; os.mkfifo('/output/model.safetensors')", "no ordinary file"),
        ("open('/output/model.safetensors', 'wb').truncate(2**31)", "the command ended|bytes"),
        ("import time; time.sleep(60)", "more than 3 seconds"),
    ],
)
def test_weights_that_are_none_are_a_failure(world: World, program: str, reason: str) -> None:
    import re

    made = world.hostile(program)
    found = again(world, made, bounds=replace(SHORT, seconds=3))
    assert found.outcome == "failed"
    assert re.search(reason, found.reason), found.reason


def test_a_file_that_is_no_model_differs(world: World) -> None:
    made = world.hostile("open('/output/model.safetensors', 'wb').write(b'something else')")
    found = again(world, made, published=made.weights)
    assert (found.outcome, found.distance) == ("differs", None)
    assert "not in the safetensors format" in found.reason


def test_without_isolation_nothing_runs_and_it_can_be_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Invariant 8: an interruption leaves nothing that stands in the way."""
    made = world.trained()
    folder = world.folder / "again"
    plan = planned(world, made)

    def refused(*_: Any) -> None:
        raise NotIsolated("it does not hold")

    with monkeypatch.context() as changed:
        changed.setattr(reproducing, "must_hold", refused)
        with pytest.raises(NotIsolated):
            reproducing.reproduce(plan, folder)
    assert list(folder.iterdir()) == []

    def interrupted(seconds: float, said: bytes) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reproducing.reproduce(plan, folder, interrupted)
    (folder / ".work-left").mkdir()
    assert reproducing.reproduce(plan, folder).outcome == "bit for bit"
    assert not (folder / ".work-left").exists()
    with pytest.raises(FilesError, match="holds a reproduction already"):
        reproducing.reproduce(plan, folder)
    assert sys.executable
