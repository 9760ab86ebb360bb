"""`kiseki vault erase` and `erasures`: what somebody wants to be gone, and when it was."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kiseki.cli import context, names, show
from kiseki.cli.vault import ROLES, opened, vault
from kiseki.core.checksum import checksummed
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput, SecretsError, VaultError
from kiseki.language.forms import size

if TYPE_CHECKING:
    from kiseki.vault.erasing import Erasing, Erasure
    from kiseki.vault.keys.epochs import Epoch
    from kiseki.vault.vault import Vault

__all__: list[str] = []

_SHOWN = 20
"""Works and collections that are shown by name before they are erased."""

Provider = Annotated[
    str | None, typer.Option(help="Whose content it is: an address. Default: this wallet.")
]


@dataclass
class _Meant:
    """What somebody named.

    Attributes:
        items: by digest of the content, its data IDs with their salts.
        absent: files of which nothing is in the vault.
    """

    items: dict[bytes, list[tuple[bytes, bytes]]] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)

    @property
    def ids(self) -> list[bytes]:
        return sorted(of for each in self.items.values() for of, _ in each)


@vault.command("erase")
def erase(
    what: Annotated[
        list[str] | None,
        typer.Argument(help="Data IDs (0x…), or files, folders or lists of the content itself."),
    ] = None,
    by: Annotated[str, typer.Option(help="Who asks for it, in words. It is kept, sealed.")] = "",
    ground: Annotated[
        str, typer.Option(help="On what ground, in words: a law, a contract, a wish. Kept, too.")
    ] = "",
    provider: Provider = None,
    everything: Annotated[
        bool, typer.Option("--everything", help="All that is the provider's; name them.")
    ] = False,
    copy: Annotated[
        list[str] | None,
        typer.Option(
            help="Another copy of the objects, a folder or a URL, where it is erased too; repeat."
        ),
    ] = None,
    finish: Annotated[
        bool, typer.Option("--finish", help="Go on with erasures that were interrupted.")
    ] = False,
) -> None:
    """Erase content for good, with its salt, digest and names, and say when it is gone.

    Shows first what is erased, and what stays and why; --dry-run stops there. All data IDs and
    names of a content go together. From then on nothing of it is handed out, and hand-outs that run
    end. It cannot be undone.

    It tells two dates: when it is gone here, and when it is gone from backups, which is when every
    key is destroyed that opens one from before. Asks no node and sends nothing. Ends with 3 if it
    is erased, and an object is left in a place that cannot be reached; --finish goes on.

    \b
    Examples:
      kiseki vault erase 0x1111… --by Hanako --ground "GDPR Art. 17"
      kiseki vault erase art/7.png --by Hanako --ground wish --copy /media/copy
      kiseki vault erase --everything --provider alice --by her --ground wish
      kiseki vault erase --finish
    """
    if finish:
        if what or everything or by or ground or provider:
            raise InvalidInput("--finish goes on with what was asked for; add at most --copy")
        _finish(copy or [])
        return
    if everything == bool(what):
        raise InvalidInput("name data IDs or files, or --everything with --provider")
    if everything and not provider:
        raise InvalidInput("--everything needs --provider, so that nobody erases all by mistake")
    who = names.wallet(provider, "the provider") if provider else context.acting()
    with opened() as found:
        begun = _unfinished(found, who)
        meant = _meant(found, who, what, begun)
        if begun and not meant.items:
            show.say("That is erased already, and not all of it is gone yet. This goes on with it.")
            _go_on(found, copy or [])
            return
        _show_meant(found, who, meant, everything, copy or [])
        if context.current.dry_run:
            _dry_run(found, who, meant)
            return
        by = by or context.ask("--by", "Who asks for the erasure?")
        ground = ground or context.ask("--ground", "On what ground?")
        if not context.current.yes:
            context.confirm("Erase it for good?")
        from kiseki.vault.erasing import Request

        request = Request(by, ground, int(time.time()))
        with _working(found, copy or [], asked=True) as (erasing, done):
            done.append(
                erasing.everything(who, request)
                if everything
                else erasing.contents(who, meant.items, request)
            )


@vault.command("erasures")
def erasures(
    provider: Annotated[
        str | None, typer.Option(help="Whose content it was: an address. Default: everybody's.")
    ] = None,
) -> None:
    """List what was erased: who asked, why, and since when it is gone here and from backups.

    Asks no node and sends nothing.

    \b
    Examples:
      kiseki vault erasures
      kiseki vault erasures --provider alice --json
    """
    from kiseki.vault.erasing import Erasing

    who = names.wallet(provider, "the provider") if provider else None
    with opened() as found:
        done, epochs = list(Erasing(found).all(who)), found.epochs
    if context.current.json:
        show.json_line([_told(each, epochs) for each in done])
        return
    show.table(
        ["number", "provider", "erased", "asked by", "ground", "asked", "gone here",
         "gone from backups"],
        [(each.number, each.provider, _extent(each), each.request.by, each.request.ground,
          show.date(each.request.at), show.date(each.gone) or "not yet",
          show.date(each.backups(epochs).gone) or "not yet") for each in done],
        numbers=["number"],
    )  # fmt: skip
    if not done:
        show.say("Nothing was erased.")
    _say_left(done, epochs)


# What is meant


def _meant(
    found: Vault, who: str, what: Sequence[str] | None, begun: Sequence[Erasure]
) -> _Meant:  # fmt: skip
    """What is in the vault of what somebody named; without names, all of the provider's.

    Raises:
        InvalidInput: a data ID is unknown, or none of the files is here.
    """
    from kiseki.vault.personal.access import Access

    wanted = {context.hex32(each, "the data ID") for each in what or () if _is_id(each)}
    files = _files([Path(each) for each in what or () if not _is_id(each)])
    meant = _Meant()
    with show.progress("looking", "contents") as told:
        for count, (digest, known) in enumerate(Access(found, who).known(), 1):
            if what is None or digest in files or any(of in wanted for of, _ in known):
                meant.items[digest] = known
            told(count, 0)
    gone = {of for each in begun for of in each.items}
    if unknown := wanted.difference(meant.ids, gone):
        others = f" and {len(unknown) - 1:,} more" if len(unknown) > 1 else ""
        raise InvalidInput(
            f"no content of {checksummed(who)} has the data ID {to_hex(min(unknown))}{others} in "
            "this vault; it may have been erased already, or be another provider's (--provider). "
            "Nothing was erased"
        )
    meant.absent = [name for digest, name in files.items() if digest not in meant.items]
    if what and not meant.items and not begun:
        raise InvalidInput(
            f"none of these files is in this vault as content of {checksummed(who)}; it may have "
            "been erased already, be another provider's (--provider), or have been changed since"
        )
    return meant


def _is_id(text: str) -> bool:
    return re.match("0x[0-9A-Fa-f]", text) is not None and not Path(text).exists()


def _files(sources: Sequence[Path]) -> dict[bytes, str]:
    """The name of each content, by its digest."""
    from kiseki.vault.objects.incoming import contents
    from kiseki.vault.objects.item import Added

    found, added = dict[bytes, str](), Added()
    with show.progress("reading", "files") as told:
        for source in sources:
            for item in contents(source, added, context.table(), names.account, take_doubtful=True):
                found[item.digest] = item.called.name or str(item.source)
                told(len(found), 0)
    if added.elsewhere:
        show.say(f"{show.count(added.elsewhere, 'row')} of the list without a file: give data IDs.")
    return found


def _show_meant(
    found: Vault, who: str, meant: _Meant, everything: bool, copies: Sequence[str]
) -> None:
    """What stays, what is erased, and where that is registered; last what the question is about."""
    from kiseki.vault.personal.access import Access
    from kiseki.vault.personal.laws import STAYS

    show.say("What stays, and why:")
    for each in STAYS:
        show.say(f"- {each.what} {each.why} ({each.law})")
    count = show.count(len(meant.items), "content")
    ids = show.count(len(meant.ids), "data ID")
    where = " and ".join([found.setup.objects, *copies])
    all_ = "All" if everything else "This"
    show.say(f"{all_} is erased of {checksummed(who)}: {count} with {ids}, in {where}.")
    if everything:
        show.say(
            "So are what was received of their collections, documents of origin that nobody else "
            "names, and sign-ins."
        )
    if not context.current.json:
        access = Access(found, who)
        held = [access.one(*each) for each in list(meant.items.items())[:_SHOWN]]
        show.table(
            ["name", "size", "data ID"],
            [("; ".join(name for name, _ in each.names),
              "not in the vault" if each.stored is None else size(each.stored.size),
              "\n".join(to_hex(of) for of, _ in each.ids)) for each in held],
            numbers=["size"],
        )  # fmt: skip
        if (more := len(meant.items) - len(held)) > 0:
            show.say(f"{show.count(more, 'content')} more.")
        kept = _registered(found, meant)
        show.table(
            ["registered in the collection", "items of it"],
            [(of, f"{number:,}") for of, number in list(kept.items())[:_SHOWN]],
            numbers=["items of it"],
        )
        if len(kept) > _SHOWN:
            show.say(f"{show.count(len(kept) - _SHOWN, 'collection')} more.")
    for name in meant.absent[:_SHOWN]:
        show.say(f"Not in the vault: {name}.")
    if (more := len(meant.absent) - _SHOWN) > 0:
        show.say(f"Not in the vault: {show.count(more, 'file')} more.")
    show.say("It cannot be undone.")


def _registered(found: Vault, meant: _Meant) -> dict[bytes, int]:
    """The collections that the items are in, and how many of them are in each."""
    homes = found.shelf.homes(meant.ids)
    return Counter(of for each in meant.ids for of in sorted(homes.get(each, ())))


def _dry_run(found: Vault, who: str, meant: _Meant) -> None:
    if context.current.json:
        show.json_line({
            "erased": False, "provider": checksummed(who), "contents": len(meant.items),
            "items": meant.ids, "collections": _registered(found, meant),
            "not_here": meant.absent,
        })  # fmt: skip
        return
    show.say("Nothing was erased.")


# To erase


def _finish(copies: Sequence[str]) -> None:
    with opened() as found:
        _go_on(found, copies)


def _go_on(found: Vault, copies: Sequence[str]) -> None:
    """With all that were interrupted, in the copies that were named for them."""
    left = _unfinished(found, None)
    if context.current.dry_run:
        show.say(f"{show.count(len(left), 'erasure')} would be gone on with. Nothing was done.")
        return
    named = {each for one in left for each in one.copies}
    with _working(found, sorted({*copies, *named}), asked=False) as (erasing, done):
        done += erasing.finish()


def _unfinished(found: Vault, who: str | None) -> list[Erasure]:
    from kiseki.vault.erasing import Erasing

    return [each for each in Erasing(found).all(who) if each.gone is None]


@contextmanager
def _working(
    found: Vault, copies: Collection[str], *, asked: bool
) -> Iterator[tuple[Erasing, list[Erasure]]]:
    """Erases in the block, which notes what is done, and then tells both dates.

    Args:
        asked: whether something new is erased.

    Raises:
        Exit: with 3, where it is erased, and not all of it is gone.
    """
    from kiseki.vault.erasing import Erasing
    from kiseki.vault.objects.place import place
    from kiseki.vault.vault import absolute

    places = [place(absolute(each)) for each in copies]
    done: list[Erasure] = []
    failed = ""
    before = {each.number for each in _unfinished(found, None)} if asked else set[int]()
    with show.progress("erasing", "objects") as told:
        try:
            yield Erasing(found, places, told=told), done
        except (VaultError, SecretsError) as error:
            done = [each for each in _unfinished(found, None) if each.number not in before]
            if not done:
                raise
            failed = str(error)
    epochs = found.epochs
    if context.current.json:
        show.json_line({"erasures": [_told(each, epochs) for each in done]})
    else:
        for each in done:
            _say_dates(each, epochs)
        if not done:
            show.say("Every erasure is finished. Nothing was left to do.")
        _say_left(done, epochs)
    if failed:
        show.say(f"kiseki: {failed}")
        show.say(
            "What was named is erased, and nothing of it is handed out, but not all of it is gone. "
            "`kiseki vault erase --finish` goes on."
        )
        raise typer.Exit(3)


# To tell


def _say_dates(done: Erasure, epochs: Sequence[Epoch]) -> None:
    show.fields([
        ("erasure", str(done.number)), ("erased", _extent(done)),
        ("gone here", show.date(done.gone) or "not yet"),
        ("gone from backups", show.date(done.backups(epochs).gone) or "not yet"),
    ])  # fmt: skip


def _say_left(done: Sequence[Erasure], epochs: Sequence[Epoch]) -> None:
    """Which keys open backups of before."""
    told = [each.backups(epochs) for each in done]
    keys = {key.recipient: key for each in told for key in each.keys}
    if any(each.gone is None for each in done):
        show.say("What is not gone here yet, `kiseki vault erase --finish` goes on with.")
    if not keys:
        return
    rotate = any(each.rotate for each in told)
    now = {*epochs[-1].recipients}
    show.say("Backups from before can be opened as long as there is one of these keys:")
    show.table(
        ["key", "who has it", "in force"],
        [(each.recipient, ROLES[each.role], "yes" if each.recipient in now else "")
         for each in keys.values()],
    )  # fmt: skip
    first = (
        "First begin an epoch without those that are in force, with `kiseki vault rotate`. Then "
        if rotate
        else ""
    )
    then = "destroy each of them with all its copies, and note it with `kiseki vault destroyed`."
    show.say(first + (then if first else then.capitalize()))


def _extent(done: Erasure) -> str:
    items = show.count(len(done.items), "data ID")
    return f"everything: {items}" if done.everything else items


def _told(done: Erasure, epochs: Sequence[Epoch]) -> dict[str, Any]:
    backups = done.backups(epochs)
    return {
        "number": done.number, "provider": checksummed(done.provider),
        "everything": done.everything, "items": done.items, "by": done.request.by,
        "ground": done.request.ground, "asked": done.request.at, "copies": done.copies,
        "objects_left": done.left, "gone_here": done.gone, "gone_from_backups": backups.gone,
        "keys_left": [{"recipient": each.recipient, "role": each.role} for each in backups.keys],
        "rotate_first": backups.rotate,
    }  # fmt: skip
