"""Makes the run of a registered model again, and says what became of it."""

from __future__ import annotations

import math
import platform
import shlex
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from kiseki.client.kiseki import Kiseki
from kiseki.client.models.weights import Weights, read_weights
from kiseki.core import ids
from kiseki.core.keccak import keccak256
from kiseki.core.manifest import Manifest
from kiseki.core.reproduction import Reproduction, judged
from kiseki.core.run import Run
from kiseki.core.values import ZERO32, one_line, to_hex
from kiseki.disk import atomic
from kiseki.errors import FilesError, InvalidInput
from kiseki.training.isolation import rooms
from kiseki.training.isolation.checked import must_hold
from kiseki.training.isolation.outputs import removed, take
from kiseki.training.isolation.rooms import BASE, CODE, INPUTS, OUTPUT, Bounds, Room
from kiseki.training.isolation.running import Ended
from kiseki.training.isolation.running import run as run_in
from kiseki.training.reproducing import gathering
from kiseki.training.reproducing.comparing import compare
from kiseki.training.reproducing.gathering import Gathered
from kiseki.training.reproducing.surroundings import Surroundings, here, install
from kiseki.training.runs.interpreters import Interpreter, environment, interpreter
from kiseki.vault.files import hash_files

__all__ = ["DOCUMENT", "LOG", "Given", "Plan", "plan", "registered", "reproduce"]

DOCUMENT, LOG = "reproduction.json", "log.txt"
"""What a folder of a reproduction holds, beside the weights that came out."""
_WORK = ".work-"
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Given:
    """What whoever makes a run again brings along.

    Attributes:
        inputs: folders in which the recorded inputs lie.
        code: the folder of the program.
        wheels: a folder with the recorded wheels; without it the packages here must be the same.
        published: the file of the weights that are registered; needed for a distance.
        base: the file of the base model; likewise.
        manifest: the model's manifest, with which the inputs are compared.
        python: the interpreter. Default: the one that runs Kiseki.
        bounds: how much the command may take.
    """

    inputs: Sequence[Path] = ()
    code: Path | None = None
    wheels: Path | None = None
    published: Path | None = None
    base: Path | None = None
    manifest: Manifest | None = None
    python: Path | None = None
    bounds: Bounds = field(default_factory=Bounds)


@dataclass(frozen=True, slots=True)
class Plan:
    """A run that can be made again: all that it needs is there. Nothing ran yet.

    Attributes:
        model: the model's ID.
        document: keccak256 of the run's document.
        run: what it says.
        given: what was brought along.
        inputs, code: where the recorded files are.
        python: the interpreter.
        notes: what should be known before, in English.
    """

    model: bytes
    document: bytes
    run: Run
    given: Given
    registry: str
    chain_id: int
    inputs: Gathered
    code: Gathered
    python: Interpreter
    notes: tuple[str, ...]

    @property
    def command(self) -> list[str]:
        """As it is run: with the folders of the room."""
        if self.run.command is None:
            raise InvalidInput("the run's document holds no command")
        places = {"{inputs}": INPUTS, "{output}": OUTPUT, "{base}": f"{BASE}/model"}
        said = []
        for each in self.run.command.arguments:
            for name, place in places.items():
                each = each.replace(name, place)
            said.append(each)
        return said

    @property
    def words(self) -> str:
        """What a stranger's document has run here, for people to agree to."""
        command = one_line(shlex.join(self.command), 2_000)
        hours, memory = self.given.bounds.seconds / 3600, self.given.bounds.memory / 2**30
        return (
            f"The document says that `{command}` made the model. It is somebody else's "
            "command. It runs in isolation: without network, home, keys and environment, "
            f"for at most {hours:,.6g} {'hour' if hours == 1 else 'hours'} and with at most "
            f"{memory:,.6g} GiB of memory."
        )


def plan(
    k: Kiseki,
    model: bytes,
    document: str | bytes,
    given: Given,
    progress: Progress = lambda *_: None,
) -> Plan:
    """Checks that all is there and as it was recorded. Runs nothing and sends nothing.

    Args:
        document: the run's document, whose hash must be registered with the model.
        progress: called with the inputs that are hashed, and all there are.

    Raises:
        NotInIndex: no such model is registered on this chain.
        InvalidInput: the document is another one than the model's, says nothing that could be run,
            or contradicts the chain; inputs or code are missing, changed or too much.
        FilesError: a file cannot be read.
    """
    record, run = k.index.model(model), registered(k, model, document)
    if run.command is None:
        raise InvalidInput("the run's document says no command, so nothing can be run again")
    salts = [ZERO32, *(salt for _, salt in k.salts.held([run.weights.digest]))]
    if record.weights not in {ids.commitment(run.weights.digest, each) for each in salts}:
        raise InvalidInput(
            "the run's document names other weights than those that are registered, or a salt "
            "hides these that this key store does not hold; nothing was run"
        )
    found = gathering.inputs(run, k.data.openings, given.inputs, progress)
    code = gathering.code(run, given.code)
    problems = [*found.problems, *code.problems, *_against(k, model, given.manifest, found)]
    if given.published is not None:
        problems += _published(given.published, run)
    problems += _bases(given.base, run)
    if problems:
        raise InvalidInput(f"{'; '.join(problems[:20])}. Nothing was run")
    notes = [] if run.tolerance is not None else [
        "The document states no tolerance, so only equal tensors count."
    ]  # fmt: skip
    return Plan(
        model, record.run, run, given, k.session["ModelRegistry"].address.lower(),
        k.session.chain_id, found, code, interpreter(given.python), tuple(notes),
    )  # fmt: skip


def registered(k: Kiseki, model: bytes, document: str | bytes) -> Run:
    """The run in a document, whose hash must be registered with the model.

    Raises:
        NotInIndex: no such model is registered on this chain.
        InvalidInput: the document is another one than the model's, or says nothing.
    """
    record = k.index.model(model)
    digest = keccak256(document.encode() if isinstance(document, str) else document)
    if digest != record.run:
        raise InvalidInput(
            f"the document has the hash {to_hex(digest)}, and the model {to_hex(model)} is "
            f"registered with {to_hex(record.run) if any(record.run) else 'no document'}; nothing "
            "was run"
        )
    return Run.from_json(document)


def reproduce(
    planned: Plan, folder: Path, told: Callable[[float, bytes], None] = lambda *_: None
) -> Reproduction:
    """Runs the recorded command in isolation, and compares what comes out.

    Writes into the folder: the log, the weights that came out, and at last the document of the
    reproduction. An interrupted one can be run again with the same folder. Sends nothing.

    Args:
        folder: is made if it is not there; holds no document of an earlier reproduction.
        told: called now and then with the seconds that a command runs, and the end of what it says.

    Raises:
        FilesError: the folder holds a reproduction already, or something cannot be copied there.
        InvalidInput: the recorded packages are not to be had.
        NotIsolated: there is no isolation here. Nothing was run.
    """
    if (folder / DOCUMENT).exists():
        raise FilesError(f"{folder} holds a reproduction already; name another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for each in folder.glob(f"{_WORK}*"):
            removed(each)
        work = Path(tempfile.mkdtemp(prefix=_WORK, dir=folder))
        work.chmod(0o755)
        try:
            found = _made(planned, folder, work, told)
        finally:
            removed(work)
        atomic.write(folder / DOCUMENT, found.to_json())
    except OSError as error:
        raise FilesError(f"{folder} cannot be written ({error.strerror})") from error
    return found


def _made(
    planned: Plan, folder: Path, work: Path, told: Callable[[float, bytes], None]
) -> Reproduction:
    run, given = planned.run, planned.given
    around = _around(planned, work, told)
    base = Gathered({}, frozenset(), ())
    if given.base is not None:
        (hashed,) = hash_files([given.base])
        base = replace(base, files={"model": (given.base, hashed.digest)})
    gathering.copy(base, work / "base")
    gathering.copy(planned.inputs, work / "inputs")
    gathering.copy(planned.code, work / "code")
    room = Room(
        rooms.made(work / "output"),
        {INPUTS: work / "inputs", CODE: work / "code", BASE: work / "base",
         **around.reads},
        around.programs, around.path, at=CODE, bounds=given.bounds,
    )  # fmt: skip
    must_hold(room, around.python)
    command = planned.command
    if command[0] == "python":
        command[0] = around.python
    with (folder / LOG).open("wb") as log:
        ended = run_in(room, command, log, told)
    machine = environment(planned.python)
    done = Reproduction(
        planned.model, planned.document, planned.registry, planned.chain_id, "failed",
        stated=run.tolerance, published=run.weights.digest, packages=around.how,
        python=planned.python.version, system=f"{platform.system()} {platform.machine()}",
        hardware=one_line(machine.hardware), seconds=math.ceil(ended.seconds),
        reason="; ".join(around.notes),
    )  # fmt: skip
    if not ended.is_well:
        return _because(done, _failed(ended))
    assert run.command is not None  # noqa: S101 - `plan` looked
    file = folder / f"reproduced{Path(run.command.weights).suffix[:20]}"
    try:
        take(room.output, run.command.weights, file, given.bounds.output)
        mine = read_weights(file)
    except FilesError as error:
        return _because(done, one_line(str(error)))
    return _compared(done, run, given, mine, file)


def _compared(
    done: Reproduction, run: Run, given: Given, mine: Weights, file: Path
) -> Reproduction:
    same = (mine.form, mine.digest) == (run.weights.form, run.weights.digest)
    done = replace(done, reproduced=mine.digest, outcome=judged(same, None, run.tolerance))
    if same:
        return done
    if given.published is None:
        return _because(
            done, "how far it is was not measured: the published weights were not named"
        )
    if run.base and given.base is None:
        # Without it the way would begin at zero, and be longer than training went.
        return _because(done, "how far it is was not measured: the base model was not named")
    measured = compare(file, given.published, given.base)
    found = replace(
        done,
        distance=measured.distance,
        against=measured.against if measured.distance is not None else None,
        outcome=judged(False, measured.distance, run.tolerance),
    )
    return _because(found, measured.reason.rstrip(".")) if measured.reason else found


def _around(planned: Plan, work: Path, told: Callable[[float, bytes], None]) -> Surroundings:
    cache = planned.given.wheels
    if cache is None:
        return here(planned.run, planned.python)
    (work / "packages").mkdir(mode=0o755)
    return install(planned.run, planned.python, cache, work / "packages", told)


def _because(done: Reproduction, reason: str) -> Reproduction:
    return replace(done, reason="; ".join(each for each in (reason, done.reason) if each))


def _failed(ended: Ended) -> str:
    return ended.reason or f"the command ended with {ended.code}; the log says more"


def _against(k: Kiseki, model: bytes, manifest: Manifest | None, found: Gathered) -> list[str]:
    """What the inputs and the model's manifest have that the other has not."""
    if manifest is None:
        return []
    if k.index.sources(model).collections != manifest.collections:
        return ["the manifest is another one than the model's"]
    declared = {item for pairs in manifest.items.values() for item, _ in pairs}
    more, fewer = len(found.ids - declared), len(declared - found.ids)
    return [
        *([f"{more:,} of the recorded items are not in the model's manifest"] if more else []),
        *([f"{fewer:,} of the manifest's items are not recorded as inputs"] if fewer else []),
    ]


def _published(path: Path, run: Run) -> list[str]:
    found = read_weights(path)
    if (found.form, found.digest) == (run.weights.form, run.weights.digest):
        return []
    return [f"{path} has other weights than those that are published"]


def _bases(path: Path | None, run: Run) -> list[str]:
    needs = run.command is not None and any("{base}" in each for each in run.command.arguments)
    if path is None:
        named = ", ".join(one_line(each, 80) for each in run.base)
        return [f"the command needs the file of the base model ({named}); name it"] if needs else []
    (hashed,) = hash_files([path])
    known = {*run.base.values(), *run.files.values()}
    if hashed.digest in known:
        return []
    # Any other would make the way as long as whoever runs it again likes.
    return [
        f"{path} is another base model than the recorded one" if run.base
        else f"the run's document names no base model, so {path} cannot be one"
    ]  # fmt: skip
