"""An Anvil of one's own: a local chain for as long as somebody needs it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from kiseki.chain.answers import NONSENSE
from kiseki.core.values import one_line
from kiseki.errors import ChainError

__all__ = ["MNEMONIC", "TEST_WALLETS", "anvil"]


MNEMONIC = "test test test test test test test test test test test junk"
"""Of Anvil's well-known test wallets. Worth nothing on any chain that is."""

TEST_WALLETS = (
    "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
    "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
    "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
    "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65",
    "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc",
    "0x976EA74026E726554dB657fA54763abd0C3a0aa9",
    "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955",
    "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f",
    "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720",
)
"""Their first addresses: deriving them takes longer than most questions."""


_PATIENCE = 15.0
"""Seconds to wait for an Anvil to answer."""

_KEEPER = """\
exec 3<&0
"$@" 3<&- &
node=$!
{ read -r gone <&3; kill "$node"; } &
watcher=$!
exec 3<&-
wait "$node"
code=$?
kill "$watcher" 2>/dev/null
exit "$code"
"""
"""A shell that runs Anvil, and ends it when nobody holds the other end of its input any more: so it
ends too where whoever started it was killed and could end nothing."""


@contextlib.contextmanager
def anvil(
    chain_id: int = 31337, accounts: int = 10, options: tuple[str, ...] = (), port: int = 0
) -> Iterator[str]:
    """Runs an Anvil while the block runs, on a free port unless one is named; gives its URL.

    It is ended whatever happens in the block, Ctrl-C and `kill -9` included, and does not see that
    Ctrl-C itself.

    Raises:
        ChainError: there is no `anvil` to run, or it does not start.
    """
    if port:
        _must_be_free(port)
    port = port or _free_port()
    url = f"http://127.0.0.1:{port}"
    command = [
        find_anvil(), "--port", str(port), "--chain-id", str(chain_id), "--accounts", str(accounts),
        "--mnemonic", MNEMONIC, "--silent", *options,
    ]  # fmt: skip
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603 - our own arguments
            ["/bin/sh", "-c", _KEEPER, "sh", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
        )
        try:
            _await(process, url, said)
            yield url
        finally:
            if process.stdin:
                process.stdin.close()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def find_anvil() -> str:
    """The `anvil` that the set-up put into the checkout, or the one on the PATH."""
    for folder in Path(__file__).resolve().parents:
        program = folder / ".tools" / "bin" / "anvil"
        if os.access(program, os.X_OK):
            return str(program)
    program_on_path = shutil.which("anvil")
    if program_on_path is None:
        raise ChainError(
            "there is no anvil to run a local chain with; install Foundry, which has it "
            "(https://getfoundry.sh)"
        )
    return program_on_path


def _must_be_free(port: int) -> None:
    """Whoever listens there would answer in Anvil's place, and be sent what is meant for it."""
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
    except OverflowError:
        raise ChainError(f"there is no port {port}; ports are numbers up to 65535") from None
    except OSError as error:
        raise ChainError(
            f"nothing can listen at port {port} ({error.strerror}); another node may run there: "
            "stop it, or name another port"
        ) from None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(process: subprocess.Popen[Any], url: str, said: IO[bytes]) -> None:
    import requests

    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            said.seek(0)
            why = one_line(" ".join(said.read(4_000).decode(errors="replace").split()), 300)
            raise ChainError(f"anvil ended at once with exit code {process.returncode}: {why}")
        with contextlib.suppress(requests.RequestException, *NONSENSE):
            requests.post(
                url, json={"jsonrpc": "2.0", "id": 1, "method": "eth_chainId"}, timeout=1.0
            ).json()["result"]
            if process.poll() is None:
                return
        time.sleep(0.02)
    raise ChainError(f"anvil did not answer within {_PATIENCE:.0f} s")
