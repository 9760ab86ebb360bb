"""`kiseki people`: the studio's address book."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, names, show
from kiseki.core.values import one_line
from kiseki.errors import FilesError, InvalidInput

if TYPE_CHECKING:
    from kiseki.vault.people import Person

__all__ = ["people"]

people = typer.Typer(help="Keep an address book; its names stand wherever an address does.")

Name = Annotated[str, typer.Argument(help="The name or pen name.")]
Replace = Annotated[
    bool, typer.Option("--replace", help="Change who has the same name and pen name.")
]


@people.command("add")
def add(
    name: Annotated[str, typer.Argument(help="The name of the person.")],
    account: Annotated[
        str,
        typer.Argument(help="Their wallet, or 0xISSUER:0xPERSON (`kiseki identity person`)."),
    ],
    pen: Annotated[str, typer.Option(help="The name under which they work.")] = "",
    credit: Annotated[
        str, typer.Option(help="How credits name them. Default: the pen name, or the name.")
    ] = "",
    role: Annotated[str, typer.Option(help="What they do, as key animation.")] = "",
    replace: Replace = False,
) -> None:
    """Add a person to the address book.

    The address book is a private file on this machine, beside the key store. Asks no node and sends
    nothing.

    \b
    Examples:
      kiseki people add 山田花子 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --role "key animation"
    """
    from kiseki.vault.people import Person

    made = Person(name.strip(), account, pen.strip(), credit.strip(), role.strip())
    names.people().add([made], replace=replace)
    _told([made])


@people.command("import")
def import_table(
    table: Annotated[
        Path,
        typer.Argument(
            help="A table with the columns name, wallet or identity, and if wanted pen name, "
            "credit and role."
        ),
    ],
    replace: Replace = False,
) -> None:
    """Add the people of a table to the address book.

    Nobody is added if one row is wrong. Asks no node and sends nothing.

    \b
    Examples:
      kiseki people import staff.xlsx
    """
    from kiseki.vault.people import rows

    found = list(rows(table, context.table()))
    count = names.people().add(found, replace=replace)
    if context.current.json:
        show.json_line({"rows": len(found), "new": count})
    else:
        show.say(f"Read {show.count(len(found), 'person', 'people')}; new or changed: {count:,}.")


@people.command("export")
def export(
    table: Annotated[Path, typer.Argument(help="The table to write (CSV), for its owner only.")],
) -> None:
    """Write the address book as a table, to keep a copy of it or to give it to a colleague.

    `kiseki people import` reads it. Asks no node and sends nothing.

    \b
    Examples:
      kiseki people export staff.csv
    """
    import csv
    import io

    from kiseki.disk import atomic
    from kiseki.vault.people import COLUMNS

    found = names.people().all()
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for each in found:
        kinds = ("", each.account) if ":" in each.account else (each.account, "")
        rows.writerow([each.name, each.pen, each.credit, *kinds, each.role])
    try:
        atomic.write(table, "\ufeff" + text.getvalue(), mode=0o600, new=True)
    except FileExistsError:
        raise FilesError(f"the file {table} exists; name a new file") from None
    except OSError as error:
        raise FilesError(f"{table} cannot be written ({error.strerror})") from error
    if context.current.json:
        show.json_line({"file": table, "people": len(found)})
    else:
        show.say(f"Wrote {show.count(len(found), 'person', 'people')} into {table}.")


@people.command("list")
def list_people() -> None:
    """List everybody in the address book.

    Asks no node and sends nothing.

    \b
    Examples:
      kiseki people list
    """
    _told(names.people().all())


@people.command("show")
def show_person(name: Name) -> None:
    """Show everybody who has a name, pen name or credit.

    Asks no node and sends nothing.

    \b
    Examples:
      kiseki people show 山田花子
    """
    found = names.people().find(name)
    if not found:
        raise _unknown(name)
    _told(found)


@people.command("remove")
def remove(name: Name) -> None:
    """Remove a person from the address book.

    What was registered and paid stays as it is. Asks no node and sends nothing.

    \b
    Examples:
      kiseki people remove 山田花子
    """
    try:
        gone = names.people().remove(name)
    except LookupError:
        raise _unknown(name) from None
    if context.current.json:
        show.json_line(gone)
    else:
        show.say(f"{gone.words}, is no longer in the address book.")


def _unknown(name: str) -> InvalidInput:
    return InvalidInput(
        f"nobody in the address book is called {one_line(name, 80)!r}; `kiseki people list` shows "
        "everybody"
    )


def _told(found: Sequence[Person]) -> None:
    if context.current.json:
        show.json_line(found)
        return
    rows = [(e.name, e.pen, e.credit, e.role, e.account) for e in found]
    show.table(["name", "pen name", "credit", "role", "wallet or identity"], rows)
    if not found:
        show.say("The address book is empty; `kiseki people add` fills it.")
