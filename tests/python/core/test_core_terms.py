"""Terms and signed messages hash as Solidity and every wallet hash them (EIP-712)."""

import json
import re
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from eth_account import Account
from eth_account._utils.encode_typed_data.encoding_and_hashing import hash_struct
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from kiseki.core import typed
from kiseki.core.terms import IRREVOCABLE, TERMS_TYPE, Terms, Use
from kiseki.errors import InvalidInput
from kiseki.language import LANGUAGES

ARTIST, CONTRACT = "0x" + "A1" * 20, "0x" + "C0" * 20
HASH = b"\x77" * 32

WORD = st.binary(min_size=32, max_size=32)
ADDRESS = st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
UINT = st.integers(0, 2**256 - 1)
FIELDS = {
    "royalty_bps": st.integers(0, 10_000),
    "floor_bps": st.integers(0, 10_000),
    "valid_until": st.integers(0, 2**64 - 1),
    "notice_seconds": st.integers(0, 2**32 - 1),
    "gate": ADDRESS,
    "document": WORD,
}
RESERVED = st.builds(Terms, **FIELDS)
TERMS = st.one_of(st.builds(Terms, *[st.booleans()] * 6, **FIELDS), RESERVED)

MEMBERS = {
    "bool": st.booleans(),
    "string": st.text(),
    "address": ADDRESS,
    "bytes32": WORD,
    "bytes32[]": st.lists(WORD, max_size=4),
    "address[]": st.lists(ADDRESS, max_size=4),
    "uint16": st.integers(0, 2**16 - 1),
    "uint32": st.integers(0, 2**32 - 1),
    "uint64": st.integers(0, 2**64 - 1),
    "uint96": st.integers(0, 2**96 - 1),
    "uint256": UINT,
    "bytes": st.binary(max_size=80),
    "Terms": TERMS,
    "Call[]": st.lists(st.tuples(ADDRESS, UINT, st.binary(max_size=80)), max_size=3),
}
BUILDERS: dict[str, Callable[..., dict[str, Any]]] = {
    "Consent": typed.consent,
    "Revocation": typed.revocation,
    "ItemRevocation": typed.item_revocation,
    "PayeeChange": typed.payee_change,
    "PayeeWaiver": typed.payee_waiver,
    "Mint": typed.mint,
    "Model": typed.model,
    "Batch": typed.batch,
    "Endorsement": typed.endorsement,
    "Statement": typed.statement,
    "Binding": typed.binding,
    "Redirect": typed.redirect,
    "StandingConsent": typed.standing_consent,
    "Cancellation": typed.cancellation,
    "Cancel": typed.cancel,
    "ApproveTransfer": typed.transfer_approval,
    "Execute": typed.execute,
    "Recovery": typed.recovery,
}


def message(name: str, data: st.DataObject) -> dict[str, Any]:
    """A message with every value drawn, given by name as scripts do."""
    listed = [each.split(" ") for each in typed.MESSAGES[name][1].split(",")]
    python = {
        "sourcesHash": "sources_hash",
        "scheduleId": "schedule",
        "id": "group",
        "perMonth": "per_month",
        "royaltyBps": "royalty_bps",
        "round": "of_round",
    }
    values = {python.get(member, member): data.draw(MEMBERS[kind]) for kind, member in listed}
    return BUILDERS[name](data.draw(st.integers(1, 2**64 - 1)), data.draw(ADDRESS), **values)


@given(terms=TERMS)
def test_the_id_of_terms_is_their_eip_712_struct_hash(terms: Terms) -> None:
    """Promise 2: what the wallet shows is what is stored."""
    full = consent(terms)
    types = {name: fields for name, fields in full["types"].items() if name != "EIP712Domain"}
    expected = hash_struct("Terms", types, full["message"]["terms"])
    assert terms.id == expected


def consent(terms: Terms) -> dict[str, Any]:
    return typed.consent(
        1,
        CONTRACT,
        provider=ARTIST,
        root=HASH,
        count=3,
        terms=terms,
        payee=HASH,
        origin=HASH,
        nonce=2**255,
        deadline=9,
    )


@pytest.mark.parametrize("name", typed.MESSAGES)
@given(data=st.data())
def test_every_message_hashes_as_eth_account_hashes_it(name: str, data: st.DataObject) -> None:
    full = message(name, data)
    signable = encode_typed_data(full_message=full)
    assert typed.digest(full) == keccak(b"\x19\x01" + signable.header + signable.body)
    over_json = encode_typed_data(full_message=json.loads(json.dumps(full)))
    assert over_json == signable


@settings(max_examples=5, deadline=None)
@pytest.mark.parametrize("name", typed.MESSAGES)
@given(data=st.data())
def test_every_message_is_signed_and_its_signer_recovered(name: str, data: st.DataObject) -> None:
    artist = Account.from_key(b"\x01" * 32)
    full = message(name, data)
    signature = artist.sign_typed_data(full_message=full).signature
    assert Account._recover_hash(typed.digest(full), signature=signature) == artist.address


def test_the_types_are_the_text_that_solidity_hashes() -> None:
    assert typed.encode_type("Consent") == (
        "Consent(address provider,bytes32 root,uint64 count,Terms terms,bytes32 payee,"
        "bytes32 origin,uint256 nonce,uint256 deadline)" + TERMS_TYPE
    )
    assert typed.encode_type("Endorsement") == (
        "Endorsement(address developer,bytes32 model,bytes32 batch,uint256 deadline)"
    )
    assert Terms().id == keccak(keccak(TERMS_TYPE.encode()) + bytes(12 * 32))


def test_a_message_binds_chain_contract_and_every_value() -> None:
    terms = Terms.of("train", royalty="20%")
    full = consent(terms)
    seen = {typed.digest(full)}
    for part, name, value in [
        ("domain", "chainId", 2),
        ("domain", "verifyingContract", ARTIST.lower()),
        ("domain", "name", "Kiseki ModelRegistry"),
        ("domain", "version", "2"),
        ("message", "provider", CONTRACT.lower()),
        ("message", "count", "4"),
        ("message", "nonce", "0"),
        ("message", "deadline", "10"),
        ("message", "payee", "0x" + "78" * 32),
        ("message", "terms", consent(Terms.of("train", royalty="21%"))["message"]["terms"]),
    ]:
        changed = {**full, part: {**full[part], name: value}}
        seen.add(typed.digest(changed))
    assert len(seen) == 11


@pytest.mark.parametrize(
    ("uses", "expected"),
    [
        ("train", Use.AI_TRAINING | Use.AI_GENERATIVE_TRAINING | Use.COMMERCIAL_OUTPUT),
        ("reserved", Use(0)),
        ("none", Use(0)),
        ([], Use(0)),
        ("data_mining", Use.DATA_MINING),
        (["train", Use.AI_INFERENCE, "redistribution"], Use(2 + 4 + 8 + 16 + 32)),
        (Use(63), Use(63)),
    ],
)
def test_uses_are_said_in_words_or_flags(uses: Any, expected: Use) -> None:
    assert Terms.of(uses, "0%").uses == expected


def test_the_bits_of_uses_are_in_the_order_of_the_fields() -> None:
    names = [each.split(" ")[1] for each in TERMS_TYPE[6:].split(",")[:6]]
    assert [_camel(str(use.name)) for use in list(Use)[:6]] == names
    assert [int(use) for use in Use] == [1, 2, 4, 8, 16, 32, 64]


def _camel(name: str) -> str:
    first, *rest = name.lower().split("_")
    return first + "".join(map(str.capitalize, rest))


@pytest.mark.parametrize(
    ("share", "bps"),
    [
        ("20%", 2000),
        ("0.01%", 1),
        ("12.50 %", 1250),
        ("100%", 10_000),
        ("0%", 0),
        (Decimal("0.2"), 2000),
        (Decimal("0.0001"), 1),
        (Decimal(1), 10_000),
        (0, 0),
    ],
)
def test_shares_are_exact_to_one_basis_point(share: Any, bps: int) -> None:
    terms = Terms.of("train", royalty=share, floor=share)
    assert (terms.royalty_bps, terms.floor_bps) == (bps, bps)


@given(bps=st.integers(0, 10_000))
def test_every_basis_point_can_be_said(bps: int) -> None:
    assert Terms.of("train", royalty=f"{Decimal(bps) / 100}%").royalty_bps == bps
    assert f" {Decimal(bps) / 100:.2f}".rstrip("0").rstrip(".") + "% of gross" in (
        Terms.of("train", royalty=Decimal(bps) / 10_000).words()
        if bps
        else Terms.of("train", "0%", floor="1%").words()
    )


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Terms.of("everything", "0%"),
        lambda: Terms.of(Use.GENERATION, "0%"),
        lambda: Terms.of(["train", Use.GENERATION], "0%"),
        lambda: Terms.of("generation", "0%"),
        lambda: Terms.of("train", royalty="20"),
        lambda: Terms.of("train", royalty="x%"),
        lambda: Terms.of("train", royalty="%"),
        lambda: Terms.of("train", royalty="NaN%"),
        lambda: Terms.of("train", royalty="-1%"),
        lambda: Terms.of("train", royalty="100.01%"),
        lambda: Terms.of("train", royalty="0.005%"),
        lambda: Terms.of("train", royalty="19.999999999999999999999999999999999999%"),
        lambda: Terms.of("train", royalty="1e-999999%"),
        lambda: Terms.of("train", royalty=Decimal("sNaN")),
        lambda: Terms.of("train", royalty=Decimal("0.00001")),
        lambda: Terms.of("train", royalty=Decimal(20)),
        lambda: Terms.of("train", royalty=20),
        lambda: Terms.of("train", royalty=False),
        lambda: Terms.of("train", royalty=0.2),  # type: ignore[arg-type]
        lambda: Terms.of("train", "0%", valid_until=datetime(2027, 1, 1)),
        lambda: Terms.of("train", "0%", valid_until=datetime(1970, 1, 1, tzinfo=UTC)),
        lambda: Terms.of("train", "0%", notice=timedelta(milliseconds=1500)),
        lambda: Terms.of("train", "0%", notice=timedelta(seconds=-1)),
        lambda: Terms.of("train", "0%", notice=timedelta(days=365 * 200)),
        lambda: Terms.of("train", "0%", gate="0x12"),
        lambda: Terms.of("train", "0%", document="0x12"),
        lambda: Terms(royalty_bps=10_001),
        lambda: Terms(floor_bps=10_001),
        lambda: Terms(valid_until=2**64),
        lambda: Terms(notice_seconds=2**32),
        lambda: Terms(ai_training=1),  # type: ignore[arg-type]
        lambda: consent("terms"),  # type: ignore[arg-type]
        lambda: typed.revocation(
            0, CONTRACT, provider=ARTIST, collection=HASH, nonce=0, deadline=0
        ),
        lambda: typed.revocation(
            1, CONTRACT, provider=ARTIST, collection=HASH, nonce=2**256, deadline=0
        ),
    ],
)
def test_what_cannot_be_said_exactly_is_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(InvalidInput):
        wrong()


def test_times_are_unix_seconds_in_any_zone() -> None:
    tokyo = datetime(2027, 1, 1, 9, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=9)))
    terms = Terms.of("train", "0%", valid_until=tokyo, notice=timedelta(days=30))
    assert (terms.valid_until, terms.notice_seconds) == (1_798_761_600, 2_592_000)


def test_the_case_of_a_gate_does_not_matter() -> None:
    assert Terms.of("train", "0%", gate=ARTIST) == Terms.of("train", "0%", gate=ARTIST.lower())


def test_nobody_consents_for_nothing_unsaid() -> None:
    """Uses and royalty have no default (promise 5)."""
    for left_out in ({}, {"uses": "train"}, {"royalty": "20%"}):
        with pytest.raises(TypeError, match="missing"):
            Terms.of(**left_out)  # type: ignore[arg-type]


def test_terms_are_said_in_plain_words() -> None:
    nothing = "Reserves every use: nothing is allowed."
    assert Terms.of("reserved", "0%", notice=timedelta(0)).words() == nothing
    none = Terms.of("ai_inference", "0%", notice=timedelta(0))
    assert none.words() == "Allows AI inference, for no royalty."
    usual = "Consent ends 30 days after it is revoked."
    assert Terms.of("reserved", "0%").words() == f"{nothing} {usual}"
    assert Terms.of("ai_inference", "0%").words() == f"{none.words()} {usual}"
    assert Terms.of("ai_inference", "0%").words(revocable=False) == none.words()
    for_ever = Terms.of("ai_inference", "0%", notice=IRREVOCABLE)
    assert for_ever.words() == f"{none.words()} Consent is never revoked."
    terms = Terms.of(
        "train",
        royalty="20%",
        floor="0.5%",
        valid_until=datetime(2027, 1, 1, tzinfo=UTC),
        notice=timedelta(days=30),
        gate=ARTIST,
        document=HASH,
    )
    assert terms.words() == (
        "Allows AI training, generative AI training and commercial use of outputs, for a royalty"
        " of 20% of gross, at least 0.5% however little of it is used, until 2027-01-01 00:00"
        f" UTC. Only whom the gate {ARTIST.lower()} lets through may use it. Consent ends 30 days"
        f" after it is revoked. The licence is the document 0x{HASH.hex()}."
    )


@given(terms=TERMS)
def test_terms_are_read_as_they_were_written(terms: Terms) -> None:
    assert Terms.from_json(terms.to_json()) == terms
    assert Terms.from_json("\ufeff" + terms.to_json()) == terms, "an editor saved it on Windows"
    assert 1 <= terms.words().count(". ") + 1 <= 4
    assert not re.search(r"days?, \d|\b1 days", terms.words()), "no repr of a span of time"


def test_terms_are_said_in_japanese() -> None:
    terms = Terms.of("train", "20%", "0.5%", datetime(2027, 1, 1, tzinfo=UTC), gate=ARTIST,
                     document=HASH)  # fmt: skip
    assert terms.words("ja") == (
        "許諾する利用目的はAI学習、生成AI学習、生成物の商用利用です。ロイヤルティは総収入の20%です。"
        "この割合は、使われる量がどれほど少なくても0.5%を下回りません。期限は2027年1月1日00:00（UTC）です。"
        f"利用できるのは、利用許可の判定者{ARTIST.lower()}が認めた者だけです。"
        f"同意は、撤回から30日後に終了します。ライセンスの文書のハッシュ値は0x{HASH.hex()}です。"
    )
    assert Terms.of("reserved", "0%", notice=IRREVOCABLE).words("ja") == (
        "すべての利用を留保し、どの利用目的も許諾しません。同意は撤回できません。"
    )
    with pytest.raises(InvalidInput, match="one of en, ja"):
        terms.words("fr")


@settings(max_examples=300)
@given(terms=TERMS, other=TERMS, names=st.sets(st.sampled_from([f.name for f in fields(Terms)])))
def test_different_terms_have_different_words(terms: Terms, other: Terms, names: set[str]) -> None:
    """Whatever is signed is said: where some fields are others, the words are others."""
    changed = replace(terms, **{name: getattr(other, name) for name in names})
    for language in LANGUAGES:
        assert (changed.words(language) == terms.words(language)) == (changed == terms)


NEAR: dict[str, st.SearchStrategy[Any]] = {
    "valid_until": st.sampled_from([-60, -1, 1, 60, 86_400]),
    "notice_seconds": st.sampled_from([-60, -1, 1, 60, 3_600, 86_400]),
    "royalty_bps": st.sampled_from([-100, -1, 1, 100]),
    "floor_bps": st.sampled_from([-100, -1, 1, 100]),
}


@pytest.mark.parametrize("name", [each.name for each in fields(Terms)])
@given(terms=TERMS, data=st.data())
def test_changing_any_field_changes_a_sentence(
    name: str, terms: Terms, data: st.DataObject
) -> None:
    """The least change of one field is said, in every language."""
    value = getattr(terms, name)
    if isinstance(value, bool):
        other: Any = not value
    elif isinstance(value, int):
        other = max(0, value + data.draw(NEAR[name]))
    elif isinstance(value, str):
        other = f"0x{int(value, 16) ^ 1:040x}"
    else:
        other = bytes([*value[:-1], value[-1] ^ 1])
    try:
        changed = replace(terms, **{name: other})
    except InvalidInput:
        return  # above what the field can hold
    for language in LANGUAGES:
        assert (changed.words(language) != terms.words(language)) == (changed != terms), name


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.update(royalty_bps=1999),
        lambda t: t.update(royalty_bps="2000"),
        lambda t: t.update(royalty_bps=2000.0),
        lambda t: t.update(ai_training=1),
        lambda t: t.update(valid_until=0),
        lambda t: t.update(gate=None),
        lambda t: t.update(document=None),
        lambda t: t.update(id="0x" + "00" * 32),
        lambda t: t.update(extra=1),
        lambda t: t.pop("floor_bps"),
        lambda t: t.pop("id"),
        lambda t: t.update(format="kiseki-terms-v2"),
    ],
)
def test_changed_terms_are_refused(change: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads(Terms.of("train", royalty="20%").to_json())
    assert Terms.from_json(json.dumps(document)).royalty_bps == 2000
    change(document)
    with pytest.raises(InvalidInput):
        Terms.from_json(json.dumps(document))


def test_no_number_in_a_message_is_one_that_javascript_would_round() -> None:
    full = consent(Terms(valid_until=2**64 - 1, notice_seconds=2**32 - 1))
    values = {**full["message"], **full["message"]["terms"]}
    assert all(abs(each) < 2**53 for each in values.values() if isinstance(each, int))
    assert (values["count"], values["nonce"]) == ("3", str(2**255))
    assert (values["validUntil"], values["noticeSeconds"]) == (str(2**64 - 1), 2**32 - 1)
