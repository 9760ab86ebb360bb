"""Names that pages show: what whoever registered something says that it is called.

The chain has only the hash of a name. So a site shows one where it was given that very text, and
where the last word of the wallet itself, or of whoever registered the thing, has its hash. Nobody
checks that a name is right, so none stands alone: it stands with whose word it is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from kiseki.core.keccak import keccak256
from kiseki.core.values import to_hex
from kiseki.index import Index

__all__ = ["Name", "Names"]

_MOST = 2_000
"""IDs of one page that are asked about."""
_WALLET = re.compile(r"0x[0-9a-fA-F]{40}")
_ID = re.compile(r"0x[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Name:
    """What something is called.

    Attributes:
        text: the name.
        kind: what it is, which says whose word the name is.
    """

    text: str
    kind: str


class Names:
    """Names that a site was given.

    Args:
        texts: each as it was stated; the file that was stated may end its only line.
    """

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._texts = {
            keccak256(f"{text}{end}".encode()): text for text in texts for end in ("", "\n")
        }
        told = b"".join(sorted(self._texts))
        self.mark = hashlib.sha256(told).hexdigest()[:8] if told else ""
        """The same only while the names are the same."""

    def text(self, document: bytes) -> str:
        """The text with a hash; empty where this site was not given it."""
        return self._texts.get(document, "")

    def of(self, index: Index, values: Any) -> Mapping[str, Name]:
        """ID or address, in lower case -> its name, of all that stands on a page.

        Args:
            values: of its template.
        """
        if not self._texts:
            return {}
        found = dict.fromkeys(each for each, _ in zip(_ids(values), range(_MOST), strict=False))
        wallets = [each for each in found if len(each) == 42 and int(each, 16)]
        groups = [bytes.fromhex(each[2:]) for each in found if len(each) != 42]
        named = {}
        for each in index.called(groups, wallets):
            text = self.text(each.document)
            if text:
                key = each.key if isinstance(each.key, str) else to_hex(each.key)
                named[key] = Name(text, each.kind)
        return named


def _ids(value: Any) -> Iterator[str]:
    """All IDs and addresses in some values, in lower case."""
    if isinstance(value, str):
        if _WALLET.fullmatch(value) or _ID.fullmatch(value):
            yield value.lower()
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _ids(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _ids(each)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _ids(getattr(value, field.name))
