"""A finished LoRA: from what its trainer wrote into the file to a manifest and a run's document.

The file names the folders and how often each picture was taken. Its word is no path: only folders
that the caller names are read. What cannot be found, or is not as many pictures as the file says,
is named, and no manifest is made without it. Where the file is silent, whoever trained may say it;
that is kept apart from what the file says, and refused where it contradicts the file.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from kiseki.client.data.openings import Openings
from kiseki.client.models.making import Consumed, Made, make_of
from kiseki.client.models.placing import Laid, Placing
from kiseki.client.models.weights import Known, Weights, find_model, read_weights
from kiseki.client.wallet import Wallet
from kiseki.core import contradictions, ids
from kiseki.core.run import Hashes, Placed, Run
from kiseki.core.said import Said, against, draws_of
from kiseki.core.trained import Trained
from kiseki.core.trainers import trained
from kiseki.core.values import ZERO32, to_hex
from kiseki.disk.tables import PLAIN, Format
from kiseki.errors import InvalidInput
from kiseki.vault.files import hash_files

__all__ = ["Finished", "Laid", "Loras"]

_SILENT = Trained("", "")
_SAY = (
    "Name its folders of pictures (--folder NAME=PATH, or the folder that `kiseki training lay` "
    "laid), and say how often training took them: --epochs, and --repeats where nothing else says "
    "it"
)


@dataclass(frozen=True, slots=True)
class Finished:
    """A LoRA as its trainer left it.

    Attributes:
        weights: the file's.
        told: what the file says of its training; none where no trainer that is known wrote it.
        laid: the folders; empty where neither it nor the caller names any.
        said: what whoever trained says, where the file is silent.
    """

    weights: Weights
    told: Trained | None
    laid: tuple[Laid, ...]
    said: Said

    @property
    def problems(self) -> list[str]:
        """Why no manifest can be made of it; empty where one can."""
        told = self.told or _SILENT
        if self.told is None and not self.laid:
            return [
                "the file says nothing of its training: no trainer that Kiseki knows wrote it, or "
                f"what it wrote was taken out. {_SAY}"
            ]
        if self.told is not None and self.told.merged:
            titles = ", ".join(self.told.merged)
            return [
                f"the file is a merge of {titles}, and a merge says nothing of pictures. Register "
                "those models first and name them as its parents (kiseki model register --parent)"
            ]
        if not self.laid:
            return [f"{told.program} wrote nothing into the file of what it was trained on. {_SAY}"]
        found = [each.problem for each in self.laid if each.problem]
        folders = [(each.folder, len(each.files)) for each in self.laid]
        found += [f"{each}; leave it out, or correct it" for each in against(
            told, self.said, folders
        )]  # fmt: skip
        return found + [each.words() for each in contradictions.in_itself(told)]

    @property
    def is_exact(self) -> bool:
        """Whether it is known to the last picture how often training took each."""
        return bool(self.laid) and all(each.draws and each.draws.is_exact for each in self.laid)

    def shares(self) -> list[int]:
        """Of each folder the weight of one picture in a manifest: how often training took it. Where
        there are only bounds, their mean; all of them in whole numbers, with nothing common.

        Raises:
            InvalidInput: of a folder nothing is known.
        """
        means = []
        for each in self.laid:
            if each.draws is None or not each.draws.most:
                raise InvalidInput(
                    f"the file does not say how often {each.folder.name!r} was taken"
                )
            means.append((each.draws.least + each.draws.most) / 2)
        whole = math.lcm(*(each.denominator for each in means))
        numbers = [int(each * whole) for each in means]
        common = 1 if self.is_exact and whole == 1 else math.gcd(*numbers)
        return [each // common for each in numbers]

    def run(self, more: Mapping[str, Any] | None = None) -> Run:
        """The run: what the file says, where the pictures were found, and the weights. The hash of
        its document is registered with the model.

        Args:
            more: members of its own, beside those.
        """
        weights, base = self.weights, None if self.told is None else self.told.base
        return Run(
            Hashes(weights.form, weights.digest, weights.settings),
            seed=None if self.told is None else self.told.seed,
            base={base.name: base.sha256} if base is not None and base.sha256 else {},
            trained=self.told,
            said=self.said or None,
            folders=tuple(
                Placed(each.folder.name, len(each.files), each.draws) for each in self.laid
            ),
            more=more or {},
        )


class Loras:
    """Finished LoRAs; `Kiseki.models.loras`."""

    def __init__(self, wallet: Wallet, openings: Openings) -> None:
        """Use `Kiseki.models.loras`."""
        self._wallet, self._openings = wallet, openings

    def read(
        self,
        file: str | Path,
        root: str | Path | None = None,
        places: Mapping[str, str | Path | bytes] | None = None,
        *,
        sources: Iterable[str | Path] = (),
        form: Format = PLAIN,
        laid: str | Path | None = None,
        said: Said = Said(),  # noqa: B008 - frozen
        progress: Callable[[int, int], None] = lambda *_: None,
    ) -> Finished:
        """What a trainer wrote into its file, and where the pictures lie that it names.

        Args:
            file: of weights.
            root: the folder in which those that the file names lie, as the trainer was given it;
                also one that `kiseki.training.laying` laid, whose list says the collections.
            places: for a name that the file has (any, where it names none): a folder, where it is
                called otherwise now; a list of its pictures, as sd-scripts' fine-tuning takes it
                (JSON, where the file has the name of that list) or a table with the columns file or
                sha256; or the ID of the collection whose items they are.
            sources: folders and files with the pictures of lists and collections; those of a
                collection, and those with a hash, are found by their content. Default: `root`.
            form: how tables are read.
            laid: a folder that `kiseki.training.laying` laid, from whose pictures those that
                training took were cropped or resized. They are known by their names, which the
                tools of trainers keep (`kiseki.core.beside`), and count for their originals.
            said: what whoever trained says. It fills what the file leaves open (repeats also from
                the list of a folder that was laid), and what contradicts the file is a problem of
                the result (`Finished.problems`). Repeats under ``""`` are for all folders of which
                nothing else says them.
            progress: called with the number of bytes read of the file, and in all.

        Raises:
            FilesError: the file cannot be read, a place of `places` is none, or nothing was laid in
                `laid`.
            InvalidInput: `places` or `said` names a folder that the file does not, a list is none,
                or `laid` was laid in part or from another chain.
            NotInIndex: a collection of `places` is not on this chain.
        """
        weights = read_weights(file, progress)
        told, given = trained(weights.metadata), places or {}
        placing = Placing(
            self._openings, None if root is None else Path(root), given, tuple(map(Path, sources)),
            form, None if laid is None else Path(laid),
        )  # fmt: skip
        words = told or _SILENT
        is_open = words.folders is None and not words.merged
        folders = placing.folders() if is_open else words.folders or ()
        known = {each.name for each in folders}
        for name in (*given, *filter(None, said.repeats)):
            if name not in known:
                listed = ", ".join(sorted(known)) or "none"
                raise InvalidInput(f"the file names no folder {name!r:.80}; it names {listed}")
        placed = [placing.of(words, each) for each in folders]
        repeats = {**_left(placed, said.repeats.get("")), **said.repeats}
        repeats.pop("", None)
        filled = replace(said, repeats=repeats)
        return Finished(weights, told, _drawn(words, filled, placed), filled)

    def manifest(
        self,
        found: Finished,
        *,
        among: Sequence[bytes] = (),
        progress: Callable[[int, int], None] = lambda *_: None,
    ) -> Made:
        """The manifest: each picture with how often training took it. Sends nothing.

        Args:
            among: IDs of collections to choose, where a picture is in several.
            progress: called with the number of pictures hashed and in all.

        Raises:
            InvalidInput: there are `Finished.problems`, or the key store does not know a picture.
            FilesError: a picture cannot be read.
        """
        if found.problems:
            raise InvalidInput("; ".join(found.problems))
        shares = list(zip(found.laid, found.shares(), strict=True))
        consumed = [
            Consumed(str(path), digest, share, collection)
            for each, share in shares
            for path, (digest, collection) in each.made.items()
        ]
        files = [
            (path, share, each.collection)
            for each, share in shares
            for path in each.files
            if path not in each.made
        ]
        hashed = hash_files([path for path, *_ in files], progress)
        consumed += [
            Consumed(str(each.path), each.digest, share, collection)
            for each, (_, share, collection) in zip(hashed, files, strict=True)
        ]
        return make_of(self._openings, consumed, whole=(), among=among)

    def bases(self, found: Finished) -> list[bytes]:
        """The registered models whose whole file has the hash of the base model that the file
        names, earliest first. One that is registered by its tensors is found by its file alone
        (`Models.find`)."""
        base = None if found.told is None else found.told.base
        if base is None or base.sha256 is None:
            return []
        return self._wallet.session.index.models_with(ids.commitment(base.sha256, ZERO32))

    def base(
        self,
        found: Finished,
        file: str | Path,
        progress: Callable[[int, int], None] = lambda *_: None,
    ) -> Known:
        """What is known of the base model, where its file is at hand: the registered models with
        its tensors, or with the whole file.

        Args:
            file: of the base model, as `Models.find` takes it.
            progress: called with the number of bytes read of the file, and in all.

        Raises:
            FilesError: the file cannot be read.
            InvalidInput: it is not the file whose hash the trainer wrote.
        """
        known = find_model(self._wallet, file, None, progress)
        base = None if found.told is None else found.told.base
        if base is not None and None not in (base.sha256, known.whole) and (
            base.sha256 != known.whole
        ):  # fmt: skip
            raise InvalidInput(
                f"the file says that training began with {base.name or 'a model'!r:.80}, whose "
                f"SHA-256 is {to_hex(base.sha256 or b'')}; that of {file} is "
                f"{to_hex(known.whole or b'')}. If it is the same model, saved anew, name it "
                "yourself: --parent ID where it is registered, --external FILE=DOCUMENT where it "
                "is not"
            )
        return known


def _left(placed: Sequence[Laid], every: Fraction | None) -> dict[str, Fraction]:
    """Repeats that the file leaves open: as a folder was laid, or what holds for all others."""
    found: dict[str, Fraction] = {}
    for each in placed:
        left = every if each.repeats is None else Fraction(each.repeats)
        if each.folder.repeats is None and left is not None:
            found[each.folder.name] = left
    return found


def _drawn(told: Trained, said: Said, placed: Sequence[Laid]) -> tuple[Laid, ...]:
    """The folders, with how often each was taken, or why that is not known."""
    draws = draws_of(told, said, [(each.folder, len(each.files)) for each in placed])
    found = []
    for each, drawn in zip(placed, draws, strict=True):
        name, problem = each.folder.name, each.problem
        if drawn is None and not problem:
            problem = f"the file does not say how often training took a picture of {name!r:.80}; "
            if each.folder.repeats is None and name not in said.repeats:
                problem += f"say how often an epoch takes each (--repeats {name}=N), and "
            problem += (
                "say how many epochs the weights rest on (--epochs N), or how many steps of how "
                "many pictures (--steps N --batch N)"
            )
        by_user = each.draws is None and drawn is not None
        found.append(replace(each, draws=drawn, problem=problem, by_user=by_user))
    return tuple(found)
