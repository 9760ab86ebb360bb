"""How often training took each model's drawings, and by whose word."""

from __future__ import annotations

from html import escape

from examples.openmoji.marks import code, count, scroll
from examples.openmoji.summary import Model, Summary

LEVELS = {
    "declared": "Declared by its developer alone",
    "recorded": "Recorded by Kiseki’s hook while it was trained",
}


def exposures(s: Summary) -> str:
    """A row for each model: handed out, read, consumed, lost, and how far that is backed."""
    body = "".join(_row(m) for m in s.models)
    heads = "".join(
        f'<th class="n" scope="col">{name}</th>'
        for name in ("Handed out", "Read", "Consumed", "Lost")
    )
    runs = "".join(
        f"<dt>{escape(m.name)}, document of the run</dt><dd>{code(m.exposure.run)}</dd>"
        f"<dt>{escape(m.name)}, ledger</dt><dd>{code(m.exposure.ledger)}</dd>"
        for m in s.models
    )
    return (
        "<h3>What training consumed</h3>"
        "<p>Uses of drawings; one that was used twice counts twice. <em>Read</em>: given out by "
        "the data set. <em>Consumed</em>: taken by a step of training that the weights descend "
        "from; the manifest declares these. <em>Lost</em>: in steps that the weights do not "
        "descend from. Only a vault knows what it handed out, and here there was none.</p>"
        + scroll(
            "What training consumed",
            '<table class="exposures"><thead><tr><th scope="col">Model</th>'
            f'{heads}<th scope="col">Evidence</th></tr></thead><tbody>{body}</tbody></table>',
        )
        + f'<dl class="facts">{runs}</dl>'
    )


def _row(m: Model) -> str:
    e = m.exposure
    figures = "".join(f'<td class="n">{_said(n)}</td>' for n in (e.handed_out, e.read))
    return (
        f'<tr><th scope="row">{escape(m.name)}</th>{figures}<td class="n">{count(e.consumed)}</td>'
        f'<td class="n">{count(e.lost)}</td><td>{escape(LEVELS.get(e.level, e.level))}</td></tr>'
    )


def _said(figure: int | None) -> str:
    return "unknown" if figure is None else count(figure)
