"""Forks one process for each program; see the package."""

import contextlib
import gc
import os
import runpy
import select
import socket
import sys
import traceback
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.python.keystores import make_quickly
from tests.python.typed.network import join

# What programs import.
READY = (
    "web3", "eth_account", "eth_abi", "eth_keys", "requests", "dotenv", "typer", "rich.console",
    "rich.table", "rich.text", "rich.progress", "pyrage", "pydantic", "sqlalchemy",
    "kiseki.client.kiseki", "kiseki.sync.follower", "kiseki.keeper",
    "kiseki.chain.release.verification",
)  # fmt: skip


def serve(place: str) -> None:
    """Answers until whoever started it closes its stdin."""
    for each in READY:
        import_module(each)
    make_quickly()
    _make_commands()
    _read_contracts()
    gc.collect()
    gc.freeze()  # else the first collection of each program would copy all that it shares
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(place)
        server.listen(64)
        print("ready", flush=True)
        while True:
            readable, _, _ = select.select([server, sys.stdin], [], [], 1.0)
            _reap()
            if sys.stdin in readable:
                return
            if server in readable:
                connection, _ = server.accept()
                if os.fork() == 0:
                    server.close()
                    os._exit(_look_after(connection))
                connection.close()


def _make_commands() -> None:
    """Makes the commands of `kiseki` once: it takes longer than most of them."""
    import typer

    from kiseki.cli import app, lazy

    make, made = lazy._Loading._make, dict[str, Any]()

    def once(self: Any, name: str, place: lazy.Place) -> Any:
        if name not in made:
            made[name] = make(self, name, place)
        return made[name]

    lazy._Loading._make = once  # type: ignore[method-assign]
    commands = lazy._Loading(app.COMMANDS, app._EPILOG)
    for name in commands:
        commands[name]
    typer.main.get_command = cache(typer.main.get_command)
    typer.main.get_command(app.app)


def _read_contracts() -> None:
    """Reads the contracts, and makes the commonest questions into SQL, as nearly every program
    would again."""
    from kiseki.chain.contract.artifacts import artifact, names
    from kiseki.chain.contract.events import Decoder
    from kiseki.chain.release import releases
    from kiseki.index import ONCE, REGISTRIES, Index

    for name in names():
        artifact(name)
    releases.names()
    Decoder((each.address, each.artifact) for each in releases.places())
    index = Index((name, releases.addresses()[name]) for name in ONCE)
    anybody = "0x" + "11" * 20
    for question in (index.owed, index.tokens_owed, index.usage):
        question(anybody)
    for name in REGISTRIES:
        index.log(name)
        list(index.registered(name))
    index.close()


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def _look_after(connection: socket.socket) -> int:
    """Runs one program, hands signals on, and ends it where the client is gone."""
    head, files, _, _ = socket.recv_fds(connection, 4, 5)
    request = b""
    while len(request) < int.from_bytes(head, "big"):
        request += connection.recv(1 << 16)
    command = os.fork()
    if command == 0:
        connection.close()
        os._exit(_run(_read(request), files))
    for each in files:
        os.close(each)
    ended: Any = os.pidfd_open(command)
    while True:
        readable, _, _ = select.select([connection, ended], [], [])
        if connection in readable:
            wanted = connection.recv(1)
            os.kill(command, wanted[0] if wanted else 9)
            if not wanted:
                return 0
        if ended in readable:
            _, status = os.waitpid(command, 0)
            code = os.waitstatus_to_exitcode(status)
            connection.sendall(bytes([code if code >= 0 else 128 - code]))
            return 0


@dataclass(frozen=True)
class _Given:
    """What somebody typed.

    Attributes:
        environment: each with name and value.
    """

    folder: str
    program: str
    words: list[str]
    environment: dict[str, str]


def _read(request: bytes) -> _Given:
    """As `client` writes it."""
    count, *rest = request.decode("utf-8", "surrogateescape").split("\0")
    folder, program, *words = rest[: int(count)]
    variables = [each.partition("=") for each in rest[int(count) :]]
    return _Given(folder, program, words, {name: value for name, _, value in variables})


def _run(given: _Given, files: list[int]) -> int:
    *streams, user, net = files
    for number, each in enumerate(streams):
        os.dup2(each, number)
    join([user, net])
    for each in files:
        os.close(each)
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(number, mode, encoding="utf-8", closefd=False)
        for number, mode in enumerate("rww")
    )
    os.chdir(given.folder)
    os.environ.clear()
    os.environ.update(given.environment)
    program, words = given.program, given.words
    sys.argv = [program, *words]
    code = 0
    try:
        if program == "kiseki":
            from kiseki.cli import main

            main(words)
        else:
            sys.path[0] = str(Path(program).parent)
            runpy.run_path(program, run_name="__main__")
    except SystemExit as error:
        code = _code(error.code)
    except BaseException:  # noqa: BLE001 - as a process ends that raised it
        traceback.print_exc()
        code = 1
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    return code


def _code(said: object) -> int:
    """The exit code of what `sys.exit` was told: text is printed, as Python does."""
    if said is None or isinstance(said, int):
        return int(said or 0)
    print(said, file=sys.stderr)
    return 1


if __name__ == "__main__":
    serve(sys.argv[1])
