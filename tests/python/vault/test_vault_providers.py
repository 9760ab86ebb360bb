"""Contents of several providers, added to a vault together (promise 6)."""

from __future__ import annotations

import hashlib
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from kiseki.vault.objects import adding
from kiseki.vault.objects.adding import Item
from kiseki.vault.objects.envelope import Called
from kiseki.vault.objects.sources import Held

from .keeping import Key, content, vault_of

WHO = [f"0x{number:040x}" for number in (1, 2, 3)]


def test_several_providers_share_the_processes_that_encrypt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[ProcessPoolExecutor] = []

    class Counted(ProcessPoolExecutor):
        def __init__(self, *given: Any, **more: Any) -> None:
            super().__init__(*given, **more)
            begun.append(self)

    monkeypatch.setattr(adding, "ProcessPoolExecutor", Counted)
    works = {who: [content(number) for number in range(3)] for who in WHO}
    vault = vault_of(tmp_path / "store", tmp_path / "objects", Key())
    added = vault.add_each(
        (
            (who, (Item(Held(each.body, each.name), each.digest, Called(each.name)) for each in of))
            for who, of in works.items()
        ),
        cores=1,
    )
    assert len(begun) == 1
    assert (added.stored, added.known) == (9, 0), "one copy a provider"
    for who, of in works.items():
        for each in of:
            found = vault.contents.content_of(who, hashlib.sha256(each.body).digest())
            assert found is not None
            with found.open() as opened:
                assert b"".join(opened.read()) == each.body
    vault.keys.close()
