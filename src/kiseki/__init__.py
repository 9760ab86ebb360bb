"""Kiseki (軌跡): records where generative AI comes from and pays the people it came from.

from kiseki import Kiseki

with Kiseki.local() as k:
    terms = k.data.define_terms("train", royalty="20%")
    collection = k.data.register("artwork/", terms)
"""

from kiseki.client import Kiseki, LocalKiseki, settings
from kiseki.client.payees import Payee
from kiseki.core.ids import External
from kiseki.core.manifest import Manifest
from kiseki.core.split import Split
from kiseki.core.terms import Terms, Use
from kiseki.errors import ContractReverted, KisekiError

__version__ = "0.1.0"

__all__ = [
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
