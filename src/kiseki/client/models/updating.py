"""What a model would rest on if it were trained anew now. `Kiseki.models.updates`.

    update = k.models.updates.draft(model, manifest, documents="documents")
    for each in update.changes: print(each.words)
    texts.write("manifest.json", update.manifest.to_json())

Nothing is sent, and nothing on the chain says that a model is the update of another, but where it
is fine-tuned from it: then the earlier one is its parent, and is paid.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from kiseki.client.data.descents import derived_from
from kiseki.client.data.openings import Openings
from kiseki.client.data.series import reach
from kiseki.client.models import lasting
from kiseki.client.models.sharing import Share, composed, parts_of, shift
from kiseki.client.sources import Named
from kiseki.client.wallet import Wallet
from kiseki.core import ids
from kiseki.core.counts import counted
from kiseki.core.days import utc
from kiseki.core.manifest import Manifest
from kiseki.core.terms import Terms, Use
from kiseki.core.values import ZERO32, to_hex, uint
from kiseki.errors import CompositionError, ContractReverted, InvalidInput
from kiseki.vault.published import Published

if TYPE_CHECKING:
    from kiseki.index import Index, ModelRecord, Sources, Status

__all__ = ["Change", "Update", "Updates"]

_SOON = 3600
"""Seconds within which consent that ends counts as ended."""
_TRAINING = int(Use.AI_GENERATIVE_TRAINING)
"""What the registry of models asks of every source."""
_NEW, _KEPT, _GONE, _REFUSED, _UNKNOWN, _NOTHING = (
    "new", "kept", "gone", "refused", "unknown", "nothing",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """A collection, and what becomes of it.

    Attributes:
        collection: its ID.
        provider: whose, in lower case.
        state: ``kept``; ``new``; ``gone``, consent ended or was revoked; ``refused``, its terms or
            gate do not let this developer train on it; ``unknown``, not all of its items can be
            found; ``nothing``, none of its items is left or new.
        before: how many of its items the model declares.
        after: how many a new one would rest on; with a fine-tuned one also through the model.
        revoked: how many of its items are left out because they were revoked.
        why: in words, what is not in the numbers; may be empty.
    """

    collection: bytes
    provider: str
    state: str
    before: int
    after: int
    revoked: int
    why: str

    @property
    def words(self) -> str:
        """The same in a sentence."""
        left = f"; {counted(self.revoked, 'item')} left out as revoked" if self.revoked else ""
        why = f": {self.why}" if self.why else ""
        items = f"{self.before:,} → {counted(self.after, 'item')}"
        return f"{to_hex(self.collection)} is {self.state} ({items}{left}){why}"


@dataclass(frozen=True, slots=True)
class Update:
    """A model that could be trained now in place of an earlier one. Nothing was sent.

    Attributes:
        model: the earlier one.
        from_previous: whether the new one is fine-tuned from it.
        changes: each collection, in this order: new, gone and left out, kept.
        manifest: what the new one itself would be trained on.
        parents, externals: its base models.
        weight: with how much each new item is weighed. How often training really takes it, the
            training says.
        shares: who gets which part of what is paid to the model, before and after; each column is
            1 in all. Empty where it cannot be composed, as `problem` says.
        problem: why it could not be registered so; empty where it could, as far as that is known.
        derived: items of the manifest that were made from something whose consent ended.
        warnings: what may end before it is registered, and what could not be followed.
    """

    model: bytes
    from_previous: bool
    changes: tuple[Change, ...]
    manifest: Manifest = field(repr=False)
    parents: tuple[bytes, ...]
    externals: tuple[ids.External, ...]
    weight: int
    shares: tuple[Share, ...]
    problem: str
    derived: tuple[bytes, ...]
    warnings: tuple[str, ...]

    @property
    def is_due(self) -> bool:
        """Whether anything changed."""
        return any(each.state in (_NEW, _GONE) or each.revoked for each in self.changes)

    def by_wallet(self) -> list[tuple[str, Fraction, Fraction]]:
        """Wallet, part before, part after: all that a provider or developer gets together, what
        gets most afterwards first."""
        found: defaultdict[str, list[Fraction]] = defaultdict(lambda: [Fraction(0), Fraction(0)])
        for each in self.shares:
            found[each.who][0] += each.before
            found[each.who][1] += each.after
        rows = [(who, before, after) for who, (before, after) in found.items()]
        return sorted(rows, key=lambda row: (-row[2], -row[1], row[0]))


@dataclass(slots=True)
class _Draft:
    """What is found on the way."""

    changes: list[Change] = field(default_factory=list)
    kept: dict[bytes, list[tuple[bytes, int]]] = field(default_factory=dict)
    new: dict[bytes, list[bytes]] = field(default_factory=dict)
    gone: set[bytes] = field(default_factory=set)  # items

    @property
    def held(self) -> set[bytes]:
        """The items that are in it by now."""
        there = {item for items in self.kept.values() for item, _ in items}
        return there | {item for items in self.new.values() for item in items}


@dataclass(frozen=True, slots=True)
class Updates:
    """What a model would rest on if it were trained anew; `Kiseki.models.updates`."""

    wallet: Wallet
    openings: Openings

    def draft(
        self,
        model: bytes,
        manifest: Manifest,
        *,
        series: Iterable[bytes] = (),
        documents: str | Path | None = None,
        from_previous: bool = False,
        weight: int | None = None,
        royalty: str | Decimal | int | None = None,
    ) -> Update:
        """Takes the difference between what a model declares and what there is now.

        Args:
            model: its ID.
            manifest: what it declares (`Manifest.from_json`).
            series: IDs of collections, each with its series and with what was registered under its
                standing consent; or of standing consents. Default: the model's own collections.
            documents: the folder with the documents of series and of what was made from what;
                without one no series is followed.
            from_previous: fine-tune the model on what is new; else train on all of it from the
                beginning, on the model's own base models.
            weight: of each new item. Default: the mean weight of those that stay, at least 1.
            royalty: what the new one's terms ask. Default: as the model's.

        Raises:
            InvalidInput: this is not the model's manifest.
            NotInIndex: the model, or what `series` names, is not registered.
            FilesError: the folder cannot be read.
        """
        session = self.wallet.session
        index, now = session.index, session.now()
        record, sources = index.model(model), index.sources(model)
        if sources.collections != manifest.collections:
            raise InvalidInput(f"this is not the manifest of {to_hex(model)}")
        published = None if documents is None else Published(documents)
        reached, told = reach(index, list(series) or list(manifest.items), published)
        draft = _Draft()
        _keep(index, manifest, now, draft)
        fresh = [each for each in reached if each not in manifest.items]
        self._add(fresh, record.developer, now, draft)
        share = _mean(draft) if weight is None else uint(weight, 96, "the weight", 1)
        items: dict[bytes, list[tuple[bytes, int]]] = {} if from_previous else dict(draft.kept)
        items |= {key: [(item, share) for item in listed] for key, listed in draft.new.items()}
        made = Manifest(items)
        parents = (model,) if from_previous else sources.models
        externals = () if from_previous else sources.externals
        terms = index.terms(record.terms_id) if royalty is None else Terms.of("train", royalty)
        shares, problem = _shares(
            index, record, sources, made, parents, externals, terms.royalty_bps
        )
        problem = problem or self._refused(parents, record.developer, now)
        derived: tuple[bytes, ...] = ()
        if published is not None:
            derived = tuple(derived_from(index, draft.held, draft.gone, published))
        warnings = [*told, *lasting.may_be_gone(index, made, now)]
        order = (_NEW, _GONE, _REFUSED, _UNKNOWN, _NOTHING, _KEPT)
        changes = sorted(draft.changes, key=lambda each: (order.index(each.state), each.collection))
        return Update(
            model, from_previous, tuple(changes), made, parents, externals, share, shares, problem,
            derived, tuple(warnings),
        )  # fmt: skip

    def _refused(self, parents: Sequence[bytes], developer: str, now: int) -> str:
        """Why a base model may not be trained on; empty where all may."""
        session = self.wallet.session
        models = session["ModelRegistry"].address
        for each in parents:
            there = session.index.model(each)
            what = there.terms_id, models, each, there.developer, developer
            try:
                session["DataRegistry"].read("authoriseTerms", *what, _TRAINING, now)
            except ContractReverted as error:
                return f"the base model {to_hex(each)} may not be trained on: {error}"
        return ""

    def _add(self, fresh: list[bytes], developer: str, now: int, draft: _Draft) -> None:
        """Collections that the model does not name."""
        index = self.wallet.session.index
        registry = self.wallet.session["DataRegistry"]
        may = registry.read_all("mayUse", [(each, developer, _TRAINING) for each in fresh])
        held = draft.held
        for collection, allowed in zip(fresh, may, strict=True):
            status = index.status(collection)
            terms = index.terms(status.terms_id)
            state, revoked, taken, why = _NEW, 0, list[bytes](), _ended(status, terms, now)
            if why:
                state = _GONE
            elif not allowed:
                state = _REFUSED
                why = "its terms or its gate do not allow this developer to train on it"
            else:
                items = self.openings.items(collection)
                count = index.collection_head(collection).count
                live = [e.id for e in items if terms.irrevocable or e.revoked_at is None]
                revoked, taken = len(items) - len(live), [e for e in live if e not in held]
                if len(items) != count:
                    state, taken = _UNKNOWN, []
                    why = (
                        f"of {counted(count, 'item')}, {len(items):,} can be found in the log or "
                        "in the key store; ask its provider to log them (kiseki data publish), or "
                        "for a receipt"
                    )
                elif not taken:
                    state = _NOTHING
                    why = "none of its items is new and not revoked"
            if taken:
                draft.new[collection] = taken
                held.update(taken)
            draft.changes.append(
                Change(collection, status.provider, state, 0, len(taken), revoked, why)
            )


def _keep(index: Index, manifest: Manifest, now: int, draft: _Draft) -> None:
    """Of what the model declares, what a new training may take."""
    every = {item for items in manifest.items.values() for item, _ in items}
    revoked = index.items_revoked(every)
    for collection, items in manifest.items.items():
        status = index.status(collection)
        terms = index.terms(status.terms_id)
        why = _ended(status, terms, now)
        live = [
            (item, share)
            for item, share in items
            if not why and (terms.irrevocable or item not in revoked)
        ]
        out = 0 if why else len(items) - len(live)
        state = _KEPT if live else (_GONE if why else _NOTHING)
        if live:
            draft.kept[collection] = live
        draft.gone |= {item for item, _ in items} - {item for item, _ in live}
        draft.changes.append(
            Change(collection, status.provider, state, len(items), len(live), out, why)
        )


def _ended(status: Status, terms: Terms, now: int) -> str:
    """Why a new training must leave out a collection; empty where it need not."""
    if status.ends_at is not None and status.ends_at <= now + _SOON:
        return f"consent ended on {utc(status.ends_at)}"
    if status.revoked_at is not None and not terms.irrevocable:
        return f"its provider revoked consent on {utc(status.revoked_at)}"
    return ""


def _mean(draft: _Draft) -> int:
    weights = [share for items in draft.kept.values() for _, share in items]
    return max(1, round(Fraction(sum(weights), len(weights)))) if weights else 1


def _shares(
    index: Index,
    record: ModelRecord,
    sources: Sources,
    made: Manifest,
    parents: tuple[bytes, ...],
    externals: tuple[ids.External, ...],
    ask_bps: int,
) -> tuple[tuple[Share, ...], str]:
    """The shift of pay, or why there is none."""
    if not made.items and not parents and not externals:
        return (), "nothing is left that it could rest on"
    asked = index.terms(record.terms_id).royalty_bps
    old = composed(index, record.id, sources.collections, sources.models, asked, record.payee)
    named = Named(made.collections, parents, externals)
    new_id = ids.model_id(record.developer, ZERO32, named.hash, record.terms_id)
    try:
        new = composed(index, new_id, made.collections, parents, ask_bps, record.payee)
    except CompositionError as error:
        return (), str(error)
    before = parts_of(index, record.id, old, sources.collections)
    after = parts_of(index, new_id, new, made.collections)
    return shift(index, record.developer, before, after), ""
