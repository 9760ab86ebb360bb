"""Every artist, with one of their drawings and how much of the model is theirs."""

from __future__ import annotations

from html import escape

from examples.openmoji.marks import bar, count, image, in_both, left_out, money, ranked, share
from examples.openmoji.summary import Picture, Summary
from examples.openmoji.units import plural


def roll(s: Summary) -> str:
    """One entry for each artist whose drawings were used, in the order of the picture above it."""
    both = in_both(s.models)
    first, last = s.models[0], s.models[-1]
    whole, most = sum(first.uses.values()), max(first.uses.values(), default=0)
    token = s.payments[0].token
    entries = []
    for a in ranked(s):
        uses = first.uses.get(a.name, 0)
        notes = []
        if a.name in both:
            notes.append(f"also in {last.name}, {plural(last.uses[a.name], 'use')}")
        if a.revoked:
            notes.append(f"{plural(len(a.revoked), 'drawing')} revoked before, not used")
        if a.ended:
            notes.append("consent ended afterwards")
        entries.append(
            f"<li{' class=both' if a.name in both else ''}>"
            f'<span class="tile">{image(a.picture)}</span><span class="who">'
            f'<b>{escape(a.name)}</b><span class="soft">{count(a.drawings)} '
            f"{'drawing' if a.drawings == 1 else 'drawings'}, {share(uses, whole)}</span>"
            f"{bar(uses, most)}"
            f'<span class="soft got">{money(a.earned.get(token.symbol, 0), token, token.decimals)} '
            f"{escape(token.symbol)}</span>"
            + "".join(f"<em>{escape(n)}</em>" for n in notes)
            + "</span></li>"
        )
    return f'<ol class="roll">{"".join(entries)}</ol>'


def not_used(s: Summary) -> str:
    """What was kept out of training: crossed out, framed by dashes, and said in words."""
    out = [
        _out(a.picture, a.name, f"refused: none of {plural(a.drawings, 'drawing')} was used")
        if a.status == "refused"
        else _out(a.picture, a.name, "no drawing was used")
        for a in left_out(s)
    ]
    out += [
        _out(p, a.name, "this drawing was revoked before training") for a in s.artists
        for p in a.revoked
    ]  # fmt: skip
    if not out:
        return ""
    return f'<h3>Kept out of training</h3><ul class="roll out">{"".join(out)}</ul>'


def _out(picture: Picture, name: str, why: str) -> str:
    return (
        f'<li><span class="tile">{image(picture)}<svg class="cross" viewBox="0 0 10 10" '
        'aria-hidden="true"><path d="M1 1l8 8M9 1l-8 8"/></svg></span>'
        f'<span class="who"><b>{escape(name)}</b><em>{escape(why)}</em></span></li>'
    )
