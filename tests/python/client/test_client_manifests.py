"""Manifests after registration: proved false or walked to their end, by anybody (promise 3)."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kiseki import ContractReverted, Kiseki, LocalKiseki, Manifest, Terms
from kiseki.chain.sending.fees import MOST_GAS
from kiseki.client.models import manifests
from kiseki.core import ids
from kiseki.core.keccak import keccak256
from kiseki.core.sumtree import SumTree
from kiseki.core.terms import IRREVOCABLE
from kiseki.core.values import ZERO32, to_hex
from kiseki.errors import InvalidInput
from kiseki.index import MANIFEST

Listed = Mapping[bytes, Sequence[tuple[bytes, int]]]
DAY = 86_400
NOTICE = 30 * DAY  # where terms say nothing else


class Shelf:
    """A collection of one provider's, its items by ascending ID."""

    def __init__(self, provider: Kiseki, name: str, count: int, terms: Terms) -> None:
        some = [keccak256(f"{name} {n}".encode()) for n in range(count)]
        by_id = dict(sorted(zip(ids.item_ids(provider.address, some), some, strict=True)))
        self.provider, self.terms = provider, terms
        self.items, self.commitments = list(by_id), list(by_id.values())
        spec = (terms.id, ids.wallet(provider.address), b"", ZERO32)
        contract = provider.session["DataRegistry"]
        provider._wallet.send(contract.call("register", self.commitments, spec))
        known = provider.index.find(self.commitments[0])
        self.id = known[0].id


def published(listed: Listed) -> str:
    """The file of a developer who does not care whether it is true."""
    rows = [
        [to_hex(key), [[to_hex(item), str(weight)] for item, weight in items]]
        for key, items in sorted(listed.items())
    ]
    document = {"format": "kiseki-manifest-v1", "root": "0x", "weight": "0", "collections": rows}
    return json.dumps(document)


def register(developer: Kiseki, listed: Listed, asks: Terms) -> bytes:
    """Registers a model with a manifest as it stands, and states it. The contracts cannot tell."""
    trees = {key: SumTree(items) for key, items in sorted(listed.items())}
    sources = [(key, tree.root, tree.total) for key, tree in trees.items()]
    weights = keccak256(repr(sources).encode())
    spec = (weights, ZERO32, asks.id, ids.wallet(developer.address), b"", ZERO32)
    registry = developer.session["ModelRegistry"]
    model: bytes = registry.read("register", spec, (sources, [], []), sender=developer.address)
    developer._wallet.send(registry.call("register", spec, (sources, [], [])))
    subject = ids.subject(registry.address, model)
    document = keccak256(published(listed).encode())
    statements = developer.session["Statements"]
    developer._wallet.send(statements.call("state", subject, MANIFEST, document))
    return model


@pytest.fixture
def asks(k: LocalKiseki) -> Terms:
    return k.data.define_terms("train", royalty="5%")


@pytest.fixture
def shelf(k: LocalKiseki, artist: Kiseki) -> Shelf:
    return Shelf(artist, "drawing", 9, k.data.define_terms("train", royalty="20%"))


def weighed(items: Sequence[bytes]) -> list[tuple[bytes, int]]:
    return [(item, 1 + item[0]) for item in items]


def codes(k: Kiseki, group: bytes) -> list[str]:
    return [each.code for each in k.index.findings(group)]


class TestChallenging:
    def test_an_item_declared_twice_is_shown_by_somebody_else_and_every_verifier_sees_it(
        self,
        k: LocalKiseki,
        shelf: Shelf,
        asks: Terms,
        developer: Kiseki,
        creator: Kiseki,
        stranger: Kiseki,
        buyer: Kiseki,
        tmp_path: Path,
    ) -> None:
        """A developer pads with a friend's item, who is paid twice for it."""
        listed = {shelf.id: weighed([*shelf.items[:4], *shelf.items[3:]])}
        model = register(developer, listed, asks)
        picture = tmp_path / "picture.png"
        picture.write_bytes(b"picture")
        batch = creator.outputs.prepare(picture, [model])
        creator.outputs.register(batch)
        before = buyer.outputs.verify(picture)
        assert before.problems == ()
        (found,) = stranger.models.evidence(model, published(listed))
        assert [each.data_id for each in found.items] == [shelf.items[3]] * 2
        (receipt,) = stranger.models.challenge(model, published(listed))
        after = buyer.outputs.verify(picture)
        assert [each.code for each in after.problems] == ["manifest_false"]
        assert "with one problem: The manifest of the model" in after.sentence
        assert "twice or out of order" in after.sentence
        assert to_hex(receipt.transaction) in after.sentence
        (record,) = k.index.challenges(model)
        assert (record.kind, record.collection) == ("out_of_order", shelf.id)
        assert record.challenger == stranger.address.lower()
        assert stranger.models.challenge(model, published(listed)) == ()

    def test_a_revoked_item_is_shown(
        self, k: LocalKiseki, shelf: Shelf, asks: Terms, developer: Kiseki, stranger: Kiseki
    ) -> None:
        shelf.provider.data.revoke_item(shelf.commitments[5])
        k.wait(NOTICE)
        listed = {shelf.id: weighed(shelf.items)}
        with pytest.raises(InvalidInput, match="the manifest is false for everybody to see"):
            developer.models.register(b"w" * 32, asks, manifest=Manifest(listed))
        model = register(developer, listed, asks)
        (receipt,) = stranger.models.challenge(model, published(listed))
        (found,) = k.index.findings(model)
        assert (found.code, found.severity) == ("manifest_false", "problem")
        assert "revocation had taken effect" in found.sentence
        assert to_hex(receipt.transaction) in found.sentence

    def test_both_kinds_are_put_on_record_once_each(
        self, k: LocalKiseki, shelf: Shelf, asks: Terms, developer: Kiseki, stranger: Kiseki
    ) -> None:
        shelf.provider.data.revoke_item(shelf.commitments[5])
        k.wait(NOTICE)
        listed = {shelf.id: weighed(shelf.items[::-1])}
        model = register(developer, listed, asks)
        receipts = stranger.models.challenge(model, published(listed))
        assert [each.what for each in receipts] == [
            "Challenges.revokedItem",
            "Challenges.outOfOrder",
        ]
        assert codes(k, model) == ["manifest_false"] * 2
        assert k.models.challenge(model, published(listed)) == ()

    def test_nobody_is_harmed_by_a_false_accusation(
        self, k: LocalKiseki, shelf: Shelf, asks: Terms, developer: Kiseki, stranger: Kiseki
    ) -> None:
        """What is revoked since, in the notice, or elsewhere, is no evidence."""
        listed = {shelf.id: weighed(shelf.items)}
        model = register(developer, listed, asks)
        shelf.provider.data.revoke_item(shelf.commitments[5])
        k.wait(DAY)
        with pytest.raises(InvalidInput, match="nothing shows that the manifest"):
            stranger.models.challenge(model, published(listed))
        other = {shelf.id: weighed([shelf.items[1], shelf.items[0]])}
        with pytest.raises(InvalidInput, match="not those that the model's registration commits"):
            stranger.models.challenge(model, published(other))
        assert codes(k, model) == ["item_revoked"]

    def test_the_notice_is_waited_for(
        self, k: LocalKiseki, artist: Kiseki, asks: Terms, developer: Kiseki, stranger: Kiseki
    ) -> None:
        terms = k.data.define_terms("train", "0%", notice=timedelta(days=10))
        shelf = Shelf(artist, "noticed", 3, terms)
        artist.data.revoke_item(shelf.commitments[1])
        k.wait(10 * DAY - 100)
        listed = {shelf.id: weighed(shelf.items)}
        inside = register(developer, listed, asks)
        assert stranger.models.evidence(inside, published(listed)) == []
        k.wait(100)
        after = register(developer, {shelf.id: [(item, 7) for item in shelf.items]}, asks)
        text = published({shelf.id: [(item, 7) for item in shelf.items]})
        assert [each.kind for each in stranger.models.evidence(after, text)] == ["revoked_item"]
        assert len(stranger.models.challenge(after, text)) == 1

    def test_a_notice_that_ends_while_a_transaction_waits_counts(
        self, k: LocalKiseki, artist: Kiseki, asks: Terms, developer: Kiseki
    ) -> None:
        """A manifest that is honest when it is sent must be honest when it is registered."""

        def used(name: str, minutes: int) -> Manifest:
            notice = timedelta(days=7, minutes=minutes)
            terms = k.data.define_terms("train", "0%", notice=notice)
            shelf = Shelf(artist, name, 2, terms)
            artist.data.revoke_item(shelf.commitments[0])
            return Manifest({shelf.id: weighed(shelf.items)})

        soon, later = used("ending soon", 50), used("ending later", 70)
        k.wait(7 * DAY)
        with pytest.raises(InvalidInput, match="within the hour"):
            developer.models.register(b"s" * 32, asks, manifest=soon)
        developer.models.register(b"l" * 32, asks, manifest=later)

    def test_an_item_has_seven_days_where_the_notice_is_shorter(
        self, k: LocalKiseki, artist: Kiseki, asks: Terms, developer: Kiseki, stranger: Kiseki
    ) -> None:
        """Who looked less than 7 days before registering is never proved false."""
        terms = k.data.define_terms("train", "0%", notice=timedelta(0))
        shelf = Shelf(artist, "none", 3, terms)
        artist.data.revoke_item(shelf.commitments[1])
        k.wait(7 * DAY - 4000)
        listed = {shelf.id: weighed(shelf.items)}
        inside = developer.models.register(b"i" * 32, asks, manifest=Manifest(listed)).id
        assert stranger.models.evidence(inside, published(listed)) == []
        assert "item_revoked" in codes(k, inside)
        k.wait(4000)
        after = register(developer, {shelf.id: [(item, 7) for item in shelf.items]}, asks)
        text = published({shelf.id: [(item, 7) for item in shelf.items]})
        assert [each.kind for each in stranger.models.evidence(after, text)] == ["revoked_item"]
        assert len(stranger.models.challenge(after, text)) == 1

    def test_it_is_looked_at_again_right_before_it_is_sent(
        self, k: LocalKiseki, artist: Kiseki, asks: Terms, developer: Kiseki,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        """What is found out while a registration waits, at a ledger that nobody confirms on."""
        terms = k.data.define_terms("train", "0%", notice=timedelta(0))
        shelf = Shelf(artist, "shelf", 3, terms)
        put_terms = k.data.put_terms

        def a_week_passes(self: object, given: Terms) -> tuple[object, ...]:
            artist.data.revoke_item(shelf.commitments[1])
            k.wait(8 * DAY)
            return put_terms(given)

        monkeypatch.setattr("kiseki.client.data.data.Data.put_terms", a_week_passes)
        with pytest.raises(InvalidInput, match="was revoked before this"):
            developer.models.register(
                b"w" * 32, asks, manifest=Manifest({shelf.id: weighed(shelf.items)})
            )

    def test_what_may_be_gone_before_you_register_is_said(
        self, k: LocalKiseki, artist: Kiseki, developer: Kiseki
    ) -> None:
        def shelf(name: str, **terms: Any) -> Shelf:
            return Shelf(artist, name, 1, k.data.define_terms("train", "0%", **terms))

        usual, irrevocable = shelf("usual"), shelf("irrevocable", notice=IRREVOCABLE)
        none, week = shelf("none", notice=timedelta(0)), shelf("week", notice=timedelta(days=7))
        ends = datetime.fromtimestamp(k.session.now() + 20 * DAY, UTC)
        expires = shelf("expires", notice=IRREVOCABLE, valid_until=ends)
        every = [each.id for each in (usual, irrevocable, none, week, expires)]
        said = developer.models.may_be_gone(every)
        assert [each.split(" ", 1)[0] for each in said] == [to_hex(each) for each in every[2:]]
        assert all("may be gone before you register" in each for each in said)
        assert [each.rsplit(": ")[-1][:40] for each in said[:2]] == [
            "its provider can end consent at once",
            "its provider can end consent within 7.0 ",
        ]
        artist.data.revoke(usual.id)
        (revoked,) = developer.models.may_be_gone([usual.id])
        assert "may be gone before you register: consent to it ends on" in revoked
        k.wait(30 * DAY)
        (gone,) = developer.models.may_be_gone([usual.id])
        assert gone == f"{to_hex(usual.id)} is gone: consent to it has ended"

    def test_an_item_revoked_before_it_was_logged_counts_too(
        self, k: LocalKiseki, artist: Kiseki, asks: Terms, developer: Kiseki, stranger: Kiseki
    ) -> None:
        """A collection need not be published to be a source."""
        terms = k.data.define_terms("train", "0%")
        commitment = keccak256(b"never logged")
        item = ids.item_id(artist.address, commitment)
        spec = (terms.id, ids.wallet(artist.address), b"", ZERO32)
        artist._wallet.send(k.session["DataRegistry"].call("commit", item, 1, spec))
        collection = ids.collection_id(artist.address, item, terms.id)
        artist.data.revoke_item(commitment, unpublished=True)
        k.wait(NOTICE)
        with pytest.raises(InvalidInput, match="was revoked before this"):
            manifest = Manifest({collection: [(item, 1)]})
            developer.models.register(b"w" * 32, asks, manifest=manifest)
        listed = {collection: [(item, 1)]}
        model = register(developer, listed, asks)
        stranger.models.challenge(model, published(listed))
        assert [each.kind for each in k.index.challenges(model)] == ["revoked_item"]


class TestWalking:
    @pytest.fixture
    def two(self, k: LocalKiseki) -> list[Shelf]:
        terms = k.data.define_terms("train", royalty="20%")
        return [Shelf(k.wallet(n), f"shelf {n}", 300, terms) for n in (6, 7)]

    def test_two_collections_by_two_wallets_after_an_interruption(
        self,
        k: LocalKiseki,
        two: list[Shelf],
        asks: Terms,
        developer: Kiseki,
        stranger: Kiseki,
        buyer: Kiseki,
        creator: Kiseki,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Invariant 8: whoever goes on, it ends in the same state, and nothing is sent twice."""
        manifest = Manifest({shelf.id: weighed(shelf.items) for shelf in two})
        model = developer.models.register(b"w" * 32, asks, manifest=manifest).id
        developer.models.publish_manifest(model, manifest, tmp_path)
        text = (tmp_path / f"{to_hex(model)}.json").read_text()
        # Transactions a twentieth as large as they may be, so that it takes several.
        monkeypatch.setattr(manifests, "_GAS_LIMIT", MOST_GAS // 20)
        told: list[tuple[int, int]] = []

        def stop(done: int, total: int) -> None:
            told.append((done, total))
            if len(told) == 2:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            stranger.models.check_manifest(model, Manifest.from_json(text), stop)
        assert 0 < told[0][0] < told[1][0] < 600
        assert codes(k, model) == []
        receipts = buyer.models.check_manifest(
            model, Manifest.from_json(text), lambda *at: told.append(at)
        )
        assert len(receipts) > 2
        assert [done for done, _ in told] == sorted({done for done, _ in told})
        assert told[-1] == (600, 600)
        assert all(each.gas < MOST_GAS // 20 for each in receipts)
        state = k.session["Challenges"].read("stateOf", model)
        assert state["checkedAt"] == k.index.manifest_checked_at(model) == k.session.now()
        assert stranger.models.check_manifest(model, manifest) == ()
        picture = tmp_path / "picture.png"
        picture.write_bytes(b"picture")
        creator.outputs.register(creator.outputs.prepare(picture, [model]))
        answer = buyer.outputs.verify(picture)
        assert [each.code for each in answer.findings] == ["manifest_checked"]
        assert "was checked item by item" in answer.sentence
        assert "not what training used" in answer.sentence

    def test_two_walkers_at_once_do_each_other_no_harm(
        self, k: LocalKiseki, two: list[Shelf], asks: Terms, developer: Kiseki,
        stranger: Kiseki, buyer: Kiseki, monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        """While one walks the other does, cut otherwise."""
        manifest = Manifest({shelf.id: weighed(shelf.items[::2]) for shelf in two})
        model = developer.models.register(b"w" * 32, asks, manifest=manifest).id
        monkeypatch.setattr(manifests, "_GAS_LIMIT", MOST_GAS // 20)
        calls = []

        def meanwhile(done: int, total: int) -> None:
            calls.append(done)
            if len(calls) == 1:
                monkeypatch.setattr(manifests, "_MOST_ITEMS", 32)
                buyer.models.check_manifest(model, manifest, stop_after_one)
                monkeypatch.setattr(manifests, "_MOST_ITEMS", 1024)

        def stop_after_one(done: int, total: int) -> None:
            raise StopIteration

        with pytest.raises(StopIteration):
            stranger.models.check_manifest(model, manifest, meanwhile)
        stranger.models.check_manifest(model, manifest)
        assert codes(k, model)[-1] == "manifest_checked"

    def test_a_transaction_takes_as_much_as_it_can_and_no_more(
        self, k: LocalKiseki, asks: Terms, developer: Kiseki, stranger: Kiseki
    ) -> None:
        """All of a collection as large as one registration takes: two transactions."""
        terms = k.data.define_terms("train", "0%")
        shelf = Shelf(k.wallet(6), "large", 4000, terms)
        manifest = Manifest({shelf.id: weighed(shelf.items)})
        model = developer.models.register(b"w" * 32, asks, manifest=manifest).id
        receipts = stranger.models.check_manifest(model, manifest)
        assert len(receipts) == 2
        assert all(each.gas < manifests._GAS_LIMIT < MOST_GAS for each in receipts)
        # Of the same collection every other item, so that half of the proof is hashes.
        some = Manifest({shelf.id: weighed(shelf.items[::2])})
        model = developer.models.register(b"v" * 32, asks, manifest=some).id
        receipts = stranger.models.check_manifest(model, some)
        assert all(each.gas < manifests._GAS_LIMIT for each in receipts)
        assert codes(k, model)[-1] == "manifest_checked"

    def test_items_revoked_since_take_no_more_than_others(
        self, k: LocalKiseki, asks: Terms, developer: Kiseki, stranger: Kiseki,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        """Whoever revokes what a model rests on makes no walk fail."""
        shelf = Shelf(k.wallet(6), "revoked", 256, k.data.define_terms("train", "0%"))
        manifest = Manifest({shelf.id: weighed(shelf.items)})
        model = developer.models.register(b"w" * 32, asks, manifest=manifest).id
        contract = k.session["DataRegistry"]
        calls = (contract.call("revokeItem", each) for each in shelf.commitments)
        assert len(list(shelf.provider._wallet.send_all(calls))) == 256
        assert all(contract.read_all("itemRevokedAt", [(each,) for each in shelf.items]))
        monkeypatch.setattr(manifests, "_GAS_LIMIT", MOST_GAS // 10)  # all of them, just so
        (receipt,) = stranger.models.check_manifest(model, manifest)
        assert receipt.gas < manifests._GAS_LIMIT
        assert "manifest_checked" in codes(k, model)

    def test_what_is_false_cannot_be_walked(
        self, k: LocalKiseki, shelf: Shelf, asks: Terms, developer: Kiseki, stranger: Kiseki
    ) -> None:
        shelf.provider.data.revoke_item(shelf.commitments[5])
        k.wait(NOTICE)
        listed = {shelf.id: weighed(shelf.items)}
        model = register(developer, listed, asks)
        with pytest.raises(ContractReverted, match="challenge it with this item") as refused:
            stranger.models.check_manifest(model, Manifest(listed))
        assert refused.value.name == "Challenges_Revoked"
        stranger.models.challenge(model, published(listed))
        with pytest.raises(ContractReverted, match="there is evidence on record") as refused:
            stranger.models.check_manifest(model, Manifest(listed))
        assert refused.value.name == "Challenges_ProvenFalse"

    def test_an_item_that_is_in_no_collection_cannot_be_walked(
        self, shelf: Shelf, asks: Terms, developer: Kiseki, stranger: Kiseki
    ) -> None:
        listed = {shelf.id: [(keccak256(b"made up"), 1)]}
        model = register(developer, listed, asks)
        with pytest.raises(InvalidInput, match="is not in this set"):
            stranger.models.check_manifest(model, Manifest(listed))

    def test_what_is_not_published_cannot_be_walked(
        self, k: LocalKiseki, artist: Kiseki, asks: Terms, developer: Kiseki, stranger: Kiseki,
        shelf: Shelf,
    ) -> None:  # fmt: skip
        """Neither a manifest that nobody has, nor one whose collections nobody logged."""
        manifest = Manifest({shelf.id: weighed(shelf.items)})
        model = developer.models.register(b"w" * 32, asks, manifest=manifest).id
        guess = Manifest({shelf.id: weighed(shelf.items[1:])})
        with pytest.raises(InvalidInput, match="this is not the manifest of"):
            stranger.models.check_manifest(model, guess)
        terms = k.data.define_terms("train", "0%")
        item = ids.item_id(artist.address, keccak256(b"hidden"))
        spec = (terms.id, ids.wallet(artist.address), b"", ZERO32)
        artist._wallet.send(k.session["DataRegistry"].call("commit", item, 1, spec))
        hidden = Manifest({ids.collection_id(artist.address, item, terms.id): [(item, 1)]})
        model = developer.models.register(b"v" * 32, asks, manifest=hidden).id
        with pytest.raises(
            InvalidInput, match=r"has 1 commitment, of which 0 are published.* ask its provider"
        ):
            stranger.models.check_manifest(model, hidden)
        child = developer.models.register(b"c" * 32, asks, parents=[model]).id
        with pytest.raises(InvalidInput, match="rests on no collections"):
            stranger.models.check_manifest(child, Manifest({}))
