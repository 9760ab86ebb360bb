"""`kiseki vault`: looking at the logs of vaults, and cosigning them."""

from __future__ import annotations

import json
import secrets
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kiseki.cli import context, names, show
from kiseki.cli.vault import opened, vault
from kiseki.core.values import address, address_text
from kiseki.disk import texts
from kiseki.errors import FilesError, InvalidInput, KisekiError

if TYPE_CHECKING:
    from kiseki.client.vault.weblogs import WebLogs
    from kiseki.vault.log.cosigning import Cosigner, CosignerKey
    from kiseki.vault.log.monitor import Look
    from kiseki.vault.log.notes import VerifierKey

__all__ = ["known_key"]

_SEED = 32


@vault.command("witness")
def witness(
    url: Annotated[str, typer.Argument(help="Where the vault is: https://…")],
    provider: Annotated[
        list[str] | None,
        typer.Argument(help="Whose logs: addresses or names. Default: this wallet's."),
    ] = None,
    register: Annotated[
        bool,
        typer.Option(
            "--register",
            help="Sign in and register this witness's key for this wallet's own log, once.",
        ),
    ] = False,
    every: Annotated[
        float | None, typer.Option(help="Look again after so many seconds, until Ctrl-C.")
    ] = None,
) -> None:
    """Look at the logs of a vault, remember what they show, and cosign it.

    A log holds a receipt of everything that was handed out of a provider's content. Whoever looked
    once notices at the next look if anything was altered, dropped or backdated since, and keeps the
    two checkpoints that show it. A provider looks at their own log; a guild or a second keeper at
    those of all its members. Its key, and what was seen, lie in the folder witness beside the key
    store. Asks no node and sends nothing to the chain. Ends with 4 if a log contradicts what it had
    shown.

    \b
    Examples:
      kiseki vault witness https://vault.example.org --register
      kiseki vault witness https://vault.example.org alice bob --every 3600
    """
    from kiseki.client.vault.weblogs import WebLogs
    from kiseki.client.vault.witnessing import Witness

    folder = context.beside_secrets() / "witness"
    whose = [_address(each) for each in provider or [context.acting()]]
    cosigner = _cosigner(folder)
    logs = WebLogs(url)
    if register:
        _register(url, cosigner)
    with closing(Witness(folder / "seen.sqlite", cosigner)) as seen:
        while True:
            looks = [(each, _look(seen, logs, folder, each)) for each in whose]
            _say(logs, looks, cosigner.key)
            if every is None:
                break
            time.sleep(every)


def _look(seen: Any, logs: Any, folder: Path, provider: str) -> Look:
    key = known_key(folder, logs, provider)
    domain = key.name.removesuffix(f"/{provider}")
    found: Look = seen.look(logs, domain, provider, [key], int(time.time()))
    return found


def _say(logs: WebLogs, looks: list[tuple[str, Look]], key: CosignerKey) -> None:
    from kiseki.vault.log.monitor import Verdict

    wrong = [each for _, each in looks if each.verdict is not Verdict.CONSISTENT]
    if context.current.json:
        show.json_line([
            {"vault": logs.url, "provider": provider, "verdict": each.verdict.value,
             "why": each.why, "size": each.monitor.size} for provider, each in looks
        ])  # fmt: skip
    else:
        show.table(
            ["provider", "entries", "the log is", "why"],
            [(provider, f"{each.monitor.size:,}", each.verdict.value, each.why)
             for provider, each in looks],
            numbers=["entries"],
        )  # fmt: skip
    if logs.refused:
        show.say(
            f"The vault does not take cosignatures of the key {key.text}. A provider registers it "
            "with --register, and the vault's keeper with `kiseki vault cosigner`."
        )
    if wrong:
        show.say(
            "What was shown before and what is shown now lie in the witness's file: keep it, and "
            "ask the vault's keeper for the receipts."
        )
        raise typer.Exit(4)


def _register(url: str, cosigner: Cosigner) -> None:
    from kiseki.client.vault.site import VaultSite

    k = context.kiseki()
    with closing(VaultSite(url, k.signer, k.session.chain_id)) as site:
        site.register(cosigner.key.text)
    show.say(f"The key {cosigner.key.text} cosigns the log of {k.address} from now on.")


def _cosigner(folder: Path) -> Cosigner:
    """The key of this witness, made at the first time."""
    from kiseki.vault.log.cosigning import Cosigner

    path = folder / "key.json"
    if not path.exists():
        seed = secrets.token_bytes(_SEED)
        name = f"kiseki-witness/{secrets.token_hex(8)}"
        texts.write(path, json.dumps({"name": name, "seed": seed.hex()}), mode=0o600, folder=True)
    try:
        told = json.loads(texts.read(path))
        return Cosigner(told["name"], bytes.fromhex(told["seed"]))
    except (ValueError, KeyError, TypeError, InvalidInput) as error:
        raise FilesError(f"{path} is no key of a witness; restore it from a backup") from error


def known_key(folder: Path, logs: Any, provider: str) -> VerifierKey:
    """The key of a log as it was first told: a vault that shows another one is found out."""
    from kiseki.vault.log.notes import VerifierKey

    path = folder / "logs.json"
    known = json.loads(texts.read(path)) if path.exists() else {}
    of = f"{logs.url} {provider}"
    if of not in known:
        known[of] = logs.key(provider).text
        texts.write(path, json.dumps(known, indent=2), mode=0o600, folder=True)
    key = VerifierKey.from_text(known[of])
    if not key.name.endswith(f"/{provider}"):
        raise KisekiError(f"the log {key.name} of that vault is not the one of {provider}")
    return key


def _address(text: str) -> str:
    return address_text(address(names.account(text), "the provider"))


@vault.command("cosigner")
def cosigner(
    key: Annotated[str, typer.Argument(help="The key of a witness (vkey), as it tells it.")],
) -> None:
    """Let a witness cosign the logs of all providers of this vault.

    A provider registers a key for their own log with `kiseki vault witness --register`. Asks no
    node and sends nothing.

    \b
    Examples:
      kiseki vault cosigner kiseki-witness/1a2b+33445566+BGZvbyBiYXI
    """
    from kiseki.vault.handing.cosigners import Cosigners

    with opened() as found:
        made = Cosigners(found.keys.database, found.ledger).register(key)
    show.say(f"{made.name} cosigns all logs of this vault from now on.")
