"""Keystores that open at once: what they protect is worth nothing, and tests open hundreds."""

from kiseki.chain.signing import accounts

__all__ = ["make_quickly"]


def make_quickly() -> None:
    """From now on, in this process. What it takes otherwise is held by `test_cli_wallets.py`."""
    accounts._WORK = 2**10
