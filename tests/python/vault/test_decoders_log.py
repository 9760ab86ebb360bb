"""Whatever somebody sends a log, a witness or a reader is understood or refused in words."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz import logs, targets
from tests.fuzz.almost import TEXT, unhurried

SEEDS = Path(__file__).parents[2] / "fuzz" / "seeds"


@st.composite
def almost(draw: st.DrawFn, data: bytes) -> bytes:
    """`data` with up to three places replaced, lines doubled, moved or left out."""
    for _ in range(draw(st.integers(0, 3))):
        how = draw(st.sampled_from(["bytes", "text", "cut", "line"]))
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 40)))
        if how == "bytes":
            data = data[:start] + draw(st.binary(max_size=8)) + data[end:]
        elif how == "text":
            data = data[:start] + draw(TEXT).encode("utf-8", "surrogatepass") + data[end:]
        elif how == "cut":
            data = data[:start] + data[end:]
        else:
            lines = data.split(b"\n")
            at, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
            lines[at : at + draw(st.integers(0, 1))] = [lines[other]]
            data = b"\n".join(lines)
    return data


@pytest.mark.parametrize("target", logs.TARGETS, ids=lambda each: each.__name__)
class TestDecoders:
    @unhurried
    @given(data=st.data())
    def test_what_is_almost_right_is_read_or_refused(
        self, target: Callable[[bytes], None], data: st.DataObject
    ) -> None:
        seeds = sorted((SEEDS / target.__name__).iterdir())
        assert seeds, "there must be an example"
        target(data.draw(almost(data.draw(st.sampled_from(seeds)).read_bytes())))

    @unhurried
    @given(data=st.binary() | TEXT.map(lambda each: each.encode("utf-8", "surrogatepass")))
    def test_anything_else_is_refused(self, target: Callable[[bytes], None], data: bytes) -> None:
        target(data)

    def test_it_is_among_those_that_atheris_tries(self, target: Callable[[bytes], None]) -> None:
        assert targets.TARGETS[target.__name__] is target
