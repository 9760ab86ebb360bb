"""The one reader of the environment and of .env files."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from kiseki.chain.sending.fees import GWEI, Policy
from kiseki.chain.signing import frameworks
from kiseki.chain.signing.accounts import open_account
from kiseki.chain.signing.signer import Signer
from kiseki.errors import InvalidInput

__all__ = ["environment", "gwei", "load_env", "networks_file", "settings"]


def environment() -> Mapping[str, str]:
    """The variables of this process."""
    return os.environ


def load_env(path: Path) -> None:
    """The lines of a `.env` as environment variables, where these are not set already.

    Raises:
        InvalidInput: it is there and cannot be read; the message repeats nothing of it.
    """
    from dotenv import load_dotenv

    try:
        load_dotenv(path)
    except (OSError, ValueError):  # not UTF-8, or a zero byte
        raise InvalidInput(f"{path} cannot be read; save it as plain text in UTF-8") from None


def networks_file(variables: Mapping[str, str] | None = None) -> Path:
    """The user's own table of networks: ``KISEKI_NETWORKS``, or ``~/.kiseki/networks.toml``.

    Raises:
        InvalidInput: the variable names a file that is not there.
    """
    named = (environment() if variables is None else variables).get("KISEKI_NETWORKS", "")
    path = Path(named or "~/.kiseki/networks.toml").expanduser()
    if named and not path.exists():
        raise InvalidInput(f"there is no table of networks at {path}; KISEKI_NETWORKS names it")
    return path


def settings(variables: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What `connect` takes, from environment variables; scripts `load_env` into them first.

    ``KISEKI_RPC_URL``; ``KISEKI_PRIVATE_KEY``, or ``KISEKI_ACCOUNT`` with the name of a wallet
    (`kiseki.chain.signing.accounts`), which goes first; and if wanted ``KISEKI_CHAIN_ID``,
    ``KISEKI_SECRETS`` (key file, ``~/.kiseki/secrets`` if unset), ``KISEKI_DEPLOYMENTS``
    (``deployments`` if unset), ``KISEKI_JOURNAL`` (``~/.kiseki/journal``), ``KISEKI_MAX_FEE`` (the
    most a unit of gas may cost, in gwei), ``KISEKI_TIP`` (of that, for whoever makes the block).

    Under Ape or Brownie the network is theirs, and so is the account that ``KISEKI_ACCOUNT`` names,
    or their usual one if no wallet is named (`kiseki.chain.signing.frameworks`).

    Raises:
        InvalidInput: one that is needed is missing.
        SigningError: the wallet that is named cannot be used.
    """
    given = environment() if variables is None else variables
    lent = frameworks.lent() if variables is None else None
    url = lent.url if lent else given.get("KISEKI_RPC_URL", "")
    wallet = lent or given.get("KISEKI_ACCOUNT") or given.get("KISEKI_PRIVATE_KEY")
    needed = {"KISEKI_RPC_URL": url, "KISEKI_PRIVATE_KEY": wallet}
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise InvalidInput(
            f"{' and '.join(missing)} must be set; copy .env.example to .env and fill it in"
        )
    chain = given.get("KISEKI_CHAIN_ID", "")
    if chain and not re.fullmatch("[0-9]{1,19}", chain):  # below 2^64, nearly
        raise InvalidInput("KISEKI_CHAIN_ID must be a number, as 31337")
    secrets, journal = (_home(given, name) for name in ("SECRETS", "JOURNAL"))
    cap, tip = (gwei(given.get(name, ""), name) for name in ("KISEKI_MAX_FEE", "KISEKI_TIP"))
    chain_id = int(chain) if chain else lent.chain_id if lent else None
    return {
        "url": url,
        "key": _key(given, lent, url, chain_id or 0),
        "chain_id": chain_id,
        "secrets": secrets,
        "deployments": Path(given.get("KISEKI_DEPLOYMENTS") or "deployments"),
        "journal": journal,
        "policy": Policy(max_fee=cap, tip=tip),
    }


def gwei(text: str, what: str) -> int | None:
    """The wei of a price of gas that a person wrote in gwei; none of an empty text.

    Raises:
        InvalidInput: it is no number of gwei.
    """
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
        raise InvalidInput(f"{what} must be a number of gwei, as 2.5")
    return int(Decimal(text) * GWEI)


def _key(
    given: Mapping[str, str], lent: frameworks.Lent | None, url: str, chain_id: int
) -> str | Signer:
    """The wallet that is named: one that is lent, one of Kiseki's, or a private key."""
    name, key = given.get("KISEKI_ACCOUNT", ""), given.get("KISEKI_PRIVATE_KEY", "")
    if lent and (name in lent.names or not (name or key)):
        return lent.account(name, given)
    if not name:
        return key
    first = url.split(",")[0].strip()
    try:
        return open_account(name, url=first, chain_id=chain_id, environment=given)
    except InvalidInput as error:
        raise (lent.unknown(error) if lent else error) from None


def _home(given: Mapping[str, str], name: str) -> Path:
    """A file below the home folder, unless another is named."""
    try:
        return Path(given.get(f"KISEKI_{name}") or f"~/.kiseki/{name.lower()}").expanduser()
    except RuntimeError as error:
        raise InvalidInput(f"KISEKI_{name}: {error}; give the whole path") from error
