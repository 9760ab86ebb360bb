"""What programs call by one word, as people read it."""

from __future__ import annotations

from kiseki.core.terms import USE_NAMES, Use
from kiseki.language.catalogue import mark, say
from kiseki.vault.handing.receipts import Basis

__all__ = ["basis_named", "run_named", "use_named"]

_BASES = {
    Basis.PROVIDER: mark("it is the provider's own"),
    Basis.LICENCE: mark("there was a licence"),
    Basis.OPENED: mark("its terms are open to all"),
}
_RUNS = {
    "session": mark("sign-in"),
    "text": mark("text that was to be signed"),
    "hand-out": mark("hand-out"),
}


def basis_named(basis: Basis, language: str = "en") -> str:
    """Why something was handed out."""
    return say(_BASES[basis], language)


def run_named(what: str, language: str = "en") -> str:
    """What a `kiseki.vault.personal.access.Run` is."""
    return say(_RUNS[what], language)


def use_named(use: Use, language: str = "en") -> str:
    """What something was handed out for."""
    if use is Use.GENERATION:  # it is asked of the gate of a model, so terms have no name for it
        return say("generation", language)
    return say(USE_NAMES[use], language)
