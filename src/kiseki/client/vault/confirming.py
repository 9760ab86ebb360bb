"""Whether what a vault said of hand-outs is in what it stated on the chain, for who was given.

Each receipt that is kept (`kiseki.client.vault.kept`) must be in the next anchor, and so in all
later ones: the checkpoint that came with it is held against the anchors, one after the other, until
one has it. What was found is kept beside the receipts and not asked again; so is what contradicts.

A vault that does not answer tells nothing. One that answers, and shows no document for what it
stated, hides it; one that lets two days pass without an anchor owes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kiseki.chain.logs import Head
from kiseki.client.vault.comparing import Comparison, Says
from kiseki.client.vault.confirmed import Confirmed, Kept, Verdict
from kiseki.client.vault.confirmed import kept as parts_of
from kiseki.client.vault.kept import FOLDER, said_in
from kiseki.client.vault.shown import Shown, Shows, answer, shown
from kiseki.client.vault.stated import Stated
from kiseki.core.counts import counted
from kiseki.core.days import ago, day, utc
from kiseki.core.values import to_hex
from kiseki.disk import atomic
from kiseki.errors import FilesError, InvalidInput, ProofError, VaultError
from kiseki.vault.log.dates import DUE, TOLERANCE
from kiseki.vault.log.heads import anchored

__all__ = ["Confirming"]

_ANCHORED, _CONTRADICTED = "anchored", "contradicted"
"""Folders beside the receipts."""
_PARTS = {_ANCHORED: Verdict.ANCHORED, _CONTRADICTED: Verdict.CONTRADICTED}


@dataclass(slots=True)
class Confirming:
    """Confirms what lies in folders.

    Attributes:
        reach: the logs of the vault at a URL.
        stated: what a wallet stated up to `block`, the earliest first.
        block: the last block of the chain that counts.
        chain: the ID of the chain.
        now: by this machine's clock, in seconds since 1970.
        wallet: who states the anchors, where somebody told; else who stated those that were found
            before, else whom the vault names.
    """

    reach: Callable[[str], Shows]
    stated: Callable[[str], list[Stated]]
    block: Head
    chain: int
    now: int
    wallet: str | None = None
    _shows: dict[str, Shows] = field(default_factory=dict)
    _away: dict[str, str] = field(default_factory=dict)
    _stated: dict[str, list[Stated]] = field(default_factory=dict)
    _known: dict[str, str] = field(default_factory=dict)
    _heads: dict[tuple[str, bytes], Shown | None] = field(default_factory=dict)

    def confirm(self, folder: Path) -> Iterator[Confirmed]:
        """Goes through all that is kept in a folder, one hand-out after the other; first what was
        found before.

        Raises:
            FilesError: a file cannot be read or written.
            InvalidInput: one is another file than it should be.
            KisekiError: the chain cannot be asked.
        """
        left = []
        for said in said_in(folder):
            for each in parts_of(said):
                done = each if isinstance(each, Confirmed) else self._done(folder, each)
                if done is not None:
                    yield done
                elif isinstance(each, Kept):
                    left.append(each)
        for kept in left:
            yield self._confirm(folder, kept)

    def _done(self, folder: Path, kept: Kept) -> Confirmed | None:
        """What was found before, and stands for good."""
        for part, verdict in _PARTS.items():
            path = folder / FOLDER / part / kept.name
            if not path.exists():
                continue
            known = _read(path)
            if (known.given, known.log) != (kept.given, kept.log):
                raise InvalidInput(
                    f"{path} is of another receipt; move it away, and run this again"
                )
            if verdict is Verdict.ANCHORED:
                self._known.setdefault(kept.log.name, known.wallet)
                return kept.told(verdict, _contained(known.stated), known.stated, path)
            says, why = known.says()
            if says is Says.CONTRADICTED:
                return kept.told(verdict, why, known.stated, path)
        return None

    def _confirm(self, folder: Path, kept: Kept) -> Confirmed:
        try:
            receipts = [each.check(kept.log) for each in kept.all]
        except (InvalidInput, ProofError) as error:
            return kept.told(Verdict.UNKNOWN, f"what was kept of it does not hold: {error}")
        if other := {each.chain for each in receipts} - {self.chain}:
            why = f"it is of chain {min(other)}, and chain {self.chain} was asked; name the other"
            return kept.told(Verdict.UNKNOWN, why)
        at = max(each.at for each in receipts)
        url = kept.said.vault
        if url not in self._away:
            try:
                return self._ask(folder, kept, at)
            except VaultError as error:
                self._away[url] = str(error)
        return kept.told(Verdict.UNKNOWN, self._away[url])

    def _ask(self, folder: Path, kept: Kept, at: int) -> Confirmed:
        if at > self.now + TOLERANCE:
            why = f"its receipt says {utc(at)}, which is still to come, or this clock is wrong"
            return kept.told(Verdict.CONTRADICTED, why)
        shows = self._shows.setdefault(kept.said.vault, self.reach(kept.said.vault))
        wallet, other = self._wallet(shows, kept)
        if other is not None:
            return kept.told(Verdict.OWED, other)
        hidden = []
        for each in self._since(wallet, at - TOLERANCE):
            found = self._shown(shows, kept, each, wallet or "")
            if found is None:
                hidden.append(each)
                continue
            compared = self._compared(shows, kept, found, each, wallet or "")
            says, why = compared.says()
            if says in (Says.CONTRADICTED, Says.UNPROVED):
                path = _write(folder, _CONTRADICTED, kept, compared)
                return kept.told(Verdict.CONTRADICTED, why, each, path)
            if says is Says.CONTAINED and not hidden:
                path = _write(folder, _ANCHORED, kept, compared)
                self._known.setdefault(kept.log.name, compared.wallet)
                return kept.told(Verdict.ANCHORED, _contained(each), each, path)
            if says is Says.CONTAINED:
                break
        return self._absent(kept, at, hidden)

    def _since(self, wallet: str | None, time: int) -> Iterator[Stated]:
        """What the wallet stated from a time on."""
        if wallet is None:
            return iter(())
        if wallet not in self._stated:
            self._stated[wallet] = self.stated(wallet)
        return (each for each in self._stated[wallet] if each.time >= time)

    def _wallet(self, shows: Shows, kept: Kept) -> tuple[str | None, str | None]:
        """Who states the anchors; or why that is not plain."""
        if self.wallet is not None:
            return self.wallet.lower(), None
        known, told = self._known.get(kept.log.name), answer(shows.keeper, kept.provider)
        if known is not None and told not in (None, known):
            return None, (
                f"the vault names {told} as the wallet that states its heads; before it was "
                f"{known}. If its keeper says so elsewhere, too, name it with --by"
            )
        return known or told, None

    def _shown(self, shows: Shows, kept: Kept, stated: Stated, wallet: str) -> Shown | None:
        key = kept.log.name, stated.document
        if key not in self._heads:
            self._heads[key] = shown(shows, kept.log, stated, self.chain, wallet)
        return self._heads[key]

    def _compared(
        self, shows: Shows, kept: Kept, found: Shown, stated: Stated, wallet: str
    ) -> Comparison:
        anchor, head = found
        size = 0 if head is None else anchored(head, kept.log).size
        path: Sequence[bytes] | None = ()
        if size > kept.size:
            path = answer(shows.consistency, kept.provider, kept.size, size)
        return Comparison(
            kept.log, kept.given, anchor, head, tuple(path or ()), stated, self.chain, wallet
        )

    def _absent(self, kept: Kept, at: int, hidden: Sequence[Stated]) -> Confirmed:
        if hidden:
            one = hidden[0]
            why = (
                f"the vault stated {counted(len(hidden), 'anchor')} since, and shows no document; "
                f"the first on {utc(one.time)}, in block {one.block:,}, transaction "
                f"{to_hex(one.transaction)}"
            )
            return kept.told(Verdict.OWED, why, one)
        age = f"it was given {ago(max(0, self.block.time - at))}"
        if self.block.time - at > DUE:
            why = f"{age}, and no anchor has it: the vault owes one within two days"
            return kept.told(Verdict.OWED, why)
        return kept.told(Verdict.WAITING, age)


def _contained(stated: Stated) -> str:
    return (
        f"contained in the anchor of {day(stated.time)}, block {stated.block:,}, transaction "
        f"{to_hex(stated.transaction)}"
    )


def _write(folder: Path, part: str, kept: Kept, compared: Comparison) -> Path:
    path = folder / FOLDER / part / kept.name
    try:
        path.parent.mkdir(exist_ok=True, mode=0o700)
        atomic.write(path, compared.to_json() + "\n", mode=0o600)
    except OSError as error:
        raise FilesError(f"{path} cannot be written ({error.strerror})") from error
    return path


def _read(path: Path) -> Comparison:
    try:
        return Comparison.from_json(path.read_bytes())
    except OSError as error:
        raise FilesError(f"{path} cannot be read ({error.strerror})") from error
    except InvalidInput as error:
        raise InvalidInput(f"{path} cannot be used ({error}); delete it, and run again") from error
