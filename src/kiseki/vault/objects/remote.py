"""Objects on any filesystem that fsspec knows, as ``s3://bucket/prefix``.

S3 puts an object whole or not at all. Other filesystems may leave half of one; it has no row then,
because a row is written when putting has ended, and an object's name is never used again.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from kiseki.errors import InvalidInput
from kiseki.vault.objects.draft import Draft, Hashing, Lies, Lying, faults_told, name_of, place_of
from kiseki.vault.objects.folder import missing

__all__ = ["Remote"]

_HELD = 1 << 23
"""Bytes of ciphertext that are held in memory before they are put; more lie in a file meanwhile."""
_BLOCK = 1 << 20
"""Bytes that one question reads."""
_UPLOAD = "?uploadId="
"""Between an object's place and an upload that was not ended."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A place for objects.

    Attributes:
        url: the place.
        options: of the filesystem, as fsspec takes them: keys, an endpoint, timeouts.
    """

    url: str
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        try:
            import fsspec  # noqa: F401
        except ImportError as error:
            raise InvalidInput(
                "a place that is a URL needs fsspec: pip install 'kiseki[vault,s3]'"
            ) from error
        try:
            with faults_told(str(self), "kept"):
                self._found()
        except (ImportError, ValueError) as error:
            raise InvalidInput(f"no filesystem is known for {self} ({error})") from error

    def __str__(self) -> str:
        return self.url.rpartition("@")[2] if "@" in self.url else self.url  # no password

    @contextlib.contextmanager
    def draft(self) -> Iterator[Draft]:
        """An object to be written in the block; until it is kept, its ciphertext is here.

        Raises:
            VaultError: it cannot be.
        """
        with tempfile.SpooledTemporaryFile(_HELD) as file:
            yield _Begun(self, file)

    def open(self, name: bytes) -> Lies:
        """An object, for reading at any place.

        Raises:
            VaultError: it is not there, or cannot be read.
        """
        if self.size(name) is None:
            raise missing(name, str(self))
        with faults_told(str(self), "read"):
            file = self._fs.open(
                self._file(name), "rb", block_size=_BLOCK, cache_type="readahead"
            )  # fmt: skip
            return _Told(file, str(self))

    def size(self, name: bytes) -> int | None:
        """Bytes of an object; none where it is not there.

        Raises:
            VaultError: that cannot be said.
        """
        with faults_told(str(self), "found"), contextlib.suppress(FileNotFoundError):
            return int(self._fs.info(self._file(name))["size"])
        return None

    def delete(self, where: bytes | str) -> None:
        """Takes away an object by its name, or something that `walk` found; it may be gone already.

        Raises:
            VaultError: it cannot be.
        """
        file = self._file(where) if isinstance(where, bytes) else f"{self._root}/{where}"
        file, _, upload = file.partition(_UPLOAD)
        with faults_told(str(self), "deleted"), contextlib.suppress(FileNotFoundError):
            if upload:
                bucket, _, key = file.partition("/")
                self._fs.call_s3("abort_multipart_upload", Bucket=bucket, Key=key, UploadId=upload)
            else:
                self._fs.rm_file(file)

    def walk(self) -> Iterator[Lying]:
        """Everything that lies here, a folder at a time; on S3 then the uploads in several parts
        that somebody began and did not end, which S3 keeps for ever and no listing shows.

        Raises:
            VaultError: it cannot be read.
        """
        with faults_told(str(self), "looked for"), contextlib.suppress(FileNotFoundError):
            yield from self._objects()
        if hasattr(self._fs, "call_s3"):
            with faults_told(str(self), "looked for"):
                yield from self._uploads()

    def _objects(self) -> Iterator[Lying]:
        for folder in sorted(self._fs.ls(self._root, detail=False)):
            for found in self._fs.ls(folder, detail=True):
                if found["type"] == "file" and not found["name"].endswith("/"):
                    yield self._lying(found)

    def _uploads(self) -> Iterator[Lying]:
        """Of objects of this place; other uploads of the bucket are somebody else's."""
        bucket, _, prefix = self._root.partition("/")
        begin = f"{prefix}/" if prefix else ""
        after: dict[str, str] = {}
        while True:
            answer = self._fs.call_s3(
                "list_multipart_uploads", Bucket=bucket, Prefix=begin, **after
            )
            for found in answer.get("Uploads", ()):
                where = str(found["Key"]).removeprefix(begin)
                if name_of(where):
                    seconds = found["Initiated"].timestamp()
                    yield Lying(b"", 0, seconds, f"{where}{_UPLOAD}{found['UploadId']}")
            if not answer.get("IsTruncated"):
                return
            after = {
                "KeyMarker": answer["NextKeyMarker"],
                "UploadIdMarker": answer["NextUploadIdMarker"],
            }

    def _lying(self, found: Mapping[str, Any]) -> Lying:
        where = str(found["name"]).rstrip("/")[len(self._root) + 1 :]
        when = found.get("LastModified") or found.get("mtime") or found.get("created") or 0
        seconds = when.timestamp() if isinstance(when, datetime) else float(when)
        return Lying(name_of(where), int(found["size"]), seconds, where)

    def _file(self, name: bytes) -> str:
        return f"{self._root}/{place_of(name)}"

    @property
    def _fs(self) -> Any:
        return self._found()[0]

    @property
    def _root(self) -> str:
        return cast("str", self._found()[1]).rstrip("/")

    def _found(self) -> tuple[Any, Any]:
        """The filesystem, of which fsspec keeps one a process, and the path in it."""
        from fsspec.core import url_to_fs

        # What was listed once is not what is there now, and a list of millions needs memory.
        given = {"use_listings_cache": False, **self.options}
        found: tuple[Any, Any] = url_to_fs(self.url, **given)
        return found


class _Begun(Hashing):
    """A draft, in memory or in a file of mode 0600 without a name."""

    def __init__(self, place: Remote, file: Any) -> None:
        super().__init__()
        self._place, self._file = place, file

    def _put(self, data: bytes) -> None:
        with faults_told("the folder for temporary files", "kept"):
            self._file.write(data)

    def keep(self) -> bytes:
        name = self.name
        fs, to = self._place._fs, self._place._file(name)
        self._file.seek(0)
        with faults_told(str(self._place), "kept"):
            if fs.protocol in ("file", ("file", "local")):
                fs.makedirs(to.rpartition("/")[0], exist_ok=True)
            if self.size <= _HELD:
                fs.pipe_file(to, self._file.read())
            else:
                with fs.open(to, "wb", block_size=_HELD) as there:  # several puts, then one end
                    shutil.copyfileobj(self._file, there, _BLOCK)
        return name


class _Told:
    """A file of another system, whose errors are ours."""

    def __init__(self, file: Any, place: str) -> None:
        self._file, self._place = file, place

    def seek(self, offset: int, whence: int = 0, /) -> int:
        with faults_told(self._place, "read"):
            return int(self._file.seek(offset, whence))

    def read(self, size: int = -1, /) -> bytes:
        with faults_told(self._place, "read"):
            return bytes(self._file.read(size))

    def close(self) -> None:
        self._file.close()
