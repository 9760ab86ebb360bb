"""What somebody sees who looks into a vault from outside after each kill, and remembers it all.

Content is opened by the distribution's `age`, hashed and compared with the file that it came from.
Logs are built again from their entries (RFC 9162), and signatures checked by tlog-scales. The
chain is searched block by block.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import text
from tlog_scales import signing
from tlog_scales import tlog as scales

from kiseki.core import ids
from kiseki.vault.erasing import Erasing
from kiseki.vault.keys.services import InText, Several
from kiseki.vault.keystore import KeyStore
from kiseki.vault.log.heads import Anchor
from kiseki.vault.objects.checking import Wrong, check
from kiseki.vault.objects.rows import Object
from kiseki.vault.vault import Vault

__all__ = ["WRONG", "Fetched", "Looker", "opened"]

WRONG = ("lost", "half-written", "bytes without receipt", "done twice")
"""What must never be; each is counted."""
_DAYS = "????-??-??.json"
"""What the documents of anchors are called."""
_AGAIN = 4
"""Objects that were opened before, and are opened again at each look."""


@dataclass(slots=True)
class Fetched:
    """What a client was told and got in one hand-out, by data ID.

    Attributes:
        told: each item, as the vault told it.
        ends: up to which byte something arrived.
    """

    told: dict[str, dict[str, Any]]
    ends: dict[str, int] = field(default_factory=dict)


@contextmanager
def opened(where: Path | str, identities: Path) -> Iterator[Vault]:
    """A vault with all the keys of a file, the first is that of now."""
    first, *others = (InText(each) for each in identities.read_text().split())
    key = Several(first, tuple(others))
    with KeyStore(where, key) as store:
        yield Vault(store, key)


@dataclass
class Looker:
    """Somebody who looks.

    Attributes:
        provider: whose vault it is.
        where: the key store.
        folder: where it may write.
        anchors: the folder of their documents.
        originals: contents that may be there, by digest.
        items: data IDs, with the digests of their contents.
        added: digests of contents that must be there, as far as a command said so.
        asked: digests of what shall be erased.
        fetched: by clients.
        middle: what was under way when a command was killed, and told to be so.
        wrong: how often what of `WRONG` was seen.
        why: in words.
    """

    provider: str
    where: Path | str
    folder: Path
    anchors: Path
    originals: dict[bytes, Path] = field(default_factory=dict)
    items: dict[bytes, bytes] = field(default_factory=dict)
    added: set[bytes] = field(default_factory=set)
    asked: set[bytes] = field(default_factory=set)
    fetched: list[Fetched] = field(default_factory=list)
    middle: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    why: list[str] = field(default_factory=list)
    _digests: dict[bytes, bytes] = field(default_factory=dict)
    _identities: dict[bytes, set[bytes]] = field(default_factory=dict)
    _erased: set[bytes] = field(default_factory=set)
    _entries: list[bytes] = field(default_factory=list)
    _texts: list[str] = field(default_factory=list)
    _roots: dict[int, bytes] = field(default_factory=dict)
    _documents: dict[str, bytes] = field(default_factory=dict)
    _left: set[str] = field(default_factory=set)
    _turn: int = 0
    _untold: int = 0

    def sees(self, what: str, why: str) -> None:
        assert what in WRONG
        self.wrong[what] += 1
        self.why.append(f"{what}: {why}")

    @property
    def erased(self) -> set[bytes]:
        """Digests of what was erased when somebody looked last."""
        return self._erased

    @property
    def receipts(self) -> int:
        """How many there were."""
        return len(self._entries)

    def is_erased(self, digests: Collection[bytes], identities: Path) -> bool:
        """Whether all of it is erased, and gone."""
        with opened(self.where, identities) as vault:
            gone = {item for each in Erasing(vault).all() if each.gone for item in each.items}
        return {*digests} <= {self.items[each] for each in gone}

    def look(self, identities: Path, *, swept: bool = False) -> None:
        """Looks at everything but the chain.

        Args:
            identities: the file with the vault's keys.
            swept: whether nothing may lie about that has no row.
        """
        with opened(self.where, identities) as vault:
            rows = {each.name: each for each in vault.objects.each()}
            self._look_at_objects(vault, rows, identities, swept)
            self._look_at_erased(vault, rows)
            self._look_at_log(vault)

    # Contents

    def _look_at_objects(
        self, vault: Vault, rows: Mapping[bytes, Object], identities: Path, swept: bool
    ) -> None:  # fmt: skip
        told = list(check(vault.objects, vault.place, read=True, unwrap=vault.unwrap))
        for each in told:
            if swept or each.wrong not in (Wrong.NO_ROW, Wrong.HALF):
                what = "lost" if each.wrong is Wrong.MISSING else "half-written"
                self.sees(what, f"vault check: {each.wrong.value} {each.name.hex()}{each.where}")
            elif each.where not in self._left:
                self._left.add(each.where)
                self.middle[f"objects that are {each.wrong.value}"] += 1
        self.middle["identities that wait to be wrapped anew"] += vault.waiting > 0
        for name in self._digests.keys() - rows.keys():
            if self._digests[name] not in self._erased_now(vault):
                self.sees("lost", f"the object {name.hex()} has no row any longer")
            del self._digests[name]
        known = sorted(self._digests)
        again = {known[(self._turn + n) % len(known)] for n in range(_AGAIN) if known}
        self._turn += _AGAIN
        for name, row in rows.items():
            self._identities.setdefault(name, set()).add(row.identity)
            if name not in self._digests or name in again:
                self._open(vault, row, identities)
        twice = [d for d, n in Counter(self._digests.values()).items() if n > 1]
        for digest in twice:
            self.sees("done twice", f"{digest.hex()} is kept in two objects")
        for digest in self.added - {*self._digests.values()} - self._erased:
            self.sees("lost", f"the content {digest.hex()} was added")
            self.added.discard(digest)

    def _open(self, vault: Vault, row: Object, identities: Path) -> None:
        """Opens an object as its owner would without Kiseki."""
        path = Path(str(vault.place)) / row.name.hex()[:2] / row.name.hex()
        wrapped, own = self.folder / "wrapped", self.folder / "own"
        wrapped.write_bytes(row.identity)
        try:
            own.write_bytes(_age(identities, wrapped))
            digest = sha256(_age(own, path)).digest()
        except subprocess.CalledProcessError as error:
            self.sees("lost", f"age does not open {row.name.hex()}: {error.stderr.decode()}")
            return
        if digest not in self.originals or self._digests.get(row.name, digest) != digest:
            self.sees("half-written", f"the object {row.name.hex()} holds no file that was added")
        self._digests[row.name] = digest

    # Erasing

    def learn(self, identities: Path) -> None:
        """Notes which data IDs the contents have, before one of them is erased."""
        with opened(self.where, identities) as vault:
            for digest, _, commitment in vault.keys.commitments_of(self.provider):
                self.items[ids.item_id(self.provider, commitment)] = digest

    def _erased_now(self, vault: Vault) -> set[bytes]:
        """Digests of what is erased by record; what was once, is for good."""
        gone = [item for each in Erasing(vault).all() for item in each.items]
        self._erased |= {self.items[each] for each in gone}
        return self._erased

    def _look_at_erased(self, vault: Vault, rows: Mapping[bytes, Object]) -> None:
        all_ = list(Erasing(vault).all())
        numbers = [item for each in all_ for item in each.items]
        if len(numbers) != len({*numbers}):
            self.sees("done twice", "an item is in two erasures")
        erased = self._erased_now(vault)
        for digest in erased - self.asked:
            self.sees("lost", f"the content {digest.hex()} was erased, and nobody asked for it")
        for digest in vault.keys.known(self.provider, sorted(erased)):
            self.sees("lost", f"the erased content {digest.hex()} has come back")
        if not all(each.gone for each in all_):
            self.middle["erasures that go on"] += 1
            return
        there = {each.name for each in vault.place.walk() if each.name}
        disk = b"" if isinstance(self.where, str) else _disk(self.where)
        for name in self._identities.keys() - rows.keys():
            if name in there:
                self.sees("lost", f"the erased object {name.hex()} lies here still")
            if any(each in disk for each in self._identities[name]):
                self.sees("lost", f"the erased identity of {name.hex()} is on the disk still")

    # Receipts

    def _look_at_log(self, vault: Vault) -> None:
        note = vault.ledger.latest(self.provider)
        with vault.keys.database.reading() as db:
            count = db.execute(text("SELECT count(*) FROM entry")).scalar_one()
            orphans = db.execute(text(
                "SELECT count(*) FROM handed LEFT JOIN entry ON entry.provider = handed.provider "
                "AND entry.number = handed.number AND entry.item = handed.item "
                "WHERE entry.item IS NULL"
            )).scalar_one()  # fmt: skip
        if orphans:
            self.sees("bytes without receipt", f"{orphans} items of hand-outs have no receipt")
        if note is None and (count or self._entries):
            self.sees("lost", "the log has no checkpoint")
        rows = vault.ledger.given(self.provider, 0, 1 << 30)
        entries = [sha256(salt + said.encode()).digest() for _, said, salt in rows]
        if entries[: len(self._entries)] != self._entries:
            self.sees("lost", "an entry of the log was altered or dropped")
        self._entries, self._texts = entries, [said for _, said, _ in rows]
        key = signing.Vkey.from_string(vault.ledger.key(self.provider).text)
        if note is not None:
            self._hold(note.to_bytes().decode(), key)
            if scales.Checkpoint.from_text(note.to_bytes().decode()).size != count:
                self.sees("lost", "the last checkpoint is not of all entries")
        for each in self.fetched:
            for item, said in each.told.items():
                self._hold(said["checkpoint"], key)
                self._must_be_covered(item, said, each.ends.get(item, 0))
        for path in sorted(self.anchors.glob(_DAYS)):
            for head in Anchor.from_json(path.read_bytes()).heads:
                self._hold(head.to_bytes().decode(), key)
        told = {said["number"] for each in self.fetched for said in each.told.values()}
        self.middle["receipts that nobody was told of"] += count - len(told) > self._untold
        self._untold = count - len(told)

    def _hold(self, note: str, key: Any) -> None:
        """A checkpoint that somebody saw must be signed, and of this log."""
        seen = scales.Checkpoint.from_text(note)
        if self._roots.get(seen.size) == seen.root_hash:
            return
        seen.verify(key)
        if seen.size > len(self._entries) or _root(self._entries[: seen.size]) != seen.root_hash:
            self.sees("lost", f"a checkpoint over {seen.size} entries is of another log")
            return
        self._roots[seen.size] = seen.root_hash

    def _must_be_covered(self, item: str, said: Mapping[str, Any], arrived: int) -> None:
        number = said["number"]
        durable = number < len(self._texts) and self._texts[number] == said["receipt"]
        if not durable:
            self.sees("lost", f"the receipt {number} that a client was told")
        if arrived > (said["size"] if durable else 0):
            self.sees("bytes without receipt", f"{arrived:,} bytes of {item}")

    # Anchors

    def look_at_chain(self, sent: list[Any], *, whole: bool) -> None:
        """Looks at what the keeper's wallet sent.

        Args:
            sent: its transactions.
            whole: whether a command said that all is stated.
        """
        inputs = [bytes.fromhex(each["input"][2:]) for each in sent]
        for path in sorted(self.anchors.glob(_DAYS)):
            anchor = Anchor.from_json(path.read_bytes())
            if self._documents.setdefault(path.name, anchor.hash) != anchor.hash:
                self.sees("lost", f"the anchor of {path.stem} became another one")
        if any(not any(of in each for of in self._documents.values()) for each in inputs):
            self.sees("lost", "something was stated of which there is no document")
        for day, document in self._documents.items():
            times = sum(document in each for each in inputs)
            self.middle["anchors that are not stated"] += not times
            if times > 1:
                self.sees("done twice", f"the anchor of {day} was stated {times} times")
            if not times and whole:
                self.sees("lost", f"the anchor of {day} was never stated")
            if not (self.anchors / day).exists():
                self.sees("lost", f"the document of {day} is gone")


def _age(identity: Path, file: Path) -> bytes:
    return subprocess.run(
        ["age", "--decrypt", "--identity", identity, file], check=True, capture_output=True
    ).stdout


def _disk(path: Path) -> bytes:
    files = (path, path.with_name(path.name + "-wal"))
    return b"".join(each.read_bytes() for each in files if each.exists())


def _root(entries: list[bytes]) -> bytes:
    """Source: RFC 9162, 2.1.1."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\0" + entries[0]).digest()
    half = 1 << (len(entries) - 1).bit_length() - 1
    return sha256(b"\1" + _root(entries[:half]) + _root(entries[half:])).digest()
