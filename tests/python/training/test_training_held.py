"""A trainer finds all that was laid or nothing, and one process at a time lays (invariant 8).

Real processes, stopped or killed at a moment of their own.
"""

import contextlib
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiseki import LocalKiseki, Terms
from kiseki.core.laid import FILE, Laid
from kiseki.errors import FilesError, InvalidInput
from kiseki.training.consumed import Names
from kiseki.training.laid import Originals
from kiseki.training.laying.clear import clearing
from kiseki.training.laying.held import held
from kiseki.training.laying.prepare import Layout, plan
from kiseki.training.laying.write import carry_out, lay
from kiseki.vault.laid import aside, read

from .scene import Scene, listed, there

SCRIPT = """
import os, sys, time
from pathlib import Path
from kiseki import Kiseki
from kiseki.chain.signing.accounts import local_account
from kiseki.disk import atomic
from kiseki.training.laying import clear, write
moment, number, does = {moment!r}, {number}, {does!r}
home, name = {{
    "copying": (write, "_copied"), "listing": (write, "_list"), "setting": (write.texts, "write"),
    "taking aside": (write, "take_aside"), "putting back": (write, "put_back"),
    "deleting": (Path, "unlink"), "renaming": (Path, "rename"),
}}[moment]
real, done = getattr(home, name), []
def there(*given, **named):
    mine = "train" in str(given[0]) or moment in ("copying", "setting")
    if mine:
        done.append(1)
    if mine and len(done) == number + 1:
        if moment == "copying":
            given[1].write(given[0].read()[:100]); given[1].flush()
        if does == "dies":
            os.kill(os.getpid(), 9)
        Path({told!r}).write_text("there")
        while not Path({told!r} + ".go").exists():
            time.sleep(0.01)
        if moment == "copying":
            given[0].seek(0); given[1].seek(0); given[1].truncate()
    return real(*given, **named)
write._SIDE_BY_SIDE = 1
with Kiseki.connect({url!r}, local_account(2), secrets={secrets!r}, journal={journal!r},
                    index={index!r}) as k:
    k.index
    setattr(home, name, there)
    if {clears}:
        with clear.held({folder!r}):
            clear.clearing({folder!r}).clear()
    else:
        write.lay(k, {collections}, {tool!r}, {folder!r}, sources=[{store!r}])
print("ended")
"""


class Others:
    """Other processes that lay or clear the scene's folder."""

    def __init__(self, scene: Scene, k: LocalKiseki, tmp_path: Path) -> None:
        self.scene, self.url, self.home = scene, k.url, tmp_path
        self.told = tmp_path / "told"

    def code(
        self, moment: str, number: int = 0, does: str = "dies", *, collections: dict[str, bytes],
        tool: str = "kohya", clears: bool = False,
    ) -> list[str]:  # fmt: skip
        text = SCRIPT.format(
            moment=moment, number=number, does=does, told=str(self.told), url=self.url,
            secrets=str(self.home / "trainer"), journal=str(self.home / "journal"),
            index=str(self.home / "index"), clears=clears, collections=repr(collections),
            tool=tool, folder=str(self.scene.folder), store=str(self.scene.store),
        )  # fmt: skip
        return [sys.executable, "-c", text]

    def killed(self, *given: object, **named: object) -> None:
        """Runs one to the moment at which it is killed."""
        done = subprocess.run(
            self.code(*given, **named), capture_output=True, text=True, timeout=120  # type: ignore[arg-type]
        )  # fmt: skip
        assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr

    @contextlib.contextmanager
    def waiting(self, *given: object, **named: object) -> Iterator[subprocess.Popen[str]]:
        """One that stands at a moment until the block ends."""
        code = self.code(*given, **named)  # type: ignore[arg-type]
        process = subprocess.Popen(
            code, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )  # fmt: skip
        try:
            until = time.monotonic() + 120
            while not self.told.exists():
                assert process.poll() is None and time.monotonic() < until, process.communicate()
                time.sleep(0.01)
            yield process
        finally:
            self.told.with_name("told.go").write_text("go")
            if process.poll() is None:
                process.wait(120)


@pytest.fixture
def others(scene: Scene, k: LocalKiseki, tmp_path: Path) -> Others:
    return Others(scene, k, tmp_path)


def laid(scene: Scene, collections: dict[str, bytes], tool: str = "kohya") -> Layout:
    return lay(scene.trainer, collections, tool, scene.folder, sources=[scene.store])


def whole(scene: Scene, before: Laid | None = None) -> bool:
    """Whether a trainer finds all now; else it must find nothing at all."""
    if not scene.folder.exists():
        return False
    found = listed(scene.folder)
    assert found.whole and found != before
    for subset in found.subsets:
        for each in subset.pictures:
            assert (scene.folder / subset.folder / each.file).is_file()
    assert there(scene.folder) >= {*found.settings, FILE}
    return True


def beside(scene: Scene) -> set[str]:
    """What Kiseki leaves beside the folder."""
    return {each.name for each in scene.folder.parent.iterdir() if each.name.startswith(".")}


@pytest.mark.parametrize("clears", [False, True])
def test_one_process_at_a_time_has_a_folder(scene: Scene, terms: Terms, others: Others,
                                            clears: bool) -> None:  # fmt: skip
    """Two real ones: the second is refused and says why, and harms nothing."""
    named = {"fruit": scene.registered("fruit", terms), "foxes": scene.registered("foxes", terms)}
    if clears:
        laid(scene, named)
    moment = "deleting" if clears else "copying"
    with others.waiting(moment, 3, "waits", collections=named, clears=clears) as first:
        before = there(aside(scene.folder))
        words = rf"another process lays or clears .*train now \(process {first.pid}\); wait"
        with pytest.raises(FilesError, match=words):
            laid(scene, {"fruit": named["fruit"]})
        with pytest.raises(FilesError, match=words):
            clearing(scene.folder).clear()
        assert there(aside(scene.folder)) == before and not scene.folder.exists()
    assert first.communicate() == ("ended\n", "") and first.returncode == 0
    assert whole(scene) is not clears
    assert beside(scene) == set(), "no lock and nothing aside is left"


def test_one_that_was_killed_locks_nothing(scene: Scene, terms: Terms, others: Others) -> None:
    named = {"fruit": scene.registered("fruit", terms)}
    with others.waiting("copying", 3, "waits", collections=named) as first:
        with pytest.raises(FilesError, match="another process lays"):
            laid(scene, named)
        first.kill()
        first.wait(60)
        laid(scene, named)
    assert whole(scene) and beside(scene) == set()


def test_a_folder_is_locked_once_for_a_plan_and_what_follows(scene: Scene, terms: Terms) -> None:
    """And where nothing follows, nothing is left."""
    deep = scene.folder / "a" / "b"
    with held(deep), held(deep):
        assert deep.parent.is_dir()
    assert not scene.folder.exists()


MOMENTS = [("copying", 0), ("copying", 3), ("copying", 7), ("listing", 0), ("listing", 1),
           ("setting", 0), ("taking aside", 0), ("putting back", 0), ("renaming", 0)]  # fmt: skip


@pytest.mark.parametrize(("moment", "number"), MOMENTS)
def test_a_lay_that_is_killed_shows_a_trainer_nothing_and_goes_on(
    scene: Scene, terms: Terms, others: Others, moment: str, number: int
) -> None:
    """A real process, killed at its moment; nothing is copied twice."""
    named = {"fruit": scene.registered("fruit", terms)}
    others.killed(moment, number, collections=named)
    assert not whole(scene)
    away = aside(scene.folder)
    files = there(away) if away.exists() else set()
    copied = {each for each in files if each.startswith("1_fruit/") and "part" not in each}
    assert len(copied) == {"copying": number, "setting": 8, "putting back": 8}.get(
        moment, 8 * number
    ) or moment == "renaming"  # fmt: skip
    inodes = {each: (away / each).stat().st_ino for each in copied}
    planned = laid(scene, named)
    assert planned.there == len(copied) and len(planned.copies) == 8 - len(copied)
    assert {each: (scene.folder / each).stat().st_ino for each in copied} == inodes
    assert whole(scene) and beside(scene) == set()
    assert len(there(scene.folder)) == 4 + 4 + 2, "and what was begun is gone"
    assert laid(scene, named).done


@pytest.mark.parametrize(
    ("moment", "number"),
    [("taking aside", 0), ("renaming", 0), ("deleting", 0), ("deleting", 1), ("listing", 0),
     ("copying", 2), ("setting", 0), ("putting back", 0)],
)  # fmt: skip
def test_a_folder_that_is_laid_again_is_never_there_in_part(
    scene: Scene, terms: Terms, others: Others, moment: str, number: int
) -> None:
    """Pictures go and come: a trainer finds what was laid before, all that is laid now, or
    nothing."""
    fruit, foxes = scene.registered("fruit", terms), scene.registered("foxes", terms)
    laid(scene, {"fruit": fruit})
    before = listed(scene.folder)
    item = scene.artist.data.openings.items(fruit)[0]
    scene.artist.data.revoke_item(item.commitment)
    named = {"fruit": fruit, "foxes": foxes}
    others.killed(moment, number, collections=named)
    if scene.folder.exists():
        assert listed(scene.folder) == before, "nothing had begun"
        assert len(there(scene.folder)) == 4 + 4 + 2
    laid(scene, named)
    assert whole(scene, before) and beside(scene) == set()
    assert len(there(scene.folder)) == 3 + 3 + 6 * 2 + 2


@pytest.mark.parametrize(
    ("moment", "number"), [("renaming", 0), ("deleting", 0), ("deleting", 5), ("deleting", 9)]
)
def test_a_folder_that_is_cleared_is_never_there_in_part(
    scene: Scene, terms: Terms, others: Others, moment: str, number: int
) -> None:
    named = {"fruit": scene.registered("fruit", terms)}
    laid(scene, named)
    others.killed(moment, number, collections=named, clears=True)
    assert whole(scene) is (moment == "renaming")
    clearing(scene.folder).clear()
    assert not scene.folder.exists() and beside(scene) == set()


@pytest.mark.parametrize("tool", ["kohya", "onetrainer", "ai-toolkit", "diffusers"])
def test_whoever_is_pointed_at_a_half_laid_folder_is_told(
    scene: Scene, terms: Terms, others: Others, tool: str
) -> None:
    """No trainer finds a picture or its settings; whoever counts or registers is refused."""
    named = {"fruit": scene.registered("fruit", terms), "foxes": scene.registered("foxes", terms)}
    others.killed("copying", 9, collections=named, tool=tool)
    assert not scene.folder.exists()
    (subset, *_) = listed(aside(scene.folder)).subsets
    name = f"{subset.folder}/{subset.pictures[0].file}"
    assert (aside(scene.folder) / name).is_file()
    with pytest.raises(FilesError, match=r"train is half-laid: .*Lay it again"):
        read(scene.folder)
    for folder, words in (
        (scene.folder, "is half-laid: .*Lay it again"),
        (aside(scene.folder), "was laid in part, because .*lay it again"),
    ):
        for asks in (Originals().of, Names().of, Names(folder=folder.parent).of):
            with pytest.raises(InvalidInput, match=words):
                asks(str(folder / name))
    if tool == "diffusers":
        from datasets import load_dataset  # type: ignore[import-not-found,unused-ignore]

        for place in (scene.folder, scene.folder.parent / "nothing"):
            with pytest.raises((FileNotFoundError, ValueError)):
                load_dataset("imagefolder", data_dir=str(place), cache_dir=str(scene.store))


def test_a_full_disk_leaves_nothing_in_part(scene: Scene, terms: Terms) -> None:
    """A write that really fails."""
    with (scene.store / "fruit" / "004.png").open("ab") as file:
        file.write(bytes(1 << 20))
    named = {"fruit": scene.registered("fruit", terms)}
    planned = plan(scene.trainer, named, "kohya", scene.folder, sources=[scene.store])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        with pytest.raises(
            FilesError, match=r"train.* cannot be written .*run this again to go on"
        ):
            carry_out(planned)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not whole(scene)
    again = laid(scene, named)
    assert again.there + len(again.copies) == 8 and whole(scene) and beside(scene) == set()


def test_an_empty_folder_and_a_link_to_one_are_laid(scene: Scene, terms: Terms) -> None:
    """The folder stays the same one; a link stays a link."""
    named = {"fruit": scene.registered("fruit", terms)}
    real = scene.folder.parent / "elsewhere" / "train"
    real.mkdir(parents=True)
    inode = real.stat().st_ino
    scene.folder.symlink_to(real)
    laid(scene, named)
    assert whole(scene) and scene.folder.is_symlink() and real.stat().st_ino == inode
    clearing(scene.folder).clear()
    assert not real.exists() and list(real.parent.iterdir()) == []


def test_files_under_both_names_are_somebodys_to_sort_out(
    scene: Scene, terms: Terms, others: Others
) -> None:
    named = {"fruit": scene.registered("fruit", terms)}
    others.killed("copying", 3, collections=named)
    scene.folder.mkdir()
    (scene.folder / "thesis.txt").write_text("mine")
    for asks in (lambda: laid(scene, named), lambda: clearing(scene.folder)):
        with pytest.raises(InvalidInput, match="holds what was laid for it before; move one"):
            asks()
    (scene.folder / "thesis.txt").unlink()
    laid(scene, named)
    assert whole(scene)
