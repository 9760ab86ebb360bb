"""What the demo found out: the facts behind the report and `summary.json`.

Amounts are integers in base units. Names are shown as they are given.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Literal

Amounts = Mapping[str, int]
"""Token symbol to base units."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture file with the notice that belongs beside it."""

    media: str
    data: bytes
    caption: str
    notice: str

    @property
    def uri(self) -> str:
        return f"data:{self.media};base64,{base64.b64encode(self.data).decode()}"


@dataclass(frozen=True, slots=True)
class Token:
    symbol: str
    decimals: int


@dataclass(frozen=True, slots=True)
class Artist:
    name: str
    wallet: str
    drawings: int
    """How many drawings are registered under this name."""
    status: Literal["consented", "refused"]
    revoked: tuple[Picture, ...]
    """Drawings whose consent was revoked before training."""
    ended: bool
    """Consent to all of them was revoked after they had been used."""
    earned: Amounts
    picture: Picture
    """One drawing that stands for all."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """What the published document of a model's run says of its data. Counts are of drawings; one
    that training took twice counts twice."""

    levels: tuple[str, ...]
    """How far the declaration is backed: "declared" alone, or "recorded" by Kiseki's hook and
    "reproduced" by somebody who is not the developer."""
    handed_out: int | None
    """By a vault; none where there was none, so that it is unknown."""
    read: int | None
    """None where nobody counted."""
    consumed: int
    lost: int
    batches: int
    steps: int
    run: str
    """keccak256 of the document, as it is on the chain."""
    ledger: str
    """keccak256 of the ledger's last hash."""


@dataclass(frozen=True, slots=True)
class Model:
    name: str
    id: str
    developer: str
    """The name of a payee."""
    weights: str
    """The commitment to the weights file."""
    parent: str | None
    """The name of the model it continues."""
    uses: Mapping[str, int]
    """Artist to weight: how many times training consumed this artist's drawings, all together."""
    data_bps: int
    """The share of gross that its artists ask together, in hundredths of a percent."""
    developer_bps: int
    exposure: Exposure


@dataclass(frozen=True, slots=True)
class Rights:
    """The token for the rights in the batch, as the chain itself describes it."""

    token: str
    """Its number."""
    holder: str
    """A wallet."""
    income: str
    """Percent of what is paid in for the batch that reach the holder; put on record by proof."""
    royalty: str
    """Percent of a resale that the token asks for."""
    seal: Picture


@dataclass(frozen=True, slots=True)
class Batch:
    id: str
    model: str
    creator: str
    rights: Rights
    outputs: tuple[Picture, ...]


@dataclass(frozen=True, slots=True)
class Payment:
    """All that came in and went out in one token. What is in = what is out + the remainder."""

    token: Token
    amount_in: int
    amount_out: int
    remainder: int
    bound: int
    """The most that the remainder may be: one base unit per leaf and level."""


@dataclass(frozen=True, slots=True)
class Payee:
    name: str
    role: Literal["creator", "developer", "artist"]
    wallet: str
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class Step:
    label: str
    gas: int
    transactions: int
    note: str


@dataclass(frozen=True, slots=True)
class Verification:
    title: str
    ok: bool | None
    """True: it holds. False: something was found, or nothing is known. None: it was not done,
    or refused."""
    verdict: str
    """A few words: "Nothing against it", "Unknown file", "Refused by the contract"."""
    sentence: str
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    sentence: str
    block: int | None
    """In which it happened; none where nothing was carried out."""


@dataclass(frozen=True, slots=True)
class Act:
    """What followed once everybody was paid."""

    title: str
    scenes: tuple[Scene, ...]
    facts: tuple[tuple[str, str], ...]
    """Names and IDs, to look it up."""


@dataclass(frozen=True, slots=True)
class Check:
    sentence: str
    ok: bool


@dataclass(frozen=True, slots=True)
class Duration:
    label: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Chain:
    name: str
    id: int
    block: int
    contracts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Summary:
    date: str
    chain: Chain
    artists: tuple[Artist, ...]
    models: tuple[Model, ...]
    """Each after its parent; the last one made the batch."""
    batch: Batch
    payments: tuple[Payment, ...]
    payees: tuple[Payee, ...]
    steps: tuple[Step, ...]
    acts: tuple[Act, ...]
    verifications: tuple[Verification, ...]
    checks: tuple[Check, ...]
    durations: tuple[Duration, ...]
    notice: str


def to_json(summary: Summary) -> str:
    """The summary as JSON. Amounts are strings, for readers whose numbers are floats; a picture
    is its caption, notice and SHA-256."""
    return json.dumps(_plain(summary), ensure_ascii=False, indent=2) + "\n"


_AMOUNTS = {"earned", "amounts", "amount_in", "amount_out", "remainder", "bound"}


def _plain(value: object, name: str = "") -> object:
    if isinstance(value, Picture):
        digest = hashlib.sha256(value.data).hexdigest()
        return {"caption": value.caption, "notice": value.notice, "sha256": digest}
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name), f.name) for f in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(item, name) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item, name) for item in value]
    return str(value) if name in _AMOUNTS else value
