"""Makes docs/reference.md of the help texts and docstrings, so that they say everything once.

python tools/reference.py           write it
python tools/reference.py --check   end with 1 if it is not what they say now
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from kiseki import Kiseki, LocalKiseki, Payee, Split, Terms
from kiseki.chain.sending.fees import Policy
from kiseki.chain.sending.outcome import Outcome, Receipt
from kiseki.chain.sending.sender import Sender
from kiseki.chain.signing.accounts import Keystores
from kiseki.cli.app import EXIT_CODES, app
from kiseki.client.accounts.accounts import Accounts, AccountState
from kiseki.client.accounts.operations import Operation
from kiseki.client.cancellations import Cancellations
from kiseki.client.data.consents import Consents
from kiseki.client.data.data import Data
from kiseki.client.data.gates import Gate
from kiseki.client.data.registering import Registered, Totals
from kiseki.client.data.standing import StandingConsents
from kiseki.client.identities import Identities
from kiseki.client.market.market import Bought, Market
from kiseki.client.models.lora import Finished, Loras
from kiseki.client.models.models import Models
from kiseki.client.outputs.outputs import Outputs
from kiseki.client.revenue.redirects import Redirects
from kiseki.client.revenue.revenue import Claimed, Revenue
from kiseki.client.revenue.splits import Splits
from kiseki.client.revenue.statements import Reconciled, Statements
from kiseki.client.revenue.titles import Titles
from kiseki.client.revenue.waterfalls import Waterfalls
from kiseki.client.rights.incomes import Income, Incomes
from kiseki.client.rights.rights import Rights
from kiseki.client.rights.schedules import Pending, Schedules
from kiseki.core import conditions as schedule
from kiseki.core.manifest import Manifest
from kiseki.core.offer import Licence, Offer
from kiseki.core.statement import Line, RoyaltyStatement
from kiseki.core.title import Cut, Title
from kiseki.core.waterfall import Plan, Tier
from kiseki.keeper import Duties, Keeper, Metrics
from kiseki.training import Exposure, Figures, Ledger
from kiseki.training.laid import Original, Originals
from kiseki.training.laying import Clearing, Layout, LeftOut, carry_out, clearing, lay, plan
from kiseki.vault.keystore import KeyStore

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference.md"

CLASSES = (
    Kiseki, LocalKiseki, Data, Models, Loras, Finished, Outputs, Rights, Income, Incomes, Schedules,
    Pending,
    *schedule.KINDS.values(), Market, Offer, Licence, Bought, Revenue, Waterfalls, Plan, Tier,
    Titles, Title, Cut, Statements, Splits, Redirects, RoyaltyStatement, Line, Reconciled,
    Exposure, Ledger, Figures, Layout, LeftOut, Clearing, Originals, Original,
    Identities, Accounts, AccountState, Operation, Gate, Consents, StandingConsents,
    Cancellations, Keeper, Duties, Metrics, Terms,
    Manifest, Split, Payee, Policy, Sender, Receipt, Outcome, Registered, Totals, Claimed,
    KeyStore, Keystores,
)  # fmt: skip

FUNCTIONS = (lay, plan, carry_out, clearing)
"""Of `kiseki.training.laying`."""

HEAD = """\
# Reference

Made by `tools/reference.py` of the help texts and docstrings; a test holds this page to them.

- [The command line](#the-command-line)
- [The library](#the-library)

## The command line

`kiseki --help` lists the options of every command; they may stand before or after it. `--json`
prints one JSON document on stdout and nothing else there; amounts in it are text, in base units.
How a command ends:

| code | meaning |
| ---: | --- |
"""


def text() -> str:
    """The page."""
    codes = [f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items()]
    parts = [HEAD + "\n".join(codes), *commands(get_command(app), "kiseki"), "## The library"]
    parts += [section(each) for each in CLASSES]
    parts += [f"### `{each.__name__}{signature(each)}`\n\n{prose(each.__doc__)}"
              for each in FUNCTIONS]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def commands(group: Any, name: str) -> Iterator[str]:
    """Every command below a group, in the order of `--help`."""
    for each, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{name} {each}")
            continue
        usage = " ".join(f"{{{p.name}}}" for p in command.params if not hasattr(p, "is_flag"))
        told, _, examples = (command.help or "").partition("Examples:")
        rows = [option(p) for p in command.params if hasattr(p, "is_flag") and p.name != "help"]
        table = "\n".join(["| option | |", "| --- | --- |", *rows]) if rows else ""
        shown = inspect.cleandoc("\n" + examples)
        yield "\n\n".join(
            part
            for part in (
                f"### `{name} {each}{f' {usage}' if usage else ''}`",
                told.replace("\b", "").strip(),
                f"```text\n{shown}\n```",
                table,
            )
            if part
        )


def option(each: Any) -> str:
    """A row of the table."""
    names = ", ".join(f"`{name}`" for name in (*each.opts, *each.secondary_opts))
    usual = each.default
    shown = f" ({usual})" if isinstance(usual, str | int) and usual not in ("", False, True) else ""
    return f"| {names} | {each.help or ''}{shown} |"


def section(each: type) -> str:
    """A class: what it is, its fields, its methods."""
    lines = [f"### `{each.__name__}`", prose(each.__doc__)]
    for name, member in vars(each).items():
        if name.startswith("_") or not inspect.getdoc(member):
            continue
        if isinstance(member, property):
            lines.append(f"**`.{name}`**: {prose(inspect.getdoc(member))}")
        elif isinstance(member, classmethod | staticmethod) or inspect.isfunction(member):
            function = inspect.unwrap(getattr(each, name))
            lines.append(f"**`{name}{signature(function)}`**\n\n{prose(inspect.getdoc(function))}")
    return "\n\n".join(lines)


def signature(function: Any) -> str:
    """Its parameters, without the one before the dot."""
    try:
        found = inspect.signature(function)
    except (TypeError, ValueError):
        return "(…)"
    kept = [p.replace(annotation=p.empty) for p in found.parameters.values()
            if p.name not in ("self", "cls")]  # fmt: skip
    plain = [
        p.replace(default="…") if p.default is not p.empty and callable(p.default) else p
        for p in kept
    ]
    return re.sub(r"'…'", "…", str(inspect.Signature(plain)))


def prose(doc: str | None) -> str:
    """A docstring as Markdown: its lists of names become lists."""
    if not doc or doc.startswith(("dict(",)):
        return ""
    lines = []
    listed = False
    for line in inspect.cleandoc(doc).splitlines():
        if re.fullmatch(r"(Args|Raises|Returns|Attributes):", line):
            lines += ["", f"*{line}*", ""]
            listed = True
        elif listed and re.match(r" {4}\S", line):
            lines.append(f"- {line.strip()}")
        elif listed and line.startswith("     "):
            lines.append(f"  {line.strip()}")
        else:
            listed = listed and not line.strip()
            lines.append(line)
    return "\n".join(lines)


def main() -> None:
    if "--check" in sys.argv[1:]:
        same = PAGE.read_text("utf-8") == text()
        sys.exit(0 if same else f"{PAGE.name} is old; run `python tools/reference.py`")
    PAGE.write_text(text(), "utf-8")


if __name__ == "__main__":
    main()
