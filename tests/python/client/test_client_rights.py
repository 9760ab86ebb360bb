"""What a rights token says of itself, on a real chain. Promises 5 and 7."""

import base64
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kiseki import ContractReverted, Kiseki, LocalKiseki, Manifest
from kiseki.chain.contract.contracts import Call
from kiseki.client.data import waivers
from kiseki.client.revenue.revenue import ETHER
from kiseki.core import ids, seal
from kiseki.core.keccak import keccak256
from kiseki.core.metadata import parse
from kiseki.core.split import Split
from kiseki.core.values import ZERO32, to_hex
from kiseki.errors import InvalidInput, NotInIndex, SigningError

from ..conftest import Folder, ask

EXTERNAL = ids.External(b"\x02" * 32, ZERO32)
PREFIX = "data:application/json;base64,"
ANYBODYS = bytes.fromhex("6632" + "5f5260205ff3" + "5f52600760" + "19f3")
"""Creates a registry that says of every ID that whoever sends the transaction registered it, and
is its payee: ``ORIGIN``, in seven bytes."""


def registry_of_anybody(k: Kiseki) -> str:
    sent = ask(k, "eth_sendTransaction", {"from": k.address, "data": "0x" + ANYBODYS.hex()})
    receipt = k.session.w3.eth.wait_for_transaction_receipt(sent)
    return str(receipt["contractAddress"])


def opened(uri: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(base64.b64decode(uri.removeprefix(PREFIX), validate=True))
    return document


def closed(document: dict[str, Any]) -> str:
    return PREFIX + base64.b64encode(json.dumps(document).encode()).decode()


def mint_unchecked(k: Kiseki, registry: str, numbers: range) -> list[int]:
    """Mints under a registry of anybody's; what the client does not do."""
    contract = k.session["RightsToken"]
    groups = [keccak256(number.to_bytes(4)) for number in numbers]
    for group in groups:
        spec = (registry, group, ZERO32, 0, 0, 0)
        call: Call = contract.call("mint", spec, (b"", ZERO32, 0, 0, b""))
        transaction = {"from": k.address, "to": call.to, "data": "0x" + call.data.hex()}
        sent = ask(k, "eth_sendTransaction", transaction | {"gas": hex(500_000)})
    # Anvil mines after it has answered. The last is mined when all are.
    k.session.w3.eth.wait_for_transaction_receipt(sent)
    tokens = [int.from_bytes(ids.subject(registry, group)) for group in groups]
    holders = contract.read_all("ownerOf", [(token,) for token in tokens])
    assert set(holders) == {k.address}
    return tokens


@pytest.fixture
def drawings(artist: Kiseki, folder: Folder) -> bytes:
    terms = artist.data.define_terms("train", royalty="20%")
    return artist.data.register(folder("art", {"1.svg": b"1", "2.svg": b"2"}), terms).id


def test_a_token_says_what_it_stands_for(artist: Kiseki, drawings: bytes) -> None:
    artist.rights.mint("collection", drawings, document=keccak256(b"the rights"), royalty="2.5%")
    token = artist.rights.token("collection", drawings)
    said = artist.rights.metadata(token)
    assert (said.kind, said.id, said.registrant) == ("collection", drawings, artist.address)
    assert said.registry == artist.session["DataRegistry"].address
    assert said.document == keccak256(b"the rights")
    assert (said.royalty, said.income, said.locked) == (Decimal("2.5"), None, False)
    assert said.image == seal.svg(token.to_bytes(32))
    assert said.name == f"Kiseki rights 軌跡 {seal.short(token.to_bytes(32))}"
    with pytest.raises(ContractReverted, match="its registrant mints it first"):
        artist.rights.metadata(token + 1)


def test_the_metadata_has_the_form_that_marketplaces_read(artist: Kiseki, drawings: bytes) -> None:
    artist.rights.mint("collection", drawings)
    token = artist.rights.token("collection", drawings)
    contract = artist.session["RightsToken"]
    uri = contract.read("tokenURI", token)
    raw = base64.b64decode(uri.removeprefix(PREFIX), validate=True)
    assert raw.isascii(), "read right also byte by byte"
    document = json.loads(raw)
    assert all(isinstance(document[key], str) for key in ("name", "description", "image"))
    assert document["image"].startswith("data:image/svg+xml;base64,")
    assert all(each.keys() == {"trait_type", "value"} for each in document["attributes"])
    whole = opened(contract.read("contractURI"))
    assert whole.keys() == {"name", "symbol", "description", "image"}
    assert (whole["name"], whole["symbol"]) == (contract.read("name"), contract.read("symbol"))


def test_the_income_of_a_batch_is_shown_by_anybody_and_is_what_the_holder_gets(
    k: LocalKiseki,
    artist: Kiseki,
    developer: Kiseki,
    creator: Kiseki,
    stranger: Kiseki,
    buyer: Kiseki,
    drawings: bytes,
    folder: Folder,
) -> None:
    asks = developer.data.define_terms("train", royalty="5%")
    weights = developer.models.weights(folder("model", {"m": b"weights"}) / "m")
    items = [ids.item_id(artist.address, each) for each in k.index.collection(drawings).published]
    manifest = Manifest({drawings: [(item, 1) for item in sorted(items)]})
    model = developer.models.register(weights, asks, manifest=manifest).id
    developer.rights.mint("model", model)
    pictures = creator.outputs.prepare(folder("cut", {"1.png": b"1"}), [model])
    creator.outputs.register(pictures)
    with pytest.raises(ContractReverted, match="its registrant mints it first"):
        stranger.rights.show_income("batch", pictures.id)
    assert creator.rights.income("batch", pictures.id).words == "75% of what is paid to the batch"
    receipt = creator.rights.mint("batch", pictures.id)
    token = creator.rights.token("batch", pictures.id)
    names = [event.name for event in k.session.events(receipt)]
    assert names[-2:] == ["Unlocked", "IncomeShown"], "minted with what reaches it"
    assert creator.rights.metadata(token).income == Decimal("75")
    again = stranger.rights.show_income("batch", pictures.id)
    assert k.session.events(again) == []
    income = creator.rights.metadata(creator.rights.token("model", model)).income
    assert income == Decimal("80")

    buyer.revenue.pay(buyer.outputs.payee(pictures.id), 10**18)
    claimed = k.revenue.claim(creator.address)
    assert claimed.amounts[creator.address] == {ETHER: 75 * 10**16}


def test_the_income_of_a_collection_is_all_or_taken_back(
    artist: Kiseki, stranger: Kiseki, drawings: bytes
) -> None:
    assert "goes to the wallet" in artist.rights.income("collection", drawings).words
    artist.rights.mint("collection", drawings)
    token = artist.rights.token("collection", drawings)
    own = artist.rights.payee("collection", drawings)
    with pytest.raises(ContractReverted, match="goes elsewhere than to its token") as refused:
        stranger.rights.show_income("collection", drawings)
    assert refused.value.name == "RightsToken_IncomeNotShown"
    assert artist.rights.along(token).startswith("Nothing of the income is on record")
    parts = Split([(ids.wallet(stranger.address), 2), (own.key, 1)])
    artist.data.set_payee(drawings, parts)
    with pytest.raises(NotInIndex):
        stranger.rights.show_income("collection", drawings)
    stranger.revenue.publish(parts)
    stranger.rights.show_income("collection", drawings)
    assert artist.rights.metadata(token).income == Decimal("33.3333")
    assert artist.rights.along(token).startswith("33.3333% of the income is on record")
    with pytest.raises(ContractReverted, match="that is for good") as fixed:
        artist.data.set_payee(drawings, artist.address)
    assert fixed.value.name == "DataRegistry_PayeeIsFixed"
    assert artist.rights.metadata(token).income == Decimal("33.3333"), "for good"


def test_a_collection_is_made_to_pay_its_token_in_the_same_breath(
    artist: Kiseki, developer: Kiseki, stranger: Kiseki, drawings: bytes
) -> None:
    artist.rights.mint("collection", drawings, set_payee=True)
    token = artist.rights.token("collection", drawings)
    assert artist.rights.metadata(token).income == Decimal(100)
    assert artist.rights.along(token).startswith("All of the income is on record")
    assert "allow list" in artist.rights.metadata(token).stays
    with pytest.raises(InvalidInput, match="named when it was registered"):
        model = developer.models.register(
            b"\x01" * 32,
            developer.data.define_terms("train", "0%"),
            parents=[],
            externals=[EXTERNAL],
        )
        developer.rights.mint("model", model.id, set_payee=True)


def test_an_artists_wallet_gives_way_only_with_its_signature(
    k: LocalKiseki, artist: Kiseki, creator: Kiseki, stranger: Kiseki, drawings: bytes,
    tmp_path: Path,
) -> None:  # fmt: skip
    artist.data.set_payee(drawings, creator.address)  # the provider's work for hire, say
    with pytest.raises(ContractReverted, match="Signed_Expired"):
        artist.data.set_payee(drawings, artist.address)
    with pytest.raises(InvalidInput, match="only where this wallet is paid") as refused:
        artist.rights.mint("collection", drawings, set_payee=True)
    assert creator.address.lower() in str(refused.value).lower()
    assert k.rights.holder(k.rights.token("collection", drawings)) is None, "nothing was minted"
    others = stranger.data.waive_payee(drawings, artist.address)
    with pytest.raises(ContractReverted, match="Signed_WrongSignature"):
        artist.data.set_payee(drawings, artist.address, others)
    waivers.LETTER.write(
        tmp_path / "waiver.json", creator.data.waive_payee(drawings, artist.address)
    )
    signed = waivers.LETTER.read(tmp_path / "waiver.json")
    assert artist.address.lower() in waivers.LETTER.words(signed).lower()
    artist.data.set_payee(drawings, artist.address, signed)
    assert k.index.collection(drawings).payee == ids.wallet(artist.address)
    text = (tmp_path / "waiver.json").read_text()
    (tmp_path / "bent.json").write_text(text.replace(to_hex(drawings), "0x" + "11" * 32))
    with pytest.raises(SigningError):
        waivers.LETTER.read(tmp_path / "bent.json")


def test_a_token_is_minted_by_whoever_brings_the_registrants_word(
    k: LocalKiseki, artist: Kiseki, stranger: Kiseki, drawings: bytes
) -> None:
    signed = artist.rights.sign_mint("collection", drawings, keccak256(b"the rights"), "2.5%")
    stranger.rights.mint_for(signed)
    token = k.rights.token("collection", drawings)
    assert k.rights.holder(token) == artist.address
    assert k.rights.metadata(token).document == keccak256(b"the rights")
    assert k.session.events(stranger.rights.mint_for(signed)) == [], "done already"


def test_the_chain_draws_what_python_draws(stranger: Kiseki) -> None:
    """Byte for byte, for 300 subjects; and a registry of anybody's is told from the suite's."""
    registry = registry_of_anybody(stranger)
    tokens = mint_unchecked(stranger, registry, range(300))
    contract = stranger.session["RightsToken"]
    for token, uri in zip(
        tokens, contract.read_all("tokenURI", [(each,) for each in tokens]), strict=True
    ):
        image = opened(uri)["image"]
        drawn = base64.b64decode(image.removeprefix("data:image/svg+xml;base64,"), validate=True)
        assert drawn.decode() == seal.svg(token.to_bytes(32))
    said = stranger.rights.metadata(tokens[0])
    assert (said.kind, said.registry, said.registrant) == (None, registry, None)


MISTAKES: dict[str, Callable[[dict[str, Any]], None]] = {
    "format": lambda d: d.update(format="kiseki-rights-v2"),
    "exactly the members": lambda d: d.update(animation_url="https://example.org"),
    "the image is not the seal": lambda d: d.update(
        image="data:image/svg+xml;base64," + base64.b64encode(b"<svg onload='x()'/>").decode()
    ),
    "the image must begin with": lambda d: d.update(image="https://example.org/a.svg"),
    "the image is not base64": lambda d: d.update(image="data:image/svg+xml;base64,@@@@"),
    "the registry and ID do not give": lambda d: d["attributes"][1].update(value="0x" + "ab" * 32),
    "the registrant must be an address": lambda d: d["attributes"][2].update(value="<b>me</b>"),
    "the rights document must be": lambda d: d["attributes"][3].update(value="0x12"),
    "a share must be a percentage": lambda d: d["attributes"][4].update(value="101%"),
    "a share must be": lambda d: d["attributes"][5].update(value="5.00%"),
    "Locked must be yes or no": lambda d: d["attributes"][7].update(value="maybe"),
    "the attribute Locked must be here": lambda d: d["attributes"][7].update(trait_type="Rank"),
    "a JSON array of 8": lambda d: d["attributes"].append({"trait_type": "Rank", "value": "1"}),
    "the attribute Income must be text": lambda d: d["attributes"][5].update(value=75),
    "text without control characters": lambda d: d.update(description="a\x07"),
}


@pytest.fixture
def uri(artist: Kiseki, drawings: bytes) -> tuple[str, int]:
    artist.rights.mint("collection", drawings)
    token = artist.rights.token("collection", drawings)
    return artist.session["RightsToken"].read("tokenURI", token), token


def test_what_a_node_makes_up_is_refused(uri: tuple[str, int]) -> None:
    told, token = uri
    assert parse(told, token, {}).token == token
    for said, mistake in MISTAKES.items():
        document = opened(told)
        mistake(document)
        with pytest.raises(InvalidInput, match=said):
            parse(closed(document), token, {})
    with pytest.raises(InvalidInput, match="do not give this token's number"):
        parse(told, token + 1, {})
    with pytest.raises(InvalidInput, match="no longer than"):
        parse(told + "A" * 20_000, token, {})
    with pytest.raises(InvalidInput, match="must begin with"):
        parse("https://example.org/1.json", token, {})


def test_a_payee_that_is_a_token_says_so_when_it_is_minted(artist: Kiseki, drawings: bytes) -> None:
    artist.data.set_payee(drawings, artist.rights.payee("collection", drawings))
    artist.rights.mint("collection", drawings)
    token = artist.rights.token("collection", drawings)
    assert artist.rights.metadata(token).income == Decimal(100)
