"""A vault: a key store with keys, a place of objects, and the logs of its receipts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kiseki.errors import InvalidInput, VaultError
from kiseki.vault import receipts, setup
from kiseki.vault.handing.handout import HandOuts, Lengths
from kiseki.vault.handing.ledger import Ledger
from kiseki.vault.handing.rules import Chain, NotGiven, Openings
from kiseki.vault.handing.rules import Item as HandedItem
from kiseki.vault.handing.signin import Limits, SignedBy, SignIn
from kiseki.vault.keys.epochs import Epoch, Holder, epochs
from kiseki.vault.keys.services import Opens, Several
from kiseki.vault.keystore import KeyStore
from kiseki.vault.objects.adding import Added, Item, add, processes
from kiseki.vault.objects.place import Place, place
from kiseki.vault.objects.reading import Contents
from kiseki.vault.objects.rows import Objects
from kiseki.vault.resealing import next_epoch
from kiseki.vault.rewrapping import rewrap, waiting
from kiseki.vault.setup import Setup
from kiseki.vault.shelf import Shelf

__all__ = ["Vault", "absolute", "begin"]

_STATEMENT = "Sign in to this vault. It costs nothing and sends nothing."


class Vault:
    """A vault that is open. It is closed with its key store. ::

        with KeyStore(Path("secrets"), key) as store:
            vault, added = Vault(store, key), Added()
            vault.add(provider, hashed(lists.read(Path("artwork")), added), added)

    Attributes:
        keys: its store, for salts and collections.
        setup: what is set of it.
        place: where its objects lie.
        objects: what the store knows of them.
        contents: content by its digest.
        shelf: content by data ID.
        openings: the collections that are handed out by their terms.
        ledger: the logs of its receipts.
    """

    def __init__(
        self, keys: KeyStore, key: Opens, options: Mapping[str, Any] | None = None
    ) -> None:
        """
        Args:
            keys: the store.
            key: the vault's own key; while another epoch begins, with that of before
                (`kiseki.vault.keys.services.Several`).
            options: of the filesystem of the objects, as fsspec takes them; they are kept nowhere.

        Raises:
            InvalidInput: the place of the objects needs a library that is not installed.
            SecretsError: the store cannot be used, or is no vault.
        """
        self.keys, self._key = keys, key
        with keys.database.reading() as db:
            self.setup = setup.read(db, keys.columns)
        self.place: Place = place(self.setup.objects, options)
        self.objects = Objects(keys)
        self.contents = Contents(self.objects, self.place, self.unwrap)
        self.shelf = Shelf(keys.database, self.contents)
        self.openings = Openings(keys.database)
        self.ledger = Ledger(keys.database, self.setup.domain, self.setup.seed)

    def __repr__(self) -> str:
        return f"Vault({self.keys.place!r}, {self.setup.objects!r})"

    @property
    def epochs(self) -> list[Epoch]:
        """All of them, the last one is in force."""
        return epochs(self.keys.database)

    def add(
        self,
        provider: str,
        items: Iterable[Item],
        added: Added | None = None,
        told: Callable[[int, int], None] = lambda *_: None,
    ) -> Added:
        """Keeps contents of a provider; see `kiseki.vault.objects.adding.add`. Where another epoch
        began meanwhile, their identities are wrapped for it."""
        return self.add_each([(provider, items)], added, told)

    def add_each(
        self,
        contents: Iterable[tuple[str, Iterable[Item]]],
        added: Added | None = None,
        told: Callable[[int, int], None] = lambda *_: None,
        cores: int | None = None,
    ) -> Added:
        """The same of several providers, one after the other. The processes that encrypt begin
        once: that takes longer than a few files.

        Args:
            contents: provider and items.
            told: called with the items of one provider and the bytes of all that are done.
            cores: processes that encrypt; of few files one is enough.
        """
        epoch, done = self.epochs[-1], Added() if added is None else added
        with processes(self.place, epoch.recipients, cores) as pool:
            for provider, items in contents:
                add(
                    self.objects, self.place, provider, epoch.recipients, items, done, told,
                    epoch=epoch.number, pool=pool,
                )  # fmt: skip
        if self.epochs[-1].number != epoch.number:
            self.rewrap()
        return done

    def begin_epoch(
        self,
        holders: Sequence[Holder],
        key: Opens,
        now: int,
        progress: Callable[[int, int], None] = lambda *_: None,
    ) -> Epoch:
        """Begins the next epoch: seals what the database holds. `rewrap` is next; until then this
        vault, and who has both keys, opens the objects of both epochs.

        Args:
            holders: who can open it; one of them is `key`.
            key: the vault's own key from now on.
            now: Unix seconds.
            progress: called with how many rows are sealed and how many there are.

        Raises:
            InvalidInput, SecretsError: see `next_epoch`.
        """
        made = next_epoch(self.keys, holders, key, now, progress)
        self._key = Several(key, (self._key,))
        return made

    def rewrap(
        self, progress: Callable[[int, int], None] = lambda *_: None, before: Sequence[Opens] = ()
    ) -> int:
        """Wraps the identities of objects for the epoch in force where they are not yet; see
        `kiseki.vault.rewrapping.rewrap`.

        Args:
            progress: called with how many are done and how many there were.
            before: the vault's keys of earlier epochs, where it was opened without them.
        """
        return rewrap(self.keys, Several(self._key, tuple(before)), progress)

    @property
    def waiting(self) -> int:
        """Objects that may be wrapped for an earlier epoch."""
        return waiting(self.keys.database)

    def door(
        self, uri: str, chain_id: int, signed_by: SignedBy, limits: Limits | None = None
    ) -> SignIn:
        """Where people sign in; see `SignIn`."""
        return SignIn(
            self.keys.database, self.setup.domain, uri, chain_id, _STATEMENT, signed_by,
            limits or Limits(),
        )  # fmt: skip

    def handouts(
        self, chain: Chain, clock: Callable[[], int], lengths: Lengths | None = None
    ) -> HandOuts:
        """What is handed out of it; see `HandOuts`."""
        return HandOuts(
            self.keys.database, self.ledger, self.shelf, chain, clock=clock,
            lengths=lengths or Lengths(),
        )  # fmt: skip

    def opening(self, items: Sequence[HandedItem], collection: bytes) -> str:
        """The registration receipt of what was handed out of a collection: with it the receiver
        checks what it got, and finds the data IDs of its files.

        Raises:
            NotGiven: nothing of this collection was handed out.
            SecretsError: the collection is not kept here any longer.
        """
        mine = [each.commitment for each in items if each.collection == collection]
        if not mine:
            raise NotGiven
        return b"".join(receipts.document(self.keys, collection, mine)).decode()

    def unwrap(self, wrapped: bytes) -> bytes:
        """Opens what is wrapped to the vault's key.

        Raises:
            VaultError: this key does not open it.
            SecretsError: the key cannot be had.
        """
        found = self._key.opened(wrapped)
        if found is None:
            raise VaultError(
                "the vault's key does not open the identity of this object: it is wrapped for an "
                "epoch of other keys; give the key of that epoch as well (a file can hold several, "
                "each in its line, the key of now first), or wrap it anew (kiseki vault rewrap)"
            )
        return found


def begin(
    keys: KeyStore, key: Opens, holders: Sequence[Holder], new: Setup, now: int,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> None:  # fmt: skip
    """Makes a vault of a key store. Nothing that it keeps is lost.

    Interrupted, it is run again: what is set is written in the transaction that begins the first
    epoch.

    Args:
        holders: who can open it; one of them is `key`.
        new: what is set of it.
        now: Unix seconds.
        progress: called with how many rows are sealed and how many there are.

    Raises:
        InvalidInput: it is a vault already, or the holders are not as `next_epoch` wants them.
        SecretsError: see `next_epoch`.
    """
    if keys.is_vault:
        raise InvalidInput(f"{keys.place} is a vault already; `kiseki vault status` shows it")
    with keys.database.writing() as db:
        setup.write(db, keys.columns, new)
    next_epoch(keys, holders, key, now, progress)


def absolute(objects: str) -> str:
    """The place of objects as it is kept: a URL, or a path that does not hang on where a process
    runs.

    Raises:
        InvalidInput: the URL has a password in it, which would lie in the store.
    """
    if "://" not in objects:
        return os.path.abspath(Path(objects).expanduser())  # noqa: PTH100 - as it is written
    if "@" in objects.partition("://")[2].partition("/")[0]:
        raise InvalidInput(
            "leave user and password out of the URL; the library of the place finds them in its "
            "own files and variables, as AWS_ACCESS_KEY_ID"
        )
    return objects
