"""What a plan costs, and which dues are not worth their claim."""

import subprocess
import sys
from pathlib import Path

import pytest

from kiseki import Kiseki, LocalKiseki, Manifest, Split
from kiseki.client import costs
from kiseki.client.prices import read_prices
from kiseki.core import ids
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput

from ..conftest import Folder
from .conftest import Shell

ROOT = Path(__file__).resolve().parents[3]


def test_the_shipped_gas_is_what_was_measured() -> None:
    """After a change: `python tools/gas.py`."""
    done = subprocess.run(
        [sys.executable, "tools/gas.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


CLAIMING = 300 * (78_105 + 11 * 61_005)
"""A year of the claims of 300 artists; the first of each needs more."""


def test_a_plan_costs_what_was_measured(shell: Shell) -> None:
    words = ("--artists", "300", "--items", "1e6", "--claims", "monthly", "--price", "20")
    told = shell.json("cost", *words, "--network", "arbitrum-sepolia")
    registering, claiming = told["lines"]
    assert claiming == {"what": "claims, in the first year", "transactions": 3_600,
                        "gas": CLAIMING, "wei": str(CLAIMING * 20 * 10**9)}  # fmt: skip
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


def test_the_dues_of_one_model_are_those_of_whom_it_rests_on(
    shell: Shell, artist: Kiseki, developer: Kiseki, buyer: Kiseki, folder: Folder
) -> None:
    terms = artist.data.define_terms("train", "20%")
    art = artist.data.prepare(folder("art", {"1.svg": b"1"}), terms)
    artist.data.register(art)
    manifest = Manifest({art.id: [(item.id, 1) for item in art.items]})
    developer.data.register(folder("else", {"2.svg": b"2"}), terms)
    model = developer.models.register(b"\x01" * 32, terms, manifest=manifest).id
    owed = Split([(ids.wallet(artist.address), 1), (ids.wallet(developer.address), 1)])
    buyer.revenue.publish(owed)
    buyer.revenue.pay(owed, 10**12)
    words = ("cost", "--dues", "--price", "20")
    assert len(shell.json(*words)["dues below their claim"]) == 2
    (small,) = shell.json(*words, "--for", to_hex(model))["dues below their claim"]
    assert small["wallet"] == artist.address.lower()
    assert "give it with --dues" in shell.run("cost", "--for", to_hex(model), code=2)
    nobody = to_hex(bytes(31) + b"1")
    assert "no model or batch" in shell.run(*words, "--for", nobody, code=1)


PRICES = """
[sepolia]
date = 2026-11-01
gwei = 1.5
source = "etherscan.io/gastracker"

[arbitrum-sepolia]
date = 2026-10-30
gwei = "0.1"
"""


def test_a_price_from_a_table_is_told_with_its_day(shell: Shell) -> None:
    (shell.folder / "prices.toml").write_text("\ufeff" + PRICES, "utf-8")
    words = ("cost", "--items", "10", "--prices", "prices.toml")
    told = shell.json(*words, "--network", "sepolia")
    assert told["price"] == "1500000000"
    assert told["source"] == "as prices.toml says of 2026-11-01, from etherscan.io/gastracker"
    assert shell.json(*words, "--network", "arbitrum-sepolia")["price"] == "100000000"
    for more, said in (
        (
            ("--network", "polygon-amoy"),
            "has no price for polygon-amoy; it has sepolia, a",
        ),
        (("--network", "sepolia", "--price", "2"), "two prices; give one"),
    ):
        assert said in " ".join(shell.run(*words, *more, code=2).split())


@pytest.mark.parametrize(("text", "said"), [
    ("sepolia = 3", "must be a table"),
    ("[sepolia]\ngwei = 1", "must say its day"),
    ("[sepolia]\ndate = 2026-11-01T00:00:00Z\ngwei = 1", "must say its day"),
    ("[sepolia]\ndate = 9999-01-01\ngwei = 1", "is still to come"),
    ("[sepolia]\ndate = 2026-11-01", "must say its price"),
    ("[sepolia]\ndate = 2026-11-01\ngwei = true", "must say its price"),
    ('[sepolia]\ndate = 2026-11-01\ngwei = ""', "must say its price"),
    ("[sepolia]\ndate = 2026-11-01\ngwei = -1", "must be a number of gwei"),
    ("[sepolia]\ndate = 2026-11-01\ngwei = nan", "must be a number of gwei"),
    ("[sepolia]\ndate = 2026-11-01\nwei = 1", "has 'wei'"),
    ("[sepolia", "cannot be read"),
])  # fmt: skip
def test_a_table_of_prices_that_cannot_be_used_is_refused(
    tmp_path: Path, text: str, said: str
) -> None:
    """A price that nobody stated is none."""
    (tmp_path / "prices.toml").write_text(text)
    with pytest.raises(InvalidInput, match=said):
        read_prices(tmp_path / "prices.toml")


def test_what_is_no_plan_is_refused(shell: Shell) -> None:
    for words, said in (
        (("--items", "1.5"), "--items must be a whole number"),
        (("--items", "nan"), "--items must be a whole number"),
        (("--artists", "3", "--items", "2"), "at least one item for each artist"),
        (("--claims", "often"), "--claims must be one of never"),
        (("--price", "x"), "--price must be a number of gwei"),
    ):
        assert said in shell.run("cost", "--price", "1", *words, code=2)
