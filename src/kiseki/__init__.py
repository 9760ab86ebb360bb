"""Kiseki (軌跡): records where generative AI comes from and pays the people it came from.

    from kiseki import Kiseki

    with Kiseki.local() as k:
        terms = k.data.define_terms("train", royalty="20%")
        collection = k.data.register("artwork/", terms)

Names are loaded when they are used, so that a part can be imported without those above it: the
core without a chain.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kiseki.client.kiseki import Kiseki, LocalKiseki
    from kiseki.client.settings import settings
    from kiseki.core.base import Base
    from kiseki.core.ids import External
    from kiseki.core.manifest import Manifest
    from kiseki.core.payee import Payee
    from kiseki.core.split import Split
    from kiseki.core.terms import Terms, Use
    from kiseki.errors import ContractReverted, KisekiError

__version__ = "0.1.0"

__all__ = [
    "Base",
    "ContractReverted",
    "External",
    "Kiseki",
    "KisekiError",
    "LocalKiseki",
    "Manifest",
    "Payee",
    "Split",
    "Terms",
    "Use",
    "settings",
]

_HOME = {
    "Base": "kiseki.core.base",
    "ContractReverted": "kiseki.errors",
    "External": "kiseki.core.ids",
    "Kiseki": "kiseki.client.kiseki",
    "KisekiError": "kiseki.errors",
    "LocalKiseki": "kiseki.client.kiseki",
    "Manifest": "kiseki.core.manifest",
    "Payee": "kiseki.core.payee",
    "Split": "kiseki.core.split",
    "Terms": "kiseki.core.terms",
    "Use": "kiseki.core.terms",
    "settings": "kiseki.client.settings",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
