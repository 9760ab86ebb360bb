"""The recorded inputs and code, found by their content in folders that the caller names.

What is missing, changed or too much is named, and nothing runs. What is there is copied while it is
hashed once more: what was checked is what the command reads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from kiseki.client.data.openings import Openings
from kiseki.core.run import Run
from kiseki.core.values import one_line, to_hex
from kiseki.errors import FilesError, InvalidInput
from kiseki.vault.files import hash_files, still
from kiseki.vault.folders import RECEIPTS, walk

__all__ = ["Gathered", "code", "copy", "inputs"]

_CHUNK = 1 << 20
_NAMED = 5
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Gathered:
    """Where recorded files were found.

    Attributes:
        files: path in the rerun -> file on this machine, and SHA-256 of its content.
        ids: the data IDs among them.
        problems: what is missing, changed or too much; empty where nothing is.
    """

    files: Mapping[str, tuple[Path, bytes]]
    ids: frozenset[bytes]
    problems: tuple[str, ...]


def inputs(
    run: Run,
    openings: Openings,
    folders: Sequence[Path],
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Gathered:
    """The inputs of a run. The key store says which file is which item.

    Args:
        folders: in which they lie, called as they may be.

    Raises:
        FilesError: a folder or file cannot be read.
        InvalidInput: the document names a path that leads out of a folder.
    """
    _must_be_paths([*run.items, *run.files])
    named = [(Path(each), Path(each).relative_to(folder).as_posix())
             for folder in folders for each in sorted(_walked(folder))]  # fmt: skip
    hashed = hash_files([path for path, _ in named], progress)
    by_digest = {each.digest: each.path for each in reversed(hashed)}
    places = openings.places(list(by_digest)) if run.items else {}
    by_id = {place.id: digest for digest, there in places.items() for place in there}
    files: dict[str, tuple[Path, bytes]] = {}
    problems: list[str] = []
    there = {name for _, name in named}
    wanted = {name: by_id.get(item) for name, item in run.items.items()}
    wanted |= {name: digest if digest in by_digest else None for name, digest in run.files.items()}
    for name, digest in sorted(wanted.items()):
        if digest is not None:
            files[name] = by_digest[digest], digest
        else:
            problems.append(_problem(run, name, name in there))
    used = {digest for _, digest in files.values()}
    told = wanted.keys() - files.keys()
    surplus = [
        name
        for (path, name), each in zip(named, hashed, strict=True)
        if each.digest not in used and name not in told and not _came_along(path, folders)
    ]
    if surplus:
        problems.append(
            f"not among the recorded inputs: {_listed(surplus)}; name folders (--inputs) in which "
            "nothing else lies"
        )
    return Gathered(files, frozenset(run.items.values()), tuple(problems))


def _came_along(path: Path, folders: Sequence[Path]) -> bool:
    """Whether it is a caption that a vault gave with a picture: the run did not record it, so the
    command does not get it, and nobody put it there."""
    return path.suffix == ".txt" and any(
        path.is_relative_to(each) and (each / RECEIPTS).is_dir() for each in folders
    )


def code(run: Run, folder: Path | None) -> Gathered:
    """The files of the program, each at its recorded place.

    Raises:
        FilesError: the folder is none, or a file cannot be read.
        InvalidInput: the document names a path that leads out of a folder.
    """
    recorded = {} if run.code is None else run.code.files
    if not recorded:
        return Gathered({}, frozenset(), ())
    if folder is None:
        revision = run.code and run.code.revision
        at = f" It is the commit {one_line(revision, 80)}." if revision else ""
        raise InvalidInput(f"name the folder of the program (--code).{at} Nothing was run")
    _must_be_paths(recorded)
    if not folder.is_dir():
        raise FilesError(f"{folder} is no folder of code")
    found = {name: folder / name for name in recorded if _is_below(folder, name)}
    hashed = hash_files(list(found.values()))
    digests = dict(zip(found, (each.digest for each in hashed), strict=True))
    missing = sorted(recorded.keys() - found.keys())
    changed = sorted(name for name, digest in digests.items() if digest != recorded[name])
    problems = [f"missing in the code: {_listed(missing)}"] if missing else []
    problems += [f"changed in the code: {_listed(changed)}"] if changed else []
    return Gathered(
        {name: (path, digests[name]) for name, path in found.items()}, frozenset(), tuple(problems)
    )


def copy(gathered: Gathered, into: Path) -> None:
    """Copies what was gathered, for a command that is another user: all may read it, nobody write.

    Raises:
        FilesError: a file changed since it was checked, or cannot be copied.
    """
    into.mkdir(mode=0o755)
    for name, (path, digest) in gathered.files.items():
        target = into / name
        target.parent.mkdir(parents=True, exist_ok=True)
        hashing = hashlib.sha256()
        try:
            with still(path) as source, target.open("xb") as file:
                while chunk := source.read(_CHUNK):
                    hashing.update(chunk)
                    file.write(chunk)
        except OSError as error:
            raise FilesError(f"{path} cannot be copied ({error.strerror}); nothing was run") from (
                error
            )
        if hashing.digest() != digest:
            raise FilesError(f"{path} changed since it was checked; nothing was run")
        target.chmod(0o444)
    for each in [into, *(each for each in into.rglob("*") if each.is_dir())]:
        each.chmod(0o755)


def _walked(folder: Path) -> Iterator[str]:
    if not folder.is_dir():
        raise FilesError(f"{folder} is no folder of inputs")
    return iter(walk(folder))


def _problem(run: Run, name: str, is_there: bool) -> str:
    known = run.items.get(name)
    what = f"the item {to_hex(known)}" if known else f"SHA-256 {to_hex(run.files[name])}"
    if is_there and known:
        return (
            f"{one_line(name, 80)} has another content than {what}, or the key store has no "
            "opening of it (kiseki data receive)"
        )
    if is_there:
        return f"{one_line(name, 80)} is changed: it was {what}"
    return f"{one_line(name, 80)} is missing: {what}"


def _is_below(folder: Path, name: str) -> bool:
    path = folder / name
    return path.is_file() and path.resolve().is_relative_to(folder.resolve())


def _must_be_paths(names: Iterable[str]) -> None:
    """
    Raises:
        InvalidInput: a stranger's document names a path that leads elsewhere, or a file where
            another path needs a folder.
    """
    known = set(names)
    for name in known:
        path = PurePosixPath(name)
        if (
            not name or len(name) > _LONGEST or not name.isprintable() or path.is_absolute()
            or path.as_posix() != name or ".." in path.parts or name == "."
        ):  # fmt: skip
            raise InvalidInput(f"the document names the file {name!r:.80}, which is no path")
        if any(str(above) in known for above in path.parents):
            raise InvalidInput(f"the document names {name!r:.80} below a file")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(one_line(each, 80) for each in names[:_NAMED]) + more
