"""Who may have what of a vault, as a real chain says it (promises 4 and 6; invariant 13)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kiseki import Kiseki, LocalKiseki, Use
from kiseki.chain.anvil import anvil
from kiseki.chain.contract.many import ask_many
from kiseki.chain.logs import head
from kiseki.chain.node import Node, connect
from kiseki.client.vault.asking import OnChain
from kiseki.client.vault.signing import signed_by
from kiseki.core import ids
from kiseki.core.offer import FOREVER
from kiseki.core.terms import ITEM_NOTICE
from kiseki.errors import ChainError, ContractReverted, KisekiError, NodeBehind
from kiseki.vault.handing.rules import Facts, Item, Licence

from ..conftest import Folder

TRAIN, MINING = Use.AI_GENERATIVE_TRAINING, Use.DATA_MINING


def moment(k: Kiseki, days: int) -> datetime:
    return datetime.fromtimestamp(k.session.now() + days * 86_400, UTC)


class Registered:
    """A collection of one drawing, and its item."""

    def __init__(
        self, artist: Kiseki, folder: Folder, name: str = "art", gated: bool = True,
        notice: timedelta = timedelta(days=30), days: int | None = None,
    ) -> None:  # fmt: skip
        terms = artist.data.define_terms(
            "train", royalty="20%", notice=notice, gate=artist.market.address if gated else None,
            valid_until=None if days is None else moment(artist, days),
        )  # fmt: skip
        kept = artist.data.register(folder(name, {"1.svg": name.encode()}), terms)
        self.artist, self.collection = artist, kept.id
        (item,) = artist.data.openings.items(kept.id)
        self.item = Item(item.id, artist.address.lower(), kept.id, item.commitment)

    def license(self, to: Kiseki, days: int) -> int:
        """The last second of a licence that is offered and bought."""
        offer = self.artist.market.draft(
            "collection", self.collection, 1_000, TRAIN, lasts=timedelta(days=days)
        )
        self.artist.market.offer(offer)
        to.market.buy(offer)
        (licence,) = [
            each for each in to.market.licences() if each.subject == ids.subject(
                to.session["DataRegistry"].address, self.collection)
        ]  # fmt: skip
        return licence.until[TRAIN]


def unknown(number: int) -> Item:
    provider = f"0x{number:040x}"
    commitment = bytes([number]) * 32
    return Item(ids.item_id(provider, commitment), provider, bytes([number]) * 32, commitment)


def asker(k: LocalKiseki) -> OnChain:
    return OnChain(k.session, 1)


def test_a_licence_counts_for_who_bought_it_for_its_use_and_until_its_last_second(
    k: LocalKiseki, artist: Kiseki, developer: Kiseki, buyer: Kiseki, folder: Folder
) -> None:
    drawing = Registered(artist, folder)
    chain = asker(k)
    me, other = developer.address.lower(), buyer.address.lower()
    assert chain.ask(me, [drawing.item], TRAIN).facts == [Facts(None, None)], "a gate stands there"
    until = drawing.license(developer, 20)
    answer = chain.ask(me, [drawing.item, unknown(1)], TRAIN)
    assert answer.facts == [Facts(Licence(drawing.collection, until)), Facts()]
    latest = head(k.session.node)
    assert (answer.chain, answer.block) == (k.session.chain_id, (latest.number, latest.hash,
                                                                 latest.time))  # fmt: skip
    assert chain.ask(other, [drawing.item], TRAIN).facts == [Facts()]
    assert chain.ask(me, [drawing.item], MINING).facts == [Facts()]


def test_open_terms_let_everybody_until_consent_ends(
    k: LocalKiseki, artist: Kiseki, developer: Kiseki, folder: Folder
) -> None:
    free = Registered(artist, folder, "free", gated=False)
    ending = Registered(artist, folder, "ending", gated=False, days=50)
    chain, me = asker(k), developer.address.lower()
    terms = k.index.terms(k.index.status(ending.collection).terms_id)
    assert chain.ask(me, [free.item, ending.item], TRAIN).facts == [
        Facts(None, FOREVER), Facts(None, terms.valid_until),
    ]  # fmt: skip
    assert chain.ask(me, [free.item], Use.REDISTRIBUTION).facts == [Facts()]
    artist.data.revoke(free.collection)
    (facts,) = chain.ask(me, [free.item], TRAIN).facts
    assert facts.allowed_until == k.session.now() + 30 * 86_400 - 1
    k.wait(30 * 86_400)
    assert chain.ask(me, [free.item], TRAIN).facts == [Facts()]


def test_a_revoked_item_ends_with_its_notice_whoever_is_licensed(
    k: LocalKiseki, artist: Kiseki, developer: Kiseki, folder: Folder
) -> None:
    drawing = Registered(artist, folder, notice=timedelta(days=9))
    until = drawing.license(developer, 9)
    chain, me = asker(k), developer.address.lower()
    k.wait(86_400)
    artist.data.revoke_item(drawing.item.commitment)
    (facts,) = chain.ask(me, [drawing.item], TRAIN).facts
    ends = k.session.now() + max(9 * 86_400, ITEM_NOTICE) - 1
    assert facts.licence == Licence(drawing.collection, min(until, ends))


def test_many_items_take_a_few_requests_and_say_the_same(
    k: LocalKiseki, artist: Kiseki, developer: Kiseki, folder: Folder
) -> None:
    drawing = Registered(artist, folder)
    until = drawing.license(developer, 20)
    chain, me = asker(k), developer.address.lower()
    wanted = [drawing.item, *(unknown(n % 200 + 1) for n in range(150))] * 2
    facts = chain.ask(me, wanted, TRAIN).facts
    assert facts[0] == facts[151] == Facts(Licence(drawing.collection, until))
    assert set(facts) == {facts[0], Facts()}
    assert len(facts) == 302


def test_a_block_that_is_not_there_yet_or_no_longer_is_no_answer(
    k: LocalKiseki, artist: Kiseki, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing = Registered(artist, folder)
    who = artist.address.lower()
    k.session.node.one("anvil_mine", hex(100))
    (safe,) = [OnChain(k.session).ask(who, [drawing.item], TRAIN).block]
    assert safe.number < head(k.session.node).number, "safe is behind"
    deep = OnChain(k.session, 3).ask(who, [drawing.item], TRAIN)
    assert deep.block.number == head(k.session.node).number - 2

    real, mine = Node.ask, asker(k)

    def another(node: Node, questions: Sequence[Any]) -> list[Any]:
        """The block becomes another one behind the answers."""
        answers = real(node, questions)
        if any(method == "eth_call" for method, _ in questions):
            # Of another miner: made again in the same second, it would be the same block.
            node.one("anvil_setCoinbase", "0x" + "77" * 20)
            node.one("anvil_reorg", 1, [])
        return answers

    monkeypatch.setattr(Node, "ask", another)
    with pytest.raises(ChainError):
        mine.ask(who, [drawing.item], TRAIN)


def test_two_nodes_must_agree(
    k: LocalKiseki, artist: Kiseki, developer: Kiseki, folder: Folder
) -> None:
    drawing = Registered(artist, folder)
    drawing.license(developer, 20)
    me = developer.address.lower()
    same = OnChain(k.session, 1, connect(k.url, k.session.chain_id))
    assert same.ask(me, [drawing.item], TRAIN).facts[0].licence is not None
    with anvil(k.session.chain_id, 1) as url:
        other = OnChain(k.session, 1, connect(url, k.session.chain_id))
        with pytest.raises(KisekiError, match=r"does not have block"):
            other.ask(me, [drawing.item], TRAIN)


def test_a_node_that_is_gone_is_no_answer(artist: Kiseki, folder: Folder) -> None:
    drawing = Registered(artist, folder)
    with anvil(31337, 1) as url:
        away = connect(url, 31337)
    lost = OnChain(artist.session, 1, away)
    with pytest.raises(ChainError):
        lost.ask(artist.address.lower(), [drawing.item], TRAIN)


def test_a_wallet_signs_a_text_and_nobody_else_does(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki
) -> None:
    signed = signed_by(k.session.node)
    me, text = artist.address.lower(), "vault.example wants you\n軌跡"
    signature = artist._wallet.signer.sign_text(text)
    assert signed(me, text, signature)
    assert not signed(me, text + " ", signature)
    assert not signed(buyer.address.lower(), text, signature)
    for wrong in (b"", signature[:-1], signature + b"\0", bytes(65), b"\xff" * 65):
        assert not signed(me, text, wrong)


def test_ten_thousand_items_are_a_few_requests(
    k: LocalKiseki, artist: Kiseki, developer: Kiseki, folder: Folder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Invariant 10; one item among them is revoked."""
    drawing = Registered(artist, folder, gated=False)
    artist.data.revoke_item(drawing.item.commitment)
    chain, me, requests = asker(k), developer.address.lower(), list[Any]()
    post = Node._post

    def counted(*more: Any) -> Any:
        requests.append(more)
        return post(*more)

    monkeypatch.setattr(Node, "_post", counted)
    many = [drawing.item._replace(id=n.to_bytes(32)) for n in range(10_000)]
    many[7_000] = drawing.item
    facts = chain.ask(me, many, TRAIN).facts
    assert [n for n, each in enumerate(facts) if each != Facts(None, FOREVER)] == [7_000]
    assert len(facts) == 10_000
    assert len(requests) <= 8, "of one collection"
    requests.clear()
    apart = [each._replace(collection=each.id) for each in many]
    assert set(chain.ask(me, apart, TRAIN).facts) == {Facts()}
    assert len(requests) <= 16, "of a collection each"


def test_an_item_counts_only_as_its_providers(
    k: LocalKiseki, artist: Kiseki, developer: Kiseki, folder: Folder
) -> None:
    drawing = Registered(artist, folder, gated=False)
    me = developer.address.lower()
    others = drawing.item._replace(provider=me)
    assert asker(k).ask(me, [others, drawing.item], TRAIN).facts == [Facts(), Facts(None, FOREVER)]


def test_a_node_that_does_not_follow_the_chain_gives_no_answer(
    k: LocalKiseki, artist: Kiseki, folder: Folder
) -> None:
    """Invariant 13."""
    drawing = Registered(artist, folder)
    who, at = artist.address.lower(), head(k.session.node).time
    OnChain(k.session, 1, oldest=60, clock=lambda: at + 60).ask(who, [drawing.item], TRAIN)
    with pytest.raises(NodeBehind, match="does not follow the chain"):
        OnChain(k.session, 1, oldest=60, clock=lambda: at + 61).ask(who, [drawing.item], TRAIN)
    with pytest.raises(KisekiError, match="KISEKI_CONFIRMATIONS to fewer"):
        OnChain(k.session, 10_000).ask(who, [drawing.item], TRAIN)


def test_an_answer_of_no_contract_or_without_a_reason_is_an_error(k: LocalKiseki) -> None:
    registry, block = k.session["DataRegistry"], head(k.session.node).hash
    (refused,) = ask_many(registry, "status(bytes32)", [b"\1" * 32], 5, block)
    assert isinstance(refused, ContractReverted)
    assert refused.name == "DataRegistry_UnknownCollection"
    with pytest.raises(ChainError):
        ask_many(registry, "status(bytes32)", [b"\1" * 32], 5, b"\1" * 32)
    nowhere = registry.of(k.session.node)
    nowhere.address = "0x" + "77" * 20
    with pytest.raises(ChainError, match="there is no DataRegistry"):
        ask_many(nowhere, "itemRevokedAt(bytes32)", [b"\1" * 32], 1, block)
    with pytest.raises(ChainError, match="without a reason"):
        ask_many(registry, "status(bytes32)", [b"\1" * 32], 1, block)
