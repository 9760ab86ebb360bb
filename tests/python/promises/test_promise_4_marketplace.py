"""A marketplace that knows nothing of Kiseki sells a rights token and pays the artists (promise 4).

It is Seaport 1.6, from its makers' published package, which deploys the contracts and makes, signs
and fulfils the orders. What it knows is ERC-721 and ERC-2981: a royalty goes to an address.
"""

from datetime import timedelta
from typing import Any

import pytest

from kiseki.client.revenue.revenue import ETHER
from kiseki.core.conditions import AfterTime
from kiseki.core.keccak import keccak256

from ..conftest import ask as ask_node
from ..core.test_core_merkle import ask
from .scene import Scene
from .test_promise_4_money import expected

PRICES = [10**18, 1_234_567_891]


def sold(scene: Scene, token: int, price: int, currency: str = ETHER) -> dict[str, Any]:
    question = {
        "url": scene.k.url,
        "seller": scene.creator.address,
        "buyer": scene.buyer.address,
        "fees": scene.stranger.address,
        "rights": scene.k.session["RightsToken"].address,
        "tokenId": str(token),
        "price": str(price),
        "currency": None if currency == ETHER else currency,
    }
    answer: dict[str, Any] = ask("seaport.mjs", question)
    return answer


@pytest.mark.parametrize("in_ether", [True, False], ids=["ether", "token"])
@pytest.mark.parametrize("price", PRICES)
def test_a_royalty_that_seaport_pays_blindly_reaches_everybody(
    scene: Scene, price: int, in_ether: bool
) -> None:
    currency = ETHER if in_ether else scene.k.test_token()
    if not in_ether:
        scene.k.mint(currency, scene.buyer.address, price)
    batch = scene.outputs("film", [scene.model_2], mint=False)
    scene.creator.rights.mint("batch", batch.id, royalty="7.5%")
    token = scene.creator.rights.token("batch", batch.id)
    told = sold(scene, token, price, currency)
    assert told["refused"] is None
    royalty = int(told["royalty"])
    assert royalty == price * 75 // 1000
    assert scene.k.rights.holder(token) == scene.buyer.address
    payee = scene.k.rights.royalties("batch", batch.id)
    lies = scene.k.revenue.payment_address(payee)
    assert told["receiver"] == lies
    assert ask_node(scene.k, "eth_getCode", lies, "latest") == "0x", "nobody had to prepare it"
    asked = None if in_ether else currency
    assert scene.k.balance(asked, lies) == royalty

    scene.stranger.revenue.sweep(payee, currency)
    assert scene.k.revenue.income(payee, currency) == royalty
    people = [*scene.people, scene.buyer.address]
    before = {who: scene.k.balance(asked, who) for who in people}
    claimed = scene.stranger.revenue.claim(people)
    assert not claimed.failures
    gained = {who: scene.k.balance(asked, who) - before[who] for who in people}
    due = expected(scene, royalty)
    # The creator's own share is the new holder's since the sale.
    due[scene.buyer.address] = due[scene.creator.address]
    due[scene.creator.address] = 0
    assert gained == due
    assert royalty == sum(gained.values()) + scene.held(currency)


def test_seaport_cannot_sell_what_waits_to_move(scene: Scene) -> None:
    """Promise 5: approvals and operators cannot move a locked token."""
    token = scene.creator.rights.token("batch", scene.batch.id)
    soon = timedelta(days=1)
    scene.creator.rights.schedule(token, scene.alice.address, AfterTime(2**63), soon)
    told = sold(scene, token, 10**18)
    assert keccak256(b"RightsToken_Locked(uint256,bytes32)")[:4].hex() in told["refused"]
    assert scene.k.rights.holder(token) == scene.creator.address
