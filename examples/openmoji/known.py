"""What is known after all this, what nobody can know, and what in the demo is staged."""

from __future__ import annotations

from html import escape

from examples.openmoji.marks import sign
from examples.openmoji.summary import Summary

KNOWN = {
    "Who registered what, and when.": "Each collection of drawings is an event on the chain, "
    "under the wallet that signed for it.",
    "What each model declares.": "Its manifest lists every drawing and how often it was used. The "
    "chain holds its root, so an entry can be proved, and that there is none too.",
    "That what is declared was allowed.": "The contract refuses a model with a source whose terms "
    "do not allow it at that time.",
    "That what a walked manifest declares was there.": "Anybody can show the contract each item of "
    "it: in its collection, once, and not revoked. Which were walked here is said above.",
    "Who is owed what.": "Shares follow from the terms and the declared uses. Anyone can compute "
    "them again from the chain’s events, and here that was done.",
    "What was paid.": "To the base unit, by the balances of the wallets. Wallets, amounts and "
    "shares are public; the drawings are not on the chain.",
}
REMADE = {
    "That these weights come from this data and nothing more.": "Others, who hold the data, ran "
    "the recorded command on what each manifest declares, and the same weights came out, bit for "
    "bit. It is their word; who holds the data can do it too.",
}
"""Known where each model of a report was made again."""
UNKNOWN = {
    "That nothing else was used,": "where a training cannot be made again. Nobody can prove that "
    "a developer declared every source. Other data mixed in makes a share smaller; only a floor "
    "is safe from that.",
    "That a file came from this model": "and not from another. Its creator says so.",
    "That a wallet owns what it registers.": "Being first is evidence of priority, not proof.",
    "What is earned elsewhere.": "Revenue that is never paid in is never split, and a payee put "
    "in front of a batch may pass on less.",
}


_COUNTED = {
    "That the weights are what was trained.": "Kiseki’s hook counted in the training loop, on the "
    "machine of the developer, whose word it stays until somebody else makes the training again.",
}
"""Not known where a model was not made again."""


def known(s: Summary) -> str:
    remade = all("reproduced" in model.exposure.levels for model in s.models)
    yes, no = (KNOWN | REMADE, UNKNOWN) if remade else (KNOWN, UNKNOWN | _COUNTED)
    return (
        f'<div class="two">{_list("Known, by anyone who looks", yes, True)}'
        f"{_list('Not known, and no chain can prove it', no, None)}</div>"
        '<p class="aside"><b>In this demonstration</b> the drawings, the names of who drew them, '
        "the contracts and the training are real, and every number was measured in this run. The "
        f"chain ({escape(s.chain.name)}) and its money are for testing, and the wallets stand in "
        "for the artists, who took no part: that one refuses or revokes is staged, not something "
        "they did.</p>"
    )


def _list(title: str, facts: dict[str, str], ok: bool | None) -> str:
    items = "".join(
        f"<li>{sign(ok)}<span><b>{what}</b> {why}</span></li>" for what, why in facts.items()
    )
    return f'<div><h3>{title}</h3><ul class="checks">{items}</ul></div>'
