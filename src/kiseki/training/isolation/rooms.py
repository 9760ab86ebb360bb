"""What a command finds in isolation, and the bounds that it is held in, as words for `bwrap`."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from kiseki.errors import NotIsolated

__all__ = [
    "BASE",
    "CODE",
    "INPUTS",
    "OUTPUT",
    "VARIABLES",
    "Bounds",
    "Room",
    "home_of_the_caller",
    "made",
]

INPUTS, OUTPUT, CODE, BASE = "/inputs", "/output", "/code", "/base"
"""Where a rerun finds its folders."""

VARIABLES: Mapping[str, str] = {
    "HOME": "/tmp", "USER": "isolated", "LOGNAME": "isolated", "LANG": "C.UTF-8", "TZ": "UTC",  # noqa: S108
    "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", "PYTHONUNBUFFERED": "1",
}  # fmt: skip
"""The whole environment, beside ``PATH``."""

_NEEDED = (
    "--clearenv", "--size", "--perms", "--seccomp", "--remount-ro", "--die-with-parent",
    "--new-session",
)  # fmt: skip
_SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_LINKED = ("/etc/ld.so.cache", "/etc/alternatives", "/sys/devices/system/cpu")
"""What programs need to find libraries, and to know which processor they are on."""
_DEVICES = ("null", "zero", "urandom")
_NOBODY = 65_534
_STRANGERS = 0x70000000, 0x00FFFFFF
"""Numbers of users that no system gives to anybody."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a command may take.

    Attributes:
        seconds: from its start to its end.
        memory: in bytes, of each process, and of all together.
        processes: with their threads, at a time.
        output: bytes on the disk, and in one file.
        files: in the folder that it writes.
        scratch: bytes of each of its two temporary folders, which lie in memory.
        log: bytes of what it says that are kept.
    """

    seconds: float = 24 * 3600
    memory: int = 16 * 2**30
    processes: int = 512
    output: int = 32 * 2**30
    files: int = 100_000
    scratch: int = 2 * 2**30
    log: int = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Room:
    """What is in it.

    Attributes:
        output: a folder that is empty; the command writes there and nowhere else.
        reads: place inside -> file or folder outside; none of it can be written.
        programs: folders that are seen where they are outside, as that of an interpreter.
        path: where programs are looked for, before those of the system.
        written: where `output` is inside.
        at: the folder that the command starts in.
        bounds: how much it may take.
    """

    output: Path
    reads: Mapping[str, Path] = field(default_factory=dict)
    programs: tuple[Path, ...] = ()
    path: tuple[str, ...] = ()
    written: str = OUTPUT
    at: str = "/"
    bounds: Bounds = field(default_factory=Bounds)

    def words(self, command: list[str], calls: int) -> list[str]:
        """The whole command line.

        Args:
            command: to be run inside.
            calls: the open file with the program of `calls`.

        Raises:
            NotIsolated: bubblewrap is missing or too old, or a folder would show the home.
        """
        words = [_bubblewrap(), *_apart(), *self._places(), "--seccomp", str(calls)]
        return [*words, "--chdir", self.at, "--", *self._held(), *command]

    def _places(self) -> Iterator[str]:
        for name in _SYSTEM:
            path = Path("/", name)
            if path.is_symlink():
                yield from ("--symlink", str(path.readlink()), str(path))
            elif path.exists():
                yield from ("--ro-bind", str(path), str(path))
        yield from _ways(map(Path, _LINKED))
        for each in ("/usr", *_LINKED):
            if Path(each).exists():
                yield from ("--ro-bind", each, each)
        yield from ("--proc", "/proc", "--perms", "0755", "--tmpfs", "/dev")
        for name in _DEVICES:
            yield from ("--dev-bind", f"/dev/{name}", f"/dev/{name}")
        for name, target in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
            yield from ("--symlink", f"/proc/self/fd{target}", f"/dev/{name}")
        for scratch in ("/tmp", "/dev/shm"):  # noqa: S108 - inside
            yield from ("--perms", "1777", "--size", str(self.bounds.scratch), "--tmpfs", scratch)
        seen = sorted({each.absolute() for each in self.programs if each.is_absolute()})
        seen = [each for each in seen if not each.is_relative_to("/usr")]
        yield from _ways([*seen, *map(Path, self.reads)])
        for program in seen:
            _must_not_show_home(program)
            yield from ("--ro-bind", str(program), str(program))
        for place, outside in sorted(self.reads.items()):
            yield from ("--ro-bind", str(outside.absolute()), place)
        yield from ("--bind", str(self.output.absolute()), self.written)
        yield from ("--remount-ro", "/dev", "--remount-ro", "/")
        found = ":".join([*self.path, "/usr/bin", "/bin"])
        for variable, value in {**VARIABLES, "PATH": found}.items():
            yield from ("--setenv", variable, value)

    def _held(self) -> list[str]:
        """What sets the bounds from inside, so that they count what is inside."""
        held = []
        if os.geteuid() == 0:
            # A system's own administrator may start any number of processes, and owns its files.
            stranger = str(self.stranger)
            held = [_tool("setpriv"), f"--reuid={stranger}", f"--regid={stranger}",
                    "--clear-groups", "--inh-caps=-all", "--no-new-privs", "--"]  # fmt: skip
        bounds = self.bounds
        return [*held, _tool("prlimit"), f"--nproc={bounds.processes}", f"--as={bounds.memory}",
                f"--fsize={bounds.output}", "--core=0", "--nofile=4096", "--"]  # fmt: skip

    @property
    def stranger(self) -> int:
        """The user who the command is, where this process may be anybody: the owner of `output`.

        Raises:
            NotIsolated: the folder was not given to a stranger.
        """
        owner = self.output.stat().st_uid
        if owner < _STRANGERS[0]:
            raise NotIsolated(f"{self.output} was not made for a command in isolation")
        return owner


def made(folder: Path) -> Path:
    """An empty folder for a command to write in.

    Raises:
        OSError: it is there already, or cannot be made.
    """
    folder.mkdir(mode=0o700)
    if os.geteuid() == 0:
        stranger = _STRANGERS[0] + secrets.randbelow(_STRANGERS[1])
        os.chown(folder, stranger, stranger)
    return folder


def _ways(places: Iterable[Path]) -> Iterator[str]:
    """The folders on the way to some places, which bubblewrap would make for its own user alone."""
    for above in sorted({above for each in places for above in each.parents} - {Path("/")}):
        yield from ("--perms", "0755", "--dir", str(above))


def _apart() -> list[str]:
    """Everything that the kernel keeps apart, and nothing that the command could do as a user."""
    words = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts",
             "--unshare-cgroup-try", "--hostname", "isolated", "--die-with-parent",
             "--new-session", "--clearenv", "--cap-drop", "ALL"]  # fmt: skip
    if os.geteuid() == 0:
        return [*words, "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    return ["--unshare-user", "--uid", str(_NOBODY), "--gid", str(_NOBODY), *words]


def home_of_the_caller() -> Path | None:
    """Where the keys of whoever runs this lie; none for a user without a home."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def _must_not_show_home(program: Path) -> None:
    home = home_of_the_caller()
    if home is not None and home.resolve().is_relative_to(program.resolve()):
        raise NotIsolated(
            f"the folder {program} of the interpreter holds {home}, so a stranger's command would "
            "see it; use an interpreter in a folder of its own, as a virtual environment"
        )


@cache
def _bubblewrap() -> str:
    found = shutil.which("bwrap")
    if found is None:
        raise NotIsolated(
            "a stranger's command runs only in isolation, which takes Linux and bubblewrap: "
            "install it (Debian, Ubuntu: apt install bubblewrap). Nothing was run"
        )
    told = subprocess.run([found, "--help"], capture_output=True, text=True, check=False)  # noqa: S603
    lacks = [each for each in _NEEDED if each not in told.stdout + told.stderr]
    if lacks:
        raise NotIsolated(
            f"{found} is too old: it does not know {', '.join(lacks)}; install bubblewrap 0.8 or "
            "later. Nothing was run"
        )
    return found


@cache
def _tool(name: str) -> str:
    path = Path("/usr/bin", name)
    if not path.exists():
        raise NotIsolated(
            f"{path} is missing; install it (Debian, Ubuntu: apt install util-linux). Nothing was "
            "run"
        )
    return str(path)
