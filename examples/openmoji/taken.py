"""How often training took each model's drawings, and by whose word."""

from __future__ import annotations

from html import escape

from examples.openmoji.marks import code, count, scroll
from examples.openmoji.summary import Summary

LEVELS = {
    "declared": "The developer alone says so.",
    "recorded": "Kiseki’s hook counted in the training loop, and the developer published what it "
    "recorded.",
    "reproduced": "Somebody else trained the model again, in isolation, on what it declares and "
    "nothing more: the same weights came out, bit for bit.",
    "not reproduced": "Somebody else ran what the developer recorded, and other weights came out.",
}


def exposures(s: Summary) -> str:
    """A column for each model: handed out, read, consumed, lost, and how far that is backed."""
    rows = (
        ("Handed out", [_said(m.exposure.handed_out) for m in s.models]),
        ("Read", [_said(m.exposure.read) for m in s.models]),
        ("Consumed", [count(m.exposure.consumed) for m in s.models]),
        ("Lost", [count(m.exposure.lost) for m in s.models]),
        ("Evidence", [",<br>".join(map(escape, m.exposure.levels)) for m in s.models]),
        ("Run’s document", [code(m.exposure.run) for m in s.models]),
        ("Ledger", [code(m.exposure.ledger) for m in s.models]),
    )
    body = "".join(
        f'<tr><th scope="row">{name}</th>'
        + "".join(f'<td class="n">{value}</td>' for value in values)
        + "</tr>"
        for name, values in rows
    )
    heads = "".join(f'<th class="n" scope="col">{escape(m.name)}</th>' for m in s.models)
    levels = dict.fromkeys(level for m in s.models for level in m.exposure.levels)
    meant = " ".join(
        f"<b>{escape(level.capitalize())}:</b> {LEVELS[level]}"
        for level in levels if level in LEVELS
    )  # fmt: skip
    return (
        "<h3>What training consumed</h3>"
        "<p>Uses of drawings; one that was used twice counts twice. <b>Read:</b> given out by "
        "the data set. <b>Consumed:</b> taken by a step of training that the weights descend "
        "from; the manifest declares these. <b>Lost:</b> in steps that the weights do not "
        "descend from. Only a vault knows what it handed out, and these models took their drawings "
        f"from elsewhere. {meant}</p>"
        + scroll(
            "What training consumed",
            '<table class="exposures"><thead><tr><th scope="col">Model</th>'
            f"{heads}</tr></thead><tbody>{body}</tbody></table>",
        )
    )


def _said(figure: int | None) -> str:
    return "unknown" if figure is None else count(figure)
