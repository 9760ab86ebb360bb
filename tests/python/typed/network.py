"""A network of one's own, in which a page's port is free however many pages are typed at a time.

Where the system gives one (`unshare`, Linux): a namespace with a loopback and nothing else. Where
it does not (a container without that right): the machine's own network, one page at a time.
"""

import ctypes
import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

WAYS = (["unshare", "--net"], ["unshare", "--net", "--map-root-user"])
KINDS = ("user", "net")
PORT = 8545


@dataclass(frozen=True)
class Network:
    """Where programs of one page find each other.

    Attributes:
        holder: the process whose network it is; none where it is the machine's own.
    """

    holder: int | None

    def within(self, command: Sequence[str]) -> list[str]:
        """The words that start a command there."""
        if self.holder is None:
            return list(command)
        own = [f"--{kind}=/proc/{self.holder}/ns/{kind}" for kind in KINDS if self._differs(kind)]
        return ["nsenter", "--preserve-credentials", *own, *command]

    def _differs(self, kind: str) -> bool:
        theirs = Path(f"/proc/{self.holder}/ns/{kind}").stat()
        return theirs.st_ino != Path(f"/proc/self/ns/{kind}").stat().st_ino


@contextmanager
def network() -> Iterator[Network]:
    """Gives a network while the block runs."""
    for way in WAYS if shutil.which("unshare") and shutil.which("nsenter") else ():
        holder = subprocess.Popen(
            [*way, sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert holder.stdin is not None
        assert holder.stdout is not None
        with holder:
            if holder.stdout.readline() == b"ready\n":
                yield Network(holder.pid)
                holder.stdin.close()
                return
    with the_only_one():
        yield Network(None)


def lock_file() -> Path:
    """Whoever holds a lock on it may use the port."""
    return Path(tempfile.gettempdir()) / f"kiseki-port-{PORT}.lock"


@contextmanager
def the_only_one() -> Iterator[None]:
    """Waits until no other test of this machine uses the port."""
    with lock_file().open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", PORT)) == 0:
                raise AssertionError(
                    f"something listens at port {PORT}, where the pages let `kiseki node` listen; "
                    "end it, and run the test again"
                )
        yield


def join(namespaces: Sequence[int]) -> None:
    """Moves this process, which has one thread, into the networks of these files.

    Args:
        namespaces: of `KINDS`, opened.
    """
    for kind, file in zip(KINDS, namespaces, strict=True):
        if os.fstat(file).st_ino != Path(f"/proc/self/ns/{kind}").stat().st_ino:
            library = ctypes.CDLL(None, use_errno=True)  # os.setns is there from Python 3.12 on
            if library.setns(file, 0):
                raise OSError(ctypes.get_errno(), f"cannot join the {kind} namespace")


def hold() -> None:
    """Turns the loopback on, and stays until whoever started this closes its stdin."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        up = struct.pack("16sH14x", b"lo", 1)  # struct ifreq, IFF_UP
        fcntl.ioctl(any_socket, 0x8914, up)  # SIOCSIFFLAGS
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    hold()
