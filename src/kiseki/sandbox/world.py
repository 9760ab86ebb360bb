"""What the sandbox holds: who does what in it, in half a year that ends now.

The same happens as in the demo (`make demo`), but nothing is trained: the files of models are texts
that say so, and the pictures that "models" made are drawn from numbers. Models declare each drawing
as often as the demo's training uses it. That an artist refuses or revokes is part of the sandbox.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from kiseki.chain.signing.accounts import local_account
from kiseki.client.data.prepared import Prepared
from kiseki.client.kiseki import Kiseki
from kiseki.client.models.models import run_document
from kiseki.core import seal
from kiseki.core.conditions import IncomeThreshold
from kiseki.core.keccak import keccak256
from kiseki.core.manifest import Manifest
from kiseki.core.payee import Payee
from kiseki.core.terms import ITEM_NOTICE, Use
from kiseki.core.values import to_hex
from kiseki.disk import texts
from kiseki.sandbox.drawings import Drawing
from kiseki.web.people import Person

__all__ = ["BEGAN", "PAYER", "STUDIO", "Progress", "World"]

BEGAN = 200 * 86_400
"""How long before now everything begins, in seconds."""

STUDIO, DEVELOPER, TRAINER, HOLDER, BUYER, LICENSEE = range(6)
PAYER, FIRST_ARTIST = 9, 10
"""Numbers of the test wallets."""

_PICTURES = 48
_ETHER = 10**18
_DAY = 86_400
_NAMED = 30
"""Artists who say what they are called, at most: those whom a picture of shares has room for."""
_CALLED = {
    STUDIO: "Sandbox Studio",
    DEVELOPER: "Developer of Model 1",
    TRAINER: "Trainer of Model 2",
    HOLDER: "Maker of the Sandbox Pictures",
    BUYER: "Buyer of the Sandbox",
}
_STEPS = 14
"""Steps of `build` beside the artists' registrations."""

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class World:
    """What is registered in a sandbox, while it is made.

    Args:
        k: the studio, on a chain of its own on which nothing is registered.
        drawings: by at least six artists.
        folder: for the files that stand for models and pictures.
    """

    k: Kiseki
    drawings: Sequence[Drawing]
    folder: Path
    progress: Progress = lambda *_: None
    artists: dict[str, Kiseki] = field(default_factory=dict)
    collections: dict[str, Prepared] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    _ids: dict[Path, bytes] = field(default_factory=dict)
    _revoked: bytes = b""
    _done: int = 0

    def build(self) -> tuple[bytes, list[Person]]:
        """Registers and pays everything; the batch of pictures, and whom visitors can act as."""
        counts = Counter(drawing.author for drawing in self.drawings)
        for number, name in enumerate(counts, FIRST_ARTIST):
            self.artists[name] = self._wallet(number)
        # Who has many drawings comes first, so that the parts are large enough to be seen.
        _, _, tuned_on, revokes_one, refuses, revokes_all = [n for n, _ in counts.most_common(6)]
        self._consent(refuses)
        self._wait(20)
        self._revoke_one(revokes_one)
        base = self._model("model 1", DEVELOPER, self._usable(refuses))
        self._wait(30)
        mine = [drawing for drawing in self.drawings if drawing.author == tuned_on]
        tuned = self._model("model 2", TRAINER, mine, [base])
        self._wait(10)
        batch = self._pictures(tuned)
        self._pay(batch)
        self._agree(batch)
        self._named({refuses, revokes_one, revokes_all}, base, tuned, batch)
        self.artists[revokes_all].data.revoke(self.collections[revokes_all].id)
        self._now()
        return batch, self._people(tuned_on)

    # Data

    def _consent(self, refuses: str) -> None:
        """Every artist signs, or reserves every use; the studio sends."""
        terms = self.k.data.define_terms("train", royalty="20%", notice=timedelta(days=365))
        reserved = self.k.data.define_terms("reserved", "0%")
        for place, (name, artist) in enumerate(self.artists.items()):
            files = [drawing.path for drawing in self.drawings if drawing.author == name]
            prepared = artist.data.prepare(files, reserved if name == refuses else terms)
            self.k.data.register(prepared, consent=artist.data.consent(prepared))
            self.collections[name] = prepared
            for item in prepared.items:
                self._ids |= dict.fromkeys(item.paths, item.id)
            if place % 10 == 9:
                self._wait(1)
            self._step()

    def _revoke_one(self, name: str) -> None:
        """One artist takes back one drawing; from a week later on nobody may train on it."""
        self.k.test_money.ether(self.artists[name].address, _ETHER)
        # The items are in the order of their salts, which differs from sandbox to sandbox.
        first = next(drawing for drawing in self.drawings if drawing.author == name)
        self._revoked = self._ids[first.path]
        commitments = {item.id: item.commitment for item in self.collections[name].items}
        self.artists[name].data.revoke_item(commitments[self._revoked])
        self.k.test_money.wait(ITEM_NOTICE)
        self._step()

    def _usable(self, refuses: str) -> list[Drawing]:
        return [
            drawing
            for drawing in self.drawings
            if drawing.author != refuses and self._ids[drawing.path] != self._revoked
        ]

    # Models and pictures

    def _model(
        self, name: str, who: int, drawings: Sequence[Drawing], parents: Sequence[bytes] = ()
    ) -> bytes:
        """Registers a model that declares these drawings; its file is a text."""
        developer = self._wallet(who)
        times = Counter[bytes]()
        for drawing in drawings:
            times[self._ids[drawing.path]] += 1 if drawing.skintone else 2
        manifest = Manifest(
            {
                prepared.id: declared
                for prepared in self.collections.values()
                if (declared := [(i.id, times[i.id]) for i in prepared.items if times[i.id]])
            }
        )
        file = self.folder / f"{name.replace(' ', '-')}.bin"
        texts.write(
            file,
            f"This stands for the weights of {name} in Kiseki's sandbox. Nothing was trained.\n",
        )
        weights = developer.models.weights(file)
        done = developer.models.register(
            weights,
            developer.data.define_terms("train", royalty="5%"),
            manifest=manifest,
            parents=list(parents),
            run=run_document(model=name, weights=weights.document, code="none: a sandbox", seed=0),
        )
        developer.models.publish_manifest(done.id, manifest, self.folder / "manifests")
        self._step()
        return done.id

    def _pictures(self, model: bytes) -> bytes:
        """Registers pictures as made by a model, and mints the token for the rights in them."""
        folder = self.folder / "pictures"
        folder.mkdir(exist_ok=True)
        for number in range(1, _PICTURES + 1):
            subject = hashlib.sha256(f"a picture of the sandbox, {number}".encode()).digest()
            texts.write(folder / f"{number:02}.svg", seal.svg(subject))
        creator = self._wallet(HOLDER)
        batch = creator.outputs.prepare(folder, [model])
        creator.outputs.register(batch)
        creator.rights.mint("batch", batch.id, royalty="10%")
        self._step()
        return batch.id

    def _named(self, silent: set[str], base: bytes, tuned: bytes, batch: bytes) -> None:
        """People say in public who their wallets are and what their things are called, so that the
        names are found and shown: the artists with most drawings, but nobody who is made to refuse
        or to revoke here."""
        counts = Counter(drawing.author for drawing in self.drawings)
        named = [name for name, _ in counts.most_common(_NAMED) if name not in silent]
        for name in named:
            artist = self.artists[name]
            self.k.test_money.ether(artist.address, _ETHER)
            self._state(artist, "wallet", artist.address, name)
        for number, said in _CALLED.items():
            who = self._wallet(number)
            self._state(who, "wallet", who.address, said)
        developer, trainer, holder = map(self._wallet, (DEVELOPER, TRAINER, HOLDER))
        self._state(developer, "model", to_hex(base), "Sandbox Model 1")
        self._state(trainer, "model", to_hex(tuned), "Sandbox Model 2")
        self._state(holder, "batch", to_hex(batch), "Sandbox Pictures")
        self._step()

    def _state(self, who: Kiseki, kind: str, about: str, said: str) -> None:
        who.statements.state(kind, about, "identity", keccak256(said.encode()))
        self.names.append(said)

    # Money, licences and rights

    def _pay(self, batch: bytes) -> None:
        """A buyer pays in several months; what is paid last waits to be claimed."""
        buyer = self._wallet(BUYER)
        payee = buyer.outputs.payee(batch)
        everybody = [each.address for each in self.artists.values()]
        everybody += [self._wallet(each).address for each in (DEVELOPER, TRAINER, HOLDER)]
        for tenths in (12, 20):
            buyer.revenue.pay(payee, tenths * _ETHER // 10)
            self._wait(30)
            self._step()
        self.k.revenue.claim(everybody)
        self._step()
        self._wait(10)
        buyer.revenue.pay(payee, 7 * _ETHER // 2)
        token = self.k.test_money.token()
        self.k.test_money.mint(token, buyer.address, 10_000 * 10**6)
        buyer.revenue.pay(payee, 2_500 * 10**6, token)
        self._step()

    def _agree(self, batch: bytes) -> None:
        """A licence that is offered and bought, rights that wait to move, and an artist to whom
        money is paid before they have a wallet."""
        holder, licensee = self._wallet(HOLDER), self._wallet(LICENSEE)
        year = timedelta(days=365)
        gated = holder.data.define_terms("train", "10%", gate=holder.market.address, notice=year)
        split = self.k.index.split(self.k.index.batch(batch).split).split
        pictures = holder.data.prepare(self.folder / "pictures", gated, payee=split)
        holder.data.register(pictures)
        offer = holder.market.draft(
            "collection", pictures.id, _ETHER // 4, Use.AI_GENERATIVE_TRAINING, lasts=year
        )
        holder.market.offer(offer)
        self._step()
        self._wait(5)
        licensee.market.buy(offer)
        self._step()
        token = holder.rights.token("batch", batch)
        when = IncomeThreshold(Payee.of(split).key, 10 * _ETHER)
        holder.rights.schedule(token, self._wallet(BUYER).address, when, year)
        person = self.k.identities.person("the sandbox's artist without a wallet")
        self._wallet(BUYER).revenue.pay(self.k.identities.payee(person), _ETHER // 10)
        self._step()

    # Whoever visits

    def _people(self, artist: str) -> list[Person]:
        """Whom visitors can act as; each has some ether to pay for gas."""
        number = FIRST_ARTIST + list(self.artists).index(artist)
        found = [
            Person("artist", artist, number, self.artists[artist].address),
            Person("studio", "", STUDIO, self._wallet(STUDIO).address),
            Person("developer", "", DEVELOPER, self._wallet(DEVELOPER).address),
            Person("trainer", "", TRAINER, self._wallet(TRAINER).address),
            Person("holder", "", HOLDER, self._wallet(HOLDER).address),
            Person("buyer", "", BUYER, self._wallet(BUYER).address),
        ]
        for each in self.artists.values():
            self.k.test_money.ether(each.address, _ETHER)
        self._step()
        return found

    def _wallet(self, number: int) -> Kiseki:
        return self.k.using(local_account(number))

    def _wait(self, days: int) -> None:
        self.k.test_money.wait(days * _DAY)

    def _now(self) -> None:
        """The chain's time is that of this machine again."""
        behind = int(time.time()) - self.k.session.now()
        if behind > 0:
            self.k.test_money.wait(behind)
        self._step()

    def _step(self) -> None:
        self._done += 1
        self.progress(self._done, len(self.artists) + _STEPS)
