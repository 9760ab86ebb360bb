"""From a training to its document, and from the document to a rerun that somebody states."""

import json
import subprocess
import sys
from pathlib import Path

from kiseki import LocalKiseki
from kiseki.core.reproduction import Reproduction
from kiseki.core.run import Run
from kiseki.core.values import to_hex
from kiseki.training import Exposure

from ..training.test_training_isolation import bubblewrap  # noqa: F401 - a fixture
from .conftest import FREE, Shell

PROGRAM = Path(__file__).resolve().parents[1] / "training" / "trained.py"


def trained(shell: Shell, k: LocalKiseki, *more: str, royalty: str = "0%") -> str:
    """The ID of a model that was trained, documented and registered as people type it."""
    folder = shell.folder
    if not (folder / "trainer").exists():
        shell.files("drawings")
        (folder / "trainer").mkdir()
        (folder / "trainer" / "train.py").write_text(PROGRAM.read_text())
        shell.run("data", "register", "drawings", *FREE, "--account", "test:0")
        shell.run("model", "manifest", "manifest.json", "drawings")
    command = ["trainer/train.py", "--data", "drawings", "--out", "out", *more]
    subprocess.run([sys.executable, *command], cwd=folder, check=True, capture_output=True)
    (folder / "run.json").unlink(missing_ok=True)
    told = shell.run(
        "training", "run-document", "run.json", "out/model.safetensors", "--no-yes",
        "--inputs", "drawings", "--code", "trainer", "--seed", "7", "--tolerance", "1%",
        "--", "python", *command,
    )  # fmt: skip
    assert "python train.py --data {inputs} --out {output}" in " ".join(told.split())
    assert "3 registered items, 0 other files" in " ".join(told.split())
    shell.run(
        "model", "register", "out/model.safetensors", "--manifest", "manifest.json", "--run",
        "run.json", "--uses", "train", "--royalty", royalty, "--account", "test:0",
    )  # fmt: skip
    return to_hex(k.index.registered("ModelRegistry", k.address)[-1])


def test_a_run_is_made_again_and_stated(shell: Shell, k: LocalKiseki) -> None:
    """Promise 3: reproduced, and by whom."""
    model = trained(shell, k)
    words = ("model", "reproduce", model, "--run", "run.json", "--inputs", "drawings", "--code",
             "trainer", "--manifest", "manifest.json")  # fmt: skip
    tried = " ".join(shell.run(*words, "--dry-run").split())
    assert "python train.py --data /inputs --out /output" in tried
    assert "It is somebody else's command. It runs in isolation" in tried
    assert "Nothing was run." in tried
    assert not (shell.folder / "reproduction").exists()
    assert "Run it? To go on without a question, add --yes" in " ".join(
        shell.run(*words, "--no-yes", code=2).split()
    )
    said = " ".join(shell.run(*words, "--state", "--account", "test:5").split())
    assert "Reproduced bit for bit: the same tensors came out" in said
    assert "states as reproduction about the model" in said
    assert "packages those that are here, which have the recorded versions" in said
    text = (shell.folder / "reproduction" / "reproduction.json").read_bytes()
    document = Reproduction.from_json(text)
    assert to_hex(document.hash) in shell.run("statements", "show", "model", model)
    assert "reproduction" in shell.run("statements", "show", "model", model)
    assert "Publish reproduction/reproduction.json" in said
    assert "holds a reproduction already" in shell.run(*words, "--no-yes", code=1), (
        "nobody is asked"
    )
    signed = shell.run(*words, "--out", "second", "--sign", "said.json", "--account", "test:6")
    assert "as training that was made again" in " ".join(signed.split())
    shell.run("statements", "send", "said.json", "--account", "test:0")
    assert shell.run("statements", "show", "model", model).count("reproduction") == 2


def test_a_run_document_takes_what_the_hook_recorded(shell: Shell) -> None:
    with Exposure(shell.folder / "ledger") as exposure:
        for _ in exposure.batches([([b"\x01" * 32], 1), ([b"\x02" * 32], 2)]):
            exposure.stepped()
    (shell.folder / "model.bin").write_bytes(b"weights")
    words = ("training", "run-document", "run.json", "model.bin", "--by-hash")
    assert "name it with --ledger" in shell.run(*words, "--step", "1", code=2)
    shell.run(*words, "--ledger", "ledger")
    run = Run.from_json((shell.folder / "run.json").read_text())
    assert run.exposure is not None
    assert (run.exposure.steps, run.exposure.consumed, run.exposure.ranks) == (2, 2, 1)


def test_what_differs_ends_with_4(shell: Shell, k: LocalKiseki) -> None:
    model = trained(shell, k, "--noise", "0.2", royalty="1%")
    words = ("model", "reproduce", model, "--run", "run.json", "--inputs", "drawings", "--code",
             "trainer", "--weights", "out/model.safetensors")  # fmt: skip
    told = shell.json(*words, code=4)
    assert (told["outcome"], told["reproduced"]) == ("differs", False)
    assert float(told["distance"]) > 0.01
    assert "Not reproduced: it differs by" in told["words"]
    assert "stated 1%" in told["words"]
    document = json.loads((shell.folder / "reproduction" / "reproduction.json").read_text())
    assert document["outcome"] == "differs"
    (shell.folder / "drawings" / "0.svg").write_text("another")
    missing = " ".join(shell.run(*words, "--out", "second", code=2).split())
    assert "0.svg has another content than the item 0x" in missing
    assert "Nothing was run" in missing


def test_mistakes_of_a_run_document_are_told(shell: Shell) -> None:
    (shell.folder / "model.bin").write_bytes(b"weights")
    words = ("training", "run-document", "run.json", "model.bin", "--by-hash")
    shell.run(*words, "--seed", "7")
    assert "exists already" in shell.run(*words, code=1)
    other = ("training", "run-document", "other.json", "model.bin", "--by-hash")
    assert "--tolerance is 0, or a percentage" in shell.run(*other, "--tolerance", "1/2", code=2)
    (shell.folder / "settings.json").write_text('{"api_key": "abc"}')
    said = " ".join(shell.run(*other, "--settings", "settings.json", code=2).split())
    assert "the setting api_key looks like a secret" in said
    assert not (shell.folder / "other.json").exists()


def test_what_a_model_came_from_is_written_for_other_tools(shell: Shell, k: LocalKiseki) -> None:
    model = trained(shell, k, royalty="2%")
    words = ("model", "provenance", model, "out/model.safetensors")
    more = ("--run", "run.json", "--for")
    shell.run(*words, "model.intoto.json", *more, "slsa")
    statement = json.loads((shell.folder / "model.intoto.json").read_text())
    assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
    assert "exists already" in shell.run(*words, "model.intoto.json", *more, "slsa", code=1)
    assert shell.json(*words, "events", *more, "openlineage")["for"] == "openlineage"
    assert {each.name for each in (shell.folder / "events").iterdir()} == {
        "start.json", "complete.json"
    }  # fmt: skip
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
                    shell.folder / "key.pem"], check=True, capture_output=True)  # fmt: skip
    shell.run(*words, "model.sig", *more, "model-signing", "--key", "key.pem")
    assert json.loads((shell.folder / "model.sig").read_text())["mediaType"]
    assert "--key names the key" in shell.run(*words, "b.sig", *more, "model-signing", code=2)
    assert "--for is one of" in shell.run(*words, "b", *more, "spdx", code=2)
