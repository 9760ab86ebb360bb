"""`kiseki data origin`: documents that say where data comes from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from kiseki.cli import context, letters, names, show
from kiseki.cli.data import data
from kiseki.cli.origins import in_words, say_words, sentences
from kiseki.cli.spoken import Language
from kiseki.cli.terms import Collection
from kiseki.core.checksum import checksummed
from kiseki.core.days import WAITING_DAYS
from kiseki.core.origin import BASES, Origin, OriginFile
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput

__all__ = ["origin"]

origin = typer.Typer(help="Say where data comes from: basis, collector, evidence, owners, consent.")
data.add_typer(origin, name="origin")

File = Annotated[Path, typer.Argument(help="The file of the document of origin.")]


@origin.command("new")
def new(
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    basis: Annotated[str | None, typer.Option(help=f"One of {', '.join(BASES)}.")] = None,
    collector: Annotated[
        str | None, typer.Option(help="Who collected the works: NAME, or NAME,WALLET.")
    ] = None,
    collected: Annotated[
        str | None, typer.Option(help="When: a day, or first and last: 2026-04-01/2026-06-30.")
    ] = None,
    how: Annotated[str | None, typer.Option(help="How they were collected, in words.")] = None,
    territory: Annotated[
        str | None, typer.Option(help="Where the basis holds: JP,US or world.")
    ] = None,
    came_from: Annotated[
        str | None, typer.Option("--source", help="From whom or from where the works come.")
    ] = None,
    owner: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME,WALLET,SHARE; repeat. ISSUER:PERSON in place of WALLET for somebody without "
            "one; no WALLET for a name of `kiseki people`; no SHARE for equal ones."
        ),
    ] = None,
    without_consent: Annotated[
        list[str] | None,
        typer.Option(help="The wallet of an owner whose consent is not required; repeat."),
    ] = None,
    search: Annotated[
        str | None, typer.Option(help="How an unknown author was searched for.")
    ] = None,
    evidence: Annotated[
        list[str] | None,
        typer.Option(help="A document that shows it: FILE, FILE=WORDS or 0xHASH=WORDS; repeat."),
    ] = None,
    terms: Annotated[
        str | None,
        typer.Option(help="The ID of the terms to which the owners agree (`kiseki data terms`)."),
    ] = None,
    provider: Annotated[
        str | None, typer.Option(help="Whose collections it is for. Default: this wallet.")
    ] = None,
) -> None:
    """Write a document of origin: asks for everything that no option says.

    The document holds names and stays with you; only its hash goes on the chain, with `kiseki data
    register --origin`. It has a salt, so nobody can guess what it says. Shows it in words before it
    writes the file. Sends nothing.

    \b
    Examples:
      kiseki data origin new origin.json --basis hire --collector 制作部 --collected 2026-04-01 \\
        --how "delivered by the animators" --territory world
      kiseki data origin new joint.json --basis joint \\
        --owner 山田花子,0x70997970C51812dc3A010C7d01b50e0d17dc79C8,60% \\
        --owner 佐藤一郎,0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC,40%
    """
    from secrets import token_bytes

    from kiseki.client.data import originparts as parts
    from kiseki.disk import texts

    if file.exists():
        raise InvalidInput(f"there is a file {file} already; name another")
    answers = _Answers()
    chosen = answers.of("--basis", basis)
    if chosen not in BASES:
        raise InvalidInput(f"--basis is one of {', '.join(BASES)}, not {chosen!r:.40}")
    first, last = parts.days(answers.of("--collected", collected))
    owners = list(owner or ())
    if chosen in ("joint", "unknown"):
        owners = answers.several("--owner", owner)
    named = parts.owners(owners, without_consent or (), context.chosen("decimal"), names.account)
    made = Origin(
        provider=parts.who(
            (provider and names.wallet(provider, "the provider")) or context.acting()
        ),
        basis=chosen,
        collector=parts.person(answers.of("--collector", collector)),
        first=first,
        last=last,
        how=answers.of("--how", how),
        source=answers.of("--source", came_from, chosen in ("assigned", "licensed")),
        search=answers.of("--search", search, chosen == "unknown"),
        territories=parts.territories(answers.of("--territory", territory)),
        owners=named if chosen != "unknown" else tuple(e._replace(consents=False) for e in named),
        evidence=parts.evidence(answers.several("--evidence", evidence, answers.can_ask)),
        terms=None if terms is None else context.hex32(terms, "the ID of the terms"),
        salt=token_bytes(32),
    )
    say_words(made, "both")
    if not context.current.yes and answers.can_ask:
        context.confirm(f"Write this to {file}?")
    texts.write(file, OriginFile(made).to_json(), mode=0o600, folder=True)
    if context.current.json:
        show.json_line({"file": file, "origin": made.hash, **in_words(made)})
        return
    show.say(f"{file} holds names: who gets it can read them. Its hash is {to_hex(made.hash)}.")
    if made.required:
        show.say(
            "Before anything is registered with it, these owners sign it (`kiseki data origin sign "
            f"{file}`): {', '.join(each.name for each in made.required)}."
        )


_QUESTIONS = {
    "--basis": f"On which basis are the works used ({', '.join(BASES)})?",
    "--collector": "Who collected them (name, or name,wallet)?",
    "--collected": "When (a day, or first/last, as 2026-04-01/2026-06-30)?",
    "--how": "How were they collected?",
    "--territory": "In which territories does this hold (as JP,US, or world)?",
    "--source": "From whom do the rights come?",
    "--search": "How was the author searched for?",
    "--owner": "An owner (name,wallet,share; empty: no more)",
    "--evidence": "A document of evidence (file=words; empty: no more)",
}


class _Answers:
    """What somebody at a terminal answers where an option is missing."""

    def __init__(self) -> None:
        self.can_ask = sys.stdin.isatty() and not context.current.yes and not context.current.json

    def of(self, option: str, said: str | None, needed: bool = True) -> str:
        """The option's value, or the answer where it is needed.

        Raises:
            InvalidInput: there is nobody to ask.
        """
        if said is not None or not needed:
            return (said or "").strip()
        self._must_ask(option)
        with show.paused():
            return str(typer.prompt(show.question(_QUESTIONS[option]), err=True)).strip()

    def several(self, option: str, said: list[str] | None, needed: bool = True) -> list[str]:
        """The same of an option that is repeated: answers until one is empty."""
        if said or not needed:
            return said or []
        self._must_ask(option)
        answers: list[str] = []
        while answer := self._next(option):
            answers.append(answer)
        return answers

    def _next(self, option: str) -> str:
        with show.paused():
            answer = typer.prompt(
                show.question(_QUESTIONS[option]), "", show_default=False, err=True
            )
        return str(answer).strip()

    def _must_ask(self, option: str) -> None:
        if not self.can_ask:
            raise InvalidInput(f"{option} is missing. {_QUESTIONS[option]}")


@origin.command("show")
def show_origin(file: File, language: Language = "") -> None:
    """Show a document of origin in words, and which consents it has and needs.

    Asks no node, so it cannot tell whether a consent was cancelled. Sends nothing.

    \b
    Examples:
      kiseki data origin show origin.json
      kiseki data origin show origin.json --language ja
    """
    found = _read(file)
    if context.current.json:
        show.json_line({"origin": found.origin.hash, **in_words(found.origin), **_signed(found)})
        return
    for each in sentences(found.origin, language):
        show.line(each)
    for each in _signed_words(found):
        show.line(each)
    show.fields([("hash", found.origin.hash)])


@origin.command("sign")
def sign(
    file: File,
    days: Annotated[
        int, typer.Option(help="Works can be registered with it for this many days.")
    ] = WAITING_DAYS,
) -> None:
    """Consent as an owner to what a document of origin says.

    Shows it in words and asks. The signature goes into the file; send the file back to the
    provider. Sends nothing. Until the works are registered, `kiseki data origin take-back` can end
    the consent.

    \b
    Examples:
      kiseki data origin sign joint.json --account alice
    """
    found = _read(file)
    k = context.kiseki()
    say_words(found.origin, "both")
    if found.origin.terms is not None:
        show.say(f"The terms: {k.index.terms(found.origin.terms).words()}")
    else:
        show.say("The document names no terms: the provider sets them.")
    if not context.current.yes:
        context.confirm(
            f"Do you consent, as an owner, that {checksummed(found.origin.provider)} registers "
            f"these works within {days} days?"
        )
    signed = k.data.origins.sign(found, days)
    _write(file, signed)
    if context.current.json:
        show.json_line({"file": file, "origin": signed.origin.hash, "signer": k.address})
    else:
        show.say(f"Signed. Send {file} back to the provider.")


@origin.command("take-back")
def take_back(file: File) -> None:
    """Take back your consent to a document of origin that you signed.

    Sends one transaction. What is registered already stays; `kiseki data revoke` is for that.

    \b
    Examples:
      kiseki data origin take-back joint.json --account alice
    """
    found = _read(file)
    k = context.kiseki()
    done = context.spend(k, f"take back {found.origin.hash.hex()}",
                         f"Take back your consent to the document of origin {file}.",
                         lambda k: k.data.origins.take_back(found))  # fmt: skip
    context.receipts_told(done)


@origin.command("gather")
def gather(
    files: Annotated[list[Path], typer.Argument(help="Files of documents of origin, signed.")],
) -> None:
    """Take documents of origin with their signatures into the key store.

    Registering takes all signatures that were gathered. Asks the chain which of them count. Sends
    nothing. Ends with 4 if a required consent is still missing.

    \b
    Examples:
      kiseki data origin gather from-alice.json from-bob.json
    """
    k = context.watching()
    read = list(map(_read, files))
    kept = {each.origin.hash: each for each in map(k.salts.keep_origin, read)}
    missing = {document: k.data.origins.unsigned(each) for document, each in kept.items()}
    if context.current.json:
        show.json_line([
            {"origin": document, "signatures": len(each.signatures),
             "missing": {owner.who: why for owner, why in missing[document].items()}}
            for document, each in kept.items()
        ])  # fmt: skip
    else:
        for document, lacking in missing.items():
            said = "; ".join(f"{owner.name} {why}" for owner, why in lacking.items())
            show.line(f"{to_hex(document)}: {said or 'every required consent is there'}.")
    if any(missing.values()):
        raise typer.Exit(4)


@origin.command("state")
def state(
    collection: Collection,
    document: Annotated[
        Path | None,
        typer.Argument(help="The document. Default: the one with which it was registered."),
    ] = None,
    sign_to: letters.SignTo = None,
    days: letters.Days = letters.WAITING,
) -> None:
    """State in public that a collection has this origin, with the consents of its owners.

    The chain gets the hash of the document and who says so; the document and its names stay with
    you, until you publish them. So what was registered without a document, or with one that was
    wrong, can be told later. Sends one transaction, and one for each consent in the file. A wallet
    without ether signs into a file with --sign, which holds this wallet's statement alone, and
    anybody sends that file with `kiseki statements send`.

    \b
    Examples:
      kiseki data origin state 0x1111… origin.json
    """
    k = context.kiseki()
    wanted = context.hex32(collection, "the collection")
    given = k.index.collection(wanted).origin if document is None else document
    hashed = k.data.origins.take(given)
    known = k.data.origins.known(hashed)
    says = (
        f"{k.address} states for everybody to see that {collection} comes from where the document "
        f"{to_hex(hashed)} says."
    )
    if known is not None:
        say_words(known.origin, "both")
    if sign_to is not None:
        about = to_hex(wanted)
        letters.write_statement(k, sign_to, "collection", about, "origin", hashed, days)
        return
    done = context.spend(k, f"state origin {collection} {hashed.hex()}", says,
                         lambda k: k.data.origins.state(wanted, hashed))  # fmt: skip
    context.receipts_told(done, origin=to_hex(hashed))


def _signed(found: OriginFile) -> dict[str, Any]:
    return {
        "required": [{"name": each.name, "who": each.who} for each in found.origin.required],
        "signatures": [
            {"owner": e.owner, "chain": e.chain_id, "deadline": e.deadline}
            for e in found.signatures
        ],
    }


def _signed_words(found: OriginFile) -> list[str]:
    signed = [
        f"{checksummed(e.owner)} signed for chain {e.chain_id}, until {show.date(e.deadline)}."
        for e in found.signatures
    ]
    theirs = {each.owner for each in found.signatures}
    waiting = [each.name for each in found.origin.required if each.who not in theirs]
    return [*signed, *([f"Not signed yet: {', '.join(waiting)}."] if waiting else [])]


def _read(path: Path) -> OriginFile:
    from kiseki.client.data import origins

    found = origins.read(path)
    if found is None:
        raise InvalidInput(
            f"{path} is a document that Kiseki cannot read; `kiseki data origin new` writes one "
            "that it can"
        )
    return found


def _write(path: Path, file: OriginFile) -> None:
    from kiseki.disk import texts

    texts.write(path, file.to_json(), mode=0o600)
