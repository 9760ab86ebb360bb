"""`kiseki training exposure` and `manifest`: from a ledger to figures, and to registered items."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

import kiseki
from kiseki import Kiseki, LocalKiseki
from kiseki.chain.signing.accounts import local_account as account_of
from kiseki.client.data.openings import Openings
from kiseki.core.manifest import Manifest
from kiseki.core.run import Hashes, Run
from kiseki.core.values import to_hex
from kiseki.training import Exposure, Ledger
from kiseki.training.consumed import Names, manifest_of
from kiseki.training.exposed import exposed

from .conftest import FREE, Shell


def trained(folder: Path, batches: Iterable[Iterable[Any]], *, ended: bool = True) -> Exposure:
    exposure = Exposure(folder)
    for _ in exposure.batches((each, None) for each in batches):
        exposure.stepped()
    exposure._close(ended=ended)
    return exposure


def registered(shell: Shell, k: LocalKiseki) -> tuple[list[Path], bytes]:
    """Three drawings, and the collection that they are in."""
    files = [shell.folder / "drawings" / f"{name}.png" for name in ("fox", "owl", "hare")]
    files[0].parent.mkdir()
    for each in files:
        each.write_bytes(f"a drawing of {each.stem}".encode())
    shell.run("data", "register", "drawings", *FREE, "--account", "test:0")
    (collection,) = k.index.collections(k.address)
    return files, collection.id


@pytest.fixture
def openings(shell: Shell, k: LocalKiseki) -> Iterator[Openings]:
    """With the key store that the commands use."""
    secrets = shell.folder / "home/.kiseki/secrets"
    with Kiseki.connect(k.url, account_of(0), secrets=secrets) as mine:
        yield mine.data.openings


def digest(file: Path) -> bytes:
    return hashlib.sha256(file.read_bytes()).digest()


def test_exposure_is_shown_and_becomes_the_manifest(
    shell: Shell, k: LocalKiseki, openings: Openings
) -> None:
    """By digest, by data ID, by path, by a name in a mapping: one item each, added up."""
    (fox, owl, hare), collection = registered(shell, k)
    (place,) = openings.places([digest(owl)])[digest(owl)]
    trained(shell.folder / "run", [
        [digest(fox), digest(fox)], [place.id, str(hare)], ["fox.png", "my-owl"], [hare.name],
    ])  # fmt: skip
    (shell.folder / "names.json").write_text(json.dumps({"my-owl": to_hex(digest(owl))}))
    words = ("training", "manifest", "run", "manifest.json", "--account", "test:0")
    lost = " ".join(shell.run(*words, "--folder", "drawings", code=2).split())
    assert "my-owl is no ID and no digest" in lost and "--names FILE" in lost
    assert not (shell.folder / "manifest.json").exists()
    told = shell.json(*words, "--folder", "drawings", "--names", "names.json")
    assert told["consumed"] == 7 and told["weight"] == "7" and told["steps"] == 4
    made = Manifest.from_json((shell.folder / "manifest.json").read_text())
    weights = {each: dict(rows) for each, rows in made.items.items()}
    ids = {file: openings.places([digest(file)])[digest(file)][0].id
           for file in (fox, owl, hare)}  # fmt: skip
    assert weights == {collection: {ids[fox]: 3, ids[owl]: 2, ids[hare]: 2}}
    again = shell.run(*words, code=2)
    assert "there is a file manifest.json already" in " ".join(again.split())

    said = shell.run("training", "exposure", "run")
    assert "unknown" in said and "7 (of 6 samples)" in said
    assert "`kiseki training manifest run FILE`" in said
    (named,) = re.findall("`kiseki (.+)`", " ".join(
        shell.run("training", "exposure", "run", "--step", "1").split()
    ))  # fmt: skip
    first = shell.run(*named.replace("FILE", "first.json").split(), "--account", "test:0")
    then = "`kiseki model register WEIGHTS --manifest first.json`"
    assert "steps" in first and then in " ".join(first.split())
    assert Manifest.from_json((shell.folder / "first.json").read_text()).weight == 2
    figures = shell.json("training", "exposure", "run", "--collections", "--folder", "drawings",
                         "--account", "test:0")  # fmt: skip
    assert (figures["read"], figures["consumed"], figures["lost"]) == (7, 7, 0)
    assert figures["handed_out"] is None and figures["ended"]
    rows = {each["collection"]: each["consumed"] for each in figures["collections"]}
    assert rows == {to_hex(collection): 6, None: 1}, "my-owl is nothing that anybody knows"
    table = shell.run("training", "exposure", "run", "--collections", "--names", "names.json",
                      "--folder", "drawings", "--account", "test:0")  # fmt: skip
    assert to_hex(collection) in table


def test_a_run_that_did_not_end_is_asked_for_its_step(shell: Shell, k: LocalKiseki) -> None:
    (fox, owl, _), _ = registered(shell, k)
    run = shell.folder / "run"
    exposure = Exposure(run)
    for _ in exposure.batches([([digest(fox)], None)]):
        exposure.stepped()
    exposure.state_dict()
    for _ in exposure.batches([([digest(owl)], None)]):
        exposure.stepped()
    exposure._close(ended=False)
    words = ("training", "manifest", "run", "manifest.json", "--account", "test:0")
    asked = " ".join(shell.run(*words, code=2).split())
    assert "did not end: it stands at step 2 and its last checkpoint is of step 1" in asked
    assert "--step" in asked and "--step" in shell.run("training", "exposure", "run")
    assert shell.json(*words, "--step", "1")["weight"] == "1"
    behind = shell.run("training", "exposure", "run", "--step", "7", code=1)
    assert "never was at step 7" in " ".join(behind.split())
    nothing = shell.run("training", "exposure", "drawings", code=1)
    assert "holds no ledger" in " ".join(nothing.split())


def test_names_of_a_laid_folder_lead_to_its_items(
    shell: Shell, k: LocalKiseki, openings: Openings
) -> None:
    """Also those of caches beside a picture; the ledger has what the trainer had."""
    (fox, _, _), collection = registered(shell, k)
    shell.run("training", "lay", f"foxes={to_hex(collection)}", "train", "--for", "kohya",
              "--from", "drawings", "--account", "test:0", "--yes")  # fmt: skip
    pictures = sorted((shell.folder / "train").rglob("*.png"))
    assert len(pictures) == 3
    inside = [str(each.relative_to(shell.folder / "train")) for each in pictures]
    trained(shell.folder / "run", [[*inside, *map(str, pictures)]])
    told = shell.json("training", "manifest", "run", "manifest.json", "--folder", "train",
                      "--account", "test:0")  # fmt: skip
    assert told["weight"] == "6" and told["items"] == 3
    made = Manifest.from_json((shell.folder / "manifest.json").read_text())
    (place,) = openings.places([digest(fox)])[digest(fox)]
    assert dict(made.items[collection])[place.id] == 2


def test_the_document_of_a_run_says_what_was_recorded(
    shell: Shell, k: LocalKiseki, openings: Openings
) -> None:
    (fox, owl, _), _ = registered(shell, k)
    trained(shell.folder / "run", [[digest(fox)], [digest(owl), digest(fox)]])
    figures = Ledger(shell.folder / "run").figures()
    made = manifest_of(openings, figures.counts, Names()).manifest
    said = exposed(figures, made)
    assert (said.version, said.batches, said.steps, said.read) == (kiseki.__version__, 2, 2, 3)
    assert said.manifest == made.root and said.weight == 3 and said.ledger == figures.head
    run = Run(weights=Hashes("tensors", b"\1" * 32), exposure=said)
    assert Run.from_json(run.to_json()).exposure == said
    assert exposed(figures).manifest is None
