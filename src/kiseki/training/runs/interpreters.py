"""A Python with its packages, and the wheels that these came from, where that is known."""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from kiseki.core.run import Environment, Package
from kiseki.core.values import from_hex
from kiseki.errors import FilesError, InvalidInput
from kiseki.vault.files import hash_files

__all__ = ["Interpreter", "canonical", "environment", "interpreter", "locked", "packages", "wheels"]

_ASK = (
    "import json, platform, sys; print(json.dumps({'path': sys.path, 'prefix': sys.prefix, "
    "'base': sys.base_prefix, 'version': platform.python_version(), 'program': sys.executable}))"
)
_SECONDS = 60
_WHEEL = re.compile(r"([A-Za-z0-9_.]+)-([A-Za-z0-9_.!+]+)(-[0-9][^-]*)?-[^-]+-[^-]+-[^-]+\.whl")
_LOCKED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*==\s*([A-Za-z0-9_.!+-]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_NOT_OF_THE_WHEEL = ("INSTALLER", "RECORD", "REQUESTED", "direct_url.json")
_RECORD = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python.

    Attributes:
        program: its file.
        version: as ``3.11.9``.
        path: where it looks for packages.
        prefix, base: the folders of its environment, and of the Python that this was made from.
    """

    program: Path
    version: str
    path: tuple[str, ...]
    prefix: Path
    base: Path


def interpreter(program: str | Path | None = None) -> Interpreter:
    """One of this machine.

    Args:
        program: its file. Default: the one that runs Kiseki.

    Raises:
        FilesError: it cannot be run, or is no Python.
    """
    if program is None:
        path = [each for each in sys.path if each]
        return Interpreter(
            Path(sys.executable), platform.python_version(), tuple(path), Path(sys.prefix),
            Path(sys.base_prefix),
        )  # fmt: skip
    try:
        done = subprocess.run(  # noqa: S603 - whoever calls names it
            [str(program), "-I", "-c", _ASK], capture_output=True, timeout=_SECONDS, check=True,
        )  # fmt: skip
        told = json.loads(done.stdout)
        return Interpreter(
            Path(told["program"]), told["version"], tuple(told["path"]), Path(told["prefix"]),
            Path(told["base"]),
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError) as error:
        raise FilesError(f"{program} is no Python that can be run ({error})") from error


def environment(
    python: Interpreter,
    cache: str | Path | None = None,
    lock: str | Path | None = None,
) -> Environment:
    """What a run's document says of the machine: versions, processor, packages. No variable of the
    environment, no name of the machine and no path is in it.

    Args:
        cache: a folder with wheels; a package that was installed from one of them gets its hash.
        lock: requirements with hashes (`pip --require-hashes`), which give the rest, where they
            name one file alone.

    Raises:
        FilesError: a file cannot be read.
    """
    return Environment(
        python=python.version,
        system=f"{platform.system()} {platform.machine()}",
        hardware=_hardware(),
        packages=tuple(packages(python, cache, lock)),
    )


def packages(
    python: Interpreter, cache: str | Path | None = None, lock: str | Path | None = None
) -> list[Package]:
    """The packages that an interpreter finds, by name.

    Raises:
        FilesError: as `environment`.
    """
    there = wheels(cache) if cache is not None else {}
    hashes = locked(lock) if lock is not None else {}
    found: dict[str, Package] = {}
    for each in metadata.distributions(path=list(python.path)):
        name, version = each.metadata["Name"], each.version
        if not name or not version or canonical(name) in found:
            continue  # the first on the path is the one that is imported
        key = (canonical(name), version)
        wheel = _of_url(each) or _of_cache(each, there.get(key, ())) or hashes.get(key)
        found[canonical(name)] = Package(canonical(name), version, wheel)
    return [found[name] for name in sorted(found)]


def wheels(folder: str | Path) -> dict[tuple[str, str], list[Path]]:
    """The wheels in a folder and below, by name and version.

    Raises:
        FilesError: it is no folder.
    """
    place = Path(folder)
    if not place.is_dir():
        raise FilesError(f"{folder} is no folder of wheels")
    found: dict[tuple[str, str], list[Path]] = {}
    for each in sorted(place.rglob("*.whl")):
        match = _WHEEL.fullmatch(each.name)
        if match is not None and each.is_file():
            found.setdefault((canonical(match[1]), match[2]), []).append(each)
    return found


def locked(path: str | Path) -> dict[tuple[str, str], bytes]:
    """The hashes of a list of requirements, of packages with one file alone.

    Raises:
        FilesError: it cannot be read.
    """
    try:
        text = Path(path).read_text("utf-8")
    except (OSError, ValueError) as error:
        raise FilesError(f"the list of requirements {path} cannot be read ({error})") from error
    found = {}
    for line in text.replace("\\\n", " ").splitlines():
        match, hashes = _LOCKED.match(line.strip()), _HASH.findall(line)
        if match is not None and len(hashes) == 1:
            digest = from_hex(f"0x{hashes[0]}", 32, "the hash")
            found[canonical(match[1]), match[2].rstrip(";")] = digest
    return found


def canonical(name: str) -> str:
    """A package's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _of_url(installed: metadata.Distribution) -> bytes | None:
    """The hash that the installer noted, of what was installed by its address."""
    try:
        told = json.loads(installed.read_text("direct_url.json") or "{}")
        archive = told.get("archive_info", {})
        stated = archive.get("hashes", {}).get("sha256") or archive.get("hash", "")[7:]
        if not str(told.get("url", "")).endswith(".whl"):
            return None  # what was built of it is another file
        return from_hex(f"0x{stated}", 32, "the hash")
    except (ValueError, AttributeError, TypeError, InvalidInput):
        return None


def _of_cache(installed: metadata.Distribution, wheels: Iterable[Path]) -> bytes | None:
    """The hash of the wheel whose files are those that are installed; none where none is."""
    there = _lines(installed.read_text("RECORD") or "")
    for each in wheels:
        try:
            with zipfile.ZipFile(each) as archive:
                (name,) = [n for n in archive.namelist() if n.endswith(".dist-info/RECORD")]
                if archive.getinfo(name).file_size > _RECORD:
                    continue
                said = _lines(archive.read(name).decode())
        except (OSError, ValueError, zipfile.BadZipFile):
            continue
        if said and all(there.get(path) == digest for path, digest in said.items()):
            return hash_files([each])[0].digest
    return None


def _lines(record: str) -> Mapping[str, str]:
    """Each file of a package with its hash, but what an installer writes or moves."""
    found = {}
    for line in record.splitlines():
        path, _, rest = line.rpartition(",")[0].rpartition(",")
        inner = path.rpartition("/")[2]
        if path and rest and inner not in _NOT_OF_THE_WHEEL and ".data/" not in path:
            found[path.strip('"')] = rest
    return found


def _hardware() -> str:
    return "; ".join(_processors())


def _processors() -> Iterator[str]:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        yield platform.processor() or platform.machine()
    else:
        models = re.findall(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
        if models:
            yield f"{len(models)} x {models[0].strip()}"
    for each in sorted(Path("/proc/driver/nvidia/gpus").glob("*/information")):
        model = re.search(r"^Model:\s*(.+)$", each.read_text(), re.MULTILINE)
        if model:
            yield model[1].strip()
