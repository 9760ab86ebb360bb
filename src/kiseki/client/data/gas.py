"""The gas of registering, known without asking a node."""

from __future__ import annotations

from dataclasses import replace

from kiseki.chain.contract.contracts import Call
from kiseki.chain.sending.fees import calldata_gas
from kiseki.client.data.group import Group, State
from kiseki.core import ids

__all__ = ["gas_of_storing", "with_gas"]


_PUBLISH = 12_000


_EACH = 700
"""An item: its ID, its node in the tree, its word in the log."""


_STEP = 300
"""A hash of a proof."""


_STORE = 61_200
"""A collection's two slots, its event, and the registry's log."""


_FIRST = 17_200
"""More, where the log is still zero."""


_PAYEE = 24_000
"""A slot more, where another than the provider is paid."""


_CONSENT = 32_000
"""A signature checked, and its nonce's slot."""


_UNDER = 36_000
"""A signature checked, what is used of the standing consent, and its event."""


def gas_of_storing(group: Group, state: State) -> int:
    kept = group.kept
    another = 0 if kept.payee.key == ids.wallet(kept.provider) else _PAYEE
    first = _FIRST if state.first else 0
    consent = 0 if group.consent is None else _CONSENT if group.per_month is None else _UNDER
    return _STORE + first + another + consent


def with_gas(call: Call, work: int) -> Call:
    """With the gas that it needs: what calldata and work take, or the floor (EIP-7623)."""
    zeros = call.data.count(0)
    used = 21_000 + 4 * zeros + 16 * (len(call.data) - zeros) + work
    return replace(call, gas=max(used, calldata_gas(call.data)))
