"""What a relay does, for Prometheus (its documentation, "Exposition formats", 0.0.4)."""

from __future__ import annotations

from kiseki.web.relay.told import Figures

__all__ = ["lines"]


def lines(of: Figures) -> list[str]:
    """The values of a relay, one a line."""
    told: list[str] = []

    def add(name: str, kind: str, about: str, **values: int) -> None:
        full = f"kiseki_relay_{name}"
        told.extend((f"# HELP {full} {about}", f"# TYPE {full} {kind}"))
        told.extend(
            f'{full}{{state="{state}"}} {value}' if len(values) > 1 else f"{full} {value}"
            for state, value in values.items()
        )

    if of.balance is not None:
        add("balance_wei", "gauge", "What the wallet held last.", wei=of.balance)
    add("spent_today_wei", "gauge", "What counts for today, at most.", wei=of.spent)
    add("kept_wei", "gauge", "Of that, what is kept for what is on its way.", wei=of.kept)
    add("cap_wei", "gauge", "The most that relaying costs a day.", wei=of.day)
    add("open", "gauge", "Requests that are not carried out.", waiting=of.waiting, sent=of.sent)
    add("ended_total", "counter", "Requests that ended.", done=of.done, refused=of.refused)
    add("fees_wei_total", "counter", "Fees paid.", wei=of.paid)
    add("sends", "gauge", "Whether it could send last time.", now=0 if of.trouble else 1)
    return told
