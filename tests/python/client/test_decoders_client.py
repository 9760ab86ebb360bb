"""Files of one's own that were damaged or mixed up are refused, unchanged, and never told."""

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz import targets
from tests.fuzz.almost import JSON, TEXT, almost, unhurried

from kiseki.chain.node import place
from kiseki.client.settings import settings
from kiseki.core import ids
from kiseki.core.collection import Kept
from kiseki.core.payee import Payee
from kiseki.core.terms import Terms
from kiseki.errors import InvalidInput, SecretsError
from kiseki.vault import backups
from kiseki.vault.keystore import KeyStore

ENTRY = {"provider": "0x" + "1a" * 20, "sha256": "2b" * 32, "salt": "3c" * 32}
LINE = json.dumps(ENTRY).encode() + b"\n"
_COMMITMENT = ids.commitment(b"\x2b" * 32, b"\x3c" * 32)
_KEPT = Kept(
    ENTRY["provider"], Terms.of("train", "0%"), ids.item_id(ENTRY["provider"], _COMMITMENT), 1,
    Payee.of(ENTRY["provider"]), bytes(32),
)  # fmt: skip
COLLECTION = backups.head(_KEPT)
SLICE = {"commitments": _COMMITMENT.hex(), "sha256s": ENTRY["sha256"], "names": [["a", "b"]]}
NEEDED = {"KISEKI_RPC_URL": "http://127.0.0.1:8545", "KISEKI_PRIVATE_KEY": "0x" + "4d" * 32}


class TestKeyFiles:
    @unhurried
    @given(lines=st.lists(almost(ENTRY), max_size=3), rest=almost(ENTRY) | st.binary())
    def test_at_most_an_unfinished_last_line_is_lost(self, lines: list[bytes], rest: bytes) -> None:
        targets.key_file(b"".join(each + b"\n" for each in lines) + rest)

    @unhurried
    @given(end=st.integers(0, len(LINE)), zeros=st.integers(0, 3))
    def test_a_line_that_was_cut_off_anywhere_is_forgotten(self, end: int, zeros: int) -> None:
        targets.key_file(LINE + LINE[:end] + bytes(zeros))

    @unhurried
    @given(
        text=st.binary()
        | JSON.map(lambda each: json.dumps(each).encode())
        | st.binary(min_size=32, max_size=32).map(lambda each: each.hex().encode())
    )
    def test_anything_else_is_refused_and_left(self, text: bytes) -> None:
        targets.key_file(text)

    @pytest.mark.parametrize(
        "content",
        [
            LINE.replace(b"0x", b"1x")[:50],
            b"0x" + b"5e" * 32,
            b"correct horse battery staple",
            b"{}",
            b"[" * 200_000,
        ],
    )
    def test_another_kind_of_file_is_never_emptied(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "key"
        path.touch(0o600)
        path.write_bytes(content)
        with pytest.raises(SecretsError, match="keeps something else") as refused:
            KeyStore(path)
        assert path.read_bytes() == content
        assert content.decode() not in str(refused.value)


class TestBackups:
    @unhurried
    @given(
        lines=st.lists(almost(ENTRY), max_size=3),
        collection=almost(COLLECTION),
        slice_=almost(SLICE),
        end=st.integers(0, 6),
    )
    def test_any_backup_is_restored_whole_or_not_at_all(
        self, lines: list[bytes], collection: bytes, slice_: bytes, end: int
    ) -> None:
        head = b'{"format":"kiseki-keys-v1"}'
        last = b'{"end":%d}' % end
        targets.backup(b"\n".join([head, *lines, collection, slice_, last, b""]))

    @unhurried
    @given(text=st.binary() | JSON.map(lambda each: json.dumps(each).encode()))
    def test_anything_else_is_refused(self, text: bytes) -> None:
        targets.backup(text)

    def test_the_example_is_one(self, tmp_path: Path) -> None:
        lines = [{"format": "kiseki-keys-v1"}, ENTRY, COLLECTION, SLICE, {"end": 3}]
        text = "".join(json.dumps(each) + "\n" for each in lines)
        targets.backup(text.encode())
        (tmp_path / "backup").write_text(text)
        with KeyStore() as store:
            assert store.restore(tmp_path / "backup") == 1
            assert len(list(store.collections())) == 1


class TestLists:
    @unhurried
    @given(
        header=st.permutations(["file", "sha256", "commitment", "name", "artist"]),
        width=st.integers(1, 5),
        rows=st.lists(st.lists(TEXT | st.sampled_from(["", "2b" * 32, "0x" + "1a" * 20]))),
    )
    def test_any_rows_are_understood_or_named(
        self, header: list[str], width: int, rows: list[list[str]]
    ) -> None:
        text = io.StringIO()
        csv.writer(text).writerows([header[:width], *rows])
        targets.items(text.getvalue().encode("utf-8", "surrogatepass"))

    @unhurried
    @given(text=st.binary())
    def test_any_file_is_understood_or_refused(self, text: bytes) -> None:
        targets.items(b"sha256,name\n" + text)
        targets.items(text)


class TestSettings:
    @unhurried
    @given(
        st.dictionaries(
            st.sampled_from([*NEEDED, "KISEKI_CHAIN_ID", "KISEKI_SECRETS", "KISEKI_DEPLOYMENTS"]),
            TEXT.filter(bool)
            | TEXT.map("https://".__add__)
            | st.sampled_from([*NEEDED.values(), "~nobody/x", "9" * 5_000, "９", "-1"]),
        )
    )
    def test_any_environment_is_used_or_refused(self, given: dict[str, str]) -> None:
        targets.settled(given)

    @unhurried
    @given(text=st.binary())
    def test_any_env_file_is_used_or_refused(self, text: bytes) -> None:
        targets.environment(text)

    @pytest.mark.parametrize("wrong", ["9" * 5_000, "９", "1.0", "0x1"])
    def test_a_chain_id_is_a_number(self, wrong: str) -> None:
        with pytest.raises(InvalidInput, match="KISEKI_CHAIN_ID"):
            settings({**NEEDED, "KISEKI_CHAIN_ID": wrong})

    def test_a_url_that_a_terminal_would_obey_is_refused(self) -> None:
        with pytest.raises(InvalidInput, match="no URL has"):
            place("http://127.0.0.1\x1b[2J:8545")

    def test_the_home_of_nobody_is_refused(self) -> None:
        with pytest.raises(InvalidInput, match="KISEKI_SECRETS"):
            settings({**NEEDED, "KISEKI_SECRETS": "~nobody-of-this-name/secrets"})
