"""What a table of slices reads of a log is what `eth_abi` reads, and it reads nothing else."""

import contextlib
from collections.abc import Mapping
from typing import Any

from eth_abi.abi import encode
from hypothesis import given, settings
from hypothesis import strategies as st

from kiseki.chain.contract.abi import decode_named, kind
from kiseki.chain.contract.artifacts import artifact
from kiseki.chain.contract.events import _Known
from kiseki.chain.contract.slices import reader
from kiseki.chain.release import releases
from kiseki.core.values import ZERO_ADDRESS, to_hex
from kiseki.errors import ChainError

EVENTS = {
    f"{name}.{entry['name']}": entry
    for name in releases.addresses()
    for entry in artifact(name).abi
    if entry["type"] == "event"
}
TABLED = {name: entry for name, entry in EVENTS.items() if reader(entry)}
VALUES = {
    "bool": st.booleans(),
    "address": st.integers(0, 2**160 - 1).map(lambda number: f"0x{number:040x}"),
    "bytes32": st.binary(min_size=32, max_size=32),
    "bytes": st.binary(max_size=100),
}


def test_only_what_holds_more_than_words_has_no_table() -> None:
    """Whoever adds an event sees here whether it is read fast."""
    assert sorted(set(EVENTS) - set(TABLED)) == [
        "RightsToken.TransferScheduled", "Waterfalls.WaterfallCreated",
    ]  # fmt: skip


def values(member: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    declared = member["type"]
    if declared.endswith("[]"):
        return st.lists(values({**member, "type": declared[:-2]}), max_size=5)
    if declared == "tuple":
        return st.tuples(*map(values, member["components"]))
    if declared.startswith("uint"):
        return st.integers(0, 2 ** int(declared[4:]) - 1)
    return VALUES[declared]


def log_of(entry: Mapping[str, Any], data: st.DataObject) -> tuple[list[bytes], bytes]:
    given = [(member, data.draw(values(member))) for member in entry["inputs"]]
    topics = [encode([kind(m)], [v]) for m, v in given if m["indexed"]]
    plain = [(kind(m), v) for m, v in given if not m["indexed"]]
    return topics, encode([each for each, _ in plain], [v for _, v in plain])


def by_eth_abi(entry: Mapping[str, Any], topics: list[bytes], data: bytes) -> Any:
    with contextlib.suppress(ChainError):
        indexed = [member for member in entry["inputs"] if member["indexed"]]
        plain = [member for member in entry["inputs"] if not member["indexed"]]
        return decode_named(indexed, b"".join(topics)) | decode_named(plain, data)


@settings(max_examples=150)
@given(name=st.sampled_from(sorted(TABLED)), data=st.data())
def test_a_table_reads_what_eth_abi_reads(name: str, data: st.DataObject) -> None:
    """As the contract logs it, the table reads it alone."""
    entry = TABLED[name]
    topics, words = log_of(entry, data)
    read = reader(entry)
    assert read is not None
    assert read(b"".join(topics) + words) == by_eth_abi(entry, topics, words)


@settings(max_examples=400)
@given(name=st.sampled_from(sorted(TABLED)), data=st.data())
def test_a_log_that_is_none_is_judged_by_eth_abi(name: str, data: st.DataObject) -> None:
    """Cut short, made longer, a word changed, a topic more or less: never another value, and never
    one where there is none."""
    entry = TABLED[name]
    topics, words = log_of(entry, data)
    change = data.draw(st.sampled_from(["cut", "more", "word", "topic", "shift"]))
    if change == "cut":
        words = words[: data.draw(st.integers(0, len(words)))]
    elif change == "more":
        words += data.draw(st.binary(max_size=64))
    elif change == "word" and words:
        at = 32 * data.draw(st.integers(0, len(words) // 32 - 1))
        odd = data.draw(st.sampled_from([0, 1, 2, 31, 32, 64, 96, 2**64, 2**160, 2**256 - 1]))
        words = words[:at] + odd.to_bytes(32) + words[at + 32 :]
    elif change == "topic":
        topics = topics[:-1] if data.draw(st.booleans()) else [*topics, bytes(32)]
    elif topics:
        topics, words = topics[:-1], topics[-1] + words
    expected = by_eth_abi(entry, topics, words)
    found = None
    with contextlib.suppress(ChainError):
        known = _Known.of("", ZERO_ADDRESS, entry)
        found = known.arguments([to_hex(each) for each in (bytes(32), *topics)], to_hex(words))
    assert found == expected
