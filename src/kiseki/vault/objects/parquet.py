"""The pictures of a Parquet file, as Hugging Face's datasets writes them.

A column of pictures is a struct of ``bytes`` and ``path``, or bytes where the file's own
description calls it an image. The column ``text`` or ``caption``, if there is one, describes them.
A path without bytes is never opened: it is one of another machine.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiseki.errors import FilesError, InvalidInput
from kiseki.vault.files import still
from kiseki.vault.objects.envelope import Called
from kiseki.vault.objects.item import Added
from kiseki.vault.objects.sources import Held

if TYPE_CHECKING:
    import pyarrow

__all__ = ["is_parquet", "pictures"]

_ROWS = 16
"""Rows that are decoded together."""
_CAPTIONS = ("text", "caption")


def is_parquet(path: str | Path) -> bool:
    """Whether a file is a Parquet file, by its name."""
    return os.path.basename(path).lower().endswith(".parquet")  # noqa: PTH119 - of a text too


def pictures(path: str | Path, added: Added) -> Iterator[tuple[Held, Called]]:
    """The pictures of a Parquet file, one after the other, and what they are called. Of its rows a
    few are held, and a page of each column.

    Args:
        added: takes rows without a picture.

    Raises:
        FilesError: it cannot be read, is damaged or cut off, has no column of pictures, or changed
            while it was read.
        InvalidInput: pyarrow is not installed.
    """
    try:
        import pyarrow
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise InvalidInput(
            "reading Parquet needs pyarrow: pip install 'kiseki[parquet]'"
        ) from error
    try:
        with still(path), ParquetFile(
            str(path), buffer_size=1 << 16, pre_buffer=False, thrift_string_size_limit=64 << 20
        ) as file:  # fmt: skip
            schema = file.schema_arrow
            columns = _columns(schema)
            if not columns:
                raise FilesError(
                    f"{path} has no column of pictures (a struct of bytes and path); its columns "
                    f"are {', '.join(schema.names)}"[:400]
                )
            caption = _caption(schema)
            wanted = [*columns, *([caption] if caption else [])]
            stem, row = Path(path).stem, 0
            batches = file.iter_batches(_ROWS, columns=wanted, use_threads=False)
            for batch in batches:
                for values in batch.to_pylist():
                    yield from _row(values, columns, caption, stem, row, str(path), added)
                    row += 1
    except pyarrow.ArrowException as error:
        raise _damaged(path, error) from error
    except OSError as error:  # what Arrow says of a page that does not decode
        raise _damaged(path, error) from error


def _row(
    values: dict[str, Any], columns: list[str], caption: str, stem: str, row: int, path: str,
    added: Added,
) -> Iterator[tuple[Held, Called]]:  # fmt: skip
    said = str(values.get(caption) or "") if caption else ""
    for column in columns:
        value = values[column]
        data = value.get("bytes") if isinstance(value, dict) else value
        name = (value.get("path") if isinstance(value, dict) else None) or ""
        where = f"{path}, row {row + 1:,}, {column}"
        if data is None:
            added.elsewhere += 1
            continue
        more = f"-{column}" if len(columns) > 1 else ""
        yield Held(data, where), Called(name or f"{stem}-{row:08}{more}", said)


def _columns(schema: pyarrow.Schema) -> list[str]:
    from pyarrow import types

    described = _described(schema)

    def holds(field: pyarrow.Field) -> bool:
        kind = field.type
        if types.is_struct(kind):
            names = {kind.field(i).name: kind.field(i).type for i in range(kind.num_fields)}
            return "path" in names and "bytes" in names and _binary(names["bytes"])
        return field.name in described and _binary(kind)

    return [field.name for field in schema if holds(field)]


def _binary(kind: pyarrow.DataType) -> bool:
    from pyarrow import types

    return bool(types.is_binary(kind) or types.is_large_binary(kind))


def _described(schema: pyarrow.Schema) -> set[str]:
    """The columns that the file's own description calls images; nothing where it has none."""
    said = (schema.metadata or {}).get(b"huggingface", b"{}")
    with contextlib.suppress(ValueError, AttributeError, RecursionError):
        features = json.loads(said).get("info", {}).get("features", {})
        return {
            name for name, each in features.items()
            if isinstance(each, dict) and each.get("_type") == "Image"
        }  # fmt: skip
    return set()


def _caption(schema: pyarrow.Schema) -> str:
    from pyarrow import types

    for name in _CAPTIONS:
        for field in schema:
            kind = field.type
            if field.name == name and (types.is_string(kind) or types.is_large_string(kind)):
                return name
    return ""


def _damaged(path: str | Path, error: BaseException) -> FilesError:
    said = " ".join(str(error).split())
    return FilesError(
        f"{path} is damaged, cut off, or no Parquet file ({said:.200}); fetch it again"
    )
