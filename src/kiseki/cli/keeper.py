"""`kiseki keeper`: does what is due on the chain, until it is stopped."""

from __future__ import annotations

import signal
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from kiseki.cli import context, show
from kiseki.cli.revenue import places_of
from kiseki.core.amounts import parse
from kiseki.errors import FilesError
from kiseki.keeper import Duties, Keeper, Metrics, Round

__all__ = ["keeper"]


def keeper(
    execute: Annotated[bool, typer.Option(help="Execute transfers of rights that are due.")] = True,
    lapse: Annotated[
        bool, typer.Option("--lapse", help="Let those lapse whose deadline has passed.")
    ] = False,
    sweep: Annotated[
        list[str] | None,
        typer.Option(help="Empty the payment address of a wallet, batch, model or split's file."),
    ] = None,
    pass_on: Annotated[
        bool, typer.Option("--pass", help="Pass on what lies in waterfalls.")
    ] = False,
    claim: Annotated[list[str] | None, typer.Option(help="Bring a wallet what it is owed.")] = None,
    worth: Annotated[
        list[str] | None,
        typer.Option(help="Move money from this on: 0.1 (ether), 100@TOKEN. Else none is moved."),
    ] = None,
    most: Annotated[
        str | None, typer.Option("--most", help="What one round may cost in fees, as 0.01.")
    ] = None,
    every: Annotated[float, typer.Option(help="Seconds between two looks.")] = 2.0,
    metrics_file: Annotated[
        Path | None,
        typer.Option("--metrics", help="Keep a file of what it did, for Prometheus (.prom)."),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Look once, and end.")] = False,
) -> None:
    """Execute what is due, sweep and pass money on, until Ctrl-C. Anybody can, for everybody.

    It keeps nothing: stop it at any time, run two at once. With --json each round that did
    something is a line. --dry-run is refused: a round needs what the one before it sent.

    \b
    Examples:
      kiseki keeper
      kiseki keeper --once --json
      kiseki keeper --metrics kiseki.prom --most 0.01
      kiseki keeper --pass --claim 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --worth 0.05
    """
    context.refuse_dry_run("keeper")
    k = context.kiseki()
    amounts = {token: units for units, token in (context.amount(k, each) for each in worth or [])}
    duties = Duties(
        executes=execute, lapses=lapse,
        sweeps=[each for given in sweep or [] for each in places_of(k, given)],
        passes=pass_on, claims=claim or [], worth=amounts,
        most_wei=parse(most) if most else None,
    )  # fmt: skip

    def counted(metrics: Metrics) -> None:
        if metrics_file is None:
            return
        try:
            metrics.write(metrics_file)
        except FilesError as error:  # what is due is done all the same
            show.say(str(error))

    if metrics_file is not None:
        Metrics().write(metrics_file)
    working = Keeper(k, duties, _told, counted)
    if once:
        working.round()
    else:
        signal.signal(signal.SIGTERM, lambda *_: working.stop())
        if not context.current.json:
            show.say(f"Watching chain {k.session.chain_id} for what is due. Ctrl-C ends it.")
        try:
            working.run(every)
        except KeyboardInterrupt:
            working.stop()
    metrics = working.metrics
    if context.current.json:
        show.json_line({"metrics": asdict(metrics) | {"wei": str(metrics.wei)}})
    else:
        did = ", ".join(f"{verb} {count} times" for verb, count in metrics.done.items())
        show.say(f"{metrics.rounds:,} rounds: {did or 'nothing was due'}; {metrics.gas:,} gas.")


def _told(done: Round) -> None:
    if context.current.json:
        show.json_line({
            "block": done.block,
            "done": [{"what": what, "transaction": receipt.transaction}
                     for what, receipt in done.done],
            "refused": dict(done.refused), "postponed": list(done.postponed),
            "failure": done.failure,
        })  # fmt: skip
        return
    for what, receipt in done.done:
        show.line(f"block {receipt.block}: {what}, {receipt.gas:,} gas")
    if done.failure:
        show.say(f"the chain cannot be read and is asked again: {done.failure}")
    for what, why in done.refused:
        show.say(f"block {done.block}: {what} was refused: {why}")
