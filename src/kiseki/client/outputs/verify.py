"""Verifying a file: one sentence that a person understands, and the findings behind it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from kiseki.client.documents import Documents
from kiseki.client.models.backing import told_findings
from kiseki.client.session import Session
from kiseki.client.sources import shown
from kiseki.core import ids
from kiseki.core.base import Base
from kiseki.core.days import utc
from kiseki.core.merkle import IdTree
from kiseki.core.values import ZERO32, ZERO_ADDRESS
from kiseki.index import BatchRecord, Finding, Index
from kiseki.language import mark, say
from kiseki.vault.files import HashedOutput

__all__ = ["Verification", "verify_output"]

_NOT_IN_BATCH = 1
_PROBLEMS = {
    _NOT_IN_BATCH: ("not_in_batch", mark("The contract does not find this file in the batch.")),
    2: ("unknown_batch", mark("The contract does not know the batch.")),
    4: ("undisclosed_base", mark("The batch rests on a base model that is undisclosed.")),
    8: ("sources_not_shown", mark("The batch's sources could not be shown to the contract.")),
}


@dataclass(frozen=True, slots=True)
class Verification:
    """What is known of a file.

    Attributes:
        commitment: of the file with the zero salt, 32 bytes; what was looked up.
        form: what of the file is registered: all but the credentials that it carries, or the whole
            file; `None` when nothing is. A file that carries none is whole.
        batch: the batch that it was registered in first; `None` when no published batch holds it.
        registrant: who registered that.
        registered_at: when, in Unix seconds.
        rights_holder: who holds the batch's rights token; `None` before it is minted.
        base: the worst level of the base models above; `None` when no published batch holds it.
        endorsed: every model is the registrant's own or was endorsed for this batch.
        findings: problems first, then facts worth knowing.
        sentence: all of this for a person. It never says more than was found out.
    """

    commitment: bytes
    form: Literal["without credentials", "whole file"] | None
    batch: bytes | None
    registrant: str | None
    registered_at: int | None
    rights_holder: str | None
    base: Base | None
    endorsed: bool
    findings: tuple[Finding, ...]
    sentence: str

    @property
    def known(self) -> bool:
        """Whether a published batch holds this very file."""
        return self.batch is not None

    @property
    def problems(self) -> tuple[Finding, ...]:
        """The findings that are problems."""
        return tuple(each for each in self.findings if each.severity == "problem")


def verify_output(
    session: Session,
    file: HashedOutput,
    *,
    traced_only: bool = False,
    documents: Documents | None = None,
) -> Verification:
    """What is known of a generated file: without its credentials, or else as it is.

    The contract answers for the batch and its direct sources; the index for ancestors, for what was
    registered twice, and for what changed since.

    Args:
        traced_only: a base model that is not registered is a problem, whatever is stated of it.
        documents: that tell how its models were trained.
    """
    index = session.index
    for digest in (file.digest, file.whole):
        commitment = ids.commitment(digest, ZERO32)
        found = [each for each in index.find(commitment) if each.kind == "batch"]
        if found:
            break
    else:
        return Verification(
            ids.commitment(file.digest, ZERO32),
            None, None, None, None, None, None, False, (),
            "Unknown: no batch of generated files holds this very file. That says nothing about a "
            "changed copy of it, nor about training data, which salts hide from this question."
            + (f" Credentials in it could not be told: {file.odd}." if file.odd else ""),
        )  # fmt: skip
    form: Literal["without credentials", "whole file"] = (
        "whole file" if digest == file.whole else "without credentials"
    )
    first = found[0]
    record = index.batch(first.id)
    answer = _ask(session, index, record, commitment)
    lineage = index.lineage(first.id, session.now())
    findings = list(index.findings_in(lineage))
    if documents is not None:
        findings += told_findings(index, documents, lineage)
    if traced_only:
        findings = [
            replace(each, severity="problem") if each.code == "stated_base" else each
            for each in findings
        ]
    told = {each.code for each in findings}
    bits = answer["problems"]
    if not record.complete:
        bits &= ~_NOT_IN_BATCH  # no proof can be made of a list with gaps, so none was shown
    findings += [
        Finding(code, first.id, "problem", partial(say, sentence))
        for bit, (code, sentence) in _PROBLEMS.items()
        if bits & bit and code not in told
    ]
    findings.sort(key=lambda each: each.severity != "problem")
    facts = answer["facts"]
    holder = facts["rightsHolder"]
    return Verification(
        commitment=commitment,
        form=form,
        batch=first.id,
        registrant=facts["registrant"],
        registered_at=facts["registeredAt"],
        rights_holder=None if holder == ZERO_ADDRESS else holder,
        base=Base(facts["base"]),
        endorsed=facts["endorsed"],
        findings=tuple(findings),
        sentence=_sentence(facts, findings) + _of(form, file),
    )


def _ask(session: Session, index: Index, record: BatchRecord, commitment: bytes) -> Any:
    known = index.sources(record.id)
    # Of an incomplete list no proof can be made. That the file is in the batch, the contract has
    # checked all the same, when the commitment was logged.
    proof: list[bytes] = []
    if record.complete:
        tree = IdTree.of(ids.item_ids(record.creator, record.published))
        proof = list(tree.proof(ids.item_id(record.creator, commitment)))
    return session["OutputRegistry"].read(
        "verify", commitment, record.id, (record.root, known.hash), proof, shown(known)
    )


def _sentence(facts: Any, findings: list[Finding]) -> str:
    begin = f"Registered by {facts['registrant']} on {utc(facts['registeredAt'])}"
    problems = [each for each in findings if each.severity == "problem"]
    if problems:
        return f"{begin}, with {_number(len(problems), 'problem')}: {_join(problems)}"
    if findings:
        return (
            f"{begin}; everything its models declare was authorised when they were registered. "
            f"Since then or beside that: {_join(findings)}"
        )
    return (
        f"{begin}; everything its models declare was authorised when they were registered, "
        "and nothing was found against it. The declaration itself is the developers' word."
    )


def _of(form: str, file: HashedOutput) -> str:
    if file.digest == file.whole:
        return ""
    if form == "whole file":
        return " It was registered with the credentials (C2PA) that the file carries."
    return " That is said of the file without the credentials (C2PA) that it carries."


def _join(findings: list[Finding]) -> str:
    shown = [each.sentence for each in findings[:3]]
    if len(findings) > 3:
        shown.append(f"And {len(findings) - 3} more.")
    return " ".join(shown)


def _number(count: int, what: str) -> str:
    return f"one {what}" if count == 1 else f"{count} {what}s"
