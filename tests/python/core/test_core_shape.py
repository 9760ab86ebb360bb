"""The core stays pure: what it exports, what it may import, what importing it does."""

import importlib
import pkgutil
import subprocess
import sys
import types

import pytest

import kiseki
import kiseki.core
import kiseki.errors
from kiseki.errors import CompositionError, InvalidInput, KisekiError, ProofError

BELOW = {"errors", "language", "licences"}
MODULES = [module.name for module in pkgutil.iter_modules(kiseki.core.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_all_is_what_a_module_has_to_offer(name: str) -> None:
    module = importlib.import_module(f"kiseki.core.{name}")
    exported = module.__all__
    assert exported == sorted(set(exported), key=lambda each: (not each.isupper(), each))
    for each in exported:
        assert hasattr(module, each)
    here = {
        each
        for each, value in vars(module).items()
        if not each.startswith("_")
        and isinstance(value, types.FunctionType | type)
        and value.__module__ == module.__name__
    }
    assert here <= set(exported)


@pytest.mark.parametrize("name", MODULES)
def test_every_public_thing_says_what_it_means(name: str) -> None:
    module = importlib.import_module(f"kiseki.core.{name}")
    assert module.__doc__
    for each in module.__all__:
        value = getattr(module, each)
        if isinstance(value, types.FunctionType | type) and value.__module__ == module.__name__:
            assert value.__doc__, each
            assert not value.__doc__.startswith(f"{each}("), each  # dataclass default


def test_the_modules_are_listed_where_a_reader_looks_first() -> None:
    listed = [
        line.split()[0] for line in (kiseki.core.__doc__ or "").splitlines() if line[:4] == "    "
    ]
    assert sorted(listed) == sorted(MODULES)


def test_importing_the_core_brings_in_no_chain_and_no_network() -> None:
    """The package's own ``__init__`` is kept out: only what the core itself imports counts."""
    names = ", ".join(f"kiseki.core.{name}" for name in MODULES)
    forbidden = {"web3", "eth_account", "eth_abi", "eth_utils", "socket", "sqlite3", "logging"}
    code = f"""
import sys, types
root = types.ModuleType("kiseki")
root.__path__ = {list(kiseki.__path__)!r}
sys.modules["kiseki"] = root
import {names}
print(*sorted(set(sys.modules) & {forbidden!r}))
print(*sorted(each for each in sys.modules if each.startswith("kiseki.") and ".core" not in each))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0] == ""
    assert {each.split(".")[1] for each in done.stdout.splitlines()[1].split()} == BELOW


def test_errors_form_one_tree() -> None:
    raised = [getattr(kiseki.errors, name) for name in kiseki.errors.__all__]
    assert all(issubclass(each, KisekiError) for each in raised)
    assert issubclass(InvalidInput, ValueError)
    assert not issubclass(ProofError, ValueError)
    assert not issubclass(CompositionError, ValueError)
