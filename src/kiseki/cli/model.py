"""`kiseki model`: registering what was trained, and what a manifest is worth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, show
from kiseki.cli.bases import External, externals_of, told_of_base
from kiseki.cli.revenue import RightsPayee, rights_payee
from kiseki.cli.terms import Gate, Licence, Royalty, Until, Uses, terms_of
from kiseki.client.data.registering import Registered
from kiseki.core.manifest import Manifest
from kiseki.core.values import to_hex
from kiseki.errors import FilesError, InvalidInput

if TYPE_CHECKING:
    from kiseki.client.kiseki import Kiseki

__all__ = ["model", "read_manifest"]

model = typer.Typer(help="Models: registering what was trained, and what a manifest is worth.")

Model = Annotated[str, typer.Argument(help="The model's ID, 0x…")]
Weights = Annotated[
    Path,
    typer.Argument(help="The file of weights; of several, their ….safetensors.index.json."),
]
ManifestFile = Annotated[Path, typer.Argument(help="The manifest, as JSON.")]


def read_manifest(path: Path) -> Manifest:
    """A manifest from its file.

    Raises:
        FilesError: it cannot be read.
        InvalidInput: it is no manifest.
    """
    try:
        return Manifest.from_json(_text(path))
    except InvalidInput as error:
        raise InvalidInput(
            f"{path} is no manifest of what training consumed ({error}); name the file that your "
            "training wrote"
        ) from error


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise FilesError(f"{path} cannot be read ({type(error).__name__})") from error


@model.command("register")
def register(
    weights: Weights,
    manifest: Annotated[Path | None, typer.Option(help="What training consumed, as JSON.")] = None,
    parent: Annotated[list[str] | None, typer.Option(help="A model it was made from, 0x…")] = None,
    external: External = None,
    run: Annotated[Path | None, typer.Option(help="Code, environment and settings.")] = None,
    private: Annotated[bool, typer.Option(help="Hide the weights behind a salt.")] = False,
    uses: Uses = "train", royalty: Royalty = "0%", licence: Licence = None,
    until: Until = None, gate: Gate = None,
    payee: RightsPayee = None,
    publish: Annotated[
        Path | None, typer.Option(help="A folder to publish the manifest in; its hash is stated.")
    ] = None,
) -> None:  # fmt: skip
    """Register a model with every source that it declares, or be told which does not allow it.

    Of safetensors the tensors are registered, of other files every byte; it says which.

    \b
    Examples:
      kiseki model register model.bin --manifest manifest.json --royalty 5% --publish manifests
      kiseki model register lora.safetensors --manifest manifest.json \\
        --external base.safetensors=base.md
      kiseki model register model.bin --manifest manifest.json --gate market
    """
    k = context.kiseki()
    # A model cannot be revoked, so its terms need no notice.
    terms = terms_of(k, uses, royalty, "0%", licence, until, "0d", gate)
    known = read_manifest(manifest) if manifest else None
    parents = [context.hex32(each, "the parent") for each in parent or []]
    externals = externals_of(k, external)
    told_of_base(k, parents, externals)
    with show.progress("hashing", "bytes") as told:
        found = k.models.weights(weights, private=private, progress=told)
    show.say(found.words)
    paid = rights_payee(k, payee, "model")
    for each in k.models.may_be_gone(known) if known else ():
        show.say(each)

    def work(k: Kiseki) -> Registered:
        done = k.models.register(found, terms, manifest=known, parents=parents,
                                 externals=externals, run=run, payee=paid)  # fmt: skip
        if known and publish and not context.is_rehearsed(k):
            k.models.publish_manifest(done.id, known, publish)
        return done

    done = context.spend(k, f"model {found.commitment.hex()} {terms.id.hex()}", work)
    context.registered_told("model", done)


@model.command("look")
def look(manifest: ManifestFile) -> None:
    """Say which collections of a manifest may be gone before you register what you train on them.

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
        show.say("Consent to all of them holds for the next 30 days, whatever anybody does.")


@model.command("find")
def find(
    weights: Weights,
    run: Annotated[
        Path | None, typer.Option(help="A run's document, to compare the metadata with.")
    ] = None,
) -> None:
    """Find the registered models that have these weights: the same tensors, or the same file.

    Every salt in the key store is tried too. Ends with 4 when no model has them.

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
            "models": models, "hints": known.hints,
        })  # fmt: skip
    else:
        show.fields([
            ("form", known.weights.form), ("digest", known.weights.digest),
            ("metadata", known.weights.settings or "none that can be told"),
            *((each.name, f"{each.stated} ({each.words})") for each in known.hints),
        ])  # fmt: skip
        show.say(known.weights.words)
        for each in known.models:
            show.line(f"{to_hex(each.model)}: {each.words}; registered by {each.developer} on "
                      f"{show.date(each.registered_at)}")  # fmt: skip
        if not known.models:
            show.line("Unknown: no registered model has these weights, by any salt kept here.")
    if not known.models:
        raise typer.Exit(4)


@model.command("publish-manifest")
def publish_manifest(
    model: Model, manifest: ManifestFile,
    folder: Annotated[Path, typer.Argument(help="Where it is written, under the model's ID.")],
) -> None:  # fmt: skip
    """Write a model's manifest under its ID, and state its hash so that all can check it.

    \b
    Examples:
      kiseki model publish-manifest 0x3333… \\
        manifest.json manifests
    """
    wanted, known = context.hex32(model, "the model"), read_manifest(manifest)
    k = context.kiseki()
    done = context.spend(k, f"manifest {model}",
                         lambda k: k.models.publish_manifest(wanted, known, folder))  # fmt: skip
    context.receipts_told([done])


@model.command("check-manifest")
def check_manifest(model: Model, manifest: ManifestFile) -> None:
    """Walk a model's manifest to its end, so that it stands as checked for good; anybody's.

    --dry-run is refused: each step of the walk needs the one before.

    \b
    Examples:
      kiseki model check-manifest 0x3333… \\
        manifest.json
    """
    context.refuse_dry_run("check-manifest")
    wanted, known = context.hex32(model, "the model"), read_manifest(manifest)
    k = context.kiseki()
    with show.progress("walking", "items") as told:
        context.receipts_told(k.models.check_manifest(wanted, known, told))


@model.command("challenge")
def challenge(model: Model, manifest: ManifestFile) -> None:
    """Put on record for good that a model's published manifest is false, if it is.

    \b
    Examples:
      kiseki model challenge 0x3333… \\
        manifest.json
    """
    wanted, text = context.hex32(model, "the model"), _text(manifest)
    k = context.kiseki()
    done = context.spend(k, f"challenge {model}", lambda k: k.models.challenge(wanted, text))
    context.receipts_told(done)


@model.command("show")
def show_model(model: Model) -> None:
    """What is on record about a model: what it rests on, what it asks, and what was found.

    \b
    Examples:
      kiseki model show 0x3333…
    """
    k = context.watching()
    wanted, index = context.hex32(model, "the model"), k.index
    found, sources = index.model(wanted), index.sources(wanted)
    findings = index.findings(wanted, k.session.now())
    words = index.terms(found.terms_id).words(revocable=False)
    if context.current.json:
        show.json_line({
            **show.plain(found), "collections": len(sources.collections), "models": sources.models,
            "externals": sources.externals, "words": words,
            "manifest_checked_at": index.manifest_checked_at(wanted), "findings": findings,
        })  # fmt: skip
        return
    checked = show.date(index.manifest_checked_at(wanted)) or "not checked"
    show.fields([
        ("model", found.id), ("developer", found.developer),
        ("terms", words),
        ("registered", show.date(found.registered_at)),
        ("rests on", f"{len(sources.collections):,} collections, {len(sources.models):,} models, "
                     f"{len(sources.externals):,} that are not registered"),
        ("base models", found.base.words),
        ("of gross", f"{found.data_ppm / 10_000:g}% to data, {found.own_ppm / 10_000:g}% in all"),
        ("manifest", checked), ("paid to", found.split),
    ])  # fmt: skip
    for each in findings:
        show.say(f"{each.severity}: {each.sentence}")
