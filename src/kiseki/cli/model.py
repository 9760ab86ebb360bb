"""`kiseki model`: registers models, and checks what they were trained on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, letters, names, pages, past, published, show
from kiseki.cli.bases import External, externals_of, told_of_base
from kiseki.cli.revenue import RightsPayee, rights_payee
from kiseki.cli.salts import AsNew, with_salts
from kiseki.cli.terms import Document, Gate, Royalty, Until, Uses, in_words, names_of, terms_of
from kiseki.cli.withdrawal import first_withdrawals, withdrawals_shown
from kiseki.core.days import SIGNED_DAYS
from kiseki.core.manifest import Manifest
from kiseki.core.values import to_hex
from kiseki.disk import texts
from kiseki.errors import InvalidInput

if TYPE_CHECKING:
    from kiseki.client.data.registering import Registered
    from kiseki.client.kiseki import Kiseki
    from kiseki.core.run import Run

__all__ = ["model", "read_manifest"]

model = typer.Typer(help="Register models, and check what they were trained on.")

Model = Annotated[str, typer.Argument(help="The ID of the model, 0x…")]
Weights = Annotated[
    Path,
    typer.Argument(help="The file of weights. Of several files: their ….safetensors.index.json."),
]
ManifestFile = Annotated[Path, typer.Argument(help="The file of the manifest, as JSON.")]


def read_manifest(path: Path) -> Manifest:
    """A manifest from its file.

    Raises:
        FilesError: the file cannot be read.
        InvalidInput: the file is no manifest.
    """
    try:
        return Manifest.from_json(texts.read(path))
    except InvalidInput as error:
        raise InvalidInput(
            f"{path} is no manifest ({error}); name the manifest file that your training wrote"
        ) from error


@model.command("register")
def register(
    weights: Weights,
    manifest: Annotated[Path | None, typer.Option(help="The manifest, as JSON.")] = None,
    parent: Annotated[
        list[str] | None, typer.Option(help="A registered base model, 0x…; repeat.")
    ] = None,
    external: External = None,
    run: Annotated[
        Path | None, typer.Option(help="A document: code, environment and settings.")
    ] = None,
    private: Annotated[bool, typer.Option(help="Hide the weights behind a salt.")] = False,
    uses: Uses = None, royalty: Royalty = None, licence: Document = None,
    until: Until = None, gate: Gate = None,
    payee: RightsPayee = None,
    as_new: AsNew = False,
    publish: Annotated[
        Path | None, typer.Option(help="Write the manifest into this folder and record its hash.")
    ] = None,
    sign_to: letters.SignTo = None, days: letters.Days = SIGNED_DAYS,
) -> None:  # fmt: skip
    """Register a model with all the sources that it declares.

    If a source does not allow the model, nothing is registered, and the message names the source.
    Sends one transaction, and more for new terms, a new split, over 1,024 collections or --publish.
    For a safetensors file the tensors are hashed, for any other file all its bytes. A developer
    without ether signs into a file with --sign, and anybody sends that file with `kiseki model
    register-for`, within a week.

    \b
    Examples:
      kiseki model register model.bin --manifest manifest.json --publish manifests \\
        --uses train --royalty 5%
      kiseki model register lora.safetensors --manifest manifest.json \\
        --external base.safetensors=base.md --uses train --royalty 5%
      kiseki model register model.bin --manifest manifest.json --gate market \\
        --uses train --royalty 0%
      kiseki model register model.bin --manifest manifest.json --uses train --royalty 5% \\
        --sign model.json
    """
    from kiseki.client.models import prepared

    k = context.kiseki()
    # A model cannot be revoked, so its terms need no notice.
    terms = terms_of(k, uses, royalty, "0%", licence, until, "0d", gate)
    known = read_manifest(manifest) if manifest else None
    parents = [context.hex32(each, "the parent") for each in parent or []]
    externals = externals_of(k, external)
    told_of_base(k, parents, externals)
    with show.progress("hashing", "bytes") as told:
        found = with_salts(
            k, as_new, lambda: k.models.weights(weights, private=private, progress=told)
        )
    paid = rights_payee(k, payee, "model")
    says = [found.words, f"Terms: {terms.words(revocable=False)}"]
    says.append(f"Its money goes to {payee or 'its own rights token'}.")
    says += k.models.may_be_gone(known) if known else ()
    if publish and known is None:
        raise InvalidInput("--publish publishes a manifest; name its file with --manifest")
    if sign_to is not None:
        if publish:
            raise InvalidInput(
                "the manifest is published once the model is registered (`kiseki model "
                "publish-manifest`, also with --sign); leave out --publish"
            )
        for each in says:
            show.say(each)
        made = k.models.prepare(found, terms, manifest=known, parents=parents,
                                externals=externals, run=run, payee=paid)  # fmt: skip
        then = f"Anybody can send it, with `kiseki model register-for {sign_to}`."
        approval = k.models.prepare_approval(made, days)
        letters.write(sign_to, prepared.LETTER, approval, k.signed, then)
        return

    def work(k: Kiseki) -> Registered:
        return k.models.register(found, terms, manifest=known, parents=parents, publish=publish,
                                 externals=externals, run=run, payee=paid)  # fmt: skip

    done = context.spend(k, f"model {found.commitment.hex()} {terms.id.hex()}", says, work)
    context.registered_told("model", done)


@model.command("register-for")
def register_for(file: letters.SignedLetter) -> None:
    """Register a model in the name of a developer who signed it.

    Shows it in words. Anybody can do this. Sends one transaction, and more for new terms, a new
    split or over 1,024 collections; this wallet pays the gas.

    \b
    Examples:
      kiseki model register-for model.json
    """
    from kiseki.client.models import prepared

    signed = prepared.LETTER.read(file)
    made = prepared.model_of(signed)
    k = context.kiseki()
    told_of_base(k, made.named.models, made.named.externals)
    says = letters.in_words(prepared.LETTER, signed)
    says += k.models.may_be_gone(each.id for each in made.named.collections)
    name = f"model for {signed.signer} {signed.nonce}"
    done = context.spend(k, name, says, lambda k: k.models.register_for(signed))
    context.registered_told("model", done)


@model.command("look")
def look(manifest: ManifestFile) -> None:
    """List the collections of a manifest whose consent could end soon.

    Look before you train: a model can be registered only while consent holds for all its
    collections. Reads the chain and sends nothing.

    \b
    Examples:
      kiseki model look manifest.json
    """
    known = read_manifest(manifest)
    found = context.watching().models.may_be_gone(known)
    if context.current.json:
        show.json_line(found)
        return
    for each in found:
        show.line(each)
    if not found:
        show.say("Consent to all collections holds for at least the next 30 days.")


@model.command("find")
def find(
    weights: Weights,
    run: Annotated[
        Path | None, typer.Option(help="The document of a run; the metadata is compared with it.")
    ] = None,
) -> None:
    """Find the registered models that have these weights.

    Compares the tensors and the whole file, also with every salt in the key store. Reads the chain
    and sends nothing. Ends with 4 if no model has these weights.

    \b
    Examples:
      kiseki model find model.safetensors
    """
    k = context.watching()
    with show.progress("hashing", "bytes") as told:
        known = k.models.find(weights, run=run, progress=told)
    if context.current.json:
        models = [{**show.plain(each), "words": each.words} for each in known.models]
        show.json_line({
            "weights": {**show.plain(known.weights.document), "reason": known.weights.reason,
                        "commitment": known.weights.commitment, "words": known.weights.words},
            "models": models, "hints": known.hints, "stamp": known.said,
        })  # fmt: skip
    else:
        show.fields([
            ("form", known.weights.form), ("digest", known.weights.digest),
            ("metadata", known.weights.settings or "none that can be read"),
            *((each.name, f"{each.stated} ({each.words})") for each in known.hints),
        ])  # fmt: skip
        show.say(known.weights.words)
        if known.said is not None:
            show.say(known.said.words)
        for each in known.models:
            show.line(f"{to_hex(each.model)}: {each.words}; registered by {each.developer} on "
                      f"{show.date(each.registered_at)}")  # fmt: skip
        if not known.models:
            show.line(
                "Unknown: no registered model has these weights, with any salt of this key store."
            )
    if not known.models:
        raise typer.Exit(4)


@model.command("publish-manifest")
def publish_manifest(
    model: Model, manifest: ManifestFile,
    folder: Annotated[Path, typer.Argument(help="The folder; the file is named after the ID.")],
    sign_to: letters.SignTo = None, days: letters.Days = letters.WAITING,
) -> None:  # fmt: skip
    """Write a model's manifest into a folder, and record its hash on the chain.

    Sends one transaction. Publish the folder, so that anybody can check the manifest. A developer
    without ether signs into a file with --sign, and anybody sends that file with `kiseki statements
    send`.

    \b
    Examples:
      kiseki model publish-manifest 0x3333… \\
        manifest.json manifests
    """
    wanted, known = context.hex32(model, "the model"), read_manifest(manifest)
    k = context.kiseki()
    if sign_to is not None:
        said = k.models.write_manifest(wanted, known, folder)
        letters.write_statement(k, sign_to, "model", to_hex(wanted), "manifest", said, days)
        return
    says = f"Record the hash of {manifest} as the manifest of the model, and write it to {folder}."
    done = context.spend(k, f"manifest {model}", says,
                         lambda k: k.models.publish_manifest(wanted, known, folder))  # fmt: skip
    context.receipts_told(done)


@model.command("check-manifest")
def check_manifest(model: Model, manifest: ManifestFile) -> None:
    """Check a model's whole manifest on the chain, item by item.

    Anybody can do this, for any model. Sends as many transactions as the manifest needs, and asks
    once; --dry-run is refused. Run the command again to go on after an interruption.
    Afterwards the chain records permanently that the manifest is checked.

    \b
    Examples:
      kiseki model check-manifest 0x3333… \\
        manifest.json
    """
    context.refuse_dry_run("check-manifest")
    wanted, known = context.hex32(model, "the model"), read_manifest(manifest)
    k = context.kiseki()
    context.agree(
        k.session.network,
        "Check every item of the manifest on the chain, in as many transactions as that takes.",
    )
    with show.progress("walking", "items") as told:
        context.receipts_told(k.models.check_manifest(wanted, known, told))


@model.command("challenge")
def challenge(model: Model, manifest: ManifestFile) -> None:
    """Record permanently that a model's published manifest is false.

    Looks for evidence first, and sends nothing if there is none. Sends one transaction for each
    piece of evidence that is not on record. Anybody can do this.

    \b
    Examples:
      kiseki model challenge 0x3333… \\
        manifest.json
    """
    wanted, text = context.hex32(model, "the model"), texts.read(manifest)
    k = context.kiseki()
    says = f"Record for ever that {manifest}, the published manifest of the model, is false."
    done = context.spend(k, f"challenge {model}", says, lambda k: k.models.challenge(wanted, text))
    context.receipts_told(done)


@model.command("list")
def list_models(
    developer: Annotated[
        str, typer.Argument(help="The developer's wallet. Default: this wallet.")
    ] = "",
    most: pages.Most = None,
    after: pages.After = None,
) -> None:
    """List the models of a developer, what each allows and what it rests on.

    Reads the chain and sends nothing.

    \b
    Examples:
      kiseki model list
      kiseki model list 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
      kiseki model list --most 100
    """
    who = names.wallet(developer, "the developer") if developer else context.acting()
    k = context.watching(who)
    index = k.index
    listed = index.registered("ModelRegistry", who, pages.after_id(after), pages.asked(most))
    found = [index.model(each) for each in listed]
    allowed = [index.terms(each.terms_id) for each in found]
    checked = [index.manifest_checked_at(each.id) for each in found]
    if context.current.json:
        show.json_line([
            {"model": e.id, "registered": e.registered_at, "uses": names_of(terms.uses),
             "words": terms.words(revocable=False), "base": e.base, "manifest_checked_at": when}
            for e, terms, when in zip(found, allowed, checked, strict=True)
        ])  # fmt: skip
        return
    show.table(
        ["model", "allows", "base models", "registered", "manifest checked"],
        [(e.id, in_words(terms.uses) or "nothing", e.base.words, show.date(e.registered_at),
          show.date(when)) for e, terms, when in zip(found, allowed, checked, strict=True)],
    )  # fmt: skip
    nothing = f"{who} has no models on this chain."
    pages.told(found, most, after, lambda each: each.id, nothing)


@model.command("show")
def show_model(model: Model, documents: published.Folder = None, at: past.At = None) -> None:
    """Show a model: its sources, its terms and what was found about it.

    With --documents also how it was trained, and who stands for what it declares. Revocations that
    touch it stand below, with the developer's answers. Reads the chain and sends nothing.

    \b
    Examples:
      kiseki model show 0x3333…
      kiseki model show 0x3333… --documents published
      kiseki model show 0x3333… --at 2027-12-31
    """
    from kiseki.client.documents import Documents
    from kiseki.client.models import backing
    from kiseki.vault.published import Published

    told = Documents(Published(documents))
    k, wanted = context.watching(), context.hex32(model, "the model")
    with past.asked(k, at) as index:
        found, sources = index.model(wanted), index.sources(wanted)
        lineage = index.lineage(wanted)
        findings = index.findings_in(lineage) + backing.told_findings(index, told, lineage)
        words = index.terms(found.terms_id).words(revocable=False)
        backed = backing.backings(index, told, wanted)
        run = told.run(found.run)
        walked = index.manifest_checked_at(wanted)
        touched = first_withdrawals(index, "model", wanted, told)
    if context.current.json:
        show.json_line({
            **show.plain(found), "withdrawals": withdrawals_shown(k, touched, "model", wanted),
            "collections": len(sources.collections), "models": sources.models,
            "externals": sources.externals, "words": words,
            "manifest_checked_at": walked, "findings": findings, "backing": backed,
            "run_document": run,
        })  # fmt: skip
        return
    checked = show.date(walked) or "not yet"
    show.fields([
        ("model", found.id), ("developer", found.developer),
        ("terms", words),
        ("registered", show.date(found.registered_at)),
        ("rests on", f"{show.count(len(sources.collections), 'collection')}, "
                     f"{show.count(len(sources.models), 'model')}, "
                     f"{show.count(len(sources.externals), 'unregistered base model')}"),
        ("base models", found.base.words),
        ("of gross", f"{show.percent(found.data_ppm / 10**6)} to data, "
                     f"{show.percent(found.own_ppm / 10**6)} in all"),
        ("manifest checked", checked), ("paid to", f"the split {to_hex(found.split)}"),
        *_exposed(run),
    ])  # fmt: skip
    for word in backed if documents else ():
        show.say(word.words)
    for each in findings:
        show.say(f"{each.severity}: {each.sentence}")
    withdrawals_shown(k, touched, "model", wanted)


def _exposed(run: Run | None) -> list[tuple[str, object]]:
    """What the hook recorded, by the word of whoever trained."""
    if run is None or run.exposure is None:
        return []
    exposed = run.exposure
    return [
        ("handed out", _count(exposed.handed_out)), ("read", _count(exposed.read)),
        ("consumed", _count(exposed.consumed)), ("lost", _count(exposed.lost)),
        ("steps", _count(exposed.steps)),
    ]  # fmt: skip


def _count(number: int | None) -> str:
    return "unknown" if number is None else f"{number:,}"
