"""Invitations: from a studio's list to a registered consent of somebody without a wallet."""

import stat
from dataclasses import replace
from pathlib import Path

import pytest
from tests.python.passkey import Passkey as Phone

from kiseki import LocalKiseki
from kiseki.client.data.invitations import Invitations
from kiseki.core import passkeys
from kiseki.core.terms import Terms
from kiseki.errors import FilesError, InvalidInput, KisekiError
from kiseki.vault.invitations import Invitation, Passkey

TERMS = Terms.of("train", royalty="20%")


def kept(phone: Phone) -> Passkey:
    return Passkey(phone.key[:16], b"cose", phone.key, "localhost")


def a_list(folder: Path, rows: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    for number in range(1, 5):
        (folder / f"{number}.svg").write_text(f"<svg>{number}</svg>")
    text = rows or "1.svg,Cut 1,山田 花子\n2.svg,Cut 2,山田花子\n3.svg,Cut 3,Sato Ken\n"
    (folder / "cuts.csv").write_text(f"file,name,artist\n{text}")
    return folder / "cuts.csv"


@pytest.fixture
def desk(k: LocalKiseki, tmp_path: Path) -> Invitations:
    return Invitations(k.data, tmp_path / "invitations")


def invited(desk: Invitations, folder: Path) -> Invitation:
    return desk.invite(a_list(folder), TERMS, studio="Studio Kaze")[0]


def signed_by(desk: Invitations, invitation: Invitation, phone: Phone) -> Invitation:
    answer = passkeys.assertion(*phone.get(desk.challenge(invitation)))
    return desk.sign(invitation, kept(phone), answer)


def test_an_artist_without_a_wallet_consents_and_is_paid(
    k: LocalKiseki, desk: Invitations, tmp_path: Path
) -> None:
    """From a row of a list to a registered collection whose payee is the passkey's account."""
    phone, cut = Phone(), invited(desk, tmp_path / "cuts")
    assert (cut.artist, len(cut.drawings), cut.account) == ("山田 花子", 2, None)
    begun = desk.begin(cut, kept(phone))
    consent = desk.consent(begun)
    assert consent.asked == desk.account(kept(phone)) == begun.account
    assert consent.kept.terms == TERMS
    assert consent.kept.count == 2
    done = signed_by(desk, begun, phone)
    assert done.signed_at is not None
    (submitted,) = k.data.consents.submit(desk.folder)
    assert submitted.problem == ""
    status = k.index.status(consent.kept.id)
    assert status.provider == consent.asked
    assert k.accounts.state(consent.asked).keys == (phone.key,)


def test_the_same_list_gives_the_same_links(desk: Invitations, tmp_path: Path) -> None:
    """A link that is on its way stays good."""
    source = a_list(tmp_path / "cuts")
    first = desk.invite(source, TERMS, studio="Studio Kaze")
    again = desk.invite(source, TERMS, studio="Studio Kaze")
    assert [each.secret for each in first] == [each.secret for each in again]
    assert len(desk.store.all()) == 2
    other = desk.invite(source, replace(TERMS, royalty_bps=3_000), studio="Studio Kaze")
    assert not {each.secret for each in first} & {each.secret for each in other}


def test_a_wallet_that_is_named_is_the_only_one_that_signs(
    desk: Invitations, tmp_path: Path
) -> None:
    wallet = "0x" + "ab" * 20
    source = a_list(tmp_path / "cuts", f"1.svg,Cut 1,{wallet}\n")
    (cut,) = desk.invite(source, TERMS, studio="Studio Kaze")
    assert cut.account == wallet
    with pytest.raises(InvalidInput, match="sign with that wallet"):
        desk.begin(cut, kept(Phone()))
    assert desk.begin(cut, wallet).account == wallet


def test_who_is_in_the_address_book_is_asked_with_their_wallet(
    desk: Invitations, tmp_path: Path
) -> None:
    book = {"Sato Ken": "0x" + "cd" * 20}
    made = desk.invite(a_list(tmp_path / "cuts"), TERMS, studio="Studio Kaze", names=book.get)
    assert [(each.artist, each.account) for each in made] == [
        ("山田 花子", None), ("Sato Ken", book["Sato Ken"]),
    ]  # fmt: skip


def test_drawings_that_were_changed_are_not_signed_for(desk: Invitations, tmp_path: Path) -> None:
    """The artist signs what the invitation was made of, or nothing."""
    cut = invited(desk, tmp_path / "cuts")
    (tmp_path / "cuts" / "2.svg").write_text("<svg>something else</svg>")
    with pytest.raises(InvalidInput, match="changed after this invitation"):
        desk.begin(cut, kept(Phone()))
    (tmp_path / "cuts" / "2.svg").unlink()
    with pytest.raises(FilesError):
        desk.begin(cut, kept(Phone()))


def test_until_it_is_signed_a_new_passkey_can_begin_again_and_after_it_nobody(
    desk: Invitations, tmp_path: Path
) -> None:
    lost, phone, cut = Phone(), Phone(), invited(desk, tmp_path / "cuts")
    desk.begin(cut, kept(lost))
    begun = desk.begin(cut, kept(phone))
    with pytest.raises(InvalidInput, match="not the one"):
        signed_by(desk, begun, lost)
    signed_by(desk, begun, phone)
    with pytest.raises(InvalidInput, match="signed already"):
        desk.begin(begun, kept(lost))
    with pytest.raises(InvalidInput, match="signed already"):
        signed_by(desk, begun, phone)


def test_what_nobody_can_be_invited_to_is_said_by_row(desk: Invitations, tmp_path: Path) -> None:
    for number, (rows, why) in enumerate((
        ("1.svg,Cut 1,\n", "row 2.*names no artist"),
        ("1.svg,Cut 1,Ann\n1.svg,Cut 1,Ben\n", "row 3.*joint work"),
        (f"1.svg,Cut 1,0x{'ab' * 20}:0x{'cd' * 32}\n", "row 2.*cannot consent"),
        ("9.svg,Cut 9,Ann\n", "9.svg"),
    )):  # fmt: skip
        with pytest.raises(KisekiError, match=why):
            desk.invite(a_list(tmp_path / str(number), rows), TERMS, studio="Studio Kaze")
    assert desk.store.all() == []


def test_a_secret_is_in_its_file_alone_and_nobody_else_reads_that(
    desk: Invitations, tmp_path: Path
) -> None:
    cut = invited(desk, tmp_path / "cuts")
    assert cut.secret not in repr(cut)
    assert desk.of(cut.secret) == cut
    assert desk.of(cut.secret[:-1]) is None
    for path in desk.folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.suffix != ".json" or cut.secret not in path.read_text()
    (desk.folder / "invitations.sqlite").chmod(0o644)
    with pytest.raises(KisekiError, match="chmod 600"):
        Invitations(desk._data, desk.folder)
