"""Mistakes that would otherwise be accepted, paid for, and do nothing or the wrong thing."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from kiseki import Kiseki, LocalKiseki
from kiseki.errors import InvalidInput


@pytest.fixture
def drawing(tmp_path: Path) -> Path:
    path = tmp_path / "drawing.txt"
    path.write_text("a drawing")
    return path


def test_an_id_is_no_commitment_to_revoke(k: LocalKiseki, artist: Kiseki, drawing: Path) -> None:
    """Promise 2: a revocation that ends nothing is refused before it is paid for."""
    prepared = artist.data.prepare(drawing, k.data.define_terms("train"))
    artist.data.register(prepared)
    (item,) = prepared.items
    for wallet, given in ((artist, item.id), (k, item.commitment)):
        with pytest.raises(InvalidInput, match="not its ID"):
            wallet.data.revoke_item(given)
    artist.data.revoke_item(item.commitment)
    assert [each for each, _ in k.index.collection(prepared.id).items_revoked] == [item.commitment]


def test_what_was_prepared_is_not_said_again(k: LocalKiseki, artist: Kiseki, drawing: Path) -> None:
    """Promise 4: a payee that would be passed over is refused, not ignored."""
    terms = k.data.define_terms("train")
    prepared = artist.data.prepare(drawing, terms)
    with pytest.raises(InvalidInput, match="say them to prepare"):
        artist.data.register(prepared, payee=k.address)
    with pytest.raises(InvalidInput, match="say them to prepare"):
        artist.data.register(prepared, terms)
    with pytest.raises(InvalidInput, match="define_terms"):
        artist.data.register(drawing, "train")  # type: ignore[arg-type]


def test_terms_that_have_ended_are_not_defined(k: LocalKiseki) -> None:
    with pytest.raises(InvalidInput, match="name a later time"):
        k.data.define_terms("train", valid_until=datetime(2020, 1, 1, tzinfo=UTC))


def test_names_are_no_addresses(k: LocalKiseki) -> None:
    with pytest.raises(InvalidInput, match="the new holder must be an address"):
        k.rights.transfer(1, "somebody")
    with pytest.raises(InvalidInput, match="the token must be an address"):
        k.balance("USDC")
    with pytest.raises(InvalidInput, match="32 bytes"):
        k.outputs.payee("0x00")  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="from 0"):
        k.wallet(-1)
