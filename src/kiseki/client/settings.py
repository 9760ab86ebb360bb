"""The one reader of the environment and of `.env`, for command line, scripts and frameworks.

What there is to set is a table: names, what each takes, and what it means. The command line puts
its options beside the variables, and they go first. What cannot be used is refused.
"""

from __future__ import annotations

import codecs
import io
import os
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiseki.chain.release.networks import Network, network
from kiseki.chain.sending.fees import GWEI, Finality, Policy
from kiseki.chain.signing import frameworks
from kiseki.chain.signing.accounts import LOCAL_CHAINS, Keystores, open_account
from kiseki.chain.signing.signer import Signer
from kiseki.errors import InvalidInput
from kiseki.language import LANGUAGES, of_locale

if TYPE_CHECKING:
    from kiseki.vault.keys.services import Opens

__all__ = ["SETTINGS", "Setting", "Where", "checked", "environment", "gwei", "keystores",
           "languages", "network_of", "policy", "settings", "text", "value", "variables", "wallet",
           "where"]  # fmt: skip


def _text(text: str) -> str:
    return text


_UNREAD = re.compile(r"""(["'`“”„«]).*|.*[$][A-Za-z_{(].*|.*%\w+%.*""", re.ASCII)
"""What a shell would have read, and what other programs put around a value."""


def _path(text: str) -> Path:
    if not text.isprintable() or _UNREAD.fullmatch(text):
        raise ValueError
    return Path(text).expanduser()


def _chain(text: str) -> int:
    if not re.fullmatch("[0-9]{1,19}", text) or not int(text):  # below 2^64, nearly
        raise ValueError
    return int(text)


def _gwei(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
        raise ValueError
    return int(Decimal(text) * GWEI)


def gwei(text: str, what: str) -> int | None:
    """The wei of a price of gas that a person wrote in gwei; none of an empty text.

    Raises:
        InvalidInput: it is no number of gwei.
    """
    try:
        return _gwei(text) if text else None
    except ValueError:
        raise InvalidInput(f"{what} must be a number of gwei, as 2.5") from None


def _cap(text: str) -> int:
    if not _gwei(text):
        raise ValueError
    return _gwei(text)


def _finality(text: str) -> Finality:
    if text.lower() == "safe":
        return "safe"
    if text.lower() == "finalized":
        return "finalized"
    if not re.fullmatch("[0-9]{1,5}", text) or not 1 <= int(text) <= 10_000:
        raise ValueError
    return int(text)


def _path_or_url(text: str) -> Path | str:
    return text if "://" in text else _path(text)


def _vault_key(text: str) -> Opens:
    from kiseki.vault.keys.named import AWS, is_identity, key_of

    if not is_identity(text):
        _path(text.removeprefix(AWS))
    return key_of(text)


def _decimal(text: str) -> str:
    if text not in (".", ","):
        raise ValueError
    return text


def _encoding(text: str) -> str:
    try:
        codecs.lookup(text)
    except LookupError:
        raise ValueError from None
    return text


def _languages(text: str) -> tuple[str, ...]:
    if text != "both" and text not in LANGUAGES:
        raise ValueError
    return LANGUAGES if text == "both" else (text,)


@dataclass(frozen=True, slots=True)
class Setting:
    """Something that can be set.

    Attributes:
        takes: what it must be, in words.
        read: makes its value from the text; a ValueError means that the text is none.
        default: the text that counts where nobody sets it; empty for none.
        option: of the command line, which goes before the variable; empty where there is none.
    """

    takes: str
    read: Callable[[str], Any] = _text
    default: str = ""
    option: str = ""


_NAME_OF_NETWORK = "the name of a network, as sepolia"
_FILE, _FOLDER = (f"the path of a {kind}, in which ~ is read and no $NAME, without quotes around it"
                  for kind in ("file", "folder"))  # fmt: skip

SETTINGS: Mapping[str, Setting] = {
    "KISEKI_NETWORK": Setting(_NAME_OF_NETWORK, option="--network"),
    "KISEKI_NETWORKS": Setting(_FILE, _path, "~/.kiseki/networks.toml"),
    "KISEKI_RPC_URL": Setting("the URL of a node, or several with commas between", option="--rpc"),
    "KISEKI_CHAIN_ID": Setting("a number, as 31337", _chain),
    "KISEKI_PRIVATE_KEY": Setting("a private key: 0x and 64 hex digits"),
    "KISEKI_ACCOUNT": Setting("the name of a wallet, as studio", option="--account"),
    "KISEKI_PASSWORD_FILE": Setting(_FILE, _path),
    "KISEKI_KEYSTORES": Setting(_FOLDER, _path, "~/.kiseki/keystores"),
    "KISEKI_SECRETS": Setting(
        "the path of a file, or the URL of a PostgreSQL database, as postgresql://…",
        _path_or_url,
        "~/.kiseki/secrets",
        "--secrets",
    ),
    "KISEKI_VAULT_IDENTITY": Setting(
        "the path of an age identity file, aws-kms: and the path of an encrypted one, or the "
        "identity itself (AGE-SECRET-KEY-1…)",
        _vault_key,
        "",
        "--vault-identity",
    ),
    "KISEKI_DEPLOYMENTS": Setting(_FOLDER, _path, "deployments", "--deployments"),
    "KISEKI_JOURNAL": Setting(_FILE, _path, "~/.kiseki/journal", "--journal"),
    "KISEKI_INDEX": Setting(
        "the path of a folder, or the URL of a PostgreSQL database, as postgresql://…",
        _path_or_url,
        "~/.kiseki/index",
        "--index",
    ),
    "KISEKI_MAX_FEE": Setting("a number of gwei, as 2.5, and more than 0", _cap, "", "--max-fee"),
    "KISEKI_TIP": Setting("a number of gwei, as 2.5", _gwei, "", "--tip"),
    "KISEKI_CONFIRMATIONS": Setting(
        "a number of blocks from 1 to 10000, safe or finalized", _finality, "", "--confirmations"
    ),
    "KISEKI_DECIMAL": Setting("a point or a comma", _decimal, "", "--decimal"),
    "KISEKI_ENCODING": Setting("the name of an encoding, as cp932", _encoding, "", "--encoding"),
    "KISEKI_SHEET": Setting("the name of a sheet", option="--sheet"),
    "KISEKI_LANGUAGE": Setting("one of en, ja or both", _languages, "", "--language"),
    # For scripts/register.py and scripts/claim.py:
    "KISEKI_FOLDER": Setting("the path of a folder or of a list", _text, "artwork"),
    "KISEKI_USES": Setting("uses with commas between, as train"),
    "KISEKI_ROYALTY": Setting("a share, as 20%; 0% asks for none"),
    "KISEKI_LICENCE": Setting(_FILE),
    "KISEKI_WALLET": Setting("an address: 0x and 40 hex digits"),
}
"""Everything that can be set, by the name of its variable."""


def environment() -> Mapping[str, str]:
    """The variables of this process."""
    return os.environ


def variables() -> dict[str, str]:
    """The variables of this process, and those of the `.env` of the current folder that it lacks.

    Raises:
        InvalidInput: the `.env` cannot be read.
    """
    return _dotenv(Path.cwd() / ".env") | {
        name: text for name, text in environment().items() if text or not _ours(name)
    }


def checked(given: Mapping[str, str]) -> Mapping[str, str]:
    """The same, once all of it can be used: a mistake is told before any node is asked.

    Raises:
        InvalidInput: a variable means nothing, or its value is not what it takes.
    """
    for name in given:
        if _ours(name) and name not in SETTINGS:
            raise InvalidInput(_unknown(name))
    for name in SETTINGS:
        value(name, given)
    return given


def _ours(name: str) -> bool:
    """Whether somebody means a variable of Kiseki's, rightly written or not."""
    shown = (each for each in name if unicodedata.category(each) not in ("Cf", "Zs"))
    return unicodedata.normalize("NFKC", "".join(shown)).upper().startswith("KISEKI")


def _unknown(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name.upper(), SETTINGS, 1)
    hint = f"did you mean {near[0]}?" if near else ".env.example lists what there is"
    return f"{name:.60} means nothing to Kiseki, so it would be ignored; {hint}"


def _dotenv(path: Path) -> dict[str, str]:
    """The variables of a `.env`; the messages repeat nothing of it."""
    if not path.is_file():
        return {}
    from dotenv import dotenv_values
    from dotenv.parser import parse_stream

    try:
        content = path.read_text("utf-8-sig")
    except (OSError, ValueError):
        raise _unreadable(path) from None
    if "\0" in content:
        raise _unreadable(path)
    lines: dict[str, int] = {}
    for line in parse_stream(io.StringIO(content)):
        blank = re.match(r"\s*", line.original.string)  # it begins with the empty lines before it
        number = line.original.line + (blank[0].count("\n") if blank and line.key else 0)
        where, name = f"{path}, line {number}", line.key or ""
        if line.error or (_ours(name) and line.value is None):
            raise InvalidInput(f"{where}: this is not NAME=value; write it so, or put # before it")
        if _ours(name) and name in lines:
            raise InvalidInput(f"{where}: {name:.60} is in line {lines[name]} too; leave one out")
        if _ours(name) and not environment().get(name):
            _must_be_known(where, name, line.value or "", lines)
        lines[name] = number
    read = dotenv_values(stream=io.StringIO(content))
    return {name: said for name, said in read.items() if said is not None}


def _must_be_known(where: str, name: str, said: str, lines: Mapping[str, int]) -> None:
    """A value that holds another variable is no value where that is not there: python-dotenv would
    leave it out, and a path or URL without its middle is another one."""
    from dotenv.variables import Variable, parse_variables

    for each in parse_variables(said):
        if not isinstance(each, Variable) or each.default is not None or each.name in lines:
            continue
        if not environment().get(each.name):
            raise InvalidInput(f"{where}: {name:.60} needs {each.name:.60}, which is not set")


def _unreadable(path: Path) -> InvalidInput:
    return InvalidInput(f"{path} cannot be read; save it as plain text in UTF-8")


def text(name: str, given: Mapping[str, str]) -> str:
    """What was said: as an option, else as a variable, else the default.

    Args:
        given: variables by name, and options such as ``--tip`` beside them.
    """
    setting = SETTINGS[name]
    said = given.get(setting.option, "") if setting.option else ""
    return (said or given.get(name, "")).strip() or setting.default


def value(name: str, given: Mapping[str, str]) -> Any:
    """The value of a setting; none where nobody set it and it has no default.

    Raises:
        InvalidInput: what was said is not what it takes.
    """
    setting, said = SETTINGS[name], text(name, given)
    if not said:
        return None
    try:
        return setting.read(said)
    except (ValueError, RuntimeError):  # RuntimeError: the home folder of nobody
        source = setting.option if given.get(setting.option) else name
        raise InvalidInput(f"{source} must be {setting.takes}") from None


@dataclass(frozen=True, slots=True)
class Where:
    """The node: its URL or URLs, and the chain that it must be on, if that is known."""

    url: str
    chain_id: int | None


def network_of(what: str | int, given: Mapping[str, str]) -> Network:
    """A network by name or chain ID, from the user's own table or Kiseki's.

    Raises:
        InvalidInput: there is none of that name, or KISEKI_NETWORKS names a file that is not there.
    """
    path: Path = value("KISEKI_NETWORKS", given)
    if given.get("KISEKI_NETWORKS") and not path.exists():
        raise InvalidInput(f"there is no table of networks at {path}; KISEKI_NETWORKS names it")
    return network(what, path)


def where(given: Mapping[str, str]) -> Where:
    """The node that the settings name; by default the local one.

    Raises:
        InvalidInput: they contradict one another, or no node of the network is known.
    """
    name, url = text("KISEKI_NETWORK", given), text("KISEKI_RPC_URL", given)
    chain = value("KISEKI_CHAIN_ID", given)
    if not name:
        return Where(url or network_of("local", given).nodes[0], chain)
    found = network_of(name, given)
    if chain not in (None, found.chain_id) and not given.get("--network"):
        raise InvalidInput(
            f"KISEKI_NETWORK is {found.name}, chain {found.chain_id}, but KISEKI_CHAIN_ID is "
            f"{chain}; leave one of them out"
        )
    if not (url or found.nodes):
        raise InvalidInput(
            f"no node of {found.name} is known; name one with --rpc or KISEKI_RPC_URL"
        )
    return Where(url or ",".join(found.nodes), found.chain_id)


def policy(given: Mapping[str, str], chain_id: int | None) -> Policy:
    """Fees and finality: what was said, else what is usual on that chain."""
    there = network_of("local" if chain_id is None else chain_id, given)
    finality = value("KISEKI_CONFIRMATIONS", given) or there.finality
    most, tip = value("KISEKI_MAX_FEE", given), value("KISEKI_TIP", given)
    return there.policy(Policy(max_fee=most, tip=tip, finality=finality))


def languages(given: Mapping[str, str], usual: str = "") -> tuple[str, ...]:
    """In which languages people are told what is signed.

    As KISEKI_LANGUAGE says; else `usual`; else the language of the machine (``LC_ALL``,
    ``LC_MESSAGES``, ``LANG``).

    Raises:
        InvalidInput: there is no such language.
    """
    found: tuple[str, ...] | None = value("KISEKI_LANGUAGE", given)
    if found or usual:
        return found or _languages(usual)
    machine = (given.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return (of_locale(next(filter(None, machine), "")),)


def keystores(given: Mapping[str, str]) -> Keystores:
    """The folder of keystore files."""
    return Keystores(value("KISEKI_KEYSTORES", given))


def wallet(given: Mapping[str, str], chain_id: int) -> str:
    """The word for the wallet; without one the key of the environment, or on a local chain
    the first test wallet.

    Raises:
        InvalidInput: nothing names one.
    """
    usual = "env" if text("KISEKI_PRIVATE_KEY", given) else ""
    usual = usual or ("test:0" if chain_id in LOCAL_CHAINS else "")
    spec = text("KISEKI_ACCOUNT", given) or usual
    if not spec:
        raise InvalidInput(
            "no wallet is named; add --account NAME (`kiseki accounts list` shows them), or set "
            "KISEKI_ACCOUNT or KISEKI_PRIVATE_KEY (.env.example shows how)"
        )
    return spec


def settings(given: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What `connect` takes, from the environment and the `.env` of the current folder.

    The same variables as for the command line, with the same defaults (`SETTINGS`): a node by
    ``KISEKI_RPC_URL`` or ``KISEKI_NETWORK``, else the local one; a wallet by ``KISEKI_ACCOUNT`` or
    ``KISEKI_PRIVATE_KEY``, else on a local chain the first test wallet. Where the wallet depends on
    the chain and nothing names the chain, the node is asked.

    Under Ape or Brownie the network is theirs, and so is the account that ``KISEKI_ACCOUNT`` names,
    or their usual one if no wallet is named (`kiseki.chain.signing.frameworks`).

    Args:
        given: variables to be used instead.

    Raises:
        InvalidInput: a setting is missing or cannot be used.
        SigningError: the wallet that is named cannot be used.
        NodeUnreachable: the node had to be asked for its chain, and does not answer.
    """
    known = checked(variables() if given is None else given)
    lent = frameworks.lent() if given is None else None
    at = Where(lent.url, value("KISEKI_CHAIN_ID", known) or lent.chain_id) if lent else where(known)
    return {
        "url": at.url,
        "key": _key(known, lent, at),
        "chain_id": at.chain_id,
        "secrets": value("KISEKI_SECRETS", known),
        "vault_key": value("KISEKI_VAULT_IDENTITY", known),
        "deployments": value("KISEKI_DEPLOYMENTS", known),
        "journal": value("KISEKI_JOURNAL", known),
        "index": value("KISEKI_INDEX", known),
        "policy": policy(known, at.chain_id),
        "networks": value("KISEKI_NETWORKS", known),
    }


def _key(known: Mapping[str, str], lent: frameworks.Lent | None, at: Where) -> str | Signer:
    """The wallet that is named: one that is lent, one of Kiseki's, or a private key."""
    name, key = text("KISEKI_ACCOUNT", known), text("KISEKI_PRIVATE_KEY", known)
    if lent and (name in lent.names or not (name or key)):
        return lent.account(name, known)
    if key and not name:
        return key
    chain_id = at.chain_id or 0
    if not chain_id and (not name or name.startswith("test:")):
        from kiseki.chain.node import connect

        chain_id = connect(at.url).chain_id
    first = at.url.split(",")[0].strip()
    try:
        return open_account(
            wallet(known, chain_id), url=first, chain_id=chain_id, keystores=keystores(known),
            environment=known,
        )  # fmt: skip
    except InvalidInput as error:
        raise (lent.unknown(error) if lent else error) from None
