"""A vault that lies to who gets content from it: nothing false gets a name (rule 12, promise 6)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from kiseki import Kiseki, LocalKiseki, Use
from kiseki.client.vault.fetching import Fetching
from kiseki.client.vault.getting import get
from kiseki.client.vault.naming import paths
from kiseki.client.vault.site import HandedOut, Offered, VaultSite, must_be_signable
from kiseki.core.values import from_hex
from kiseki.errors import FilesError, InvalidInput, KisekiError, ProofError, VaultError
from kiseki.vault.log.notes import Signer

from .conftest import Shell
from .test_cli_vault_handing import STUDENT, Studio

TRAIN = Use.AI_GENERATIVE_TRAINING


class Lying(VaultSite):
    """A real vault, of whose answers some are changed on the way."""

    def __init__(self, studio: Studio, k: Kiseki) -> None:
        super().__init__(studio.url, k.signer, k.session.chain_id)
        self.begins: Any = lambda out: out
        self.reads: Any = lambda pieces: pieces
        self.opens: Any = lambda text: text

    def begin(self, *given: Any, **more: Any) -> HandedOut:
        out: HandedOut = self.begins(super().begin(*given, **more))
        return out

    def read(self, *given: Any) -> Iterator[bytes]:
        yield from self.reads(super().read(*given))

    def opening(self, *given: Any) -> bytes:
        text: bytes = self.opens(super().opening(*given))
        return text


@pytest.fixture
def studio(shell: Shell, k: LocalKiseki) -> Iterator[Studio]:
    made = Studio(shell, k)
    made.license()
    with made.serving():
        yield made


@pytest.fixture
def site(studio: Studio, developer: Kiseki) -> Iterator[Lying]:
    with closing(Lying(studio, developer)) as made:
        yield made


def files(folder: Path) -> set[str]:
    hidden = ("kiseki-receipts", ".kiseki-parts")
    return {each.name for each in folder.rglob("*") if each.is_file()
            and each.parent.name not in hidden}  # fmt: skip


def tried(studio: Studio, site: Lying, k: Kiseki, **more: Any) -> set[str]:
    """The files that have a name after a vault lied once."""
    folder = studio.shell.folder / "got"
    with pytest.raises(KisekiError):
        get(k, site, folder, from_hex(studio.collection, 32, "it"), TRAIN, **more)
    return files(folder)


def test_content_that_is_another_is_cut_or_goes_on_is_not_kept(
    studio: Studio, site: Lying, developer: Kiseki
) -> None:
    def other(pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            yield piece[:-1] + bytes([piece[-1] ^ 1])

    def more(pieces: Iterator[bytes]) -> Iterator[bytes]:
        yield from pieces
        yield b"more"

    site.reads = other
    assert tried(studio, site, developer) == set()
    site.reads = more
    assert tried(studio, site, developer) == set()
    site.reads = lambda pieces: iter(())
    # What came with more behind it was all there; nothing of the rest gets a name.
    assert len(tried(studio, site, developer)) <= 1
    # A connection that breaks in its first piece, again and again.
    site.reads = lambda pieces: (piece[:40_000] for piece in islice(pieces, 1))
    folder = studio.shell.folder / "got"
    got = get(developer, site, folder, from_hex(studio.collection, 32, "it"), TRAIN)
    assert files(folder) == {each.name for each in studio.files.iterdir()}
    assert got.new >= 4
    assert (folder / "film.bin").read_bytes() == (studio.files / "film.bin").read_bytes()


def test_receipts_that_are_of_something_else_are_refused_before_a_byte_is_asked_for(
    studio: Studio, site: Lying, developer: Kiseki
) -> None:
    def never(_: object) -> Iterator[bytes]:
        raise AssertionError("a byte was asked for")
        yield b""

    site.reads = never
    swaps = [
        lambda one, two: (replace(one, receipt=two.receipt), two),
        lambda one, two: (replace(one, proof=two.proof), two),
        lambda one, two: (replace(one, receipt=one.receipt.replace(STUDENT[2:].lower(), "00" * 20)),
                          two),
        lambda one, two: (replace(one, receipt=one.receipt.replace("generative_", "")), two),
        lambda one, two: (one, one),
        lambda one, two: (),
    ]  # fmt: skip
    for swap in swaps:
        site.begins = lambda out, swap=swap: replace(
            out, items=(*swap(*out.items[:2]), *(out.items[2:] if swap(*out.items[:2]) else ()))
        )
        assert tried(studio, site, developer) == set()
    assert not (studio.shell.folder / "got" / "kiseki-receipts").exists()


def test_another_key_of_the_log_than_was_known_is_found_out(
    studio: Studio, site: Lying, developer: Kiseki
) -> None:
    other = Signer(f"localhost:{studio.port}/{'0x' + '11' * 20}", bytes(32)).key.text
    assert tried(studio, site, developer, key=other) == set()


def test_openings_of_something_else_are_refused(
    studio: Studio, site: Lying, developer: Kiseki
) -> None:
    site.opens = lambda text: text.replace(b'"sha256":"0x', b'"sha256":"0x00', 1)
    assert tried(studio, site, developer) == set()
    site.opens = lambda text: b"{}"
    assert tried(studio, site, developer) == set()


def test_only_signing_in_here_is_signed() -> None:
    """A vault could hand on what another site wants signed (EIP-4361)."""
    text = (
        f"vault.example wants you to sign in with your Ethereum account:\n{STUDENT}\n\nSign in to "
        "this vault. It costs nothing.\n\nURI: https://vault.example/vault\nVersion: 1\n"
        f"Chain ID: 1\nNonce: {'ab' * 16}\nIssued At: 2026-12-01T00:00:00Z\n"
        "Expiration Time: 2026-12-01T00:10:00Z"
    )
    must_be_signable(text, "vault.example", STUDENT, 1)
    wrong = [
        text.replace("vault.example", "bank.example"),
        text.replace("URI: https://vault.example", "URI: https://bank.example"),
        text.replace("URI: https://vault.example", "URI: https://vault.example.bank.example"),
        text.replace("Chain ID: 1", "Chain ID: 2"),
        text.replace(STUDENT, "0x" + "11" * 20),
        text + "\nResources:\n- https://bank.example/all-my-money",
        text.replace("It costs nothing.", "It costs nothing.\nAnd more"),
        text.replace("ab" * 16, "ab"),
        "", "0x" + "00" * 32,
    ]  # fmt: skip
    for each in wrong:
        with pytest.raises(VaultError, match="nothing was signed"):
            must_be_signable(each, "vault.example", STUDENT, 1)


@pytest.mark.parametrize("url", [
    "http://vault.example", "ftp://localhost", "https://me:pass@vault.example", "vault.example",
    "https://vault.example/?x=1", "https://", "", "http://localhost.example.org", "https://[",
])  # fmt: skip
def test_a_vault_is_reached_by_https_or_on_this_machine(url: str, developer: Kiseki) -> None:
    with pytest.raises(InvalidInput, match="begins with https"):
        VaultSite(url, developer.signer, 1)


@pytest.mark.parametrize("name", [
    "../../etc/passwd", "/etc/passwd", "a/../b.png", "./a.png", "a//b.png", "a\nb.png", "a\0b",
    "kiseki-receipts/x.json", "Kiseki-Receipts/x.json", ".kiseki-parts/lock", "-rf.png", "~/x.png",
    "con", "aux.png", "Nul.tar.gz", "COM1", "a/lpt9.txt", "a:b.png", "c:\\x.png", "a?.png", "x ",
    "x.", "invoice\u202egnp.exe", "a\u200fb.png", "a\x1b[31m.png", "x" * 201, "é" * 101,
    "a/" * 8 + "b", "", "\ud800.png",
])  # fmt: skip
def test_a_name_that_leads_out_or_that_a_system_takes_otherwise_is_none(
    tmp_path: Path, name: str
) -> None:
    item = bytes([7]) * 32
    found = paths(tmp_path, {item: (name,)})[item]
    assert found.parent == tmp_path
    assert found.name.startswith(item.hex())
    assert found.name.isascii()
    assert len(found.name) <= 64 + 17


def test_a_file_is_called_as_its_provider_calls_it_where_that_is_safe(tmp_path: Path) -> None:
    items = [bytes([n]) * 32 for n in range(9)]
    names = dict(zip(items, [
        ("cut/a.png",), ("e\u0301.png",), ("É.png",), ("Cut/A.png",), ("both",),
        ("both/x.png",), ("軌跡/二." + "e" * 17,), (), ("軌跡/一.png", "other.png"),
    ], strict=True))  # fmt: skip
    found = paths(tmp_path, names)
    shown = [str(found[each].relative_to(tmp_path)) for each in items]
    assert shown == [
        f"{'00' * 32}.png", f"{'01' * 32}.png", f"{'02' * 32}.png", f"{'03' * 32}.png", "04" * 32,
        "both/x.png", f"軌跡/二.{'e' * 17}", "07" * 32, "軌跡/一.png",
    ]  # fmt: skip
    assert len({each.casefold() for each in shown}) == len(shown)


def test_a_file_of_the_same_name_is_neither_taken_for_the_item_nor_lost(
    studio: Studio, site: Lying, developer: Kiseki
) -> None:
    folder = studio.shell.folder / "got"
    folder.mkdir()
    (folder / "1.svg").write_text("mine")
    (folder / "2.svg").write_text("art 2")
    got = get(developer, site, folder, from_hex(studio.collection, 32, "it"), TRAIN)
    assert (folder / "1.svg").read_text() == "mine"
    assert got.new == 4
    assert sorted(path.read_bytes() for path in got.files.values()) == sorted(
        path.read_bytes() for path in studio.files.iterdir()
    )
    again = get(developer, site, folder, from_hex(studio.collection, 32, "it"), TRAIN)
    assert (again.new, again.files) == (0, got.files)


def test_two_runs_into_one_folder_do_not_mix_their_parts(
    studio: Studio, site: Lying, developer: Kiseki
) -> None:
    folder, wanted = studio.shell.folder / "got", from_hex(studio.collection, 32, "it")
    with (
        Fetching(site, folder, bytes(16), 0, lambda *_: None),
        pytest.raises(FilesError, match=r"another run gets content into .*got; wait for"),
    ):
        get(developer, site, folder, wanted, TRAIN)
    assert files(folder) == set()
    assert get(developer, site, folder, wanted, TRAIN).new == 5


def test_a_size_for_which_there_is_no_room_is_refused_before_a_byte_is_asked_for(
    tmp_path: Path,
) -> None:
    class Never:
        def read(self, *_: object) -> Iterator[bytes]:
            raise AssertionError("a byte was asked for")

    never: Any = Never()
    huge = Offered(bytes(32), 1 << 62, "", b"")
    with (
        Fetching(never, tmp_path, bytes(16), 0, lambda *_: None) as fetching,
        pytest.raises(FilesError, match=r"has room for .*; make room and run this again"),
    ):
        fetching.whole(huge, lambda _: True)


def test_a_part_that_a_power_cut_damaged_is_fetched_anew(
    studio: Studio, site: Lying, developer: Kiseki
) -> None:
    """The vault is blamed only for what it gave."""
    folder, wanted = studio.shell.folder / "got", from_hex(studio.collection, 32, "it")
    parts = folder / ".kiseki-parts"
    parts.mkdir(parents=True)
    listed = site.begin(TRAIN, collection=wanted).items
    for number, each in enumerate(listed):
        (parts / each.item.hex()).write_bytes(bytes(each.size - 2 + number))
    assert get(developer, site, folder, wanted, TRAIN).new == 5
    for path in studio.files.iterdir():
        assert (folder / path.name).read_bytes() == path.read_bytes()
    assert not parts.exists()


def test_another_key_is_found_out_while_a_hand_out_lives_too(
    studio: Studio, site: Lying, developer: Kiseki
) -> None:
    folder, wanted = studio.shell.folder / "got", from_hex(studio.collection, 32, "it")
    get(developer, site, folder, wanted, TRAIN)
    other = Signer(f"localhost:{studio.port}/{'0x' + '11' * 20}", bytes(32)).key.text
    with pytest.raises(ProofError, match="is in other logs than"):
        get(developer, site, folder, wanted, TRAIN, key=other)
    assert len(list((folder / "kiseki-receipts").iterdir())) == 1


def test_a_proof_is_an_error_of_its_own(studio: Studio, site: Lying, developer: Kiseki) -> None:
    site.begins = lambda out: replace(
        out, items=tuple(replace(each, proof=out.items[0].proof) for each in out.items)
    )
    with pytest.raises(ProofError):
        get(developer, site, studio.shell.folder / "got",
            from_hex(studio.collection, 32, "it"), TRAIN)  # fmt: skip
