"""What people do on a chain, of every kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from kiseki import LocalKiseki
from kiseki.core import ids
from kiseki.core.keccak import keccak256
from kiseki.core.payee import Payee
from kiseki.core.split import Split

STRANGER = "0x" + "77" * 20

Folder = Callable[[str, Mapping[str, bytes]], Path]


def act(k: LocalKiseki, folder: Folder, name: str, artist: int) -> None:
    """Registers, pays and claims: facts and books of every kind."""
    wallet = k.wallet(artist)
    terms = wallet.data.define_terms("train", "20%")
    art = wallet.data.register(folder(name, {f"{name}.svg": name.encode()}), terms)
    subject = Payee.subject(k.session["DataRegistry"].address, art.id)
    split = Split([(subject.key, 3), (ids.wallet(STRANGER), 1)], salt=keccak256(name.encode()))
    wallet.revenue.publish(split)
    wallet.revenue.pay(split, 10**15 + 1)
    wallet.revenue.claim()
