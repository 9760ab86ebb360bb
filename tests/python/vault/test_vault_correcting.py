"""A name that was wrong is put right, and the old one is gone (GDPR Art. 16; APPI Art. 34)."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiseki.errors import InvalidInput
from kiseki.vault.keystore import KeyStore
from kiseki.vault.objects.envelope import Called, name_sealed
from kiseki.vault.personal.correcting import correct
from kiseki.vault.vault import Vault

from .conftest import OTHER, WHO
from .keeping import Key, content, fill, forms, vault_of

CONTENTS = [content(each) for each in range(3)]
WRONG = Called(CONTENTS[0].name, CONTENTS[0].caption)
RIGHT = Called("cut-000-naoshi.png", "朝の港")


def called(vault: Vault, provider: str, number: int = 0) -> list[Called]:
    found = vault.contents.content_of(provider, CONTENTS[number].digest)
    assert found is not None
    return found.called()


def test_a_name_is_put_right_wherever_it_stands(store_url: Path | str, tmp_path: Path) -> None:
    vault = vault_of(store_url, tmp_path / "objects", Key())
    kept = fill(vault, WHO, CONTENTS)
    fill(vault, OTHER, CONTENTS[:1])
    correct(vault, WHO, CONTENTS[0].digest, WRONG, RIGHT)
    assert called(vault, WHO) == [RIGHT]
    assert called(vault, OTHER) == [WRONG]  # another provider's own copy
    assert called(vault, WHO, 1) == [Called(CONTENTS[1].name, CONTENTS[1].caption)]
    (part,) = vault.keys.slices(kept.id)
    names = dict(zip(part.digest_list, part.names, strict=True))
    assert names[CONTENTS[0].digest] == (RIGHT.name,)
    assert names[CONTENTS[1].digest] == (CONTENTS[1].name,)
    # Adding it under the right name finds it again, and makes no second name.
    fill(vault, WHO, [type(CONTENTS[0])(RIGHT.name, RIGHT.caption, CONTENTS[0].body)])
    assert called(vault, WHO) == [RIGHT]
    with pytest.raises(InvalidInput, match="not called so"):
        correct(vault, WHO, CONTENTS[0].digest, WRONG, RIGHT)
    with pytest.raises(InvalidInput, match="not in the vault"):
        correct(vault, OTHER, CONTENTS[1].digest, WRONG, RIGHT)
    vault.keys.close()


def test_the_old_name_is_gone_from_the_disk(tmp_path: Path) -> None:
    """As it stood in the row, for who has the key; in clear it was never there."""
    here = tmp_path / "here"
    here.mkdir()
    key = Key()
    vault = vault_of(here / "store", here / "objects", key)
    fill(vault, WHO, CONTENTS)
    row = vault.objects.find(WHO, CONTENTS[0].digest)
    assert row is not None
    (sealed,) = vault.objects.called(row.name)

    def lies(value: bytes) -> bool:
        there = b"".join(each.read_bytes() for each in here.rglob("*") if each.is_file())
        return any(form in there for form in forms(value))

    assert lies(sealed)
    correct(vault, WHO, CONTENTS[0].digest, WRONG, RIGHT)
    assert not lies(sealed)
    assert not lies(WRONG.name.encode())
    vault.keys.close()
    with KeyStore(here / "store", key.identity) as keys:
        assert called(Vault(keys, key.identity), WHO) == [RIGHT]


def test_sealing_twice_gives_other_bytes() -> None:
    """So that searching for a row is searching for this row."""
    from kiseki.vault.age.keys import Identity

    recipient = str(Identity.new().recipient)
    assert name_sealed(WRONG, recipient) != name_sealed(WRONG, recipient)
