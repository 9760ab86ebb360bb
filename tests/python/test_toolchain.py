"""The settings that several tools share are the same, and what is committed is what they make."""

import importlib.util
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
NAMES_SHARED_WITH_APE = {"evm_version", "optimizer", "optimizer_runs", "remappings", "via_ir"}
PACKAGE = ROOT / "src" / "kiseki"
MOST_LINES = 500
# Folders of tools and of what they install: .build, .venv, node_modules.
INSTALLED = re.compile(r"\.|node_modules$")
RELEASES = sorted(PACKAGE.glob("releases/*/*.json"))
ARTIFACTS = [each for each in RELEASES if each.name != "release.json"]


def run(*command: str | Path) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def sources(*patterns: str) -> list[str]:
    """What git tracks; of an unpacked archive, what is in it and was not installed or made."""
    if (ROOT / ".git").exists():
        command = ["git", "ls-files", "-z", *patterns]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        tracked = listed.stdout.split("\0")
        return [path for path in tracked if path and (ROOT / path).exists()]
    found = (path.relative_to(ROOT) for each in patterns for path in ROOT.rglob(each))
    return [str(path) for path in found if not any(map(INSTALLED.match, path.parts))]


def load(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def foundry() -> dict[str, Any]:
    config: dict[str, dict[str, Any]] = tomllib.loads((ROOT / "foundry.toml").read_text())
    profile: dict[str, Any] = config["profile"]["default"]
    return profile


@pytest.fixture
def setup() -> ModuleType:
    return load("tools/setup.py")


class TestCompilers:
    def test_one_compiler_version(self) -> None:
        version = json.loads((ROOT / "package.json").read_text())["devDependencies"]["solc"]
        ape = yaml.safe_load((ROOT / "ape-config.yaml").read_text())["solidity"]["version"]
        sources = [path.read_text() for path in ROOT.glob("contracts/**/*.sol")]
        pragmas = {
            found for text in sources for found in re.findall(r"^pragma solidity .*", text, re.M)
        }
        assert ape == version
        assert pragmas == {f"pragma solidity {version};"}

    def test_ape_has_the_settings_of_forge(self, foundry: dict[str, Any]) -> None:
        config = yaml.safe_load((ROOT / "ape-config.yaml").read_text())
        ape = config["solidity"]
        assert {
            "evm_version": ape["evm_version"],
            "optimizer": ape["optimize"],
            "optimizer_runs": ape["optimization_runs"],
            "remappings": ape["import_remapping"],
            "via_ir": ape["via_ir"],
        } == {name: foundry[name] for name in foundry if name in NAMES_SHARED_WITH_APE}
        assert config["foundry"]["evm_version"] == foundry["evm_version"]

    def test_brownie_has_the_settings_of_forge(self, foundry: dict[str, Any]) -> None:
        config = yaml.safe_load((ROOT / "brownie-config.yaml").read_text())["compiler"]["solc"]
        version = json.loads((ROOT / "package.json").read_text())["devDependencies"]["solc"]
        assert config == {
            "version": version,
            "evm_version": foundry["evm_version"],
            "optimizer": {"enabled": foundry["optimizer"], "runs": foundry["optimizer_runs"]},
            "viaIR": foundry["via_ir"],
            # Brownie takes a slash away from the second half alone, and then finds nothing.
            "remappings": [each.replace("/=", "=").rstrip("/") for each in foundry["remappings"]],
        }

    def test_what_tests_share_deploys_the_artefact_that_mutants_are_put_into(self) -> None:
        """A `new` in a shared file holds the code as it was compiled, so no test meets a mutant."""
        names = "|".join(path.stem for path in ARTIFACTS)
        shared = [
            *ROOT.glob("tests/contracts/utils/*.sol"),
            *ROOT.glob("tests/contracts/handlers/*.sol"),
        ]
        assert shared
        for path in shared:
            assert not re.search(rf"\bnew ({names})\(", path.read_text("utf-8")), path.name


class TestSources:
    def test_no_source_file_has_more_than_500_lines(self) -> None:
        paths = sources("*.py", "*.sol", "*.ts")
        sizes = {path: (ROOT / path).read_bytes().count(b"\n") for path in paths}
        assert "tests/python/test_toolchain.py" in sizes
        assert "contracts/DataRegistry.sol" in sizes and "web/ts/file.ts" in sizes
        assert {path: size for path, size in sizes.items() if size > MOST_LINES} == {}


class TestPackages:
    @pytest.mark.parametrize("folder", [".", "benchmarks/ponder"])
    def test_a_lock_names_no_place(self, folder: str) -> None:
        packages = json.loads((ROOT / folder / "package-lock.json").read_text())["packages"]
        places = {package.get("resolved") for package in packages.values()}
        assert places <= {None, "tools/demo"}

    def test_the_wheel_needs_no_compiler(self, tmp_path: Path) -> None:
        run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path)
        (wheel,) = tmp_path.glob("*.whl")
        names = zipfile.ZipFile(wheel).namelist()
        assert "kiseki/py.typed" in names
        assert {f"kiseki/{path.relative_to(PACKAGE)}" for path in RELEASES} <= set(names)
        words = [*PACKAGE.glob("language/locale/*/*/*.mo"), *PACKAGE.glob("licences/texts/*.txt")]
        words += PACKAGE.glob("web/cards/fonts/*")
        assert len(words) >= 7
        assert {f"kiseki/{path.relative_to(PACKAGE)}" for path in words} <= set(names)
        assert all(name.startswith(("kiseki/", "kiseki-")) for name in names)


class TestSetUp:
    def test_a_step_is_skipped_only_when_it_was_finished(
        self, setup: ModuleType, tmp_path: Path
    ) -> None:
        stamp, result = tmp_path / "stamp", tmp_path / "result"

        def step(version: int = 1, level: str = "demo", action: Any = result.touch) -> Any:
            return setup.Step(stamp, [version], level, 0, [result], action)

        def interrupted() -> None:
            result.touch()
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            step(action=interrupted).do()
        assert not step().is_done()
        step().do()
        assert step().is_done()
        assert not step(version=2).is_done(), "the inputs changed"
        assert not step(level="test").is_done(), "a demo is not a test"
        step(level="test").do()
        assert step().is_done(), "a test includes a demo"
        result.unlink()
        assert not step().is_done(), "the result was removed"

    def test_a_torn_stamp_is_no_stamp(self, setup: ModuleType, tmp_path: Path) -> None:
        (tmp_path / "stamp").write_text("torn")
        assert not setup.Step(tmp_path / "stamp", [], "demo", 0, [], lambda: None).is_done()

    def test_what_is_missing_gets_a_sentence(
        self, setup: ModuleType, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as machine:
            machine.setattr(setup.sys, "version_info", (3, 10, 1))
            with pytest.raises(
                SystemExit, match=r"Python 3.11 or newer is needed and this is 3.10"
            ):
                setup.check_machine()
        with monkeypatch.context() as machine:
            machine.setitem(sys.modules, "ensurepip", None)
            with pytest.raises(SystemExit, match="sudo apt install python3-venv"):
                setup.check_machine()
        with pytest.raises(SystemExit, match="say what to set up: demo, test, ape"):
            setup.main([])

    def test_a_node_that_is_too_old_for_vite_is_not_used(self, setup: ModuleType) -> None:
        for version in ("v20.19.0", "v22.12.1\n", "v24.0.0"):
            assert setup.is_new_enough(version), version
        for version in ("v18.20.0", "v20.18.3", "v21.7.0", "v22.11.0"):
            assert not setup.is_new_enough(version), version

    def test_a_missing_program_gets_a_sentence(
        self, setup: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(setup, "ROOT", tmp_path)
        monkeypatch.setattr(setup, "BIN", tmp_path / "bin")
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(SystemExit, match="npm has no anvil for this machine"):
            setup.link_foundry("anvil")
        (tmp_path / "anvil").write_text("#!/bin/sh\necho anvil 0.2.0\n")
        (tmp_path / "anvil").chmod(0o755)
        with pytest.raises(SystemExit, match=r"too old \(0.2.0\)"):
            setup.link_foundry("anvil")
        (tmp_path / "anvil").write_text("#!/bin/sh\necho anvil Version: 1.7.1-stable\n")
        setup.link_foundry("anvil")
        assert (tmp_path / "bin" / "anvil").resolve() == tmp_path / "anvil"

    def test_a_failed_command_shows_why_and_says_what_to_do(
        self,
        setup: ModuleType,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setattr(setup, "ROOT", tmp_path)
        monkeypatch.setattr(setup, "LOG", tmp_path / "log")
        with pytest.raises(SystemExit, match=r"Step: failed, .* run the same command again"):
            setup.run("Step", ["sh", "-c", "echo the reason; exit 3"], 10)
        assert "the reason" in capsys.readouterr().out
        with pytest.raises(SystemExit, match="no end after 0 s"):
            setup.run("Step", ["sleep", "60"], 0)
