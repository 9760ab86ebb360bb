"""`make demo`: 4,495 drawings by 121 artists, a model trained on them, and everybody paid.

    python -m examples.openmoji [--to build/demo] [--walk-all]

Real drawings (OpenMoji, CC BY-SA 4.0), a real chain (Anvil, ended when this ends), a real model.
That an artist refuses or revokes is part of the demonstration, not something they did.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from examples.openmoji import acts, again, evidence, exposures, handing, steps, vault
from examples.openmoji import summary as told
from examples.openmoji.drawings import NOTICE, load
from examples.openmoji.pictures import original
from examples.openmoji.report import render
from examples.openmoji.units import exact
from examples.openmoji.world import (
    BASE_DEVELOPER,
    CREATOR,
    REFUSED,
    REVOKED,
    TUNING_DEVELOPER,
    World,
)
from kiseki import Kiseki, KisekiError
from kiseki.core.values import to_hex

ROOT = Path(__file__).resolve().parents[2]
ROLES = {"Creator": CREATOR, "Developer of model 1": BASE_DEVELOPER,
         "Developer of model 2": TUNING_DEVELOPER}  # fmt: skip
SANDBOX = (
    "To look around on pages and to act as one of these people: .venv/bin/kiseki sandbox\n"
    "It registers the same drawings on a local chain, which goes on where you left it."
)
NAMED = 12
"""How many payees the terminal names."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "demo", help="output folder")
    parser.add_argument(
        "--walk-all", action="store_true", help="walk the long manifest too, that of model 1"
    )
    options = parser.parse_args(arguments)
    # A plain kill ends the chain too, not only this process.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    console = Console(highlight=False)
    try:
        summary = run(options.to, console, options.walk_all)
    except KeyboardInterrupt:
        console.print("\nStopped. The chain is ended; run it again to start over.")
        return 130
    except (KisekiError, FileNotFoundError) as error:
        console.print(f"[red]{escape(str(error))}[/red]")
        return 1
    show(summary, console)
    console.print(f"\nReport: {options.to / 'report.html'}", soft_wrap=True)
    console.print(SANDBOX, soft_wrap=True)
    return 0 if all(check.ok for check in summary.checks) else 1


class Clock:
    """Shows what is going on, and remembers how long it took."""

    def __init__(self, console: Console) -> None:
        self.durations: list[told.Duration] = []
        self._console = console

    @contextlib.contextmanager
    def step(self, label: str) -> Iterator[steps.Progress]:
        began = time.monotonic()
        with Progress(
            TextColumn("{task.description:<34}"),
            BarColumn(24),
            TextColumn("{task.fields[count]:>11}"),
            TimeElapsedColumn(),
            console=self._console,
        ) as bars:
            task = bars.add_task(
                label, total=None, count=""
            )  # moves to and fro until somebody counts

            def progress(done: int, total: int) -> None:
                bars.update(task, completed=done, total=total, count=f"{done:,}/{total:,}")

            yield progress
            total = bars.tasks[0].total or 1
            bars.update(task, total=total, completed=total)
        self.durations.append(told.Duration(label, round(time.monotonic() - began, 2)))


def run(folder: Path, console: Console, walk_all: bool = False) -> told.Summary:
    """All steps, in order; writes the report and the summary.

    `walk_all`: walk both manifests; else only that of model 2, which is short.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drawings = load(ROOT / "node_modules" / "openmoji")
    clock = Clock(console)
    with contextlib.ExitStack() as stack:
        with clock.step("Start Anvil, deploy the suite"):
            kept = stack.enter_context(vault.made())
            k = stack.enter_context(Kiseki.local(secrets=kept.vault.keys))
        world = World(k, drawings, folder)
        gas = k.deployment_gas
        world.steps.append(
            told.Step("Deploy the suite", sum(gas.values()), len(gas), "once for everybody")
        )
        with clock.step("Sign consent, register drawings") as progress:
            steps.consent(world, progress)
        with clock.step("Keep the drawings in a vault") as progress:
            vault.keep(world, kept, progress)
        steps.revoke_drawings(world)
        with clock.step("Rasterise the drawings") as progress:
            pixels, used = steps.rasterise_usable(world, progress)
        with clock.step("Train model 1"):
            base = steps.train_base(world, pixels, used)
        with clock.step("Fine-tune model 2"):
            tuned = steps.train_tuned(world, base, pixels, used)
        with clock.step("Register the models"):
            steps.register_models(world, base, tuned)
        with clock.step("Generate, register, mint"):
            batch, pictures = steps.generate(world, tuned)
        for name in ("Model 1", "Model 2") if walk_all else ("Model 2",):
            with clock.step(f"Walk the manifest of {name.lower()}") as progress:
                steps.walk(world, name, progress)
        with clock.step("Receive payments"):
            gross = steps.receive(world, batch.id)
        tokens = [told.Token("ETH", 18), told.Token("TEST", 6)]
        money = [
            evidence.Money(token, address, gross[address], evidence.holdings(world, address))
            for token, address in zip(tokens, gross, strict=True)
        ]
        with clock.step("Pay everybody") as progress:
            steps.pay_everybody(world, progress)
        with clock.step("Check and verify"):
            checks = [check for each in money for check in evidence.money_checks(world, each)]
            rights = evidence.rights(world, batch.id)
            checks += evidence.rights_checks(world, rights, money)
            checks += evidence.training_checks(world, batch.id)
            checks += exposures.exposure_checks(world)
            verified = evidence.verify_outputs(world) + evidence.manifests(world)
            verified += evidence.prove_refused(world)
        payments = tuple(_payment(world, each) for each in money)
        artists, payees = _artists(world, money), _payees(world, money)
        with clock.step("License, and let rights move"):
            played = [acts.licence(world, batch), acts.transfer(world, batch)]
        with clock.step("Hand out from the vault"):
            played.append(handing.hand_out(world, kept))
            checks += [check for _, found in played for check in found] + acts.settle(world)
        with clock.step("Train the models again, isolated"):
            verified += again.made_again(world)
            checks += again.remade_checks(world)
        summary = told.Summary(
            date=datetime.now(UTC).date().isoformat(),
            chain=told.Chain(
                "Anvil (local)", k.session.chain_id, k.session.w3.eth.block_number,
                k.session.deployment.addresses,
            ),
            artists=artists,
            models=_models(world),
            batch=told.Batch(to_hex(batch.id), "Model 2", "Creator", rights, pictures),
            payments=payments,
            payees=payees,
            acts=tuple(act for act, _ in played),
            steps=tuple(world.steps),
            verifications=tuple(verified),
            checks=tuple(checks),
            durations=tuple(clock.durations),
            notice=NOTICE,
        )  # fmt: skip
    (folder / "summary.json").write_text(told.to_json(summary), "utf-8")
    (folder / "report.html").write_text(render(summary), "utf-8")
    return summary


def show(summary: told.Summary, console: Console) -> None:
    """Who got what, and whether everything holds."""
    console.print("\n[bold]Who got what[/bold]")
    console.print(_account(summary))
    console.print("\n[bold]Checks[/bold]")
    marks = Table.grid(padding=(0, 1))  # so that a sentence's second line stands under its first
    for check in summary.checks:
        good = "[green]✓[/green]" if check.ok else "[bold red]✗ FAILED[/bold red]"
        marks.add_row(good, escape(check.sentence))
    console.print(marks)
    for act in summary.acts:
        console.print(f"\n[bold]{escape(act.title)}[/bold]")
        played = Table.grid(padding=(0, 1))
        for scene in act.scenes:
            block = "" if scene.block is None else f"block {scene.block}"
            played.add_row(f"[dim]{block:>9}[/dim]", escape(scene.sentence))
        console.print(played)
    console.print("\n[bold]What anyone can check[/bold]")
    answers = Table.grid(padding=(0, 1))
    for each in summary.verifications:
        mark = {True: "✓", False: "!", None: "–"}[each.ok]
        answers.add_row(mark, f"[bold]{escape(each.title)}: {escape(each.verdict)}[/bold]")
        answers.add_row("", escape(each.sentence))
    console.print(answers)


def _account(summary: told.Summary) -> Table:
    """Those who got most by name, the others together, and the sum: columns that add up."""
    tokens = [payment.token for payment in summary.payments]
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("payee")
    for token in tokens:
        table.add_column(token.symbol, justify="right", no_wrap=True)

    def row(name: str, amounts: Sequence[int], end_section: bool = False) -> None:
        shown = (exact(a, t.decimals, t.decimals) for a, t in zip(amounts, tokens, strict=True))
        table.add_row(escape(name), *shown, end_section=end_section)

    def sums(payees: Sequence[told.Payee]) -> list[int]:
        return [sum(payee.amounts.get(t.symbol, 0) for payee in payees) for t in tokens]

    ranked = sorted(summary.payees, key=lambda payee: -payee.amounts.get(tokens[0].symbol, 0))
    named, others = ranked[:NAMED], ranked[NAMED:]
    for payee in named:
        row(payee.name, sums([payee]))
    if others:
        row(f"{len(others)} others, in the report", sums(others), end_section=True)
    row("paid out", [payment.amount_out for payment in summary.payments])
    row("remainder", [payment.remainder for payment in summary.payments], end_section=True)
    row("paid in", [payment.amount_in for payment in summary.payments])
    return table


def _artists(world: World, money: list[evidence.Money]) -> tuple[told.Artist, ...]:
    gains = {each.token.symbol: evidence.earned(world, each) for each in money}
    revoked = [drawing for drawing in world.drawings if drawing.hexcode in REVOKED]
    return tuple(
        told.Artist(
            name=name,
            wallet=artist.address,
            drawings=len(world.by_artist[name]),
            status="refused" if name == REFUSED else "consented",
            revoked=tuple(original(drawing) for drawing in revoked if drawing.author == name),
            ended=world.k.index.collection(world.collections[name].id).revoked_at is not None,
            earned={symbol: gained[artist.address] for symbol, gained in gains.items()},
            picture=original(world.by_artist[name][len(world.by_artist[name]) // 3]),
        )
        for name, artist in world.artists.items()
    )


def _models(world: World) -> tuple[told.Model, ...]:
    names = {prepared.id: name for name, prepared in world.collections.items()}
    developers = {"Model 1": "Developer of model 1", "Model 2": "Developer of model 2"}
    return tuple(
        told.Model(
            name=name,
            id=to_hex(model),
            developer=developers[name],
            weights=to_hex(world.weights[name]),
            parent=None if name == "Model 1" else "Model 1",
            uses={names[each.id]: each.weight for each in world.manifests[name].collections},
            data_bps=world.k.index.model(model).data_ppm // 100,
            developer_bps=world.k.index.terms(world.k.index.model(model).terms_id).royalty_bps,
            exposure=exposures.exposure(world, name),
        )
        for name, model in world.models.items()
    )


def _payment(world: World, money: evidence.Money) -> told.Payment:
    out = sum(evidence.earned(world, money).values())
    return told.Payment(
        money.token, money.gross, out, evidence.left(world, money), evidence.bound(world)
    )


def _payees(world: World, money: list[evidence.Money]) -> tuple[told.Payee, ...]:
    gains = {each.token.symbol: evidence.earned(world, each) for each in money}
    people = [
        (role, "creator" if number == CREATOR else "developer", world.k.wallet(number).address)
        for role, number in ROLES.items()
    ]
    people += [
        (name, "artist", artist.address)
        for name, artist in world.artists.items()
        if name != REFUSED
    ]
    return tuple(
        told.Payee(
            name,
            role,  # type: ignore[arg-type]
            wallet,
            {symbol: gained[wallet] for symbol, gained in gains.items()},
        )
        for name, role, wallet in people
    )
