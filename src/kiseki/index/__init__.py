"""Events into answers: who is owed what, what rests on what, and what only all events show.

    store/    the tables and the database
    facts/    an event into rows; every split rebuilt
    books/    what everybody received, and where it goes
    answers/  records, lineage, agreements, findings
    index     `Index`, the one thing to use

A part imports only from those above it. IDs and keys are ``bytes``, addresses lowercase text,
amounts ``int`` in base units, times Unix seconds.
"""

from kiseki.index.answers.agreements import LicenceRecord, OfferRecord, ScheduleRecord
from kiseki.index.answers.findings import MANIFEST, Finding
from kiseki.index.answers.trace import Edge, Lineage, Node, Usage
from kiseki.index.answers.values import (
    BatchRecord,
    Challenge,
    CollectionRecord,
    Found,
    ModelRecord,
    Sources,
    StandingRecord,
    Statement,
    Status,
)
from kiseki.index.books.balance import Account, Balance
from kiseki.index.books.owed import ClaimStep, Owed, ResolveStep, Step, steps
from kiseki.index.facts.splits import KnownSplit, Label
from kiseki.index.index import ONCE, REGISTRIES, Index

__all__ = [
    "MANIFEST",
    "ONCE",
    "REGISTRIES",
    "Account",
    "Balance",
    "BatchRecord",
    "Challenge",
    "ClaimStep",
    "CollectionRecord",
    "Edge",
    "Finding",
    "Found",
    "Index",
    "KnownSplit",
    "Label",
    "LicenceRecord",
    "Lineage",
    "ModelRecord",
    "Node",
    "OfferRecord",
    "Owed",
    "ResolveStep",
    "ScheduleRecord",
    "Sources",
    "StandingRecord",
    "Statement",
    "Status",
    "Step",
    "Usage",
    "steps",
]
