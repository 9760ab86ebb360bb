"""`kiseki withdrawal`: revocations that touch models, word to their developers, and answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from kiseki.cli import context, letters, names, pages, published, show
from kiseki.cli.spoken import Language, languages
from kiseki.core.values import from_hex, to_hex
from kiseki.core.withdrawal import ANSWERS
from kiseki.errors import InvalidInput

if TYPE_CHECKING:
    from kiseki.client.documents import Documents
    from kiseki.client.kiseki import Kiseki
    from kiseki.client.withdrawals.outbox import Outbox
    from kiseki.client.withdrawals.told import Told
    from kiseki.index import Index, Past
    from kiseki.index.answers.resting import RestingModel
    from kiseki.index.answers.withdrawals import Of

__all__ = [
    "Developer", "Provider", "Record", "answers_counted", "answers_words", "first_withdrawals",
    "models_told", "outbox", "withdrawal", "withdrawals_shown",
]  # fmt: skip

withdrawal = typer.Typer(
    help="Tell developers of revocations that touch their models, and answer them."
)

Developer = Annotated[
    str | None, typer.Option(help="What touches the models of this wallet. Default: this wallet.")
]
Provider = Annotated[str | None, typer.Option(help="What this wallet revoked.")]
Record = Annotated[
    Path | None, typer.Option(help="The file of what was posted. Default: beside the journal.")
]
_SHOWN = 20


@withdrawal.command("list")
def list_withdrawals(
    developer: Developer = None,
    provider: Provider = None,
    documents: published.Folder = None,
    most: pages.Most = None,
    after: pages.After = None,
) -> None:
    """List revocations that touch the models of a developer, or that a provider made.

    Each row is one revocation and one model that rests on what was revoked, directly or through
    other models. What an answer says is known where its document is in the folder --documents, or
    where it is `acknowledged` or `kept` without a reason. Reads the chain and sends nothing.

    \b
    Examples:
      kiseki withdrawal list
      kiseki withdrawal list --provider 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
      kiseki withdrawal list --documents published --most 100
    """
    k, of, who = _whose(developer, provider)
    _listed(k, of, who, documents, most, after)


@withdrawal.command("show")
def show_withdrawals(
    kind: Annotated[str, typer.Argument(help="What it is: collection, item or model.")],
    what: Annotated[str, typer.Argument(help="Its ID, 0x…")],
    documents: published.Folder = None,
    most: pages.Most = None,
    after: pages.After = None,
) -> None:
    """Show which models a revocation touches, or which revocations touch a model, and the answers.

    Of a collection also the revocations of its items are shown. Reads the chain and sends nothing.

    \b
    Examples:
      kiseki withdrawal show collection 0x1111…
      kiseki withdrawal show model 0x3333… --documents published
    """
    if kind not in ("collection", "item", "model"):
        raise InvalidInput(f"this is about a collection, an item or a model, not {kind!r:.40}")
    key = context.hex32(what, f"the {kind}")
    _listed(context.watching(), cast("Of", kind), key, documents, most, after)


@withdrawal.command("answer")
def answer(
    model: Annotated[str, typer.Argument(help="The model of this wallet, 0x…")],
    withdrawn: Annotated[str, typer.Argument(help="The collection or item, 0x…")],
    said: Annotated[
        str,
        typer.Argument(
            metavar="ANSWER",
            help="acknowledged (you have taken note), retrain (you will train a model without it) "
            "or kept (you keep the model, lawfully).",
        ),
    ],
    by: Annotated[
        str | None,
        typer.Option(help="Of retrain: the last day of the promise, as 2027-12-31, in UTC."),
    ] = None,
    reason: Annotated[str, typer.Option(help="What you add, in one line, for everybody.")] = "",
    documents: Annotated[
        Path, typer.Option(help="The folder for the answer; publish it, so that others read it.")
    ] = Path("published"),
    sign_to: letters.SignTo = None,
    days: letters.Days = letters.WAITING,
) -> None:  # fmt: skip
    """Answer a revocation that touches a model of this wallet, for everybody to see.

    Writes the answer into a folder and states its hash about the model. The record is permanent; a
    later answer takes the place of an earlier one, and both stay visible. Sends one transaction. A
    developer without ether signs into a file with --sign, and anybody sends that file with `kiseki
    statements send`.

    \b
    Examples:
      kiseki withdrawal answer 0x3333… 0x1111… acknowledged
      kiseki withdrawal answer 0x3333… 0x1111… retrain --by 2027-12-31 --documents published
      kiseki withdrawal answer 0x3333… 0x1111… kept --reason 'within the licence until 2030'
    """
    from kiseki.client.withdrawals.words import answer_words

    which = context.hex32(model, "the model"), context.hex32(withdrawn, "what was withdrawn")
    k = context.kiseki()
    made = k.withdrawals.answer(*which, said, _day(by), reason)
    show.say(f"About the model {to_hex(made.model)}: {answer_words(made)}")
    if sign_to is not None:
        path = k.withdrawals.write(made, documents)
        show.say(f"The answer is in {path}. Publish it, so that everybody can read it.")
        about = "model", to_hex(made.model)
        letters.write_statement(k, sign_to, *about, "withdrawal", made.hash, days)
        return
    says = f"{k.address} states this answer about the model, for good: {to_hex(made.hash)}."
    done = context.spend(k, f"answer {made.hash.hex()}", says,
                         lambda k: k.withdrawals.state(made, documents))  # fmt: skip
    file = documents / f"{to_hex(made.hash)}.json"
    context.receipts_told([done], document=to_hex(made.hash), file=str(file))


@withdrawal.command("mail")
def mail(
    folder: Annotated[Path, typer.Argument(help="The folder for the letters; keep them there.")],
    contacts: Annotated[
        Path, typer.Argument(help="A table with the columns wallet and email, of developers.")
    ],
    sender: Annotated[
        str, typer.Option("--from", help="The e-mail address that the letters come from.")
    ],
    developer: Developer = None,
    provider: Provider = None,
    documents: published.Folder = None,
    language: Language = "",
) -> None:
    """Write letters by e-mail to developers, as files for a mail program to send.

    Sends nothing, neither e-mail nor transaction. Run it again after later revocations: it writes
    letters about those alone that no letter in the folder tells of. Ends with 3 if the table lacks
    the address of a developer.

    \b
    Examples:
      kiseki withdrawal mail letters contacts.csv --from rights@studio.example \\
        --provider 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
    """
    import time

    from kiseki.client.withdrawals import mail as letters_of

    known = letters_of.contacts(contacts, context.table())
    origin = letters_of.mail_address(sender, "--from")
    k, of, who = _whose(developer, provider)
    done = letters_of.write_letters(
        folder, k.withdrawals.all(of, who, _published(documents), k.withdrawals.settled), known,
        origin, chain_id=k.session.chain_id, registry=k.session["DataRegistry"].address,
        languages=languages(language), now=int(time.time()),
    )  # fmt: skip
    if context.current.json:
        show.json_line({"files": done.files, "told_before": done.told,
                        "without_address": done.nowhere})  # fmt: skip
    else:
        for each in done.files:
            show.line(each)
        show.say(
            f"{show.count(len(done.files), 'new letter')} in {folder}. Nothing was sent; "
            f"{show.count(done.told, 'withdrawal')} had a letter before."
        )
        for wallet, count in done.nowhere.items():
            show.say(
                f"{contacts} has no address of {wallet}; {show.count(count, 'withdrawal')} of "
                f"theirs wait for it."
            )
    if done.nowhere:
        raise typer.Exit(3)


@withdrawal.command("post")
def post(
    url: Annotated[str, typer.Argument(help="Where to post, a URL that begins with https://")],
    developer: Developer = None,
    provider: Provider = None,
    documents: published.Folder = None,
    record: Record = None,
    tries: Annotated[int, typer.Option(min=1, max=20, help="How often one is tried.")] = 5,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long one try may take.")] = 10.0,
) -> None:
    """Post withdrawals to a URL as JSON, each at least once.

    Shows what it posts and asks. Each has a name, also in the header Idempotency-Key, by which the
    server knows it again. What the server took is recorded, and the command posts it no more: run
    it as often as you like. It follows no redirect. It sends no transaction. Ends with 3 if some
    were not taken, and with 1 if none was.

    \b
    Examples:
      kiseki withdrawal post https://models.example/hooks/withdrawals --yes
      kiseki withdrawal post https://models.example/hooks/withdrawals --dry-run
    """
    from kiseki.client.withdrawals.posting import Target, deliver, undelivered
    from kiseki.client.withdrawals.sending import document

    target = Target(url)
    k, of, who = _whose(developer, provider)
    kept = _record(record)
    chain, registry = k.session.chain_id, k.session["DataRegistry"].address
    told = k.withdrawals.all(of, who, _published(documents), k.withdrawals.settled)
    waiting = undelivered(kept, target, (document(each, chain, registry) for each in told))
    if not context.current.json:
        for word in islice(waiting, _SHOWN):
            show.line(f"{word['kind']} {word['withdrawn']}, model {word['model']}")
    more = max(0, len(waiting) - _SHOWN)
    show.say(
        f"{show.count(len(waiting), 'withdrawal')} to post to {target.host}"
        + (f", of which {more:,} are not shown here." if more else ".")
    )
    if context.current.dry_run:
        if context.current.json:
            show.json_line({"posted": False, "withdrawals": waiting})
        return
    if waiting and not context.current.yes:
        context.confirm("Post them?")
    done = deliver(kept, target, waiting, tries=tries, seconds=seconds,
                   told=lambda _, why: show.say(f"{why}."))  # fmt: skip
    if context.current.json:
        show.json_line({"delivered": done.delivered, "failed": done.failed,
                        "waiting": done.waiting})  # fmt: skip
    else:
        show.say(f"{show.count(len(done.delivered), 'withdrawal')} posted.")
        for name, why in done.failed.items():
            show.say(f"{name} was not taken: {why}.")
        if done.waiting:
            show.say(f"{show.count(len(done.waiting), 'withdrawal')} not tried; run it again.")
    if done.failed:
        raise typer.Exit(3 if done.delivered else 1)


def first_withdrawals(index: Index | Past, of: Of, key: bytes, documents: Documents) -> list[Told]:
    """The first revocations of something, or that touch something, with what was answered."""
    from kiseki.client.withdrawals.told import tell

    rows = index.overview.withdrawals(of, key, most=_SHOWN + 1)
    return tell(index, rows, documents)


def answers_counted(found: list[Told]) -> dict[str, int]:
    """How many of them were answered how: an answer, ``unread`` where something was answered whose
    document is not at hand, or ``none``.

    Args:
        found: from `first_withdrawals`.
    """
    said = Counter(
        each.last.answer if each.last else "unread" if each.unread else "none" for each in found
    )
    return {each: said[each] for each in (*ANSWERS, "unread", "none") if said[each]}


def answers_words(found: list[Told]) -> str:
    """The same for people; empty where nothing was revoked on which a model rests."""
    named = {"unread": "not at hand", "none": "no answer"}
    counted = answers_counted(found[:_SHOWN])
    words = ", ".join(f"{named.get(each, each)}: {many:,}" for each, many in counted.items())
    return words + (", and more" if len(found) > _SHOWN else "")


def withdrawals_shown(k: Kiseki, found: list[Told], of: Of, key: bytes) -> list[dict[str, Any]]:
    """Shows them, unless nothing was revoked; what they say for programs.

    Args:
        found: from `first_withdrawals`.
    """
    if found and not context.current.json:
        show.line("")
        _table(found[:_SHOWN])
    if len(found) > _SHOWN:
        show.say(f"For all of them: kiseki withdrawal show {of} {to_hex(key)}")
    return [_for_programs(k, each) for each in found[:_SHOWN]]


def models_told(k: Kiseki, collection: bytes, item: bytes | None = None) -> list[dict[str, Any]]:
    """Says which models rest on a collection, before consent to it, or to an item in it, ends; what
    was said, for programs."""
    found = k.index.overview.models_on(collection, most=_SHOWN + 1)
    if not found:
        show.say("No model rests on it.")
        return []
    _models_shown(found[:_SHOWN])
    if len(found) > _SHOWN:
        show.say("More models rest on it; `kiseki data show` lists all.")
    if item is not None:
        show.say("Whether they declare the item, their manifests say, where they are published.")
    show.say(
        "They stay registered. Once consent is revoked, tell their developers (`kiseki withdrawal "
        "mail`, `kiseki withdrawal post`)."
    )
    return [_model_for_programs(each) for each in found]


def _models_shown(found: list[RestingModel]) -> None:
    if context.current.json:
        return
    show.table(
        ["model", "developer", "registered", "rests on it"],
        [(each.id, each.developer, show.date(each.registered_at),
          "declares it" if each.is_direct else "through another model") for each in found],
    )  # fmt: skip


def _model_for_programs(each: RestingModel) -> dict[str, Any]:
    return {"model": each.id, "developer": each.developer, "registered": each.registered_at,
            "direct": each.is_direct}  # fmt: skip


def _whose(developer: str | None, provider: str | None) -> tuple[Kiseki, Of, str]:
    named = _named(developer, provider, context.acting)
    return context.watching(), *named


def _named(developer: str | None, provider: str | None, mine: Callable[[], str]) -> tuple[Of, str]:
    if developer is not None and provider is not None:
        raise InvalidInput("--developer and --provider ask for different lists; name one of them")
    if provider is not None:
        return "provider", names.wallet(provider, "the provider")
    return "developer", names.wallet(developer, "the developer") if developer else mine()


def _record(named: Path | None) -> Path:
    return named or context.journal_file().parent / "posted.sqlite"


def outbox(
    k: Kiseki, url: str, developer: str | None, provider: str | None, documents: Path | None,
    record: Path | None,
) -> Outbox:  # fmt: skip
    """What a keeper posts to a URL.

    Raises:
        InvalidInput: it is no URL to post to, or both a developer and a provider are named.
    """
    from kiseki.client.withdrawals.outbox import Outbox
    from kiseki.client.withdrawals.posting import Target

    of, who = _named(developer, provider, lambda: k.address)
    return Outbox(k.withdrawals, Target(url), of, who, _record(record), _published(documents))


def _published(folder: Path | None) -> Documents:
    from kiseki.client.documents import Documents
    from kiseki.vault.published import Published

    return Documents(Published(folder))


def _listed(
    k: Kiseki, of: Of, key: str | bytes, documents: Path | None, most: int | None,
    after: str | None,
) -> None:  # fmt: skip
    last = b"" if after is None else from_hex(after, None, "--after")
    found = k.withdrawals.of(of, key, last, pages.asked(most), _published(documents))
    if context.current.json:
        show.json_line([_for_programs(k, each) for each in found])
        return
    _table(found)
    pages.told(found, most, after, lambda each: each.row.cursor, "No revocation touches a model.")
    if of == "developer" and any(not (each.answers or each.unread) for each in found):
        show.say(
            "Answer one: kiseki withdrawal answer MODEL ID ANSWER (--help says which there are)"
        )


def _table(found: list[Told]) -> None:
    from kiseki.client.withdrawals.words import state_words

    show.table(
        ["revoked", "what", "ID", "model", "developer", "declares it", "answer"],
        [(show.date(e.row.revoked_at), e.row.kind, e.row.id, e.row.model, e.row.developer,
          e.declares + ("" if e.row.is_direct else ", through another model"),
          " ".join(state_words(e))) for e in found],
    )  # fmt: skip


def _for_programs(k: Kiseki, told: Told) -> dict[str, Any]:
    from kiseki.client.withdrawals.sending import answered, document

    said = document(told, k.session.chain_id, k.session["DataRegistry"].address)
    answers = [
        {"document": each.document, "time": each.time, **answered(each.answer)}
        for each in told.answers
    ]
    more = {"answers": answers, "unread": told.unread, "overdue": told.overdue,
            "without": told.row.without, "cursor": told.row.cursor}  # fmt: skip
    return said | more


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"--by is a day, as 2027-12-31, not {text!r:.40}") from None
