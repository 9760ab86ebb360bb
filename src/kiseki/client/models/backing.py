"""How far a model's declaration of its data is backed, and by whose word.

On the chain stands what the developer declares. Beside it there can be documents: of a run in which
a hook of Kiseki's recorded what training consumed, and of statements by others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

from kiseki.client.documents import Documents
from kiseki.core import contradictions
from kiseki.core.days import utc
from kiseki.core.keccak import keccak256
from kiseki.core.run import Run
from kiseki.core.values import to_hex
from kiseki.index import Finding, Lineage
from kiseki.index.answers.runs import Ran
from kiseki.index.answers.wording import short
from kiseki.index.questions import Questions
from kiseki.language import say

__all__ = ["ATTESTING", "Backing", "Level", "backings", "level_in_words", "told_findings"]

Level = Literal["declared", "recorded", "reproduced", "attested"]

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
            ``reproduced`` or ``attested`` by a statement.
        by: who says so, lowercase address.
        is_developers: whether that is the developer itself.
        time: when, in Unix seconds.
        document: keccak256 of what is said; none where only the chain says it.
        is_here: whether that document is at hand. If not, only its hash is known, and what it says
            is unknown.
    """

    level: Level
    by: str
    is_developers: bool
    time: int
    document: bytes | None
    is_here: bool

    @property
    def words(self) -> str:
        """For people, in English."""
        own = " (the developer itself)" if self.is_developers and self.level != "declared" else ""
        where = "" if self.document is None else f"; document {to_hex(self.document)}"
        return f"{utc(self.time)}, {self.by}{own}: {level_in_words(self.level)}{where}"


def level_in_words(level: str, language: str = "en") -> str:
    """What somebody's word is about. What a document says that is not here is unknown.

    Raises:
        InvalidInput: there is no such language.
    """
    if level == "declared":
        return say("declared when it was registered", language)
    if level == "recorded":
        return say("recorded by Kiseki's hook while it was trained", language)
    if level == "reproduced":
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
        level: Level = "reproduced" if each.kind == REPRODUCTION else "attested"
        is_here = documents.read(each.document, bytes) is not None
        found.append(Backing(
            level, each.speaker, each.speaker == who, each.time, each.document, is_here
        ))  # fmt: skip
    return found


def _is_recorded(run: Run, root: bytes) -> bool:
    return run.exposure is not None and run.exposure.manifest == root


def told_findings(index: Questions, documents: Documents, lineage: Lineage) -> list[Finding]:
    """What documents show about the models of a lineage that cannot be so. Without documents there
    is nothing: what nobody published contradicts nothing.

    Codes: ``hook_manifest``, and those of `kiseki.core.contradictions`.
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
    if told is None:
        return
    found = [*contradictions.in_itself(told), *contradictions.with_base(told, ran.has_base)]
    published = (documents.manifest(each, ran.root) for each in ran.manifests)
    declared = next((each for each in published if each is not None), None)
    if declared is not None:
        found += contradictions.with_manifest(told, declared.weights)
    for each in found:
        severity = "fact" if each.code == "trainer_more" else "problem"
        said = partial(_about, model=ran.model, contradiction=each)
        yield Finding(each.code, ran.model, severity, said)


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
