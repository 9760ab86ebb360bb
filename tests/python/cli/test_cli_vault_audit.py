"""`kiseki vault audit` as people type it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.python.client.test_client_vault_audit import DAY, World, block_of, other_item

from kiseki import Kiseki, LocalKiseki

from .conftest import Shell


@pytest.fixture
def world(shell: Shell, k: LocalKiseki) -> Iterator[World]:
    folder = shell.folder / "world"
    folder.mkdir()
    made = World(k, folder)
    yield made
    made.vault.keys.close()


def test_an_audit_tells_what_it_rests_on_and_ends_with_4_against_the_vault(
    shell: Shell, world: World, developer: Kiseki
) -> None:
    key = world.folder / "identity"
    key.write_text(world.key.identity.identity)
    key.chmod(0o600)
    more = {
        "KISEKI_SECRETS": str(world.folder / "store"), "KISEKI_VAULT_IDENTITY": str(key),
    }  # fmt: skip
    said = shell.run("vault", "check", "--chain", more=more)
    assert "Of 3 items in 1 collection: nothing is wrong." in said
    world.license(developer, 5)
    (real, _) = world.give(developer, *world.items[:2])
    world.train(developer, world.items[0])
    said = shell.run("vault", "audit", "--documents", str(world.published), more=more)
    assert "had and not declared" in said
    assert "Looked at 2 receipts and 1 model" in said
    (found,) = shell.json("vault", "audit", "--documents", str(world.published), more=more)[
        "findings"
    ]
    assert (found["level"], found["had"], found["chain"]) == ("item", "signed", "proved")
    assert found["items"] == [f"0x{world.items[1].hex()}"]
    said = shell.run("vault", "audit", "--since", "2999-01-01", more=more)
    assert "had and" not in said
    said = shell.run("vault", "audit", "--since", "yesterday", more=more, code=2)
    assert "--since must be a day" in said
    world.k.wait(6 * DAY)
    late = other_item(real, world, 2, until=real.at + 99 * DAY, block=block_of(world))
    world.vault.ledger.issue([late], world.k.session.now())
    said = shell.run("vault", "audit", more=more, code=4)
    assert "had without a licence" in said
    assert "the manifest is not at hand" in " ".join(said.split())
    name = world.vault.shelf.objects(world.items, world.collection)[world.items[0]].hex()
    next((world.folder / "objects").glob(f"*/{name}")).unlink()
    told = shell.json("vault", "check", "--chain", more=more, code=4)
    (lost,) = told["findings"]
    assert (lost["is"], lost["item"]) == ("missing", f"0x{world.items[0].hex()}")
