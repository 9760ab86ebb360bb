"""What is laid, before anything is written: which pictures, from where, and what is left out."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kiseki.client.kiseki import Kiseki
from kiseki.core.laid import FILE, TOOLS, Laid, Subset, stems
from kiseki.core.values import to_hex
from kiseki.errors import FilesError, InvalidInput
from kiseki.training.laid import read
from kiseki.training.laying.clear import Clearing, is_laid, without
from kiseki.training.laying.forms import FORMS, folder_of
from kiseki.training.laying.held import where
from kiseki.training.laying.may import LeftOut, closed
from kiseki.training.laying.pick import Picked, files_of

__all__ = ["Copy", "Layout", "plan"]


@dataclass(frozen=True, slots=True)
class Copy:
    """A file that is to be written.

    Attributes:
        target: where, under the folder's own name.
        source: the file that it is a copy of.
        digest: SHA-256 of it.
        size: its bytes.
        locked: whether nobody may write to it: a picture that is changed is no longer the item.
    """

    target: Path
    source: Path
    digest: bytes = field(repr=False)
    size: int
    locked: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """What would be laid.

    Attributes:
        folder: where, absolute.
        laid: which file is which item, when all is there.
        copies: the files that are written.
        settings: the texts that are written for the trainer, by name.
        there: how many files are there already.
        left_out: what is not laid, with the reasons.
        changed: captions and settings that somebody changed since they were laid; they stay.
        goes: what was laid before and is no longer; deleted first.
        done: whether there is nothing to do.
        may_end: consent that could end before a model is registered, in words.
    """

    folder: Path
    laid: Laid
    copies: tuple[Copy, ...] = field(repr=False)
    settings: Mapping[str, str] = field(repr=False)
    there: int
    left_out: tuple[LeftOut, ...]
    changed: tuple[Path, ...]
    goes: Clearing | None
    done: bool
    may_end: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes that are written."""
        texts = sum(len(each.encode()) for each in self.settings.values())
        return sum(each.size for each in self.copies) + texts

    @property
    def lacks(self) -> bool:
        """Whether something is left out that might be had."""
        return any(each.lacks for each in self.left_out)


def plan(
    k: Kiseki,
    collections: Mapping[str, bytes] | Iterable[bytes],
    tool: str,
    folder: str | Path,
    *,
    sources: Iterable[str | Path],
    repeats: int | Mapping[str, int] = 1,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Layout:
    """What `lay` would write, for whoever wants to see it first. Writes and sends nothing.

    Args:
        k: the wallet that trains; its key store says which item a file is.
        collections: their IDs by the names of their folders; or IDs alone. A picture in several is
            laid for the first.
        tool: ``kohya``, ``onetrainer``, ``ai-toolkit`` or ``diffusers``.
        folder: a new or empty folder, or one that was laid for the same tool before.
        sources: files and folders with the pictures, whatever they are called; a caption is the
            ``.txt`` beside a picture. What lies in `folder` is passed over.
        repeats: how often the trainer is to take each picture in an epoch, 1 or more; or that by
            the names of `collections`, where it is 1 for those that are not among them.
        progress: called with the number of files hashed and in all.

    Raises:
        InvalidInput: the tool, a name or the folder cannot be had, or nothing may be laid; it says
            why of each collection.
        FilesError: a file cannot be read, or one in the folder is another than was laid.
        NodeUnreachable: nobody says what may be used.
    """
    if tool not in TOOLS:
        raise InvalidInput(f"there is no form for {tool!r:.80}; take one of {', '.join(TOOLS)}")
    place = Path(os.path.abspath(folder))  # noqa: PTH100 - a link stays what it is called
    now = where(place)
    before = _before(place, now, tool)
    named = _named(collections)
    times = _times(repeats, named)
    wanted = {folder_of(tool, name, times[name]): name for name in named}
    reasons = closed(k, list(named.values()))
    if reasons.keys() == set(named.values()):  # then no file is looked at
        raise _nothing([LeftOut(each, (), why, True) for each, why in reasons.items()])
    picked = Picked(k, tool, files_of(sources, place, progress))
    subsets = []
    for inside, name in wanted.items():
        if (collection := named[name]) in reasons:
            picked.left.append(LeftOut(collection, (), reasons[collection], True))
        elif pictures := picked.of(inside, collection):
            subsets.append(Subset(inside, collection, times[name], pictures))
    if not subsets:
        raise _nothing(picked.left)
    texts = {FORMS[tool].settings: FORMS[tool].text(place, tuple(subsets), picked.captions)}
    hashes = {name: hashlib.sha256(text.encode()).digest() for name, text in texts.items()}
    registry = k.session["DataRegistry"].address.lower()
    laid = Laid(k.session.chain_id, registry, tool, True, tuple(subsets), hashes)
    ours = _ours(before)
    copies, there, changed = _copies(place, now, laid, ours, picked.paths)
    for name in list(texts):
        if is_laid(now / name, hashes[name]):
            del texts[name]
        elif os.path.lexists(now / name) and not is_laid(now / name, ours.get(name)):
            changed.append(place / name)
            del texts[name]
    goes = None if before is None else without(place, before, laid)
    done = now == place and before == laid and not (copies or texts or (goes and goes.files))
    may_end = tuple(k.models.may_be_gone([each.collection for each in subsets]))
    return Layout(
        place, laid, tuple(copies), texts, there, tuple(picked.left), tuple(changed),
        goes if goes and goes.files else None, done, may_end,
    )  # fmt: skip


def _nothing(left: Iterable[LeftOut]) -> InvalidInput:
    why = "; ".join(f"{to_hex(each.collection)}: {each.why}" for each in left)
    return InvalidInput(f"nothing can be laid: {why}")


def _named(collections: Mapping[str, bytes] | Iterable[bytes]) -> dict[str, bytes]:
    """
    Raises:
        InvalidInput: there are none, or one is named twice.
    """
    if isinstance(collections, Mapping):
        named = dict(collections)
    else:
        given = list(collections)
        named = dict(zip(stems(given), given, strict=True))
        if len(named) < len(given):
            raise InvalidInput("a collection is named twice")
    if not named:
        raise InvalidInput("name a collection")
    if len(set(named.values())) < len(named):
        raise InvalidInput("a collection is named twice")
    if len({each.casefold() for each in named}) < len(named):
        raise InvalidInput("two collections have one name")
    return named


def _times(repeats: int | Mapping[str, int], named: Mapping[str, bytes]) -> dict[str, int]:
    """The repeats of each collection, by its name.

    Raises:
        InvalidInput: a number is below 1, or for a name that no collection has.
    """
    given = dict.fromkeys(named, repeats) if isinstance(repeats, int) else dict(repeats)
    if min(given.values(), default=1) < 1:
        raise InvalidInput("a picture is taken at least once")
    if unknown := given.keys() - named.keys():
        raise InvalidInput(f"no collection is called {', '.join(sorted(unknown))!r:.80}")
    return {name: given.get(name, 1) for name in named}


def _before(place: Path, now: Path, tool: str) -> Laid | None:
    """What was laid there before.

    Raises:
        InvalidInput: there is something else, it was laid for another trainer, or the path is no
            text.
    """
    try:
        str(place).encode()
    except UnicodeError:
        raise InvalidInput(
            f"{str(place)!r:.200} is no text in UTF-8, so no trainer can be told of it; name "
            "another folder"
        ) from None
    if now == place and os.path.lexists(place) and not place.is_dir():
        raise InvalidInput(f"{place} is no folder")
    if (now / FILE).is_file():
        before = read(now)
        if before.tool != tool:
            raise InvalidInput(
                f"{place} was laid for {before.tool}; clear it first (kiseki training clear), or "
                "name another folder"
            )
        return before
    if now.is_dir() and any(now.iterdir()):
        raise InvalidInput(f"{now} holds files that Kiseki did not lay; name a new folder")
    return None


def _copies(
    place: Path,
    now: Path,
    laid: Laid,
    ours: Mapping[str, bytes | None],
    paths: Mapping[tuple[str, str], tuple[Path, Path | None]],
) -> tuple[list[Copy], int, list[Path]]:
    """What is written, how many files are there, and the captions that somebody changed.

    Raises:
        FilesError: something else stands where a picture is to be.
    """
    copies, there, changed = [], 0, list[Path]()
    for subset in laid.subsets:
        inside = now / subset.folder
        if inside.is_symlink() or (inside.exists() and not inside.is_dir()):
            raise FilesError(f"{inside} is not the folder that was laid; move it away")
        for each in subset.pictures:
            source, caption = paths[subset.folder, each.file]
            target = inside / each.file
            if is_laid(target, each.digest):
                there += 1
            elif os.path.lexists(target):
                raise FilesError(
                    f"{target} is another file than the one that was laid; move it away"
                )
            else:
                size = source.stat().st_size
                copies.append(
                    Copy(place / subset.folder / each.file, source, each.digest, size, True)
                )
            if caption is None or each.caption is None:
                continue
            beside = inside / each.caption_file
            if is_laid(beside, each.caption):
                there += 1
            elif os.path.lexists(beside) and not is_laid(
                beside, ours.get(f"{subset.folder}/{each.caption_file}")
            ):
                changed.append(place / subset.folder / each.caption_file)
            else:
                named = place / subset.folder / each.caption_file
                copies.append(Copy(named, caption, each.caption, caption.stat().st_size, False))
    return copies, there, changed


def _ours(before: Laid | None) -> dict[str, bytes | None]:
    """Captions and settings as they were laid before, by their names from the folder on: as long as
    they are that, others may take their place."""
    if before is None:
        return {}
    return {**before.settings} | {
        f"{subset.folder}/{each.caption_file}": each.caption
        for subset in before.subsets
        for each in subset.pictures
    }
