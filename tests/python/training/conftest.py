"""What tests with torch share."""

import pytest


@pytest.fixture(scope="session")
def torch_at_work() -> None:
    """Torch imports half of itself, and sets a variable, when an optimizer is first used."""
    from .counting import Counting

    Counting().optimizer.zero_grad()
