"""A program that runs inside a room and tries to get out. It prints what it could do, as JSON.

It stands alone: it is run by the interpreter of the room, which has no Kiseki. Whoever starts it
says in its one argument what lies outside: files, listeners, namespaces (`checked`).
"""

import ctypes
import json
import os
import resource
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from typing import Any

_NEW_USER, _CHILD = 0x10000000, 17
_CALLS = {
    "x86_64": {"unshare": 272, "keyctl": 250, "mount": 165, "ptrace": 101, "bpf": 321, "clone": 56},
    "aarch64": {"unshare": 97, "keyctl": 219, "mount": 40, "ptrace": 117, "bpf": 280, "clone": 220},
}
_DEVICES = {"null", "zero", "urandom"}
_LINKS = {"fd", "stdin", "stdout", "stderr", "shm"}


def main(told: dict[str, Any]) -> list[str]:
    """What can be done here that nobody in a room may do."""
    tries = (_power, _namespaces, _network, _files, _writes, _environment, _processes, _devices,
             _calls, _bounds, _open_files)  # fmt: skip
    return [hole for each in tries for hole in each(told)]


def _works(what: Callable[..., Any], *values: Any) -> bool:
    """Whether it does what it is asked, and is not refused."""
    try:
        what(*values)
    except OSError:
        return False
    return True


def _power(_: dict[str, Any]) -> Iterator[str]:
    with open("/proc/self/status") as file:
        said = dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        if int(said[name], 16):
            yield f"it has powers over the system ({name} {said[name]})"
    if said.get("NoNewPrivs") != "1":
        yield "it can get new powers by a program that gives them"
    if said.get("Seccomp") != "2":
        yield "it can make every system call"
    if 0 in (os.getuid(), os.geteuid(), os.getgid()) or 0 in os.getgroups():
        yield "it is the administrator"
    if _works(os.setuid, 0):
        yield "it can become the administrator"


def _namespaces(told: dict[str, Any]) -> Iterator[str]:
    for name, outside in told["namespaces"].items():
        if os.readlink(f"/proc/self/ns/{name}") == outside:
            yield f"it is in the caller's {name} namespace"


def _network(told: dict[str, Any]) -> Iterator[str]:
    others = [name for _, name in socket.if_nameindex() if name != "lo"]
    if others:
        yield f"it has the network {', '.join(others)}"

    def reach(family: int, address: Any) -> None:
        with socket.socket(family, socket.SOCK_STREAM) as one:
            one.settimeout(2)
            one.connect(address)

    for host, port in told["listeners"]:
        if _works(reach, socket.AF_INET, (host, port)):
            yield f"it can connect to {host}, port {port}"
    if _works(reach, socket.AF_UNIX, "\0" + told["abstract"]):
        yield "it can connect to a socket of the caller's by name"
    for name, family in (("AF_VSOCK", 40), ("AF_PACKET", 17), ("AF_ALG", 38)):
        if any(_works(_opened_socket, family, kind) for kind in (1, 2, 3, 5)):
            yield f"it can open a socket of the family {name}"


def _opened_socket(family: int, kind: int) -> None:
    socket.socket(family, kind).close()


def _opened(path: str, mode: str = "rb") -> None:
    with open(path, mode):
        pass


def _files(told: dict[str, Any]) -> Iterator[str]:
    roots = ["", *(f"/proc/{each}/{what}" for each in _pids() for what in ("root", "cwd"))]
    for path in told["hidden"]:
        for root in roots:
            if os.path.lexists(root + path):
                yield f"it sees {root + path}"
    for path in told["secrets"]:
        for root in roots:
            if _works(_opened, root + path):
                yield f"it can read {root + path}"


def _writes(told: dict[str, Any]) -> Iterator[str]:
    for folder in told["unwritable"]:
        if os.path.exists(folder) and not os.statvfs(folder).f_flag & os.ST_RDONLY:
            yield f"it could write into {folder}, were it another user"
        if os.path.isdir(folder) and _works(_create, os.path.join(folder, ".probe")):
            yield f"it can write into {folder}"
        for name in os.listdir(folder)[:3] if os.path.isdir(folder) else [folder]:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and _works(_opened, path, "ab"):
                yield f"it can change {path}"
    if not _works(_create, os.path.join(told["written"], ".probe")):
        yield f"it cannot write into {told['written']}, where it must"


def _create(path: str) -> None:
    with open(path, "xb"):
        pass
    os.unlink(path)


def _environment(told: dict[str, Any]) -> Iterator[str]:
    for each in _pids():
        try:
            with open(f"/proc/{each}/environ", "rb") as file:
                found = file.read().split(b"\0")
        except OSError:
            continue
        for name in {one.partition(b"=")[0].decode(errors="replace") for one in found if one}:
            if name not in told["variables"]:
                yield f"it sees the environment variable {name} of process {each}"
    for name in os.environ:
        if name not in told["variables"]:
            yield f"it has the environment variable {name}"


def _pids() -> list[str]:
    return [each for each in os.listdir("/proc") if each.isdecimal()]


def _processes(_: dict[str, Any]) -> Iterator[str]:
    if len(_pids()) > 3:
        yield "it sees processes that are not its own"
    if _works(_opened, "/proc/sys/kernel/core_pattern", "ab"):
        yield "it can change the kernel's settings"


def _devices(_: dict[str, Any]) -> Iterator[str]:
    for name in os.listdir("/dev"):
        kind = os.lstat(f"/dev/{name}").st_mode
        if name not in _DEVICES | _LINKS or (name in _LINKS and stat.S_ISCHR(kind)):
            yield f"it has the device {name}"
    if _works(_opened, "/dev/tty"):
        yield "it has the caller's terminal"
    if _works(os.mknod, "/tmp/disk", stat.S_IFBLK | 0o600, os.makedev(8, 0)):
        yield "it can make devices"


def _calls(_: dict[str, Any]) -> Iterator[str]:
    numbers = _CALLS.get(os.uname().machine)
    if numbers is None:
        yield f"it cannot be told which system calls {os.uname().machine} has"
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    for name, number in numbers.items():
        # As far as the kernel judges it before it looks at values: EPERM is the room's answer.
        value = {"unshare": _NEW_USER, "clone": _NEW_USER | _CHILD}.get(name, 0)
        done = libc.syscall(number, *(ctypes.c_long(each) for each in (value, 0, 0, 0, 0)))
        if name == "clone" and done == 0:
            os._exit(0)  # the child, which should not be
        if done != -1 or ctypes.get_errno() != 1:
            yield f"it can call {name}"


def _bounds(told: dict[str, Any]) -> Iterator[str]:
    for name, most in told["bounds"].items():
        if resource.getrlimit(getattr(resource, name)) != (most, most):
            yield f"its bound {name} is not set"
    for path, most in told["sizes"].items():
        found = os.statvfs(path)
        if found.f_blocks * found.f_frsize > most + 4096:
            yield f"{path} holds more than it may"


def _open_files(_: dict[str, Any]) -> Iterator[str]:
    with os.scandir("/proc/self/fd") as entries:
        found = {each.name for each in entries}
    # One more is the folder that is read here.
    if len(found - {"0", "1", "2"}) > 1:
        yield f"it has the caller's open files {', '.join(sorted(found - {'0', '1', '2'}))}"


if __name__ == "__main__":
    print(json.dumps({"holes": main(json.loads(sys.argv[1]))}))
