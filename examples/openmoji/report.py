"""The report: one HTML file with everything in it, that loads nothing and runs nothing."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from html import escape
from pathlib import Path

from examples.openmoji.credits import not_used, roll
from examples.openmoji.known import known
from examples.openmoji.ledger import everyone, statement
from examples.openmoji.lineage import lineage
from examples.openmoji.marks import (
    bar,
    code,
    count,
    image,
    in_both,
    left_out,
    money,
    prose,
    ranked,
    scroll,
    sign,
)
from examples.openmoji.summary import Summary, Verification
from examples.openmoji.taken import exposures
from examples.openmoji.units import plural


def render(summary: Summary) -> str:
    """The whole page. Everything that came from outside is escaped."""
    style = Path(__file__).with_name("style.css").read_text(encoding="utf-8")
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )
    sections = (
        ("pictures", "What came out", _pictures(summary)),
        ("lineage", "Where it comes from", _lineage(summary)),
        ("artists", "Every artist", _artists(summary)),
        ("money", "Who was paid", _money(summary)),
        ("acts", "What follows", _acts(summary)),
        ("check", "What anyone can check", _questions(summary)),
        ("known", "What is known, and what is not", known(summary)),
        ("cost", "What it cost", _cost(summary)),
        ("run", "How it was done", _run(summary)),
    )
    contents = "".join(f'<li><a href="#{key}">{title}</a></li>' for key, title, _ in sections)
    body = "".join(
        f'<section id="{key}" aria-labelledby="{key}-title"><h2 id="{key}-title">'
        f'<a href="#{key}">{title}</a></h2>{content}</section>'
        for key, title, content in sections
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>Kiseki: {escape(_claim(summary))}</title><style>{style}</style></head><body>"
        f'<header>{_masthead(summary)}{_story(summary)}<nav aria-label="Contents"><ol>{contents}'
        f"</ol></nav></header><main>{body}</main>{_footer(summary)}</body></html>\n"
    )


def _claim(s: Summary) -> str:
    paid = sum(p.role == "artist" for p in s.payees)
    return (
        f"{plural(len(s.batch.outputs), 'picture')}, traced back to {plural(paid, 'artist')}, "
        "and every one of them paid"
    )


_SEAL = (
    '<svg class="seal" viewBox="0 0 40 40" aria-hidden="true"><rect width="40" height="40" rx="5"/>'
    '<text lang="ja" x="20" y="18.5" text-anchor="middle" font-size="16">軌</text>'
    '<text lang="ja" x="20" y="34.5" text-anchor="middle" font-size="16">跡</text></svg>'
)


def _masthead(s: Summary) -> str:
    return (
        f'<p class="mark">{_SEAL}<b>Kiseki</b> <span lang="ja">軌跡</span>'
        f"<span class=soft>{escape(s.date)}</span></p>"
        f"<h1>{escape(_claim(s))}.</h1>"
        '<p class="lead">Every drawing had an ID on the chain before training, every consent was '
        "signed, and what was paid for the pictures went back to the people they come from, exact "
        "to the smallest unit of each currency.</p>"
    )


def _story(s: Summary) -> str:
    """What happened, in one line of steps; each leads to where its numbers come from."""
    paid_in = "".join(
        f"<span>{money(p.amount_in, p.token, p.token.decimals)} "
        f"<small>{escape(p.token.symbol)}</small></span>"
        for p in s.payments
    )
    left = " and ".join(f"{p.remainder:,} of {escape(p.token.symbol)}" for p in s.payments)
    people = f"{plural(sum(p.role == 'artist' for p in s.payees), 'artist')} and "
    people += plural(sum(p.role != "artist" for p in s.payees), "other")
    steps = (
        ("artists", f"{count(sum(a.drawings for a in s.artists))} <small>drawings</small>",
         f"by {plural(len(s.artists), 'artist')}; a model uses those of {len(ranked(s))}"),
        ("lineage", f"{count(len(s.models))} <small>{'models' if len(s.models) > 1 else 'model'}"
         "</small>", "trained on what consent covered, every use counted"),
        ("pictures", f"{count(len(s.batch.outputs))} <small>pictures</small>",
         "generated and registered as one batch"),
        ("money", paid_in, "paid in for that batch"),
        ("money", f"{count(len(s.payees))} <small>paid</small>",
         f"{people}; base units left by rounding: {left}"),
    )  # fmt: skip
    items = "".join(
        f'<li><a href="#{key}"><strong>{figure}</strong><span>{words}</span></a></li>'
        for key, figure, words in steps
    )
    return f'<ol class="story">{items}</ol>'


def _lead(words: str) -> str:
    return f"<p>{escape(words)}</p>"


def _figure(body: str, caption: str) -> str:
    return f"<figure>{body}<figcaption>{caption}</figcaption></figure>"


def _pictures(s: Summary) -> str:
    body = "".join(f"<li>{image(p)}</li>" for p in s.batch.outputs)
    notices = " ".join(sorted({p.notice for p in s.batch.outputs}))
    return (
        _lead(
            f"Generated by {s.batch.model} and registered as one batch with one rights token. "
            "Each picture is the registered file itself."
        )
        + _figure(f'<ul class="outputs">{body}</ul>', f"{escape(notices)}.")
        + _rights(s)
    )


def _rights(s: Summary) -> str:
    """The seal beneath the work, and what the chain says of the token that it stands for."""
    rights = s.batch.rights
    who = next((p.name for p in s.payees if p.wallet == rights.holder), "")
    facts = (
        ("Token", code(rights.token)),
        ("Holder", f"{escape(who)} {code(rights.holder)}"),
        (
            "Income that reaches the holder",
            f"{escape(rights.income)} of all that is paid in, as was proved to the contract",
        ),
        ("Asked of a resale", escape(rights.royalty)),
    )
    rows = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts)
    return (
        f'<div class="rights">{image(rights.seal)}<div><h3>The rights in them are a token</h3>'
        "<p>This is its seal, as the chain draws it: a trace that begins at the dot. A seal helps "
        f'the eye; it is the number that counts.</p><dl class="facts">{rows}</dl></div></div>'
    )


def _lineage(s: Summary) -> str:
    both = sorted(in_both(s.models))
    lead = "From left to right, or from top to bottom: whose drawings each model used, what it "
    lead += "made, and where the money for that goes."
    if both:
        verb = "is" if len(both) == 1 else "are"
        lead += f" {' and '.join(both)} {verb} in both models, and paid for both."
    return (
        _lead(lead)
        + _figure(
            lineage(s),
            "Widths are in proportion. Grey: how often training used the drawings, counted by "
            "Kiseki’s hook in the training loop and declared in the models’ manifests. Red, from "
            "where it is paid in: "
            "shares of gross, by the terms on the chain. Artists’ percentages are rounded; all are "
            '<a href="#artists">below by name</a>, and <a href="#money">to the base unit</a>.',
        )
        + exposures(s)
    )


def _artists(s: Summary) -> str:
    revoked = sum(len(a.revoked) for a in s.artists)
    out = left_out(s)
    lead = (
        "One drawing of each, how many they registered, their share of what "
        f"{s.models[0].name} used, and what they got in {s.payments[0].token.symbol}. "
        f"Kept out: {plural(len(out), 'artist')} and {plural(revoked, 'revoked drawing')}."
    )
    return (
        _lead(lead)
        + _figure(
            roll(s),
            f"Bars: share of all uses, the longest is the most used. Drawings: {escape(s.notice)}. "
            "Names are as the package has them.",
        )
        + not_used(s)
    )


def _money(s: Summary) -> str:
    return (
        _lead(
            "Shares are of gross, fixed by the terms when each model and the batch were "
            "registered. Nobody decided anything when the money arrived. Amounts are what wallets "
            "held afterwards, less what they held before."
        )
        + statement(s)
        + f"<details><summary>All {plural(len(s.payees), 'payee')}, to the base unit</summary>"
        f"{everyone(s)}</details>"
    )


def _acts(s: Summary) -> str:
    cards = "".join(
        f"<article><h3>{escape(act.title)}</h3><ol class=scenes>"
        + "".join(
            f"<li><span>{prose(scene.sentence)}</span>"
            + ("" if scene.block is None else f" <small class=soft>block {scene.block}</small>")
            + "</li>"
            for scene in act.scenes
        )
        + '</ol><dl class="facts">'
        + "".join(f"<dt>{escape(name)}</dt><dd>{prose(value)}</dd>" for name, value in act.facts)
        + "</dl></article>"
        for act in s.acts
    )
    return (
        _lead(
            "Once everybody was paid: what the trace is good for beyond paying. Each line is a "
            "transaction, or one that the contract refused."
        )
        + f'<div class="cards">{cards}</div>'
    )


def _questions(s: Summary) -> str:
    return (
        _lead(
            "Questions anyone can ask of a file, manifest, drawing or model, and what they were "
            "told."
        )
        + f'<div class="cards">{"".join(_card(v) for v in s.verifications)}</div>'
    )


def _card(v: Verification) -> str:
    findings = "".join(f"<li>{prose(f)}</li>" for f in v.findings)
    return (
        f'<article><p class="verdict">{sign(v.ok)}{escape(v.verdict)}</p>'
        f"<h3>{escape(v.title)}</h3><p>{prose(v.sentence)}</p>"
        + (f"<ul>{findings}</ul>" if findings else "")
        + "</article>"
    )


def _cost(s: Summary) -> str:
    most = max((step.gas for step in s.steps), default=0)
    rows = "".join(
        f'<tr><th scope="row">{escape(x.label)}</th><td class="n">{count(x.transactions)}</td>'
        f'<td class="n">{count(x.gas)}</td><td class="bars">{bar(x.gas, most)}</td>'
        f"<td>{escape(x.note)}</td></tr>"
        for x in s.steps
    )
    gas, sent = sum(x.gas for x in s.steps), sum(x.transactions for x in s.steps)
    return _lead("Gas is what a transaction is charged for, from its receipt.") + scroll(
        "Gas of each step",
        '<table class="cost"><thead><tr><th scope="col">Step</th><th class="n" scope="col">'
        'Transactions</th><th class="n" scope="col">Gas</th><td></td><th scope="col">Note</th>'
        f'</tr></thead><tbody>{rows}<tr class="sum"><th scope="row">All</th>'
        f'<td class="n">{count(sent)}</td><td class="n">{count(gas)}</td><td></td><td></td></tr>'
        "</tbody></table>",
    )


def _run(s: Summary) -> str:
    checks = "".join(
        f"<li{'' if c.ok else ' class=wrong'}>{sign(c.ok)}<span>{prose(c.sentence)}"
        f"{'' if c.ok else ': this failed'}</span></li>"
        for c in s.checks
    )
    facts = [("Chain", f"{s.chain.name}, {s.chain.id}, at block {s.chain.block}")]
    for m in s.models:
        facts += [(m.name, m.id), (f"{m.name}, weights", m.weights)]
    facts += [("Batch", s.batch.id), ("Rights token", s.batch.rights.token)]
    facts += list(s.chain.contracts.items())
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{prose(value)}</dd>" for name, value in facts)
    times = "".join(
        f'<tr><th scope="row">{escape(d.label)}</th><td class="n">{d.seconds:.1f} s</td></tr>'
        for d in s.durations
    )
    total = sum(d.seconds for d in s.durations)
    return (
        _lead("The checks that this run made of itself, and what is needed to look everything up.")
        + f'<div class="two"><div><h3>Checks</h3><ul class="checks">{checks}</ul></div>'
        f'<div><h3>Time</h3><table><tbody>{times}<tr class="sum"><th scope="row">All</th>'
        f'<td class="n">{total:.1f} s</td></tr></tbody></table>'
        f'<h3>On the chain</h3><dl class="facts">{rows}</dl>'
        '<p class="soft fold">Long values are folded in the middle; selecting one copies all.</p>'
        "</div></div>"
    )


def _footer(s: Summary) -> str:
    return (
        f"<footer><p>Drawings by the OpenMoji project: {_linked(s.notice)}. The generated pictures "
        "are derived from them and shared under the same licence.</p>"
        f"<p>This file loads nothing and runs nothing. {escape(s.date)}</p></footer>"
    )


def _linked(notice: str) -> str:
    """The notice, with its address as a link that is readable on paper too."""
    return " ".join(
        f'<a href="{escape(word)}">{escape(word)}</a>'
        if word.startswith("https://")
        else escape(word)
        for word in notice.split(" ")
    )
