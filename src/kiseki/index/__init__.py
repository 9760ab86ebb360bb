"""Events into answers: who is owed what, what rests on what, and what only all events show.

    store/    the tables and the database
    facts/    an event into rows; every split rebuilt
    books/    what everybody received, and where it goes
    answers/  records, lineage, agreements, findings
    garbage   when Python looks for circles of garbage
    writer    events into facts and books, block by block, and back
    view      what questions about money look at
    digest    one hash over all that is held
    questions those about what was registered
    money     those about money
    past      all of them as they stood at an earlier block
    index     `Index`, the one thing to use

A part imports only from those above it. IDs and keys are ``bytes``, addresses lowercase text,
amounts ``int`` in base units, times Unix seconds.
"""

from kiseki.index.answers.agreements import LicenceRecord, OfferRecord, ScheduleRecord
from kiseki.index.answers.findings import MANIFEST, Finding
from kiseki.index.answers.spoken import Spoken
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
from kiseki.index.books.figures import Claimed, Held
from kiseki.index.books.owed import ClaimStep, Owed, ResolveStep, Step
from kiseki.index.books.waiting import Waiting
from kiseki.index.cursor import Cursor, Head
from kiseki.index.facts.splits import KnownSplit, Label
from kiseki.index.index import ONCE, Index
from kiseki.index.past import Past
from kiseki.index.store.database import drop, schemas
from kiseki.index.store.tables import VERSION
from kiseki.index.writer import DEPTH, REGISTRIES

__all__ = [
    "DEPTH",
    "MANIFEST",
    "ONCE",
    "REGISTRIES",
    "VERSION",
    "Account",
    "Balance",
    "BatchRecord",
    "Challenge",
    "ClaimStep",
    "Claimed",
    "CollectionRecord",
    "Cursor",
    "Edge",
    "Finding",
    "Found",
    "Head",
    "Held",
    "Index",
    "KnownSplit",
    "Label",
    "LicenceRecord",
    "Lineage",
    "ModelRecord",
    "Node",
    "OfferRecord",
    "Owed",
    "Past",
    "ResolveStep",
    "ScheduleRecord",
    "Sources",
    "Spoken",
    "StandingRecord",
    "Statement",
    "Status",
    "Step",
    "Usage",
    "Waiting",
    "drop",
    "schemas",
]
