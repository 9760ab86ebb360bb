"""`kiseki guardians`: what the tutorial does not show, above all what is refused."""

from kiseki import LocalKiseki
from kiseki.chain.signing.accounts import local_account
from kiseki.core import accounts

from .conftest import Shell

NEW = local_account(2).address


def with_guardians(k: LocalKiseki) -> str:
    """An account of a wallet, with two guardians."""
    owner = k.wallet(1)
    key = bytes.fromhex(owner.address[2:])
    at = k.accounts.address(key)
    people = sorted(local_account(number).address.lower() for number in (6, 7))
    call = k.accounts.own(at, "setGuardians", people, 2, 30 * 86_400)
    operation = k.accounts.prepare(at, [call])
    signed = accounts.signature(key, owner.data.wallet.signer.sign_typed(operation.message))
    k.accounts.relay(operation, signed, key=key)
    return at


def test_only_guardians_approve_and_only_enough_of_them_start(shell: Shell, k: LocalKiseki) -> None:
    at = with_guardians(k)
    words = ("guardians", "approve", at, NEW)
    refused = shell.run(*words, "x.json", "--account", "test:3", "--yes", code=2)
    assert "is no guardian of" in refused and not (shell.folder / "x.json").exists()
    shell.run(*words, "a.json", "--account", "test:6", "--yes")
    assert "Account_" in shell.run("guardians", "start", "a.json", "--yes", code=1)
    shell.run(*words, "b.json", "--account", "test:7", "--days", "9", "--yes")
    differ = " ".join(shell.run("guardians", "start", "a.json", "b.json", "--yes", code=2).split())
    assert "over one and the same message" in differ
    shell.run(*words, "c.json", "--account", "test:7", "--same-as", "a.json", "--yes")
    early = shell.run("guardians", "complete", at, "--yes", code=2)
    assert "nobody has begun" in " ".join(early.split())
    shell.run("guardians", "start", "a.json", "c.json", "--yes")
    told = shell.json("guardians", "show", at)
    assert told["recovery"]["key"] == NEW.lower() and told["threshold"] == 2
    assert "Account_RecoveryWaits" in shell.run("guardians", "complete", at, "--yes", code=1)
    again = shell.run("guardians", "start", "a.json", "c.json", "--yes", code=1)
    assert "Account_" in again, "a signature counts for one round"
    shell.run("local", "wait", "31d")
    shell.run("guardians", "complete", at, "--yes")
    assert shell.json("guardians", "show", at)["keys"] == [NEW.lower()]


def test_a_guardians_file_is_shown_and_one_that_was_changed_is_refused(
    shell: Shell, k: LocalKiseki
) -> None:
    at = with_guardians(k)
    shell.run("guardians", "approve", at, NEW, "a.json", "--account", "test:6", "--yes")
    shown = " ".join(shell.run("letters", "show", "a.json").split())
    assert "takes the place of all keys of the account" in shown
    file = shell.folder / "a.json"
    whole = file.read_text("utf-8")
    thief = local_account(9).address
    file.write_text(whole.replace(NEW.lower()[2:], thief.lower()[2:]), "utf-8")
    refused = shell.run("guardians", "start", "a.json", "--yes", code=1)
    assert "the signature is not" in " ".join(refused.split())
    nobody = shell.run("guardians", "show", thief, code=2)
    assert "there is no account at" in " ".join(nobody.split())
