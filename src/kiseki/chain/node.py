"""A connection to a node, and an Anvil of one's own."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from web3 import HTTPProvider, Web3
from web3.exceptions import Web3Exception

from kiseki.errors import ChainError, InvalidInput, NodeUnreachable, WrongChain

__all__ = ["MNEMONIC", "NONSENSE", "anvil", "connect"]

NONSENSE = (AttributeError, LookupError, TypeError, ValueError)
"""What web3 raises, and what is done with its answers, when a node answers what no node should."""

MNEMONIC = "test test test test test test test test test test test junk"
"""Of Anvil's well-known test wallets. Worth nothing on any chain that is."""

_PATIENCE = 15.0
"""Seconds to wait for an Anvil to answer."""


def connect(url: str, chain_id: int | None = None, timeout: float = 30.0) -> Web3:
    """A connection to the node at `url`.

    Args:
        url: of its JSON-RPC over HTTP.
        chain_id: the chain it must be on, when that is known.
        timeout: seconds for one request.

    Raises:
        InvalidInput: not an http(s) URL, or one without a host or with a port that is none.
        NodeUnreachable: nothing answers there.
        WrongChain: it is on another chain.
    """
    where = place(url)
    w3 = Web3(HTTPProvider(url, request_kwargs={"timeout": timeout}))
    # It asks for the chain's ID before every call. Ours is signed into every transaction instead.
    w3.middleware_onion.remove("validation")
    try:
        found = int(w3.eth.chain_id)
    except (requests.RequestException, Web3Exception, *NONSENSE) as error:
        # Without the cause: it would hold the URL, and with it perhaps a key.
        raise NodeUnreachable(
            f"no node answers at {where} ({type(error).__name__}); start one, or check the URL"
        ) from None
    if chain_id is not None and found != chain_id:
        raise WrongChain(
            f"the node at {where} is on chain {found}, not {chain_id}; nothing was sent"
        )
    return w3


def place(url: str) -> str:
    """A node's URL without what may be a key: scheme, host and port.

    Raises:
        InvalidInput: not an http(s) URL, or one without a host or with a port that is none.
    """
    if not url.isprintable():
        raise InvalidInput("the node's URL holds characters that no URL has; type it again")
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        # Without the cause: it would hold part of the URL, and with it perhaps a key.
        raise InvalidInput(
            "the host or the port in the node's URL cannot be right; "
            "give one like http://127.0.0.1:8545"
        ) from None
    if scheme not in ("http", "https"):
        raise InvalidInput("a node's URL begins with http:// or https://")
    if not host:
        raise InvalidInput("the node's URL names no host; give one like http://127.0.0.1:8545")
    return f"{scheme}://{host}" + (f":{port}" if port else "")


@contextlib.contextmanager
def anvil(
    chain_id: int = 31337, accounts: int = 10, options: tuple[str, ...] = ()
) -> Iterator[str]:
    """Runs an Anvil on a free port while the block runs; gives its URL.

    It is ended whatever happens in the block, Ctrl-C included, and does not see that Ctrl-C itself.

    Raises:
        ChainError: there is no `anvil` to run, or it does not start.
    """
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    command = [
        find_anvil(), "--port", str(port), "--chain-id", str(chain_id), "--accounts", str(accounts),
        "--mnemonic", MNEMONIC, "--silent", *options,
    ]  # fmt: skip
    process = subprocess.Popen(  # noqa: S603 - our own arguments
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _await(process, url)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
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
            "there is no anvil to run a local chain with; run `make demo`, or install Foundry"
        )
    return program_on_path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(process: subprocess.Popen[Any], url: str) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            raise ChainError(f"anvil ended at once with exit code {process.returncode}")
        with contextlib.suppress(NodeUnreachable):
            connect(url, timeout=1.0)
            if process.poll() is None:
                return
        time.sleep(0.02)
    raise ChainError(f"anvil did not answer within {_PATIENCE:.0f} s")
