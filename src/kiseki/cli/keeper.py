"""`kiseki keeper`: sends what is due on the chain, until it is stopped."""

from __future__ import annotations

import signal
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, names, published, show
from kiseki.cli.withdrawal import Developer, Provider, Record, outbox
from kiseki.errors import FilesError

if TYPE_CHECKING:
    from kiseki.keeper import Metrics, Round

__all__ = ["keeper"]


def keeper(
    execute: Annotated[
        bool, typer.Option(help="Execute schedules whose conditions are met.")
    ] = True,
    lapse: Annotated[
        bool, typer.Option("--lapse", help="Let schedules lapse after their deadline.")
    ] = False,
    sweep: Annotated[
        list[str] | None,
        typer.Option(
            help="Sweep the payment address of a wallet, batch, model or split's file; repeat."
        ),
    ] = None,
    pass_on: Annotated[
        bool, typer.Option("--pass", help="Pass on the money in all waterfalls.")
    ] = False,
    claim: Annotated[list[str] | None, typer.Option(help="Claim for this wallet; repeat.")] = None,
    worth: Annotated[
        list[str] | None,
        typer.Option(
            help="The smallest amount to move: 0.1 (ether) or 100@TOKEN; repeat for each currency. "
            "The keeper moves no currency without it."
        ),
    ] = None,
    most: Annotated[
        str | None,
        typer.Option("--most", help="The most that one round may cost in fees, in ether, as 0.01."),
    ] = None,
    post: Annotated[
        str | None,
        typer.Option(
            help="Post withdrawals to this URL, as `kiseki withdrawal post` does; https://…"
        ),
    ] = None,
    developer: Developer = None,
    provider: Provider = None,
    documents: published.Folder = None,
    record: Record = None,
    every: Annotated[float, typer.Option(help="Seconds between two rounds.")] = 2.0,
    metrics_file: Annotated[
        Path | None,
        typer.Option(
            "--metrics", help="Write what the keeper did into this file, for Prometheus (.prom)."
        ),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Do one round and end.")] = False,
) -> None:
    """Run a program that sends what is due on the chain, until Ctrl-C.

    The keeper executes schedules, sweeps payment addresses, passes on waterfalls, claims, and posts
    withdrawals to a webhook, as its options say. Anybody can run it, for everybody. Its wallet pays
    the gas of every transaction, and the keeper asks once, when it starts: a service, which nobody
    can answer for, needs --yes. Limit the fees with --most. --dry-run is refused. Stop the keeper
    at any time, or run two at once: it stores nothing but the record of what was posted, which
    `kiseki withdrawal post` has too. --json prints each round that did something.

    \b
    Examples:
      kiseki keeper
      kiseki keeper --once --json
      kiseki keeper --metrics kiseki.prom --most 0.01 --yes
      kiseki keeper --pass --claim 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --worth 0.05
      kiseki keeper --post https://models.example/hooks/withdrawals --yes
    """
    from kiseki.keeper import Duties, Keeper, Metrics

    context.refuse_dry_run("keeper")
    k = context.kiseki()
    amounts = {token: units for units, token in (context.amount(k, each) for each in worth or [])}
    duties = Duties(
        executes=execute, lapses=lapse,
        sweeps=[each for given in sweep or [] for each in k.places(names.account(given))],
        claims=[names.wallet(each, "the wallet") for each in claim or []],
        passes=pass_on, worth=amounts,
        most_wei=context.units(most) if most else None,
        posts=None if post is None else outbox(k, post, developer, provider, documents, record),
    )  # fmt: skip

    def counted(metrics: Metrics) -> None:
        if metrics_file is None:
            return
        try:
            metrics.write(metrics_file)
        except FilesError as error:  # the keeper works on without the file
            show.say(str(error))

    does = [
        word
        for word, wanted in (
            ("executes schedules", execute), ("lets schedules lapse", lapse),
            ("sweeps payment addresses", sweep), ("passes on waterfalls", pass_on),
            ("claims for " + ", ".join(claim or []), claim),
            (f"posts withdrawals to {duties.posts.target.host}" if duties.posts else "", post),
        ) if wanted
    ]  # fmt: skip
    limit = f"at most {most} {context.ether(k)} a round" if most else "without a limit"
    context.agree(
        k.session.network,
        f"The keeper {' and '.join(does) or 'does nothing'}. {k.address} pays the gas, {limit}.",
    )
    if metrics_file is not None:
        Metrics().write(metrics_file)
    working = Keeper(k, duties, _told, counted)
    if once:
        working.round()
    else:
        signal.signal(signal.SIGTERM, lambda *_: working.stop())
        if not context.current.json:
            show.say(f"The keeper watches chain {k.session.chain_id}. Press Ctrl-C to end it.")
        try:
            working.run(every)
        except KeyboardInterrupt:
            working.stop()
    metrics = working.metrics
    if context.current.json:
        show.json_line({"metrics": asdict(metrics) | {"wei": str(metrics.wei)}})
    else:
        done = [f"{verb} {show.count(count, 'time')}" for verb, count in metrics.done.items()]
        did = ", ".join(done) or "nothing was due"
        show.say(f"{show.count(metrics.rounds, 'round')}: {did}; {metrics.gas:,} gas.")


def _told(done: Round) -> None:
    if context.current.json:
        show.json_line({
            "block": done.block,
            "done": [{"what": what, "transaction": receipt.transaction}
                     for what, receipt in done.done],
            "refused": dict(done.refused), "postponed": list(done.postponed),
            "failure": done.failure, "posted": list(done.posted),
        })  # fmt: skip
        return
    for what, receipt in done.done:
        show.line(f"block {receipt.block}: {what}, {receipt.gas:,} gas")
    if done.posted:
        show.line(f"block {done.block}: {show.count(len(done.posted), 'withdrawal')} posted")
    if done.failure:
        show.say(f"the chain cannot be read; the keeper tries again: {done.failure}")
    for what, why in done.refused:
        show.say(f"block {done.block}: {what} was refused: {why}")
