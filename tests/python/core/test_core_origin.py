"""A document of origin has one text and so one hash, holds what its basis needs, and says nothing
that cannot be seen (promises 1, 2 and invariant 7)."""

import json
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from kiseki.core import origin as origins
from kiseki.core.keccak import keccak256
from kiseki.core.origin import Evidence, Origin, OriginFile, Owner, Person, Signature
from kiseki.errors import InvalidInput

STUDIO, FIRST, SECOND = ("0x" + each * 20 for each in ("a1", "b2", "c3"))
SOMEBODY = f"{STUDIO}:0x{'77' * 32}"
HALF = Fraction(1, 2)

JOINT = Origin(
    provider=STUDIO,
    basis="joint",
    collector=Person("制作部", STUDIO),
    first=date(2026, 4, 1),
    last=date(2026, 6, 30),
    how="原画を納品時に収集",
    source="artist 1, artist 2",
    evidence=(Evidence(b"\x11" * 32, "業務委託契約書"),),
    territories=("JP", "US"),
    owners=(
        Owner("山田花子", FIRST, Fraction(3, 5), True),
        Owner("artist 2", SECOND, Fraction(2, 5), True),
    ),
    terms=b"\x22" * 32,
    salt=b"\x33" * 32,
)


def as_json(**changes: Any) -> str:
    return json.dumps({**json.loads(JOINT.to_json()), **changes})


def test_the_hash_is_keccak_of_the_one_text_which_is_read_again() -> None:
    text = JOINT.to_json()
    assert Origin.from_json(text) == JOINT
    assert JOINT.hash == keccak256(text.encode())
    pretty = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    assert Origin.from_json(pretty).hash == JOINT.hash, "spaces and escapes change no hash"


def test_the_salt_alone_makes_another_hash_so_names_cannot_be_guessed() -> None:
    assert replace(JOINT, salt=bytes(32)).hash != JOINT.hash
    assert "33" * 32 not in repr(JOINT)


def test_a_file_holds_the_document_and_the_signatures_that_were_gathered() -> None:
    mine = Signature(FIRST, 31337, SECOND, 2**200, 1_900_000_000, b"\x01" * 65)
    file = OriginFile(JOINT, (mine,))
    again = origins.read(file.to_json().encode())
    assert again == file
    assert again.origin.hash == JOINT.hash, "signatures are about the hash and not in it"
    assert origins.read(JOINT.to_json().encode()) == OriginFile(JOINT)
    assert "山田花子" in file.to_json(), "people can read their names in it"


def test_no_signature_takes_the_place_of_another() -> None:
    """Anybody can write one with a later deadline that the owner never made, and which of them
    count only the contract says."""
    made, forged, elsewhere = (
        Signature(FIRST, chain, SECOND, nonce, deadline, b"\x01" * 65)
        for chain, nonce, deadline in ((1, 1, 10), (1, 1, 20), (5, 3, 5))
    )
    file = OriginFile(JOINT).with_signatures([made]).with_signatures([forged, elsewhere, made])
    assert set(file.signatures) == {made, forged, elsewhere}
    many = [forged._replace(nonce=nonce) for nonce in range(200)]
    again = file.with_signatures(many).with_signatures([made])
    assert made in again.signatures
    assert origins.read(again.to_json().encode()) == again


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 \xff\xfe", b'{"title": "a contract"}', b"[[["])
def test_a_free_document_is_one_that_kiseki_cannot_read(content: bytes) -> None:
    assert origins.read(content) is None


def test_a_damaged_origin_is_refused_and_never_taken_for_a_free_document() -> None:
    whole = OriginFile(JOINT).to_json().encode()
    for damaged in (
        whole[:-20],
        whole.replace(b'"how"', b'"hwo"'),
        whole.replace(b"kiseki-origin-file-v1", b"kiseki-origin-file-v2"),
        whole.replace(b"kiseki-origin-v1", b"kiseki-origin-v2"),
        whole.replace(b'"signatures": []', b'"signatures": {}'),
        whole.replace(b'"signatures": []', b'"signatures": [], "signatures": []'),
        whole.replace(b'"how"', b'"how": "x", "how"'),
        b"[" * 100_000 + whole,
        whole + b" " * (1 << 20),
        '{"format": "kiseki-origin-v1"}'.encode("utf-16") + b"kiseki-origin",
    ):
        with pytest.raises(InvalidInput):
            origins.read(damaged)


@pytest.mark.parametrize("what", ["how", "source", "search"])
@pytest.mark.parametrize(
    "text",
    [
        "left \u202eright", "\u2066isolate", "a\nb", "a\x1b[2J", "a\x00", "zero\u200bwidth",
        "\ufeff", " blank", "blank\u3000", "x" * 4_001, 7, None, ["a"], "\ud800",
    ],
)  # fmt: skip
def test_what_cannot_be_seen_is_in_no_text(what: str, text: object) -> None:
    with pytest.raises(InvalidInput):
        Origin.from_json(as_json(**{what: text}))


@pytest.mark.parametrize("name", ["", "a\u202eb", "x" * 201, "a\nb", None, 3])
def test_what_cannot_be_seen_is_in_no_name(name: object) -> None:
    for changes in (
        {"collector": [name, ""]},
        {"owners": [[name, FIRST, "1/2", True], ["b", SECOND, "1/2", True]]},
        {"evidence": [["0x" + "11" * 32, name]]},
    ):
        with pytest.raises(InvalidInput):
            Origin.from_json(as_json(**changes))


@pytest.mark.parametrize(
    "name", ["山田\u3000花子", "O\u2019Neill", "می\u200cخواهم", "👩\u200d🎨", "塚"]
)
def test_names_stay_as_their_owners_write_them(name: str) -> None:
    made = replace(JOINT, collector=Person(name))
    assert Origin.from_json(made.to_json()).collector.name == name


@pytest.mark.parametrize(
    "shares", ["1/2 1/3", "1/2 2/3", "2/4 1/2", "0/1 1", "-1/2 3/2", "0.5 0.5", "1/0 1", "½ ½",
               "1/1 1/1", f"1/{10**16} 1", "50% 50%"],
)  # fmt: skip
def test_shares_that_are_not_exact_or_do_not_add_up_are_refused(shares: str) -> None:
    one, other = shares.split()
    owners = [["a", FIRST, one, True], ["b", SECOND, other, True]]
    with pytest.raises(InvalidInput):
        Origin.from_json(as_json(owners=owners))


def test_thirds_add_up_exactly() -> None:
    third = Fraction(1, 3)
    owners = tuple(Owner("a", "0x" + f"{i:040x}", third, True) for i in (1, 2, 3))
    assert Origin.from_json(replace(JOINT, owners=owners).to_json()).owners == owners


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"basis": "found"}, "basis must be one of"),
        ({"basis": None}, "basis must be one of"),
        ({"collected": ["2026-07-01", "2026-06-30"]}, "before it begins"),
        ({"collected": ["2026-02-30", "2026-06-30"]}, "must be a day"),
        ({"collected": ["20260401", "2026-06-30"]}, "must be a day"),
        ({"collected": ["2026-W01-1", "2026-06-30"]}, "must be a day"),
        ({"collected": ["２０２６-04-01", "2026-06-30"]}, "must be a day"),
        ({"territories": ["JA"]}, "no territory"),
        ({"territories": ["UK"]}, "no territory"),
        ({"territories": ["jp"]}, "no territory"),
        ({"territories": [["JP"]]}, "no territory"),
        ({"territories": ["world", "JP"]}, "no territory"),
        ({"territories": []}, "at least one"),
        ({"territories": ["US", "JP"]}, "sorted"),
        ({"territories": ["JP", "JP"]}, "sorted"),
        ({"territories": "world"}, "at least one"),
        ({"owners": [["a", FIRST, "1/2", True], ["b", FIRST, "1/2", True]]}, "named twice"),
        ({"owners": [["a", FIRST, "1/2", 1], ["b", SECOND, "1/2", True]]}, "true or false"),
        ({"owners": [["a", FIRST.upper(), "1", True]]}, "address"),
        ({"owners": [["a", "0x" + "B2" * 20, "1", True]]}, "lower case"),
        ({"owners": [["a", FIRST + ":0x77", "1", True]]}, "32 bytes"),
        ({"owners": [["a", FIRST, "1/101", True]] * 101}, "too many"),
        ({"owners": [["a", FIRST, "1", True]]}, "at least two owners"),
        ({"evidence": [["0x11", "a"]]}, "32 bytes"),
        ({"evidence": [["0x" + "AB" * 32, "a"]]}, "one form"),
        ({"evidence": [["0x" + "11" * 32, "a"]] * 101}, "too many"),
        ({"salt": "0x"}, "32 bytes"),
        ({"terms": "0x00"}, "32 bytes"),
        ({"provider": "0x" + "A1" * 20}, "lower case"),
        ({"collector": ["a", None]}, "address"),
        ({"collector": ["a"]}, "2 values"),
        ({"more": 1}, "exactly the members"),
        ({"basis": "assigned", "source": ""}, "from whom"),
        ({"basis": "licensed", "source": ""}, "from whom"),
        ({"basis": "public-domain"}, "nobody owns"),
        ({"basis": "unknown"}, "searched for"),
        ({"basis": "unknown", "search": "asked"}, "identity"),
        ({"basis": "unknown", "search": "", "owners": [["?", SOMEBODY, "1", False]]}, "searched"),
        (
            {"basis": "unknown", "search": "asked", "owners": [["?", SOMEBODY, "1", True]]},
            "nobody can sign",
        ),
    ],
)  # fmt: skip
def test_what_a_document_cannot_say_is_refused_in_words(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        Origin.from_json(as_json(**changes))


def test_each_basis_can_be_said() -> None:
    unknown = (Owner("著作者不明", SOMEBODY, Fraction(1), False),)
    for basis in origins.BASES:
        owners = {"joint": JOINT.owners, "unknown": unknown}.get(basis, ())
        made = replace(JOINT, basis=basis, owners=owners, search="文化庁の相談窓口に照会")
        assert Origin.from_json(made.to_json()) == made


def test_consent_is_required_of_all_that_are_named_so_but_the_provider() -> None:
    owners = (
        Owner("studio", STUDIO, Fraction(1, 2), True),
        Owner("artist 1", FIRST, Fraction(1, 4), True),
        Owner("artist 2", SECOND, Fraction(1, 4), False),
    )
    assert replace(JOINT, owners=owners).required == owners[1:2]


@pytest.mark.parametrize(
    "row",
    [
        [FIRST, "1", SECOND, "1", "1", "0x01"], [FIRST, 1, SECOND, 1, "1", "0x01"],
        [FIRST, 1, SECOND, "1", "1", "0x"], [FIRST, 1, SECOND, "1", "1", "0x" + "01" * 10_001],
        [FIRST, True, SECOND, "1", "1", "0x01"], [FIRST, 1, None, "1", "1", "0x01"],
        [FIRST, 1, SECOND, str(2**256), "1", "0x01"], [FIRST, 1, SECOND, "1", "1"],
    ],
)  # fmt: skip
def test_signatures_that_are_none_are_refused(row: list[Any]) -> None:
    text = (
        OriginFile(JOINT)
        .to_json()
        .replace('"signatures": []', f'"signatures": {json.dumps([row])}')
    )
    assert json.dumps(row[0]) in text
    with pytest.raises(InvalidInput):
        origins.read(text.encode())


def test_the_territories_are_those_of_the_time_zones_table() -> None:
    """Fails when a territory is missing or made up; runs where the tz database is installed."""
    table = Path("/usr/share/zoneinfo/iso3166.tab")
    if not table.exists():
        pytest.skip("this machine has no iso3166.tab")
    codes = [line.split("\t")[0] for line in table.read_text().splitlines() if line[:1] != "#"]
    for code in codes:
        assert replace(JOINT, territories=(code,)).territories == (code,)
    for made_up in {a + b for a in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" for b in "AEKPRZ"} - set(codes):
        with pytest.raises(InvalidInput):
            replace(JOINT, territories=(made_up,))
