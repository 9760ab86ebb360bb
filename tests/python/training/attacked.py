"""Runs a hostile program in isolation, and tells what became of it.

It is a program of its own, so that a test can run it as another user: what isolation is made of
differs between a system's administrator and its users.
"""

import contextlib
import io
import json
import os
import socket
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from kiseki.errors import FilesError
from kiseki.training.isolation import outputs, rooms, running

__all__ = ["attack"]

_LEFT = {"seconds": 20.0, "memory": 4 * 2**30, "processes": 64, "output": 64 * 2**20,
         "files": 200, "scratch": 16 * 2**20, "log": 4_000}  # fmt: skip


def attack(folder: Path, program: str, bounds: dict[str, Any]) -> dict[str, Any]:
    """What a program said in a room, how it ended, and what came out.

    The program finds beside its text: `PORT` and `NAME` of listeners outside, and `FOLDER`, the
    place outside in which all of it lies.
    """
    home = folder / "home"
    secrets = {home / ".ssh" / "id_ed25519": "SECRET key", home / ".kiseki" / "secrets": "SECRET"}
    for path, text in secrets.items():
        path.parent.mkdir(parents=True)
        path.write_text(text)
    os.environ["HOME"], os.environ["API_KEY"] = str(home), "SECRET"
    (folder / "in").mkdir()
    (folder / "in" / "picture").write_text("as it was")
    (folder / "code").mkdir()
    (folder / "in" / "link").symlink_to(home / ".ssh" / "id_ed25519")
    called: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(f"\0{folder.name}")
        unix.listen()
        for listener in (tcp, unix):
            threading.Thread(target=_answer, args=(listener, called), daemon=True).start()
        known = f"PORT, NAME, FOLDER = {tcp.getsockname()[1]}, {folder.name!r}, {str(folder)!r}\n"
        (folder / "code" / "attack.py").write_text(known + program)
        for shown in (folder / "in", folder / "code"):
            shown.chmod(0o755)
        room = rooms.Room(
            rooms.made(folder / "out"),
            {rooms.INPUTS: folder / "in", rooms.CODE: folder / "code"},
            tuple({Path(sys.prefix), Path(sys.base_prefix)}),
            at=rooms.CODE,
            bounds=rooms.Bounds(**{**_LEFT, **bounds}),
        )
        log = io.BytesIO()
        ended = running.run(room, [sys.executable, "attack.py"], log)
    taken = _taken(folder)
    size = 0
    with contextlib.suppress(OSError):  # what it made is too deep, or closed
        for entry in running._entries(str(folder / "out")):
            size += entry.st_blocks * 512
    outputs.removed(folder / "out")
    return {
        "code": ended.code, "reason": ended.reason, "seconds": ended.seconds,
        "log": log.getvalue().decode(errors="replace"), "called": called, "taken": taken,
        "size": size, "input": (folder / "in" / "picture").read_text(),
        "there": (folder / "out").exists(),
    }  # fmt: skip


def _answer(listener: socket.socket, called: list[str]) -> None:
    try:
        while True:
            listener.accept()
            called.append("reached")
    except OSError:
        pass


def _taken(folder: Path) -> str:
    try:
        outputs.take(folder / "out", "model", folder / "taken", 1_000)
    except FilesError as error:
        return f"refused: {error}"
    return (folder / "taken").read_text()


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="kiseki-attack-") as made:
        print(json.dumps(attack(Path(made), asked["program"], asked["bounds"])))
