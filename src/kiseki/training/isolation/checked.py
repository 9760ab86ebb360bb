"""A room that was tried before anything runs in it: the probe gets out of it nowhere."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from kiseki.errors import NotIsolated
from kiseki.training.isolation import probe
from kiseki.training.isolation.rooms import VARIABLES, Room, home_of_the_caller
from kiseki.training.isolation.running import run

__all__ = ["must_hold"]

_PROBE = "/probe.py"
_SECONDS = 120
_NAMED = 5
_MOST = 200
_NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "uts")


def must_hold(room: Room, python: str) -> None:
    """Tries to get out of a room, from inside, in every way that is known here.

    Args:
        python: the interpreter inside.

    Raises:
        NotIsolated: there is a way out, or it could not be tried. Nothing else was run.
    """
    with _traps(room) as told, tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "probe.py")
        Path(folder).chmod(0o755)
        script.write_bytes(Path(probe.__file__).read_bytes())
        script.chmod(0o444)
        tried = replace(
            room,
            reads={**room.reads, _PROBE: script},
            bounds=replace(room.bounds, seconds=min(room.bounds.seconds, _SECONDS)),
        )
        with tempfile.TemporaryFile() as said:
            ended = run(tried, [python, "-I", "-S", _PROBE, json.dumps(told)], said)
            said.seek(0)
            text = said.read().decode(errors="replace")
    try:
        holes = json.loads(text.splitlines()[-1])["holes"] if ended.is_well else None
    except (IndexError, KeyError, ValueError, TypeError):
        holes = None
    if not isinstance(holes, list):
        raise NotIsolated(
            "isolation cannot be had here, so nothing was run: "
            + (ended.reason or " ".join(text.split())[-400:] or f"it ended with {ended.code}")
        )
    if holes:
        more = f" and {len(holes) - _NAMED:,} more" if len(holes) > _NAMED else ""
        raise NotIsolated(
            f"isolation does not hold here, so nothing was run: {'; '.join(holes[:_NAMED])}{more}"
        )


@contextlib.contextmanager
def _traps(room: Room) -> Iterator[dict[str, Any]]:
    """What lies outside and must not be reached."""
    name = f"kiseki-{secrets.token_hex(16)}"
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.socket(socket.AF_UNIX) as abstract,
        tempfile.NamedTemporaryFile(prefix=name) as secret,
    ):
        abstract.bind("\0" + name)
        abstract.listen()
        secret.write(b"secret")
        secret.flush()
        os.fchmod(secret.fileno(), 0o644)
        bounds = room.bounds
        yield {
            "namespaces": {
                each: str(Path("/proc/self/ns", each).readlink()) for each in _NAMESPACES
            },
            "listeners": [["127.0.0.1", listener.getsockname()[1]]],
            "abstract": name,
            "secrets": [secret.name],
            "hidden": [secret.name, *_at_home(room)],
            "unwritable": ["/", "/usr", "/usr/bin", "/etc", "/dev",
                           *room.reads, *map(str, room.programs)],
            "written": room.written,
            "variables": [*VARIABLES, "PATH", "PWD", "LC_CTYPE"],
            "bounds": {"RLIMIT_NPROC": bounds.processes, "RLIMIT_AS": bounds.memory,
                       "RLIMIT_FSIZE": bounds.output, "RLIMIT_CORE": 0},
            "sizes": dict.fromkeys(("/tmp", "/dev/shm"), bounds.scratch),  # noqa: S108 - inside
        }  # fmt: skip


def _at_home(room: Room) -> list[str]:
    """What is in the caller's home and no part of the room."""
    home = home_of_the_caller()
    shown = [each.absolute() for each in room.programs]
    try:
        there = [] if home is None else sorted(home.iterdir())
    except OSError:  # it is not there, or not to be read
        return []
    return [
        str(each) for each in there[:_MOST]
        if not any(one.is_relative_to(each) for one in shown)
    ]  # fmt: skip
