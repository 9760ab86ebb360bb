"""Files that are probably no works: what stands in for a file, what programs leave behind.

An ID of an empty file, of a pointer to the file that was meant, or of a page that says "not found"
cannot be taken back, and says that somebody consented to nothing. So such files are *doubtful*:
they are listed, and somebody decides about them before anything is kept or sent. Who says nothing
is refused.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from kiseki.core.counts import counted
from kiseki.errors import FilesError

__all__ = [
    "Decide", "Doubts", "leave_out", "of_content", "of_digest", "of_folder", "of_name", "refuse",
    "take",
]  # fmt: skip

_SHOWN = 5
"""Files that are named for each reason."""
_NOTHING = {
    hashlib.sha256(b"").digest(): "an empty file",
    bytes(32): "a digest of zeros, which no content has",
}
"""What programs write where they found no file."""
_ZEROS = 16
"""Bytes from which on zeros alone say nothing."""

_SYSTEM = "made by a system and not by a person"
_TEMPORARY = "a temporary file"
_ENDS = {
    end: why
    for why, ends in {
        "a download that is not finished": "part partial crdownload download opdownload filepart "
        "aria2 !ut !qb bc! ytdl",
        _TEMPORARY: "tmp temp swp swo bak",
        "a stand-in for a file that is in a cloud": "icloud gdoc gsheet gslides gdraw gform cloud "
        "cloudf nextcloud owncloud dvc",
        "a shortcut": "lnk url webloc desktop",
        "a sidecar, which says something about another file": "xmp aae thm pp3 dop cos",
        "a list of checksums": "md5 sfv sha1 sha256 sha512",
    }.items()
    for end in ends.split()
}
"""By what stands behind the last point of a name."""
_WHOLE = re.compile(
    r"((eh)?thumbs(_vista)?\.db(:.*)?|desktop\.ini|picasa\.ini|icon\r|\.ds_store|\._.*|"
    r"synofile_thumb.*|zbthumbnail\.info)$"
)
_CONFLICT = re.compile(r"\.sync-conflict-|conflicted copy|競合コピー")
_FOLDER = re.compile(
    r"__macosx|\$recycle\.bin|system volume information|lost\+found|@eadir|#recycle|#snapshot|"
    r".*\.(download|part)",
    re.IGNORECASE,
)
_POINTER = re.compile(rb"version https://(git-lfs|hawser)\.github\.com/|# xet version")
_ANNEX = re.compile(rb"[^\n]*/annex/objects/[^\n]*\n?$")
_MEDIA = re.compile(
    r"\.(png|jpe?g|jpe|jfif|gif|webp|bmp|tiff?|avif|hei[cf]|jxl|jp2|ico|tga|exr|dds|psd|psb|clip|"
    r"kra|xcf|mp4|m4v|mov|webm|avi|mkv|wav|mp3|m4a|flac|ogg|opus)$",
    re.IGNORECASE,
)
_SVG = re.compile(r"\.svgz?$", re.IGNORECASE)
_PAGE = re.compile(rb"\s*<(!doctype html|html|head|body)\b", re.IGNORECASE)
_MESSAGE = re.compile(
    rb"\s*([<{]|data:|https?://|[45]\d\d[\s:]|(not found|access denied|forbidden|unauthorized|"
    rb"bad gateway|too many requests|rate limit|error)\b)",
    re.IGNORECASE,
)


class Doubts:
    """Doubtful files by reason; of any number of files a few are remembered.

    Attributes:
        only_left_out: whether there are some that cannot be taken, as a link that leads nowhere.
    """

    def __init__(self) -> None:
        self.only_left_out = False
        self._files: dict[str, tuple[int, list[str]]] = {}

    def __bool__(self) -> bool:
        return bool(self._files)

    def add(self, path: str | Path, why: str, *, readable: bool = True) -> None:
        """One more.

        Args:
            readable: whether it could be taken all the same.
        """
        count, some = self._files.get(why, (0, []))
        self._files[why] = (count + 1, some if count >= _SHOWN else [*some, str(path)])
        self.only_left_out |= not readable

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(count for count, _ in self._files.values())

    @property
    def words(self) -> list[str]:
        """A line for each reason, with the first files."""
        return [
            f"{count:,} {'is' if count == 1 else 'are each'} {why}: {', '.join(some)}"
            + (f" and {count - len(some):,} more" if count > len(some) else "")
            for why, (count, some) in self._files.items()
        ]

    def settle(self, files: Sequence[D], decide: Decide) -> list[D]:
        """Those of some files that are to be registered.

        Raises:
            FilesError: they are refused, or nothing is left.
        """
        for each in files:
            if each.doubt:
                self.add(each.path, each.doubt)
        if not self:
            return list(files)
        takes = decide(self)
        kept = [each for each in files if takes or not each.doubt]
        if not kept:
            raise FilesError("nothing is left to register without the doubtful files")
        return kept


class _Judged(Protocol):
    @property
    def path(self) -> Path: ...
    @property
    def doubt(self) -> str: ...


D = TypeVar("D", bound=_Judged)
Decide = Callable[[Doubts], bool]
"""What becomes of doubtful files: taken (true) or left out; or it raises `FilesError`."""


def refuse(doubts: Doubts) -> bool:
    """Registers nothing.

    Raises:
        FilesError: always; it names them.
    """
    many = f"{counted(doubts.count, 'file')} {'is' if doubts.count == 1 else 'are'}"
    raise FilesError(
        f"{many} doubtful. {'. '.join(doubts.words)}. Remove them, or say what to do (--doubtful "
        "leave-out, or take; in Python doubtful=); nothing was sent"
    )


def leave_out(_: Doubts) -> bool:
    """Registers the other files."""
    return False


def take(doubts: Doubts) -> bool:
    """Registers them as they are.

    Raises:
        FilesError: some cannot be.
    """
    if doubts.only_left_out:
        raise FilesError(
            f"some of these cannot be taken: {'. '.join(doubts.words)}. Remove them, or leave the "
            "doubtful files out; nothing was sent"
        )
    return True


def of_name(name: str) -> str:
    """Why a file with this name is doubtful; empty where it is not."""
    plain = name.casefold()
    if plain.startswith(("~$", ".~lock.")):
        return "the lock of an office program"
    if _WHOLE.match(plain):
        return _SYSTEM
    if plain.endswith("~"):
        return _TEMPORARY
    if _CONFLICT.search(plain):
        return "a copy that a cloud made of a conflict"
    _, point, end = plain.rpartition(".")
    return _ENDS.get(end, "") if point else ""


def of_folder(name: str) -> str:
    """Why all in a folder with this name is doubtful; empty where it is not."""
    return "a folder of a system, not of a person" if _FOLDER.fullmatch(name) else ""


def of_digest(digest: bytes) -> str:
    """Why a content of which only the SHA-256 is known is doubtful; empty where it is not."""
    return _NOTHING.get(digest, "")


def of_content(path: str, size: int, begin: bytes) -> str:
    """Why a file is doubtful by what it holds; empty where it is not.

    Args:
        begin: its first bytes: all of them, or a megabyte.
    """
    if not size:
        return "an empty file"
    if begin[0] == 0:
        zeros = size >= _ZEROS and not begin.strip(b"\0")
        return "a file of zeros, which was never filled" if zeros else ""
    if begin[0] > 0x7F and begin[0] != 0xEF:  # no text that is meant here begins so
        return ""
    head = begin[:1_024].removeprefix(b"\xef\xbb\xbf")
    if _POINTER.match(head) or (b"/annex/objects/" in head and _ANNEX.match(head)):
        return "a pointer to a file that is elsewhere (Git LFS, git-annex); fetch the files first"
    page = (_MESSAGE.match(head) and _MEDIA.search(path)) or (
        _PAGE.match(head) and _SVG.search(path)
    )
    return "a page or message in place of a picture, film or sound" if page else ""
