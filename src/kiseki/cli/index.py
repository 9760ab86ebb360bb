"""`kiseki index`: what was read of a chain, kept in a file or database."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kiseki.cli import context, show
from kiseki.core.days import utc
from kiseki.errors import InvalidInput, KisekiError

if TYPE_CHECKING:
    from kiseki.client.session import Session
    from kiseki.index import Index

__all__ = ["index"]

index = typer.Typer(help="Show, read, check and drop what was read of a chain.")


@index.command("status")
def status() -> None:
    """Show how far the index of this chain goes, how old that is, and where it is kept.

    Asks the node only which chain it is on and what its latest block is; where it does not answer,
    the rest is shown all the same. Sends nothing.

    \b
    Examples:
      kiseki index status
      kiseki index status --network sepolia --json
    """
    session = context.watching().session
    kept = session.kept()
    told = _told(session, kept)
    if context.current.json:
        show.json_line(told)
        return
    show.fields([
        ("chain", str(told["chain"])),
        ("kept in", told["place"]),
        ("last block", _block(kept)),
        ("the chain's latest", _latest(told)),
        ("behind", "" if told["behind"] is None else show.count(told["behind"], "block")),
        ("size", f"{told['bytes'] / 1e6:,.1f} MB"),
        *((kind, f"{count:,}") for kind, count in told["counts"].items() if count),
    ])  # fmt: skip
    if told["behind"]:
        show.say("Every command that asks the index reads the rest first; `kiseki index sync` reads"
                 " it now.")  # fmt: skip


@index.command("sync")
def sync() -> None:
    """Read what the chain has logged since, and end.

    Interrupted, it goes on where it was when it is run again. Sends nothing.

    \b
    Examples:
      kiseki index sync
      kiseki index sync --network sepolia
    """
    session = context.watching(allow_old=False).session
    before = session.kept().cursor.block
    with show.progress("reading the chain", "blocks") as told:
        kept = session.catch_up(told)
    if context.current.json:
        show.json_line(_told(session, kept))
        return
    read = max(kept.cursor.block - max(before, session.deployment.block - 1), 0)
    show.say(f"Read {show.count(read, 'block')}. The index goes up to block {_block(kept)}.")


@index.command("follow")
def follow(
    every: Annotated[float, typer.Option(help="Seconds between two looks at the chain.")] = 2.0,
    metrics: Annotated[
        Path | None,
        typer.Option(help="Write block, lag and size into this file, for Prometheus (.prom)."),
    ] = None,
) -> None:
    """Read the chain on and on, until Ctrl-C, so that other commands need not.

    Several can run on one index: one reads, the others wait for it. Where the node does not answer,
    it says so and tries again. Sends nothing.

    \b
    Examples:
      kiseki index follow
      kiseki index follow --every 12 --metrics index.prom
    """
    from kiseki.disk import texts

    if every <= 0:
        raise InvalidInput("--every must be a number of seconds above 0")
    session = context.watching(allow_old=False).session
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    show.say(f"The index follows chain {session.chain_id}. Press Ctrl-C to end it.")
    last = -1
    failure = ""
    while not stopped.is_set():
        try:
            kept = session.catch_up()
            failure = ""
            if kept.cursor.block != last:
                last = kept.cursor.block
                if context.current.json:
                    show.json_line({"block": last, "time": kept.cursor.time})
                else:
                    show.line(f"block {_block(kept)}")
            if metrics is not None:
                texts.write(metrics, _prometheus(session, kept))
        except KisekiError as error:
            if str(error) != failure:  # once, however often it is tried
                failure = str(error)
                show.say(f"{failure} It is tried again.")
        stopped.wait(every)


@index.command("check")
def check() -> None:
    """Compare every figure of the index with what the contracts say at the same block.

    Ends with 4 where one differs. Takes a question to the node for each account and each claimed
    share. Sends nothing.

    \b
    Examples:
      kiseki index check
    """
    from kiseki.sync.check import differences

    session = context.watching(allow_old=False).session
    kept = session.catch_up()
    wrong = []
    done = 0

    def count(compared: int, _: int) -> None:
        nonlocal done
        done = compared
        told(compared, 0)

    with show.progress("comparing", "figures") as told:
        wrong = list(differences(session.node, kept, session["RevenueSplitter"], count))
    if context.current.json:
        show.json_line({
            "block": kept.cursor.block, "compared": done,
            "differences": [
                {"what": each.what, "index": str(each.index), "chain": str(each.chain)}
                for each in wrong
            ],
        })  # fmt: skip
    else:
        for each in wrong:
            show.line(f"{each.what}: {each.index:,} in the index, {each.chain:,} on the chain")
        show.say(f"Compared {show.count(done, 'figure')} at block {kept.cursor.block:,}: "
                 + (f"{len(wrong):,} differ." if wrong else "all are the same."))  # fmt: skip
    if wrong:
        if not context.current.json:
            show.say("Run `kiseki index drop` to read the chain again, and tell us.")
        raise typer.Exit(4)


@index.command("drop")
def drop() -> None:
    """Delete what was read of this chain. It is read again when it is asked for.

    Nothing is lost: the index holds nothing that the chain does not. Sends nothing.

    \b
    Examples:
      kiseki index drop
      kiseki index drop --network sepolia --yes
    """
    session = context.watching(allow_old=False).session
    place = session.index_place()
    if not context.current.yes:
        context.confirm(
            f"What was read of chain {session.chain_id} is deleted: {place}. Delete it?"
        )
    if not context.current.dry_run:
        session.drop()
    show.say("Deleted. The next command that asks the index reads the chain again.")


def _block(kept: Index) -> str:
    if kept.cursor.block < 0:
        return "none"
    return f"{kept.cursor.block:,} of {utc(kept.cursor.time)}"


def _latest(told: dict[str, Any]) -> str:
    if told["latest"] is None:
        return "only a node tells"
    return f"{told['latest']:,} of {utc(told['latest_time'])}"


def _told(session: Session, kept: Index) -> dict[str, Any]:
    latest = session.latest() if session.as_of is None else None
    begun = max(kept.cursor.block, session.deployment.block - 1)
    return {
        "chain": session.chain_id,
        "place": session.index_place(),
        "block": kept.cursor.block,
        "time": kept.cursor.time,
        "latest": None if latest is None else latest.number,
        "latest_time": None if latest is None else latest.time,
        "behind": None if latest is None else max(latest.number - begun, 0),
        "bytes": kept.size(),
        "counts": kept.overview.counts(),
    }


def _prometheus(session: Session, kept: Index) -> str:
    latest, now = session.latest(), int(time.time())
    figures = {
        "kiseki_index_block": ("the last block that was read", kept.cursor.block),
        "kiseki_index_behind_blocks": ("blocks not read yet", latest.number - kept.cursor.block),
        "kiseki_index_age_seconds": ("since the last block was made", now - kept.cursor.time),
        "kiseki_index_bytes": ("size of the database", kept.size()),
    }
    return "".join(
        f"# HELP {name} {words}\n# TYPE {name} gauge\n{name} {value}\n"
        for name, (words, value) in figures.items()
    )
