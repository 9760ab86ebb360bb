"""Signed messages in files: what they say is shown, and whatever else they hold is refused."""

import json
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from eth_account import Account

from kiseki import Kiseki, LocalKiseki
from kiseki.client import cancellations
from kiseki.client.data import waivers
from kiseki.client.letters import Letter, must_be_for
from kiseki.client.revenue import redirects
from kiseki.client.rights import mints
from kiseki.client.wallet import Signed
from kiseki.core.values import to_hex
from kiseki.errors import FilesError, InvalidInput, SigningError

OTHER = "0x" + "12" * 20
ID = b"\x05" * 32


def mint(k: Kiseki, place: Path) -> Signed:
    (place / "art.txt").write_text("a drawing")
    made = k.data.register(place / "art.txt", k.data.define_terms("train", "0%"))
    return k.rights.sign_mint("collection", made.id, royalty="5%")


Make = Callable[[Kiseki, Path], Signed]
KINDS: dict[str, tuple[Letter, Make, str]] = {
    "redirect": (redirects.LETTER, lambda k, _: k.revenue.redirection(OTHER), "to"),
    "waiver": (waivers.LETTER, lambda k, _: k.data.waive_payee(ID, OTHER), "collection"),
    "cancellation": (
        cancellations.LETTER,
        lambda k, _: k.signed(k.cancellations.prepare(5)),
        "cancelled",
    ),
    "mint": (mints.LETTER, mint, "id"),
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_letter_is_read_back_as_it_was_signed(artist: Kiseki, tmp_path: Path, kind: str) -> None:
    letter, make, _ = KINDS[kind]
    signed, path = make(artist, tmp_path), tmp_path / "letter.json"
    (tmp_path / "letter.json.part").write_text("of a run that was interrupted")
    letter.write(path, signed)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert letter.read(path) == signed
    ours = json.loads(path.read_text("utf-8"))["kiseki"]
    assert (ours["words"], ours["words_ja"]) == (letter.words(signed), letter.words(signed, "ja"))
    assert artist.address in letter.words(signed, "ja") and "（UTC）" in letter.words(signed, "ja")
    assert artist.address in letter.words(signed)
    assert "UTC" in letter.words(signed), "until when, as people write it"
    with pytest.raises(FilesError, match="name another"):
        letter.write(path, signed)
    assert letter.words(replace(signed, signature=b"")) == letter.words(signed), "shown before"


def test_a_letter_that_says_other_things_is_refused(
    artist: Kiseki, tmp_path: Path, kind: str
) -> None:
    letter, make, name = KINDS[kind]
    path = tmp_path / "letter.json"
    letter.write(path, make(artist, tmp_path))
    given = json.loads(path.read_text())
    message, ours = given["message"], given["kiseki"]
    bent = {"to": OTHER[:-1] + "3", "cancelled": "6"}.get(name, to_hex(b"\x06" * 32))
    cases: list[tuple[object, type[Exception], str]] = [
        (given | {"message": message | {name: bent}}, SigningError, "the signature is not"),
        (given | {"message": message | {"nonce": "6"}}, SigningError, "the signature is not"),
        (given | {"kiseki": ours | {"signature": "0x" + "11" * 65}}, SigningError, "is not"),
        (given | {"kiseki": ours | {"words": "Nothing happens."}}, InvalidInput, "does not say"),
        (given | {"kiseki": ours | {"words_ja": "何も"}}, InvalidInput, "does not say"),
        (given | {"kiseki": ours | {"more": 1}}, InvalidInput, "is no "),
        (given | {"kiseki": ours | {"format": "kiseki-other-v1"}}, InvalidInput, "is no "),
        (given | {"message": message | {"more": 1}}, InvalidInput, "is no "),
        (given | {"primaryType": "Consent"}, InvalidInput, "is no "),
        (given | {"message": 5}, InvalidInput, "is no "),
        (given | {"kiseki": ours | {"signature": None}}, InvalidInput, "is no "),
        ([], InvalidInput, "is no "),
    ]
    for document, error, said in cases:
        path.write_text(json.dumps(document))
        with pytest.raises(error, match=said):
            letter.read(path)
    with pytest.raises(FilesError, match="cannot be read"):
        letter.read(tmp_path / "nowhere.json")


def test_a_letter_of_another_kind_is_refused(artist: Kiseki, tmp_path: Path, kind: str) -> None:
    letter, make, _ = KINDS[kind]
    path = tmp_path / "letter.json"
    letter.write(path, make(artist, tmp_path))
    for name, (other, _, _) in KINDS.items():
        if name != kind:
            with pytest.raises(InvalidInput, match=r"is no .*sign one with `kiseki"):
                other.read(path)


def test_a_letter_for_another_chain_is_not_brought(
    k: LocalKiseki, artist: Kiseki, tmp_path: Path
) -> None:
    signed = mint(artist, tmp_path)
    assert must_be_for(k.session, signed) == "RightsToken"
    domain = signed.message["domain"]
    for bent in ({"chainId": 1}, {"verifyingContract": OTHER}):
        elsewhere = replace(signed, message=signed.message | {"domain": domain | bent})
        with pytest.raises(InvalidInput, match="act on the chain that is named"):
            k.rights.mint_for(elsewhere)
        with pytest.raises(InvalidInput, match="act on the chain that is named"):
            k.cancellations.submit(elsewhere)
        with pytest.raises(InvalidInput, match="act on the chain that is named"):
            artist.data.set_payee(ID, OTHER, elsewhere)


def test_a_registrant_without_ether_has_its_token_minted_once(
    k: LocalKiseki, stranger: Kiseki, tmp_path: Path
) -> None:
    """Promise 5: by a stranger, to the registrant, with the income that it signed."""
    poor = k.using(Account.from_key("0x" + "5a" * 32))
    (tmp_path / "art.txt").write_text("a drawing")
    terms = k.data.define_terms("train", "0%")
    group = k.data.prepare(tmp_path / "art.txt", terms, provider=poor.address)
    k.data.register(group, consent=poor.data.consent(group))
    mints.LETTER.write(tmp_path / "mint.json", poor.rights.sign_mint("collection", group.id))
    assert poor.balance() == 0
    stranger.rights.mint_for(mints.LETTER.read(tmp_path / "mint.json"))
    token = k.rights.token("collection", group.id)
    assert k.rights.holder(token) == poor.address
    stranger.rights.mint_for(mints.LETTER.read(tmp_path / "mint.json"))  # nothing changes
    assert k.rights.holder(token) == poor.address
