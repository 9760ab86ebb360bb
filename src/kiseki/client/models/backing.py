"""How far a model's declaration of its data is backed, and by whose word.

On the chain stands what the developer declares. Beside it there can be documents: of a run in which
a hook of Kiseki's recorded what training consumed, and of statements by others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Literal

from kiseki.client.documents import Documents
from kiseki.core import contradictions
from kiseki.core.counts import percent
from kiseki.core.days import utc
from kiseki.core.keccak import keccak256
from kiseki.core.reproduction import Reproduction
from kiseki.core.run import Exposed, Run
from kiseki.core.values import to_hex
from kiseki.index import Finding, Lineage
from kiseki.index.answers.runs import Ran
from kiseki.index.answers.wording import short
from kiseki.index.questions import Questions
from kiseki.language import plural, say

__all__ = ["ATTESTING", "Backing", "Level", "backed_in_words", "backings", "told_findings"]

Level = Literal["declared", "recorded", "reproduced", "not reproduced", "attested", "unknown"]

REPRODUCTION = keccak256(b"reproduction")
ATTESTING = (REPRODUCTION, keccak256(b"audit"), keccak256(b"review"))
"""Sorts of statements by which somebody stands for a declaration."""

_MOST = 50
"""Statements that one answer tells of."""
_MODELS = 200
"""Models of a lineage whose documents are read: the newest."""


@dataclass(frozen=True, slots=True)
class Backing:
    """Somebody's word for what a model declares.

    Attributes:
        level: ``declared`` by the developer; ``recorded`` by a hook while it trained;
            ``reproduced``, ``not reproduced`` or ``attested`` by a statement; ``unknown`` where a
            statement about a reproduction is not at hand, or is about something else.
        by: who says so, lowercase address.
        is_developers: whether that is the developer itself.
        time: when, in Unix seconds.
        document: keccak256 of what is said; none where only the chain says it.
        is_here: whether that document is at hand. If not, only its hash is known, and what it says
            is unknown.
        reproduction: what became of making the training again; none of anything else.
    """

    level: Level
    by: str
    is_developers: bool
    time: int
    document: bytes | None
    is_here: bool
    reproduction: Reproduction | None = None

    @property
    def words(self) -> str:
        """For people, in English."""
        own = " (the developer itself)" if self.is_developers and self.level != "declared" else ""
        where = "" if self.document is None else f"; document {to_hex(self.document)}"
        said = backed_in_words(self.level, self.distance)
        return f"{utc(self.time)}, {self.by}{own}: {said}{where}"

    @property
    def distance(self) -> Fraction | None:
        """Of what came out again, as a part of the way from the base model; none where it was not
        measured."""
        return None if self.reproduction is None else self.reproduction.distance


def backed_in_words(level: str, distance: Fraction | None, language: str = "en") -> str:
    """What somebody's word is about. What a document says that is not here is unknown.

    Raises:
        InvalidInput: there is no such language.
    """
    far = "" if distance is None else percent(distance)
    if level == "declared":
        return say("declared when it was registered", language)
    if level == "recorded":
        return say("recorded by Kiseki's hook while it was trained", language)
    if level == "reproduced" and not distance:
        return say("made the training again: the same weights came out, bit for bit", language)
    if level == "reproduced":
        return say(
            "made the training again: it differs by {part} of the way from the base model, within "
            "what was stated before",
            language,
            part=far,
        )
    if level == "not reproduced" and distance is not None:
        return say(
            "made the training again: other weights came out, by {part} of the way from the base "
            "model",
            language,
            part=far,
        )
    if level == "not reproduced":
        return say("made the training again, and did not get the same weights", language)
    if level == "unknown":
        return say("about making the training again; what it says is not told here", language)
    return say("about what it declares; what it says is not told here", language)


def backings(index: Questions, documents: Documents, model: bytes) -> list[Backing]:
    """Who stands for what a model declares, as far as it is known here; the declaration first.

    Raises:
        NotInIndex: there is no such model.
    """
    record = index.model(model)
    who, when = record.developer, record.registered_at
    found = [Backing("declared", who, True, when, None, True)]
    run = documents.run(record.run)
    if run is not None and _is_recorded(run, record.manifest):
        found.append(Backing("recorded", who, True, when, record.run, True))
    for each in index.said_of_model(model, ATTESTING, _MOST):
        again = None
        level: Level = "attested"
        if each.kind == REPRODUCTION:
            again = documents.read(each.document, Reproduction.from_json)
            if again is not None and not _is_about(again, model, record.run, run):
                again = None
            level = _judged(again)
        is_here = each.document in documents
        found.append(Backing(
            level, each.speaker, each.speaker == who, each.time, each.document, is_here, again
        ))  # fmt: skip
    return found


def _judged(again: Reproduction | None) -> Level:
    if again is None:
        return "unknown"
    return "reproduced" if again.is_reproduced else "not reproduced"


def _is_about(again: Reproduction, model: bytes, key: bytes, run: Run | None) -> bool:
    """Whether it is about this model and this run, and about the tolerance that the run states.
    Without the run's document nobody can tell what was stated before."""
    same = (again.model, again.run) == (model, key)
    return same and run is not None and again.stated == run.tolerance


def _is_recorded(run: Run, root: bytes) -> bool:
    return run.exposure is not None and run.exposure.manifest == root


def told_findings(index: Questions, documents: Documents, lineage: Lineage) -> list[Finding]:
    """What documents show about the models of a lineage that cannot be so. Without documents there
    is nothing: what nobody published contradicts nothing.

    Codes: ``hook_manifest``; ``never_consumed`` and ``never_handed_out``, which are facts and no
    faults; and those of `kiseki.core.contradictions`.
    """
    if not documents:
        return []
    ran = index.runs_in(lineage, _MODELS)
    return [finding for each in ran for finding in _of(each, documents)]


def _of(ran: Ran, documents: Documents) -> Iterator[Finding]:
    run = documents.run(ran.run) if any(ran.run) else None
    if run is None:
        return
    exposed, told = run.exposure, run.trained
    if exposed is not None and exposed.manifest not in (None, ran.root):
        said = partial(_other_manifest, model=ran.model)
        yield Finding("hook_manifest", ran.model, "problem", said)
    if exposed is not None:
        yield from _handed(ran.model, exposed)
    if told is None:
        return
    found = [*contradictions.in_itself(told), *contradictions.with_base(told, ran.has_base)]
    published = (documents.manifest(each, ran.root) for each in ran.manifests)
    declared = next((each for each in published if each is not None), None)
    if declared is not None:
        found += contradictions.with_manifest(told, declared.weights)
    for each in found:
        severity = "problem" if each.is_certain else "fact"
        said = partial(_about, model=ran.model, contradiction=each)
        yield Finding(each.code, ran.model, severity, said)


def _handed(model: bytes, exposed: Exposed) -> Iterator[Finding]:
    """Receipts of vaults held against what training consumed, by the document's own word."""
    for code, number, said in (
        ("never_consumed", exposed.never_consumed, _never_consumed),
        ("never_handed_out", exposed.never_handed_out, _never_handed_out),
    ):
        if number:
            yield Finding(code, model, "fact", partial(said, model=model, number=number))


def _never_consumed(language: str, *, model: bytes, number: int) -> str:
    return plural(
        "The run's document of the model {model} says that a vault handed out {number} item that "
        "training never consumed.",
        "The run's document of the model {model} says that a vault handed out {number} items that "
        "training never consumed.",
        number,
        language,
        model=short(model),
    )


def _never_handed_out(language: str, *, model: bytes, number: int) -> str:
    return plural(
        "The run's document of the model {model} says that training consumed {number} item of "
        "which no vault's receipt was kept.",
        "The run's document of the model {model} says that training consumed {number} items of "
        "which no vault's receipt was kept.",
        number,
        language,
        model=short(model),
    )


def _other_manifest(language: str, *, model: bytes) -> str:
    return say(
        "The run's document of the model {model} says that training consumed other data than the "
        "model declares.",
        language,
        model=short(model),
    )


def _about(language: str, *, model: bytes, contradiction: contradictions.Contradiction) -> str:
    return say(
        "Of the model {model}: {finding}",
        language,
        model=short(model),
        finding=contradiction.words(language),
    )
