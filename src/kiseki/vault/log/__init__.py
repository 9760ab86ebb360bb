"""A transparency log: entries that are only ever added, under one signed root.

Nothing here does input or output or knows a chain: where nodes lie is an interface, requests and
answers are bytes. The formats are those of C2SP, so that any witness and any reader of theirs
understands them; RFC 6962, section 2, says how entries become a root. A part imports only from
those above it:

    lines       the bits of text that these formats share
    ed25519     keys and signatures, over `cryptography`
    tree        roots, proofs that an entry is in it, proofs that nothing was taken out
    notes       a text with signatures (signed-note)
    checkpoints size and root of a log, as a note (tlog-checkpoint)
    cosigning   a witness's signature with its time (tlog-cosignature)
    proofs      an entry's proof that needs no network (tlog-proof)
    tiles       the log as files that never change (tlog-tiles)
    witness     what a witness must ask before it cosigns (tlog-witness)
    log         a log that is added to, signed and asked
    monitor     what somebody has seen of a log, and what a new checkpoint says beside it
    heads       the heads of many logs as one, which is stated once a day
"""
