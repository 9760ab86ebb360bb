"""What nodes and contracts answer is read, or refused in words, whoever wrote it."""

import json

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz import targets
from tests.fuzz.almost import JSON, TEXT, almost, unhurried

from kiseki.chain.contract.abi import selector
from kiseki.chain.contract.reverts import _errors, decode_revert
from kiseki.chain.release import deploying as deployment
from kiseki.chain.release import releases
from kiseki.core.values import to_hex

WORDS = st.integers(0, 2**256 - 1) | st.sampled_from([0, 1, 31, 32, 64, 96, 2**255, 2**256 - 1])
BODIES = st.lists(WORDS, max_size=12).map(
    lambda words: b"".join(word.to_bytes(32, "big") for word in words)
)
RECORD = {
    "format": "kiseki-deployment-v1",
    "release": "0.1.0",
    "chainId": 1,
    "proxy": deployment.PROXY,
    "salt": to_hex(bytes(32)),
    "block": 5,
    "compiler": {"settings": {"optimizer": {"runs": 200}}},
    "contracts": {
        name: {
            "address": releases.addresses()[name],
            "constructorArguments": [{"name": "a", "type": "address", "value": "0x"}],
            "transaction": to_hex(bytes(32)),
            "block": 5,
        }
        for name in ("RevenueSplitter", "Statements")
    },
}


def error_text(data: bytes) -> bytes:
    return bytes.fromhex("08c379a0") + encode(["bytes"], [data])


class TestReverts:
    @unhurried
    @given(known=st.sampled_from(sorted(_errors())), body=BODIES | st.binary())
    def test_a_known_error_with_any_values_is_told(self, known: bytes, body: bytes) -> None:
        targets.revert(known + body)

    @unhurried
    @given(data=st.binary())
    def test_any_answer_is_told(self, data: bytes) -> None:
        targets.revert(data)

    @unhurried
    @given(said=st.tuples(TEXT, st.integers(1, 200)).map(lambda of: (of[0] * of[1]).encode()))
    def test_what_a_contract_says_is_one_line_that_no_terminal_obeys(self, said: bytes) -> None:
        targets.revert(error_text(said))

    def test_text_that_is_not_text_is_told(self) -> None:
        assert "cannot be read" in str(decode_revert(error_text(b"\xff\xfe")))

    def test_a_reason_inside_reasons_is_found_however_deep(self) -> None:
        (outer,) = (k for k, e in _errors().items() if e["name"] == "RevenueSplitter_CallFailed")
        data = error_text(b"inside")
        for _ in range(1_500):
            data = outer + encode(["uint256", "bytes"], [0, data])
        assert decode_revert(data).values == {"message": "inside"}


@unhurried
@given(which=st.integers(0, 255), body=BODIES | st.binary())
def test_any_answer_of_a_contract_is_read_or_refused(which: int, body: bytes) -> None:
    targets.answer(bytes([which]) + body)


class TestRecords:
    def test_a_true_one_is_read(self, tmp_path: object) -> None:
        targets.record(json.dumps(RECORD).encode())

    @unhurried
    @given(text=almost(RECORD))
    def test_one_that_is_almost_right_is_read_or_refused(self, text: bytes) -> None:
        targets.record(text)

    @unhurried
    @given(text=st.binary() | JSON.map(lambda each: json.dumps(each).encode()))
    def test_anything_else_is_refused(self, text: bytes) -> None:
        targets.record(text)

    @pytest.mark.parametrize("bracket", [b"[", b'{"a":'])
    def test_one_that_nests_deep_is_refused_before_it_is_parsed(self, bracket: bytes) -> None:
        targets.record(bracket * 200_000)


def test_every_error_of_the_suite_has_one_selector() -> None:
    assert all(selector(entry) == known for known, entry in _errors().items())
