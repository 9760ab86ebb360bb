"""Mistakes that would otherwise be accepted, paid for, and do nothing or the wrong thing."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kiseki import Kiseki, LocalKiseki
from kiseki.cli.model import read_manifest
from kiseki.client import whole
from kiseki.client.data.consents import Consent
from kiseki.client.data.standing import StandingConsent
from kiseki.errors import InvalidInput


@pytest.fixture
def drawing(tmp_path: Path) -> Path:
    path = tmp_path / "drawing.txt"
    path.write_text("a drawing")
    return path


def test_an_id_is_no_commitment_to_revoke(k: LocalKiseki, artist: Kiseki, drawing: Path) -> None:
    """Promise 2: a revocation that ends nothing is refused before it is paid for."""
    prepared = artist.data.prepare(drawing, k.data.define_terms("train", "0%"))
    artist.data.register(prepared)
    (item,) = prepared.items
    for wallet, given in ((artist, item.id), (k, item.commitment)):
        with pytest.raises(InvalidInput, match="not its ID"):
            wallet.data.revoke_item(given)
    artist.data.revoke_item(item.commitment)
    assert [each for each, _ in k.index.collection(prepared.id).items_revoked] == [item.commitment]


def test_what_was_prepared_is_not_said_again(k: LocalKiseki, artist: Kiseki, drawing: Path) -> None:
    """Promise 4: a payee that would be passed over is refused, not ignored."""
    terms = k.data.define_terms("train", "0%")
    prepared = artist.data.prepare(drawing, terms)
    with pytest.raises(InvalidInput, match="say them to prepare"):
        artist.data.register(prepared, payee=k.address)
    with pytest.raises(InvalidInput, match="say them to prepare"):
        artist.data.register(prepared, terms)
    with pytest.raises(InvalidInput, match="define_terms"):
        artist.data.register(drawing, "train")  # type: ignore[arg-type]


def test_terms_that_have_ended_are_not_defined(k: LocalKiseki) -> None:
    with pytest.raises(InvalidInput, match="name a later time"):
        k.data.define_terms("train", "0%", valid_until=datetime(2020, 1, 1, tzinfo=UTC))


def test_names_are_no_addresses(k: LocalKiseki) -> None:
    with pytest.raises(InvalidInput, match="the new holder must be an address"):
        k.rights.transfer(1, "somebody")
    with pytest.raises(InvalidInput, match="the token must be an address"):
        k.balance("USDC")
    with pytest.raises(InvalidInput, match="32 bytes"):
        k.outputs.payee("0x00")  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="from 0"):
        k.wallet(-1)


def test_nothing_is_sent_to_what_is_no_waterfall(k: LocalKiseki, artist: Kiseki) -> None:
    """Promise 4: a wallet takes any call, and keeps the ether that goes along."""
    falls, before = k.revenue.waterfall, artist.balance()
    ways: list[Callable[[], object]] = [
        lambda: falls.pay(artist.address, 5),
        lambda: falls.pass_on(artist.address),
        lambda: falls.retry(artist.address, 1),
    ]
    for send in ways:
        block = k.session.w3.eth.block_number
        with pytest.raises(InvalidInput, match="is no waterfall of this chain; create it"):
            send()
        assert k.session.w3.eth.block_number == block
    assert artist.balance() == before


def test_a_token_of_nothing_is_not_minted(k: LocalKiseki, artist: Kiseki, drawing: Path) -> None:
    drawings = artist.data.register(drawing, k.data.define_terms("train", "0%")).id
    for kind, group in (("collection", b"\x07" * 32), ("model", drawings), ("batch", drawings)):
        with pytest.raises(InvalidInput, match=f"no {kind} 0x.*check its ID and kind"):
            artist.rights.mint(kind, group)
        with pytest.raises(InvalidInput, match=f"no {kind} 0x.*check its ID and kind"):
            artist.rights.sign_mint(kind, group)


def test_a_number_that_no_signature_has_is_not_cancelled(k: LocalKiseki) -> None:
    for number in (-1, 2**256):
        with pytest.raises(InvalidInput, match="the number of a signature must be from 0"):
            k.revenue.redirect.cancel(number)
        with pytest.raises(InvalidInput, match="the number of a signature must be from 0"):
            k.data.standing.end(number)


def test_a_file_of_another_kind_is_named_with_what_it_should_be(
    k: LocalKiseki, drawing: Path
) -> None:
    for read, said in (
        (whole.read, "is no list; name one that `kiseki lists` wrote"),
        (Consent.read, "as a consent: this is not a JSON document"),
        (StandingConsent.read, "as a standing consent: this is not a JSON document"),
        (k.revenue.split.read, "is the file of no split or title; `kiseki revenue"),
        (read_manifest, "is no manifest ("),
    ):
        with pytest.raises(InvalidInput, match=r"drawing\.txt") as refused:
            read(drawing)
        assert said in str(refused.value)
