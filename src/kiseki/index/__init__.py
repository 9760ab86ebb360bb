"""Events into answers: who is owed what, what rests on what, and what only all events show.

    errors      what is raised
    schema      the tables
    store       the database
    fold        an event into rows
    splits      the known splits
    rebuild     what every model and batch rests on and pays, from events alone
    subjects    whom a subject stands for
    ledger      what the splitter holds
    flow        the splitter, simulated: where all of it would go
    owed        what a wallet is owed, and the steps that bring it
    balance     in = out + held
    records     single collections, models and batches
    trace       usage and lineage
    agreements  conditional transfers, offers, licences, waterfalls
    findings    what only the index sees
    index       `Index`, the one thing to use

A module imports only from those above it. IDs and keys are ``bytes``, addresses lowercase text,
amounts ``int`` in base units, times Unix seconds.
"""

from kiseki.index.agreements import LicenceRecord, OfferRecord, ScheduleRecord
from kiseki.index.balance import Account, Balance
from kiseki.index.errors import IndexInconsistent, NotInIndex
from kiseki.index.findings import MANIFEST, Finding
from kiseki.index.index import REGISTRIES, SUITE, Index
from kiseki.index.owed import ClaimStep, Owed, ResolveStep, Step, steps
from kiseki.index.records import (
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
from kiseki.index.splits import KnownSplit, Label
from kiseki.index.trace import Edge, Lineage, Node, Usage

__all__ = [
    "MANIFEST",
    "REGISTRIES",
    "SUITE",
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
    "IndexInconsistent",
    "KnownSplit",
    "Label",
    "LicenceRecord",
    "Lineage",
    "ModelRecord",
    "Node",
    "NotInIndex",
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
