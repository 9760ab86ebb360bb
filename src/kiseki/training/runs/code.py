"""The files of the program that trained, and the commit that they are of."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from kiseki.core.counts import counted
from kiseki.core.run import Code
from kiseki.errors import FilesError, InvalidInput
from kiseki.vault.files import hash_files
from kiseki.vault.folders import walk

__all__ = ["code_of", "files_of"]

_MOST = 10_000
_LEFT_OUT = {"__pycache__", "node_modules", "venv"}
_SECONDS = 60


def code_of(folder: str | Path, without: Iterable[Path] = ()) -> Code:
    """Of a folder: each file with its hash, and the commit where it is part of a repository.

    In a repository those files count that git knows or would add; elsewhere, also in a folder that
    the repository ignores, all but names that begin with a dot.

    Args:
        without: folders that are no code, though they lie in it: inputs and outputs.

    Raises:
        FilesError: it cannot be read, or holds no file or too many.
    """
    place = Path(folder)
    files = files_of(place, without)
    hashed = hash_files([place / each for each in files])
    digests = {name: each.digest for name, each in zip(files, hashed, strict=True)}
    revision = None if _is_ignored(place) else _git(place, "rev-parse", "HEAD")
    if revision is None:
        return Code(files=digests)
    return Code(revision.strip(), bool(_git(place, "status", "--porcelain", "--", ".")), digests)


def files_of(folder: Path, without: Iterable[Path] = ()) -> list[str]:
    """The names of those files below the folder, sorted.

    Raises:
        FilesError: as `code_of`.
    """
    if not folder.is_dir():
        raise FilesError(f"{folder} is no folder of code")
    away = [each.resolve() for each in without]
    listed = _git(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if listed is not None and not _is_ignored(folder):
        names = {each for each in listed.split("\0") if each and (folder / each).is_file()}
    else:
        names = {str(Path(each).relative_to(folder)) for each in walk(folder)}
    found = sorted(
        name for name in names
        if not _LEFT_OUT.intersection(Path(name).parts) and not name.endswith(".pyc")
        and not any((folder / name).resolve().is_relative_to(each) for each in away)
    )  # fmt: skip
    if not found:
        raise FilesError(f"{folder} holds no file of code")
    if len(found) > _MOST:
        raise FilesError(
            f"{folder} holds {counted(len(found), 'file')}; name the folder of the program "
            "alone, without its data"
        )
    for name in found:
        if not name.isprintable():
            raise InvalidInput(f"the code has a file with the name {name!r:.80}; call it otherwise")
    return found


def _is_ignored(folder: Path) -> bool:
    """Whether it lies in a repository that leaves it out, so that no commit speaks of it."""
    return _git(folder, "check-ignore", "--quiet", ".") is not None


def _git(folder: Path, *words: str) -> str | None:
    """What git says; none where there is no git, or no repository."""
    program = shutil.which("git")
    if program is None:
        return None
    # Of variables that say where a repository is, none may point to another one.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    # A repository's own settings can name programs, and it may be a stranger's.
    quiet = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]
    done = subprocess.run(  # noqa: S603
        [program, *quiet, "-C", str(folder), *words],
        capture_output=True, text=True, timeout=_SECONDS, check=False, env=kept,
    )  # fmt: skip
    return done.stdout if done.returncode == 0 else None
