"""`kiseki model from-lora`: registers a LoRA from what its trainer wrote into the file."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, show
from kiseki.cli.bases import External, externals_of, told_of_base
from kiseki.cli.model import model
from kiseki.cli.revenue import RightsPayee, rights_payee
from kiseki.cli.terms import Document, Gate, Royalty, Until, Uses, terms_of
from kiseki.core.keccak import keccak256
from kiseki.core.said import Said
from kiseki.core.values import to_hex
from kiseki.disk import texts
from kiseki.errors import InvalidInput

if TYPE_CHECKING:
    from kiseki.client.data.registering import Registered
    from kiseki.client.kiseki import Kiseki
    from kiseki.client.models.lora import Finished, Laid

__all__ = ["from_lora"]

_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?", re.ASCII)
_COMMIT = re.compile("[0-9a-f]{40}")


@model.command("from-lora")
def from_lora(
    file: Annotated[Path, typer.Argument(help="The LoRA, a safetensors file.")],
    root: Annotated[
        Path | None,
        typer.Argument(help="The folder that the trainer was given, with those of the pictures."),
    ] = None,
    folder: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=PATH",
            help="Where the pictures of a folder lie that the file names: a folder, a list of them "
            "(JSON of sd-scripts, or a table with file or sha256) or a collection, 0x…; repeat.",
        ),
    ] = None,
    source: Annotated[
        list[Path] | None,
        typer.Option("--from", metavar="PATH",
                     help="A folder with the pictures of lists and collections; repeat."),
    ] = None,
    laid: Annotated[
        Path | None,
        typer.Option(help="A folder that `kiseki training lay` laid, from whose pictures those of "
                          "the file were cropped or resized."),
    ] = None,
    collection: Annotated[
        list[str] | None,
        typer.Option(help="The collection to choose where a file is in several, 0x…; repeat."),
    ] = None,
    parent: Annotated[
        list[str] | None, typer.Option(help="The base model, registered, 0x…; repeat.")
    ] = None,
    base: Annotated[
        Path | None,
        typer.Option(help="The file of the base model; finds it where it is registered."),
    ] = None,
    external: External = None,
    epochs: Annotated[
        str | None,
        typer.Option(metavar="N",
                     help="How many epochs the weights rest on, where the file does not say it; "
                          "2.5 for a training that stopped within the third."),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(min=1, help="How many steps of the optimizer the weights rest on, likewise; "
                                 "with --batch in place of --epochs."),
    ] = None,
    batch: Annotated[
        int | None,
        typer.Option(min=1, help="Pictures of one step, all its batches together, likewise."),
    ] = None,
    repeats: Annotated[
        list[str] | None,
        typer.Option(metavar="N",
                     help="How often an epoch takes each picture, likewise; or NAME=N for one "
                          "folder, repeat. A folder that `kiseki training lay` laid says it."),
    ] = None,
    uses: Uses = None, royalty: Royalty = None, licence: Document = None,
    until: Until = None, gate: Gate = None,
    payee: RightsPayee = None,
    publish: Annotated[
        Path | None, typer.Option(help="Write the manifest into this folder and record its hash.")
    ] = None,
    run_out: Annotated[
        Path | None,
        typer.Option(
            help="The file for the run's document. Default: beside the manifest of --publish, else "
            "beside the LoRA."
        ),
    ] = None,
) -> None:  # fmt: skip
    """Register a LoRA from what its trainer wrote into the file.

    Reads kohya's sd-scripts (also its GUI), OneTrainer, ai-toolkit and diffusers: which folders of
    pictures it was trained on, how often each picture was taken, and the base model. The key store
    must know each picture: it registered it, or took in the provider's receipt (`kiseki data
    receive`). A folder that cannot be found, or has more or fewer pictures than the file says, is
    named, and nothing is sent. The file is the word of whoever trained, and so is the manifest.

    Many files say too little: OneTrainer writes no steps, ai-toolkit and diffusers no folders. Then
    say it yourself: folders with --folder (or name a folder that was laid), how often with --epochs
    and --repeats. It is shown and written down as told by you, and refused where it contradicts the
    file.

    A folder that `kiseki training lay` laid says itself which collections its pictures are of; what
    was cropped or resized from them (--laid) counts for its original. With --from, pictures are
    found by their content, whatever they are called. --base compares the hash of the base model's
    file with the one in the LoRA, and finds the model by its tensors.
    Sends one transaction, and more for new terms, a new split, over 1,024 collections or --publish.

    \b
    Examples:
      kiseki model from-lora foxes.safetensors train --external base.safetensors=base.md \\
        --uses train --royalty 5% --publish manifests
      kiseki model from-lora foxes.safetensors --folder 10_foxes=drawings \\
        --external unknown --uses train --royalty 5%
      kiseki model from-lora foxes.safetensors --folder meta_cap.json=meta_cap.json --from images \\
        --base base.safetensors --uses train --royalty 5%
      kiseki model from-lora onetrainer.safetensors train --epochs 20 --external unknown \\
        --uses train --royalty 5%
      kiseki model from-lora bare.safetensors --folder foxes=drawings --repeats 1 --epochs 20 \\
        --external unknown --uses train --royalty 5%
    """
    k = context.kiseki()
    with show.progress("hashing", "bytes") as told:
        found = k.models.loras.read(
            file,
            root,
            _places(folder),
            sources=source or (),
            form=context.table(),
            laid=laid,
            said=Said(_number(epochs), steps, batch, _repeats(repeats)),
            progress=told,
        )
    _tell(found)
    if found.problems:
        raise InvalidInput("; ".join(found.problems))
    parents = [context.hex32(each, "the parent") for each in parent or []]
    externals = externals_of(k, external)
    if base is not None:
        parents += _by_file(k, found, base)
    elif not parents and not externals:
        parents = _base(k, found)
    told_of_base(k, parents, externals)
    terms = terms_of(k, uses, royalty, "0%", licence, until, "0d", gate)
    with show.progress("hashing", "pictures") as told:
        made = k.models.loras.manifest(
            found, among=[context.hex32(each, "the collection") for each in collection or ()],
            progress=told,
        )  # fmt: skip
    run, paid = found.run().to_json(), rights_payee(k, payee, "model")
    place = run_out or (publish or file.parent) / f"{file.name}.run.json"
    if place.exists() and texts.read(place) != run:
        raise InvalidInput(f"there is another file {place} already; name one with --run-out")
    says = [found.weights.words, f"Terms: {terms.words(revocable=False)}"]
    says.append(f"Its money goes to {payee or 'its own rights token'}.")
    says.append(f"The run's document goes into {place}, and its hash is registered.")
    says += k.models.may_be_gone(made.manifest)

    def work(k: Kiseki) -> Registered:
        return k.models.register(
            found.weights, terms, manifest=made.manifest, parents=parents, externals=externals,
            run=keccak256(run.encode()), payee=paid, publish=publish,
        )  # fmt: skip

    name = f"model {found.weights.commitment.hex()} {terms.id.hex()}"
    done = context.spend(k, name, says, work)
    texts.write(place, run, folder=True)
    context.registered_told("model", done)
    show.say(f"See it: kiseki model show {to_hex(done.id)} --documents {place.parent}")


def _places(given: list[str] | None) -> dict[str, str | Path | bytes]:
    places: dict[str, str | Path | bytes] = {}
    for each in given or []:
        name, equals, path = each.partition("=")
        if not (name and equals and path):
            raise InvalidInput(f"--folder is NAME=PATH or NAME=0x…, and this is {each!r:.80}")
        is_collection = path.startswith("0x") and not Path(path).exists()
        places[name] = context.hex32(path, "the collection") if is_collection else Path(path)
    return places


def _number(text: str | None) -> Fraction | None:
    if text is None:
        return None
    if not _DECIMAL.fullmatch(text) or not Fraction(text):
        raise InvalidInput(f"this is no number of epochs or repeats: {text!r:.80}; say 10 or 2.5")
    return Fraction(text)


def _repeats(given: list[str] | None) -> dict[str, Fraction]:
    """By the folder; under no name for all others."""
    found: dict[str, Fraction] = {}
    for each in given or []:
        name, _, number = each.rpartition("=")
        found[name] = _number(number) or Fraction(0)
    return found


def _tell(found: Finished) -> None:
    """What the file says, before anything is asked or sent."""
    told = found.told
    if told is None:
        if found.laid and not context.current.json:
            show.say("The file says nothing of its training; what follows is told by you.")
            _table(found)
        return
    steps = "" if told.steps is None else f", {show.count(told.steps, 'step')}"
    version = told.version[:12] if _COMMIT.fullmatch(told.version) else told.version
    show.say(f"{told.program} {version}".strip() + f" wrote this file{steps}.")
    if told.resized:
        show.say("It was made smaller from another file, whose words it keeps.")
    if not context.current.json:  # one line of JSON is all that a program reads
        _table(found)
    if found.laid and not found.problems and not found.is_exact:
        show.say(
            "It is not known to the last picture how often each was taken; the manifest "
            "declares the mean of what it can have been."
        )


def _table(found: Finished) -> None:
    show.table(
        ["folder", "pictures", "taken", "where"],
        [(each.folder.name + (" (regularisation)" if each.folder.regularisation else ""),
          "" if each.folder.images is None else f"{each.folder.images:,}",
          _taken(each), each.path or "not found") for each in found.laid],
        ["pictures"],
    )  # fmt: skip


def _taken(laid: Laid) -> str:
    draws = laid.draws
    if draws is None:
        return "unknown"
    words = f"{draws.least} times" if draws.is_exact else f"{draws.least} to {draws.most} times"
    return f"{words}, told by you" if laid.by_user else words


def _base(k: Kiseki, found: Finished) -> list[bytes]:
    """The base model that the file names, where it is registered.

    Raises:
        InvalidInput: it is not, or the file names none: what the LoRA rests on is for its developer
            to say.
    """
    base = None if found.told is None else found.told.base
    registered = k.models.loras.bases(found)
    if len(registered) == 1:
        return registered
    named = "the file does not name its base model"
    if base is not None:
        named = f"the file names the base model {base.name or 'by a hash'!r:.80}"
        if registered:
            named += ", which several models are registered with"
    raise InvalidInput(
        f"{named}; say which it is: --parent ID where it is registered, --external FILE=DOCUMENT "
        "where it is not, or --external unknown"
    )


def _by_file(k: Kiseki, found: Finished, file: Path) -> list[bytes]:
    """The base model whose file is at hand.

    Raises:
        InvalidInput: it is not registered, or several models have its weights, or it is not the
            one that the LoRA names.
    """
    with show.progress("hashing", "bytes") as told:
        known = k.models.loras.base(found, file, told)
    show.say(f"{file}: {known.weights.words}")
    if len(known.models) == 1:
        show.say(f"It is the model {to_hex(known.models[0].model)} ({known.models[0].words}).")
        return [known.models[0].model]
    if known.models:
        several = ", ".join(to_hex(each.model) for each in known.models)
        raise InvalidInput(f"several models have the weights of {file}: {several}; name one with "
                           "--parent in place of --base")  # fmt: skip
    raise InvalidInput(
        f"{file} is no registered model. Name it with --external {file}=DOCUMENT in place of "
        "--base, where DOCUMENT says where it comes from and what its licence allows"
    )
