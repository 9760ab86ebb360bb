"""Which wallet acts: keystore files, and everything else that a person can name in a word.

    studio                      the keystore file ~/.kiseki/keystores/studio.json
    ./keys/studio.json          one that is somewhere else
    env                         the private key in KISEKI_PRIVATE_KEY
    test:0                      Anvil's well-known test wallets; only on chains of one's own
    node:0x…                    an account of the node itself
    clef:http://…#0x…           an account of Clef
    web3signer:http://…#0x…     an account of Web3Signer

Keystore files are those of Ethereum's other wallets (Web3 Secret Storage), so they can be moved to
and fro. Some of them (`cast`) write no address into the file: it is known once the file was opened.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiseki.chain.anvil import MNEMONIC, TEST_WALLETS
from kiseki.chain.signing.formats import damaged, understood
from kiseki.chain.signing.remote import APIS, RemoteSigner
from kiseki.chain.signing.signer import LocalSigner, SignedTransaction, Signer
from kiseki.core.checksum import checksummed
from kiseki.core.values import address
from kiseki.disk import atomic, passwords
from kiseki.disk.private import open_to_others
from kiseki.errors import InvalidInput, KisekiError, SigningError

if TYPE_CHECKING:
    from eth_account import Account
    from eth_account.signers.local import LocalAccount

__all__ = [
    "KEYSTORES",
    "Keystore",
    "Keystores",
    "WatchOnly",
    "account_of",
    "address_of",
    "local_account",
    "open_account",
    "password_file",
]

KEYSTORES = Path("~/.kiseki/keystores")
"""Where keystore files are, unless somebody says otherwise."""

Ask = Callable[[str], str]
"""Asks a person for a password; the argument says which."""

LOCAL_CHAINS = (31337, 1337)
"""Chain IDs under which nobody has anything to lose."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_KEY = re.compile(r"(0x)?[0-9a-fA-F]{64}", re.ASCII)
_LONGEST = 100_000


@dataclass(frozen=True, slots=True)
class Keystore:
    """A keystore file.

    Attributes:
        name: by which it is named.
        address: of its wallet, checksummed; empty where the file does not say it.
        path: the file.
        problem: what is wrong with it, if anything is.
    """

    name: str
    address: str
    path: Path
    problem: str = ""


class Keystores:
    """A folder of keystore files, each with mode 0600."""

    def __init__(self, folder: Path = KEYSTORES) -> None:
        self.folder = folder.expanduser()

    def __repr__(self) -> str:
        return f"Keystores({str(self.folder)!r})"

    def list(self) -> list[Keystore]:
        """All of them, by name."""
        files = sorted(path for path in self.folder.glob("[!.]*") if path.is_file())
        return [self._describe(path) for path in files if _is_keystore(path)]

    def new(self, name: str, password: str) -> Keystore:
        """A new wallet.

        Raises:
            InvalidInput: the name cannot be one, or is taken.
            SigningError: the file cannot be written.
        """
        return self.add(name, _accounts().create(), password)

    def add(self, name: str, key: str | LocalAccount, password: str) -> Keystore:
        """Keeps a wallet that exists, by its private key."""
        path = self._free(name)
        _write(path, _encrypted(account_of(key), password), new=True)
        return self._describe(path)

    def take_in(self, name: str, file: Path, password: str) -> Keystore:
        """Keeps a copy of a keystore file of another wallet, once it opened with the password."""
        path = self._free(name)
        document = _read(file)
        # The address of the key, not what the file says that it is.
        account = _decrypt(document, password, file)
        _write(path, document | {"address": account.address[2:].lower()}, new=True)
        return self._describe(path)

    def change_password(self, name: str, old: str, new: str) -> None:
        """Encrypts it anew; the old file is replaced once the new one is on the disk."""
        path = self.path(name)
        account = _decrypt(_read(path), old, path)
        _write(path, _encrypted(account, new))

    def path(self, name: str) -> Path:
        """The file of a name, or the file itself where a path is given.

        Raises:
            InvalidInput: there is none.
        """
        path = Path(name).expanduser()
        if os.sep not in name and not name.endswith(".json"):
            path = self.folder / f"{name}.json"
            other = self.folder / name  # geth's and cast's have no ending
            path = other if name and other.is_file() and not path.is_file() else path
        if not path.is_file():
            known = ", ".join(each.name for each in self.list()) or "none yet"
            # What is no name may be a key that was typed in its place, or a URL with one.
            named = (
                f" {name}" if _NAME.fullmatch(name) and not _KEY.fullmatch(name) else " like that"
            )
            raise InvalidInput(
                f"there is no wallet{named}; there is {known}, and `kiseki accounts new NAME` "
                "makes one"
            )
        return path

    def open(self, name: str, ask: Ask) -> LocalSigner:
        """A wallet that can sign.

        Raises:
            SigningError: a wrong password, or a file that others can read or that is damaged.
        """
        path = self.path(name)
        document = _read(path)
        account = _decrypt(document, ask(f"Password of {_name(path)}"), path)
        said = _address(document)
        if said and said != account.address:  # who only looks at it is told what the file says
            raise SigningError(
                f"{path} says that it is the wallet {said}, and the key in it is that of "
                f"{account.address}. `kiseki accounts import` takes in the wallet of that key; "
                "nothing was signed"
            )
        if path.parent == self.folder and not said:
            _learn(path, document, account.address)
        return LocalSigner(account)

    def key(self, name: str, password: str) -> str:
        """The private key, to be taken elsewhere: 0x and 64 hex digits. Show it to nobody."""
        path = self.path(name)
        return "0x" + bytes(_decrypt(_read(path), password, path).key).hex()

    def _free(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise InvalidInput("a wallet's name has letters, digits, dots, dashes and underscores")
        path = self.folder / f"{name}.json"
        if path.exists():
            raise _taken(path)
        return path

    def _describe(self, path: Path) -> Keystore:
        try:
            return Keystore(_name(path), _address(_read(path)), path)
        except KisekiError as error:
            return Keystore(_name(path), "", path, str(error))


class WatchOnly:
    """A wallet that is only looked at: it signs nothing."""

    def __init__(self, wallet: str) -> None:
        self.address = checksummed(address(wallet, "the wallet"))

    def __repr__(self) -> str:
        return f"WatchOnly({self.address})"

    def sign_transaction(self, transaction: Mapping[str, Any]) -> SignedTransaction:
        """Signs nothing."""
        raise self._refusal()

    def sign_typed(self, message: Mapping[str, Any]) -> bytes:
        """Signs nothing."""
        raise self._refusal()

    def sign_text(self, text: str) -> bytes:
        """Signs nothing."""
        raise self._refusal()

    def _refusal(self) -> SigningError:
        return SigningError(
            f"{self.address} is only looked at here; name a wallet that can sign (--account)"
        )


def open_account(
    spec: str,
    *,
    url: str = "",
    chain_id: int = 0,
    ask: Ask | None = None,
    keystores: Keystores | None = None,
    environment: Mapping[str, str],
) -> Signer:
    """The wallet that a word names; see the module.

    Args:
        url: of the node, for ``node:…``.
        chain_id: on which it is to act, for ``test:…``.
        ask: asks for a password; else the file that ``KISEKI_PASSWORD_FILE`` names is read.
        environment: where ``KISEKI_PRIVATE_KEY`` and ``KISEKI_PASSWORD_FILE`` may be
            (`kiseki.client.settings.environment`).

    Raises:
        InvalidInput: it names nothing.
        SigningError: the wallet cannot be used.
    """
    kind, _, rest = spec.partition(":")
    if spec == "env":
        key = environment.get("KISEKI_PRIVATE_KEY")
        if not key:
            raise InvalidInput("KISEKI_PRIVATE_KEY is not set; set it, or name another wallet")
        return LocalSigner(account_of(key))
    if kind == "test":
        return LocalSigner(local_account(_test_number(rest, chain_id)))
    if kind in APIS:
        where, _, wallet = (url, "", rest) if kind == "node" else rest.rpartition("#")
        if not re.fullmatch("0x[0-9a-fA-F]{40}", wallet, re.ASCII):
            # Not repeated: it may be a URL, and with it perhaps a key.
            form = "node:ADDRESS" if kind == "node" else f"{kind}:URL#ADDRESS"
            raise InvalidInput(f"the wallet is written as {form}; this has no address")
        return RemoteSigner(APIS[kind], where, wallet)
    return (keystores or Keystores()).open(spec, lambda what: _password(what, ask, environment))


def address_of(
    spec: str,
    *,
    url: str = "",
    chain_id: int = 0,
    ask: Ask | None = None,
    keystores: Keystores | None = None,
    environment: Mapping[str, str],
) -> str:
    """The address of the wallet that a word names, checksummed; its key is left where it is.

    Only a wallet whose address stands nowhere is opened. Arguments and errors are those of
    `open_account`.
    """
    kind, _, rest = spec.partition(":")
    if kind == "test":
        number = _test_number(rest, chain_id)
        known = number < len(TEST_WALLETS)
        return TEST_WALLETS[number] if known else local_account(number).address
    folder = keystores or Keystores()
    named = {each.name: each.address for each in folder.list()}
    if named.get(spec):
        return named[spec]
    return open_account(
        spec, url=url, chain_id=chain_id, ask=ask, keystores=folder, environment=environment
    ).address


def account_of(key: str | LocalAccount) -> LocalAccount:
    """The account of a private key.

    Raises:
        InvalidInput: it is no private key; the message does not repeat it.
    """
    from eth_account.signers.local import LocalAccount

    if isinstance(key, LocalAccount):
        return key
    if not isinstance(key, str):
        raise InvalidInput("give a private key as text, or an account of eth-account")
    try:
        account: LocalAccount = _accounts().from_key(key)
    except Exception:  # noqa: BLE001 - whatever it is, its text could hold the key
        raise InvalidInput("a private key is 0x and 64 hex digits; check the .env file") from None
    return account


@cache
def local_account(number: int) -> LocalAccount:
    """One of Anvil's well-known test wallets. Worth nothing on any chain that is."""
    if not 0 <= number < 2**31:
        raise InvalidInput("test wallets are numbered from 0")
    account: LocalAccount = _accounts().from_mnemonic(
        MNEMONIC, account_path=f"m/44'/60'/0'/0/{number}"
    )
    return account


@cache
def _accounts() -> type[Account]:
    """Keys and how they sign; imported when the first is opened, because that takes a while."""
    from eth_account import Account

    Account.enable_unaudited_hdwallet_features()
    return Account


def _test_number(number: str, chain_id: int) -> int:
    if chain_id not in LOCAL_CHAINS:
        raise InvalidInput(
            "everybody has the keys of the test wallets, so they are for local chains "
            f"({' and '.join(map(str, LOCAL_CHAINS))}) only; name another wallet"
        )
    if not re.fullmatch("[0-9]{1,9}", number):
        raise InvalidInput("test wallets are numbered from 0, as test:0")
    return int(number)


def password_file(environment: Mapping[str, str]) -> str | None:
    """The password in the file that ``KISEKI_PASSWORD_FILE`` names; none if it names none.

    Raises:
        SigningError: others can read it, or it cannot be read.
    """
    named = environment.get("KISEKI_PASSWORD_FILE")
    if not named:
        return None
    path = Path(named).expanduser()
    _must_be_private(path, "the password file")
    try:
        return path.read_text("utf-8-sig").rstrip("\r\n")
    except (OSError, UnicodeError):
        raise SigningError(f"the password file {path} cannot be read; save it as text") from None


def _password(what: str, ask: Ask | None, environment: Mapping[str, str]) -> str:
    known = password_file(environment)
    if known is not None:
        return known
    if ask is None:
        raise SigningError(
            "the wallet needs its password; put it into a file of mode 0600 that "
            "KISEKI_PASSWORD_FILE names"
        )
    return ask(what)


# Files


_WORK = 2**18
"""Of scrypt, as Geth has it: whoever guesses passwords needs half a second and 256 MB for each."""


def _encrypted(account: LocalAccount, password: str) -> dict[str, Any]:
    if not password:
        raise InvalidInput("a password has at least one character; more are better")
    written = passwords.written(password)
    return dict(_accounts().encrypt(account.key, written, kdf="scrypt", iterations=_WORK))


def _decrypt(document: dict[str, Any], password: str, path: Path) -> LocalAccount:
    for form in passwords.forms(password):
        try:
            key = _accounts().decrypt(document, form)
            account: LocalAccount = _accounts().from_key(key)
        except Exception as error:  # noqa: BLE001 - eth-keyfile trusts whatever is in the file
            if isinstance(error, ValueError) and "MAC mismatch" in str(error):
                continue
            raise damaged(path) from None
        return account
    raise SigningError(f"that is not the password of {_name(path)}; try again")


def _name(path: Path) -> str:
    """How a person names the file; other wallets end theirs in no ``.json``."""
    return path.stem if path.suffix == ".json" else path.name


def _is_keystore(path: Path) -> bool:
    """Whether a file of the folder is listed: a ``.json``, or one that holds an encrypted key."""
    if path.suffix == ".json":
        return True
    try:
        with path.open("rb") as file:
            document = json.loads(file.read(_LONGEST))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(document, dict) and "crypto" in {each.lower() for each in document}


def _address(document: Mapping[str, Any]) -> str:
    """The address that the file says; empty where it says none that can be read."""
    said = document.get("address")
    text = said.strip() if isinstance(said, str) else ""
    try:
        return checksummed(address("0x" + re.sub("^0[xX]", "", text), "the address"))
    except InvalidInput:
        return ""


def _learn(path: Path, document: dict[str, Any], address: str) -> None:
    """Writes the address into a file that lacks it, so that nobody is asked for it again."""
    with contextlib.suppress(SigningError):  # a folder that cannot be written opens all the same
        if _read(path) == document:  # its password may have been changed meanwhile
            _write(path, document | {"address": address[2:].lower()})


def _read(path: Path) -> dict[str, Any]:
    _must_be_private(path, "the keystore file")
    try:
        with path.open("rb") as file:
            document = json.loads(file.read(_LONGEST))
    except (OSError, ValueError, RecursionError):
        raise damaged(path) from None
    if not isinstance(document, dict):
        raise damaged(path)
    return understood(document, path)


def _must_be_private(path: Path, what: str) -> None:
    try:
        mode = open_to_others(path)
    except OSError as error:
        raise SigningError(f"{what} {path} cannot be read ({error.strerror})") from None
    if mode:
        raise SigningError(
            f"others can read {what} {path} (mode {mode}); run `chmod 600 {path}` and think "
            "about who has seen it"
        )


def _taken(path: Path) -> InvalidInput:
    return InvalidInput(f"there is a wallet {path.stem} already; give another name")


def _write(path: Path, document: Mapping[str, Any], *, new: bool = False) -> None:
    """All of it or nothing, for nobody else to read.

    Args:
        new: whether there must be no such file, which is found out as it is written: of two who
            make a wallet of one name at once one would lose its key.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        atomic.write(path, json.dumps(document), mode=0o600, new=new)
    except FileExistsError:
        raise _taken(path) from None
    except OSError as error:
        raise SigningError(f"{path} cannot be written ({error.strerror})") from error


def signer_of(key: str | LocalAccount | Signer) -> Signer:
    """Whoever signs with a key, or signs anyway.

    Raises:
        InvalidInput: it is no private key; the message does not repeat it.
    """
    return key if isinstance(key, Signer) else LocalSigner(account_of(key))
