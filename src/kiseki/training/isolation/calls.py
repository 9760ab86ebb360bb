"""The system calls that a command in isolation may not make, as a program of the kernel's (BPF).

Namespaces hide files, processes and networks. They do not hide the caller's keyrings, sockets of a
virtual machine's host (``AF_VSOCK``), or what the kernel offers to whoever makes namespaces of its
own. So these calls fail there. A few more are refused because no training needs them and many ways
out of a container began with them.
"""

from __future__ import annotations

import platform
import struct
from collections.abc import Iterator, Mapping

from kiseki.errors import InvalidInput

__all__ = ["MACHINES", "program"]

_COMMON = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428,
    "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433,
    "pidfd_getfd": 438, "mount_setattr": 442,
}  # fmt: skip
"""Calls that have one number on all machines."""

MACHINES: Mapping[str, tuple[int, Mapping[str, int]]] = {
    "x86_64": (0xC000003E, _COMMON | {
        "ptrace": 101, "syslog": 103, "pivot_root": 155, "chroot": 161, "acct": 163, "mount": 165,
        "umount2": 166, "swapon": 167, "swapoff": 168, "reboot": 169, "iopl": 172, "ioperm": 173,
        "init_module": 175, "delete_module": 176, "quotactl": 179, "kexec_load": 246,
        "add_key": 248, "request_key": 249, "keyctl": 250, "unshare": 272, "perf_event_open": 298,
        "name_to_handle_at": 303, "open_by_handle_at": 304, "setns": 308, "process_vm_readv": 310,
        "process_vm_writev": 311, "kcmp": 312, "finit_module": 313, "kexec_file_load": 320,
        "bpf": 321, "userfaultfd": 323, "socket": 41, "clone": 56, "clone3": 435,
    }),
    "aarch64": (0xC00000B7, _COMMON | {
        "umount2": 39, "mount": 40, "pivot_root": 41, "chroot": 51, "quotactl": 60, "acct": 89,
        "unshare": 97, "kexec_load": 104, "init_module": 105, "delete_module": 106, "syslog": 116,
        "ptrace": 117, "reboot": 142, "add_key": 217, "request_key": 218, "keyctl": 219,
        "swapon": 224, "swapoff": 225, "perf_event_open": 241, "name_to_handle_at": 264,
        "open_by_handle_at": 265, "setns": 268, "process_vm_readv": 270, "process_vm_writev": 271,
        "kcmp": 272, "finit_module": 273, "bpf": 280, "userfaultfd": 282, "kexec_file_load": 294,
        "socket": 198, "clone": 220, "clone3": 435,
    }),
}  # fmt: skip
"""Of each machine its number in the kernel, and the numbers of the calls that are judged."""

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _MACHINE, _FIRST = 0, 4, 16
"""Where the kernel puts the call's number, the machine, and the lower half of the first value."""
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS, _EAFNOSUPPORT = 1, 38, 97
_NAMESPACES = 0x7E020000
"""The flags of `clone` that make a namespace."""
_FAMILIES = (1, 2, 10, 16)
"""Unix, IPv4, IPv6, and questions to the kernel's network, which is empty there."""
_X32 = 0x40000000


def program(machine: str | None = None) -> bytes:
    """The program, as `bwrap --seccomp` reads it.

    Args:
        machine: one of `MACHINES`. Default: this one.

    Raises:
        InvalidInput: its system calls are not known here.
    """
    name = machine or platform.machine()
    if name not in MACHINES:
        raise InvalidInput(
            f"what a command may not do is not known for the machine {name!r:.40}, so nothing is "
            f"run; use one of {', '.join(MACHINES)}"
        )
    return b"".join(struct.pack("<HBBI", *each) for each in _steps(*MACHINES[name]))


def _steps(machine: int, calls: Mapping[str, int]) -> Iterator[tuple[int, int, int, int]]:
    """Each: what to do, how many steps to leave out where it holds and where not, a value."""
    judged = {"socket", "clone", "clone3"}
    yield _LOAD, 0, 0, _MACHINE
    yield _EQUAL, 1, 0, machine  # another machine's calls have other numbers
    yield _RETURN, 0, 0, _KILL
    yield _LOAD, 0, 0, _NUMBER
    yield _AT_LEAST, 0, 1, _X32
    yield _RETURN, 0, 0, _ERROR | _EPERM
    for name, number in calls.items():
        if name not in judged:
            yield _EQUAL, 0, 1, number
            yield _RETURN, 0, 0, _ERROR | _EPERM
    yield _EQUAL, 0, 1, calls["clone3"]  # its flags lie in memory; libraries then take clone
    yield _RETURN, 0, 0, _ERROR | _ENOSYS
    yield _EQUAL, 0, 3, calls["clone"]
    yield _LOAD, 0, 0, _FIRST
    yield _ANY_BIT, len(_FAMILIES) + 5, 0, _NAMESPACES  # to the last step
    yield _RETURN, 0, 0, _ALLOW
    yield _EQUAL, 0, len(_FAMILIES) + 2, calls["socket"]
    yield _LOAD, 0, 0, _FIRST
    for place, family in enumerate(_FAMILIES):
        yield _EQUAL, len(_FAMILIES) - place, 0, family
    yield _RETURN, 0, 0, _ERROR | _EAFNOSUPPORT
    yield _RETURN, 0, 0, _ALLOW
    yield _RETURN, 0, 0, _ERROR | _EPERM
