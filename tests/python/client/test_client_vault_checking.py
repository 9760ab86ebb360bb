"""A vault held against a real chain: what is registered and not here, and the other way round."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.python.vault.keeping import content, fill

from kiseki import LocalKiseki
from kiseki.client.vault import checking
from kiseki.client.vault.checking import Compared, Is, compare
from kiseki.errors import VaultError
from kiseki.vault.erasing import Erasing, Request

from .test_client_vault_audit import World


@pytest.fixture
def world(k: LocalKiseki, tmp_path: Path) -> Iterator[World]:
    made = World(k, tmp_path)
    yield made
    made.vault.keys.close()


def found(world: World, *, read: bool = False) -> dict[bytes, Is]:
    done = Compared()
    items = list(compare(world.vault, world.k.index, done, read=read))
    assert done.items == sum(each.count for each in world.vault.keys.collections())
    return {each.id: each.what for each in items}


def objects(world: World) -> dict[bytes, Path]:
    """Data ID -> the file of its object."""
    names = world.vault.shelf.objects(world.items, world.collection)
    paths = {each.name: each for each in (world.folder / "objects").glob("*/*")}
    return {item: paths[name.hex()] for item, name in names.items()}


def test_each_item_that_is_not_both_here_and_registered_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "_PAGE", 2)  # more than one page
    assert found(world) == {}
    lost, cut, erased = world.items
    kept = fill(world.vault, world.artist.address.lower(), [content(n) for n in range(3)])
    unregistered = dict.fromkeys(world.vault.shelf.all_of(kept.id), Is.UNREGISTERED)
    assert found(world) == unregistered
    paths = objects(world)
    paths[lost].unlink()
    digest = hashlib.sha256(f"art {order(world, erased)}".encode()).digest()
    Erasing(world.vault, clock=world.k.session.now).content(
        world.artist.address, digest, Request("Hanako", "a wish", world.k.session.now())
    )
    raw = bytearray(paths[cut].read_bytes())
    raw[-1] ^= 1
    paths[cut].chmod(0o600)
    paths[cut].write_bytes(raw)
    expected = unregistered | {lost: Is.MISSING, erased: Is.ERASED}
    assert found(world) == expected, "who does not read sees sizes only"
    assert found(world, read=True) == expected | {cut: Is.ALTERED}


def order(world: World, item: bytes) -> int:
    """Which of the world's contents an item is."""
    (here,) = world.vault.shelf.items([item])
    assert here is not None
    body = b"".join(world.vault.shelf.content(here).read(0, 5))
    return int(body[-1:])


def test_an_item_that_is_in_a_registered_collection_too_is_registered(world: World) -> None:
    (item,) = world.vault.shelf.items(world.items[:1])
    assert item is not None
    number = order(world, item.id)
    body = f"art {number}".encode()
    one = content(9)
    same = type(one)(one.name, one.caption, body)
    kept = fill(world.vault, world.artist.address.lower(), [same, content(8)])
    assert world.items[0] in world.vault.shelf.all_of(kept.id)
    (other,) = set(world.vault.shelf.all_of(kept.id)) - {world.items[0]}
    assert found(world) == {other: Is.UNREGISTERED}


def test_content_that_was_never_brought_is_missing(world: World) -> None:
    folder = world.folder / "later"
    folder.mkdir()
    (folder / "1.svg").write_bytes(b"later")
    terms = world.artist.data.define_terms("train", royalty="20%")
    kept = world.artist.data.register(folder, terms)
    (item,) = world.artist.data.openings.items(kept.id)
    assert found(world) == {item.id: Is.MISSING}


def test_a_collection_of_which_the_vault_lacks_a_part_is_no_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(world.vault.keys), "slices", lambda *_: iter(()))
    with pytest.raises(VaultError, match="with 3 items the vault knows 0"):
        found(world)
