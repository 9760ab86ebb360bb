"""A training takes its data from a vault, and then it is known what was handed out for it.

Three figures stand apart: handed out, read, consumed. With a real chain, vault, server and wallets.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from kiseki import LocalKiseki
from kiseki.chain.signing.accounts import local_account
from kiseki.chain.signing.signer import LocalSigner, Signer
from kiseki.client.vault.asking import OnChain
from kiseki.client.vault.own import OwnVault
from kiseki.client.vault.signing import signed_by
from kiseki.core.run import Run
from kiseki.core.terms import Use
from kiseki.errors import VaultError
from kiseki.training import Exposure
from kiseki.vault.keys.services import InFile
from kiseki.vault.keystore import KeyStore
from kiseki.vault.vault import Vault

from ..training.test_training_isolation import bubblewrap  # noqa: F401 - a fixture
from .conftest import Shell

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
FRUIT = SAMPLES / "sd-scripts" / "datasets" / "two_folders" / "train" / "3_fruit"
PROGRAM = Path(__file__).resolve().parents[1] / "training" / "trained.py"
STUDENT = local_account(2).address.lower()


class Studio:
    """A vault with four pictures of test:1 and their captions, behind the market's gate."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://localhost:{self.port}"
        self.art = shell.folder / "art"
        self.art.mkdir()
        for each in FRUIT.glob("*.png"):
            shutil.copy(each, self.art)
        shell.run("vault", "init", "--domain", f"localhost:{self.port}")
        self.key = {"KISEKI_VAULT_IDENTITY": str(shell.folder / "home/.kiseki/vault.identity")}
        self.collection = shell.json(
            "data", "register", "art", "--uses", "train", "--royalty", "0%", "--gate", "market",
            "--vault", "--account", "test:1", more=self.key,
        )["collections"][0]["collection"]  # fmt: skip
        self.captions = set[str]()
        with tarfile.open(shell.folder / "shots.tar", "w") as tar:  # captions come with webdatasets
            for each in sorted(FRUIT.iterdir()):
                tar.add(each, each.name)
                if each.suffix == ".txt":
                    self.captions.add(each.read_text().strip())
        shell.run("vault", "add", "shots.tar", "--account", "test:1", more=self.key)

    @contextmanager
    def serving(self) -> Iterator[None]:
        server = self.shell.start("vault", "serve", more=self.key)
        try:
            assert server.stderr is not None
            line = server.stderr.readline()
            assert "listens at" in line, line + server.stderr.read()
            yield
        finally:
            server.send_signal(signal.SIGINT)
            assert server.wait(timeout=600) in (0, 130)
            server.stdout and server.stdout.close()
            server.stderr and server.stderr.close()

    def license(self, *who: int) -> None:
        offer = self.shell.json(
            "market", "offer", "collection", self.collection, "0.1", "--uses",
            "ai_generative_training", "--lasts", "30d", "--account", "test:1", more=self.key,
        )["offer"]  # fmt: skip
        for each in who:
            self.shell.run("market", "buy", offer, "--account", f"test:{each}", more=self.key)

    def lay(self, *more: str, vault: str = "") -> Sequence[str]:
        """The command by which a collection is laid."""
        return ("training", "lay", f"fruit={self.collection}", "train", "--for", "kohya", "--from",
                "store", "--vault", vault or self.url, *more)  # fmt: skip


@pytest.fixture
def studio(shell: Shell, k: LocalKiseki) -> Studio:
    return Studio(shell)


def theirs(who: int) -> tuple[str, ...]:
    """Somebody with a key store of their own."""
    return ("--account", f"test:{who}", "--secrets", f"their-{who}")


def kept(folder: Path) -> list[dict[str, Any]]:
    """The hand-outs whose receipts lie in a folder."""
    return [json.loads(e.read_text()) for e in sorted((folder / "kiseki-receipts").glob("*.json"))]


def train(folder: Path, ledger: Path, files: Sequence[Path]) -> None:
    """A few numbers fitted to pictures, each taken twice; the hook sees it."""
    fit = np.zeros((8, 4), "f4")
    with Exposure(ledger) as exposure:
        batches = [([str(each.relative_to(folder))], each) for each in [*files, *files]]
        for each in exposure.batches(batches):
            digest = np.frombuffer(hashlib.sha256(each.read_bytes()).digest(), "u1")
            fit += 0.1 * (digest.reshape(8, 4).astype("f4") / 255 - fit)
            exposure.stepped()
    np.save(ledger.with_suffix(".npy"), fit)


def test_what_is_laid_comes_from_the_vault_and_is_asked_for_once(studio: Studio) -> None:
    """Promise 6: who is not licensed gets nothing. Run again, there is no second receipt."""
    shell, store = studio.shell, studio.shell.folder / "store"
    with studio.serving():
        gated = shell.run(*studio.lay(*theirs(2)), code=2)
        assert "nothing can be laid" in gated and not kept(store)
        studio.license(2)
        said = " ".join(shell.run(*studio.lay("--dry-run", *theirs(2))).split())
        assert "for 4 items of the collection" in said and "Nothing was asked for." in said
        asked = " ".join(shell.run(*studio.lay("--no-yes", *theirs(2)), code=2).split())
        assert "there is no terminal to ask this: Ask for them?" in asked
        assert not store.exists()

        said = " ".join(shell.run(*studio.lay(*theirs(2))).split())
        assert "4 captions beside them are what the vault says" in said
        assert "4 new files in store" in said and "Laid. For" in said
        laid = sorted((shell.folder / "train" / "1_fruit").glob("*.png"))
        contents = {each.read_bytes() for each in studio.art.iterdir()}
        assert {each.read_bytes() for each in laid} == contents and len(laid) == 4
        assert {each.with_suffix(".txt").read_text() for each in laid} == studio.captions
        assert "Everything is there already." in shell.run(*studio.lay(*theirs(2)))

        # As after an interruption: one is missing. The same hand-out goes on.
        next(store.glob("*.png")).unlink()
        shutil.rmtree(shell.folder / "train")
        told = shell.json(*studio.lay(*theirs(2)))
        assert told["got"]["new"] == 1 and told["subsets"][0]["pictures"] == 4
        (handout,) = kept(store)
        assert told["got"]["handouts"] == [handout["handout"]]
        receipts = [json.loads(each["receipt"]) for each in handout["items"]]
        assert {(e["caller"], e["because"]) for e in receipts} == {(STUDENT, "licence")}
    # What is there needs no vault.
    assert "Everything is there already." in shell.run(*studio.lay(*theirs(2)))


def test_only_what_is_missing_is_asked_for(studio: Studio) -> None:
    """A receipt says that somebody had an item, so none is made of what is there."""
    shell, store = studio.shell, studio.shell.folder / "store"
    studio.license(2)
    with studio.serving():
        shell.run(*studio.lay(*theirs(2)))
        shutil.rmtree(store / "kiseki-receipts")
        next(store.glob("*.png")).unlink()
        shutil.rmtree(shell.folder / "train")
        said = " ".join(shell.run(*studio.lay(*theirs(2))).split())
        assert "for 1 item of the collection" in said and "1 new file in store" in said
    (handout,) = kept(store)
    assert len(handout["items"]) == 1


def test_what_was_revoked_is_not_asked_for_and_what_the_vault_lacks_is_told(studio: Studio) -> None:
    """In its notice the vault would still give it; a model that is trained now comes later."""
    shell, store = studio.shell, studio.shell.folder / "store"
    studio.license(2)
    items = shell.json("data", "show", studio.collection, "--items", more=studio.key)["items"]
    ids = [each["id"] for each in items]
    shell.run(
        "vault",
        "erase",
        ids[0],
        "--by",
        "her",
        "--ground",
        "wish",
        "--account",
        "test:1",
        more=studio.key,
    )
    with studio.serving():
        said = " ".join(shell.run(*studio.lay(*theirs(2)), code=3).split())
        assert "for 4 items of the collection" in said and "3 new files in store" in said
        # It is asked for by itself then, in vain, and nothing else is asked for again.
        said = " ".join(shell.run(*studio.lay(*theirs(2)), code=3).split())
        assert "for 1 item of the collection" in said
        assert "Not given: 1 item of 0x" in said and "this vault has nothing for you" in said
        assert "Everything is there already." in said and len(kept(store)) == 1
        shell.run("data", "revoke-item", ids[1], "--account", "test:1", more=studio.key)
        shutil.rmtree(store)
        shutil.rmtree(shell.folder / "train")
        said = " ".join(shell.run(*studio.lay(*theirs(2)), code=3).split())
        assert "for 3 items of the collection" in said
        assert "The vault does not give all of these items of 0x" in said
        laid = list((shell.folder / "train" / "1_fruit").glob("*.png"))
        assert len(laid) == 2, "two are left of which consent and content are there"
        assert "its provider revoked it on" in said


def test_handed_out_stands_beside_read_and_consumed(studio: Studio, k: LocalKiseki) -> None:
    """By the receipts that are kept; without them it is unknown, which is not none."""
    shell, folder = studio.shell, studio.shell.folder
    studio.license(2)
    with studio.serving():
        shell.run(*studio.lay(*theirs(2)))
    first, *rest = sorted((folder / "train" / "1_fruit").glob("*.png"))
    (folder / "own").mkdir()
    (folder / "own" / "mine.png").write_bytes(first.read_bytes() + b"mine")
    shell.run("data", "register", "own", "--uses", "train", "--royalty", "0%", *theirs(2))
    shutil.copy(folder / "own" / "mine.png", folder / "train" / "mine.png")
    train(folder / "train", folder / "run", [*rest, folder / "train" / "mine.png"])

    look = ("training", "exposure", "run")
    assert "handed out        unknown (no receipts)" in shell.run(*look)
    assert shell.json(*look)["handed_out"] is None
    assert "holds no receipt of a hand-out" in " ".join(
        shell.run(*look, "--receipts", "art", code=1).split()
    )
    more = ("--receipts", ".", "--collections", "--folder", "train", *theirs(2))
    told = shell.json(*look, *more)
    assert (told["handed_out"], told["read"], told["consumed"]) == (4, 8, 8)
    by = {each["collection"]: (each["handed_out"], each["consumed"])
          for each in told["collections"]}  # fmt: skip
    assert by.pop(studio.collection) == (4, 6) and list(by.values()) == [(0, 2)]
    laid = json.loads((folder / "train" / "kiseki-laid.json").read_text())["subsets"][0]["pictures"]
    never = [each["id"] for each in laid if each["file"] == first.name]
    assert told["never_consumed"] == never and len(told["never_handed_out"]) == 1
    said = " ".join(shell.run(*look, *more).split())
    assert f"1 item handed out, and never consumed: {never[0]}" in said
    assert "1 item consumed, and no receipt says that it was handed out: 0x" in said

    shell.run("training", "manifest", "run", "manifest.json", "--folder", "train", *theirs(2))
    (folder / "model.bin").write_bytes(b"weights")
    document = ("training", "run-document", "docs/run.json", "model.bin", "--by-hash")
    assert "name it with --ledger" in shell.run(*document, "--receipts", "store", code=2)
    (folder / "docs").mkdir()
    shell.run(*document, "--ledger", "run", "--manifest", "manifest.json", "--receipts", "store")
    exposed = Run.from_json((folder / "docs" / "run.json").read_text()).exposure
    assert exposed is not None
    assert (exposed.handed_out, exposed.never_consumed, exposed.never_handed_out) == (4, 1, 1)
    shell.run(
        "model", "register", "model.bin", "--manifest", "manifest.json", "--run", "docs/run.json",
        "--uses", "train", "--royalty", "0%", *theirs(2),
    )  # fmt: skip
    (model,) = k.index.registered("ModelRegistry", local_account(2).address)
    show = ("model", "show", f"0x{model.hex()}", "--documents", "docs")
    shown = " ".join(shell.run(*show, *theirs(2)).split())
    assert "handed out 4 read 8 consumed 8" in shown
    assert "says that a vault handed out 1 item that training never consumed." in shown
    assert "says that training consumed 1 item of which no vault's receipt was kept." in shown


def test_a_receipt_that_was_altered_counts_nothing(studio: Studio) -> None:
    """Invariant 13: what is kept is checked against the log's key, and never just believed."""
    shell, store = studio.shell, studio.shell.folder / "store"
    studio.license(2)
    with studio.serving():
        shell.run(*studio.lay(*theirs(2)))
    with Exposure(shell.folder / "run") as exposure:
        exposure.arrived(["x"])
        exposure.stepped()
    (path,) = (store / "kiseki-receipts").glob("*.json")
    shutil.copytree(store, shell.folder / "again")
    look = ("training", "exposure", "run", "--receipts", "store", "--receipts", "again")
    assert shell.json(*look)["handed_out"] == 4, "a copy counts once"
    more = ("--collections", *theirs(2))
    assert "Of some samples nobody knows which item they are" in shell.run(*look, *more)
    assert "never_consumed" not in shell.json(*look, *more), "x may be any of them"
    document = json.loads(path.read_text())
    other = document["items"][0]["receipt"].replace(STUDENT, local_account(5).address.lower())
    document["items"][0]["receipt"] = other
    path.write_text(json.dumps(document))
    assert shell.done(*look).code == 1


def test_ones_own_vault_hands_out_by_the_same_rules_and_with_receipts(studio: Studio) -> None:
    """Invariant 11. Also while it serves others; whoever has its key is not thereby licensed."""
    shell, store = studio.shell, studio.shell.folder / "store"
    with studio.serving():
        own = studio.lay("--account", "test:2", vault="own")
        studio.license(2)
        shell.run("data", "show", studio.collection, more=studio.key)
        keyless = shell.run(*own, code=1)
        assert "KISEKI_VAULT_IDENTITY" in keyless or "--vault-identity" in keyless, keyless
        said = " ".join(shell.run(*own, more=studio.key).split())
        assert f"Ask the vault {studio.url} for 4 items" in said
        assert "4 new files in store" in said
        laid = (shell.folder / "train" / "1_fruit").glob("*.txt")
        assert {each.read_text() for each in laid} == studio.captions
    (handout,) = kept(store)
    assert handout["vault"] == studio.url, "so that it is confirmed there"
    receipts = [json.loads(each["receipt"]) for each in handout["items"]]
    assert {(each["caller"], each["because"]) for each in receipts} == {(STUDENT, "licence")}

    # The provider itself: its receipts say so. They are in the log that others look at.
    shutil.rmtree(shell.folder / "train")
    shutil.rmtree(store)
    mine = studio.lay("--account", "test:1", vault="own")
    shell.run(*mine, more=studio.key)
    receipts = [json.loads(each["receipt"]) for each in kept(store)[0]["items"]]
    assert {each["because"] for each in receipts} == {"provider"}
    refused = shell.run(*studio.lay("--account", "test:5", vault="own"), more=studio.key, code=2)
    assert "nothing can be laid" in refused
    audit = shell.json("vault", "audit", more=studio.key)
    assert audit["receipts"] == 8
    shell.run("vault", "anchor", more=studio.key)
    with studio.serving():
        found = shell.json("vault", "confirm", "store", more=studio.key)
    assert [each["verdict"] for each in found] == ["anchored"]


class Forger:
    """Somebody who names another's wallet, and has the key of one's own."""

    address = local_account(1).address

    def sign_text(self, text: str) -> bytes:
        return LocalSigner(local_account(5)).sign_text(text)


def test_no_receipt_of_ones_own_vault_names_a_wallet_that_did_not_sign(
    studio: Studio, k: LocalKiseki
) -> None:
    home = studio.shell.folder / "home/.kiseki"
    with KeyStore(home / "secrets", InFile(home / "vault.identity")) as store:
        vault = Vault(store, InFile(home / "vault.identity"))
        chain, signed = OnChain(k.session, 1), signed_by(k.session.node)
        mine = bytes.fromhex(studio.collection[2:])
        forger = OwnVault(vault, cast("Signer", Forger()), k.session.chain_id, chain, signed)
        with pytest.raises(VaultError, match="did not sign"):
            forger.begin(Use.AI_GENERATIVE_TRAINING, collection=mine)
        assert vault.ledger.heads() == []
        own = OwnVault(vault, LocalSigner(local_account(1)), k.session.chain_id, chain, signed)
        assert len(own.begin(Use.AI_GENERATIVE_TRAINING, collection=mine).items) == 4
        own.close()


def test_a_run_is_made_again_with_inputs_from_the_vault(
    studio: Studio,
    k: LocalKiseki,
    bubblewrap: None,  # noqa: F811
) -> None:
    """Promise 3: reproduced, by somebody who never had the files, with a licence."""
    shell, folder = studio.shell, studio.shell.folder
    studio.license(2, 5)
    with studio.serving():
        shell.run(*studio.lay(*theirs(2)))
        (folder / "some").mkdir()
        for each in sorted((folder / "store").glob("*.png"))[:3]:
            shutil.copy(each, folder / "some")
        (folder / "trainer").mkdir()
        shutil.copy(PROGRAM, folder / "trainer" / "train.py")
        command = ["trainer/train.py", "--data", "some", "--out", "out"]
        subprocess.run([sys.executable, *command], cwd=folder, check=True, capture_output=True)
        shell.run("model", "manifest", "manifest.json", "some", *theirs(2))
        shell.run(
            "training", "run-document", "run.json", "out/model.safetensors", "--no-yes",
            "--inputs", "some", "--code", "trainer", *theirs(2), "--", "python", *command,
        )  # fmt: skip
        shell.run(
            "model", "register", "out/model.safetensors", "--manifest", "manifest.json", "--run",
            "run.json", "--uses", "train", "--royalty", "0%", *theirs(2),
        )  # fmt: skip
        (model,) = k.index.registered("ModelRegistry", local_account(2).address)
        words: tuple[str, ...]
        words = ("model", "reproduce", f"0x{model.hex()}", "--run", "run.json", "--code", "trainer",
                 "--vault", studio.url)  # fmt: skip
        assert "--inputs names the folder" in shell.run(*words, *theirs(5), code=2)
        words = (*words, "--inputs", "inputs")
        said = " ".join(shell.run(*words, "--dry-run", *theirs(5)).split())
        assert "for 3 items of the collection" in said and "Nothing was asked for." in said
        stranger = " ".join(shell.run(*words, *theirs(6), code=1).split())
        assert "this vault has nothing for you" in stranger and not (folder / "inputs").exists()
        said = " ".join(shell.run(*words, *theirs(5)).split())
        assert "Reproduced bit for bit" in said
        assert len(list((folder / "inputs").glob("*.txt"))) == 3, "captions, no input of this run"
        (folder / "inputs" / "other.png").write_bytes(b"other")
        other = shell.run(*words, "--out", "second", *theirs(5), code=2)
        assert "not among the recorded inputs: other.png;" in " ".join(other.split())
    (handout,) = kept(folder / "inputs")
    assert len(handout["items"]) == 3, "the fourth was no input of this run"
