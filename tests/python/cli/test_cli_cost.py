"""What a plan costs, and which dues are not worth their claim."""

import subprocess
import sys
from pathlib import Path

from kiseki import Kiseki, LocalKiseki, Split
from kiseki.client import costs
from kiseki.core import ids

from ..conftest import Folder
from .conftest import Shell

ROOT = Path(__file__).resolve().parents[3]


def test_the_shipped_gas_is_what_was_measured() -> None:
    """After a change: `python tools/gas.py`."""
    done = subprocess.run(
        [sys.executable, "tools/gas.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_a_plan_costs_what_was_measured(shell: Shell) -> None:
    words = ("--artists", "300", "--items", "1e6", "--claims", "monthly", "--price", "20")
    told = shell.json("cost", *words, "--network", "arbitrum-sepolia")
    registering, claiming = told["lines"]
    assert claiming == {"what": "claims, in a year", "transactions": 3_600,
                        "gas": 3_600 * 61_005, "wei": str(3_600 * 61_005 * 20 * 10**9)}  # fmt: skip
    assert registering["transactions"] == 300
    assert 300 * 4_000_000 < registering["gas"] < 300 * 5_130_460
    assert told["fee of the chain below"].startswith("unknown")
    shown = shell.run("cost", *words)
    assert "20 gwei, as given" in shown
    now = shell.run("cost", "--items", "100")
    assert "as the node tells at block" in now


def test_the_gas_of_registering_is_close_to_what_it_used(k: LocalKiseki, folder: Folder) -> None:
    terms = k.data.define_terms("train", "0%")
    k.data.register(folder("first", {"0.svg": b"first"}), terms)  # the registry's log, once
    files = {f"{each}.svg": b"%d" % each for each in range(40)}
    used = k.data.register(folder("art", files), terms).gas
    told = costs.plan(1, 40, 0)[0].gas
    assert abs(told - used) < 0.1 * used


def test_dues_that_are_not_worth_their_claim_are_named(
    shell: Shell, artist: Kiseki, buyer: Kiseki, folder: Folder
) -> None:
    terms = artist.data.define_terms("train", "0%")
    artist.data.register(folder("art", {"1.svg": b"1"}), terms)
    split = Split([(ids.wallet(artist.address), 1)])
    buyer.revenue.publish(split)
    buyer.revenue.pay(split, 10**12)
    told = shell.json("cost", "--dues", "--price", "20")
    (small,) = told["dues below their claim"]
    assert small["wallet"] == artist.address.lower()
    assert shell.json("cost", "--dues", "--price", "0.000001")["dues below their claim"] == []
    assert "1 of 1 providers are owed less" in shell.run("cost", "--dues", "--price", "20")


def test_what_is_no_plan_is_refused(shell: Shell) -> None:
    for words, said in (
        (("--items", "1.5"), "--items must be a whole number"),
        (("--items", "nan"), "--items must be a whole number"),
        (("--artists", "3", "--items", "2"), "at least one item for each artist"),
        (("--claims", "often"), "--claims must be one of never"),
        (("--price", "x"), "--price must be a number of gwei"),
    ):
        assert said in shell.run("cost", "--price", "1", *words, code=2)
