"""A second release on a chain: what it adds and replaces is used, what was there goes on working.

The release is made here: a condition more, and another market.
"""

import importlib.util
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kiseki import Kiseki, LocalKiseki, Use
from kiseki.chain.contract import artifacts
from kiseki.chain.release import deploying as deployment
from kiseki.chain.release import releases
from kiseki.chain.sending.sender import Sender
from kiseki.chain.signing.accounts import local_account
from kiseki.client.session import Session
from kiseki.core.conditions import AfterTime, Condition, Escrow
from kiseki.core.offer import Offer
from kiseki.core.terms import IRREVOCABLE
from kiseki.core.values import ZERO_ADDRESS
from kiseki.errors import InvalidInput, NotDeployed

from ..conftest import Folder

ROOT = Path(__file__).resolve().parents[3]
TRAIN = Use.AI_GENERATIVE_TRAINING
MORE = "contracts/conditions/BeforeTime.sol"
MARKET = "contracts/LicenseMarket.sol"
CACHED: tuple[Any, ...] = (
    artifacts.artifact, artifacts.names, releases.releases, releases.places, releases.newest,
    releases.addresses, releases.names,
)  # fmt: skip


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a release 0.2.0, compiled as `scripts/compile.py` does."""
    spec = importlib.util.spec_from_file_location("compiling", ROOT / "scripts" / "compile.py")
    assert spec is not None
    assert spec.loader is not None
    compiling: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(compiling)
    condition = (ROOT / "contracts/conditions/AfterTime.sol").read_text("utf-8")
    market = (ROOT / MARKET).read_text("utf-8")
    more = "    function release() external pure returns (uint256) {\n        return 2;\n    }\n}\n"
    sources = {
        MORE: condition.replace("AfterTime", "BeforeTime").replace(">= abi", "< abi"),
        MARKET: market.rstrip().removesuffix("}") + more,
    }
    asked = ["abi", "metadata", "storageLayout", "evm.bytecode", "evm.deployedBytecode"]
    answer = compiling.ask_compiler(
        {
            "language": "Solidity",
            "settings": compiling.compiler_settings()
            | {"outputSelection": {file: {"*": asked} for file in sources}},
            "sources": {file: {"content": text} for file, text in sources.items()},
        }
    )
    folder = tmp_path_factory.mktemp("releases") / "0.2.0"
    folder.mkdir()
    needed = json.loads((artifacts.release_folders()[0] / "release.json").read_text("utf-8"))
    contracts = {"BeforeTime": [], "LicenseMarket": needed["contracts"]["LicenseMarket"]}
    about = {"format": needed["format"], "contracts": contracts}
    (folder / "release.json").write_text(json.dumps(about), "utf-8")
    for file in sources:
        name = Path(file).stem
        made = compiling.describe(name, answer["contracts"][file][name])
        (folder / f"{name}.json").write_text(json.dumps(made), "utf-8")
    return folder


@pytest.fixture
def newer(second: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Makes this a Kiseki that knows the second release."""

    def know() -> None:
        known = [*artifacts.release_folders(), second]
        for module in (artifacts, releases):
            monkeypatch.setattr(module, "release_folders", lambda: known)
        forget()

    yield know
    monkeypatch.undo()
    forget()


def forget() -> None:
    for each in CACHED:
        each.cache_clear()


def again(k: LocalKiseki) -> LocalKiseki:
    """The studio, as a program that is started now."""
    return LocalKiseki(Session(k.session.node), local_account(0), k.salts, k.url, k.deployment_gas)


def test_a_second_release_adds_to_a_chain_and_locks_nothing(
    k: LocalKiseki, folder: Folder, newer: Callable[[], None], tmp_path: Path
) -> None:
    """Promise 7, and issue 12: the whole tour across both releases."""
    artist, buyer = k.wallet(1), k.wallet(4)
    first_market = artist.market.address
    coin = k.test_token()
    k.mint(coin, buyer.address, 1_000)
    old = offered(artist, folder("old", {"1.svg": b"one"}), coin)
    artist.market.offer(old)
    moves = offered(artist, folder("moves", {"0.svg": b"zero"}), coin).id
    artist.rights.mint("collection", moves)
    token = artist.rights.token("collection", moves)
    until = k.session.now() + 10**6
    move = artist.rights.scheduled(
        artist.rights.schedule(token, buyer.address, [Escrow(500, coin)], until)
    )

    newer()
    k2 = again(k)
    assert k2.session.deployment.releases == ("0.1.0",)
    assert k2.session["LicenseMarket"].address == first_market
    with pytest.raises(NotDeployed, match=r"no BeforeTime.*kiseki deploy"):
        k2.session["BeforeTime"]

    gas: dict[str, int] = {}
    made = deployment.deploy(
        Sender(k.session.node, local_account(0)), tmp_path / "record", gas.__setitem__
    )
    assert [name for name, used in gas.items() if used] == ["BeforeTime", "LicenseMarket"]
    assert made.releases == ("0.1.0", "0.2.0")
    record = json.loads((tmp_path / "record" / "31337.json").read_text("utf-8"))
    assert {"0.1.0/LicenseMarket", "0.2.0/LicenseMarket", "0.2.0/BeforeTime"} >= {
        key for key, each in record["contracts"].items() if key.endswith(("Market", "BeforeTime"))
    }
    assert deployment.find(k.session.node, tmp_path / "record") == made

    k3 = again(k)
    artist, buyer = k3.wallet(1), k3.wallet(4)
    assert artist.market.address != first_market
    assert k3.session["LicenseMarket"].read("release") == 2

    # What stood before stands: its offer is bought on its market, its terms' gate lets in.
    bought = buyer.market.buy(old)
    assert list(bought.licences) == [old.key(k3.session.chain_id, first_market)]
    assert buyer.market.is_allowed("collection", old.id, buyer.address, TRAIN)
    assert artist.market.find(artist.market.key(old)).offer == old

    # An offer for it goes to the market that its terms name, one for new terms to the new one.
    cheaper = artist.market.draft("collection", old.id, 50, TRAIN, token=coin)
    artist.market.offer(cheaper)
    new = offered(artist, folder("new", {"2.svg": b"two"}), coin)
    artist.market.offer(new)
    assert cheaper.key(k3.session.chain_id, first_market) == artist.market.key(cheaper)
    assert new.key(k3.session.chain_id, artist.market.address) == artist.market.key(new)
    with pytest.raises(InvalidInput, match=r"stand on 2 markets .*one market at a time"):
        buyer.market.buy([cheaper, new])
    buyer.market.buy(new)
    assert buyer.market.is_allowed("collection", new.id, buyer.address, TRAIN)
    assert {each.offer for each in buyer.market.offers()} == {old, cheaper, new}
    assert len(buyer.market.licences()) == 2
    artist.market.end(artist.market.key(cheaper))
    assert {each.offer for each in buyer.market.offers()} == {old, new}

    # A transfer that waits is paid and executed; the condition that is new is used.
    buyer.rights.pay_escrow(move.id)
    buyer.rights.execute(move.id)
    assert buyer.rights.holder(token) == buyer.address
    check = k3.session["BeforeTime"]
    waits = Condition(check.address, AfterTime(until).data({}))
    moving = buyer.rights.scheduled(buyer.rights.schedule(token, artist.address, [waits], until))
    (pending,) = buyer.rights.pending()
    assert pending.met == (True,)
    buyer.rights.execute(moving.id)
    assert artist.rights.holder(token) == artist.address

    # Money of both markets reached the artist, to the unit; the price waits to be settled.
    assert (artist.balance(coin), buyer.balance(coin)) == (200, 300)
    buyer.rights.settle(move.id)
    assert artist.balance(coin) == 700


def test_an_older_kiseki_goes_on_beside_a_newer_release(
    k: LocalKiseki, folder: Folder, newer: Callable[[], None], tmp_path: Path
) -> None:
    """Who has not updated yet sees what its own release has, and is not refused."""
    newer()
    deployment.deploy(Sender(k.session.node, local_account(0)), tmp_path / "record")
    forget()
    older = k.wallet(1)
    offer = offered(older, folder("art", {"1.svg": b"one"}), ZERO_ADDRESS)
    older.market.offer(offer)
    k.wallet(4).market.buy(offer)
    assert k.session.deployment.releases == ("0.1.0",)


def offered(artist: Kiseki, drawings: Path, token: str) -> Offer:
    """A draft for a collection whose terms name the newest market."""
    gate = artist.market.address
    terms = artist.data.define_terms("train", "0%", gate=gate, notice=IRREVOCABLE)
    group = artist.data.register(drawings, terms).id
    return artist.market.draft("collection", group, 100, TRAIN, token=token)
