"""Documents and proofs that others publish decode to what they say, or are refused in words."""

import json
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz import targets
from tests.fuzz.almost import JSON, almost, unhurried

from kiseki.core.derived import Derived, Row
from kiseki.core.documents import shallow
from kiseki.core.manifest import Manifest
from kiseki.core.merkle import IdTree
from kiseki.core.origin import Evidence, Origin, Owner, Person
from kiseki.core.run import (
    Code,
    Command,
    Environment,
    Exposed,
    Hashes,
    Package,
    Placed,
    Run,
)
from kiseki.core.series import Instalment
from kiseki.core.split import Split
from kiseki.core.terms import Terms
from kiseki.core.trained import Base, Draws, Folder, Network, Trained
from kiseki.core.withdrawal import Answer
from kiseki.errors import InvalidInput


def key(number: int) -> bytes:
    return number.to_bytes(32, "big")


DOCUMENTS = {
    "split": Split([(key(i), i) for i in range(1, 6)], key(9), parts=[2, 3]).to_json(),
    "manifest": Manifest({key(1): {key(5): 2, key(6): 1}, key(2): {key(5): 7}}).to_json(),
    "terms": Terms.of(
        "train", royalty="20%", floor="1%", valid_until=datetime(2030, 1, 1, tzinfo=UTC)
    ).to_json(),
    "origins": Origin(
        provider="0x" + "a1" * 20,
        basis="joint",
        collector=Person("制作部"),
        first=date(2026, 4, 1),
        last=date(2026, 6, 30),
        how="原画を収集",
        owners=tuple(Owner("artist", f"0x{i:040x}", Fraction(i, 3), True) for i in (1, 2)),
        evidence=(Evidence(key(4), "contract"),),
        salt=key(5),
    ).to_json(),
    "derived": Derived.of(
        key(1), [Row(key(3), key(2), "清書"), Row(key(4), key(3), "colour")]
    ).to_json(),
    "series": Instalment(key(2), key(1), 2, "狐", key(9)).to_json(),
    "withdrawal": Answer(
        key(1), "item", key(2), 1_800_000_000, "retrain", date(2027, 3, 31), "次の版で除く"
    ).to_json(),
    "run": Run(
        Hashes("tensors", key(1), key(2)),
        settings={"lr": "1e-4", "layers": [2, 3]},
        seed=7,
        code=Code("4f1c", True, {"train.py": key(3)}),
        environment=Environment(
            "3.11.9", "Linux x86_64", "2 cores", (Package("torch", "2.13.0", key(4)),)
        ),
        command=Command(("python", "train.py", "{inputs}"), "model.safetensors"),
        items={"rough/1.png": key(5)},
        files={"base.safetensors": key(6)},
        exposure=Exposed("0.1.0", key(7), key(8), 2, 60, 30, 240, 8, 256, None, key(9), 240),
        tolerance=Fraction(1, 100),
        base={"base.safetensors": key(6)},
        trained=Trained(
            "sd-scripts",
            "48d368f",
            (Folder("10_狐", 6, Fraction(10)),),
            steps=47,
            base=Base("base", key(6)),
            network=Network("networks.lora", Fraction(2), None),
        ),
        folders=(Placed("10_狐", 6, Draws(Fraction(10), Fraction(20))),),
        more={"studio": "軌跡"},
    ).to_json(),
    "dump": json.dumps([IdTree([key(i) for i in range(1, 6)]).dump_slice(0)]),
}


@pytest.mark.parametrize("name", DOCUMENTS)
class TestPublishedDocuments:
    def test_a_true_one_is_read(self, name: str) -> None:
        reads: dict[str, Any] = {
            "split": Split.from_json,
            "manifest": Manifest.from_json,
            "derived": Derived.from_json,
            "series": Instalment.from_json,
            "run": Run.from_json,
            "withdrawal": Answer.from_json,
            "terms": Terms.from_json,
            "origins": Origin.from_json,
        }
        if name in reads:
            assert reads[name](DOCUMENTS[name]).to_json() == DOCUMENTS[name]
        else:
            assert len(IdTree.load(json.loads(DOCUMENTS[name]))) == 5

    @unhurried
    @given(data=st.data())
    def test_one_that_is_almost_right_is_read_or_refused(
        self, name: str, data: st.DataObject
    ) -> None:
        targets.TARGETS[name](data.draw(almost(json.loads(DOCUMENTS[name]))))

    @unhurried
    @given(text=st.binary() | JSON.map(lambda each: json.dumps(each).encode()))
    def test_anything_else_is_refused(self, name: str, text: bytes) -> None:
        targets.TARGETS[name](text)

    @pytest.mark.parametrize("bracket", [b"[", b'{"a":'])
    def test_one_that_nests_deep_is_refused_before_it_is_parsed(
        self, name: str, bracket: bytes
    ) -> None:
        targets.TARGETS[name](bracket * 200_000)


@pytest.mark.parametrize("text", ["[[[", "]", '\\"}', "\\\\", '\\\\\\"[', "{" * 20])
def test_brackets_in_a_string_nest_nothing(text: str) -> None:
    document = json.dumps([{text: [text]}, text])
    assert shallow(document) == document


@pytest.mark.parametrize("beside", ["", '"', "\\", '\\"'])
def test_brackets_in_a_string_hide_no_depth(beside: str) -> None:
    closes, opens = json.dumps(beside + "]" + beside), json.dumps(beside + "[" + beside)
    document = f"[{closes}," * 9 + "1" + f",{opens}]" * 9
    assert isinstance(json.loads(document), list)
    with pytest.raises(InvalidInput, match="nests deeper"):
        shallow(document)


def test_a_string_without_an_end_is_read_once() -> None:
    # Begun anew at each of its quotes, it would take the square of its length.
    with pytest.raises(InvalidInput, match="nests deeper"):
        shallow('["' + '\\"[' * 2_000_000)


def test_text_that_is_not_unicode_is_refused() -> None:
    with pytest.raises(InvalidInput, match="UTF-8"):
        Split.from_json('{"format": "\ud800"}')


@unhurried
@given(
    head=st.binary(min_size=4, max_size=4),
    patch=st.binary(max_size=8) | st.binary(min_size=44, max_size=44),
)
def test_a_proof_with_other_bytes_in_it_proves_nothing(head: bytes, patch: bytes) -> None:
    targets.sum_proof(head + patch)
