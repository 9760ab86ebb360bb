"""The tables of the index, in SQL that SQLite and PostgreSQL both read (but for BLOB/BYTEA).

Two kinds of table:

- **facts**, one row or more an event, appended and never changed. Each carries the (block,
  position) of its event, so a question sorts by them, the order in which events arrive does not
  matter, and undoing a reorganisation is ``DELETE ... WHERE block >= n`` in every one of them;
- **derived**, which can be thrown away and made again from the facts (`rebuild`). `split` and
  `leaf` are content-addressed: a row of theirs can be superfluous, never wrong.

IDs and keys are 32-byte blobs; addresses lowercase text; what may exceed 63 bits (amounts, shares,
weights, counts) is decimal text, NUMERIC on PostgreSQL; `time` and `judged_at` are Unix seconds.
"""

__all__ = ["FACTS", "SCHEMA"]

FACTS = {
    "terms": "id BLOB PRIMARY KEY, document TEXT NOT NULL",
    "collection": "id BLOB PRIMARY KEY, provider TEXT, terms BLOB, root BLOB, count TEXT,"
    " payee BLOB, origin BLOB",
    "standing_use": "collection BLOB PRIMARY KEY, consent BLOB, collector TEXT, nonce TEXT",
    "nonce_cancelled": "signer TEXT, nonce TEXT, PRIMARY KEY (signer, nonce)",
    "payee_change": "collection BLOB, payee BLOB",
    "revocation": "collection BLOB PRIMARY KEY",
    "item_revocation": "provider TEXT, commitment BLOB, PRIMARY KEY (provider, commitment)",
    "published": "kind TEXT, group_id BLOB, commitment BLOB, PRIMARY KEY (group_id, commitment)",
    "model": "id BLOB PRIMARY KEY, developer TEXT, weights BLOB, terms BLOB, run BLOB, payee BLOB,"
    " split BLOB, manifest BLOB, weight TEXT, submitter TEXT, judged_at INTEGER",
    "model_source": "model BLOB, collection BLOB, items BLOB, weight TEXT, submitter TEXT,"
    " judged_at INTEGER",
    "batch": "id BLOB PRIMARY KEY, creator TEXT, root BLOB, count TEXT, record BLOB, payee BLOB,"
    " split BLOB, endorsed INTEGER",
    "batch_source": "batch BLOB, collection BLOB",
    "base": "group_id BLOB, model BLOB",
    "external": "group_id BLOB, weights BLOB, document BLOB",
    "rights": "token BLOB PRIMARY KEY, registry TEXT, id BLOB",
    "mint": "token BLOB PRIMARY KEY, document BLOB, royalty_bps INTEGER",
    "transfer": "token BLOB, holder TEXT",
    "publication": "split BLOB",
    "deposit": "payee BLOB, token TEXT, payer TEXT, amount TEXT, ref BLOB",
    "claim": "split BLOB, token TEXT, payee BLOB, lo TEXT, shares TEXT, amount TEXT",
    "allowed": "registry TEXT, id BLOB, user TEXT",
    "statement": "speaker TEXT, subject BLOB, kind BLOB, document BLOB",
    "manifest_false": "model BLOB, kind TEXT, collection BLOB, challenger TEXT",
    "manifest_checked": "model BLOB PRIMARY KEY, walker TEXT",
    "identity": "issuer TEXT, person BLOB, wallet TEXT, since INTEGER",
    "schedule": "id BLOB PRIMARY KEY, token BLOB, nonce TEXT, holder TEXT, beneficiary TEXT,"
    " conditions TEXT, deadline TEXT, shares TEXT, total TEXT",
    "schedule_end": "id BLOB PRIMARY KEY, how TEXT",
    "offer": "id BLOB PRIMARY KEY, subject BLOB, owner TEXT, document TEXT",
    "offer_end": "id BLOB PRIMARY KEY",
    "licence": "offer BLOB, subject BLOB, licensee TEXT, payer TEXT, ends TEXT",
    "waterfall": "address TEXT PRIMARY KEY, plan TEXT",
    "resolution": "subject BLOB, token TEXT, payee BLOB, amount TEXT",
}
"""Table of facts -> its columns, beside (block, position)."""

_EVENTS = """
CREATE TABLE event (
    block INTEGER NOT NULL,
    position INTEGER NOT NULL,
    time INTEGER NOT NULL,
    tx BLOB NOT NULL,
    PRIMARY KEY (block, position)
);
"""

_INDEXES = """
CREATE INDEX published_commitment ON published (commitment);
CREATE INDEX collection_provider ON collection (provider);
CREATE INDEX standing_use_consent ON standing_use (consent);
CREATE INDEX payee_change_collection ON payee_change (collection);
CREATE INDEX model_developer ON model (developer);
CREATE INDEX batch_creator ON batch (creator);
CREATE INDEX transfer_holder ON transfer (holder);
CREATE INDEX model_weights ON model (weights);
CREATE INDEX model_source_model ON model_source (model);
CREATE INDEX batch_source_batch ON batch_source (batch);
CREATE INDEX base_group ON base (group_id);
CREATE INDEX external_group ON external (group_id);
CREATE INDEX manifest_false_model ON manifest_false (model);
CREATE INDEX statement_subject ON statement (subject);
CREATE INDEX deposit_ref ON deposit (ref);
CREATE INDEX offer_subject ON offer (subject);
CREATE INDEX licence_offer ON licence (offer);
CREATE INDEX transfer_token ON transfer (token);
"""

_DERIVED = """
CREATE TABLE composed (
    id BLOB PRIMARY KEY,
    kind TEXT NOT NULL,
    sources_hash BLOB NOT NULL,
    data_ppm INTEGER NOT NULL,
    own_ppm INTEGER NOT NULL,
    own_split BLOB,
    split BLOB NOT NULL,
    level INTEGER NOT NULL
);
CREATE TABLE source (
    group_id BLOB NOT NULL,
    place INTEGER NOT NULL,
    collection BLOB NOT NULL,
    items BLOB NOT NULL,
    weight TEXT NOT NULL,
    shares TEXT NOT NULL,
    PRIMARY KEY (group_id, place)
);
CREATE INDEX source_collection ON source (collection);
CREATE TABLE ancestor (
    group_id BLOB NOT NULL,
    model BLOB NOT NULL,
    own INTEGER NOT NULL,
    PRIMARY KEY (group_id, model)
);
CREATE INDEX ancestor_model ON ancestor (model);
CREATE TABLE split (
    key BLOB PRIMARY KEY,
    salt BLOB NOT NULL,
    parts TEXT NOT NULL
);
CREATE TABLE leaf (
    split BLOB NOT NULL,
    place INTEGER NOT NULL,
    payee BLOB NOT NULL,
    shares TEXT NOT NULL,
    PRIMARY KEY (split, place)
);
CREATE TABLE label (
    split BLOB NOT NULL,
    kind TEXT NOT NULL,
    group_id BLOB NOT NULL,
    PRIMARY KEY (split, kind, group_id)
);
"""


def _fact(table: str, columns: str) -> str:
    names, key, rest = columns.partition(", PRIMARY KEY")
    place = "block INTEGER NOT NULL, position INTEGER NOT NULL"
    return f"CREATE TABLE {table} ({names}, {place}{key}{rest});\n"


SCHEMA = _EVENTS + "".join(_fact(*each) for each in FACTS.items()) + _INDEXES + _DERIVED
"""The whole schema, one script."""
