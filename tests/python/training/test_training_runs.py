"""The document of a run: what is known of it, and no secret."""

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from kiseki import Kiseki, Terms
from kiseki.core.run import Run
from kiseki.errors import FilesError, InvalidInput
from kiseki.training.runs.code import code_of
from kiseki.training.runs.hiding import must_hold_no_secret
from kiseki.training.runs.interpreters import environment, interpreter, locked, packages, wheels

from .world import World


@pytest.fixture
def world(tmp_path: Path, artist: Kiseki, developer: Kiseki) -> World:
    return World(tmp_path, artist, developer)


def test_a_run_says_what_trained_on_what_and_where(world: World) -> None:
    weights = world.train()
    run = world.document(
        weights, world.command(), seed=7, settings={"rate": 0.01}, tolerance=Fraction(0)
    )
    assert run.command is not None and run.code is not None and run.environment is not None
    assert run.command.arguments == (
        "python", "train.py", "--data", "{inputs}", "--out", "{output}"
    )  # fmt: skip
    assert run.command.weights == "model.safetensors"
    assert set(run.items) == {"0.svg", "1.svg", "2.svg"}
    assert set(run.items.values()) == {item for (items,) in [world.manifest.items.values()]
                                       for item, _ in items}  # fmt: skip
    assert set(run.files) == {"config.toml", "more/caption.txt"}
    config = (world.inputs / "config.toml").read_bytes()
    assert run.files["config.toml"] == hashlib.sha256(config).digest()
    script = (world.code / "train.py").read_bytes()
    assert run.code.files == {"train.py": hashlib.sha256(script).digest()}
    assert run.code.revision is None, "it is in no repository"
    assert run.environment.python == ".".join(map(str, sys.version_info[:3]))
    versions = {each.name: each.version for each in run.environment.packages}
    import numpy

    assert versions["numpy"] == numpy.__version__
    assert (run.seed, run.settings) == (7, {"rate": 0.01})
    assert run.tolerance == Fraction(0)
    assert run.exposure is None and run.trained is None
    assert Run.from_json(run.to_json()) == run


def test_no_variable_and_no_path_of_the_machine_is_in_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "a-secret-of-the-environment")
    text = world.document(world.train(), world.command()).to_json()
    assert "a-secret-of-the-environment" not in text
    assert str(world.folder) not in text
    assert os.uname().nodename not in text


def test_paths_of_the_command_become_those_of_a_rerun(world: World) -> None:
    weights = world.train()
    words = ["/opt/venv/bin/python3.11", str(world.code / "train.py"),
             f"--data={world.inputs}/more", "--config", f"{world.inputs}/config.toml",
             "--base", str(world.base),
             "--out", f"{world.folder}/out/later.bin", "--rate", "1e-4", "a/b prompt"]  # fmt: skip
    run = world.document(weights, words, base=world.base)
    assert run.command is not None
    assert run.command.arguments == (
        "python", "train.py", "--data={inputs}/more", "--config", "{inputs}/config.toml",
        "--base", "{base}", "--out", "{output}/later.bin",
        "--rate", "1e-4", "a/b prompt",
    )  # fmt: skip
    digest = hashlib.sha256(world.base.read_bytes()).digest()
    assert run.base == {"base.safetensors": digest}
    assert set(run.files) == {"config.toml", "more/caption.txt"}
    with pytest.raises(InvalidInput, match="a rerun would not have it"):
        world.document(weights, ["python", "train.py", "--config", "/etc/hostname"])
    with pytest.raises(InvalidInput, match="do not lie in the folder of the output"):
        from kiseki.training.runs.making import Folders, make

        make(weights, [], Folders(output=world.code))


def test_equal_contents_of_two_collections_are_the_items_that_training_counted(
    world: World,
) -> None:
    """Two artists drew alike to the byte, and both drawings were used."""
    twice = world.folder / "twice"
    twice.mkdir()
    (twice / "0.svg").write_bytes((world.inputs / "0.svg").read_bytes())
    (twice / "new.svg").write_text("another")
    other = world.knows.data.prepare(twice, Terms.of("train", "1%"))
    world.knows.data.register(other)
    weights = world.train()
    with pytest.raises(InvalidInput, match="is in 2 collections"):
        world.document(weights, world.command())
    mine = next(item.id for item in other.items if item.paths[0].name == "0.svg")
    run = world.document(weights, world.command(), items={"0.svg": mine})
    assert run.items["0.svg"] == mine and set(run.items) == {"0.svg", "1.svg", "2.svg"}
    assert "0.svg" not in run.files
    with pytest.raises(InvalidInput, match=r"'3\.svg' is none of the inputs"):
        world.document(weights, world.command(), items={"3.svg": mine})


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        (["--api-key", "x1"], {}),
        (["--api_key=x1"], {}),
        (["--wandb.password", "x1"], {}),
        (["--hub_token", "abcdefghijklmnopqrst"], {}),
        (["HF_TOKEN=abcdefghijklmnopqrst"], {}),
        (["hf_" + "a1B2" * 8], {}),
        (["sk-" + "a1B2" * 8], {}),
        (["--key", "0x" + "ab" * 32], {}),
        (["AKIA" + "A1B2" * 4], {}),
        (["https://me:word@example.org/data"], {}),
        ([], {"login": {"private_key": "x1"}}),
        ([], {"list": [{"url": "postgresql://me:word@host/db"}]}),
    ],
)
def test_what_looks_like_a_secret_is_refused_and_not_repeated(
    arguments: list[str], settings: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInput, match="looks like a secret") as refused:
        must_hold_no_secret(["python", *arguments], settings)
    for each in ("x1", "abcdefgh", "a1B2", "abab", "word@"):
        assert each not in str(refused.value)


def test_ordinary_arguments_are_no_secrets() -> None:
    must_hold_no_secret(
        ["python", "train.py", "--max_token_length", "225", "--trigger_token", "<fox>",
         "--learning_rate=1e-4", "--keep_tokens=1", "--optimizer_type", "AdamW8bit",
         "--output_name", "fox_lora_v2_final_epoch_0010", "{inputs}/10_foxes"],
        {"tokenizer": "sd-legacy/stable-diffusion-v1-5", "token": "", "seed": 42,
         "pad_token": "<|endoftext|>"},
    )  # fmt: skip


def test_the_commit_is_told_and_whether_files_differ(tmp_path: Path) -> None:
    def git(*words: str) -> str:
        named = ("-c", "user.name=t", "-c", "user.email=t@example.org")
        done = subprocess.run(
            ["git", "-C", str(tmp_path), *named, *words], check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    git("init", "-q")
    (tmp_path / "train.py").write_text("1")
    (tmp_path / ".gitignore").write_text("runs/\n")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "log").write_text("ignored")
    git("add", ".")
    git("commit", "-qm", "one")
    code = code_of(tmp_path)
    assert (code.revision, code.changed) == (git("rev-parse", "HEAD"), False)
    assert set(code.files) == {"train.py", ".gitignore"}
    (tmp_path / "new.py").write_text("2")
    changed = code_of(tmp_path)
    assert changed.changed is True
    assert set(changed.files) == {"train.py", ".gitignore", "new.py"}
    assert set(code_of(tmp_path, [tmp_path / "new.py"]).files) == {"train.py", ".gitignore"}
    with pytest.raises(FilesError):
        code_of(tmp_path / "nowhere")
    ignored = code_of(tmp_path / "runs")
    assert ignored.revision is None and set(ignored.files) == {"log"}, "no commit speaks of it"
    program, ran = tmp_path / "monitor", tmp_path / "ran"
    program.write_text(f"#!/bin/sh\ntouch {ran}\n")
    program.chmod(0o755)
    git("config", "core.fsmonitor", str(program))
    code_of(tmp_path)
    assert not ran.exists(), "a repository's settings name no program that runs"


# Packages and their wheels


def wheel(folder: Path, name: str, version: str, text: str = "x = 1\n") -> Path:
    """A real wheel, small."""
    folder.mkdir(exist_ok=True, parents=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": text,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\n"
                         "Tag: py3-none-any\n",
    }  # fmt: skip
    import base64

    record = ""
    with zipfile.ZipFile(path, "w") as archive:
        for each, content in files.items():
            archive.writestr(each, content)
            digest = hashlib.sha256(content.encode()).digest()
            coded = base64.urlsafe_b64encode(digest).decode().rstrip("=")
            record += f"{each},sha256={coded},{len(content)}\n"
        archive.writestr(f"{info}/RECORD", record + f"{info}/RECORD,,\n")
    return path


def test_the_wheel_that_a_package_came_from_is_known_by_its_files(tmp_path: Path) -> None:
    """Two wheels of one version: only the one whose files are installed gives its hash."""
    right = wheel(tmp_path / "right", "tinypack", "1.0")
    wheel(tmp_path / "wrong", "tinypack", "1.0", "x = 2\n")
    site = tmp_path / "site"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--target", site,
         right], check=True, capture_output=True,
    )  # fmt: skip
    for each in site.rglob("direct_url.json"):
        each.unlink()
    mine = interpreter()
    python = type(mine)(mine.program, mine.version, (str(site),), mine.prefix, mine.base)
    digest = hashlib.sha256(right.read_bytes()).digest()
    assert packages(python)[0].wheel is None
    assert packages(python, tmp_path)[0].wheel == digest
    assert packages(python, tmp_path / "wrong")[0].wheel is None
    assert set(wheels(tmp_path)) == {("tinypack", "1.0")}
    lock = tmp_path / "lock.txt"
    lock.write_text(f"tinypack==1.0 \\\n    --hash=sha256:{digest.hex()}\n"
                    f"other==2 --hash=sha256:{'1' * 64} --hash=sha256:{'2' * 64}\n")  # fmt: skip
    assert locked(lock) == {("tinypack", "1.0"): digest}
    assert environment(python, lock=lock).packages[0].wheel == digest


def test_another_interpreter_is_asked(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    other = interpreter(tmp_path / "venv" / "bin" / "python")
    assert other.prefix == tmp_path / "venv"
    assert packages(other) == []
    with pytest.raises(FilesError, match="no Python"):
        interpreter("/bin/false")


def test_the_document_is_one_json_text(world: World) -> None:
    run = world.document(world.train(), world.command())
    assert json.loads(run.to_json())["format"] == "kiseki-run-v1"
    assert run.to_json() == Run.from_json(run.to_json()).to_json()
