"""JSON texts that are almost right: a true document with something in it replaced."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

__all__ = ["JSON", "TEXT", "almost", "unhurried"]

unhurried = settings(deadline=None)
"""Whatever else the machine does meanwhile: no test here is about time."""

TEXT = st.text(
    st.sampled_from("aZ09 _-+.~/\\\"'{}[]:,=#$%\n\t\x1b\x7f\x85\u2028é軌９😀"), max_size=20
)
"""Short texts of what has a meaning somewhere; no table of all characters has to be made first."""

_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(0, 2**96).map(str)
    | st.floats()
    | TEXT
    | st.binary(max_size=33).map(lambda each: "0x" + each.hex())
    | st.sampled_from(["0", "-1", "00", "1e3", "９", "9" * 78, "0X00", "0x" + "Ff" * 32, 2**63])
)
JSON = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=8,
)
"""Any small JSON value."""


@st.composite
def almost(draw: st.DrawFn, document: Any) -> bytes:
    """The text of `document` with up to three values replaced, added, doubled or left out."""
    made = copy.deepcopy(document)
    for _ in range(draw(st.integers(0, 3))):
        places = list(_places(made))
        if not places:
            break
        holder, key = draw(st.sampled_from(places))
        what = draw(st.sampled_from(["replace", "remove", "double", "add"]))
        if what == "replace":
            holder[key] = draw(JSON)
        elif what == "remove":
            del holder[key]
        elif what == "double" and isinstance(holder, list):
            holder.insert(key, copy.deepcopy(holder[key]))
        elif isinstance(holder, dict):
            holder[draw(TEXT)] = draw(JSON)
        else:
            holder.append(draw(JSON))
    text = json.dumps(made).encode()
    if draw(st.integers(0, 9)) == 0:
        text = text[: draw(st.integers(0, len(text)))]
    return text


def _places(value: Any) -> Any:
    keys = value if isinstance(value, dict) else range(len(value) if isinstance(value, list) else 0)
    for key in keys:
        yield value, key
        yield from _places(value[key])
